/*
 * moderation - judges what is written in comments, by the words that it was told
 * to forbid and by rules of its own. What follows from a verdict is a matter of
 * comments.
 */
#include "services.h"

#include <ctype.h>
#include <string.h>

#include "blog.h"

#define WORD_BYTES_MAX 40               /* as described */
#define LINKS_MAX 2
#define WRITTEN_MAX 4                   /* the fourth text of one author... */
#define WRITTEN_WITHIN_MS 60000         /* ...within this time is one too many */

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

/* ---- rules: 1 when the text breaks it, 0, or a fault ------------------ */

static int
has_bad_word(const struct souk_view *view, const struct comments_written *event)
{
    char word[WORD_BYTES_MAX];
    struct bad_word bad;
    size_t at = 0, size;
    int rc = -SOUK_ENOTFOUND;

    while (rc == -SOUK_ENOTFOUND && (size = next_word(event->text, &at, word)) != 0)
        rc = bad_word_get(view, (struct souk_slice){ word, size }, &bad);
    return rc == -SOUK_ENOTFOUND ? 0 : rc == 0 ? 1 : rc;
}

static int
has_too_many_links(const struct souk_view *view, const struct comments_written *event)
{
    const char *text = event->text.base;
    int links = 0;

    for (size_t i = 0; i + 3 <= event->text.size_bytes; i++)
        links += memcmp(text + i, "://", 3) == 0;
    return links > LINKS_MAX;
}

/* It has been applied before it is reacted to: the author's pace knows of it. */
static int
comes_too_often(const struct souk_view *view, const struct comments_written *event)
{
    struct pace pace;
    int rc;

    if ((rc = pace_get(view, event->author, &pace)) != 0)
        return rc;
    return pace.written_ms_count == WRITTEN_MAX
        && pace.written_ms[WRITTEN_MAX - 1] - pace.written_ms[0] < WRITTEN_WITHIN_MS;
}

static const struct {
    enum verdict verdict;
    int (*is_broken)(const struct souk_view *view, const struct comments_written *event);
} rules[] = {
    { VERDICT_BAD_WORD, has_bad_word },
    { VERDICT_TOO_MANY_LINKS, has_too_many_links },
    { VERDICT_TOO_OFTEN, comes_too_often },
};

/* ---- handlers ------------------------------------------------------- */

static int
react_written(const struct souk_view *view, const struct comments_written *event, struct souk_decision *decision)
{
    enum verdict verdict = VERDICT_APPROVED;

    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && verdict == VERDICT_APPROVED; i++) {
        int rc = rules[i].is_broken(view, event);

        if (rc < 0)
            return rc;
        if (rc > 0)
            verdict = rules[i].verdict;
    }
    return emit_moderation_judged(decision, &(struct moderation_judged){ .comment_id = event->comment_id,
        .revision = event->revision, .verdict = verdict });
}

/* The latest WRITTEN_MAX times, this one among them. */
static int
apply_written(struct souk_tables *tables, const struct comments_written *event)
{
    struct pace pace = { .author = event->author };
    uint64_t written_ms[WRITTEN_MAX];
    uint32_t count = 0;
    int rc = pace_get(souk_tables_view(tables), event->author, &pace);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    for (uint32_t i = pace.written_ms_count == WRITTEN_MAX; i < pace.written_ms_count; i++)
        written_ms[count++] = pace.written_ms[i];
    written_ms[count++] = souk_tables_time_ms(tables);
    return pace_put(tables, &(struct pace){ .author = event->author, .written_ms = written_ms,
        .written_ms_count = count });
}

static int
decide_forbid(const struct souk_view *view, const struct moderation_forbid *command, struct souk_decision *decision)
{
    char letters[WORD_BYTES_MAX];
    struct souk_slice word;
    int rc = check_word(command->word, decision, letters, &word);

    return rc != 0 ? rc : emit_moderation_forbidden(decision, &(struct moderation_forbidden){ word });
}

static int
decide_allow(const struct souk_view *view, const struct moderation_allow *command, struct souk_decision *decision)
{
    char letters[WORD_BYTES_MAX];
    struct souk_slice word;
    struct bad_word bad;
    int rc;

    if ((rc = check_word(command->word, decision, letters, &word)) != 0)
        return rc;
    if ((rc = bad_word_get(view, word, &bad)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    return emit_moderation_allowed(decision, &(struct moderation_allowed){ word });
}

static int
apply_forbidden(struct souk_tables *tables, const struct moderation_forbidden *event)
{
    return bad_word_put(tables, &(struct bad_word){ event->word });
}

static int
apply_allowed(struct souk_tables *tables, const struct moderation_allowed *event)
{
    return bad_word_delete(tables, event->word);
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(moderation_forbid, decide_forbid),
    SOUK_DECIDE(moderation_allow, decide_allow),
    SOUK_REACT(comments_written, react_written),
    SOUK_APPLY(comments_written, apply_written),
    SOUK_APPLY(moderation_forbidden, apply_forbidden),
    SOUK_APPLY(moderation_allowed, apply_allowed),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { BAD_WORD_TABLE, STREAM_MODERATION },
    { PACE_TABLE, STREAM_COMMENTS_INTERNAL },
    { 0 },
};

const struct souk_service moderation_service = { .name = "moderation", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&moderation_service, argc, argv);
}
