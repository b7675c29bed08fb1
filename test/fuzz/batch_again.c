#include "batch_again.h"

#include <assert.h>
#include <string.h>

static void put_events(struct souk_pack *pack, const struct check_form *form);
static void put_record(struct souk_pack *pack, const struct check_form *form);
static void put_place(struct souk_pack *pack, const struct check_place *place);
static void put_bin(struct souk_pack *pack, const void *bytes, size_t size_bytes);
static struct souk_slice slice_of(struct check_bytes bytes);
static bool is_built(const struct souk_batch_header *header);
static bool correlation_is_nil(struct souk_slice event);
static bool note_name(const struct souk_events *events, struct souk_slice name, uint32_t *used);
static bool build(const struct souk_batch_header *header, const struct souk_batch_place *place,
    struct souk_batch_builder *builder, struct souk_pack *pack);
static void compare_events(const struct souk_batch_header *header, const struct souk_batch_header *other);
static void compare_event(const struct souk_event *event, const struct souk_event *other);

/* ---- value by value ------------------------------------------------- */

void
batch_again_literally(struct souk_slice batch, const struct check_form *form)
{
    struct souk_pack pack;

    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    souk_pack_array(&pack, 15);
    souk_pack_uint(&pack, SOUK_BATCH_VERSION);
    souk_pack_uint(&pack, SOUK_BATCH_BLAKE2B);
    put_bin(&pack, form->hash, SOUK_HASH_BYTES);
    put_bin(&pack, form->previous, SOUK_HASH_BYTES);
    souk_pack_str(&pack, slice_of(form->stream));
    souk_pack_uint(&pack, form->epoch_counter);
    put_bin(&pack, form->epoch_bits, 8);
    souk_pack_uint(&pack, form->first);
    souk_pack_uint(&pack, form->count);
    souk_pack_uint(&pack, form->time_ms);
    souk_pack_uint(&pack, form->commit);
    souk_pack_uint(&pack, form->place);
    souk_pack_uint(&pack, form->places);
    souk_pack_array(&pack, form->cause_count);
    for (uint32_t i = 0; i < form->cause_count; i++)
        put_place(&pack, &form->causes[i]);
    souk_pack_array(&pack, form->name_count);
    for (uint32_t i = 0; i < form->name_count; i++)
        souk_pack_str(&pack, slice_of(form->names[i]));
    if (form->count != 0)
        put_events(&pack, form);
    else
        put_record(&pack, form);
    assert(pack.rc == 0);
    assert(souk_slice_equal(souk_pack_slice(&pack), batch));
    souk_pack_done(&pack);
}

static void
put_events(struct souk_pack *pack, const struct check_form *form)
{
    for (uint32_t i = 0; i < form->count; i++) {
        const struct check_form_event *event = &form->events[i];

        souk_pack_array(pack, 8);
        souk_pack_uint(pack, event->type);
        souk_pack_bin(pack, slice_of(event->key));
        souk_pack_array(pack, event->kind == CHECK_CAUSE_COMMAND ? 4 : 6);
        souk_pack_uint(pack, event->kind);
        souk_pack_uint(pack, event->cause_name);
        if (event->kind == CHECK_CAUSE_COMMAND) {
            put_bin(pack, event->command_id, CHECK_ID_BYTES);
            put_bin(pack, event->command_hash, CHECK_COMMAND_HASH_BYTES);
        } else {
            souk_pack_uint(pack, event->epoch_counter);
            put_bin(pack, event->epoch_bits, 8);
            souk_pack_uint(pack, event->number);
            souk_pack_uint(pack, event->index);
        }
        if (event->correlation == NULL)
            souk_pack_nil(pack);
        else
            put_bin(pack, event->correlation, CHECK_ID_BYTES);
        souk_pack_uint(pack, event->depth);
        souk_pack_uint(pack, event->delta_ms);
        souk_pack_uint(pack, event->version);
        souk_pack_bin(pack, slice_of(event->payload));
    }
}

static void
put_record(struct souk_pack *pack, const struct check_form *form)
{
    souk_pack_array(pack, 3);
    souk_pack_str(pack, slice_of(form->service));
    souk_pack_uint(pack, form->reason);
    souk_pack_array(pack, form->parent_count);
    for (uint32_t i = 0; i < form->parent_count; i++)
        put_place(pack, &form->parents[i]);
}

static void
put_place(struct souk_pack *pack, const struct check_place *place)
{
    souk_pack_array(pack, place->hash == NULL ? 4 : 5);
    souk_pack_str(pack, slice_of(place->stream));
    souk_pack_uint(pack, place->epoch_counter);
    put_bin(pack, place->epoch_bits, 8);
    souk_pack_uint(pack, place->number);
    if (place->hash != NULL)
        put_bin(pack, place->hash, SOUK_HASH_BYTES);
}

static void
put_bin(struct souk_pack *pack, const void *bytes, size_t size_bytes)
{
    souk_pack_bin(pack, (struct souk_slice){ bytes, size_bytes });
}

static struct souk_slice
slice_of(struct check_bytes bytes)
{
    return (struct souk_slice){ bytes.base, bytes.size_bytes };
}

/* ---- with the builder ----------------------------------------------- */

