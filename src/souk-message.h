/*
 * souk-message - msgpack in the one form that souk accepts, and what the
 * message compiler knows of each message.
 *
 * The form is canonical: every value has one encoding (the shortest), strings
 * are UTF-8, there are no floats, no maps, no extension but one (a sealed
 * value), and nesting ends at SOUK_PACK_DEPTH_MAX. So equal values have equal bytes and equal hashes. The
 * reader walks over bytes where they lie and makes no tree of them; a count is
 * never believed beyond the bytes that are left.
 *
 * Source: https://github.com/msgpack/msgpack/blob/master/spec.md
 */
#ifndef SOUK_MESSAGE_H
#define SOUK_MESSAGE_H

#include <souk.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_PACK_DEPTH_MAX 8

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
SOUK_PUBLIC bool souk_slice_is_utf8(struct souk_slice text);

/* ---- writing -------------------------------------------------------- */

/*
 * Where packed bytes go: a buffer of its own that grows up to `bytes_max`.
 * The first failure sticks in `rc`; later calls do nothing, so one check at
 * the end is enough.
 */
struct souk_pack {
    uint8_t *base;              /* owned; NULL before the first byte */
    size_t size_bytes;          /* written */
    size_t room_bytes;          /* allocated */
    size_t bytes_max;
    int rc;                     /* 0, -SOUK_ENOMEM, -SOUK_ETOOBIG or -SOUK_EINVAL */
};

SOUK_PUBLIC void souk_pack_init(struct souk_pack *pack, size_t bytes_max);
/* Forget what was written and the failure; keep the buffer. */
SOUK_PUBLIC void souk_pack_reset(struct souk_pack *pack);
SOUK_PUBLIC void souk_pack_done(struct souk_pack *pack);
/* What was written; borrowed until the next call on `pack`. */
SOUK_PUBLIC struct souk_slice souk_pack_slice(const struct souk_pack *pack);

SOUK_PUBLIC void souk_pack_uint(struct souk_pack *pack, uint64_t value);
SOUK_PUBLIC void souk_pack_int(struct souk_pack *pack, int64_t value);
SOUK_PUBLIC void souk_pack_bool(struct souk_pack *pack, bool value);
SOUK_PUBLIC void souk_pack_nil(struct souk_pack *pack);
/* Text that is not UTF-8 fails with -SOUK_EINVAL. */
SOUK_PUBLIC void souk_pack_str(struct souk_pack *pack, struct souk_slice text);
SOUK_PUBLIC void souk_pack_bin(struct souk_pack *pack, struct souk_slice bytes);
SOUK_PUBLIC void souk_pack_array(struct souk_pack *pack, uint32_t count);
/* A value that a person's key has sealed, as an extension of type SOUK_PACK_SEALED. Shorter ones fail with -SOUK_EINVAL. */
#define SOUK_PACK_SEALED 1
#define SOUK_PACK_SEALED_BYTES_MIN 41           /* a nonce, a tag, and a byte */
SOUK_PUBLIC void souk_pack_sealed(struct souk_pack *pack, struct souk_slice sealed);
/* Bytes that are packed already, as they are. */
SOUK_PUBLIC void souk_pack_raw(struct souk_pack *pack, struct souk_slice packed);

/* ---- reading -------------------------------------------------------- */

/*
 * A cursor over packed bytes, which it borrows. The first failure sticks in
 * `rc` (-SOUK_EMALFORMED, or -SOUK_ETOOBIG for a value beyond the limit that
 * the caller named); from then on every call gives 0, false or an empty slice.
 * A caller reads everything, then checks once with souk_unpack_end().
 */
struct souk_unpack {
    const uint8_t *at;
    const uint8_t *end;
    int rc;
    uint32_t depth;                                     /* arrays that are open */
    uint32_t left[SOUK_PACK_DEPTH_MAX];                 /* values still to come in each of them */
};

