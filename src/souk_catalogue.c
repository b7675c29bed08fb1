#include "souk_catalogue.h"

#include <string.h>

#include "daemon.h"
#include "eventstore.h"
#include "ops.h"
#include "parking.h"
#include "recovery.h"

static int check_rows(const struct souk_catalogue *catalogue, size_t index, struct souk_error *err);
static int check_alone(const struct souk_catalogue *catalogue, size_t index, struct souk_error *err);

int
souk_catalogue_init(struct souk_catalogue *catalogue, const struct souk_topology *topology, struct souk_error *err)
{
    size_t i;
    int rc;

    *catalogue = (struct souk_catalogue){ .count = 0 };
    for (i = 0; i < topology->message_count; i++) {
        rc = souk_description_open(topology->messages[i], &catalogue->descriptions[i], err);
        if (rc != 0)
            return rc;
        catalogue->paths[catalogue->count++] = topology->messages[i];
        if ((rc = check_alone(catalogue, i, err)) != 0)
            return rc;
    }
    for (i = 0; i < catalogue->count; i++) {
        if ((rc = check_rows(catalogue, i, err)) != 0)
            return rc;
    }
    return 0;
}

void
souk_catalogue_done(struct souk_catalogue *catalogue)
{
    size_t i;

    for (i = 0; i < SOUK_TOPOLOGY_MESSAGES_MAX; i++)
        souk_description_close(&catalogue->descriptions[i]);
    catalogue->count = 0;
}

const struct souk_message_type *
souk_catalogue_find(const struct souk_catalogue *catalogue, struct souk_slice name)
{
    static const struct souk_messages *const built_in[] = { &daemon_messages, &eventstore_messages, &parking_messages,
        &recovery_messages, &ops_messages };
    const struct souk_message_type *type = NULL;
    size_t i;

    for (i = 0; i < catalogue->count && type == NULL; i++)
        type = souk_messages_find(souk_description_messages(catalogue->descriptions[i]), name);
    for (i = 0; i < sizeof built_in / sizeof built_in[0] && type == NULL; i++)
        type = souk_messages_find(built_in[i], name);
    return type;
}

const struct souk_message_stream *
souk_catalogue_stream(const struct souk_catalogue *catalogue, struct souk_slice name)
{
    const struct souk_message_stream *stream = NULL;
    size_t i;

    for (i = 0; i < catalogue->count && stream == NULL; i++)
        stream = souk_messages_stream(souk_description_messages(catalogue->descriptions[i]), name);
    return stream;
}

const struct souk_setting *const *
souk_catalogue_settings(const struct souk_catalogue *catalogue, const char *service)
{
    const struct souk_setting *const *settings;
    const size_t bytes = strlen(service);
    size_t i;
    size_t k;

    for (i = 0; i < catalogue->count; i++) {
        settings = souk_description_messages(catalogue->descriptions[i])->settings;
        for (k = 0; settings != NULL && settings[k] != NULL; k++) {
            if (strncmp(settings[k]->name, service, bytes) == 0 && settings[k]->name[bytes] == '.')
                return settings;
        }
    }
    return NULL;
}

/* Is each stream that fills a table of description `index` described somewhere? */
static int
check_rows(const struct souk_catalogue *catalogue, size_t index, struct souk_error *err)
{
    const struct souk_messages *own = souk_description_messages(catalogue->descriptions[index]);
    const struct souk_message_type *type;
    size_t i;

    for (i = 0; i < own->type_count; i++) {
        type = own->types[i];
        if (type->kind == SOUK_ROW && type->stream != NULL
            && souk_catalogue_stream(catalogue, souk_slice_of(type->stream)) == NULL)
            return souk_fail(err, SOUK_EINVAL, "%s: row `%s` is of stream `%s`, which no `messages` of the topology"
                " describes", catalogue->paths[index], type->name, type->stream);
    }
    return 0;
}

/* Does description `index` say nothing that an earlier one has said? */
static int
check_alone(const struct souk_catalogue *catalogue, size_t index, struct souk_error *err)
{
    const struct souk_messages *own = souk_description_messages(catalogue->descriptions[index]);
    const struct souk_messages *other;
    struct souk_slice name;
    size_t i;
    size_t k;

    for (k = 0; k < index; k++) {
        other = souk_description_messages(catalogue->descriptions[k]);
        for (i = 0; i < own->type_count; i++) {
            name = souk_slice_of(own->types[i]->name);
            if (own->types[i]->kind != SOUK_RECORD && own->types[i]->kind != SOUK_ROW
                && souk_messages_find(other, name) != NULL)
                return souk_fail(err, SOUK_EINVAL, "%s: `%s` is described in %s, too", catalogue->paths[index],
                    own->types[i]->name, catalogue->paths[k]);
        }
        for (i = 0; i < own->stream_count; i++) {
            if (souk_messages_stream(other, souk_slice_of(own->streams[i].name)) != NULL)
                return souk_fail(err, SOUK_EINVAL, "%s: stream `%s` is described in %s, too", catalogue->paths[index],
                    own->streams[i].name, catalogue->paths[k]);
        }
    }
    return 0;
}
