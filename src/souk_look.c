#include "souk_look.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "souk_status.h"

#define STATUS_FIELDS 18
#define STATUS_FIELDS_NEWER 22
#define STREAM_FIELDS 8                 /* what every daemon says; later ones say more */
#define STREAM_FIELDS_NEWER 14
#define STREAM_FIELDS_HOLE 16
#define APART_MS 1000                   /* between two answers, at most */

static json_t *status_json(struct souk_slice payload);
static json_t *stream_json(struct souk_unpack *in);
static json_t *hex_json(struct souk_slice bytes);
static json_t *text_json(struct souk_slice text);
static void find_lag(struct souk_looked *looked);
static void problem(struct souk_looked *looked, const char *format, ...) SOUK_PRINTF(2, 3);

int
souk_look_ask(struct souk_client *client, const struct souk_topology_node *node, uint32_t deadline_ms, void *arg,
    struct souk_error *err)
{
    const struct souk_client_request request = { .node = node, .is_query = true, .id = souk_client_new_id(),
        .name = souk_slice_of(SOUK_STATUS_QUERY), .version = 1, .payload = { "\x90", 1 }, .deadline_ms = deadline_ms,
        .arg = arg };

    return souk_client_send(client, &request, err);
}

json_t *
souk_look_answer(const struct souk_client_answer *answer)
{
    struct souk_wire_entry entry;
    struct souk_unpack in;

    souk_unpack_init(&in, answer->reply.body);
    if (answer->is_late || answer->reply.status != SOUK_STATUS_OK || souk_wire_body_next(&in, &entry) != 0)
        return NULL;
    return status_json(entry.payload);
}

/* ---- the answer ----------------------------------------------------- */

