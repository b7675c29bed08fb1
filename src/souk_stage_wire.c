#include "souk_stage_parts.h"

#include <stdlib.h>
#include <string.h>

#include "souk_seal.h"

static int check_handlers(const struct souk_stage *stage, const struct souk_service *service, struct souk_error *err);
static int wire_own(struct stage_node *node, const struct souk_stage_config *config, struct souk_error *err);
static int writer_of(const struct souk_stage *stage, const struct souk_stage_config *config, const char *stream,
    struct souk_slice *writer_out, struct souk_error *err);
static int follow(struct stage_node *node, const struct souk_stage_config *config, const char *stream,
    struct souk_error *err);
static void wire_stream(struct stage_node *node, const char *stream, struct souk_slice origin);
static bool is_wired(const struct stage_node *node, const char *stream);
static bool names(const char *const *list, const char *name);

int
stage_add_service(struct souk_stage *stage, const struct souk_stage_config *config,
    const struct souk_stage_service *wanted, struct souk_error *err)
{
    const struct souk_service *service = wanted->service;
    struct stage_node *node;
    int rc;

    if (strcmp(service->name, SOUK_STAGE_EVENT_STORE) == 0 || stage_find(stage, souk_slice_of(service->name)) != NULL)
        return souk_fail(err, SOUK_EINVAL, "service %s: there is another one of this name", service->name);
    if ((rc = check_handlers(stage, service, err)) != 0)
        return rc;
    if ((node = stage_node_add(stage, STAGE_SERVICE, souk_slice_of(service->name))) == NULL)
        return souk_fail(err, SOUK_EINVAL, "service %s: this cannot be its name", service->name);
    node->service = service;
    node->is_stopped = wanted->absent;
    return wire_own(node, config, err);
}

static int
check_handlers(const struct souk_stage *stage, const struct souk_service *service, struct souk_error *err)
{
    for (const struct souk_handler *handler = service->handlers; handler->kind != 0; handler++)
        if (handler->type != NULL && souk_messages_find(stage->messages, souk_slice_of(handler->type->name)) == NULL)
            return souk_fail(err, SOUK_EINVAL, "service %s: it handles %s, which the description lacks", service->name,
                handler->type->name);
    return 0;
}

static int
wire_own(struct stage_node *node, const struct souk_stage_config *config, struct souk_error *err)
{
    const struct souk_stage *stage = node->stage;
    int rc;

    node->wiring = stage_alloc(1, sizeof *node->wiring);
    node->wiring->streams = stage_alloc(SOUK_STREAMS_MAX, sizeof *node->wiring->streams);
    for (size_t i = 0; i < stage->messages->stream_count; i++) {
        const char *stream = stage->messages->streams[i].name;
        struct souk_slice writer;

        if ((rc = writer_of(stage, config, stream, &writer, err)) != 0)
            return rc;
        if (!souk_slice_equal(writer, souk_name_slice(&node->name)))
            continue;
        if (node->own_count == SOUK_OWN_STREAMS_MAX)
            return souk_fail(err, SOUK_EINVAL, "service %s: it writes more than %d streams", node->name.text,
                SOUK_OWN_STREAMS_MAX);
        wire_stream(node, stream, writer);
        node->own_count++;
    }
    return 0;
}

/* Who says that it writes the stream; else the service that its events are named after. Empty: nobody. */
static int
writer_of(const struct souk_stage *stage, const struct souk_stage_config *config, const char *stream,
    struct souk_slice *writer_out, struct souk_error *err)
{
    *writer_out = souk_slice_of("");
    for (const struct souk_stage_service *at = config->services; at->service != NULL; at++)
        if (at->writes != NULL && names(at->writes, stream))
            *writer_out = souk_slice_of(at->service->name);
    if (writer_out->size_bytes != 0)
        return 0;
    for (size_t i = 0; i < stage->messages->type_count; i++) {
        const struct souk_message_type *type = stage->messages->types[i];
        struct souk_slice prefix;

        if (type->kind != SOUK_EVENT || strcmp(type->stream, stream) != 0)
            continue;
        prefix = stage_prefix(type->name);
        if (writer_out->size_bytes != 0 && !souk_slice_equal(prefix, *writer_out))
            return souk_fail(err, SOUK_EINVAL, "stream %s: its events are named after different services; say with"
                " `writes` which of them writes it", stream);
        *writer_out = prefix;
    }
    for (const struct souk_stage_service *at = config->services; at->service != NULL; at++)
        if (at->writes != NULL && souk_slice_equal(*writer_out, souk_slice_of(at->service->name)))
            *writer_out = souk_slice_of("");    /* it has said what it writes */
    return 0;
}

