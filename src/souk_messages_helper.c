#include "souk_messages.h"

#include <string.h>

#define LIST_BYTES 1024

/* Parameters, or arguments, of the fields of a key. */
struct list {
    char text[LIST_BYTES];
};

/* A function that finds rows: those whose keys begin with the first `parts` fields, from a key on or not. */
struct scan {
    size_t parts;
    bool has_from;
};

static void write_row_prototypes(const struct souk_message_type *type, FILE *out);
static void write_row_helpers(const struct souk_message_type *type, FILE *out);
static void write_scan(const struct souk_message_type *type, const struct scan *scan, FILE *out);
static bool next_scan(const struct souk_message_type *type, struct scan *scan);
static struct souk_c_name scan_name(const struct souk_message_type *type, const struct scan *scan);
static void write_key(const struct souk_message_type *type, FILE *out);
static void write_key_part(const char *key, const struct souk_field *field, bool is_last, FILE *out);
static struct list parameters(const struct souk_message_type *type, size_t parts);
static struct list arguments(const struct souk_message_type *type, const char *prefix);
static struct list signature(const struct souk_message_type *type);
static bool has_call(const struct souk_message_type *type);
static const struct souk_field *key_field(const struct souk_message_type *type, size_t part);

void
souk_messages_write_prototypes(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    const char *variable = souk_c_variable(type);

    if (has_call(type))
        souk_c_line(out, "SOUK_MUST_CHECK int %s;", signature(type).text);
    if (type->kind == SOUK_ROW)
        write_row_prototypes(type, out);
    souk_c_line(out, "SOUK_MUST_CHECK int %s_encode(const struct %s *%s, struct souk_pack *pack);", name.text,
        name.text, variable);
    souk_c_line(out, "SOUK_MUST_CHECK int %s_decode(struct souk_slice packed, struct souk_arena *arena,"
        " struct %s *%s_out);", name.text, name.text, variable);
}

void
souk_messages_write_helpers(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);

    if (type->kind == SOUK_ROW)
        write_row_helpers(type, out);
    if (!has_call(type))
        return;
    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s", signature(type).text);
    (void)fprintf(out, "{\n");
    if (type->kind == SOUK_COMMAND)
        (void)fprintf(out, "    return souk_request(tables, \"%.*s\", &%s_type, command);\n",
            (int)strcspn(type->name, "."), type->name, name.text);
    else if (type->kind == SOUK_EVENT)
        (void)fprintf(out, "    return souk_emit(decision, &%s_type, event);\n", name.text);
    else
        (void)fprintf(out, "    return souk_answer_with(answer, &%s_type, reply);\n", name.text);
    (void)fprintf(out, "}\n\n");
}

/* Only the newest version is ever said. */
static bool
has_call(const struct souk_message_type *type)
{
    return type->upcast_name == NULL
        && (type->kind == SOUK_COMMAND || type->kind == SOUK_EVENT || type->kind == SOUK_REPLY);
}

/* request_COMMAND, emit_EVENT, answer_QUERY */
static struct list
signature(const struct souk_message_type *type)
{
    const struct souk_c_name name = souk_c_type(type);
    struct list list;

    if (type->kind == SOUK_COMMAND)
        (void)snprintf(list.text, sizeof list.text,
            "request_%s(struct souk_tables *tables, const struct %s *command)", name.text, name.text);
    else if (type->kind == SOUK_EVENT)
        (void)snprintf(list.text, sizeof list.text,
            "emit_%s(struct souk_decision *decision, const struct %s *event)", name.text, name.text);
    else
        (void)snprintf(list.text, sizeof list.text,
            "answer_%.*s(struct souk_answer *answer, const struct %s *reply)",
            (int)(strlen(name.text) - strlen("_reply")), name.text, name.text);
    return list;
}

/* ---- rows ----------------------------------------------------------- */

