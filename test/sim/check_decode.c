#include "check_decode.h"

#include <sodium.h>
#include <string.h>

#define HASH_OFFSET 5                   /* of a batch */
#define HEADER_FIELDS 15
#define EVENT_FIELDS 8

/* Reads forward; after the first broken rule everything it returns is zero. */
struct reader {
    struct check_arena *arena;
    const uint8_t *at, *end;
    const char *broken;
};

static const uint8_t zeros[CHECK_HASH_BYTES];

static void read_header(struct reader *reader, struct check_form *form);
static void read_event(struct reader *reader, const struct check_form *form, struct check_form_event *event);
static void read_record(struct reader *reader, struct check_form *form);
static void check_causes(struct reader *reader, const struct check_form *form);
static void read_heads(struct reader *reader, struct check_message *message);
static void read_pull(struct reader *reader, struct check_message *message);
static void read_pulled(struct reader *reader, struct check_message *message);
static void read_acknowledged(struct reader *reader, struct check_message *message);
static void read_seal(struct reader *reader, struct check_message *message);
static void read_sealed(struct reader *reader, struct check_message *message);
static void read_fenced(struct reader *reader, struct check_message *message);
static void read_no_room(struct reader *reader, struct check_message *message);
static void read_request(struct reader *reader, struct check_message *message);
static void read_reply(struct reader *reader, struct check_message *message);
static void break_rule(struct reader *reader, const char *rule);
static uint64_t read_uint(struct reader *reader, uint64_t least, uint64_t most, const char *rule);
static bool read_bool(struct reader *reader);
static uint32_t read_array(struct reader *reader, uint32_t least, uint32_t most, const char *rule);
static struct check_bytes read_bin(struct reader *reader, size_t least_bytes, size_t most_bytes, const char *rule);
static struct check_bytes read_str(struct reader *reader, size_t least_bytes, size_t most_bytes, const char *rule);
static struct check_bytes read_name(struct reader *reader);
static const uint8_t *read_fixed(struct reader *reader, size_t size_bytes);
static const uint8_t *read_fixed_or_nil(struct reader *reader, size_t size_bytes);
static void read_place(struct reader *reader, struct check_place *place, bool has_hash);
static void read_place_fields(struct reader *reader, struct check_place *place, bool has_hash);
static struct check_place *read_places(struct reader *reader, uint32_t most, bool has_hash, uint32_t *count_out);
static bool is_utf8(struct check_bytes text);

const char *
check_decode_batch(struct check_arena *arena, struct check_bytes bytes, struct check_form *form_out)
{
    struct reader reader = { .arena = arena, .at = bytes.base };
    struct check_form form = { .bytes = bytes };
    const uint8_t *start = bytes.base;
    uint8_t hash[CHECK_HASH_BYTES];
    crypto_generichash_state state;
    uint32_t i;

    if (bytes.size_bytes > CHECK_BATCH_BYTES_MAX)
        return "batch-bytes";
    reader.end = start + bytes.size_bytes;
    read_header(&reader, &form);
    if (reader.broken == NULL && form.count > 0) {
        form.events = check_arena_take(arena, form.count * sizeof *form.events);
        for (i = 0; i < form.count; i++)
            read_event(&reader, &form, &form.events[i]);
    } else if (reader.broken == NULL) {
        read_record(&reader, &form);
    }
    if (reader.broken == NULL && reader.at != reader.end)
        reader.broken = "trailing";
    if (reader.broken != NULL)
        return reader.broken;

    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, start, HASH_OFFSET);
    crypto_generichash_update(&state, start + HASH_OFFSET + sizeof hash,
        bytes.size_bytes - HASH_OFFSET - sizeof hash);
    crypto_generichash_final(&state, hash, sizeof hash);
    if (memcmp(hash, form.hash, sizeof hash) != 0)
        return "hash";
    *form_out = form;
    return NULL;
}

