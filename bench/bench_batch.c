/*
 * bench_batch - which hash, and where to cut: batches of real events, encoded,
 * hashed and committed to a real store, synced.
 *
 * The batch is sealed by the library as ever; libsodium's three functions that
 * it calls are wrapped, so that they compute another hash, or none, which is
 * the ceiling. One thread does it all, or one encodes and hashes while the
 * other commits what is ready.
 *
 * With --memory-dir the store is there, on tmpfs, and is not synced: that shows
 * what the processor does, where a busy disk hides it.
 *
 * usage: bench_batch [--dir DIR | --memory-dir DIR] [--rounds N] [--hash-only]
 */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "souk_log.h"

#define COMMIT_BYTES (1024 * 1024)              /* that go into one commit, of whatever cut */
#define VOLUME_BYTES (8 * 1024 * 1024)          /* of payloads, in one measurement */
#define RING_SLOTS 512                          /* batches on their way from thread to thread */
#define RING_BYTES_MAX (4 * 1024 * 1024)

enum hash { HASH_NONE, HASH_SHA256, HASH_BLAKE2B, HASHES };
static const char *const hash_names[HASHES] = { "none", "SHA-256", "BLAKE2b-256" };

static const uint32_t cuts[] = { 4 * 1024, 16 * 1024, 60 * 1024, 250 * 1024 };
static const uint32_t payloads[] = { 64, 256, 1024 };
#define CUTS (sizeof cuts / sizeof cuts[0])
#define PAYLOADS (sizeof payloads / sizeof payloads[0])

struct slot {
    struct souk_pack pack;
};

/* What is encoded, in its order; of one thread only a commit's worth at a time. */
struct ring {
    pthread_mutex_t lock;
    pthread_cond_t filled, emptied;
    uint64_t head, tail;                        /* batches that were put in, taken out */
    uint64_t bytes;
    bool ended;
    struct slot slots[RING_SLOTS];
};

struct encoder {
    struct souk_batch_builder builder;
    struct souk_batch_place place;
    uint64_t next;
    uint64_t events;
    uint32_t cut_bytes, payload_bytes;
};

static void measure_hashes(void);
static double measure_store(const char *dir, bool simulated, enum hash hash, uint32_t cut_bytes, uint32_t payload_bytes,
    bool two_threads);
static void *encode_all(void *arg);
static bool encode_one(struct encoder *encoder, struct souk_pack *pack);
static void commit_some(struct souk_store *store, struct souk_log *log, const struct souk_pack *const *packs,
    uint32_t count);

/* The one thing that both threads look at; set while there is one. */
static enum hash hash_in_use = HASH_BLAKE2B;

int __real_crypto_generichash_init(crypto_generichash_state *state, const unsigned char *key, size_t key_bytes,
    size_t out_bytes);
int __real_crypto_generichash_update(crypto_generichash_state *state, const unsigned char *in,
    unsigned long long in_bytes);
int __real_crypto_generichash_final(crypto_generichash_state *state, unsigned char *out, size_t out_bytes);
int __wrap_crypto_generichash_init(crypto_generichash_state *state, const unsigned char *key, size_t key_bytes,
    size_t out_bytes);
int __wrap_crypto_generichash_update(crypto_generichash_state *state, const unsigned char *in,
    unsigned long long in_bytes);
int __wrap_crypto_generichash_final(crypto_generichash_state *state, unsigned char *out, size_t out_bytes);

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(crypto_generichash_state), "one state holds either");

int
__wrap_crypto_generichash_init(crypto_generichash_state *state, const unsigned char *key, size_t key_bytes,
    size_t out_bytes)
{
    if (hash_in_use == HASH_SHA256)
        return crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)state);
    return hash_in_use == HASH_NONE ? 0 : __real_crypto_generichash_init(state, key, key_bytes, out_bytes);
}

int
__wrap_crypto_generichash_update(crypto_generichash_state *state, const unsigned char *in,
    unsigned long long in_bytes)
{
    if (hash_in_use == HASH_SHA256)
        return crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)state, in, in_bytes);
    return hash_in_use == HASH_NONE ? 0 : __real_crypto_generichash_update(state, in, in_bytes);
}

int
__wrap_crypto_generichash_final(crypto_generichash_state *state, unsigned char *out, size_t out_bytes)
{
    if (hash_in_use == HASH_SHA256)
        return crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)state, out);
    if (hash_in_use == HASH_NONE) {
        memset(out, 0, out_bytes);
        return 0;
    }
    return __real_crypto_generichash_final(state, out, out_bytes);
}

