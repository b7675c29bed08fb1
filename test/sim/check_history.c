#include "check_history.h"

#include "check_commands.h"
#include "check_frames.h"
#include "check_incarnations.h"
#include "check_state.h"

#include <inttypes.h>
#include <string.h>

/* What one commit is judged by. */
struct judgement {
    struct model_process *process;
    struct model_batch **before;        /* the tips, by stream */
    struct model_commit *commit;        /* what it wrote, or NULL */
};

static int take_written(struct checker *checker, struct model_process *process, const struct check_commit *commit,
    struct judgement *judgement);
static int take_batch(struct checker *checker, struct model_process *process, struct model_commit *commit,
    struct check_bytes bytes);
static int check_record(struct checker *checker, const struct model_commit *commit);
static int take_cursors(struct checker *checker, struct judgement *judgement, const struct check_commit *commit);
static int check_move(struct checker *checker, const struct model_process *process, const struct model_stream *stream,
    struct model_batch *from, struct model_batch *to);
static int check_passed(struct checker *checker, struct judgement *judgement, unsigned bound_count);
static int take_logged(struct checker *checker, struct model_process *process, const struct check_logged *logged,
    bool is_again);
static int check_vectors(struct checker *checker, const struct judgement *judgement);
static int check_delta(struct checker *checker, const struct model_batch *batch);
static int check_events(struct checker *checker, const struct judgement *judgement);
static int check_event(struct checker *checker, const struct judgement *judgement, struct model_event *event);
static int check_twice(struct checker *checker, const struct judgement *judgement, const struct model_event *event);
static int check_stores(struct checker *checker);
static int check_followers(struct checker *checker);
static int check_held(struct checker *checker);
static int check_kept(struct checker *checker);

/* ---- a commit ----------------------------------------------------------- */

int
history_commit(struct checker *checker, struct model_process *process, const struct check_commit *commit)
{
    struct judgement judgement = { .process = process };
    struct model_disk *disk = process->disk;
    bool is_again = false;
    size_t i;

    if (commit->incarnation != NULL)
        incarnations_commit(checker, process, commit->incarnation);
    judgement.before = check_arena_copy(&checker->scratch, disk->holds.tips,
        checker->stream_count * sizeof *judgement.before);
    if (take_written(checker, process, commit, &judgement) != 0)
        return -1;
    if (take_cursors(checker, &judgement, commit) != 0)
        return -1;
    if (judgement.commit != NULL
        && (check_vectors(checker, &judgement) != 0 || check_events(checker, &judgement) != 0))
        return -1;
    if (check_passed(checker, &judgement, commit->bound_count) != 0)
        return -1;
    if (commit->logged_count > 0 && commit->logged[0].log_position <= disk->holds.log_position) {
        memset(disk->holds.logged, 0, checker->stream_count * sizeof *disk->holds.logged);
        disk->holds.log_position = 0;
        is_again = true;
    }
    process->logged_before = disk->holds.log_position;
    for (i = 0; i < commit->logged_count; i++)
        if (take_logged(checker, process, &commit->logged[i], is_again) != 0)
            return -1;
    return state_commit(checker, process, judgement.before, judgement.commit);
}

static int
take_written(struct checker *checker, struct model_process *process, const struct check_commit *commit,
    struct judgement *judgement)
{
    struct model_commit *written;
    size_t i, payload_bytes = 0;
    uint32_t j;

    if (commit->written_count == 0)
        return 0;
    if (commit->written_count > CHECK_PLACES_MAX)
        return model_fail(checker, "limits: %s commits %zu batches", model_process_name(checker, process),
            commit->written_count);
    written = check_arena_take(&checker->arena, sizeof *written);
    written->batches = check_arena_take(&checker->arena, commit->written_count * sizeof *written->batches);
    written->fact = checker->fact;
    written->writer = process;
    for (i = 0; i < commit->written_count; i++) {
        if (take_batch(checker, process, written, commit->written[i]) != 0)
            return -1;
        for (j = 0; j < written->batches[i]->form.count; j++)
            payload_bytes += written->batches[i]->form.events[j].payload.size_bytes;
    }
    if (payload_bytes > CHECK_COMMIT_BYTES_MAX)
        return model_fail(checker, "limits: %s commits %zu bytes of payloads", model_process_name(checker, process),
            payload_bytes);
    for (i = 0; i < written->batch_count; i++) {
        const struct check_form *form = &written->batches[i]->form, *first = &written->batches[0]->form;

        if (form->place != i || form->places != commit->written_count || form->commit != first->commit
            || written->batches[i]->epoch != written->batches[0]->epoch
            || (form->count == 0) != (first->count == 0))
            return model_fail(checker, "commit places: %s is at %" PRIu32 " of %" PRIu32 " in commit %" PRIu64
                ", written at %zu of %zu in commit %" PRIu64, model_batch_name(checker, written->batches[i]),
                form->place, form->places, form->commit, i, commit->written_count, first->commit);
    }
    judgement->commit = written;
    process->written_counter = written->batches[0]->form.epoch_counter;
    if (written->batches[0]->form.count == 0)
        return check_record(checker, written);
    if (process->written_counter == process->fenced_counter)
        return model_fail(checker, "fence: %s commits %s, and an event store has told it to stop",
            model_process_name(checker, process), model_batch_name(checker, written->batches[0]));
    return frames_check_heads(checker, process);
}

/* Into the tree, behind the tip of the disk that it was written on. */
static int
take_batch(struct checker *checker, struct model_process *process, struct model_commit *commit,
    struct check_bytes bytes)
{
    struct model_disk *disk = process->disk;
    struct model_batch *batch = check_arena_take(&checker->arena, sizeof *batch), *parent, **siblings;
    struct check_form *form = &batch->form;
    struct model_stream *stream;
    const char *broken;
    size_t i;

