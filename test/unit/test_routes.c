/*
 * What a routes file may say and what it may not; which route a path means; and
 * which message a request says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <souk-json.h>

#include "routes_text.h"

#define HEAD "routes = book\n"
#define KNOWN HEAD "    session\n        pass = book.pass\n        guest = book.pass\n"
#define SIGN "route = POST /sign\n    command = book.sign\n"
#define PAGE "route = GET /api/pages/{page_id}\n    query = book.page\n"
#define WRITE "route = POST /api/pages\n    command = book.write\n"
#define OPERATORS "route = GET /x\n    query = ops.system\n"
#define LOOK "route = GET /look\n    query = book.look\n"
#define ID "01935d2c-0000-7000-8000-000000000001"
#define SAID_BYTES 8192
#define TEXT_BYTES (64 * 1024)

static struct routes_system bench;

struct said {
    char text[SAID_BYTES];
    unsigned line;                              /* of the last sentence */
};

static void
hear(void *arg, unsigned line, const char *sentence)
{
    struct said *said = arg;

    said->line = line;
    (void)snprintf(said->text + strlen(said->text), sizeof said->text - strlen(said->text), "%s\n", sentence);
}

static void
refused(const char *text, const char *sentences)
{
    struct said said = { .text = "" };
    struct souk_routes *routes = NULL;

    assert_int_not_equal(souk_routes_parse("r.zpl", souk_slice_of(text), bench.topology, bench.bridge,
        &bench.catalogue, &routes, hear, &said), 0);
    assert_null(routes);
    assert_string_equal(said.text, sentences);
}

static struct souk_routes *
good(const char *text)
{
    struct said said = { .text = "" };
    struct souk_routes *routes = NULL;

    if (souk_routes_parse("r.zpl", souk_slice_of(text), bench.topology, bench.bridge, &bench.catalogue, &routes, hear,
            &said) != 0)
        fail_msg("%s", said.text);
    return routes;
}

/* ---- the file ------------------------------------------------------- */

static void
what_is_missing_or_unknown_is_said(void **state)
{
    refused("", "r.zpl: `routes` is missing\nr.zpl: `route` is missing\n");
    refused(HEAD "    abut = x\n" PAGE "    quarry = x\n",
        "r.zpl:2: `abut` is not known here; did you mean `about`?\n"
        "r.zpl:5: `quarry` is not known here; did you mean `query`?\n");
    refused(HEAD "route = GET /x\n", "r.zpl:2: `route = GET /x`: either a `query` or a `command` or `events` are meant\n");
    refused(HEAD PAGE "    command = book.write\n",
        "r.zpl:2: `route = GET /api/pages/{page_id}`: either a `query` or a `command` or `events` are meant\n");
}

static void
a_method_goes_with_what_it_does(void **state)
{
    static const char methods[] = "`route`: METHOD /PATH is meant, with one of GET, POST, PUT, PATCH, DELETE, not";
    char sentence[256];

    (void)snprintf(sentence, sizeof sentence, "r.zpl:2: %s `TRACE /x`\n", methods);
    refused(HEAD "route = TRACE /x\n    query = book.page\n", sentence);
    (void)snprintf(sentence, sizeof sentence, "r.zpl:2: %s `/x`\n", methods);
    refused(HEAD "route = /x\n    query = book.page\n", sentence);
    refused(HEAD "route = POST /x/{page_id}\n    query = book.page\n",
        "r.zpl:3: a query changes nothing: it is asked with GET, not POST\n");
    refused(HEAD "route = GET /x\n    command = book.write\n",
        "r.zpl:3: a command changes something: it is sent with POST, PUT, PATCH or DELETE, not GET\n"
        "r.zpl:2: a GET cannot carry `lines` of `book.write`: it is a list of records or of money\n");
}

static void
messages_are_described_and_may_be_sent(void **state)
{
    refused(HEAD "route = GET /x\n    query = book.pege\n",
        "r.zpl:3: no query `book.pege` is described; did you mean `book.page`?\n");
    refused(HEAD "route = GET /x\n    query = book.write\n", "r.zpl:3: `book.write` is described as a command\n");
    refused(HEAD "route = DELETE /x/{page_id}\n    command = book.burn\n", "r.zpl:3: `client = bridge` may not send"
        " `book.burn`: the topology has no `call = book` below it that says so\n");
    refused(HEAD "route = GET /x\n    query = ops.system\n", "r.zpl:3: `ops.system` is for operators: the topology has no"
        " `operator_role` below `client = bridge`\n");
}

