#include "souk_feed.h"
#include "souk_plant.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT_PULLS_PER_HEAD 4           /* pulls for a missing cause are at least so far apart */
#define ROUND_PAUSES_PER_HEAD 2         /* the pause after every holder was asked in vain */
#define REQUEST_BYTES_MAX SOUK_WIRE_BYTES_MAX

static bool is_behind(const struct souk_feed_stream *stream);
static int add_stream(struct souk_feeds *feeds, const struct souk_wired_stream *wired);
static struct souk_feed *add_feed(struct souk_feeds *feeds, const struct souk_name *origin);
static void list_sources(const struct souk_wiring *wiring, struct souk_feed *feed, bool origin_too);
static bool hear_batch(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_slice bytes);
static void enqueue(struct souk_feeds *feeds, struct souk_feed_stream *stream,
    const struct souk_batch_header *header, struct souk_slice bytes);
static void hear_point(struct souk_feed_stream *stream, struct souk_point point);
static void hear_answer(struct souk_feeds *feeds, struct souk_feed *feed, const struct souk_wire_answer *answer,
    struct souk_time now, bool *elsewhere_out);
static bool as_far(const struct souk_position *head, const struct souk_position *position);
static struct souk_feed *under_way(const struct souk_feeds *feeds, const struct souk_name *from, uint64_t request);
static void turn_to_next(struct souk_feed *feed);
static void next_source(const struct souk_feeds *feeds, struct souk_feed *feed, struct souk_time now);
static bool from_origin(const struct souk_feed *feed);
static bool has_room(const struct souk_feeds *feeds, const struct souk_feed_stream *stream);
static int send_pull(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_outbox *outbox,
    struct souk_time now);
static bool may_pull(const struct souk_feeds *feeds, const struct souk_feed *feed);
static void free_batches(struct souk_feed_batch *batch, const struct souk_feed_batch *end);

/* ---- open ----------------------------------------------------------- */

int
souk_feeds_open(const struct souk_wiring *wiring, struct souk_feeds *feeds_out)
{
    int rc = 0;

    memset(feeds_out, 0, sizeof *feeds_out);
    feeds_out->wiring = wiring;
    if (wiring->random.fill == NULL)
        return -SOUK_EINVAL;
    /* Far from what an earlier process used: its answers may still be under way. */
    wiring->random.fill(wiring->random.arg, &feeds_out->request_next, sizeof feeds_out->request_next);
    feeds_out->request_next = (feeds_out->request_next >> 2) + 1;
    if (wiring->store_count > SOUK_STORES_MAX)
        return -SOUK_EINVAL;
    for (size_t i = 0; i < wiring->stream_count && rc == 0; i++)
        rc = add_stream(feeds_out, &wiring->streams[i]);
    if (rc != 0)
        souk_feeds_done(feeds_out);
    return rc;
}

static int
add_stream(struct souk_feeds *feeds, const struct souk_wired_stream *wired)
{
    struct souk_feed *feed = souk_feeds_find(feeds, wired->origin.text);
    struct souk_feed_stream *stream;

    if (souk_feeds_stream(feeds, wired->name.text) != NULL)
        return -SOUK_EINVAL;
    if (feed == NULL && (feed = add_feed(feeds, &wired->origin)) == NULL)
        return feeds->count == SOUK_SERVICES_MAX ? -SOUK_EINVAL : -SOUK_ENOMEM;
    if (feed->stream_count == SOUK_OWN_STREAMS_MAX)
        return -SOUK_EINVAL;
    stream = &feed->streams[feed->stream_count++];
    stream->name = wired->name;
    stream->feed = feed;
    return 0;
}

static struct souk_feed *
add_feed(struct souk_feeds *feeds, const struct souk_name *origin)
{
    struct souk_feed *feed;

    if (feeds->count == SOUK_SERVICES_MAX || (feed = calloc(1, sizeof *feed)) == NULL)
        return NULL;
    feed->origin = *origin;
    feed->active = !souk_text_equal(origin->text, feeds->wiring->self.text);
    feed->wants = feed->active;
    list_sources(feeds->wiring, feed, feed->active);
    feeds->feeds[feeds->count++] = feed;
    return feed;
}