    bytes.base = check_arena_copy(&checker->arena, bytes.base, bytes.size_bytes);
    if ((broken = check_decode_batch(&checker->arena, bytes, form)) != NULL)
        return model_fail(checker, "form: %s commits a batch that breaks '%s'",
            model_process_name(checker, process), broken);
    stream = model_find_stream(checker, form->stream);
    if (stream == NULL || stream->owner != process->node)
        return model_fail(checker, "one writer: %s commits to %.*s", model_process_name(checker, process),
            (int)form->stream.size_bytes, (const char *)form->stream.base);
    if (check_map_find(&checker->batches, form->hash) != NULL)
        return model_fail(checker, "applied twice: %s commits the same batch again",
            model_process_name(checker, process));

    parent = disk->holds.tips[stream->index];
    batch->stream = stream;
    batch->epoch = model_epoch(checker, form->epoch_counter, form->epoch_bits);
    batch->last = form->first + form->count - 1;
    batch->parent = parent;
    batch->commit = commit;
    model_link(batch);
    if (memcmp(form->previous, parent == NULL ? (const uint8_t[CHECK_HASH_BYTES]){ 0 } : parent->form.hash,
            CHECK_HASH_BYTES) != 0 || form->first != (parent == NULL ? 1 : parent->last + 1))
        return model_fail(checker, "chain: %s of %s does not extend %s", model_batch_name(checker, batch),
            model_process_name(checker, process), model_batch_name(checker, parent));
    if (form->count > 0 ? parent == NULL || parent->epoch != batch->epoch
        : parent != NULL && parent->form.epoch_counter >= form->epoch_counter)
        return model_fail(checker, "epochs: %s does not fit behind %s", model_batch_name(checker, batch),
            model_batch_name(checker, parent));
    for (i = 0; i < process->node->stream_count; i++) {
        const struct model_batch *tip = disk->holds.tips[process->node->streams[i]->index];

        if (tip != NULL && tip->commit != commit && tip->form.commit >= form->commit)
            return model_fail(checker, "commit numbers: %s has commit %" PRIu64 " behind %" PRIu64,
                model_batch_name(checker, batch), form->commit, tip->form.commit);
    }

    batch->known = parent == NULL
        ? check_arena_take(&checker->arena, checker->stream_count * sizeof *batch->known)
        : check_arena_copy(&checker->arena, parent->known, checker->stream_count * sizeof *batch->known);
    if (check_delta(checker, batch) != 0)
        return -1;
    siblings = parent == NULL ? &stream->roots : &parent->children;
    batch->next_sibling = *siblings;
    *siblings = batch;
    if (form->count == 0) {
        batch->next_record = stream->records;
        stream->records = batch;
    }
    check_map_add(&checker->arena, &checker->batches, form->hash, batch);
    commit->batches[commit->batch_count++] = batch;
    model_move(checker, disk, stream, batch, MODEL_COMMITTED);
    return 0;
}

/* Sorted, each entry news, names used: what only a writer has to keep. And what is known from here on. */
static int
check_delta(struct checker *checker, const struct model_batch *batch)
{
    const struct check_form *form = &batch->form;
    bool used[CHECK_NAMES_MAX] = { false };
    uint32_t i, j, known_before = 0;

    for (i = 0; i < checker->stream_count; i++)
        known_before += batch->known[i].epoch != 0;
    for (i = 0; i < form->cause_count; i++) {
        struct model_stream *stream = model_find_stream(checker, form->causes[i].stream);
        struct model_known news;

        if (stream == NULL)
            return model_fail(checker, "vector: %s names a cause in %.*s, which is no stream",
                model_batch_name(checker, batch), (int)form->causes[i].stream.size_bytes,
                (const char *)form->causes[i].stream.base);
        news.epoch = model_epoch(checker, form->causes[i].epoch_counter, form->causes[i].epoch_bits);
        news.number = form->causes[i].number;
        if (batch->known[stream->index].epoch != 0)
            known_before--;
        if (form->count == 0 ? model_covers(checker, batch->known[stream->index], news, false)
                && !model_covers(checker, news, batch->known[stream->index], false)
            : model_covers(checker, batch->known[stream->index], news, false))
            return model_fail(checker, "vector: %s names %s, but its stream has already said %" PRIu32 ".%" PRIu64,
                model_batch_name(checker, batch), model_place_name(checker, &form->causes[i]),
                model_counter(checker, batch->known[stream->index].epoch), batch->known[stream->index].number);
        batch->known[stream->index] = news;
    }
    if (form->count == 0 && known_before > 0)
        return model_fail(checker, "vector: %s leaves out %" PRIu32 " streams that its history has named",
            model_batch_name(checker, batch), known_before);

    for (i = 0; i < form->count; i++)
        used[form->events[i].type] = used[form->events[i].cause_name] = true;
    for (i = 0; i < form->name_count; i++) {
        for (j = 0; j < i; j++)
            if (check_bytes_equal(form->names[i], form->names[j]))
                return model_fail(checker, "names: %s has %.*s twice", model_batch_name(checker, batch),
                    (int)form->names[i].size_bytes, (const char *)form->names[i].base);
        if (!used[i])
            return model_fail(checker, "names: %s does not use %.*s", model_batch_name(checker, batch),
                (int)form->names[i].size_bytes, (const char *)form->names[i].base);
    }
    return 0;
}

