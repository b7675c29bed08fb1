#include "souk_cli_store.h"

#include <string.h>
#include <sysexits.h>

#include "eventstore.h"

static int ask_one(struct souk_cli_store *store, const struct souk_topology_node *node,
    const struct souk_message_type *type, struct souk_slice payload, struct souk_client_answer *answer);
static int take(struct souk_cli_store *store, const struct souk_message_type *type,
    const struct souk_client_answer *answer, void *reply_out, const char **refusal_out);

int
souk_cli_store_open(struct souk_cli_store *store, const struct souk_cli *cli, const char *wanted)
{
    int status;

    *store = (struct souk_cli_store){ .cli = cli, .wanted = wanted };
    souk_arena_init(&store->arena, 0);
    if ((status = souk_cli_system_open(&store->system, cli, "souk")) != 0 || wanted == NULL)
        return status;
    store->node = souk_topology_node(store->system.topology, wanted);
    if (store->node == NULL || store->node->kind != SOUK_NODE_EVENT_STORE) {
        souk_cli_say(cli, SOUK_CLI_RED, "%s has no event store `%s`", store->system.topology->name.text, wanted);
        return EX_DATAERR;
    }
    return 0;
}

void
souk_cli_store_close(struct souk_cli_store *store)
{
    souk_cli_system_close(&store->system);
    souk_arena_done(&store->arena);
}

int
souk_cli_store_ask(struct souk_cli_store *store, const struct souk_message_type *type, const void *query,
    void *reply_out, const char **refusal_out)
{
    const struct souk_topology_node *first = store->node;
    const struct souk_topology_node *node;
    struct souk_client_answer answer = { .is_late = true };
    struct souk_pack pack;
    size_t i;
    int rc;

    souk_arena_reset(&store->arena);
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    if ((rc = type->encode(query, &pack)) == 0 && first != NULL)
        rc = ask_one(store, first, type, souk_pack_slice(&pack), &answer);
    for (i = 0; rc == 0 && answer.is_late && store->wanted == NULL && i < store->system.topology->node_count; i++) {
        node = &store->system.topology->nodes[i];
        if (node->kind == SOUK_NODE_EVENT_STORE && !node->lost && node != first)
            rc = ask_one(store, node, type, souk_pack_slice(&pack), &answer);
    }
    souk_pack_done(&pack);
    if (rc != 0) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "%s cannot be asked: %s", type->name, souk_error_name(rc));
        return souk_cli_exit_status(rc, EX_DATAERR);
    }
    if (answer.is_late) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "%s", store->wanted == NULL ? "no event store answers; is one running?"
            : "the event store does not answer; is it running?");
        return EX_UNAVAILABLE;
    }
    return take(store, type, &answer, reply_out, refusal_out);
}

/* answer->is_late: nobody answered. 0, or what the client fails with. */
static int
ask_one(struct souk_cli_store *store, const struct souk_topology_node *node, const struct souk_message_type *type,
    struct souk_slice payload, struct souk_client_answer *answer)
{
    struct souk_client_request request = { .node = node, .is_query = true, .id = souk_client_new_id(),
        .seen_count = store->seen_count, .name = souk_slice_of(type->name), .version = type->version, .payload = payload,
        .deadline_ms = SOUK_CLI_STORE_DEADLINE_MS };
    struct souk_cli_progress progress = { 0 };
    struct souk_error err = { 0 };
    int rc;

    memcpy(request.seen, store->seen, store->seen_count * sizeof store->seen[0]);
    if ((rc = souk_client_send(store->system.client, &request, &err)) != 0)
        return rc;
    while ((rc = souk_client_receive(store->system.client, SOUK_CLIENT_RETRY_MS / 5, answer)) == -SOUK_ENOTFOUND)
        souk_cli_progress(store->cli, &progress, "waiting for %s", node->name.text);
    souk_cli_progress_end(&progress);
    if (rc == 0 && !answer->is_late)
        store->node = node;
    return rc;
}

static int
take(struct souk_cli_store *store, const struct souk_message_type *type, const struct souk_client_answer *answer,
    void *reply_out, const char **refusal_out)
{
    const struct souk_wire_reply *reply = &answer->reply;
    struct souk_wire_entry entry;
    struct souk_slice copy;
    struct souk_unpack in;
    size_t i;
    int rc;

    if (reply->status == SOUK_STATUS_REFUSED) {
        for (i = 0; i < type->refuse_count && refusal_out != NULL; i++) {
            if (souk_slice_equal(souk_slice_of(type->refuses[i]), reply->code)) {
                *refusal_out = type->refuses[i];
                return 1;
            }
        }
    }
    if (reply->status != SOUK_STATUS_OK) {
        souk_cli_say(store->cli, SOUK_CLI_RED, "%s: %s: %.*s %.*s", store->node->name.text,
            souk_wire_status_name(reply->status), (int)reply->code.size_bytes,
            reply->code.base == NULL ? "" : (const char *)reply->code.base, (int)reply->text.size_bytes,
            reply->text.base == NULL ? "" : (const char *)reply->text.base);
        return reply->status == SOUK_STATUS_REFUSED ? 1 : reply->status == SOUK_STATUS_BUSY
            || reply->status == SOUK_STATUS_PENDING ? EX_TEMPFAIL : EX_UNAVAILABLE;
    }
    souk_unpack_init(&in, reply->body);
    if ((rc = souk_wire_body_next(&in, &entry)) == 0) {
        copy = souk_arena_copy(&store->arena, entry.payload);
        rc = copy.base == NULL ? -SOUK_ENOMEM : souk_message_decode(type->reply, entry.version, copy, &store->arena,
            reply_out);
    }
    if (rc == 0)
        return 0;
    souk_cli_say(store->cli, SOUK_CLI_RED, "%s: its answer to %s is not what is described", store->node->name.text,
        type->name);
    return EX_PROTOCOL;
}
