#include "sim_net.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_client.h"
#include "sim_node.h"
#include "souk_wire.h"

#define CONNECT_US 50000                /* most, until a connection stands */
#define CONNECT_AGAIN_US 400000
#define LATE_US 1500000                 /* most, for what is late */
#define SWITCH_PER_MILLE 20             /* a request link goes to the other instance */

/* A return address. */
struct route {
    uint8_t kind;                       /* 'p' a process, 'c' a client's op */
    uint32_t id;
};

static struct sim_letter *letter_new(const struct souk_slice *frames, size_t frame_count);
static void publish(struct sim_world *world, struct sim_process *process, const struct souk_out *out);
static void post(struct sim_world *world, uint32_t from, uint32_t to, uint32_t addressee, struct sim_letter *letter);
static bool wants_topic(const struct sim_process *subscriber, struct souk_slice topic);
static void note_lost_tail(struct sim_world *world, struct sim_process *from, struct sim_process *to,
    struct souk_slice topic);
static struct sim_process *choose(struct sim_world *world, struct sim_process *from, uint32_t node);
static bool subscribes(const struct sim_process *process, uint32_t node);
static void trace_message(struct sim_world *world, const struct sim_process *process, const struct souk_out *out);
static void set_route(struct sim_letter *letter, uint8_t kind, uint32_t id);
static uint64_t scaled_us(const struct sim_world *world, uint64_t span_us);

void
sim_net_init(struct sim_world *world)
{
    uint32_t from, to;

    world->net.loss = world->plan->loss;
    world->net.doubles = world->plan->doubles;
    world->net.late = world->plan->late;
    for (from = 0; from <= SIM_NODES_MAX; from++)
        for (to = 0; to <= SIM_NODES_MAX; to++)
            world->net.random[from][to] = sim_random_part(world->plan->seed, "link", from * 16 + to);
}

/* ---- sending -------------------------------------------------------- */

void
sim_net_send(struct sim_world *world, struct sim_process *process, const struct souk_out *out)
{
    struct sim_process *peer;
    struct sim_letter *letter;
    struct route route;
    uint32_t node;

    if (world->trace != NULL)
        trace_message(world, process, out);
    switch (out->kind) {
    case SOUK_OUT_PUBLISH:
        publish(world, process, out);
        return;
    case SOUK_OUT_SEND:
        for (node = 0; node < world->node_count; node++)
            if (memcmp(&world->nodes[node].name, &out->to, sizeof out->to) == 0)
                break;
        if (node == world->node_count) {
            sim_fail(world, "send: %s sends to %s, which is nobody", process->node->name.text, out->to.text);
            return;
        }
        if ((peer = choose(world, process, node)) == NULL)
            return;
        letter = letter_new(out->frames, out->frame_count);
        letter->kind = out->door == SOUK_DOOR_COMMANDS ? SIM_TO_COMMANDS : SIM_TO_QUERIES;
        letter->from_node = process->node->index;
        set_route(letter, 'p', process->id);
        post(world, process->node->index, node, peer->id, letter);
        sim_letter_drop(letter);
        return;
    case SOUK_OUT_REPLY:
        if (out->route_bytes != sizeof route) {
            sim_fail(world, "send: %s answers to a route of %zu bytes", process->node->name.text, out->route_bytes);
            return;
        }
        memcpy(&route, out->route, sizeof route);
        letter = letter_new(out->frames, out->frame_count);
        letter->from_node = process->node->index;
        if (route.kind == 'c') {
            letter->kind = SIM_TO_CLIENT;
            post(world, process->node->index, SIM_OUTSIDE, route.id, letter);
        } else {
            letter->kind = SIM_ANSWERED;
            peer = sim_process_find(world, route.id);
            if (peer != NULL)
                post(world, process->node->index, peer->node->index, route.id, letter);
        }
        sim_letter_drop(letter);
        return;
    }
}

