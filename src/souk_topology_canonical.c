#include "souk_topology_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define LINES_STEP 64
#define BITS_TEXT_BYTES (2 * 8 + 1)

/* Lines while they are written. */
struct writing {
    struct souk_topology_reading *reading;
    struct souk_topology_line *lines;
    size_t room;
    struct souk_topology_line next;             /* where, node and flags of what is written now */
};

/* What souk_topology_compare() goes by. */
struct comparison {
    const struct souk_topology *topology;       /* `before` */
    const struct souk_topology_node *node;      /* NULL: everything */
    void (*say)(void *arg, const struct souk_topology_change *change);
    void *arg;
    int count;
};

/* What souk_topology_restart_sentence() gathers. */
struct restart {
    char *text;
    size_t text_bytes;
    size_t bytes;
    char last[2 * SOUK_NAME_BYTES_MAX];
};

static void write_system(struct writing *writing);
static void write_node(struct writing *writing, size_t index);
static void write_door(struct writing *writing, const struct souk_zpl_node *zpl, const char *door);
static void write_relations(struct writing *writing, const struct souk_topology_node *node);
static void write_call(struct writing *writing, const struct souk_topology_call *call);
static void write_common(struct writing *writing, const struct souk_topology_node *node);
static void write_numbers(struct writing *writing, const struct souk_topology_node *node, const char *section,
    const struct souk_topology_number *numbers);
static void write_client(struct writing *writing, size_t index);
static void put(struct writing *writing, const char *key, const char *value, bool is_many, bool is_live);
static void put_if(struct writing *writing, const char *key, const char *value, bool is_live);
static int by_line(const void *a, const void *b);
static void hash_lines(const struct souk_topology_parts *parts, uint8_t fingerprint_out[8]);
static void change(struct comparison *comparison, const struct souk_topology_line *before,
    const struct souk_topology_line *after);
static bool concerns(const struct comparison *comparison, const struct souk_topology_line *line);
static void gather(void *arg, const struct souk_topology_change *change);

int
souk_topology_compare(const struct souk_topology *before, const struct souk_topology *after, const char *node,
    void (*say)(void *arg, const struct souk_topology_change *change), void *arg)
{
    struct comparison comparison = { .topology = before, .say = say, .arg = arg };
    const struct souk_topology_line *old = before->parts->lines;
    const struct souk_topology_line *new = after->parts->lines;
    const struct souk_topology_line *const old_end = old + before->parts->line_count;
    const struct souk_topology_line *const new_end = new + after->parts->line_count;
    int order;

    if (node != NULL && (comparison.node = souk_topology_node(before, node)) == NULL)
        return -SOUK_ENOTFOUND;
    while (old < old_end || new < new_end) {
        order = old == old_end ? 1 : new == new_end ? -1 : strcmp(old->where, new->where);
        order = order != 0 ? order : strcmp(old->key, new->key);
        order = order != 0 || !old->is_many ? order : strcmp(old->value, new->value);
        if (order < 0)
            change(&comparison, old++, NULL);
        else if (order > 0)
            change(&comparison, NULL, new++);
        else
            change(&comparison, old++, new++);
    }
    return comparison.count;
}

int
souk_topology_restart_sentence(const struct souk_topology *before, const struct souk_topology *after,
    const char *node, char *text_out, size_t text_bytes)
{
    struct restart restart = { .text = text_out, .text_bytes = text_bytes };

    assert(text_bytes > 0);
    text_out[0] = '\0';
    (void)souk_topology_compare(before, after, node, gather, &restart);
    return restart.bytes == 0 ? -SOUK_EINVAL : 0;
}

void
souk_topology_canonical(struct souk_topology_reading *reading)
{
    struct writing writing = { .reading = reading };
    struct souk_topology *topology = reading->topology;
    size_t i;

    write_system(&writing);
    for (i = 0; i < topology->host_count; i++) {
        writing.next = (struct souk_topology_line){ .where = souk_topology_text(reading, "host %s",
            topology->hosts[i].name.text) };
        put(&writing, "address", topology->hosts[i].address, false, false);
    }
    for (i = 0; i < topology->node_count; i++)
        write_node(&writing, i);
    for (i = 0; i < topology->client_count; i++)
        write_client(&writing, i);
    if (reading->is_short_of_memory)
        return;
    qsort(writing.lines, reading->parts->line_count, sizeof *writing.lines, by_line);
    reading->parts->lines = writing.lines;
    hash_lines(reading->parts, topology->fingerprint);
}

