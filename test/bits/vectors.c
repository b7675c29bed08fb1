#include "vectors.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "eventstore.h"
#include "recovery.h"
#include "souk_batch.h"
#include "souk_wire.h"

#define VECTORS_MIN 60                          /* fewer found: the folder isn't the one we mean */
#define ARENA_BYTES_MAX (1024 * 1024)
#define VECTOR_BYTES_MAX 4096
#define PATH_BYTES 512

static bool begins(const char *name, const char *prefix);
static uint8_t *read_whole(const char *path, size_t *size_out);
static int flip(const char *name, uint8_t *bytes, size_t size_bytes, struct vectors_count *count);
static bool is_taken(const char *name, struct souk_slice frame, struct souk_pack *pack);
static bool is_same(struct souk_slice frame, const struct souk_pack *pack);
static int payload_again(const char *name, struct souk_slice payload, struct souk_pack *pack);
static int again(struct souk_slice frame, struct souk_pack *pack);
static int reply_again(struct souk_slice frame, struct souk_pack *pack);

int
vectors_flip(const char *folder, struct vectors_count *count)
{
    const struct dirent *entry;
    DIR *directory;
    int rc = 0;

    if ((directory = opendir(folder)) == NULL) {
        perror(folder);
        return -1;
    }
    while (rc == 0 && (entry = readdir(directory)) != NULL) {
        const size_t length = strlen(entry->d_name);
        char path[PATH_BYTES];
        size_t size_bytes;
        uint8_t *bytes;

        if (length < 4 || strcmp(entry->d_name + length - 4, ".bin") != 0
            || !(begins(entry->d_name, "batch-") || begins(entry->d_name, "message-")
                || begins(entry->d_name, "payload-")))
            continue;                           /* any bytes are an id, any text is a text; test_pass flips passes */
        (void)snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        rc = (bytes = read_whole(path, &size_bytes)) == NULL ? -1 : flip(entry->d_name, bytes, size_bytes, count);
        free(bytes);
    }
    (void)closedir(directory);
    return rc == 0 && count->vectors >= VECTORS_MIN ? 0 : -1;
}

