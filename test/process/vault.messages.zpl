#   A service with slow work before its decisions.
application = vault
    about = Secrets, kept as hashes.

stream = vault
    about = Who has a secret.
    audience = internal

refusals
    vault.taken = that name has a secret

command = vault.keep
    about = Keep the hash of a secret.
    refuses = vault.taken
    fields
        name = text 40
        secret = text 40

command = vault.touch
    about = Say that somebody was here; nothing slow about it.
    fields
        name = text 40

event = vault.kept
    about = A hash of a secret was kept.
    stream = vault
    key = name
    after = vault.keep
    fields
        name = text 40
        hash = text 128

event = vault.touched
    about = Somebody was here.
    stream = vault
    key = name
    after = vault.touch
    fields
        name = text 40

query = vault.check
    about = Is this the secret?
    fields
        name = text 40
        secret = text 40
    reply
        fields
            is_right = bool

row = secret
    about = The hash of a secret.
    table = secrets
    stream = vault
    key = name
    fields
        name = text 40
        hash = text 128
