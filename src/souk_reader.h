/*
 * souk_reader - the other door of a service or an event store: queries and pulls.
 *
 * It lives on a thread of its own with read transactions of the same store, and
 * shares nothing with the writer but two numbers: the commit that the witness
 * names (it shows nothing newer), and the epoch counters that it heard of and
 * the writer ought to know.
 */
#ifndef SOUK_READER_H
#define SOUK_READER_H

#include <souk.h>
#include "souk_outbox.h"
#include "souk_store.h"
#include "souk_wiring.h"

struct souk_reader;

#define SOUK_READER_ROUND_BYTES (4 * 1024 * 1024)   /* of answers to pulls in one round */
#define SOUK_READER_CREDIT_MAX (256 * 1024)         /* more is not sent in one answer, whatever the credit */
#define SOUK_READER_PULLS_OF_PEER_MAX 64            /* of one peer, that wait at once: it has a pull for each origin */
#define SOUK_READER_BUSY_MS 200                     /* until a pull that was answered `busy` makes sense again: this */
#define SOUK_READER_BUSY_SPREAD_MS 800              /* and up to so much more: they are not to come back together */

/* `service` NULL: an event store's reader. Both are borrowed for life. */
SOUK_MUST_CHECK int souk_reader_open(const struct souk_service *service, const struct souk_wiring *wiring,
    struct souk_reader **reader_out, struct souk_error *err);
void souk_reader_close(struct souk_reader **reader_p);

/*
 * From the own `queries` door. `key` is what the peer has shown, a text of less
 * than SOUK_KEY_TEXT_BYTES, empty when there are no keys. Bytes are copied. Past the bound of pulls that
 * wait (limits.pulls_max) the latest one of whoever has the most of them is
 * answered `busy`, so that a peer with many pulls does not shut out others.
 */
void souk_reader_hear(struct souk_reader *reader, struct souk_slice route, const char *key,
    const struct souk_slice *frames, size_t frame_count, struct souk_time now);
/*
 * Who may ask for what has changed: `may` is asked of all that waits, by the key
 * that it came with and its frame. A query that is let in no more is answered
 * `forbidden`, a pull is forgotten.
 */
void souk_reader_recheck(struct souk_reader *reader,
    bool (*may)(void *may_arg, const char *key, struct souk_slice frame), void *may_arg);

/*
 * What is heard from now on comes from somebody who writes and records nothing: that he names an epoch of this service
 * which it does not know is no reason to open another one.
 */
void souk_reader_heed(struct souk_reader *reader, bool is_heeded);

bool souk_reader_wants_work(const struct souk_reader *reader, struct souk_time now);
uint64_t souk_reader_due_ms(const struct souk_reader *reader);
/*
 * Answer all queries that can be answered, and pulls: at most one of each peer,
 * and not many more than SOUK_READER_ROUND_BYTES; for the others it wants work
 * again at once. So a transaction stays short, and a hundred followers that
 * have everything to catch up with delay neither each other nor the queries.
 * All of it happens within one read transaction begun after the
 * last souk_reader_hear(). `commit_witnessed` is the last commit that may be
 * shown; when the transaction sees a later one, -SOUK_EBUSY: end it, wait for
 * the writer's signal, begin another. `answers_pulls`: the writer is live (or
 * this is an event store); until then pulls wait, as long as their asker does. 0, -SOUK_EBUSY, -SOUK_ENOMEM, -SOUK_EDAMAGED, -SOUK_EIO.
 */
SOUK_MUST_CHECK int souk_reader_work(struct souk_reader *reader, struct souk_txn *txn, uint64_t commit_witnessed,
    bool answers_pulls, struct souk_time now);
/* The highest foreign epoch counter heard of since the last call, 0: none. For souk_core_hear_foreign(). */
uint32_t souk_reader_foreign(struct souk_reader *reader);
/* Forget the pulls of one that are waiting: he takes no answers. */
void souk_reader_leave(struct souk_reader *reader, struct souk_slice route);
/* The last commit that a snapshot has. 0 or -SOUK_EDAMAGED, -SOUK_EIO. */
SOUK_MUST_CHECK int souk_reader_commit(struct souk_txn *txn, uint64_t *commit_out);
/* Pulls answered `busy` since it was opened. */
uint64_t souk_reader_refused_busy(const struct souk_reader *reader);
/* The store has committed: waiting requests may be answerable now. */
void souk_reader_signal(struct souk_reader *reader);
struct souk_outbox *souk_reader_outbox(struct souk_reader *reader);

#endif
