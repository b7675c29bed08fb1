#   What every daemon answers on its queries door, whatever service it runs.
application = daemon
    about = How a daemon stands.

refusals
    souk.no_stream = the service neither writes nor follows such a stream

record = souk_stream
    about = One own, followed or recorded stream.
    fields
        name = text 31
        origin = text 31, who writes it
        epoch = u32, counter of the epoch that the cursor is in
        epoch_bits = bytes 8
        number = u64, of the last event
        hash = bytes 32, of the batch that it ends
        lag = u64, events that are known to be there and are not here
        queued_bytes = u64, of batches that wait to be applied or recorded
        time = time default 0, when the batch that the cursor ends was made; 0: not known since the start
        behind_since = time default 0, when the first event that is missing was made or heard of; 0: none is missing
        waits_stream = text 31 default "", stream of the cause that the next batch waits for; empty: it waits for none
        waits_epoch = u32 default 0
        waits_number = u64 default 0
        waits_since = time default 0
        begins = u64 default 0, first number that an event store may hold of it; 0: this is a service
        hole_accepted = time default 0, when the operator gave up what is before that; 0: it is all there

record = souk_counter
    about = Something counted since the daemon was started; names stay, their order does not.
    fields
        name = text 31
        value = u64

query = souk.status
    about = How do you stand?
    reply
        fields
            name = text 31
            is_store = bool
            state = text 31, sealing fetching live beside drained fenced set-aside broken
            epoch = u32, counter of the service's epoch
            epoch_bits = bytes 8
            incarnation = bytes 8, of an event store
            commit = u64
            fingerprint = bytes 8, of the topology
            started = time
            now = time
            memory_bytes = u64, resident; mapped files are not counted
            store_bytes_used = u64
            store_bytes_max = u64
            parked = u64, events that wait for the operator
            waiting_for = text 255, a sentence; empty when nothing is amiss
            restart_needed = text 255, what the topology says by now that only a restart takes over
            streams = list 256 of souk_stream
            counters = list 40 of souk_counter
            version = text 31 default "", of souk
            libraries = text 255 default "", that it runs with, and their versions
            pid = u64 default 0, of the process
            descriptors_max = u64 default 0, that it may have

query = souk.digest
    about = Digest of all tables that one stream feeds; without a stream, of the index tables.
    refuses = souk.no_stream
    fields
        stream = text 31
    reply
        fields
            stream = text 31
            epoch = u32
            epoch_bits = bytes 8
            number = u64, the cursor that the digest belongs to
            hash = bytes 32
            digest = bytes 32
