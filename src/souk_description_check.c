#include "souk_description.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define C_NAME_BYTES_MAX 128
#define CIRCLE_TEXT_BYTES_MAX 300

/* The names that the generated code will have. */
struct c_names {
    struct c_name {
        struct c_name *next;
        const struct souk_zpl_node *node;
        char name[C_NAME_BYTES_MAX];
    } *first;
};

/* How far the search for circles has come with a type. */
enum visit { UNSEEN, ON_THE_WAY, SEEN };

static int check_text(const struct souk_zpl *zpl, const struct souk_zpl_node *node, struct souk_error *err);
static int check_type(struct souk_description *description, const struct souk_described *described,
    struct souk_error *err);
static int check_personal(struct souk_description *description, const struct souk_described *described,
    const struct souk_message_type *type, struct souk_error *err);
static int resolve_viewers(struct souk_description *description, const struct souk_described *described,
    struct souk_error *err);
static int read_viewer(struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_message_viewer *viewer, struct souk_error *err);
static int resolve_causes(struct souk_description *description, const struct souk_described *described,
    struct souk_error *err);
static int fail_not_found(struct souk_description *description, const struct souk_zpl_node *node, const char *name,
    struct souk_error *err);
static int check_circles(struct souk_description *description, struct souk_error *err);
static int follow(struct souk_description *description, enum visit *visits, size_t *way, size_t way_length,
    struct souk_error *err);
static size_t index_of(const struct souk_description *description, const char *name);
static int check_c_names(struct souk_description *description, struct souk_error *err);
static int add_older_names(struct souk_description *description, struct c_names *names,
    const struct souk_zpl_node *node, const struct souk_message_type *older, struct souk_error *err);
static int add_c_name(struct souk_description *description, struct c_names *names, const struct souk_zpl_node *node,
    struct souk_error *err, const char *format, ...) SOUK_PRINTF(5, 6);

int
souk_description_check(struct souk_description *description, struct souk_error *err)
{
    size_t i;
    int rc;

    if ((rc = check_text(description->zpl, souk_zpl_root(description->zpl), err)) != 0)
        return rc;
    for (i = 0; i < description->messages.type_count; i++) {
        if ((rc = check_type(description, &description->described[i], err)) != 0)
            return rc;
    }
    if ((rc = check_circles(description, err)) != 0)
        return rc;
    return check_c_names(description, err);
}

/* Sentences end up in comments of C. */
static int
check_text(const struct souk_zpl *zpl, const struct souk_zpl_node *node, struct souk_error *err)
{
    const struct souk_zpl_node *child;
    int rc;

    for (child = node->child; child != NULL; child = child->next) {
        if (strstr(child->value, "*/") != NULL || strstr(child->value, "/*") != NULL)
            return souk_zpl_fail(zpl, child, err, "what begins or ends a comment of C cannot be part of a value");
        if ((rc = check_text(zpl, child, err)) != 0)
            return rc;
    }
    return 0;
}

static int
check_type(struct souk_description *description, const struct souk_described *described, struct souk_error *err)
{
    const struct souk_message_type *type = described->type;
    const struct souk_message_type *older;
    const struct souk_zpl_node *node;
    size_t code;
    size_t i;
    int rc;

    /* A row may be of a stream of others, described where they are: souk_catalogue looks. */
    if (type->stream != NULL && type->kind != SOUK_ROW && souk_messages_stream(&description->messages, souk_slice_of(type->stream)) == NULL)
        return souk_zpl_fail(description->zpl, souk_zpl_child(described->node, "stream"), err,
            "no stream `%s` is described", type->stream);
    node = souk_zpl_child(described->node, "refuses");
    for (i = 0; i < type->refuse_count; i++, node = souk_zpl_again(node)) {
        for (code = 0; code < description->messages.refusal_count; code++) {
            if (strcmp(description->refusals[code].code, type->refuses[i]) == 0)
                break;
        }
        if (code == description->messages.refusal_count)
            return souk_zpl_fail(description->zpl, node, err, "no refusal `%s` is described", type->refuses[i]);
    }
    if (type->kind != SOUK_EVENT && type->kind != SOUK_ROW)
        return 0;
    for (older = type; older != NULL; older = older->older) {
        if ((rc = check_personal(description, described, older, err)) != 0)
            return rc;
    }
    if (type->kind != SOUK_EVENT)
        return 0;
    if ((rc = resolve_viewers(description, described, err)) != 0)
        return rc;
    return resolve_causes(description, described, err);
}