const char *
check_decode_message(struct check_arena *arena, const struct check_bytes *frames, size_t frame_count,
    struct check_message *message_out)
{
    static void (*const read_kind[])(struct reader *, struct check_message *) = {
        [CHECK_HEADS] = read_heads, [CHECK_PULL] = read_pull, [CHECK_PULLED] = read_pulled,
        [CHECK_ACKNOWLEDGED] = read_acknowledged, [CHECK_SEAL] = read_seal, [CHECK_SEALED] = read_sealed,
        [CHECK_FENCED] = read_fenced, [CHECK_REQUEST] = read_request, [CHECK_REPLY] = read_reply,
        [CHECK_NO_ROOM] = read_no_room,
    };
    static const uint32_t fields[] = {
        [CHECK_HEADS] = 8, [CHECK_PULL] = 7, [CHECK_PULLED] = 7, [CHECK_ACKNOWLEDGED] = 6, [CHECK_SEAL] = 6,
        [CHECK_SEALED] = 9, [CHECK_FENCED] = 5, [CHECK_REQUEST] = 13, [CHECK_REPLY] = 10, [CHECK_NO_ROOM] = 5,
    };
    struct reader reader = { .arena = arena };
    struct check_message message = { 0 };
    uint32_t count;

    if (frame_count == 0 || frame_count > CHECK_FRAMES_MAX)
        return "frames";
    if (frames[0].size_bytes > CHECK_FRAME_BYTES_MAX)
        return "frame-bytes";
    reader.at = frames[0].base;
    reader.end = reader.at + frames[0].size_bytes;
    count = read_array(&reader, 2, UINT32_MAX, "fields");
    read_uint(&reader, 1, 1, "version");
    message.kind = (enum check_kind)read_uint(&reader, CHECK_HEADS, CHECK_NO_ROOM, "kind");
    if (reader.broken != NULL)
        return reader.broken;
    if (count != fields[message.kind])
        return "fields";
    if (message.kind != CHECK_PULLED && frame_count != 1)
        return "frames";
    read_kind[message.kind](&reader, &message);
    if (reader.broken == NULL && reader.at != reader.end)
        reader.broken = "trailing";
    if (reader.broken != NULL)
        return reader.broken;
    *message_out = message;
    return NULL;
}

int
check_decode_numbers(struct check_bytes bytes, uint64_t *numbers_out, int most)
{
    struct reader reader = { .at = bytes.base };
    int i, count;

    reader.end = reader.at + bytes.size_bytes;
    count = (int)read_array(&reader, 0, (uint32_t)most, "count");
    for (i = 0; i < count; i++)
        numbers_out[i] = read_uint(&reader, 0, UINT64_MAX, "");
    return reader.broken == NULL && reader.at == reader.end ? count : -1;
}

void
check_hash(uint8_t *out, size_t out_bytes, struct check_bytes first, struct check_bytes second)
{
    crypto_generichash_state state;

    crypto_generichash_init(&state, NULL, 0, out_bytes);
    crypto_generichash_update(&state, first.base, first.size_bytes);
    crypto_generichash_update(&state, second.base, second.size_bytes);
    crypto_generichash_final(&state, out, out_bytes);
}

int
check_bytes_compare(struct check_bytes a, struct check_bytes b)
{
    size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
    int order = common == 0 ? 0 : memcmp(a.base, b.base, common);

    if (order != 0)
        return order;
    return a.size_bytes < b.size_bytes ? -1 : a.size_bytes > b.size_bytes;
}

/* ---- batches ------------------------------------------------------------ */