static void
list_sources(const struct souk_wiring *wiring, struct souk_feed *feed, bool origin_too)
{
    bool apart = false;

    for (size_t i = 0; SOUK_PLANTED_BUG(STORES_APART) && i < wiring->store_count; i++)
        apart |= souk_text_equal(wiring->stores[i].name.text, wiring->self.text);
    feed->source_count = feed->source = 0;
    if (origin_too)
        feed->sources[feed->source_count++] = feed->origin;
    for (size_t i = 0; i < wiring->store_count && !apart; i++)
        if (!wiring->stores[i].lost && !souk_text_equal(wiring->stores[i].name.text, wiring->self.text))
            feed->sources[feed->source_count++] = wiring->stores[i].name;
}

void
souk_feeds_done(struct souk_feeds *feeds)
{
    for (uint32_t i = 0; i < feeds->count; i++) {
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++)
            free_batches(feeds->feeds[i]->streams[k].first, NULL);
        free(feeds->feeds[i]);
    }
    feeds->count = 0;
}

struct souk_feed *
souk_feeds_find(struct souk_feeds *feeds, const char *origin)
{
    for (uint32_t i = 0; i < feeds->count; i++)
        if (souk_text_equal(feeds->feeds[i]->origin.text, origin))
            return feeds->feeds[i];
    return NULL;
}

struct souk_feed_stream *
souk_feeds_stream(const struct souk_feeds *feeds, const char *stream)
{
    for (uint32_t i = 0; i < feeds->count; i++)
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++)
            if (souk_text_equal(feeds->feeds[i]->streams[k].name.text, stream))
                return &feeds->feeds[i]->streams[k];
    return NULL;
}

void
souk_feed_wake(struct souk_feed *feed, bool origin_too)
{
    feed->active = feed->wants = true;
    feed->request = 0;
    feed->not_before_ms = 0;
    feed->tries = 0;
    if (origin_too && !souk_text_equal(feed->sources[0].text, feed->origin.text)
        && feed->source_count < 1 + SOUK_STORES_MAX) {
        memmove(&feed->sources[1], &feed->sources[0], feed->source_count * sizeof feed->sources[0]);
        feed->sources[0] = feed->origin;
        feed->source_count++;
    }
    feed->source = 0;
}

void
souk_feed_sleep(struct souk_feed *feed)
{
    feed->active = feed->wants = feed->newer = false;
    feed->request = 0;
    for (uint32_t i = 0; i < feed->stream_count; i++)
        souk_feed_drop(&feed->streams[i]);
}

void
souk_feed_prefer(struct souk_feed *feed, const struct souk_name *holder)
{
    for (uint32_t i = 0; i < feed->source_count; i++)
        if (souk_text_equal(feed->sources[i].text, holder->text))
            feed->source = i;
}

void
souk_feed_set_cursor(struct souk_feed_stream *stream, const struct souk_position *cursor)
{
    if (souk_position_equal(&stream->cursor, cursor))
        return;
    stream->cursor = *cursor;
    stream->behind_since_ms = 0;                /* if it is, it is found out anew */
    stream->trimmed = 0;
    stream->begins_told = stream->feed->asks_beginning = false;
    souk_feed_drop(stream);
}

void
souk_feed_drop(struct souk_feed_stream *stream)
{
    free_batches(stream->first, NULL);
    stream->first = stream->last = stream->untaken = NULL;
    stream->queued_bytes = 0;
    stream->tail = stream->cursor;
    if (stream->feed->active)
        stream->feed->wants = true;
}

