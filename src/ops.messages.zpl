#   What an operator asks of a bridge, souk.routes(5). It asks the nodes of its system in turn, and answers itself.
#   Answers are JSON alone: lists that are longer than any packed message are added in bridge_openapi.c.
application = ops
    about = A system as a whole: how it stands, what has happened, what could not be handled.

refusals
    ops.unknown_node = the topology has no such node
    ops.unknown_event = no such event is in what is recorded
    ops.unknown_stream = no such stream is recorded
    ops.other_incarnation = the event store has been restored meanwhile: begin again
    ops.damaged = the batch that holds it is not what it was
    ops.bad_place = it is no place that an answer has given
    ops.not_parked = no such event is parked, or not any more
    ops.still_parked = its handler has failed again, or that of an event before it with the same key
    ops.no_control = nothing is ended from here: souk up runs without --control

record = ops_waits
    about = A cause that has not arrived.
    fields
        stream = text 31
        epoch = u32
        number = u64, 0: the epoch itself
        since_ms = u64

record = ops_stream
    about = How far a node is in a stream that it writes, follows or records.
    fields
        name = text 31
        origin = text 31, who writes it
        epoch = u32
        number = u64, of the last event
        time_ms = u64, when that happened; 0: not known since the start
        behind_events = u64
        behind_ms = u64, age of the first event that is missing
        queued_bytes = u64
        waits_for = ops_waits optional

record = ops_count
    about = Something counted since the node was started.
    fields
        name = text 31
        value = u64

record = ops_call
    about = Whom somebody may send commands to, or ask.
    fields
        callee = text 31
        is_query = bool

record = ops_node
    about = A service or an event store: what the topology says of it, and what it says itself.
    fields
        name = text 31
        about = text 1000 optional
        is_event_store = bool
        host = text 31
        calls = list 128 of ops_call
        follows = list 128 of text 31
        writes = list 64 of text 31
        state = text 31, unreachable when it does not answer
        problems = list 16 of text 255
        since_ms = u64, since when it has been silent; 0: it answers
        epoch = u32 optional, and what stands below when it answers
        commit = u64 optional
        started_ms = u64 optional
        now_ms = u64 optional
        memory_bytes = u64 optional
        store_bytes_used = u64 optional
        store_bytes_max = u64 optional
        parked = u64 optional
        version = text 31 optional
        streams = list 256 of ops_stream
        counters = list 40 of ops_count

record = ops_client
    about = Who is no node: a bridge, a tool.
    fields
        name = text 31
        about = text 1000 optional
        is_self = bool, it is the bridge that answers
        calls = list 128 of ops_call
        follows = list 256 of text 31

query = ops.system
    about = How does everything stand?
    reply
        fields
            system = text 31
            now_ms = u64
            can_end = bool, nodes can be ended from here: souk up runs with --control

record = ops_cause
    about = What an event was decided on: a command, or an event, its timer, an answer to its request, its loss.
    fields
        kind = text 31
        caller = text 64 optional, of a command
        command_id = id optional
        stream = text 31 optional, of the others
        epoch = u32 optional
        number = u64 optional
        index = u32 optional

record = ops_told
    about = An event, with the names of CloudEvents. `data` is what it says, where that was asked for; what is private is not there.
    fields
        specversion = text 8
        id = text 80, STREAM/EPOCH/NUMBER
        source = text 31
        type = text 64
        subject = text 140, its key
        time = text 31
        stream = text 31
        epoch = u32
        number = u64
        version = u16
        depth = u8
        correlationid = id
        log_position = text 80 optional
        cause = ops_cause
        level = u8 optional, of an effect; 1: directly

query = ops.log
    about = Which events are there? The latest first, in the order of the log of one event store.
    refuses = ops.unknown_stream
    refuses = ops.other_incarnation
    refuses = ops.bad_place
    fields
        stream = text 31 optional
        key = text 64 optional, a UUID or another text
        type = text 64 optional
        correlation = id optional, only of this undertaking
        from_ms = time optional
        to_ms = time optional, before it
        oldest_first = bool default false
        with_data = bool default false
        limit = u32 1..100 default 50
        next = text 80 optional, of the answer before
    reply
        fields
            next = text 80 optional, there may be more
            behind = u64, batches that are recorded and not found yet

query = ops.event
    about = What does one event say?
    refuses = ops.unknown_event
    refuses = ops.unknown_stream
    refuses = ops.damaged
    fields
        stream = text 31
        number = u64
        epoch = u32 default 0, 0: whatever it was
    reply
        fields
            event = ops_told

query = ops.why
    about = What has led to an event, and what has it led to?
    refuses = ops.unknown_event
    refuses = ops.unknown_stream
    refuses = ops.damaged
    fields
        stream = text 31
        number = u64
        epoch = u32 default 0, 0: whatever it was
    reply
        fields
            event = ops_told
            more = bool, effects that are not here

record = ops_parked_event
    about = An event that a service could not handle, or that waits behind one.
    fields
        service = text 31
        id = text 80
        sequence = u64
        kind = text 31
        stream = text 31
        epoch = u32
        number = u64
        type = text 64
        subject = text 140
        version = u16
        time = text 31
        since = text 31
        tries = u32
        why = text 200
        behind = u64, 0 of the first one of a key
        waiting = u32
        correlationid = id
        depth = u8

query = ops.parked
    about = Which events could a service not handle?
    refuses = ops.unknown_node
    fields
        service = text 31
        after = u64 default 0, the sequence to go on behind
    reply
        fields
            next = u64, to go on behind; 0: that was all
            parked = u64

command = ops.retry
    about = Run a parked event again, those before it with the same key first, those behind it afterwards.
    refuses = ops.unknown_node
    refuses = ops.not_parked
    refuses = ops.still_parked
    fields
        service = text 31
        sequence = u64
        stream = text 31, as a check
        number = u64

command = ops.discard
    about = Give a parked event up for good. Those that waited behind it are run.
    refuses = ops.unknown_node
    refuses = ops.not_parked
    fields
        service = text 31
        sequence = u64
        stream = text 31, as a check
        number = u64
        why = text 200

command = ops.end
    about = Kill a node, as a crash would, and start it again after some seconds. For demonstrations.
    refuses = ops.unknown_node
    refuses = ops.no_control
    fields
        node = text 31
        down_seconds = u32 0..60 default 0
