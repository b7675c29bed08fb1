#include "souk_stage_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "souk_log.h"

#define KEY_TEXT_BYTES 24               /* of an integer in decimals */

static int open_epoch(struct stage_node *node, struct souk_txn *txn);
static int append(struct stage_node *node, struct souk_txn *txn, struct souk_log *log,
    const struct souk_event *event, struct souk_pack *batch);
static int cut(struct stage_node *node, struct souk_txn *txn, const struct souk_name *stream, uint64_t events);
static bool key_of(const struct souk_message_type *type, json_t *json, uint8_t key_out[SOUK_KEY_BYTES_MAX],
    struct souk_slice *slice_out);

int
stage_origin_open(struct stage_node *node, struct souk_error *err)
{
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_txn_begin(node->process.store, SOUK_TXN_WRITE, &txn)) == 0
        && (rc = open_epoch(node, txn)) == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    return rc == 0 ? 0 : souk_fail(err, (enum souk_error_code)-rc, "%s: its streams cannot be made: %s",
        node->name.text, souk_error_name(rc));
}

/* The streams of a node are sorted by name. */
static int
open_epoch(struct stage_node *node, struct souk_txn *txn)
{
    struct souk_record record = { .service = node->name, .parent_count = node->own_count,
        .reason = node->commit == 0 ? SOUK_RECORD_FIRST : SOUK_RECORD_RECOVERED };
    struct souk_log logs[SOUK_OWN_STREAMS_MAX];
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_pack batch;
    int rc = 0;

    node->epoch.counter++;
    stage_random_fill(node, node->epoch.bits, sizeof node->epoch.bits);
    node->commit++;
    for (uint32_t i = 0; i < node->own_count; i++) {
        record.parents[i].stream = node->wiring->streams[i].name;
        if ((rc = souk_log_open(txn, &record.parents[i].stream, &logs[i])) != 0
            || (rc = souk_log_head(txn, &logs[i], &record.parents[i].position, NULL)) != 0)
            return rc;
    }
    souk_pack_init(&batch, SOUK_BATCH_BYTES_MAX);
    for (uint32_t i = 0; i < node->own_count && rc == 0; i++) {
        const struct souk_batch_place place = { .stream = record.parents[i].stream, .epoch = node->epoch,
            .after = record.parents[i].position, .time_ms = stage_time(node->stage).wall_ms, .commit = node->commit,
            .place = i, .places = node->own_count };

        souk_pack_reset(&batch);
        if ((rc = souk_record_finish(&record, &place, &batch, &end)) == 0
            && (rc = souk_batch_peek(souk_pack_slice(&batch), &header)) == 0)
            rc = souk_log_append(txn, &logs[i], &header, souk_pack_slice(&batch));
    }
    souk_pack_done(&batch);
    return rc;
}

