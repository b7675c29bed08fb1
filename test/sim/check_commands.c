#include "check_commands.h"

#include "check_history.h"
#include "check_incarnations.h"
#include "check_state.h"

#include <inttypes.h>
#include <string.h>

/* One request as it was sent. */
struct asked {
    struct check_bytes frame;
    struct check_message message;       /* reads the frame */
    uint8_t hash[CHECK_COMMAND_HASH_BYTES];
    struct asked *older;
};

/* One ok that left, and the events that it named. */
struct acknowledged {
    uint64_t fact;
    const struct model_process *process;
    uint32_t durability;
    struct model_event **events;
    uint32_t event_count;
    struct acknowledged *older;
};

/* How often one process has heard the commands of one hash under an id, and has answered them, as far as can be told. */
struct hearing {
    const struct model_process *process;
    uint8_t hash[CHECK_COMMAND_HASH_BYTES];
    unsigned heard_count, answered_count;
    struct hearing *next;
};

/* All requests and answers of one id of one caller to one service. */
struct command {
    const struct model_node *service;
    struct check_bytes caller;
    const uint8_t *id;
    struct asked *asked;
    struct acknowledged *acknowledged;
    struct hearing *hearings;
    struct command *next_of_id, *next;
};

static struct command *find_command(struct checker *checker, const struct model_node *service,
    struct check_bytes caller, const uint8_t *id);
static bool has_reached_all(struct checker *checker, const struct model_process *process, const struct asked *asked);
static int reply_command(struct checker *checker, const struct model_process *process, struct command *command,
    const struct check_message *message);
static void note_answered(const struct model_process *process, struct command *command);
static struct hearing *find_hearing(struct checker *checker, const struct model_process *process,
    struct command *command, const uint8_t *hash);
static int reply_query(struct checker *checker, const struct model_process *process, const struct command *command,
    const struct check_message *message);
static int reply_lost(struct checker *checker, const struct model_process *process, const struct command *command);
static int reply_key_reused(struct checker *checker, const struct model_process *process,
    const struct command *command);
static int check_cursors(struct checker *checker, const struct model_process *process,
    struct model_event *const *events, const struct check_message *message);
static bool is_forgotten(struct checker *checker, const struct model_batch *batch);
static bool has_lost_a_disk(const struct checker *checker, const struct model_node *store, uint64_t from, uint64_t to);
static bool was_sealed_above(const struct checker *checker, const struct model_node *store,
    const struct model_batch *record);
static int check_lost(struct checker *checker, const struct model_batch *batch,
    const struct acknowledged *acknowledged);
static const char *id_name(struct checker *checker, const struct command *command);

int
commands_asked(struct checker *checker, const struct model_process *process, const struct model_node *service,
    struct check_bytes frame, const struct check_message *message)
{
    struct command *command;
    struct asked *asked;
    uint8_t hash[CHECK_HASH_BYTES], name[CHECK_NAME_BYTES_MAX + 1] = { 0 };

    if (service == NULL || service->is_event_store)
        return model_fail(checker, "form: a request to what is no service");
    if (process != NULL && !check_bytes_equal(message->caller, process->node->name))
        return model_fail(checker, "form: %s asks in the name of %.*s", model_process_name(checker, process),
            (int)message->caller.size_bytes, (const char *)message->caller.base);
    if (process != NULL && state_check_request(checker, process, message) != 0)
        return -1;

    command = find_command(checker, service, message->caller, message->id);
    for (asked = command == NULL ? NULL : command->asked; asked != NULL; asked = asked->older)
        if (check_bytes_equal(asked->frame, frame))
            return 0;
    asked = check_arena_take(&checker->arena, sizeof *asked);
    frame.base = check_arena_copy(&checker->arena, frame.base, frame.size_bytes);
    asked->frame = frame;
    check_decode_message(&checker->arena, &frame, 1, &asked->message);
    memcpy(name, message->name.base, message->name.size_bytes);
    check_hash(hash, sizeof hash, (struct check_bytes){ name, message->name.size_bytes + 1 }, message->payload);
    memcpy(asked->hash, hash, sizeof asked->hash);
    if (command == NULL) {
        uint8_t key[32] = { 0 };
        struct command *first;

        command = check_arena_take(&checker->arena, sizeof *command);
        command->service = service;
        command->caller = asked->message.caller;
        command->id = asked->message.id;
        command->next = checker->all_commands;
        checker->all_commands = command;
        memcpy(key, message->id, CHECK_ID_BYTES);
        key[CHECK_ID_BYTES] = (uint8_t)service->index;
        check_map_key(key, key, CHECK_ID_BYTES + 1);
        if ((first = check_map_find(&checker->commands, key)) == NULL) {
            check_map_add(&checker->arena, &checker->commands, key, command);
        } else {
            command->next_of_id = first->next_of_id;
            first->next_of_id = command;
        }
    }
    asked->older = command->asked;
    command->asked = asked;
    return 0;
}

