#include "souk_status.h"

#include <assert.h>
#include <string.h>

#define STATUS_FIELDS 22
#define STREAM_FIELDS 16

static void put_stream(struct souk_pack *pack, const struct souk_stream_status *stream);

void
souk_node_status_count(struct souk_node_status *status, const char *name, uint64_t value)
{
    assert(status->counter_count < SOUK_STATUS_COUNTERS_MAX);
    status->counters[status->counter_count++] = (struct souk_counter){ name, value };
}

uint64_t
souk_stream_status_lag(const struct souk_stream_status *stream)
{
    if (stream->heard.epoch.counter != stream->cursor.epoch.counter && stream->cursor.epoch.counter != 0)
        return 0;
    return stream->heard.number > stream->cursor.number ? stream->heard.number - stream->cursor.number : 0;
}

/* Field by field as daemon.messages.zpl has souk.status. */
void
souk_node_status_put(struct souk_pack *pack, const struct souk_node_status *status)
{
    souk_pack_array(pack, STATUS_FIELDS);
    souk_pack_str(pack, souk_slice_of(status->name.text));
    souk_pack_bool(pack, status->is_store);
    souk_pack_str(pack, souk_slice_of(status->state));
    souk_pack_uint(pack, status->epoch.counter);
    souk_pack_bin(pack, (struct souk_slice){ status->epoch.bits, sizeof status->epoch.bits });
    souk_pack_bin(pack, (struct souk_slice){ status->incarnation, sizeof status->incarnation });
    souk_pack_uint(pack, status->commit);
    souk_pack_bin(pack, (struct souk_slice){ status->fingerprint, sizeof status->fingerprint });
    souk_pack_uint(pack, status->started_ms);
    souk_pack_uint(pack, status->now_ms);
    souk_pack_uint(pack, status->memory_bytes);
    souk_pack_uint(pack, status->store_bytes_used);
    souk_pack_uint(pack, status->store_bytes_max);
    souk_pack_uint(pack, status->parked);
    souk_pack_str(pack, souk_slice_of(status->waiting_for));
    souk_pack_str(pack, souk_slice_of(status->restart_needed));
    souk_pack_array(pack, status->stream_count);
    for (uint32_t i = 0; i < status->stream_count; i++)
        put_stream(pack, &status->streams[i]);
    souk_pack_array(pack, status->counter_count);
    for (uint32_t i = 0; i < status->counter_count; i++) {
        souk_pack_array(pack, 2);
        souk_pack_str(pack, souk_slice_of(status->counters[i].name));
        souk_pack_uint(pack, status->counters[i].value);
    }
    souk_pack_str(pack, souk_slice_of(status->version));
    souk_pack_str(pack, souk_slice_of(status->libraries));
    souk_pack_uint(pack, status->pid);
    souk_pack_uint(pack, status->descriptors_max);
}

static void
put_stream(struct souk_pack *pack, const struct souk_stream_status *stream)
{
    souk_pack_array(pack, STREAM_FIELDS);
    souk_pack_str(pack, souk_slice_of(stream->name.text));
    souk_pack_str(pack, souk_slice_of(stream->origin.text));
    souk_pack_uint(pack, stream->cursor.epoch.counter);
    souk_pack_bin(pack, (struct souk_slice){ stream->cursor.epoch.bits, sizeof stream->cursor.epoch.bits });
    souk_pack_uint(pack, stream->cursor.number);
    souk_pack_bin(pack, (struct souk_slice){ stream->cursor.hash.bytes, sizeof stream->cursor.hash.bytes });
    souk_pack_uint(pack, souk_stream_status_lag(stream));
    souk_pack_uint(pack, stream->queued_bytes);
    souk_pack_uint(pack, stream->time_ms);
    souk_pack_uint(pack, stream->behind_since_ms);
    souk_pack_str(pack, souk_slice_of(stream->waits_for.stream.text));
    souk_pack_uint(pack, stream->waits_for.point.epoch.counter);
    souk_pack_uint(pack, stream->waits_for.point.number);
    souk_pack_uint(pack, stream->waits_since_ms);
    souk_pack_uint(pack, stream->begins);
    souk_pack_uint(pack, stream->hole_ms);
}
