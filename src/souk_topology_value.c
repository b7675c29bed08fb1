#include "souk_topology_parts.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IPC "ipc://"
#define TCP "tcp://"
#define IPC_PATH_BYTES_MAX 107          /* of sockaddr_un, without the NUL */
#define ADDRESS_BYTES_MAX 255
#define PORT_MAX 65535
#define NUMBERS_MAX 32                  /* in one of the tables below, with its end */

#define SECOND_MS 1000ULL
#define HOUR_MS (3600 * SECOND_MS)
#define DAY_MS (24 * HOUR_MS)
#define YEAR_MS (366 * DAY_MS)
#define MIB (1024ULL * 1024)

#define NUMBER(member, value_default, value_min, value_max, is_live) \
    offsetof(struct souk_topology_node, member), sizeof ((struct souk_topology_node *)0)->member, \
    (value_default), (value_min), (value_max), (is_live)

/* Members of struct souk_limits have their default, 0 here, from souk_limits_fill(). */
const struct souk_topology_number souk_topology_limits[] = {
    { "head_ms", NUMBER(wiring.limits.head_ms, 0, 10, HOUR_MS, true) },
    { "pull_timeout_ms", NUMBER(wiring.limits.pull_timeout_ms, 0, 10, HOUR_MS, true) },
    { "pull_idle_ms", NUMBER(wiring.limits.pull_idle_ms, 0, 10, HOUR_MS, true) },
    { "pull_credit_bytes", NUMBER(wiring.limits.pull_credit_bytes, 0, 4096, 16 * MIB, true) },
    { "feed_bytes_max", NUMBER(wiring.limits.feed_bytes_max, 0, MIB / 4, 1024 * MIB, true) },
    { "hold_ms", NUMBER(wiring.limits.hold_ms, 0, 1, DAY_MS, true) },
    { "seal_retry_ms", NUMBER(wiring.limits.seal_retry_ms, 0, 10, HOUR_MS, true) },
    { "request_retry_ms", NUMBER(wiring.limits.request_retry_ms, 0, 10, HOUR_MS, true) },
    { "handler_tries_max", NUMBER(wiring.limits.handler_tries_max, 0, 1, 1000, true) },
    { "waiting_max", NUMBER(wiring.limits.waiting_max, 0, 1, MIB, true) },
    { "pulls_max", NUMBER(wiring.limits.pulls_max, 0, 1, MIB / 64, true) },
    { "commit_events_max", NUMBER(wiring.limits.commit_events_max, 0, 1, 65536, true) },
    { "batch_cut_bytes", NUMBER(wiring.limits.batch_cut_bytes, 0, 1024, 256 * 1024, true) },
    { "ids_window_ms", NUMBER(wiring.limits.ids_window_ms, 0, SECOND_MS, 10 * YEAR_MS, true) },
    { "losses_window_ms", NUMBER(wiring.limits.losses_window_ms, 0, SECOND_MS, 10 * YEAR_MS, true) },
    { "retention_ms", NUMBER(wiring.limits.retention_ms, 0, 1, 10 * YEAR_MS, true) },
    { "trim_rows_max", NUMBER(wiring.limits.trim_rows_max, 0, 1, 65536, true) },
    { "store_bytes_max", NUMBER(shell_limits.store_bytes_max, 16 * 1024 * MIB, MIB, 16 * MIB * MIB, false) },
    { "readers_max", NUMBER(shell_limits.readers_max, 16, 2, 1024, false) },
    { "drain_ms", NUMBER(shell_limits.drain_ms, 10 * SECOND_MS, 1, HOUR_MS, false) },
    { "connections_max", NUMBER(shell_limits.connections_max, 1024, 8, 65536, false) },
    { "memory_bytes_max", NUMBER(shell_limits.memory_bytes_max, 2048 * MIB, 256 * MIB, MIB * MIB, false) },
    { .name = NULL },
};

const struct souk_topology_number souk_topology_thresholds[] = {
    { "behind_events", NUMBER(thresholds.behind_events, 10000, 1, UINT32_MAX, true) },
    { "parked_events", NUMBER(thresholds.parked_events, 1, 1, UINT32_MAX, true) },
    { "store_percent", NUMBER(thresholds.store_percent, 80, 1, 100, true) },
    { "clock_ms", NUMBER(thresholds.clock_ms, SECOND_MS, 1, DAY_MS, true) },
    { .name = NULL },
};

