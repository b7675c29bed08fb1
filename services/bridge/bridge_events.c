#define _GNU_SOURCE                     /* asprintf */
/*
 * Events for browsers, as server-sent events: one stream for each browser, with
 * what its person may see. The latest events are kept once, as the text that
 * they are sent as, and each browser has a place in that line; so one that is
 * slow costs one event's room, and one that has fallen behind what is kept is
 * told to begin anew. https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
#include "bridge.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "souk_batch.h"
#include "souk_shown.h"

#define BLOCK_BYTES 4096                /* that libmicrohttpd asks for at once */
#define SOCKET_BYTES (64 * 1024)        /* that may lie in the kernel for one browser, which takes twice as much */
#define HANGUPS_MAX 64                  /* that are looked at in one turn */
#define UNKNOWN_US 30000000             /* who has a session and could not be known is asked again after that */
#define AGAIN_MS "2000"                 /* until a browser that was cut off comes again */
#define BEGIN_US 3000000                /* for streams to be known; after that it begins with those that are */
#define RETRY_MS 5000
#define PARAMETER "after="

/* One that is kept. */
struct kept {
    size_t stream;
    struct souk_point point;
    bool is_reset;                              /* no event: what was told of the stream is void */
    const struct souk_message_type *type;
    struct souk_id persons[SOUK_VIEWERS_MAX];   /* as the viewers of its type */
    size_t size_bytes;
    char text[];                                /* "data: {...}\n" */
};

/* A browser's stream. */
struct bridge_browser {
    struct bridge_browser *next, *previous;
    struct bridge_exchange *exchange;
    struct souk_pass pass;                      /* whose it is */
    bool has_pass, is_begun, is_over;
    bool is_idle;                               /* suspended: there is nothing to send */
    bool has_moved;                             /* since its cursors were told last */
    uint64_t until_us, heartbeat_us, begin_by_us;
    struct souk_seen last;                      /* what it has seen, by its own word */
    uint64_t place;                             /* of the next event to look at */
    uint32_t streams;                           /* 1 << index */
    struct souk_point points[SOUK_ROUTE_STREAMS_MAX];
    char *text;                                 /* that is being sent */
    size_t size_bytes, sent_bytes;
};

struct bridge_events {
    int hangups_fd;                             /* epoll: who has gone, and would be noticed when there is something to send */
    struct bridge_browser *browsers;
    size_t browser_count;
    uint64_t sent_count, reset_count;
    uint64_t first, next;                       /* places of what is kept: ring[place % events_kept_max] */
    size_t kept_bytes;
    struct kept **ring;
    struct souk_point floors[SOUK_ROUTE_STREAMS_MAX];   /* all that came later is kept */
};

static void watch_hangup(struct bridge *bridge, struct bridge_browser *browser);
static bool read_last(struct bridge_exchange *exchange, struct souk_seen *seen);
static void begin(struct bridge *bridge, struct bridge_browser *browser);
static bool goes_on(const struct bridge *bridge, const struct bridge_browser *browser);
static const struct souk_cause *find_cursor(const struct souk_seen *seen, const struct souk_name *stream);
static void start_anew(struct bridge *bridge, struct bridge_browser *browser, const char *event);
static bool advance(struct bridge *bridge, struct bridge_browser *browser);
static bool may_see(const struct souk_message_type *type, const struct souk_id *persons,
    const struct souk_pass *pass);
static void find_persons(const struct souk_message_type *type, const json_t *data,
    struct souk_id persons_out[SOUK_VIEWERS_MAX]);
static void say(struct bridge *bridge, struct bridge_browser *browser, const char *event, const char *data);
static void keep(struct bridge *bridge, struct kept *kept);
static void drop_first(struct bridge *bridge);
static void beat(struct bridge *bridge, struct bridge_browser *browser);
static void wake(struct bridge_browser *browser);
static ssize_t read_text(void *cls, uint64_t at, char *out, size_t bytes_max);
static void end_browser(void *cls);

