#   A lodge at which staff takes notes: for the test of passes.

application = lodge
    about = A lodge.

stream = lodge
    about = Notes.
    audience = internal

refusals
    lodge.staff_only = only staff may do that

command = lodge.note
    about = Write a note.
    refuses = lodge.staff_only
    fields
        text = text 100

command = lodge.enter
    about = Come in, whoever it is.
    refuses = lodge.staff_only

event = lodge.entered
    about = Somebody has come in.
    stream = lodge
    key = person
    after = lodge.enter
    fields
        person = id

event = lodge.noted
    about = A note was written.
    stream = lodge
    key = person
    after = lodge.note
    fields
        person = id, who wrote it
        text = text 100

query = lodge.who
    about = Who asks, and when.
    refuses = lodge.staff_only
    reply
        fields
            person = id
            at_ms = time

query = lodge.pass
    about = A pass for somebody.
    fields
        person = id
        role = text 40
        life_ms = u32
    reply
        fields
            pass = bytes 512
