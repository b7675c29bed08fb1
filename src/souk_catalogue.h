/*
 * souk_catalogue - the message descriptions of a system, read at run time and
 * looked at as one.
 */
#ifndef SOUK_CATALOGUE_H
#define SOUK_CATALOGUE_H

#include <souk-message.h>
#include "souk_topology.h"

struct souk_catalogue {
    size_t count;
    const char *paths[SOUK_TOPOLOGY_MESSAGES_MAX];              /* borrowed from the topology */
    struct souk_description *descriptions[SOUK_TOPOLOGY_MESSAGES_MAX];
};

/*
 * Read every description that `topology`, which is borrowed, names. Release with
 * souk_catalogue_done(), also after a failure. Fails like souk_description_open(),
 * and with -SOUK_EINVAL when two of them describe one message or one stream.
 */
SOUK_MUST_CHECK int souk_catalogue_init(struct souk_catalogue *catalogue, const struct souk_topology *topology,
    struct souk_error *err);
void souk_catalogue_done(struct souk_catalogue *catalogue);

/*
 * A command, query, reply or event in its newest version, of the descriptions
 * or of what every event store, service or daemon answers; NULL when nobody describes it.
 */
const struct souk_message_type *souk_catalogue_find(const struct souk_catalogue *catalogue, struct souk_slice name);
const struct souk_message_stream *souk_catalogue_stream(const struct souk_catalogue *catalogue,
    struct souk_slice name);
/* The list, ended by NULL, in which the settings of `service` are described, among others; NULL: it has none. */
const struct souk_setting *const *souk_catalogue_settings(const struct souk_catalogue *catalogue, const char *service);

#endif
