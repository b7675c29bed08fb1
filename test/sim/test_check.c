/*
 * The checker on small stories that are told by hand: a clean one passes, and
 * each of the others has one thing wrong, which must be named.
 *
 * A story has parties (nodes with their process, disk and cursors) that write
 * batches, follow each other and send frames. It keeps what a writer would
 * know, so a test says only what it does differently.
 */
#include "trace.h"

#include <assert.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PEN_BYTES 4096
#define BATCHES_MAX 64
#define EVENTS_MAX 4
#define STREAMS_MAX 8
#define PARTIES_MAX 8
#define FRAMES_MAX 8
#define NO_BATCH (-1)
#define FIELDS_MAX 4
#define ASKED_MAX 8

/* ---- msgpack ------------------------------------------------------------ */

struct pen {
    uint8_t bytes[PEN_BYTES];
    size_t size_bytes;
};

static void
put_raw(struct pen *pen, const void *base, size_t size_bytes)
{
    assert(pen->size_bytes + size_bytes <= sizeof pen->bytes);
    memcpy(pen->bytes + pen->size_bytes, base, size_bytes);
    pen->size_bytes += size_bytes;
}

static void
put_number(struct pen *pen, uint64_t number, size_t size_bytes)
{
    uint8_t byte;

    while (size_bytes-- > 0) {
        byte = (uint8_t)(number >> (8 * size_bytes));
        put_raw(pen, &byte, 1);
    }
}

static void
put_uint(struct pen *pen, uint64_t number)
{
    if (number < 0x80) {
        put_number(pen, number, 1);
        return;
    }
    put_number(pen, number <= UINT8_MAX ? 0xcc : number <= UINT16_MAX ? 0xcd : number <= UINT32_MAX ? 0xce : 0xcf, 1);
    put_number(pen, number, number <= UINT8_MAX ? 1 : number <= UINT16_MAX ? 2 : number <= UINT32_MAX ? 4 : 8);
}

static void
put_array(struct pen *pen, size_t count)
{
    assert(count < 16);
    put_number(pen, 0x90 | count, 1);
}

static void
put_str(struct pen *pen, const char *text)
{
    assert(strlen(text) < 32);
    put_number(pen, 0xa0 | strlen(text), 1);
    put_raw(pen, text, strlen(text));
}

static void
put_bin(struct pen *pen, const void *base, size_t size_bytes)
{
    assert(size_bytes < 256);
    put_number(pen, 0xc4, 1);
    put_number(pen, size_bytes, 1);
    put_raw(pen, base, size_bytes);
}

static void
put_bool(struct pen *pen, bool value)
{
    put_number(pen, value ? 0xc3 : 0xc2, 1);
}

/* NULL is nil. */
static void
put_id(struct pen *pen, const uint8_t *id)
{
    if (id == NULL)
        put_number(pen, 0xc0, 1);
    else
        put_bin(pen, id, 16);
}

static struct check_bytes
written(const struct pen *pen)
{
    return (struct check_bytes){ pen->bytes, pen->size_bytes };
}

/* ---- a story ------------------------------------------------------------ */

struct known {
    uint32_t counter;
    const uint8_t *bits;
    uint64_t number;
};

/* An event as it is going to be. */
struct event_draft {
    const char *type;
    uint64_t fields[FIELDS_MAX];
    size_t field_count;
    unsigned kind;
    const char *caller, *command;       /* of kind 0, like the next three */
    const uint8_t *id;
    uint64_t asked[FIELDS_MAX + 1];
    size_t asked_count;
    int stream;                         /* of all others */
    struct known cause;
    uint32_t index;
    const uint8_t *correlation;
    uint32_t depth;
};

struct draft {
    int stream, parent;
    uint32_t counter;
    const uint8_t *bits;
    uint64_t first, commit;
    uint32_t place, places;
    bool is_record;
    uint32_t reason;
    struct known causes[STREAMS_MAX];   /* what the batch says; counter 0: nothing */
    const char *extra_name;
    struct event_draft events[EVENTS_MAX];
    size_t event_count;
};

struct batch {
    struct pen pen;
    struct draft draft;
    struct check_position position;
    struct known knows[STREAMS_MAX];    /* it and all before it */
};

struct party {
    const char *name;
    uint32_t process, disk;
    bool is_store, follows[STREAMS_MAX];
    int at[STREAMS_MAX];                /* the batch of each cursor */
    struct known knows[STREAMS_MAX];
    uint64_t commit, log_position;
    const uint8_t *incarnation;         /* of a store; NULL: not told with its commits, and zeros in its messages */
    unsigned bound_count;               /* of the next commit, like what it passes */
    int passing[2];
    size_t passing_count;
};

struct story {
    struct checker *checker;
    uint64_t now_ms;
    const char *streams[STREAMS_MAX];
    int owners[STREAMS_MAX], stream_count;
    struct party parties[PARTIES_MAX];
    int party_count;
    struct batch batches[BATCHES_MAX];
    int batch_count;
    uint32_t numbers;                   /* of processes, disks and copies */
    uint64_t requests;                  /* for seals */
    struct known common;                /* what the next answers name as such */
    const uint8_t *fingerprint;         /* of heads; NULL: zeros */
    struct pen last;                    /* sent to one party */
    struct pen asked[ASKED_MAX];        /* by clients, to be heard by who answers */
    const uint8_t *asked_ids[ASKED_MAX];
    size_t asked_count;
    bool is_ended;
};

static const uint8_t zeros[CHECK_HASH_BYTES];
static const uint8_t bits_1[8] = "epoch 1", bits_2[8] = "epoch 2", bits_2b[8] = "other 2";
static const uint8_t id_1[16] = "the first id", id_2[16] = "the second one";

static int
find_stream(const struct story *told, const char *name)
{
    int i;

    for (i = 0; strcmp(told->streams[i], name) != 0; i++)
        assert(i < told->stream_count - 1);
    return i;
}

static struct party *
party(struct story *told, const char *name)
{
    int i;

    /* The newest of that name: a clone comes after its original. */
    for (i = told->party_count - 1; strcmp(told->parties[i].name, name) != 0; i--)
        assert(i > 0);
    return &told->parties[i];
}

static void
start(struct story *told, struct party *started)
{
    started->process = ++told->numbers;
    check_started(told->checker, ++told->now_ms, started->name, started->process, started->disk);
}

static struct party *
add_party(struct story *told, const char *name, bool is_store)
{
    struct party *added = &told->parties[told->party_count++];
    int i;

    assert(told->party_count <= PARTIES_MAX);
    *added = (struct party){ .name = name, .is_store = is_store, .disk = ++told->numbers };
    for (i = 0; i < STREAMS_MAX; i++)
        added->at[i] = NO_BATCH;
    return added;
}

static struct check_position
position_of(const struct story *told, int stream, int batch)
{
    if (batch == NO_BATCH)
        return (struct check_position){ .stream = told->streams[stream] };
    return told->batches[batch].position;
}

static uint64_t
last_of(const struct story *told, int batch)
{
    return batch == NO_BATCH ? 0 : told->batches[batch].position.number;
}

static bool
is_news(struct known before, struct known now)
{
    return now.counter > before.counter || (now.counter == before.counter && now.number > before.number);
}

/* The next batch of `stream` by a party, saying all the news that it has. */
static struct draft
draft(struct story *told, const char *writer_name, const char *stream)
{
    struct party *writer = party(told, writer_name);
    struct draft next = { .stream = find_stream(told, stream), .places = 1, .commit = writer->commit + 1 };
    const struct batch *tip;
    int i;

    next.parent = writer->at[next.stream];
    next.first = last_of(told, next.parent) + 1;
    assert(next.parent != NO_BATCH);
    tip = &told->batches[next.parent];
    next.counter = tip->draft.counter;
    next.bits = tip->draft.bits;
    for (i = 0; i < told->stream_count; i++)
        if (i != next.stream && is_news(tip->knows[i], writer->knows[i]))
            next.causes[i] = writer->knows[i];
    return next;
}

static struct event_draft *
add_event(struct draft *batch, const char *type, size_t field_count, const uint64_t *fields)
{
    struct event_draft *event = &batch->events[batch->event_count++];

    assert(batch->event_count <= EVENTS_MAX);
    *event = (struct event_draft){ .type = type, .field_count = field_count };
    memcpy(event->fields, fields, field_count * sizeof *fields);
    return event;
}

static void
pack_fields(struct pen *pen, const uint64_t *fields, size_t count)
{
    size_t i;

    put_array(pen, count);
    for (i = 0; i < count; i++)
        put_uint(pen, fields[i]);
}

static void
command_hash(uint8_t out[8], const char *name, const uint64_t *fields, size_t field_count)
{
    uint8_t hash[32];
    struct pen pen = { .size_bytes = 0 };

    put_raw(&pen, name, strlen(name) + 1);
    pack_fields(&pen, fields, field_count);
    crypto_generichash(hash, sizeof hash, pen.bytes, pen.size_bytes, NULL, 0);
    memcpy(out, hash, 8);
}

/* By a command whose payload is the event's only field. */
static struct event_draft *
by_command(struct draft *batch, const char *type, const char *command_name, const uint8_t *id, uint64_t field)
{
    struct event_draft *event = add_event(batch, type, 1, &field);

    event->caller = "page";
    event->command = command_name;
    event->id = id;
    event->asked[0] = field;
    event->asked_count = 1;
    return event;
}

/* By event `number` of `stream` in epoch 1, whose command was `id`. */
static struct event_draft *
by_event(struct story *told, struct draft *batch, const char *type, const char *stream, uint64_t number,
    const uint8_t *id, uint64_t field)
{
    struct event_draft *event = add_event(batch, type, 1, &field);

    event->kind = 1;
    event->stream = find_stream(told, stream);
    event->cause = (struct known){ 1, bits_1, number };
    event->correlation = id;
    event->depth = 1;
    return event;
}

static void
put_place(struct pen *pen, const char *stream, struct known place)
{
    put_array(pen, 4);
    put_str(pen, stream);
    put_uint(pen, place.counter);
    put_bin(pen, place.bits, 8);
    put_uint(pen, place.number);
}

static void
put_position(struct pen *pen, const struct check_position *position)
{
    put_str(pen, position->stream);
    put_uint(pen, position->epoch_counter);
    put_bin(pen, position->epoch_bits, 8);
    put_uint(pen, position->number);
    put_bin(pen, position->hash, 32);
}

