#include "souk_evolution.h"

#include <stdio.h>
#include <string.h>

#define SENTENCE_BYTES_MAX 400

struct breaks {
    const struct souk_messages *before;
    const struct souk_messages *after;
    void (*say)(void *arg, const char *sentence);
    void *arg;
    size_t count;
};

static void compare_streams(struct breaks *breaks);
static void compare_enums(struct breaks *breaks);
static void compare_types(struct breaks *breaks);
static void compare_type(struct breaks *breaks, const struct souk_message_type *before,
    const struct souk_message_type *after);
static void compare_key(struct breaks *breaks, const struct souk_message_type *before,
    const struct souk_message_type *after);
static void compare_fields(struct breaks *breaks, const struct souk_message_type *before,
    const struct souk_message_type *after);
static void compare_field(struct breaks *breaks, const struct souk_message_type *type,
    const struct souk_field *before, const struct souk_field *after);
static bool is_narrower(const struct souk_field *before, const struct souk_field *after);
static bool has_no_older(const struct souk_message_type *type);
static void say_break(struct breaks *breaks, const char *format, ...) SOUK_PRINTF(2, 3);

size_t
souk_evolution_breaks(const struct souk_messages *before, const struct souk_messages *after,
    void (*say)(void *arg, const char *sentence), void *arg)
{
    struct breaks breaks = { .before = before, .after = after, .say = say, .arg = arg };

    if (strcmp(before->application, after->application) != 0)
        say_break(&breaks, "application %s is another one than %s", after->application, before->application);
    compare_streams(&breaks);
    compare_enums(&breaks);
    compare_types(&breaks);
    return breaks.count;
}

static void
compare_streams(struct breaks *breaks)
{
    const struct souk_message_stream *before;
    const struct souk_message_stream *after;
    size_t i;

    for (i = 0; i < breaks->before->stream_count; i++) {
        before = &breaks->before->streams[i];
        after = souk_messages_stream(breaks->after, souk_slice_of(before->name));
        if (after == NULL)
            say_break(breaks, "stream %s is gone; its history is not", before->name);
        else if (after->audience != before->audience)
            say_break(breaks, "stream %s: its audience changes for what it holds already", before->name);
    }
}

static void
compare_enums(struct breaks *breaks)
{
    const struct souk_enum *before;
    const struct souk_enum *after;
    const char *name;
    size_t i;
    size_t j;

    for (i = 0; i < breaks->before->enum_count; i++) {
        before = breaks->before->enums[i];
        after = NULL;
        for (j = 0; j < breaks->after->enum_count; j++) {
            if (strcmp(breaks->after->enums[j]->name, before->name) == 0)
                after = breaks->after->enums[j];
        }
        /* One that nothing uses may go: whoever used it has changed its fields, which is seen there. */
        for (j = 0; j < before->value_count && after != NULL; j++) {
            name = souk_enum_name(after, before->values[j].number);
            if (name == NULL)
                say_break(breaks, "enum %s: value %s (%u) is gone", before->name, before->values[j].name,
                    before->values[j].number);
            else if (strcmp(name, before->values[j].name) != 0)
                say_break(breaks, "enum %s: number %u was %s and is %s", before->name, before->values[j].number,
                    before->values[j].name, name);
        }
    }
}

static void
compare_types(struct breaks *breaks)
{
    const struct souk_message_type *before;
    const struct souk_message_type *after;
    size_t i;

    for (i = 0; i < breaks->before->type_count; i++) {
        before = breaks->before->types[i];
        after = souk_messages_find(breaks->after, souk_slice_of(before->name));
        if (after != NULL)
            compare_type(breaks, before, after);
        else if (before->kind == SOUK_EVENT)
            say_break(breaks, "event %s is gone; the history still has it", before->name);
        else if (before->kind == SOUK_COMMAND || before->kind == SOUK_QUERY)
            say_break(breaks, "%s %s is gone; callers still know it", souk_message_kind_name(before->kind),
                before->name);
    }
}