SOUK_PUBLIC void souk_unpack_init(struct souk_unpack *in, struct souk_slice packed);
SOUK_PUBLIC uint64_t souk_unpack_uint(struct souk_unpack *in, uint64_t value_max);
SOUK_PUBLIC int64_t souk_unpack_int(struct souk_unpack *in, int64_t value_min, int64_t value_max);
SOUK_PUBLIC bool souk_unpack_bool(struct souk_unpack *in);
/* True, and steps over it, when the next value is nil; else nothing happens. */
SOUK_PUBLIC bool souk_unpack_nil(struct souk_unpack *in);
/* The same for nil and for what is sealed: whoever has no key reads it as absent. */
SOUK_PUBLIC bool souk_unpack_absent(struct souk_unpack *in);
/* The slices lie in the input and live as long as it. */
SOUK_PUBLIC struct souk_slice souk_unpack_sealed(struct souk_unpack *in, size_t bytes_max);
SOUK_PUBLIC struct souk_slice souk_unpack_str(struct souk_unpack *in, size_t bytes_max);
SOUK_PUBLIC struct souk_slice souk_unpack_bin(struct souk_unpack *in, size_t bytes_max);
/* Exactly `size_bytes` of bin are copied to `bytes_out`. */
SOUK_PUBLIC void souk_unpack_bin_exact(struct souk_unpack *in, void *bytes_out, size_t size_bytes);
/*
 * Open an array; its values follow. The count is at most `count_max` and at
 * most the bytes that are left. An array closes by itself after its last
 * value; what is read next belongs to the array around it.
 */
SOUK_PUBLIC uint32_t souk_unpack_array(struct souk_unpack *in, uint32_t count_max);
/* Open an array of exactly `count` values. */
SOUK_PUBLIC void souk_unpack_array_exact(struct souk_unpack *in, uint32_t count);
/* Values that are still to come in the innermost open array; 0 outside of one. */
SOUK_PUBLIC uint32_t souk_unpack_left(const struct souk_unpack *in);
/* Step over one value, arrays with all that is in them, checking its form. Gives its bytes. */
SOUK_PUBLIC struct souk_slice souk_unpack_skip(struct souk_unpack *in);
/* 0 when nothing failed, every array is closed and no byte is left; else negative. */
SOUK_PUBLIC int souk_unpack_end(const struct souk_unpack *in);

/* ---- what a description says ---------------------------------------- */

/*
 * souk-messages(1) makes these from a description, souk.messages(5), as
 * constants in NAME.c; souk_description_open() makes the same at run time, where
 * the functions are NULL. Whoever has one can turn packed bytes into JSON and back.
 */
#define SOUK_FIELDS_MAX 64                      /* of one message or record */
#define SOUK_ROW_KEY_FIELDS_MAX 4
#define SOUK_ROW_KEY_BYTES_MAX 511
#define SOUK_TIME_MS_MAX 9007199254740991       /* 2^53 - 1: any JSON reader holds it exactly */

/* A whole number of the smallest unit of `currency`: three capital letters and a NUL. */
struct souk_money {
    int64_t minor;
    char currency[4];
};

struct souk_enum_value {
    const char *name;
    uint16_t number;
    const char *about;                          /* NULL: nothing to say */
};

struct souk_enum {
    const char *name;
    const char *about;
    const struct souk_enum_value *values;
    size_t value_count;
};

enum souk_field_type {
    SOUK_FIELD_U8,
    SOUK_FIELD_U16,
    SOUK_FIELD_U32,
    SOUK_FIELD_U64,
    SOUK_FIELD_I64,
    SOUK_FIELD_BOOL,
    SOUK_FIELD_TEXT,
    SOUK_FIELD_BYTES,
    SOUK_FIELD_ID,
    SOUK_FIELD_TIME,
    SOUK_FIELD_MONEY,
    SOUK_FIELD_ENUM,
    SOUK_FIELD_RECORD,
};

struct souk_field {
    const char *name;
    enum souk_field_type type;                  /* of a list: of each of its values */
    bool is_list;
    bool is_optional;                           /* nil when absent */
    bool is_personal;
    uint32_t count_max;                         /* of a list */
    uint32_t bytes_max;                         /* of text and bytes */
    int64_t value_min;                          /* of integers */
    uint64_t value_max;                         /* of integers; of an i64 the bits of an int64_t */
    const struct souk_enum *values;             /* of an enum */
    const struct souk_message_type *record;     /* of a record */
    struct souk_slice default_packed;           /* what it is when left out; base NULL: has no default */
    const char *about;                          /* NULL: nothing to say */
};

