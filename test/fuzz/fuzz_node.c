/*
 * Services, an event store and their readers, whose messages all pass through
 * hostile hands: the input is a script that hands over, loses, repeats, changes
 * and forges them, lets time pass, lets nodes die and disks fill up.
 *
 * Whatever it does: nobody crashes, nobody's store or handler gets into a state
 * that has no name, what a node sends is well-formed by the simulator's reader
 * of the protocol, and each cursor stands behind a chain of batches that came
 * in with the right hash, from the very first one on. A forged batch may be
 * applied if its hash is right and it fits on: that is what keys are for.
 */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../bits/nodes.h"
#include "../scratch.h"
#include "../sim/app_messages.h"
#include "../sim/check_decode.h"
#include "souk_batch.h"
#include "souk_wire.h"

#define STEPS_MAX 150
#define RUN_ROUNDS 6
#define BASE_ROUNDS 400
#define LETTERS_MAX 200                 /* then the oldest are lost */
#define HASH_OFFSET 5
#define HASH_END (HASH_OFFSET + SOUK_HASH_BYTES)

/* What the script can do; a step is one of these bytes and what it takes. */
enum step { HAND_OVER, LOSE, REPEAT, CHANGE, FORGE, SWAP_FRAME, REPLACE, WORK, ELAPSE, PLACE, RECEIVE, CANCEL, CLIENT,
    CRASH, WIPE, FILL_DISK, RUN, RETRY, ANSWER, STEPS };

/* A batch that came in with its hash right. */
struct link {
    struct link *next;
    struct souk_name stream;
    struct souk_position end;
    uint64_t first;
    struct souk_hash previous;
    size_t size_bytes;
    uint8_t bytes[];
};

/* The state of a node after a small real run, that an input may begin with. */
struct base {
    uint8_t *data, *witness;
    size_t data_bytes, witness_bytes;
};

struct script {
    const uint8_t *at, *end;
};

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    struct base base[NODES];
    struct link *links;                 /* of the base run */
    struct nodes nodes;
    struct check_arena arena;       /* of one letter */
} ground;

static const uint32_t alive[] = { NODE_ORDERS, NODE_STOCK, NODE_ARCHIVE };
#define ALIVE (sizeof alive / sizeof alive[0])

static void make_ground(void);
static void clear_ground(void);
static void keep_base(uint32_t at);
static void put_base(uint32_t at);
static void start(uint32_t at);
static void take_step(struct script *script, struct link **links);
static void hand_over(struct link **links, struct letter *letter);
static void answer(struct script *script, struct link **links, const struct letter *letter);
static void work(uint32_t at, struct link **links);

/* ---- the script ----------------------------------------------------- */

static uint8_t
next(struct script *script)
{
    return script->at == script->end ? 0 : *script->at++;
}

static struct souk_slice
next_bytes(struct script *script)
{
    size_t size_bytes = next(script);
    struct souk_slice bytes = { script->at, size_bytes };

    if (size_bytes > (size_t)(script->end - script->at))
        bytes.size_bytes = (size_t)(script->end - script->at);
    script->at += bytes.size_bytes;
    return bytes;
}

static uint32_t
next_node(struct script *script)
{
    return alive[next(script) % ALIVE];
}

/* ---- chains --------------------------------------------------------- */

static void
note_batch(struct link **links, struct souk_slice bytes)
{
    struct check_form form;
    struct link *link;

    check_arena_reset(&ground.arena);
    if (check_decode_batch(&ground.arena, (struct check_bytes){ bytes.base, bytes.size_bytes }, &form) == NULL) {
        link = calloc(1, sizeof *link + bytes.size_bytes);
        assert(link != NULL);
        memcpy(link->bytes, bytes.base, bytes.size_bytes);
        link->size_bytes = bytes.size_bytes;
        memcpy(link->stream.text, form.stream.base, form.stream.size_bytes);
        link->end.epoch.counter = form.epoch_counter;
        memcpy(link->end.epoch.bits, form.epoch_bits, sizeof link->end.epoch.bits);
        link->end.number = form.first + form.count - 1;
        memcpy(link->end.hash.bytes, form.hash, SOUK_HASH_BYTES);
        memcpy(link->previous.bytes, form.previous, SOUK_HASH_BYTES);
        link->first = form.first;
        link->next = *links;
        *links = link;
    }
}

static void
note_letter(struct link **links, const struct letter *letter)
{
    for (size_t i = 1; i < letter->frame_count; i++)
        note_batch(links, letter->frames[i]);
}