void
souk_feed_drop_untaken(struct souk_feed_stream *stream)
{
    struct souk_feed_batch *last = stream->first;

    if (stream->untaken == stream->first) {
        souk_feed_drop(stream);
        return;
    }
    if (stream->untaken == NULL)
        return;
    while (last->next != stream->untaken)
        last = last->next;
    for (const struct souk_feed_batch *batch = stream->untaken; batch != NULL; batch = batch->next)
        stream->queued_bytes -= batch->size_bytes;
    free_batches(stream->untaken, NULL);
    last->next = stream->untaken = NULL;
    stream->last = last;
    stream->tail = souk_batch_end(&last->header);
    stream->feed->wants |= stream->feed->active;
}

void
souk_feed_expect(struct souk_feed_stream *stream, struct souk_point point)
{
    hear_point(stream, point);
}

void
souk_feed_ask_beginning(struct souk_feed *feed)
{
    if (feed->asks_beginning)
        return;
    for (uint32_t i = 0; i < feed->stream_count; i++)
        feed->streams[i].begins_told = false;
    feed->asks_beginning = feed->wants = true;
    feed->request = 0;                          /* whatever is under way asks for less */
    souk_feed_prefer(feed, &feed->origin);
}

void
souk_feed_want(struct souk_feed *feed)
{
    if (feed->active)
        feed->wants = true;
}

void
souk_feed_nudge(struct souk_feed *feed, struct souk_time now)
{
    if (feed->active && now.steady_ms >= feed->waits_due_ms)
        feed->wants = true;
}

void
souk_feeds_wait_for(struct souk_feeds *feeds, const struct souk_cause *cause, struct souk_time now)
{
    struct souk_feed_stream *stream = souk_feeds_stream(feeds, cause->stream.text);
    struct souk_feed *feed;

    if (stream == NULL || !stream->feed->active)
        return;
    feed = stream->feed;
    for (uint32_t i = 0; i < feed->wait_count; i++)
        if (souk_text_equal(feed->waits[i].stream.text, cause->stream.text)
            && souk_point_equal(feed->waits[i].point, cause->point))
            return;
    if (feed->wait_count < SOUK_WIRE_WAITS_MAX)
        feed->waits[feed->wait_count++] = *cause;
    if (feed->waits_due_ms < now.steady_ms)
        feed->waits_due_ms = now.steady_ms;
}

uint64_t
souk_feeds_seen_ms(const struct souk_feeds *feeds, const struct souk_cause *cause)
{
    const struct souk_feed_stream *stream = souk_feeds_stream(feeds, cause->stream.text);

    if (stream == NULL || !souk_point_satisfied(cause->point, stream->reported))
        return 0;
    return stream->reported_ms;
}

/* ---- what is heard -------------------------------------------------- */

void
souk_feeds_hear_batch(struct souk_feeds *feeds, const struct souk_name *from, struct souk_slice bytes,
    struct souk_time now)
{
    struct souk_feed *feed = souk_feeds_find(feeds, from->text);

    if (feed != NULL)
        (void)hear_batch(feeds, feed, bytes);
}

/* Of that feed's streams: who may speak for one of them may not for others. False: it cannot be read. */
static bool
hear_batch(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_slice bytes)
{
    struct souk_batch_header header;
    struct souk_feed_stream *stream;
    struct souk_position end;
    int rc;

    if ((rc = souk_batch_check(bytes, &header)) != 0) {
        feed->newer |= rc == -SOUK_EUNSUPPORTED;
        feeds->malformed++;
        return false;
    }
    stream = souk_feeds_stream(feeds, header.stream.text);
    if (stream == NULL || !stream->feed->active)
        return true;
    if (stream->feed != feed) {
        feeds->malformed++;
        return false;
    }
    feed->newer = false;
    end = souk_batch_end(&header);
    if (souk_batch_extends(&header, &stream->tail) || (SOUK_PLANTED_BUG(EPOCH_IGNORED) && header.count != 0
            && header.first == stream->tail.number + 1)) {
        enqueue(feeds, stream, &header, bytes);
    } else if (souk_point_covered(souk_point_of(&end), souk_point_of(&stream->tail))) {
        feeds->duplicates++;
    } else {
        if (header.first == stream->tail.number + 1)
            feeds->foreign++;                   /* of another history */
        else
            feeds->gaps++;
        hear_point(stream, souk_point_of(&end));
        stream->feed->wants = true;
    }
    return true;
}

