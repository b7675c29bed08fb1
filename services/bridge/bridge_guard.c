/*
 * What libmicrohttpd 0.9.75 lets through and no service should ever see, and
 * what two programs in a row could read in two ways: then the second half of a
 * request is somebody else's.
 */
#include "bridge.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define VERSION_OF_LAYOUT "0.9.75"
#define LENGTH_DIGITS_MAX 15

/* Fields that may be there once. */
enum single { HOST, LENGTH, CODING, TYPE, EXPECT, ORIGIN, COOKIE, MATCH, KEY, CURSORS, LAST, SINGLES };

struct looking {
    struct bridge_exchange *exchange;
    const char *at;                             /* where the next name has to begin; NULL: anywhere */
    uint64_t bytes, fields;
    unsigned counts[SINGLES];
    const char *values[SINGLES];
    const char *wrong;                          /* a sentence */
};

static enum MHD_Result look_at_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_bytes,
    const char *value, size_t value_bytes);
static bool is_followed_by_nuls(const char *end, size_t count);
static bool is_token(const char *text, size_t bytes);
static bool is_value(const char *text, size_t bytes);
static const char *check_body(struct bridge_exchange *exchange, const struct looking *looking, uint64_t *length_out);
static bool is_own_host(const struct bridge *bridge, const char *host);
static size_t name_bytes(const char *host);

bool
bridge_guard(struct bridge_exchange *exchange, const char *method, const char *version, bool *close_out)
{
    const struct souk_routes_limits *limits = &exchange->bridge->routes->limits;
    struct looking looking = { .exchange = exchange };
    uint64_t length = 0;
    const char *wrong;

    *close_out = true;
    if (strcmp(MHD_get_version(), VERSION_OF_LAYOUT) == 0) {
        /* A NUL in one of the three cuts it short: then the next one does not stand right behind. */
        if (exchange->target_at != method + strlen(method) + 1
            || version != exchange->target_at + exchange->target_bytes + 1)
            looking.wrong = "method, target and version do not stand one behind the other with a space between";
        looking.at = version + strlen(version) + 2;
    }
    (void)MHD_get_connection_values_n(exchange->connection, MHD_HEADER_KIND, look_at_field, &looking);
    if (looking.at != NULL && looking.wrong == NULL && !is_followed_by_nuls(looking.at - 2, 4))
        looking.wrong = "a line of the header has a NUL in it, or does not end with CR LF";
    wrong = looking.wrong != NULL ? looking.wrong : check_body(exchange, &looking, &length);
    exchange->has_body = looking.counts[CODING] > 0 || length > 0;
    if (wrong != NULL) {
        bridge_answer_problem(exchange, &bridge_bad_request, 0, NULL, "%s", wrong);
        return false;
    }
    if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0 && strcmp(version, MHD_HTTP_VERSION_1_0) != 0) {
        bridge_answer_problem(exchange, &bridge_version, 0, NULL, "HTTP/1.1 and HTTP/1.0 are spoken here");
        return false;
    }
    if (looking.fields > limits->header_fields_max || looking.bytes > limits->header_bytes_max) {
        bridge_answer_problem(exchange, &bridge_header_too_large, 0, NULL, "a header has at most %ju fields and %ju"
            " bytes here", (uintmax_t)limits->header_fields_max, (uintmax_t)limits->header_bytes_max);
        return false;
    }
    *close_out = exchange->has_body;
    if (exchange->target_bytes > limits->target_bytes_max) {
        bridge_answer_problem(exchange, &bridge_target_too_long, 0, NULL, "a target has at most %ju bytes here",
            (uintmax_t)limits->target_bytes_max);
        return false;
    }
    if (looking.values[EXPECT] != NULL && strcasecmp(looking.values[EXPECT], "100-continue") != 0) {
        bridge_answer_problem(exchange, &bridge_expectation, 0, NULL, "100-continue is all that may be expected");
        return false;
    }
    if (looking.counts[HOST] == 0 || !is_own_host(exchange->bridge, looking.values[HOST])) {
        bridge_answer_problem(exchange, &bridge_bad_host, 0, NULL, "the field Host names none of the names that this"
            " bridge answers to; they are `hostname` in its topology");
        return false;
    }
    exchange->body_bytes_max = length;          /* what has been announced; the route may take less */
    return true;
}