void
sim_net_ask(struct sim_world *world, uint32_t op, uint32_t node, enum souk_door door, struct souk_slice frame)
{
    struct sim_process *process = choose(world, NULL, node);
    struct sim_letter *letter;

    if (process == NULL)
        return;
    letter = letter_new(&frame, 1);
    letter->kind = door == SOUK_DOOR_COMMANDS ? SIM_TO_COMMANDS : SIM_TO_QUERIES;
    letter->from_node = SIM_OUTSIDE;
    set_route(letter, 'c', op);
    post(world, SIM_OUTSIDE, node, process->id, letter);
    sim_letter_drop(letter);
}

const char *
sim_net_addressee(struct sim_world *world, struct souk_slice bytes)
{
    struct sim_process *process;
    struct route route;

    if (bytes.size_bytes != sizeof route)
        return NULL;
    memcpy(&route, bytes.base, sizeof route);
    if (route.kind == 'c')
        return sim_client_name(world, route.id);
    process = sim_process_find(world, route.id);
    return process == NULL ? NULL : process->node->name.text;
}

/* ---- connections ---------------------------------------------------- */

void
sim_net_join(struct sim_world *world, struct sim_process *process)
{
    uint32_t node;

    for (node = 0; node < world->node_count; node++)
        if (subscribes(process, node))
            sim_put(world, sim_random_below(&process->random, CONNECT_US), SIM_EVENT_CONNECT, process->id, node, NULL);
}

void
sim_net_leave(struct sim_world *world, struct sim_process *process)
{
    struct sim_process *other;

    for (other = world->processes; other != NULL; other = other->next) {
        if (other->peer[process->node->index] == process->id)
            other->peer[process->node->index] = 0;
        if (other->publisher[process->node->index] == process->id) {
            other->publisher[process->node->index] = 0;
            sim_put(world, sim_random_below(&other->random, CONNECT_US), SIM_EVENT_CONNECT, other->id,
                process->node->index, NULL);
        }
    }
}

void
sim_net_shuffle(struct sim_world *world, uint32_t node)
{
    struct sim_process *other;

    for (other = world->processes; other != NULL; other = other->next) {
        other->peer[node] = 0;
        if (other->publisher[node] != 0) {
            other->publisher[node] = 0;
            sim_put(world, sim_random_below(&other->random, CONNECT_US), SIM_EVENT_CONNECT, other->id, node, NULL);
        }
    }
}

void
sim_net_connect(struct sim_world *world, uint32_t process_id, uint32_t node)
{
    struct sim_process *process = sim_process_find(world, process_id);
    struct sim_process *publisher;

    if (process == NULL || process->publisher[node] != 0)
        return;
    publisher = world->net.cut[node][process->node->index] == 0 ? choose(world, process, node) : NULL;
    if (publisher == NULL) {
        sim_put(world, scaled_us(world, CONNECT_AGAIN_US), SIM_EVENT_CONNECT, process_id, node, NULL);
        return;
    }
    process->publisher[node] = publisher->id;
    sim_trace(world, "%s/%u subscribes to %s/%u", process->node->name.text, process->id, publisher->node->name.text,
        publisher->id);
    sim_process_subscriber(world, publisher);
}

/* ---- links ---------------------------------------------------------- */

void
sim_net_cut(struct sim_world *world, uint32_t from, uint32_t to)
{
    world->net.cut[from][to]++;
}

void
sim_net_mend(struct sim_world *world, uint32_t from, uint32_t to)
{
    struct sim_process *other;

    if (--world->net.cut[from][to] != 0 || from == SIM_OUTSIDE)
        return;
    for (other = world->processes; other != NULL; other = other->next)
        if (other->node->index == to && other->publisher[from] != 0) {
            other->publisher[from] = 0;
            sim_put(world, sim_random_below(&other->random, CONNECT_US), SIM_EVENT_CONNECT, other->id, from, NULL);
        }
}

void
sim_net_isolate(struct sim_world *world, uint32_t node, bool is_cut)
{
    uint32_t other;

    for (other = 0; other <= SIM_NODES_MAX; other++) {
        if (other == node || (other >= world->node_count && other != SIM_OUTSIDE))
            continue;
        if (is_cut) {
            sim_net_cut(world, node, other);
            sim_net_cut(world, other, node);
        } else {
            sim_net_mend(world, node, other);
            sim_net_mend(world, other, node);
        }
    }
}

