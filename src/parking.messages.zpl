#   What the operator asks of every service: events that it could not handle.
application = parking
    about = Events that a service could not handle, and what is to become of them.

refusals
    souk.not_parked = no such event is parked, or not any more
    souk.still_parked = its handler has failed again, or that of an event before it with the same key

enum = parked_kind
    about = What is parked.
    values
        event = 0, it is to be applied and, perhaps, to be reacted to
        loss = 1, an own event stands on one that its writer has lost; the service has no answer to that
        reaction = 2, it was applied and is to be reacted to

record = parked_event
    about = An event that a service could not handle, or that waits behind one.
    fields
        sequence = u64, its place in the order of parking; names it in commands
        kind = parked_kind
        stream = text 31
        epoch = u32, the counter
        epoch_bits = bytes 8
        number = u64
        type = text 64
        version = u16
        key = bytes 64
        time_ms = time, of the event
        since_ms = time, when it was parked
        tries = u32, times that its handler has failed
        why = text 200
        behind = u64, the sequence of the first one of its key; its own when nothing is before it
        waiting = u32, events of its key that wait behind it; beyond 10000 they are not counted
        correlation_id = id
        depth = u8

query = souk.parked.list
    about = Which events are parked?
    fields
        stream = text 31 optional
        number = u64 default 0, 0: all
        epoch = u32 default 0, 0: whatever it was
        firsts_only = bool default false, without those that wait behind another one
        after = u64 default 0, the sequence to go on behind
    reply
        fields
            events = list 100 of parked_event
            next = u64, to go on behind; 0: that was all
            parked = u64, how many there are

query = souk.parked.event
    about = What does a parked event say?
    refuses = souk.not_parked
    fields
        sequence = u64
    reply
        fields
            event = parked_event
            payload = bytes 60000 optional, absent of private streams and beyond that size

command = souk.parked.retry
    about = Run a parked event again, those before it with the same key first, those behind it afterwards.
    refuses = souk.not_parked
    refuses = souk.still_parked
    fields
        sequence = u64
        stream = text 31, as a check: of that event
        number = u64
        who = text 64

command = souk.parked.discard
    about = Give a parked event up for good. Those that waited behind it are run.
    refuses = souk.not_parked
    fields
        sequence = u64
        stream = text 31, as a check: of that event
        number = u64
        who = text 64
        why = text 200

enum = settled_how
    about = What became of an event that was parked.
    values
        retried = 0
        discarded = 1

record = settled_event
    about = An event that was parked and is not any more, by order of the operator.
    fields
        sequence = u64
        how = settled_how
        kind = parked_kind
        stream = text 31
        epoch = u32
        epoch_bits = bytes 8
        number = u64
        type = text 64
        key = bytes 64
        since_ms = time, when it was parked
        at_ms = time, when it was settled
        who = text 64
        why = text 200

query = souk.parked.settled
    about = Which events have been retried and discarded, the latest first?
    fields
        before = u64 default 0, the sequence to go on before; 0: from the latest on
        discarded_only = bool default false
    reply
        fields
            events = list 100 of settled_event
            next = u64, to go on before; 0: that was all