static void
read_header(struct reader *reader, struct check_form *form)
{
    uint32_t i;

    read_array(reader, HEADER_FIELDS, HEADER_FIELDS, "fields");
    read_uint(reader, 1, 1, "version");
    read_uint(reader, 1, 1, "algorithm");
    form->hash = read_fixed(reader, CHECK_HASH_BYTES);
    form->previous = read_fixed(reader, CHECK_HASH_BYTES);
    form->stream = read_name(reader);
    form->epoch_counter = (uint32_t)read_uint(reader, 1, UINT32_MAX, "epoch");
    form->epoch_bits = read_fixed(reader, CHECK_EPOCH_BITS_BYTES);
    form->first = read_uint(reader, 1, UINT64_MAX, "first");
    form->count = (uint32_t)read_uint(reader, 0, CHECK_EVENTS_MAX, "events");
    form->time_ms = read_uint(reader, 0, CHECK_TIME_MS_MAX, "time");
    form->commit = read_uint(reader, 1, UINT64_MAX, "commit");
    form->place = (uint32_t)read_uint(reader, 0, UINT32_MAX, "place");
    form->places = (uint32_t)read_uint(reader, 1, CHECK_PLACES_MAX, "places");
    if (reader->broken == NULL && form->place >= form->places)
        break_rule(reader, "place");
    if (reader->broken == NULL && form->count > 0 && form->first > UINT64_MAX - (form->count - 1))
        break_rule(reader, "first");

    form->causes = read_places(reader, CHECK_CAUSES_MAX, false, &form->cause_count);
    check_causes(reader, form);

    form->name_count = read_array(reader, 0, CHECK_NAMES_MAX, "names");
    form->names = check_arena_take(reader->arena, form->name_count * sizeof *form->names);
    for (i = 0; i < form->name_count; i++)
        form->names[i] = read_str(reader, 1, CHECK_NAME_BYTES_MAX, "names");
}

static void
check_causes(struct reader *reader, const struct check_form *form)
{
    uint32_t i;

    for (i = 0; i < form->cause_count && reader->broken == NULL; i++) {
        if (form->causes[i].epoch_counter == 0)
            break_rule(reader, "epoch");
        else if (i > 0 && check_bytes_compare(form->causes[i - 1].stream, form->causes[i].stream) >= 0)
            break_rule(reader, "causes-order");
        else if (check_bytes_equal(form->causes[i].stream, form->stream))
            break_rule(reader, "causes-own");
    }
}

static void
read_event(struct reader *reader, const struct check_form *form, struct check_form_event *event)
{
    read_array(reader, EVENT_FIELDS, EVENT_FIELDS, "fields");
    event->type = (uint32_t)read_uint(reader, 0, UINT32_MAX, "name-index");
    event->key = read_bin(reader, 1, CHECK_KEY_BYTES_MAX, "key");

    if (read_array(reader, 4, 6, "cause") == 4) {
        event->kind = (enum check_cause_kind)read_uint(reader, CHECK_CAUSE_COMMAND, CHECK_CAUSE_COMMAND, "cause");
        event->cause_name = (uint32_t)read_uint(reader, 0, UINT32_MAX, "name-index");
        event->command_id = read_fixed(reader, CHECK_ID_BYTES);
        event->command_hash = read_fixed(reader, CHECK_COMMAND_HASH_BYTES);
    } else {
        event->kind = (enum check_cause_kind)read_uint(reader, CHECK_CAUSE_EVENT, CHECK_CAUSE_LOSS, "cause");
        event->cause_name = (uint32_t)read_uint(reader, 0, UINT32_MAX, "name-index");
        event->epoch_counter = (uint32_t)read_uint(reader, 1, UINT32_MAX, "epoch");
        event->epoch_bits = read_fixed(reader, CHECK_EPOCH_BITS_BYTES);
        event->number = read_uint(reader, 1, UINT64_MAX, "cause");
        event->index = (uint32_t)read_uint(reader, 0, UINT32_MAX, "cause");
        if (event->index > 0 && (event->kind == CHECK_CAUSE_EVENT || event->kind == CHECK_CAUSE_LOSS))
            break_rule(reader, "cause");
    }
    event->correlation = read_fixed_or_nil(reader, CHECK_ID_BYTES);
    if (reader->broken == NULL && event->correlation == NULL && event->kind != CHECK_CAUSE_COMMAND)
        break_rule(reader, "correlation");
    event->depth = (uint32_t)read_uint(reader, 0, CHECK_DEPTH_MAX, "depth");
    event->delta_ms = read_uint(reader, 0, CHECK_TIME_MS_MAX - form->time_ms, "time");
    event->version = (uint32_t)read_uint(reader, 1, CHECK_VERSION_MAX, "schema-version");
    event->payload = read_bin(reader, 0, CHECK_PAYLOAD_BYTES_MAX, "payload");
    if (reader->broken == NULL && (event->type >= form->name_count || event->cause_name >= form->name_count))
        break_rule(reader, "name-index");
}