/* ---- lines ---------------------------------------------------------- */

static void
write_system(struct writing *writing)
{
    const struct souk_topology *topology = writing->reading->topology;
    const struct souk_topology_parts *parts = topology->parts;
    const struct souk_zpl_node *node;

    writing->next = (struct souk_topology_line){ .where = souk_topology_text(writing->reading, "system %s",
        topology->name.text) };
    put(writing, "name", topology->name.text, false, false);
    put_if(writing, "about", topology->about, true);
    put_if(writing, "data", parts->data, false);
    put_if(writing, "run", parts->run, false);
    put_if(writing, "witness", parts->witness, false);
    put_if(writing, "keys", parts->keys, false);
    for (node = souk_zpl_child(writing->reading->system, "messages"); node != NULL; node = souk_zpl_again(node))
        put(writing, "messages", node->value, true, true);
    if (!topology->is_sandboxed)
        put(writing, "sandbox", "no", false, false);
    if (topology->pass_issuer != NULL)
        put(writing, "pass_issuer", topology->pass_issuer->name.text, false, false);
    for (node = souk_zpl_child(writing->reading->system, "pass_key"); node != NULL; node = souk_zpl_again(node))
        put(writing, "pass_key", node->value, true, true);
}

static void
write_node(struct writing *writing, size_t index)
{
    const struct souk_topology_node *node = &writing->reading->topology->nodes[index];
    const struct souk_zpl_node *zpl = writing->reading->sources[index].zpl;
    const struct souk_zpl_node *child;

    writing->next = (struct souk_topology_line){ .where = souk_topology_text(writing->reading, "%s %s", zpl->name,
        node->name.text), .node = node };
    put(writing, "host", node->host->name.text, false, false);
    put_if(writing, "key", node->key, true);
    put_if(writing, "old_key", node->old_key, true);
    write_door(writing, zpl, "commands");
    write_door(writing, zpl, "queries");
    write_door(writing, zpl, "publish");
    write_door(writing, zpl, "port");
    if (node->kind == SOUK_NODE_EVENT_STORE)
        put(writing, "lost", node->lost ? "yes" : "no", false, false);
    write_relations(writing, node);
    put_if(writing, "about", node->about, true);
    child = souk_topology_valued(zpl, "program");
    put(writing, "program", child == NULL ? node->program : child->value, false, false);
    child = souk_topology_valued(zpl, "data");
    put_if(writing, "data", child == NULL ? NULL : child->value, false);
    write_common(writing, node);
}

/* As it is written; what is derived follows from lines that are there. */
static void
write_door(struct writing *writing, const struct souk_zpl_node *zpl, const char *door)
{
    const struct souk_zpl_node *child = souk_topology_valued(zpl, door);

    put_if(writing, door, child == NULL ? NULL : child->value, false);
}

static void
write_relations(struct writing *writing, const struct souk_topology_node *node)
{
    const struct souk_wired_skip *skip;
    char bits[BITS_TEXT_BYTES];
    size_t i;

    for (i = 0; i < node->stream_count; i++)
        put(writing, "stream", souk_topology_text(writing->reading, "%s%s", node->streams[i]->name.text,
            node->streams[i]->is_private ? " private" : ""), true, false);
    for (i = 0; i < node->call_count; i++)
        write_call(writing, &node->calls[i]);
    writing->next.is_own = true;
    for (i = 0; i < node->follow_count && node->kind == SOUK_NODE_SERVICE; i++)
        put(writing, "follow", node->follows[i]->name.text, true, false);
    for (i = 0; i < node->wiring.skip_count; i++) {
        skip = &node->wiring.skips[i];
        (void)sodium_bin2hex(bits, sizeof bits, skip->point.epoch.bits, sizeof skip->point.epoch.bits);
        put(writing, "skip", souk_topology_text(writing->reading, "%s %" PRIu32 ".%s %" PRIu64, skip->stream.text,
            skip->point.epoch.counter, bits, skip->point.number), true, true);
    }
}