struct bridge_events *
bridge_events_new(const struct bridge *bridge)
{
    struct bridge_events *events = calloc(1, sizeof *events);
    struct epoll_event event = { .events = EPOLLIN };

    if (events == NULL)
        return NULL;
    events->hangups_fd = epoll_create1(EPOLL_CLOEXEC);
    events->ring = calloc(bridge->routes->limits.events_kept_max, sizeof *events->ring);
    if (events->ring != NULL && events->hangups_fd >= 0
        && epoll_ctl(bridge->loop_fd, EPOLL_CTL_ADD, events->hangups_fd, &event) == 0)
        return events;
    if (events->hangups_fd >= 0)
        (void)close(events->hangups_fd);
    free(events->ring);
    free(events);
    return NULL;
}

void
bridge_events_close(struct bridge *bridge)
{
    if (bridge->events == NULL)
        return;
    while (bridge->events->first < bridge->events->next)
        drop_first(bridge);
    assert(bridge->events->browsers == NULL);
    (void)close(bridge->events->hangups_fd);
    free(bridge->events->ring);
    free(bridge->events);
    bridge->events = NULL;
}

void
bridge_events_counts(const struct bridge *bridge, uint64_t counts_out[4])
{
    counts_out[0] = bridge->events->browser_count;
    counts_out[1] = bridge->events->next - bridge->events->first;
    counts_out[2] = bridge->events->sent_count;
    counts_out[3] = bridge->events->reset_count;
}

/* ---- a browser comes and goes --------------------------------------- */

void
bridge_events_open(struct bridge_exchange *exchange, const struct souk_pass *pass)
{
    const struct souk_route *route = exchange->match.route;
    struct bridge *bridge = exchange->bridge;
    const uint64_t now_us = bridge_now_us();
    struct bridge_browser *browser;
    struct MHD_Response *response;
    struct souk_seen last = { .count = 0 };
    size_t i;

    if (!read_last(exchange, &last)) {
        bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "Last-Event-ID, or the parameter `after`, has at"
            " most %d cursors as an event's id has them", SOUK_WIRE_SEEN_MAX);
        return;
    }
    if (bridge->events->browser_count >= bridge->routes->limits.event_streams_max) {
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%zu browsers are told events; try again later",
            bridge->events->browser_count);
        bridge_answer_retry(exchange, RETRY_MS);
        return;
    }
    browser = calloc(1, sizeof *browser);
    response = browser == NULL ? NULL : MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_text,
        browser, end_browser);
    if (response == NULL) {
        free(browser);
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
        return;
    }
    browser->exchange = exchange;
    exchange->browser = browser;
    browser->last = last;
    browser->begin_by_us = now_us + BEGIN_US;
    browser->until_us = UINT64_MAX;
    if ((browser->has_pass = pass != NULL)) {
        browser->pass = *pass;
        browser->until_us = now_us + bridge_session_left_ms(pass) * 1000;
    } else if (exchange->had_session) {
        browser->until_us = now_us + UNKNOWN_US;
    }
    browser->heartbeat_us = now_us + bridge->routes->limits.heartbeat_ms * 1000;
    for (i = 0; i < route->event_count; i++)
        browser->streams |= 1u << bridge_follow_index(bridge, route->events[i]);
    browser->next = bridge->events->browsers;
    if (browser->next != NULL)
        browser->next->previous = browser;
    bridge->events->browsers = browser;
    bridge->events->browser_count++;
    watch_hangup(bridge, browser);
    bridge_answer_stream(exchange, response, "text/event-stream");
}