/* An epoch begins in all streams of its service at once, and every event store has sealed for it. */
static int
check_record(struct checker *checker, const struct model_commit *commit)
{
    const struct model_node *service = commit->writer->node;
    const struct check_form *first = &commit->batches[0]->form;
    size_t i, j;

    if (commit->batch_count != service->stream_count)
        return model_fail(checker, "epochs: %s opens an epoch in %zu of %zu streams",
            model_process_name(checker, commit->writer), commit->batch_count, service->stream_count);
    for (i = 0; i < commit->batch_count; i++) {
        const struct model_batch *batch = commit->batches[i];

        if (batch->stream != service->streams[i])
            return model_fail(checker, "epochs: %s is out of order", model_batch_name(checker, batch));
        if (!check_bytes_equal(batch->form.service, service->name) || batch->form.reason != first->reason
            || batch->form.parent_count != first->parent_count)
            return model_fail(checker, "epochs: %s has another body than its first sibling",
                model_batch_name(checker, batch));
        for (j = 0; j < first->parent_count; j++) {
            const struct check_place *parent = &batch->form.parents[j];
            const struct model_batch *tip = commit->batches[j]->parent;

            if (!check_bytes_equal(parent->stream, service->streams[j]->name)
                || parent->epoch_counter != (tip == NULL ? 0 : tip->form.epoch_counter)
                || parent->number != (tip == NULL ? 0 : tip->last)
                || (tip != NULL && (memcmp(parent->hash, tip->form.hash, CHECK_HASH_BYTES) != 0
                    || memcmp(parent->epoch_bits, tip->form.epoch_bits, CHECK_EPOCH_BITS_BYTES) != 0)))
                return model_fail(checker, "epochs: %s names a parent that is not %s", model_batch_name(checker, batch),
                    model_batch_name(checker, tip));
        }
    }
    return frames_check_seals(checker, commit);
}

/* ---- cursors ------------------------------------------------------------ */

static int
take_cursors(struct checker *checker, struct judgement *judgement, const struct check_commit *commit)
{
    struct model_process *process = judgement->process;
    struct model_stream *stream;
    struct model_batch *to;
    size_t i;

    for (i = 0; i < commit->cursor_count; i++) {
        stream = model_find_stream(checker, model_text(commit->cursors[i].stream));
        if (stream == NULL || (!process->node->follows[stream->index] && stream->owner != process->node))
            return model_fail(checker, "following: %s has a cursor in %s", model_process_name(checker, process),
                commit->cursors[i].stream);
        if (model_find_position(checker, &commit->cursors[i], &to) != 0)
            return model_fail(checker, "chain: %s stands at %s %" PRIu32 ".%" PRIu64 ", which nobody has committed",
                model_process_name(checker, process), commit->cursors[i].stream, commit->cursors[i].epoch_counter,
                commit->cursors[i].number);
        if (check_move(checker, process, stream, process->disk->holds.tips[stream->index], to) != 0
            || incarnations_check_move(checker, process, process->disk->holds.tips[stream->index], to) != 0)
            return -1;
        model_move(checker, process->disk, stream, to, MODEL_COMMITTED);
    }
    return 0;
}

/*
 * Forward along the chain. Or over to another branch: an epoch record with a
 * higher counter has announced it, and a service is past the first record
 * there that is new to it and no lower. An event store may be anywhere.
 */
static int
check_move(struct checker *checker, const struct model_process *process, const struct model_stream *stream,
    struct model_batch *from, struct model_batch *to)
{
    const struct model_batch *record;

    if (model_is_in(from, to))
        return 0;
    for (record = stream->records; record != NULL; record = record->next_record)
        if (record->form.epoch_counter > from->form.epoch_counter && !model_is_in(from, record)
            && (model_is_in(record, to) || model_is_in(to, record)))
            break;
    if (record != NULL && (process->node->is_event_store || (to != NULL && to->epoch != from->epoch
            && to->form.epoch_counter >= from->form.epoch_counter)))
        return 0;
    return model_fail(checker, "fork unannounced: %s goes from %s to %s, and no epoch in between says so",
        model_process_name(checker, process), model_batch_name(checker, from), model_batch_name(checker, to));
}

static bool
is_satisfied(struct checker *checker, const struct check_place *cause, const struct model_batch *tip)
{
    struct model_known wanted = {
        model_epoch(checker, cause->epoch_counter, cause->epoch_bits), cause->number,
    };

    return model_covers(checker, model_known_of(tip), wanted, false);
}

/*
 * Of a stream that was added in the middle all is there first that the batch or any before it knew of: what was said
 * before the stream was followed is not said again.
 */
static const struct model_stream *
find_unjoined(const struct checker *checker, const struct model_process *process, const struct model_batch *batch)
{
    struct model_batch *const *tips = process->disk->holds.tips;
    size_t i;

    for (i = 0; i < checker->stream_count && !process->disk->has_given_up; i++)
        if (process->node->joined[i] && batch->known[i].epoch != 0 && &checker->streams[i] != batch->stream
            && !model_covers(checker, model_known_of(tips[i]), batch->known[i], true))
            return &checker->streams[i];
    return NULL;
}

