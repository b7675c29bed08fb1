#include "souk_messages.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How the code at hand names the cursor and the members: "&in" and "command.", or "in" and "record->". */
struct scope {
    const char *in;
    const char *in_member;              /* "in." or "in->" */
    char member[SOUK_C_NAME_BYTES];
    FILE *out;
};

static void write_pack(const struct souk_message_type *type, FILE *out);
static void write_unpack(const struct souk_message_type *type, FILE *out);
static void write_encode(const struct souk_message_type *type, FILE *out);
static void write_decode(const struct souk_message_type *type, FILE *out);
static void write_packing(const struct souk_message_type *type, FILE *out);
static void write_packing_field(const char *variable, const struct souk_field *field, FILE *out);
static void write_packing_value(const struct souk_field *field, const char *value, const char *indent, FILE *out);
static void write_unpacking(const struct souk_message_type *type, const struct scope *scope);
static void write_unpacking_field(const struct souk_field *field, uint32_t place, uint32_t count_min,
    const struct scope *scope);
static void write_unpacking_value(const struct souk_field *field, const char *indent, const char *value,
    const struct scope *scope);
static bool default_is_zero(const struct souk_field *field);
static void write_default(const struct souk_field *field, const struct scope *scope);
static void write_list_variables(const struct souk_message_type *type, FILE *out);
static bool has_list(const struct souk_message_type *type);
static bool is_ranged(const struct souk_field *field);
static void say_int64(int64_t value, char *text, size_t room);

void
souk_messages_write_codec(const struct souk_message_type *type, FILE *out)
{
    if (type->kind == SOUK_RECORD) {
        write_pack(type, out);
        write_unpack(type, out);
        return;
    }
    write_encode(type, out);
    write_decode(type, out);
}

/* ---- whole functions ------------------------------------------------ */

static void
write_pack(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);

    (void)fprintf(out, "static void\n");
    souk_c_line(out, "pack_%s(struct souk_pack *pack, const struct %s *record)", name.text, name.text);
    (void)fprintf(out, "{\n");
    if (has_list(type))
        (void)fprintf(out, "    uint32_t i;\n\n");
    write_packing(type, out);
    (void)fprintf(out, "}\n\n");
}

static void
write_unpack(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    const struct scope scope = { .in = "in", .in_member = "in->", .member = "record->", .out = out };

    (void)fprintf(out, "static void\n");
    souk_c_line(out, "unpack_%s(struct souk_unpack *in, struct souk_arena *arena, struct %s *record)", name.text,
        name.text);
    (void)fprintf(out, "{\n    const uint32_t count = souk_unpack_fields(in, %u);\n", souk_c_field_count_min(type));
    write_list_variables(type, out);
    (void)fputc('\n', out);
    write_unpacking(type, &scope);
    (void)fprintf(out, "}\n\n");
}

static void
write_encode(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);

    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s_encode(const struct %s *%s, struct souk_pack *pack)", name.text, name.text,
        souk_c_variable(type));
    (void)fprintf(out, "{\n");
    if (has_list(type))
        (void)fprintf(out, "    uint32_t i;\n\n");
    write_packing(type, out);
    (void)fprintf(out, "    return pack->rc;\n}\n\n");
}

static void
write_decode(const struct souk_message_type *type, FILE *out)
{
    const struct souk_c_name name = souk_c_type(type);
    const char *variable = souk_c_variable(type);
    struct scope scope = { .in = "&in", .in_member = "in.", .out = out };

    (void)snprintf(scope.member, sizeof scope.member, "%s.", variable);
    (void)fprintf(out, "int\n");
    souk_c_line(out, "%s_decode(struct souk_slice packed, struct souk_arena *arena, struct %s *%s_out)", name.text,
        name.text, variable);
    (void)fprintf(out, "{\n    struct %s %s = { 0 };\n    struct souk_unpack in;\n    uint32_t count;\n", name.text,
        variable);
    write_list_variables(type, out);
    (void)fprintf(out, "    int rc;\n\n    souk_unpack_init(&in, packed);\n    count = souk_unpack_fields(&in, %u);\n",
        souk_c_field_count_min(type));
    write_unpacking(type, &scope);
    (void)fprintf(out,
        "    if ((rc = souk_unpack_end(&in)) != 0)\n"
        "        return rc;\n"
        "    *%s_out = %s;\n"
        "    return 0;\n"
        "}\n\n", variable, variable);
}

