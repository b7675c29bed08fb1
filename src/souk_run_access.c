#include "souk_run_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "souk_refusal.h"
#include "souk_wire.h"

/* What is said to whom a request is refused. */
struct refused {
    const char *text;                           /* a sentence without a full stop */
    bool for_pass;                              /* it is the pass that is no good */
};

static const struct souk_access_peer *judge(const struct run_rules *rules, enum souk_door door, const char *key,
    struct souk_slice *frame, struct souk_pack *pack, struct refused *refused);
static bool may_ask(const struct run_rules *rules, const struct souk_access_peer *peer, enum souk_door door,
    struct souk_slice frame, struct refused *refused);
static bool cut_pull(const struct souk_access_peer *peer, struct souk_slice *frame, struct souk_pack *pack);
static void refuse(void *socket, enum souk_door door, const struct souk_socket_message *message,
    const struct refused *refused);

/* ---- opening -------------------------------------------------------- */

int
run_access_open(struct run *run, struct souk_error *err)
{
    const struct souk_run_config *config = run->config;
    int rc;

    if (config->node->key == NULL)
        return 0;
    if ((rc = souk_key_open(config->keys, config->node->name.text, config->node->key, &run->key, err)) != 0)
        return rc;
    if (souk_access_make(config->topology, config->node, &run->access) != 0)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory for its rules of access", config->node->name.text);
    run->shared.access = souk_access_hold(run->access);
    if ((rc = souk_socket_gate_open(run->context, &run->gate, err)) != 0
        || (rc = souk_socket_gate_test(run->gate, err)) != 0)
        return rc;
    souk_socket_gate_set(run->gate, run->access);
    souk_report(run->report, SOUK_LEVEL_DEBUG, "gate", "who has no key of the topology is kept out: tried");
    return 0;
}

void
run_access_close(struct run *run)
{
    souk_socket_gate_close(&run->gate);
    souk_access_release(&run->shared.access);
    souk_access_release(&run->access);
    souk_pass_cache_done(&run->passes);
    souk_key_close(&run->key);
}

struct souk_socket_keys
run_door_keys(const struct run *run)
{
    return (struct souk_socket_keys){ .own = run->key };
}

/*
 * First what not everybody may hear is published no more, then nobody new gets
 * in, then no message of an old connection counts, neither one that comes nor
 * one that waits, and at last those that only listen, and so are asked nothing,
 * are cut.
 */
int
run_access_change(struct run *run, const struct souk_topology *topology, struct souk_error *err)
{
    const struct souk_topology_node *node = souk_topology_node(topology, run->config->node->name.text);
    struct souk_access *before = run->access, *shared;
    const uint64_t one = 1;
    int rc;

    if (run->key == NULL)
        return 0;
    if (node == NULL || souk_access_make(topology, node, &run->access) != 0) {
        run->access = before;
        return souk_fail(err, SOUK_ENOMEM, "no memory");
    }
    souk_socket_gate_set(run->gate, run->access);
    (void)pthread_mutex_lock(&run->shared.mutex);
    shared = run->shared.access;
    run->shared.access = souk_access_hold(run->access);
    (void)pthread_mutex_unlock(&run->shared.mutex);
    souk_access_release(&shared);
    if (run->engine.core != NULL)
        souk_core_recheck(run->engine.core, run_access_may,
            &(struct run_judge){ run, { run->access, &run->wiring.pass_keys, &run->passes }, SOUK_DOOR_COMMANDS });
    (void)!write(run->shared.wake_fd, &one, sizeof one);
    if (run->finder != NULL)
        run_finder_signal(run->finder);
    rc = souk_links_rekey(&run->links, run->access, err);
    if (souk_access_is_narrower(run->access, before))
        run_guard_cut_publish(run->guard);
    souk_access_release(&before);
    return rc;
}

bool
run_access_renew(struct run *run, struct souk_access **access_p)
{
    bool has_changed;

    (void)pthread_mutex_lock(&run->shared.mutex);
    if ((has_changed = *access_p != run->shared.access)) {
        souk_access_release(access_p);
        *access_p = souk_access_hold(run->shared.access);
    }
    (void)pthread_mutex_unlock(&run->shared.mutex);
    return has_changed;
}

/* ---- messages ------------------------------------------------------- */

bool
run_access_admits(struct run *run, const struct run_rules *rules, enum souk_door door, void *socket,
    struct souk_socket_message *message, struct souk_pack *pack, struct souk_slice *identity_out)
{
    struct refused refused = { SOUK_REFUSAL_NO_RIGHT, false };
    const struct souk_access_peer *peer;

    *identity_out = (struct souk_slice){ NULL, 0 };
    if (rules->access == NULL)
        return true;
    if ((peer = judge(rules, door, message->key, &message->frames[0], pack, &refused)) != NULL) {
        *identity_out = souk_name_slice(souk_access_name(peer));
        return true;
    }
    atomic_fetch_add(&run->shared.forbidden, 1);
    refuse(socket, door, message, &refused);
    return false;
}