/* All that the tips have newly passed: causes there, commits whole, no rival seen. */
static int
check_passed(struct checker *checker, struct judgement *judgement, unsigned bound_count)
{
    const struct model_node *node = judgement->process->node;
    struct model_contents *holds = &judgement->process->disk->holds;
    const struct check_place *missing = NULL;
    const struct model_batch *hasty = NULL;
    const struct model_stream *unjoined;
    struct model_batch *batch, *common;
    unsigned early_count = 0, early_before;
    size_t i, j;

    if (bound_count > 0)
        judgement->process->disk->has_given_up = true;
    for (i = 0; i < checker->stream_count; i++) {
        if (holds->tips[i] == judgement->before[i])
            continue;
        common = model_common(judgement->before[i], holds->tips[i]);
        early_before = early_count;
        if (holds->logged[i] != NULL && !model_is_in(holds->logged[i], holds->tips[i]))
            holds->logged[i] = common;
        for (batch = holds->tips[i]; batch != common; batch = batch->parent) {
            bool is_early = false;

            for (j = 0; j < checker->stream_count; j++)
                model_learn(checker, &holds->learnt[j], batch->known[j]);
            model_learn(checker, &holds->learnt[i], model_known_of(batch));
            if (batch->commit == judgement->commit)
                continue;
            if (history_see(checker, batch) != 0)
                return -1;
            for (j = 0; !node->is_event_store && j < batch->form.cause_count; j++) {
                const struct model_stream *stream = model_find_stream(checker, batch->form.causes[j].stream);

                if (!node->follows[stream->index] && stream->owner != node)
                    continue;
                if (is_satisfied(checker, &batch->form.causes[j], holds->tips[stream->index]))
                    continue;
                is_early = true;
                hasty = batch;
                missing = &batch->form.causes[j];
            }
            if (!is_early && (unjoined = find_unjoined(checker, judgement->process, batch)) != NULL)
                return model_fail(checker, "effect before cause: %s has applied %s without %.*s %" PRIu32 ".%" PRIu64
                    ", which is known there, and it has joined that stream", model_process_name(checker,
                    judgement->process), model_batch_name(checker, batch), (int)unjoined->name.size_bytes,
                    (const char *)unjoined->name.base, model_counter(checker, batch->known[unjoined->index].epoch),
                    batch->known[unjoined->index].number);
            early_count += is_early;
            for (j = 0; (node->is_event_store || batch->stream->owner == node) && j < batch->commit->batch_count; j++) {
                const struct model_batch *other = batch->commit->batches[j];

                if (!model_is_in(other, holds->tips[other->stream->index]))
                    return model_fail(checker, "half a commit: %s has %s without %s",
                        model_process_name(checker, judgement->process), model_batch_name(checker, batch),
                        model_batch_name(checker, other));
            }
            if (node->is_event_store && (frames_check_sealed(checker, judgement->process, batch) != 0
                || incarnations_check_recorded(checker, judgement->process, batch) != 0))
                return -1;
        }
        /* A stream that was filled again beside is shown all at once: it waited as one. */
        if (common != judgement->before[i] && early_count > early_before)
            early_count = early_before + 1;
    }
    if (early_count > bound_count)
        return model_fail(checker, "effect before cause: %s has applied %s without %s (%u so in this commit, %u at the "
            "bound)", model_process_name(checker, judgement->process), model_batch_name(checker, hasty),
            model_place_name(checker, missing), early_count, bound_count);
    return 0;
}

int
history_see(struct checker *checker, struct model_batch *batch)
{
    const struct model_batch *sibling;

    if (batch->is_seen)
        return 0;
    batch->is_seen = true;
    sibling = batch->parent == NULL ? batch->stream->roots : batch->parent->children;
    for (; sibling != NULL; sibling = sibling->next_sibling)
        if (sibling != batch && sibling->is_seen && sibling->epoch == batch->epoch)
            return model_fail(checker, "fork unannounced: %s and %s both came behind %s in one epoch, and both "
                "were seen", model_batch_name(checker, batch), model_batch_name(checker, sibling),
                model_batch_name(checker, batch->parent));
    return 0;
}

struct model_batch *
history_find(struct checker *checker, const struct model_process *process, struct check_bytes bytes)
{
    const uint8_t *base = bytes.base;
    struct model_batch *batch = NULL;
    struct check_form form;
    const char *broken;

    if (bytes.size_bytes >= 5 + CHECK_HASH_BYTES)
        batch = check_map_find(&checker->batches, base + 5);
    if (batch != NULL && check_bytes_equal(batch->form.bytes, bytes))
        return batch;
    if ((broken = check_decode_batch(&checker->scratch, bytes, &form)) != NULL)
        model_fail(checker, "form: %s sends or holds a batch that breaks '%s'", model_process_name(checker, process),
            broken);
    else
        model_fail(checker, "left before its commit: %s sends or holds a batch %.*s %" PRIu32 ".%" PRIu64 " that "
            "nobody has committed", model_process_name(checker, process), (int)form.stream.size_bytes,
            (const char *)form.stream.base, form.epoch_counter, form.first);
    return NULL;
}

/*
 * Event stores: a log position only behind all its causes, and in the order of
 * the chain. A cause that an epoch recorded since has voided needs none; when a
 * log is told again, what was a cause may have been set aside.
 */
static int
take_logged(struct checker *checker, struct model_process *process, const struct check_logged *logged, bool is_again)
{
    struct model_contents *holds = &process->disk->holds;
    struct model_batch *batch = check_map_find(&checker->batches, logged->hash), *tip;
    bool is_void;
    uint32_t i;

    if (batch == NULL || !model_is_in(batch, holds->tips[batch->stream->index]))
        return model_fail(checker, "log position: %s gives %" PRIu64 " to what it has not recorded",
            model_process_name(checker, process), logged->log_position);
    if (logged->log_position <= holds->log_position)
        return model_fail(checker, "log position: %s gives %" PRIu64 " after %" PRIu64,
            model_process_name(checker, process), logged->log_position, holds->log_position);
    if (incarnations_check_position(checker, process, logged->log_position, batch) != 0)
        return -1;
    tip = holds->logged[batch->stream->index];
    if (batch->parent != tip)
        return model_fail(checker, "log position: %s gives %" PRIu64 " to %s, after %s",
            model_process_name(checker, process), logged->log_position, model_batch_name(checker, batch),
            model_batch_name(checker, tip));
    for (i = 0; i < batch->form.cause_count; i++) {
        const struct model_stream *stream = model_find_stream(checker, batch->form.causes[i].stream);

        if (is_satisfied(checker, &batch->form.causes[i], holds->logged[stream->index]))
            continue;
        is_void = holds->tips[stream->index] != NULL
            && holds->tips[stream->index]->form.epoch_counter > batch->form.causes[i].epoch_counter;
        if (!(is_again || is_void) || model_find_in(checker, holds->tips[stream->index], model_epoch(checker,
                batch->form.causes[i].epoch_counter, batch->form.causes[i].epoch_bits),
                batch->form.causes[i].number) != NULL)
            return model_fail(checker, "effect before cause: %s gives log position %" PRIu64 " to %s before %s has one",
                model_process_name(checker, process), logged->log_position, model_batch_name(checker, batch),
                model_place_name(checker, &batch->form.causes[i]));
    }
    holds->logged[batch->stream->index] = batch;
    holds->log_position = logged->log_position;
    return 0;
}

