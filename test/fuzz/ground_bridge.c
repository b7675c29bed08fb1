#include "ground_bridge.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "souk_socket.h"

static void
hear(void *arg, unsigned line, const char *sentence)
{
    fprintf(stderr, "%s\n", sentence);
}

/* What knows services. */
static void
open_services(struct bridge *bridge)
{
    struct souk_error err = { 0 };

    assert(souk_client_open(bridge->topology, bridge->self->name.text, &bridge->client, &err) == 0);
    bridge->sessions = bridge_sessions_new();
    bridge->events = bridge_events_new(bridge);
    bridge->operator = bridge_operator_new(bridge);
    assert(bridge->sessions != NULL && bridge->events != NULL && bridge->operator != NULL);
    assert(bridge_follow_start(bridge, &err) == 0);
}

static void
close_services(struct bridge *bridge)
{
    souk_client_close(&bridge->client);
    bridge_api_done(bridge);
    bridge_sessions_close(&bridge->sessions);
    bridge_follow_close(&bridge->follow);
    bridge_events_close(bridge);
    bridge_operator_close(bridge);
}

void
ground_bridge_open(struct ground_bridge *ground, const char *routes, const char *client)
{
    struct bridge *bridge = &ground->bridge;
    struct souk_error err = { 0 };
    uint16_t port;
    int fd;

    assert(routes_system_open(&ground->rooms));
    *bridge = (struct bridge){ .report = &ground->report, .signal_fd = -1, .reap_us = UINT64_MAX,
        .topology = ground->rooms.topology, .self = souk_topology_client(ground->rooms.topology, client),
        .catalogue = &ground->rooms.catalogue, .loop_fd = epoll_create1(EPOLL_CLOEXEC) };
    assert(souk_routes_parse("fuzz.zpl", souk_slice_of(routes), ground->rooms.topology, bridge->self,
        &ground->rooms.catalogue, &ground->routes, hear, NULL) == 0);
    bridge->routes = ground->routes;
    ground->null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert(ground->null_fd >= 0);
    souk_report_init(&ground->report, ground->null_fd, "bridge", SOUK_LEVEL_ERROR);
    souk_pack_init(&bridge->pack, SOUK_PAYLOAD_BYTES_MAX);
    bridge->rates = bridge_rates_new();
    bridge->files = bridge_files_new(ground->routes->unchanging);
    bridge->watch = bridge_watch_new(bridge);
    assert(bridge->loop_fd >= 0 && bridge->rates != NULL && bridge->files != NULL && bridge->watch != NULL);
    assert(bridge_openapi_add(bridge, &err) == 0 && bridge_files_end(bridge->files, ground->routes, &err) == 0);
    open_services(bridge);
    assert(souk_socket_listen(bridge->self->listen, &fd, &port, &err) == 0);
    assert(bridge_http_start(bridge, fd, &err) == 0);
}

void
ground_bridge_close(struct ground_bridge *ground)
{
    struct bridge *bridge = &ground->bridge;

    bridge_http_stop(bridge);
    close_services(bridge);
    free(bridge->rates);
    bridge_files_close(&bridge->files);
    bridge_watch_close(&bridge->watch);
    souk_pack_done(&bridge->pack);
    (void)close(bridge->loop_fd);
    souk_routes_close(&ground->routes);
    routes_system_close(&ground->rooms);
    (void)close(ground->null_fd);
}

void
ground_bridge_forget(struct ground_bridge *ground)
{
    close_services(&ground->bridge);
    open_services(&ground->bridge);
}

void
ground_bridge_rest(struct ground_bridge *ground)
{
    close_services(&ground->bridge);
}