/* Who would be let through here and turned away by every node, and who is nobody. */
static void
operators_have_a_role_that_nodes_know(void **state)
{
    static const char *const roles[] = { "admin", "night-watch" };
    const struct souk_topology_client *bridge = bench.bridge;
    struct souk_topology_client front = *bridge;
    struct souk_routes *routes;

    front.operator_roles = roles;
    front.operator_role_count = 2;
    bench.bridge = &front;
    refused(HEAD OPERATORS, "r.zpl:2: `route = GET /x` is for operators, and nobody says who they are: a `role` is"
        " missing\n");
    refused(KNOWN OPERATORS, "r.zpl:5: `route = GET /x` is for operators, and nobody says who they are: a `role` is"
        " missing\n");
    refused(KNOWN OPERATORS "    role = admin\n    role = night\n", "r.zpl:5: `route = GET /x`: nodes take this from"
        " nobody for having role `night`: the topology has no `operator_role = night` below `client = bridge`\n");
    routes = good(KNOWN OPERATORS "    role = night-watch\n    role = admin\n");
    souk_routes_close(&routes);
    front.operator_role_count = 0;
    front.is_operator = true;
    routes = good(HEAD OPERATORS);              /* nobody is known, and nobody asked */
    souk_routes_close(&routes);
    refused(KNOWN OPERATORS, "r.zpl:5: `route = GET /x` is for operators, and nobody says who they are: a `role` is"
        " missing\n");
    bench.bridge = bridge;
}

static void
paths_have_values_for_fields(void **state)
{
    char text[TEXT_BYTES];
    unsigned i;

    refused(HEAD "route = GET /x/{page}\n    query = book.page\n",
        "r.zpl:2: `book.page` has no field `page`\n");
    refused(HEAD "route = GET /x/{page_ids}\n    query = book.page\n",
        "r.zpl:2: `book.page` has no field `page_ids`; did you mean `page_id`?\n");
    refused(HEAD "route = GET /x/{page_id}/{page_id}\n    query = book.page\n",
        "r.zpl:2: `{page_id}` is in the path twice\n");
    refused(HEAD "route = GET /x/{price}\n    query = book.look\n",
        "r.zpl:2: `price` of `book.look` is more than one text: a path cannot hold it\n");
    refused(HEAD "route = GET /x/{words}\n    query = book.look\n",
        "r.zpl:2: `words` of `book.look` is more than one text: a path cannot hold it\n");
    refused(HEAD "route = GET x\n    query = book.look\n",
        "r.zpl:2: a path begins with a slash and has at most 255 bytes, unlike `x`\n");
    refused(HEAD "route = GET /x//y\n    query = book.look\n", "r.zpl:2: `` in a path: letters, digits, - . _ ~, not"
        " beginning with a dot, or {FIELD} is meant\n");
    refused(HEAD "route = GET /x/..\n    query = book.look\n", "r.zpl:2: `..` in a path: letters, digits, - . _ ~, not"
        " beginning with a dot, or {FIELD} is meant\n");
    refused(HEAD "route = GET /x/%41\n    query = book.look\n", "r.zpl:2: `%41` in a path: letters, digits, - . _ ~,"
        " not"
        " beginning with a dot, or {FIELD} is meant\n");
    for (i = 0; i < 2; i++) {
        (void)strcpy(text, HEAD "route = GET ");
        while (strlen(text) < strlen(HEAD "route = GET ") + 2 * (SOUK_ROUTE_SEGMENTS_MAX + i))
            (void)strcat(text, "/a");
        (void)strcat(text, "\n    query = book.look\n");
        if (i == 0)
            souk_routes_close(&(struct souk_routes *){ good(text) });
        else
            refused(text, "r.zpl:2: more than 16 pieces between slashes\n");
    }
    for (i = 0; i < 2; i++) {
        (void)sprintf(text, HEAD "route = GET /%0*d\n    query = book.look\n",
            (int)(SOUK_ROUTE_PATH_BYTES_MAX - 1 + i), 7);
        if (i == 0) {
            souk_routes_close(&(struct souk_routes *){ good(text) });
        } else {
            struct said said = { .text = "" };
            struct souk_routes *routes = NULL;

            assert_int_not_equal(souk_routes_parse("r.zpl", souk_slice_of(text), bench.topology, bench.bridge,
                &bench.catalogue, &routes, hear, &said), 0);
            assert_non_null(strstr(said.text, "at most 255 bytes"));
        }
    }
}

static void
a_get_can_carry_what_it_has_to(void **state)
{
    refused(HEAD "route = GET /x\n    query = book.lines\n",
        "r.zpl:2: a GET cannot carry `lines` of `book.lines`: it is a list of records or of money\n");
}

static void
a_method_and_path_are_there_once(void **state)
{
    refused(HEAD PAGE "route = GET /api/pages/{text}\n    query = book.look\n",
        "r.zpl:4: `GET /api/pages/{text}` is a route already, in line 2\n");
    refused(HEAD LOOK LOOK, "r.zpl:4: `GET /look` is a route already, in line 2\n");
}

