#include "sim_client.h"

#include <stdlib.h>
#include <string.h>

#include "sim_net.h"
#include "sim_node.h"
#include "souk_wire.h"

#define DEADLINE_MS 1500
#define HURRIED_MS 2
#define HURRIED_TRIES 2                 /* then it takes its time: whoever goes on like this is never served */
#define IDS_TRUSTED_MS 6000             /* where ids are kept for a short time only */
#define PATIENCE_MS 700                 /* beyond the deadline, then it asks again */
#define TRIES_MAX 40                    /* then it gives up, which is none of the services' business */
#define SEEN_MAX (sizeof ((struct sim_op *)0)->seen / sizeof ((struct sim_op *)0)->seen[0])

static const char *const client_names[SIM_CLIENTS] = { "anna", "bela", "cora", "dora", "emma", "fina" };

static struct sim_op *op_new(struct sim_world *world, uint32_t client, uint32_t node, const char *name,
    uint32_t *index_out);
static void fill_command(struct sim_world *world, struct sim_op *op, const struct sim_item *item);
static void throw_garbage(struct sim_world *world, const struct sim_item *item);
static void follow_up(struct sim_world *world, uint32_t op, const struct souk_wire_reply *reply);
static void settle(struct sim_world *world, uint32_t index, const struct souk_wire_reply *reply);
static void learn(struct sim_client *client, const struct souk_wire_reply *reply);
static void check_about(struct sim_world *world, const struct sim_op *op, const struct souk_wire_reply *reply);
static void check_found(struct sim_world *world, const struct sim_op *op, const struct souk_wire_reply *reply);

void
sim_clients_init(struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < SIM_CLIENTS; i++)
        world->clients[i].random = sim_random_part(world->plan->seed, "client", i);
}

void
sim_clients_done(struct sim_world *world)
{
    uint32_t i;

    for (i = 0; i < world->op_count; i++)
        souk_pack_done(&world->ops[i].payload);
    free(world->ops);
    world->ops = NULL;
    world->op_count = world->op_room = 0;
}

void
sim_client_command(struct sim_world *world, const struct sim_item *item)
{
    static const struct {
        uint32_t node;
        const char *name;
        uint32_t arguments;
    } commands[SIM_MESSAGES] = {
        [SIM_PLACE] = { APP_ORDERS, "order.place", 5 },
        [SIM_CANCEL] = { APP_ORDERS, "order.cancel", 1 },
        [SIM_RECEIVE] = { APP_STOCK, "stock.receive", 2 },
        [SIM_SUBMIT] = { APP_REVIEWS, "review.submit", 3 },
        [SIM_EDIT] = { APP_REVIEWS, "review.edit", 2 },
        [SIM_CHARGE] = { APP_PAYMENTS, "payments.charge", 2 },
        [SIM_REUSE] = { APP_ORDERS, "order.place", 5 },
        [SIM_UNHEARD] = { APP_STOCK, "stock.unheard", 0 },
        [SIM_MISSHAPEN] = { APP_ORDERS, "order.place", 2 },
    };
    struct sim_client *client = &world->clients[item->client];
    struct sim_op *op;
    uint32_t index, i;

    if (item->message == SIM_GARBAGE) {
        throw_garbage(world, item);
        return;
    }
    op = op_new(world, item->client, commands[item->message].node, commands[item->message].name, &index);
    op->item = item;
    souk_pack_array(&op->payload, commands[item->message].arguments);
    for (i = 0; i < commands[item->message].arguments; i++)
        souk_pack_uint(&op->payload, item->arguments[i]);
    fill_command(world, op, item);
    if (item->hurried)
        op->deadline_ms = HURRIED_MS;
    if (item->message == SIM_REUSE && client->has_last && client->last_node == op->node
        && sim_now_ms(world) - client->last_ms < DEADLINE_MS * (uint64_t)world->plan->scale)
        op->id = client->last_id;
    else
        memcpy(op->id.bytes, item->id, sizeof op->id.bytes);
    client->last_id = op->id;
    client->last_node = op->node;
    client->last_ms = sim_now_ms(world);
    client->has_last = true;
    sim_client_ask(world, index);
}