static void
read_record(struct reader *reader, struct check_form *form)
{
    const struct check_place *parent;
    uint32_t i;

    if (form->name_count > 0)
        break_rule(reader, "record-names");
    read_array(reader, 3, 3, "fields");
    form->service = read_name(reader);
    form->reason = (uint32_t)read_uint(reader, 0, 3, "reason");
    form->parents = read_places(reader, CHECK_SERVICE_STREAMS_MAX, true, &form->parent_count);
    for (i = 1; i < form->parent_count && reader->broken == NULL; i++)
        if (check_bytes_compare(form->parents[i - 1].stream, form->parents[i].stream) >= 0)
            break_rule(reader, "parents-order");
    if (reader->broken != NULL)
        return;
    if (form->places != form->parent_count
        || !check_bytes_equal(form->parents[form->place].stream, form->stream)) {
        break_rule(reader, "record-place");
        return;
    }
    parent = &form->parents[form->place];
    if (memcmp(parent->hash, form->previous, CHECK_HASH_BYTES) != 0 || form->first - 1 != parent->number
        || parent->epoch_counter >= form->epoch_counter)
        break_rule(reader, "record-parent");
}

/* ---- messages ----------------------------------------------------------- */

static void
read_heads(struct reader *reader, struct check_message *message)
{
    uint32_t i;

    message->service = read_name(reader);
    message->sender = read_name(reader);
    message->incarnation = read_fixed(reader, 8);
    message->fingerprint = read_fixed(reader, 8);
    message->time_ms = read_uint(reader, 0, CHECK_TIME_MS_MAX, "time");
    message->entry_count = read_array(reader, 0, CHECK_SERVICE_STREAMS_MAX, "positions");
    message->entries = check_arena_take(reader->arena, message->entry_count * sizeof *message->entries);
    for (i = 0; i < message->entry_count; i++)
        read_place(reader, &message->entries[i].at, true);
}

static void
read_pull(struct reader *reader, struct check_message *message)
{
    uint32_t i, k;

    message->request = read_uint(reader, 0, UINT64_MAX, "");
    message->sender = read_name(reader);
    message->credit_bytes = read_uint(reader, 1, CHECK_CREDIT_MAX, "credit");
    message->entry_count = read_array(reader, 1, CHECK_SERVICE_STREAMS_MAX, "positions");
    message->entries = check_arena_take(reader->arena, message->entry_count * sizeof *message->entries);
    for (i = 0; i < message->entry_count; i++) {
        read_place(reader, &message->entries[i].at, true);
        for (k = 0; k < i && reader->broken == NULL; k++)
            if (check_bytes_equal(message->entries[i].at.stream, message->entries[k].at.stream))
                break_rule(reader, "streams");
    }
    message->waits = read_places(reader, CHECK_WAITS_MAX, false, &message->wait_count);
}