static void
refusals_have_statuses(void **state)
{
    struct souk_routes *routes;

    refused(HEAD PAGE "    refusals\n        book.unknwn = 410\n        book.unknown = 399\n        book.full = 410\n",
        "r.zpl:5: `book.page` does not refuse with `book.unknwn`; did you mean `book.unknown`?\n"
        "r.zpl:6: `book.unknown`: a number from 400 to 499 is meant, not `399`\n"
        "r.zpl:7: `book.page` does not refuse with `book.full`\n");
    refused(HEAD "    refusals\n        book.empty = 410\n" PAGE, "r.zpl:3: no route's message refuses with"
        " `book.empty`\n");
    refused(HEAD PAGE "    refusals\n        book.unknown = 500\n        book.unknown = 410\n",
        "r.zpl:5: `book.unknown`: a number from 400 to 499 is meant, not `500`\n"
        "r.zpl:6: `book.unknown` is given twice, first in line 5\n");
    routes = good(HEAD "    refusals\n        book.unknown = 410\n        book.full = 499\n" PAGE WRITE
        "route = GET /p/{page_id}\n    query = book.page\n    refusals\n        book.unknown = 400\n");
    assert_int_equal(souk_route_refusal_status(&routes->routes[0], souk_slice_of("book.unknown")), 410);
    assert_int_equal(souk_route_refusal_status(&routes->routes[1], souk_slice_of("book.full")), 499);
    assert_int_equal(souk_route_refusal_status(&routes->routes[2], souk_slice_of("book.unknown")), 400);
    assert_int_equal(souk_route_refusal_status(&routes->routes[0], souk_slice_of("book.other")), 404);
    assert_int_equal(souk_route_refusal_status(&routes->routes[1], souk_slice_of("book.other")), 409);
    souk_routes_close(&routes);
}

static void
choices_are_for_what_they_are_of(void **state)
{
    struct souk_routes *routes;

    refused(HEAD PAGE "    location = /x\n    key = required\n    durability = local\n    body_bytes_max = 1\n",
        "r.zpl:4: `location` is said of commands, and this is a query\n"
        "r.zpl:5: `key` is said of commands, and this is a query\n"
        "r.zpl:6: `durability` is said of commands, and this is a query\n"
        "r.zpl:7: `body_bytes_max` is said of commands, and this is a query\n");
    refused(HEAD WRITE "    key = yes\n    durability = disk\n    deadline_ms = 60001\n    body_bytes_max = 65537\n"
        "    location = /api/{lines}\n",
        "r.zpl:8: `lines` of `book.write` is more than one text: a path cannot hold it\n"
        "r.zpl:6: `deadline_ms`: a number from 1 to 60000 is meant, not `60001`\n"
        "r.zpl:7: `body_bytes_max`: a number from 1 to 65536 is meant, not `65537`\n"
        "r.zpl:4: `key`: required or optional is meant, not `yes`\n"
        "r.zpl:5: `durability`: local or recorded is meant, not `disk`\n");
    routes = good(HEAD WRITE "    key = required\n    durability = recorded\n    deadline_ms = 60000\n"
        "    body_bytes_max = 65536\n    location = /api/pages/{page_id}\n");
    assert_true(routes->routes[0].needs_key && routes->routes[0].is_recorded);
    assert_int_equal(routes->routes[0].deadline_ms, 60000);
    souk_routes_close(&routes);
}

/* Every limit at its end and one past it. */
static void
limits_have_limits(void **state)
{
    const struct souk_routes_number *number;
    struct souk_routes *routes;
    char expected[256];
    char text[512];
    uint64_t value;

    for (number = souk_routes_numbers; number->name != NULL; number++) {
        (void)sprintf(text, HEAD "    limits\n        %s = %ju\n" PAGE, number->name, (uintmax_t)number->value_max);
        routes = good(text);
        memcpy(&value, (const char *)&routes->limits + number->offset, sizeof value);
        assert_int_equal(value, number->value_max);
        souk_routes_close(&routes);
        (void)sprintf(text, HEAD "    limits\n        %s = %ju\n" PAGE, number->name, (uintmax_t)number->value_min);
        souk_routes_close(&(struct souk_routes *){ good(text) });
        for (value = number->value_min - 1;; value = number->value_max + 1) {
            (void)sprintf(text, HEAD "    limits\n        %s = %ju\n" PAGE, number->name, (uintmax_t)value);
            (void)sprintf(expected, "r.zpl:3: `%s`: a number from %ju to %ju is meant, not `%ju`\n", number->name,
                (uintmax_t)number->value_min, (uintmax_t)number->value_max, (uintmax_t)value);
            refused(text, expected);
            if (value == number->value_max + 1)
                break;
        }
    }
    refused(HEAD "    limits\n        header_mz = 1\n" PAGE,
        "r.zpl:3: `header_mz` is not known here; did you mean `header_ms`?\n");
}

static void
there_are_so_many_routes(void **state)
{
    char *text = malloc(TEXT_BYTES);
    unsigned i;

    assert_non_null(text);
    (void)strcpy(text, HEAD);
    for (i = 0; i < SOUK_ROUTES_MAX; i++)
        (void)sprintf(text + strlen(text), "route = GET /r%u\n    query = book.look\n", i);
    souk_routes_close(&(struct souk_routes *){ good(text) });
    (void)strcat(text, "route = GET /one-more\n    query = book.look\n");
    refused(text, "r.zpl:514: more than 256 routes\n");
    free(text);
}

/* ---- matching ------------------------------------------------------- */