int
main(int argc, char **argv)
{
    struct measure_rounds *rounds = calloc(CUTS * HASHES * 2, sizeof *rounds);
    const char *dir = ".";
    uint32_t round_count = 5;
    bool hash_only = false, simulated = false;

    if (rounds == NULL)
        measure_check(-SOUK_ENOMEM, "rounds");
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = measure_argument(argv, &i);
        else if (strcmp(argv[i], "--memory-dir") == 0)
            dir = measure_argument(argv, &i), simulated = true;
        else if (strcmp(argv[i], "--rounds") == 0)
            round_count = measure_number(argv, &i, MEASURE_ROUNDS_MAX);
        else if (strcmp(argv[i], "--hash-only") == 0)
            hash_only = true;
        else
            return fputs("usage: bench_batch [--dir DIR | --memory-dir DIR] [--rounds N] [--hash-only]\n", stderr), 2;
    }
    measure_hashes();
    for (size_t p = 0; p < PAYLOADS && !hash_only; p++) {
        printf("\npayload %u bytes: thousand events a second, commits of %u KiB, %s (a write and fdatasync"
            " here: %.0f us)\n", (unsigned)payloads[p], COMMIT_BYTES / 1024, simulated ? "not synced" : "synced",
            measure_sync_us(dir));
        printf("%-9s", "cut KiB");
        for (int two = 0; two < 2; two++)
            for (int h = 0; h < HASHES; h++)
                printf(" %11s/%d", hash_names[h], two + 1);
        printf("\n");
        memset(rounds, 0, CUTS * HASHES * 2 * sizeof *rounds);
        for (uint32_t r = 0; r < round_count; r++)
            for (size_t at = 0; at < CUTS * 2 * HASHES; at++)
                measure_add(&rounds[at], measure_store(dir, simulated, (enum hash)(at % HASHES),
                    cuts[at / (2 * HASHES)], payloads[p], at / HASHES % 2 != 0));
        for (size_t c = 0; c < CUTS; c++) {
            printf("%-9u", (unsigned)cuts[c] / 1024);
            for (size_t at = 0; at < 2 * HASHES; at++)
                printf(" %13.0f", measure_median(&rounds[c * 2 * HASHES + at]) / 1e3);
            printf("\n");
        }
        (void)fflush(stdout);
    }
    free(rounds);
    return 0;
}

/* ---- the hash alone ------------------------------------------------- */

static double
hash_rate(enum hash hash, const uint8_t *bytes, size_t size_bytes, uint32_t times)
{
    struct souk_slice piece = { bytes, size_bytes };
    uint8_t digest[SOUK_HASH_BYTES];
    uint64_t began_ns;

    hash_in_use = hash;
    began_ns = measure_cpu_ns();
    for (uint32_t i = 0; i < times; i++)
        souk_digest(digest, sizeof digest, &piece, 1);
    return (double)size_bytes * times / (double)(measure_cpu_ns() - began_ns) * 1e3;
}

/* The first figure comes before sodium_init(), which chooses the code for this processor. */
static void
measure_hashes(void)
{
    static const size_t sizes[] = { 512, 4 * 1024, 60 * 1024 };
    static uint8_t bytes[60 * 1024];
    struct measure_rounds plain[3] = { 0 }, chosen[3] = { 0 }, sha[3] = { 0 };

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 131 + (i >> 8));
    for (int r = 0; r < 9; r++)
        for (int s = 0; s < 3; s++)
            measure_add(&plain[s], hash_rate(HASH_BLAKE2B, bytes, sizes[s], (uint32_t)(4 * 1024 * 1024 / sizes[s])));
    if (sodium_init() < 0)
        measure_check(-SOUK_EIO, "sodium_init");
    for (int r = 0; r < 9; r++)
        for (int s = 0; s < 3; s++) {
            uint32_t times = (uint32_t)(4 * 1024 * 1024 / sizes[s]);

            measure_add(&chosen[s], hash_rate(HASH_BLAKE2B, bytes, sizes[s], times));
            measure_add(&sha[s], hash_rate(HASH_SHA256, bytes, sizes[s], times));
        }
    printf("hash alone, MB a second of processor time: %9s %10s %10s\n", "512 B", "4 KiB", "60 KiB");
    printf("BLAKE2b-256, sodium_init() not called  %12.0f %10.0f %10.0f\n", measure_median(&plain[0]),
        measure_median(&plain[1]), measure_median(&plain[2]));
    printf("BLAKE2b-256                            %12.0f %10.0f %10.0f\n", measure_median(&chosen[0]),
        measure_median(&chosen[1]), measure_median(&chosen[2]));
    printf("SHA-256                                %12.0f %10.0f %10.0f\n", measure_median(&sha[0]),
        measure_median(&sha[1]), measure_median(&sha[2]));
    (void)fflush(stdout);
}

/* ---- through the store ---------------------------------------------- */

