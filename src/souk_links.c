#include "souk_links.h"

#include <assert.h>
#include <string.h>

#include "souk_wire.h"

static void end_link(struct souk_links *links, uint32_t at);
static int follow_others(struct souk_links *links, struct souk_error *err);
static bool is_other(const struct souk_links *links, const struct souk_name *peer);
static int follow(struct souk_links *links, const struct souk_name *peer, struct souk_error *err);
static int open_socket(struct souk_links *links, struct souk_link *link, struct souk_error *err);
static struct souk_link *find(struct souk_links *links, const struct souk_name *peer, enum souk_socket_kind kind,
    enum souk_door door);
static int add(struct souk_links *links, const struct souk_name *peer, enum souk_socket_kind kind,
    enum souk_door door, struct souk_link **link_out, struct souk_error *err);
static void flush_link(struct souk_links *links, struct souk_link *link, uint64_t steady_ms);
static void drop_first(struct souk_link *link);

int
souk_links_open(struct souk_links *links, void *context, const struct souk_topology *topology,
    const struct souk_wiring *wiring, const struct souk_key *own, const struct souk_access *access,
    struct souk_error *err)
{
    int rc;

    memset(links, 0, sizeof *links);
    links->context = context;
    links->topology = topology;
    links->wiring = wiring;
    links->own = own;
    links->access = access;
    if ((rc = follow_others(links, err)) != 0)
        souk_links_close(links);
    return rc;
}

int
souk_links_follow_self(struct souk_links *links, struct souk_error *err)
{
    return follow(links, &links->wiring->self, err);
}

int
souk_links_rekey(struct souk_links *links, const struct souk_access *access, struct souk_error *err)
{
    int rc = 0;

    links->access = access;
    if (links->own == NULL)
        return 0;
    for (uint32_t i = links->count; i-- > 0 && rc == 0;) {
        const char *key = souk_access_door_key(access, links->links[i].peer.text);

        if (key == NULL) {
            end_link(links, i);
        } else if (strcmp(key, links->links[i].door_key) != 0) {
            souk_socket_close(&links->links[i].socket);
            rc = open_socket(links, &links->links[i], err);
        }
    }
    return rc == 0 ? follow_others(links, err) : rc;
}

/* Those behind it move up; whoever was waiting for the last place finds nothing there. */
static void
end_link(struct souk_links *links, uint32_t at)
{
    struct souk_link *link = &links->links[at];

    while (link->first != NULL) {
        drop_first(link);
        links->dropped++;
    }
    souk_socket_close(&link->socket);
    links->count--;
    for (; link < &links->links[links->count]; link++) {
        *link = link[1];
        if (link->first == NULL)
            link->end = &link->first;
    }
    memset(link, 0, sizeof *link);
}

/* All that are not followed yet, but those that a new topology has left out. */
static int
follow_others(struct souk_links *links, struct souk_error *err)
{
    const struct souk_wiring *wiring = links->wiring;
    int rc = 0;

    for (size_t i = 0; i < wiring->stream_count && rc == 0; i++)
        if (is_other(links, &wiring->streams[i].origin))
            rc = follow(links, &wiring->streams[i].origin, err);
    for (size_t i = 0; i < wiring->store_count && rc == 0; i++)
        if (is_other(links, &wiring->stores[i].name))
            rc = follow(links, &wiring->stores[i].name, err);
    return rc;
}

static bool
is_other(const struct souk_links *links, const struct souk_name *peer)
{
    return strcmp(peer->text, links->wiring->self.text) != 0
        && (links->own == NULL || souk_access_door_key(links->access, peer->text) != NULL);
}

/* Once. */
static int
follow(struct souk_links *links, const struct souk_name *peer, struct souk_error *err)
{
    struct souk_link *link;

    return find(links, peer, SOUK_SOCKET_FOLLOW, SOUK_DOOR_COMMANDS) != NULL ? 0
        : add(links, peer, SOUK_SOCKET_FOLLOW, SOUK_DOOR_COMMANDS, &link, err);
}

/* With what it subscribes to, if it does: heads, and the public streams that are followed. */
static int
open_socket(struct souk_links *links, struct souk_link *link, struct souk_error *err)
{
    const struct souk_topology_node *node = souk_topology_node(links->topology, link->peer.text);
    struct souk_socket_keys keys = { .own = links->own };
    int rc;

    link->waited.is_idle = false;
    if (node == NULL)
        return souk_fail(err, SOUK_EINVAL, "%s: the topology has no such service or event store", link->peer.text);
    if (links->own != NULL) {
        if ((keys.door = souk_access_door_key(links->access, link->peer.text)) == NULL)
            return souk_fail(err, SOUK_EINVAL, "%s: the topology has no key of it", link->peer.text);
        strcpy(link->door_key, keys.door);
    }
    if ((rc = souk_socket_open(links->context, link->kind, link->kind == SOUK_SOCKET_FOLLOW ? node->publish
        : link->door == SOUK_DOOR_COMMANDS ? node->commands : node->queries, &keys, &link->socket, err)) != 0
        || link->kind != SOUK_SOCKET_FOLLOW)
        return rc;
    if ((rc = souk_socket_subscribe(link->socket, souk_wire_topic_heads())) != 0)
        return souk_fail(err, (enum souk_error_code)-rc, "%s: its heads cannot be subscribed to", link->peer.text);
    for (size_t i = 0; i < links->wiring->stream_count; i++) {
        const struct souk_wired_stream *stream = &links->wiring->streams[i];

        if (strcmp(stream->origin.text, link->peer.text) == 0 && !stream->is_private
            && (rc = souk_socket_subscribe(link->socket, souk_wire_topic(&stream->name))) != 0)
            return souk_fail(err, (enum souk_error_code)-rc, "stream %s: it cannot be subscribed to",
                stream->name.text);
    }
    return 0;
}