/* ---- vectors ------------------------------------------------------------ */

/* What stands on the disk at these tips, and what all of that has named. */
static void
add_tip(const struct checker *checker, struct model_known *known, const struct model_batch *tip)
{
    size_t i;

    if (tip == NULL)
        return;
    for (i = 0; i < checker->stream_count; i++)
        model_learn(checker, &known[i], tip->known[i]);
    model_learn(checker, &known[tip->stream->index], model_known_of(tip));
}

/*
 * At least what was on the disk before the commit and what came before it in
 * the commit, at most what was there after it. (Inputs of one commit come one
 * after the other, so a batch may know of some and not of others.)
 */
static int
check_vectors(struct checker *checker, const struct judgement *judgement)
{
    const struct model_contents *holds = &judgement->process->disk->holds;
    struct model_known least[MODEL_STREAMS_MAX] = { { 0 } };
    struct model_known *most;
    size_t i, j;

    most = check_arena_copy(&checker->scratch, holds->learnt, checker->stream_count * sizeof *most);
    for (i = 0; i < checker->stream_count; i++)
        add_tip(checker, least, judgement->before[i]);
    for (i = 0; i < checker->stream_count; i++) {
        /* Of its own streams a writer knows better than what others have heard of them. */
        if (checker->streams[i].owner == judgement->process->node)
            least[i] = model_known_of(judgement->before[i]);
        if (checker->streams[i].owner != judgement->process->node)
            for (struct model_batch *batch = holds->tips[i]; batch != judgement->before[i] && batch != NULL;
                 batch = batch->parent)
                add_tip(checker, most, batch);
        else
            add_tip(checker, most, judgement->before[i]);
    }
    for (i = 0; i < judgement->commit->batch_count; i++) {
        const struct model_batch *batch = judgement->commit->batches[i];

        for (j = 0; j < checker->stream_count; j++) {
            const char *stream = checker->streams[j].name.base;
            int length = (int)checker->streams[j].name.size_bytes;

            if (j == batch->stream->index)
                continue;
            if (least[j].number > 0 && !model_covers(checker, batch->known[j], least[j], true))
                return model_fail(checker, "vector: %s leaves out %.*s %" PRIu32 ".%" PRIu64 ", which its writer knew",
                    model_batch_name(checker, batch), length, stream, model_counter(checker, least[j].epoch),
                    least[j].number);
            if (!model_covers(checker, most[j], batch->known[j], true))
                return model_fail(checker, "vector: %s names %.*s %" PRIu32 ".%" PRIu64 ", which its writer did not "
                    "know", model_batch_name(checker, batch), length, stream,
                    model_counter(checker, batch->known[j].epoch),
                    batch->known[j].number);
        }
        if (batch->form.count > 0)
            add_tip(checker, least, batch);
        add_tip(checker, most, batch);
    }
    return 0;
}

/* ---- events ------------------------------------------------------------- */

struct model_stream *
history_cause_stream(struct checker *checker, const struct model_event *event)
{
    return model_find_stream(checker, event->batch->form.names[event->form->cause_name]);
}

uint32_t
history_cause_epoch(struct checker *checker, const struct model_event *event)
{
    return model_epoch(checker, event->form->epoch_counter, event->form->epoch_bits);
}

static void
cause_key(uint8_t key_out[32], const struct model_node *service, enum check_cause_kind kind,
    const struct model_stream *stream, uint32_t epoch, uint64_t number, uint32_t index)
{
    uint64_t parts[6] = { service->index, (uint64_t)kind, stream->index, epoch, number, index };

    check_map_key(key_out, parts, sizeof parts);
}

static void
command_key(uint8_t key_out[32], const struct model_node *service, struct check_bytes caller, const uint8_t *id)
{
    uint8_t parts[2 + CHECK_ID_BYTES + CHECK_NAME_BYTES_MAX] = { (uint8_t)service->index, 0xff };

    memcpy(parts + 2, id, CHECK_ID_BYTES);
    memcpy(parts + 2 + CHECK_ID_BYTES, caller.base, caller.size_bytes);
    check_map_key(key_out, parts, 2 + CHECK_ID_BYTES + caller.size_bytes);
}

struct model_event *
history_by_cause(struct checker *checker, const struct model_node *service, enum check_cause_kind kind,
    const struct model_stream *stream, uint32_t epoch, uint64_t number, uint32_t index)
{
    struct model_event **list;
    uint8_t key[32];

    cause_key(key, service, kind, stream, epoch, number, index);
    list = check_map_find(&checker->by_cause, key);
    return list == NULL ? NULL : *list;
}

struct model_event *
history_by_command(struct checker *checker, const struct model_node *service, struct check_bytes caller,
    const uint8_t *id)
{
    struct model_event **list;
    uint8_t key[32];

    command_key(key, service, caller, id);
    list = check_map_find(&checker->by_cause, key);
    return list == NULL ? NULL : *list;
}