static void
enqueue(struct souk_feeds *feeds, struct souk_feed_stream *stream, const struct souk_batch_header *header,
    struct souk_slice bytes)
{
    struct souk_feed_batch *batch = NULL;

    if (has_room(feeds, stream))
        batch = malloc(sizeof *batch + bytes.size_bytes);
    if (batch == NULL) {                        /* it is pulled when there is room again */
        const struct souk_position end = souk_batch_end(header);

        feeds->dropped_full++;
        hear_point(stream, souk_point_of(&end));
        stream->feed->wants = true;
        return;
    }
    memset(batch, 0, sizeof *batch);
    batch->size_bytes = bytes.size_bytes;
    memcpy(batch->bytes, bytes.base, bytes.size_bytes);
    batch->header = *header;
    souk_batch_move(&batch->header, bytes.base, batch->bytes);
    if (stream->last == NULL)
        stream->first = batch;
    else
        stream->last->next = batch;
    stream->last = batch;
    if (stream->untaken == NULL)
        stream->untaken = batch;
    stream->queued_bytes += bytes.size_bytes;
    stream->tail = souk_batch_end(header);
}

static bool
has_room(const struct souk_feeds *feeds, const struct souk_feed_stream *stream)
{
    /* Who takes whole commits must be able to hold one, whatever else is queued. */
    return stream->queued_bytes < feeds->wiring->limits.feed_bytes_max
        || (stream->feed->whole_commits && stream->queued_bytes
            < (size_t)feeds->wiring->limits.feed_bytes_max + 2 * (size_t)SOUK_COMMIT_BYTES_MAX && !stream->complete);
}

static void
hear_point(struct souk_feed_stream *stream, struct souk_point point)
{
    if (point.epoch.counter > stream->heard.epoch.counter || souk_point_above(point, stream->heard))
        stream->heard = point;
}

void
souk_feeds_hear_heads(struct souk_feeds *feeds, const struct souk_wire_heads *heads, struct souk_time now)
{
    struct souk_feed *feed = souk_feeds_find(feeds, heads->service.text);
    bool level = true;

    if (feed == NULL || !feed->active)
        return;
    for (uint32_t i = 0; i < heads->count; i++) {
        const struct souk_position *head = &heads->heads[i].position;
        struct souk_feed_stream *stream = souk_feeds_stream(feeds, heads->heads[i].stream.text);

        if (stream == NULL || stream->feed != feed || souk_position_equal(head, &stream->tail))
            continue;
        level = false;
        if (souk_point_covered(souk_point_of(head), souk_point_of(&stream->tail))
            && !(souk_epoch_equal(head->epoch, stream->tail.epoch) && head->number == stream->tail.number))
            continue;                           /* an old message */
        hear_point(stream, souk_point_of(head));
        feed->wants = true;
    }
    if (level && souk_text_equal(heads->sender.text, heads->service.text))
        feed->idle_due_ms = now.steady_ms + feeds->wiring->limits.pull_idle_ms;
}