static void
read_pulled(struct reader *reader, struct check_message *message)
{
    struct check_entry *entry;
    uint32_t i;

    message->request = read_uint(reader, 0, UINT64_MAX, "");
    message->sender = read_name(reader);
    message->incarnation = read_fixed(reader, 8);
    message->more = read_bool(reader);
    message->entry_count = read_array(reader, 1, CHECK_SERVICE_STREAMS_MAX, "positions");
    message->entries = check_arena_take(reader->arena, message->entry_count * sizeof *message->entries);
    for (i = 0; i < message->entry_count; i++) {
        entry = &message->entries[i];
        read_array(reader, 13, 13, "fields");
        read_place_fields(reader, &entry->at, true);
        entry->verdict = (enum check_verdict)read_uint(reader, CHECK_NEXT, CHECK_BEGINS, "verdict");
        entry->head.stream = entry->common.stream = (struct check_bytes){ 0 };
        entry->head.epoch_counter = (uint32_t)read_uint(reader, 0, UINT32_MAX, "epoch");
        entry->head.epoch_bits = read_fixed(reader, CHECK_EPOCH_BITS_BYTES);
        entry->head.number = read_uint(reader, 0, UINT64_MAX, "");
        entry->head.hash = read_fixed(reader, CHECK_HASH_BYTES);
        entry->common.epoch_counter = (uint32_t)read_uint(reader, 0, UINT32_MAX, "epoch");
        entry->common.epoch_bits = read_fixed(reader, CHECK_EPOCH_BITS_BYTES);
        entry->common.number = read_uint(reader, 0, UINT64_MAX, "");
        if (reader->broken == NULL && entry->verdict != CHECK_VOID
            && (entry->common.epoch_counter != 0 || entry->common.number != 0
                || memcmp(entry->common.epoch_bits, zeros, CHECK_EPOCH_BITS_BYTES) != 0))
            break_rule(reader, "common");
    }
}

static void
read_acknowledged(struct reader *reader, struct check_message *message)
{
    struct check_entry *entry;
    uint32_t i;

    message->sender = read_name(reader);
    message->incarnation = read_fixed(reader, 8);
    message->commit = read_uint(reader, 0, UINT64_MAX, "");
    message->entry_count = read_array(reader, 1, CHECK_SERVICE_STREAMS_MAX, "positions");
    message->entries = check_arena_take(reader->arena, message->entry_count * sizeof *message->entries);
    for (i = 0; i < message->entry_count; i++) {
        entry = &message->entries[i];
        read_array(reader, 6, 6, "fields");
        read_place_fields(reader, &entry->at, true);
        entry->backed_up = read_uint(reader, 0, UINT64_MAX, "");
    }
}

static void
read_seal(struct reader *reader, struct check_message *message)
{
    message->request = read_uint(reader, 0, UINT64_MAX, "");
    message->service = read_name(reader);
    message->counter = (uint32_t)read_uint(reader, 1, UINT32_MAX, "epoch");
    message->instance = read_fixed(reader, 8);
}

static void
read_sealed(struct reader *reader, struct check_message *message)
{
    uint32_t i;

    message->request = read_uint(reader, 0, UINT64_MAX, "");
    message->sender = read_name(reader);
    message->incarnation = read_fixed(reader, 8);
    message->service = read_name(reader);
    message->granted = read_bool(reader);
    message->counter = (uint32_t)read_uint(reader, 1, UINT32_MAX, "epoch");
    message->entry_count = read_array(reader, 0, CHECK_SERVICE_STREAMS_MAX, "positions");
    message->entries = check_arena_take(reader->arena, message->entry_count * sizeof *message->entries);
    for (i = 0; i < message->entry_count; i++)
        read_place(reader, &message->entries[i].at, true);
}

static void
read_fenced(struct reader *reader, struct check_message *message)
{
    message->sender = read_name(reader);
    message->service = read_name(reader);
    message->counter = (uint32_t)read_uint(reader, 1, UINT32_MAX, "epoch");
}

static void
read_no_room(struct reader *reader, struct check_message *message)
{
    message->request = read_uint(reader, 0, UINT64_MAX, "");
    message->sender = read_name(reader);
    message->retry_after_ms = read_uint(reader, 0, CHECK_RETRY_MS_MAX, "retry-after");
}