void
sim_client_ask(struct sim_world *world, uint32_t index)
{
    struct sim_op *op = &world->ops[index];
    struct souk_wire_request request;
    struct souk_pack pack;
    struct souk_slice frame;
    uint32_t i;

    if (!op->open)
        return;
    if (op->tries == 0)
        op->first_ms = sim_now_ms(world);
    if (op->tries++ == TRIES_MAX || (world->plan->trims
        && sim_now_ms(world) > op->first_ms + IDS_TRUSTED_MS * (uint64_t)world->plan->scale)) {
        op->open = false;
        return;
    }
    if (op->tries > HURRIED_TRIES)
        op->deadline_ms = DEADLINE_MS * (uint64_t)world->plan->scale;
    memset(&request, 0, sizeof request);
    request.id = op->id;
    request.query = op->query;
    request.name = souk_slice_of(op->name);
    request.version = 1;
    request.deadline_ms = op->deadline_ms;
    request.caller = souk_slice_of(client_names[op->client]);
    request.recorded = op->recorded;
    request.seen_count = op->seen_count;
    memcpy(request.seen, op->seen, op->seen_count * sizeof op->seen[0]);
    request.payload = souk_pack_slice(&op->payload);
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_request_put(&pack, &request);
    frame = souk_pack_slice(&pack);
    sim_trace(world, "%s asks %s for %s, try %u", client_names[op->client], sim_node_name(op->node), op->name,
        op->tries);
    for (i = 0; world->trace != NULL && i < op->seen_count; i++)
        sim_trace(world, "    and has seen %s %u.%llu [%02x%02x]", op->seen[i].stream.text,
            op->seen[i].point.epoch.counter, (unsigned long long)op->seen[i].point.number,
            op->seen[i].point.epoch.bits[0], op->seen[i].point.epoch.bits[1]);
    check_asked(world->checker, sim_now_ms(world), sim_node_name(op->node),
        (struct check_bytes){ frame.base, frame.size_bytes });
    sim_net_ask(world, index, op->node, op->query ? SOUK_DOOR_QUERIES : SOUK_DOOR_COMMANDS, frame);
    souk_pack_done(&pack);
    sim_put(world, (op->deadline_ms + PATIENCE_MS * (uint64_t)world->plan->scale) * 1000, SIM_EVENT_OP, index,
        op->tries, NULL);
}

void
sim_client_hear(struct sim_world *world, uint32_t index, const struct sim_letter *letter)
{
    struct souk_wire_reply *reply;
    struct sim_op *op;

    if (index >= world->op_count)
        return;                         /* the answer to garbage */
    op = &world->ops[index];
    if ((reply = malloc(sizeof *reply)) == NULL)
        abort();
    if (letter->frame_count != 1 || souk_wire_reply_get(letter->frames[0], reply) != 0)
        sim_fail(world, "reply: %s got from %s what is none", client_names[op->client], sim_node_name(op->node));
    else if (memcmp(&reply->id, &op->id, sizeof op->id) != 0)
        sim_fail(world, "reply: %s got one from %s under another id", client_names[op->client],
            sim_node_name(op->node));
    else if (op->open)
        settle(world, index, reply);
    else if (reply->status == SOUK_STATUS_OK && !op->query)
        sim_mark(world, SIM_STATE_REPLY_AGAIN);
    free(reply);
}

uint32_t
sim_clients_waiting(const struct sim_world *world)
{
    uint32_t waiting = 0, i;

    for (i = 0; i < world->op_count; i++)
        waiting += world->ops[i].open;
    return waiting;
}

const char *
sim_client_name(const struct sim_world *world, uint32_t op)
{
    return op < world->op_count ? client_names[world->ops[op].client] : NULL;
}

/* ---- asking --------------------------------------------------------- */

static struct sim_op *
op_new(struct sim_world *world, uint32_t client, uint32_t node, const char *name, uint32_t *index_out)
{
    struct sim_op *op;

    if (world->op_count == world->op_room) {
        world->op_room = world->op_room == 0 ? 512 : 2 * world->op_room;
        if ((world->ops = realloc(world->ops, world->op_room * sizeof *op)) == NULL)
            abort();
    }
    *index_out = world->op_count;
    op = &world->ops[world->op_count++];
    memset(op, 0, sizeof *op);
    op->open = true;
    op->client = client;
    op->node = node;
    op->deadline_ms = DEADLINE_MS * (uint64_t)world->plan->scale;
    snprintf(op->name, sizeof op->name, "%s", name);
    souk_pack_init(&op->payload, SOUK_PAYLOAD_BYTES_MAX);
    return op;
}

