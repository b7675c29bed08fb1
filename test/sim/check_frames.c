#include "check_frames.h"

#include "check_commands.h"
#include "check_history.h"
#include "check_incarnations.h"

#include <inttypes.h>
#include <string.h>

#define HEADS_SPANS_MAX 2               /* between two tellings of heads: one is the rule, and clocks are not exact */

static int publish(struct checker *checker, struct model_process *process, const struct check_bytes *frames,
    size_t frame_count);
static int send_heads(struct checker *checker, struct model_process *process, const struct check_message *message);
static int send_pull(struct checker *checker, const struct model_process *process,
    const struct check_message *message);
static int send_pulled(struct checker *checker, const struct model_process *process, const char *to,
    const struct check_message *message, const struct check_bytes *frames, size_t frame_count);
static int check_answer(struct checker *checker, const struct model_process *process, const struct check_entry *entry,
    struct model_batch *asked, bool is_known);
static int check_behind(struct checker *checker, const struct model_process *process,
    const struct check_message *message, struct model_batch *const *reached, bool is_present, size_t batch_count);
static int send_acknowledged(struct checker *checker, const struct model_process *process,
    const struct check_message *message);
static int send_sealed(struct checker *checker, struct model_process *process, const struct check_message *message);
static struct model_batch *find_sent(struct checker *checker, const struct model_process *process,
    struct check_bytes bytes);
static int find_held(struct checker *checker, const struct model_process *process, const struct check_place *place,
    const char *what, struct model_batch **batch_out);
static uint64_t backed_up_at_least(const struct checker *checker, const struct model_node *store,
    const struct model_stream *stream);

int
frames_sent(struct checker *checker, struct model_process *process, const char *to, const struct check_bytes *frames,
    size_t frame_count)
{
    struct check_message message;
    const char *broken;

    if (to == NULL) {
        process->round_fact = checker->fact;
        return publish(checker, process, frames, frame_count);
    }
    if ((broken = check_decode_message(&checker->scratch, frames, frame_count, &message)) != NULL)
        return model_fail(checker, "form: %s sends %s a message that breaks '%s'", model_process_name(checker, process),
            to, broken);
    if ((message.kind == CHECK_ACKNOWLEDGED || message.kind == CHECK_SEALED || message.kind == CHECK_FENCED)
        && !process->node->is_event_store)
        return model_fail(checker, "form: %s sends kind %d, as only an event store may",
            model_process_name(checker, process), (int)message.kind);
    if (((message.kind >= CHECK_PULL && message.kind <= CHECK_FENCED && message.kind != CHECK_SEAL)
            || message.kind == CHECK_NO_ROOM)
        && !check_bytes_equal(message.sender, process->node->name))
        return model_fail(checker, "form: %s sends kind %d in the name of %.*s", model_process_name(checker, process),
            (int)message.kind, (int)message.sender.size_bytes, (const char *)message.sender.base);
    switch (message.kind) {
    case CHECK_HEADS:
        return model_fail(checker, "form: %s sends heads to %s alone", model_process_name(checker, process), to);
    case CHECK_PULLED:
        return send_pulled(checker, process, to, &message, frames, frame_count);
    case CHECK_ACKNOWLEDGED:
        return send_acknowledged(checker, process, &message);
    case CHECK_SEALED:
        return send_sealed(checker, process, &message);
    case CHECK_REQUEST:
        return commands_asked(checker, process, model_find_node(checker, model_text(to)), frames[0], &message);
    case CHECK_REPLY:
        return commands_replied(checker, process, to, &message);
    case CHECK_SEAL:
        incarnations_sealing(checker, process, &message);
        break;
    case CHECK_PULL:
        process->round_fact = checker->fact;
        return send_pull(checker, process, &message);
    case CHECK_FENCED:
    case CHECK_NO_ROOM:
        break;
    }
    return 0;
}

/* ---- PUB ---------------------------------------------------------------- */

