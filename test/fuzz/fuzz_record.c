/*
 * Epoch records: the input is a record's body, and where its stream stands. A
 * header is put before it, so that no mutation is lost on a header's checks,
 * and the whole goes the way of every batch.
 *
 * Input: hash of the parent (32), its number (8, as rows hold them), counter of
 * the new epoch (4), place (1), places (1), body.
 */
#include "fuzz.h"

#include <assert.h>
#include <string.h>

#include "batch_again.h"
#include "same.h"

#define HASH_OFFSET 5
#define HASH_END (HASH_OFFSET + SOUK_HASH_BYTES)
#define FIXED_BYTES (SOUK_HASH_BYTES + 8 + 4 + 2)

static void
put_header(struct souk_pack *pack, const uint8_t *fixed)
{
    static const uint8_t zeros[SOUK_HASH_BYTES];

    souk_pack_array(pack, 15);
    souk_pack_uint(pack, SOUK_BATCH_VERSION);
    souk_pack_uint(pack, SOUK_BATCH_BLAKE2B);
    souk_pack_bin(pack, (struct souk_slice){ zeros, sizeof zeros });
    souk_pack_bin(pack, (struct souk_slice){ fixed, SOUK_HASH_BYTES });
    souk_pack_str(pack, souk_slice_of("orders"));
    souk_pack_uint(pack, souk_get_u32(fixed + SOUK_HASH_BYTES + 8));
    souk_pack_bin(pack, (struct souk_slice){ "epoch!!!", 8 });
    souk_pack_uint(pack, souk_get_u64(fixed + SOUK_HASH_BYTES) + 1);
    souk_pack_uint(pack, 0);                                /* count */
    souk_pack_uint(pack, 1700000000000);
    souk_pack_uint(pack, 1);                                /* commit */
    souk_pack_uint(pack, fixed[SOUK_HASH_BYTES + 12]);
    souk_pack_uint(pack, fixed[SOUK_HASH_BYTES + 13]);
    souk_pack_array(pack, 0);                               /* causes, names */
    souk_pack_array(pack, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct souk_batch_header header;
    struct souk_slice pieces[2], batch;
    struct check_arena arena;
    struct check_form form;
    struct souk_pack pack;

    if (size_bytes < FIXED_BYTES)
        return 0;
    souk_pack_init(&pack, SOUK_BATCH_BYTES_MAX);
    put_header(&pack, bytes);
    souk_pack_raw(&pack, (struct souk_slice){ bytes + FIXED_BYTES, size_bytes - FIXED_BYTES });
    if (pack.rc != 0)
        goto done;
    pieces[0] = (struct souk_slice){ pack.base, HASH_OFFSET };
    pieces[1] = (struct souk_slice){ pack.base + HASH_END, pack.size_bytes - HASH_END };
    souk_digest(pack.base + HASH_OFFSET, SOUK_HASH_BYTES, pieces, 2);
    batch = souk_pack_slice(&pack);
    if (souk_batch_check(batch, &header) != 0)
        goto done;
    assert(header.count == 0);
    check_arena_init(&arena);
    assert(check_decode_batch(&arena, (struct check_bytes){ batch.base, batch.size_bytes }, &form) == NULL);
    assert(same_batch(&header, &form) == NULL);
    batch_again_literally(batch, &form);
    check_arena_done(&arena);
    batch_again_built(batch, &header);
done:
    souk_pack_done(&pack);
    return 0;
}