static size_t
name_index(const char **names, size_t *count, const char *name)
{
    size_t i;

    for (i = 0; i < *count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    names[(*count)++] = name;
    return i;
}

static void
put_event(struct story *told, struct pen *pen, const struct event_draft *event, const char **names, size_t *count)
{
    struct pen payload = { .size_bytes = 0 };
    uint8_t hash[8];
    char key[24];

    put_array(pen, 8);
    put_uint(pen, name_index(names, count, event->type));
    snprintf(key, sizeof key, "%llu", (unsigned long long)event->fields[0]);
    put_bin(pen, key, strlen(key));
    if (event->kind == 0) {
        command_hash(hash, event->command, event->asked, event->asked_count);
        put_array(pen, 4);
        put_uint(pen, 0);
        put_uint(pen, name_index(names, count, event->caller));
        put_bin(pen, event->id, 16);
        put_bin(pen, hash, 8);
    } else {
        put_array(pen, 6);
        put_uint(pen, event->kind);
        put_uint(pen, name_index(names, count, told->streams[event->stream]));
        put_uint(pen, event->cause.counter);
        put_bin(pen, event->cause.bits, 8);
        put_uint(pen, event->cause.number);
        put_uint(pen, event->index);
    }
    put_id(pen, event->correlation);
    put_uint(pen, event->depth);
    put_uint(pen, 0);
    put_uint(pen, 1);
    pack_fields(&payload, event->fields, event->field_count);
    put_bin(pen, payload.bytes, payload.size_bytes);
}

static void
put_header(struct story *told, struct pen *pen, const struct draft *from, const char **names, size_t name_count)
{
    struct check_position parent = position_of(told, from->stream, from->parent);
    size_t count = 0, j;
    int i;

    for (i = 0; i < told->stream_count; i++)
        count += from->causes[i].counter != 0;
    put_array(pen, 15);
    put_uint(pen, 1);
    put_uint(pen, 1);
    put_bin(pen, zeros, 32);
    put_bin(pen, parent.hash, 32);
    put_str(pen, told->streams[from->stream]);
    put_uint(pen, from->counter);
    put_bin(pen, from->bits, 8);
    put_uint(pen, from->first);
    put_uint(pen, from->event_count);
    put_uint(pen, 1000);
    put_uint(pen, from->commit);
    put_uint(pen, from->place);
    put_uint(pen, from->places);
    put_array(pen, count);
    for (i = 0; i < told->stream_count; i++)    /* story's streams are in the order of their names */
        if (from->causes[i].counter != 0)
            put_place(pen, told->streams[i], from->causes[i]);
    put_array(pen, name_count);
    for (j = 0; j < name_count; j++)
        put_str(pen, names[j]);
}

/* Sign and keep; returns its number in the story. */
static int
build(struct story *told, const struct draft *from)
{
    struct batch *built = &told->batches[told->batch_count];
    const char *names[2 * EVENTS_MAX + 1] = { from->extra_name };
    struct pen events = { .size_bytes = 0 };
    crypto_generichash_state state;
    size_t name_count = from->extra_name != NULL, i;
    uint8_t hash[32];
    int j;

    assert(told->batch_count < BATCHES_MAX);
    for (i = 0; i < from->event_count; i++)
        put_event(told, &events, &from->events[i], names, &name_count);
    if (from->is_record) {
        size_t count = 0;

        for (j = 0; j < told->stream_count; j++)
            count += told->owners[j] == told->owners[from->stream];
        put_array(&events, 3);
        put_str(&events, told->parties[told->owners[from->stream]].name);
        put_uint(&events, from->reason);
        put_array(&events, count);
        for (j = 0; j < told->stream_count; j++)
            if (told->owners[j] == told->owners[from->stream]) {
                struct check_position parent = position_of(told, j,
                    party(told, told->parties[told->owners[j]].name)->at[j]);

                put_array(&events, 5);
                put_position(&events, &parent);
            }
    }
    built->pen.size_bytes = 0;
    put_header(told, &built->pen, from, names, name_count);
    put_raw(&built->pen, events.bytes, events.size_bytes);
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, built->pen.bytes, 5);
    crypto_generichash_update(&state, built->pen.bytes + 37, built->pen.size_bytes - 37);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(built->pen.bytes + 5, hash, sizeof hash);

    built->draft = *from;
    built->position = (struct check_position){ .stream = told->streams[from->stream] };
    built->position.epoch_counter = from->counter;
    memcpy(built->position.epoch_bits, from->bits, 8);
    built->position.number = from->first + from->event_count - 1;
    memcpy(built->position.hash, hash, sizeof hash);
    for (j = 0; j < told->stream_count; j++) {
        built->knows[j] = from->parent == NO_BATCH ? (struct known){ 0 } : told->batches[from->parent].knows[j];
        if (from->causes[j].counter != 0)
            built->knows[j] = from->causes[j];
    }
    return told->batch_count++;
}

static void
learn(struct story *told, struct party *learner, int number)
{
    const struct batch *learnt = &told->batches[number];
    struct known at = { learnt->draft.counter, learnt->draft.bits, learnt->position.number };
    int i;

    for (i = 0; i < told->stream_count; i++)
        if (is_news(learner->knows[i], learnt->knows[i]))
            learner->knows[i] = learnt->knows[i];
    if (is_news(learner->knows[learnt->draft.stream], at))
        learner->knows[learnt->draft.stream] = at;
}

/* One commit of `count` batches that were drafted and built; the cursors go with them. */
static void
commit_built(struct story *told, const char *writer_name, const int *numbers, size_t count)
{
    struct party *writer = party(told, writer_name);
    struct check_bytes bytes[8];
    struct check_position cursors[8];
    struct check_commit next = { .written = bytes, .written_count = count, .cursors = cursors, .cursor_count = count };
    size_t i;

    for (i = 0; i < count; i++) {
        const struct batch *built = &told->batches[numbers[i]];

        bytes[i] = written(&built->pen);
        writer->at[built->draft.stream] = numbers[i];
        cursors[i] = built->position;
        learn(told, writer, numbers[i]);
        writer->commit = built->draft.commit;
    }
    for (i = 0; i < writer->passing_count; i++)
        cursors[next.cursor_count++] = told->batches[writer->passing[i]].position;
    writer->passing_count = 0;
    for (i = 0; i < count; i++)     /* a stream's last batch is where its cursor ends */
        cursors[i] = position_of(told, told->batches[numbers[i]].draft.stream,
            writer->at[told->batches[numbers[i]].draft.stream]);
    check_committed(told->checker, ++told->now_ms, writer->process, &next);
}

/* The party follows up to this batch in its next commit: before it drafts that, so it knows. */
static void
pass(struct story *told, const char *follower, int number)
{
    struct party *passer = party(told, follower);

    learn(told, passer, number);
    passer->at[told->batches[number].draft.stream] = number;
    passer->passing[passer->passing_count++] = number;
}

static int
commit(struct story *told, const char *writer, const struct draft *from)
{
    int number = build(told, from);

    commit_built(told, writer, &number, 1);
    return number;
}

static bool
is_behind(const struct story *told, int number, int ancestor)
{
    while (number != NO_BATCH && number != ancestor)
        number = told->batches[number].draft.parent;
    return number == ancestor;
}

/* The party moves its cursors to these batches, in one commit; a store gives log positions as they were written. */
static void
follow_all(struct story *told, const char *follower_name, const int *numbers, size_t count)
{
    struct party *follower = party(told, follower_name);
    struct check_position cursors[STREAMS_MAX];
    struct check_logged logged[BATCHES_MAX];
    struct check_commit next = { .cursors = cursors, .logged = logged, .bound_count = follower->bound_count,
        .incarnation = follower->incarnation };
    bool is_passed[BATCHES_MAX] = { false };
    size_t i;
    int at;

    follower->bound_count = 0;
    for (i = 0; i < count; i++) {
        int stream = told->batches[numbers[i]].draft.stream;

        cursors[next.cursor_count++] = told->batches[numbers[i]].position;
        for (at = numbers[i]; at != NO_BATCH && !is_behind(told, follower->at[stream], at);
             at = told->batches[at].draft.parent)
            is_passed[at] = true;
        follower->at[stream] = numbers[i];
    }
    for (at = 0; at < told->batch_count; at++) {
        if (!is_passed[at])
            continue;
        learn(told, follower, at);
        if (follower->is_store) {
            logged[next.logged_count].log_position = ++follower->log_position;
            memcpy(logged[next.logged_count++].hash, told->batches[at].position.hash, 32);
        }
    }
    check_committed(told->checker, ++told->now_ms, follower->process, &next);
}

static void
follow(struct story *told, const char *follower, int number)
{
    follow_all(told, follower, &number, 1);
}

/* ---- frames ------------------------------------------------------------- */

static void
send_pen(struct story *told, const char *sender, const char *to, const struct pen *pen)
{
    struct check_bytes frame = written(pen);

    check_sent(told->checker, ++told->now_ms, party(told, sender)->process, to, &frame, 1);
    told->last = *pen;
}

/* What was sent last reaches whom it was for. */
static void
hear(struct story *told, const char *hearer)
{
    struct check_bytes frame = written(&told->last);

    check_heard(told->checker, ++told->now_ms, party(told, hearer)->process, &frame, 1);
}

static const uint8_t *
incarnation_of(struct story *told, const char *store)
{
    const uint8_t *incarnation = party(told, store)->incarnation;

    return incarnation != NULL ? incarnation : zeros;
}

static void
publish(struct story *told, const char *sender, int number)
{
    const struct batch *sent = &told->batches[number];
    struct check_bytes frames[2] = {
        { told->streams[sent->draft.stream], strlen(told->streams[sent->draft.stream]) + 1 }, written(&sent->pen),
    };

    check_sent(told->checker, ++told->now_ms, party(told, sender)->process, NULL, frames, 2);
}

static void
publish_heads(struct story *told, const char *sender, const char *service, const struct check_position *heads,
    size_t count)
{
    struct pen pen = { .size_bytes = 0 };
    struct check_bytes frames[2] = { { "\1", 1 } };
    size_t i;

    put_array(&pen, 8);
    put_uint(&pen, 1);
    put_uint(&pen, 1);
    put_str(&pen, service);
    put_str(&pen, sender);
    put_bin(&pen, zeros, 8);
    put_bin(&pen, told->fingerprint != NULL ? told->fingerprint : zeros, 8);
    put_uint(&pen, 1000);
    put_array(&pen, count);
    for (i = 0; i < count; i++) {
        put_array(&pen, 5);
        put_position(&pen, &heads[i]);
    }
    frames[1] = written(&pen);
    check_sent(told->checker, ++told->now_ms, party(told, sender)->process, NULL, frames, 2);
}

static void
acknowledge(struct story *told, const char *store, int number, uint64_t backed_up)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 6);
    put_uint(&pen, 1);
    put_uint(&pen, 4);
    put_str(&pen, store);
    put_bin(&pen, incarnation_of(told, store), 8);
    put_uint(&pen, ++told->now_ms);
    put_array(&pen, 1);
    put_array(&pen, 6);
    put_position(&pen, &told->batches[number].position);
    put_uint(&pen, backed_up);
    send_pen(told, store, told->parties[told->owners[told->batches[number].draft.stream]].name, &pen);
}

static void
ask_seal(struct story *told, const char *service, const char *store, uint32_t counter)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 6);
    put_uint(&pen, 1);
    put_uint(&pen, 5);
    put_uint(&pen, ++told->requests);
    put_str(&pen, service);
    put_uint(&pen, counter);
    put_bin(&pen, zeros, 8);
    send_pen(told, service, store, &pen);
}

static void
answer_seal(struct story *told, const char *store, const char *service, bool granted, uint32_t counter)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 9);
    put_uint(&pen, 1);
    put_uint(&pen, 6);
    put_uint(&pen, told->requests);
    put_str(&pen, store);
    put_bin(&pen, incarnation_of(told, store), 8);
    put_str(&pen, service);
    put_bool(&pen, granted);
    put_uint(&pen, counter);
    put_array(&pen, 0);
    send_pen(told, store, service, &pen);
}

static void
grant(struct story *told, const char *store, const char *service, uint32_t counter)
{
    answer_seal(told, store, service, true, counter);
}

/* The event store has met a service below its seal. */
static void
fence(struct story *told, const char *store, const char *service, uint32_t counter)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 5);
    put_uint(&pen, 1);
    put_uint(&pen, 7);
    put_str(&pen, store);
    put_str(&pen, service);
    put_uint(&pen, counter);
    send_pen(told, store, service, &pen);
}

static void
pull(struct story *told, const char *asker, const char *holder, const struct check_position *cursor)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 7);
    put_uint(&pen, 1);
    put_uint(&pen, 2);
    put_uint(&pen, 1);
    put_str(&pen, asker);
    put_uint(&pen, 1000);
    put_array(&pen, 1);
    put_array(&pen, 5);
    put_position(&pen, cursor);
    put_array(&pen, 0);
    send_pen(told, asker, holder, &pen);
}

/* The answer to a pull, with one verdict on all positions. */
static void
answer_pull(struct story *told, const char *holder, const char *to, const struct check_position *asked,
    size_t asked_count, unsigned verdict, const int *numbers, size_t count, bool more)
{
    struct check_bytes frames[FRAMES_MAX];
    struct pen pen = { .size_bytes = 0 };
    size_t i;

    put_array(&pen, 7);
    put_uint(&pen, 1);
    put_uint(&pen, 3);
    put_uint(&pen, 1);
    put_str(&pen, holder);
    put_bin(&pen, zeros, 8);
    put_bool(&pen, more);
    put_array(&pen, asked_count);
    for (i = 0; i < asked_count; i++) {
        int stream = find_stream(told, asked[i].stream);
        struct check_position head = position_of(told, stream, party(told, holder)->at[stream]);

        put_array(&pen, 13);
        put_position(&pen, &asked[i]);
        put_uint(&pen, verdict);
        put_uint(&pen, head.epoch_counter);
        put_bin(&pen, head.epoch_bits, 8);
        put_uint(&pen, head.number);
        put_bin(&pen, head.hash, 32);
        put_uint(&pen, told->common.counter);
        put_bin(&pen, told->common.bits != NULL ? told->common.bits : zeros, 8);
        put_uint(&pen, told->common.number);
    }
    frames[0] = written(&pen);
    assert(count < FRAMES_MAX);
    for (i = 0; i < count; i++)
        frames[i + 1] = written(&told->batches[numbers[i]].pen);
    check_sent(told->checker, ++told->now_ms, party(told, holder)->process, to, frames, count + 1);
}

