/*
 * souk_log_position - a place in the log of an event store, as people write
 * it: es1.3f2a91c0:123456.
 *
 * That is the event store, which incarnation of it, and the log position. Log
 * positions are given anew by each incarnation, so a number alone would name
 * another batch after a restore. Of the incarnation's 16 hexadecimal digits the
 * first 8 are written; as many as one likes are read. doc/protocol.md 17.7.
 */
#ifndef SOUK_LOG_POSITION_H
#define SOUK_LOG_POSITION_H

#include "souk_position.h"

#define SOUK_INCARNATION_BYTES 8
#define SOUK_LOG_POSITION_DIGITS 8      /* of the incarnation, that are written */
#define SOUK_LOG_POSITION_DIGITS_MAX (2 * SOUK_INCARNATION_BYTES)
#define SOUK_LOG_POSITION_BYTES 61      /* 31 of a name, a dot, 8 digits, a colon, 20 of the number */

struct souk_log_position {
    struct souk_name store;
    char digits[SOUK_LOG_POSITION_DIGITS_MAX + 1];      /* 1 to 16, of the incarnation */
    uint64_t number;                    /* 1 and more */
};

/* Text of at most SOUK_LOG_POSITION_BYTES bytes, NUL-terminated. */
void souk_log_position_format(struct souk_slice store, const uint8_t incarnation[SOUK_INCARNATION_BYTES],
    uint64_t number, char text_out[SOUK_LOG_POSITION_BYTES + 1]);
/* 0 or -SOUK_EINVAL. */
SOUK_MUST_CHECK int souk_log_position_parse(const char *text, struct souk_log_position *position_out);
/* Are its digits those that this incarnation begins with? */
bool souk_log_position_is_of(const struct souk_log_position *position,
    const uint8_t incarnation[SOUK_INCARNATION_BYTES]);

#endif
