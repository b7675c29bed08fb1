#include "sim_plan.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "sim_random.h"
#include "sim_world.h"

#define COMMANDS_MIN 200
#define COMMANDS_MORE 4
#define FAULTS_MORE 2
#define BURSTS_MIN 4                    /* few make large commits and many queues, many make many commits */
#define BURSTS_MAX 14
#define SKUS 6
#define TRIMMED_IDS_WINDOW_MS 20000     /* longer than any client asks, and any process is stopped */
#define AWAY_MS_MIN 3000
#define DAYS_SCALE (SIM_ABSENCE_MS / AWAY_MS_MIN)     /* three seconds become two days */

static const char *const profile_names[SIM_PROFILES] = {
    "calm", "lossy", "parted", "crashing", "disks", "recorders", "absent", "beside", "failing", "clocks", "mixed",
};

static const char *const kind_names[SIM_KINDS] = {
    "command", "noise", "part", "part-both", "flap", "isolate", "mute", "crash", "stop", "pause", "host", "clock",
    "wipe", "copy", "restore", "clone", "backup", "drop", "full", "full-commit", "away", "declare",
    "both", "rollback", "ambush", "trouble", "rebuild",
};

static const char *const point_names[SIM_POINTS] = {
    "between", "opening", "opened", "working", "committed", "witnessed", "sending",
};

static const char *const message_names[SIM_MESSAGES] = {
    "order.place", "order.cancel", "stock.receive", "review.submit", "review.edit", "payments.charge", "reuse",
    "unheard", "misshapen", "garbage",
};

/* How often each fault comes, by profile. Columns as in enum sim_item_kind, from SIM_NOISE on. */
static const uint8_t weights[SIM_PROFILES][SIM_KINDS] = {
    /*                no pa pb fl is mu cr st ps ho ck wi co re cl ba dr fu fc aw de bo rl am tr rb */
    [SIM_CALM]      = { 0, 4, 1, 1, 1, 1, 1, 4, 2, 2, 1, 1, 0, 1, 0, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 1 },
    [SIM_LOSSY]     = { 0, 9, 2, 2, 2, 2, 4, 3, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0 },
    [SIM_PARTED]    = { 0, 1, 6, 4, 5, 4, 2, 3, 0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 2, 0, 1, 0, 0 },
    [SIM_CRASHING]  = { 0, 2, 1, 1, 0, 1, 1, 20, 1, 1, 2, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 2, 2, 0, 1 },
    [SIM_DISKS]     = { 0, 1, 1, 1, 1, 1, 2, 4, 0, 1, 1, 0, 5, 5, 6, 4, 0, 0, 0, 0, 0, 1, 3, 3, 4, 0, 1 },
    [SIM_RECORDERS] = { 0, 1, 1, 1, 1, 1, 2, 4, 0, 0, 1, 0, 3, 2, 6, 0, 6, 2, 0, 0, 2, 2, 5, 1, 6, 0, 1 },
    [SIM_ABSENT]    = { 0, 1, 1, 1, 0, 1, 1, 4, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 8, 2, 1, 0, 1, 0, 1 },
    [SIM_BESIDE]    = { 0, 2, 1, 1, 1, 1, 1, 5, 0, 1, 1, 0, 2, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 9 },
    [SIM_FAILING]   = { 0, 2, 1, 1, 0, 1, 1, 3, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 1, 8, 1 },
    [SIM_CLOCKS]    = { 0, 2, 1, 1, 0, 1, 1, 3, 1, 4, 6, 8, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 3, 2, 0, 1 },
    [SIM_MIXED]     = { 0, 2, 2, 2, 2, 2, 2, 5, 1, 2, 2, 1, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2 },
};

struct maker {
    struct sim_plan *plan;
    struct sim_random random;
    uint64_t orders, reviews;           /* so far */
    uint64_t active_ms;                 /* before the scale */
    uint64_t fault_at_ms;
};

static void make_knobs(struct maker *maker);
static void make_commands(struct maker *maker);
static void make_command(struct maker *maker, struct sim_item *item);
static void make_faults(struct maker *maker);
static void make_missing_faults(struct maker *maker);
static struct sim_item *add_fault(struct maker *maker, enum sim_item_kind kind);
static void make_fault(struct maker *maker, struct sim_item *item);
static void make_absence(struct maker *maker);
static enum sim_item_kind pick_kind(struct maker *maker);
static uint32_t pick_node(struct maker *maker);
static uint32_t pick_other(struct maker *maker, uint32_t node);
static uint32_t pick_service(struct maker *maker);
static uint32_t pick_store(struct maker *maker);
static void number_items(struct sim_plan *plan, uint32_t from);
static int compare_items(const void *a, const void *b);

