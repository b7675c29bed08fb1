/*
 * souk_seen - what somebody has seen, as a request carries it: cursors of
 * streams, bounded, and as text between programs that keep nothing else.
 *
 * The text is STREAM=COUNTER.BITS:NUMBER, with commas between cursors: what
 * `souk call --seen` takes and the header Souk-Cursors of the bridge holds.
 */
#ifndef SOUK_SEEN_H
#define SOUK_SEEN_H

#include <souk.h>
#include "souk_position.h"
#include "souk_wire.h"

#define SOUK_SEEN_CURSOR_BYTES 96               /* "comments=2.00c0ffee00c0ffee:17" and a NUL */
#define SOUK_SEEN_TEXT_BYTES (SOUK_WIRE_SEEN_MAX * SOUK_SEEN_CURSOR_BYTES)

struct souk_seen {
    uint32_t count;
    struct souk_cause cursors[SOUK_WIRE_SEEN_MAX];
};

/* Add the cursors of `text`. 0; -SOUK_EINVAL (no such text, or a stream twice); -SOUK_ETOOBIG: too many of them. */
SOUK_MUST_CHECK int souk_seen_parse(struct souk_slice text, struct souk_seen *seen);
/* One cursor, or all of them, with a NUL. Gives the bytes without it. */
size_t souk_seen_format_cursor(const struct souk_cause *cursor, char text_out[SOUK_SEEN_CURSOR_BYTES]);
size_t souk_seen_format(const struct souk_seen *seen, char text_out[SOUK_SEEN_TEXT_BYTES]);
/*
 * Add cursors: of a stream that is there the further one stays, and a new
 * stream comes behind the others while there is room. So what matters most is
 * added first, and the rest is left out without harm: it is only waited for less.
 */
void souk_seen_add(struct souk_seen *seen, const struct souk_cause *cursors, size_t count);

#endif
