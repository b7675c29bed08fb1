/*
 * moderation - judges what people write in reviews, by the words that staff has
 * forbidden and by rules of its own. What breaks no rule is approved at once;
 * what breaks one waits for staff, or is refused where a word says so. Staff may
 * judge anew at any time. What follows from a verdict is a matter of reviews.
 */
#include "services.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "people.h"
#include "shop.h"

#define WORD_BYTES_MAX 40               /* as described, and so is the next one */
#define WORDS_SHOWN_MAX 100
#define LETTERS_SHOUTED_MIN 16          /* fewer are an abbreviation, or a name */
#define RUN_LETTERS_MIN 6               /* goooood has five */
#define RUN_WORDS_MIN 4
#define SAID_BEFORE_BYTES_MIN 40        /* much shorter ones may be true of several products */

/* ---- words ---------------------------------------------------------- */

/* The next word of `text` from *at on, in small letters; its length, 0 at the end. A longer one is cut. */
static size_t
next_word(struct souk_slice text, size_t *at, char word_out[WORD_BYTES_MAX])
{
    const uint8_t *bytes = text.base;
    size_t size = 0;

    while (*at < text.size_bytes && bytes[*at] < 0x80 && !isalnum(bytes[*at]))
        ++*at;
    for (; *at < text.size_bytes && (bytes[*at] >= 0x80 || isalnum(bytes[*at])); ++*at)
        if (size < WORD_BYTES_MAX)
            word_out[size++] = (char)tolower(bytes[*at]);
    return size;
}

/* One word is meant, and nothing else. */
static int
check_word(struct souk_slice text, struct souk_decision *decision, char letters_out[WORD_BYTES_MAX],
    struct souk_slice *word_out)
{
    size_t at = 0, size = next_word(text, &at, letters_out);

    if (size == 0 || at != text.size_bytes)
        return souk_refuse(decision, MODERATION_NO_WORD);
    *word_out = (struct souk_slice){ letters_out, size };
    return 0;
}

/* ---- rules: 1 when the words break it, 0, or a fault ---------------- */

struct struck {
    enum finding finding;
    struct bad_word bad;                /* of FINDING_WORD */
};

/* The worst one: a word that is refused goes before one that is looked at. */
static int
find_bad_word(const struct souk_view *view, struct souk_slice text, struct struck *struck)
{
    char letters[WORD_BYTES_MAX];
    struct bad_word bad;
    size_t at = 0, size;
    int found = 0, rc;

    while ((size = next_word(text, &at, letters)) != 0) {
        if ((rc = bad_word_get(view, (struct souk_slice){ letters, size }, &bad)) == -SOUK_ENOTFOUND)
            continue;
        if (rc != 0)
            return rc;
        if (!found || (bad.is_refused && !struck->bad.is_refused))
            struck->bad = bad;
        found = 1;
    }
    return found;
}

static int
has_bad_word(const struct souk_view *view, const struct reviews_written *event, struct struck *struck)
{
    int in_title, in_text;

    if ((in_title = find_bad_word(view, event->words.title, struck)) < 0 || struck->bad.is_refused)
        return in_title;
    in_text = find_bad_word(view, event->words.text, struck);
    return in_text != 0 ? in_text : in_title;
}

/* What browsers and people make addresses of; Awww. is none. */
static bool
has_address(struct souk_slice text)
{
    const char *at = text.base;

    for (size_t i = 0; i < text.size_bytes; i++) {
        const size_t left = text.size_bytes - i;

        if (left >= 3 && memcmp(at + i, "://", 3) == 0)
            return true;
        if (left >= 4 && strncasecmp(at + i, "www.", 4) == 0 && (i == 0 || !isalnum((unsigned char)at[i - 1])))
            return true;
    }
    return false;
}

static int
has_link(const struct souk_view *view, const struct reviews_written *event, struct struck *struck)
{
    (void)view;
    (void)struck;
    return has_address(event->words.title) || has_address(event->words.text);
}

static void
count_letters(struct souk_slice text, size_t *letters, size_t *capitals)
{
    const uint8_t *bytes = text.base;

    for (size_t i = 0; i < text.size_bytes; i++) {
        *letters += isalpha(bytes[i]) != 0;
        *capitals += isupper(bytes[i]) != 0;
    }
}

static int
is_shouted(const struct souk_view *view, const struct reviews_written *event, struct struck *struck)
{
    size_t letters = 0, capitals = 0;

    (void)view;
    (void)struck;
    count_letters(event->words.title, &letters, &capitals);
    count_letters(event->words.text, &letters, &capitals);
    return letters >= LETTERS_SHOUTED_MIN && capitals > letters / 2;
}

static bool
has_run_of_letters(struct souk_slice text)
{
    const uint8_t *bytes = text.base;
    size_t run = 1;

    for (size_t i = 1; i < text.size_bytes; i++) {
        run = isalpha(bytes[i]) && tolower(bytes[i]) == tolower(bytes[i - 1]) ? run + 1 : 1;
        if (run == RUN_LETTERS_MIN)
            return true;
    }
    return false;
}