static void read_trim_after(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    struct souk_wiring *wiring);
static void read_numbers(struct souk_topology_reading *reading, const struct souk_zpl_node *section,
    const struct souk_topology_number *numbers, struct souk_topology_node *into);
static bool read_uint(struct souk_topology_reading *reading, const struct souk_zpl_node *node, uint64_t value_min,
    uint64_t value_max, uint64_t *value_out);
static void set_number(struct souk_topology_node *node, const struct souk_topology_number *number, uint64_t value);
static void read_tcp(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *at,
    const char **endpoint_out);
static bool is_address(const char *text, size_t size_bytes);
static bool is_path(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *path);

void
souk_topology_name(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *what,
    struct souk_name *name_out)
{
    if (souk_name_set(name_out, souk_slice_of(node->value)) != 0)
        souk_topology_wrong(reading, node, "`%s` is no name for %s: 1 to %d of a-z 0-9 - . beginning with a letter",
            node->value, what, SOUK_NAME_BYTES_MAX);
}

void
souk_topology_yes(struct souk_topology_reading *reading, const struct souk_zpl_node *node, bool *yes_out)
{
    if (strcmp(node->value, "yes") == 0)
        *yes_out = true;
    else if (strcmp(node->value, "no") == 0)
        *yes_out = false;
    else
        souk_topology_wrong(reading, node, "`%s`: yes or no is meant, not `%s`", node->name, node->value);
}

void
souk_topology_path(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char **path_out)
{
    const char *path = node->value;

    if (path[0] == '\0') {
        souk_topology_wrong(reading, node, "`%s` is empty", node->name);
        return;
    }
    if (path[0] != '/')
        path = souk_topology_text(reading, "%s/%s", reading->dir, node->value);
    if (path != NULL && is_path(reading, node, path))
        *path_out = path;
}

void
souk_topology_program(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **program_out)
{
    if (strchr(node->value, '/') != NULL)
        souk_topology_path(reading, node, program_out);
    else if (node->value[0] == '\0')
        souk_topology_wrong(reading, node, "`%s` is empty", node->name);
    else
        *program_out = node->value;
}

void
souk_topology_endpoint(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **endpoint_out)
{
    const char *path = node->value + strlen(IPC);

    if (strncmp(node->value, TCP, strlen(TCP)) == 0) {
        read_tcp(reading, node, node->value + strlen(TCP), endpoint_out);
        return;
    }
    if (strncmp(node->value, IPC, strlen(IPC)) != 0) {
        souk_topology_wrong(reading, node, "`%s`: tcp://ADDRESS:PORT or ipc://PATH is meant, not `%s`", node->name,
            node->value);
        return;
    }
    if (path[0] == '@' || path[0] == '*' || path[0] == '\0') {
        souk_topology_wrong(reading, node, "`%s`: ipc:// needs the path of a socket that others can be told",
            node->name);
        return;
    }
    path = path[0] == '/' ? path : souk_topology_text(reading, "%s/%s", reading->dir, path);
    if (path == NULL)
        return;
    if (strlen(path) > IPC_PATH_BYTES_MAX)
        souk_topology_wrong(reading, node, "`%s`: the path of the socket, %s, has %zu bytes; the system takes %d",
            node->name, path, strlen(path), IPC_PATH_BYTES_MAX);
    else
        *endpoint_out = souk_topology_text(reading, IPC "%s", path);
}

void
souk_topology_address(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **address_out)
{
    if (is_address(node->value, strlen(node->value)))
        *address_out = node->value;
    else
        souk_topology_wrong(reading, node, "`%s`: the name or address by which other hosts reach it is meant, not `%s`",
            node->name, node->value);
}

void
souk_topology_keys(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char **key_out,
    const char **old_key_out)
{
    const struct souk_zpl_node *child;

    if ((child = souk_topology_valued(node, "key")) != NULL)
        souk_topology_key(reading, child, key_out);
    if ((child = souk_topology_valued(node, "old_key")) == NULL)
        return;
    if (souk_zpl_child(node, "key") == NULL)
        souk_topology_wrong(reading, child, "`old_key` goes with a `key` that comes after it");
    souk_topology_key(reading, child, old_key_out);
}

