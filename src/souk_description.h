/*
 * souk_description - a description of messages while it is read.
 *
 * souk_description.c reads the entries, souk_description_field.c the fields,
 * souk_description_setting.c the settings, souk_description_check.c what can be seen only when everything is there.
 * All texts are borrowed from the file's tree, all arrays lie in the arena.
 */
#ifndef SOUK_DESCRIPTION_H
#define SOUK_DESCRIPTION_H

#include <souk-message.h>
#include "souk_zpl.h"

/* One type, and where it stands. */
struct souk_described {
    struct souk_message_type *type;
    const struct souk_zpl_node *node;
};

struct souk_description {
    struct souk_zpl *zpl;
    struct souk_arena arena;
    struct souk_messages messages;
    struct souk_message_stream *streams;        /* what messages points to, while it is filled */
    struct souk_enum **enums;
    struct souk_refusal *refusals;
    const struct souk_zpl_node **refusal_nodes;
    const struct souk_setting **settings;
    const struct souk_zpl_node **setting_nodes;     /* beside settings */
    size_t setting_count;
    struct souk_message_type **types;
    struct souk_described *described;           /* beside types */
};

/* Fill the fields, packed_bytes_max and name set of `type` from `node`, a `fields` section; NULL: it has none. */
int souk_description_fields(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);

/* Add what stands below `node`, a `settings` section. */
int souk_description_settings(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_error *err);

/* Causes, refusals, streams and subjects are there; no circle is unguarded; names differ in C. */
int souk_description_check(struct souk_description *description, struct souk_error *err);

/* A letter, then letters, digits, underscores: lower-case, at most SOUK_NAME_BYTES_MAX, not a word of C. */
bool souk_description_is_word(const char *name);
/* Words joined by dots; `dots_min` of them at least. */
bool souk_description_is_name(const char *name, unsigned dots_min);

#endif