void
sim_plan_make(struct sim_plan *plan, uint64_t seed, enum sim_profile profile)
{
    struct maker maker = { .plan = plan, .random = sim_random_part(seed, "plan", 0) };

    memset(plan, 0, sizeof *plan);
    plan->seed = seed;
    plan->profile = profile != SIM_PROFILES ? profile : (enum sim_profile)sim_random_below(&maker.random, SIM_PROFILES);
    make_knobs(&maker);
    make_commands(&maker);
    make_faults(&maker);
    number_items(plan, 0);
    make_missing_faults(&maker);
    plan->expiry_scale = sim_random_chance(&maker.random, 500) ? plan->scale : 1;
}

const char *
sim_profile_name(enum sim_profile profile)
{
    return profile_names[profile];
}

enum sim_profile
sim_profile_of(const char *name)
{
    int profile;

    for (profile = 0; profile < SIM_PROFILES && strcmp(profile_names[profile], name) != 0; profile++)
        continue;
    return (enum sim_profile)profile;
}

const char *
sim_kind_name(enum sim_item_kind kind)
{
    return kind_names[kind];
}

bool
sim_kind_harms(enum sim_item_kind kind)
{
    return kind != SIM_COMMAND && kind != SIM_COPY && kind != SIM_BACKUP && kind != SIM_DROP && kind != SIM_REBUILD;
}

const char *
sim_point_name(enum sim_point point)
{
    return point_names[point];
}

void
sim_item_print(FILE *out, const struct sim_item *item)
{
    uint32_t i;

    fprintf(out, "%3u %8" PRIu64 " ms  ", item->number, item->at_ms);
    if (item->kind == SIM_COMMAND) {
        fprintf(out, "client %u: %s", item->client, message_names[item->message]);
        for (i = 0; i < SIM_ARGUMENTS_MAX; i++)
            fprintf(out, " %" PRIu64, item->arguments[i]);
        return;
    }
    fprintf(out, "%s %s", kind_names[item->kind], sim_node_name(item->a));
    if (item->kind == SIM_PART || item->kind == SIM_PART_BOTH || item->kind == SIM_FLAP || item->kind == SIM_BOTH
        || item->kind == SIM_DECLARE || item->kind == SIM_AMBUSH)
        fprintf(out, " %s", sim_node_name(item->b));
    if (item->kind == SIM_CRASH)
        fprintf(out, " %s, pass %" PRIu64 ",", point_names[item->x], item->y);
    else
        fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64, item->x, item->y, item->z);
    fprintf(out, " for %" PRIu64 " ms", item->span_ms);
}

/* ---- knobs ---------------------------------------------------------- */