void
commands_heard(struct checker *checker, const struct model_process *process, struct check_bytes frame,
    const struct check_message *message)
{
    struct command *command = find_command(checker, process->node, message->caller, message->id);
    const struct asked *asked = command == NULL ? NULL : command->asked;

    while (asked != NULL && !check_bytes_equal(asked->frame, frame))
        asked = asked->older;
    if (asked != NULL && !message->is_query)
        find_hearing(checker, process, command, asked->hash)->heard_count++;
}

/* An answer that names no event: whose it is can be told if those of one hash only are still to be answered. */
static void
note_answered(const struct model_process *process, struct command *command)
{
    struct hearing *hearing, *only = NULL;

    for (hearing = command->hearings; hearing != NULL; hearing = hearing->next) {
        if (hearing->process != process || hearing->answered_count >= hearing->heard_count)
            continue;
        if (only != NULL)
            return;
        only = hearing;
    }
    if (only != NULL)
        only->answered_count++;
}

static struct hearing *
find_hearing(struct checker *checker, const struct model_process *process, struct command *command,
    const uint8_t *hash)
{
    struct hearing *hearing;

    for (hearing = command->hearings; hearing != NULL; hearing = hearing->next)
        if (hearing->process == process && memcmp(hearing->hash, hash, sizeof hearing->hash) == 0)
            return hearing;
    hearing = check_arena_take(&checker->arena, sizeof *hearing);
    hearing->process = process;
    memcpy(hearing->hash, hash, sizeof hearing->hash);
    hearing->next = command->hearings;
    return command->hearings = hearing;
}

/* An empty caller is any. */
static struct command *
find_command(struct checker *checker, const struct model_node *service, struct check_bytes caller,
    const uint8_t *id)
{
    struct command *command;
    uint8_t key[32] = { 0 };

    memcpy(key, id, CHECK_ID_BYTES);
    key[CHECK_ID_BYTES] = (uint8_t)service->index;
    check_map_key(key, key, CHECK_ID_BYTES + 1);
    for (command = check_map_find(&checker->commands, key); command != NULL; command = command->next_of_id)
        if (caller.size_bytes == 0 || check_bytes_equal(command->caller, caller))
            return command;
    return NULL;
}

int
commands_check_event(struct checker *checker, const struct model_process *process, const struct model_event *event)
{
    const struct check_form *form = &event->batch->form;
    const struct command *command = find_command(checker, event->batch->stream->owner,
        form->names[event->form->cause_name], event->form->command_id);
    const struct asked *asked;
    const uint8_t *wanted;
    bool is_hash = false, is_hasty = false;

    for (asked = command == NULL ? NULL : command->asked; asked != NULL; asked = asked->older) {
        if (asked->message.is_query || memcmp(asked->hash, event->form->command_hash, sizeof asked->hash) != 0)
            continue;
        is_hash = true;
        if (!has_reached_all(checker, process, asked)) {
            is_hasty = true;
            continue;
        }
        wanted = asked->message.correlation;
        if (event->form->correlation == NULL ? wanted == NULL || memcmp(wanted, command->id, CHECK_ID_BYTES) == 0
            : memcmp(event->form->correlation, wanted == NULL ? command->id : wanted, CHECK_ID_BYTES) == 0)
            return 0;
    }
    if (command == NULL)
        return model_fail(checker, "cause: %s was caused by a command that nobody has sent",
            model_event_name(checker, event));
    if (!is_hash)
        return model_fail(checker, "command hash: that of %s is of no command with its id",
            model_event_name(checker, event));
    if (is_hasty)
        return model_fail(checker, "read your writes: %s decides %s without what its caller has seen",
            model_process_name(checker, process), model_event_name(checker, event));
    return model_fail(checker, "correlation: that of %s is not its command's", model_event_name(checker, event));
}

/* ---- replies ------------------------------------------------------------ */