static struct souk_link *
find(struct souk_links *links, const struct souk_name *peer, enum souk_socket_kind kind, enum souk_door door)
{
    for (uint32_t i = 0; i < links->count; i++)
        if (links->links[i].kind == kind && links->links[i].door == door
            && strcmp(links->links[i].peer.text, peer->text) == 0)
            return &links->links[i];
    return NULL;
}

static int
add(struct souk_links *links, const struct souk_name *peer, enum souk_socket_kind kind, enum souk_door door,
    struct souk_link **link_out, struct souk_error *err)
{
    struct souk_link *link = &links->links[links->count];
    int rc;

    assert(links->count < SOUK_LINKS_MAX);      /* a node has three endpoints */
    memset(link, 0, sizeof *link);
    link->peer = *peer;
    link->kind = kind;
    link->door = door;
    link->end = &link->first;
    if ((rc = open_socket(links, link, err)) != 0) {
        souk_socket_close(&link->socket);
        return rc;
    }
    links->count++;
    *link_out = link;
    return 0;
}

void
souk_links_close(struct souk_links *links)
{
    for (uint32_t i = 0; i < links->count; i++) {
        while (links->links[i].first != NULL)
            drop_first(&links->links[i]);
        souk_socket_close(&links->links[i].socket);
    }
    links->count = 0;
}

/* ---- sending -------------------------------------------------------- */

void
souk_links_send(struct souk_links *links, struct souk_out **out_p, uint64_t steady_ms)
{
    struct souk_out *out = *out_p;
    struct souk_link *link = find(links, &out->to, SOUK_SOCKET_LINK, out->door);

    *out_p = NULL;
    if (link == NULL && add(links, &out->to, SOUK_SOCKET_LINK, out->door, &link, NULL) != 0) {
        links->dropped++;
        souk_out_free(&out);
        return;
    }
    while (link->pending_count == SOUK_LINK_PENDING_MAX
        || (link->first != NULL && link->pending_bytes + out->frames[0].size_bytes > SOUK_LINK_PENDING_BYTES_MAX)) {
        drop_first(link);
        links->dropped++;
    }
    if (link->first == NULL)
        link->pending_since_ms = steady_ms;
    *link->end = out;
    link->end = &out->next;
    link->pending_count++;
    link->pending_bytes += out->frames[0].size_bytes;
    flush_link(links, link, steady_ms);
}

void
souk_links_flush(struct souk_links *links, uint64_t steady_ms)
{
    for (uint32_t i = 0; i < links->count; i++)
        flush_link(links, &links->links[i], steady_ms);
}

static void
flush_link(struct souk_links *links, struct souk_link *link, uint64_t steady_ms)
{
    int rc = 0;

    if (link->first != NULL)
        link->waited.is_idle = false;
    while (link->first != NULL && (rc = souk_socket_send(link->socket, link->first)) == 0)
        drop_first(link);
    while (link->first != NULL && (rc != -SOUK_EBUSY || steady_ms >= link->pending_since_ms + SOUK_LINK_PENDING_MS)) {
        drop_first(link);
        links->dropped++;
    }
}

static void
drop_first(struct souk_link *link)
{
    struct souk_out *out = link->first;

    if ((link->first = out->next) == NULL)
        link->end = &link->first;
    link->pending_count--;
    link->pending_bytes -= out->frames[0].size_bytes;
    souk_out_free(&out);
}

uint64_t
souk_links_due_ms(const struct souk_links *links)
{
    uint64_t due_ms = UINT64_MAX;

    for (uint32_t i = 0; i < links->count; i++)
        if (links->links[i].first != NULL && links->links[i].pending_since_ms + SOUK_LINK_PENDING_MS < due_ms)
            due_ms = links->links[i].pending_since_ms + SOUK_LINK_PENDING_MS;
    return due_ms;
}

uint32_t
souk_links_wait(struct souk_links *links, struct souk_socket_waited *items_out[SOUK_LINKS_MAX])
{
    for (uint32_t i = 0; i < links->count; i++) {
        struct souk_link *link = &links->links[i];

        link->waited.socket = link->socket;
        link->waited.wants_room = link->first != NULL;
        items_out[i] = &link->waited;
    }
    return links->count;
}
