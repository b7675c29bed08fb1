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
    struct sim_event last;
    size_t at = 0, child;

    if (queue->count == 0)
        return false;
    *event_out = queue->events[0];
    last = queue->events[--queue->count];
    while ((child = 2 * at + 1) < queue->count) {
        if (child + 1 < queue->count && is_before(&queue->events[child + 1], &queue->events[child]))
            child++;
        if (!is_before(&queue->events[child], &last))
            break;
        queue->events[at] = queue->events[child];
        at = child;
    }
    queue->events[at] = last;
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
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->order < b->order;
}
