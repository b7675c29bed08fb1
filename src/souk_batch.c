#include "souk_batch.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "souk_unpack_quick.h"

#define EVENT_FIELDS 8
#define CAUSE_BYTES_MAX (1 + 1 + SOUK_NAME_BYTES_MAX + 1 + 5 + 10 + 9)
#define HEADER_BYTES_MAX (256 + SOUK_STREAMS_MAX * CAUSE_BYTES_MAX)
#define DEPTH_MAX SOUK_DEPTH_MAX

static void unpack_epoch(struct souk_unpack *in, struct souk_epoch *epoch_out);
static void unpack_because(struct souk_events *events, struct souk_because *because_out);
static struct souk_slice name_at(struct souk_events *events, uint64_t at);
static void pack_epoch(struct souk_pack *pack, struct souk_epoch epoch);
static int read_header(struct souk_slice batch, struct souk_batch_header *header);
static int read_causes(struct souk_unpack *in, struct souk_batch_header *header);
static void unpack_cause(struct souk_unpack *in, struct souk_cause *cause_out);
static bool hash_fits(struct souk_slice batch, const struct souk_batch_header *header);
static void hash_batch(struct souk_slice batch, struct souk_hash *hash_out);
static int name_index(struct souk_batch_builder *builder, struct souk_slice name, uint32_t *index_out);
static void pack_because(struct souk_pack *pack, const struct souk_because *because, uint32_t name);
static void pack_header(struct souk_pack *pack, const struct souk_batch_place *place, uint64_t first, uint32_t count,
    uint64_t time_ms);
static int seal(struct souk_pack *pack, size_t start, const struct souk_batch_place *place, uint64_t last,
    struct souk_position *end_out);

/* ---- reading -------------------------------------------------------- */

void
souk_batch_move(struct souk_batch_header *header, const uint8_t *from, const uint8_t *to)
{
    header->causes.base = to + ((const uint8_t *)header->causes.base - from);
    header->names.base = to + ((const uint8_t *)header->names.base - from);
    header->body.base = to + ((const uint8_t *)header->body.base - from);
}

struct souk_position
souk_batch_end(const struct souk_batch_header *header)
{
    return (struct souk_position){ header->epoch, header->first + header->count - 1, header->hash };
}

int
souk_batch_read(struct souk_slice batch, struct souk_batch_header *header_out)
{
    struct souk_batch_header header;
    int rc;

    if ((rc = souk_batch_peek(batch, &header)) != 0)
        return rc;
    if (!hash_fits(batch, &header))
        return -SOUK_EDAMAGED;
    *header_out = header;
    return 0;
}

int
souk_batch_check(struct souk_slice batch, struct souk_batch_header *header_out)
{
    struct souk_batch_header header;
    struct souk_record record;
    struct souk_events events;
    struct souk_event event;
    int rc;

    if ((rc = read_header(batch, &header)) != 0)
        return rc;
    if (!hash_fits(batch, &header))
        return -SOUK_EDAMAGED;
    if (header.count == 0) {
        rc = souk_record_read(&header, &record);
    } else if ((rc = souk_events_init(&events, &header)) == 0) {
        while ((rc = souk_events_next(&events, &event)) == 0)
            ;
        if (rc == -SOUK_ENOTFOUND)
            rc = 0;
    }
    if (rc == 0)
        *header_out = header;
    return rc;
}

