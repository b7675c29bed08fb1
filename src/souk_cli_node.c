#include "souk_cli_node.h"

#include <string.h>
#include <sysexits.h>

#include "souk_cli_event.h"
#include "souk_zpl.h"

static int take(const struct souk_cli *cli, const struct souk_topology_node *node,
    const struct souk_message_type *type, const struct souk_client_answer *answer, struct souk_arena *arena,
    void *reply_out, struct souk_cli_refusal *refusal_out);
static void copy_text(struct souk_slice text, char text_out[SOUK_CLI_NODE_TEXT_BYTES]);

int
souk_cli_node_ask(const struct souk_cli *cli, struct souk_client *client, const struct souk_topology_node *node,
    const struct souk_message_type *type, const void *message, struct souk_arena *arena, void *reply_out,
    struct souk_cli_refusal *refusal_out)
{
    struct souk_client_request request = { .node = node, .is_query = type->kind == SOUK_QUERY,
        .id = souk_client_new_id(), .name = souk_slice_of(type->name), .version = type->version,
        .deadline_ms = type->kind == SOUK_QUERY ? SOUK_CLI_NODE_QUERY_MS : SOUK_CLI_NODE_COMMAND_MS };
    struct souk_cli_progress progress = { 0 };
    struct souk_client_answer answer;
    struct souk_error err = { 0 };
    struct souk_pack pack;
    int rc;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = type->encode(message, &pack)) != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: %s cannot be asked: %s", node->name.text, type->name,
            souk_error_name(rc));
    } else {
        request.payload = souk_pack_slice(&pack);
        if ((rc = souk_client_send(client, &request, &err)) != 0)
            souk_cli_say(cli, SOUK_CLI_RED, "%s: %s", node->name.text, err.text);
    }
    souk_pack_done(&pack);
    if (rc != 0)
        return souk_cli_exit_status(rc, EX_DATAERR);
    while ((rc = souk_client_receive(client, SOUK_CLIENT_RETRY_MS / 5, &answer)) == -SOUK_ENOTFOUND)
        souk_cli_progress(cli, &progress, "waiting for %s", node->name.text);
    souk_cli_progress_end(&progress);
    if (rc != 0) {
        souk_cli_say(cli, SOUK_CLI_RED, "receiving failed");
        return EX_IOERR;
    }
    return take(cli, node, type, &answer, arena, reply_out, refusal_out);
}

static int
take(const struct souk_cli *cli, const struct souk_topology_node *node, const struct souk_message_type *type,
    const struct souk_client_answer *answer, struct souk_arena *arena, void *reply_out,
    struct souk_cli_refusal *refusal_out)
{
    const struct souk_wire_reply *reply = &answer->reply;
    struct souk_wire_entry entry;
    struct souk_slice copy;
    struct souk_unpack in;
    int rc = 0;

    if (answer->is_late) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s does not answer; is it running?", node->name.text);
        return EX_UNAVAILABLE;
    }
    if (reply->status == SOUK_STATUS_REFUSED) {
        copy_text(reply->code, refusal_out->code);
        copy_text(reply->text, refusal_out->text);
        return 1;
    }
    if (reply->status != SOUK_STATUS_OK) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s: %s: %.*s", node->name.text, souk_wire_status_name(reply->status),
            (int)reply->text.size_bytes, reply->text.base == NULL ? "" : (const char *)reply->text.base);
        return reply->status == SOUK_STATUS_BUSY || reply->status == SOUK_STATUS_PENDING
            || reply->status == SOUK_STATUS_EXPIRED ? EX_TEMPFAIL
            : reply->status == SOUK_STATUS_UNKNOWN ? EX_PROTOCOL
            : reply->status == SOUK_STATUS_FORBIDDEN ? EX_NOPERM : EX_UNAVAILABLE;
    }
    if (type->kind != SOUK_QUERY)
        return 0;
    souk_unpack_init(&in, reply->body);
    if ((rc = souk_wire_body_next(&in, &entry)) == 0) {
        copy = souk_arena_copy(arena, entry.payload);
        rc = copy.base == NULL ? -SOUK_ENOMEM : souk_message_decode(type->reply, entry.version, copy, arena, reply_out);
    }
    if (rc == 0)
        return 0;
    souk_cli_say(cli, SOUK_CLI_RED, "%s: its answer to %s is not what is described", node->name.text, type->name);
    return EX_PROTOCOL;
}

static void
copy_text(struct souk_slice text, char text_out[SOUK_CLI_NODE_TEXT_BYTES])
{
    (void)snprintf(text_out, SOUK_CLI_NODE_TEXT_BYTES, "%.*s", (int)text.size_bytes,
        text.base == NULL ? "" : (const char *)text.base);
}

const struct souk_topology_node *
souk_cli_service(const struct souk_cli *cli, const struct souk_topology *topology, const char *name)
{
    const struct souk_topology_node *node = souk_topology_node(topology, name);
    const char *nearest = NULL;

    if (node != NULL && node->kind == SOUK_NODE_SERVICE)
        return node;
    for (size_t i = 0; i < topology->node_count; i++)
        if (topology->nodes[i].kind == SOUK_NODE_SERVICE)
            souk_zpl_nearer(name, topology->nodes[i].name.text, &nearest);
    souk_cli_say(cli, SOUK_CLI_RED, "%s has no service `%s`%s%s%s", topology->name.text, name,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
    return NULL;
}
