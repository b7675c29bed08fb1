/*
 * souk-bench-service - the two services that souk-bench(1) measures.
 *
 * The writer does what it is told: it emits as many events as a command says.
 * A follower counts them, a row read and written for each, and is asked for
 * the rows. Which of the two it is says the first argument.
 */
#include <souk.h>

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "load.h"

#define ROW_STEP 7919                   /* rows of one command lie far apart */
#define ROW_FIRST 65536                 /* every row's number is packed in 5 bytes */

static int
decide_write(const struct souk_view *view, const struct writer_write *command, struct souk_decision *decision)
{
    const uint64_t rows = command->rows == 0 ? 1 : command->rows;
    uint64_t row;
    int rc = 0;

    for (uint32_t i = 0; i < command->events && rc == 0; i++) {
        row = ROW_FIRST + (command->row + (uint64_t)i * ROW_STEP) % rows;
        if (command->keeps)
            rc = emit_load_kept(decision, &(struct load_kept){ .row = row, .note = command->note });
        else
            rc = emit_load_noted(decision, &(struct load_noted){ .row = row, .note = command->note });
    }
    return rc;
}

static int
count(struct souk_tables *tables, uint64_t row)
{
    struct mark mark = { .row = row };
    int rc = mark_get(souk_tables_view(tables), row, &mark);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    mark.writes++;
    return mark_put(tables, &mark);
}

static int
apply_kept(struct souk_tables *tables, const struct load_kept *event)
{
    return count(tables, event->row);
}

static int
apply_noted(struct souk_tables *tables, const struct load_noted *event)
{
    return count(tables, event->row);
}

static int
answer_row(const struct souk_view *view, const struct load_row *query, struct souk_answer *answer)
{
    struct load_row_reply reply = { .writes = 0 };
    struct mark mark;
    int rc = mark_get(view, ROW_FIRST + query->row, &mark);

    if (rc == 0)
        reply.writes = mark.writes;
    else if (rc != -SOUK_ENOTFOUND)
        return rc;
    return souk_answer_with(answer, &load_row_reply_type, &reply);
}

static const struct souk_handler writer_handlers[] = {
    SOUK_DECIDE(writer_write, decide_write),
    SOUK_APPLY(load_kept, apply_kept),
    SOUK_ANSWER(load_row, answer_row),
    { 0 },
};

static const struct souk_handler follower_handlers[] = {
    SOUK_APPLY(load_noted, apply_noted),
    SOUK_APPLY(load_kept, apply_kept),
    SOUK_ANSWER(load_row, answer_row),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { MARK_TABLE, STREAM_LOAD },
    { 0 },
};

static const struct souk_service services[] = {
    { .name = "writer", .version = 1, .handlers = writer_handlers, .tables = tables },
    { .name = "follower", .version = 1, .handlers = follower_handlers, .tables = tables },
};

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof services / sizeof services[0]; i++)
        if (strcmp(argv[1], services[i].name) == 0)
            return souk_service_main(&services[i], argc - 1, argv + 1);
    (void)fputs("usage: souk-bench-service writer|follower [OPTION...]\n"
        "It is what `souk bench' measures, and starts by itself.\n", stderr);
    return EX_USAGE;
}