/* ---- packing -------------------------------------------------------- */

static void
write_packing(const struct souk_message_type *type, FILE *out)
{
    const char *variable = souk_c_variable(type);
    size_t i;

    (void)fprintf(out, "    souk_pack_array(pack, %zu);\n", type->field_count);
    for (i = 0; i < type->field_count; i++)
        write_packing_field(variable, &type->fields[i], out);
}

static void
write_packing_field(const char *variable, const struct souk_field *field, FILE *out)
{
    char value[SOUK_C_NAME_BYTES];

    if (field->is_list) {
        (void)fprintf(out,
            "    souk_pack_list(pack, %s->%s_count, %u);\n"
            "    for (i = 0; i < %s->%s_count && pack->rc == 0; i++)\n", variable, field->name, field->count_max,
            variable, field->name);
        (void)snprintf(value, sizeof value, "%s->%s[i]", variable, field->name);
        write_packing_value(field, value, "        ", out);
        return;
    }
    (void)snprintf(value, sizeof value, "%s->%s", variable, field->name);
    if (!field->is_optional) {
        write_packing_value(field, value, "    ", out);
        return;
    }
    (void)fprintf(out, "    if (%s->has_%s)\n", variable, field->name);
    write_packing_value(field, value, "        ", out);
    (void)fprintf(out, "    else\n        souk_pack_nil(pack);\n");
}

static void
write_packing_value(const struct souk_field *field, const char *value, const char *indent, FILE *out)
{
    char min[SOUK_C_NAME_BYTES];
    char max[SOUK_C_NAME_BYTES];

    (void)fprintf(out, "%s", indent);
    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
        if (is_ranged(field))
            (void)fprintf(out, "souk_pack_uint_in(pack, %s, %" PRId64 ", %" PRIu64 "%s);\n", value, field->value_min,
                field->value_max, field->value_max > INT64_MAX ? "u" : "");
        else
            (void)fprintf(out, "souk_pack_uint(pack, %s);\n", value);
        break;
    case SOUK_FIELD_I64:
        say_int64(field->value_min, min, sizeof min);
        say_int64((int64_t)field->value_max, max, sizeof max);
        if (is_ranged(field))
            (void)fprintf(out, "souk_pack_int_in(pack, %s, %s, %s);\n", value, min, max);
        else
            (void)fprintf(out, "souk_pack_int(pack, %s);\n", value);
        break;
    case SOUK_FIELD_TIME:
        (void)fprintf(out, "souk_pack_uint_in(pack, %s, 0, SOUK_TIME_MS_MAX);\n", value);
        break;
    case SOUK_FIELD_BOOL:
        (void)fprintf(out, "souk_pack_bool(pack, %s);\n", value);
        break;
    case SOUK_FIELD_TEXT:
        (void)fprintf(out, "souk_pack_text(pack, %s, %u);\n", value, field->bytes_max);
        break;
    case SOUK_FIELD_BYTES:
        (void)fprintf(out, "souk_pack_bytes(pack, %s, %u);\n", value, field->bytes_max);
        break;
    case SOUK_FIELD_ID:
        (void)fprintf(out, "souk_pack_id(pack, %s);\n", value);
        break;
    case SOUK_FIELD_MONEY:
        (void)fprintf(out, "souk_pack_money(pack, %s);\n", value);
        break;
    case SOUK_FIELD_ENUM:
        (void)fprintf(out, "souk_pack_enum(pack, %s, &%s_enum);\n", value, field->values->name);
        break;
    case SOUK_FIELD_RECORD:
        (void)fprintf(out, "pack_%s(pack, &%s);\n", souk_c_type(field->record).text, value);
        break;
    }
}

/* ---- unpacking ------------------------------------------------------ */

static void
write_unpacking(const struct souk_message_type *type, const struct scope *scope)
{
    const uint32_t count_min = souk_c_field_count_min(type);
    size_t i;

    for (i = 0; i < type->field_count; i++)
        write_unpacking_field(&type->fields[i], (uint32_t)i, count_min, scope);
    (void)fprintf(scope->out, "    souk_unpack_newer_fields(%s, count, %zu);\n", scope->in, type->field_count);
}

