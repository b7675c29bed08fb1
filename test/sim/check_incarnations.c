#include "check_incarnations.h"

#include <inttypes.h>
#include <string.h>

#define INCARNATION_BYTES 8

/* One incarnation of an event store. */
struct incarnation {
    const struct model_node *store;
    uint8_t bits[INCARNATION_BYTES];
    bool *met;                          /* by service: some process of it knew its head, or sealed it */
    uint64_t unsaid_after, unsaid_until;    /* log positions that it gave and died before it said so */
    struct incarnation *next;
};

/* An acknowledgement of one stream, as an origin has heard it. */
struct acknowledgement {
    uint64_t fact;
    uint8_t incarnation[INCARNATION_BYTES];
    const struct model_batch *batch;
    uint64_t commit, backed_up;         /* of the event store; of the stream of `batch` */
    struct acknowledgement *older;
};

/* What one process of an origin knows of one event store. */
struct counted {
    const struct model_node *store;
    bool is_known;
    uint8_t incarnation[INCARNATION_BYTES];
    uint64_t answered;                  /* the latest seal request that it has answered */
    struct acknowledgement *heard;      /* newest first */
    struct counted *next;
};

static struct incarnation *find_incarnation(struct checker *checker, const struct model_node *store,
    const uint8_t *bits);
static struct counted *find_counted(struct checker *checker, struct model_process *process,
    const struct model_node *store);
static void hear_sealed(struct checker *checker, struct model_process *process, const struct check_message *message);
static void hear_fence(struct checker *checker, struct model_process *process, const struct check_message *message);
static void hear_acknowledged(struct checker *checker, struct model_process *process,
    const struct check_message *message);

/* ---- event stores ------------------------------------------------------- */

void
incarnations_commit(struct checker *checker, struct model_process *process, const uint8_t *bits)
{
    struct incarnation *now = process->incarnation, *before = now;
    size_t i;

    if (now == NULL || memcmp(now->bits, bits, sizeof now->bits) != 0)
        process->incarnation = now = find_incarnation(checker, process->node, bits);
    for (i = 0; i < checker->node_count; i++)
        now->met[i] = now->met[i] || process->met[i] || (before != NULL && before->met[i]);
}

static struct incarnation *
find_incarnation(struct checker *checker, const struct model_node *store, const uint8_t *bits)
{
    struct incarnation *found;

    for (found = checker->incarnations; found != NULL; found = found->next)
        if (found->store == store && memcmp(found->bits, bits, sizeof found->bits) == 0)
            return found;
    found = check_arena_take(&checker->arena, sizeof *found);
    found->store = store;
    memcpy(found->bits, bits, sizeof found->bits);
    found->met = check_arena_take(&checker->arena, checker->node_count * sizeof *found->met);
    found->next = checker->incarnations;
    return checker->incarnations = found;
}

void
incarnations_answered(struct checker *checker, const struct model_node *origin, const struct model_node *store,
    bool is_void)
{
    struct model_process *process;

    for (process = checker->all_processes; process != NULL; process = process->next)
        if (process->node == store && process->is_running) {
            process->met[origin->index] = true;
            process->told_void[origin->index] = process->told_void[origin->index] || is_void;
        }
}

int
incarnations_check_move(struct checker *checker, const struct model_process *process, struct model_batch *from,
    struct model_batch *to)
{
    const struct model_batch *common, *batch;

    if (!process->node->is_event_store || model_is_in(from, to))
        return 0;
    /* What belongs to one commit goes together, so another stream of the service may have been the one. */
    if (from->stream->owner->stream_count > 1 && process->told_void[from->stream->owner->index])
        return 0;
    common = model_common(from, to);
    for (batch = from; batch != common; batch = batch->parent)
        if ((batch->void_by_origin_to & UINT64_C(1) << process->node->index) != 0)
            return 0;
    return model_fail(checker, "set aside: %s leaves %s for %s, and the origin has not told it that anything there is "
        "void", model_process_name(checker, process), model_batch_name(checker, from), model_batch_name(checker, to));
}

int
incarnations_check_recorded(struct checker *checker, const struct model_process *process,
    const struct model_batch *batch)
{
    const struct model_node *origin = batch->stream->owner;

    if (process->incarnation == NULL || process->incarnation->met[origin->index]
        || (batch->pulled_by & UINT64_C(1) << process->node->index) != 0)
        return 0;
    return model_fail(checker, "from PUB: %s records %s before %.*s has answered this incarnation of it",
        model_process_name(checker, process), model_batch_name(checker, batch), (int)origin->name.size_bytes,
        (const char *)origin->name.base);
}

int
incarnations_check_position(struct checker *checker, const struct model_process *process, uint64_t log_position,
    struct model_batch *batch)
{
    struct { uint64_t store, log_position; uint8_t bits[INCARNATION_BYTES]; } place = {
        process->node->index, log_position, { 0 },
    };
    struct model_batch *before;
    uint8_t key[32];

    if (process->incarnation == NULL)
        return 0;
    memcpy(place.bits, process->incarnation->bits, sizeof place.bits);
    check_map_key(key, &place, sizeof place);
    if ((before = check_map_find(&checker->positions, key)) == NULL) {
        check_map_add(&checker->arena, &checker->positions, key, batch);
        return 0;
    }
    if (before == batch)
        return 0;
    if (log_position > process->incarnation->unsaid_after && log_position <= process->incarnation->unsaid_until) {
        process->incarnation->unsaid_after = log_position;
        check_map_replace(&checker->positions, key, batch);
        return 0;
    }
    return model_fail(checker, "log position: %s gives %" PRIu64 " to %s, and has given it to %s in this incarnation",
        model_process_name(checker, process), log_position, model_batch_name(checker, batch),
        model_batch_name(checker, before));
}