static void
fill_command(struct sim_world *world, struct sim_op *op, const struct sim_item *item)
{
    struct sim_client *client = &world->clients[item->client];
    uint32_t i;

    op->recorded = item->recorded;
    if (!item->carries_seen)
        return;
    for (i = 0; i < client->seen_count && op->seen_count < SEEN_MAX; i++)
        op->seen[op->seen_count++] = client->seen[i];
}

/* What no client sends: bytes at any door. Whoever hears it has to stay unmoved. */
static void
throw_garbage(struct sim_world *world, const struct sim_item *item)
{
    struct sim_random random = sim_random_part(item->arguments[0], "garbage", 0);
    uint8_t bytes[64];
    size_t size_bytes = sim_random_below(&random, sizeof bytes);

    sim_random_fill(&random, bytes, sizeof bytes);
    bytes[0] = 0x9c;
    bytes[1] = 1;
    bytes[2] = (uint8_t)sim_random_between(&random, 1, 10);
    sim_net_ask(world, UINT32_MAX, (uint32_t)sim_random_below(&random, world->node_count),
        sim_random_chance(&random, 500) ? SOUK_DOOR_COMMANDS : SOUK_DOOR_QUERIES,
        (struct souk_slice){ bytes, size_bytes });
}

/* ---- answers -------------------------------------------------------- */

static void
settle(struct sim_world *world, uint32_t index, const struct souk_wire_reply *reply)
{
    static const enum sim_state marks[] = {
        [SOUK_STATUS_OK] = SIM_STATE_REPLY_LOCAL,
        [SOUK_STATUS_REFUSED] = SIM_STATE_REPLY_REFUSED,
        [SOUK_STATUS_PENDING] = SIM_STATE_REPLY_PENDING,
        [SOUK_STATUS_BUSY] = SIM_STATE_REPLY_BUSY,
        [SOUK_STATUS_KEY_REUSED] = SIM_STATE_REPLY_KEY_REUSED,
        [SOUK_STATUS_LOST] = SIM_STATE_REPLY_LOST,
        [SOUK_STATUS_INVALID] = SIM_STATE_REPLY_INVALID,
        [SOUK_STATUS_UNKNOWN] = SIM_STATE_REPLY_UNKNOWN,
        [SOUK_STATUS_INTERNAL] = SIM_STATE_REPLY_INTERNAL,
        [SOUK_STATUS_FULL] = SIM_STATE_REPLY_FULL,
        [SOUK_STATUS_EXPIRED] = SIM_STATE_REPLY_EXPIRED,
        [SOUK_STATUS_UNSUPPORTED] = SIM_STATE_REPLY_INVALID,
        [SOUK_STATUS_FORBIDDEN] = SIM_STATE_REPLY_INVALID,
    };
    struct sim_op *op = &world->ops[index];
    struct sim_client *client = &world->clients[op->client];

    sim_trace(world, "%s hears from %s: %s %u", client_names[op->client], sim_node_name(op->node), op->name,
        reply->status);
    switch (reply->status) {
    case SOUK_STATUS_OK:
        op->open = false;
        op->decided = true;
        learn(client, reply);
        if (op->query) {
            check_found(world, op, reply);
            return;
        }
        check_about(world, op, reply);
        if (reply->durability == SOUK_DURABILITY_RECORDED)
            sim_mark(world, SIM_STATE_REPLY_RECORDED);
        else
            sim_mark(world, op->recorded ? SIM_STATE_REPLY_RECORDED_AT_DEADLINE : SIM_STATE_REPLY_LOCAL);
        if (op->item->follows_up)
            follow_up(world, index, reply);
        return;
    case SOUK_STATUS_LOST:
        /* What it had seen is gone; it goes on without. */
        client->seen_count = 0;
        op->seen_count = 0;
        op->must_find = false;
        if (op->query)
            op->open = false;
        break;
    case SOUK_STATUS_REFUSED:
        op->decided = true;
        op->open = false;
        break;
    case SOUK_STATUS_KEY_REUSED:
    case SOUK_STATUS_INVALID:
    case SOUK_STATUS_UNKNOWN:
    case SOUK_STATUS_UNSUPPORTED:
    case SOUK_STATUS_FORBIDDEN:
        op->open = false;
        break;
    case SOUK_STATUS_PENDING:
    case SOUK_STATUS_BUSY:
    case SOUK_STATUS_INTERNAL:
    case SOUK_STATUS_FULL:
    case SOUK_STATUS_EXPIRED:
        break;
    }
    sim_mark(world, marks[reply->status]);
}

