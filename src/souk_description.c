#include "souk_description.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REPLY_SUFFIX "_reply"

static const struct souk_zpl_rule root_rules[] = {
    { "application", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ONCE },
    { "stream", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "enum", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "record", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "refusals", SOUK_ZPL_SECTION, SOUK_ZPL_ANY },
    { "settings", SOUK_ZPL_SECTION, SOUK_ZPL_ANY },
    { "command", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "event", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "query", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { "row", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule application_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule stream_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "audience", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule enum_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "values", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule record_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule command_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "version", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "refuses", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { "older", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule event_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "stream", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "key", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "subject", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "forgets", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "audience", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "version", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "after", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_SOME },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
    { "older", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule query_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "version", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "refuses", SOUK_ZPL_VALUE, SOUK_ZPL_ANY },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { "reply", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
    { "older", SOUK_ZPL_VALUE_AND_SECTION, SOUK_ZPL_ANY },
    { .name = NULL },
};
static const struct souk_zpl_rule reply_rules[] = {
    { "version", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { .name = NULL },
};
static const struct souk_zpl_rule row_rules[] = {
    { "about", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "table", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "stream", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "key", SOUK_ZPL_VALUE, SOUK_ZPL_SOME },
    { "subject", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "version", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_ONCE },
    { .name = NULL },
};
static const struct souk_zpl_rule older_rules[] = {
    { "upcast", SOUK_ZPL_VALUE, SOUK_ZPL_ONCE },
    { "fields", SOUK_ZPL_SECTION, SOUK_ZPL_MAYBE },
    { .name = NULL },
};
static const struct souk_zpl_rule after_rules[] = {
    { "guard", SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE },
    { .name = NULL },
};

static int read_entries(struct souk_description *description, struct souk_error *err);
static int allocate(struct souk_description *description, struct souk_error *err);
static int read_application(struct souk_description *description, struct souk_error *err);
static int read_stream(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_error *err);
static int read_enum(struct souk_description *description, const struct souk_zpl_node *node, struct souk_error *err);
static int read_enum_value(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_enum *values, struct souk_enum_value *value, struct souk_error *err);
static int read_refusals(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_error *err);
static int read_type(struct souk_description *description, const struct souk_zpl_node *node,
    enum souk_message_kind kind, const struct souk_zpl_rule *rules, struct souk_error *err);
static int read_reply(struct souk_description *description, const struct souk_zpl_node *query_node,
    struct souk_message_type *query, struct souk_error *err);
static int add_type(struct souk_description *description, const struct souk_zpl_node *node,
    enum souk_message_kind kind, const char *name, struct souk_message_type **type_out, struct souk_error *err);
static int read_version(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static int read_older(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static int read_refuses(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static int read_causes(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static int read_key(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static int check_key_field(struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, const struct souk_field *field, bool is_last, struct souk_error *err);
static size_t row_key_bytes_max(const struct souk_message_type *type);
static int read_subject(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_message_type *type, struct souk_error *err);
static const struct souk_field *find_personal(const struct souk_message_type *type);
static int read_person(struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, const struct souk_field **field_out, struct souk_error *err);
static const struct souk_field *find_field(const struct souk_message_type *type, const char *name);
static const char *value_below(const struct souk_zpl_node *node, const char *name);
static int no_memory(struct souk_description *description, struct souk_error *err);
static size_t count_below(const struct souk_zpl_node *node, const char *name);
static bool is_stream_name(const char *name);
static bool is_table_name(const char *name);
static bool is_word(const char *name, size_t size_bytes);
static bool is_taken(const char *name);

int
souk_description_open(const char *path, struct souk_description **description_out, struct souk_error *err)
{
    struct souk_description *description;
    int rc;

    if ((description = calloc(1, sizeof *description)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "%s: no memory to read it", path);
    souk_arena_init(&description->arena, 0);
    if ((rc = souk_zpl_open(path, &description->zpl, err)) != 0)
        goto fail;
    if ((rc = read_entries(description, err)) != 0)
        goto fail;
    if ((rc = souk_description_check(description, err)) != 0)
        goto fail;
    *description_out = description;
    return 0;

fail:
    souk_description_close(&description);
    return rc;
}

const struct souk_messages *
souk_description_messages(const struct souk_description *description)
{
    return &description->messages;
}

void
souk_description_close(struct souk_description **description_p)
{
    struct souk_description *description = *description_p;

    if (description == NULL)
        return;
    souk_zpl_close(&description->zpl);
    souk_arena_done(&description->arena);
    free(description);
    *description_p = NULL;
}

/* ---- entries -------------------------------------------------------- */

static int
read_entries(struct souk_description *description, struct souk_error *err)
{
    const struct souk_zpl_node *root = souk_zpl_root(description->zpl);
    const struct souk_zpl_node *node;
    int rc;

    if ((rc = souk_zpl_check(description->zpl, root, root_rules, err)) != 0)
        return rc;
    if ((rc = allocate(description, err)) != 0)
        return rc;
    if ((rc = read_application(description, err)) != 0)
        return rc;
    for (node = root->child->next; node != NULL && rc == 0; node = node->next) {
        if (strcmp(node->name, "stream") == 0)
            rc = read_stream(description, node, err);
        else if (strcmp(node->name, "enum") == 0)
            rc = read_enum(description, node, err);
        else if (strcmp(node->name, "refusals") == 0)
            rc = read_refusals(description, node, err);
        else if (strcmp(node->name, "settings") == 0)
            rc = souk_description_settings(description, node, err);
        else if (strcmp(node->name, "record") == 0)
            rc = read_type(description, node, SOUK_RECORD, record_rules, err);
        else if (strcmp(node->name, "command") == 0)
            rc = read_type(description, node, SOUK_COMMAND, command_rules, err);
        else if (strcmp(node->name, "event") == 0)
            rc = read_type(description, node, SOUK_EVENT, event_rules, err);
        else if (strcmp(node->name, "query") == 0)
            rc = read_type(description, node, SOUK_QUERY, query_rules, err);
        else
            rc = read_type(description, node, SOUK_ROW, row_rules, err);
    }
    return rc;
}

/* Room for all that the file holds, so that nothing moves once somebody points to it. */
static int
allocate(struct souk_description *description, struct souk_error *err)
{
    const struct souk_zpl_node *root = souk_zpl_root(description->zpl);
    struct souk_messages *messages = &description->messages;
    const struct souk_zpl_node *node;
    const struct souk_zpl_node *below;
    size_t entries = 0;
    size_t refusals = 0;
    size_t settings = 0;

    for (node = root->child; node != NULL; node = node->next) {
        entries += strcmp(node->name, "query") == 0 ? 2 : 1;
        for (below = node->child; below != NULL; below = below->next) {
            refusals += strcmp(node->name, "refusals") == 0;
            settings += strcmp(node->name, "settings") == 0;
        }
    }
    description->streams = souk_arena_alloc(&description->arena, entries * sizeof *description->streams);
    description->enums = souk_arena_alloc(&description->arena, entries * sizeof *description->enums);
    description->refusals = souk_arena_alloc(&description->arena, (refusals + 1) * sizeof *description->refusals);
    description->refusal_nodes = souk_arena_alloc(&description->arena,
        (refusals + 1) * sizeof *description->refusal_nodes);
    description->settings = souk_arena_alloc(&description->arena, (settings + 1) * sizeof *description->settings);
    description->setting_nodes = souk_arena_alloc(&description->arena,
        (settings + 1) * sizeof *description->setting_nodes);
    description->types = souk_arena_alloc(&description->arena, entries * sizeof *description->types);
    description->described = souk_arena_alloc(&description->arena, entries * sizeof *description->described);
    if (description->streams == NULL || description->enums == NULL || description->refusals == NULL
        || description->refusal_nodes == NULL || description->settings == NULL || description->setting_nodes == NULL
        || description->types == NULL || description->described == NULL)
        return no_memory(description, err);
    messages->streams = description->streams;
    messages->enums = (const struct souk_enum *const *)description->enums;
    messages->refusals = description->refusals;
    messages->settings = settings == 0 ? NULL : description->settings;
    messages->types = (const struct souk_message_type *const *)description->types;
    return 0;
}

static int
read_application(struct souk_description *description, struct souk_error *err)
{
    const struct souk_zpl_node *node = souk_zpl_root(description->zpl)->child;
    int rc;

    if (strcmp(node->name, "application") != 0)
        return souk_zpl_fail(description->zpl, node, err, "`application` comes first");
    if (!souk_description_is_word(node->value))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for an application: it becomes part of"
            " names in C", node->value);
    if ((rc = souk_zpl_check(description->zpl, node, application_rules, err)) != 0)
        return rc;
    description->messages.application = node->value;
    description->messages.about = value_below(node, "about");
    return 0;
}

static int
read_stream(struct souk_description *description, const struct souk_zpl_node *node, struct souk_error *err)
{
    static const char *const audiences[] = {
        [SOUK_AUDIENCE_PUBLIC] = "public",
        [SOUK_AUDIENCE_INTERNAL] = "internal",
        [SOUK_AUDIENCE_PRIVATE] = "private",
    };
    struct souk_message_stream *stream = &description->streams[description->messages.stream_count];
    const struct souk_zpl_node *audience;
    size_t i;
    int rc;

    if ((rc = souk_zpl_check(description->zpl, node, stream_rules, err)) != 0)
        return rc;
    if (!is_stream_name(node->value))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for a stream", node->value);
    if (souk_messages_stream(&description->messages, souk_slice_of(node->value)) != NULL)
        return souk_zpl_fail(description->zpl, node, err, "stream `%s` is there already", node->value);
    audience = souk_zpl_child(node, "audience");
    for (i = 0; i < sizeof audiences / sizeof audiences[0] && strcmp(audiences[i], audience->value) != 0; i++)
        continue;
    if (i == sizeof audiences / sizeof audiences[0])
        return souk_zpl_fail(description->zpl, audience, err, "audience `%s`: public, internal or private is meant",
            audience->value);
    *stream = (struct souk_message_stream){ .name = node->value, .audience = (enum souk_audience)i,
        .about = value_below(node, "about") };
    description->messages.stream_count++;
    return 0;
}

static int
read_enum(struct souk_description *description, const struct souk_zpl_node *node, struct souk_error *err)
{
    const struct souk_zpl_node *value_node;
    struct souk_enum_value *values;
    struct souk_enum *made;
    size_t count = 0;
    size_t i;
    int rc;

    if ((rc = souk_zpl_check(description->zpl, node, enum_rules, err)) != 0)
        return rc;
    if (!souk_description_is_word(node->value))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for an enum", node->value);
    for (i = 0; i < description->messages.enum_count; i++) {
        if (strcmp(description->enums[i]->name, node->value) == 0)
            return souk_zpl_fail(description->zpl, node, err, "enum `%s` is there already", node->value);
    }
    value_node = souk_zpl_child(node, "values");
    if (value_node->child == NULL)
        return souk_zpl_fail(description->zpl, value_node, err, "enum `%s` has no values", node->value);
    for (value_node = value_node->child; value_node != NULL; value_node = value_node->next)
        count++;
    made = souk_arena_alloc(&description->arena, sizeof *made);
    values = souk_arena_alloc(&description->arena, count * sizeof *values);
    if (made == NULL || values == NULL)
        return no_memory(description, err);
    *made = (struct souk_enum){ .name = node->value, .about = value_below(node, "about"), .values = values };
    for (value_node = souk_zpl_child(node, "values")->child; value_node != NULL; value_node = value_node->next) {
        if ((rc = read_enum_value(description, value_node, made, &values[made->value_count], err)) != 0)
            return rc;
        made->value_count++;
    }
    description->enums[description->messages.enum_count++] = made;
    return 0;
}

/* NUMBER[, ABOUT] */
static int
read_enum_value(struct souk_description *description, const struct souk_zpl_node *node, struct souk_enum *values,
    struct souk_enum_value *value, struct souk_error *err)
{
    unsigned long number;
    uint16_t other;
    char *end;

    if (!is_word(node->name, strlen(node->name)) || strlen(node->name) > SOUK_NAME_BYTES_MAX)
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for a value", node->name);
    if (node->child != NULL)
        return souk_zpl_fail(description->zpl, node->child, err, "nothing can stand below a value");
    number = strtoul(node->value, &end, 10);
    if (node->value[0] < '0' || node->value[0] > '9' || number > UINT16_MAX || (*end != '\0' && *end != ','))
        return souk_zpl_fail(description->zpl, node, err, "`%s`: a number from 0 to 65535 is meant, not `%s`",
            node->name, node->value);
    while (*end == ',' || *end == ' ')
        end++;
    if (souk_enum_name(values, number) != NULL)
        return souk_zpl_fail(description->zpl, node, err, "number %lu is `%s` already", number,
            souk_enum_name(values, number));
    if (souk_enum_number(values, souk_slice_of(node->name), &other) == 0)
        return souk_zpl_fail(description->zpl, node, err, "value `%s` is there already", node->name);
    *value = (struct souk_enum_value){ .name = node->name, .number = (uint16_t)number,
        .about = *end == '\0' ? NULL : end };
    return 0;
}

static int
read_refusals(struct souk_description *description, const struct souk_zpl_node *node, struct souk_error *err)
{
    const struct souk_zpl_node *child;
    size_t *count = &description->messages.refusal_count;
    size_t i;

    for (child = node->child; child != NULL; child = child->next) {
        if (!souk_description_is_name(child->name, 1))
            return souk_zpl_fail(description->zpl, child, err, "`%s` is no code: service.reason is meant", child->name);
        if (!child->has_value || child->child != NULL)
            return souk_zpl_fail(description->zpl, child, err, "%s = ... says what it means, nothing stands below it",
                child->name);
        for (i = 0; i < *count; i++) {
            if (strcmp(description->refusals[i].code, child->name) == 0)
                return souk_zpl_fail(description->zpl, child, err, "refusal `%s` is there already, in line %u",
                    child->name, description->refusal_nodes[i]->line);
        }
        description->refusals[*count] = (struct souk_refusal){ .code = child->name, .about = child->value };
        description->refusal_nodes[*count] = child;
        (*count)++;
    }
    return 0;
}

/* ---- messages, records and rows ------------------------------------- */

static int
read_type(struct souk_description *description, const struct souk_zpl_node *node, enum souk_message_kind kind,
    const struct souk_zpl_rule *rules, struct souk_error *err)
{
    struct souk_message_type *type = NULL;
    int rc;

    if ((rc = souk_zpl_check(description->zpl, node, rules, err)) != 0)
        return rc;
    if ((rc = add_type(description, node, kind, node->value, &type, err)) != 0)
        return rc;
    type->about = value_below(node, "about");
    type->stream = value_below(node, "stream");
    type->table = value_below(node, "table");
    if (type->table != NULL && !is_table_name(type->table))
        return souk_zpl_fail(description->zpl, souk_zpl_child(node, "table"), err, "`%s` is no name for a table",
            type->table);
    if ((rc = souk_description_fields(description, souk_zpl_child(node, "fields"), type, err)) != 0)
        return rc;
    if ((rc = read_version(description, node, type, err)) != 0)
        return rc;
    if ((rc = read_older(description, node, type, err)) != 0)
        return rc;
    if ((rc = read_refuses(description, node, type, err)) != 0)
        return rc;
    if ((rc = read_causes(description, node, type, err)) != 0)
        return rc;
    if ((rc = read_key(description, node, type, err)) != 0)
        return rc;
    if ((rc = read_subject(description, node, type, err)) != 0)
        return rc;
    return kind == SOUK_QUERY ? read_reply(description, node, type, err) : 0;
}

static int
read_reply(struct souk_description *description, const struct souk_zpl_node *query_node,
    struct souk_message_type *query, struct souk_error *err)
{
    const struct souk_zpl_node *node = souk_zpl_child(query_node, "reply");
    struct souk_message_type *reply = NULL;
    size_t query_bytes = strlen(query->name);
    char *name;
    int rc;

    if (query_bytes > SOUK_NAME_BYTES_MAX - strlen(REPLY_SUFFIX))
        return souk_zpl_fail(description->zpl, query_node, err, "`%s` is too long for a query: its reply is named %s"
            REPLY_SUFFIX ", of at most %d bytes", query->name, query->name, SOUK_NAME_BYTES_MAX);
    if ((name = souk_arena_alloc(&description->arena, query_bytes + sizeof REPLY_SUFFIX)) == NULL)
        return no_memory(description, err);
    memcpy(name, query->name, query_bytes);
    memcpy(name + query_bytes, REPLY_SUFFIX, sizeof REPLY_SUFFIX);
    if ((rc = souk_zpl_check(description->zpl, node, reply_rules, err)) != 0)
        return rc;
    if ((rc = add_type(description, node, SOUK_REPLY, name, &reply, err)) != 0)
        return rc;
    reply->about = query->about;
    if ((rc = souk_description_fields(description, souk_zpl_child(node, "fields"), reply, err)) != 0)
        return rc;
    query->reply = reply;
    return read_version(description, node, reply, err);
}

static int
add_type(struct souk_description *description, const struct souk_zpl_node *node, enum souk_message_kind kind,
    const char *name, struct souk_message_type **type_out, struct souk_error *err)
{
    const unsigned dots_min = kind == SOUK_RECORD || kind == SOUK_ROW ? 0 : 1;
    struct souk_message_type *type;
    size_t i;

    if (!souk_description_is_name(name, dots_min))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for a %s: %s is meant", name,
            souk_message_kind_name(kind), dots_min == 0 ? "a lower-case word" : "lower-case words joined by dots");
    for (i = 0; i < description->messages.type_count; i++) {
        if (strcmp(description->types[i]->name, name) == 0)
            return souk_zpl_fail(description->zpl, node, err, "`%s` is there already, in line %u", name,
                description->described[i].node->line);
    }
    if ((type = souk_arena_alloc(&description->arena, sizeof *type)) == NULL)
        return no_memory(description, err);
    type->name = name;
    type->kind = kind;
    type->version = 1;
    description->described[description->messages.type_count] = (struct souk_described){ type, node };
    description->types[description->messages.type_count++] = type;
    *type_out = type;
    return 0;
}

static int
read_version(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *version = souk_zpl_child(node, "version");
    uint64_t number;
    int rc;

    if (version == NULL)
        return 0;
    if ((rc = souk_zpl_number(description->zpl, version, 1, UINT16_MAX, &number, err)) != 0)
        return rc;
    type->version = (uint16_t)number;
    return 0;
}

/* Older versions go down one by one from the newest, so that each has the next one to be cast up to. */
static int
read_older(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *older_node;
    struct souk_message_type *newer = type;
    struct souk_message_type *older;
    uint64_t number = 0;
    int rc;

    for (older_node = souk_zpl_child(node, "older"); older_node != NULL; older_node = souk_zpl_again(older_node)) {
        if ((rc = souk_zpl_check(description->zpl, older_node, older_rules, err)) != 0)
            return rc;
        if ((rc = souk_zpl_number(description->zpl, older_node, 1, UINT16_MAX, &number, err)) != 0)
            return rc;
        if (number + 1 != newer->version)
            return souk_zpl_fail(description->zpl, older_node, err, "version %u of `%s` is meant: below version %u,"
                " older ones stand from the newest down", newer->version - 1u, type->name, newer->version);
        if ((older = souk_arena_alloc(&description->arena, sizeof *older)) == NULL)
            return no_memory(description, err);
        *older = (struct souk_message_type){ .name = type->name, .kind = type->kind, .version = (uint16_t)number,
            .about = type->about, .stream = type->stream, .upcast_name = value_below(older_node, "upcast") };
        if (!is_word(older->upcast_name, strlen(older->upcast_name)) || is_taken(older->upcast_name))
            return souk_zpl_fail(description->zpl, souk_zpl_child(older_node, "upcast"), err,
                "`%s` is no name for a function", older->upcast_name);
        if ((rc = souk_description_fields(description, souk_zpl_child(older_node, "fields"), older, err)) != 0)
            return rc;
        newer->older = older;
        newer = older;
    }
    return 0;
}

static int
read_refuses(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *refuses = souk_zpl_child(node, "refuses");
    const char **codes;
    size_t i;

    if (refuses == NULL)
        return 0;
    if ((codes = souk_arena_alloc(&description->arena, count_below(node, "refuses") * sizeof *codes)) == NULL)
        return no_memory(description, err);
    type->refuses = codes;
    for (; refuses != NULL; refuses = souk_zpl_again(refuses)) {
        for (i = 0; i < type->refuse_count; i++) {
            if (strcmp(codes[i], refuses->value) == 0)
                return souk_zpl_fail(description->zpl, refuses, err, "refuses `%s` is there already", refuses->value);
        }
        codes[type->refuse_count++] = refuses->value;
    }
    return 0;
}

/* A name alone is a command or an event: which, is known only when all are there. */
static int
read_causes(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *after = souk_zpl_child(node, "after");
    struct souk_message_cause *causes;
    struct souk_message_cause *cause;
    int rc;

    if (after == NULL)
        return 0;
    if ((causes = souk_arena_alloc(&description->arena, count_below(node, "after") * sizeof *causes)) == NULL)
        return no_memory(description, err);
    type->after = causes;
    for (; after != NULL; after = souk_zpl_again(after)) {
        if ((rc = souk_zpl_check(description->zpl, after, after_rules, err)) != 0)
            return rc;
        cause = &causes[type->after_count++];
        cause->guard = value_below(after, "guard");
        if (strncmp(after->value, "timer ", 6) == 0) {
            cause->kind = SOUK_CAUSE_TIMER;
            cause->name = after->value + 6;
        } else if (strncmp(after->value, "rewound ", 8) == 0) {
            cause->kind = SOUK_CAUSE_REWOUND;
            cause->name = after->value + 8;
        } else {
            cause->kind = SOUK_CAUSE_EVENT;
            cause->name = after->value;
        }
        if (cause->kind != SOUK_CAUSE_REWOUND && !souk_description_is_name(cause->name, 0))
            return souk_zpl_fail(description->zpl, after, err, "after `%s`: a command, an event, `timer KIND` or"
                " `rewound STREAM` is meant", after->value);
    }
    return 0;
}

/* ---- keys ----------------------------------------------------------- */

static int
read_key(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *key_node = souk_zpl_child(node, "key");
    const struct souk_field *field;
    uint8_t *key;
    size_t i;
    int rc;

    if (key_node == NULL)
        return 0;
    if (count_below(node, "key") > SOUK_ROW_KEY_FIELDS_MAX)
        return souk_zpl_fail(description->zpl, key_node, err, "more than %d fields in the key of `%s`",
            SOUK_ROW_KEY_FIELDS_MAX, type->name);
    if ((key = souk_arena_alloc(&description->arena, SOUK_ROW_KEY_FIELDS_MAX)) == NULL)
        return no_memory(description, err);
    for (; key_node != NULL; key_node = souk_zpl_again(key_node)) {
        if ((field = find_field(type, key_node->value)) == NULL)
            return souk_zpl_fail(description->zpl, key_node, err, "`%s` has no field `%s`", type->name,
                key_node->value);
        if ((rc = check_key_field(description, key_node, type, field, souk_zpl_again(key_node) == NULL, err)) != 0)
            return rc;
        for (i = 0; i < type->key_field_count; i++) {
            if (key[i] == field - type->fields)
                return souk_zpl_fail(description->zpl, key_node, err, "`%s` is in the key already", field->name);
        }
        key[type->key_field_count++] = (uint8_t)(field - type->fields);
    }
    type->key_fields = key;
    if (type->kind == SOUK_ROW && row_key_bytes_max(type) > SOUK_ROW_KEY_BYTES_MAX)
        return souk_zpl_fail(description->zpl, node, err, "the key of `%s` can take %zu bytes, at most %d", type->name,
            row_key_bytes_max(type), SOUK_ROW_KEY_BYTES_MAX);
    return 0;
}

static int
check_key_field(struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, const struct souk_field *field, bool is_last, struct souk_error *err)
{
    if (field->is_list || field->is_optional)
        return souk_zpl_fail(description->zpl, node, err, "`%s` cannot be a key: it is %s", field->name,
            field->is_list ? "a list" : "optional");
    if (field->is_personal)
        return souk_zpl_fail(description->zpl, node, err, "`%s` cannot be a key: it is personal", field->name);
    if (field->type == SOUK_FIELD_RECORD || field->type == SOUK_FIELD_MONEY)
        return souk_zpl_fail(description->zpl, node, err, "`%s` cannot be a key: it has parts", field->name);
    if (type->kind == SOUK_EVENT) {
        if (field->type == SOUK_FIELD_TEXT && field->bytes_max > SOUK_KEY_BYTES_MAX)
            return souk_zpl_fail(description->zpl, node, err, "`%s` can take %u bytes, as a key at most %d",
                field->name, field->bytes_max, SOUK_KEY_BYTES_MAX);
        if (field->type != SOUK_FIELD_TEXT && field->type != SOUK_FIELD_ID && field->type > SOUK_FIELD_I64)
            return souk_zpl_fail(description->zpl, node, err, "`%s`: the key of an event is a text, an id or an"
                " integer", field->name);
        if (!is_last)
            return souk_zpl_fail(description->zpl, souk_zpl_again(node), err, "an event has one key");
    }
    if (type->kind == SOUK_ROW && strcmp(field->name, "from") == 0)
        return souk_zpl_fail(description->zpl, node, err, "`from` cannot be a key: names of functions in C end so");
    if (field->type == SOUK_FIELD_BYTES && !is_last)
        return souk_zpl_fail(description->zpl, node, err, "`%s`: bytes can only come last in a key", field->name);
    return 0;
}

static size_t
row_key_bytes_max(const struct souk_message_type *type)
{
    const struct souk_field *field;
    size_t size_bytes = 0;
    size_t i;

    for (i = 0; i < type->key_field_count; i++) {
        field = &type->fields[type->key_fields[i]];
        if (field->type == SOUK_FIELD_TEXT || field->type == SOUK_FIELD_BYTES)
            size_bytes += field->bytes_max + (i + 1 < type->key_field_count);
        else
            size_bytes += field->type == SOUK_FIELD_ID ? 16 : 8;
    }
    return size_bytes;
}

/* Whose key seals the personal fields of an event or row, in all its versions, and whose an event destroys. */
static int
read_subject(struct souk_description *description, const struct souk_zpl_node *node, struct souk_message_type *type,
    struct souk_error *err)
{
    const struct souk_zpl_node *subject = souk_zpl_child(node, "subject");
    const struct souk_zpl_node *forgets = souk_zpl_child(node, "forgets");
    const struct souk_field *personal = NULL;
    struct souk_message_type *version;
    int rc;

    if (type->kind != SOUK_EVENT && type->kind != SOUK_ROW)
        return 0;
    if (forgets != NULL && (rc = read_person(description, forgets, type, &type->forgets, err)) != 0)
        return rc;
    for (version = type; version != NULL; version = (struct souk_message_type *)(uintptr_t)version->older) {
        const struct souk_field *found = find_personal(version);

        if (found == NULL)
            continue;
        personal = found;
        if (subject == NULL)
            return souk_zpl_fail(description->zpl, node, err, "`%s` has the personal field `%s` and no `subject`",
                type->name, personal->name);
        if ((rc = read_person(description, subject, version, &version->subject, err)) != 0)
            return rc;
    }
    if (subject != NULL && personal == NULL)
        return souk_zpl_fail(description->zpl, subject, err, "`%s` has a subject and no personal field", type->name);
    if (subject != NULL && type->subject == NULL)
        return read_person(description, subject, type, &type->subject, err);
    return 0;
}

static const struct souk_field *
find_personal(const struct souk_message_type *type)
{
    for (size_t i = 0; i < type->field_count; i++)
        if (type->fields[i].is_personal)
            return &type->fields[i];
    return NULL;
}

/* The field of `type` that `node` names, which says who a person is. */
static int
read_person(struct souk_description *description, const struct souk_zpl_node *node, const struct souk_message_type *type,
    const struct souk_field **field_out, struct souk_error *err)
{
    const struct souk_field *field = find_field(type, node->value);

    if (field == NULL || field->type != SOUK_FIELD_ID || field->is_optional || field->is_list || field->is_personal)
        return souk_zpl_fail(description->zpl, node, err, "%s `%s`: a field of type id is meant, neither"
            " optional nor personal nor a list", node->name, node->value);
    *field_out = field;
    return 0;
}

/* ---- small things --------------------------------------------------- */

static const struct souk_field *
find_field(const struct souk_message_type *type, const char *name)
{
    size_t i;

    for (i = 0; i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, name) == 0)
            return &type->fields[i];
    }
    return NULL;
}

static const char *
value_below(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child = souk_zpl_child(node, name);

    return child == NULL ? NULL : child->value;
}

static size_t
count_below(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child;
    size_t count = 0;

    for (child = souk_zpl_child(node, name); child != NULL; child = souk_zpl_again(child))
        count++;
    return count;
}

static int
no_memory(struct souk_description *description, struct souk_error *err)
{
    (void)souk_zpl_fail(description->zpl, souk_zpl_root(description->zpl), err, "no memory to read it");
    if (err != NULL)
        err->code = SOUK_ENOMEM;
    return -SOUK_ENOMEM;
}

bool
souk_description_is_name(const char *name, unsigned dots_min)
{
    const char *dot;
    unsigned dots = 0;

    if (strlen(name) > SOUK_NAME_BYTES_MAX)
        return false;
    if (strchr(name, '.') == NULL)
        return dots_min == 0 && souk_description_is_word(name);
    for (; (dot = strchr(name, '.')) != NULL; name = dot + 1, dots++) {
        if (!is_word(name, (size_t)(dot - name)))
            return false;
    }
    return dots >= dots_min && is_word(name, strlen(name));
}

bool
souk_description_is_word(const char *name)
{
    return strlen(name) <= SOUK_NAME_BYTES_MAX && is_word(name, strlen(name)) && !is_taken(name);
}

/* Words of C and C++, and names that the compiler or its headers define as macros. */
static bool
is_taken(const char *name)
{
    static const char *const taken[] = {
        "alignas", "alignof", "and", "and_eq", "asm", "assert", "auto", "bitand", "bitor", "bool", "break", "case",
        "catch", "char", "class", "compl", "concept", "const", "constexpr", "continue", "decltype", "default",
        "delete", "do", "double", "else", "enum", "errno", "explicit", "export", "extern", "false", "float", "for",
        "friend", "goto", "if", "inline", "int", "linux", "long", "mutable", "namespace", "new", "noexcept", "not",
        "not_eq", "nullptr", "offsetof", "operator", "or", "or_eq", "private", "protected", "public", "register",
        "requires", "restrict", "return", "short", "signed", "sizeof", "static", "stderr", "stdin", "stdout",
        "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
        "union", "unix", "unsigned", "using", "virtual", "void", "volatile", "while", "xor", "xor_eq",
    };
    size_t i;

    for (i = 0; i < sizeof taken / sizeof taken[0]; i++) {
        if (strcmp(taken[i], name) == 0)
            return true;
    }
    return false;
}

static bool
is_word(const char *name, size_t size_bytes)
{
    size_t i;

    if (size_bytes == 0 || name[0] < 'a' || name[0] > 'z')
        return false;
    for (i = 1; i < size_bytes; i++) {
        if (!((name[i] >= 'a' && name[i] <= 'z') || (name[i] >= '0' && name[i] <= '9') || name[i] == '_'))
            return false;
    }
    return true;
}

static bool
is_stream_name(const char *name)
{
    return is_table_name(name) && strchr(name, '_') == NULL;
}

static bool
is_table_name(const char *name)
{
    size_t size_bytes = strlen(name);

    return size_bytes >= 1 && size_bytes <= SOUK_NAME_BYTES_MAX && name[0] >= 'a' && name[0] <= 'z'
        && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-._") == size_bytes;
}