/* Names are tokens, values are text, lines lie one behind the other with CR LF between, which became two NULs. */
static enum MHD_Result
look_at_field(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_bytes, const char *value,
    size_t value_bytes)
{
    static const char *const singles[SINGLES] = {
        [HOST] = MHD_HTTP_HEADER_HOST,
        [LENGTH] = MHD_HTTP_HEADER_CONTENT_LENGTH,
        [CODING] = MHD_HTTP_HEADER_TRANSFER_ENCODING,
        [TYPE] = MHD_HTTP_HEADER_CONTENT_TYPE,
        [EXPECT] = MHD_HTTP_HEADER_EXPECT,
        [ORIGIN] = MHD_HTTP_HEADER_ORIGIN,
        [COOKIE] = MHD_HTTP_HEADER_COOKIE,
        [MATCH] = MHD_HTTP_HEADER_IF_MATCH,
        [KEY] = "Idempotency-Key",
        [CURSORS] = "Souk-Cursors",
        [LAST] = "Last-Event-ID",
    };
    struct looking *looking = cls;
    size_t i;

    if (value == NULL) {
        value = "";
        value_bytes = 0;
    }
    looking->fields++;
    looking->bytes += name_bytes + value_bytes + 4;
    if (!is_token(name, name_bytes))
        looking->wrong = "a field's name has something in it that no name has";
    else if (!is_value(value, value_bytes))
        looking->wrong = "a field's value has a control character in it";
    else if (looking->at != NULL && (looking->at != name || !is_followed_by_nuls(looking->at - 2, 2)))
        looking->wrong = "a line of the header is folded, has a NUL in it, or does not end with CR LF";
    if (looking->at != NULL)
        looking->at = value + value_bytes + 2;
    for (i = 0; i < SINGLES; i++) {
        if (strcasecmp(name, singles[i]) != 0)
            continue;
        looking->values[i] = value;
        if (++looking->counts[i] > 1)
            looking->wrong = "a field that may be there once is there twice";
    }
    return MHD_YES;
}

/* What was CR LF when it came; behind the last line twice. */
static bool
is_followed_by_nuls(const char *end, size_t count)
{
    size_t i;

    for (i = 0; i < count && end[i] == '\0'; i++)
        continue;
    return i == count;
}

static bool
is_token(const char *text, size_t bytes)
{
    static const char letters[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    return bytes > 0 && strspn(text, letters) == bytes;
}

static bool
is_value(const char *text, size_t bytes)
{
    size_t i;

    for (i = 0; i < bytes; i++) {
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f)
            return false;
    }
    return true;
}

/* How long the body is can be read in one way only. A sentence when it cannot. */
static const char *
check_body(struct bridge_exchange *exchange, const struct looking *looking, uint64_t *length_out)
{
    const char *length = looking->values[LENGTH];
    size_t digits;

    if (looking->counts[CODING] > 0 && strcasecmp(looking->values[CODING], "chunked") != 0)
        return "Transfer-Encoding is chunked or nothing";
    if (looking->counts[CODING] > 0 && looking->counts[LENGTH] > 0)
        return "Content-Length and Transfer-Encoding do not go together";
    if (length == NULL)
        return NULL;
    digits = strspn(length, "0123456789");
    if (digits == 0 || length[digits] != '\0' || digits > LENGTH_DIGITS_MAX)
        return "Content-Length is no number of bytes";
    *length_out = strtoull(length, NULL, 10);
    return NULL;
}

/* A page of another site, whose name was made to point here, still says its own name. */
static bool
is_own_host(const struct bridge *bridge, const char *host)
{
    static const char *const local[] = { "localhost", "127.0.0.1", "[::1]" };
    const char *listen = bridge->self->listen;
    const size_t bytes = name_bytes(host);
    size_t i;

    for (i = 0; i < sizeof local / sizeof local[0]; i++) {
        if (bytes > 0 && strlen(local[i]) == bytes && strncasecmp(local[i], host, bytes) == 0)
            return true;
    }
    if (bytes > 0 && (size_t)(strrchr(listen, ':') - listen) == bytes && strncasecmp(listen, host, bytes) == 0)
        return true;
    return bridge_is_hostname(bridge, host);
}

bool
bridge_is_hostname(const struct bridge *bridge, const char *host)
{
    const size_t bytes = host == NULL ? 0 : name_bytes(host);
    size_t i;

    for (i = 0; bytes > 0 && i < bridge->self->hostname_count; i++) {
        if (strlen(bridge->self->hostnames[i]) == bytes && strncasecmp(bridge->self->hostnames[i], host, bytes) == 0)
            return true;
    }
    return false;
}

/* In front of a port, or of nothing; 0: there is something else. */
static size_t
name_bytes(const char *host)
{
    const char *end = host[0] == '[' ? strchr(host, ']') : strchr(host, ':');
    const size_t bytes = end == NULL ? strlen(host) : host[0] == '[' ? (size_t)(end + 1 - host) : (size_t)(end - host);

    if (host[bytes] != '\0'
        && (host[bytes] != ':' || strspn(host + bytes + 1, "0123456789") != strlen(host + bytes + 1)))
        return 0;
    return bytes;
}