static void
write_row_prototypes(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    struct scan scan = { 0 };

    souk_c_line(out, "SOUK_MUST_CHECK int %s_get(const struct souk_view *view, %s, struct %s *row_out);", name.text,
        parameters(type, type->key_field_count).text, name.text);
    if (type->stream == NULL) {
        souk_c_line(out, "SOUK_MUST_CHECK int %s_index(struct souk_index_rows *rows, const struct %s *row);",
            name.text, name.text);
    } else {
        souk_c_line(out, "SOUK_MUST_CHECK int %s_put(struct souk_tables *tables, const struct %s *row);", name.text,
            name.text);
        souk_c_line(out, "SOUK_MUST_CHECK int %s_delete(struct souk_tables *tables, %s);", name.text,
            parameters(type, type->key_field_count).text);
    }
    do {
        souk_c_line(out, "SOUK_MUST_CHECK int %s(const struct souk_view *view, %s%sstruct souk_rows **rows_out);",
            scan_name(type, &scan).text, parameters(type, scan.has_from ? type->key_field_count : scan.parts).text,
            scan.has_from || scan.parts > 0 ? ", " : "");
    } while (next_scan(type, &scan));
    souk_c_line(out, "SOUK_MUST_CHECK int %s_next(const struct souk_view *view, struct souk_rows *rows,"
        " struct %s *row_out);", name.text, name.text);
}

static void
write_row_helpers(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    const struct list key = parameters(type, type->key_field_count);
    const bool is_index = type->stream == NULL;
    struct scan scan = { 0 };

    write_key(type, out);

    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s_get(const struct souk_view *view, %s, struct %s *row_out)", name.text, key.text, name.text);
    (void)fprintf(out, "{\n    struct souk_row_key key;\n\n");
    souk_c_line(out, "    make_%s_key(&key, %s);", name.text, arguments(type, NULL).text);
    (void)fprintf(out, "    return souk_row_get(view, &%s_type, &key, row_out);\n}\n\n", name.text);

    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s_%s, const struct %s *row)", name.text,
        is_index ? "index(struct souk_index_rows *rows" : "put(struct souk_tables *tables", name.text);
    (void)fprintf(out, "{\n    struct souk_row_key key;\n\n");
    souk_c_line(out, "    make_%s_key(&key, %s);", name.text, arguments(type, "row->").text);
    (void)fprintf(out, "    return %s, &%s_type, &key, row);\n}\n\n",
        is_index ? "souk_index_put(rows" : "souk_row_put(tables", name.text);

    if (!is_index) {
        (void)fprintf(out, "int\n");
        souk_c_line(out, "%s_delete(struct souk_tables *tables, %s)", name.text, key.text);
        (void)fprintf(out, "{\n    struct souk_row_key key;\n\n");
        souk_c_line(out, "    make_%s_key(&key, %s);", name.text, arguments(type, NULL).text);
        (void)fprintf(out, "    return souk_row_delete(tables, &%s_type, &key);\n}\n\n", name.text);
    }

    do
        write_scan(type, &scan, out);
    while (next_scan(type, &scan));
    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s_next(const struct souk_view *view, struct souk_rows *rows, struct %s *row_out)", name.text,
        name.text);
    (void)fprintf(out, "{\n    return souk_row_next(view, &%s_type, rows, row_out);\n}\n\n", name.text);
}

static void
write_scan(const struct souk_message_type *type, const struct scan *scan, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    size_t i;

    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s(const struct souk_view *view, %s%sstruct souk_rows **rows_out)", scan_name(type, scan).text,
        parameters(type, scan->has_from ? type->key_field_count : scan->parts).text,
        scan->has_from || scan->parts > 0 ? ", " : "");
    (void)fprintf(out, "{\n    struct souk_row_key prefix;\n%s\n    souk_row_key_init(&prefix);\n",
        scan->has_from ? "    struct souk_row_key from;\n" : "");
    for (i = 0; i < scan->parts; i++)
        write_key_part("&prefix", key_field(type, i), false, out);
    if (scan->has_from)
        souk_c_line(out, "    make_%s_key(&from, %s);", name.text, arguments(type, NULL).text);
    (void)fprintf(out, "    return souk_row_scan(view, &%s_type, &prefix, %s, rows_out);\n}\n\n", name.text,
        scan->has_from ? "&from" : "NULL");
}

