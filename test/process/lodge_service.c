/*
 * A lodge where only staff writes: passes, as a service sees them and signs them.
 * Names of guests are sealed, and kept in their rows even of those who are
 * forgotten, so that tests see who can read them.
 */
#include <souk.h>

#include <string.h>

#include "lodge.h"

extern const struct souk_service lodge_service;

static int
decide_note(const struct souk_view *view, const struct lodge_note *command, struct souk_decision *decision)
{
    const struct souk_pass *pass = souk_decision_pass(decision);

    (void)view;
    if (!souk_pass_has_role(pass, "staff"))
        return souk_refuse(decision, LODGE_STAFF_ONLY);
    return emit_lodge_noted(decision, &(struct lodge_noted){ .person = pass->person, .text = command->text });
}

static int
decide_enter(const struct souk_view *view, const struct lodge_enter *command, struct souk_decision *decision)
{
    const struct souk_pass *pass = souk_decision_pass(decision);

    (void)view;
    (void)command;
    return pass == NULL ? souk_refuse(decision, LODGE_STAFF_ONLY)
        : emit_lodge_entered(decision, &(struct lodge_entered){ pass->person });
}

static int
answer_who(const struct souk_view *view, const struct lodge_who *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);

    (void)view;
    (void)query;
    if (pass == NULL)
        return souk_answer_refuse(answer, LODGE_STAFF_ONLY);
    return answer_lodge_who(answer, &(struct lodge_who_reply){ pass->person, souk_answer_now_ms(answer) });
}

static int
answer_pass(const struct souk_view *view, const struct lodge_pass *query, struct souk_answer *answer)
{
    struct souk_pass pass = { .person = query->person, .expires_ms = souk_answer_now_ms(answer) + query->life_ms,
        .role_count = 1 };
    struct souk_slice bytes;
    int rc;

    (void)view;
    if (query->role.size_bytes >= sizeof pass.roles[0])
        return -SOUK_EINVAL;
    memcpy(pass.roles[0], query->role.base, query->role.size_bytes);
    if ((rc = souk_answer_sign_pass(answer, &pass, &bytes)) != 0)
        return rc;
    return answer_lodge_pass(answer, &(struct lodge_pass_reply){ bytes });
}

static int
decide_check_in(const struct souk_view *view, const struct lodge_check_in *command, struct souk_decision *decision)
{
    (void)view;
    return emit_lodge_checked_in(decision, &(struct lodge_checked_in){ .person = command->person, .has_name = true,
        .name = command->name });
}

static int
decide_forget(const struct souk_view *view, const struct lodge_forget *command, struct souk_decision *decision)
{
    (void)view;
    return emit_lodge_forgotten(decision, &(struct lodge_forgotten){ command->person });
}

static int
apply_checked_in(struct souk_tables *tables, const struct lodge_checked_in *event)
{
    return guest_put(tables, &(struct guest){ .person = event->person, .has_name = event->has_name,
        .name = event->name });
}

static int
apply_forgotten(struct souk_tables *tables, const struct lodge_forgotten *event)
{
    (void)tables;
    (void)event;
    return 0;
}

static int
answer_guest(const struct souk_view *view, const struct lodge_guest *query, struct souk_answer *answer)
{
    struct guest guest;
    int rc = guest_get(view, query->person, &guest);

    if (rc == -SOUK_ENOTFOUND)
        return souk_answer_refuse(answer, LODGE_UNKNOWN);
    if (rc != 0)
        return rc;
    return answer_lodge_guest(answer, &(struct lodge_guest_reply){ .has_name = guest.has_name, .name = guest.name });
}

static const struct souk_handler handlers[] = {
    SOUK_DECIDE(lodge_enter, decide_enter),
    SOUK_DECIDE(lodge_check_in, decide_check_in),
    SOUK_DECIDE(lodge_forget, decide_forget),
    SOUK_APPLY(lodge_checked_in, apply_checked_in),
    SOUK_APPLY(lodge_forgotten, apply_forgotten),
    SOUK_ANSWER(lodge_guest, answer_guest),
    SOUK_DECIDE(lodge_note, decide_note),
    SOUK_ANSWER(lodge_who, answer_who),
    SOUK_ANSWER(lodge_pass, answer_pass),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { "guests", "lodge.private" },
    { 0 },
};

const struct souk_service lodge_service = { .name = "lodge", .version = 1, .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&lodge_service, argc, argv);
}