static void
write_call(struct writing *writing, const struct souk_topology_call *call)
{
    size_t i;

    if (call->command_count == 0)
        put(writing, "call", call->callee->name.text, true, true);
    for (i = 0; i < call->command_count; i++)
        put(writing, "call", souk_topology_text(writing->reading, "%s %s", call->callee->name.text, call->commands[i]),
            true, true);
}

static void
write_common(struct writing *writing, const struct souk_topology_node *node)
{
    const struct souk_wiring *wiring = &node->wiring;

    for (size_t i = 0; i < node->set_count; i++)
        put(writing, souk_topology_text(writing->reading, "settings %s", node->sets[i].name),
            souk_topology_text(writing->reading, "%" PRIu64, node->sets[i].value), false, true);
    put(writing, "log_level", souk_level_name(node->log_level), false, true);
    write_numbers(writing, node, "limits", souk_topology_limits);
    write_numbers(writing, node, "thresholds", souk_topology_thresholds);
    if (node->kind != SOUK_NODE_SERVICE)
        return;
    put(writing, "durability", wiring->recorded ? "recorded" : "local", false, false);
    put(writing, "recorded_by", souk_topology_text(writing->reading, "%" PRIu32, wiring->recorded_by), false, false);
    switch (wiring->trim_after) {
    case SOUK_TRIM_NEVER:
        put(writing, "trim_after", "never", false, false);
        break;
    case SOUK_TRIM_BACKED_UP:
        put(writing, "trim_after", "backed_up", false, false);
        break;
    case SOUK_TRIM_RECORDED:
        put(writing, "trim_after", souk_topology_text(writing->reading, "recorded_by %" PRIu32,
            wiring->trim_recorded_by), false, false);
        break;
    }
}

static void
write_numbers(struct writing *writing, const struct souk_topology_node *node, const char *section,
    const struct souk_topology_number *numbers)
{
    for (; numbers->name != NULL; numbers++)
        put(writing, souk_topology_text(writing->reading, "%s %s", section, numbers->name),
            souk_topology_text(writing->reading, "%" PRIu64, souk_topology_number_of(node, numbers)), false,
            numbers->is_live);
}

static void
write_client(struct writing *writing, size_t index)
{
    static const char *const written[] = { "program", "listen", "routes" };
    const struct souk_topology_client *client = &writing->reading->topology->clients[index];
    const struct souk_zpl_node *child;
    size_t i;

    writing->next = (struct souk_topology_line){ .where = souk_topology_text(writing->reading, "client %s",
        client->name.text) };
    put(writing, "operator", client->is_operator ? "yes" : "no", false, true);
    for (i = 0; i < client->operator_role_count; i++)
        put(writing, "operator_role", client->operator_roles[i], true, true);
    put_if(writing, "about", client->about, true);
    if (client->host != NULL)
        put(writing, "host", client->host->name.text, false, true);
    for (i = 0; i < sizeof written / sizeof written[0]; i++) {
        child = souk_topology_valued(writing->reading->client_sources[index], written[i]);
        put_if(writing, written[i], child == NULL ? NULL : child->value, true);
    }
    for (i = 0; i < client->hostname_count; i++)
        put(writing, "hostname", client->hostnames[i], true, true);
    for (i = 0; i < client->proxy_count; i++)
        put(writing, "proxy", client->proxies[i], true, true);
    put_if(writing, "key", client->key, true);
    put_if(writing, "old_key", client->old_key, true);
    for (i = 0; i < client->call_count; i++)
        write_call(writing, &client->calls[i]);
    for (i = 0; i < client->query_count; i++)
        put(writing, "query", client->queries[i]->name.text, true, true);
    for (i = 0; i < client->follow_count; i++)
        put(writing, "follow", client->follows[i]->name.text, true, true);
}

static void
put(struct writing *writing, const char *key, const char *value, bool is_many, bool is_live)
{
    struct souk_topology_parts *parts = writing->reading->parts;
    struct souk_topology_line *lines;

    if (writing->reading->is_short_of_memory)
        return;
    if (parts->line_count == writing->room) {
        lines = souk_topology_alloc(writing->reading, (2 * writing->room + LINES_STEP) * sizeof *lines);
        if (lines == NULL)
            return;
        if (parts->line_count > 0)
            memcpy(lines, writing->lines, parts->line_count * sizeof *lines);
        writing->room = 2 * writing->room + LINES_STEP;
        writing->lines = lines;
    }
    lines = &writing->lines[parts->line_count++];
    *lines = writing->next;
    lines->key = key;
    lines->value = value;
    lines->is_many = is_many;
    lines->is_live = is_live;
}