static void
read_request(struct reader *reader, struct check_message *message)
{
    message->id = read_fixed(reader, CHECK_ID_BYTES);
    message->is_query = read_bool(reader);
    message->name = read_str(reader, 1, CHECK_NAME_BYTES_MAX, "names");
    message->version = (uint32_t)read_uint(reader, 1, CHECK_VERSION_MAX, "schema-version");
    message->deadline_ms = read_uint(reader, 0, UINT64_MAX, "");
    message->correlation = read_fixed_or_nil(reader, CHECK_ID_BYTES);
    message->caller = read_str(reader, 1, CHECK_NAME_BYTES_MAX, "names");
    message->wants_recorded = read_bool(reader);
    message->waits = read_places(reader, CHECK_SEEN_MAX, false, &message->wait_count);
    message->pass = read_bin(reader, 0, CHECK_PASS_BYTES_MAX, "pass");
    message->payload = read_bin(reader, 0, CHECK_PAYLOAD_BYTES_MAX, "payload");
}

static void
read_reply(struct reader *reader, struct check_message *message)
{
    struct check_body *body;
    uint32_t i;

    message->id = read_fixed(reader, CHECK_ID_BYTES);
    message->status = (uint32_t)read_uint(reader, CHECK_OK, CHECK_STATUS_LAST, "status");
    message->durability = (uint32_t)read_uint(reader, CHECK_NOT_DURABLE, CHECK_RECORDED, "durability");
    message->code = read_str(reader, 0, CHECK_FRAME_BYTES_MAX, "");
    message->text = read_str(reader, 0, CHECK_FRAME_BYTES_MAX, "");
    message->retry_after_ms = read_uint(reader, 0, UINT64_MAX, "");
    message->waits = read_places(reader, CHECK_CAUSES_MAX, false, &message->wait_count);
    message->body_count = read_array(reader, 0, UINT32_MAX, "");
    message->body = check_arena_take(reader->arena, message->body_count * sizeof *message->body);
    for (i = 0; i < message->body_count && reader->broken == NULL; i++) {
        body = &message->body[i];
        read_array(reader, 6, 6, "fields");
        body->name = read_str(reader, 1, CHECK_NAME_BYTES_MAX, "names");
        body->version = (uint32_t)read_uint(reader, 1, CHECK_VERSION_MAX, "schema-version");
        body->stream = read_str(reader, 0, CHECK_STREAM_BYTES_MAX, "name");
        body->number = read_uint(reader, 0, UINT64_MAX, "");
        body->key = read_bin(reader, 0, CHECK_KEY_BYTES_MAX, "key");
        body->payload = read_bin(reader, 0, CHECK_PAYLOAD_BYTES_MAX, "payload");
    }
}

/* ---- values ------------------------------------------------------------- */

static void
break_rule(struct reader *reader, const char *rule)
{
    if (reader->broken == NULL)
        reader->broken = rule;
    reader->at = reader->end;
}

static size_t
bytes_left(const struct reader *reader)
{
    return (size_t)(reader->end - reader->at);
}

/* A number of `size_bytes` in network order. */
static uint64_t
read_number(struct reader *reader, size_t size_bytes)
{
    uint64_t number = 0;
    size_t i;

    if (bytes_left(reader) < size_bytes) {
        break_rule(reader, "short");
        return 0;
    }
    for (i = 0; i < size_bytes; i++)
        number = number << 8 | *reader->at++;
    return number;
}

static uint8_t
read_byte(struct reader *reader)
{
    return (uint8_t)read_number(reader, 1);
}

/* A number of `size_bytes` that would not fit into fewer, so it is at least `least`. */
static uint64_t
read_shortest(struct reader *reader, size_t size_bytes, uint64_t least)
{
    uint64_t number = read_number(reader, size_bytes);

    if (reader->broken == NULL && number < least)
        break_rule(reader, "shortest");
    return number;
}