bool
souk_feeds_hear_pulled(struct souk_feeds *feeds, const struct souk_name *from, const struct souk_wire_pulled *pulled,
    const struct souk_slice *batches, size_t batch_count, bool take, struct souk_time now)
{
    struct souk_feed *feed = under_way(feeds, from, pulled->request);
    bool elsewhere = false, level = true;

    if (SOUK_PLANTED_BUG(ANSWER_FOR_OTHER_POSITION) && feed == NULL && pulled->count != 0) {
        const struct souk_feed_stream *stream = souk_feeds_stream(feeds, pulled->answers[0].stream.text);

        feed = stream != NULL && stream->feed->active ? stream->feed : NULL;
    }
    if (feed == NULL)
        return false;

    feed->request = 0;
    if (souk_text_equal(from->text, feed->origin.text)) {
        feed->met = true;
        for (uint32_t i = 0; i < pulled->count; i++)
            if (pulled->answers[i].head.epoch.counter > feed->origin_epoch.counter)
                feed->origin_epoch = pulled->answers[i].head.epoch;
    }
    for (uint32_t i = 0; i < pulled->count; i++)
        hear_answer(feeds, feed, &pulled->answers[i], now, &elsewhere);
    if (!take)
        elsewhere = true;
    for (size_t i = 0; i < batch_count && take; i++)
        elsewhere |= !hear_batch(feeds, feed, batches[i]);
    feed->idle_due_ms = now.steady_ms + feeds->wiring->limits.pull_idle_ms;
    if (elsewhere) {
        next_source(feeds, feed, now);
        if (feed->newer && feed->tries == 0)    /* all have the same */
            feed->not_before_ms = feed->idle_due_ms;
        return true;
    }
    feed->newer = false;
    if (batch_count != 0)
        feed->tries = 0;
    if (pulled->more) {
        feed->wants = true;
        return true;
    }
    for (uint32_t i = 0; i < feed->stream_count; i++)
        if (has_room(feeds, &feed->streams[i])  /* else it was not asked for */
            && souk_point_above(feed->streams[i].heard, souk_point_of(&feed->streams[i].tail)))
            level = false;
    if (level) {
        feed->tries = 0;
        /* What is waited for is not there. Another may have it, and of a void cause only the origin takes note. */
        if (feed->asked_for_wait)
            turn_to_next(feed);
        return true;
    }
    if (from_origin(feed)) {                    /* it knows best: what was heard is not, or no more */
        for (uint32_t i = 0; i < feed->stream_count; i++)
            feed->streams[i].heard = souk_point_of(&feed->streams[i].tail);
    } else {
        next_source(feeds, feed, now);
    }
    return true;
}

/* The feed that has asked `from` this. */
static struct souk_feed *
under_way(const struct souk_feeds *feeds, const struct souk_name *from, uint64_t request)
{
    for (uint32_t i = 0; i < feeds->count; i++) {
        struct souk_feed *feed = feeds->feeds[i];

        if (feed->request != 0 && feed->request == request && souk_text_equal(feed->sources[feed->source].text, from->text))
            return feed;
    }
    return NULL;
}

void
souk_feeds_hear_busy(struct souk_feeds *feeds, const struct souk_name *from, const struct souk_wire_busy *busy,
    struct souk_time now)
{
    struct souk_feed *feed = under_way(feeds, from, busy->request);
    uint64_t pause_ms = busy->retry_after_ms;

    if (feed == NULL)
        return;
    feeds->busy++;
    feed->request = 0;
    next_source(feeds, feed, now);
    if (feed->tries != 0)
        return;                                 /* another holder may have room at once */
    if (pause_ms > feeds->wiring->limits.pull_idle_ms)
        pause_ms = feeds->wiring->limits.pull_idle_ms;
    if (feed->not_before_ms < now.steady_ms + pause_ms)
        feed->not_before_ms = now.steady_ms + pause_ms;
}

static void
hear_answer(struct souk_feeds *feeds, struct souk_feed *feed, const struct souk_wire_answer *answer,
    struct souk_time now, bool *elsewhere_out)
{
    struct souk_feed_stream *stream = souk_feeds_stream(feeds, answer->stream.text);
    struct souk_point head = souk_point_of(&answer->head);