static int
publish(struct checker *checker, struct model_process *process, const struct check_bytes *frames, size_t frame_count)
{
    struct check_message message;
    struct check_bytes topic;
    struct model_batch *batch;
    const char *broken;

    if (frame_count != 2 || frames[0].size_bytes == 0)
        return model_fail(checker, "form: %s publishes %zu frames", model_process_name(checker, process), frame_count);
    topic = frames[0];
    if (topic.size_bytes == 1 && *(const uint8_t *)topic.base == 0x01) {
        if ((broken = check_decode_message(&checker->scratch, frames + 1, 1, &message)) != NULL)
            return model_fail(checker, "form: %s publishes heads that break '%s'", model_process_name(checker, process),
                broken);
        if (message.kind != CHECK_HEADS)
            return model_fail(checker, "form: %s publishes kind %d", model_process_name(checker, process),
                (int)message.kind);
        return send_heads(checker, process, &message);
    }
    if ((batch = find_sent(checker, process, frames[1])) == NULL)
        return -1;
    if (topic.size_bytes != batch->stream->name.size_bytes + 1
        || memcmp(topic.base, batch->stream->name.base, batch->stream->name.size_bytes) != 0
        || ((const uint8_t *)topic.base)[topic.size_bytes - 1] != 0)
        return model_fail(checker, "form: %s publishes %s under another topic", model_process_name(checker, process),
            model_batch_name(checker, batch));
    if (batch->stream->is_private)
        return model_fail(checker, "private: %s publishes %s", model_process_name(checker, process),
            model_batch_name(checker, batch));
    if (batch->stream->owner != process->node)
        return model_fail(checker, "one writer: %s publishes %s", model_process_name(checker, process),
            model_batch_name(checker, batch));
    return 0;
}

static int
send_heads(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    const struct model_node *service = model_find_node(checker, message->service);
    struct model_batch *batch;
    uint32_t i;

    if (!check_bytes_equal(message->sender, process->node->name) || service == NULL
        || (!process->node->is_event_store && service != process->node))
        return model_fail(checker, "form: %s says the heads of %.*s", model_process_name(checker, process),
            (int)message->service.size_bytes, (const char *)message->service.base);
    for (i = 0; i < message->entry_count; i++)
        if (find_held(checker, process, &message->entries[i].at, "head", &batch) != 0)
            return -1;
    if (service->fingerprint != NULL
        && memcmp(message->fingerprint, service->fingerprint, CHECK_FINGERPRINT_BYTES) != 0)
        return model_fail(checker, "fingerprint: %s says its heads of %.*s by another topology",
            model_process_name(checker, process), (int)service->name.size_bytes, (const char *)service->name.base);
    process->heads_at_ms = checker->now_ms;
    process->owes_heads = false;
    return 0;
}

/* What a round commits at a time when heads are due leaves with them, so it is told before the next commit. */
int
frames_check_heads(struct checker *checker, struct model_process *process)
{
    const struct model_node *service = process->node;

    if (process->owes_heads)
        return model_fail(checker, "heads: %s commits and has not told them for %" PRIu64 " ms, twice now",
            model_process_name(checker, process), checker->now_ms - process->heads_at_ms);
    process->owes_heads = service->heads_ms != 0
        && checker->now_ms - process->heads_at_ms > HEADS_SPANS_MAX * service->heads_ms;
    return 0;
}

int
frames_finish(struct checker *checker)
{
    size_t i;

    for (i = 0; i < checker->node_count; i++) {
        const struct model_node *service = &checker->nodes[i];

        if (service->heads_ms != 0 && service->stream_count > 0
            && checker->now_ms - service->end->heads_at_ms > HEADS_SPANS_MAX * service->heads_ms)
            return model_fail(checker, "heads: %s has not told them for %" PRIu64 " ms at the end",
                model_process_name(checker, service->end), checker->now_ms - service->end->heads_at_ms);
    }
    return 0;
}