int
commands_replied(struct checker *checker, const struct model_process *process, const char *to,
    const struct check_message *message)
{
    struct command *command;

    if (process->node->is_event_store)
        return 0;
    command = find_command(checker, process->node, model_text(to), message->id);
    if (command == NULL)
        command = find_command(checker, process->node, (struct check_bytes){ 0 }, message->id);
    if (command == NULL)
        return model_fail(checker, "form: %s answers %s, who has not asked with this id",
            model_process_name(checker, process), to);
    if (message->body_count == 0)
        note_answered(process, command);
    switch (message->status) {
    case CHECK_OK:
        return command->asked->message.is_query ? reply_query(checker, process, command, message)
            : reply_command(checker, process, command, message);
    case CHECK_KEY_REUSED:
        return reply_key_reused(checker, process, command);
    case CHECK_LOST:
        return reply_lost(checker, process, command);
    default:
        return 0;
    }
}

/* The stream of an entry of `seen` when the service has to have reached it, else NULL. */
static const struct model_stream *
seen_stream(struct checker *checker, const struct model_node *service, const struct check_place *seen)
{
    const struct model_stream *stream = model_find_stream(checker, seen->stream);

    return stream != NULL && (stream->owner == service || service->follows[stream->index]) ? stream : NULL;
}

static bool
has_reached(struct checker *checker, const struct model_batch *tip, const struct check_place *seen)
{
    uint32_t epoch = model_epoch(checker, seen->epoch_counter, seen->epoch_bits);

    return epoch == 0 || model_find_in(checker, tip, epoch, seen->number) != NULL;
}

static bool
has_reached_all(struct checker *checker, const struct model_process *process, const struct asked *asked)
{
    const struct model_stream *stream;
    uint32_t i;

    for (i = 0; i < asked->message.wait_count; i++) {
        stream = seen_stream(checker, process->node, &asked->message.waits[i]);
        if (stream != NULL
            && !has_reached(checker, process->disk->holds.tips[stream->index], &asked->message.waits[i]))
            return false;
    }
    return true;
}

/* The events that it names are those of the id, all of them, on this disk, and as durable as it says. */
static int
reply_command(struct checker *checker, const struct model_process *process, struct command *command,
    const struct check_message *message)
{
    struct model_event *event, **events, *all;
    struct model_batch *const *tips = process->disk->holds.tips;
    struct acknowledged *acknowledged;
    struct hearing *hearing;
    uint32_t i, count = 0;

    all = history_by_command(checker, command->service, command->caller, command->id);
    for (event = all; event != NULL; event = event->next_of_cause)
        count += model_is_in(event->batch, tips[event->batch->stream->index]);
    if (count != message->body_count)
        return model_fail(checker, "acknowledged: %s answers %s with %" PRIu32 " events, and has committed %" PRIu32,
            model_process_name(checker, process), id_name(checker, command), message->body_count, count);
    if (count == 0)
        return 0;
    if (message->durability == CHECK_NOT_DURABLE)
        return model_fail(checker, "durability: %s does not say that of %s", model_process_name(checker, process),
            id_name(checker, command));

    events = check_arena_take(&checker->arena, count * sizeof(struct model_event *));
    for (i = 0; i < count; i++) {
        const struct check_body *body = &message->body[i];

        for (event = all; event != NULL; event = event->next_of_cause)
            if (event->number == body->number && check_bytes_equal(event->batch->stream->name, body->stream)
                && model_is_in(event->batch, tips[event->batch->stream->index]))
                break;
        if (event == NULL || event->form->version != body->version
            || !check_bytes_equal(event->batch->form.names[event->form->type], body->name)
            || !check_bytes_equal(event->form->key, body->key)
            || !check_bytes_equal(event->form->payload, body->payload))
            return model_fail(checker, "acknowledged: %s answers %s with %.*s number %" PRIu64 ", which is not what it "
                "has committed", model_process_name(checker, process), id_name(checker, command),
                (int)body->stream.size_bytes, (const char *)body->stream.base, body->number);
        if (message->durability == CHECK_RECORDED
            && model_recorded_by(checker, event->batch) < command->service->recorded_by)
            return model_fail(checker, "durability: %s says that %s is recorded, and too few have %s",
                model_process_name(checker, process), id_name(checker, command), model_event_name(checker, event));
        if (message->durability == CHECK_RECORDED
            && incarnations_told(process, event->batch) < command->service->recorded_by)
            return model_fail(checker, "durability: %s says that %s is recorded, and too few event stores have told "
                "it of %s, as far as it knows which they are", model_process_name(checker, process),
                id_name(checker, command), model_event_name(checker, event));
        events[i] = event;
    }
    hearing = find_hearing(checker, process, command, events[0]->form->command_hash);
    if (++hearing->answered_count > hearing->heard_count)
        return model_fail(checker, "one effect: %s answers %s with %s, and has answered the command that caused it as "
            "often as it has heard it, %u times", model_process_name(checker, process), id_name(checker, command),
            model_event_name(checker, events[0]), hearing->heard_count);
    if (check_cursors(checker, process, events, message) != 0)
        return -1;
    acknowledged = check_arena_take(&checker->arena, sizeof *acknowledged);
    *acknowledged = (struct acknowledged){
        checker->fact, process, message->durability, events, count, command->acknowledged,
    };
    command->acknowledged = acknowledged;
    return 0;
}