/* What an event may follow from. */
struct souk_message_cause {
    enum souk_message_cause_kind {
        SOUK_CAUSE_COMMAND,                     /* decided, or the answer to a request */
        SOUK_CAUSE_EVENT,
        SOUK_CAUSE_TIMER,
        SOUK_CAUSE_REWOUND,
    } kind;
    const char *name;                           /* of the message, the kind of timer, the stream */
    const char *guard;                          /* what ends the circle of events that it closes; NULL: closes none */
};

enum souk_message_kind { SOUK_COMMAND, SOUK_EVENT, SOUK_QUERY, SOUK_REPLY, SOUK_ROW, SOUK_RECORD };

struct souk_message_type {
    const char *name;
    uint16_t version;
    enum souk_message_kind kind;
    size_t struct_size_bytes;                   /* 0 when the type was made at run time */
    size_t packed_bytes_max;
    const char *stream;                         /* of events; of rows what fills the table; NULL: an index table */
    const struct souk_field *fields;
    size_t field_count;

    /* Append `message` to `pack`. 0, -SOUK_ETOOBIG (beyond a limit), -SOUK_EINVAL (cannot be meant), -SOUK_ENOMEM. */
    int (*encode)(const void *message, struct souk_pack *pack);
    /*
     * Texts and bytes are borrowed from `packed`, lists lie in `arena`.
     * 0, -SOUK_EMALFORMED, -SOUK_ETOOBIG, -SOUK_ENOMEM.
     */
    int (*decode)(struct souk_slice packed, struct souk_arena *arena, void *message_out);
    /*
     * Of events and rows: append the key as it is, not packed. Of an event 1 to
     * SOUK_KEY_BYTES_MAX bytes, an integer as decimal text; of a row bytes that
     * sort like the fields. Like encode, and -SOUK_EINVAL for an empty key.
     */
    int (*key)(const void *message, struct souk_pack *raw_key_out);

    /* Call `handler` with its own signature; NULL where the kind does not have it. */
    int (*call_prepare)(void (*handler)(void), const struct souk_view *view, const void *message,
        struct souk_prepared *prepared);
    int (*call_decide)(void (*handler)(void), const struct souk_view *view, const void *message, const void *prepared,
        struct souk_decision *decision);
    int (*call_react)(void (*handler)(void), const struct souk_view *view, const void *message,
        struct souk_decision *decision);
    int (*call_apply)(void (*handler)(void), struct souk_tables *tables, const void *message);
    int (*call_answer)(void (*handler)(void), const struct souk_view *view, const void *message,
        struct souk_answer *answer);

    const char *about;
    const uint8_t *key_fields;                  /* of events and rows: indexes into fields */
    size_t key_field_count;
    const struct souk_field *subject;           /* of events and rows with personal fields: whom they are about */
    const struct souk_field *forgets;           /* of events: whose personal fields nobody can read from then on */
    const char *table;                          /* of rows */
    const struct souk_message_type *reply;      /* of queries */
    const char *const *refuses;                 /* of commands and queries: codes */
    size_t refuse_count;
    const struct souk_message_cause *after;     /* of events */
    size_t after_count;

    const struct souk_message_type *older;      /* the version before this one that is still read, NULL: none */
    const char *upcast_name;                    /* of an older one: the function that makes the next version of it */
    int (*upcast)(const void *message, struct souk_arena *arena, void *newer_out);

    const struct souk_message_viewer *viewers;  /* of events, as described; at run time only */
    size_t viewer_count;
};

#define SOUK_VIEWERS_MAX 8                      /* lines that say who may see an event */

/* Somebody who may see an event in a browser: who has the role, whose id is in the field, or everybody. */
struct souk_message_viewer {
    const char *role;
    const struct souk_field *person;
};

enum souk_audience { SOUK_AUDIENCE_PUBLIC, SOUK_AUDIENCE_INTERNAL, SOUK_AUDIENCE_PRIVATE };

struct souk_message_stream {
    const char *name;
    enum souk_audience audience;
    const char *about;
};

struct souk_refusal {
    const char *code;
    const char *about;
};

/* All that one description says. */
struct souk_messages {
    const char *application;
    const char *about;
    const struct souk_message_stream *streams;
    size_t stream_count;
    const struct souk_enum *const *enums;
    size_t enum_count;
    const struct souk_refusal *refusals;
    size_t refusal_count;
    const struct souk_setting *const *settings; /* ends with NULL; NULL: none */
    const struct souk_message_type *const *types;   /* records, rows too; older versions hang off their newest */
    size_t type_count;
};