static void
index_event(struct checker *checker, struct model_event *event)
{
    const struct model_node *service = event->batch->stream->owner;
    uint64_t place[3] = { event->batch->stream->index, event->batch->epoch, event->number };
    struct model_event **list;
    const struct model_event *known;
    uint8_t key[32];

    check_map_key(key, place, sizeof place);
    /* A number may be given anew when its batch had not left, and its disk went back to before it. */
    if ((known = check_map_find(&checker->events, key)) == NULL)
        check_map_add(&checker->arena, &checker->events, key, event);
    else if (!known->batch->is_seen)
        check_map_replace(&checker->events, key, event);
    if (event->form->kind == CHECK_CAUSE_COMMAND)
        command_key(key, service, event->batch->form.names[event->form->cause_name], event->form->command_id);
    else
        cause_key(key, service, event->form->kind, history_cause_stream(checker, event),
            history_cause_epoch(checker, event), event->form->number, event->form->index);
    if ((list = check_map_find(&checker->by_cause, key)) == NULL) {
        list = check_arena_take(&checker->arena, sizeof *list);
        check_map_add(&checker->arena, &checker->by_cause, key, list);
    }
    event->next_of_cause = *list;
    *list = event;
}

static int
check_events(struct checker *checker, const struct judgement *judgement)
{
    size_t i;
    uint32_t j;

    for (i = 0; i < judgement->commit->batch_count; i++) {
        struct model_batch *batch = judgement->commit->batches[i];

        batch->events = check_arena_take(&checker->arena, batch->form.count * sizeof *batch->events);
        for (j = 0; j < batch->form.count; j++) {
            struct model_event *event = &batch->events[j];

            event->batch = batch;
            event->form = &batch->form.events[j];
            event->number = batch->form.first + j;
            if (check_event(checker, judgement, event) != 0)
                return -1;
            index_event(checker, event);
            state_index(checker, event);
        }
    }
    return 0;
}

/* The id of a command, or what its first event says. */
static const uint8_t *
correlation_of(const struct model_event *event)
{
    return event->form->correlation != NULL ? event->form->correlation : event->form->command_id;
}

static int
check_event(struct checker *checker, const struct judgement *judgement, struct model_event *event)
{
    const struct model_node *service = judgement->process->node;
    const struct check_form_event *form = event->form;
    const struct model_batch *batch = event->batch, *after;
    const struct model_event *cause;
    struct model_stream *stream;
    struct model_known at;
    bool is_own;

    if (form->kind == CHECK_CAUSE_COMMAND) {
        if (form->depth != 0)
            return model_fail(checker, "depth: %s was caused by a command, at depth %" PRIu32,
                model_event_name(checker, event), form->depth);
        if (commands_check_event(checker, judgement->process, event) != 0)
            return -1;
        return check_twice(checker, judgement, event);
    }

    stream = history_cause_stream(checker, event);
    is_own = form->kind == CHECK_CAUSE_TIMER || form->kind == CHECK_CAUSE_ANSWER;
    if (stream == NULL || (stream->owner == service) != is_own || (!is_own && !service->follows[stream->index]))
        return model_fail(checker, "cause: %s names %.*s for a cause of kind %d", model_event_name(checker, event),
            (int)batch->form.names[form->cause_name].size_bytes,
            (const char *)batch->form.names[form->cause_name].base, (int)form->kind);
    at = (struct model_known){ history_cause_epoch(checker, event), form->number };
    cause = model_find_event(checker, stream, at.epoch, at.number);
    if (cause == NULL)
        return model_fail(checker, "cause: %s was caused by %.*s %" PRIu32 ".%" PRIu64 ", which was never committed",
            model_event_name(checker, event), (int)stream->name.size_bytes, (const char *)stream->name.base,
            form->epoch_counter, form->number);
    /* Of what is lost the batch knows the branch that voids it. */
    if (stream == batch->stream
        ? model_find_in(checker, batch, at.epoch, at.number) == NULL
            || (at.epoch == batch->epoch && at.number >= event->number)
        : !model_covers(checker, batch->known[stream->index], at, form->kind == CHECK_CAUSE_LOSS))
        return model_fail(checker, "vector: %s was caused by %s, which its batch does not know",
            model_event_name(checker, event), model_event_name(checker, cause));
    after = judgement->process->disk->holds.tips[stream->index];
    if (form->kind == CHECK_CAUSE_LOSS) {
        if (model_find_in(checker, after, at.epoch, at.number) != NULL)
            return model_fail(checker, "cause: %s is about the loss of %s, which is not lost",
                model_event_name(checker, event), model_event_name(checker, cause));
    } else if (model_find_in(checker, after, at.epoch, at.number) == NULL
        && model_find_in(checker, judgement->before[stream->index], at.epoch, at.number) == NULL) {
        return model_fail(checker, "cause: %s was caused by %s, which its writer has not applied",
            model_event_name(checker, event), model_event_name(checker, cause));
    }
    if (form->depth != cause->form->depth + 1)
        return model_fail(checker, "depth: %s is at depth %" PRIu32 ", its cause %s at %" PRIu32,
            model_event_name(checker, event), form->depth, model_event_name(checker, cause), cause->form->depth);
    if (memcmp(correlation_of(event), correlation_of(cause), CHECK_ID_BYTES) != 0)
        return model_fail(checker, "correlation: %s has another one than its cause %s",
            model_event_name(checker, event), model_event_name(checker, cause));
    return check_twice(checker, judgement, event);
}

static bool
is_same_type(const struct model_event *a, const struct model_event *b)
{
    return check_bytes_equal(a->batch->form.names[a->form->type], b->batch->form.names[b->form->type]);
}

/*
 * In one history a command is decided once, and a cause has one event of a
 * type and key, and one more each time that it was lost and is found again. Of the
 * loss of an event there may be one for each event that it had caused.
 */
