#include "souk_topology_parts.h"

#include <stdlib.h>
#include <string.h>

static void note(void *arg, const struct souk_zpl_node *at, const struct souk_error *err);
static bool is(const struct souk_zpl_node *node, const char *name);

/* The children of those names that have values, at most `count_max` of them, sorted by value. */
struct souk_topology_found
souk_topology_find(struct souk_topology_reading *reading, const struct souk_zpl_node *above, const char *name,
    const char *other_name, size_t count_max)
{
    struct souk_topology_found found = { .count = 0 };
    const struct souk_zpl_node *node;
    size_t count = 0;

    for (node = above->child; node != NULL; node = node->next)
        count += is(node, name) || is(node, other_name);
    if ((found.nodes = souk_topology_alloc(reading, count * sizeof *found.nodes)) == NULL)
        return found;
    for (node = above->child; node != NULL; node = node->next) {
        if (!is(node, name) && !is(node, other_name))
            continue;
        if (found.count == count_max) {
            souk_topology_wrong(reading, node, "more than %zu times `%s`", count_max, node->name);
            break;
        }
        found.nodes[found.count++] = node;
    }
    qsort(found.nodes, found.count, sizeof *found.nodes, souk_topology_by_value);
    return found;
}

int
souk_topology_by_value(const void *a, const void *b)
{
    const struct souk_zpl_node *const *first = a;
    const struct souk_zpl_node *const *second = b;
    const int order = strcmp((*first)->value, (*second)->value);

    return order != 0 ? order : (*first)->line < (*second)->line ? -1 : 1;
}

void
souk_topology_rules(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const struct souk_zpl_rule *rules)
{
    souk_zpl_check_all(reading->parts->zpl, node, rules, note, reading);
}

/* The sentence begins with file and line already. */
static void
note(void *arg, const struct souk_zpl_node *at, const struct souk_error *err)
{
    struct souk_topology_reading *reading = arg;
    const struct souk_topology_errors *errors = reading->errors;
    const size_t count = errors->count;

    souk_topology_wrong(reading, at, "%s", "");
    if (errors->count > count)
        memcpy(reading->errors->errors[count].text, err->text, sizeof err->text);
}

/* Does `node` say what `before`, the one in front of it by value, has said? */
bool
souk_topology_is_doubled(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const struct souk_zpl_node *before)
{
    if (strcmp(node->value, before->value) != 0)
        return false;
    if (strcmp(node->name, before->name) == 0)
        souk_topology_wrong(reading, node, "`%s = %s` is there already, in line %u", node->name, node->value,
            before->line);
    else
        souk_topology_wrong(reading, node, "`%s = %s`: the name is taken by `%s` in line %u", node->name, node->value,
            before->name, before->line);
    return true;
}

const struct souk_zpl_node *
souk_topology_valued(const struct souk_zpl_node *node, const char *name)
{
    const struct souk_zpl_node *child = souk_zpl_child(node, name);

    return child == NULL || !child->has_value ? NULL : child;
}

static bool
is(const struct souk_zpl_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}
