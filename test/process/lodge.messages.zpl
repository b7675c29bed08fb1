#   A lodge at which staff takes notes, and that forgets its guests: for the tests of passes and of what is sealed.

application = lodge
    about = A lodge.

stream = lodge
    about = Notes.
    audience = internal

stream = lodge.private
    about = Guests.
    audience = private

refusals
    lodge.staff_only = only staff may do that
    lodge.unknown = no such guest was ever here

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
    audience = person person
    after = lodge.enter
    fields
        person = id

event = lodge.noted
    about = A note was written.
    stream = lodge
    key = person
    audience = role staff
    after = lodge.note
    fields
        person = id, who wrote it
        text = text 100

command = lodge.check_in
    about = A guest has come.
    fields
        person = id
        name = text 100 personal

event = lodge.checked_in
    about = A guest has come.
    stream = lodge.private
    key = person
    subject = person
    after = lodge.check_in
    fields
        person = id
        name = text 100 optional personal

command = lodge.forget
    about = A guest wants to be forgotten.
    fields
        person = id

event = lodge.forgotten
    about = A guest is forgotten.
    stream = lodge
    key = person
    forgets = person
    after = lodge.forget
    fields
        person = id

query = lodge.guest
    about = Who a guest is, if that is known.
    refuses = lodge.unknown
    fields
        person = id
    reply
        fields
            name = text 100 optional

row = guest
    about = A guest.
    table = guests
    stream = lodge.private
    key = person
    subject = person
    fields
        person = id
        name = text 100 optional personal

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