    if (stream == NULL || stream->feed != feed)
        return;
    if (answer->verdict == SOUK_BEGINS) {
        stream->begins_told |= feed->asks_beginning && from_origin(feed);
        stream->begins = answer->head;
        return;
    }
    stream->reported = head;
    stream->reported_ms = now.steady_ms;
    if (from_origin(feed))
        stream->origin_head = answer->head;
    if (answer->verdict == SOUK_NEXT)
        return;
    if (answer->verdict == SOUK_TRIMMED) {
        stream->trimmed += from_origin(feed) || souk_text_equal(feed->origin.text, feeds->wiring->self.text);
        *elsewhere_out = true;
        return;
    }
    /* An answer counts only if it names the present position. */
    if (!souk_position_equal(&answer->asked, &stream->tail) && !SOUK_PLANTED_BUG(ANSWER_FOR_OTHER_POSITION)) {
        feed->wants = true;
        return;
    }
    if (answer->verdict == SOUK_UNKNOWN && !as_far(&answer->head, &stream->tail)) {
        *elsewhere_out = true;
        return;
    }
    if (!souk_position_equal(&stream->tail, &stream->cursor)) {
        souk_feed_drop(stream);                 /* perhaps only what is queued is void: ask from the cursor */
        return;
    }
    if (answer->verdict == SOUK_VOID) {
        stream->void_ = (struct souk_feed_void){
            .told = true,
            .by_origin = from_origin(feed),
            .head = answer->head,
            .common = answer->common,
        };
        return;
    }
    stream->differs = true;
    *elsewhere_out = true;
}

/* Who has as much of the same epoch counter and does not know the position has another history. */
static bool
as_far(const struct souk_position *head, const struct souk_position *position)
{
    return head->epoch.counter == position->epoch.counter && head->number >= position->number;
}

static bool
from_origin(const struct souk_feed *feed)
{
    return souk_text_equal(feed->sources[feed->source].text, feed->origin.text);
}

static void
turn_to_next(struct souk_feed *feed)
{
    feed->source = (feed->source + 1) % feed->source_count;
}

static void
next_source(const struct souk_feeds *feeds, struct souk_feed *feed, struct souk_time now)
{
    if (feed->source_count == 0)
        return;
    turn_to_next(feed);
    feed->wants = true;
    if (++feed->tries >= feed->source_count) {
        feed->tries = 0;
        feed->not_before_ms = now.steady_ms + feeds->wiring->limits.head_ms / ROUND_PAUSES_PER_HEAD;
    }
}

/* ---- taking --------------------------------------------------------- */

void
souk_feed_take(struct souk_feed_stream *stream)
{
    assert(stream->untaken != NULL);
    stream->untaken = stream->untaken->next;
}

uint32_t
souk_feed_commit(struct souk_feed *feed, struct souk_feed_batch *batches_out[SOUK_COMMIT_BATCHES_MAX])
{
    struct souk_feed_batch *front = NULL;
    uint32_t found = 0;

    for (uint32_t i = 0; i < feed->stream_count; i++) {
        struct souk_feed_batch *batch = feed->streams[i].untaken;

        if (batch != NULL && (front == NULL || batch->header.commit < front->header.commit))
            front = batch;
    }
    if (front == NULL)
        return 0;
    memset(batches_out, 0, front->header.places * sizeof batches_out[0]);
    for (uint32_t i = 0; i < feed->stream_count; i++) {
        struct souk_feed_batch *batch = feed->streams[i].untaken;

        while (batch != NULL && batch->header.commit == front->header.commit
            && souk_epoch_equal(batch->header.epoch, front->header.epoch)
            && batch->header.place < front->header.places && batches_out[batch->header.place] == NULL) {
            batches_out[batch->header.place] = batch;
            found++;
            batch = batch->next;
        }
    }
    for (uint32_t i = 0; i < feed->stream_count; i++)
        feed->streams[i].complete = found == front->header.places;
    if (found == front->header.places)
        return found;
    if (SOUK_PLANTED_BUG(HALF_COMMIT)) {
        batches_out[0] = front;
        return 1;
    }
    feed->wants = true;                         /* a part is missing: a private stream, or a lost frame */
    return 0;
}

bool
souk_feed_refuse(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_time now)
{
    for (uint32_t i = 0; i < feed->stream_count; i++)
        if (feed->streams[i].first != feed->streams[i].untaken)
            return false;
    for (uint32_t i = 0; i < feed->stream_count; i++)
        souk_feed_drop(&feed->streams[i]);
    feeds->malformed++;
    feed->request = 0;
    next_source(feeds, feed, now);
    return true;
}