/* The type of that name, in its newest version; NULL when there is none. */
SOUK_PUBLIC const struct souk_message_type *souk_messages_find(const struct souk_messages *messages,
    struct souk_slice name);
SOUK_PUBLIC const struct souk_message_stream *souk_messages_stream(const struct souk_messages *messages,
    struct souk_slice name);
/* `type` or an older one of it that has `version`; NULL when there is none. */
SOUK_PUBLIC const struct souk_message_type *souk_message_version(const struct souk_message_type *type,
    uint16_t version);

/*
 * Decode a message that was written as `version` into the struct of `type`,
 * through the upcasters that lie between. Like `decode`, and -SOUK_EUNSUPPORTED
 * for a version that the program does not know, or what an upcaster gave.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_message_decode(const struct souk_message_type *type, uint16_t version,
    struct souk_slice packed, struct souk_arena *arena, void *message_out);

SOUK_PUBLIC const char *souk_message_kind_name(enum souk_message_kind kind);
/* NULL when no value has that number. */
SOUK_PUBLIC const char *souk_enum_name(const struct souk_enum *values, uint64_t number);
/* 0 or -SOUK_ENOTFOUND. */
SOUK_PUBLIC int souk_enum_number(const struct souk_enum *values, struct souk_slice name, uint16_t *number_out);

/* An id as people see it, RFC 9562: 8-4-4-4-12 hexadecimal digits. */
#define SOUK_ID_TEXT_BYTES 37                   /* with the NUL */
SOUK_PUBLIC void souk_id_format(struct souk_id id, char text_out[SOUK_ID_TEXT_BYTES]);
/* Letters of either case. 0 or -SOUK_EINVAL. */
SOUK_PUBLIC int souk_id_parse(struct souk_slice text, struct souk_id *id_out);

/* ---- a description, read at run time -------------------------------- */

struct souk_description;

/*
 * Read the description at `path`. Release with souk_description_close().
 * 0, -SOUK_EINVAL (it says what cannot be meant), -SOUK_ENOTFOUND, -SOUK_EIO,
 * -SOUK_ETOOBIG or -SOUK_ENOMEM; `err` names file and line.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_description_open(const char *path, struct souk_description **description_out,
    struct souk_error *err);
/* Lives as long as the description. */
SOUK_PUBLIC const struct souk_messages *souk_description_messages(const struct souk_description *description);
SOUK_PUBLIC void souk_description_close(struct souk_description **description_p);

/* ---- what generated code is made of --------------------------------- */

/* A buffer of the caller's, which is never given back: no souk_pack_done(). It grows to `size_bytes` and no further. */
SOUK_PUBLIC void souk_pack_init_over(struct souk_pack *pack, void *base, size_t size_bytes);
/* Let `pack` fail, unless it has failed before. */
SOUK_PUBLIC void souk_pack_fail(struct souk_pack *pack, enum souk_error_code code);

/* Like the ones above, failing with -SOUK_ETOOBIG beyond their bounds. */
SOUK_PUBLIC void souk_pack_uint_in(struct souk_pack *pack, uint64_t value, uint64_t value_min, uint64_t value_max);
SOUK_PUBLIC void souk_pack_int_in(struct souk_pack *pack, int64_t value, int64_t value_min, int64_t value_max);
SOUK_PUBLIC void souk_pack_text(struct souk_pack *pack, struct souk_slice text, size_t bytes_max);
SOUK_PUBLIC void souk_pack_bytes(struct souk_pack *pack, struct souk_slice bytes, size_t bytes_max);
SOUK_PUBLIC void souk_pack_list(struct souk_pack *pack, uint32_t count, uint32_t count_max);
SOUK_PUBLIC void souk_pack_id(struct souk_pack *pack, struct souk_id id);
/* A currency that is not three capital letters, a number that is no value of the enum: -SOUK_EINVAL. */
SOUK_PUBLIC void souk_pack_money(struct souk_pack *pack, struct souk_money money);
SOUK_PUBLIC void souk_pack_enum(struct souk_pack *pack, uint64_t number, const struct souk_enum *values);