void
batch_again_built(struct souk_slice batch, const struct souk_batch_header *header)
{
    struct souk_cause causes[SOUK_STREAMS_MAX];
    struct souk_batch_place place = { .stream = header->stream, .epoch = header->epoch, .time_ms = header->time_ms,
        .after = { .number = header->first - 1, .hash = header->previous }, .commit = header->commit,
        .place = header->place, .places = header->places, .causes = causes, .cause_count = header->cause_count };
    struct souk_position end = souk_batch_end(header), end_again;
    struct souk_batch_builder builder;
    struct souk_batch_header again;
    struct souk_record record;
    struct souk_causes walk;
    struct souk_pack pack;

    souk_causes_init(&walk, header);
    for (uint32_t i = 0; i < header->cause_count; i++)
        assert(souk_causes_next(&walk, &causes[i]));
    assert(!souk_causes_next(&walk, &causes[0]));

    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    souk_batch_builder_init(&builder);
    if (header->count == 0) {
        assert(souk_record_read(header, &record) == 0);
        assert(souk_record_finish(&record, &place, &pack, &end_again) == 0);
        assert(souk_position_equal(&end, &end_again));
        assert(souk_slice_equal(souk_pack_slice(&pack), batch));
    } else if (build(header, &place, &builder, &pack)) {
        assert(souk_batch_check(souk_pack_slice(&pack), &again) == 0);
        compare_events(header, &again);
        assert(is_built(&again));
        if (is_built(header))
            assert(souk_slice_equal(souk_pack_slice(&pack), batch));
    }
    souk_batch_builder_done(&builder);
    souk_pack_done(&pack);
}

/* False: the builder does not take it, which is its right close to the limits. */
static bool
build(const struct souk_batch_header *header, const struct souk_batch_place *place,
    struct souk_batch_builder *builder, struct souk_pack *pack)
{
    struct souk_position end;
    struct souk_events events;
    struct souk_event event;
    int rc;

    assert(souk_events_init(&events, header) == 0);
    while (souk_events_next(&events, &event) == 0) {
        if (builder->count != 0 && event.time_ms < builder->time_ms)
            return false;                       /* an earlier event behind a later one: no core writes that */
        if ((rc = souk_batch_builder_add(builder, &event)) != 0) {
            assert(rc == -SOUK_ETOOBIG);
            return false;
        }
    }
    if ((rc = souk_batch_finish(builder, place, pack, &end)) != 0) {
        assert(rc == -SOUK_ETOOBIG);
        return false;
    }
    return true;
}

static bool
is_built(const struct souk_batch_header *header)
{
    struct souk_events events;
    struct souk_event event;
    const uint8_t *from;
    uint32_t used = 0;

    assert(souk_events_init(&events, header) == 0);
    for (uint32_t i = 0; i < events.name_count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (souk_slice_equal(events.names[i], events.names[k]))
                return false;
    for (from = events.in.at; souk_events_next(&events, &event) == 0; from = events.in.at) {
        const struct souk_because *because = &event.because;
        const struct souk_slice bytes = { from, (size_t)(events.in.at - from) };

        if (event.number == header->first && event.time_ms != header->time_ms)
            return false;
        if (event.time_ms < header->time_ms || !note_name(&events, event.type, &used)
            || !note_name(&events, because->kind == SOUK_BY_COMMAND ? because->caller
                : souk_name_slice(&because->stream), &used))
            return false;
        if (because->kind == SOUK_BY_COMMAND
            && memcmp(event.correlation.bytes, because->id.bytes, sizeof because->id.bytes) == 0
            && !correlation_is_nil(bytes))
            return false;
    }
    return used == events.name_count;
}

/* Has the name been used, or is it the next one? */
static bool
note_name(const struct souk_events *events, struct souk_slice name, uint32_t *used)
{
    for (uint32_t i = 0; i < *used; i++)
        if (souk_slice_equal(events->names[i], name))
            return true;
    assert(*used < events->name_count);
    return souk_slice_equal(events->names[(*used)++], name);
}

static bool
correlation_is_nil(struct souk_slice event)
{
    struct souk_unpack in;

    souk_unpack_init(&in, event);
    souk_unpack_array_exact(&in, 8);
    for (int i = 0; i < 3; i++)
        (void)souk_unpack_skip(&in);
    return souk_unpack_nil(&in);
}

static void
compare_events(const struct souk_batch_header *header, const struct souk_batch_header *other)
{
    struct souk_events events, other_events;
    struct souk_event event, other_event;

    assert(souk_events_init(&events, header) == 0);
    assert(souk_events_init(&other_events, other) == 0);
    assert(header->count == other->count);
    while (souk_events_next(&events, &event) == 0) {
        assert(souk_events_next(&other_events, &other_event) == 0);
        compare_event(&event, &other_event);
    }
    assert(souk_events_next(&other_events, &other_event) == -SOUK_ENOTFOUND);
}

static void
compare_event(const struct souk_event *event, const struct souk_event *other)
{
    const struct souk_because *because = &event->because;

    assert(event->number == other->number);
    assert(souk_slice_equal(event->type, other->type));
    assert(souk_slice_equal(event->key, other->key));
    assert(souk_slice_equal(event->payload, other->payload));
    assert(memcmp(&event->correlation, &other->correlation, sizeof event->correlation) == 0);
    assert(event->depth == other->depth);
    assert(event->time_ms == other->time_ms);
    assert(event->version == other->version);
    assert(because->kind == other->because.kind);
    assert(souk_slice_equal(because->caller, other->because.caller));
    assert(memcmp(&because->id, &other->because.id, sizeof because->id) == 0);
    assert(memcmp(because->command_hash, other->because.command_hash, sizeof because->command_hash) == 0);
    assert(memcmp(&because->stream, &other->because.stream, sizeof because->stream) == 0);
    assert(souk_point_equal(because->point, other->because.point));
    assert(because->index == other->because.index);
}
