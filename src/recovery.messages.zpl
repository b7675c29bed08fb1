#   What the operator asks of every daemon, so that its data can be had again.
application = recovery
    about = Copies of a store.

refusals
    souk.bad_backup_name = a backup cannot have that name, or there is one that has it
    souk.damaged_store = the store is damaged; the text says where

command = souk.backup
    about = Copy your store to a directory of that name in `backups`, beside it, and verify the copy. Answered when it is whole.
    refuses = souk.bad_backup_name
    refuses = souk.damaged_store
    fields
        name = text 64
