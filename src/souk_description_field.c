#include "souk_description.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 4096                  /* of a list */
#define SEALED_BYTES 46                 /* more than the value: nonce, tag, head */

/* The value of a field's line while it is taken apart. */
struct words {
    const struct souk_zpl *zpl;
    const struct souk_zpl_node *node;
    const char *at;
    char word[SOUK_ZPL_LINE_BYTES_MAX + 1];     /* the present one; "" at the end */
    bool is_quoted;
};

static int read_field(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_field *field, struct souk_error *err);
static int read_field_type(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err);
static int read_scalar(struct words *words, struct souk_field *field, struct souk_error *err);
static int read_named_type(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err);
static int read_size(struct words *words, const char *of_what, uint32_t size_max, uint32_t *size_out,
    struct souk_error *err);
static int read_range(struct words *words, struct souk_field *field, struct souk_error *err);
static bool range_is_within(const struct souk_field *field, const char *min, const char *max, int64_t *min_out,
    uint64_t *max_out);
static int read_default(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err);
static bool pack_default(struct words *words, const struct souk_field *field, struct souk_pack *pack);
static int check_name(const struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_error *err);
static bool same_in_c(const struct souk_field *field, const char *name);
static void next_word(struct words *words);
static size_t field_bytes_max(const struct souk_field *field);
static size_t number_bytes_max(const struct souk_field *field);
static size_t length_bytes(size_t size_bytes, size_t fix_max);
static unsigned type_depth(const struct souk_message_type *type);

