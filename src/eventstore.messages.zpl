#   What an event store answers about the events that it has recorded.
application = eventstore
    about = Finding events in an event store, by its finder.

refusals
    eventstore.unknown_event = no such event is in what is recorded
    eventstore.unknown_stream = it does not record such a stream
    eventstore.other_incarnation = log positions have been given anew since: begin again
    eventstore.damaged = the batch that holds it is not what it was
    eventstore.bad_name = no backup can have that name, or one has it

enum = cause_kind
    about = What an event was decided on.
    values
        command = 0
        event = 1
        timer = 2
        answer = 3, to a request that an own event made
        loss = 4, of an event of another stream

record = event_cause
    about = What an event was decided on: a command and who sent it, or an event.
    fields
        kind = cause_kind
        caller = text 64, of a command
        command_id = id optional
        stream = text 31, of the others
        epoch = u32
        number = u64
        index = u32, the how-manieth timer or request of that event

record = found_event
    about = An event without what it says.
    fields
        log_position = u64, of its batch; 0: it has none yet
        stream = text 31
        epoch = u32, the counter
        number = u64
        type = text 64
        key = bytes 64
        version = u16
        time_ms = time
        correlation_id = id
        depth = u8
        cause = event_cause
        is_private = bool, what it says is not shown
        payload_bytes = u32

record = log_place
    about = Where a search goes on.
    fields
        incarnation = bytes 8
        log_position = u64
        index = u32, of the event within its batch

query = eventstore.find
    about = Which events are there, in the order of the log?
    refuses = eventstore.unknown_stream
    refuses = eventstore.other_incarnation
    fields
        stream = text 31 optional
        key = bytes 64 optional
        type = text 64 optional
        correlation_id = id optional
        from_ms = time optional, and later
        to_ms = time optional, before it
        latest_first = bool default false
        limit = u32 1..100 default 50
        next = log_place optional, of the answer before
    reply
        fields
            events = list 100 of found_event
            next = log_place optional, there may be more
            behind = u64, batches that are recorded and not found yet
            incarnation = bytes 8 default "", of all these log positions

query = eventstore.event
    about = What does one event say?
    refuses = eventstore.unknown_event
    refuses = eventstore.unknown_stream
    refuses = eventstore.damaged
    fields
        stream = text 31
        number = u64
        epoch = u32 default 0, 0: whatever it was
    reply
        fields
            event = found_event
            payload = bytes 60000 optional, absent of private streams and beyond that size
            incarnation = bytes 8 default "", of its log position

record = effect
    about = An event that another one has led to.
    fields
        level = u8, 1: directly
        event = found_event

query = eventstore.why
    about = What has led to an event, and what has it led to?
    refuses = eventstore.unknown_event
    refuses = eventstore.unknown_stream
    refuses = eventstore.damaged
    fields
        stream = text 31
        number = u64
        epoch = u32 default 0, 0: whatever it was
    reply
        fields
            causes = list 65 of found_event, the first one first
            event = found_event
            effects = list 80 of effect, each before its own effects
            more = bool, effects that are not here
            incarnation = bytes 8 default "", of all these log positions

record = stream_cursor
    about = A position in a stream.
    fields
        stream = text 31
        epoch = u32
        epoch_bits = bytes 8
        number = u64
        hash = bytes 32

query = eventstore.place
    about = Where did all streams stand at a time, or at a log position?
    refuses = eventstore.damaged
    refuses = eventstore.other_incarnation
    fields
        at_ms = time optional, what happened before it; by the clocks of the writers
        log_position = u64 optional, up to it; without either: all of it
        incarnation = bytes 8 default "", of the log position
    reply
        fields
            incarnation = bytes 8
            log_position = u64, of the last batch of them
            cursors = list 256 of stream_cursor, those with a history

record = verify_place
    about = A batch that was verified: go on behind it.
    fields
        stream = text 31
        epoch = u32
        number = u64

query = eventstore.verify
    about = Is every batch what it was, and does each follow on the one before? A part of the answer at a time.
    refuses = eventstore.unknown_stream
    refuses = eventstore.unknown_event
    fields
        stream = text 31 optional, only that one
        next = verify_place optional, of the answer before
    reply
        fields
            batches = u64, of this part
            events = u64
            bytes = u64
            next = verify_place optional, there is more
            fault = text 200, what is wrong; empty: nothing, so far
            fault_at = verify_place optional, the last place that is right

command = eventstore.backup
    about = Copy what is recorded to a directory of that name, beside the store, and verify the copy. Answered when it is whole.
    refuses = eventstore.bad_name
    refuses = eventstore.damaged
    fields
        name = text 64

record = stream_count
    about = How much is recorded of a stream and can be found.
    fields
        stream = text 31
        epoch = u32
        number = u64
        batches = u64
        events = u64
        time_ms = time, of the latest batch

query = eventstore.statistics
    about = How much is recorded, and how much of it can be found?
    reply
        fields
            incarnation = bytes 8
            log_position = u64, of the last batch that can be found
            behind = u64, batches that are recorded and not found yet
            batches = u64
            events = u64
            damaged = u64, batches that were not what they were when they were to be found
            fillings = u64, times the finder has begun from the first batch
            index_bytes = u64, of the finder's own store
            streams = list 256 of stream_count