void
stage_origin_publish(struct stage_node *node, const struct souk_message_type *type, json_t *json)
{
    struct souk_event event = { .type = souk_slice_of(type->name), .version = type->version,
        .because = { .kind = SOUK_BY_COMMAND, .caller = souk_slice_of(STAGE_CALLER), .id = stage_new_id(node->stage) },
        .time_ms = stage_time(node->stage).wall_ms };
    uint8_t key[SOUK_KEY_BYTES_MAX];
    struct souk_error err = { 0 };
    struct souk_txn *txn = NULL;
    struct souk_pack payload, batch;
    struct souk_name stream;
    struct souk_log log;
    int rc;

    souk_pack_init(&payload, SOUK_PAYLOAD_BYTES_MAX);
    souk_pack_init(&batch, SOUK_BATCH_BYTES_MAX);
    if (souk_json_to_packed(type, json, &payload, &err) != 0) {
        stage_fail(node->stage, "%s", err.text);
        goto done;
    }
    if (!key_of(type, json, key, &event.key)) {
        stage_fail(node->stage, "%s: its key has 1 to %d bytes", type->name, SOUK_KEY_BYTES_MAX);
        goto done;
    }
    event.payload = souk_pack_slice(&payload);
    event.correlation = event.because.id;
    if ((rc = souk_name_set(&stream, souk_slice_of(type->stream))) == 0
        && (rc = souk_txn_begin(node->process.store, SOUK_TXN_WRITE, &txn)) == 0
        && (rc = souk_log_open(txn, &stream, &log)) == 0 && (rc = append(node, txn, &log, &event, &batch)) == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    if (rc != 0) {
        stage_fail(node->stage, "%s: it cannot be published: %s", type->name, souk_error_name(rc));
    } else {
        const struct souk_slice frames[] = { souk_wire_topic(&stream), souk_pack_slice(&batch) };

        stage_note_store(node);
        stage_publish_frames(node, frames, 2);
        souk_reader_signal(node->process.reader);
    }

done:
    souk_pack_done(&payload);
    souk_pack_done(&batch);
}

static int
append(struct stage_node *node, struct souk_txn *txn, struct souk_log *log, const struct souk_event *event,
    struct souk_pack *batch)
{
    struct souk_batch_place place = { .stream = log->stream, .epoch = node->epoch, .time_ms = event->time_ms,
        .commit = ++node->commit, .places = 1 };
    struct souk_batch_builder *builder = stage_alloc(1, sizeof *builder);
    struct souk_batch_header header;
    struct souk_position end;
    int rc;

    souk_batch_builder_init(builder);
    if ((rc = souk_log_head(txn, log, &place.after, NULL)) == 0
        && (rc = souk_batch_builder_add(builder, event)) == 0
        && (rc = souk_batch_finish(builder, &place, batch, &end)) == 0
        && (rc = souk_batch_peek(souk_pack_slice(batch), &header)) == 0)
        rc = souk_log_append(txn, log, &header, souk_pack_slice(batch));
    souk_batch_builder_done(builder);
    free(builder);
    return rc;
}

/* As the generated code has it, souk_event_key_text() and its like; a description alone has no code. */
static bool
key_of(const struct souk_message_type *type, json_t *json, uint8_t key_out[SOUK_KEY_BYTES_MAX],
    struct souk_slice *slice_out)
{
    const struct souk_field *field = &type->fields[type->key_fields[0]];
    json_t *value = json_object_get(json, field->name);
    struct souk_slice text = { json_string_value(value), json_string_length(value) };
    char decimals[KEY_TEXT_BYTES];
    struct souk_id id;

    if (value == NULL)
        return false;
    if (field->type == SOUK_FIELD_ID) {
        if (souk_id_parse(text, &id) != 0)
            return false;
        text = (struct souk_slice){ id.bytes, sizeof id.bytes };
    } else if (json_is_integer(value)) {
        text.size_bytes = (size_t)snprintf(decimals, sizeof decimals, "%" JSON_INTEGER_FORMAT,
            json_integer_value(value));
        text.base = decimals;
    }
    if (text.size_bytes == 0 || text.size_bytes > SOUK_KEY_BYTES_MAX)
        return false;
    memcpy(key_out, text.base, text.size_bytes);
    *slice_out = (struct souk_slice){ key_out, text.size_bytes };
    return true;
}

void
stage_origin_lose(struct stage_node *node, const struct souk_name *stream, uint64_t events)
{
    struct souk_txn *txn = NULL;
    int rc;

    if ((rc = souk_txn_begin(node->process.store, SOUK_TXN_WRITE, &txn)) == 0
        && (rc = cut(node, txn, stream, events)) == 0 && (rc = open_epoch(node, txn)) == 0)
        rc = souk_txn_commit(&txn);
    souk_txn_abort(&txn);
    if (rc != 0) {
        stage_fail(node->stage, "%s: it has no %" PRIu64 " events to lose (%s)", stream->text, events,
            souk_error_name(rc));
        return;
    }
    stage_note_store(node);
    souk_reader_signal(node->process.reader);
    stage_origin_heads(node);
}

static int
cut(struct stage_node *node, struct souk_txn *txn, const struct souk_name *stream, uint64_t events)
{
    struct souk_batch_header header;
    struct souk_position end;
    struct souk_slice batch;
    struct souk_log log;
    uint64_t rows;
    int rc;

    if ((rc = souk_log_open(txn, stream, &log)) != 0 || (rc = souk_log_head(txn, &log, &end, NULL)) != 0)
        return rc;
    if (events == 0 || events > end.number)
        return -SOUK_EINVAL;
    if ((rc = souk_log_holding(txn, &log, end.number - events + 1, &batch)) != 0
        || (rc = souk_batch_peek(batch, &header)) != 0)
        return rc;
    end = souk_batch_end(&header);
    if ((rc = souk_log_before(txn, &log, souk_point_of(&end), &batch)) != 0
        || (rc = souk_batch_peek(batch, &header)) != 0)
        return rc;
    end = souk_batch_end(&header);
    return souk_log_set_aside(txn, &log, souk_point_of(&end), &rows);
}

void
stage_origin_heads(struct stage_node *node)
{
    struct souk_wire_heads heads = { .service = node->name, .sender = node->name,
        .time_ms = stage_time(node->stage).wall_ms, .count = node->own_count };
    struct souk_slice frames[2] = { souk_wire_topic_heads() };
    struct souk_pack pack;

    for (uint32_t i = 0; i < node->own_count; i++) {
        heads.heads[i].stream = node->wiring->streams[i].name;
        if (stage_cursor(node, heads.heads[i].stream.text, &heads.heads[i].position) != 0) {
            stage_fail(node->stage, "%s: its store cannot be read", node->name.text);
            return;
        }
    }
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    souk_wire_heads_put(&pack, &heads);
    frames[1] = souk_pack_slice(&pack);
    stage_publish_frames(node, frames, 2);
    souk_pack_done(&pack);
}