int
stage_wire_followed(struct stage_node *node, const struct souk_stage_config *config,
    const struct souk_stage_service *wanted, struct souk_error *err)
{
    const struct souk_service *service = node->service;
    int rc = 0;

    if (wanted->follows != NULL) {
        for (const char *const *stream = wanted->follows; *stream != NULL && rc == 0; stream++)
            rc = follow(node, config, *stream, err);
        return rc;
    }
    for (const struct souk_handler *handler = service->handlers; handler->kind != 0 && rc == 0; handler++) {
        if (handler->kind == SOUK_HANDLER_APPLY || handler->kind == SOUK_HANDLER_REACT)
            rc = follow(node, config, handler->type->stream, err);
        else if (handler->kind == SOUK_HANDLER_REACT_REWOUND)
            rc = follow(node, config, handler->name, err);
    }
    for (const struct souk_table_def *table = service->tables; table != NULL && table->name != NULL && rc == 0; table++)
        rc = follow(node, config, table->stream, err);
    return rc;
}

/* Unless it is wired already, as its own stream too. */
static int
follow(struct stage_node *node, const struct souk_stage_config *config, const char *stream, struct souk_error *err)
{
    const struct souk_message_stream *described = souk_messages_stream(node->stage->messages, souk_slice_of(stream));
    struct souk_slice writer;
    int rc;

    if (is_wired(node, stream))
        return 0;
    if (described == NULL)
        return souk_fail(err, SOUK_EINVAL, "service %s: it follows %s, which the description lacks", node->name.text,
            stream);
    if (described->audience == SOUK_AUDIENCE_PRIVATE)
        return souk_fail(err, SOUK_EINVAL, "service %s: it follows %s, which is private to its writer",
            node->name.text, stream);
    if ((rc = writer_of(node->stage, config, stream, &writer, err)) != 0)
        return rc;
    if (writer.size_bytes == 0)
        return souk_fail(err, SOUK_EINVAL, "service %s: it follows %s, which nobody writes", node->name.text, stream);
    wire_stream(node, stream, writer);
    return 0;
}

/* Own streams by name, then the others as they come. */
static void
wire_stream(struct stage_node *node, const char *stream, struct souk_slice origin)
{
    struct souk_wiring *wiring = node->wiring;
    const struct souk_message_stream *described = souk_messages_stream(node->stage->messages, souk_slice_of(stream));
    size_t at = wiring->stream_count++;

    if (souk_slice_equal(origin, souk_name_slice(&node->name)))
        while (at > 0 && strcmp(wiring->streams[at - 1].name.text, stream) > 0) {
            wiring->streams[at] = wiring->streams[at - 1];
            at--;
        }
    memset(&wiring->streams[at], 0, sizeof wiring->streams[at]);
    if (souk_name_set(&wiring->streams[at].name, souk_slice_of(stream)) != 0
        || souk_name_set(&wiring->streams[at].origin, origin) != 0)
        abort();                                /* descriptions have no other names */
    wiring->streams[at].is_private = described->audience == SOUK_AUDIENCE_PRIVATE;
}

static bool
is_wired(const struct stage_node *node, const char *stream)
{
    for (size_t i = 0; i < node->wiring->stream_count; i++)
        if (strcmp(node->wiring->streams[i].name.text, stream) == 0)
            return true;
    return false;
}

