#   What souk bench sends to the services that it measures.
application = load
    about = Messages of the services that souk bench measures.

stream = load
    about = What the writer was told to write.
    audience = public

command = writer.write
    about = Write some events.
    fields
        row = u64, that the first event is about
        rows = u64, how many rows there are
        events = u32 1..1024
        keeps = bool, whether the writer itself applies them
        note = bytes 1024, what makes an event as long as it is to be

event = load.noted
    about = Something that followers apply.
    stream = load
    key = row
    after = writer.write
    fields
        row = u64
        note = bytes 1024

event = load.kept
    about = Something that the writer applies, too.
    stream = load
    key = row
    after = writer.write
    fields
        row = u64
        note = bytes 1024

row = mark
    about = How often a row was written.
    table = marks
    stream = load
    key = row
    fields
        row = u64
        writes = u64

query = load.row
    about = How often was it written?
    fields
        row = u64
    reply
        fields
            writes = u64