static void
make_knobs(struct maker *maker)
{
    static const uint32_t cuts[] = { 200, 600, 4000, 60 * 1024 };
    static const uint32_t feeds[] = { 2000, 20 * 1000, 4000 * 1000 };
    static const uint32_t works_us[] = { 80000, 60000, 40000, 15000, 3000 };
    static const uint32_t credits[] = { 1, 1000, 20 * 1000, 1000 * 1000 };
    struct sim_plan *plan = maker->plan;
    struct sim_random *random = &maker->random;
    uint32_t node;

    plan->store_count = sim_random_chance(random, plan->profile == SIM_RECORDERS ? 400 : 120) ? 2 : 1;
    plan->scale = plan->profile == SIM_ABSENT ? (uint32_t)DAYS_SCALE : 1;
    maker->active_ms = sim_random_between(random, 7000, 14000);
    plan->end_ms = maker->active_ms * plan->scale;
    plan->bound_ms = 180 * 1000 * (uint64_t)plan->scale;
    plan->head_ms = (uint32_t)sim_random_between(random, 1000, 3000);
    plan->trims_recorded = sim_random_chance(random, 300);
    plan->recorded = sim_random_chance(random, 400);
    plan->recorded_by = plan->store_count == 2 && sim_random_chance(random, 300) ? 2 : 1;
    plan->says_new = sim_random_chance(random, 200);
    if (plan->profile == SIM_LOSSY) {
        plan->loss = (uint32_t)sim_random_between(random, 20, 200);
        plan->doubles = (uint32_t)sim_random_between(random, 0, 150);
        plan->late = (uint32_t)sim_random_between(random, 0, 200);
    } else if (sim_random_chance(random, 400)) {
        plan->loss = (uint32_t)sim_random_between(random, 0, 30);
        plan->doubles = (uint32_t)sim_random_between(random, 0, 30);
        plan->late = (uint32_t)sim_random_between(random, 0, 50);
    }
    plan->latency_us = sim_random_chance(random, 700) ? 3000 : 60000;
    plan->work_us = works_us[sim_random_below(random, 5)];
    plan->batch_cut_bytes = cuts[sim_random_below(random, 4)];
    plan->feed_bytes_max = feeds[sim_random_below(random, 3)];
    plan->pull_credit_bytes = credits[sim_random_below(random, 4)];
    plan->waiting_max = sim_random_chance(random, 200) ? 3 : 1024;
    plan->pulls_max = plan->waiting_max == 3 ? 1 : 1024;
    plan->handler_tries_max = (uint32_t)sim_random_between(random, 1, 3);
    plan->trims = sim_random_chance(random, plan->profile == SIM_RECORDERS ? 700 : 300);
    plan->retention_ms = plan->trims ? 3000 : 24 * 3600 * 1000;
    plan->ids_window_ms = plan->trims ? TRIMMED_IDS_WINDOW_MS : 7ULL * 24 * 3600 * 1000;
    if (plan->trims) {
        maker->active_ms += TRIMMED_IDS_WINDOW_MS;
        plan->end_ms = maker->active_ms * plan->scale;
    }

    for (node = 0; node < sizeof plan->starts_ms / sizeof plan->starts_ms[0]; node++) {
        plan->starts_ms[node] = sim_random_below(random, 200);
        if (node < SIM_SERVICES && sim_random_chance(random, plan->profile == SIM_BESIDE ? 200 : 30))
            plan->starts_ms[node] = sim_random_below(random, plan->end_ms / 2);
    }
    for (; node < SIM_SERVICES + SIM_STORES_MAX; node++)
        if (sim_random_chance(random, 100))
            plan->starts_ms[node] = sim_random_below(random, plan->end_ms / 3);

    plan->late_stream = SIM_STREAM_NONE;
    if (sim_random_chance(random, plan->profile == SIM_BESIDE ? 400 : 100)) {
        do
            plan->late_stream = (uint32_t)sim_random_below(random, SIM_STREAMS);
        while (!sim_may_follow(APP_QUERY, plan->late_stream));
        plan->joins_ms = sim_random_between(random, plan->end_ms / 4, plan->end_ms - 1);
    }
}

/* ---- commands ------------------------------------------------------- */

static void
make_commands(struct maker *maker)
{
    struct sim_plan *plan = maker->plan;
    uint32_t count = COMMANDS_MIN + (uint32_t)sim_random_below(&maker->random, COMMANDS_MORE);
    uint32_t burst_count = (uint32_t)sim_random_between(&maker->random, BURSTS_MIN, BURSTS_MAX);
    uint64_t bursts[BURSTS_MAX];
    uint32_t i;

    for (i = 0; i < burst_count; i++)
        bursts[i] = sim_random_below(&maker->random, maker->active_ms);
    for (i = 0; i < count; i++) {
        struct sim_item *item = &plan->items[plan->item_count++];

        item->kind = SIM_COMMAND;
        item->at_ms = (bursts[sim_random_below(&maker->random, burst_count)] + sim_random_below(&maker->random, 30))
            * plan->scale;
        item->client = (uint32_t)sim_random_below(&maker->random, SIM_CLIENTS);
        sim_random_fill(&maker->random, item->id, sizeof item->id);
        item->recorded = sim_random_chance(&maker->random, 200);
        item->hurried = sim_random_chance(&maker->random, 20);
        item->follows_up = sim_random_chance(&maker->random, 250);
        item->carries_seen = sim_random_chance(&maker->random, 300);
        make_command(maker, item);
    }
    plan->command_count = plan->item_count;
}