static bool
names(const char *const *list, const char *name)
{
    for (; *list != NULL; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

/* For each writer of what is followed who is no service here. */
int
stage_play_writers(struct souk_stage *stage, struct souk_error *err)
{
    static const struct souk_handler no_handlers[] = { { .kind = 0 } };
    static const struct souk_service played = { .name = "played", .handlers = no_handlers };

    for (uint32_t i = 0; i < stage->node_count && stage->nodes[i]->kind == STAGE_SERVICE; i++) {
        const struct souk_wiring *wiring = stage->nodes[i]->wiring;

        for (size_t k = stage->nodes[i]->own_count; k < wiring->stream_count; k++) {
            const struct souk_wired_stream *stream = &wiring->streams[k];
            struct stage_node *node = stage_find(stage, souk_name_slice(&stream->origin));

            if (node == NULL) {
                node = stage_node_add(stage, STAGE_PLAYED, souk_name_slice(&stream->origin));
                if (node == NULL)
                    return souk_fail(err, SOUK_EINVAL, "stream %s: too many writers", stream->name.text);
                node->service = &played;
                node->wiring = stage_alloc(1, sizeof *node->wiring);
                node->wiring->streams = stage_alloc(SOUK_OWN_STREAMS_MAX, sizeof *node->wiring->streams);
            }
            if (node->kind != STAGE_PLAYED || is_wired(node, stream->name.text))
                continue;
            if (node->own_count == SOUK_OWN_STREAMS_MAX)
                return souk_fail(err, SOUK_EINVAL, "stream %s: its writer has more than %d", stream->name.text,
                    SOUK_OWN_STREAMS_MAX);
            wire_stream(node, stream->name.text, souk_name_slice(&node->name));
            node->own_count++;
        }
    }
    return 0;
}

int
stage_add_event_store(struct souk_stage *stage, struct souk_error *err)
{
    struct stage_node *store = stage_node_add(stage, STAGE_STORE, souk_slice_of(SOUK_STAGE_EVENT_STORE));

    if (store == NULL)
        return souk_fail(err, SOUK_EINVAL, "there is no room for an event store");
    store->wiring = stage_alloc(1, sizeof *store->wiring);
    store->wiring->streams = stage_alloc(SOUK_STREAMS_MAX, sizeof *store->wiring->streams);
    for (uint32_t i = 0; i < stage->node_count; i++)
        for (size_t k = 0; k < stage->nodes[i]->own_count; k++) {
            const struct souk_wired_stream *stream = &stage->nodes[i]->wiring->streams[k];

            if (store->wiring->stream_count == SOUK_STREAMS_MAX)
                return souk_fail(err, SOUK_EINVAL, "more than %d streams", SOUK_STREAMS_MAX);
            wire_stream(store, stream->name.text, souk_name_slice(&stream->origin));
        }
    return 0;
}

/* What does not depend on who follows whom, and a disk. */
int
stage_wire_node(struct stage_node *node, bool event_store, struct souk_error *err)
{
    struct souk_wiring *wiring = node->wiring;
    int rc;

    wiring->self = node->name;
    wiring->stores = stage_alloc(1, sizeof *wiring->stores);
    wiring->store_count = event_store;
    if (souk_name_set(&wiring->stores[0].name, souk_slice_of(SOUK_STAGE_EVENT_STORE)) != 0)
        abort();
    wiring->trim_after = SOUK_TRIM_NEVER;
    souk_limits_fill(&wiring->limits);
    wiring->random = (struct souk_random){ stage_random_fill, node };
    stage_wire_passes(node->stage, wiring);
    stage_disk_new(node);
    if (node->kind == STAGE_SERVICE && souk_seals(wiring) && (rc = stage_keyring_open(node, err)) != 0)
        return rc;
    return wiring->stream_count <= SOUK_STREAMS_MAX ? 0
        : souk_fail(err, SOUK_EINVAL, "service %s: more than %d streams", node->name.text, SOUK_STREAMS_MAX);
}
