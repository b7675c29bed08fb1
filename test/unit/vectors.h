/*
 * vectors - the test vectors as files, for tests of the decoders.
 */
#ifndef UNIT_VECTORS_H
#define UNIT_VECTORS_H

#include <souk.h>

typedef void vector_test(const char *name, struct souk_slice bytes);

/*
 * Run `test` over each vector of `folder` ("" or "invalid/") whose name begins
 * with `prefix`. Returns how many there are. A cmocka test calls it.
 */
int vectors_each(const char *folder, const char *prefix, vector_test *test);

#endif
