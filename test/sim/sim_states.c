#include "sim_states.h"

#include <string.h>

#include "sim_fault.h"
#include "sim_net.h"
#include "sim_node.h"
#include "souk_batch.h"
#include "souk_cursor.h"
#include "souk_wire.h"

#define SEALING_LONG_MS 5000

static void look_at_pulled(struct sim_world *world, struct sim_process *process, const struct souk_out *out);
static void look_at_verdict(struct sim_world *world, const struct sim_process *process, bool asker_is_store,
    enum souk_verdict verdict);
static void look_at_seal(struct sim_world *world, struct souk_slice frame);
static void look_at_sealed(struct sim_world *world, const struct sim_process *process, struct souk_slice frame);
static void look_at_ack(struct sim_world *world, const struct sim_process *process, struct souk_slice frame);
static void look_at_request(struct sim_world *world, struct souk_slice frame);
static void look_at_core(struct sim_world *world, struct sim_process *process);
static void look_at_recorder(struct sim_world *world, struct sim_process *process);
static void look_at_record(struct sim_world *world, uint32_t stream, const struct souk_batch_header *header);
static void look_at_events(struct sim_world *world, const struct souk_batch_header *header);
static void look_at_causes(struct sim_world *world, const struct souk_batch_header *header);
static bool ends_with(struct souk_slice text, const char *end);

static const char *const texts[] = {
#define SIM_STATE_TEXT(name, text) text,
    SIM_STATES(SIM_STATE_TEXT)
#undef SIM_STATE_TEXT
};

const char *
sim_state_text(enum sim_state state)
{
    return texts[state];
}

void
sim_mark(struct sim_world *world, enum sim_state state)
{
    world->states[state]++;
}

/* ---- messages ------------------------------------------------------- */

void
sim_states_message(struct sim_world *world, struct sim_process *process, const struct souk_out *out)
{
    struct souk_wire_pull pull;
    struct souk_slice frame = out->frames[0];

    if (out->kind == SOUK_OUT_PUBLISH)
        return;
    switch (souk_wire_kind(frame)) {
    case SOUK_WIRE_PULL:
        if (souk_wire_pull_get(frame, &pull) == 0 && pull.wait_count > 0)
            sim_mark(world, SIM_STATE_PULL_WAITS);
        return;
    case SOUK_WIRE_BUSY:
        sim_mark(world, SIM_STATE_PULL_BUSY);
        return;
    case SOUK_WIRE_PULLED:
        look_at_pulled(world, process, out);
        return;
    case SOUK_WIRE_SEAL:
        look_at_seal(world, frame);
        return;
    case SOUK_WIRE_SEALED:
        look_at_sealed(world, process, frame);
        return;
    case SOUK_WIRE_ACK:
        look_at_ack(world, process, frame);
        return;
    case SOUK_WIRE_REQUEST:
        look_at_request(world, frame);
        return;
    default:
        return;
    }
}

static void
look_at_pulled(struct sim_world *world, struct sim_process *process, const struct souk_out *out)
{
    const char *asker = sim_net_addressee(world, (struct souk_slice){ out->route, out->route_bytes });
    const char *holder = process->node->name.text;
    bool asker_is_store = false;
    struct souk_wire_pulled pulled;
    uint32_t i;

    if (asker == NULL || souk_wire_pulled_get(out->frames[0], &pulled) != 0)
        return;
    for (i = SIM_SERVICES; i < world->node_count; i++)
        asker_is_store = asker_is_store || strcmp(asker, sim_node_name(i)) == 0;
    if (pulled.more)
        sim_mark(world, SIM_STATE_PULL_MORE);
    for (i = 0; i < pulled.count; i++)
        look_at_verdict(world, process, asker_is_store, pulled.answers[i].verdict);
    if (out->frame_count < 2)
        return;
    if (strcmp(asker, holder) == 0)
        sim_mark(world, SIM_STATE_PULL_OLD_PROCESS);
    if (process->recorder == NULL)
        return;
    sim_mark(world, asker_is_store ? SIM_STATE_PULL_STORE_STORE : SIM_STATE_PULL_FROM_STORE);
    for (i = 0; i < SIM_STREAMS; i++)
        if (pulled.count > 0 && strcmp(pulled.answers[0].stream.text, sim_streams[i].name) == 0
            && strcmp(sim_node_name(sim_streams[i].origin), asker) == 0)
            sim_mark(world, SIM_STATE_PULL_OWN);
}