/* Read the own write where it has to show: at the service that joins everything, or where it was made. */
static void
follow_up(struct sim_world *world, uint32_t index, const struct souk_wire_reply *reply)
{
    static const char *const streams[] = { "orders", "stock", NULL, "payments" };
    const struct sim_item *item = world->ops[index].item;
    struct sim_client *client = &world->clients[item->client];
    uint64_t table = 0, key = item->arguments[0];
    uint32_t node = APP_QUERY, asked, i;
    struct sim_op *op;

    if (reply->body_count == 0)
        return;
    switch (item->message) {
    case SIM_PLACE:
    case SIM_CANCEL:
        break;
    case SIM_RECEIVE:
        table = 1;
        break;
    case SIM_CHARGE:
        table = 3;
        break;
    case SIM_SUBMIT:
    case SIM_EDIT:
        node = APP_REVIEWS;
        break;
    default:
        return;
    }
    if (node == APP_QUERY && !sim_follows(world, node, sim_stream_of(souk_slice_of(streams[table]))))
        return;                                 /* it does not show there yet */
    op = op_new(world, item->client, node, "rows.get", &asked);
    op->query = true;
    op->must_find = true;
    souk_pack_array(&op->payload, 2);
    souk_pack_uint(&op->payload, table);
    souk_pack_uint(&op->payload, key);
    sim_random_fill(&client->random, op->id.bytes, sizeof op->id.bytes);
    for (i = 0; i < reply->cursor_count && op->seen_count < SEEN_MAX; i++)
        op->seen[op->seen_count++] = reply->cursors[i];
    sim_client_ask(world, asked);
}

/* The newest of each stream is what it names the next time. */
static void
learn(struct sim_client *client, const struct souk_wire_reply *reply)
{
    uint32_t i, j;

    for (i = 0; i < reply->cursor_count; i++) {
        for (j = 0; j < client->seen_count; j++)
            if (memcmp(&client->seen[j].stream, &reply->cursors[i].stream, sizeof client->seen[j].stream) == 0)
                break;
        if (j == SIM_STREAMS)
            continue;
        if (j == client->seen_count)
            client->seen[client->seen_count++] = reply->cursors[i];
        else if (souk_point_above(reply->cursors[i].point, client->seen[j].point))
            client->seen[j] = reply->cursors[i];
    }
}

/* An answer is about what was asked, also when the id came before with something else. */
static void
check_about(struct sim_world *world, const struct sim_op *op, const struct souk_wire_reply *reply)
{
    struct souk_wire_entry entry;
    struct souk_unpack body;
    struct app_key key;

    souk_unpack_init(&body, reply->body);
    if (reply->body_count > 0 && souk_wire_body_next(&body, &entry) == 0
        && !souk_slice_equal(entry.key, app_key(&key, op->item->arguments[0])))
        sim_fail(world, "answer: %s asked for %s %llu and is told of %.*s", client_names[op->client], op->name,
            (unsigned long long)op->item->arguments[0], (int)entry.key.size_bytes, (const char *)entry.key.base);
}

static void
check_found(struct sim_world *world, const struct sim_op *op, const struct souk_wire_reply *reply)
{
    struct souk_wire_entry entry;
    struct souk_unpack body, row;
    uint64_t found = 0;

    if (!op->must_find || sim_node_main(&world->nodes[op->node]) == NULL)
        return;
    if (world->nodes[op->node].parked_count > 0)
        return;     /* what is parked counts as applied and is not there, also in an answer of one replaced since */
    souk_unpack_init(&body, reply->body);
    if (souk_wire_body_next(&body, &entry) == 0) {
        souk_unpack_init(&row, entry.payload);
        (void)souk_unpack_array(&row, 1 + APP_ROW_FIELDS_MAX);
        found = souk_unpack_uint(&row, 1);
    }
    if (found == 0)
        sim_fail(world, "read: %s does not find at %s what it wrote and had seen", client_names[op->client],
            sim_node_name(op->node));
    else
        sim_mark(world, SIM_STATE_READ_OWN_WRITE);
}
