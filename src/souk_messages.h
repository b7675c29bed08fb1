/*
 * souk_messages - the parts of souk-messages(1).
 *
 * Each writes one thing to a stream from a description that has been read and
 * checked. Writing to the stream is not checked call by call: whoever opened it
 * looks at ferror() in the end.
 */
#ifndef SOUK_MESSAGES_H
#define SOUK_MESSAGES_H

#include <stdio.h>

#include <souk-message.h>

/* ---- names in C ----------------------------------------------------- */

#define SOUK_C_NAME_BYTES 160

/* A name by value, so that one can be written where it is needed. */
struct souk_c_name {
    char text[SOUK_C_NAME_BYTES];
};

/* inventory_reserve; orders_placed_v1 for an older version */
struct souk_c_name souk_c_type(const struct souk_message_type *type);
/* INVENTORY_RESERVE; with `more`, INVENTORY_RESERVE_MORE; streams' dashes become underscores */
struct souk_c_name souk_c_constant(const char *name, const char *more);
/* The name of a setting's constant: "orders_pay_ms_setting". */
struct souk_c_name souk_c_setting(const struct souk_setting *setting);
/* struct souk_slice, uint32_t, struct order_line: of one value */
struct souk_c_name souk_c_field_type(const struct souk_field *field);
/* What messages of that kind are called where they are passed: command, event, row */
const char *souk_c_variable(const struct souk_message_type *type);
/* The name of a key field as a parameter, apart from the other parameters. */
struct souk_c_name souk_c_parameter(const struct souk_field *field);
/* "as a string of C" */
void souk_c_string(FILE *out, const char *text);
/* A line of C, broken behind commas where it gets too long. */
void souk_c_line(FILE *out, const char *format, ...) SOUK_PRINTF(2, 3);
/* The heading of a part of a file, and an empty line. */
void souk_c_section(FILE *out, const char *title);
/* Up to the last field that a writer cannot leave out. */
uint32_t souk_c_field_count_min(const struct souk_message_type *type);

/* ---- text ----------------------------------------------------------- */

/* Words of `text` in lines of at most `width` bytes, each begun with `prefix`; the first stands at `column` already. */
void souk_text_wrap(FILE *out, const char *prefix, size_t width, size_t column, const char *text);

/* ---- parts of the generated files ----------------------------------- */

/* NAME.h. `source` is the name of the description for the reader. */
void souk_messages_write_header(const struct souk_messages *messages, const char *source, FILE *out);
/* NAME.c */
void souk_messages_write_source(const struct souk_messages *messages, const char *source, FILE *out);

/* encode and decode of one type; of a record, pack and unpack within another one */
void souk_messages_write_codec(const struct souk_message_type *type, FILE *out);
/* emit_, request_, answer_, and get, put, delete, scan of rows */
void souk_messages_write_prototypes(const struct souk_message_type *type, FILE *out);
void souk_messages_write_helpers(const struct souk_message_type *type, FILE *out);
/* The field table, the functions without types, and the type itself. */
void souk_messages_write_type(const struct souk_message_type *type, FILE *out);
/* Enums, and the table of everything. */
void souk_messages_write_enum(const struct souk_enum *values, FILE *out);
void souk_messages_write_catalogue(const struct souk_messages *messages, FILE *out);

/* ---- the other commands --------------------------------------------- */

enum souk_reference_format { SOUK_REFERENCE_TEXT, SOUK_REFERENCE_MARKDOWN, SOUK_REFERENCE_MAN };

void souk_messages_write_reference(const struct souk_messages *messages, enum souk_reference_format format, FILE *out);

/* Read a message from `in`, write it in the other form to `out`. `name` may end in @VERSION. */
int souk_messages_convert(const struct souk_messages *messages, const char *name, bool to_msgpack, FILE *in, FILE *out,
    struct souk_error *err);

#endif
