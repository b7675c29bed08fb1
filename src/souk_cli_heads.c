#include "souk_cli_heads.h"

#include <inttypes.h>
#include <string.h>
#include <sysexits.h>

#include "souk_status.h"

#define STATUS_FIELDS 18
#define STREAM_FIELDS 8
#define FIELDS_AFTER_STARTED 8          /* now to restart_needed, which nobody here asks for */

static int take(struct souk_slice payload, struct souk_cli_heads *heads);
static void take_stream(struct souk_unpack *in, struct souk_cli_head *head);

int
souk_cli_heads_ask(const struct souk_cli *cli, struct souk_client *client, const struct souk_topology_node *node,
    uint32_t deadline_ms, struct souk_cli_heads *heads_out)
{
    const struct souk_client_request request = { .node = node, .is_query = true, .id = souk_client_new_id(),
        .name = souk_slice_of(SOUK_STATUS_QUERY), .version = 1, .payload = { "\x90", 1 }, .deadline_ms = deadline_ms };
    struct souk_client_answer answer;
    struct souk_error err = { 0 };
    struct souk_wire_entry entry;
    struct souk_unpack in;
    int rc;

    memset(heads_out, 0, sizeof *heads_out);
    if ((rc = souk_client_ask(client, &request, &answer, &err)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: %s", node->name.text, err.text);
        return souk_cli_exit_status(rc, EX_CONFIG);
    }
    if (answer.is_late || answer.reply.status != SOUK_STATUS_OK)
        return 0;
    souk_unpack_init(&in, answer.reply.body);
    if (souk_wire_body_next(&in, &entry) == 0 && take(entry.payload, heads_out) == 0)
        return 0;
    souk_cli_say(cli, SOUK_CLI_RED, "%s: its answer to " SOUK_STATUS_QUERY " is not what is described", node->name.text);
    return EX_PROTOCOL;
}

static int
take(struct souk_slice payload, struct souk_cli_heads *heads)
{
    struct souk_slice state;
    struct souk_unpack in;
    uint32_t left;

    souk_unpack_init(&in, payload);
    if (souk_unpack_array(&in, UINT32_MAX) < STATUS_FIELDS)
        souk_unpack_fail(&in, SOUK_EMALFORMED);
    (void)souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
    (void)souk_unpack_bool(&in);
    state = souk_unpack_str(&in, SOUK_NAME_BYTES_MAX);
    (void)snprintf(heads->state, sizeof heads->state, "%.*s", (int)state.size_bytes,
        state.base == NULL ? "" : (const char *)state.base);
    heads->epoch_counter = (uint32_t)souk_unpack_uint(&in, UINT32_MAX);
    (void)souk_unpack_bin(&in, 8);
    (void)souk_unpack_bin(&in, 8);
    heads->commit = souk_unpack_uint(&in, UINT64_MAX);
    (void)souk_unpack_bin(&in, 8);
    heads->started_ms = souk_unpack_uint(&in, UINT64_MAX);
    for (int i = 0; i < FIELDS_AFTER_STARTED - 3; i++)
        (void)souk_unpack_uint(&in, UINT64_MAX);        /* now, memory, store used and bound, parked */
    (void)souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX);
    (void)souk_unpack_str(&in, SOUK_STATUS_TEXT_BYTES_MAX);
    for (left = souk_unpack_array(&in, SOUK_STREAMS_MAX); left > 0 && in.rc == 0; left--)
        take_stream(&in, &heads->heads[heads->count++]);
    heads->answered = in.rc == 0;
    return in.rc;
}

static void
take_stream(struct souk_unpack *in, struct souk_cli_head *head)
{
    const uint32_t count = souk_unpack_array(in, UINT32_MAX);
    struct souk_slice origin;

    if (count < STREAM_FIELDS)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    (void)souk_name_unpack(in, &head->stream);
    origin = souk_unpack_str(in, SOUK_NAME_BYTES_MAX);
    if (in->rc == 0 && origin.size_bytes != 0 && souk_name_set(&head->origin, origin) != 0)
        souk_unpack_fail(in, SOUK_EMALFORMED);
    souk_wire_position_get(in, &head->position);
    (void)souk_unpack_uint(in, UINT64_MAX);
    (void)souk_unpack_uint(in, UINT64_MAX);
    souk_unpack_newer_fields(in, count, STREAM_FIELDS);
}

const struct souk_position *
souk_cli_heads_of(const struct souk_cli_heads *heads, const char *stream)
{
    for (uint32_t i = 0; i < heads->count; i++)
        if (strcmp(heads->heads[i].stream.text, stream) == 0)
            return &heads->heads[i].position;
    return NULL;
}

const char *
souk_cli_place(const char *stream, const struct souk_position *position, char text_out[SOUK_CLI_PLACE_BYTES])
{
    (void)snprintf(text_out, SOUK_CLI_PLACE_BYTES, "%s/%" PRIu32 "/%" PRIu64, stream, position->epoch.counter,
        position->number);
    return text_out;
}