static int
read_header(struct souk_slice batch, struct souk_batch_header *header)
{
    struct souk_unpack in;
    const uint8_t *start;
    uint32_t fields;
    int rc;

    if (batch.size_bytes > SOUK_BATCH_BYTES_MAX)
        return -SOUK_ETOOBIG;
    memset(header, 0, sizeof *header);
    souk_unpack_init(&in, batch);
    fields = souk_unpack_array(&in, UINT16_MAX);
    if (souk_quick_uint(&in, 127) != SOUK_BATCH_VERSION && in.rc == 0)
        return -SOUK_EUNSUPPORTED;              /* with as many fields as it may have */
    if (fields != SOUK_BATCH_HEADER_FIELDS && in.rc == 0)
        return -SOUK_EMALFORMED;
    if (souk_quick_uint(&in, 127) != SOUK_BATCH_BLAKE2B && in.rc == 0)
        return -SOUK_EUNSUPPORTED;
    souk_quick_bin_exact(&in, header->hash.bytes, sizeof header->hash.bytes);
    souk_quick_bin_exact(&in, header->previous.bytes, sizeof header->previous.bytes);
    souk_name_unpack(&in, &header->stream);
    unpack_epoch(&in, &header->epoch);
    header->first = souk_quick_uint(&in, UINT64_MAX - SOUK_BATCH_EVENTS_MAX);
    header->count = (uint32_t)souk_quick_uint(&in, SOUK_BATCH_EVENTS_MAX);
    header->time_ms = souk_quick_uint(&in, SOUK_TIME_MS_MAX);
    header->commit = souk_quick_uint(&in, UINT64_MAX);
    header->place = (uint32_t)souk_quick_uint(&in, SOUK_COMMIT_BATCHES_MAX - 1);
    header->places = (uint32_t)souk_quick_uint(&in, SOUK_COMMIT_BATCHES_MAX);

    if ((rc = read_causes(&in, header)) != 0)
        return rc;
    header->name_count = souk_unpack_array(&in, SOUK_BATCH_NAMES_MAX);
    start = in.at;
    for (uint32_t i = 0; i < header->name_count; i++)
        if (souk_unpack_str(&in, SOUK_BATCH_NAME_BYTES_MAX).size_bytes == 0)
            return in.rc != 0 ? in.rc : -SOUK_EMALFORMED;
    header->names = (struct souk_slice){ start, (size_t)(in.at - start) };
    if (in.rc != 0)
        return in.rc;
    header->body = (struct souk_slice){ in.at, (size_t)(in.end - in.at) };

    return souk_batch_header_fits(header) ? 0 : -SOUK_EMALFORMED;
}

/* Sorted, so each stream once, and never the batch's own. */
static int
read_causes(struct souk_unpack *in, struct souk_batch_header *header)
{
    const uint8_t *start = in->at;
    struct souk_cause cause;
    struct souk_name before = { "" };

    header->cause_count = souk_unpack_array(in, SOUK_STREAMS_MAX);
    for (uint32_t i = 0; i < header->cause_count && in->rc == 0; i++) {
        unpack_cause(in, &cause);
        if (in->rc == 0 && (strcmp(before.text, cause.stream.text) >= 0
            || strcmp(cause.stream.text, header->stream.text) == 0))
            souk_unpack_fail(in, SOUK_EMALFORMED);
        before = cause.stream;
    }
    header->causes = (struct souk_slice){ start, (size_t)(in->at - start) };
    return in->rc;
}

bool
souk_batch_extends(const struct souk_batch_header *header, const struct souk_position *cursor)
{
    if (header->first != cursor->number + 1
        || memcmp(header->previous.bytes, cursor->hash.bytes, SOUK_HASH_BYTES) != 0)
        return false;
    if (header->count == 0)
        return header->epoch.counter > cursor->epoch.counter;
    return souk_epoch_equal(header->epoch, cursor->epoch);
}

void
souk_causes_init(struct souk_causes *causes, const struct souk_batch_header *header)
{
    souk_unpack_init(&causes->in, header->causes);
    causes->left = souk_unpack_array(&causes->in, SOUK_STREAMS_MAX);
}

bool
souk_causes_next(struct souk_causes *causes, struct souk_cause *cause_out)
{
    if (causes->left == 0 || causes->in.rc != 0)
        return false;
    causes->left--;
    unpack_cause(&causes->in, cause_out);
    return causes->in.rc == 0;
}

static void
unpack_cause(struct souk_unpack *in, struct souk_cause *cause_out)
{
    souk_quick_array_exact(in, 4);
    souk_name_unpack(in, &cause_out->stream);
    unpack_epoch(in, &cause_out->point.epoch);
    cause_out->point.number = souk_quick_uint(in, UINT64_MAX);
    if (cause_out->point.epoch.counter == 0)
        souk_unpack_fail(in, SOUK_EMALFORMED);
}

int
souk_events_init(struct souk_events *events, const struct souk_batch_header *header)
{
    struct souk_unpack names;

    souk_unpack_init(&names, header->names);
    for (uint32_t i = 0; i < header->name_count; i++)
        events->names[i] = souk_unpack_str(&names, SOUK_BATCH_NAME_BYTES_MAX);
    if (names.rc != 0)
        return names.rc;
    souk_unpack_init(&events->in, header->body);
    events->number = header->first;
    events->left = header->count;
    events->time_ms = header->time_ms;
    events->name_count = header->name_count;
    return 0;
}