/* ---- pulls -------------------------------------------------------------- */

/* Who asks for what it has already was told that it is void. Event stores go back commit by commit. */
static int
send_pull(struct checker *checker, const struct model_process *process, const struct check_message *message)
{
    uint32_t i;

    for (i = 0; i < message->entry_count && !process->node->is_event_store; i++) {
        const struct model_stream *stream = model_find_stream(checker, message->entries[i].at.stream);
        const struct model_batch *batch;
        struct model_batch *asked;

        if (stream == NULL || model_find_place(checker, &message->entries[i].at, &asked) != 0)
            return model_fail(checker, "chain: %s asks for what follows %s, which nobody has committed",
                model_process_name(checker, process), model_place_name(checker, &message->entries[i].at));
        batch = process->disk->holds.tips[stream->index];
        if (batch == asked || !model_is_in(asked, batch))
            continue;
        while (batch != asked && (batch->void_to & UINT64_C(1) << process->node->index) == 0)
            batch = batch->parent;
        if (batch == asked)
            return model_fail(checker, "filled anew: %s stands at %s and asks from %s on, and nobody has told it that "
                "anything there is void", model_process_name(checker, process),
                model_batch_name(checker, process->disk->holds.tips[stream->index]), model_batch_name(checker, asked));
    }
    return 0;
}

/* ---- answers to pulls --------------------------------------------------- */

static int
send_pulled(struct checker *checker, const struct model_process *process, const char *to,
    const struct check_message *message, const struct check_bytes *frames, size_t frame_count)
{
    struct model_batch *const *tips = process->disk->holds.tips;
    struct model_batch **reached, **asked, *batch, *head;
    const struct model_batch *last = NULL;
    const struct model_node *asker = model_find_node(checker, model_text(to));
    bool is_present = true, is_void = false, *is_next;
    uint32_t i;
    size_t j;

    reached = check_arena_take(&checker->scratch, checker->stream_count * sizeof *reached);
    asked = check_arena_take(&checker->scratch, checker->stream_count * sizeof *asked);
    is_next = check_arena_take(&checker->scratch, checker->stream_count * sizeof *is_next);
    for (i = 0; i < message->entry_count; i++) {
        const struct check_entry *entry = &message->entries[i];
        struct model_stream *stream = model_find_stream(checker, entry->at.stream);
        struct check_place place = entry->head;
        bool is_known;

        if (stream == NULL || (!process->node->is_event_store && stream->owner != process->node))
            return model_fail(checker, "form: %s answers for %s", model_process_name(checker, process),
                model_place_name(checker, &entry->at));
        if (stream->is_private && (asker == NULL || (asker != stream->owner && !asker->is_event_store)))
            return model_fail(checker, "private: %s answers %s for %s", model_process_name(checker, process), to,
                model_place_name(checker, &entry->at));
        place.stream = entry->at.stream;
        if (find_held(checker, process, &place, "head", &head) != 0)
            return -1;
        is_known = model_find_place(checker, &entry->at, &asked[stream->index]) == 0;
        if (entry->verdict == CHECK_VOID && asker != NULL && is_known && asked[stream->index] != NULL) {
            asked[stream->index]->void_to |= UINT64_C(1) << asker->index;
            if (stream->owner == process->node)
                asked[stream->index]->void_by_origin_to |= UINT64_C(1) << asker->index;
            is_void = true;
        }
        reached[stream->index] = asked[stream->index];
        is_next[stream->index] = entry->verdict == CHECK_NEXT;
        /* An answer made just before a commit may leave just behind it. */
        is_present = is_present && head == tips[stream->index];
        if (head == tips[stream->index]
            && check_answer(checker, process, entry, asked[stream->index], is_known) != 0)
            return -1;
    }
    for (j = 1; j < frame_count; j++) {
        if ((batch = find_sent(checker, process, frames[j])) == NULL)
            return -1;
        if (!is_next[batch->stream->index])
            return model_fail(checker, "form: %s answers with %s, which nobody asked for",
                model_process_name(checker, process), model_batch_name(checker, batch));
        if (batch->parent != reached[batch->stream->index])
            return model_fail(checker, "chain: %s answers with %s behind %s", model_process_name(checker, process),
                model_batch_name(checker, batch), model_batch_name(checker, reached[batch->stream->index]));
        if (last != NULL && (last->form.epoch_counter != batch->form.epoch_counter
                ? last->form.epoch_counter > batch->form.epoch_counter : last->form.commit != batch->form.commit
                ? last->form.commit > batch->form.commit : last->form.place >= batch->form.place))
            return model_fail(checker, "commit order: %s answers with %s after %s",
                model_process_name(checker, process), model_batch_name(checker, batch),
                model_batch_name(checker, last));
        last = batch;
        reached[batch->stream->index] = batch;
        batch->pulled_fact = checker->fact;
        if (asker != NULL)
            batch->pulled_by |= UINT64_C(1) << asker->index;
    }
    if (asker != NULL && asker->is_event_store)
        incarnations_answered(checker, process->node, asker, is_void);
    for (j = 1; j < frame_count; j++) {
        struct model_commit *commit = history_find(checker, process, frames[j])->commit;
        size_t k;

        for (k = 0; k < commit->batch_count; k++) {
            batch = commit->batches[k];
            if (is_next[batch->stream->index] && batch->pulled_fact != checker->fact
                && !model_is_in(batch, asked[batch->stream->index]))
                return model_fail(checker, "half a commit: %s answers without %s", model_process_name(checker, process),
                    model_batch_name(checker, batch));
        }
    }
    for (i = 0; i < checker->stream_count; i++)
        if (!is_next[i])
            reached[i] = tips[i];       /* nothing to say about these */
    return check_behind(checker, process, message, reached, is_present, frame_count - 1);
}

