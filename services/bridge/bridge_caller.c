#include "bridge.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#define FORWARDED_FOR "X-Forwarded-For"
#define FIELDS_MAX 16                   /* more of them, and the proxy speaks for itself */
#define FORWARDED_MAX 32                /* addresses that are looked at, from the end */

struct fields {
    const char *values[FIELDS_MAX];
    size_t count;
};

static enum MHD_Result note_field(void *arg, enum MHD_ValueKind kind, const char *name, const char *value);
static bool is_proxy(const struct bridge *bridge, const struct sockaddr_storage *address);
static bool read_address(const char *from, const char *to, struct sockaddr_storage *address_out);
static void put_plain(struct sockaddr_storage *address);
static const void *bytes_of(const struct sockaddr_storage *address, size_t *bytes_out);

void
bridge_caller(const struct bridge_exchange *exchange, struct sockaddr_storage *address_out)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->connection,
        MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info == NULL ? NULL : info->client_addr;
    struct fields fields = { .count = 0 };
    struct sockaddr_storage said;
    const char *field, *from, *to;
    size_t left;

    memset(address_out, 0, sizeof *address_out);
    if (peer == NULL || (peer->sa_family != AF_INET && peer->sa_family != AF_INET6))
        return;
    memcpy(address_out, peer, peer->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    put_plain(address_out);
    if (!is_proxy(exchange->bridge, address_out))
        return;
    (void)MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, note_field, &fields);
    left = fields.count > FIELDS_MAX ? 0 : fields.count;
    field = to = NULL;
    for (int i = 0; i < FORWARDED_MAX && is_proxy(exchange->bridge, address_out); i++) {
        if (field == to) {                      /* all of that one: the one before it was there first */
            if (left == 0)
                return;
            field = fields.values[--left];
            to = field + strlen(field);
        } else {
            to--;                               /* the comma */
        }
        for (from = to; from > field && from[-1] != ','; from--)
            ;
        if (!read_address(from, to, &said))
            return;
        *address_out = said;
        to = from;
    }
}

static enum MHD_Result
note_field(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct fields *fields = arg;

    if (strcasecmp(name, FORWARDED_FOR) != 0)
        return MHD_YES;
    if (fields->count < FIELDS_MAX)
        fields->values[fields->count] = value == NULL ? "" : value;
    fields->count++;
    return MHD_YES;
}

void
bridge_caller_text(const struct bridge_exchange *exchange, char text_out[SOUK_ROUTES_ADDRESS_BYTES])
{
    struct sockaddr_storage address;
    const void *bytes;
    size_t count;

    bridge_caller(exchange, &address);
    if ((bytes = bytes_of(&address, &count)) == NULL
        || inet_ntop(address.ss_family, bytes, text_out, SOUK_ROUTES_ADDRESS_BYTES) == NULL)
        text_out[0] = '\0';
}

static bool
is_proxy(const struct bridge *bridge, const struct sockaddr_storage *address)
{
    const char *const *proxies = bridge->self->proxies;
    struct sockaddr_storage proxy;
    const void *bytes, *own;
    size_t count, own_count;

    if ((bytes = bytes_of(address, &count)) == NULL)
        return false;
    for (size_t i = 0; i < bridge->self->proxy_count; i++)
        if (read_address(proxies[i], proxies[i] + strlen(proxies[i]), &proxy)
            && proxy.ss_family == address->ss_family && (own = bytes_of(&proxy, &own_count)) != NULL
            && memcmp(own, bytes, count) == 0)
            return true;
    return false;
}

/* An address in numbers between blanks. Some proxies add a port: 192.0.2.1:80, [2001:db8::1], [2001:db8::1]:80. */
static bool
read_address(const char *from, const char *to, struct sockaddr_storage *address_out)
{
    char text[SOUK_ROUTES_ADDRESS_BYTES];
    const char *end;

    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    if (from < to && *from == '[' && (end = memchr(from, ']', (size_t)(to - from))) != NULL) {
        from++;
        to = end;
    } else if ((end = memchr(from, ':', (size_t)(to - from))) != NULL
        && memchr(end + 1, ':', (size_t)(to - end - 1)) == NULL) {
        to = end;                               /* one colon: a port is behind it */
    }
    if (from == to || (size_t)(to - from) >= sizeof text)
        return false;
    memcpy(text, from, (size_t)(to - from));
    text[to - from] = '\0';
    memset(address_out, 0, sizeof *address_out);
    if (inet_pton(AF_INET, text, &((struct sockaddr_in *)address_out)->sin_addr) == 1) {
        address_out->ss_family = AF_INET;
        return true;
    }
    if (inet_pton(AF_INET6, text, &((struct sockaddr_in6 *)address_out)->sin6_addr) != 1)
        return false;
    address_out->ss_family = AF_INET6;
    put_plain(address_out);
    return true;
}

/* ::ffff:192.0.2.1, which a socket for both families says, is 192.0.2.1. */
static void
put_plain(struct sockaddr_storage *address)
{
    const struct in6_addr six = ((const struct sockaddr_in6 *)address)->sin6_addr;

    if (address->ss_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&six))
        return;
    memset(address, 0, sizeof *address);
    address->ss_family = AF_INET;
    memcpy(&((struct sockaddr_in *)address)->sin_addr, six.s6_addr + 12, 4);
}

/* NULL: it has none. */
static const void *
bytes_of(const struct sockaddr_storage *address, size_t *bytes_out)
{
    if (address->ss_family == AF_INET) {
        *bytes_out = sizeof(struct in_addr);
        return &((const struct sockaddr_in *)address)->sin_addr;
    }
    if (address->ss_family == AF_INET6) {
        *bytes_out = sizeof(struct in6_addr);
        return &((const struct sockaddr_in6 *)address)->sin6_addr;
    }
    return NULL;
}
