/*
 * souk_setting - numbers of a service that a topology may set.
 *
 * The description of the messages says which there are, souk.messages(5); the
 * program has them compiled in, souk check reads them there. A topology knows
 * neither, so what it says is held against the list here.
 */
#ifndef SOUK_SETTING_H
#define SOUK_SETTING_H

#include <souk.h>
#include "souk_topology.h"
#include "souk_wiring.h"

/*
 * Which of `settings` (NULL: none) `set` means for `service`. -SOUK_EINVAL: none of them, or
 * not with that value; `err` says why, without file and line.
 */
SOUK_MUST_CHECK int souk_setting_find(const struct souk_setting *const *settings, const char *service,
    const struct souk_topology_set *set, const struct souk_setting **setting_out, struct souk_error *err);

/*
 * What `node` of `topology` says of the settings of the program's `service`, and
 * defaults. 0, or -SOUK_EINVAL, and `err` names file and line.
 */
SOUK_MUST_CHECK int souk_setting_values(const struct souk_topology *topology, const struct souk_topology_node *node,
    const struct souk_service *service, struct souk_set_values *values_out, struct souk_error *err);

#endif