static void
put_if(struct writing *writing, const char *key, const char *value, bool is_live)
{
    if (value != NULL)
        put(writing, key, value, false, is_live);
}

static int
by_line(const void *a, const void *b)
{
    const struct souk_topology_line *first = a;
    const struct souk_topology_line *second = b;
    int order = strcmp(first->where, second->where);

    if (order == 0)
        order = strcmp(first->key, second->key);
    return order != 0 ? order : strcmp(first->value, second->value);
}

/* Each text with its NUL, so that no two forms run together. */
static void
hash_lines(const struct souk_topology_parts *parts, uint8_t fingerprint_out[8])
{
    uint8_t hash[crypto_generichash_BYTES];
    crypto_generichash_state state;
    const struct souk_topology_line *line;

    (void)crypto_generichash_init(&state, NULL, 0, sizeof hash);
    for (line = parts->lines; line < parts->lines + parts->line_count; line++) {
        (void)crypto_generichash_update(&state, (const uint8_t *)line->where, strlen(line->where) + 1);
        (void)crypto_generichash_update(&state, (const uint8_t *)line->key, strlen(line->key) + 1);
        (void)crypto_generichash_update(&state, (const uint8_t *)line->value, strlen(line->value) + 1);
    }
    (void)crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(fingerprint_out, hash, 8);
}

/* ---- differences ---------------------------------------------------- */

/* One of the two may be NULL. */
static void
change(struct comparison *comparison, const struct souk_topology_line *before, const struct souk_topology_line *after)
{
    const struct souk_topology_line *line = before != NULL ? before : after;
    struct souk_topology_change said = { .where = line->where, .key = line->key, .live = line->is_live };

    if (before != NULL && after != NULL && strcmp(before->value, after->value) == 0)
        return;
    if (!concerns(comparison, line))
        return;
    if (comparison->node != NULL && line->node != NULL && strcmp(line->key, "key") == 0
        && strcmp(line->node->name.text, comparison->node->name.text) == 0)
        said.live = false;                      /* its doors show the one that they were opened with */
    said.before = before == NULL ? NULL : before->value;
    said.after = after == NULL ? NULL : after->value;
    comparison->count++;
    if (comparison->say != NULL)
        comparison->say(comparison->arg, &said);
}

static bool
concerns(const struct comparison *comparison, const struct souk_topology_line *line)
{
    const struct souk_topology_node *node = comparison->node;
    const struct souk_topology_node *other;

    if (node == NULL || line->node == NULL)
        return true;
    if (strcmp(line->node->name.text, node->name.text) == 0)
        return true;
    if (line->is_own)
        return false;
    if (line->node->kind == SOUK_NODE_EVENT_STORE)
        return true;
    if (node->kind == SOUK_NODE_EVENT_STORE)
        return line->node->stream_count > 0;    /* it connects to whoever has something to record */
    other = souk_topology_node(comparison->topology, line->node->name.text);
    return other != NULL && souk_topology_asks(node, other);  /* who asks it is let in or not without a restart */
}

/* "restart needed: streams of orders changed, port of es1 changed" */
static void
gather(void *arg, const struct souk_topology_change *change)
{
    struct restart *restart = arg;
    const char *name = strchr(change->where, ' ') + 1;
    const bool is_many = strcmp(change->key, "stream") == 0 || strcmp(change->key, "follow") == 0;
    char what[sizeof restart->last];
    int bytes;

    (void)snprintf(what, sizeof what, "%s%s of %s", change->key, is_many ? "s" : "", name);
    if (change->live || strcmp(what, restart->last) == 0 || restart->bytes >= restart->text_bytes)
        return;
    memcpy(restart->last, what, sizeof what);
    bytes = snprintf(restart->text + restart->bytes, restart->text_bytes - restart->bytes, "%s%s changed",
        restart->bytes == 0 ? "restart needed: " : ", ", what);
    assert(bytes > 0);
    restart->bytes += (size_t)bytes;
}
