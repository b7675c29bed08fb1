/*
 * sim_queue - what is going to happen, by virtual time.
 *
 * A heap ordered by time, then by the order in which things were put in: the
 * same schedule always runs the same way.
 */
#ifndef SIM_QUEUE_H
#define SIM_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sim_event {
    uint64_t at_us;
    uint64_t order;             /* set by sim_queue_put() */
    int kind;                   /* and the rest: the world's business */
    uint32_t a, b;
    void *what;
};

struct sim_queue {
    struct sim_event *events;
    size_t count, room;
    uint64_t orders;
};

void sim_queue_init(struct sim_queue *queue);
void sim_queue_done(struct sim_queue *queue);
void sim_queue_put(struct sim_queue *queue, struct sim_event event);
/* The next one, which is taken out; false when there is none. */
bool sim_queue_take(struct sim_queue *queue, struct sim_event *event_out);
/* When the next one is; UINT64_MAX when there is none. */
uint64_t sim_queue_next_us(const struct sim_queue *queue);

#endif