static void
put_request(struct pen *pen, const uint8_t *id, bool is_query, const char *name, const char *caller,
    const uint8_t *correlation, const char *seen_stream, struct known seen, const uint64_t *fields, size_t field_count)
{
    struct pen payload = { .size_bytes = 0 };

    put_array(pen, 13);
    put_uint(pen, 1);
    put_uint(pen, 8);
    put_id(pen, id);
    put_bool(pen, is_query);
    put_str(pen, name);
    put_uint(pen, 1);
    put_uint(pen, 5000);
    put_id(pen, correlation);
    put_str(pen, caller);
    put_bool(pen, false);
    put_array(pen, seen_stream != NULL);
    if (seen_stream != NULL)
        put_place(pen, seen_stream, seen);
    pack_fields(&payload, fields, field_count);
    put_bin(pen, "", 0);
    put_bin(pen, payload.bytes, payload.size_bytes);
}

static void
ask(struct story *told, const char *service, const uint8_t *id, bool is_query, const char *name,
    const char *seen_stream, struct known seen, uint64_t field)
{
    struct pen pen = { .size_bytes = 0 };

    put_request(&pen, id, is_query, name, "page", NULL, seen_stream, seen, &field, 1);
    check_asked(told->checker, ++told->now_ms, service, written(&pen));
    assert(told->asked_count < ASKED_MAX);
    told->asked_ids[told->asked_count] = id;
    told->asked[told->asked_count++] = pen;
}

/* The `number`-th of all that was asked reaches a service. */
static void
hear_asked(struct story *told, const char *service, size_t number)
{
    struct check_bytes frame = written(&told->asked[number]);

    check_heard(told->checker, ++told->now_ms, party(told, service)->process, &frame, 1);
}

static void
command(struct story *told, const char *service, const uint8_t *id, const char *name, uint64_t field)
{
    ask(told, service, id, false, name, NULL, (struct known){ 0 }, field);
}

/* The service has heard what was asked last under this id. */
static void
hear_id(struct story *told, const char *service, const uint8_t *id)
{
    size_t i = told->asked_count;

    while (i > 0 && told->asked_ids[i - 1] != id)
        i--;
    if (i > 0)
        hear_asked(told, service, i - 1);
}

static void reply_unheard(struct story *told, const char *service, const uint8_t *id, unsigned durability, int number);

/* An ok with all events of one batch, to what it has heard. */
static void
reply(struct story *told, const char *service, const uint8_t *id, unsigned durability, int number)
{
    hear_id(told, service, id);
    reply_unheard(told, service, id, durability, number);
}

static void
reply_unheard(struct story *told, const char *service, const uint8_t *id, unsigned durability, int number)
{
    const struct draft *from = &told->batches[number].draft;
    struct pen pen = { .size_bytes = 0 };
    size_t i;

    put_array(&pen, 10);
    put_uint(&pen, 1);
    put_uint(&pen, 9);
    put_id(&pen, id);
    put_uint(&pen, 0);
    put_uint(&pen, durability);
    put_str(&pen, "");
    put_str(&pen, "");
    put_uint(&pen, 0);
    put_array(&pen, 1);
    put_place(&pen, told->streams[from->stream],
        (struct known){ from->counter, from->bits, told->batches[number].position.number });
    put_array(&pen, from->event_count);
    for (i = 0; i < from->event_count; i++) {
        struct pen payload = { .size_bytes = 0 };
        char key[24];

        snprintf(key, sizeof key, "%llu", (unsigned long long)from->events[i].fields[0]);
        put_array(&pen, 6);
        put_str(&pen, from->events[i].type);
        put_uint(&pen, 1);
        put_str(&pen, told->streams[from->stream]);
        put_uint(&pen, from->first + i);
        put_bin(&pen, key, strlen(key));
        pack_fields(&payload, from->events[i].fields, from->events[i].field_count);
        put_bin(&pen, payload.bytes, payload.size_bytes);
    }
    send_pen(told, service, "page", &pen);
}

/* Any other: no events, and the cursor of one stream if there is one. */
static void
reply_bare(struct story *told, const char *service, const uint8_t *id, unsigned status, const char *stream,
    struct known cursor)
{
    struct pen pen = { .size_bytes = 0 };

    put_array(&pen, 10);
    put_uint(&pen, 1);
    put_uint(&pen, 9);
    put_id(&pen, id);
    put_uint(&pen, status);
    put_uint(&pen, 0);
    put_str(&pen, "");
    put_str(&pen, "");
    put_uint(&pen, 0);
    put_array(&pen, stream != NULL);
    if (stream != NULL)
        put_place(&pen, stream, cursor);
    put_array(&pen, 0);
    send_pen(told, service, "page", &pen);
}

/* ---- chapters ----------------------------------------------------------- */

/* All streams of a service enter an epoch; returns the record of its first stream. */
static int
open_epoch(struct story *told, const char *service, uint32_t counter, const uint8_t *bits)
{
    struct party *opener = party(told, service);
    int numbers[STREAMS_MAX], i, j;
    size_t count = 0;
    uint32_t places = 0;

    for (i = 0; i < told->stream_count; i++)
        places += strcmp(told->parties[told->owners[i]].name, service) == 0;
    for (i = 0; i < told->stream_count; i++) {
        struct draft record = {
            .stream = i, .counter = counter, .bits = bits, .commit = opener->commit + 1, .place = (uint32_t)count,
            .places = places, .is_record = true, .reason = counter == 1 ? 0 : 1,
        };

        if (strcmp(told->parties[told->owners[i]].name, service) != 0)
            continue;
        record.parent = opener->at[i];
        record.first = last_of(told, record.parent) + 1;
        for (j = 0; j < told->stream_count; j++)
            if (j != i)
                record.causes[j] = opener->knows[j];
        numbers[count] = build(told, &record);
        count++;
    }
    commit_built(told, service, numbers, count);
    return numbers[0];
}

/* Everybody who follows a stream stands where its origin does; the store keeps whole commits. */
static void
catch_up(struct story *told)
{
    int i, j, numbers[STREAMS_MAX];
    size_t count;

    for (i = 0; i < told->party_count; i++) {
        struct party *follower = &told->parties[i];

        if (follower->process == 0)
            continue;
        count = 0;
        for (j = 0; j < told->stream_count; j++) {
            struct party *origin = party(told, told->parties[told->owners[j]].name);

            if ((follower->is_store || follower->follows[j]) && follower->at[j] != origin->at[j])
                numbers[count++] = origin->at[j];
        }
        if (count > 0)
            follow_all(told, follower->name, numbers, count);
    }
}

static void
end_party(struct story *told, struct party *ended)
{
    int path[BATCHES_MAX], i, at, length;

    if (ended->is_store)
        check_end_event_store(told->checker, ended->process);
    else
        check_end_service(told->checker, ended->process, true);
    for (i = 0; i < told->stream_count; i++) {
        struct check_position cursor = position_of(told, i, ended->at[i]);

        if (!ended->is_store && !ended->follows[i] && strcmp(told->parties[told->owners[i]].name, ended->name) != 0)
            continue;
        check_end_cursor(told->checker, ended->process, &cursor);
        if (!ended->is_store && ended->follows[i])
            continue;
        length = 0;
        for (at = ended->at[i]; at != NO_BATCH; at = told->batches[at].draft.parent)
            path[length++] = at;
        while (length-- > 0)
            check_end_batch(told->checker, ended->process, written(&told->batches[path[length]].pen));
    }
}

static void
end_story(struct story *told)
{
    int i;

    for (i = 0; i < told->party_count && !told->is_ended; i++)
        if (told->parties[i].process != 0)
            end_party(told, &told->parties[i]);
    told->is_ended = true;
}

/*
 * Services a (streams a, a.private), b (stream b, follows a), c (follows a and b; 1 left out: b), an event store. Of a
 * heads are asked every `heads_ms`, if not 0, and those of all have that fingerprint, if not NULL.
 */
static void
begin_as(struct story *told, enum check_trim trim, size_t left_out, uint64_t heads_ms, const uint8_t *fingerprint)
{
    static const struct check_stream a_streams[] = { { "a", false }, { "a.private", true } };
    static const struct check_stream b_streams[] = { { "b", false } };
    static const char *const follow_a[] = { "a", "b" };
    const struct check_service services[] = {
        { .name = "a", .streams = a_streams, .stream_count = 2, .trim = trim, .recorded_by = 1,
            .heads_ms = heads_ms, .fingerprint = fingerprint },
        { .name = "b", .streams = b_streams, .stream_count = 1, .follows = follow_a, .follow_count = 1, .trim = trim,
            .recorded_by = 1 },
        { .name = "c", .follows = follow_a + left_out, .follow_count = 2 - left_out, .trim = trim,
            .recorded_by = 1 },
    };
    size_t i;

    *told = (struct story){
        .checker = checker_open(), .streams = { "a", "a.private", "b" }, .owners = { 0, 0, 1 }, .stream_count = 3,
    };
    for (i = 0; i < 3; i++) {
        struct party *added = add_party(told, services[i].name, false);

        check_service(told->checker, &services[i]);
        added->follows[0] = i == 1 || (i == 2 && left_out == 0);
        added->follows[2] = i > 1;
    }
    check_event_store(told->checker, "store");
    add_party(told, "store", true);
    for (i = 0; i < 4; i++)
        start(told, &told->parties[i]);
    grant(told, "store", "a", 1);
    grant(told, "store", "b", 1);
    open_epoch(told, "a", 1, bits_1);
    open_epoch(told, "b", 1, bits_1);
    catch_up(told);
}

static void
begin_with(struct story *told, enum check_trim trim, size_t left_out)
{
    begin_as(told, trim, left_out, 0, NULL);
}

static void
begin(struct story *told)
{
    begin_with(told, CHECK_TRIM_RECORDED, 0);
}

/* A command that a takes, with its event in stream a. */
static int
happen(struct story *told, const uint8_t *id, uint64_t field)
{
    struct draft next = draft(told, "a", "a");

    command(told, "a", id, "do", field);
    by_command(&next, "done", "do", id, field);
    return commit(told, "a", &next);
}

/* b has followed event `number` of a, which command `id` caused, and says so. */
static int
react(struct story *told, uint64_t number, const uint8_t *id)
{
    struct draft next = draft(told, "b", "b");

    by_event(told, &next, "noted", "a", number, id, 7);
    return commit(told, "b", &next);
}

static void
expect(struct story *told, const char *invariant)
{
    const char *violation = NULL;
    int rc;

    if (checker_violation(told->checker) == NULL)
        end_story(told);
    rc = checker_finish(told->checker, ++told->now_ms, &violation);
    if (invariant == NULL && violation != NULL)
        fail_msg("a clean story violates: %s", violation);
    if (invariant != NULL) {
        if (violation == NULL)
            fail_msg("nothing is violated, not even '%s'", invariant);
        if (strstr(violation, invariant) == NULL)
            fail_msg("'%s' is not named, but: %s", invariant, violation);
        assert_int_equal(rc, -1);
    }
    checker_close(&told->checker);
    assert_null(told->checker);
}


static struct story story;              /* too large for a stack, and one at a time */

/* ---- clean stories ------------------------------------------------------ */

static void
what_goes_well_passes(void **state)
{
    struct check_position heads[2];
    struct draft next, both[2];
    int event, numbers[2];

    begin(&story);
    event = happen(&story, id_1, 7);
    publish(&story, "a", event);
    follow(&story, "store", event);
    ask_seal(&story, "a", "store", 1);
    grant(&story, "store", "a", 1);
    hear(&story, "a");
    acknowledge(&story, "store", event, 0);
    hear(&story, "a");
    reply(&story, "a", id_1, 2, event);
    reply(&story, "a", id_1, 2, event);
    follow(&story, "b", event);
    publish(&story, "b", react(&story, 1, id_1));

    /* One commit in two streams. */
    command(&story, "a", id_2, "do", 9);
    both[0] = draft(&story, "a", "a");
    by_command(&both[0], "done", "do", id_2, 9);
    both[1] = draft(&story, "a", "a.private");
    by_command(&both[1], "hidden", "do", id_2, 9);
    both[0].places = both[1].places = 2;
    both[1].place = 1;
    both[1].causes[0] = (struct known){ 1, bits_1, 2 };
    numbers[0] = build(&story, &both[0]);
    numbers[1] = build(&story, &both[1]);
    commit_built(&story, "a", numbers, 2);
    answer_pull(&story, "a", "c", &story.batches[event].position, 1, 0, numbers, 1, false);
    heads[0] = story.batches[numbers[0]].position;
    heads[1] = story.batches[numbers[1]].position;
    publish_heads(&story, "a", "a", heads, 2);

    /* A timer of an own event. */
    follow(&story, "b", numbers[0]);
    next = draft(&story, "b", "b");
    by_event(&story, &next, "rung", "b", 1, id_1, 7)->kind = 2;
    next.events[0].depth = 2;
    commit(&story, "b", &next);

    catch_up(&story);
    ask(&story, "c", id_2, true, "get", "a", (struct known){ 1, bits_1, 2 }, 9);
    reply_bare(&story, "c", id_2, 0, "a", (struct known){ 1, bits_1, 2 });
    expect(&story, NULL);
}