/* Let `in` fail, unless it has failed before. */
SOUK_PUBLIC void souk_unpack_fail(struct souk_unpack *in, enum souk_error_code code);
SOUK_PUBLIC uint64_t souk_unpack_uint_in(struct souk_unpack *in, uint64_t value_min, uint64_t value_max);
SOUK_PUBLIC struct souk_id souk_unpack_id(struct souk_unpack *in);
SOUK_PUBLIC struct souk_money souk_unpack_money(struct souk_unpack *in);
SOUK_PUBLIC uint16_t souk_unpack_enum(struct souk_unpack *in, const struct souk_enum *values);
/* Open the array of a message or record that has at least `field_count_min` values. Gives their number. */
SOUK_PUBLIC uint32_t souk_unpack_fields(struct souk_unpack *in, uint32_t field_count_min);
/* Step over what a newer writer has appended: `count` values were there, `known` have been read. */
SOUK_PUBLIC void souk_unpack_newer_fields(struct souk_unpack *in, uint32_t count, uint32_t known);
/* Open a list; zeroed room for its values in `arena`, NULL when there are none. */
SOUK_PUBLIC void *souk_unpack_list(struct souk_unpack *in, struct souk_arena *arena, uint32_t count_max,
    size_t value_size_bytes, uint32_t *count_out);

/* Append the key of an event: text and ids as they are, integers as decimal text. 0, or what `raw_key` fails with. */
SOUK_PUBLIC int souk_event_key_text(struct souk_pack *raw_key, struct souk_slice text);
SOUK_PUBLIC int souk_event_key_id(struct souk_pack *raw_key, struct souk_id id);
SOUK_PUBLIC int souk_event_key_uint(struct souk_pack *raw_key, uint64_t value);
SOUK_PUBLIC int souk_event_key_int(struct souk_pack *raw_key, int64_t value);

/* The key of a row while it is made. The first failure sticks. */
struct souk_row_key {
    int rc;                                     /* 0, -SOUK_ETOOBIG or -SOUK_EINVAL */
    size_t size_bytes;
    uint8_t bytes[SOUK_ROW_KEY_BYTES_MAX];
};

SOUK_PUBLIC void souk_row_key_init(struct souk_row_key *key);
/* Big-endian in `width_bytes`: 1, 2, 4 or 8. */
SOUK_PUBLIC void souk_row_key_uint(struct souk_row_key *key, uint64_t value, size_t width_bytes);
/* With its sign turned, so that numbers below zero sort first. */
SOUK_PUBLIC void souk_row_key_int(struct souk_row_key *key, int64_t value);
SOUK_PUBLIC void souk_row_key_id(struct souk_row_key *key, struct souk_id id);
/* Ended with a NUL, so that no text begins another one; a NUL within is -SOUK_EINVAL. */
SOUK_PUBLIC void souk_row_key_text(struct souk_row_key *key, struct souk_slice text);
/* As it is: for the last field of a key. A NUL within is -SOUK_EINVAL here too. */
SOUK_PUBLIC void souk_row_key_text_last(struct souk_row_key *key, struct souk_slice text);
SOUK_PUBLIC void souk_row_key_bytes_last(struct souk_row_key *key, struct souk_slice bytes);
/* Append a whole key to `raw_key`. 0, or what one of them failed with. */
SOUK_PUBLIC int souk_row_key_append(const struct souk_row_key *key, struct souk_pack *raw_key);

/*
 * A row by its key. 0, -SOUK_ENOTFOUND, -SOUK_EDAMAGED (it does not decode),
 * what the key failed with, or a fault of the table.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_row_get(const struct souk_view *view, const struct souk_message_type *type,
    const struct souk_row_key *key, void *row_out);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_row_put(struct souk_tables *tables, const struct souk_message_type *type,
    const struct souk_row_key *key, const void *row);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_row_delete(struct souk_tables *tables, const struct souk_message_type *type,
    const struct souk_row_key *key);
/* The rows whose keys begin with `prefix`; with `from`, beginning with the first key that is not below it. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_row_scan(const struct souk_view *view, const struct souk_message_type *type,
    const struct souk_row_key *prefix, const struct souk_row_key *from, struct souk_rows **rows_out);
/* Ends with -SOUK_ENOTFOUND. */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_row_next(const struct souk_view *view, const struct souk_message_type *type,
    struct souk_rows *rows, void *row_out);
SOUK_PUBLIC SOUK_MUST_CHECK int souk_index_put(struct souk_index_rows *rows, const struct souk_message_type *type,
    const struct souk_row_key *key, const void *row);

#ifdef __cplusplus
}
#endif

#endif