void
souk_feeds_committed(struct souk_feeds *feeds)
{
    for (uint32_t i = 0; i < feeds->count; i++) {
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++) {
            struct souk_feed_stream *stream = &feeds->feeds[i]->streams[k];
            const bool moved = stream->first != stream->untaken;

            while (stream->first != stream->untaken) {
                struct souk_feed_batch *batch = stream->first;

                stream->cursor = souk_batch_end(&batch->header);
                stream->time_ms = batch->header.time_ms;
                stream->trimmed = 0;
                feeds->feeds[i]->asks_beginning = false;
                stream->queued_bytes -= batch->size_bytes;
                stream->first = batch->next;
                free(batch);
            }
            if (stream->first == NULL)
                stream->last = NULL;
            if (moved)
                stream->behind_since_ms = is_behind(stream) ? stream->time_ms : 0;
        }
    }
}

static bool
is_behind(const struct souk_feed_stream *stream)
{
    return souk_point_above(stream->heard, souk_point_of(&stream->cursor));
}

uint64_t
souk_feed_behind_since_ms(const struct souk_feed_stream *stream)
{
    return stream->first != NULL ? stream->first->header.time_ms : is_behind(stream) ? stream->behind_since_ms : 0;
}

void
souk_feeds_aborted(struct souk_feeds *feeds)
{
    for (uint32_t i = 0; i < feeds->count; i++)
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++)
            feeds->feeds[i]->streams[k].untaken = feeds->feeds[i]->streams[k].first;
}

bool
souk_feeds_has_batches(const struct souk_feeds *feeds)
{
    for (uint32_t i = 0; i < feeds->count; i++)
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++)
            if (feeds->feeds[i]->streams[k].untaken != NULL)
                return true;
    return false;
}

bool
souk_feeds_gathers(const struct souk_feeds *feeds, size_t bytes)
{
    bool asked = false;
    size_t queued = 0;

    for (uint32_t i = 0; i < feeds->count; i++) {
        asked |= feeds->feeds[i]->request != 0;
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++)
            queued += feeds->feeds[i]->streams[k].queued_bytes;
    }
    return asked && queued < bytes;
}

static void
free_batches(struct souk_feed_batch *batch, const struct souk_feed_batch *end)
{
    while (batch != end) {
        struct souk_feed_batch *next = batch->next;

        free(batch);
        batch = next;
    }
}

/* ---- pulling -------------------------------------------------------- */

int
souk_feeds_elapse(struct souk_feeds *feeds, struct souk_outbox *outbox, struct souk_time now)
{
    int rc;

    for (uint32_t i = 0; i < feeds->count; i++) {
        struct souk_feed *feed = feeds->feeds[i];

        for (uint32_t k = 0; k < feed->stream_count; k++)
            if (feed->streams[k].behind_since_ms == 0 && is_behind(&feed->streams[k]))
                feed->streams[k].behind_since_ms = now.wall_ms;
        if (!feed->active || feed->source_count == 0)
            continue;
        if (feed->request != 0 && now.steady_ms >= feed->deadline_ms) {
            feed->request = 0;
            next_source(feeds, feed, now);
        }
        if (feed->request != 0 || now.steady_ms < feed->not_before_ms || !may_pull(feeds, feed))
            continue;
        if (feed->wants || now.steady_ms >= feed->idle_due_ms
            || (feed->wait_count != 0 && now.steady_ms >= feed->waits_due_ms))
            if ((rc = send_pull(feeds, feed, outbox, now)) != 0)
                return rc;
    }
    return 0;
}