/* a, whose disk was copied before its second event, is set back to the copy. */
static int
lose_second_event(bool is_recorded, bool is_reacted_to)
{
    int first, lost;

    begin(&story);
    first = happen(&story, id_1, 7);
    follow(&story, "store", first);
    check_copied(story.checker, ++story.now_ms, party(&story, "a")->disk, 100);
    lost = happen(&story, id_2, 9);
    publish(&story, "a", lost);
    reply(&story, "a", id_2, 1, lost);
    if (is_recorded)
        follow(&story, "store", lost);
    follow(&story, "c", lost);
    if (is_reacted_to) {
        follow(&story, "b", lost);
        react(&story, 2, id_2);
    }
    return first;
}

/* The party's disk has nothing but these tips of its own streams; it starts again. */
static void
set_back(struct story *told, const char *name, int tip)
{
    struct party *set = party(told, name);
    int i;

    for (i = 0; i < told->stream_count; i++) {
        set->knows[i] = (struct known){ 0 };
        if (tip == NO_BATCH)
            set->at[i] = NO_BATCH;
    }
    if (tip != NO_BATCH)
        set->at[told->batches[tip].draft.stream] = tip;
    for (i = 0; i < told->stream_count; i++)
        if (set->at[i] != NO_BATCH)
            learn(told, set, set->at[i]);
    set->log_position = 0;
    start(told, set);
}

static void
restore_a(int first)
{
    check_crashed(story.checker, ++story.now_ms, party(&story, "a")->process);
    check_restored(story.checker, ++story.now_ms, party(&story, "a")->disk, 100);
    set_back(&story, "a", first);
}

static void
go_on_in_epoch_2(void)
{
    struct party *a = party(&story, "a");
    int numbers[2];

    grant(&story, "store", "a", 2);
    open_epoch(&story, "a", 2, bits_2);
    numbers[0] = a->at[0];
    numbers[1] = a->at[1];
    follow_all(&story, "store", numbers, 2);
    catch_up(&story);
}

static void
a_verdict_that_is_not_void_is_named(void **state)
{
    int lost;

    restore_a(lose_second_event(false, true));
    lost = party(&story, "c")->at[0];
    go_on_in_epoch_2();
    ask(&story, "c", id_1, true, "get", "a", (struct known){ 1, bits_1, 2 }, 9);
    reply_bare(&story, "c", id_1, 5, NULL, (struct known){ 0 });
    answer_pull(&story, "store", "c", &story.batches[lost].position, 1, 3, NULL, 0, false);
    expect(&story, "verdict");
}

static void
a_fork_that_was_announced_passes(void **state)
{
    restore_a(lose_second_event(false, true));
    go_on_in_epoch_2();
    ask(&story, "c", id_1, true, "get", "a", (struct known){ 1, bits_1, 2 }, 9);
    reply_bare(&story, "c", id_1, 5, NULL, (struct known){ 0 });
    command(&story, "a", id_2, "do", 9);
    happen(&story, id_2, 9);            /* sent again, decided again */
    catch_up(&story);
    expect(&story, NULL);
}

/* ---- batches and commits ------------------------------------------------ */

static void
a_malformed_batch_is_named(void **state)
{
    struct draft next;
    int number;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    number = build(&story, &next);
    story.batches[number].pen.bytes[story.batches[number].pen.size_bytes - 1] ^= 1;
    commit_built(&story, "a", &number, 1);
    expect(&story, "form");
}

static void
a_malformed_message_is_named(void **state)
{
    struct pen pen = { .size_bytes = 0 };

    begin(&story);
    put_array(&pen, 2);
    put_uint(&pen, 1);
    put_uint(&pen, 10);
    send_pen(&story, "a", "b", &pen);
    expect(&story, "form");
}

static void
a_wrong_place_is_named(void **state)
{
    struct draft next;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    next.places = 2;
    commit(&story, "a", &next);
    expect(&story, "commit places");
}

static void
a_commit_number_used_again_is_named(void **state)
{
    struct draft next;

    begin(&story);
    happen(&story, id_1, 7);
    command(&story, "a", id_2, "do", 9);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_2, 9);
    next.commit--;
    commit(&story, "a", &next);
    expect(&story, "commit numbers");
}

static void
a_batch_that_does_not_extend_is_named(void **state)
{
    struct draft next;

    begin(&story);
    happen(&story, id_1, 7);
    command(&story, "a", id_2, "do", 9);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_2, 9);
    next.first++;
    commit(&story, "a", &next);
    expect(&story, "chain");
}

static void
an_epoch_without_its_record_is_named(void **state)
{
    struct draft next;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    next.counter = 2;
    next.bits = bits_2;
    commit(&story, "a", &next);
    expect(&story, "epochs");
}

static void
an_epoch_without_a_seal_is_named(void **state)
{
    begin(&story);
    open_epoch(&story, "a", 2, bits_2);
    expect(&story, "seal: a");
}

static void
a_second_writer_is_named(void **state)
{
    struct draft next;

    begin(&story);
    command(&story, "b", id_1, "do", 7);
    next = draft(&story, "b", "a");
    by_command(&next, "done", "do", id_1, 7);
    commit(&story, "b", &next);
    expect(&story, "one writer");
}

static void
an_unused_name_is_named(void **state)
{
    struct draft next;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    next.extra_name = "idle";
    commit(&story, "a", &next);
    expect(&story, "names");
}

static void
a_commit_of_too_many_batches_is_named(void **state)
{
    static const struct check_bytes nothing[257];
    struct check_commit commit_of_257 = { .written = nothing, .written_count = 257 };

    begin(&story);
    check_committed(story.checker, ++story.now_ms, party(&story, "a")->process, &commit_of_257);
    expect(&story, "limits");
}

/* ---- what leaves a node ------------------------------------------------- */

static void
a_batch_sent_before_its_commit_is_named(void **state)
{
    struct draft next;
    int number;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    number = build(&story, &next);
    publish(&story, "a", number);
    expect(&story, "left before its commit");
}

static void
a_head_ahead_of_the_store_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    publish_heads(&story, "store", "a", &story.batches[event].position, 1);
    expect(&story, "left before its commit");
}

static void
a_private_stream_on_pub_is_named(void **state)
{
    begin(&story);
    publish(&story, "a", party(&story, "a")->at[1]);
    expect(&story, "private");
}

static void
a_private_stream_for_a_stranger_is_named(void **state)
{
    begin(&story);
    answer_pull(&story, "a", "c", &story.batches[party(&story, "a")->at[1]].position, 1, 0, NULL, 0, false);
    expect(&story, "private");
}

static void
an_answer_that_holds_back_is_named(void **state)
{
    struct check_position at;

    begin(&story);
    at = story.batches[party(&story, "a")->at[0]].position;
    happen(&story, id_1, 7);
    answer_pull(&story, "a", "c", &at, 1, 0, NULL, 0, true);
    expect(&story, "pull");
}

static void
an_answer_that_says_more_is_named(void **state)
{
    struct check_position at;
    int event;

    begin(&story);
    at = story.batches[party(&story, "a")->at[0]].position;
    event = happen(&story, id_1, 7);
    answer_pull(&story, "a", "c", &at, 1, 0, &event, 1, true);
    expect(&story, "pull");
}

static void
a_wrong_verdict_is_named(void **state)
{
    begin(&story);
    answer_pull(&story, "a", "c", &story.batches[party(&story, "a")->at[0]].position, 1, 1, NULL, 0, false);
    expect(&story, "verdict");
}

/* A commit in a and a.private: numbers of both. */
static void
happen_in_both(int numbers[2])
{
    struct draft both[2];

    command(&story, "a", id_2, "do", 9);
    both[0] = draft(&story, "a", "a");
    by_command(&both[0], "done", "do", id_2, 9);
    both[1] = draft(&story, "a", "a.private");
    by_command(&both[1], "hidden", "do", id_2, 9);
    both[0].places = both[1].places = 2;
    both[1].place = 1;
    both[1].causes[0] = (struct known){ 1, bits_1, 1 };
    numbers[0] = build(&story, &both[0]);
    numbers[1] = build(&story, &both[1]);
    commit_built(&story, "a", numbers, 2);
}

static void
batches_out_of_order_are_named(void **state)
{
    struct check_position asked[2];
    int numbers[2], swapped[2];

    begin(&story);
    asked[0] = story.batches[party(&story, "a")->at[0]].position;
    asked[1] = story.batches[party(&story, "a")->at[1]].position;
    happen_in_both(numbers);
    answer_pull(&story, "a", "store", asked, 2, 0, numbers, 2, false);
    assert_null(checker_violation(story.checker));
    swapped[0] = numbers[1];
    swapped[1] = numbers[0];
    answer_pull(&story, "a", "store", asked, 2, 0, swapped, 2, false);
    expect(&story, "commit order");
}

static void
half_a_commit_in_an_answer_is_named(void **state)
{
    struct check_position asked[2];
    int numbers[2];

    begin(&story);
    asked[0] = story.batches[party(&story, "a")->at[0]].position;
    asked[1] = story.batches[party(&story, "a")->at[1]].position;
    happen_in_both(numbers);
    answer_pull(&story, "a", "store", asked, 2, 0, numbers, 1, true);
    expect(&story, "half a commit");
}

static void
half_a_commit_in_a_store_is_named(void **state)
{
    int numbers[2];

    begin(&story);
    happen_in_both(numbers);
    follow(&story, "store", numbers[0]);
    expect(&story, "half a commit");
}

static void
an_acknowledgement_of_what_is_not_held_is_named(void **state)
{
    begin(&story);
    acknowledge(&story, "store", happen(&story, id_1, 7), 0);
    expect(&story, "left before its commit");
}

static void
a_backup_that_is_not_one_is_named(void **state)
{
    int first, second;

    begin(&story);
    first = happen(&story, id_1, 7);
    follow(&story, "store", first);
    check_copied(story.checker, ++story.now_ms, party(&story, "store")->disk, 100);
    second = happen(&story, id_2, 9);
    follow(&story, "store", second);
    acknowledge(&story, "store", second, 1);
    assert_null(checker_violation(story.checker));
    acknowledge(&story, "store", second, 2);
    expect(&story, "backed up");
}

static void
a_lower_seal_is_named(void **state)
{
    begin(&story);
    grant(&story, "store", "a", 3);
    grant(&story, "store", "a", 2);
    expect(&story, "seal: store");
}

static void
recording_below_a_seal_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    grant(&story, "store", "a", 2);
    follow(&story, "store", event);
    expect(&story, "seal: store");
}

/* ---- incarnations ------------------------------------------------------- */

/* An event that the event store has acknowledged to a in its first incarnation; it is of the second one now. */
static int
acknowledged_by_another(void)
{
    int event;

    begin(&story);
    ask_seal(&story, "a", "store", 1);
    grant(&story, "store", "a", 1);
    hear(&story, "a");
    event = happen(&story, id_1, 7);
    follow(&story, "store", event);
    acknowledge(&story, "store", event, 0);
    hear(&story, "a");
    party(&story, "store")->incarnation = bits_2;
    return event;
}

static void
what_another_incarnation_acknowledged_is_not_recorded(void **state)
{
    int event = acknowledged_by_another();

    ask_seal(&story, "a", "store", 1);      /* so a has worked since */
    grant(&story, "store", "a", 1);
    hear(&story, "a");
    reply(&story, "a", id_1, 2, event);
    expect(&story, "durability: a");
}

static void
what_is_still_to_be_read_counts(void **state)
{
    int event = acknowledged_by_another();

    ask_seal(&story, "a", "store", 1);
    grant(&story, "store", "a", 1);
    acknowledge(&story, "store", event, 0);
    hear(&story, "a");
    grant(&story, "store", "a", 1);
    hear(&story, "a");
    reply(&story, "a", id_1, 2, event);
    catch_up(&story);
    expect(&story, NULL);
}