static void
look_at_verdict(struct sim_world *world, const struct sim_process *process, bool asker_is_store,
    enum souk_verdict verdict)
{
    bool is_store = process->recorder != NULL;

    if (verdict == SOUK_TRIMMED)
        sim_mark(world, is_store ? SIM_STATE_STORE_TRIMMED : SIM_STATE_ORIGIN_TRIMMED);
    else if (verdict == SOUK_VOID)
        sim_mark(world, is_store ? SIM_STATE_STORE_VOID : SIM_STATE_ORIGIN_VOID);
    else if (verdict == SOUK_UNKNOWN)
        sim_mark(world, is_store ? SIM_STATE_STORE_UNKNOWN : SIM_STATE_ORIGIN_UNKNOWN);
    if (verdict == SOUK_VOID && asker_is_store && !is_store)
        sim_mark(world, SIM_STATE_STORE_TOLD_VOID);
}

static void
look_at_seal(struct sim_world *world, struct souk_slice frame)
{
    struct souk_wire_seal seal;
    uint32_t node;

    if (souk_wire_seal_get(frame, &seal) != 0)
        return;
    for (node = 0; node < SIM_SERVICES; node++)
        if (strcmp(seal.service.text, sim_node_name(node)) == 0 && world->memory.refused[node] != 0
            && seal.counter > world->memory.refused[node]) {
            sim_mark(world, SIM_STATE_SEAL_RETRIED);
            world->memory.refused[node] = 0;
        }
}

static void
look_at_sealed(struct sim_world *world, const struct sim_process *process, struct souk_slice frame)
{
    struct souk_wire_sealed sealed;
    uint32_t node, *granted;

    if (process->recorder == NULL || souk_wire_sealed_get(frame, &sealed) != 0)
        return;
    for (node = 0; node < SIM_SERVICES && strcmp(sealed.service.text, sim_node_name(node)) != 0; node++)
        continue;
    if (node == SIM_SERVICES)
        return;
    if (!sealed.granted) {
        sim_mark(world, SIM_STATE_SEAL_REFUSED);
        world->memory.refused[node] = sealed.counter;
        return;
    }
    granted = &world->memory.granted[process->node->index - SIM_SERVICES][node];
    if (*granted != sealed.counter)
        sim_fault_granted(world, process->node->index, node);
    sim_mark(world, *granted == sealed.counter ? SIM_STATE_SEAL_GRANTED_AGAIN : SIM_STATE_SEAL_GRANTED);
    *granted = sealed.counter;
}

static void
look_at_ack(struct sim_world *world, const struct sim_process *process, struct souk_slice frame)
{
    struct souk_wire_ack ack;
    uint32_t i, stream;
    uint64_t *before;

    if (process->recorder == NULL || souk_wire_ack_get(frame, &ack) != 0)
        return;
    for (i = 0; i < ack.count; i++) {
        stream = sim_stream_of(souk_name_slice(&ack.acks[i].stream));
        if (stream == SIM_STREAMS)
            continue;
        before = &world->memory.backed_up[process->node->index - SIM_SERVICES][stream];
        if (ack.acks[i].backed_up > 0)
            sim_mark(world, SIM_STATE_ACK_BACKED_UP);
        if (ack.acks[i].backed_up < *before)
            sim_mark(world, SIM_STATE_ACK_BACKED_UP_DOWN);
        *before = ack.acks[i].backed_up;
    }
}

static void
look_at_request(struct sim_world *world, struct souk_slice frame)
{
    const uint32_t room = sizeof world->memory.requests / sizeof world->memory.requests[0];
    struct souk_wire_request request;
    uint32_t i;

    if (souk_wire_request_get(frame, &request) != 0)
        return;
    for (i = 0; i < world->memory.request_count && i < room; i++)
        if (memcmp(&world->memory.requests[i], &request.id, sizeof request.id) == 0) {
            sim_mark(world, SIM_STATE_REQUEST_AGAIN);
            return;
        }
    world->memory.requests[world->memory.request_count++ % room] = request.id;
}

/* ---- counters ------------------------------------------------------- */

void
sim_states_status(struct sim_world *world, struct sim_process *process)
{
    if (process->core != NULL)
        look_at_core(world, process);
    else
        look_at_recorder(world, process);
}