int
souk_description_fields(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err)
{
    const struct souk_zpl_node *child;
    struct souk_field *fields;
    size_t count = 0;
    size_t i;
    int rc;

    for (child = node == NULL ? NULL : node->child; child != NULL; child = child->next)
        count++;
    if (count > SOUK_FIELDS_MAX)
        return souk_zpl_fail(description->zpl, node, err, "`%s` has %zu fields, at most %d", type->name, count,
            SOUK_FIELDS_MAX);
    if ((fields = souk_arena_alloc(&description->arena, (count + 1) * sizeof *fields)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for the fields of `%s`", type->name);
    type->fields = fields;
    for (child = node == NULL ? NULL : node->child; child != NULL; child = child->next) {
        if ((rc = check_name(description, child, type, err)) != 0)
            return rc;
        if ((rc = read_field(description, child, &fields[type->field_count], err)) != 0)
            return rc;
        if (type->kind == SOUK_RECORD && fields[type->field_count].is_personal)
            return souk_zpl_fail(description->zpl, child, err,
                "mark the fields that hold the record `%s` as personal, not what is in it", type->name);
        type->field_count++;
    }
    type->packed_bytes_max = length_bytes(count, 15);
    for (i = 0; i < count; i++)
        type->packed_bytes_max += field_bytes_max(&fields[i])
            + (fields[i].is_personal && (type->kind == SOUK_EVENT || type->kind == SOUK_ROW) ? SEALED_BYTES : 0);
    if (type->packed_bytes_max > SOUK_PAYLOAD_BYTES_MAX)
        return souk_zpl_fail(description->zpl, node, err, "`%s` can take %zu bytes, at most %d: lower the limits of"
            " its texts, bytes and lists", type->name, type->packed_bytes_max, SOUK_PAYLOAD_BYTES_MAX);
    if (type_depth(type) > SOUK_PACK_DEPTH_MAX)
        return souk_zpl_fail(description->zpl, node, err, "`%s` nests %u arrays, at most %d", type->name,
            type_depth(type), SOUK_PACK_DEPTH_MAX);
    return 0;
}

/* NAME = TYPE [optional] [personal] [default VALUE] [, ABOUT] */
static int
read_field(struct souk_description *description, const struct souk_zpl_node *node, struct souk_field *field,
    struct souk_error *err)
{
    struct words words = { .zpl = description->zpl, .node = node, .at = node->value };
    int rc;

    if (!node->has_value || node->child != NULL)
        return souk_zpl_fail(description->zpl, node, err, "a field is %s = TYPE, nothing stands below it", node->name);
    field->name = node->name;
    next_word(&words);
    if ((rc = read_field_type(description, &words, field, err)) != 0)
        return rc;
    while (words.word[0] != '\0') {
        if (strcmp(words.word, "optional") == 0 && !field->is_optional && !field->is_list) {
            field->is_optional = true;
            next_word(&words);
        } else if (strcmp(words.word, "personal") == 0 && !field->is_personal) {
            field->is_personal = true;
            next_word(&words);
        } else if (strcmp(words.word, "default") == 0 && field->default_packed.base == NULL) {
            next_word(&words);
            if ((rc = read_default(description, &words, field, err)) != 0)
                return rc;
        } else if (strcmp(words.word, "optional") == 0 && field->is_list) {
            return souk_zpl_fail(words.zpl, node, err, "`%s`: a list is never optional, it may be empty", node->name);
        } else {
            return souk_zpl_fail(words.zpl, node, err, "`%s`: `%s` is not known behind a type; words for the reader"
                " come after a comma", node->name, words.word);
        }
    }
    if (field->is_optional && field->default_packed.base != NULL)
        return souk_zpl_fail(words.zpl, node, err, "`%s` is optional and has a default: either", node->name);
    while (*words.at == ',' || *words.at == ' ')
        words.at++;
    field->about = *words.at == '\0' ? NULL : words.at;
    return 0;
}

static int
read_field_type(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err)
{
    int rc;

    if (strcmp(words->word, "list") == 0) {
        field->is_list = true;
        next_word(words);
        if ((rc = read_size(words, "list", COUNT_MAX, &field->count_max, err)) != 0)
            return rc;
        if (strcmp(words->word, "of") != 0)
            return souk_zpl_fail(words->zpl, words->node, err, "`%s`: list %u of TYPE is meant", field->name,
                field->count_max);
        next_word(words);
    }
    if ((rc = read_scalar(words, field, err)) != -SOUK_ENOTFOUND)
        return rc;
    return read_named_type(description, words, field, err);
}

/* -SOUK_ENOTFOUND: the word names none of souk's own types. */
static int
read_scalar(struct words *words, struct souk_field *field, struct souk_error *err)
{
    static const struct {
        const char *word;
        enum souk_field_type type;
        int64_t value_min;
        uint64_t value_max;
    } scalars[] = {
        { "u8", SOUK_FIELD_U8, 0, UINT8_MAX },
        { "u16", SOUK_FIELD_U16, 0, UINT16_MAX },
        { "u32", SOUK_FIELD_U32, 0, UINT32_MAX },
        { "u64", SOUK_FIELD_U64, 0, UINT64_MAX },
        { "i64", SOUK_FIELD_I64, INT64_MIN, INT64_MAX },
        { "bool", SOUK_FIELD_BOOL, 0, 0 },
        { "text", SOUK_FIELD_TEXT, 0, 0 },
        { "bytes", SOUK_FIELD_BYTES, 0, 0 },
        { "id", SOUK_FIELD_ID, 0, 0 },
        { "time", SOUK_FIELD_TIME, 0, SOUK_TIME_MS_MAX },
        { "money", SOUK_FIELD_MONEY, 0, 0 },
    };
    size_t i;

    for (i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        if (strcmp(scalars[i].word, words->word) != 0)
            continue;
        field->type = scalars[i].type;
        field->value_min = scalars[i].value_min;
        field->value_max = scalars[i].value_max;
        next_word(words);
        if (field->type == SOUK_FIELD_TEXT || field->type == SOUK_FIELD_BYTES)
            return read_size(words, scalars[i].word, SOUK_PAYLOAD_BYTES_MAX, &field->bytes_max, err);
        if (field->type <= SOUK_FIELD_I64 && strstr(words->word, "..") != NULL)
            return read_range(words, field, err);
        return 0;
    }
    return -SOUK_ENOTFOUND;
}

static int
read_named_type(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err)
{
    static const char *const scalars[] = { "u8", "u16", "u32", "u64", "i64", "bool", "text", "bytes", "id", "time",
        "money", "list" };
    const struct souk_messages *messages = &description->messages;
    const struct souk_message_type *type;
    const char *nearest = NULL;
    size_t i;

    for (i = 0; i < messages->enum_count; i++) {
        if (strcmp(messages->enums[i]->name, words->word) == 0) {
            field->type = SOUK_FIELD_ENUM;
            field->values = messages->enums[i];
            next_word(words);
            return 0;
        }
        souk_zpl_nearer(words->word, messages->enums[i]->name, &nearest);
    }
    type = souk_messages_find(messages, souk_slice_of(words->word));
    if (type != NULL && type->kind == SOUK_RECORD && type->packed_bytes_max != 0) {
        field->type = SOUK_FIELD_RECORD;
        field->record = type;
        next_word(words);
        return 0;
    }
    for (i = 0; i < messages->type_count; i++) {
        if (messages->types[i]->kind == SOUK_RECORD)
            souk_zpl_nearer(words->word, messages->types[i]->name, &nearest);
    }
    for (i = 0; i < sizeof scalars / sizeof scalars[0]; i++)
        souk_zpl_nearer(words->word, scalars[i], &nearest);
    if (nearest != NULL)
        return souk_zpl_fail(words->zpl, words->node, err, "`%s`: no type `%s` is known above this line; did you mean"
            " `%s`?", field->name, words->word, nearest);
    return souk_zpl_fail(words->zpl, words->node, err, "`%s`: no type `%s` is known above this line", field->name,
        words->word);
}

static int
read_size(struct words *words, const char *of_what, uint32_t size_max, uint32_t *size_out, struct souk_error *err)
{
    unsigned long size;
    char *end;

    errno = 0;
    size = strtoul(words->word, &end, 10);
    if (words->word[0] < '0' || words->word[0] > '9' || *end != '\0' || errno != 0 || size == 0 || size > size_max)
        return souk_zpl_fail(words->zpl, words->node, err, "`%s`: %s MAX is meant, MAX from 1 to %u, not `%s`",
            words->node->name, of_what, size_max, words->word);
    *size_out = (uint32_t)size;
    next_word(words);
    return 0;
}

static int
read_range(struct words *words, struct souk_field *field, struct souk_error *err)
{
    char *dots = strstr(words->word, "..");

    *dots = '\0';
    if (!range_is_within(field, words->word, dots + 2, &field->value_min, &field->value_max)) {
        *dots = '.';
        return souk_zpl_fail(words->zpl, words->node, err, "`%s`: MIN..MAX within the type is meant, not `%s`",
            field->name, words->word);
    }
    next_word(words);
    return 0;
}

static bool
range_is_within(const struct souk_field *field, const char *min, const char *max, int64_t *min_out, uint64_t *max_out)
{
    char *min_end;
    char *max_end;
    int64_t lower;
    int64_t upper;
    uint64_t upper_unsigned;

    errno = 0;
    lower = strtoll(min, &min_end, 10);
    if (min_end == min || *min_end != '\0' || strspn(min, "-0123456789") != strlen(min)
        || strspn(max, "-0123456789") != strlen(max))
        return false;
    if (field->type == SOUK_FIELD_I64) {
        upper = strtoll(max, &max_end, 10);
        if (max_end == max || *max_end != '\0' || errno != 0 || lower > upper)
            return false;
        *min_out = lower;
        *max_out = (uint64_t)upper;
        return true;
    }
    upper_unsigned = strtoull(max, &max_end, 10);
    if (max_end == max || *max_end != '\0' || errno != 0 || *max == '-' || lower < 0
        || (uint64_t)lower > upper_unsigned || upper_unsigned > field->value_max)
        return false;
    *min_out = lower;
    *max_out = upper_unsigned;
    return true;
}

/* A default is kept packed, so that whoever lacks the field can read it like one that was sent. */
static int
read_default(struct souk_description *description, struct words *words, struct souk_field *field,
    struct souk_error *err)
{
    struct souk_pack pack;
    bool is_meant;

    if (field->type == SOUK_FIELD_ID || field->type == SOUK_FIELD_RECORD) {
        if (!field->is_list)
            return souk_zpl_fail(words->zpl, words->node, err, "`%s`: %s has no default; it can be optional",
                field->name, field->type == SOUK_FIELD_ID ? "an id" : "a record");
    }
    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    is_meant = pack_default(words, field, &pack) && pack.rc == 0;
    if (is_meant)
        field->default_packed = souk_arena_copy(&description->arena, souk_pack_slice(&pack));
    souk_pack_done(&pack);
    if (!is_meant)
        return souk_zpl_fail(words->zpl, words->node, err, "`%s`: `%s` is no default for its type or beyond its"
            " limits", field->name, words->word);
    if (field->default_packed.base == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for the default of `%s`", field->name);
    next_word(words);
    return 0;
}

static bool
pack_default(struct words *words, const struct souk_field *field, struct souk_pack *pack)
{
    struct souk_money money = { 0 };
    uint16_t number;
    int64_t value;
    uint64_t value_unsigned;
    char *end;

    if (field->is_list) {
        souk_pack_array(pack, 0);
        return strcmp(words->word, "empty") == 0;
    }
    if (words->is_quoted != (field->type == SOUK_FIELD_TEXT || field->type == SOUK_FIELD_BYTES))
        return false;
    errno = 0;
    switch (field->type) {
    case SOUK_FIELD_BOOL:
        souk_pack_bool(pack, strcmp(words->word, "true") == 0);
        return strcmp(words->word, "true") == 0 || strcmp(words->word, "false") == 0;
    case SOUK_FIELD_TEXT:
        souk_pack_text(pack, souk_slice_of(words->word), field->bytes_max);
        return true;
    case SOUK_FIELD_BYTES:
        souk_pack_bytes(pack, souk_slice_of(words->word), 0);
        return true;
    case SOUK_FIELD_ENUM:
        if (souk_enum_number(field->values, souk_slice_of(words->word), &number) != 0)
            return false;
        souk_pack_uint(pack, number);
        return true;
    case SOUK_FIELD_I64:
        value = strtoll(words->word, &end, 10);
        souk_pack_int_in(pack, value, field->value_min, (int64_t)field->value_max);
        return errno == 0 && end != words->word && *end == '\0';
    case SOUK_FIELD_MONEY:
        money.minor = strtoll(words->word, &end, 10);
        if (errno != 0 || end == words->word || *end != '\0')
            return false;
        next_word(words);
        if (strlen(words->word) != 3)
            return false;
        memcpy(money.currency, words->word, 3);
        souk_pack_money(pack, money);
        return true;
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_TIME:
        value_unsigned = strtoull(words->word, &end, 10);
        souk_pack_uint_in(pack, value_unsigned, (uint64_t)field->value_min, field->value_max);
        return errno == 0 && words->word[0] >= '0' && words->word[0] <= '9' && *end == '\0';
    case SOUK_FIELD_ID:
    case SOUK_FIELD_RECORD:
        break;
    }
    return false;
}

static int
check_name(const struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_error *err)
{
    size_t i;

    if (!souk_description_is_word(node->name))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for a field: a lower-case word is meant,"
            " none of C's own", node->name);
    for (i = 0; i < type->field_count; i++) {
        if (same_in_c(&type->fields[i], node->name))
            return souk_zpl_fail(description->zpl, node, err, "`%s` has a field `%s` already, or one that needs this"
                " name in C", type->name, node->name);
    }
    return 0;
}

/* has_NAME and NAME_count stand beside optional fields and lists, whichever comes first. */
static bool
same_in_c(const struct souk_field *field, const char *name)
{
    size_t name_bytes = strlen(name);
    size_t field_bytes = strlen(field->name);

    if (strcmp(field->name, name) == 0)
        return true;
    if (strncmp(name, "has_", 4) == 0 && strcmp(name + 4, field->name) == 0)
        return true;
    if (strncmp(field->name, "has_", 4) == 0 && strcmp(field->name + 4, name) == 0)
        return true;
    if (name_bytes == field_bytes + 6 && strncmp(name, field->name, field_bytes) == 0
        && strcmp(name + field_bytes, "_count") == 0)
        return true;
    return field_bytes == name_bytes + 6 && strncmp(field->name, name, name_bytes) == 0
        && strcmp(field->name + name_bytes, "_count") == 0;
}

/* Words end at a space or comma; a quoted one at its quote. A comma ends them all. */
static void
next_word(struct words *words)
{
    const char *end;
    size_t size_bytes;

    while (*words->at == ' ')
        words->at++;
    words->is_quoted = *words->at == '"' && strchr(words->at + 1, '"') != NULL;
    if (words->is_quoted) {
        words->at++;
        end = strchr(words->at, '"');
    } else {
        end = words->at + strcspn(words->at, " ,");
    }
    size_bytes = (size_t)(end - words->at);
    assert(size_bytes < sizeof words->word);
    memcpy(words->word, words->at, size_bytes);
    words->word[size_bytes] = '\0';
    words->at = words->is_quoted ? end + 1 : end;
}

/* ---- sizes ---------------------------------------------------------- */

static size_t
field_bytes_max(const struct souk_field *field)
{
    size_t size_bytes = 0;

    switch (field->type) {
    case SOUK_FIELD_U8:
    case SOUK_FIELD_U16:
    case SOUK_FIELD_U32:
    case SOUK_FIELD_U64:
    case SOUK_FIELD_I64:
    case SOUK_FIELD_TIME:
        size_bytes = number_bytes_max(field);
        break;
    case SOUK_FIELD_BOOL:
        size_bytes = 1;
        break;
    case SOUK_FIELD_TEXT:
        size_bytes = length_bytes(field->bytes_max, 31) + field->bytes_max;
        break;
    case SOUK_FIELD_BYTES:
        size_bytes = length_bytes(field->bytes_max, 0) + field->bytes_max;
        break;
    case SOUK_FIELD_ID:
        size_bytes = 2 + 16;
        break;
    case SOUK_FIELD_MONEY:
        size_bytes = 1 + 9 + 4;
        break;
    case SOUK_FIELD_ENUM:
        size_bytes = 3;
        break;
    case SOUK_FIELD_RECORD:
        size_bytes = field->record->packed_bytes_max;
        break;
    }
    return field->is_list ? length_bytes(field->count_max, 15) + size_bytes * field->count_max : size_bytes;
}

static size_t
number_bytes_max(const struct souk_field *field)
{
    if (field->type == SOUK_FIELD_I64)
        return 9;
    if (field->value_max < 0x80)
        return 1;
    if (field->value_max <= UINT8_MAX)
        return 2;
    return field->value_max <= UINT16_MAX ? 3 : field->value_max <= UINT32_MAX ? 5 : 9;
}

/* Bytes in front of what is counted: one up to `fix_max`, which has a form of its own. */
static size_t
length_bytes(size_t size_bytes, size_t fix_max)
{
    if (size_bytes <= fix_max)
        return fix_max == 0 ? 2 : 1;
    if (fix_max != 15 && size_bytes <= UINT8_MAX)
        return 2;
    return size_bytes <= UINT16_MAX ? 3 : 5;
}

static unsigned
type_depth(const struct souk_message_type *type)
{
    const struct souk_field *field;
    unsigned depth_max = 0;
    unsigned depth;
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        depth = field->type == SOUK_FIELD_RECORD ? type_depth(field->record) : field->type == SOUK_FIELD_MONEY ? 1 : 0;
        depth += field->is_list;
        if (depth > depth_max)
            depth_max = depth;
    }
    return depth_max + 1;
}
