#include "souk_routes_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int begin(struct souk_routes_reading *reading);
static int end(struct souk_routes_reading *reading, int rc, struct souk_routes **routes_out);
static int fail(struct souk_routes_reading *reading, const struct souk_error *err);
static size_t split(struct souk_slice path, struct souk_slice segments_out[SOUK_ROUTE_SEGMENTS_MAX]);
static bool fits(const struct souk_route_path *path, const struct souk_slice *segments, size_t segment_count);
static bool is_nearer(const struct souk_route_path *path, const struct souk_route_path *other);

const char *
souk_route_method_name(enum souk_route_method method)
{
    static const char *const names[SOUK_ROUTE_METHODS] = {
        [SOUK_ROUTE_GET] = "GET",
        [SOUK_ROUTE_POST] = "POST",
        [SOUK_ROUTE_PUT] = "PUT",
        [SOUK_ROUTE_PATCH] = "PATCH",
        [SOUK_ROUTE_DELETE] = "DELETE",
    };

    return names[method];
}

int
souk_routes_open(const struct souk_topology *topology, const struct souk_topology_client *client,
    const struct souk_catalogue *catalogue, struct souk_routes **routes_out,
    void (*say)(void *arg, unsigned line, const char *sentence), void *arg)
{
    struct souk_routes_reading reading = { .topology = topology, .client = client, .catalogue = catalogue, .say = say,
        .arg = arg };
    struct souk_error err;
    int rc;

    if ((rc = begin(&reading)) == 0 && (rc = souk_zpl_open(client->routes, &reading.routes->parts->zpl, &err)) != 0)
        (void)fail(&reading, &err);
    return end(&reading, rc, routes_out);
}

int
souk_routes_parse(const char *name, struct souk_slice text, const struct souk_topology *topology,
    const struct souk_topology_client *client, const struct souk_catalogue *catalogue,
    struct souk_routes **routes_out, void (*say)(void *arg, unsigned line, const char *sentence), void *arg)
{
    struct souk_routes_reading reading = { .topology = topology, .client = client, .catalogue = catalogue, .say = say,
        .arg = arg };
    struct souk_error err;
    int rc;

    if ((rc = begin(&reading)) == 0 && (rc = souk_zpl_parse(name, text, &reading.routes->parts->zpl, &err)) != 0)
        (void)fail(&reading, &err);
    return end(&reading, rc, routes_out);
}

void
souk_routes_close(struct souk_routes **routes_p)
{
    struct souk_routes *routes = *routes_p;

    if (routes == NULL)
        return;
    if (routes->parts != NULL) {
        souk_zpl_close(&routes->parts->zpl);
        souk_arena_done(&routes->parts->arena);
        free(routes->parts);
    }
    free(routes);
    *routes_p = NULL;
}

static int
begin(struct souk_routes_reading *reading)
{
    struct souk_error err;

    if ((reading->routes = calloc(1, sizeof *reading->routes)) == NULL
        || (reading->routes->parts = calloc(1, sizeof *reading->routes->parts)) == NULL) {
        (void)souk_fail(&err, SOUK_ENOMEM, "no memory to read the routes");
        return fail(reading, &err);
    }
    souk_arena_init(&reading->routes->parts->arena, 0);
    return 0;
}

static int
end(struct souk_routes_reading *reading, int rc, struct souk_routes **routes_out)
{
    struct souk_error err;

    if (rc == 0 && (rc = souk_routes_read(reading)) != 0) {
        (void)souk_fail(&err, SOUK_ENOMEM, "no memory to read the routes");
        (void)fail(reading, &err);
    }
    if (rc == 0 && reading->wrong > 0)
        rc = -SOUK_EINVAL;
    if (rc != 0)
        souk_routes_close(&reading->routes);
    else
        *routes_out = reading->routes;
    return rc;
}

static int
fail(struct souk_routes_reading *reading, const struct souk_error *err)
{
    reading->wrong++;
    reading->say(reading->arg, 0, err->text);
    return -err->code;
}

/* ---- matching ------------------------------------------------------- */

int
souk_routes_match(const struct souk_routes *routes, enum souk_route_method method, struct souk_slice path,
    struct souk_route_match *match_out)
{
    struct souk_slice segments[SOUK_ROUTE_SEGMENTS_MAX];
    const size_t segment_count = split(path, segments);
    const struct souk_route *route;
    size_t i;

    match_out->route = NULL;
    match_out->methods = 0;
    if (segment_count == 0)
        return -SOUK_ENOTFOUND;
    for (i = 0; i < routes->count; i++) {
        route = &routes->routes[i];
        if (!fits(&route->path, segments, segment_count))
            continue;
        match_out->methods |= 1u << route->method;
        if (route->method == method
            && (match_out->route == NULL || is_nearer(&route->path, &match_out->route->path)))
            match_out->route = route;
    }
    for (i = 0; i < segment_count; i++)
        match_out->values[i] = segments[i];
    if (match_out->route != NULL)
        return 0;
    return match_out->methods == 0 ? -SOUK_ENOTFOUND : -SOUK_EINVAL;
}

const char *
souk_routes_page(const struct souk_routes *routes, struct souk_slice path)
{
    struct souk_slice segments[SOUK_ROUTE_SEGMENTS_MAX];
    const struct souk_route_page *found = NULL;
    size_t segment_count;
    size_t i;

    if (routes->page_count == 0 || (segment_count = split(path, segments)) == 0)
        return NULL;
    for (i = 0; i < routes->page_count; i++) {
        if (fits(&routes->pages[i].path, segments, segment_count)
            && (found == NULL || is_nearer(&routes->pages[i].path, &found->path)))
            found = &routes->pages[i];
    }
    return found == NULL ? NULL : found->file;
}

/* What lies between slashes; 0: no path that a route could have. "/" is one empty segment. */
static size_t
split(struct souk_slice path, struct souk_slice segments_out[SOUK_ROUTE_SEGMENTS_MAX])
{
    const char *at = path.base;
    const char *const path_end = path.size_bytes == 0 ? at : at + path.size_bytes;
    const char *slash;
    size_t count = 0;

    if (path.size_bytes == 0 || *at != '/')
        return 0;
    do {
        at++;
        if ((slash = memchr(at, '/', (size_t)(path_end - at))) == NULL)
            slash = path_end;
        if (count == SOUK_ROUTE_SEGMENTS_MAX || (slash == at && path.size_bytes > 1))
            return 0;
        segments_out[count++] = (struct souk_slice){ at, (size_t)(slash - at) };
        at = slash;
    } while (at < path_end);
    return count;
}

static bool
fits(const struct souk_route_path *path, const struct souk_slice *segments, size_t segment_count)
{
    size_t i;

    if (path->segment_count != segment_count)
        return false;
    for (i = 0; i < segment_count; i++) {
        if (path->segments[i].field == NULL && !souk_slice_equal(path->segments[i].text, segments[i]))
            return false;
    }
    return true;
}

/* Of two that fit, the one with a literal where the other takes a value. */
static bool
is_nearer(const struct souk_route_path *path, const struct souk_route_path *other)
{
    size_t i;

    for (i = 0; i < path->segment_count; i++) {
        if ((path->segments[i].field == NULL) != (other->segments[i].field == NULL))
            return path->segments[i].field == NULL;
    }
    return false;
}