/* The verdict on one position, by what stands on the disk. */
static int
check_answer(struct checker *checker, const struct model_process *process, const struct check_entry *entry,
    struct model_batch *asked, bool is_known)
{
    const struct model_stream *stream = model_find_stream(checker, entry->at.stream);
    struct model_batch *tip = process->disk->holds.tips[stream->index], *common;
    uint64_t first_held = process->disk->holds.first_held[stream->index];
    uint32_t epoch = model_epoch(checker, entry->at.epoch_counter, entry->at.epoch_bits);
    bool is_there, is_lower = model_known_of(tip).epoch == 0
        || tip->form.epoch_counter <= entry->at.epoch_counter;
    struct model_known known;

    is_there = is_known && model_is_in(asked, tip);
    if (!is_there && entry->at.epoch_counter > 0 && entry->at.number < first_held)
        is_there = model_find_in(checker, tip, epoch, entry->at.number) != NULL;
    if ((entry->verdict == CHECK_NEXT || entry->verdict == CHECK_TRIMMED) != is_there
        || (!is_there && (entry->verdict == CHECK_UNKNOWN) != is_lower)
        || (entry->verdict == CHECK_TRIMMED && first_held <= entry->at.number))
        return model_fail(checker, "verdict: %s says %d of %s, its history ends at %s",
            model_process_name(checker, process), (int)entry->verdict, model_place_name(checker, &entry->at),
            model_batch_name(checker, tip));
    if (entry->verdict != CHECK_VOID)
        return 0;
    for (common = tip; common != NULL && common->form.epoch_counter > entry->at.epoch_counter;)
        common = common->parent;
    known = model_known_of(common);
    if (known.number != entry->common.number
        || known.epoch != model_epoch(checker, entry->common.epoch_counter, entry->common.epoch_bits))
        return model_fail(checker, "verdict: %s says %" PRIu32 ".%" PRIu64 " is common with %s, and not %s",
            model_process_name(checker, process), entry->common.epoch_counter, entry->common.number,
            model_place_name(checker, &entry->at), model_batch_name(checker, common));
    return 0;
}

