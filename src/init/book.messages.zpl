#   What the services say to each other, and what they keep: see souk.messages(5).

application = book
    about = A guestbook.

stream = guestbook
    about = Who was here, and what they had to say.
    audience = public

refusals
    guestbook.no_name = a name is missing

command = guestbook.sign
    about = Write something into the book.
    refuses = guestbook.no_name
    fields
        name = text 40
        text = text 500

event = guestbook.signed
    about = Somebody has written something.
    stream = guestbook
    key = entry_id
    after = guestbook.sign
    fields
        entry_id = id
        name = text 40
        text = text 500
        signed_ms = time

row = entry
    about = What stands in the book, the oldest first: ids rise with time.
    table = entries
    stream = guestbook
    key = entry_id
    fields
        entry_id = id
        name = text 40
        text = text 500
        signed_ms = time

record = shown_entry
    about = An entry as people see it.
    fields
        name = text 40
        text = text 500
        signed_ms = time

query = guestbook.entries
    about = What stands in the book?
    reply
        fields
            entries = list 50 of shown_entry
