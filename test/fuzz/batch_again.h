/*
 * batch_again - encode(decode(batch)), which has to be the batch.
 *
 * A batch says more than its events do: in which order the names stand in
 * their table, whether a correlation that is the command's id was written out,
 * how far the first event is from the header's time. So it is written again in
 * two ways. Both stop with assert() where it comes out otherwise.
 */
#ifndef BATCH_AGAIN_H
#define BATCH_AGAIN_H

#include "souk_batch.h"

#include "../sim/check_decode.h"

/* Value by value, as it was read: the bytes are the same. So one value has one encoding. */
void batch_again_literally(struct souk_slice batch, const struct check_form *form);

/*
 * With the library's builder, or as a record: the result passes
 * souk_batch_check() and has equal events. The bytes are the same if the batch
 * has the form that the builder gives it: names in the order of their first
 * use, the first event at the header's time, no correlation that goes without saying.
 */
void batch_again_built(struct souk_slice batch, const struct souk_batch_header *header);

#endif