static void
make_command(struct maker *maker, struct sim_item *item)
{
    struct sim_random *random = &maker->random;
    uint64_t dice = sim_random_below(random, 1000);
    uint64_t *arguments = item->arguments;

    if (dice < 300) {
        item->message = SIM_PLACE;
        arguments[0] = ++maker->orders;
        arguments[1] = sim_random_between(random, 1, SKUS);
        arguments[2] = sim_random_between(random, 0, 4);
        arguments[3] = sim_random_between(random, 1, 40);
        arguments[4] = sim_random_below(random, 4);
    } else if (dice < 370) {
        item->message = SIM_CANCEL;
        arguments[0] = sim_random_between(random, 1, maker->orders + 1);
    } else if (dice < 570) {
        item->message = SIM_RECEIVE;
        arguments[0] = sim_random_between(random, 1, SKUS);
        arguments[1] = sim_random_between(random, 1, 9);
    } else if (dice < 760) {
        item->message = SIM_SUBMIT;
        arguments[0] = ++maker->reviews;
        arguments[1] = sim_random_between(random, 1, SKUS);
        arguments[2] = sim_random_between(random, 0, 5);
    } else if (dice < 930) {
        item->message = SIM_EDIT;
        arguments[0] = sim_random_between(random, 1, maker->reviews + 1);
        arguments[1] = sim_random_between(random, 1, 5);
    } else if (dice < 950) {
        item->message = SIM_CHARGE;
        arguments[0] = sim_random_between(random, 1, maker->orders + 1);
        arguments[1] = sim_random_between(random, 1, 40);
    } else if (dice < 970) {
        item->message = SIM_REUSE;
        arguments[0] = ++maker->orders;
    } else if (dice < 980) {
        item->message = SIM_UNHEARD;
    } else if (dice < 987) {
        item->message = SIM_MISSHAPEN;
    } else {
        item->message = SIM_GARBAGE;
        arguments[0] = sim_random_next(random);
    }
}

/* ---- faults --------------------------------------------------------- */

static void
make_faults(struct maker *maker)
{
    uint32_t count = SIM_FAULTS_MIN + (uint32_t)sim_random_below(&maker->random, FAULTS_MORE);
    uint32_t i;

    for (i = 0; i < count; i++)
        (void)add_fault(maker, pick_kind(maker));
}

/*
 * What does no harm comes on top. Numbered behind the rest, so that what is noted of a seed - numbers that are left
 * out - means the same items for as long as those are made as they are.
 */
static void
make_missing_faults(struct maker *maker)
{
    struct sim_plan *plan = maker->plan;
    uint32_t from = plan->item_count;
    enum sim_item_kind kind;

    if (plan->profile == SIM_ABSENT)
        make_absence(maker);
    while (plan->fault_count < SIM_FAULTS_MIN)
        if (sim_kind_harms(kind = pick_kind(maker)))
            (void)add_fault(maker, kind);
    number_items(plan, from);
}

static struct sim_item *
add_fault(struct maker *maker, enum sim_item_kind kind)
{
    struct sim_plan *plan = maker->plan;
    struct sim_item *item = &plan->items[plan->item_count++];

    item->kind = kind;
    make_fault(maker, item);
    item->at_ms *= plan->scale;
    item->span_ms *= plan->scale;
    if (kind == SIM_BOTH)
        item->z *= plan->scale;
    if (item->at_ms + item->span_ms > plan->end_ms)
        item->span_ms = plan->end_ms - item->at_ms;
    plan->fault_count += sim_kind_harms(kind);
    return item;
}