static void
matches(const struct souk_routes *routes, enum souk_route_method method, const char *path, int rc, size_t index,
    unsigned methods)
{
    struct souk_route_match match;

    assert_int_equal(souk_routes_match(routes, method, souk_slice_of(path), &match), rc);
    assert_int_equal(match.methods, methods);
    if (rc == 0)
        assert_ptr_equal(match.route, &routes->routes[index]);
}

static void
a_path_means_one_route(void **state)
{
    const unsigned get = 1u << SOUK_ROUTE_GET;
    const unsigned post = 1u << SOUK_ROUTE_POST;
    struct souk_routes *routes = good(HEAD "route = GET /\n    query = book.look\n" PAGE WRITE
        "route = GET /api/pages\n    query = book.look\nroute = GET /api/pages/new\n    query = book.look\n"
        "route = GET /{text}/pages/{id}\n    query = book.look\n");

    matches(routes, SOUK_ROUTE_GET, "/", 0, 0, get);
    matches(routes, SOUK_ROUTE_GET, "/api/pages/7", 0, 1, get);
    matches(routes, SOUK_ROUTE_GET, "/api/pages/new", 0, 4, get);
    matches(routes, SOUK_ROUTE_GET, "/other/pages/7", 0, 5, get);
    matches(routes, SOUK_ROUTE_POST, "/api/pages", 0, 2, get | post);
    matches(routes, SOUK_ROUTE_GET, "/api/pages", 0, 3, get | post);
    matches(routes, SOUK_ROUTE_DELETE, "/api/pages", -SOUK_EINVAL, 0, get | post);
    matches(routes, SOUK_ROUTE_POST, "/api/pages/7", -SOUK_EINVAL, 0, get);
    matches(routes, SOUK_ROUTE_GET, "", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "api", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "//", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/api", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/api/pages/", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/api//pages", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/API/pages", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/api/%70ages", -SOUK_ENOTFOUND, 0, 0);
    matches(routes, SOUK_ROUTE_GET, "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q", -SOUK_ENOTFOUND, 0, 0);
    souk_routes_close(&routes);
}

/* ---- messages ------------------------------------------------------- */

/* What the message of a request to `routes` is, as JSON, or why there is none. */
static void
says_tagged(const struct souk_routes *routes, enum souk_route_method method, const char *path, const char *parameters,
    const char *body, const char *tag, const char *expected)
{
    struct souk_route_said said = { .parameters = souk_slice_of(parameters), .if_match = souk_slice_of(tag) };
    struct souk_route_match match;
    struct souk_error err = { 0 };
    struct souk_pack pack;
    json_t *json = NULL;
    char *text;

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert_int_equal(souk_routes_match(routes, method, souk_slice_of(path), &match), 0);
    if (body != NULL)
        assert_int_equal(souk_json_parse(souk_slice_of(body), &said.body, &err), 0);
    if (souk_route_pack(&match, &said, &pack, &err) != 0) {
        assert_string_equal(err.text, expected);
    } else {
        assert_int_equal(souk_json_from_packed(match.route->type, souk_pack_slice(&pack), &json, &err), 0);
        assert_non_null(text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS));
        assert_string_equal(text, expected);
        free(text);
    }
    json_decref(json);
    json_decref(said.body);
    souk_pack_done(&pack);
}

static void
says(const struct souk_routes *routes, enum souk_route_method method, const char *path, const char *parameters,
    const char *body, const char *expected)
{
    says_tagged(routes, method, path, parameters, body, NULL, expected);
}

static void
parameters_become_fields(void **state)
{
    struct souk_routes *routes = good(HEAD LOOK);

    says(routes, SOUK_ROUTE_GET, "/look", "", NULL, "{\"numbers\":[],\"words\":[]}");
    says(routes, SOUK_ROUTE_GET, "/look", "small=255&large=9007199254740991&below=-9007199254740991&yes=true", NULL,
        "{\"below\":-9007199254740991,\"large\":9007199254740991,\"numbers\":[],"
        "\"small\":255,\"words\":[],\"yes\":true}");
    says(routes, SOUK_ROUTE_GET, "/look", "large=18446744073709551615&below=-9223372036854775808&yes=false", NULL,
        "{\"below\":\"-9223372036854775808\",\"large\":\"18446744073709551615\","
        "\"numbers\":[],\"words\":[],\"yes\":false}");
    says(routes, SOUK_ROUTE_GET, "/look", "text=a+b%2Bc%20d%3D%26=x&mood=sad&at_ms=0&bytes=AQI&id=" ID, NULL,
        "{\"at_ms\":0,\"bytes\":\"AQI\",\"id\":\"" ID "\",\"mood\":\"sad\",\"numbers\":[],\"text\":\"a b+c"
            " d=&=x\",\"words\":[]}");
    says(routes, SOUK_ROUTE_GET, "/look", "from.at_ms=7&price.minor=-5&from.id=" ID "&price.currency=EUR", NULL,
        "{\"from\":{\"at_ms\":7,\"id\":\"" ID "\"},\"numbers\":[],"
        "\"price\":{\"currency\":\"EUR\",\"minor\":-5},\"words\":[]}");
    says(routes, SOUK_ROUTE_GET, "/look", "numbers=1&words=x&numbers=2&words=", NULL,
        "{\"numbers\":[1,2],\"words\":[\"x\",\"\"]}");
    souk_routes_close(&routes);
}

