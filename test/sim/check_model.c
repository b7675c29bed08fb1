#include "check_model.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SENTENCE_BYTES_MAX 512

static const uint8_t zeros[CHECK_HASH_BYTES];

static void **numbered(struct checker *checker, void **array, size_t *room, uint32_t number);
static int find_batch(struct checker *checker, const struct model_stream *stream, uint32_t counter,
    const uint8_t *bits, uint64_t number, const uint8_t *hash, struct model_batch **batch_out);

int
model_fail(struct checker *checker, const char *format, ...)
{
    char sentence[SENTENCE_BYTES_MAX];
    va_list arguments;
    int length, rest;

    if (checker->violation != NULL)
        return -1;
    length = snprintf(sentence, sizeof sentence, "%" PRIu64 " ms: ", checker->now_ms);
    va_start(arguments, format);
    rest = vsnprintf(sentence + length, sizeof sentence - (size_t)length, format, arguments);
    va_end(arguments);
    assert(rest > 0);
    checker->violation = check_arena_copy(&checker->arena, sentence, strlen(sentence) + 1);
    return -1;
}

const char *
model_batch_name(struct checker *checker, const struct model_batch *batch)
{
    char name[128];
    int length;

    if (batch == NULL)
        return "the zero position";
    length = snprintf(name, sizeof name, "%.*s %" PRIu32 ".%" PRIu64 "%s [%02x%02x]",
        (int)batch->form.stream.size_bytes, (const char *)batch->form.stream.base, batch->form.epoch_counter,
        batch->form.first,
        batch->form.count == 0 ? " (record)" : "", batch->form.hash[0], batch->form.hash[1]);
    return check_arena_copy(&checker->arena, name, (size_t)length + 1);
}

const char *
model_event_name(struct checker *checker, const struct model_event *event)
{
    const struct check_form *form = &event->batch->form;
    struct check_bytes type = form->names[event->form->type];
    char name[192];
    int length;

    length = snprintf(name, sizeof name, "%.*s at %.*s %" PRIu32 ".%" PRIu64, (int)type.size_bytes,
        (const char *)type.base, (int)form->stream.size_bytes, (const char *)form->stream.base, form->epoch_counter,
        event->number);
    return check_arena_copy(&checker->arena, name, (size_t)length + 1);
}

const char *
model_place_name(struct checker *checker, const struct check_place *place)
{
    char name[96];
    int length;

    length = snprintf(name, sizeof name, "%.*s %" PRIu32 ".%" PRIu64, (int)place->stream.size_bytes,
        (const char *)place->stream.base, place->epoch_counter, place->number);
    return check_arena_copy(&checker->arena, name, (size_t)length + 1);
}

const char *
model_process_name(struct checker *checker, const struct model_process *process)
{
    char name[96];
    int length;

    length = snprintf(name, sizeof name, "%.*s (process %" PRIu32 ")", (int)process->node->name.size_bytes,
        (const char *)process->node->name.base, process->number);
    return check_arena_copy(&checker->arena, name, (size_t)length + 1);
}

/* ---- names and numbers -------------------------------------------------- */

struct model_node *
model_find_node(struct checker *checker, struct check_bytes name)
{
    size_t i;

    for (i = 0; i < checker->node_count; i++)
        if (check_bytes_equal(checker->nodes[i].name, name))
            return &checker->nodes[i];
    return NULL;
}

struct model_stream *
model_find_stream(struct checker *checker, struct check_bytes name)
{
    size_t i;

    for (i = 0; i < checker->stream_count; i++)
        if (check_bytes_equal(checker->streams[i].name, name))
            return &checker->streams[i];
    return NULL;
}

struct check_bytes
model_text(const char *text)
{
    return (struct check_bytes){ text, text == NULL ? 0 : strlen(text) };
}

struct model_disk *
model_disk(struct checker *checker, uint32_t number)
{
    struct model_disk **place, *disk;

    checker->disks = (struct model_disk **)numbered(checker, (void **)checker->disks, &checker->disk_room, number);
    place = &checker->disks[number];
    if (*place != NULL)
        return *place;
    disk = check_arena_take(&checker->arena, sizeof *disk);
    disk->number = number;
    model_contents_init(checker, &disk->holds);
    disk->moves = check_arena_take(&checker->arena, checker->stream_count * sizeof *disk->moves);
    disk->next = checker->all_disks;
    checker->all_disks = disk;
    return *place = disk;
}

struct model_process *
model_process(struct checker *checker, uint32_t number)
{
    return number < checker->process_room ? checker->processes[number] : NULL;
}