void
incarnations_unsaid(const struct model_process *process)
{
    if (process->incarnation == NULL)
        return;
    process->incarnation->unsaid_after = process->logged_before;
    process->incarnation->unsaid_until = process->disk->holds.log_position;
}

/* ---- who counts on them ------------------------------------------------- */

void
incarnations_sealing(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    process->round_fact = checker->fact;
    if (process->seal_last == 0
        || memcmp(process->seal_instance, message->instance, sizeof process->seal_instance) != 0) {
        memcpy(process->seal_instance, message->instance, sizeof process->seal_instance);
        process->seal_first = message->request;
    }
    process->seal_last = message->request;
}

void
incarnations_heard(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    if (message->kind == CHECK_SEALED)
        hear_sealed(checker, process, message);
    else if (message->kind == CHECK_ACKNOWLEDGED)
        hear_acknowledged(checker, process, message);
    if ((message->kind == CHECK_SEALED && !message->granted) || message->kind == CHECK_FENCED)
        hear_fence(checker, process, message);
}

/* Somebody else has the seal: who writes in the epoch below it is to stop, or to go through a start again. */
static void
hear_fence(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    const struct model_node *store = model_find_node(checker, message->sender);

    if (store == NULL || process->node->declared_lost[store->index]
        || !check_bytes_equal(message->service, process->node->name))
        return;
    if (message->counter > process->written_counter)
        process->fenced_counter = process->written_counter;
}

/* Another incarnation than before: what the earlier one acknowledged counts no more, unless it is still to be read. */
static void
hear_sealed(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    const struct model_node *store = model_find_node(checker, message->sender);
    struct acknowledgement **heard;
    struct counted *counted;

    if (store == NULL || !check_bytes_equal(message->service, process->node->name)
        || message->request < process->seal_first || message->request > process->seal_last)
        return;
    counted = find_counted(checker, process, store);
    if (message->request <= counted->answered)
        return;
    counted->answered = message->request;
    if (counted->is_known && memcmp(counted->incarnation, message->incarnation, sizeof counted->incarnation) == 0)
        return;
    counted->is_known = true;
    memcpy(counted->incarnation, message->incarnation, sizeof counted->incarnation);
    for (heard = &counted->heard; *heard != NULL && (*heard)->fact > process->round_fact; heard = &(*heard)->older)
        continue;
    *heard = NULL;
}

static void
hear_acknowledged(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    const struct model_node *store = model_find_node(checker, message->sender);
    struct acknowledgement *heard;
    struct model_batch *batch;
    struct counted *counted;
    uint32_t i;

    if (store == NULL)
        return;
    counted = find_counted(checker, process, store);
    for (i = 0; i < message->entry_count; i++) {
        if (model_find_place(checker, &message->entries[i].at, &batch) != 0 || batch == NULL)
            continue;
        heard = check_arena_take(&checker->arena, sizeof *heard);
        heard->fact = checker->fact;
        memcpy(heard->incarnation, message->incarnation, sizeof heard->incarnation);
        heard->batch = batch;
        heard->commit = message->commit;
        heard->backed_up = message->entries[i].backed_up;
        heard->older = counted->heard;
        counted->heard = heard;
    }
}

static struct counted *
find_counted(struct checker *checker, struct model_process *process, const struct model_node *store)
{
    struct counted *counted;

    for (counted = process->counted; counted != NULL; counted = counted->next)
        if (counted->store == store)
            return counted;
    counted = check_arena_take(&checker->arena, sizeof *counted);
    counted->store = store;
    counted->next = process->counted;
    return process->counted = counted;
}

uint64_t
incarnations_backed_up(const struct checker *checker, const struct model_process *process,
    const struct model_stream *stream)
{
    uint64_t least = UINT64_MAX;
    size_t i;

    for (i = 0; i < checker->node_count; i++) {
        const struct acknowledgement *heard, *last = NULL;
        const struct counted *counted = process->counted;

        if (!checker->nodes[i].is_event_store)
            continue;
        while (counted != NULL && counted->store != &checker->nodes[i])
            counted = counted->next;
        /* What counts is what it said last: one of an earlier commit may have come late. */
        for (heard = counted == NULL || !counted->is_known ? NULL : counted->heard; heard != NULL; heard = heard->older)
            if (heard->batch->stream == stream && (last == NULL || heard->commit > last->commit)
                && memcmp(heard->incarnation, counted->incarnation, sizeof heard->incarnation) == 0)
                last = heard;
        if (last == NULL)
            return 0;
        if (last->backed_up < least)
            least = last->backed_up;
    }
    return least == UINT64_MAX ? 0 : least;
}

unsigned
incarnations_told(const struct model_process *process, const struct model_batch *batch)
{
    const struct acknowledgement *heard;
    const struct counted *counted;
    unsigned count = 0;

    for (counted = process->counted; counted != NULL; counted = counted->next) {
        if (!counted->is_known)
            continue;
        for (heard = counted->heard; heard != NULL; heard = heard->older)
            if (memcmp(heard->incarnation, counted->incarnation, sizeof heard->incarnation) == 0
                && model_is_in(batch, heard->batch))
                break;
        count += heard != NULL;
    }
    return count;
}
