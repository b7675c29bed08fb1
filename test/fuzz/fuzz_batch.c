/*
 * Batches: what souk_batch_check() accepts, the simulator's reader accepts and
 * reads the same; writing every value down again gives the same bytes; and the
 * builder makes of its events a batch that says the same. Of a batch that has
 * the builder's own form it makes the very same bytes.
 *
 * Hardly any input has the right hash, so it is put in before a second look.
 */
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "batch_again.h"
#include "same.h"

#define HASH_OFFSET 5
#define HASH_END (HASH_OFFSET + SOUK_HASH_BYTES)

static void
look(struct souk_slice batch)
{
    struct souk_batch_header header, again;
    struct check_arena arena;
    struct check_form form;
    struct souk_causes causes;
    struct souk_cause cause;

    /* Bytes of a damaged store are peeked at too: whatever they are, nothing beyond their end is read. */
    if (souk_batch_peek(batch, &again) == 0) {
        souk_causes_init(&causes, &again);
        while (souk_causes_next(&causes, &cause))
            continue;
        assert(again.place < again.places && again.name_count <= SOUK_BATCH_NAMES_MAX);
    }
    if (souk_batch_check(batch, &header) != 0)
        return;
    assert(souk_batch_read(batch, &again) == 0);
    assert(memcmp(&header, &again, sizeof header) == 0);
    assert(souk_batch_peek(batch, &again) == 0);
    assert(memcmp(&header, &again, sizeof header) == 0);

    check_arena_init(&arena);
    assert(check_decode_batch(&arena, (struct check_bytes){ batch.base, batch.size_bytes }, &form) == NULL);
    assert(same_batch(&header, &form) == NULL);
    batch_again_literally(batch, &form);
    check_arena_done(&arena);
    batch_again_built(batch, &header);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct souk_slice pieces[2];
    uint8_t *copy;

    look((struct souk_slice){ bytes, size_bytes });
    if (size_bytes <= HASH_END || (copy = malloc(size_bytes)) == NULL)
        return 0;
    memcpy(copy, bytes, size_bytes);
    pieces[0] = (struct souk_slice){ copy, HASH_OFFSET };
    pieces[1] = (struct souk_slice){ copy + HASH_END, size_bytes - HASH_END };
    souk_digest(copy + HASH_OFFSET, SOUK_HASH_BYTES, pieces, 2);
    look((struct souk_slice){ copy, size_bytes });
    free(copy);
    return 0;
}