static void
parameters_that_cannot_be_meant_are_refused(void **state)
{
    struct souk_routes *routes = good(HEAD LOOK);
    char many[8 * (SOUK_ROUTE_PARAMETERS_MAX + 1)] = "";
    unsigned i;

    says(routes, SOUK_ROUTE_GET, "/look", "smal=1", NULL,
        "book.look: has no parameter \"smal\"; did you mean \"small\"?");
    says(routes, SOUK_ROUTE_GET, "/look", "\x01%00=1", NULL, "book.look: has no parameter \"?%00\"");
    says(routes, SOUK_ROUTE_GET, "/look", "small=1&small=1", NULL, "book.look.small: is given twice");
    says(routes, SOUK_ROUTE_GET, "/look", "small", NULL, "a parameter without `=`: NAME=VALUE is meant");
    says(routes, SOUK_ROUTE_GET, "/look", "small=1&&text=x", NULL, "a parameter without `=`: NAME=VALUE is meant");
    says(routes, SOUK_ROUTE_GET, "/look", "small=256", NULL,
        "book.look.small: a whole number from 0 to 255 is meant, not 256");
    says(routes, SOUK_ROUTE_GET, "/look", "small=01", NULL,
        "book.look.small: a whole number from 0 to 255 is meant, not this string");
    says(routes, SOUK_ROUTE_GET, "/look", "text=%0", NULL, "book.look.text: is no percent-encoded UTF-8");
    says(routes, SOUK_ROUTE_GET, "/look", "text=%zz", NULL, "book.look.text: is no percent-encoded UTF-8");
    says(routes, SOUK_ROUTE_GET, "/look", "text=%00", NULL, "book.look.text: is no percent-encoded UTF-8");
    says(routes, SOUK_ROUTE_GET, "/look", "text=%ff", NULL, "book.look.text: is no percent-encoded UTF-8");
    says(routes, SOUK_ROUTE_GET, "/look", "from=x", NULL, "book.look.from: has parts; give them as from.PART=...");
    says(routes, SOUK_ROUTE_GET, "/look", "price=5", NULL, "book.look.price: has parts; give them as price.minor=...");
    says(routes, SOUK_ROUTE_GET, "/look", "from.when=1", NULL, "book.look: has no parameter \"when\"");
    says(routes, SOUK_ROUTE_GET, "/look", "text.x=1", NULL,
        "book.look: has no parameter \"text.x\"; did you mean \"text\"?");
    says(routes, SOUK_ROUTE_GET, "/look", "from.at_ms=1", NULL, "book.look.from.id: is missing");
    says(routes, SOUK_ROUTE_GET, "/look", "numbers=1&numbers=2&numbers=3&numbers=4", NULL,
        "book.look.numbers: an array of at most 3 values is meant, not this array");
    for (i = 0; i < SOUK_ROUTE_PARAMETERS_MAX; i++)
        (void)strcat(many, i == 0 ? "words=" : "&words=");
    says(routes, SOUK_ROUTE_GET, "/look", many, NULL,
        "book.look.words: an array of at most 3 values is meant, not this array");
    (void)strcat(many, "&words=");
    says(routes, SOUK_ROUTE_GET, "/look", many, NULL, "more than 128 parameters");
    souk_routes_close(&routes);
}

static void
path_and_body_say_each_field_once(void **state)
{
    struct souk_routes *routes = good(HEAD
        "route = PUT /api/pages/{page_id}/{number}/{text}\n    command = book.write\n" PAGE);
    const char *path = "/api/pages/" ID "/7/a%20b+c%2F..";

    says(routes, SOUK_ROUTE_PUT, path, "", "{\"lines\":[]}",
        "{\"lines\":[],\"number\":7,\"page_id\":\"" ID "\",\"text\":\"a b+c/..\"}");
    says(routes, SOUK_ROUTE_PUT, path, "", "{\"lines\":[],\"number\":7}",
        "book.write.number: stands in the path; leave it out of the body");
    says(routes, SOUK_ROUTE_PUT, path, "", "{\"lines\":[],\"price\":7}", "book.write: has no field \"price\"");
    says(routes, SOUK_ROUTE_PUT, path, "", "{}", "book.write.lines: is missing");
    says(routes, SOUK_ROUTE_PUT, path, "", NULL, "book.write.lines: is missing");
    says(routes, SOUK_ROUTE_PUT, path, "", "[]", "an object is meant as the body");
    says(routes, SOUK_ROUTE_PUT, path, "x=1", "{\"lines\":[]}", "a command takes no parameters behind `?`");
    says(routes, SOUK_ROUTE_PUT, "/api/pages/" ID "/7/%00", "", "{\"lines\":[]}",
        "book.write.text: is no percent-encoded UTF-8");
    says(routes, SOUK_ROUTE_GET, "/api/pages/" ID, "page_id=" ID, NULL, "book.page.page_id: is given twice");
    souk_routes_close(&routes);
}

