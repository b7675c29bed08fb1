/*
 * souk_cli_verify_parts - what the files of souk verify share.
 *
 * souk_cli_verify.c           the command, what it says
 * souk_cli_verify_online.c    chains as origins and event stores give them
 * souk_cli_verify_offline.c   stores and backups that nobody runs
 */
#ifndef SOUK_CLI_VERIFY_PARTS_H
#define SOUK_CLI_VERIFY_PARTS_H

#include "souk_cli_backup.h"

#define VERIFY_DIRECTORIES_MAX 16
#define VERIFY_STREAMS_MAX 64                   /* named on the command line */

struct verify_options {
    struct souk_cli cli;                        /* first */
    const char *directories[VERIFY_DIRECTORIES_MAX];
    size_t directory_count;
    const char *streams[VERIFY_STREAMS_MAX];    /* none: all */
    size_t stream_count;
    bool is_offline;
};

struct verify {
    const struct verify_options *options;
    struct souk_cli_progress progress;
    uint64_t batches, events;                   /* read, of all holders */
    json_t *streams;                            /* {stream, holders: [{holder, batches, events, ...}]} */
    json_t *differences;
    uint32_t silent;                            /* holders that were not heard */
};

/* One holder's part of one stream. */
struct verify_counts {
    uint64_t batches, events;
    struct souk_position end;                   /* so far it was read */
    struct souk_position begin;                 /* behind this it gives anything */
};

int verify_online(struct verify *verify);
int verify_offline(struct verify *verify);

bool verify_wants(const struct verify *verify, const char *stream);
/* How far it is, after two seconds. */
void verify_progress(struct verify *verify, const char *stream, const char *holder);
json_t *verify_stream(struct verify *verify, const char *stream);
void verify_holder(json_t *stream, const char *holder, const struct verify_counts *counts, const char *note);
/*
 * `a` and `b` say something else behind `after`; a hash that is NULL: it has no
 * batch that ends there. With `b` NULL: what `a` gives is not what it was.
 */
void verify_differ(struct verify *verify, const char *stream, const struct souk_position *after, uint64_t number,
    const char *a, const struct souk_hash *hash_a, const char *b, const struct souk_hash *hash_b, const char *what);

#endif