/* Who holds more sends something, and says whether it holds still more. */
static int
check_behind(struct checker *checker, const struct model_process *process, const struct check_message *message,
    struct model_batch *const *reached, bool is_present, size_t batch_count)
{
    struct model_batch *const *tips = process->disk->holds.tips;
    bool has_more = false;
    size_t i;

    if (!is_present)
        return 0;
    for (i = 0; i < checker->stream_count; i++)
        has_more = has_more || reached[i] != tips[i];
    if (has_more && batch_count == 0)
        return model_fail(checker, "pull: %s holds more and sends nothing", model_process_name(checker, process));
    if (has_more != message->more)
        return model_fail(checker, "pull: %s says more is %s, and it is not", model_process_name(checker, process),
            message->more ? "true" : "false");
    return 0;
}

/* ---- event stores ------------------------------------------------------- */

static int
send_acknowledged(struct checker *checker, const struct model_process *process, const struct check_message *message)
{
    struct model_batch *batch;
    uint64_t least;
    uint32_t i;

    for (i = 0; i < message->entry_count; i++) {
        if (find_held(checker, process, &message->entries[i].at, "acknowledgement", &batch) != 0)
            return -1;
        least = batch == NULL ? 0 : backed_up_at_least(checker, process->node, batch->stream);
        if (message->entries[i].backed_up > least)
            return model_fail(checker, "backed up: %s says %" PRIu64 " of %.*s, and a backup that counts has %" PRIu64,
                model_process_name(checker, process), message->entries[i].backed_up,
                (int)message->entries[i].at.stream.size_bytes, (const char *)message->entries[i].at.stream.base, least);
    }
    return 0;
}

static int
send_sealed(struct checker *checker, struct model_process *process, const struct check_message *message)
{
    const struct model_node *service = model_find_node(checker, message->service);
    struct model_contents *holds = &process->disk->holds;
    struct model_grant *grant;
    struct model_batch *batch;
    uint32_t i, *seal, seen = 0;
    size_t j;

    if (service == NULL || service->is_event_store)
        return model_fail(checker, "form: %s seals %.*s", model_process_name(checker, process),
            (int)message->service.size_bytes, (const char *)message->service.base);
    for (i = 0; i < message->entry_count; i++)
        if (find_held(checker, process, &message->entries[i].at, "seal", &batch) != 0)
            return -1;
    if (!message->granted)
        return 0;
    for (j = 0; j < service->stream_count; j++) {
        batch = holds->tips[service->streams[j]->index];
        if (batch != NULL && batch->form.epoch_counter > seen)
            seen = batch->form.epoch_counter;
    }
    seal = &holds->seals[service->index];
    /* At `seen` it may be the seal of that epoch, granted before in an answer that never left. */
    if (message->counter < *seal || message->counter < seen)
        return model_fail(checker, "seal: %s grants %" PRIu32 " to %.*s after a seal at %" PRIu32 " and batches of %"
            PRIu32, model_process_name(checker, process), message->counter, (int)service->name.size_bytes,
            (const char *)service->name.base, *seal, seen);
    *seal = message->counter;
    process->met[service->index] = true;
    grant = check_arena_take(&checker->arena, sizeof *grant);
    *grant = (struct model_grant){ process->node, service, message->counter, checker->fact, checker->grants };
    checker->grants = grant;
    return 0;
}