/* The event store dies and begins again with the copy from before its latest log position. */
static void
put_store_back(struct party *store)
{
    check_crashed(story.checker, ++story.now_ms, store->process);
    check_restored(story.checker, ++story.now_ms, store->disk, 100);
    store->log_position--;
    start(&story, store);
}

/* The event store gives the second log position, dies, and begins again with a copy from before. Gives what is next. */
static int
give_and_lose_a_log_position(bool is_said)
{
    struct party *store;
    int event, effect;

    begin(&story);
    store = party(&story, "store");
    store->incarnation = bits_1;
    event = happen(&story, id_1, 7);
    follow(&story, "store", event);
    check_copied(story.checker, ++story.now_ms, store->disk, 100);
    follow(&story, "b", event);
    effect = react(&story, 1, id_1);
    follow(&story, "store", happen(&story, id_2, 9));
    if (!is_said)
        check_unsaid(story.checker, ++story.now_ms, store->process);
    store->at[0] = event;
    put_store_back(store);
    return effect;
}

static void
a_log_position_given_twice_is_named(void **state)
{
    follow(&story, "store", give_and_lose_a_log_position(true));
    expect(&story, "in this incarnation");
}

static void
a_log_position_that_nobody_has_heard_of_is_given_again(void **state)
{
    follow(&story, "store", give_and_lose_a_log_position(false));
    catch_up(&story);
    expect(&story, NULL);
}

/* Once: whoever gave it to the second one has lived on. */
static void
a_log_position_given_a_third_time_is_named(void **state)
{
    struct party *store;
    int effect = give_and_lose_a_log_position(false), first = story.batch_count - 1;

    store = party(&story, "store");
    follow(&story, "store", effect);
    store->at[story.batches[effect].draft.stream] = NO_BATCH;
    put_store_back(store);
    follow(&story, "store", first);
    expect(&story, "in this incarnation");
}

static int
happens_while_the_store_is_away(void)
{
    struct party *store;

    begin(&story);
    store = party(&story, "store");
    check_crashed(story.checker, ++story.now_ms, store->process);
    store->incarnation = bits_2;
    start(&story, store);
    return happen(&story, id_1, 7);
}

static void
recording_from_pub_before_the_head_is_named(void **state)
{
    follow(&story, "store", happens_while_the_store_is_away());
    expect(&story, "from PUB: store");
}

static void
recording_from_pub_behind_an_answer_passes(void **state)
{
    int event = happens_while_the_store_is_away();
    struct check_position head = story.batches[event].position;

    answer_pull(&story, "a", "store", &head, 1, 0, NULL, 0, false);
    follow(&story, "store", event);
    catch_up(&story);
    expect(&story, NULL);
}

/* ---- following ---------------------------------------------------------- */

/* c has followed b only; what b writes next stands on an event of a, but b has said so before. */
static int
stand_on_what_was_said_before(int *first_out)
{
    struct draft next;
    int event;

    begin_with(&story, CHECK_TRIM_RECORDED, 1);
    *first_out = happen(&story, id_1, 7);
    follow(&story, "b", *first_out);
    event = react(&story, 1, id_1);
    follow(&story, "c", event);
    next = draft(&story, "b", "b");
    by_event(&story, &next, "rung", "b", 1, id_1, 7)->kind = 2;
    next.events[0].depth = 2;
    event = commit(&story, "b", &next);
    check_follows(story.checker, ++story.now_ms, "c", "a");
    party(&story, "c")->follows[0] = true;
    return event;
}

static void
a_stream_that_is_joined_without_its_past_is_named(void **state)
{
    int first, event = stand_on_what_was_said_before(&first);

    follow(&story, "c", event);
    expect(&story, "joined that stream");
}

static void
a_stream_that_is_joined_with_its_past_passes(void **state)
{
    int first, event = stand_on_what_was_said_before(&first);

    follow(&story, "c", first);
    follow(&story, "c", event);
    catch_up(&story);
    expect(&story, NULL);
}

static void
filling_anew_what_is_not_void_is_named(void **state)
{
    const struct check_position zero = { .stream = "a" };

    begin(&story);
    follow(&story, "c", happen(&story, id_1, 7));
    pull(&story, "c", "a", &zero);
    expect(&story, "filled anew: c");
}

static void
filling_anew_what_is_void_passes(void **state)
{
    const struct check_position zero = { .stream = "a" };
    struct check_position lost;

    restore_a(lose_second_event(false, false));
    lost = story.batches[party(&story, "c")->at[0]].position;
    grant(&story, "store", "a", 2);
    open_epoch(&story, "a", 2, bits_2);
    story.common = (struct known){ 1, bits_1, 1 };
    answer_pull(&story, "a", "c", &lost, 1, 2, NULL, 0, false);
    pull(&story, "c", "a", &zero);
    catch_up(&story);
    expect(&story, NULL);
}

static void
an_effect_before_its_cause_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    follow(&story, "b", event);
    follow(&story, "c", react(&story, 1, id_1));
    expect(&story, "effect before cause");
}

static void
what_was_applied_at_the_bound_passes(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    follow(&story, "b", event);
    party(&story, "c")->bound_count = 1;
    follow(&story, "c", react(&story, 1, id_1));
    catch_up(&story);
    expect(&story, NULL);
}

static void
a_cursor_where_nothing_is_followed_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    follow(&story, "b", event);
    follow(&story, "a", react(&story, 1, id_1));
    expect(&story, "following");
}

static void
a_log_position_before_its_cause_is_named(void **state)
{
    begin(&story);
    follow(&story, "b", happen(&story, id_1, 7));
    follow(&story, "store", react(&story, 1, id_1));
    expect(&story, "effect before cause: store");
}

static void
a_log_position_for_what_is_not_recorded_is_named(void **state)
{
    struct check_logged logged = { .log_position = 99 };
    struct check_commit nothing = { .logged = &logged, .logged_count = 1 };

    begin(&story);
    memcpy(logged.hash, story.batches[happen(&story, id_1, 7)].position.hash, sizeof logged.hash);
    check_committed(story.checker, ++story.now_ms, party(&story, "store")->process, &nothing);
    expect(&story, "log position");
}

static void
a_cursor_that_goes_back_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    follow(&story, "c", event);
    follow(&story, "c", story.batches[event].draft.parent);
    expect(&story, "fork unannounced");
}

static void
two_seen_histories_of_one_epoch_are_named(void **state)
{
    struct draft next;
    int first;

    begin(&story);
    first = happen(&story, id_1, 7);
    check_copied(story.checker, ++story.now_ms, party(&story, "a")->disk, 100);
    follow(&story, "c", happen(&story, id_2, 9));
    check_crashed(story.checker, ++story.now_ms, party(&story, "a")->process);
    check_restored(story.checker, ++story.now_ms, party(&story, "a")->disk, 100);
    set_back(&story, "a", first);
    party(&story, "a")->commit = story.batches[first].draft.commit;
    command(&story, "a", id_2, "undo", 9);
    next = draft(&story, "a", "a");
    by_command(&next, "undone", "undo", id_2, 9);
    publish(&story, "a", commit(&story, "a", &next));
    expect(&story, "fork unannounced");
}

static void
views_that_differ_are_named(void **state)
{
    uint8_t digest[CHECK_HASH_BYTES] = { 1 };
    struct check_position at;

    begin(&story);
    at = story.batches[happen(&story, id_1, 7)].position;
    check_view(story.checker, ++story.now_ms, party(&story, "c")->process, "rows", &at, 1, digest);
    check_view(story.checker, ++story.now_ms, party(&story, "c")->process, "rows", &at, 1, digest);
    check_view(story.checker, ++story.now_ms, party(&story, "b")->process, "rows", &at, 1, zeros);
    assert_null(checker_violation(story.checker));
    check_view(story.checker, ++story.now_ms, party(&story, "c")->process, "rows", &at, 1, zeros);
    expect(&story, "equal digests");
}

/* ---- vectors ------------------------------------------------------------ */

/* b has applied event 1 of a; its draft says so. */
static struct draft
draft_of_b(void)
{
    struct draft next;

    begin(&story);
    follow(&story, "b", happen(&story, id_1, 7));
    next = draft(&story, "b", "b");
    by_event(&story, &next, "noted", "a", 1, id_1, 7);
    return next;
}

static void
a_cause_left_out_is_named(void **state)
{
    struct draft next = draft_of_b();

    command(&story, "b", id_1, "do", 7);
    next.event_count = 0;
    by_command(&next, "done", "do", id_1, 7);
    next.causes[0] = (struct known){ 0 };
    commit(&story, "b", &next);
    expect(&story, "vector: b 1.1");
}

static void
a_reaction_beyond_its_vector_is_named(void **state)
{
    struct draft next;

    /* The vector may leave out what this very commit has passed, but not what it reacts to. */
    begin(&story);
    pass(&story, "b", happen(&story, id_1, 7));
    next = draft(&story, "b", "b");
    by_event(&story, &next, "noted", "a", 1, id_1, 7);
    next.causes[0] = next.causes[1] = (struct known){ 0 };
    commit(&story, "b", &next);
    expect(&story, "which its batch does not know");
}

static void
a_cause_that_nobody_knew_is_named(void **state)
{
    struct draft next = draft_of_b();

    happen(&story, id_2, 9);
    next.causes[0].number = 2;
    commit(&story, "b", &next);
    expect(&story, "which its writer did not know");
}

static void
a_cause_that_is_no_news_is_named(void **state)
{
    struct draft next = draft_of_b();

    commit(&story, "b", &next);
    command(&story, "b", id_1, "do", 7);
    next = draft(&story, "b", "b");
    by_command(&next, "done", "do", id_1, 7);
    next.causes[0] = (struct known){ 1, bits_1, 1 };
    commit(&story, "b", &next);
    expect(&story, "has already said");
}

/* ---- events ------------------------------------------------------------- */

static void
a_wrong_depth_is_named(void **state)
{
    struct draft next = draft_of_b();

    next.events[0].depth = 2;
    commit(&story, "b", &next);
    expect(&story, "depth");
}

static void
a_wrong_correlation_is_named(void **state)
{
    struct draft next = draft_of_b();

    next.events[0].correlation = id_2;
    commit(&story, "b", &next);
    expect(&story, "correlation");
}

static void
a_cause_that_never_was_is_named(void **state)
{
    struct draft next = draft_of_b();

    next.events[0].cause.number = 2;
    commit(&story, "b", &next);
    expect(&story, "cause");
}

static void
the_loss_of_what_is_there_is_named(void **state)
{
    struct draft next = draft_of_b();

    next.events[0].kind = 4;
    commit(&story, "b", &next);
    expect(&story, "which is not lost");
}

static void
a_reaction_done_twice_is_named(void **state)
{
    struct draft next = draft_of_b();

    commit(&story, "b", &next);
    next = draft(&story, "b", "b");
    by_event(&story, &next, "noted", "a", 1, id_1, 7);
    commit(&story, "b", &next);
    expect(&story, "applied twice");
}

static void
a_command_done_twice_is_named(void **state)
{
    struct draft next;

    begin(&story);
    happen(&story, id_1, 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    commit(&story, "a", &next);
    expect(&story, "applied twice");
}

static void
a_command_that_nobody_sent_is_named(void **state)
{
    struct draft next;

    begin(&story);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    commit(&story, "a", &next);
    expect(&story, "cause");
}

static void
another_command_hash_is_named(void **state)
{
    struct draft next;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 8);
    commit(&story, "a", &next);
    expect(&story, "command hash");
}

/* ---- replies ------------------------------------------------------------ */

static void
an_ok_before_its_commit_is_named(void **state)
{
    struct draft next;
    int number;

    begin(&story);
    command(&story, "a", id_1, "do", 7);
    next = draft(&story, "a", "a");
    by_command(&next, "done", "do", id_1, 7);
    number = build(&story, &next);
    reply(&story, "a", id_1, 1, number);
    expect(&story, "acknowledged");
}

static void
an_ok_with_another_number_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    story.batches[event].draft.first = 2;
    reply(&story, "a", id_1, 1, event);
    expect(&story, "acknowledged");
}

static void
recorded_that_is_not_is_named(void **state)
{
    begin(&story);
    reply(&story, "a", id_1, 2, happen(&story, id_1, 7));
    expect(&story, "durability");
}

static void
a_reply_to_nobody_is_named(void **state)
{
    begin(&story);
    reply_bare(&story, "a", id_1, 1, NULL, (struct known){ 0 });
    expect(&story, "form");
}

