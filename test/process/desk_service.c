/*
 * desk_service - `letters` writes, `reader` follows and keeps what it has read
 * in order; NAME is the first argument. The reader fails on a letter that says
 * what the variable DESK_POISON says: a program with a bug; without the
 * variable the bug is fixed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "desk.h"

#define TEXTS_BYTES_MAX 4000            /* as described */

static int
decide_write(const struct souk_view *view, const struct letters_write *command, struct souk_decision *decision)
{
    return emit_letters_written(decision, &(struct letters_written){ .name = command->name, .text = command->text });
}

static int
apply_written(struct souk_tables *tables, const struct letters_written *event)
{
    const struct souk_view *view = souk_tables_view(tables);
    const char *poison = getenv("DESK_POISON");
    char texts[TEXTS_BYTES_MAX + 1];
    struct page page;
    int bytes;
    int rc;

    if (poison != NULL && souk_slice_equal(event->text, souk_slice_of(poison)))
        return souk_fault(view, SOUK_EHANDLER, "the letter `%s` makes no sense", poison);
    rc = page_get(view, event->name, &page);
    if (rc == -SOUK_ENOTFOUND)
        page = (struct page){ .texts = { NULL, 0 } };
    else if (rc != 0)
        return rc;
    bytes = snprintf(texts, sizeof texts, "%.*s%.*s ", (int)page.texts.size_bytes,
        page.texts.base == NULL ? "" : (const char *)page.texts.base, (int)event->text.size_bytes,
        (const char *)event->text.base);
    if (bytes > TEXTS_BYTES_MAX)
        return -SOUK_ETOOBIG;
    return page_put(tables, &(struct page){ .name = event->name, .texts = { texts, (size_t)bytes } });
}

static int
answer_page(const struct souk_view *view, const struct reader_page *query, struct souk_answer *answer)
{
    struct page page;
    int rc = page_get(view, query->name, &page);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    return answer_reader_page(answer, &(struct reader_page_reply){ .texts = rc == 0 ? page.texts
        : souk_slice_of("") });
}

int
main(int argc, char **argv)
{
    static const struct souk_handler writes[] = { SOUK_DECIDE(letters_write, decide_write), { 0 } };
    static const struct souk_handler reads[] = { SOUK_APPLY(letters_written, apply_written),
        SOUK_ANSWER(reader_page, answer_page), { 0 } };
    static const struct souk_table_def tables[] = { { PAGE_TABLE, STREAM_LETTERS }, { 0 } };
    static const struct souk_service services[] = {
        { .name = "letters", .version = 1, .handlers = writes },
        { .name = "reader", .version = 1, .handlers = reads, .tables = tables },
    };

    for (size_t i = 0; argc > 1 && i < sizeof services / sizeof services[0]; i++)
        if (strcmp(services[i].name, argv[1]) == 0)
            return souk_service_main(&services[i], argc - 1, argv + 1);
    (void)fprintf(stderr, "usage: %s letters|reader [OPTION...]\n", argv[0]);
    return EX_USAGE;
}