/* One entry for each stream that the events are in: its last number. */
static int
check_cursors(struct checker *checker, const struct model_process *process, struct model_event *const *events,
    const struct check_message *message)
{
    uint32_t i, j, matched = 0;

    for (i = 0; i < message->wait_count; i++) {
        const struct check_place *cursor = &message->waits[i];
        const struct model_event *last = NULL;

        for (j = 0; j < message->body_count; j++)
            if (check_bytes_equal(events[j]->batch->stream->name, cursor->stream)) {
                matched++;
                if (last == NULL || events[j]->number > last->number)
                    last = events[j];
            }
        if (last == NULL || last->number != cursor->number
            || last->batch->epoch != model_epoch(checker, cursor->epoch_counter, cursor->epoch_bits))
            return model_fail(checker, "acknowledged: %s says %s for a command that ends with %s",
                model_process_name(checker, process), model_place_name(checker, cursor),
                last == NULL ? "nothing there" : model_event_name(checker, last));
    }
    if (matched != message->body_count)
        return model_fail(checker, "acknowledged: %s leaves a stream out of its numbers",
            model_process_name(checker, process));
    return 0;
}

/* Answered at cursors that it has, and that have reached what the caller has seen. */
static int
reply_query(struct checker *checker, const struct model_process *process, const struct command *command,
    const struct check_message *message)
{
    const struct model_batch **at = check_arena_take(&checker->scratch, checker->stream_count * sizeof *at);
    const struct check_place *missed = NULL;
    const struct asked *asked;
    uint32_t i;

    for (i = 0; i < message->wait_count; i++) {
        const struct check_place *cursor = &message->waits[i];
        const struct model_stream *stream = seen_stream(checker, process->node, cursor);
        uint32_t epoch = model_epoch(checker, cursor->epoch_counter, cursor->epoch_bits);

        if (stream == NULL)
            return model_fail(checker, "form: %s answers at %s", model_process_name(checker, process),
                model_place_name(checker, cursor));
        at[stream->index] = model_find_in(checker, process->disk->holds.tips[stream->index], epoch, cursor->number);
        if (epoch != 0 && at[stream->index] == NULL)
            return model_fail(checker, "left before its commit: %s answers at %s, and has committed %s",
                model_process_name(checker, process), model_place_name(checker, cursor),
                model_batch_name(checker, process->disk->holds.tips[stream->index]));
    }
    for (asked = command->asked; asked != NULL; asked = asked->older) {
        missed = NULL;
        for (i = 0; i < asked->message.wait_count; i++) {
            const struct model_stream *stream = seen_stream(checker, process->node, &asked->message.waits[i]);

            if (stream != NULL && !has_reached(checker, at[stream->index], &asked->message.waits[i]))
                missed = &asked->message.waits[i];
        }
        if (missed == NULL)
            return 0;
    }
    return model_fail(checker, "read your writes: %s answers %.*s before it has %s",
        model_process_name(checker, process), (int)command->caller.size_bytes, (const char *)command->caller.base,
        model_place_name(checker, missed));
}

static int
reply_lost(struct checker *checker, const struct model_process *process, const struct command *command)
{
    const struct model_stream *stream;
    const struct model_batch *tip;
    const struct asked *asked;
    uint32_t i;

    for (asked = command->asked; asked != NULL; asked = asked->older)
        for (i = 0; i < asked->message.wait_count; i++) {
            const struct check_place *seen = &asked->message.waits[i];

            if ((stream = seen_stream(checker, process->node, seen)) == NULL)
                continue;
            tip = process->disk->holds.tips[stream->index];
            if (tip != NULL && tip->form.epoch_counter > seen->epoch_counter && !has_reached(checker, tip, seen))
                return 0;
        }
    return model_fail(checker, "read your writes: %s calls lost what %.*s has seen, and nothing of it is",
        model_process_name(checker, process), (int)command->caller.size_bytes, (const char *)command->caller.base);
}