int
frames_check_seals(struct checker *checker, const struct model_commit *commit)
{
    const struct model_node *service = commit->writer->node;
    uint32_t counter = commit->batches[0]->form.epoch_counter;
    const struct model_grant *grant;
    size_t i;

    for (i = 0; i < checker->node_count; i++) {
        const struct model_node *store = &checker->nodes[i];

        if (!store->is_event_store || service->declared_lost[i])
            continue;
        for (grant = checker->grants; grant != NULL; grant = grant->older)
            if (grant->store == store && grant->service == service && grant->counter == counter)
                break;
        if (grant != NULL)
            continue;
        return model_fail(checker, "seal: %s opens epoch %" PRIu32 " without a seal of %.*s",
            model_process_name(checker, commit->writer), counter, (int)store->name.size_bytes,
            (const char *)store->name.base);
    }
    return 0;
}

/* Below its seal it records only what the sealed history, or a later one, has taken in. */
int
frames_check_sealed(struct checker *checker, const struct model_process *process, const struct model_batch *batch)
{
    uint32_t seal = process->disk->holds.seals[batch->stream->owner->index];
    const struct model_batch *record;

    if (batch->form.epoch_counter >= seal)
        return 0;
    for (record = batch->stream->records; record != NULL; record = record->next_record)
        if (record->form.epoch_counter >= seal && model_is_in(batch, record))
            return 0;
    return model_fail(checker, "seal: %s has sealed at %" PRIu32 " and records %s",
        model_process_name(checker, process), seal, model_batch_name(checker, batch));
}

/* ---- backups ------------------------------------------------------------ */

static uint64_t
backed_up_at_least(const struct checker *checker, const struct model_node *store, const struct model_stream *stream)
{
    const struct model_copy *copy;
    uint64_t least = UINT64_MAX;

    for (copy = checker->all_copies; copy != NULL; copy = copy->next) {
        const struct model_batch *tip = copy->holds.tips[stream->index];

        if (copy->node != store || copy->is_dropped)
            continue;
        if (tip == NULL)
            return 0;
        if (tip->last < least)
            least = tip->last;
    }
    return least == UINT64_MAX ? 0 : least;
}

void
frames_mark_backups(struct checker *checker, struct model_node *store)
{
    struct model_mark *mark;
    const struct model_copy *copy;
    size_t i;
    bool is_any = false;

    mark = check_arena_take(&checker->arena, sizeof *mark);
    mark->node = store;
    mark->tips = check_arena_take(&checker->arena, checker->stream_count * sizeof *mark->tips);
    for (copy = checker->all_copies; copy != NULL; copy = copy->next) {
        if (copy->node != store || copy->is_dropped)
            continue;
        for (i = 0; i < checker->stream_count; i++)
            mark->tips[i] = is_any ? model_common(mark->tips[i], copy->holds.tips[i]) : copy->holds.tips[i];
        is_any = true;
    }
    mark->older = checker->marks;
    checker->marks = mark;
}

/* ---- what the disk bears out -------------------------------------------- */

/* A batch may leave a node only if it stands on its disk. */
static struct model_batch *
find_sent(struct checker *checker, const struct model_process *process, struct check_bytes bytes)
{
    struct model_batch *batch = history_find(checker, process, bytes);

    if (batch == NULL)
        return NULL;
    if (!model_is_in(batch, process->disk->holds.tips[batch->stream->index])) {
        model_fail(checker, "left before its commit: %s sends %s, its history ends at %s",
            model_process_name(checker, process), model_batch_name(checker, batch),
            model_batch_name(checker, process->disk->holds.tips[batch->stream->index]));
        return NULL;
    }
    return history_see(checker, batch) == 0 ? batch : NULL;
}

/* The same for a position. */
static int
find_held(struct checker *checker, const struct model_process *process, const struct check_place *place,
    const char *what, struct model_batch **batch_out)
{
    const struct model_stream *stream = model_find_stream(checker, place->stream);

    if (stream == NULL || model_find_place(checker, place, batch_out) != 0
        || !model_is_in(*batch_out, process->disk->holds.tips[stream->index]))
        return model_fail(checker, "left before its commit: %s sends a %s at %s, which is not in its history",
            model_process_name(checker, process), what, model_place_name(checker, place));
    return 0;
}
