#   What SYSTEM consists of: see souk.topology(5). `souk check` draws it.

system = SYSTEM
    messages = book.messages.zpl
    trim_after = recorded               #   without backups

event_store = es1

service = guestbook
    about = Who was here.
    program = ./guestbook
    stream = guestbook
