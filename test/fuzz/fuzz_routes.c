/*
 * The reader of routes, and the way from a request to a message. Up to the
 * first NUL the input is a routes file: it is refused with sentences that begin
 * with its name, or every route of it can be found by a path. What follows is a
 * path, parameters behind `?`, and behind the next NUL a body: a message that is packed is one of its type, and
 * has a place of its own.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <souk-json.h>

#include "../unit/routes_text.h"

#define NAME "fuzz.zpl"
#define LOCATION_BYTES 512

static struct routes_system rooms;
static bool is_open;

static void
hear(void *arg, unsigned line, const char *sentence)
{
    size_t *count = arg;

    assert(strncmp(sentence, NAME, strlen(NAME)) == 0);
    (*count)++;
}

/* What stands in front of the next NUL; `rest` is what stands behind it. */
static struct souk_slice
take_piece(struct souk_slice *rest)
{
    const char *begin = rest->base;
    const char *nul = rest->size_bytes == 0 ? NULL : memchr(begin, '\0', rest->size_bytes);
    struct souk_slice piece = { begin, nul == NULL ? rest->size_bytes : (size_t)(nul - begin) };
    const size_t taken = nul == NULL ? piece.size_bytes : piece.size_bytes + 1;

    *rest = (struct souk_slice){ begin == NULL ? NULL : begin + taken, rest->size_bytes - taken };
    return piece;
}

static void
look_through(const struct souk_routes *routes)
{
    const struct souk_route *route;
    struct souk_route_match match;
    size_t i;

    assert(routes->count > 0 && routes->count <= SOUK_ROUTES_MAX && routes->name != NULL);
    for (i = 0; i < routes->count; i++) {
        route = &routes->routes[i];
        assert(route->type != NULL && route->node != NULL && route->path.segment_count > 0);
        assert((route->type->kind == SOUK_QUERY) == (route->method == SOUK_ROUTE_GET));
        assert(route->deadline_ms > 0 && route->body_bytes_max > 0);
        /* Braces are as good as any value, so the path of a route is a path that it has. */
        assert(souk_routes_match(routes, route->method, souk_slice_of(route->path.text), &match) == 0);
    }
}

static void
ask(const struct souk_routes *routes, struct souk_slice target, json_t *body)
{
    const char *mark = target.size_bytes == 0 ? NULL : memchr(target.base, '?', target.size_bytes);
    struct souk_slice path = { target.base, mark == NULL ? target.size_bytes
        : (size_t)(mark - (const char *)target.base) };
    const struct souk_route_said said = { .parameters = { mark == NULL ? NULL : mark + 1, mark == NULL ? 0
        : target.size_bytes - path.size_bytes - 1 }, .body = body,
        .if_match = { body == NULL ? NULL : "7", body == NULL ? 0 : 1 },
        .secret_hash = { "0123456789abcdef0123456789abcdef", SOUK_ROUTES_SECRET_BYTES },
        .address = souk_slice_of("127.0.0.1") };
    char location[LOCATION_BYTES];
    struct souk_route_match match;
    struct souk_error err = { 0 };
    struct souk_pack pack;
    unsigned method;
    json_t *again;
    size_t bytes;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    for (method = 0; method < SOUK_ROUTE_METHODS; method++) {
        if (souk_routes_match(routes, method, path, &match) != 0)
            continue;
        souk_pack_reset(&pack);
        if (souk_route_pack(&match, &said, &pack, &err) != 0) {
            assert(err.code > 0 && err.text[0] != '\0');
            continue;
        }
        assert(souk_json_from_packed(match.route->type, souk_pack_slice(&pack), &again, &err) == 0);
        json_decref(again);
        bytes = souk_route_location(match.route, souk_pack_slice(&pack), location, sizeof location);
        assert(bytes == 0 || (bytes == strlen(location) && location[0] == '/'));
    }
    souk_pack_done(&pack);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct souk_slice rest = { bytes, size_bytes };
    struct souk_slice text = take_piece(&rest);
    struct souk_slice target = take_piece(&rest);
    struct souk_routes *routes = NULL;
    json_t *body = NULL;
    size_t sentences = 0;

    if (!is_open && !(is_open = routes_system_open(&rooms)))
        abort();
    if (souk_routes_parse(NAME, text, rooms.topology, rooms.bridge, &rooms.catalogue, &routes, hear, &sentences)
            != 0) {
        assert(routes == NULL && sentences > 0);
        return 0;
    }
    assert(sentences == 0);
    look_through(routes);
    if (rest.size_bytes == 0 || souk_json_parse(rest, &body, NULL) == 0)
        ask(routes, target, body);
    json_decref(body);
    souk_routes_close(&routes);
    return 0;
}