/* libmicrohttpd looks at a connection only while there is something to send. */
static void
watch_hangup(struct bridge *bridge, struct bridge_browser *browser)
{
    struct epoll_event event = { .events = EPOLLRDHUP | EPOLLET, .data.ptr = browser };
    const int bytes = SOCKET_BYTES;

    if (browser->exchange->peer == NULL)
        return;
    (void)setsockopt(browser->exchange->peer->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    (void)epoll_ctl(bridge->events->hangups_fd, EPOLL_CTL_ADD, browser->exchange->peer->fd, &event);
}

/* What a browser says by itself after it was cut off, or what a page says as it begins. */
static bool
read_last(struct bridge_exchange *exchange, struct souk_seen *seen)
{
    const char *field = bridge_http_field(exchange, "Last-Event-ID");
    struct souk_slice text = souk_slice_of(field);
    char room[SOUK_SEEN_TEXT_BYTES];
    const size_t name_bytes = strlen(PARAMETER);

    if ((field == NULL || field[0] == '\0') && exchange->parameters.size_bytes > 0) {
        text = exchange->parameters;
        if (text.size_bytes < name_bytes || memcmp(text.base, PARAMETER, name_bytes) != 0
            || text.size_bytes - name_bytes > sizeof room)
            return false;
        text.base = (const char *)text.base + name_bytes;
        text.size_bytes -= name_bytes;
        if (souk_route_unescape(text, true, room, &text.size_bytes) != 0)
            return false;
        text.base = room;
    }
    return text.size_bytes == 0 || souk_seen_parse(text, seen) == 0;
}

/* Of exchange and response either may be gone first. */
void
bridge_events_leave(struct bridge_exchange *exchange)
{
    struct bridge_browser *browser = exchange->browser;
    struct bridge_events *events = exchange->bridge->events;

    if (browser == NULL)
        return;
    if (exchange->peer != NULL)
        (void)epoll_ctl(events->hangups_fd, EPOLL_CTL_DEL, exchange->peer->fd, NULL);
    exchange->browser = NULL;
    browser->exchange = NULL;
    if (browser->next != NULL)
        browser->next->previous = browser->previous;
    if (browser->previous != NULL)
        browser->previous->next = browser->next;
    else
        events->browsers = browser->next;
    events->browser_count--;
}

static void
end_browser(void *cls)
{
    struct bridge_browser *browser = cls;

    if (browser->exchange != NULL)
        bridge_events_leave(browser->exchange);
    free(browser->text);
    free(browser);
}

/* ---- what it is sent ------------------------------------------------ */

/* libmicrohttpd has room: the rest of what is being sent, or what comes next; without that it waits. */
static ssize_t
read_text(void *cls, uint64_t at, char *out, size_t bytes_max)
{
    struct bridge_browser *browser = cls;
    struct bridge_exchange *exchange = browser->exchange;
    struct bridge *bridge = exchange->bridge;
    size_t bytes;

    (void)at;
    if (browser->text == NULL && !browser->is_over && !advance(bridge, browser)) {
        browser->is_idle = true;
        bridge_http_deadline(exchange, 0);
        MHD_suspend_connection(exchange->connection);
        return 0;
    }
    if (browser->text == NULL)
        return MHD_CONTENT_READER_END_OF_STREAM;
    bridge_http_deadline(exchange, bridge->routes->limits.answer_ms);
    browser->heartbeat_us = bridge_now_us() + bridge->routes->limits.heartbeat_ms * 1000;
    bytes = browser->size_bytes - browser->sent_bytes < bytes_max ? browser->size_bytes - browser->sent_bytes : bytes_max;
    memcpy(out, browser->text + browser->sent_bytes, bytes);
    browser->sent_bytes += bytes;
    if (browser->sent_bytes == browser->size_bytes) {
        free(browser->text);
        browser->text = NULL;
    }
    return (ssize_t)bytes;
}

/* The next thing to say; false: there is none yet. */
static bool
advance(struct bridge *bridge, struct bridge_browser *browser)
{
    struct bridge_events *events = bridge->events;
    const struct kept *kept;

    if (!browser->is_begun) {
        begin(bridge, browser);
        return browser->text != NULL;
    }
    if (browser->place < events->first) {
        start_anew(bridge, browser, "reset");
        return true;
    }
    for (; browser->place < events->next && browser->text == NULL; browser->place++) {
        kept = events->ring[browser->place % bridge->routes->limits.events_kept_max];
        if ((browser->streams & 1u << kept->stream) == 0
            || (!kept->is_reset && souk_point_covered(kept->point, browser->points[kept->stream])))
            continue;
        if (kept->is_reset) {
            start_anew(bridge, browser, "reset");
            return true;
        }
        browser->points[kept->stream] = kept->point;
        browser->has_moved = true;
        if (may_see(kept->type, kept->persons, browser->has_pass ? &browser->pass : NULL)) {
            say(bridge, browser, NULL, kept->text);
            events->sent_count++;
        }
    }
    return browser->text != NULL;
}

/* As soon as all its streams are known, or that took long: where it was, or where they are now. */
static void
begin(struct bridge *bridge, struct bridge_browser *browser)
{
    const struct souk_cause *cursor;
    size_t i;

    for (i = 0; i < SOUK_ROUTE_STREAMS_MAX; i++) {
        if ((browser->streams & 1u << i) != 0 && !bridge_follow_is_known(bridge, i)
            && bridge_now_us() < browser->begin_by_us)
            return;
    }
    browser->is_begun = true;
    if (browser->last.count == 0) {
        start_anew(bridge, browser, "begin");
    } else if (!goes_on(bridge, browser)) {
        start_anew(bridge, browser, "reset");
    } else {
        browser->place = bridge->events->first;
        for (i = 0; i < SOUK_ROUTE_STREAMS_MAX; i++) {
            if ((browser->streams & 1u << i) == 0)
                continue;
            cursor = find_cursor(&browser->last, bridge_follow_name(bridge, i));
            browser->points[i] = cursor == NULL ? bridge_follow_point(bridge, i) : cursor->point;
        }
        say(bridge, browser, "begin", "data: {\"resumed\":true}\n");
    }
}

/* Is all that it has not seen kept, and what it has seen still true? Of a stream that it does not name it saw nothing. */
static bool
goes_on(const struct bridge *bridge, const struct bridge_browser *browser)
{
    const struct souk_cause *cursor;
    size_t i;

    for (i = 0; i < SOUK_ROUTE_STREAMS_MAX; i++) {
        if ((browser->streams & 1u << i) == 0
            || (cursor = find_cursor(&browser->last, bridge_follow_name(bridge, i))) == NULL)
            continue;
        if (!bridge_follow_had(bridge, i, cursor->point)
            || !souk_point_covered(bridge->events->floors[i], cursor->point))
            return false;
    }
    return true;
}

static const struct souk_cause *
find_cursor(const struct souk_seen *seen, const struct souk_name *stream)
{
    size_t i;

    for (i = 0; i < seen->count; i++) {
        if (strcmp(seen->cursors[i].stream.text, stream->text) == 0)
            return &seen->cursors[i];
    }
    return NULL;
}

/* From now on: a page that is told so asks for everything that it shows. */
static void
start_anew(struct bridge *bridge, struct bridge_browser *browser, const char *event)
{
    size_t i;

    browser->place = bridge->events->next;
    for (i = 0; i < SOUK_ROUTE_STREAMS_MAX; i++) {
        if ((browser->streams & 1u << i) != 0)
            browser->points[i] = bridge_follow_point(bridge, i);
    }
    if (strcmp(event, "reset") == 0)
        bridge->events->reset_count++;
    say(bridge, browser, event, "data: {\"resumed\":false}\n");
}

/* With its cursors as the id; `event` NULL: a message like any other. `data` NULL: the id alone. */
static void
say(struct bridge *bridge, struct bridge_browser *browser, const char *event, const char *data)
{
    struct souk_seen seen = { .count = 0 };
    char id[SOUK_SEEN_TEXT_BYTES];
    struct souk_cause cursor;
    int bytes;
    size_t i;

    for (i = 0; i < SOUK_ROUTE_STREAMS_MAX; i++) {
        if ((browser->streams & 1u << i) == 0 || browser->points[i].epoch.counter == 0)
            continue;
        cursor = (struct souk_cause){ *bridge_follow_name(bridge, i), browser->points[i] };
        souk_seen_add(&seen, &cursor, 1);
    }
    if (souk_seen_format(&seen, id) == 0)
        id[0] = '\0';
    browser->has_moved = false;
    bytes = asprintf(&browser->text, "%s%s%s%s%s%s%s\n", event == NULL ? "" : "retry: " AGAIN_MS "\nevent: ",
        event == NULL ? "" : event, event == NULL ? "" : "\n", id[0] == '\0' ? "" : "id: ", id, id[0] == '\0' ? "" : "\n",
        data == NULL ? "" : data);
    if (bytes < 0)
        browser->text = NULL;
    browser->size_bytes = bytes < 0 ? 0 : (size_t)bytes;
    browser->sent_bytes = 0;
    browser->is_over |= bytes < 0;              /* it comes again, with what it has seen */
}

/* ---- who may see what ----------------------------------------------- */

bool
bridge_may_see(const struct souk_message_type *type, const json_t *data, const struct souk_pass *pass)
{
    struct souk_id persons[SOUK_VIEWERS_MAX];

    find_persons(type, data, persons);
    return may_see(type, persons, pass);
}

static bool
may_see(const struct souk_message_type *type, const struct souk_id *persons, const struct souk_pass *pass)
{
    const struct souk_message_viewer *viewer;
    size_t i;

    for (i = 0; i < type->viewer_count; i++) {
        viewer = &type->viewers[i];
        if (viewer->role == NULL && viewer->person == NULL)
            return true;
        if (pass == NULL)
            continue;
        if (viewer->role != NULL ? souk_pass_has_role(pass, viewer->role)
            : memcmp(persons[i].bytes, pass->person.bytes, sizeof pass->person.bytes) == 0)
            return true;
    }
    return false;
}

/* All zero, which is nobody's, where there is none. */
static void
find_persons(const struct souk_message_type *type, const json_t *data, struct souk_id persons_out[SOUK_VIEWERS_MAX])
{
    json_t *value;
    size_t i;

    memset(persons_out, 0, SOUK_VIEWERS_MAX * sizeof persons_out[0]);
    for (i = 0; i < type->viewer_count; i++) {
        if (type->viewers[i].person == NULL
            || (value = json_object_get(data, type->viewers[i].person->name)) == NULL)
            continue;
        if (souk_id_parse((struct souk_slice){ json_string_value(value), json_string_length(value) }, &persons_out[i]) != 0)
            memset(&persons_out[i], 0, sizeof persons_out[i]);
    }
}

/* ---- what is kept --------------------------------------------------- */

void
bridge_events_begin(struct bridge *bridge, size_t stream, struct souk_point point)
{
    bridge->events->floors[stream] = point;
}

void
bridge_events_take(struct bridge *bridge, size_t stream, struct souk_epoch epoch, const struct souk_event *event)
{
    const struct souk_message_type *type = souk_catalogue_find(bridge->catalogue, event->type);
    const struct souk_routes_session *session = &bridge->routes->session;
    char key[SOUK_SHOWN_KEY_BYTES];
    struct souk_id person;
    struct kept *kept = NULL;
    char *text = NULL;
    size_t bytes;
    json_t *json;
    json_t *data;
    size_t i;

    for (i = 0; i < session->renewal_count; i++) {
        if (souk_slice_equal(souk_slice_of(session->renewals[i]->name), event->type)
            && event->key.size_bytes == sizeof person.bytes) {
            memcpy(person.bytes, event->key.base, sizeof person.bytes);
            bridge_session_forget(bridge, person);
        }
    }
    if (type == NULL || type->viewer_count == 0)
        return;
    data = souk_shown_message_json(bridge->catalogue, event->type, event->version, event->payload);
    souk_shown_key(bridge->catalogue, event->type, event->key, key);
    json = json_pack("{ss% ss sI ss sI sO}", "type", event->type.base, event->type.size_bytes, "stream",
        bridge_follow_name(bridge, stream)->text, "number", (json_int_t)event->number, "subject", key, "time_ms",
        (json_int_t)event->time_ms, "data", data);
    text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    bytes = text == NULL ? 0 : strlen(text) + sizeof "data: \n";
    if (text != NULL && (kept = malloc(sizeof *kept + bytes)) != NULL) {
        *kept = (struct kept){ .stream = stream, .point = { epoch, event->number }, .type = type,
            .size_bytes = sizeof *kept + bytes };
        find_persons(type, data, kept->persons);
        (void)snprintf(kept->text, bytes, "data: %s\n", text);
    }
    free(text);
    json_decref(json);
    json_decref(data);
    if (kept != NULL)
        keep(bridge, kept);
    else
        bridge_events_reset(bridge, stream);    /* without memory: whoever looks again sees it */
}

void
bridge_events_reset(struct bridge *bridge, size_t stream)
{
    struct kept *kept = calloc(1, sizeof *kept);
    struct bridge_browser *browser;

    if (kept != NULL) {
        kept->stream = stream;
        kept->is_reset = true;
        kept->point = bridge_follow_point(bridge, stream);
        kept->size_bytes = sizeof *kept;
        keep(bridge, kept);
        return;
    }
    for (browser = bridge->events->browsers; browser != NULL; browser = browser->next) {
        browser->is_over = true;
        wake(browser);
    }
}

static void
keep(struct bridge *bridge, struct kept *kept)
{
    const struct souk_routes_limits *limits = &bridge->routes->limits;
    struct bridge_events *events = bridge->events;
    struct bridge_browser *browser;

    while (events->first < events->next && (events->next - events->first >= limits->events_kept_max
            || events->kept_bytes + kept->size_bytes > limits->events_kept_bytes))
        drop_first(bridge);
    events->ring[events->next++ % limits->events_kept_max] = kept;
    events->kept_bytes += kept->size_bytes;
    for (browser = events->browsers; browser != NULL; browser = browser->next) {
        if (browser->is_idle && advance(bridge, browser))
            wake(browser);
    }
}

static void
drop_first(struct bridge *bridge)
{
    struct bridge_events *events = bridge->events;
    struct kept *kept = events->ring[events->first++ % bridge->routes->limits.events_kept_max];

    if (souk_point_above(kept->point, events->floors[kept->stream]))
        events->floors[kept->stream] = kept->point;
    events->kept_bytes -= kept->size_bytes;
    free(kept);
}

/* ---- from time to time ---------------------------------------------- */

uint64_t
bridge_events_run(struct bridge *bridge, uint64_t now_us)
{
    struct epoll_event hangups[HANGUPS_MAX];
    struct bridge_browser *browser;
    uint64_t next_us = UINT64_MAX;
    uint64_t due_us;
    int count;

    count = bridge->events->browsers == NULL ? 0 : epoll_wait(bridge->events->hangups_fd, hangups, HANGUPS_MAX, 0);
    while (count > 0) {
        browser = hangups[--count].data.ptr;
        browser->is_over = true;
    }
    for (browser = bridge->events->browsers; browser != NULL; browser = browser->next) {
        if (now_us >= browser->until_us)
            browser->is_over = true;            /* it comes again, and is somebody again if it still is */
        if (browser->is_over) {
            wake(browser);
            continue;
        }
        if (browser->is_idle && !browser->is_begun && advance(bridge, browser)) {
            wake(browser);
        } else if (browser->is_idle && now_us >= browser->heartbeat_us) {
            beat(bridge, browser);
            wake(browser);
        }
        due_us = browser->heartbeat_us < browser->until_us ? browser->heartbeat_us : browser->until_us;
        if (!browser->is_begun && browser->begin_by_us < due_us)
            due_us = browser->begin_by_us;
        if (browser->is_idle && due_us < next_us)
            next_us = due_us;
    }
    return next_us;
}

/* A comment; when it has seen nothing for a while and others have, also how far that is. */
static void
beat(struct bridge *bridge, struct bridge_browser *browser)
{
    if (browser->has_moved) {
        say(bridge, browser, NULL, NULL);
        return;
    }
    browser->text = strdup(":\n\n");
    browser->size_bytes = browser->text == NULL ? 0 : strlen(browser->text);
    browser->sent_bytes = 0;
}

void
bridge_events_forget(struct bridge *bridge, const struct souk_id *person)
{
    struct bridge_browser *browser;

    for (browser = bridge->events->browsers; browser != NULL; browser = browser->next) {
        if (person == NULL || (browser->has_pass
                && memcmp(browser->pass.person.bytes, person->bytes, sizeof person->bytes) == 0)) {
            browser->is_over = true;
            wake(browser);
        }
    }
}

/* Into libmicrohttpd's hands again, who asks for what there is to send. */
static void
wake(struct bridge_browser *browser)
{
    if (!browser->is_idle)
        return;
    browser->is_idle = false;
    MHD_resume_connection(browser->exchange->connection);
}
