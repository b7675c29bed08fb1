/*
 * souk_manifest - what a backup holds: the file `manifest`, in ZPL, beside its
 * data file. A backup whose copy was moved elsewhere keeps its place in the
 * list of those that may still be restored as long as its manifest lies there.
 */
#ifndef SOUK_MANIFEST_H
#define SOUK_MANIFEST_H

#include <souk.h>
#include "souk_position.h"

#define SOUK_MANIFEST_FILE "manifest"

struct souk_manifest_stream {
    struct souk_name name;
    struct souk_position head;
};

struct souk_manifest {
    struct souk_name node;                      /* the service or event store */
    bool is_store;
    uint64_t made_ms;                           /* wall */
    uint64_t log_position;                      /* of an event store: the last one */
    uint64_t batches, events, bytes;            /* of all logs */
    uint32_t stream_count;
    struct souk_manifest_stream streams[SOUK_STREAMS_MAX];  /* by name */
};

/* Write it into `directory` and sync the file. 0, -SOUK_EFULL or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_manifest_write(const char *directory, const struct souk_manifest *manifest,
    struct souk_error *err);
/* 0; -SOUK_ENOTFOUND; -SOUK_EINVAL (not what souk_manifest_write() writes); -SOUK_EIO; -SOUK_ENOMEM. */
SOUK_MUST_CHECK int souk_manifest_read(const char *directory, struct souk_manifest *manifest_out,
    struct souk_error *err);
/* How far the backup holds that stream; NULL: it holds nothing of it. */
const struct souk_position *souk_manifest_head(const struct souk_manifest *manifest, const char *stream);

#endif