/* ---- what arrives --------------------------------------------------- */

void
sim_net_letter(struct sim_world *world, uint32_t to, struct sim_letter *letter)
{
    struct sim_process *process;

    if (letter->kind == SIM_TO_CLIENT)
        sim_client_hear(world, to, letter);
    else if ((process = sim_process_find(world, to)) != NULL)
        sim_process_hear(world, process, letter);
    sim_letter_drop(letter);
}

void
sim_letter_drop(struct sim_letter *letter)
{
    if (--letter->references == 0)
        free(letter);
}

/* ---- file-local ----------------------------------------------------- */

static void
publish(struct sim_world *world, struct sim_process *process, const struct souk_out *out)
{
    struct sim_process *subscriber;
    struct sim_letter *letter = NULL;
    uint32_t node = process->node->index;

    for (subscriber = world->processes; subscriber != NULL; subscriber = subscriber->next) {
        if (subscriber->publisher[node] != process->id || !wants_topic(subscriber, out->frames[0]))
            continue;
        if (world->net.muted[node] != 0) {
            note_lost_tail(world, process, subscriber, out->frames[0]);
            continue;
        }
        if (letter == NULL) {
            letter = letter_new(out->frames, out->frame_count);
            letter->kind = SIM_PUBLISHED;
            letter->from_node = node;
        }
        if (sim_random_chance(&world->net.random[node][subscriber->node->index], world->net.loss)) {
            note_lost_tail(world, process, subscriber, out->frames[0]);
            continue;
        }
        post(world, node, subscriber->node->index, subscriber->id, letter);
    }
    if (letter != NULL)
        sim_letter_drop(letter);
}

/* Put `letter` on its way once, twice or never. */
static void
post(struct sim_world *world, uint32_t from, uint32_t to, uint32_t addressee, struct sim_letter *letter)
{
    struct sim_net *net = &world->net;
    struct sim_random *random = &net->random[from][to];
    uint64_t at_us;
    int copies = 1;

    if (net->cut[from][to] != 0)
        return;
    if (letter->kind != SIM_PUBLISHED && sim_random_chance(random, net->loss))
        return;
    if (sim_random_chance(random, net->doubles))
        copies = 2;
    while (copies-- > 0) {
        at_us = world->now_us + 100 + sim_random_below(random, world->plan->latency_us);
        if (sim_random_chance(random, net->late)) {
            at_us += sim_random_below(random, LATE_US);
        } else {
            if (at_us <= net->last_us[from][to])
                at_us = net->last_us[from][to] + 1;
            net->last_us[from][to] = at_us;
        }
        letter->references++;
        sim_put(world, at_us - world->now_us, SIM_EVENT_LETTER, addressee, 0, letter);
    }
}

static struct sim_letter *
letter_new(const struct souk_slice *frames, size_t frame_count)
{
    struct sim_letter *letter;
    size_t bytes = sizeof *letter + frame_count * sizeof *frames;
    uint8_t *at;
    size_t i;

    for (i = 0; i < frame_count; i++)
        bytes += frames[i].size_bytes;
    if ((letter = malloc(bytes)) == NULL) {
        fprintf(stderr, "souk-sim: no memory for a message\n");
        abort();
    }
    letter->references = 1;
    letter->route_bytes = 0;
    letter->frame_count = frame_count;
    letter->frames = (struct souk_slice *)(letter + 1);
    at = (uint8_t *)(letter->frames + frame_count);
    for (i = 0; i < frame_count; i++) {
        if (frames[i].size_bytes > 0)
            memcpy(at, frames[i].base, frames[i].size_bytes);
        letter->frames[i] = (struct souk_slice){ at, frames[i].size_bytes };
        at += frames[i].size_bytes;
    }
    return letter;
}

/* Topics are the name of a stream and a zero byte, or one byte 0x01 for heads. */
static bool
wants_topic(const struct sim_process *subscriber, struct souk_slice topic)
{
    size_t i;

    if (topic.size_bytes == 1)
        return true;
    for (i = 0; i < subscriber->wiring.stream_count; i++)
        if (strlen(subscriber->streams[i].name.text) + 1 == topic.size_bytes
            && memcmp(subscriber->streams[i].name.text, topic.base, topic.size_bytes) == 0)
            return true;
    return false;
}

