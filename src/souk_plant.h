/*
 * souk_plant - defects on purpose, compiled in by --enable-planted-bugs only.
 *
 * Each breaks one rule of doc/protocol.md in the way of its counterexample; the
 * simulator has to find every one of them. In any other build
 * SOUK_PLANTED_BUG() is the constant false and nothing of this is there.
 */
#ifndef SOUK_PLANT_H
#define SOUK_PLANT_H

#include <souk.h>

#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#define SOUK_BUGS(BUG) \
    BUG(ANSWER_FOR_OTHER_POSITION, "answer-for-other-position") \
    BUG(HALF_COMMIT, "half-commit") \
    BUG(CAUSES_NOT_CLOSED, "causes-not-closed") \
    BUG(SAID_NOT_REBUILT, "said-not-rebuilt") \
    BUG(ONE_DELTA_BASE, "one-delta-base") \
    BUG(OWN_STREAMS_NOT_NAMED, "own-streams-not-named") \
    BUG(RECORD_WITHOUT_VECTOR, "record-without-vector") \
    BUG(INDEX_NOT_REMADE, "index-not-remade") \
    BUG(IDS_NOT_REBUILT, "ids-not-rebuilt") \
    BUG(CAUSES_IGNORED, "causes-ignored") \
    BUG(CAUSE_WITHOUT_EPOCH, "cause-without-epoch") \
    BUG(REACT_TO_ALL, "react-to-all") \
    BUG(LOSS_NOT_TOLD, "loss-not-told") \
    BUG(REFILL_REACTS, "refill-reacts") \
    BUG(IDS_IGNORED, "ids-ignored") \
    BUG(REUSED_KEY_ANSWERED, "reused-key-answered") \
    BUG(REQUEST_ID_DRAWN, "request-id-drawn") \
    BUG(HEADS_NOT_REPEATED, "heads-not-repeated") \
    BUG(FENCE_IGNORED, "fence-ignored") \
    BUG(ONE_SEAL_IS_ENOUGH, "one-seal-is-enough") \
    BUG(NO_SEAL, "no-seal") \
    BUG(OWN_TAIL_KEPT, "own-tail-kept") \
    BUG(REACT_AFTER_REBUILD, "react-after-rebuild") \
    BUG(EPOCH_WITHOUT_BITS, "epoch-without-bits") \
    BUG(INCARNATION_IGNORED, "incarnation-ignored") \
    BUG(ACK_BY_NUMBER, "ack-by-number") \
    BUG(TRIM_TOO_EARLY, "trim-too-early") \
    BUG(TRIM_AT_RECORDED, "trim-at-recorded") \
    BUG(WITNESS_NOT_ASKED, "witness-not-asked") \
    BUG(OLD_SEAL_COUNTS, "old-seal-counts") \
    BUG(FOREIGN_IGNORED, "foreign-ignored") \
    BUG(MINE_BY_NUMBER, "mine-by-number") \
    BUG(WAITS_IGNORED, "waits-ignored") \
    BUG(SEEN_IGNORED, "seen-ignored") \
    BUG(LOST_NOT_SAID, "lost-not-said") \
    BUG(STORE_WITNESS_NOT_ASKED, "store-witness-not-asked") \
    BUG(PULL_PAST_SEAL, "pull-past-seal") \
    BUG(PUB_PAST_SEAL, "pub-past-seal") \
    BUG(PUB_BEFORE_HEAD, "pub-before-head") \
    BUG(SEAL_ALWAYS_GRANTED, "seal-always-granted") \
    BUG(SEAL_NOT_DURABLE, "seal-not-durable") \
    BUG(EPOCH_IGNORED, "epoch-ignored") \
    BUG(VOID_BY_ANYBODY, "void-by-anybody") \
    BUG(POSITION_BEFORE_CAUSES, "position-before-causes") \
    BUG(CURSOR_APART, "cursor-apart") \
    BUG(SENT_THOUGH_ABORTED, "sent-though-aborted") \
    BUG(PUBLISHED_BEFORE_COMMIT, "published-before-commit") \
    BUG(WITNESS_LATE, "witness-late") \
    BUG(EPOCH_BY_STREAM, "epoch-by-stream") \
    BUG(OWN_LOG_FORGOTTEN, "own-log-forgotten") \
    BUG(PRIVATE_PUBLISHED, "private-published") \
    BUG(ALONE_AT_START, "alone-at-start") \
    BUG(JOINS_WITHOUT_VECTOR, "joins-without-vector") \
    BUG(FILLED_IN_PLACE, "filled-in-place") \
    BUG(RECORDED_BY_ONE, "recorded-by-one") \
    BUG(TAKES_OVER_EARLY, "takes-over-early") \
    BUG(FIRST_CHOSEN, "first-chosen") \
    BUG(VOID_NOT_TOLD, "void-not-told") \
    BUG(RECORDED_IS_KEPT, "recorded-is-kept") \
    BUG(NEWEST_BACKUP_COUNTS, "newest-backup-counts") \
    BUG(BACKED_UP_BY_ONE, "backed-up-by-one") \
    BUG(MARK_ONLY_RISES, "mark-only-rises") \
    BUG(STORES_APART, "stores-apart") \
    BUG(VOID_CAUSE_HOLDS, "void-cause-holds") \
    BUG(FINGERPRINT_LEFT_OUT, "fingerprint-left-out")

enum souk_bug {
    SOUK_BUG_NONE,
#define SOUK_BUG_MEMBER(name, text) SOUK_BUG_##name,
    SOUK_BUGS(SOUK_BUG_MEMBER)
#undef SOUK_BUG_MEMBER
    SOUK_BUG_COUNT,
};

#ifdef SOUK_PLANTED
/* Let the defect `name` loose in this process. 0 or -SOUK_ENOTFOUND. */
SOUK_MUST_CHECK int souk_plant(const char *name);
/* The names of all of them; ends with NULL. */
const char *const *souk_plant_names(void);
bool souk_planted(enum souk_bug bug);
#define SOUK_PLANTED_BUG(name) souk_planted(SOUK_BUG_##name)
#else
#define SOUK_PLANTED_BUG(name) false
#endif

#endif
