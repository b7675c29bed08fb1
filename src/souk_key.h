/*
 * souk_key - the CURVE key pair by which a service, an event store or a client
 * is known.
 *
 * The secret half lies in one file, DIR/NAME.key, which nobody but its owner
 * may read, and in one piece of locked memory that is left out of core dumps
 * and wiped at the end. It is in no topology, environment, argument or line of
 * a log. While a pair is exchanged for another one there are two files:
 * NAME.key and NAME.next.key. Who opens it says which public half is meant.
 */
#ifndef SOUK_KEY_H
#define SOUK_KEY_H

#include <souk.h>

#define SOUK_KEY_TEXT_BYTES 41          /* a key in Z85, with its NUL */

struct souk_key {
    char public_text[SOUK_KEY_TEXT_BYTES];
    const char *secret_text;            /* locked memory */
};

enum souk_key_which {
    SOUK_KEY_CURRENT,                   /* NAME.key */
    SOUK_KEY_NEXT,                      /* NAME.next.key: it is exchanged for this one */
};

/*
 * Draw a pair and write its secret half, synced, into a file with mode 0600; a `dir` that
 * is not there is made with mode 0700. *public_out is the other half. 0;
 * -SOUK_EBUSY: there is such a file, which is left alone; -SOUK_EINVAL (the path is too long, `dir` cannot be made);
 * -SOUK_ENOMEM; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_key_make(const char *dir, const char *name, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err);

/* The public half of what lies in a file. As souk_key_open(). */
SOUK_MUST_CHECK int souk_key_public(const char *dir, const char *name, enum souk_key_which which,
    char public_out[SOUK_KEY_TEXT_BYTES], struct souk_error *err);

/*
 * Open the pair of `name` whose public half is `public_text`, from either file.
 * From then on the process leaves no core dump, and no other process of its user may
 * look into it. Release with souk_key_close(). 0; -SOUK_ENOTFOUND: no file, or
 * none with that public half; -SOUK_EINVAL: a file that others may read or
 * write, or that holds no key; -SOUK_ENOMEM; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_key_open(const char *dir, const char *name, const char *public_text,
    struct souk_key **key_out, struct souk_error *err);
/* Wipes it. NULL inside is fine. */
void souk_key_close(struct souk_key **key_p);

/* The next pair becomes the current one, which is gone then. 0, -SOUK_ENOTFOUND (there is no next one), -SOUK_EINVAL or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_key_turn(const char *dir, const char *name, struct souk_error *err);

/*
 * A secret of 40 characters in a file of its own. `dir` is where `path` lies,
 * and has to be there. Under its name there is the whole secret or nothing.
 * 0; -SOUK_EBUSY: there is such a file, which is left alone; -SOUK_EINVAL; -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_key_write_secret(const char *dir, const char *path, const char *secret_text,
    struct souk_error *err);
/*
 * The way back, with a NUL: SOUK_KEY_TEXT_BYTES. What others may read is no secret, and what others may
 * write is no proof. 0, -SOUK_ENOTFOUND, -SOUK_EINVAL (others may; or it holds no key) or -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_key_read_secret(const char *path, char *secret_text, struct souk_error *err);

/* From now on this process leaves no core dump, and no other process of its user may look into it. 0 or -SOUK_EIO. */
SOUK_MUST_CHECK int souk_key_shut_memory(struct souk_error *err);

#endif