/* A pull that may not have all that it asks for came by other rights: whoever sent it asks again, and gets what he may. */
bool
run_access_may(void *arg, const char *key, struct souk_slice frame)
{
    const struct run_judge *as = arg;
    struct refused refused;

    if (as->rules.access == NULL || judge(&as->rules, as->door, key, &frame, NULL, &refused) != NULL)
        return true;
    atomic_fetch_add(&as->run->shared.forbidden, 1);
    return false;
}

/* Whose key that is, when he may ask that; else NULL. */
static const struct souk_access_peer *
judge(const struct run_rules *rules, enum souk_door door, const char *key, struct souk_slice *frame,
    struct souk_pack *pack, struct refused *refused)
{
    const struct souk_access_peer *peer = souk_access_peer(rules->access, key);
    bool may;

    if (peer == NULL)
        return NULL;
    if (souk_wire_kind(*frame) == SOUK_WIRE_PULL)
        may = door == SOUK_DOOR_QUERIES && cut_pull(peer, frame, pack);
    else
        may = may_ask(rules, peer, door, *frame, refused);
    return may ? peer : NULL;
}

/* What is no request is judged by whom it names, which is looked at where it is read; what cannot be read is answered there, too. */
static bool
may_ask(const struct run_rules *rules, const struct souk_access_peer *peer, enum souk_door door,
    struct souk_slice frame, struct refused *refused)
{
    struct souk_wire_request request;
    enum souk_access_right right;
    struct souk_pass pass;
    const char *why_not;

    if (souk_wire_kind(frame) != SOUK_WIRE_REQUEST || souk_wire_request_get(frame, &request) != 0
        || request.query != (door == SOUK_DOOR_QUERIES))
        return true;
    right = request.query ? souk_access_query(peer, request.name) : souk_access_command(peer, request.name);
    if (right != SOUK_ACCESS_WITH_ROLE)
        return right == SOUK_ACCESS_ALLOWED;
    refused->text = "this key has a right to that only with the pass of a person whose role the topology names";
    if (request.pass.size_bytes == 0)
        return false;
    why_not = souk_pass_check_cached(rules->passes, request.pass, rules->pass_keys, run_time().wall_ms, &pass);
    if (why_not == NULL)
        return souk_access_has_role(peer, &pass);
    *refused = (struct refused){ why_not, true };
    return false;
}

/*
 * To the streams that its asker may follow, into `pack`; of the others it is not told at all. False: it cannot be read,
 * is in another's name, or would have to be cut and there is no `pack`.
 */
static bool
cut_pull(const struct souk_access_peer *peer, struct souk_slice *frame, struct souk_pack *pack)
{
    struct souk_wire_pull pull;
    uint32_t cursors = 0, waits = 0;

    if (souk_wire_pull_get(*frame, &pull) != 0
        || strcmp(pull.asker.text, souk_access_name(peer)->text) != 0)
        return false;
    for (uint32_t i = 0; i < pull.cursor_count; i++)
        if (souk_access_may_follow(peer, pull.cursors[i].stream.text))
            pull.cursors[cursors++] = pull.cursors[i];
    for (uint32_t i = 0; i < pull.wait_count; i++)
        if (souk_access_may_follow(peer, pull.waits[i].stream.text))
            pull.waits[waits++] = pull.waits[i];
    if (cursors == pull.cursor_count && waits == pull.wait_count)
        return true;
    if (cursors == 0 || pack == NULL)
        return false;
    pull.cursor_count = cursors;
    pull.wait_count = waits;
    souk_pack_reset(pack);
    souk_wire_pull_put(pack, &pull);
    *frame = souk_pack_slice(pack);
    return pack->rc == 0;
}

static void
refuse(void *socket, enum souk_door door, const struct souk_socket_message *message, const struct refused *refused)
{
    const struct souk_slice route = { message->route, message->route_bytes };
    struct souk_outbox outbox;
    struct souk_out *out;

    souk_outbox_init(&outbox);
    if (refused->for_pass)
        souk_refusal_pass(&outbox, door, route, message->frames[0], refused->text);
    else
        souk_refusal_forbid(&outbox, door, route, message->frames[0], refused->text);
    souk_outbox_release(&outbox);
    while ((out = souk_outbox_take(&outbox)) != NULL) {
        (void)!souk_socket_send(socket, out);
        souk_out_free(&out);
    }
    souk_outbox_done(&outbox);
}

bool
run_access_publishes(struct run *run, struct souk_slice topic)
{
    if (run->access == NULL || souk_slice_equal(topic, souk_wire_topic_heads()))
        return true;
    return !run_guard_is_cutting(run->guard) && souk_access_publishes(run->access, topic);
}