struct model_process *
model_add_process(struct checker *checker, uint32_t number)
{
    struct model_process *process = check_arena_take(&checker->arena, sizeof *process);

    checker->processes = (struct model_process **)numbered(checker, (void **)checker->processes,
        &checker->process_room, number);
    process->number = number;
    process->next = checker->all_processes;
    checker->all_processes = process;
    return checker->processes[number] = process;
}

struct model_copy *
model_copy(struct checker *checker, uint32_t number)
{
    return number < checker->copy_room ? checker->copies[number] : NULL;
}

struct model_copy *
model_add_copy(struct checker *checker, uint32_t number)
{
    struct model_copy *copy = check_arena_take(&checker->arena, sizeof *copy);

    checker->copies = (struct model_copy **)numbered(checker, (void **)checker->copies, &checker->copy_room, number);
    copy->number = number;
    copy->next = checker->all_copies;
    checker->all_copies = copy;
    return checker->copies[number] = copy;
}

/* The array, with room for `number`. */
static void **
numbered(struct checker *checker, void **array, size_t *room, uint32_t number)
{
    void **larger;
    size_t wanted;

    if (number < *room)
        return array;
    wanted = ((size_t)number + 1) * 2;
    larger = check_arena_take(&checker->arena, wanted * sizeof *larger);
    if (*room > 0)
        memcpy(larger, array, *room * sizeof *larger);
    *room = wanted;
    return larger;
}

/* ---- positions ---------------------------------------------------------- */

uint32_t
model_epoch(struct checker *checker, uint32_t counter, const uint8_t *bits)
{
    struct model_epoch *epoch;
    size_t i;

    if (counter == 0)
        return 0;
    for (i = checker->epoch_count; i-- > 1;)
        if (checker->epochs[i].counter == counter
            && memcmp(checker->epochs[i].bits, bits, sizeof checker->epochs[i].bits) == 0)
            return (uint32_t)i;
    checker->epochs = check_arena_grow(&checker->arena, checker->epochs, checker->epoch_count, &checker->epoch_room,
        sizeof *checker->epochs);
    epoch = &checker->epochs[checker->epoch_count];
    epoch->counter = counter;
    memcpy(epoch->bits, bits, sizeof epoch->bits);
    return (uint32_t)checker->epoch_count++;
}

uint32_t
model_counter(const struct checker *checker, uint32_t epoch)
{
    return epoch == 0 ? 0 : checker->epochs[epoch].counter;
}

int
model_find_place(struct checker *checker, const struct check_place *place, struct model_batch **batch_out)
{
    const struct model_stream *stream = model_find_stream(checker, place->stream);

    if (stream == NULL)
        return -1;
    return find_batch(checker, stream, place->epoch_counter, place->epoch_bits, place->number, place->hash, batch_out);
}

int
model_find_position(struct checker *checker, const struct check_position *position, struct model_batch **batch_out)
{
    const struct model_stream *stream = model_find_stream(checker, model_text(position->stream));

    if (stream == NULL)
        return -1;
    return find_batch(checker, stream, position->epoch_counter, position->epoch_bits, position->number,
        position->hash, batch_out);
}

static int
find_batch(struct checker *checker, const struct model_stream *stream, uint32_t counter, const uint8_t *bits,
    uint64_t number, const uint8_t *hash, struct model_batch **batch_out)
{
    struct model_batch *batch;

    if (counter == 0) {
        *batch_out = NULL;
        return number == 0 && memcmp(hash, zeros, sizeof zeros) == 0 ? 0 : -1;
    }
    batch = check_map_find(&checker->batches, hash);
    if (batch == NULL || batch->stream != stream || batch->last != number || batch->form.epoch_counter != counter
        || memcmp(batch->form.epoch_bits, bits, CHECK_EPOCH_BITS_BYTES) != 0)
        return -1;
    *batch_out = batch;
    return 0;
}

struct model_event *
model_find_event(struct checker *checker, const struct model_stream *stream, uint32_t epoch, uint64_t number)
{
    uint64_t place[3] = { stream->index, epoch, number };
    uint8_t key[32];

    check_map_key(key, place, sizeof place);
    return check_map_find(&checker->events, key);
}

/* ---- histories ---------------------------------------------------------- */

/* Parent, ordinal and jump; with the jumps of a skew-binary number each ancestor is found in log steps. */
void
model_link(struct model_batch *batch)
{
    struct model_batch *parent = batch->parent, *jump;

    if (parent == NULL) {
        batch->ordinal = 1;
        return;
    }
    batch->ordinal = parent->ordinal + 1;
    jump = parent->jump;
    if (jump != NULL
        && parent->ordinal - jump->ordinal == jump->ordinal - (jump->jump == NULL ? 0 : jump->jump->ordinal))
        batch->jump = jump->jump;
    else
        batch->jump = parent;
}