static bool
has_run_of_words(struct souk_slice text)
{
    char now[WORD_BYTES_MAX], before[WORD_BYTES_MAX];
    size_t at = 0, size, size_before = 0, run = 0;

    while ((size = next_word(text, &at, now)) != 0) {
        run = size == size_before && memcmp(now, before, size) == 0 ? run + 1 : 1;
        if (run == RUN_WORDS_MIN)
            return true;
        memcpy(before, now, size);
        size_before = size;
    }
    return false;
}

static int
repeats(const struct souk_view *view, const struct reviews_written *event, struct struck *struck)
{
    const struct review_words *words = &event->words;

    (void)view;
    (void)struck;
    return has_run_of_letters(words->title) || has_run_of_letters(words->text) || has_run_of_words(words->title)
        || has_run_of_words(words->text);
}

/* It has been applied before it is reacted to: what the author has said knows of it, or of more by now. */
static int
was_said_before(const struct souk_view *view, const struct reviews_written *event, struct struck *struck)
{
    struct said said;
    int rc;

    (void)struck;
    if (event->words.text.size_bytes < SAID_BEFORE_BYTES_MIN)
        return 0;
    if ((rc = said_get(view, event->author, &said)) != 0)
        return rc;
    return souk_id_equal(said.product_id, event->product_id)
        && souk_slice_equal(said.text_before, event->words.text);
}

/* What is refused at once goes first. */
static const struct {
    enum finding finding;
    int (*is_broken)(const struct souk_view *view, const struct reviews_written *event, struct struck *struck);
} rules[] = {
    { FINDING_WORD, has_bad_word },
    { FINDING_LINK, has_link },
    { FINDING_SHOUTING, is_shouted },
    { FINDING_REPEATS, repeats },
    { FINDING_SAID_BEFORE, was_said_before },
};

/* ---- reviews -------------------------------------------------------- */

static int
react_written(const struct souk_view *view, const struct reviews_written *event, struct souk_decision *decision)
{
    struct struck struck = { .bad = { .is_refused = false } };
    int broken = 0;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && broken == 0; i++) {
        struck.finding = rules[i].finding;
        broken = rules[i].is_broken(view, event, &struck);
    }
    if (broken < 0)
        return broken;
    if (broken == 0 || struck.bad.is_refused)
        return emit_moderation_judged(decision, &(struct moderation_judged){ .review_id = event->review_id,
            .revision = event->revision, .is_approved = broken == 0,
            .reason = souk_slice_of(broken == 0 ? "" : "It has a word that is not wanted here.") });
    return emit_moderation_queued(decision, &(struct moderation_queued){ .review_id = event->review_id,
        .revision = event->revision, .finding = struck.finding,
        .word = struck.finding == FINDING_WORD ? struck.bad.word : souk_slice_of("") });
}

