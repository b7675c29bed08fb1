/*
 * fake_runtime - just enough of the runtime to call generated code in a test:
 * tables are one sorted list in memory, and what is emitted, requested and
 * answered is kept for looking at.
 */
#ifndef FAKE_RUNTIME_H
#define FAKE_RUNTIME_H

#include <souk.h>

#define FAKE_ROWS_MAX 64
#define FAKE_ROW_BYTES_MAX 4096

struct fake_row {
    const char *table;
    uint8_t key[512];
    size_t key_bytes;
    uint8_t value[FAKE_ROW_BYTES_MAX];
    size_t value_bytes;
};

struct souk_view {
    struct souk_arena arena;
    struct fake_row rows[FAKE_ROWS_MAX];
    size_t row_count;
};

struct souk_tables {
    struct souk_view *view;
    const char *requested_service;
    const struct souk_message_type *requested;
    const void *requested_message;
};

struct souk_decision {
    const struct souk_message_type *emitted;
    const void *emitted_message;
};

struct souk_answer {
    const struct souk_message_type *answered;
    const void *answered_message;
};

struct souk_index_rows {
    struct fake_row row;
};

void fake_view_init(struct souk_view *view);
void fake_view_done(struct souk_view *view);

#endif