static void
make_fault(struct maker *maker, struct sim_item *item)
{
    struct sim_random *random = &maker->random;

    /* A third of the faults comes on the heels of another: two at once is where it gets interesting. */
    if (maker->fault_at_ms == 0 || !sim_random_chance(random, 333))
        maker->fault_at_ms = sim_random_between(random, 1000, maker->active_ms - 1000);
    else
        maker->fault_at_ms += sim_random_below(random, 300);
    if (maker->fault_at_ms >= maker->active_ms)
        maker->fault_at_ms = maker->active_ms - 1;
    item->at_ms = maker->fault_at_ms;
    item->span_ms = sim_random_chance(random, 700) ? sim_random_below(random, 1500) : sim_random_below(random, 8000);
    item->a = pick_node(maker);
    item->b = pick_other(maker, item->a);

    switch (item->kind) {
    case SIM_NOISE:
        item->x = sim_random_below(random, 500);
        item->y = sim_random_below(random, 300);
        item->z = sim_random_below(random, 500);
        break;
    case SIM_FLAP:
        item->x = sim_random_between(random, 50, 600);
        break;
    case SIM_CRASH:
        item->x = sim_random_below(random, SIM_POINTS);
        item->y = sim_random_below(random, 4);
        break;
    case SIM_CLOCK:
        item->x = sim_random_below(random, 4);              /* back or ahead, by a little or by a day */
        break;
    case SIM_RESTORE:
        item->x = sim_random_below(random, 3);
        item->y = sim_random_below(random, 2);
        break;
    case SIM_WIPE:
        if (sim_random_chance(random, 700))
            item->a = pick_service(maker);
        break;
    case SIM_CLONE:
    case SIM_REBUILD:
        item->a = pick_service(maker);
        item->x = sim_random_below(random, 2);
        break;
    case SIM_BACKUP:
    case SIM_DROP:
        item->a = pick_store(maker);
        break;
    case SIM_BOTH:
        item->a = pick_store(maker);
        item->b = sim_random_chance(random, 500) ? APP_ORDERS : pick_service(maker);
        item->x = sim_random_below(random, 3);
        item->y = sim_random_below(random, 4);
        item->z = sim_random_chance(random, 500) ? 0 : sim_random_below(random, 1500);
        item->span_ms = sim_random_below(random, 1500);
        break;
    case SIM_AWAY:
    case SIM_DECLARE:
        item->a = pick_store(maker);
        item->b = pick_service(maker);
        item->x = sim_random_below(random, 3);
        item->y = sim_random_below(random, 2);
        item->span_ms = sim_random_between(random, AWAY_MS_MIN, 12000);
        break;
    case SIM_ROLLBACK:
        item->span_ms = sim_random_between(random, 10, 500);
        break;
    case SIM_AMBUSH:
        item->a = pick_store(maker);
        item->b = pick_service(maker);
        item->x = sim_random_below(random, 4);
        item->y = sim_random_below(random, 4);
        item->z = sim_random_below(random, sim_random_chance(random, 500) ? 5000 : 300 * 1000);
        break;
    case SIM_FULL_COMMIT:
        item->x = sim_random_between(random, 1, 8);
        break;
    case SIM_TROUBLE:
        item->a = pick_service(maker);
        item->x = sim_random_between(random, 1, item->a == APP_REVIEWS || item->a == APP_MODERATION ? 30 : 90);
        item->span_ms = sim_random_between(random, 2000, 10000);
        break;
    default:
        break;
    }
}

/* It is two days at the least, over before the faults are, and begins when the event store has been there. */
static void
make_absence(struct maker *maker)
{
    const struct sim_plan *plan = maker->plan;
    struct sim_item *item = add_fault(maker, SIM_AWAY);
    uint64_t from_ms = plan->starts_ms[item->a] + 100ULL * plan->scale;

    item->span_ms = sim_random_between(&maker->random, SIM_ABSENCE_MS, plan->end_ms / 2);
    item->at_ms = sim_random_between(&maker->random, from_ms, plan->end_ms - item->span_ms);
}

static enum sim_item_kind
pick_kind(struct maker *maker)
{
    const uint8_t *column = weights[maker->plan->profile];
    uint64_t sum = 0, dice;
    int kind;

    for (kind = SIM_NOISE; kind < SIM_KINDS; kind++)
        sum += column[kind];
    dice = sim_random_below(&maker->random, sum);
    for (kind = SIM_NOISE; dice >= column[kind]; kind++)
        dice -= column[kind];
    if (kind == SIM_CLOCK && maker->plan->trims)
        return SIM_CRASH;               /* a day more would end the window of ids at once */
    return (enum sim_item_kind)kind;
}

/* Event stores and orders have the most to lose. */
static uint32_t
pick_node(struct maker *maker)
{
    if (sim_random_chance(&maker->random, 250))
        return pick_store(maker);
    if (sim_random_chance(&maker->random, 300))
        return APP_ORDERS;
    return pick_service(maker);
}

static uint32_t
pick_other(struct maker *maker, uint32_t node)
{
    uint32_t count = SIM_SERVICES + maker->plan->store_count;

    return (node + 1 + (uint32_t)sim_random_below(&maker->random, count - 1)) % count;
}

static uint32_t
pick_service(struct maker *maker)
{
    return (uint32_t)sim_random_below(&maker->random, SIM_SERVICES);
}

static uint32_t
pick_store(struct maker *maker)
{
    return SIM_SERVICES + (uint32_t)sim_random_below(&maker->random, maker->plan->store_count);
}

/* By their times. */
static void
number_items(struct sim_plan *plan, uint32_t from)
{
    uint32_t i;

    qsort(plan->items + from, plan->item_count - from, sizeof plan->items[0], compare_items);
    for (i = from; i < plan->item_count; i++)
        plan->items[i].number = i + 1;
}

static int
compare_items(const void *a, const void *b)
{
    const struct sim_item *left = a, *right = b;

    if (left->at_ms != right->at_ms)
        return left->at_ms < right->at_ms ? -1 : 1;
    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return memcmp(left, right, sizeof *left);
}