static int
react_removed(const struct souk_view *view, const struct reviews_removed *event, struct souk_decision *decision)
{
    struct ruling ruling;
    int rc;

    if ((rc = ruling_get(view, event->review_id, &ruling)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return emit_moderation_dropped(decision, &(struct moderation_dropped){ event->review_id });
}

static int
apply_written(struct souk_tables *tables, const struct reviews_written *event)
{
    struct said said = { .author = event->author, .product_id = event->product_id };
    int rc = said_get(souk_tables_view(tables), event->author, &said);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (!souk_id_equal(said.product_id, event->product_id))
        said.text_before = said.text;
    said.product_id = event->product_id;
    said.text = event->words.text;
    rc = said_put(tables, &said);
    return rc != 0 ? rc : judged_review_put(tables, &(struct judged_review){ event->review_id, event->revision });
}

static int
apply_removed(struct souk_tables *tables, const struct reviews_removed *event)
{
    return judged_review_delete(tables, event->review_id);
}

/* ---- what staff says ------------------------------------------------ */

/* Only what was looked at can be judged. *ruling_out is about it, or about nothing. */
static int
look_at(const struct souk_view *view, struct souk_id review_id, uint32_t revision, struct souk_decision *decision,
    struct ruling *ruling_out)
{
    struct judged_review review;
    int rc;

    if ((rc = people_staff_only(decision)) != 0)
        return rc;
    if ((rc = judged_review_get(view, review_id, &review)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, MODERATION_UNKNOWN_REVIEW) : rc;
    if (review.revision != revision)
        return souk_refuse(decision, MODERATION_CHANGED);
    rc = ruling_get(view, review_id, ruling_out);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
judge(struct souk_decision *decision, struct moderation_judged judged)
{
    judged.has_by = true;
    judged.by = souk_decision_pass(decision)->person;
    return emit_moderation_judged(decision, &judged);
}

static int
decide_approve(const struct souk_view *view, const struct moderation_approve *command,
    struct souk_decision *decision)
{
    struct ruling ruling = { .revision = 0 };
    int rc;

    if ((rc = look_at(view, command->review_id, command->revision, decision, &ruling)) != 0)
        return rc;
    if (ruling.revision == command->revision && ruling.state == RULING_STATE_APPROVED)
        return souk_accept(decision);
    return judge(decision, (struct moderation_judged){ .review_id = command->review_id,
        .revision = command->revision, .is_approved = true, .note = command->note });
}

static int
decide_refuse(const struct souk_view *view, const struct moderation_refuse *command, struct souk_decision *decision)
{
    struct ruling ruling = { .revision = 0 };
    char letters[WORD_BYTES_MAX];
    size_t at = 0;
    int rc;

    if ((rc = look_at(view, command->review_id, command->revision, decision, &ruling)) != 0)
        return rc;
    if (next_word(command->reason, &at, letters) == 0)
        return souk_refuse(decision, MODERATION_NO_REASON);
    return judge(decision, (struct moderation_judged){ .review_id = command->review_id,
        .revision = command->revision, .is_approved = false, .reason = command->reason, .note = command->note });
}

static int
decide_forbid(const struct souk_view *view, const struct moderation_forbid *command, struct souk_decision *decision)
{
    struct souk_id by;
    char letters[WORD_BYTES_MAX];
    struct souk_slice word;
    struct bad_word bad;
    int rc;

    if ((rc = people_staff(decision, &by)) != 0 || (rc = check_word(command->word, decision, letters, &word)) != 0)
        return rc;
    if ((rc = bad_word_get(view, word, &bad)) != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (rc == 0 && bad.is_refused == command->is_refused)
        return souk_accept(decision);
    return emit_moderation_forbidden(decision, &(struct moderation_forbidden){ word, command->is_refused, true,
        by });
}

static int
decide_allow(const struct souk_view *view, const struct moderation_allow *command, struct souk_decision *decision)
{
    struct souk_id by;
    char letters[WORD_BYTES_MAX];
    struct souk_slice word;
    struct bad_word bad;
    int rc;

    if ((rc = people_staff(decision, &by)) != 0 || (rc = check_word(command->word, decision, letters, &word)) != 0)
        return rc;
    if ((rc = bad_word_get(view, word, &bad)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    return emit_moderation_allowed(decision, &(struct moderation_allowed){ word, true, by });
}

static int
rule(struct souk_tables *tables, struct souk_id review_id, uint32_t revision, enum ruling_state state)
{
    return ruling_put(tables, &(struct ruling){ review_id, revision, state });
}

static int
apply_queued(struct souk_tables *tables, const struct moderation_queued *event)
{
    return rule(tables, event->review_id, event->revision, RULING_STATE_QUEUED);
}

static int
apply_judged(struct souk_tables *tables, const struct moderation_judged *event)
{
    return rule(tables, event->review_id, event->revision,
        event->is_approved ? RULING_STATE_APPROVED : RULING_STATE_REFUSED);
}

static int
apply_dropped(struct souk_tables *tables, const struct moderation_dropped *event)
{
    return ruling_delete(tables, event->review_id);
}

static int
apply_forbidden(struct souk_tables *tables, const struct moderation_forbidden *event)
{
    return bad_word_put(tables, &(struct bad_word){ event->word, event->is_refused });
}

static int
apply_allowed(struct souk_tables *tables, const struct moderation_allowed *event)
{
    return bad_word_delete(tables, event->word);
}

static int
answer_words(const struct souk_view *view, const struct moderation_words *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct forbidden_word words[WORDS_SHOWN_MAX];
    struct moderation_words_reply reply = { .words = words };
    struct souk_rows *rows;
    struct bad_word bad;
    int rc;

    if (!souk_pass_has_role(pass, ROLE_STAFF) && !souk_pass_has_role(pass, ROLE_ADMIN))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = bad_word_scan_from(view, query->has_from ? query->from : souk_slice_of(""), &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = bad_word_next(view, rows, &bad)) == 0) {
        if ((reply.has_next = reply.words_count == WORDS_SHOWN_MAX))
            reply.next = bad.word;
        else
            words[reply.words_count++] = (struct forbidden_word){ bad.word, bad.is_refused };
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_moderation_words(answer, &reply);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(moderation_forbid, decide_forbid),
    SOUK_DECIDE(moderation_allow, decide_allow),
    SOUK_DECIDE(moderation_approve, decide_approve),
    SOUK_DECIDE(moderation_refuse, decide_refuse),
    SOUK_REACT(reviews_written, react_written),
    SOUK_REACT(reviews_removed, react_removed),
    SOUK_APPLY(reviews_written, apply_written),
    SOUK_APPLY(reviews_removed, apply_removed),
    SOUK_APPLY(moderation_forbidden, apply_forbidden),
    SOUK_APPLY(moderation_allowed, apply_allowed),
    SOUK_APPLY(moderation_queued, apply_queued),
    SOUK_APPLY(moderation_judged, apply_judged),
    SOUK_APPLY(moderation_dropped, apply_dropped),
    SOUK_ANSWER(moderation_words, answer_words),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { BAD_WORD_TABLE, STREAM_MODERATION },
    { RULING_TABLE, STREAM_MODERATION },
    { JUDGED_REVIEW_TABLE, STREAM_REVIEWS_INTERNAL },
    { SAID_TABLE, STREAM_REVIEWS_INTERNAL },
    { 0 },
};

const struct souk_service moderation_service = { .name = "moderation", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&moderation_service, argc, argv);
}