static void
answers_are_kept_as_it_is_said(void **state)
{
    static const char wrong[] = "`cache`: no-store, revalidate, private SECONDS or public SECONDS is meant, with 1 to"
        " 31536000 seconds, not";
    const char *const caches[] = { "x", "no-store 1", "revalidate 1", "private", "public 0", "public 31536001",
        "public 1x", "public -1", "private 01" };
    struct souk_routes *routes;
    char expected[256];
    char text[256];
    size_t i;

    for (i = 0; i < sizeof caches / sizeof caches[0]; i++) {
        (void)sprintf(text, HEAD PAGE "    cache = %s\n", caches[i]);
        (void)sprintf(expected, "r.zpl:4: %s `%s`\n", wrong, caches[i]);
        refused(text, expected);
    }
    refused(HEAD WRITE "    cache = revalidate\n    etag = text\n",
        "r.zpl:4: `cache` is said of queries, and this is a command\n"
        "r.zpl:5: `etag` is said of queries, and this is a command\n");
    refused(HEAD PAGE "    etag = text\n    cache = no-store\n",
        "r.zpl:4: `text` of `book.page_reply` is not what an entity tag can hold: a number, an id, a time\n"
        "r.zpl:4: `etag` is for answers that are kept: say `cache`\n");
    refused(HEAD PAGE "    etag = revison\n    cache = revalidate\n", "r.zpl:4: `book.page_reply` has no field"
        " `revison`; did you mean `revision`?\n");
    refused(HEAD PAGE "    if_match = page_id\n", "r.zpl:4: `if_match` is said of commands, and this is a query\n");
    routes = good(HEAD PAGE "    cache = public 31536000\n    etag = revision\n" LOOK
        "    cache = private 1\n");
    assert_int_equal(routes->routes[0].cache, SOUK_ROUTE_CACHE_PUBLIC);
    assert_int_equal(routes->routes[0].cache_seconds, 31536000);
    assert_string_equal(routes->routes[0].etag->name, "revision");
    assert_int_equal(routes->routes[1].cache, SOUK_ROUTE_CACHE_PRIVATE);
    souk_routes_close(&routes);
}

static void
pages_stand_for_paths(void **state)
{
    struct souk_routes *routes;
    char text[TEXT_BYTES];
    unsigned i;

    refused(HEAD PAGE "page = /p/{id}\n    file = p.html\npage = x\n    file = /x.html\npage = /y\n",
        "r.zpl:5: `file`: the path that a request would name it by is meant, such as /post.html, not `p.html`\n"
        "r.zpl:4: a page needs `files` below `routes`\n"
        "r.zpl:6: a path begins with a slash and has at most 255 bytes, unlike `x`\n"
        "r.zpl:6: a page needs `files` below `routes`\n"
        "r.zpl:8: `file` is missing below `page = /y`\n"
        "r.zpl:8: a page needs `files` below `routes`\n");
    routes = good(HEAD "    files = out\n" PAGE "page = /p/{id}\n    file = /p.html\n"
        "page = /p/new\n    file = /new.html\n");
    assert_string_equal(routes->files, "out");
    assert_string_equal(souk_routes_page(routes, souk_slice_of("/p/7")), "/p.html");
    assert_string_equal(souk_routes_page(routes, souk_slice_of("/p/new")), "/new.html");
    assert_null(souk_routes_page(routes, souk_slice_of("/p")));
    assert_null(souk_routes_page(routes, souk_slice_of("/p/7/8")));
    souk_routes_close(&routes);
    (void)strcpy(text, HEAD "    files = out\n" PAGE);
    for (i = 0; i < SOUK_ROUTES_PAGES_MAX; i++)
        (void)sprintf(text + strlen(text), "page = /p%u\n    file = /p.html\n", i);
    souk_routes_close(&(struct souk_routes *){ good(text) });
    (void)strcat(text, "page = /one-more\n    file = /p.html\n");
    refused(text, "r.zpl:133: more than 64 pages\n");
}

static void
rates_and_roles_have_limits(void **state)
{
    static const char wrong[] = "`rate`: REQUESTS per SECONDS is meant, such as 10 per 60, with at most 1000000"
        " requests and 86400 seconds, not";
    const char *const rates[] = { "10", "0 per 1", "1 per 0", "1000001 per 1", "1 per 86401", "1 per 1x", "-1 per 1",
        "x per y" };
    struct souk_routes *routes;
    char expected[256];
    char text[512];
    size_t i;

    for (i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        (void)sprintf(text, HEAD PAGE "    rate = %s\n", rates[i]);
        (void)sprintf(expected, "r.zpl:4: %s `%s`\n", wrong, rates[i]);
        refused(text, expected);
    }
    refused(KNOWN PAGE "    role = Staff\n    role = staff\n    role = staff\n",
        "r.zpl:7: `Staff` is no name for a role: 1 to 31 of a-z 0-9 - . beginning with a letter\n"
        "r.zpl:9: `role = staff` is there already\n");
    (void)strcpy(text, KNOWN PAGE "    rate = 1000000 per 86400\n");
    for (i = 0; i < SOUK_ROUTE_ROLES_MAX; i++)
        (void)sprintf(text + strlen(text), "    role = r%zu\n", i);
    routes = good(text);
    assert_int_equal(routes->routes[0].role_count, SOUK_ROUTE_ROLES_MAX);
    assert_int_equal(routes->routes[0].rate, 1000000);
    souk_routes_close(&routes);
    (void)strcat(text, "    role = one-more\n");
    refused(text, "r.zpl:16: more than 8 roles\n");
}