static void
a_key_that_was_not_used_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    reply_bare(&story, "a", id_1, 4, NULL, (struct known){ 0 });
    expect(&story, "one effect");
}

/* The id of a command that was answered comes again with another command. */
static int
use_a_key_again(void)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    command(&story, "a", id_1, "do", 9);
    hear_asked(&story, "a", 0);
    reply_unheard(&story, "a", id_1, 1, event);
    hear_asked(&story, "a", 1);
    return event;
}

static void
an_answer_to_another_command_is_named(void **state)
{
    int event = use_a_key_again();

    assert_null(checker_violation(story.checker));
    reply_unheard(&story, "a", id_1, 1, event);
    expect(&story, "one effect");
}

static void
an_answer_to_another_command_is_named_behind_one_that_came_late(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    command(&story, "a", id_1, "do", 9);
    hear_asked(&story, "a", 0);
    reply_bare(&story, "a", id_1, 2, NULL, (struct known){ 0 });    /* pending */
    hear_asked(&story, "a", 1);
    reply_unheard(&story, "a", id_1, 1, event);
    expect(&story, "one effect");
}

static void
a_key_that_was_used_and_the_first_command_again_pass(void **state)
{
    int event = use_a_key_again();

    reply_bare(&story, "a", id_1, 4, NULL, (struct known){ 0 });
    hear_asked(&story, "a", 0);
    reply_unheard(&story, "a", id_1, 1, event);
    catch_up(&story);
    expect(&story, NULL);
}

/* Both wait, and are answered in another order than they came. */
static void
two_commands_of_one_id_at_once_pass(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    command(&story, "a", id_1, "do", 9);
    hear_asked(&story, "a", 0);
    hear_asked(&story, "a", 1);
    reply_bare(&story, "a", id_1, 4, NULL, (struct known){ 0 });
    reply_unheard(&story, "a", id_1, 1, event);
    catch_up(&story);
    expect(&story, NULL);
}

static void
an_answer_before_what_was_seen_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    ask(&story, "c", id_2, true, "get", "a", (struct known){ 1, bits_1, 1 }, 9);
    reply_bare(&story, "c", id_2, 0, "a", (struct known){ 1, bits_1, 0 });
    expect(&story, "read your writes");
}

static void
an_answer_ahead_of_the_store_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    ask(&story, "c", id_2, true, "get", "a", (struct known){ 1, bits_1, 1 }, 9);
    reply_bare(&story, "c", id_2, 0, "a", (struct known){ 1, bits_1, 1 });
    expect(&story, "left before its commit");
}

static void
a_decision_before_what_was_seen_is_named(void **state)
{
    struct draft next;

    begin(&story);
    happen(&story, id_1, 7);
    ask(&story, "b", id_2, false, "do", "a", (struct known){ 1, bits_1, 1 }, 9);
    next = draft(&story, "b", "b");
    by_command(&next, "done", "do", id_2, 9);
    commit(&story, "b", &next);
    expect(&story, "read your writes: b");
}

static void
lost_that_is_not_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    ask(&story, "c", id_2, true, "get", "a", (struct known){ 1, bits_1, 1 }, 9);
    reply_bare(&story, "c", id_2, 5, NULL, (struct known){ 0 });
    expect(&story, "read your writes");
}

/* ---- loss --------------------------------------------------------------- */

static void
the_loss_of_what_is_recorded_is_named(void **state)
{
    struct check_position lost;
    struct party *a = party(&story, "a");
    int numbers[2];

    restore_a(lose_second_event(true, false));
    lost = story.batches[party(&story, "store")->at[0]].position;
    grant(&story, "store", "a", 2);
    numbers[0] = open_epoch(&story, "a", 2, bits_2);
    numbers[1] = a->at[1];
    story.common = (struct known){ 1, bits_1, 1 };
    answer_pull(&story, "a", "store", &lost, 1, 2, NULL, 0, false);
    follow_all(&story, "store", numbers, 2);
    catch_up(&story);
    expect(&story, "lost: a 1.2");
}

/* The same, but nobody has told the event store that what it holds is void. */
static void
a_store_that_goes_back_by_itself_is_named(void **state)
{
    restore_a(lose_second_event(true, false));
    go_on_in_epoch_2();
    expect(&story, "set aside: store");
}

static void
lose_disk(const char *name)
{
    check_crashed(story.checker, ++story.now_ms, party(&story, name)->process);
    check_wiped(story.checker, ++story.now_ms, party(&story, name)->disk);
    set_back(&story, name, NO_BATCH);
}

static void
what_every_disk_has_lost_may_be_lost(void **state)
{
    int first = lose_second_event(true, false);

    lose_disk("store");
    restore_a(first);
    go_on_in_epoch_2();
    expect(&story, NULL);
}

/* Everybody has known epoch 2, the event store has recorded it; only c knows it still when a begins with 1 again. */
static void
begin_anew_beside_c(void)
{
    begin(&story);
    grant(&story, "store", "a", 2);
    open_epoch(&story, "a", 2, bits_2);
    catch_up(&story);
    lose_disk("a");
    lose_disk("b");
    lose_disk("store");
    grant(&story, "store", "a", 1);
    grant(&story, "store", "b", 1);
    open_epoch(&story, "a", 1, bits_2b);
    open_epoch(&story, "b", 1, bits_2b);
}

/* Epoch 2 is in no memory any more, since c's disk went before c could tell a. */
static void
what_nobody_remembers_may_be_lost(void **state)
{
    begin_anew_beside_c();
    lose_disk("c");
    catch_up(&story);
    expect(&story, NULL);
}

/* c goes over to epoch 1 by itself, with a disk on which nothing was wrong. */
static void
what_somebody_remembers_may_not_be_lost(void **state)
{
    begin_anew_beside_c();
    check_crashed(story.checker, ++story.now_ms, party(&story, "c")->process);
    check_set_aside(story.checker, ++story.now_ms, party(&story, "c")->disk);
    set_back(&story, "c", NO_BATCH);
    catch_up(&story);
    expect(&story, "recorded, is gone, and no epoch says so");
}

/* The origin fills its store from the event store, which had less, though nothing was wrong with its own. */
static void
the_loss_of_a_dropped_event_is_named(void **state)
{
    int first = lose_second_event(false, false), numbers[2];

    numbers[0] = first;
    numbers[1] = party(&story, "store")->at[1];
    check_crashed(story.checker, ++story.now_ms, party(&story, "a")->process);
    check_set_aside(story.checker, ++story.now_ms, party(&story, "a")->disk);
    set_back(&story, "a", NO_BATCH);
    follow_all(&story, "a", numbers, 2);
    go_on_in_epoch_2();
    expect(&story, "lost: a 1.2");
}

/* Two old copies of the origin's store are put back, the newer one last: it is void by then, and is set aside. */
static void
what_was_lost_before_may_be_dropped_when_it_comes_back(void **state)
{
    int first = lose_second_event(false, false), numbers[2], records[2];
    struct party *a = party(&story, "a");

    numbers[0] = first;
    numbers[1] = party(&story, "store")->at[1];
    check_copied(story.checker, ++story.now_ms, a->disk, 101);
    restore_a(first);
    go_on_in_epoch_2();
    records[0] = a->at[0];
    records[1] = a->at[1];
    check_crashed(story.checker, ++story.now_ms, a->process);
    check_restored(story.checker, ++story.now_ms, a->disk, 101);
    check_set_aside(story.checker, ++story.now_ms, a->disk);
    set_back(&story, "a", NO_BATCH);
    follow_all(&story, "a", numbers, 2);
    follow_all(&story, "a", records, 2);
    catch_up(&story);
    expect(&story, NULL);
}

static void
trimming_what_is_not_recorded_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    check_trimmed(story.checker, ++story.now_ms, party(&story, "a")->process, "a", 2);
    expect(&story, "trimming");
}

/* Two events that the event store has, and a backup of it behind each; the service knows which incarnation it is. */
static int
back_up_twice(struct story *told)
{
    int event;

    begin_with(told, CHECK_TRIM_BACKED_UP, 0);
    ask_seal(told, "a", "store", 1);
    grant(told, "store", "a", 1);
    hear(told, "a");
    follow(told, "store", happen(told, id_1, 7));
    check_copied(told->checker, ++told->now_ms, party(told, "store")->disk, 100);
    event = happen(told, id_2, 9);
    follow(told, "store", event);
    check_copied(told->checker, ++told->now_ms, party(told, "store")->disk, 101);
    return event;
}

static void
say_backed_up(struct story *told, int number, uint64_t backed_up)
{
    acknowledge(told, "store", number, backed_up);
    hear(told, "a");
}

static void
trim(struct story *told, uint64_t first_held)
{
    check_trimmed(told->checker, ++told->now_ms, party(told, "a")->process, "a", first_held);
}

static void
trimming_what_is_not_backed_up_is_named(void **state)
{
    int event = back_up_twice(&story);

    say_backed_up(&story, event, 1);
    trim(&story, 2);
    assert_null(checker_violation(story.checker));
    trim(&story, 3);
    expect(&story, "trimming");
}

static void
trimming_what_the_backups_that_count_hold_passes(void **state)
{
    int event = back_up_twice(&story);

    check_copy_dropped(story.checker, ++story.now_ms, 100);
    say_backed_up(&story, event, 2);
    trim(&story, 3);
    catch_up(&story);
    expect(&story, NULL);
}

/* Every backup holds it, and the service cannot know that. */
static void
trimming_what_nobody_called_backed_up_is_named(void **state)
{
    back_up_twice(&story);
    trim(&story, 2);
    expect(&story, "said last that their backups hold 0");
}

static void
trimming_by_an_earlier_word_is_named(void **state)
{
    int event = back_up_twice(&story);

    say_backed_up(&story, event, 1);
    check_copy_dropped(story.checker, ++story.now_ms, 100);
    check_copy_dropped(story.checker, ++story.now_ms, 101);
    say_backed_up(&story, event, 0);
    trim(&story, 2);
    expect(&story, "said last that their backups hold 0");
}

/* The same, but that it says so comes too late. */
static void
trimming_by_the_last_word_that_came_passes(void **state)
{
    int event = back_up_twice(&story);

    say_backed_up(&story, event, 1);
    check_copy_dropped(story.checker, ++story.now_ms, 100);
    check_copy_dropped(story.checker, ++story.now_ms, 101);
    acknowledge(&story, "store", event, 0);
    trim(&story, 2);
    catch_up(&story);
    expect(&story, NULL);
}

static void
a_mark_that_no_backup_bears_out_is_named(void **state)
{
    int event = back_up_twice(&story);

    check_copy_dropped(story.checker, ++story.now_ms, 100);
    check_copy_dropped(story.checker, ++story.now_ms, 101);
    acknowledge(&story, "store", event, 1);
    expect(&story, "backed up");
}

/* ---- heads -------------------------------------------------------------- */

#define TELLS_MS 100

static void
tell_heads(void)
{
    struct check_position heads[2];

    heads[0] = position_of(&story, 0, party(&story, "a")->at[0]);
    heads[1] = position_of(&story, 1, party(&story, "a")->at[1]);
    publish_heads(&story, "a", "a", heads, 2);
}

static void
begin_telling(void)
{
    static const uint8_t fingerprint[8] = "a shop";

    begin_as(&story, CHECK_TRIM_RECORDED, 0, TELLS_MS, fingerprint);
    story.fingerprint = fingerprint;
    tell_heads();
}

static void
heads_that_are_not_told_again_are_named(void **state)
{
    begin_telling();
    story.now_ms += 2 * TELLS_MS;
    happen(&story, id_1, 7);
    assert_null(checker_violation(story.checker));
    happen(&story, id_2, 9);
    expect(&story, "heads: a");
}

static void
heads_that_are_not_told_at_the_end_are_named(void **state)
{
    begin_telling();
    happen(&story, id_1, 7);
    catch_up(&story);
    story.now_ms += 2 * TELLS_MS;
    expect(&story, "at the end");
}

static void
heads_that_are_told_with_a_commit_pass(void **state)
{
    begin_telling();
    story.now_ms += 2 * TELLS_MS;
    happen(&story, id_1, 7);
    tell_heads();
    happen(&story, id_2, 9);
    story.now_ms += TELLS_MS;
    tell_heads();
    catch_up(&story);
    story.now_ms += TELLS_MS;
    expect(&story, NULL);
}