static void
look_at_core(struct sim_world *world, struct sim_process *process)
{
    struct souk_core_status *before = &process->core_status, now;
    uint32_t i, live = 0;

    souk_core_status(process->core, &now);
    if (now.gaps > before->gaps)
        sim_mark(world, SIM_STATE_GAP);
    if (now.batches_duplicate > before->batches_duplicate)
        sim_mark(world, SIM_STATE_DUPLICATE);
    if (now.batches_foreign > before->batches_foreign)
        sim_mark(world, SIM_STATE_FOREIGN_BATCH);
    if (now.holds > before->holds)
        sim_mark(world, SIM_STATE_HOLD);
    if (now.voids > before->voids)
        sim_mark(world, SIM_STATE_VOIDED);
    if (now.rewound > before->rewound)
        sim_mark(world, SIM_STATE_REWOUND);
    if (now.parked > before->parked)
        sim_mark(world, SIM_STATE_PARKED);
    if (now.trimmed > before->trimmed)
        sim_mark(world, SIM_STATE_TRIMMED);
    if (now.malformed > before->malformed)
        sim_mark(world, SIM_STATE_MALFORMED);
    if (now.state == SOUK_CORE_SEALING && before->state == SOUK_CORE_LIVE)
        sim_mark(world, SIM_STATE_FORK_WHILE_RUNNING);
    if (now.state == SOUK_CORE_LIVE && before->state != SOUK_CORE_LIVE) {
        for (i = 0; i < SIM_INSTANCES_MAX; i++)
            if (process->node->instances[i].process != NULL)
                live += sim_process_state(process->node->instances[i].process) == SOUK_CORE_LIVE;
        if (live > 1)
            sim_mark(world, SIM_STATE_TWO_LIVE);
        if (sim_now_ms(world) - process->started_ms > SEALING_LONG_MS * (uint64_t)world->plan->scale
            && before->state == SOUK_CORE_SEALING)
            sim_mark(world, SIM_STATE_SEALING_LONG);
    }
    *before = now;
}

static void
look_at_recorder(struct sim_world *world, struct sim_process *process)
{
    struct souk_recorder_status *before = &process->recorder_status, now;

    souk_recorder_status(process->recorder, &now);
    if (now.gaps > before->gaps)
        sim_mark(world, SIM_STATE_GAP);
    if (now.duplicates > before->duplicates)
        sim_mark(world, SIM_STATE_DUPLICATE);
    if (now.unordered > 0 && before->unordered == 0)
        sim_mark(world, SIM_STATE_STORE_UNORDERED);
    if (now.set_aside > before->set_aside)
        sim_mark(world, SIM_STATE_STORE_SET_ASIDE);
    if (now.malformed > before->malformed)
        sim_mark(world, SIM_STATE_MALFORMED);
    *before = now;
}

void
sim_states_death(struct sim_world *world, struct sim_process *process)
{
    enum souk_core_state state = sim_process_state(process);
    struct souk_txn *txn = NULL;
    struct souk_cursor cursor;
    size_t i;

    if (process->core == NULL)
        return;
    if (state == SOUK_CORE_SEALING)
        sim_mark(world, SIM_STATE_CRASH_SEALING);
    if (state == SOUK_CORE_FETCHING)
        sim_mark(world, SIM_STATE_CRASH_FETCHING);
    if (process->core_status.voids == 0 || souk_txn_begin(process->store, SOUK_TXN_READ, &txn) != 0)
        return;
    for (i = 0; i < process->wiring.stream_count; i++)
        if (souk_cursor_get(txn, &process->streams[i].name, &cursor) == 0 && cursor.generation_beside != 0)
            sim_mark(world, SIM_STATE_VOIDED_AND_CRASHED);
    souk_txn_abort(&txn);
}

void
sim_states_moved(struct sim_world *world, struct sim_process *process, uint32_t stream)
{
    uint64_t *lost = &world->net.lost_tail[process->node->index][stream];

    if (process->recorder != NULL && sim_streams[stream].is_private)
        sim_mark(world, SIM_STATE_PULL_PRIVATE);
    if (*lost != 0 && process->told[stream].number >= *lost) {
        if (*lost == world->epochs[stream].last_number)
            sim_mark(world, SIM_STATE_TAIL_REPAIRED);
        *lost = 0;
    }
}

/* ---- batches -------------------------------------------------------- */

