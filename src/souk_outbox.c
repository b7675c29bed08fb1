#include "souk_outbox.h"
#include "souk_plant.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct souk_out *make(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door,
    const struct souk_name *to, struct souk_slice route, const struct souk_slice *frames, size_t frame_count);
static void append(struct souk_out **head, struct souk_out **tail, struct souk_out *out);

void
souk_outbox_init(struct souk_outbox *outbox)
{
    memset(outbox, 0, sizeof *outbox);
}

void
souk_outbox_done(struct souk_outbox *outbox)
{
    struct souk_out *out;

    souk_outbox_drop(outbox);
    while ((out = souk_outbox_take(outbox)) != NULL)
        souk_out_free(&out);
}

int
souk_outbox_put(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door, const struct souk_name *to,
    struct souk_slice route, const struct souk_slice *frames, size_t frame_count)
{
    struct souk_out *out = make(outbox, kind, door, to, route, frames, frame_count);

    if (out == NULL)
        return -SOUK_ENOMEM;
    append(&outbox->held_head, &outbox->held_tail, out);
    if (SOUK_PLANTED_BUG(PUBLISHED_BEFORE_COMMIT))
        souk_outbox_release(outbox);
    return 0;
}

int
souk_outbox_put_now(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door,
    const struct souk_name *to, struct souk_slice route, const struct souk_slice *frames, size_t frame_count)
{
    struct souk_out *out = make(outbox, kind, door, to, route, frames, frame_count);

    if (out == NULL)
        return -SOUK_ENOMEM;
    append(&outbox->ready_head, &outbox->ready_tail, out);
    return 0;
}

static void
append(struct souk_out **head, struct souk_out **tail, struct souk_out *out)
{
    if (*tail == NULL)
        *head = out;
    else
        (*tail)->next = out;
    *tail = out;
}

static struct souk_out *
make(struct souk_outbox *outbox, enum souk_out_kind kind, enum souk_door door, const struct souk_name *to,
    struct souk_slice route, const struct souk_slice *frames, size_t frame_count)
{
    struct souk_out *out;
    size_t payload = 0;
    uint8_t *at;

    assert(frame_count >= 1);
    assert(frame_count <= SOUK_FRAMES_MAX);
    assert(route.size_bytes <= SOUK_ROUTE_BYTES_MAX);
    assert((kind == SOUK_OUT_SEND) == (to != NULL));

    for (size_t i = 0; i < frame_count; i++)
        payload += frames[i].size_bytes;
    out = malloc(sizeof *out + frame_count * sizeof out->frames[0] + payload);
    if (out == NULL)
        return NULL;
    memset(out, 0, sizeof *out);
    atomic_init(&out->sharers, 1);
    out->kind = kind;
    out->door = door;
    if (to != NULL)
        out->to = *to;
    if (route.size_bytes != 0)
        memcpy(out->route, route.base, route.size_bytes);
    out->route_bytes = route.size_bytes;
    out->frame_count = frame_count;
    out->frames = (struct souk_slice *)(out + 1);
    at = (uint8_t *)(out->frames + frame_count);
    for (size_t i = 0; i < frame_count; i++) {
        if (frames[i].size_bytes != 0)
            memcpy(at, frames[i].base, frames[i].size_bytes);
        out->frames[i] = (struct souk_slice){ at, frames[i].size_bytes };
        at += frames[i].size_bytes;
    }
    outbox->bytes_put += payload;
    return out;
}

void
souk_outbox_release(struct souk_outbox *outbox)
{
    if (outbox->held_head == NULL)
        return;
    if (outbox->ready_tail == NULL)
        outbox->ready_head = outbox->held_head;
    else
        outbox->ready_tail->next = outbox->held_head;
    outbox->ready_tail = outbox->held_tail;
    outbox->held_head = outbox->held_tail = NULL;
}

void
souk_outbox_drop(struct souk_outbox *outbox)
{
    struct souk_out *out;

    if (SOUK_PLANTED_BUG(SENT_THOUGH_ABORTED))
        souk_outbox_release(outbox);
    while ((out = outbox->held_head) != NULL) {
        outbox->held_head = out->next;
        souk_out_free(&out);
    }
    outbox->held_tail = NULL;
}

struct souk_out *
souk_outbox_take(struct souk_outbox *outbox)
{
    struct souk_out *out = outbox->ready_head;

    if (out == NULL)
        return NULL;
    if ((outbox->ready_head = out->next) == NULL)
        outbox->ready_tail = NULL;
    out->next = NULL;
    return out;
}

void
souk_out_free(struct souk_out **out_p)
{
    struct souk_out *out = *out_p;

    *out_p = NULL;
    if (out != NULL && atomic_fetch_sub_explicit(&out->sharers, 1, memory_order_acq_rel) == 1)
        free(out);
}

bool
souk_out_share(struct souk_out *out)
{
    if (atomic_load_explicit(&out->sharers, memory_order_relaxed) == 0)
        return false;
    (void)atomic_fetch_add_explicit(&out->sharers, 1, memory_order_acq_rel);
    return true;
}