/* public, person FIELD, role NAME. Without any the stream's audience stands: everybody, or nobody. */
static int
resolve_viewers(struct souk_description *description, const struct souk_described *described, struct souk_error *err)
{
    const struct souk_zpl_node *first = souk_zpl_child(described->node, "audience");
    struct souk_message_type *type = described->type;
    const struct souk_message_stream *stream;
    struct souk_message_viewer *viewers;
    const struct souk_zpl_node *node;
    size_t count = 1;
    int rc;

    stream = souk_messages_stream(&description->messages, souk_slice_of(type->stream));
    for (node = first; node != NULL; node = souk_zpl_again(node)) {
        if (count++ > SOUK_VIEWERS_MAX)
            return souk_zpl_fail(description->zpl, node, err, "more than %d lines `audience`", SOUK_VIEWERS_MAX);
    }
    if ((viewers = souk_arena_alloc(&description->arena, count * sizeof *viewers)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for who may see `%s`", type->name);
    type->viewers = viewers;
    if (first != NULL && stream->audience == SOUK_AUDIENCE_PRIVATE)
        return souk_zpl_fail(description->zpl, first, err, "stream `%s` is private: nobody else sees its events",
            stream->name);
    if (first == NULL && stream->audience == SOUK_AUDIENCE_PUBLIC)
        type->viewer_count = 1;                 /* everybody */
    for (node = first; node != NULL; node = souk_zpl_again(node)) {
        if ((rc = read_viewer(description, node, type, &viewers[type->viewer_count], err)) != 0)
            return rc;
        type->viewer_count++;
    }
    return 0;
}

static int
read_viewer(struct souk_description *description, const struct souk_zpl_node *node,
    const struct souk_message_type *type, struct souk_message_viewer *viewer, struct souk_error *err)
{
    const char *word = strchr(node->value, ' ');
    size_t i;

    if (strcmp(node->value, "public") == 0)
        return 0;
    if (word != NULL && strncmp(node->value, "role ", 5) == 0 && souk_description_is_name(word + 1, 0)) {
        viewer->role = word + 1;
        return 0;
    }
    for (i = 0; word != NULL && strncmp(node->value, "person ", 7) == 0 && i < type->field_count; i++) {
        if (strcmp(type->fields[i].name, word + 1) == 0 && type->fields[i].type == SOUK_FIELD_ID
            && !type->fields[i].is_list)
            viewer->person = &type->fields[i];
    }
    if (viewer->person != NULL)
        return 0;
    return souk_zpl_fail(description->zpl, node, err, "audience `%s`: public, `person FIELD` with a field of type id, or"
        " `role NAME` is meant", node->value);
}

/* A person can be forgotten: such a field is sealed, stays in a private stream and its tables, and may become absent. */
static int
check_personal(struct souk_description *description, const struct souk_described *described,
    const struct souk_message_type *type, struct souk_error *err)
{
    const struct souk_message_stream *stream;
    const struct souk_field *field;
    size_t i;

    stream = type->stream == NULL ? NULL : souk_messages_stream(&description->messages, souk_slice_of(type->stream));
    for (i = 0; i < type->field_count; i++) {
        field = &type->fields[i];
        if (!field->is_personal)
            continue;
        if (stream != NULL && stream->audience != SOUK_AUDIENCE_PRIVATE)
            return souk_zpl_fail(description->zpl, described->node, err, "the field `%s` is personal, and stream `%s`"
                " is not private", field->name, stream->name);
        if (!field->is_optional)
            return souk_zpl_fail(description->zpl, described->node, err, "the field `%s` is personal, so it has to be"
                " optional: a person can be forgotten", field->name);
    }
    return 0;
}

static int
resolve_causes(struct souk_description *description, const struct souk_described *described, struct souk_error *err)
{
    const struct souk_zpl_node *node = souk_zpl_child(described->node, "after");
    struct souk_message_type *type = described->type;
    struct souk_message_cause *causes;
    struct souk_message_cause *cause;
    const struct souk_message_type *named;
    size_t bytes = type->after_count * sizeof *causes;
    size_t i;

    if ((causes = souk_arena_alloc(&description->arena, bytes)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory for the causes of `%s`", type->name);
    memcpy(causes, type->after, bytes);
    type->after = causes;
    for (i = 0; i < type->after_count; i++, node = souk_zpl_again(node)) {
        cause = &causes[i];
        if (cause->kind == SOUK_CAUSE_REWOUND
            && souk_messages_stream(&description->messages, souk_slice_of(cause->name)) == NULL)
            return souk_zpl_fail(description->zpl, node, err, "no stream `%s` is described", cause->name);
        if (cause->kind != SOUK_CAUSE_EVENT)
            continue;
        named = souk_messages_find(&description->messages, souk_slice_of(cause->name));
        if (named == NULL)
            return fail_not_found(description, node, cause->name, err);
        if (named->kind != SOUK_COMMAND && named->kind != SOUK_EVENT)
            return souk_zpl_fail(description->zpl, node, err, "`%s` is a %s; an event follows from a command or event",
                cause->name, souk_message_kind_name(named->kind));
        cause->kind = named->kind == SOUK_COMMAND ? SOUK_CAUSE_COMMAND : SOUK_CAUSE_EVENT;
    }
    return 0;
}

static int
fail_not_found(struct souk_description *description, const struct souk_zpl_node *node, const char *name,
    struct souk_error *err)
{
    const struct souk_message_type *type;
    const char *nearest = NULL;
    size_t i;

    for (i = 0; i < description->messages.type_count; i++) {
        type = description->types[i];
        if (type->kind == SOUK_COMMAND || type->kind == SOUK_EVENT)
            souk_zpl_nearer(name, type->name, &nearest);
    }
    if (nearest != NULL)
        return souk_zpl_fail(description->zpl, node, err, "no command or event `%s` is described; did you mean `%s`?",
            name, nearest);
    return souk_zpl_fail(description->zpl, node, err, "no command or event `%s` is described", name);
}

/* ---- circles -------------------------------------------------------- */

static int
check_circles(struct souk_description *description, struct souk_error *err)
{
    const size_t count = description->messages.type_count;
    enum visit *visits;
    size_t *way;
    size_t i;
    int rc;

    visits = souk_arena_alloc(&description->arena, (count + 1) * sizeof *visits);
    way = souk_arena_alloc(&description->arena, (count + 1) * sizeof *way);
    if (visits == NULL || way == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory to look for circles");
    for (i = 0; i < count; i++) {
        way[0] = i;
        if (description->types[i]->kind == SOUK_EVENT && visits[i] == UNSEEN
            && (rc = follow(description, visits, way, 1, err)) != 0)
            return rc;
    }
    return 0;
}

/* From the last event on the way back to what it follows from, but for guarded causes. */
static int
follow(struct souk_description *description, enum visit *visits, size_t *way, size_t way_length,
    struct souk_error *err)
{
    const size_t last = way[way_length - 1];
    const struct souk_message_type *type = description->types[last];
    char circle[CIRCLE_TEXT_BYTES_MAX] = "";
    size_t used = 0;
    size_t cause;
    size_t i;
    size_t j;
    int rc;

    visits[last] = ON_THE_WAY;
    for (i = 0; i < type->after_count; i++) {
        if (type->after[i].kind != SOUK_CAUSE_EVENT || type->after[i].guard != NULL)
            continue;
        cause = index_of(description, type->after[i].name);
        if (visits[cause] == ON_THE_WAY) {
            for (j = way_length; j > 0 && used < sizeof circle; j--) {
                used += (size_t)snprintf(circle + used, sizeof circle - used, " -> %s",
                    description->types[way[j - 1]]->name);
                if (way[j - 1] == cause)
                    break;
            }
            return souk_zpl_fail(description->zpl, description->described[last].node, err,
                "events follow from each other in a circle without a guard: %s%s", type->after[i].name,
                used == 0 ? "" : circle);
        }
        way[way_length] = cause;
        if (visits[cause] == UNSEEN && (rc = follow(description, visits, way, way_length + 1, err)) != 0)
            return rc;
    }
    visits[last] = SEEN;
    return 0;
}

static size_t
index_of(const struct souk_description *description, const char *name)
{
    size_t i;

    for (i = 0; strcmp(description->types[i]->name, name) != 0; i++)
        assert(i + 1 < description->messages.type_count);
    return i;
}

/* ---- names in C ----------------------------------------------------- */

/* What differs only in a dot is one name in C. */
static int
check_c_names(struct souk_description *description, struct souk_error *err)
{
    const struct souk_messages *messages = &description->messages;
    const struct souk_zpl_node *root = souk_zpl_root(description->zpl);
    const struct souk_zpl_node *node;
    const struct souk_zpl_node *value;
    const struct souk_message_type *older;
    struct c_names names = { 0 };
    size_t i;
    int rc;

    rc = add_c_name(description, &names, root->child, err, "+%s_h", messages->application);
    for (node = souk_zpl_child(root, "stream"); node != NULL && rc == 0; node = souk_zpl_again(node))
        rc = add_c_name(description, &names, node, err, "+stream_%s", node->value);
    for (node = souk_zpl_child(root, "row"); node != NULL && rc == 0; node = souk_zpl_again(node))
        rc = add_c_name(description, &names, node, err, "+%s_table", node->value);
    for (node = souk_zpl_child(root, "enum"); node != NULL && rc == 0; node = souk_zpl_again(node)) {
        rc = add_c_name(description, &names, node, err, "%s", node->value);
        for (value = souk_zpl_child(node, "values")->child; value != NULL && rc == 0; value = value->next)
            rc = add_c_name(description, &names, value, err, "+%s_%s", node->value, value->name);
    }
    for (i = 0; i < messages->refusal_count && rc == 0; i++)
        rc = add_c_name(description, &names, description->refusal_nodes[i], err, "+%s", messages->refusals[i].code);
    for (i = 0; i < description->setting_count && rc == 0; i++)
        rc = add_c_name(description, &names, description->setting_nodes[i], err, "%s", description->settings[i]->name);
    for (i = 0; i < messages->type_count && rc == 0; i++) {
        rc = add_c_name(description, &names, description->described[i].node, err, "%s", messages->types[i]->name);
        for (older = messages->types[i]->older; older != NULL && rc == 0; older = older->older)
            rc = add_older_names(description, &names, description->described[i].node, older, err);
    }
    return rc;
}

static int
add_older_names(struct souk_description *description, struct c_names *names, const struct souk_zpl_node *node,
    const struct souk_message_type *older, struct souk_error *err)
{
    int rc;

    if ((rc = add_c_name(description, names, node, err, "%s_v%u", older->name, older->version)) != 0)
        return rc;
    return add_c_name(description, names, node, err, "%s", older->upcast_name);
}

/* A name that begins with + is a constant, in capital letters. */
static int
add_c_name(struct souk_description *description, struct c_names *names, const struct souk_zpl_node *node,
    struct souk_error *err, const char *format, ...)
{
    struct c_name *made;
    struct c_name *other;
    const char *from;
    va_list args;
    char name[C_NAME_BYTES_MAX];
    char *to;
    bool upper;

    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    if ((made = souk_arena_alloc(&description->arena, sizeof *made)) == NULL)
        return souk_fail(err, SOUK_ENOMEM, "no memory to compare names");
    made->node = node;
    upper = name[0] == '+';
    for (from = name + upper, to = made->name; *from != '\0'; from++, to++)
        *to = *from == '.' || *from == '-' ? '_' : upper ? (char)toupper((unsigned char)*from) : *from;
    for (other = names->first; other != NULL; other = other->next) {
        if (strcmp(other->name, made->name) == 0)
            return souk_zpl_fail(description->zpl, node, err, "this is named %s in C, as what stands in line %u",
                made->name, other->node->line);
    }
    made->next = names->first;
    names->first = made;
    return 0;
}