int
souk_events_next(struct souk_events *events, struct souk_event *event_out)
{
    struct souk_unpack *in = &events->in;
    struct souk_event event;
    uint64_t delta;

    if (events->left == 0) {
        int rc = souk_unpack_end(in);
        return rc != 0 ? rc : -SOUK_ENOTFOUND;
    }
    souk_quick_array_exact(in, EVENT_FIELDS);
    event.type = name_at(events, souk_quick_uint(in, SOUK_BATCH_NAMES_MAX));
    event.key = souk_unpack_bin(in, SOUK_KEY_BYTES_MAX);
    if (event.key.size_bytes == 0 && in->rc == 0)
        in->rc = -SOUK_EMALFORMED;
    unpack_because(events, &event.because);
    if (event.because.kind == SOUK_BY_COMMAND && souk_unpack_nil(in))
        event.correlation = event.because.id;
    else
        souk_quick_bin_exact(in, event.correlation.bytes, sizeof event.correlation.bytes);
    event.depth = (uint32_t)souk_quick_uint(in, DEPTH_MAX);
    delta = souk_quick_uint(in, SOUK_TIME_MS_MAX);
    event.version = (uint16_t)souk_quick_uint(in, UINT16_MAX);
    event.payload = souk_unpack_bin(in, SOUK_PAYLOAD_BYTES_MAX);
    if (in->rc != 0)
        return in->rc;
    if (event.version == 0 || delta > SOUK_TIME_MS_MAX - events->time_ms)
        return in->rc = -SOUK_EMALFORMED;
    event.time_ms = events->time_ms + delta;
    event.number = events->number++;
    events->left--;
    *event_out = event;
    return 0;
}

static void
unpack_because(struct souk_events *events, struct souk_because *because)
{
    struct souk_unpack *in = &events->in;
    uint32_t fields = souk_unpack_array(in, 6);

    memset(because, 0, sizeof *because);
    because->kind = (enum souk_cause_kind)souk_quick_uint(in, SOUK_BY_LOSS);
    if (because->kind == SOUK_BY_COMMAND) {
        because->caller = name_at(events, souk_quick_uint(in, SOUK_BATCH_NAMES_MAX));
        souk_quick_bin_exact(in, because->id.bytes, sizeof because->id.bytes);
        souk_quick_bin_exact(in, because->command_hash, sizeof because->command_hash);
    } else {
        struct souk_slice stream = name_at(events, souk_quick_uint(in, SOUK_BATCH_NAMES_MAX));

        unpack_epoch(in, &because->point.epoch);
        because->point.number = souk_quick_uint(in, UINT64_MAX);
        because->index = (uint32_t)souk_quick_uint(in, UINT32_MAX);
        if (because->point.epoch.counter == 0 || because->point.number == 0
            || (because->index != 0 && (because->kind == SOUK_BY_EVENT || because->kind == SOUK_BY_LOSS)))
            souk_unpack_fail(in, SOUK_EMALFORMED);
        if (in->rc == 0 && souk_name_set(&because->stream, stream) != 0)
            in->rc = -SOUK_EMALFORMED;
    }
    if (fields != (because->kind == SOUK_BY_COMMAND ? 4u : 6u) && in->rc == 0)
        in->rc = -SOUK_EMALFORMED;
}

static struct souk_slice
name_at(struct souk_events *events, uint64_t at)
{
    if (at < events->name_count)
        return events->names[at];
    if (events->in.rc == 0)
        events->in.rc = -SOUK_EMALFORMED;
    return (struct souk_slice){ NULL, 0 };
}

