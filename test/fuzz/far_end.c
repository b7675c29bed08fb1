#include "far_end.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "souk_batch.h"
#include "souk_pass.h"
#include "souk_socket.h"
#include "souk_socket_wait.h"
#include "souk_wire.h"

#define ASKED_MAX 512                   /* then nobody is there any more */
#define BATCHES_MAX 8
#define FRAMES_MAX (1 + BATCHES_MAX)
#define ID_OFFSET 5                     /* in a reply as it is written */
#define REQUEST_OFFSET 3                /* in an answer to a pull */
#define HASH_OFFSET 5
#define HASH_END (HASH_OFFSET + SOUK_HASH_BYTES)
#define REPLY_BYTES_MAX 4096

struct far_socket {
    enum souk_socket_kind kind;
};

/* What has been asked. */
struct asked {
    struct far_socket *socket;
    bool is_pull;
    struct souk_id id;
    uint64_t request;
};

/* One of a process, as its sockets are. */
static struct far_end {
    const uint8_t *at, *end;
    size_t asked_count;
    struct asked asked[ASKED_MAX];
    struct far_socket *followed;        /* NULL: nobody is */
    uint8_t *frames[FRAMES_MAX];        /* that were received last */
} far_end;

int __wrap_souk_socket_open(void *context, enum souk_socket_kind kind, const char *endpoint,
    const struct souk_socket_keys *keys, void **socket_out, struct souk_error *err);
void __wrap_souk_socket_close(void **socket_p);
int __wrap_souk_socket_subscribe(void *socket, struct souk_slice topic);
int __wrap_souk_socket_send(void *socket, struct souk_out *out);
int __wrap_souk_socket_receive(void *socket, enum souk_socket_kind kind, struct souk_socket_message *message);
int __wrap_souk_socket_wait(struct souk_socket_waited *const *items, size_t count, long timeout_ms);

static struct asked *find(bool is_pull);
static struct far_socket *next_socket(void);
static enum far_end_kind next_kind(void);
static void take_frame(struct souk_socket_message *message);
static void keep_frame(struct souk_socket_message *message, struct souk_slice bytes);
static void put_pass(struct souk_socket_message *message, const struct asked *asked, uint8_t role);
static void put_failure(struct souk_socket_message *message, const struct asked *asked);
static void seal(uint8_t *bytes, size_t size_bytes);
static bool is_final(struct souk_slice frame, const struct souk_id *id);
static void forget(struct asked *asked);
static void drop_frames(void);

/* ---- the script ----------------------------------------------------- */

void
far_end_begin(struct souk_slice script)
{
    drop_frames();
    far_end.at = script.base;
    far_end.end = far_end.at + script.size_bytes;
    far_end.asked_count = 0;
}

bool
far_end_is_ready(void)
{
    return next_socket() != NULL;
}

bool
far_end_is_over(void)
{
    return far_end.at == far_end.end;
}

void
far_end_skip(void)
{
    struct souk_socket_message lost = { .frame_count = 0 };
    enum far_end_kind kind = next_kind();
    size_t frames = kind == FAR_END_REPLY ? 1 : kind == FAR_END_NEWS ? 2 : 0;

    if (far_end_is_over())
        return;
    far_end.at++;
    if ((kind == FAR_END_PASS || kind == FAR_END_PULLED) && !far_end_is_over()) {
        frames = kind == FAR_END_PASS ? 0 : 1 + *far_end.at % (BATCHES_MAX + 1);
        far_end.at++;
    }
    while (frames-- > 0)
        take_frame(&lost);
    drop_frames();
}

static enum far_end_kind
next_kind(void)
{
    return far_end_is_over() ? FAR_END_KINDS : *far_end.at % FAR_END_KINDS;
}

/* Where the next letter goes; NULL: nobody waits for it. */
static struct far_socket *
next_socket(void)
{
    const enum far_end_kind kind = next_kind();
    const struct asked *asked;

    if (kind == FAR_END_NEWS)
        return far_end.followed;
    asked = find(kind == FAR_END_PULLED);
    return asked == NULL ? NULL : asked->socket;
}

static struct asked *
find(bool is_pull)
{
    for (size_t i = 0; i < far_end.asked_count; i++)
        if (far_end.asked[i].is_pull == is_pull)
            return &far_end.asked[i];
    return NULL;
}

static void
forget(struct asked *asked)
{
    const size_t behind = (size_t)(far_end.asked + far_end.asked_count - asked - 1);

    memmove(asked, asked + 1, behind * sizeof *asked);
    far_end.asked_count--;
}