/* Is there a chain of batches that came in from the first one to `position`? */
static bool
is_chained(const struct link *links, const char *stream, const struct souk_position *position)
{
    const struct souk_hash nothing = { { 0 } };
    struct souk_hash hash = position->hash;
    uint64_t number = position->number;
    const struct link *link;
    bool is_last = true;

    if (souk_position_is_zero(position))
        return true;
    for (;;) {
        for (link = links; link != NULL; link = link->next)
            if (memcmp(&link->end.hash, &hash, sizeof hash) == 0)
                break;
        if (link == NULL || link->end.number != number || strcmp(link->stream.text, stream) != 0
            || (is_last && !souk_epoch_equal(link->end.epoch, position->epoch)))
            return false;
        is_last = false;
        hash = link->previous;
        number = link->first - 1;
        if (memcmp(&hash, &nothing, sizeof hash) == 0)
            return number == 0;
    }
}

static void
check_cursors(uint32_t at, const struct link *links)
{
    const struct node *node = &ground.nodes.nodes[at];

    for (size_t i = 0; i < node->wiring.stream_count; i++) {
        const struct souk_wired_stream *stream = &node->streams[i];
        struct souk_position cursor;

        if (strcmp(stream->origin.text, node->name.text) == 0)
            continue;
        assert((node->core != NULL ? souk_core_cursor(node->core, stream->name.text, &cursor)
            : souk_recorder_cursor(node->recorder, stream->name.text, &cursor)) == 0);
        assert(is_chained(links, stream->name.text, &cursor));
    }
}

/* ---- what nodes send ------------------------------------------------ */

static void
check_letter(const struct letter *letter)
{
    const bool is_published = letter->kind == LETTER_PUBLISHED;
    const struct souk_slice *message = &letter->frames[is_published ? 1 : 0];
    const bool is_heads = is_published && letter->frames[0].size_bytes == 1;
    struct check_message read;
    struct check_form form;

    check_arena_reset(&ground.arena);
    if (!is_published || is_heads) {
        struct check_bytes frames = { message->base, message->size_bytes };
        const char *broken = check_decode_message(&ground.arena, &frames, 1, &read);

        /* Who asks for nothing that he may have is answered with nothing. */
        assert(broken == NULL || (strcmp(broken, "positions") == 0
            && souk_wire_kind(*message) == SOUK_WIRE_PULLED));
    }
    for (size_t i = is_published && is_heads ? 2 : 1; i < letter->frame_count; i++)
        assert(check_decode_batch(&ground.arena, (struct check_bytes){ letter->frames[i].base,
            letter->frames[i].size_bytes }, &form) == NULL);
}

static void
look_at_letters(void)
{
    struct letter *letter;

    for (letter = ground.nodes.first; letter != NULL; letter = letter->next) {
        if (!letter->looked_at && letter->from < NODES)
            check_letter(letter);
        letter->looked_at = true;
    }
    while (ground.nodes.letter_count > LETTERS_MAX) {
        letter = nodes_take(&ground.nodes, 0);
        letter_free(&letter);
    }
}

/* ---- steps ---------------------------------------------------------- */

static void
change_frame(struct script *script, struct letter *letter, bool forge)
{
    const struct souk_slice *frame = &letter->frames[next(script) % letter->frame_count];
    uint8_t *bytes = (uint8_t *)(uintptr_t)frame->base;
    const size_t high = next(script), at = high << 8 | next(script);
    struct souk_slice pieces[2];

    if (frame->size_bytes == 0)
        return;
    bytes[at % frame->size_bytes] ^= next(script);
    if (!forge || frame->size_bytes <= HASH_END)
        return;
    pieces[0] = (struct souk_slice){ bytes, HASH_OFFSET };
    pieces[1] = (struct souk_slice){ bytes + HASH_END, frame->size_bytes - HASH_END };
    souk_digest(bytes + HASH_OFFSET, SOUK_HASH_BYTES, pieces, 2);
}

/* The letter with another last frame: a batch that was seen before, or bytes of the script. */
static struct letter *
swap_frame(const struct letter *letter, struct souk_slice frame)
{
    struct souk_slice *frames = calloc(letter->frame_count, sizeof *frames);
    struct letter *swapped;

    assert(frames != NULL);
    memcpy(frames, letter->frames, letter->frame_count * sizeof *frames);
    frames[letter->frame_count - 1] = frame;
    swapped = letter_new(letter->kind, letter->from, letter->to, frames, letter->frame_count);
    free(frames);
    return swapped;
}

static struct souk_slice
some_batch(const struct link *links, uint8_t at)
{
    const struct link *link = links;

    while (link != NULL && link->next != NULL && at-- > 0)
        link = link->next;
    return link == NULL ? (struct souk_slice){ NULL, 0 } : (struct souk_slice){ link->bytes, link->size_bytes };
}