bool
model_is_in(const struct model_batch *batch, const struct model_batch *tip)
{
    if (batch == NULL)
        return true;
    while (tip != NULL && tip->ordinal > batch->ordinal)
        tip = tip->jump != NULL && tip->jump->ordinal >= batch->ordinal ? tip->jump : tip->parent;
    return tip == batch;
}

struct model_batch *
model_common(struct model_batch *a, struct model_batch *b)
{
    while (a != NULL && !model_is_in(a, b))
        a = a->parent;
    return a;
}

const struct model_batch *
model_find_in(const struct checker *checker, const struct model_batch *tip, uint32_t epoch, uint64_t number)
{
    const struct model_batch *found = NULL;
    uint32_t counter = model_counter(checker, epoch);

    for (; tip != NULL && tip->form.epoch_counter >= counter; tip = tip->parent) {
        if (tip->epoch != epoch)
            continue;
        if (tip->last < number)
            break;
        found = tip;
    }
    return found;
}

bool
model_covers(const struct checker *checker, struct model_known a, struct model_known b, bool unrelated)
{
    uint32_t a_counter = model_counter(checker, a.epoch), b_counter = model_counter(checker, b.epoch);

    if (a_counter != b_counter)
        return a_counter > b_counter;
    return a.epoch == b.epoch ? a.number >= b.number : unrelated;
}

void
model_learn(const struct checker *checker, struct model_known *known, struct model_known more)
{
    if (!model_covers(checker, *known, more, true))
        *known = more;
}

struct model_known
model_known_of(const struct model_batch *tip)
{
    return tip == NULL ? (struct model_known){ 0 } : (struct model_known){ tip->epoch, tip->last };
}

/* ---- disks -------------------------------------------------------------- */

void
model_contents_init(struct checker *checker, struct model_contents *contents)
{
    size_t count = checker->stream_count;

    memset(contents, 0, sizeof *contents);
    contents->tips = check_arena_take(&checker->arena, count * sizeof *contents->tips);
    contents->logged = check_arena_take(&checker->arena, count * sizeof *contents->logged);
    contents->learnt = check_arena_take(&checker->arena, count * sizeof *contents->learnt);
    contents->first_held = check_arena_take(&checker->arena, count * sizeof *contents->first_held);
    contents->seals = check_arena_take(&checker->arena, checker->node_count * sizeof *contents->seals);
}

void
model_contents_copy(struct checker *checker, struct model_contents *to, const struct model_contents *from)
{
    size_t count = checker->stream_count;

    memcpy(to->tips, from->tips, count * sizeof *to->tips);
    memcpy(to->logged, from->logged, count * sizeof *to->logged);
    memcpy(to->learnt, from->learnt, count * sizeof *to->learnt);
    memcpy(to->first_held, from->first_held, count * sizeof *to->first_held);
    memcpy(to->seals, from->seals, checker->node_count * sizeof *to->seals);
    to->log_position = from->log_position;
}

void
model_move(struct checker *checker, struct model_disk *disk, const struct model_stream *stream,
    struct model_batch *to, enum model_why why)
{
    struct model_move *move;

    if (disk->holds.tips[stream->index] == to)
        return;
    move = check_arena_take(&checker->arena, sizeof *move);
    *move = (struct model_move){ checker->fact, to, why, disk->moves[stream->index] };
    disk->moves[stream->index] = move;
    disk->holds.tips[stream->index] = to;
}

bool
model_held_at(const struct model_disk *disk, const struct model_batch *batch, uint64_t fact)
{
    const struct model_move *move = disk->moves[batch->stream->index];

    while (move != NULL && move->fact > fact)
        move = move->older;
    return move != NULL && model_is_in(batch, move->to);
}

unsigned
model_recorded_by(const struct checker *checker, const struct model_batch *batch)
{
    bool counted[MODEL_NODES_MAX] = { false };
    const struct model_disk *disk;
    const struct model_move *move;
    unsigned count = 0;

    for (disk = checker->all_disks; disk != NULL; disk = disk->next) {
        if (disk->node == NULL || !disk->node->is_event_store || counted[disk->node->index])
            continue;
        for (move = disk->moves[batch->stream->index]; move != NULL; move = move->older)
            if (model_is_in(batch, move->to))
                break;
        if (move != NULL) {
            counted[disk->node->index] = true;
            count++;
        }
    }
    return count;
}