/* Remember a lost batch by the head that its writer had then: whether it was the last one shows later. */
static void
note_lost_tail(struct sim_world *world, struct sim_process *from, struct sim_process *to, struct souk_slice topic)
{
    uint32_t stream;

    if (topic.size_bytes == 1)
        return;
    stream = sim_stream_of((struct souk_slice){ topic.base, topic.size_bytes - 1 });
    if (stream < SIM_STREAMS)
        world->net.lost_tail[to->node->index][stream] = from->told[stream].number;
}

/*
 * Which instance of `node` a link from `from` leads to; `from` NULL: a client.
 * It stays with the one it has, mostly.
 */
static struct sim_process *
choose(struct sim_world *world, struct sim_process *from, uint32_t node)
{
    struct sim_process *candidates[SIM_INSTANCES_MAX], *process;
    struct sim_random *random = from != NULL ? &from->random : &world->random;
    uint32_t count = 0, i;

    for (i = 0; i < SIM_INSTANCES_MAX; i++) {
        process = world->nodes[node].instances[i].process;
        if (process != NULL && process != from && !world->nodes[node].instances[i].beside)
            candidates[count++] = process;
    }
    if (count == 0)
        return NULL;
    if (from != NULL && (count == 1 || !sim_random_chance(random, SWITCH_PER_MILLE)))
        for (i = 0; i < count; i++)
            if (candidates[i]->id == from->peer[node])
                return candidates[i];
    process = candidates[sim_random_below(random, count)];
    if (from != NULL)
        from->peer[node] = process->id;
    return process;
}

static bool
subscribes(const struct sim_process *process, uint32_t node)
{
    uint32_t self = process->node->index, stream;

    if (node == self)
        return process->instance->beside;
    if (node >= SIM_SERVICES || self >= SIM_SERVICES)
        return true;
    for (stream = 0; stream < SIM_STREAMS; stream++)
        if (sim_streams[stream].origin == node && sim_follows(process->world, self, stream))
            return true;
    return false;
}

static void
trace_message(struct sim_world *world, const struct sim_process *process, const struct souk_out *out)
{
    static const char *const kinds[] = { "?", "heads", "pull", "pulled", "ack", "seal", "sealed", "fenced", "request",
        "reply", "busy" };
    const struct souk_slice route = { out->route, out->route_bytes };
    const char *to = out->kind == SOUK_OUT_SEND ? out->to.text : sim_net_addressee(world, route);
    const char *kind = kinds[souk_wire_kind(out->frames[0])];
    struct souk_wire_pulled *pulled;

    if (out->kind == SOUK_OUT_PUBLISH)
        return;
    sim_trace(world, "%s/%u sends %s to %s, %zu frames", process->node->name.text, process->id, kind,
        to != NULL ? to : "nobody", out->frame_count);
    if (souk_wire_kind(out->frames[0]) != SOUK_WIRE_PULLED || (pulled = malloc(sizeof *pulled)) == NULL)
        return;
    if (souk_wire_pulled_get(out->frames[0], pulled) == 0)
        for (uint32_t i = 0; i < pulled->count; i++)
            sim_trace(world, "    %s asked %u.%" PRIu64 " head %u.%" PRIu64 " verdict %d",
                pulled->answers[i].stream.text, pulled->answers[i].asked.epoch.counter, pulled->answers[i].asked.number,
                pulled->answers[i].head.epoch.counter, pulled->answers[i].head.number, pulled->answers[i].verdict);
    free(pulled);
}

static void
set_route(struct sim_letter *letter, uint8_t kind, uint32_t id)
{
    struct route route;

    memset(&route, 0, sizeof route);
    route.kind = kind;
    route.id = id;
    memcpy(letter->route, &route, sizeof route);
    letter->route_bytes = sizeof route;
}

static uint64_t
scaled_us(const struct sim_world *world, uint64_t span_us)
{
    return span_us * world->plan->scale;
}
