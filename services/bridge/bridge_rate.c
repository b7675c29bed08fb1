#include "bridge.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#define WAYS 4                          /* places that one address and route may have */
#define SIX_PREFIX_BYTES 8              /* of an IPv6 address: what one subscriber has, /64 */

/*
 * How full a bucket is, as a time: when it is empty again. A request puts in a
 * share of `rate_seconds`; a bucket that would hold more takes none.
 */
struct bucket {
    uint64_t key;                       /* of an address and a route; 0: free */
    uint64_t empty_us;
};

struct bridge_rates {
    uint8_t secret[crypto_shorthash_KEYBYTES];  /* so that nobody can choose who shares a place */
    struct bucket buckets[BRIDGE_RATES_MAX];
};

static uint64_t key_of(const struct bridge_rates *rates, const struct sockaddr *address,
    const struct souk_route *route);
static struct bucket *find(struct bridge_rates *rates, uint64_t key);

struct bridge_rates *
bridge_rates_new(void)
{
    struct bridge_rates *rates = calloc(1, sizeof *rates);

    if (rates != NULL)
        randombytes_buf(rates->secret, sizeof rates->secret);
    return rates;
}

uint64_t
bridge_rate_count(struct bridge_rates *rates, const struct sockaddr *address, const struct souk_route *route,
    uint64_t now_us)
{
    const uint64_t whole_us = route->rate_seconds * 1000000;
    const uint64_t share_us = whole_us / route->rate;
    struct bucket *bucket = find(rates, key_of(rates, address, route));

    if (bucket->empty_us < now_us)
        bucket->empty_us = now_us;
    /* Shares are whole microseconds, so they may be a little less than the whole together. */
    if (bucket->empty_us + share_us > now_us + whole_us)
        return (bucket->empty_us + share_us - now_us - whole_us + 999) / 1000;
    bucket->empty_us += share_us;
    return 0;
}

static uint64_t
key_of(const struct bridge_rates *rates, const struct sockaddr *address, const struct souk_route *route)
{
    struct {
        uint8_t address[SIX_PREFIX_BYTES];
        uint32_t line, family;
    } what = { .line = route->line, .family = address == NULL ? AF_UNSPEC : address->sa_family };
    uint64_t key = 0;

    if (what.family == AF_INET6)
        memcpy(what.address, &((const struct sockaddr_in6 *)address)->sin6_addr, SIX_PREFIX_BYTES);
    else if (what.family == AF_INET)
        memcpy(what.address, &((const struct sockaddr_in *)address)->sin_addr, sizeof(struct in_addr));
    (void)crypto_shorthash((uint8_t *)&key, (const uint8_t *)&what, sizeof what, rates->secret);
    return key == 0 ? 1 : key;
}

/* Where no place is left the emptiest one is taken: who is forgotten had the least to wait for. */
static struct bucket *
find(struct bridge_rates *rates, uint64_t key)
{
    struct bucket *set = &rates->buckets[key % (BRIDGE_RATES_MAX / WAYS) * WAYS];
    struct bucket *emptiest = set;
    size_t i;

    for (i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (set[i].empty_us < emptiest->empty_us)
            emptiest = &set[i];
    }
    *emptiest = (struct bucket){ .key = key };
    return emptiest;
}
