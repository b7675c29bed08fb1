#include "souk_fit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "souk_evolution.h"
#include "souk_setting.h"
#include "souk_zpl.h"

/* One look at a topology. */
struct fitting {
    const struct souk_topology *topology;
    const struct souk_catalogue *catalogue;
    void (*say)(void *arg, enum souk_fit_grade grade, unsigned where, const char *sentence);
    void *arg;
    size_t wrong;
};

/* One comparison of two systems. */
struct breaking {
    void (*say)(void *arg, const char *sentence);
    void *arg;
    size_t count;
};

static void check_streams(struct fitting *fitting);
static void check_commands(struct fitting *fitting, const struct souk_topology_call *calls, size_t call_count,
    const struct souk_name *caller, unsigned where);
static void check_settings(struct fitting *fitting, const struct souk_topology_node *node);
static void check_type(struct fitting *fitting, const struct souk_message_type *type);
static void check_cause(struct fitting *fitting, const struct souk_message_type *event,
    const struct souk_topology_node *writer, const struct souk_message_cause *cause);
static void check_answer(struct fitting *fitting, const struct souk_message_type *event,
    const struct souk_topology_node *writer, const char *command);
static const struct souk_topology_node *callee_of(const struct souk_topology *topology, const char *message);
static bool sees(const struct souk_topology_node *node, const struct souk_topology_stream *stream);
static bool may_call(const struct souk_topology_node *caller, const struct souk_topology_node *callee,
    const char *command);
static void say(struct fitting *fitting, enum souk_fit_grade grade, unsigned where, const char *format, ...)
    SOUK_PRINTF(4, 5);
static void break_off(struct breaking *breaking, const char *format, ...) SOUK_PRINTF(2, 3);

size_t
souk_fit_check(const struct souk_topology *topology, const struct souk_catalogue *catalogue,
    void (*say_fit)(void *arg, enum souk_fit_grade grade, unsigned where, const char *sentence), void *arg)
{
    struct fitting fitting = { .topology = topology, .catalogue = catalogue, .say = say_fit, .arg = arg };
    const struct souk_messages *messages;
    size_t i;
    size_t k;

    if (catalogue->count == 0) {
        say(&fitting, SOUK_FIT_NOTE, 0, "names no message descriptions, so nothing was checked against any");
        return 0;
    }
    check_streams(&fitting);
    for (i = 0; i < topology->node_count; i++) {
        check_commands(&fitting, topology->nodes[i].calls, topology->nodes[i].call_count, &topology->nodes[i].name,
            topology->nodes[i].line);
        check_settings(&fitting, &topology->nodes[i]);
    }
    for (i = 0; i < topology->client_count; i++)
        check_commands(&fitting, topology->clients[i].calls, topology->clients[i].call_count,
            &topology->clients[i].name, 0);
    for (i = 0; i < catalogue->count; i++) {
        messages = souk_description_messages(catalogue->descriptions[i]);
        for (k = 0; k < messages->type_count; k++)
            check_type(&fitting, messages->types[k]);
    }
    return fitting.wrong;
}

size_t
souk_fit_breaks(const struct souk_topology *before, const struct souk_catalogue *catalogue_before,
    const struct souk_topology *after, const struct souk_catalogue *catalogue_after,
    void (*say_break)(void *arg, const char *sentence), void *arg)
{
    const struct souk_topology_stream *old;
    const struct souk_topology_stream *new;
    const struct souk_messages *messages;
    struct breaking breaking = { .say = say_break, .arg = arg };
    size_t i;
    size_t k;

    if (strcmp(before->name.text, after->name.text) != 0)
        break_off(&breaking, "system `%s` becomes `%s`: nobody of the one talks to the other", before->name.text,
            after->name.text);
    for (i = 0; i < before->stream_count; i++) {
        old = &before->streams[i];
        if ((new = souk_topology_stream(after, old->name.text)) == NULL)
            continue;
        if (strcmp(old->writer->name.text, new->writer->name.text) != 0)
            break_off(&breaking, "stream `%s` is written by `%s` instead of `%s`: a history has one writer for ever",
                old->name.text, new->writer->name.text, old->writer->name.text);
        if (old->is_private && !new->is_private)
            break_off(&breaking, "stream `%s` is private no more: what was said in confidence would be published",
                old->name.text);
    }
    for (i = 0; i < catalogue_before->count; i++) {
        messages = souk_description_messages(catalogue_before->descriptions[i]);
        for (k = 0; k < catalogue_after->count; k++) {
            if (strcmp(messages->application,
                    souk_description_messages(catalogue_after->descriptions[k])->application) == 0)
                breaking.count += souk_evolution_breaks(messages,
                    souk_description_messages(catalogue_after->descriptions[k]), say_break, arg);
        }
    }
    return breaking.count;
}

