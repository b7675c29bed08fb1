/*
 * guestbook - who was here, and what they had to say.
 */
#include <souk.h>

#include "book.h"

#define SHOWN_MAX 50                    /* as described */

static int
decide_sign(const struct souk_view *view, const struct guestbook_sign *command, struct souk_decision *decision)
{
    if (command->name.size_bytes == 0)
        return souk_refuse(decision, GUESTBOOK_NO_NAME);
    return emit_guestbook_signed(decision, &(struct guestbook_signed){ .entry_id = souk_decision_new_id(decision),
        .name = command->name, .text = command->text, .signed_ms = souk_decision_now_ms(decision) });
}

static int
apply_signed(struct souk_tables *tables, const struct guestbook_signed *event)
{
    return entry_put(tables, &(struct entry){ .entry_id = event->entry_id, .name = event->name,
        .text = event->text, .signed_ms = event->signed_ms });
}

static int
answer_entries(const struct souk_view *view, const struct guestbook_entries *query, struct souk_answer *answer)
{
    struct shown_entry entries[SHOWN_MAX];
    struct guestbook_entries_reply reply = { .entries = entries };
    struct souk_rows *rows;
    struct entry entry;
    int rc;

    if ((rc = entry_scan(view, &rows)) != 0)
        return rc;
    while (reply.entries_count < SHOWN_MAX && (rc = entry_next(view, rows, &entry)) == 0)
        entries[reply.entries_count++] = (struct shown_entry){ entry.name, entry.text, entry.signed_ms };
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_guestbook_entries(answer, &reply);
}

int
main(int argc, char **argv)
{
    static const struct souk_handler handlers[] = { SOUK_DECIDE(guestbook_sign, decide_sign),
        SOUK_APPLY(guestbook_signed, apply_signed), SOUK_ANSWER(guestbook_entries, answer_entries), { 0 } };
    static const struct souk_table_def tables[] = { { ENTRY_TABLE, STREAM_GUESTBOOK }, { 0 } };
    static const struct souk_service guestbook = { .name = "guestbook", .version = 1, .handlers = handlers,
        .tables = tables };

    return souk_service_main(&guestbook, argc, argv);
}
