#include "sim_queue.h"

#include <stdio.h>
#include <stdlib.h>

static bool is_before(const struct sim_event *a, const struct sim_event *b);

void
sim_queue_init(struct sim_queue *queue)
{
    *queue = (struct sim_queue){ 0 };
}

void
sim_queue_done(struct sim_queue *queue)
{
    free(queue->events);
    *queue = (struct sim_queue){ 0 };
}

void
sim_queue_put(struct sim_queue *queue, struct sim_event event)
{
    struct sim_event *events;
    size_t at, parent;

    if (queue->count == queue->room) {
        queue->room = queue->room == 0 ? 1024 : 2 * queue->room;
        if ((events = realloc(queue->events, queue->room * sizeof *events)) == NULL) {
            fprintf(stderr, "souk-sim: no memory for the queue of events\n");
            abort();
        }
        queue->events = events;
    }
    event.order = queue->orders++;
    for (at = queue->count++; at > 0; at = parent) {
        parent = (at - 1) / 2;
        if (!is_before(&event, &queue->events[parent]))
            break;
        queue->events[at] = queue->events[parent];
    }
    queue->events[at] = event;
}

bool
sim_queue_take(struct sim_queue *queue, struct sim_event *event_out)
{
    struct sim_event last, *events;
    size_t at, child;

    if (queue->count == 0)
        return false;
    events = queue->events;
    *event_out = events[0];
    last = events[--queue->count];
    /* The last one belongs far below: the hole sinks to the bottom first, and it rises from there. */
    for (at = 0; (child = 2 * at + 1) < queue->count; at = child) {
        child += child + 1 < queue->count && is_before(&events[child + 1], &events[child]);
        events[at] = events[child];
    }
    for (; at > 0 && is_before(&last, &events[(at - 1) / 2]); at = (at - 1) / 2)
        events[at] = events[(at - 1) / 2];
    events[at] = last;
    return true;
}

uint64_t
sim_queue_next_us(const struct sim_queue *queue)
{
    return queue->count == 0 ? UINT64_MAX : queue->events[0].at_us;
}

static bool
is_before(const struct sim_event *a, const struct sim_event *b)
{
    /* One comparison, and no jump that nobody can foretell. */
    return ((unsigned __int128)a->at_us << 64 | a->order) < ((unsigned __int128)b->at_us << 64 | b->order);
}