static uint64_t
read_uint(struct reader *reader, uint64_t least, uint64_t most, const char *rule)
{
    uint64_t number = 0;
    uint8_t byte;

    byte = read_byte(reader);
    if (byte < 0x80)
        number = byte;
    else if (byte == 0xcc)
        number = read_shortest(reader, 1, 0x80);
    else if (byte == 0xcd)
        number = read_shortest(reader, 2, 0x100);
    else if (byte == 0xce)
        number = read_shortest(reader, 4, 0x10000);
    else if (byte == 0xcf)
        number = read_shortest(reader, 8, 0x100000000);
    else
        break_rule(reader, "type");
    if (reader->broken == NULL && (number < least || number > most))
        break_rule(reader, rule);
    return reader->broken == NULL ? number : 0;
}

static bool
read_bool(struct reader *reader)
{
    uint8_t byte = read_byte(reader);

    if (reader->broken == NULL && byte != 0xc2 && byte != 0xc3)
        break_rule(reader, "type");
    return reader->broken == NULL && byte == 0xc3;
}

static uint32_t
read_array(struct reader *reader, uint32_t least, uint32_t most, const char *rule)
{
    uint32_t count = 0;
    uint8_t byte;

    byte = read_byte(reader);
    if (byte >= 0x90 && byte <= 0x9f)
        count = byte & 0x0f;
    else if (byte == 0xdc)
        count = (uint32_t)read_shortest(reader, 2, 16);
    else if (byte == 0xdd)
        count = (uint32_t)read_shortest(reader, 4, 0x10000);
    else
        break_rule(reader, "type");
    if (reader->broken == NULL && count > bytes_left(reader))
        break_rule(reader, "count");
    if (reader->broken == NULL && (count < least || count > most))
        break_rule(reader, rule);
    return reader->broken == NULL ? count : 0;
}

static struct check_bytes
take_bytes(struct reader *reader, size_t size_bytes, size_t least_bytes, size_t most_bytes, const char *rule)
{
    struct check_bytes taken = { 0 };

    if (reader->broken == NULL && size_bytes > bytes_left(reader))
        break_rule(reader, "short");
    if (reader->broken == NULL && (size_bytes < least_bytes || size_bytes > most_bytes))
        break_rule(reader, rule);
    if (reader->broken == NULL) {
        taken = (struct check_bytes){ reader->at, size_bytes };
        reader->at += size_bytes;
    }
    return taken;
}

static struct check_bytes
read_bin(struct reader *reader, size_t least_bytes, size_t most_bytes, const char *rule)
{
    uint64_t size_bytes = 0;
    uint8_t byte;

    byte = read_byte(reader);
    if (byte == 0xc4)
        size_bytes = read_number(reader, 1);
    else if (byte == 0xc5)
        size_bytes = read_shortest(reader, 2, 0x100);
    else if (byte == 0xc6)
        size_bytes = read_shortest(reader, 4, 0x10000);
    else
        break_rule(reader, "type");
    return take_bytes(reader, size_bytes, least_bytes, most_bytes, rule);
}

static struct check_bytes
read_str(struct reader *reader, size_t least_bytes, size_t most_bytes, const char *rule)
{
    struct check_bytes text;
    uint64_t size_bytes = 0;
    uint8_t byte;

    byte = read_byte(reader);
    if (byte >= 0xa0 && byte <= 0xbf)
        size_bytes = byte & 0x1f;
    else if (byte == 0xd9)
        size_bytes = read_shortest(reader, 1, 32);
    else if (byte == 0xda)
        size_bytes = read_shortest(reader, 2, 0x100);
    else if (byte == 0xdb)
        size_bytes = read_shortest(reader, 4, 0x10000);
    else
        break_rule(reader, "type");
    text = take_bytes(reader, size_bytes, least_bytes, most_bytes, rule);
    if (reader->broken == NULL && !is_utf8(text))
        break_rule(reader, "utf8");
    return text;
}