static void
a_tag_is_a_field_of_the_command(void **state)
{
    struct souk_routes *routes = good(HEAD WRITE "    if_match = number\nroute = PUT /p\n    command = book.write\n");
    const char *body = "{\"page_id\":\"" ID "\",\"text\":\"x\",\"lines\":[]}";

    says_tagged(routes, SOUK_ROUTE_POST, "/api/pages", "", body, "7",
        "{\"lines\":[],\"number\":7,\"page_id\":\"" ID "\",\"text\":\"x\"}");
    says_tagged(routes, SOUK_ROUTE_POST, "/api/pages", "", body, "x",
        "book.write.number: a whole number from 0 to 4294967295 is meant, not this string");
    says_tagged(routes, SOUK_ROUTE_POST, "/api/pages", "", "{\"number\":7}", "7",
        "book.write.number: is what If-Match says; leave it out of the body");
    says_tagged(routes, SOUK_ROUTE_PUT, "/p", "", body, "7", "book.write: takes no If-Match");
    souk_routes_close(&routes);
}

/* Whoever asks may be somebody only when the file says how a browser is known. */
static void
sessions_are_said_in_whole(void **state)
{
    struct souk_routes *routes = good(KNOWN "        seconds = 60\n" PAGE "    session = maybe\n" SIGN
        "    session = begin hash\n    address = from\n    outcomes\n        book.signed = book.unknown\n"
        "route = DELETE /sign\n    command = book.sign\n    session = end hash\n");

    assert_int_equal(routes->session.seconds, 60);
    assert_string_equal(routes->session.person.type->name, "book.pass");
    assert_string_equal(routes->session.guest.node->name.text, "book");
    assert_true(souk_route_asks_who(&routes->routes[0]));
    assert_string_equal(routes->routes[1].secret_hash->name, "hash");
    assert_string_equal(routes->routes[1].address->name, "from");
    assert_string_equal(souk_route_outcome(&routes->routes[1], souk_slice_of("book.signed")), "book.unknown");
    assert_null(souk_route_outcome(&routes->routes[1], souk_slice_of("book.sign")));
    assert_int_equal(routes->routes[2].session, SOUK_ROUTE_SESSION_END);
    souk_routes_close(&routes);
    routes = good(HEAD PAGE);
    assert_false(souk_route_asks_who(&routes->routes[0]));
    souk_routes_close(&routes);
    refused(HEAD PAGE "    session = maybe\n", "r.zpl:2: `route = GET /api/pages/{page_id}` is for somebody, and `routes`"
        " has no `session` that says how a browser is known\n");
    refused(HEAD "    session\n        pass = book.page\n" PAGE, "r.zpl:3: `book.page` is not asked with the secret of a"
        " session alone, a field of 32 bytes\n");
    refused(HEAD "    session\n        guest = book.pass\n        seconds = 59\n" PAGE, "r.zpl:2: `pass` is"
        " missing below `session`\nr.zpl:4: `seconds`: a number from 60 to 34560000 is meant, not `59`\n");
    refused("routes = Book\n    session\n        pass = book.pass\n" PAGE, "r.zpl:2: `routes = Book`: a cookie is called"
        " after it: 1 to 31 of a-z 0-9 - . beginning with a letter are meant\n");
    refused(KNOWN PAGE "    session = begin hash\n", "r.zpl:7: a query neither begins nor ends a session: `session ="
        " maybe` is meant\n");
    refused(KNOWN PAGE "    session = maybe\n    cache = public 5\n", "r.zpl:5: what is answered to somebody must not be"
        " kept for others: `cache = private` is meant\n");
    refused(KNOWN PAGE "    session = maybe\n    role = x\n", "r.zpl:5: `session = maybe` is for everybody, and a `role`"
        " is not\n");
    refused(HEAD "    session\n        pass = book.pass\n" SIGN "    session = guest\n", "r.zpl:4: `session = guest` needs"
        " `guest` in the `session` of `routes`\n");
}

static void
a_session_has_fields_of_its_command(void **state)
{
    refused(KNOWN SIGN "    session = begin\n", "r.zpl:7: `session`: maybe, guest, begin FIELD or end FIELD is meant, not"
        " `begin`\n");
    refused(KNOWN SIGN "    session = guest hash\n", "r.zpl:7: `session`: maybe, guest, begin FIELD or end FIELD is meant,"
        " not `guest hash`\n");
    refused(KNOWN SIGN "    session = begin small\n", "r.zpl:7: `book.sign` has no field `small` of 32 bytes, for the hash"
        " of a session's secret\n");
    refused(KNOWN SIGN "    session = end from\n", "r.zpl:7: `book.sign` has no field `from` of 32 bytes, for the hash of a"
        " session's secret\n");
    refused(KNOWN SIGN "    address = narrow\n", "r.zpl:7: `book.sign` has no field `narrow` of at least 46 bytes of text, for"
        " an address\n");
    refused(KNOWN SIGN "    outcomes\n        book.sign = book.unknown\n        book.signed = book.full\n",
        "r.zpl:8: no event `book.sign` is described\nr.zpl:9: `book.sign` does not refuse with `book.full`\n");
    refused(KNOWN PAGE "    outcomes\n        book.signed = book.unknown\n", "r.zpl:7: `outcomes` is said of commands, and"
        " this is a query\n");
}

