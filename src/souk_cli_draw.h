/*
 * souk_cli_draw - a topology as a picture: a tree for people, a graph for
 * dot(1), JSON for programs.
 */
#ifndef SOUK_CLI_DRAW_H
#define SOUK_CLI_DRAW_H

#include <jansson.h>
#include <stdio.h>

#include "souk_cli.h"
#include "souk_topology.h"

/* Services with their streams, and below each stream who follows it; then event stores. To the standard output. */
void souk_cli_draw(const struct souk_cli *cli, const struct souk_topology *topology);
/* Full arrows are streams, dashed ones requests; event stores, which see everything, stand apart. */
void souk_cli_draw_dot(const struct souk_topology *topology, FILE *out);
/* What the topology says, without limits. NULL without memory. */
json_t *souk_cli_draw_json(const struct souk_topology *topology);

#endif