void
souk_topology_listen(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    const char **listen_out)
{
    const char *colon = strrchr(node->value, ':');
    const size_t bytes = colon == NULL ? 0 : (size_t)(colon - node->value);
    const bool is_bracketed = bytes > 2 && node->value[0] == '[' && colon[-1] == ']';
    char address[INET6_ADDRSTRLEN] = "";
    struct in6_addr room;
    unsigned long port = PORT_MAX + 1;
    char *end;

    if (colon != NULL && isdigit((unsigned char)colon[1])) {
        port = strtoul(colon + 1, &end, 10);
        port = *end == '\0' && end - colon <= 6 ? port : PORT_MAX + 1;
    }
    if (bytes > 0 && bytes < sizeof address)
        memcpy(address, node->value + is_bracketed, bytes - 2 * is_bracketed);
    if (port <= PORT_MAX && inet_pton(is_bracketed ? AF_INET6 : AF_INET, address, &room) == 1)
        *listen_out = node->value;
    else
        souk_topology_wrong(reading, node, "`%s`: ADDRESS:PORT is meant, with an address in numbers such as 127.0.0.1 or"
            " [::1], not `%s`", node->name, node->value);
}

void
souk_topology_key(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char **key_out)
{
    static const char alphabet[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    /* What zmq_curve(7) prints, public and secret: the whole world has them. */
    static const char *const printed[] = {
        "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID",
        "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs",
        "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7",
        "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6",
        "0000000000000000000000000000000000000000",
    };
    size_t i;

    if (strlen(node->value) != SOUK_TOPOLOGY_KEY_BYTES || strspn(node->value, alphabet) != SOUK_TOPOLOGY_KEY_BYTES) {
        souk_topology_wrong(reading, node, "`%s`: a public key in Z85, %d characters, is meant", node->name,
            SOUK_TOPOLOGY_KEY_BYTES);
        return;
    }
    for (i = 0; i < sizeof printed / sizeof printed[0]; i++) {
        if (strcmp(node->value, printed[i]) == 0) {
            souk_topology_wrong(reading, node, "`%s`: this one is printed in a manual, so everybody has it; make one",
                node->name);
            return;
        }
    }
    *key_out = node->value;
}

/* STREAM COUNTER.BITS NUMBER, as `souk log` shows events: comments 2.00c0ffee00c0ffee 17 */
void
souk_topology_skip(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    struct souk_wired_skip *skip_out)
{
    char stream[SOUK_NAME_BYTES_MAX + 1];
    char bits[2 * sizeof skip_out->point.epoch.bits + 1];
    uint64_t number;
    uint32_t counter;
    unsigned value;
    size_t i;
    int end = -1;

    if (sscanf(node->value, "%31[a-z0-9.-] %10" SCNu32 ".%16[0-9a-f] %19" SCNu64 "%n", stream, &counter, bits, &number,
            &end) != 4 || end < 0 || node->value[end] != '\0' || strlen(bits) != sizeof bits - 1 || counter == 0
        || number == 0 || souk_name_set(&skip_out->stream, souk_slice_of(stream)) != 0) {
        souk_topology_wrong(reading, node, "`skip`: STREAM COUNTER.BITS NUMBER is meant, as in `comments"
            " 2.00c0ffee00c0ffee 17`, not `%s`", node->value);
        return;
    }
    skip_out->point = (struct souk_point){ .epoch.counter = counter, .number = number };
    for (i = 0; i < sizeof skip_out->point.epoch.bits; i++) {
        (void)sscanf(&bits[2 * i], "%2x", &value);
        skip_out->point.epoch.bits[i] = (uint8_t)value;
    }
}

/* ---- settings ------------------------------------------------------- */

/* Any name and number: which of them the service knows is seen by who has its description, or its program. */
void
souk_topology_sets(struct souk_topology_reading *reading, const struct souk_zpl_node *above,
    struct souk_topology_node *node)
{
    const struct souk_zpl_node *section = souk_zpl_child(above, "settings");
    const struct souk_zpl_node *child;
    struct souk_topology_set *sets;

    if (section == NULL
        || (sets = souk_topology_alloc(reading, SOUK_SETTINGS_MAX * sizeof *sets)) == NULL)
        return;
    for (child = section->child; child != NULL; child = child->next) {
        if (node->set_count == SOUK_SETTINGS_MAX) {
            souk_topology_wrong(reading, child, "more than %d settings of one service", SOUK_SETTINGS_MAX);
            break;
        }
        if (!child->has_value || child->child != NULL) {
            souk_topology_wrong(reading, child, "a setting is %s = NUMBER, nothing stands below it", child->name);
            continue;
        }
        for (size_t i = 0; i < node->set_count; i++) {
            if (strcmp(sets[i].name, child->name) == 0)
                souk_topology_wrong(reading, child, "`%s` is there already, in line %u", child->name, sets[i].line);
        }
        if (read_uint(reading, child, 0, UINT64_MAX, &sets[node->set_count].value)) {
            sets[node->set_count].name = child->name;
            sets[node->set_count++].line = child->line;
        }
    }
    node->sets = sets;
}

/* ---- what nodes have in common -------------------------------------- */

void
souk_topology_common(struct souk_topology_reading *reading, const struct souk_zpl_node *node,
    struct souk_topology_node *into)
{
    const struct souk_zpl_node *child;
    uint64_t number;

    if ((child = souk_topology_valued(node, "durability")) != NULL) {
        if (strcmp(child->value, "recorded") == 0)
            into->wiring.recorded = true;
        else if (strcmp(child->value, "local") == 0)
            into->wiring.recorded = false;
        else
            souk_topology_wrong(reading, child, "`durability`: local or recorded is meant, not `%s`", child->value);
    }
    if ((child = souk_topology_valued(node, "recorded_by")) != NULL
        && read_uint(reading, child, 1, SOUK_STORES_MAX, &number))
        into->wiring.recorded_by = (uint32_t)number;
    if ((child = souk_topology_valued(node, "trim_after")) != NULL)
        read_trim_after(reading, child, &into->wiring);
    if ((child = souk_topology_valued(node, "log_level")) != NULL
        && souk_level_parse(child->value, &into->log_level) != 0)
        souk_topology_wrong(reading, child, "`log_level`: error, warn, info or debug is meant, not `%s`", child->value);
    read_numbers(reading, souk_zpl_child(node, "limits"), souk_topology_limits, into);
    read_numbers(reading, souk_zpl_child(node, "thresholds"), souk_topology_thresholds, into);
}

void
souk_topology_defaults(struct souk_topology_node *node)
{
    const struct souk_topology_number *number;

    souk_limits_fill(&node->wiring.limits);
    for (number = souk_topology_limits; number->name != NULL; number++) {
        if (number->value_default != 0)
            set_number(node, number, number->value_default);
    }
    for (number = souk_topology_thresholds; number->name != NULL; number++)
        set_number(node, number, number->value_default);
    node->log_level = SOUK_LEVEL_INFO;
    node->wiring.recorded_by = 1;
    node->wiring.trim_after = SOUK_TRIM_BACKED_UP;
    node->wiring.trim_recorded_by = 1;
}

/* By its form alone: what a name stands for is looked up elsewhere, and may change. */
bool
souk_topology_is_local(const char *endpoint)
{
    const char *address = endpoint + strlen(TCP);
    const char *colon;
    char host[ADDRESS_BYTES_MAX + 1];
    struct in_addr number;

    if (strncmp(endpoint, IPC, strlen(IPC)) == 0)
        return true;
    if (strncmp(endpoint, TCP, strlen(TCP)) != 0 || (colon = strrchr(address, ':')) == NULL
        || (size_t)(colon - address) >= sizeof host)
        return false;
    memcpy(host, address, (size_t)(colon - address));
    host[colon - address] = '\0';
    if (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
        return true;
    return inet_pton(AF_INET, host, &number) == 1 && ntohl(number.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
}

uint64_t
souk_topology_number_of(const struct souk_topology_node *node, const struct souk_topology_number *number)
{
    const char *at = (const char *)node + number->offset;
    uint32_t narrow;
    uint64_t wide;

    if (number->bytes == sizeof wide) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    assert(number->bytes == sizeof narrow);
    memcpy(&narrow, at, sizeof narrow);
    return narrow;
}

static void
read_trim_after(struct souk_topology_reading *reading, const struct souk_zpl_node *node, struct souk_wiring *wiring)
{
    unsigned stores = 1;
    int end = -1;

    if (strcmp(node->value, "never") == 0) {
        wiring->trim_after = SOUK_TRIM_NEVER;
    } else if (strcmp(node->value, "backed_up") == 0) {
        wiring->trim_after = SOUK_TRIM_BACKED_UP;
    } else if (strcmp(node->value, "recorded") == 0
        || (sscanf(node->value, "recorded_by %1u%n", &stores, &end) == 1 && node->value[end] == '\0' && stores > 0
            && stores <= SOUK_STORES_MAX)) {
        wiring->trim_after = SOUK_TRIM_RECORDED;
        wiring->trim_recorded_by = stores;
    } else {
        souk_topology_wrong(reading, node, "`trim_after`: never, recorded, recorded_by 1 to %d, or backed_up is meant,"
            " not `%s`", SOUK_STORES_MAX, node->value);
    }
}

static void
read_numbers(struct souk_topology_reading *reading, const struct souk_zpl_node *section,
    const struct souk_topology_number *numbers, struct souk_topology_node *into)
{
    struct souk_zpl_rule rules[NUMBERS_MAX] = { { .name = NULL } };
    const struct souk_topology_number *number;
    const struct souk_zpl_node *child;
    uint64_t value;
    size_t i = 0;

    if (section == NULL)
        return;
    for (number = numbers; number->name != NULL; number++) {
        assert(i + 1 < NUMBERS_MAX);
        rules[i++] = (struct souk_zpl_rule){ number->name, SOUK_ZPL_VALUE, SOUK_ZPL_MAYBE };
    }
    souk_topology_rules(reading, section, rules);
    for (number = numbers; number->name != NULL; number++) {
        if ((child = souk_topology_valued(section, number->name)) != NULL
            && read_uint(reading, child, number->value_min, number->value_max, &value))
            set_number(into, number, value);
    }
}

static bool
read_uint(struct souk_topology_reading *reading, const struct souk_zpl_node *node, uint64_t value_min,
    uint64_t value_max, uint64_t *value_out)
{
    struct souk_error err;

    if (souk_zpl_number(reading->parts->zpl, node, value_min, value_max, value_out, &err) == 0)
        return true;
    souk_topology_wrong(reading, node, "`%s`: a number from %" PRIu64 " to %" PRIu64 " is meant, not `%s`", node->name,
        value_min, value_max, node->value);
    return false;
}

static void
set_number(struct souk_topology_node *node, const struct souk_topology_number *number, uint64_t value)
{
    char *at = (char *)node + number->offset;
    const uint32_t narrow = (uint32_t)value;

    if (number->bytes == sizeof value) {
        memcpy(at, &value, sizeof value);
    } else {
        assert(number->bytes == sizeof narrow && value <= UINT32_MAX);
        memcpy(at, &narrow, sizeof narrow);
    }
}

/* ---- addresses ------------------------------------------------------ */

static void
read_tcp(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *at,
    const char **endpoint_out)
{
    const char *colon = strrchr(at, ':');
    unsigned long port = 0;
    char *end;

    if (colon != NULL && isdigit((unsigned char)colon[1])) {
        port = strtoul(colon + 1, &end, 10);
        port = *end == '\0' && end - colon <= 6 ? port : 0;
    }
    if (colon == NULL || !is_address(at, (size_t)(colon - at)) || port == 0 || port > PORT_MAX)
        souk_topology_wrong(reading, node, "`%s`: tcp://ADDRESS:PORT is meant, with an address that others can connect"
            " to, not `%s`", node->name, node->value);
    else
        *endpoint_out = node->value;
}

/* A host's name, an IPv4 address, or an IPv6 address in brackets; nothing that means "any". */
static bool
is_address(const char *text, size_t size_bytes)
{
    const bool is_bracketed = size_bytes > 2 && text[0] == '[' && text[size_bytes - 1] == ']';
    const size_t from = is_bracketed ? 1 : 0;
    size_t i;

    if (size_bytes == 0 || size_bytes > ADDRESS_BYTES_MAX || (size_bytes == 7 && memcmp(text, "0.0.0.0", 7) == 0)
        || (size_bytes == 4 && memcmp(text, "[::]", 4) == 0))
        return false;
    for (i = from; i < size_bytes - from; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '.' && (is_bracketed ? text[i] != ':' : text[i] != '-'))
            return false;
    }
    return true;
}

static bool
is_path(struct souk_topology_reading *reading, const struct souk_zpl_node *node, const char *path)
{
    if (strlen(path) <= SOUK_TOPOLOGY_PATH_BYTES_MAX)
        return true;
    souk_topology_wrong(reading, node, "`%s`: a path of %zu bytes, at most %d", node->name, strlen(path),
        SOUK_TOPOLOGY_PATH_BYTES_MAX);
    return false;
}