/* Of a service or a stream. */
static struct check_bytes
read_name(struct reader *reader)
{
    struct check_bytes name = read_str(reader, 1, CHECK_STREAM_BYTES_MAX, "name");
    const uint8_t *bytes = name.base;
    size_t i;

    for (i = 0; i < name.size_bytes; i++) {
        if (bytes[i] >= 'a' && bytes[i] <= 'z')
            continue;
        if (i > 0 && ((bytes[i] >= '0' && bytes[i] <= '9') || bytes[i] == '-' || bytes[i] == '.'))
            continue;
        break_rule(reader, "name");
        break;
    }
    return name;
}

/* A bin of one size only. Never NULL, so that nobody reads through what was broken. */
static const uint8_t *
read_fixed(struct reader *reader, size_t size_bytes)
{
    struct check_bytes fixed = read_bin(reader, size_bytes, size_bytes, "length");

    return fixed.base == NULL ? zeros : fixed.base;
}

static const uint8_t *
read_fixed_or_nil(struct reader *reader, size_t size_bytes)
{
    if (bytes_left(reader) > 0 && *reader->at == 0xc0) {
        reader->at++;
        return NULL;
    }
    return read_fixed(reader, size_bytes);
}

static void
read_place(struct reader *reader, struct check_place *place, bool has_hash)
{
    uint32_t fields = has_hash ? 5 : 4;

    read_array(reader, fields, fields, "fields");
    read_place_fields(reader, place, has_hash);
}

static void
read_place_fields(struct reader *reader, struct check_place *place, bool has_hash)
{
    bool is_zero;

    place->stream = read_name(reader);
    place->epoch_counter = (uint32_t)read_uint(reader, 0, UINT32_MAX, "epoch");
    place->epoch_bits = read_fixed(reader, CHECK_EPOCH_BITS_BYTES);
    place->number = read_uint(reader, 0, UINT64_MAX, "");
    place->hash = has_hash ? read_fixed(reader, CHECK_HASH_BYTES) : NULL;
    if (reader->broken != NULL)
        return;
    is_zero = place->number == 0 && memcmp(place->epoch_bits, zeros, CHECK_EPOCH_BITS_BYTES) == 0
        && (!has_hash || memcmp(place->hash, zeros, CHECK_HASH_BYTES) == 0);
    if (place->epoch_counter == 0 && !is_zero)
        break_rule(reader, "zero");
}

static struct check_place *
read_places(struct reader *reader, uint32_t most, bool has_hash, uint32_t *count_out)
{
    struct check_place *places;
    uint32_t i;

    *count_out = read_array(reader, 0, most, "positions");
    places = check_arena_take(reader->arena, *count_out * sizeof *places);
    for (i = 0; i < *count_out; i++)
        read_place(reader, &places[i], has_hash);
    return places;
}

/* Shortest forms only, no surrogates, nothing above U+10FFFF. */
static bool
is_utf8(struct check_bytes text)
{
    const uint8_t *at = text.base, *end = at + text.size_bytes;
    uint32_t point, least;
    int more;

    while (at < end) {
        if (*at < 0x80) {
            at++;
            continue;
        }
        if ((*at & 0xe0) == 0xc0) {
            point = *at & 0x1f;
            more = 1;
            least = 0x80;
        } else if ((*at & 0xf0) == 0xe0) {
            point = *at & 0x0f;
            more = 2;
            least = 0x800;
        } else if ((*at & 0xf8) == 0xf0) {
            point = *at & 0x07;
            more = 3;
            least = 0x10000;
        } else {
            return false;
        }
        at++;
        for (; more > 0; more--, at++) {
            if (at == end || (*at & 0xc0) != 0x80)
                return false;
            point = point << 6 | (*at & 0x3f);
        }
        if (point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
            return false;
    }
    return true;
}
