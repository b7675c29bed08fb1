/*
 * far_end - the other end of every socket that a client opens: no socket at
 * all, but a script of what services and event stores say to it. The linker puts
 * what stands in far_end.c in the place of souk_socket_open() and the others
 * (--wrap), so that all above them is as it is.
 *
 * A letter of the script is a byte for its kind, modulo FAR_END_KINDS; of
 * FAR_END_PASS the byte of a role, of FAR_END_PULLED the number of batches; and
 * frames, two bytes for the size of each, big-endian, and its bytes. What
 * nobody but an honest peer knows is put in: the id of what is answered, the
 * number of a pull, the hash of a batch.
 */
#ifndef FAR_END_H
#define FAR_END_H

#include <souk.h>

enum far_end_kind {
    FAR_END_REPLY,              /* one frame, to the oldest request that has no answer */
    FAR_END_PASS,               /* no frame: a pass that is good now, to the same */
    FAR_END_PULLED,             /* one frame and batches, to the oldest pull */
    FAR_END_NEWS,               /* topic and frame, from a node that is followed */
    FAR_END_KINDS,
};

/* Begin with `script`, which has to stay; what was asked before is forgotten. */
void far_end_begin(struct souk_slice script);
/* Is there something to be received? When the script is over, every request that has no answer is told of a failure. */
bool far_end_is_ready(void);
/* The next letter answers nothing that was asked: it is lost. */
void far_end_skip(void);
bool far_end_is_over(void);

#endif