/* Events a second. */
static double
measure_store(const char *dir, bool simulated, enum hash hash, uint32_t cut_bytes, uint32_t payload_bytes,
    bool two_threads)
{
    struct encoder encoder = { .next = 1, .events = VOLUME_BYTES / payload_bytes, .cut_bytes = cut_bytes,
        .payload_bytes = payload_bytes };
    const struct souk_pack *packs[RING_SLOTS];
    struct ring *ring = calloc(1, sizeof *ring);
    struct measure_store measured;
    struct souk_txn *txn;
    struct souk_log log;
    uint64_t events = encoder.events, began_ns;
    void *both[2] = { ring, &encoder };
    pthread_t thread;
    double rate;

    if (ring == NULL)
        measure_check(-SOUK_ENOMEM, "ring");
    for (int i = 0; i < RING_SLOTS; i++)
        souk_pack_init(&ring->slots[i].pack, SOUK_BATCH_BYTES_MAX);
    souk_batch_builder_init(&encoder.builder);
    measure_place(&encoder.place);
    measure_store_open(&measured, dir, simulated);
    measure_check(souk_txn_begin(measured.store, SOUK_TXN_WRITE, &txn), "begin");
    measure_check(souk_log_open(txn, &encoder.place.stream, &log), "log");
    measure_check(souk_txn_commit(&txn), "commit");
    hash_in_use = hash;
    (void)pthread_mutex_init(&ring->lock, NULL);
    (void)pthread_cond_init(&ring->filled, NULL);
    (void)pthread_cond_init(&ring->emptied, NULL);

    began_ns = measure_now_ns();
    if (two_threads && pthread_create(&thread, NULL, encode_all, both) != 0)
        measure_check(-SOUK_ENOMEM, "thread");
    for (;;) {
        uint64_t bytes = 0;
        uint32_t count = 0;

        if (two_threads) {
            (void)pthread_mutex_lock(&ring->lock);
            while (ring->head == ring->tail && !ring->ended)
                (void)pthread_cond_wait(&ring->filled, &ring->lock);
            for (uint64_t at = ring->tail; at < ring->head && bytes < COMMIT_BYTES; at++) {
                packs[count] = &ring->slots[at % RING_SLOTS].pack;
                bytes += packs[count++]->size_bytes;
            }
            (void)pthread_mutex_unlock(&ring->lock);
        } else {
            while (bytes < COMMIT_BYTES && count < RING_SLOTS && encode_one(&encoder, &ring->slots[count].pack)) {
                packs[count] = &ring->slots[count].pack;
                bytes += packs[count++]->size_bytes;
            }
        }
        if (count == 0)
            break;
        commit_some(measured.store, &log, packs, count);
        if (two_threads) {
            (void)pthread_mutex_lock(&ring->lock);
            ring->tail += count;
            ring->bytes -= bytes;
            (void)pthread_cond_signal(&ring->emptied);
            (void)pthread_mutex_unlock(&ring->lock);
        }
    }
    rate = (double)events / (double)(measure_now_ns() - began_ns) * 1e9;
    if (two_threads)
        (void)pthread_join(thread, NULL);
    hash_in_use = HASH_BLAKE2B;
    measure_store_done(&measured);
    souk_batch_builder_done(&encoder.builder);
    for (int i = 0; i < RING_SLOTS; i++)
        souk_pack_done(&ring->slots[i].pack);
    free(ring);
    return rate;
}

static void *
encode_all(void *arg)
{
    void **both = arg;
    struct ring *ring = both[0];
    struct encoder *encoder = both[1];
    bool more = true;

    while (more) {
        struct souk_pack *pack;

        (void)pthread_mutex_lock(&ring->lock);
        while (ring->head - ring->tail == RING_SLOTS || ring->bytes >= RING_BYTES_MAX)
            (void)pthread_cond_wait(&ring->emptied, &ring->lock);
        pack = &ring->slots[ring->head % RING_SLOTS].pack;
        (void)pthread_mutex_unlock(&ring->lock);
        more = encode_one(encoder, pack);
        (void)pthread_mutex_lock(&ring->lock);
        if (more) {
            ring->head++;
            ring->bytes += pack->size_bytes;
        } else {
            ring->ended = true;
        }
        (void)pthread_cond_signal(&ring->filled);
        (void)pthread_mutex_unlock(&ring->lock);
    }
    return NULL;
}

/* False: there are no more events. */
static bool
encode_one(struct encoder *encoder, struct souk_pack *pack)
{
    struct souk_event event;
    uint8_t key[16];

    if (encoder->events == 0)
        return false;
    souk_batch_builder_reset(&encoder->builder);
    while (encoder->events != 0 && souk_batch_builder_bytes(&encoder->builder) < encoder->cut_bytes) {
        int rc;

        measure_event(encoder->next, encoder->payload_bytes, &event, key);
        if ((rc = souk_batch_builder_add(&encoder->builder, &event)) == -SOUK_ETOOBIG)
            break;
        measure_check(rc, "add");
        encoder->next++;
        encoder->events--;
    }
    souk_pack_reset(pack);
    measure_check(souk_batch_finish(&encoder->builder, &encoder->place, pack, &encoder->place.after), "finish");
    encoder->place.commit++;
    return true;
}

static void
commit_some(struct souk_store *store, struct souk_log *log, const struct souk_pack *const *packs, uint32_t count)
{
    struct souk_batch_header header;
    struct souk_txn *txn;

    measure_check(souk_txn_begin(store, SOUK_TXN_WRITE, &txn), "begin");
    for (uint32_t i = 0; i < count; i++) {
        measure_check(souk_batch_peek(souk_pack_slice(packs[i]), &header), "peek");
        measure_check(souk_log_append(txn, log, &header, souk_pack_slice(packs[i])), "append");
    }
    measure_check(souk_txn_commit(&txn), "commit");
}