/* What an older writer may not have sent is looked for first. */
static void
write_unpacking_field(const struct souk_field *field, uint32_t place, uint32_t count_min, const struct scope *scope)
{
    const bool may_lack = place >= count_min;
    const char *indent = may_lack || field->is_optional ? "        " : "    ";
    FILE *out = scope->out;
    char value[SOUK_C_NAME_BYTES * 2];

    (void)snprintf(value, sizeof value, "%s%s", scope->member, field->name);
    if (field->is_optional) {
        const char *absent = field->is_personal ? "absent" : "nil";

        if (may_lack)
            (void)fprintf(out, "    if (count > %u && !souk_unpack_%s(%s)) {\n", place, absent, scope->in);
        else
            (void)fprintf(out, "    if (!souk_unpack_%s(%s)) {\n", absent, scope->in);
        (void)fprintf(out, "        %shas_%s = true;\n", scope->member, field->name);
        write_unpacking_value(field, indent, value, scope);
        (void)fprintf(out, "    }\n");
        return;
    }
    if (may_lack)
        (void)fprintf(out, "    if (count > %u)%s\n", place, field->is_list ? " {" : "");
    if (!field->is_list) {
        write_unpacking_value(field, indent, value, scope);
        if (may_lack && !default_is_zero(field))
            write_default(field, scope);
        return;
    }
    souk_c_line(out, "%s%s_values = souk_unpack_list(%s, arena, %u, sizeof *%s_values, &%s%s_count);", indent,
        field->name, scope->in, field->count_max, field->name, scope->member, field->name);
    (void)fprintf(out, "%sfor (i = 0; i < %s%s_count; i++)\n", indent, scope->member, field->name);
    (void)snprintf(value, sizeof value, "%s_values[i]", field->name);
    write_unpacking_value(field, may_lack ? "            " : "        ", value, scope);
    (void)fprintf(out, "%s%s%s = %s_values;\n", indent, scope->member, field->name, field->name);
    if (may_lack)
        (void)fprintf(out, "    }\n");
}

static void
write_unpacking_value(const struct souk_field *field, const char *indent, const char *value,
    const struct scope *scope)
{
    static const uint64_t widest[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX };
    static const char *const widest_names[] = { "UINT8_MAX", "UINT16_MAX", "UINT32_MAX", "UINT64_MAX" };
    const struct souk_c_name type = souk_c_field_type(field);
    FILE *out = scope->out;
    char min[SOUK_C_NAME_BYTES];
    char max[SOUK_C_NAME_BYTES];

    (void)fprintf(out, "%s", indent);
    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
        (void)snprintf(max, sizeof max, "%" PRIu64 "%s", field->value_max, field->value_max > INT64_MAX ? "u" : "");
        if (field->value_max == widest[field->type])
            (void)snprintf(max, sizeof max, "%s", widest_names[field->type]);
        (void)fprintf(out, "%s = ", value);
        if (field->type != SOUK_FIELD_U64)
            (void)fprintf(out, "(%s)", type.text);
        if (field->value_min == 0)
            (void)fprintf(out, "souk_unpack_uint(%s, %s);\n", scope->in, max);
        else
            (void)fprintf(out, "souk_unpack_uint_in(%s, %" PRId64 ", %s);\n", scope->in, field->value_min, max);
        break;
    case SOUK_FIELD_I64:
        say_int64(field->value_min, min, sizeof min);
        say_int64((int64_t)field->value_max, max, sizeof max);
        (void)fprintf(out, "%s = souk_unpack_int(%s, %s, %s);\n", value, scope->in, min, max);
        break;
    case SOUK_FIELD_TIME:
        (void)fprintf(out, "%s = souk_unpack_uint(%s, SOUK_TIME_MS_MAX);\n", value, scope->in);
        break;
    case SOUK_FIELD_BOOL:
        (void)fprintf(out, "%s = souk_unpack_bool(%s);\n", value, scope->in);
        break;
    case SOUK_FIELD_TEXT:
        (void)fprintf(out, "%s = souk_unpack_str(%s, %u);\n", value, scope->in, field->bytes_max);
        break;
    case SOUK_FIELD_BYTES:
        (void)fprintf(out, "%s = souk_unpack_bin(%s, %u);\n", value, scope->in, field->bytes_max);
        break;
    case SOUK_FIELD_ID:
        (void)fprintf(out, "%s = souk_unpack_id(%s);\n", value, scope->in);
        break;
    case SOUK_FIELD_MONEY:
        (void)fprintf(out, "%s = souk_unpack_money(%s);\n", value, scope->in);
        break;
    case SOUK_FIELD_ENUM:
        (void)fprintf(out, "%s = (%s)souk_unpack_enum(%s, &%s_enum);\n", value, type.text, scope->in,
            field->values->name);
        break;
    case SOUK_FIELD_RECORD:
        (void)fprintf(out, "unpack_%s(%s, arena, &%s);\n", souk_c_type(field->record).text, scope->in, value);
        break;
    }
}