static void
compare_type(struct breaks *breaks, const struct souk_message_type *before, const struct souk_message_type *after)
{
    const struct souk_message_type *older;

    if (after->kind != before->kind) {
        say_break(breaks, "%s was a %s and is a %s", before->name, souk_message_kind_name(before->kind),
            souk_message_kind_name(after->kind));
        return;
    }
    if ((before->subject == NULL) != (after->subject == NULL)
        || (before->subject != NULL && strcmp(before->subject->name, after->subject->name) != 0))
        say_break(breaks, "%s: its subject is another one, whose key does not open what was sealed", before->name);
    if (before->forgets != NULL && (after->forgets == NULL || strcmp(before->forgets->name, after->forgets->name) != 0))
        say_break(breaks, "%s: whom it forgets would be remembered", before->name);
    if (after->kind == SOUK_EVENT && strcmp(before->stream, after->stream) != 0)
        say_break(breaks, "event %s was in stream %s and is in %s", before->name, before->stream, after->stream);
    if (after->version < before->version) {
        say_break(breaks, "%s: version %u was there already, and %u is the newest now", before->name, before->version,
            after->version);
        return;
    }
    if (after->kind == SOUK_EVENT || (after->kind == SOUK_ROW && after->version == before->version))
        compare_key(breaks, before, after);
    if (has_no_older(before) && after->version > before->version)
        return;
    for (; before != NULL; before = before->older) {
        older = souk_message_version(after, before->version);
        if (older == NULL)
            say_break(breaks, "%s: version %u is not read any more: keep it as `older`", before->name,
                before->version);
        else
            compare_fields(breaks, before, older);
    }
}

/* Whoever reads them is upgraded together with who writes them. */
static bool
has_no_older(const struct souk_message_type *type)
{
    return type->kind == SOUK_REPLY || type->kind == SOUK_ROW;
}

static void
compare_key(struct breaks *breaks, const struct souk_message_type *before, const struct souk_message_type *after)
{
    bool is_same = before->key_field_count == after->key_field_count;
    size_t i;

    for (i = 0; is_same && i < before->key_field_count; i++)
        is_same = strcmp(before->fields[before->key_fields[i]].name, after->fields[after->key_fields[i]].name) == 0;
    if (!is_same)
        say_break(breaks, "%s: its key is another one", before->name);
}

static void
compare_fields(struct breaks *breaks, const struct souk_message_type *before, const struct souk_message_type *after)
{
    const struct souk_field *field;
    size_t i;

    for (i = 0; i < before->field_count; i++) {
        if (i >= after->field_count) {
            say_break(breaks, "%s: field %s is gone", before->name, before->fields[i].name);
            return;
        }
        if (strcmp(before->fields[i].name, after->fields[i].name) != 0) {
            say_break(breaks, "%s: field %s stands where %s was; fields are neither renamed nor moved", before->name,
                after->fields[i].name, before->fields[i].name);
            return;
        }
        compare_field(breaks, before, &before->fields[i], &after->fields[i]);
    }
    for (; i < after->field_count; i++) {
        field = &after->fields[i];
        if (!field->is_optional && field->default_packed.base == NULL)
            say_break(breaks, "%s: the new field %s is neither optional nor has a default", before->name, field->name);
    }
}

static void
compare_field(struct breaks *breaks, const struct souk_message_type *type, const struct souk_field *before,
    const struct souk_field *after)
{
    const char *why = NULL;

    if (before->type != after->type)
        why = "has another type";
    else if (before->is_list != after->is_list)
        why = before->is_list ? "was a list" : "has become a list";
    else if (before->is_optional != after->is_optional)
        why = before->is_optional ? "was optional" : "has become optional";
    else if (before->is_personal != after->is_personal)
        why = before->is_personal ? "was personal" : "has become personal";
    else if (before->type == SOUK_FIELD_ENUM && strcmp(before->values->name, after->values->name) != 0)
        why = "has another enum";
    else if (before->type == SOUK_FIELD_RECORD && strcmp(before->record->name, after->record->name) != 0)
        why = "has another record";
    else if ((before->default_packed.base == NULL) != (after->default_packed.base == NULL)
        || !souk_slice_equal(before->default_packed, after->default_packed))
        why = "has another default, which is what older messages would be read as";
    else if (is_narrower(before, after))
        why = "has narrower limits than what was written with";
    if (why != NULL)
        say_break(breaks, "%s version %u: field %s %s", type->name, type->version, before->name, why);
}

static bool
is_narrower(const struct souk_field *before, const struct souk_field *after)
{
    if (after->bytes_max < before->bytes_max || after->count_max < before->count_max)
        return true;
    if (after->value_min > before->value_min)
        return true;
    if (after->type == SOUK_FIELD_I64)
        return (int64_t)after->value_max < (int64_t)before->value_max;
    return after->value_max < before->value_max;
}

static void
say_break(struct breaks *breaks, const char *format, ...)
{
    char sentence[SENTENCE_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    breaks->say(breaks->arg, sentence);
    breaks->count++;
}