/* ---- what is said --------------------------------------------------- */

static void
take_frame(struct souk_socket_message *message)
{
    const size_t left = (size_t)(far_end.end - far_end.at);
    struct souk_slice bytes = { NULL, 0 };

    if (left >= 2) {
        bytes = (struct souk_slice){ far_end.at + 2, (size_t)(far_end.at[0] << 8 | far_end.at[1]) };
        if (bytes.size_bytes > left - 2)
            bytes.size_bytes = left - 2;
        far_end.at = (const uint8_t *)bytes.base + bytes.size_bytes;
    } else {
        far_end.at = far_end.end;
    }
    keep_frame(message, bytes);
}

/* In memory of its very size, so that a sanitizer sees the first byte too many that is read. */
static void
keep_frame(struct souk_socket_message *message, struct souk_slice bytes)
{
    uint8_t **copy = &far_end.frames[message->frame_count];

    assert(message->frame_count < FRAMES_MAX);
    free(*copy);
    *copy = malloc(bytes.size_bytes == 0 ? 1 : bytes.size_bytes);
    assert(*copy != NULL);
    if (bytes.size_bytes > 0)
        memcpy(*copy, bytes.base, bytes.size_bytes);
    message->frames[message->frame_count++] = (struct souk_slice){ *copy, bytes.size_bytes };
}

static void
drop_frames(void)
{
    for (size_t i = 0; i < FRAMES_MAX; i++) {
        free(far_end.frames[i]);
        far_end.frames[i] = NULL;
    }
}

/* The reply of a service that signs people in, as routes_text.c describes it. */
static void
put_pass(struct souk_socket_message *message, const struct asked *asked, uint8_t role)
{
    static const char *const roles[] = { "guest", "staff" };
    static const uint8_t seed[crypto_sign_SEEDBYTES] = { 7 };
    struct souk_pass pass = { .person.bytes = { 1 }, .issued_ms = (uint64_t)time(NULL) * 1000, .role_count = 1 };
    uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[SOUK_PASS_SECRET_BYTES];
    struct souk_wire_entry entry = { .name = souk_slice_of("book.pass_reply"), .version = 1 };
    struct souk_pack payload, body, frame;
    struct souk_wire_reply reply;
    struct souk_arena arena;
    struct souk_slice bytes;

    (void)strcpy(pass.roles[0], roles[role % 2]);
    pass.expires_ms = pass.issued_ms + SOUK_PASS_LIFE_MS_MAX / 2;
    (void)crypto_sign_seed_keypair(public, secret, seed);
    souk_arena_init(&arena, 0);
    souk_pack_init(&payload, REPLY_BYTES_MAX);
    souk_pack_init(&body, REPLY_BYTES_MAX);
    souk_pack_init(&frame, REPLY_BYTES_MAX);
    assert(souk_pass_sign(&pass, secret, &bytes, &arena) == 0);
    souk_pack_array(&payload, 1);
    souk_pack_bin(&payload, bytes);
    entry.payload = souk_pack_slice(&payload);
    souk_wire_entry_put(&body, &entry);
    souk_wire_reply_init(&reply, &asked->id, SOUK_STATUS_OK);
    reply.body = souk_pack_slice(&body);
    reply.body_count = 1;
    souk_wire_reply_put(&frame, &reply);
    keep_frame(message, souk_pack_slice(&frame));
    souk_pack_done(&frame);
    souk_pack_done(&body);
    souk_pack_done(&payload);
    souk_arena_done(&arena);
}

static void
put_failure(struct souk_socket_message *message, const struct asked *asked)
{
    struct souk_wire_reply reply;
    struct souk_pack frame;

    souk_pack_init(&frame, REPLY_BYTES_MAX);
    souk_wire_reply_init(&reply, &asked->id, SOUK_STATUS_INTERNAL);
    reply.code = souk_slice_of("internal");
    reply.text = souk_slice_of("the script is over");
    souk_wire_reply_put(&frame, &reply);
    keep_frame(message, souk_pack_slice(&frame));
    souk_pack_done(&frame);
}

/* Hardly any batch has the right hash. */
static void
seal(uint8_t *bytes, size_t size_bytes)
{
    const struct souk_slice pieces[2] = { { bytes, HASH_OFFSET }, { bytes + HASH_END, size_bytes - HASH_END } };

    if (size_bytes > HASH_END)
        souk_digest(bytes + HASH_OFFSET, SOUK_HASH_BYTES, pieces, 2);
}