static int
send_pull(struct souk_feeds *feeds, struct souk_feed *feed, struct souk_outbox *outbox, struct souk_time now)
{
    struct souk_wire_pull pull = { .request = feeds->request_next };
    struct souk_pack pack;
    struct souk_slice frame;
    int rc;

    pull.asker = feeds->wiring->self;
    pull.credit_bytes = feeds->wiring->limits.pull_credit_bytes;
    for (uint32_t i = 0; i < feed->stream_count; i++) {
        struct souk_feed_stream *stream = &feed->streams[i];

        if (!has_room(feeds, stream))
            continue;
        pull.cursors[pull.cursor_count].stream = stream->name;
        pull.cursors[pull.cursor_count++].position = feed->asks_beginning ? SOUK_WIRE_BEGINNING : stream->tail;
    }
    pull.wait_count = feed->wait_count;
    memcpy(pull.waits, feed->waits, feed->wait_count * sizeof pull.waits[0]);
    souk_pack_init(&pack, REQUEST_BYTES_MAX);
    souk_wire_pull_put(&pack, &pull);
    frame = souk_pack_slice(&pack);
    rc = pack.rc != 0 ? pack.rc : souk_outbox_put_now(outbox, SOUK_OUT_SEND, SOUK_DOOR_QUERIES,
        &feed->sources[feed->source], (struct souk_slice){ NULL, 0 }, &frame, 1);
    souk_pack_done(&pack);
    if (rc != 0)
        return rc;
    feeds->request_next++;
    feeds->pulls++;
    feed->request = pull.request;
    feed->deadline_ms = now.steady_ms + feeds->wiring->limits.pull_timeout_ms;
    feed->wants = false;
    feed->asked_for_wait = feed->wait_count != 0;
    feed->wait_count = 0;
    feed->waits_due_ms = now.steady_ms + feeds->wiring->limits.head_ms / WAIT_PULLS_PER_HEAD;
    return 0;
}

/* A queue that is full is worked off first. */
static bool
may_pull(const struct souk_feeds *feeds, const struct souk_feed *feed)
{
    for (uint32_t i = 0; i < feed->stream_count; i++)
        if (has_room(feeds, &feed->streams[i]))
            return true;
    return false;
}

uint64_t
souk_feeds_due_ms(const struct souk_feeds *feeds)
{
    uint64_t due_ms = UINT64_MAX;

    for (uint32_t i = 0; i < feeds->count; i++) {
        const struct souk_feed *feed = feeds->feeds[i];
        uint64_t at_ms;

        if (!feed->active || feed->source_count == 0)
            continue;
        if (feed->request != 0)
            at_ms = feed->deadline_ms;
        else if (!may_pull(feeds, feed))
            continue;
        else if (feed->wants)
            at_ms = feed->not_before_ms;
        else
            at_ms = feed->idle_due_ms > feed->not_before_ms ? feed->idle_due_ms : feed->not_before_ms;
        if (feed->request == 0 && feed->wait_count != 0 && feed->waits_due_ms < at_ms)
            at_ms = feed->waits_due_ms > feed->not_before_ms ? feed->waits_due_ms : feed->not_before_ms;
        if (at_ms < due_ms)
            due_ms = at_ms;
    }
    return due_ms;
}

bool
souk_feeds_are_newer(const struct souk_feeds *feeds, char *text_out, size_t room_bytes)
{
    for (uint32_t i = 0; i < feeds->count; i++)
        if (feeds->feeds[i]->newer) {
            (void)snprintf(text_out, room_bytes, "%s writes batches of a version that this program does not read, and"
                " nothing of them is skipped: install a newer one here", feeds->feeds[i]->origin.text);
            return true;
        }
    return false;
}

uint64_t
souk_feeds_behind(const struct souk_feeds *feeds)
{
    uint64_t behind = 0;

    for (uint32_t i = 0; i < feeds->count; i++) {
        for (uint32_t k = 0; k < feeds->feeds[i]->stream_count; k++) {
            const struct souk_feed_stream *stream = &feeds->feeds[i]->streams[k];
            uint64_t known = stream->heard.number > stream->reported.number ? stream->heard.number
                : stream->reported.number;

            const uint64_t have = feeds->feeds[i]->whole_commits ? stream->cursor.number : stream->tail.number;

            if (known > have && has_room(feeds, stream))
                behind += known - have;
        }
    }
    return behind;
}
