#   Letters that are written, and somebody who may fail to read one.
application = desk
    about = What the tests of the operator's commands look at.

stream = letters
    about = Letters, about somebody.
    audience = internal

command = letters.write
    about = Write one.
    fields
        name = text 40, about whom
        text = text 40

event = letters.written
    about = One was written.
    stream = letters
    key = name
    after = letters.write
    fields
        name = text 40
        text = text 40

query = reader.page
    about = All that was read about somebody, in the order of reading.
    fields
        name = text 40
    reply
        fields
            texts = text 4000, each with a space behind it

row = page
    about = What was read.
    table = pages
    stream = letters
    key = name
    fields
        name = text 40
        texts = text 4000
