#define _GNU_SOURCE                     /* open_memstream */
/*
 * What those who watch over a bridge ask it: does it live, may it be sent
 * requests, what has it done. Metrics are in the text format of Prometheus, 0.0.4.
 */
#include "bridge.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define METRICS "text/plain; version=0.0.4; charset=utf-8"
#define AWAY_US 10000000                /* a service whose last request went unanswered so lately is away */
#define CLASSES 5                       /* 1xx to 5xx */
#define BUCKETS 10

static const double buckets[BUCKETS] = { 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5 };

/* Requests of one route; of files; of nothing that there is. */
struct counted {
    uint64_t classes[CLASSES];
};

struct service {
    uint64_t answered, unanswered;
    uint64_t away_us;                           /* when its last request went unanswered; 0: it was answered */
};

struct bridge_watch {
    struct counted files, nothing;
    uint64_t buckets[BUCKETS + 1];              /* the last one: longer */
    uint64_t total_us;
    uint64_t begun_us;
    struct counted *routes;                     /* as in the routes */
    struct service *services;                   /* as the nodes of the topology */
};

static bool is_near(const struct bridge_exchange *exchange);
static void answer_ready(struct bridge_exchange *exchange);
static void answer_metrics(struct bridge_exchange *exchange);
static void write_head(FILE *out, const char *name, const char *type, const char *help);
static void write_counted(FILE *out, const char *method, const char *path, const struct counted *counted);
static bool is_asked(const struct bridge *bridge, const struct souk_topology_node *node);

struct bridge_watch *
bridge_watch_new(const struct bridge *bridge)
{
    struct bridge_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL || (watch->routes = calloc(bridge->routes->count, sizeof *watch->routes)) == NULL
        || (watch->services = calloc(bridge->topology->node_count, sizeof *watch->services)) == NULL)
        bridge_watch_close(&watch);
    else
        watch->begun_us = bridge_now_us();
    return watch;
}

void
bridge_watch_close(struct bridge_watch **watch_p)
{
    struct bridge_watch *watch = *watch_p;

    if (watch == NULL)
        return;
    free(watch->routes);
    free(watch->services);
    free(watch);
    *watch_p = NULL;
}

void
bridge_watch_count(struct bridge_exchange *exchange)
{
    struct bridge_watch *watch = exchange->bridge->watch;
    const struct souk_route *route = exchange->match.route;
    const uint64_t took_us = bridge_now_us() - exchange->begun_us;
    struct counted *counted = &watch->nothing;
    size_t i = 0;

    if (exchange->is_shared)
        counted = &watch->files;
    else if (route != NULL)
        counted = &watch->routes[route - exchange->bridge->routes->routes];
    if (exchange->status >= 100 && exchange->status < 100 * (CLASSES + 1))
        counted->classes[exchange->status / 100 - 1]++;
    while (i < BUCKETS && (double)took_us > buckets[i] * 1e6)
        i++;
    watch->buckets[i]++;
    watch->total_us += took_us;
}

void
bridge_watch_service(struct bridge *bridge, const struct souk_topology_node *node, bool is_answered)
{
    struct service *service = &bridge->watch->services[node - bridge->topology->nodes];

    if (is_answered)
        service->answered++;
    else
        service->unanswered++;
    service->away_us = is_answered ? 0 : bridge_now_us();
}

bool
bridge_watch_take(struct bridge_exchange *exchange)
{
    static const char *const paths[] = { "/healthz", "/readyz", "/metrics" };
    size_t i;

    for (i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (souk_slice_equal(exchange->path, souk_slice_of(paths[i])))
            break;
    }
    if (i == sizeof paths / sizeof paths[0] || !is_near(exchange))
        return false;
    if (i == 0)
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json_pack("{ss}", "status", "live"));
    else if (i == 1)
        answer_ready(exchange);
    else
        answer_metrics(exchange);
    return true;
}

/* Whoever comes from elsewhere, or through a proxy that says so, is told nothing. */
static bool
is_near(const struct bridge_exchange *exchange)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection,
        MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info == NULL ? NULL : info->client_addr;

    if (address == NULL || bridge_http_field(exchange, "X-Forwarded-For") != NULL
        || bridge_http_field(exchange, "Forwarded") != NULL)
        return false;
    if (address->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* ---- ready ---------------------------------------------------------- */

static void
answer_ready(struct bridge_exchange *exchange)
{
    const struct bridge *bridge = exchange->bridge;
    const struct souk_topology *topology = bridge->topology;
    const uint64_t now_us = bridge_now_us();
    json_t *away = json_array();
    uint64_t away_us;
    size_t i;

    for (i = 0; i < topology->node_count; i++) {
        away_us = bridge->watch->services[i].away_us;
        if (away_us != 0 && now_us - away_us < AWAY_US)
            (void)json_array_append_new(away, json_string(topology->nodes[i].name.text));
    }
    if (bridge->is_stopping || json_array_size(away) > 0) {
        bridge_answer_problem(exchange, bridge->is_stopping ? &bridge_stopping : &bridge_unanswered, 0,
            json_pack("{so}", "away", away), bridge->is_stopping ? "it is being stopped"
            : "services have not answered");
        bridge_answer_retry(exchange, AWAY_US / 1000);
    } else {
        json_decref(away);
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json_pack("{ss}", "status", "ready"));
    }
}