/* A process that has just started had nobody to tell them. */
static void
heads_of_who_was_away_pass(void **state)
{
    begin_telling();
    check_crashed(story.checker, ++story.now_ms, party(&story, "a")->process);
    story.now_ms += 9 * TELLS_MS;
    start(&story, party(&story, "a"));
    happen(&story, id_1, 7);
    happen(&story, id_2, 9);
    tell_heads();
    catch_up(&story);
    expect(&story, NULL);
}

static void
heads_of_another_topology_are_named(void **state)
{
    begin_telling();
    story.fingerprint = NULL;
    tell_heads();
    expect(&story, "fingerprint: a");
}

/* ---- fences ------------------------------------------------------------- */

static void
who_goes_on_when_told_to_stop_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    fence(&story, "store", "a", 2);
    hear(&story, "a");
    assert_null(checker_violation(story.checker));
    happen(&story, id_2, 9);
    expect(&story, "fence: a");
}

static void
who_goes_on_when_refused_its_seal_is_named(void **state)
{
    begin(&story);
    happen(&story, id_1, 7);
    answer_seal(&story, "store", "a", false, 2);
    hear(&story, "a");
    happen(&story, id_2, 9);
    expect(&story, "fence: a");
}

/* The word is lost; another one is about the epoch that there is; and then it goes through a start once more. */
static void
who_was_told_to_stop_and_began_anew_passes(void **state)
{
    begin(&story);
    fence(&story, "store", "a", 2);
    fence(&story, "store", "a", 1);
    hear(&story, "a");
    happen(&story, id_1, 7);
    fence(&story, "store", "a", 2);
    hear(&story, "a");
    grant(&story, "store", "a", 3);
    open_epoch(&story, "a", 3, bits_2);
    happen(&story, id_2, 9);
    catch_up(&story);
    expect(&story, NULL);
}

/* ---- the end ------------------------------------------------------------ */

static void
two_instances_at_the_end_are_named(void **state)
{
    struct party *clone;

    begin(&story);
    clone = add_party(&story, "a", false);
    start(&story, clone);
    check_end_service(story.checker, story.parties[0].process, true);
    check_end_service(story.checker, clone->process, true);
    story.is_ended = true;
    expect(&story, "one instance");
}

static void
a_follower_left_behind_is_named(void **state)
{
    begin(&story);
    follow(&story, "store", happen(&story, id_1, 7));
    expect(&story, "caught up: b");
}

static void
a_service_that_takes_no_commands_is_named(void **state)
{
    begin(&story);
    check_end_service(story.checker, party(&story, "a")->process, false);
    party(&story, "a")->name = "a";
    story.parties[0].process = 0;
    expect(&story, "takes no commands");
}

static void
a_cursor_moved_outside_a_commit_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    catch_up(&story);
    party(&story, "c")->at[0] = story.batches[event].draft.parent;
    expect(&story, "one transaction");
}

static void
a_hole_in_a_store_is_named(void **state)
{
    int event;

    begin(&story);
    event = happen(&story, id_1, 7);
    catch_up(&story);
    check_end_event_store(story.checker, party(&story, "store")->process);
    check_end_batch(story.checker, party(&story, "store")->process, written(&story.batches[event].pen));
    expect(&story, "hole");
}

static void
what_no_log_holds_is_named(void **state)
{
    int i;

    begin(&story);
    happen(&story, id_1, 7);
    catch_up(&story);
    for (i = 0; i < 4; i++) {
        if (story.parties[i].is_store)
            check_end_event_store(story.checker, story.parties[i].process);
        else
            check_end_service(story.checker, story.parties[i].process, true);
        story.parties[i].process = 0;
    }
    expect(&story, "hole: a 1.1");
}

/*
 * The store forgets its seal, so a opens epoch 2 twice. b has written on the
 * first one before its store was lost; it, too, only knows the second one now.
 */
static int
lose_epoch_2(void)
{
    struct draft next;
    int first, private, number;

    begin(&story);
    first = happen(&story, id_1, 7);
    catch_up(&story);
    private = party(&story, "a")->at[1];
    check_copied(story.checker, ++story.now_ms, party(&story, "a")->disk, 100);
    grant(&story, "store", "a", 2);
    follow(&story, "b", open_epoch(&story, "a", 2, bits_2));
    command(&story, "b", id_1, "do", 7);
    next = draft(&story, "b", "b");
    by_command(&next, "done", "do", id_1, 7);
    number = commit(&story, "b", &next);
    party(&story, "a")->at[1] = private;
    restore_a(first);
    open_epoch(&story, "a", 2, bits_2b);
    follow_all(&story, "store", party(&story, "a")->at, 2);
    return number;
}

static void
a_move_between_epochs_of_one_counter_is_named(void **state)
{
    lose_epoch_2();
    follow(&story, "b", party(&story, "a")->at[0]);
    expect(&story, "fork unannounced: b");
}

static void
a_cause_that_nothing_voids_is_named(void **state)
{
    int numbers[2];

    numbers[1] = lose_epoch_2();
    numbers[0] = party(&story, "a")->at[0];
    check_crashed(story.checker, ++story.now_ms, party(&story, "b")->process);
    check_wiped(story.checker, ++story.now_ms, party(&story, "b")->disk);
    set_back(&story, "b", NO_BATCH);
    party(&story, "b")->bound_count = party(&story, "c")->bound_count = 1;
    follow_all(&story, "b", numbers, 2);
    follow_all(&story, "c", numbers, 2);
    party(&story, "store")->is_store = false;   /* for once without a log position, which it can't get */
    follow(&story, "store", numbers[1]);
    party(&story, "store")->is_store = true;
    expect(&story, "cause kept");
}

/* ---- the simulated application ------------------------------------------ */

static const uint8_t *
request_id(uint64_t number)
{
    static uint8_t hash[32];
    struct pen pen = { .size_bytes = 0 };

    put_raw(&pen, "orders", sizeof "orders");
    put_number(&pen, 1, 4);
    put_raw(&pen, bits_1, sizeof bits_1);
    put_number(&pen, number, 8);
    put_number(&pen, 0, 4);
    crypto_generichash(hash, sizeof hash, pen.bytes, pen.size_bytes, NULL, 0);
    return hash;
}

static void
begin_shop(void)
{
    static const struct check_stream orders[] = { { "orders", false }, { "orders.private", true } };
    static const struct check_stream payments[] = { { "payments", false } }, stock[] = { { "stock", false } };
    static const char *const all[] = { "orders", "payments", "stock" };
    const struct check_service services[] = {
        { .name = "orders", .application = "orders", .streams = orders, .stream_count = 2, .follows = all + 1,
            .follow_count = 2, .recorded_by = 1 },
        { .name = "payments", .application = "payments", .streams = payments, .stream_count = 1, .follows = all,
            .follow_count = 1, .recorded_by = 1 },
        { .name = "stock", .application = "stock", .streams = stock, .stream_count = 1, .follows = all,
            .follow_count = 1, .recorded_by = 1 },
    };
    size_t i;

    story = (struct story){
        .checker = checker_open(), .streams = { "orders", "orders.private", "payments", "stock" },
        .owners = { 0, 0, 1, 2 }, .stream_count = 4,
    };
    for (i = 0; i < 3; i++) {
        struct party *added = add_party(&story, services[i].name, false);

        check_service(story.checker, &services[i]);
        added->follows[0] = i > 0;
        added->follows[2] = added->follows[3] = i == 0;
    }
    check_event_store(story.checker, "store");
    add_party(&story, "store", true);
    for (i = 0; i < 4; i++)
        start(&story, &story.parties[i]);
    for (i = 0; i < 3; i++) {
        grant(&story, "store", services[i].name, 1);
        open_epoch(&story, services[i].name, 1, bits_1);
    }
    catch_up(&story);
}

/* One event of a party, with all its fields, that a draft has prepared the cause of. */
static struct event_draft *
say(struct draft *batch, const char *writer, const char *stream, const char *type, size_t count, const uint64_t *fields)
{
    *batch = draft(&story, writer, stream);
    return add_event(batch, type, count, fields);
}

static void
because(struct event_draft *event, unsigned kind, const char *stream, uint64_t number, uint32_t depth)
{
    event->kind = kind;
    event->stream = find_stream(&story, stream);
    event->cause = (struct known){ 1, bits_1, number };
    event->correlation = id_1;
    event->depth = depth;
}

static struct event_draft *
because_of(struct event_draft *event, const char *caller, const char *command_name, const uint8_t *id,
    size_t asked_count, const uint64_t *asked)
{
    event->caller = caller;
    event->command = command_name;
    event->id = id;
    event->asked_count = asked_count;
    memcpy(event->asked, asked, asked_count * sizeof *asked);
    return event;
}

/* Order 8, two units of sku 1, is placed, and stock reserves them. Returns that; orders has not heard of it. */
static int
order(void)
{
    static const uint64_t place[] = { 8, 1, 2, 500, 0 }, received[] = { 1, 5 }, addressed[] = { 8, 8001 };
    static const uint64_t hold[] = { 8, 1, 2 };
    struct draft next, both[2];
    struct pen pen = { .size_bytes = 0 };
    int numbers[2];

    begin_shop();
    put_request(&pen, id_2, false, "stock.receive", "page", NULL, NULL, (struct known){ 0 }, received, 2);
    check_asked(story.checker, ++story.now_ms, "stock", written(&pen));
    because_of(say(&next, "stock", "stock", "stock.received", 2, received), "page", "stock.receive", id_2, 2, received);
    commit(&story, "stock", &next);
    catch_up(&story);

    pen.size_bytes = 0;
    put_request(&pen, id_1, false, "order.place", "page", NULL, NULL, (struct known){ 0 }, place, 5);
    check_asked(story.checker, ++story.now_ms, "orders", written(&pen));
    because_of(say(&both[0], "orders", "orders", "order.placed", 4, place), "page", "order.place", id_1, 5, place);
    because_of(say(&both[1], "orders", "orders.private", "order.addressed", 2, addressed), "page", "order.place", id_1,
        5, place);
    both[0].places = both[1].places = 2;
    both[1].place = 1;
    both[1].causes[0] = (struct known){ 1, bits_1, 1 };
    numbers[0] = build(&story, &both[0]);
    numbers[1] = build(&story, &both[1]);
    commit_built(&story, "orders", numbers, 2);

    pass(&story, "stock", numbers[0]);
    because(say(&next, "stock", "stock", "stock.reserved", 3, hold), 1, "orders", 1, 1);
    return commit(&story, "stock", &next);
}

/* The order is reserved, for that price. */
static void
reserve(uint64_t price)
{
    struct draft next;

    because(say(&next, "orders", "orders", "order.reserved", 2, (const uint64_t[]){ 8, price }), 1, "stock", 2, 2);
    commit(&story, "orders", &next);
}

static void
ask_for_charge(uint64_t number, uint64_t price)
{
    struct pen pen = { .size_bytes = 0 };

    put_request(&pen, request_id(number), false, "payments.charge", "orders", id_1, NULL, (struct known){ 0 },
        (const uint64_t[]){ 8, price }, 2);
    send_pen(&story, "orders", "payments", &pen);
}

/* The reserved order is charged and paid. Returns the last; stock has not heard of it. */
static int
charge(void)
{
    static const uint64_t charged[] = { 8, 500 }, paid[] = { 8 };
    struct draft next;

    ask_for_charge(2, 500);
    because_of(say(&next, "payments", "payments", "payment.charged", 2, charged), "orders", "payments.charge",
        request_id(2), 2, charged)->correlation = id_1;
    commit(&story, "payments", &next);
    because(say(&next, "orders", "orders", "order.paid", 1, paid), 3, "orders", 2, 3);
    return commit(&story, "orders", &next);
}

static int
sell(void)
{
    pass(&story, "orders", order());
    reserve(500);
    return charge();
}

static void
ship(int paid)
{
    static const uint64_t hold[] = { 8, 1, 2 };
    struct draft next;

    pass(&story, "stock", paid);
    because(say(&next, "stock", "stock", "stock.shipped", 3, hold), 1, "orders", 3, 4);
    commit(&story, "stock", &next);
    catch_up(&story);
}

