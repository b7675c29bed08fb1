#include "souk_verify.h"

#include <stdio.h>
#include <string.h>

#define LOG_PREFIX "log."               /* of the tables that batches lie in, souk_log.c */

/* Looking for the least name behind another one. */
struct looking {
    const struct souk_name *after;
    struct souk_name found;
};

static void check_batch(struct souk_verify *verify, struct souk_slice batch);
static int look_at_table(struct souk_txn *txn, const char *name, void *arg);

int
souk_verify_stream(struct souk_txn *txn, struct souk_verify *verify, uint64_t bytes_max, bool *more_out)
{
    struct souk_slice batch;
    struct souk_log log;
    int rc;

    *more_out = false;
    if ((rc = souk_log_open(txn, &verify->stream, &log)) != 0)
        return rc;
    if (souk_position_is_zero(&verify->position) && (rc = souk_log_base(txn, &log, &verify->position)) != 0)
        return rc;
    while ((rc = souk_log_after(txn, &log, souk_point_of(&verify->position), &batch)) == 0) {
        if (verify->bytes >= bytes_max) {
            *more_out = true;
            return 0;
        }
        check_batch(verify, batch);
        if (verify->fault[0] != '\0')
            return 0;
    }
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static void
check_batch(struct souk_verify *verify, struct souk_slice batch)
{
    struct souk_batch_header header;
    int rc = souk_batch_check(batch, &header);

    if (rc != 0)
        (void)snprintf(verify->fault, sizeof verify->fault, "the next batch is not what it was: %s",
            souk_error_name(rc));
    else if (strcmp(header.stream.text, verify->stream.text) != 0)
        (void)snprintf(verify->fault, sizeof verify->fault, "the next batch is of stream %s", header.stream.text);
    else if (!souk_batch_extends(&header, &verify->position))
        (void)snprintf(verify->fault, sizeof verify->fault, "the next batch does not follow on this one");
    if (verify->fault[0] != '\0')
        return;
    verify->position = souk_batch_end(&header);
    verify->batches++;
    verify->events += header.count;
    verify->bytes += batch.size_bytes;
}

int
souk_verify_next_stream(struct souk_txn *txn, struct souk_verify *verify)
{
    struct looking looking = { .after = &verify->stream, .found.text = "" };
    int rc;

    if ((rc = souk_txn_each_table(txn, look_at_table, &looking)) != 0)
        return rc;
    verify->stream = looking.found;
    memset(&verify->position, 0, sizeof verify->position);
    return 0;
}

static int
look_at_table(struct souk_txn *txn, const char *name, void *arg)
{
    struct looking *looking = arg;
    struct souk_name stream;

    if (strncmp(name, LOG_PREFIX, strlen(LOG_PREFIX)) != 0
        || souk_name_set(&stream, souk_slice_of(name + strlen(LOG_PREFIX))) != 0
        || strcmp(stream.text, looking->after->text) <= 0)
        return 0;
    if (looking->found.text[0] == '\0' || strcmp(stream.text, looking->found.text) < 0)
        looking->found = stream;
    return 0;
}