int
souk_record_read(const struct souk_batch_header *header, struct souk_record *record_out)
{
    struct souk_record record = { .reason = 0 };
    const struct souk_position zero = { .number = 0 };
    struct souk_record_parent *parent;
    struct souk_unpack in;

    if (header->count != 0)
        return -SOUK_EINVAL;
    souk_unpack_init(&in, header->body);
    souk_quick_array_exact(&in, 3);
    souk_name_unpack(&in, &record.service);
    record.reason = (uint32_t)souk_quick_uint(&in, SOUK_RECORD_FORK);
    record.parent_count = souk_unpack_array(&in, SOUK_OWN_STREAMS_MAX);
    for (uint32_t i = 0; i < record.parent_count && in.rc == 0; i++) {
        parent = &record.parents[i];
        souk_quick_array_exact(&in, 5);
        souk_name_unpack(&in, &parent->stream);
        unpack_epoch(&in, &parent->position.epoch);
        parent->position.number = souk_quick_uint(&in, UINT64_MAX);
        souk_quick_bin_exact(&in, parent->position.hash.bytes, SOUK_HASH_BYTES);
        if (i > 0 && in.rc == 0 && strcmp(record.parents[i - 1].stream.text, parent->stream.text) >= 0)
            return -SOUK_EMALFORMED;
        if (souk_position_is_zero(&parent->position) && !souk_position_equal(&parent->position, &zero))
            souk_unpack_fail(&in, SOUK_EMALFORMED);
    }
    if (souk_unpack_end(&in) != 0)
        return in.rc != 0 ? in.rc : -SOUK_EMALFORMED;
    if (header->places != record.parent_count)          /* one record for each stream, in the order of their names */
        return -SOUK_EMALFORMED;
    parent = &record.parents[header->place];
    if (strcmp(parent->stream.text, header->stream.text) != 0 || parent->position.number + 1 != header->first
        || parent->position.epoch.counter >= header->epoch.counter
        || memcmp(parent->position.hash.bytes, header->previous.bytes, SOUK_HASH_BYTES) != 0)
        return -SOUK_EMALFORMED;
    *record_out = record;
    return 0;
}

static void
unpack_epoch(struct souk_unpack *in, struct souk_epoch *epoch_out)
{
    epoch_out->counter = (uint32_t)souk_quick_uint(in, UINT32_MAX);
    souk_quick_bin_exact(in, epoch_out->bits, sizeof epoch_out->bits);
}

/* ---- building ------------------------------------------------------- */

void
souk_batch_builder_init(struct souk_batch_builder *builder)
{
    builder->count = builder->name_count = builder->names_bytes = 0;
    builder->time_ms = 0;
    souk_pack_init(&builder->body, SOUK_BATCH_BYTES_MAX);
    souk_arena_init(&builder->memory, 0);
}

void
souk_batch_builder_reset(struct souk_batch_builder *builder)
{
    souk_pack_reset(&builder->body);
    souk_arena_reset(&builder->memory);
    builder->count = builder->name_count = builder->names_bytes = 0;
}

void
souk_batch_builder_done(struct souk_batch_builder *builder)
{
    souk_pack_done(&builder->body);
    souk_arena_done(&builder->memory);
}

size_t
souk_batch_builder_bytes(const struct souk_batch_builder *builder)
{
    return builder->body.size_bytes + builder->names_bytes;
}

int
souk_batch_builder_add(struct souk_batch_builder *builder, const struct souk_event *event)
{
    struct souk_pack *body = &builder->body;
    struct souk_slice who = event->because.kind == SOUK_BY_COMMAND ? event->because.caller
        : souk_name_slice(&event->because.stream);
    size_t before = body->size_bytes;
    uint32_t type, name;
    size_t worst = event->payload.size_bytes + event->key.size_bytes + event->type.size_bytes + who.size_bytes + 256;
    int rc;

    if (event->key.size_bytes == 0 || event->key.size_bytes > SOUK_KEY_BYTES_MAX
        || event->payload.size_bytes > SOUK_PAYLOAD_BYTES_MAX || event->depth > DEPTH_MAX
        || event->type.size_bytes == 0 || event->type.size_bytes > SOUK_BATCH_NAME_BYTES_MAX
        || who.size_bytes == 0 || who.size_bytes > SOUK_BATCH_NAME_BYTES_MAX || event->version == 0)
        return -SOUK_EINVAL;
    if (builder->count >= SOUK_BATCH_EVENTS_MAX || builder->name_count + 2 > SOUK_BATCH_NAMES_MAX
        || souk_batch_builder_bytes(builder) + worst + HEADER_BYTES_MAX > SOUK_BATCH_BYTES_MAX)
        return -SOUK_ETOOBIG;
    if ((rc = name_index(builder, event->type, &type)) != 0 || (rc = name_index(builder, who, &name)) != 0)
        return rc;

    if (builder->count == 0)
        builder->time_ms = event->time_ms;
    assert(event->time_ms >= builder->time_ms);         /* the core's clock for events never goes back */
    souk_pack_array(body, EVENT_FIELDS);
    souk_pack_uint(body, type);
    souk_pack_bin(body, event->key);
    pack_because(body, &event->because, name);
    if (event->because.kind == SOUK_BY_COMMAND
        && memcmp(event->correlation.bytes, event->because.id.bytes, sizeof event->correlation.bytes) == 0)
        souk_pack_nil(body);
    else
        souk_pack_bin(body, (struct souk_slice){ event->correlation.bytes, sizeof event->correlation.bytes });
    souk_pack_uint(body, event->depth);
    souk_pack_uint(body, event->time_ms - builder->time_ms);
    souk_pack_uint(body, event->version);
    souk_pack_bin(body, event->payload);
    if (body->rc != 0) {
        rc = body->rc;
        body->size_bytes = before;
        body->rc = 0;
        return rc;
    }
    builder->count++;
    return 0;
}