/* Of streams that the bridge follows, and nothing that is said of messages. */
static void
events_are_of_streams_that_are_followed(void **state)
{
    struct souk_routes *routes = good(KNOWN "route = GET /events\n    events = book\n    session = maybe\n    rate = 5 per 1\n");

    assert_null(routes->routes[0].type);
    assert_int_equal(routes->routes[0].event_count, 1);
    assert_string_equal(routes->routes[0].events[0]->name.text, "book");
    assert_int_equal(routes->limits.events_kept_max, 10000);
    souk_routes_close(&routes);
    refused(HEAD "route = GET /events\n    events = books\n", "r.zpl:3: `client = bridge` does not follow `books`: the"
        " topology has no `follow = books` below it\n");
    refused(HEAD "route = POST /events\n    events = book\n", "r.zpl:2: events are asked for with GET, not POST\n");
    refused(HEAD "route = GET /events\n    events = book\n    query = book.look\n", "r.zpl:2: `route = GET /events`: either"
        " a `query` or a `command` or `events` are meant\n");
    refused(HEAD "route = GET /events\n    events = book\n    cache = revalidate\n    deadline_ms = 5\n",
        "r.zpl:4: `cache` is said of messages, and these are events\n"
        "r.zpl:5: `deadline_ms` is said of messages, and these are events\n");
    refused(HEAD "    session\n        pass = book.pass\n        renewed_by = book.signed\n        renewed_by = book.write\n" PAGE,
        "r.zpl:4: the key of `book.signed` is no person's id\nr.zpl:5: no event `book.write` is described\n");
}

static void
a_place_is_percent_encoded(void **state)
{
    struct souk_routes *routes = good(HEAD WRITE "    location = /p/{page_id}/{number}/{text}\n");
    struct souk_route_match match;
    struct souk_pack pack;
    struct souk_route_said said = { .body = NULL };
    char text[256];

    souk_pack_init(&pack, SOUK_PAYLOAD_BYTES_MAX);
    assert_int_equal(souk_routes_match(routes, SOUK_ROUTE_POST, souk_slice_of("/api/pages"), &match), 0);
    said.body = json_pack("{ss si ss s[]}", "page_id", ID, "number", 7, "text", "a/b \xc3\xa9\r\n", "lines");
    assert_int_equal(souk_route_pack(&match, &said, &pack, NULL), 0);
    assert_int_equal(souk_route_location(match.route, souk_pack_slice(&pack), text, sizeof text),
        strlen("/p/" ID "/7/a%2Fb%20%C3%A9%0D%0A"));
    assert_string_equal(text, "/p/" ID "/7/a%2Fb%20%C3%A9%0D%0A");
    assert_int_equal(souk_route_location(match.route, souk_pack_slice(&pack), text, 40), 0);
    json_decref(said.body);
    souk_pack_done(&pack);
    souk_routes_close(&routes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_missing_or_unknown_is_said),
        cmocka_unit_test(a_method_goes_with_what_it_does),
        cmocka_unit_test(messages_are_described_and_may_be_sent),
        cmocka_unit_test(operators_have_a_role_that_nodes_know),
        cmocka_unit_test(paths_have_values_for_fields),
        cmocka_unit_test(a_get_can_carry_what_it_has_to),
        cmocka_unit_test(a_method_and_path_are_there_once),
        cmocka_unit_test(refusals_have_statuses),
        cmocka_unit_test(choices_are_for_what_they_are_of),
        cmocka_unit_test(limits_have_limits),
        cmocka_unit_test(there_are_so_many_routes),
        cmocka_unit_test(a_path_means_one_route),
        cmocka_unit_test(parameters_become_fields),
        cmocka_unit_test(parameters_that_cannot_be_meant_are_refused),
        cmocka_unit_test(path_and_body_say_each_field_once),
        cmocka_unit_test(answers_are_kept_as_it_is_said),
        cmocka_unit_test(pages_stand_for_paths),
        cmocka_unit_test(rates_and_roles_have_limits),
        cmocka_unit_test(sessions_are_said_in_whole),
        cmocka_unit_test(a_session_has_fields_of_its_command),
        cmocka_unit_test(events_are_of_streams_that_are_followed),
        cmocka_unit_test(a_tag_is_a_field_of_the_command),
        cmocka_unit_test(a_place_is_percent_encoded),
    };
    int failed;

    if (!routes_system_open(&bench))
        return 1;
    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    routes_system_close(&bench);
    return failed;
}
