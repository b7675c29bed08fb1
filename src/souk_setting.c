#include "souk_setting.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "souk_core_parts.h"
#include "souk_zpl.h"

static const char *name_of(const struct souk_setting *setting, const char *service);

int
souk_setting_find(const struct souk_setting *const *settings, const char *service,
    const struct souk_topology_set *set, const struct souk_setting **setting_out, struct souk_error *err)
{
    const char *nearest = NULL;
    const char *name;
    bool has_any = false;

    for (; settings != NULL && *settings != NULL; settings++) {
        if ((name = name_of(*settings, service)) == NULL)
            continue;
        has_any = true;
        if (strcmp(name, set->name) != 0) {
            souk_zpl_nearer(set->name, name, &nearest);
            continue;
        }
        if (set->value < (*settings)->value_min || set->value > (*settings)->value_max)
            return souk_fail(err, SOUK_EINVAL, "`%s`: a number from %" PRIu64 " to %" PRIu64 " is meant, not %" PRIu64
                " (%s)", name, (*settings)->value_min, (*settings)->value_max, set->value, (*settings)->about);
        *setting_out = *settings;
        return 0;
    }
    if (!has_any)
        return souk_fail(err, SOUK_EINVAL, "`%s`: service `%s` has no settings", set->name, service);
    return souk_fail(err, SOUK_EINVAL, "service `%s` has no setting `%s`%s%s%s", service, set->name,
        nearest == NULL ? "" : "; did you mean `", nearest == NULL ? "" : nearest, nearest == NULL ? "" : "`?");
}

int
souk_setting_values(const struct souk_topology *topology, const struct souk_topology_node *node,
    const struct souk_service *service, struct souk_set_values *values_out, struct souk_error *err)
{
    const struct souk_setting *const *settings = service->settings;
    const struct souk_setting *setting;
    struct souk_error why;
    size_t i;
    size_t k;

    *values_out = (struct souk_set_values){ .count = 0 };
    for (i = 0; settings != NULL && settings[i] != NULL; i++) {
        assert(i < SOUK_SETTINGS_MAX && name_of(settings[i], service->name) != NULL);
        values_out->values[values_out->count++] = settings[i]->value_default;
    }
    for (i = 0; i < node->set_count; i++) {
        if (souk_setting_find(settings, service->name, &node->sets[i], &setting, &why) != 0)
            return souk_fail(err, SOUK_EINVAL, "%s:%u: %s", topology->path, node->sets[i].line, why.text);
        for (k = 0; settings[k] != setting; k++)
            continue;
        values_out->values[k] = node->sets[i].value;
    }
    return 0;
}

uint64_t
souk_decision_setting(const struct souk_decision *decision, const struct souk_setting *setting)
{
    const struct souk_set_values *set = &decision->core->wiring->settings;
    const struct souk_setting *const *settings = decision->core->service->settings;
    size_t i;

    for (i = 0; settings[i] != setting; i++)
        assert(settings[i] != NULL && "a setting that is not in the service's list");
    return i < set->count ? set->values[i] : setting->value_default;
}

/* What a topology calls it; NULL: it is not of that service. */
static const char *
name_of(const struct souk_setting *setting, const char *service)
{
    const size_t bytes = strlen(service);

    if (strncmp(setting->name, service, bytes) != 0 || setting->name[bytes] != '.')
        return NULL;
    return setting->name + bytes + 1;
}