static void
take_letter_step(struct script *script, enum step step, struct link **links)
{
    struct letter *letter = nodes_take(&ground.nodes,
        ground.nodes.letter_count == 0 ? 0 : next(script) % ground.nodes.letter_count);
    struct letter *swapped;

    if (letter == NULL)
        return;
    switch (step) {
    case REPEAT:
        hand_over(links, letter);
        break;
    case CHANGE:
    case FORGE:
        change_frame(script, letter, step == FORGE);
        break;
    case SWAP_FRAME:
    case REPLACE:
        swapped = swap_frame(letter, step == REPLACE ? next_bytes(script) : some_batch(*links, next(script)));
        letter_free(&letter);
        letter = swapped;
        break;
    case ANSWER:
        answer(script, links, letter);
        break;
    default:
        break;
    }
    if (step != LOSE && step != ANSWER)
        hand_over(links, letter);
    letter_free(&letter);
}

static void
hand_over(struct link **links, struct letter *letter)
{
    note_letter(links, letter);
    nodes_hear(&ground.nodes, letter);
}

/* Somebody answers a request to a service that is not there, in its name. */
static void
answer(struct script *script, struct link **links, const struct letter *letter)
{
    struct souk_wire_reply reply = { .status = (enum souk_status)(next(script) % (SOUK_STATUS_LAST + 1)),
        .code = souk_slice_of("card.declined") };
    struct souk_wire_request request;
    struct souk_slice frame;
    struct letter *answered;
    struct souk_pack pack;

    if (letter->kind != LETTER_TO_COMMANDS || souk_wire_request_get(letter->frames[0], &request) != 0)
        return;
    reply.id = request.id;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_reply_put(&pack, &reply);
    frame = souk_pack_slice(&pack);
    answered = letter_new(LETTER_ANSWER, letter->to, letter->from, &frame, 1);
    hand_over(links, answered);
    letter_free(&answered);
    souk_pack_done(&pack);
}

static void
run(struct link **links)
{
    struct letter *letter;

    for (int round = 0; round < RUN_ROUNDS; round++) {
        for (size_t i = 0; i < ALIVE; i++)
            work(alive[i], links);
        while ((letter = nodes_take(&ground.nodes, 0)) != NULL) {
            hand_over(links, letter);
            letter_free(&letter);
        }
        ground.nodes.now_ms++;
    }
}

static void
work(uint32_t at, struct link **links)
{
    assert(node_work(&ground.nodes, at) == 0);
    if (ground.nodes.nodes[at].store != NULL)
        check_cursors(at, *links);
    look_at_letters();
}

static void
command(uint32_t to, uint8_t id, const struct souk_message_type *type, const void *message)
{
    nodes_command(&ground.nodes, to, &(struct souk_id){ { 1, id } }, type, message);
}

static void
crash(uint32_t at, bool wipe)
{
    node_stop(&ground.nodes, at);
    if (wipe)
        node_wipe(&ground.nodes, at);
    start(at);
}