/* ---- metrics -------------------------------------------------------- */

static void
answer_metrics(struct bridge_exchange *exchange)
{
    const struct bridge *bridge = exchange->bridge;
    const struct bridge_watch *watch = bridge->watch;
    const struct souk_route *route;
    const struct bridge_peer *peer;
    uint64_t counts[4];
    uint64_t count = 0;
    size_t peers = 0;
    size_t bytes = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &bytes);
    size_t i;

    if (out == NULL) {
        bridge_answer_json(exchange, 0, NULL, NULL);
        return;
    }
    write_head(out, "souk_bridge_requests_total", "counter", "Requests that were answered, by route and status.");
    for (i = 0; i < bridge->routes->count; i++) {
        route = &bridge->routes->routes[i];
        write_counted(out, souk_route_method_name(route->method), route->path.text, &watch->routes[i]);
    }
    write_counted(out, "GET", "file", &watch->files);
    write_counted(out, "any", "none", &watch->nothing);
    write_head(out, "souk_bridge_request_seconds", "histogram", "From a header's end to its answer.");
    for (i = 0; i <= BUCKETS; i++) {
        count += watch->buckets[i];
        if (i < BUCKETS)
            (void)fprintf(out, "souk_bridge_request_seconds_bucket{le=\"%g\"} %" PRIu64 "\n", buckets[i], count);
        else
            (void)fprintf(out, "souk_bridge_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", count);
    }
    (void)fprintf(out, "souk_bridge_request_seconds_sum %" PRIu64 ".%06" PRIu64 "\n", watch->total_us / 1000000,
        watch->total_us % 1000000);
    (void)fprintf(out, "souk_bridge_request_seconds_count %" PRIu64 "\n", count);
    write_head(out, "souk_bridge_service_answers_total", "counter", "Requests to a service, by what became of them.");
    for (i = 0; i < bridge->topology->node_count; i++) {
        if (!is_asked(bridge, &bridge->topology->nodes[i]))
            continue;
        (void)fprintf(out, "souk_bridge_service_answers_total{service=\"%s\",outcome=\"answered\"} %" PRIu64 "\n",
            bridge->topology->nodes[i].name.text, watch->services[i].answered);
        (void)fprintf(out, "souk_bridge_service_answers_total{service=\"%s\",outcome=\"unanswered\"} %" PRIu64 "\n",
            bridge->topology->nodes[i].name.text, watch->services[i].unanswered);
    }
    for (peer = bridge->peers; peer != NULL; peer = peer->next)
        peers++;
    write_head(out, "souk_bridge_connections", "gauge", "Connections that are open.");
    (void)fprintf(out, "souk_bridge_connections %zu\n", peers);
    write_head(out, "souk_bridge_waiting", "gauge", "Requests that wait for services.");
    (void)fprintf(out, "souk_bridge_waiting %zu\n", bridge->waiting_count);
    bridge_events_counts(bridge, counts);
    write_head(out, "souk_bridge_event_streams", "gauge", "Browsers that are told events.");
    (void)fprintf(out, "souk_bridge_event_streams %" PRIu64 "\n", counts[0]);
    write_head(out, "souk_bridge_events_kept", "gauge", "Events that are kept for who was away.");
    (void)fprintf(out, "souk_bridge_events_kept %" PRIu64 "\n", counts[1]);
    write_head(out, "souk_bridge_events_sent_total", "counter", "Events that browsers were told.");
    (void)fprintf(out, "souk_bridge_events_sent_total %" PRIu64 "\n", counts[2]);
    write_head(out, "souk_bridge_event_resets_total", "counter", "Times that a browser had to begin anew.");
    (void)fprintf(out, "souk_bridge_event_resets_total %" PRIu64 "\n", counts[3]);
    write_head(out, "souk_bridge_uptime_seconds", "gauge", "Since the bridge began.");
    (void)fprintf(out, "souk_bridge_uptime_seconds %" PRIu64 "\n", (bridge_now_us() - watch->begun_us) / 1000000);
    if (fclose(out) != 0) {
        free(text);
        text = NULL;
    }
    bridge_answer_text(exchange, MHD_HTTP_OK, METRICS, text, bytes);
}

static void
write_head(FILE *out, const char *name, const char *type, const char *help)
{
    (void)fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A path of a route has nothing in it that would have to be escaped. */
static void
write_counted(FILE *out, const char *method, const char *path, const struct counted *counted)
{
    size_t i;

    for (i = 1; i < CLASSES; i++)
        (void)fprintf(out, "souk_bridge_requests_total{method=\"%s\",route=\"%s\",status=\"%zuxx\"} %" PRIu64 "\n",
            method, path, i + 1, counted->classes[i]);
}

static bool
is_asked(const struct bridge *bridge, const struct souk_topology_node *node)
{
    size_t i;

    for (i = 0; i < bridge->routes->count; i++) {
        if (bridge->routes->routes[i].node == node)
            return true;
    }
    return false;
}