void
sim_states_batch(struct sim_world *world, struct sim_process *process, struct souk_slice batch)
{
    struct souk_batch_header header;
    uint32_t stream;

    if (souk_batch_peek(batch, &header) != 0)
        return;
    if ((stream = sim_stream_of(souk_name_slice(&header.stream))) == SIM_STREAMS)
        return;
    if (header.commit == process->batch_commit && stream == process->batch_stream)
        sim_mark(world, SIM_STATE_BATCH_CUT);
    if (sim_streams[stream].is_private && header.place > 0 && header.place + 1 < header.places)
        sim_mark(world, SIM_STATE_PRIVATE_ALTERNATES);
    process->batch_commit = header.commit;
    process->batch_stream = stream;
    if (header.count == 0)
        look_at_record(world, stream, &header);
    else
        look_at_events(world, &header);
    look_at_causes(world, &header);
    world->epochs[stream].last_number = souk_batch_end(&header).number;
}

static void
look_at_record(struct sim_world *world, uint32_t stream, const struct souk_batch_header *header)
{
    static const enum sim_state marks[] = {
        [SOUK_RECORD_FIRST] = SIM_STATE_EPOCH_FIRST,
        [SOUK_RECORD_RESTART] = SIM_STATE_EPOCH_RESTART,
        [SOUK_RECORD_RECOVERED] = SIM_STATE_EPOCH_RECOVERED,
        [SOUK_RECORD_FORK] = SIM_STATE_EPOCH_FORK,
    };
    struct sim_epochs *epochs = &world->epochs[stream];
    uint64_t base_number = header->first - 1;
    struct souk_record record;
    uint32_t i;

    if (souk_record_read(header, &record) == 0 && record.reason < sizeof marks / sizeof marks[0])
        sim_mark(world, marks[record.reason]);
    if (epochs->last_number > base_number)
        sim_mark(world, SIM_STATE_EPOCH_LOST_TAIL);
    if (header->epoch.counter >= 3)
        sim_mark(world, SIM_STATE_EPOCH_THIRD);
    for (i = 0; i < epochs->count; i++)
        if (epochs->epochs[i].cause_max > base_number) {
            sim_mark(world, SIM_STATE_VOID_CAUSE);
            break;
        }
    if (epochs->count == SIM_EPOCHS_MAX)
        return;
    epochs->epochs[epochs->count].epoch = header->epoch;
    epochs->epochs[epochs->count].base_number = base_number;
    epochs->epochs[epochs->count].cause_max = 0;
    epochs->count++;
}

static void
look_at_events(struct sim_world *world, const struct souk_batch_header *header)
{
    struct souk_events events;
    struct souk_event event;

    if (souk_events_init(&events, header) != 0)
        return;
    while (souk_events_next(&events, &event) == 0) {
        if (ends_with(event.type, ".compensated") || ends_with(event.type, ".withdrawn"))
            sim_mark(world, SIM_STATE_COMPENSATED);
        else if (event.because.kind == SOUK_BY_TIMER)
            sim_mark(world, SIM_STATE_TIMER);
        else if (ends_with(event.type, ".refund-due"))
            sim_mark(world, SIM_STATE_REFUND);
        else if (event.because.kind == SOUK_BY_OUTCOME)
            sim_mark(world, ends_with(event.type, ".paid") ? SIM_STATE_OUTCOME_ACCEPTED : SIM_STATE_OUTCOME_REFUSED);
    }
}

static void
look_at_causes(struct sim_world *world, const struct souk_batch_header *header)
{
    struct souk_causes causes;
    struct sim_epochs *epochs;
    struct souk_cause cause;
    uint32_t stream, i;

    souk_causes_init(&causes, header);
    while (souk_causes_next(&causes, &cause)) {
        if ((stream = sim_stream_of(souk_name_slice(&cause.stream))) == SIM_STREAMS)
            continue;
        epochs = &world->epochs[stream];
        for (i = 0; i < epochs->count; i++) {
            if (souk_epoch_equal(epochs->epochs[i].epoch, cause.point.epoch)
                && cause.point.number > epochs->epochs[i].cause_max)
                epochs->epochs[i].cause_max = cause.point.number;
            if (epochs->epochs[i].epoch.counter > cause.point.epoch.counter
                && epochs->epochs[i].base_number < cause.point.number)
                sim_mark(world, SIM_STATE_VOID_CAUSE);
        }
    }
}

/* ---- file-local ----------------------------------------------------- */

static bool
ends_with(struct souk_slice text, const char *end)
{
    size_t size_bytes = strlen(end);

    return text.size_bytes >= size_bytes
        && memcmp((const char *)text.base + text.size_bytes - size_bytes, end, size_bytes) == 0;
}