static void
take_step(struct script *script, struct link **links)
{
    const enum step step = (enum step)(next(script) % STEPS);
    struct app_key text;
    uint8_t number;

    switch (step) {
    case HAND_OVER:
    case LOSE:
    case REPEAT:
    case CHANGE:
    case FORGE:
    case SWAP_FRAME:
    case REPLACE:
    case ANSWER:
        take_letter_step(script, step, links);
        break;
    case WORK:
        work(next_node(script), links);
        break;
    case ELAPSE:
        ground.nodes.now_ms += (uint64_t)next(script) * 50;
        break;
    case PLACE:
        number = next(script);
        command(NODE_ORDERS, number, &order_place_type, &(struct order_place){ .order = number & 7, .sku = 1,
            .units = 1 + (number & 3), .price = 5, .lines = number & 3 });
        break;
    case RECEIVE:
        number = next(script);
        command(NODE_STOCK, number, &stock_receive_type, &(struct stock_receive){ 1, number });
        break;
    case CANCEL:
        number = next(script);
        command(NODE_ORDERS, number ^ 0x80, &order_cancel_type, &(struct order_cancel){ number & 7 });
        break;
    case CLIENT:
        number = next(script);
        nodes_ask(&ground.nodes, alive[number % ALIVE], number & 0x80 ? SOUK_DOOR_QUERIES : SOUK_DOOR_COMMANDS,
            next_bytes(script));
        break;
    case CRASH:
    case WIPE:
        crash(next_node(script), step == WIPE);
        break;
    case FILL_DISK:
        ground.nodes.nodes[next_node(script)].full_commits++;
        break;
    case RUN:
        run(links);
        break;
    case RETRY:
        number = next(script);
        (void)!souk_core_retry_parked(ground.nodes.nodes[NODE_ORDERS].core, app_key(&text, number & 7));
        break;
    case STEPS:
        break;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct script script = { bytes, bytes + size_bytes };
    struct link *links, *link;
    bool from_base;

    if (size_bytes == 0)
        return 0;
    make_ground();
    from_base = (next(&script) & 1) == 0;
    links = ground.links;
    if (nodes_init(&ground.nodes, ground.scratch.path) != 0)
        abort();
    for (size_t i = 0; i < ALIVE; i++) {
        if (from_base)
            put_base(alive[i]);
        start(alive[i]);
    }
    for (int i = 0; i < STEPS_MAX && script.at < script.end; i++)
        take_step(&script, &links);
    run(&links);
    nodes_done(&ground.nodes);
    while ((link = links) != ground.links) {
        links = link->next;
        free(link);
    }
    return 0;
}

/* ---- the ground ----------------------------------------------------- */

static void
start(uint32_t at)
{
    struct souk_error err = { 0 };

    if (node_start(&ground.nodes, at, &err) == 0)
        return;
    fprintf(stderr, "%s does not start: %s\n", ground.nodes.nodes[at].name.text, err.text);
    abort();
}

static void
make_ground(void)
{
    struct souk_position recorded;

    if (ground.scratch.path[0] != '\0')
        return;
    scratch_sweep();
    if (scratch_make(&ground.scratch, "fuzz-node") != 0 || nodes_init(&ground.nodes, ground.scratch.path) != 0)
        abort();
    (void)atexit(clear_ground);
    check_arena_init(&ground.arena);
    for (size_t i = 0; i < ALIVE; i++)
        start(alive[i]);
    for (int i = 0; i < BASE_ROUNDS; i++)
        run(&ground.links);
    command(NODE_STOCK, 200, &stock_receive_type, &(struct stock_receive){ 1, 100 });
    for (uint8_t i = 0; i < 4; i++)
        command(NODE_ORDERS, (uint8_t)(201 + i), &order_place_type, &(struct order_place){ .order = i, .sku = 1,
            .units = 1, .price = 5, .lines = i });
    for (int i = 0; i < BASE_ROUNDS; i++)
        run(&ground.links);
    assert(souk_core_state(ground.nodes.nodes[NODE_ORDERS].core) == SOUK_CORE_LIVE);
    assert(souk_recorder_cursor(ground.nodes.nodes[NODE_ARCHIVE].recorder, "orders.private", &recorded) == 0);
    assert(recorded.number > 0);
    for (size_t i = 0; i < ALIVE; i++) {
        node_stop(&ground.nodes, alive[i]);
        keep_base(alive[i]);
    }
    nodes_done(&ground.nodes);
}

static void
clear_ground(void)
{
    struct link *link;

    while ((link = ground.links) != NULL) {
        ground.links = link->next;
        free(link);
    }
    for (size_t i = 0; i < NODES; i++) {
        free(ground.base[i].data);
        free(ground.base[i].witness);
    }
    check_arena_done(&ground.arena);
    scratch_remove(&ground.scratch);
}

static void
keep_base(uint32_t at)
{
    char path[NODES_PATH_BYTES_MAX + 16];
    struct node *node = &ground.nodes.nodes[at];
    struct base *base = &ground.base[at];
    struct stat status;
    int fd;

    node_data_path(&ground.nodes, at, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert(fd >= 0 && fstat(fd, &status) == 0);
    base->data_bytes = (size_t)status.st_size;
    base->data = malloc(base->data_bytes);
    assert(base->data != NULL);
    assert(pread(fd, base->data, base->data_bytes, 0) == status.st_size);
    (void)close(fd);
    base->witness = node->witness;
    base->witness_bytes = node->witness_bytes;
    node->witness = NULL;
    node->witness_bytes = 0;
}

static void
put_base(uint32_t at)
{
    char path[NODES_PATH_BYTES_MAX + 16];
    struct node *node = &ground.nodes.nodes[at];
    const struct base *base = &ground.base[at];
    int fd;

    assert(mkdir(node->path, 0700) == 0);
    node_data_path(&ground.nodes, at, path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert(fd >= 0);
    assert(pwrite(fd, base->data, base->data_bytes, 0) == (ssize_t)base->data_bytes);
    (void)close(fd);
    node->witness = malloc(base->witness_bytes + 1);
    assert(node->witness != NULL);
    memcpy(node->witness, base->witness, base->witness_bytes);
    node->witness_bytes = base->witness_bytes;
}
