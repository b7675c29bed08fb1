#include "souk_description.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_setting(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_setting *setting, struct souk_error *err);
static bool read_number(const char **at_p, const char *behind, uint64_t *number_out);

int
souk_description_settings(struct souk_description *description, const struct souk_zpl_node *node,
    struct souk_error *err)
{
    const struct souk_zpl_node *child;
    struct souk_setting *setting;
    size_t of_service;
    size_t bytes;
    size_t i;
    int rc;

    for (child = node->child; child != NULL; child = child->next) {
        if ((setting = souk_arena_alloc(&description->arena, sizeof *setting)) == NULL)
            return souk_fail(err, SOUK_ENOMEM, "no memory for the setting `%s`", child->name);
        if ((rc = read_setting(description, child, setting, err)) != 0)
            return rc;
        bytes = strcspn(child->name, ".") + 1;
        of_service = 0;
        for (i = 0; i < description->setting_count; i++) {
            if (strcmp(description->settings[i]->name, child->name) == 0)
                return souk_zpl_fail(description->zpl, child, err, "setting `%s` is there already, in line %u",
                    child->name, description->setting_nodes[i]->line);
            of_service += strncmp(description->settings[i]->name, child->name, bytes) == 0;
        }
        if (of_service == SOUK_SETTINGS_MAX)
            return souk_zpl_fail(description->zpl, child, err, "service `%.*s` has %d settings already, and that"
                " is all", (int)bytes - 1, child->name, SOUK_SETTINGS_MAX);
        description->settings[description->setting_count] = setting;
        description->setting_nodes[description->setting_count++] = child;
    }
    return 0;
}

/* SERVICE.NAME = MIN..MAX default VALUE, ABOUT */
static int
read_setting(struct souk_description *description, const struct souk_zpl_node *node, struct souk_setting *setting,
    struct souk_error *err)
{
    const char *at = node->value;

    if (!souk_description_is_name(node->name, 1) || strchr(node->name, '.') != strrchr(node->name, '.'))
        return souk_zpl_fail(description->zpl, node, err, "`%s` is no name for a setting: service.name_unit is meant",
            node->name);
    if (!node->has_value || node->child != NULL || !read_number(&at, "..", &setting->value_min)
        || !read_number(&at, " default ", &setting->value_max) || !read_number(&at, ", ", &setting->value_default)
        || *at == '\0')
        return souk_zpl_fail(description->zpl, node, err, "%s = MIN..MAX default VALUE, ABOUT is meant, and nothing"
            " stands below it", node->name);
    if (setting->value_min > setting->value_default || setting->value_default > setting->value_max)
        return souk_zpl_fail(description->zpl, node, err, "%s: its default is not within its own bounds", node->name);
    setting->name = node->name;
    setting->about = at;
    return 0;
}

/* Decimal digits, and what stands behind them. */
static bool
read_number(const char **at_p, const char *behind, uint64_t *number_out)
{
    char *end;

    errno = 0;
    *number_out = strtoull(*at_p, &end, 10);
    if (**at_p < '0' || **at_p > '9' || errno != 0 || strncmp(end, behind, strlen(behind)) != 0)
        return false;
    *at_p = end + strlen(behind);
    return true;
}