static int
reply_key_reused(struct checker *checker, const struct model_process *process, const struct command *command)
{
    const struct model_event *event;
    const struct asked *asked;

    for (event = history_by_command(checker, command->service, command->caller, command->id); event != NULL;
         event = event->next_of_cause)
        for (asked = command->asked; asked != NULL; asked = asked->older)
            if (memcmp(asked->hash, event->form->command_hash, sizeof asked->hash) != 0)
                return 0;
    return model_fail(checker, "one effect: %s says that %s was another command's, and it was not",
        model_process_name(checker, process), id_name(checker, command));
}

static const char *
id_name(struct checker *checker, const struct command *command)
{
    static const char digits[] = "0123456789abcdef";
    char *name = check_arena_take(&checker->arena, CHECK_NAME_BYTES_MAX + 2 + 2 * CHECK_ID_BYTES);
    size_t i, length = command->caller.size_bytes;

    memcpy(name, command->caller.base, length);
    name[length++] = '/';
    for (i = 0; i < CHECK_ID_BYTES; i++) {
        name[length++] = digits[command->id[i] >> 4];
        name[length++] = digits[command->id[i] & 0x0f];
    }
    return name;
}

/* ---- the end ------------------------------------------------------------ */

int
commands_finish(struct checker *checker)
{
    const struct acknowledged *acknowledged;
    const struct command *command;
    size_t i;

    for (command = checker->all_commands; command != NULL; command = command->next)
        for (acknowledged = command->acknowledged; acknowledged != NULL; acknowledged = acknowledged->older)
            for (i = 0; i < acknowledged->event_count; i++)
                if (!acknowledged->events[i]->batch->is_final
                    && check_lost(checker, acknowledged->events[i]->batch, acknowledged) != 0)
                    return -1;
    for (i = 0; i < checker->batches.room; i++) {
        const struct model_batch *batch = checker->batches.entries[i].value;

        if (batch != NULL && !batch->is_final && check_lost(checker, batch, NULL) != 0)
            return -1;
    }
    return 0;
}

static bool
was_lost_between(const struct model_disk *disk, uint64_t from, uint64_t to)
{
    const struct model_loss *loss;

    for (loss = disk->losses; loss != NULL; loss = loss->older)
        if (loss->fact >= from && loss->fact <= to)
            return true;
    return false;
}

/* The move up to `fact` by which a disk that has held the batch left it. NULL: it held it then. */
static const struct model_move *
last_left(const struct model_disk *disk, const struct model_batch *batch, uint64_t fact)
{
    const struct model_move *move = disk->moves[batch->stream->index], *left = NULL;

    while (move != NULL && move->fact > fact)
        move = move->older;
    for (; move != NULL && !model_is_in(batch, move->to); move = move->older)
        left = move;
    return left;
}

/*
 * Did the final history begin anew, or end without it, when no disk that is still in use, of whatever node, knew of
 * the epoch any more? One that knew and was wiped or restored since, before it could tell the origin, is like one
 * that is not in use: on a disk that kept it, a step would have had to lead away, and only an epoch above it does.
 */
static bool
is_forgotten(struct checker *checker, const struct model_batch *batch)
{
    const struct model_batch *opened = batch, *step, *first = NULL;
    const struct model_disk *disk;
    const struct model_move *left;

    while (opened->form.count != 0 && opened->parent != NULL)
        opened = opened->parent;
    for (step = batch->stream->final; step != NULL; step = step->parent)
        if (step->form.count == 0 && step->commit->fact > batch->commit->fact)
            first = step;
    for (disk = checker->all_disks; disk != NULL; disk = disk->next) {
        if (disk->node == NULL || disk->node->end == NULL || disk->node->end->disk != disk
            || !model_held_at(disk, opened, first != NULL ? first->commit->fact : checker->fact))
            continue;
        left = last_left(disk, opened, UINT64_MAX);
        if (left == NULL || (left->why != MODEL_WIPED && left->why != MODEL_RESTORED))
            return false;
    }
    return true;
}

/* Had the event store sealed for somebody else, and recorded of that one, since it granted what `record` stands on? */
static bool
was_sealed_above(const struct checker *checker, const struct model_node *store, const struct model_batch *record)
{
    const struct model_grant *grant;

    for (grant = checker->grants; grant != NULL; grant = grant->older)
        if (grant->store == store && grant->service == record->stream->owner && grant->fact < record->commit->fact
            && grant->counter > record->form.epoch_counter)
            return true;
    return false;
}