static int
name_index(struct souk_batch_builder *builder, struct souk_slice name, uint32_t *index_out)
{
    struct souk_slice copy;

    for (uint32_t i = 0; i < builder->name_count; i++)
        if (souk_slice_equal(builder->names[i], name)) {
            *index_out = i;
            return 0;
        }
    if ((copy = souk_arena_copy(&builder->memory, name)).base == NULL)
        return -SOUK_ENOMEM;
    builder->names[builder->name_count] = copy;
    builder->names_bytes += (uint32_t)name.size_bytes + 2;
    *index_out = builder->name_count++;
    return 0;
}

static void
pack_because(struct souk_pack *pack, const struct souk_because *because, uint32_t name)
{
    souk_pack_array(pack, because->kind == SOUK_BY_COMMAND ? 4 : 6);
    souk_pack_uint(pack, because->kind);
    souk_pack_uint(pack, name);
    if (because->kind == SOUK_BY_COMMAND) {
        souk_pack_bin(pack, (struct souk_slice){ because->id.bytes, sizeof because->id.bytes });
        souk_pack_bin(pack, (struct souk_slice){ because->command_hash, sizeof because->command_hash });
        return;
    }
    pack_epoch(pack, because->point.epoch);
    souk_pack_uint(pack, because->point.number);
    souk_pack_uint(pack, because->index);
}

int
souk_batch_finish(const struct souk_batch_builder *builder, const struct souk_batch_place *place,
    struct souk_pack *pack, struct souk_position *end_out)
{
    size_t start = pack->size_bytes;

    assert(builder->count > 0);
    pack_header(pack, place, place->after.number + 1, builder->count, builder->time_ms);
    souk_pack_array(pack, builder->name_count);
    for (uint32_t i = 0; i < builder->name_count; i++)
        souk_pack_str(pack, builder->names[i]);
    souk_pack_raw(pack, souk_pack_slice(&builder->body));
    return seal(pack, start, place, place->after.number + builder->count, end_out);
}

int
souk_record_finish(const struct souk_record *record, const struct souk_batch_place *place, struct souk_pack *pack,
    struct souk_position *end_out)
{
    size_t start = pack->size_bytes;

    pack_header(pack, place, place->after.number + 1, 0, place->time_ms);
    souk_pack_array(pack, 0);
    souk_pack_array(pack, 3);
    souk_pack_str(pack, souk_name_slice(&record->service));
    souk_pack_uint(pack, record->reason);
    souk_pack_array(pack, record->parent_count);
    for (uint32_t i = 0; i < record->parent_count; i++) {
        const struct souk_record_parent *parent = &record->parents[i];

        souk_pack_array(pack, 5);
        souk_pack_str(pack, souk_name_slice(&parent->stream));
        pack_epoch(pack, parent->position.epoch);
        souk_pack_uint(pack, parent->position.number);
        souk_pack_bin(pack, (struct souk_slice){ parent->position.hash.bytes, SOUK_HASH_BYTES });
    }
    return seal(pack, start, place, place->after.number, end_out);
}

static void
pack_header(struct souk_pack *pack, const struct souk_batch_place *place, uint64_t first, uint32_t count,
    uint64_t time_ms)
{
    static const struct souk_hash unknown;      /* seal() puts it in */

    souk_pack_array(pack, SOUK_BATCH_HEADER_FIELDS);
    souk_pack_uint(pack, SOUK_BATCH_VERSION);
    souk_pack_uint(pack, SOUK_BATCH_BLAKE2B);
    souk_pack_bin(pack, (struct souk_slice){ unknown.bytes, SOUK_HASH_BYTES });
    souk_pack_bin(pack, (struct souk_slice){ place->after.hash.bytes, SOUK_HASH_BYTES });
    souk_pack_str(pack, souk_name_slice(&place->stream));
    pack_epoch(pack, place->epoch);
    souk_pack_uint(pack, first);
    souk_pack_uint(pack, count);
    souk_pack_uint(pack, time_ms);
    souk_pack_uint(pack, place->commit);
    souk_pack_uint(pack, place->place);
    souk_pack_uint(pack, place->places);
    souk_pack_array(pack, place->cause_count);
    for (uint32_t i = 0; i < place->cause_count; i++) {
        souk_pack_array(pack, 4);
        souk_pack_str(pack, souk_name_slice(&place->causes[i].stream));
        pack_epoch(pack, place->causes[i].point.epoch);
        souk_pack_uint(pack, place->causes[i].point.number);
    }
}