/* All rows, all from a key on; then the same within one value of the first field, of the first two... */
static bool
next_scan(const struct souk_message_type *type, struct scan *scan)
{
    if (!scan->has_from) {
        scan->has_from = true;
        return true;
    }
    scan->has_from = false;
    scan->parts++;
    return scan->parts < type->key_field_count;
}

static struct souk_c_name
scan_name(const struct souk_message_type *type, const struct scan *scan)
{
    struct souk_c_name name;
    size_t used;
    size_t i;

    used = (size_t)snprintf(name.text, sizeof name.text, "%s_scan", souk_c_type(type).text);
    for (i = 0; i < scan->parts; i++)
        used += (size_t)snprintf(name.text + used, sizeof name.text - used, "%s_%s", i == 0 ? "_by" : "",
            key_field(type, i)->name);
    if (scan->has_from)
        (void)snprintf(name.text + used, sizeof name.text - used, "_from");
    return name;
}

/* ---- keys ----------------------------------------------------------- */

static void
write_key(const struct souk_message_type *type, FILE *out)
{
    size_t i;

    (void)fprintf(out, "static void\n");
    souk_c_line(out, "make_%s_key(struct souk_row_key *key, %s)", souk_c_type(type).text,
        parameters(type, type->key_field_count).text);
    (void)fprintf(out, "{\n    souk_row_key_init(key);\n");
    for (i = 0; i < type->key_field_count; i++)
        write_key_part("key", key_field(type, i), i + 1 == type->key_field_count, out);
    (void)fprintf(out, "}\n\n");
}

static void
write_key_part(const char *key, const struct souk_field *field, bool is_last, FILE *out)
{
    static const unsigned widths[] = {
        [SOUK_FIELD_U8] = 1,
        [SOUK_FIELD_U16] = 2,
        [SOUK_FIELD_U32] = 4,
        [SOUK_FIELD_U64] = 8,
        [SOUK_FIELD_BOOL] = 1,
        [SOUK_FIELD_TIME] = 8,
        [SOUK_FIELD_ENUM] = 2,
    };
    const struct souk_c_name name = souk_c_parameter(field);

    switch (field->type) {
    case SOUK_FIELD_TEXT:
        (void)fprintf(out, "    souk_row_key_text%s(%s, %s);\n", is_last ? "_last" : "", key, name.text);
        break;
    case SOUK_FIELD_BYTES:
        (void)fprintf(out, "    souk_row_key_bytes_last(%s, %s);\n", key, name.text);
        break;
    case SOUK_FIELD_ID:
        (void)fprintf(out, "    souk_row_key_id(%s, %s);\n", key, name.text);
        break;
    case SOUK_FIELD_I64:
        (void)fprintf(out, "    souk_row_key_int(%s, %s);\n", key, name.text);
        break;
    default:
        (void)fprintf(out, "    souk_row_key_uint(%s, %s, %u);\n", key, name.text, widths[field->type]);
        break;
    }
}

/* "struct souk_id order_id, struct souk_slice sku" */
static struct list
parameters(const struct souk_message_type *type, size_t parts)
{
    struct list list = { "" };
    size_t used = 0;
    size_t i;

    for (i = 0; i < parts; i++)
        used += (size_t)snprintf(list.text + used, sizeof list.text - used, "%s%s %s", i == 0 ? "" : ", ",
            souk_c_field_type(key_field(type, i)).text, souk_c_parameter(key_field(type, i)).text);
    return list;
}

/* "order_id, sku"; with `prefix` "row->order_id, row->sku" */
static struct list
arguments(const struct souk_message_type *type, const char *prefix)
{
    struct list list = { "" };
    const struct souk_field *field;
    size_t used = 0;
    size_t i;

    for (i = 0; i < type->key_field_count; i++) {
        field = key_field(type, i);
        used += (size_t)snprintf(list.text + used, sizeof list.text - used, "%s%s%s", i == 0 ? "" : ", ",
            prefix == NULL ? "" : prefix, prefix == NULL ? souk_c_parameter(field).text : field->name);
    }
    return list;
}

static const struct souk_field *
key_field(const struct souk_message_type *type, size_t part)
{
    return &type->fields[type->key_fields[part]];
}