/* Had the event store said what it holds on a disk that it has no more? */
static bool
has_lost_a_disk(const struct checker *checker, const struct model_node *store, uint64_t from, uint64_t to)
{
    const struct model_disk *disk;

    for (disk = checker->all_disks; disk != NULL; disk = disk->next)
        if (disk->node == store && was_lost_between(disk, from, to))
            return true;
    return false;
}

/*
 * Is the batch of, or below, another epoch of the counter of `record`? An event store that has forgotten the seal of
 * one of them lets both in: neither is below its seal.
 */
static bool
is_of_rival(const struct model_batch *batch, const struct model_batch *record)
{
    const struct model_batch *other;

    if (record->form.epoch_counter == batch->form.epoch_counter
        || (record->parent != NULL && record->parent->form.epoch_counter == batch->form.epoch_counter))
        return true;
    for (other = batch->stream->records; other != NULL; other = other->next_record)
        if (other->form.epoch_counter == record->form.epoch_counter && other->epoch != record->epoch
            && model_is_in(batch, other))
            return true;
    return false;
}

/*
 * `batch` is not in the final history: the first epoch record there that is
 * no lower, and of another epoch, has voided it. Who opened that epoch must not have had the
 * batch, and had asked every event store: none may have had it either. And
 * where an ok had left, the writer's disk must have lost it by a fact, or be
 * the one of an instance that another has replaced. An old copy may bring it back
 * afterwards, and then it may be set aside.
 */
static int
check_lost(struct checker *checker, const struct model_batch *batch, const struct acknowledged *acknowledged)
{
    const char *what = acknowledged == NULL ? "recorded" : acknowledged->durability == CHECK_RECORDED
        ? "acknowledged as recorded" : "acknowledged";
    const struct model_batch *step, *record = NULL;
    const struct model_disk *disk, *writer = batch->commit->writer->disk;
    const struct model_process *opener;
    const struct model_move *gone;
    bool is_rival = false;              /* another epoch of its counter has won, as after two seals of one counter */
    uint64_t fact;

    /* Another epoch of the same counter voids it too, where nobody was left who knew of both. */
    for (step = batch->stream->final; step != NULL && step->form.epoch_counter >= batch->form.epoch_counter;
         step = step->parent)
        if (step->form.count == 0 && step->epoch != batch->epoch)
            record = step;
    if (record == NULL) {
        if ((acknowledged == NULL && model_recorded_by(checker, batch) == 0) || is_forgotten(checker, batch))
            return 0;
        return model_fail(checker, "lost: %s, %s, is gone, and no epoch says so", model_batch_name(checker, batch),
            what);
    }
    fact = record->commit->fact;
    opener = record->commit->writer;
    if (is_of_rival(batch, record))
        for (disk = checker->all_disks; disk != NULL; disk = disk->next)
            is_rival = is_rival || (disk->node != NULL && disk->node->is_event_store
                && was_lost_between(disk, 0, fact));

    for (disk = checker->all_disks; disk != NULL; disk = disk->next) {
        if (disk->node == NULL || !disk->node->is_event_store || opener->node->declared_lost[disk->node->index]
            || is_rival || !model_held_at(disk, batch, fact)
            || has_lost_a_disk(checker, disk->node, opener->started_fact, fact)
            || was_sealed_above(checker, disk->node, record))
            continue;
        return model_fail(checker, "lost: %s, %s, was held by %.*s when %s voided it", model_batch_name(checker, batch),
            what, (int)disk->node->name.size_bytes, (const char *)disk->node->name.base,
            model_batch_name(checker, record));
    }
    if (acknowledged == NULL)
        return 0;
    if (!is_rival && model_held_at(opener->disk, batch, fact - 1))
        return model_fail(checker, "lost: %s, %s, was held by %s when it opened %s", model_batch_name(checker, batch),
            what, model_process_name(checker, opener), model_batch_name(checker, record));
    if (batch->commit->fact > fact || (writer != opener->disk && model_held_at(writer, batch, fact)))
        return 0;                       /* an old instance, replaced */
    gone = last_left(writer, batch, fact);
    if (gone != NULL && (gone->why == MODEL_WIPED || gone->why == MODEL_RESTORED || is_rival))
        return 0;
    return model_fail(checker, "lost: %s, %s, was dropped by the disk that it was written on",
        model_batch_name(checker, batch), what);
}