static void
pack_epoch(struct souk_pack *pack, struct souk_epoch epoch)
{
    souk_pack_uint(pack, epoch.counter);
    souk_pack_bin(pack, (struct souk_slice){ epoch.bits, sizeof epoch.bits });
}

/* Everything is in its place but the hash. */
static int
seal(struct souk_pack *pack, size_t start, const struct souk_batch_place *place, uint64_t last,
    struct souk_position *end_out)
{
    struct souk_position end = { .epoch = place->epoch, .number = last };
    struct souk_slice batch;

    if (pack->rc != 0)
        return pack->rc;
    batch = (struct souk_slice){ pack->base + start, pack->size_bytes - start };
    if (batch.size_bytes > SOUK_BATCH_BYTES_MAX)
        return -SOUK_ETOOBIG;
    hash_batch(batch, &end.hash);
    memcpy(pack->base + start + SOUK_BATCH_HASH_OFFSET, end.hash.bytes, SOUK_HASH_BYTES);
    *end_out = end;
    return 0;
}

/* ---- hashes --------------------------------------------------------- */

static bool
hash_fits(struct souk_slice batch, const struct souk_batch_header *header)
{
    struct souk_hash hash;

    hash_batch(batch, &hash);
    return memcmp(hash.bytes, header->hash.bytes, sizeof hash.bytes) == 0;
}

static void
hash_batch(struct souk_slice batch, struct souk_hash *hash_out)
{
    const uint8_t *bytes = batch.base;
    const struct souk_slice pieces[] = {
        { bytes, SOUK_BATCH_HASH_OFFSET },
        { bytes + SOUK_BATCH_HASH_END, batch.size_bytes - SOUK_BATCH_HASH_END },
    };

    assert(batch.size_bytes >= SOUK_BATCH_HASH_END);
    souk_digest(hash_out->bytes, sizeof hash_out->bytes, pieces, 2);
}

void
souk_digest(void *digest_out, size_t size_bytes, const struct souk_slice *pieces, size_t piece_count)
{
    crypto_generichash_state state;
    uint8_t digest[SOUK_HASH_BYTES];

    assert(size_bytes <= sizeof digest);
    (void)crypto_generichash_init(&state, NULL, 0, sizeof digest);
    for (size_t i = 0; i < piece_count; i++)
        if (pieces[i].size_bytes != 0)
            (void)crypto_generichash_update(&state, pieces[i].base, pieces[i].size_bytes);
    (void)crypto_generichash_final(&state, digest, sizeof digest);
    memcpy(digest_out, digest, size_bytes);
}

void
souk_command_hash(uint8_t hash_out[SOUK_COMMAND_HASH_BYTES], struct souk_slice name, const struct souk_id *person,
    struct souk_slice payload)
{
    const struct souk_slice pieces[] = { name, { "", 1 },
        person == NULL ? (struct souk_slice){ NULL, 0 } : souk_slice_of_id(person), payload };

    souk_digest(hash_out, SOUK_COMMAND_HASH_BYTES, pieces, 4);
}

struct souk_id
souk_request_id(const struct souk_name *stream, struct souk_point point, uint32_t index)
{
    uint8_t numbers[4 + 8 + 8 + 4];
    struct souk_id id;

    for (int i = 0; i < 4; i++) {
        numbers[i] = (uint8_t)(point.epoch.counter >> (24 - 8 * i));
        numbers[20 + i] = (uint8_t)(index >> (24 - 8 * i));
    }
    memcpy(numbers + 4, point.epoch.bits, 8);
    for (int i = 0; i < 8; i++)
        numbers[12 + i] = (uint8_t)(point.number >> (56 - 8 * i));
    souk_digest(id.bytes, sizeof id.bytes, (const struct souk_slice[]){
        souk_name_slice(stream), { "", 1 }, { numbers, sizeof numbers } }, 3);
    return id;
}