/* The end, with all rows as they have to be; field 0 of row `wrong` is one more. */
static void
end_shop(const char *wrong)
{
    static const struct {
        const char *node, *table, *key;
        uint64_t fields[8];
        size_t count;
    } rows[] = {
        { "orders", "orders", "8", { 3, 1, 2, 500, 0, 0, 0, 3 }, 8 },
        { "orders", "addresses", "8", { 8001, 0, 1 }, 3 },
        { "stock", "levels", "1", { 3, 0, 2, 3 }, 4 },
        { "stock", "holds", "8", { 1, 2, 3, 0, 2 }, 5 },
        { "stock", "wanted", "8", { 3, 3 }, 2 },
        { "payments", "charges", "8", { 500, 1, 0, 1 }, 4 },
        { "payments", "dues", "8", { 3, 3 }, 2 },
    };
    size_t i;

    end_story(&story);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pen pen = { .size_bytes = 0 };
        uint64_t fields[8];

        memcpy(fields, rows[i].fields, sizeof fields);
        fields[0] += wrong != NULL && strcmp(wrong, rows[i].table) == 0;
        pack_fields(&pen, fields, rows[i].count);
        check_end_row(story.checker, party(&story, rows[i].node)->process, rows[i].table,
            (struct check_bytes){ rows[i].key, strlen(rows[i].key) }, written(&pen));
    }
}

static struct check_event
event_of_orders(uint64_t number)
{
    struct check_event event = { .stream = "orders", .epoch_counter = 1, .number = number };

    memcpy(event.epoch_bits, bits_1, sizeof event.epoch_bits);
    return event;
}

static void
a_sale_passes(void **state)
{
    ship(sell());
    end_shop(NULL);
    expect(&story, NULL);
}

static void
a_wrong_row_is_named(void **state)
{
    ship(sell());
    end_shop("levels");
    expect(&story, "tables: row 1 in levels");
}

static void
a_row_left_out_is_named(void **state)
{
    ship(sell());
    end_story(&story);
    expect(&story, "tables");
}

static void
a_missing_reaction_is_named(void **state)
{
    int paid = sell();

    follow(&story, "stock", paid);
    catch_up(&story);
    end_story(&story);
    expect(&story, "reaction missing: stock has none to order.paid");
}

static void
a_parked_event_needs_no_reaction(void **state)
{
    struct check_event paid = event_of_orders(3);

    follow(&story, "stock", sell());
    catch_up(&story);
    end_story(&story);
    check_end_parked(story.checker, party(&story, "stock")->process, &paid);
    expect(&story, "tables");           /* and of the rows only those of what has not parked anything are asked for */
}

static void
a_parked_event_that_nobody_wrote_is_named(void **state)
{
    struct check_event never = event_of_orders(99);

    ship(sell());
    end_story(&story);
    check_end_parked(story.checker, party(&story, "stock")->process, &never);
    expect(&story, "parked: stock");
}

static void
a_request_that_still_waits_is_named(void **state)
{
    struct check_event reserved = event_of_orders(2);

    ship(sell());
    end_shop(NULL);
    check_end_request(story.checker, party(&story, "orders")->process, &reserved, 0);
    expect(&story, "caught up: the request");
}

static void
a_timer_of_a_closed_order_is_named(void **state)
{
    struct check_event placed = event_of_orders(1);

    ship(sell());
    end_shop(NULL);
    check_end_timer(story.checker, party(&story, "orders")->process, &placed, 0, 9000);
    expect(&story, "timers");
}

static void
a_request_that_no_event_made_is_named(void **state)
{
    sell();
    ask_for_charge(1, 500);
    expect(&story, "request: orders");
}

/* The disk of orders, which has reserved for 400, goes back to before that; nothing of it had left. */
static void
forget_reserving(void)
{
    struct party *orders;
    int placed;

    follow(&story, "orders", order());
    orders = party(&story, "orders");
    placed = orders->at[0];
    check_copied(story.checker, ++story.now_ms, orders->disk, 100);
    reserve(400);
    check_crashed(story.checker, ++story.now_ms, orders->process);
    check_restored(story.checker, ++story.now_ms, orders->disk, 100);
    set_back(&story, "orders", placed);
}

static void
a_request_of_a_number_given_anew_passes(void **state)
{
    forget_reserving();
    reserve(500);
    ship(charge());
    end_shop(NULL);
    expect(&story, NULL);
}

static void
a_request_of_what_the_number_was_before_is_named(void **state)
{
    forget_reserving();
    reserve(500);
    ask_for_charge(2, 400);
    expect(&story, "asks for something else than order.reserved at orders 1.2");
}

static void
a_request_of_what_the_disk_forgot_is_named(void **state)
{
    forget_reserving();
    ask_for_charge(2, 400);
    expect(&story, "request: orders");
}

static void
a_fact_about_a_dead_process_is_named(void **state)
{
    begin(&story);
    check_crashed(story.checker, ++story.now_ms, party(&story, "c")->process);
    follow(&story, "c", happen(&story, id_1, 7));
    expect(&story, "trace");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_well_passes),
        cmocka_unit_test(a_verdict_that_is_not_void_is_named),
        cmocka_unit_test(a_fork_that_was_announced_passes),
        cmocka_unit_test(a_malformed_batch_is_named),
        cmocka_unit_test(a_malformed_message_is_named),
        cmocka_unit_test(a_wrong_place_is_named),
        cmocka_unit_test(a_commit_number_used_again_is_named),
        cmocka_unit_test(a_batch_that_does_not_extend_is_named),
        cmocka_unit_test(an_epoch_without_its_record_is_named),
        cmocka_unit_test(an_epoch_without_a_seal_is_named),
        cmocka_unit_test(a_second_writer_is_named),
        cmocka_unit_test(an_unused_name_is_named),
        cmocka_unit_test(a_commit_of_too_many_batches_is_named),
        cmocka_unit_test(a_batch_sent_before_its_commit_is_named),
        cmocka_unit_test(a_head_ahead_of_the_store_is_named),
        cmocka_unit_test(a_private_stream_on_pub_is_named),
        cmocka_unit_test(a_private_stream_for_a_stranger_is_named),
        cmocka_unit_test(an_answer_that_holds_back_is_named),
        cmocka_unit_test(an_answer_that_says_more_is_named),
        cmocka_unit_test(a_wrong_verdict_is_named),
        cmocka_unit_test(batches_out_of_order_are_named),
        cmocka_unit_test(half_a_commit_in_an_answer_is_named),
        cmocka_unit_test(half_a_commit_in_a_store_is_named),
        cmocka_unit_test(an_acknowledgement_of_what_is_not_held_is_named),
        cmocka_unit_test(a_backup_that_is_not_one_is_named),
        cmocka_unit_test(a_lower_seal_is_named),
        cmocka_unit_test(recording_below_a_seal_is_named),
        cmocka_unit_test(an_effect_before_its_cause_is_named),
        cmocka_unit_test(what_was_applied_at_the_bound_passes),
        cmocka_unit_test(a_cursor_where_nothing_is_followed_is_named),
        cmocka_unit_test(a_log_position_before_its_cause_is_named),
        cmocka_unit_test(a_log_position_for_what_is_not_recorded_is_named),
        cmocka_unit_test(a_cursor_that_goes_back_is_named),
        cmocka_unit_test(two_seen_histories_of_one_epoch_are_named),
        cmocka_unit_test(views_that_differ_are_named),
        cmocka_unit_test(a_cause_left_out_is_named),
        cmocka_unit_test(a_reaction_beyond_its_vector_is_named),
        cmocka_unit_test(a_cause_that_nobody_knew_is_named),
        cmocka_unit_test(a_cause_that_is_no_news_is_named),
        cmocka_unit_test(a_wrong_depth_is_named),
        cmocka_unit_test(a_wrong_correlation_is_named),
        cmocka_unit_test(a_cause_that_never_was_is_named),
        cmocka_unit_test(the_loss_of_what_is_there_is_named),
        cmocka_unit_test(a_reaction_done_twice_is_named),
        cmocka_unit_test(a_command_done_twice_is_named),
        cmocka_unit_test(a_command_that_nobody_sent_is_named),
        cmocka_unit_test(another_command_hash_is_named),
        cmocka_unit_test(an_ok_before_its_commit_is_named),
        cmocka_unit_test(an_ok_with_another_number_is_named),
        cmocka_unit_test(recorded_that_is_not_is_named),
        cmocka_unit_test(a_reply_to_nobody_is_named),
        cmocka_unit_test(a_key_that_was_not_used_is_named),
        cmocka_unit_test(an_answer_to_another_command_is_named),
        cmocka_unit_test(an_answer_to_another_command_is_named_behind_one_that_came_late),
        cmocka_unit_test(a_key_that_was_used_and_the_first_command_again_pass),
        cmocka_unit_test(two_commands_of_one_id_at_once_pass),
        cmocka_unit_test(an_answer_before_what_was_seen_is_named),
        cmocka_unit_test(an_answer_ahead_of_the_store_is_named),
        cmocka_unit_test(a_decision_before_what_was_seen_is_named),
        cmocka_unit_test(lost_that_is_not_is_named),
        cmocka_unit_test(the_loss_of_what_is_recorded_is_named),
        cmocka_unit_test(a_store_that_goes_back_by_itself_is_named),
        cmocka_unit_test(what_another_incarnation_acknowledged_is_not_recorded),
        cmocka_unit_test(what_is_still_to_be_read_counts),
        cmocka_unit_test(a_log_position_given_twice_is_named),
        cmocka_unit_test(a_log_position_that_nobody_has_heard_of_is_given_again),
        cmocka_unit_test(a_log_position_given_a_third_time_is_named),
        cmocka_unit_test(recording_from_pub_before_the_head_is_named),
        cmocka_unit_test(recording_from_pub_behind_an_answer_passes),
        cmocka_unit_test(what_nobody_remembers_may_be_lost),
        cmocka_unit_test(what_somebody_remembers_may_not_be_lost),
        cmocka_unit_test(a_stream_that_is_joined_without_its_past_is_named),
        cmocka_unit_test(a_stream_that_is_joined_with_its_past_passes),
        cmocka_unit_test(filling_anew_what_is_not_void_is_named),
        cmocka_unit_test(filling_anew_what_is_void_passes),
        cmocka_unit_test(what_every_disk_has_lost_may_be_lost),
        cmocka_unit_test(the_loss_of_a_dropped_event_is_named),
        cmocka_unit_test(what_was_lost_before_may_be_dropped_when_it_comes_back),
        cmocka_unit_test(trimming_what_is_not_recorded_is_named),
        cmocka_unit_test(trimming_what_is_not_backed_up_is_named),
        cmocka_unit_test(a_mark_that_no_backup_bears_out_is_named),
        cmocka_unit_test(trimming_by_the_last_word_that_came_passes),
        cmocka_unit_test(trimming_by_an_earlier_word_is_named),
        cmocka_unit_test(trimming_what_nobody_called_backed_up_is_named),
        cmocka_unit_test(trimming_what_the_backups_that_count_hold_passes),
        cmocka_unit_test(heads_that_are_not_told_again_are_named),
        cmocka_unit_test(heads_that_are_not_told_at_the_end_are_named),
        cmocka_unit_test(heads_that_are_told_with_a_commit_pass),
        cmocka_unit_test(heads_of_who_was_away_pass),
        cmocka_unit_test(heads_of_another_topology_are_named),
        cmocka_unit_test(who_goes_on_when_told_to_stop_is_named),
        cmocka_unit_test(who_goes_on_when_refused_its_seal_is_named),
        cmocka_unit_test(who_was_told_to_stop_and_began_anew_passes),
        cmocka_unit_test(two_instances_at_the_end_are_named),
        cmocka_unit_test(a_follower_left_behind_is_named),
        cmocka_unit_test(a_service_that_takes_no_commands_is_named),
        cmocka_unit_test(a_cursor_moved_outside_a_commit_is_named),
        cmocka_unit_test(a_hole_in_a_store_is_named),
        cmocka_unit_test(what_no_log_holds_is_named),
        cmocka_unit_test(a_move_between_epochs_of_one_counter_is_named),
        cmocka_unit_test(a_cause_that_nothing_voids_is_named),
        cmocka_unit_test(a_sale_passes),
        cmocka_unit_test(a_wrong_row_is_named),
        cmocka_unit_test(a_row_left_out_is_named),
        cmocka_unit_test(a_missing_reaction_is_named),
        cmocka_unit_test(a_parked_event_needs_no_reaction),
        cmocka_unit_test(a_parked_event_that_nobody_wrote_is_named),
        cmocka_unit_test(a_request_that_still_waits_is_named),
        cmocka_unit_test(a_timer_of_a_closed_order_is_named),
        cmocka_unit_test(a_request_that_no_event_made_is_named),
        cmocka_unit_test(a_request_of_a_number_given_anew_passes),
        cmocka_unit_test(a_request_of_what_the_number_was_before_is_named),
        cmocka_unit_test(a_request_of_what_the_disk_forgot_is_named),
        cmocka_unit_test(a_fact_about_a_dead_process_is_named),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