/* The struct is zeroed, so such a default is there already. */
static bool
default_is_zero(const struct souk_field *field)
{
    const uint8_t *bytes = field->default_packed.base;

    if (field->default_packed.base == NULL || field->is_list)
        return true;
    return bytes[0] == 0x00 || bytes[0] == 0xc2 || bytes[0] == 0xa0 || (bytes[0] == 0xc4 && bytes[1] == 0);
}

static void
write_default(const struct souk_field *field, const struct scope *scope)
{
    char number[SOUK_C_NAME_BYTES];
    struct souk_money money;
    struct souk_unpack in;
    struct souk_slice text;
    char *copied;

    souk_unpack_init(&in, field->default_packed);
    (void)fprintf(scope->out, "    else\n        %s%s = ", scope->member, field->name);
    switch (field->type) {
    case SOUK_FIELD_BOOL:
        (void)fprintf(scope->out, "true;\n");
        break;
    case SOUK_FIELD_TEXT:
        text = souk_unpack_str(&in, field->bytes_max);
        if ((copied = strndup(text.base, text.size_bytes)) != NULL) {
            (void)fprintf(scope->out, "souk_slice_of(");
            souk_c_string(scope->out, copied);
            (void)fprintf(scope->out, ");\n");
        }
        free(copied);
        break;
    case SOUK_FIELD_I64:
        say_int64(souk_unpack_int(&in, INT64_MIN, INT64_MAX), number, sizeof number);
        (void)fprintf(scope->out, "%s;\n", number);
        break;
    case SOUK_FIELD_MONEY:
        money = souk_unpack_money(&in);
        say_int64(money.minor, number, sizeof number);
        (void)fprintf(scope->out, "(struct souk_money){ %s, \"%s\" };\n", number, money.currency);
        break;
    case SOUK_FIELD_ENUM:
        (void)fprintf(scope->out, "%s;\n", souk_c_constant(field->values->name,
            souk_enum_name(field->values, souk_unpack_enum(&in, field->values))).text);
        break;
    default:
        (void)fprintf(scope->out, "%" PRIu64 "%s;\n", souk_unpack_uint(&in, UINT64_MAX),
            field->type == SOUK_FIELD_U64 ? "u" : "");
        break;
    }
}

/* ---- small things --------------------------------------------------- */

static void
write_list_variables(const struct souk_message_type *type, FILE *out)
{
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        if (type->fields[i].is_list)
            (void)fprintf(out, "    %s *%s_values;\n", souk_c_field_type(&type->fields[i]).text,
                type->fields[i].name);
    }
    if (has_list(type))
        (void)fprintf(out, "    uint32_t i;\n");
}

static bool
has_list(const struct souk_message_type *type)
{
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        if (type->fields[i].is_list)
            return true;
    }
    return false;
}

static bool
is_ranged(const struct souk_field *field)
{
    static const uint64_t widest[] = { UINT8_MAX, UINT16_MAX, UINT32_MAX, UINT64_MAX };

    if (field->type == SOUK_FIELD_I64)
        return field->value_min != INT64_MIN || field->value_max != (uint64_t)INT64_MAX;
    return field->value_min != 0 || field->value_max != widest[field->type];
}

/* The least one has no digits in C. */
static void
say_int64(int64_t value, char *text, size_t room)
{
    if (value == INT64_MIN)
        (void)snprintf(text, room, "INT64_MIN");
    else if (value == INT64_MAX)
        (void)snprintf(text, room, "INT64_MAX");
    else
        (void)snprintf(text, room, "%" PRId64, value);
}