static int
check_twice(struct checker *checker, const struct judgement *judgement, const struct model_event *event)
{
    const struct model_node *service = judgement->process->node;
    const struct check_form_event *form = event->form;
    struct model_event *other, *first = NULL;
    struct model_stream *stream = NULL;
    uint32_t epoch = 0;
    unsigned count = 1, most = 1;

    if (form->kind == CHECK_CAUSE_COMMAND) {
        other = history_by_command(checker, service, event->batch->form.names[form->cause_name], form->command_id);
    } else {
        stream = history_cause_stream(checker, event);
        epoch = history_cause_epoch(checker, event);
        other = history_by_cause(checker, service, form->kind, stream, epoch, form->number, form->index);
    }
    for (; other != NULL; other = other->next_of_cause) {
        if (!model_is_in(other->batch, judgement->process->disk->holds.tips[other->batch->stream->index]))
            continue;
        if (form->kind == CHECK_CAUSE_COMMAND) {
            if (other->batch->commit == judgement->commit && !(is_same_type(event, other)
                    && check_bytes_equal(form->payload, other->form->payload)))
                continue;
            return model_fail(checker, "applied twice: the command of %s had been decided at %s",
                model_event_name(checker, event), model_event_name(checker, other));
        }
        if (is_same_type(event, other) && check_bytes_equal(form->key, other->form->key)) {
            count++;
            first = other;
        }
    }
    if (form->kind == CHECK_CAUSE_EVENT)        /* lost, noted as lost, and found again with another branch */
        for (other = history_by_cause(checker, service, CHECK_CAUSE_LOSS, stream, epoch, form->number, 0);
             other != NULL; other = other->next_of_cause)
            if (model_is_in(other->batch, judgement->process->disk->holds.tips[other->batch->stream->index]))
                most++;
    if (form->kind == CHECK_CAUSE_LOSS) {
        most = 0;
        for (other = history_by_cause(checker, service, CHECK_CAUSE_EVENT, stream, epoch, form->number, 0);
             other != NULL; other = other->next_of_cause)
            if (model_is_in(other->batch, judgement->process->disk->holds.tips[other->batch->stream->index]))
                most++;
    }
    if (form->kind != CHECK_CAUSE_COMMAND && count > most)
        return model_fail(checker, "applied twice: %s is number %u of its type and key because of %.*s %" PRIu32 ".%"
            PRIu64 " (kind %d), and at most %u may be; the first is %s", model_event_name(checker, event), count,
            (int)stream->name.size_bytes, (const char *)stream->name.base, form->epoch_counter, form->number,
            (int)form->kind, most, first == NULL ? "it" : model_event_name(checker, first));
    return 0;
}

/* ---- trimming ----------------------------------------------------------- */

/* Does every backup that counted at some time since hold it, at each event store? */
static bool
is_backed_up(const struct checker *checker, const struct model_batch *batch)
{
    const struct model_mark *mark;
    size_t i;

    for (i = 0; i < checker->node_count; i++) {
        if (!checker->nodes[i].is_event_store)
            continue;
        for (mark = checker->marks; mark != NULL; mark = mark->older)
            if (mark->node == &checker->nodes[i] && model_is_in(batch, mark->tips[batch->stream->index]))
                break;
        if (mark == NULL)
            return false;
    }
    return true;
}

int
history_trim(struct checker *checker, struct model_process *process, struct model_stream *stream,
    uint64_t first_held)
{
    struct model_contents *holds = &process->disk->holds;
    const struct model_batch *batch = holds->tips[stream->index];
    uint64_t backed_up;

    if (stream->owner != process->node || first_held < holds->first_held[stream->index])
        return model_fail(checker, "trimming: %s begins %.*s at %" PRIu64 " after %" PRIu64,
            model_process_name(checker, process), (int)stream->name.size_bytes, (const char *)stream->name.base,
            first_held, holds->first_held[stream->index]);
    if (first_held == holds->first_held[stream->index])
        return 0;                       /* by an earlier process of this disk, or of the one that it is a copy of */
    holds->first_held[stream->index] = first_held;
    while (batch != NULL && (batch->last >= first_held || batch->form.count == 0))
        batch = batch->parent;
    if (batch == NULL)
        return 0;
    backed_up = process->node->trim == CHECK_TRIM_RECORDED ? UINT64_MAX
        : incarnations_backed_up(checker, process, stream);
    if (batch->last > backed_up)
        return model_fail(checker, "trimming: %s trims %s, and event stores have said last that their backups hold %"
            PRIu64, model_process_name(checker, process), model_batch_name(checker, batch), backed_up);
    if (process->node->trim == CHECK_TRIM_RECORDED
        ? model_recorded_by(checker, batch) < process->node->trim_by : !is_backed_up(checker, batch))
        return model_fail(checker, "trimming: %s trims %s, which %s", model_process_name(checker, process),
            model_batch_name(checker, batch), process->node->trim == CHECK_TRIM_RECORDED
            ? "too few event stores have recorded" : "is not in every backup");
    return 0;
}

/* ---- the end ------------------------------------------------------------ */

int
history_end_batch(struct checker *checker, struct model_process *process, struct check_bytes bytes)
{
    struct model_batch *batch = history_find(checker, process, bytes), **tip;

    if (batch == NULL)
        return -1;
    tip = &process->end_logs[batch->stream->index];
    if (*tip != batch->parent && (process->node->is_event_store || *tip != NULL))
        return model_fail(checker, "hole: the log of %s has %s behind %s", model_process_name(checker, process),
            model_batch_name(checker, batch), model_batch_name(checker, *tip));
    *tip = batch;
    batch->is_held = true;
    return 0;
}

int
history_end_logged(struct checker *checker, struct model_process *process, const struct check_logged *logged)
{
    const struct model_batch *batch = check_map_find(&checker->batches, logged->hash);

    if (batch == NULL || !model_is_in(batch, process->disk->holds.logged[batch->stream->index]))
        return model_fail(checker, "log position: %s ends with %" PRIu64 " for what never had one",
            model_process_name(checker, process), logged->log_position);
    if (logged->log_position <= process->end_log_position)
        return model_fail(checker, "log position: %s ends with %" PRIu64 " behind %" PRIu64,
            model_process_name(checker, process), logged->log_position, process->end_log_position);
    process->end_log_position = logged->log_position;
    process->end_logged_count++;
    return 0;
}