static bool
begins(const char *name, const char *prefix)
{
    return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* In a block of just its size, so that a sanitizer sees who reads past it. NULL: said on stderr. */
static uint8_t *
read_whole(const char *path, size_t *size_out)
{
    uint8_t buffer[VECTOR_BYTES_MAX + 1], *bytes;
    FILE *file = fopen(path, "rbe");

    if (file == NULL) {
        perror(path);
        return NULL;
    }
    *size_out = fread(buffer, 1, sizeof buffer, file);
    if (ferror(file) != 0 || *size_out == 0 || *size_out > VECTOR_BYTES_MAX) {
        (void)fprintf(stderr, "%s: a vector has 1 to %d bytes that can be read\n", path, VECTOR_BYTES_MAX);
        (void)fclose(file);
        return NULL;
    }
    (void)fclose(file);
    if ((bytes = malloc(*size_out)) == NULL)
        abort();
    memcpy(bytes, buffer, *size_out);
    return bytes;
}

/* 0, or -1 for a vector that is not taken as it is: then its flips would be refused for any reason. */
static int
flip(const char *name, uint8_t *bytes, size_t size_bytes, struct vectors_count *count)
{
    const bool is_batch = begins(name, "batch-");
    const struct souk_slice frame = { bytes, size_bytes };
    struct souk_pack pack;
    int rc = 0;

    count->vectors++;
    souk_pack_init(&pack, SOUK_WIRE_BYTES_MAX);
    if (!is_taken(name, frame, &pack) || (!is_batch && !is_same(frame, &pack))) {
        (void)fprintf(stderr, "%s is not taken for what it is\n", name);
        rc = -1;
    }
    for (size_t bit = 0; rc == 0 && bit < size_bytes * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (!is_taken(name, frame, &pack)) {
            count->refused++;
        } else if (!is_batch && is_same(frame, &pack)) {
            count->others++;
        } else {
            printf("%s with bit %zu flipped is taken for what it is not\n", name, bit);
            count->wrong++;
        }
        count->bits++;
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    souk_pack_done(&pack);
    return rc;
}

/* A message has been written to `pack` again. */
static bool
is_taken(const char *name, struct souk_slice frame, struct souk_pack *pack)
{
    struct souk_batch_header header;

    souk_pack_reset(pack);
    return begins(name, "batch-") ? souk_batch_check(frame, &header) == 0
        : begins(name, "payload-") ? payload_again(name, frame, pack) == 0 : again(frame, pack) == 0;
}

static bool
is_same(struct souk_slice frame, const struct souk_pack *pack)
{
    return pack->rc == 0 && souk_slice_equal(souk_pack_slice(pack), frame);
}

/* As the message that the vector is named after: payload-NAME.bin, payload-NAME-more.bin. */
static int
payload_again(const char *name, struct souk_slice payload, struct souk_pack *pack)
{
    static const struct souk_messages *const known[] = { &eventstore_messages, &recovery_messages };
    const struct souk_message_type *type = NULL;
    struct souk_arena arena;
    void *message;
    int rc;

    name += strlen("payload-");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        for (size_t k = 0; k < known[i]->type_count; k++) {
            const struct souk_message_type *const one[] = { known[i]->types[k], known[i]->types[k]->reply };

            for (size_t n = 0; n < sizeof one / sizeof one[0]; n++)
                if (one[n] != NULL && begins(name, one[n]->name) && strchr(".-", name[strlen(one[n]->name)]) != NULL)
                    type = one[n];
        }
    if (type == NULL) {
        fprintf(stderr, "no message is called as %s\n", name);
        abort();
    }
    souk_arena_init(&arena, ARENA_BYTES_MAX);
    if ((message = souk_arena_alloc(&arena, type->struct_size_bytes)) == NULL)
        abort();
    if ((rc = type->decode(payload, &arena, message)) == 0)
        rc = type->encode(message, pack);
    souk_arena_done(&arena);
    return rc;
}

/* 0: it was read, and has been written to `pack` again. */
static int
again(struct souk_slice frame, struct souk_pack *pack)
{
    union {
        struct souk_wire_heads heads;
        struct souk_wire_pull pull;
        struct souk_wire_pulled pulled;
        struct souk_wire_ack ack;
        struct souk_wire_seal seal;
        struct souk_wire_sealed sealed;
        struct souk_wire_fenced fenced;
        struct souk_wire_busy busy;
        struct souk_wire_request request;
    } message;
    int rc = -SOUK_EMALFORMED;

    switch (souk_wire_kind(frame)) {
    case SOUK_WIRE_HEADS:
        if ((rc = souk_wire_heads_get(frame, &message.heads)) == 0)
            souk_wire_heads_put(pack, &message.heads);
        break;
    case SOUK_WIRE_PULL:
        if ((rc = souk_wire_pull_get(frame, &message.pull)) == 0)
            souk_wire_pull_put(pack, &message.pull);
        break;
    case SOUK_WIRE_PULLED:
        if ((rc = souk_wire_pulled_get(frame, &message.pulled)) == 0)
            souk_wire_pulled_put(pack, &message.pulled);
        break;
    case SOUK_WIRE_ACK:
        if ((rc = souk_wire_ack_get(frame, &message.ack)) == 0)
            souk_wire_ack_put(pack, &message.ack);
        break;
    case SOUK_WIRE_SEAL:
        if ((rc = souk_wire_seal_get(frame, &message.seal)) == 0)
            souk_wire_seal_put(pack, &message.seal);
        break;
    case SOUK_WIRE_SEALED:
        if ((rc = souk_wire_sealed_get(frame, &message.sealed)) == 0)
            souk_wire_sealed_put(pack, &message.sealed);
        break;
    case SOUK_WIRE_FENCED:
        if ((rc = souk_wire_fenced_get(frame, &message.fenced)) == 0)
            souk_wire_fenced_put(pack, &message.fenced);
        break;
    case SOUK_WIRE_BUSY:
        if ((rc = souk_wire_busy_get(frame, &message.busy)) == 0)
            souk_wire_busy_put(pack, &message.busy);
        break;
    case SOUK_WIRE_REQUEST:
        if ((rc = souk_wire_request_get(frame, &message.request)) == 0)
            souk_wire_request_put(pack, &message.request);
        break;
    case SOUK_WIRE_REPLY:
        rc = reply_again(frame, pack);
        break;
    }
    return rc;
}

/* With every entry of its body, which are what a client goes by. */
static int
reply_again(struct souk_slice frame, struct souk_pack *pack)
{
    struct souk_wire_entry entry;
    struct souk_wire_reply reply;
    struct souk_pack body;
    struct souk_unpack in;
    int rc;

    if ((rc = souk_wire_reply_get(frame, &reply)) != 0)
        return rc;
    souk_pack_init(&body, SOUK_WIRE_BYTES_MAX);
    souk_unpack_init(&in, reply.body);
    while ((rc = souk_wire_body_next(&in, &entry)) == 0)
        souk_wire_entry_put(&body, &entry);
    if (rc == -SOUK_ENOTFOUND) {
        reply.body = souk_pack_slice(&body);
        souk_wire_reply_put(pack, &reply);
        rc = body.rc;
    }
    souk_pack_done(&body);
    return rc;
}
