/*
 * sim_random - the one source of chance in a schedule: splitmix64.
 *
 * Everything that draws has a generator of its own, made from the seed and its
 * name, so that leaving out one fault changes as little of the rest as can be.
 */
#ifndef SIM_RANDOM_H
#define SIM_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_random {
    uint64_t state;
};

static inline uint64_t
sim_random_next(struct sim_random *random)
{
    uint64_t z = (random->state += 0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* A generator of its own for part `name`, `index` of what has seed `seed`. */
static inline struct sim_random
sim_random_part(uint64_t seed, const char *name, uint64_t index)
{
    struct sim_random random = { seed };
    const char *at;

    for (at = name; *at != '\0'; at++)
        random.state = (random.state ^ (uint8_t)*at) * 0x100000001b3;
    random.state ^= sim_random_next(&random) + index * 0x9e3779b97f4a7c15;
    (void)sim_random_next(&random);
    return random;
}

/* 0 to bound - 1; 0 for a bound of 0. */
static inline uint64_t
sim_random_below(struct sim_random *random, uint64_t bound)
{
    return bound == 0 ? 0 : sim_random_next(random) % bound;
}

static inline uint64_t
sim_random_between(struct sim_random *random, uint64_t least, uint64_t most)
{
    return least + sim_random_below(random, most - least + 1);
}

static inline bool
sim_random_chance(struct sim_random *random, uint32_t per_mille)
{
    return per_mille != 0 && sim_random_below(random, 1000) < per_mille;
}

static inline void
sim_random_fill(struct sim_random *random, void *bytes_out, size_t size_bytes)
{
    uint8_t *bytes = bytes_out;
    size_t i;

    for (i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)(sim_random_next(random) >> 32);
}

#endif