int
history_finish(struct checker *checker)
{
    struct model_batch *batch;
    size_t i, j;

    for (i = 0; i < checker->node_count; i++) {
        struct model_node *node = &checker->nodes[i];

        if (node->end == NULL)
            return model_fail(checker, "caught up: nothing of %.*s is left at the end", (int)node->name.size_bytes,
                (const char *)node->name.base);
        if (!node->is_event_store && node->stream_count > 0 && !node->end->takes_commands)
            return model_fail(checker, "caught up: %s takes no commands at the end",
                model_process_name(checker, node->end));
        for (j = 0; j < node->stream_count; j++) {
            node->streams[j]->final = node->end->disk->holds.tips[node->streams[j]->index];
            node->streams[j]->has_final = true;
            for (batch = node->streams[j]->final; batch != NULL; batch = batch->parent)
                batch->is_final = true;
        }
    }
    if (check_held(checker) != 0 || check_followers(checker) != 0 || check_kept(checker) != 0
        || check_stores(checker) != 0)
        return -1;
    return frames_finish(checker);
}

/* Everything of a final history is still in some log, or the facts say who lost it after it was rightly trimmed. */
static int
check_held(struct checker *checker)
{
    const struct model_disk *disk;
    const struct model_batch *batch;
    bool is_excused;
    size_t i;

    for (i = 0; i < checker->stream_count; i++) {
        for (batch = checker->streams[i].final; batch != NULL && batch->is_held; batch = batch->parent)
            ;
        if (batch == NULL)
            continue;
        is_excused = false;
        if (batch->last < batch->stream->owner->end->disk->holds.first_held[i])
            for (disk = checker->all_disks; disk != NULL; disk = disk->next) {
                const struct model_move *move;
                bool is_lost = false;

                if (disk->node == NULL || !disk->node->is_event_store)
                    continue;
                /* With backups asked for only a wipe excuses: what is restored has it. */
                for (move = disk->moves[i]; move != NULL; move = move->older)
                    is_lost = is_lost || move->why == MODEL_WIPED
                        || (move->why == MODEL_RESTORED && batch->stream->owner->trim == CHECK_TRIM_RECORDED);
                is_excused = is_excused || is_lost;
            }
        if (!is_excused)
            return model_fail(checker, "hole: %s is in no log any more", model_batch_name(checker, batch));
        checker->streams[i].excused_below = batch->last + 1;
    }
    return 0;
}

static int
check_followers(struct checker *checker)
{
    size_t i, j;

    for (i = 0; i < checker->node_count; i++) {
        const struct model_node *node = &checker->nodes[i];

        for (j = 0; j < checker->stream_count; j++) {
            struct model_batch *tip = node->end->disk->holds.tips[j];
            const struct model_stream *stream = &checker->streams[j];

            if (!node->follows[j] && stream->owner != node)
                continue;
            if (node->end->has_end_cursor[j] && node->end->end_cursors[j] != tip)
                return model_fail(checker, "one transaction: the cursor of %s is %s at the end, but its last commit "
                    "left it at %s", model_process_name(checker, node->end),
                    model_batch_name(checker, node->end->end_cursors[j]), model_batch_name(checker, tip));
            if (tip != stream->final && stream->excused_below == 0)
                return model_fail(checker, "caught up: %s ends at %s, the origin at %s",
                    model_process_name(checker, node->end), model_batch_name(checker, tip),
                    model_batch_name(checker, stream->final));
        }
    }
    return 0;
}

static int
check_stores(struct checker *checker)
{
    size_t i, j;

    for (i = 0; i < checker->node_count; i++) {
        struct model_process *end = checker->nodes[i].end;
        uint64_t count = 0;

        for (j = 0; j < checker->stream_count; j++) {
            const struct model_stream *stream = &checker->streams[j];

            if (!checker->nodes[i].is_event_store && stream->owner != &checker->nodes[i])
                continue;
            if (stream->excused_below > 0)
                continue;
            if (end->end_logs[j] != stream->final
                && (checker->nodes[i].is_event_store || end->end_logs[j] != NULL))
                return model_fail(checker, "hole: the log of %s ends with %s, the history with %s",
                    model_process_name(checker, end), model_batch_name(checker, end->end_logs[j]),
                    model_batch_name(checker, stream->final));
            if (!checker->nodes[i].is_event_store)
                continue;
            if (end->disk->holds.logged[j] != stream->final)
                return model_fail(checker, "log position: %s has given none behind %s",
                    model_process_name(checker, end), model_batch_name(checker, end->disk->holds.logged[j]));
            count += stream->final == NULL ? 0 : stream->final->ordinal;
        }
        if (checker->nodes[i].is_event_store && end->end_logged_count != 0 && end->end_logged_count < count)
            return model_fail(checker, "log position: %s ends with %" PRIu64 " for %" PRIu64 " batches",
                model_process_name(checker, end), end->end_logged_count, count);
    }
    return 0;
}

/* Each cause that a final history names is one that its followers can reach. */
static int
check_kept(struct checker *checker)
{
    const struct model_batch *batch;
    size_t i, j;

    for (i = 0; i < checker->stream_count; i++)
        for (j = 0; (batch = checker->streams[i].final) != NULL && j < checker->stream_count; j++)
            if (batch->known[j].epoch != 0
                && !model_covers(checker, model_known_of(checker->streams[j].final), batch->known[j], false))
                return model_fail(checker, "cause kept: %.*s names %.*s %" PRIu32 ".%" PRIu64 ", which neither is nor "
                    "is voided by %s", (int)checker->streams[i].name.size_bytes,
                    (const char *)checker->streams[i].name.base, (int)checker->streams[j].name.size_bytes,
                    (const char *)checker->streams[j].name.base, model_counter(checker, batch->known[j].epoch),
                    batch->known[j].number, model_batch_name(checker, checker->streams[j].final));
    return 0;
}