/* Will whoever asked be content with it? One who is told that it is busy asks again, and no other id is meant. */
static bool
is_final(struct souk_slice frame, const struct souk_id *id)
{
    struct souk_wire_reply reply;

    return souk_wire_reply_get(frame, &reply) == 0 && reply.status != SOUK_STATUS_BUSY
        && memcmp(&reply.id, id, sizeof *id) == 0;
}

/* ---- instead of sockets --------------------------------------------- */

int
__wrap_souk_socket_open(void *context, enum souk_socket_kind kind, const char *endpoint,
    const struct souk_socket_keys *keys, void **socket_out, struct souk_error *err)
{
    struct far_socket *socket = calloc(1, sizeof *socket);

    assert(socket != NULL && (kind == SOUK_SOCKET_FOLLOW || kind == SOUK_SOCKET_LINK));
    socket->kind = kind;
    *socket_out = socket;
    return 0;
}

void
__wrap_souk_socket_close(void **socket_p)
{
    struct far_socket *socket = *socket_p;

    for (size_t i = far_end.asked_count; i-- > 0;)
        if (far_end.asked[i].socket == socket)
            forget(&far_end.asked[i]);
    if (far_end.followed == socket)
        far_end.followed = NULL;
    free(socket);
    *socket_p = NULL;
}

int
__wrap_souk_socket_subscribe(void *socket, struct souk_slice topic)
{
    far_end.followed = socket;
    return 0;
}

int
__wrap_souk_socket_send(void *socket, struct souk_out *out)
{
    struct asked asked = { .socket = socket };
    struct souk_wire_request request;
    struct souk_wire_pull pull;

    assert(out->frame_count == 1);
    if (far_end.asked_count == ASKED_MAX)
        return -SOUK_EBUSY;
    if (souk_wire_pull_get(out->frames[0], &pull) == 0) {
        asked.is_pull = true;
        asked.request = pull.request;
    } else {
        assert(souk_wire_request_get(out->frames[0], &request) == 0);   /* whatever it heard before, this is well-formed */
        asked.id = request.id;
    }
    far_end.asked[far_end.asked_count++] = asked;
    return 0;
}

int
__wrap_souk_socket_receive(void *socket, enum souk_socket_kind kind, struct souk_socket_message *message)
{
    const bool is_over = far_end_is_over();
    struct asked *asked;
    uint8_t count;

    if (next_socket() != socket)
        return -SOUK_ENOTFOUND;
    drop_frames();
    message->frame_count = 0;
    asked = find(next_kind() == FAR_END_PULLED);
    if (is_over) {
        put_failure(message, asked);
        forget(asked);
        return 0;
    }
    switch ((enum far_end_kind)(*far_end.at++ % FAR_END_KINDS)) {
    case FAR_END_REPLY:
        take_frame(message);
        if (message->frames[0].size_bytes >= ID_OFFSET + sizeof asked->id)
            memcpy(far_end.frames[0] + ID_OFFSET, asked->id.bytes, sizeof asked->id);
        if (is_final(message->frames[0], &asked->id))
            forget(asked);
        break;
    case FAR_END_PASS:
        put_pass(message, asked, far_end_is_over() ? 0 : *far_end.at++);
        forget(asked);
        break;
    case FAR_END_PULLED:
        count = far_end_is_over() ? 0 : *far_end.at++ % (BATCHES_MAX + 1);
        take_frame(message);
        if (message->frames[0].size_bytes > REQUEST_OFFSET && far_end.frames[0][REQUEST_OFFSET] < 0x80)
            far_end.frames[0][REQUEST_OFFSET] = (uint8_t)(asked->request & 0x7f);
        while (count-- > 0) {
            take_frame(message);
            seal(far_end.frames[message->frame_count - 1], message->frames[message->frame_count - 1].size_bytes);
        }
        forget(asked);
        break;
    default:
        take_frame(message);
        take_frame(message);
        if (!souk_slice_equal(message->frames[0], souk_wire_topic_heads()))
            seal(far_end.frames[1], message->frames[1].size_bytes);
        break;
    }
    return 0;
}

/* Nobody waits: what does not come now does not come. */
int
__wrap_souk_socket_wait(struct souk_socket_waited *const *items, size_t count, long timeout_ms)
{
    const struct far_socket *socket;

    while ((socket = next_socket()) == NULL && !far_end_is_over() && far_end.asked_count > 0)
        far_end_skip();
    for (size_t i = 0; i < count; i++)
        items[i]->has_input = socket != NULL && items[i]->socket == socket;
    return 0;
}