/* Field by field as daemon.messages.zpl has souk.status; NULL when it is not that. */
static json_t *
status_json(struct souk_slice payload)
{
    json_t *said = json_object();
    json_t *list;
    struct souk_slice name;
    struct souk_unpack in;
    uint32_t count;

    souk_unpack_init(&in, payload);
    count = souk_unpack_array(&in, UINT32_MAX);
    if (count < STATUS_FIELDS)
        souk_unpack_fail(&in, SOUK_EMALFORMED);
    (void)json_object_set_new(said, "name", text_json(souk_unpack_str(&in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(said, "is_event_store", json_boolean(souk_unpack_bool(&in)));
    (void)json_object_set_new(said, "state", text_json(souk_unpack_str(&in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(said, "epoch", json_integer((json_int_t)souk_unpack_uint(&in, UINT32_MAX)));
    (void)json_object_set_new(said, "epoch_bits", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "incarnation", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "commit", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "fingerprint", hex_json(souk_unpack_bin(&in, 8)));
    (void)json_object_set_new(said, "started_ms", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "now_ms", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "memory_bytes", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "store_bytes_used", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "store_bytes_max", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "parked", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    (void)json_object_set_new(said, "waiting_for", text_json(souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX)));
    (void)json_object_set_new(said, "restart_needed", text_json(souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX)));
    list = json_array();
    for (uint32_t left = souk_unpack_array(&in, SOUK_STREAMS_MAX); left > 0 && in.rc == 0; left--)
        (void)json_array_append_new(list, stream_json(&in));
    (void)json_object_set_new(said, "streams", list);
    list = json_object();
    for (uint32_t left = souk_unpack_array(&in, SOUK_STATUS_COUNTERS_MAX); left > 0 && in.rc == 0; left--) {
        souk_unpack_array_exact(&in, 2);
        name = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
        (void)json_object_setn_new(list, name.base == NULL ? "" : name.base, name.size_bytes,
            json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    }
    (void)json_object_set_new(said, "counters", list);
    if (count >= STATUS_FIELDS_NEWER) {
        (void)json_object_set_new(said, "version", text_json(souk_unpack_str(&in, SOUK_NAME_BYTES_MAX)));
        (void)json_object_set_new(said, "libraries", text_json(souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX)));
        (void)json_object_set_new(said, "pid", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
        (void)json_object_set_new(said, "descriptors_max", json_integer((json_int_t)souk_unpack_uint(&in, INT64_MAX)));
    }
    souk_unpack_newer_fields(&in, count, count >= STATUS_FIELDS_NEWER ? STATUS_FIELDS_NEWER : STATUS_FIELDS);
    if (souk_unpack_end(&in) == 0)
        return said;
    json_decref(said);
    return NULL;
}

static json_t *
stream_json(struct souk_unpack *in)
{
    json_t *stream = json_object();
    const uint32_t count = souk_unpack_array(in, UINT32_MAX);
    uint64_t epoch, number, since_ms, begins, hole_ms;
    struct souk_slice waits;

    if (count < STREAM_FIELDS)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    (void)json_object_set_new(stream, "name", text_json(souk_unpack_str(in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(stream, "origin", text_json(souk_unpack_str(in, SOUK_NAME_BYTES_MAX)));
    (void)json_object_set_new(stream, "epoch", json_integer((json_int_t)souk_unpack_uint(in, UINT32_MAX)));
    (void)json_object_set_new(stream, "epoch_bits", hex_json(souk_unpack_bin(in, 8)));
    (void)json_object_set_new(stream, "number", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    (void)json_object_set_new(stream, "hash", hex_json(souk_unpack_bin(in, SOUK_HASH_BYTES)));
    (void)json_object_set_new(stream, "lag", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    (void)json_object_set_new(stream, "queued_bytes", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
    if (count >= STREAM_FIELDS_NEWER) {
        (void)json_object_set_new(stream, "time_ms", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
        (void)json_object_set_new(stream, "behind_since_ms", json_integer((json_int_t)souk_unpack_uint(in, INT64_MAX)));
        waits = souk_unpack_str(in, SOUK_NAME_BYTES_MAX);
        epoch = souk_unpack_uint(in, UINT32_MAX);
        number = souk_unpack_uint(in, INT64_MAX);
        since_ms = souk_unpack_uint(in, INT64_MAX);
        if (waits.size_bytes > 0)
            (void)json_object_set_new(stream, "waits_for", json_pack("{ss% sI sI sI}", "stream", waits.base,
                waits.size_bytes, "epoch", (json_int_t)epoch, "number", (json_int_t)number, "since_ms",
                (json_int_t)since_ms));
    }
    if (count >= STREAM_FIELDS_HOLE) {
        begins = souk_unpack_uint(in, INT64_MAX);
        hole_ms = souk_unpack_uint(in, INT64_MAX);
        if (hole_ms != 0) {
            (void)json_object_set_new(stream, "begins", json_integer((json_int_t)begins));
            (void)json_object_set_new(stream, "hole_accepted_ms", json_integer((json_int_t)hole_ms));
        }
    }
    souk_unpack_newer_fields(in, count, count >= STREAM_FIELDS_HOLE ? STREAM_FIELDS_HOLE
        : count >= STREAM_FIELDS_NEWER ? STREAM_FIELDS_NEWER : STREAM_FIELDS);
    return stream;
}

static json_t *
hex_json(struct souk_slice bytes)
{
    char text[2 * SOUK_HASH_BYTES + 1] = "";

    if (bytes.size_bytes > 0)
        (void)sodium_bin2hex(text, sizeof text, bytes.base, bytes.size_bytes);
    return json_string(text);
}

static json_t *
text_json(struct souk_slice text)
{
    return json_stringn(text.base == NULL ? "" : text.base, text.size_bytes);
}

/* ---- problems ------------------------------------------------------- */

size_t
souk_look_judge(const struct souk_topology *topology, struct souk_looked *looked)
{
    const struct souk_thresholds *thresholds = &looked->node->thresholds;
    const json_t *said = looked->said;
    char fingerprint[2 * 8 + 1];
    const uint64_t took_us = looked->took_us;
    uint64_t used, max;
    int64_t apart_ms;

    json_decref(looked->problems);
    looked->problems = json_array();
    if (said == NULL) {
        if (!looked->node->lost)
            problem(looked, looked->is_forbidden ? "says that this client may not ask it" : "does not answer");
        return json_array_size(looked->problems);
    }
    if (strcmp(souk_look_text_of(said, "state"), "live") != 0 && souk_look_text_of(said, "waiting_for")[0] == '\0')
        problem(looked, "is not live");
    if (souk_look_text_of(said, "waiting_for")[0] != '\0')
        problem(looked, "%s", souk_look_text_of(said, "waiting_for"));
    if (souk_look_text_of(said, "restart_needed")[0] != '\0')
        problem(looked, "%s", souk_look_text_of(said, "restart_needed"));
    (void)sodium_bin2hex(fingerprint, sizeof fingerprint, topology->fingerprint, 8);
    if (strcmp(souk_look_text_of(said, "fingerprint"), fingerprint) != 0)
        problem(looked, "runs by another topology, %s instead of %s", souk_look_text_of(said, "fingerprint"),
            fingerprint);
    if (souk_look_uint_of(said, "parked") >= thresholds->parked_events)
        problem(looked, "%" PRIu64 " events are parked", souk_look_uint_of(said, "parked"));
    used = souk_look_uint_of(said, "store_bytes_used");
    max = souk_look_uint_of(said, "store_bytes_max");
    if (max > 0 && used / 100 >= max / 10000 * thresholds->store_percent)
        problem(looked, "%" PRIu64 " %% of store_bytes_max are in use", used * 100 / max);
    apart_ms = (int64_t)souk_look_uint_of(said, "now_ms") - (int64_t)(looked->wall_ms - took_us / 2000);
    if ((apart_ms < 0 ? -apart_ms : apart_ms) > (int64_t)(thresholds->clock_ms + took_us / 2000))
        problem(looked, "its clock is %" PRId64 " ms from this machine's", apart_ms);
    find_lag(looked);
    return json_array_size(looked->problems);
}

static void
find_lag(struct souk_looked *looked)
{
    const json_t *streams = json_object_get(looked->said, "streams");
    const json_t *stream;
    size_t i;

    for (i = 0; i < json_array_size(streams); i++) {
        stream = json_array_get(streams, i);
        if (souk_look_uint_of(stream, "lag") >= looked->node->thresholds.behind_events)
            problem(looked, "%" PRIu64 " events behind in %s", souk_look_uint_of(stream, "lag"),
                souk_look_text_of(stream, "name"));
    }
}

static void
problem(struct souk_looked *looked, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)json_array_append_new(looked->problems, json_string(sentence));
}

/* ---- members -------------------------------------------------------- */

uint64_t
souk_look_lag_of(const json_t *said)
{
    const json_t *streams = json_object_get(said, "streams");
    uint64_t lag = 0;
    size_t i;

    for (i = 0; i < json_array_size(streams); i++)
        lag += souk_look_uint_of(json_array_get(streams, i), "lag");
    return lag;
}

uint64_t
souk_look_uint_of(const json_t *said, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(said, key));
}

const char *
souk_look_text_of(const json_t *said, const char *key)
{
    const char *text = json_string_value(json_object_get(said, key));

    return text == NULL ? "" : text;
}

const json_t *
souk_look_stream_of(const json_t *said, const char *name)
{
    const json_t *streams = json_object_get(said, "streams");

    for (size_t i = 0; i < json_array_size(streams); i++)
        if (strcmp(souk_look_text_of(json_array_get(streams, i), "name"), name) == 0)
            return json_array_get(streams, i);
    return NULL;
}

struct souk_look_lag
souk_look_lag_in(const json_t *follower, const json_t *writer, const char *stream)
{
    const json_t *at = souk_look_stream_of(follower, stream);
    const json_t *head = souk_look_stream_of(writer, stream);
    const uint64_t number = souk_look_uint_of(at, "number");
    const uint64_t at_ms = souk_look_uint_of(at, "time_ms");
    struct souk_look_lag lag = { souk_look_uint_of(at, "lag"), 0 };
    uint64_t since_ms = souk_look_uint_of(at, "behind_since_ms");
    uint64_t now_ms = souk_look_uint_of(follower, "now_ms");
    /* The two did not answer at the same moment: what was written in between is not missing. */
    const bool is_sure = at_ms == 0 || souk_look_uint_of(head, "time_ms") >= at_ms + APART_MS;

    if (at != NULL && is_sure && souk_look_uint_of(head, "number") > number + lag.events)
        lag.events = souk_look_uint_of(head, "number") - number;
    if (since_ms == 0) {
        since_ms = souk_look_uint_of(head, "time_ms");
        now_ms = souk_look_uint_of(writer, "now_ms");
    }
    if (lag.events > 0 && since_ms != 0 && now_ms > since_ms)
        lag.ms = now_ms - since_ms;
    return lag;
}