/* Each stream that is written is described, and seen by those for whom it is meant. */
static void
check_streams(struct fitting *fitting)
{
    const struct souk_topology_stream *stream;
    const struct souk_message_stream *described;
    const struct souk_messages *messages;
    const char *nearest;
    size_t i;
    size_t k;

    for (i = 0; i < fitting->topology->stream_count; i++) {
        stream = &fitting->topology->streams[i];
        described = souk_catalogue_stream(fitting->catalogue, souk_name_slice(&stream->name));
        if (described == NULL) {
            nearest = NULL;
            for (k = 0; k < fitting->catalogue->count; k++) {
                messages = souk_description_messages(fitting->catalogue->descriptions[k]);
                for (size_t n = 0; n < messages->stream_count; n++)
                    souk_zpl_nearer(stream->name.text, messages->streams[n].name, &nearest);
            }
            say(fitting, SOUK_FIT_WRONG, stream->writer->line, "stream `%s` of service `%s` is not described%s%s%s",
                stream->name.text, stream->writer->name.text, nearest == NULL ? "" : "; did you mean `",
                nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
        } else if (stream->is_private != (described->audience == SOUK_AUDIENCE_PRIVATE)) {
            say(fitting, SOUK_FIT_WRONG, stream->writer->line, "stream `%s` of service `%s` is %sprivate here, and %s"
                " by its description", stream->name.text, stream->writer->name.text, stream->is_private ? "" : "not ",
                stream->is_private ? "is not" : "is");
        }
    }
    for (k = 0; k < fitting->catalogue->count; k++) {
        messages = souk_description_messages(fitting->catalogue->descriptions[k]);
        for (i = 0; i < messages->stream_count; i++) {
            if (souk_topology_stream(fitting->topology, messages->streams[i].name) == NULL)
                say(fitting, SOUK_FIT_NOTE, 0, "stream `%s` is described, and nobody writes it",
                    messages->streams[i].name);
        }
    }
}

/* What somebody may send is described as a command. */
static void
check_commands(struct fitting *fitting, const struct souk_topology_call *calls, size_t call_count,
    const struct souk_name *caller, unsigned where)
{
    const struct souk_message_type *type;
    size_t i;
    size_t k;

    for (i = 0; i < call_count; i++) {
        for (k = 0; k < calls[i].command_count; k++) {
            type = souk_catalogue_find(fitting->catalogue, souk_slice_of(calls[i].commands[k]));
            if (type == NULL || type->kind != SOUK_COMMAND)
                say(fitting, SOUK_FIT_WRONG, where, "`%s` may send `%s`, which %s", caller->text,
                    calls[i].commands[k], type == NULL ? "is not described" : "is no command");
        }
    }
}

static void
check_settings(struct fitting *fitting, const struct souk_topology_node *node)
{
    const struct souk_setting *setting;
    struct souk_error err;
    size_t i;

    for (i = 0; i < node->set_count; i++) {
        if (souk_setting_find(souk_catalogue_settings(fitting->catalogue, node->name.text), node->name.text,
                &node->sets[i], &setting, &err) != 0)
            say(fitting, SOUK_FIT_WRONG, node->sets[i].line, "%s", err.text);
    }
}

static void
check_type(struct fitting *fitting, const struct souk_message_type *type)
{
    const struct souk_topology_stream *stream;
    size_t i;

    if ((type->kind == SOUK_COMMAND || type->kind == SOUK_QUERY) && callee_of(fitting->topology, type->name) == NULL)
        say(fitting, SOUK_FIT_NOTE, 0, "%s `%s` is described, and no service here takes it",
            souk_message_kind_name(type->kind), type->name);
    if (type->kind != SOUK_EVENT || (stream = souk_topology_stream(fitting->topology, type->stream)) == NULL)
        return;
    for (i = 0; i < type->after_count; i++)
        check_cause(fitting, type, stream->writer, &type->after[i]);
}

/* Whoever writes an event has to hear of what it follows from. */
static void
check_cause(struct fitting *fitting, const struct souk_message_type *event, const struct souk_topology_node *writer,
    const struct souk_message_cause *cause)
{
    const struct souk_message_type *type;
    const struct souk_topology_stream *stream = NULL;
    const char *name = cause->name;

    if (cause->kind == SOUK_CAUSE_COMMAND) {
        check_answer(fitting, event, writer, cause->name);
        return;
    }
    if (cause->kind == SOUK_CAUSE_TIMER)
        return;
    if (cause->kind == SOUK_CAUSE_EVENT && (type = souk_catalogue_find(fitting->catalogue,
            souk_slice_of(cause->name))) != NULL)
        name = type->stream;
    if ((stream = souk_topology_stream(fitting->topology, name)) == NULL)
        say(fitting, SOUK_FIT_NOTE, writer->line, "event `%s` may follow from `%s`, and nobody writes stream `%s`",
            event->name, cause->name, name);
    else if (!sees(writer, stream))
        say(fitting, SOUK_FIT_WRONG, writer->line, "service `%s` has to follow `%s`: its event `%s` follows from `%s`",
            writer->name.text, name, event->name, cause->name);
}

/* A command that the writer takes, or one that it sends and has an answer to. */
static void
check_answer(struct fitting *fitting, const struct souk_message_type *event, const struct souk_topology_node *writer,
    const char *command)
{
    const struct souk_topology_node *callee = callee_of(fitting->topology, command);

    if (callee == writer)
        return;
    if (callee == NULL)
        say(fitting, SOUK_FIT_WRONG, writer->line, "event `%s` of service `%s` follows from `%s`, and no service here"
            " takes that", event->name, writer->name.text, command);
    else if (!may_call(writer, callee, command))
        say(fitting, SOUK_FIT_WRONG, writer->line, "service `%s` has to be allowed to call `%s`: its event `%s` follows"
            " from `%s`", writer->name.text, callee->name.text, event->name, command);
}

/* The service that a command or query is for stands before the first dot of its name. */
static const struct souk_topology_node *
callee_of(const struct souk_topology *topology, const char *message)
{
    const size_t bytes = strcspn(message, ".");
    struct souk_name name;
    const struct souk_topology_node *node;

    if (souk_name_set(&name, (struct souk_slice){ message, bytes }) != 0)
        return NULL;
    node = souk_topology_node(topology, name.text);
    return node != NULL && node->kind == SOUK_NODE_SERVICE ? node : NULL;
}

static bool
sees(const struct souk_topology_node *node, const struct souk_topology_stream *stream)
{
    size_t i;

    if (stream->writer == node)
        return true;
    for (i = 0; i < node->follow_count; i++) {
        if (node->follows[i] == stream)
            return true;
    }
    return false;
}

static bool
may_call(const struct souk_topology_node *caller, const struct souk_topology_node *callee, const char *command)
{
    size_t i;
    size_t k;

    for (i = 0; i < caller->call_count; i++) {
        if (caller->calls[i].callee != callee)
            continue;
        for (k = 0; k < caller->calls[i].command_count; k++) {
            if (strcmp(caller->calls[i].commands[k], command) == 0)
                return true;
        }
        return caller->calls[i].command_count == 0;
    }
    return false;
}

static void
say(struct fitting *fitting, enum souk_fit_grade grade, unsigned where, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    fitting->wrong += grade == SOUK_FIT_WRONG;
    fitting->say(fitting->arg, grade, where, sentence);
}

static void
break_off(struct breaking *breaking, const char *format, ...)
{
    char sentence[SOUK_ERROR_TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    breaking->count++;
    breaking->say(breaking->arg, sentence);
}
