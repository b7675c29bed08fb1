#include "accounts_parts.h"

#include <string.h>

#include "people.h"
#include "within.h"

#define PEOPLE_LOOKED_AT_MAX 5000       /* of whom a page is searched, as described */

#define PASS_MS (10 * 60 * 1000)

static bool
is_valid(const struct session *session, const struct login *login, uint64_t now_ms)
{
    return now_ms < session->expires_ms && session->since_ms >= login->valid_from_ms;
}

static void
add_role(struct souk_pass *pass, const char *role)
{
    memcpy(pass->roles[pass->role_count++], role, strlen(role) + 1);
}

int
accounts_answer_pass(const struct souk_view *view, const struct accounts_pass *query, struct souk_answer *answer)
{
    const uint64_t now_ms = souk_answer_now_ms(answer);
    struct accounts_pass_reply reply = { .expires_ms = now_ms + PASS_MS };
    struct souk_pass pass = { .expires_ms = reply.expires_ms };
    uint8_t hash[TOKEN_BYTES];
    struct session session;
    struct person person;
    struct login login;
    int rc;

    (void)crypto_generichash(hash, sizeof hash, query->token.base, query->token.size_bytes, NULL, 0);
    if ((rc = session_get(view, (struct souk_slice){ hash, sizeof hash }, &session)) != 0
        || (rc = login_get(view, session.person_id, &login)) != 0
        || (rc = person_get(view, session.person_id, &person)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN) : rc;
    if (!is_valid(&session, &login, now_ms))
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    pass.person = session.person_id;
    add_role(&pass, ROLE_CUSTOMER);
    if (person.is_staff)
        add_role(&pass, ROLE_STAFF);
    if (person.is_admin)
        add_role(&pass, ROLE_ADMIN);
    if ((rc = souk_answer_sign_pass(answer, &pass, &reply.pass)) != 0)
        return rc;
    reply.person_id = session.person_id;
    reply.name = person.name;
    reply.is_staff = person.is_staff;
    reply.is_admin = person.is_admin;
    return answer_accounts_pass(answer, &reply);
}

/* A guest is known by what only their browser has, and others see its hash only. */
int
accounts_answer_guest_pass(const struct souk_view *view, const struct accounts_guest_pass *query, struct souk_answer *answer)
{
    struct accounts_guest_pass_reply reply = { .expires_ms = souk_answer_now_ms(answer) + PASS_MS };
    struct souk_pass pass = { .expires_ms = reply.expires_ms };
    int rc;

    (void)view;
    if (query->secret.size_bytes != TOKEN_BYTES)
        return -SOUK_EINVAL;
    reply.person_id = pass.person = accounts_id_about(query->secret);
    add_role(&pass, ROLE_GUEST);
    if ((rc = souk_answer_sign_pass(answer, &pass, &reply.pass)) != 0)
        return rc;
    return answer_accounts_guest_pass(answer, &reply);
}

static int
list_addresses(const struct souk_view *view, struct accounts_me_reply *reply, struct kept_address *addresses)
{
    struct address_book book;
    struct souk_rows *rows;
    int rc;

    if ((rc = address_book_scan_by_person_id(view, reply->person_id, &rows)) != 0)
        return rc;
    while (reply->addresses_count < ADDRESSES_MAX && (rc = address_book_next(view, rows, &book)) == 0)
        addresses[reply->addresses_count++] = (struct kept_address){ book.address_id, book.address };
    souk_rows_close(&rows);
    reply->addresses = addresses;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
list_sessions(const struct souk_view *view, const struct login *login, uint64_t now_ms,
    struct accounts_me_reply *reply, struct session_line *sessions)
{
    struct signed_in signed_in;
    struct session session;
    struct souk_rows *rows;
    int rc;

    if ((rc = signed_in_scan_by_person_id(view, reply->person_id, &rows)) != 0)
        return rc;
    while (reply->sessions_count < SESSIONS_MAX && (rc = signed_in_next(view, rows, &signed_in)) == 0
        && (rc = session_get(view, signed_in.token_hash, &session)) == 0)
        if (is_valid(&session, login, now_ms))
            sessions[reply->sessions_count++] = (struct session_line){ session.since_ms, session.client };
    souk_rows_close(&rows);
    reply->sessions = sessions;
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

int
accounts_answer_me(const struct souk_view *view, const struct accounts_me *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct kept_address addresses[ADDRESSES_MAX];
    struct session_line sessions[SESSIONS_MAX];
    struct accounts_me_reply reply = { .addresses = addresses };
    struct person person;
    struct login login;
    int rc;

    (void)query;
    if (pass == NULL)
        return souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN);
    if ((rc = person_get(view, pass->person, &person)) != 0 || (rc = login_get(view, pass->person, &login)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_answer_refuse(answer, SHOP_NOT_SIGNED_IN) : rc;
    reply.person_id = pass->person;
    reply.name = person.name;
    reply.email = login.email;
    reply.is_staff = person.is_staff;
    reply.is_admin = person.is_admin;
    reply.since_ms = person.since_ms;
    if ((rc = list_addresses(view, &reply, addresses)) != 0
        || (rc = list_sessions(view, &login, souk_answer_now_ms(answer), &reply, sessions)) != 0)
        return rc;
    return answer_accounts_me(answer, &reply);
}

/* An address is known whole or not at all: rows are found by its hash alone. */
static bool
is_meant(const struct accounts_people *query, const struct souk_id *owner, const struct person *person)
{
    if (query->is_staff && !person->is_staff && !person->is_admin)
        return false;
    return !query->has_text || (owner != NULL && souk_id_equal(*owner, person->person_id))
        || within(query->text, person->name);
}

/* A page ends when it is full, or when enough people were looked at; the next one begins where it ended. */
int
accounts_answer_people(const struct souk_view *view, const struct accounts_people *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct person_line people[PEOPLE_MAX];
    struct accounts_people_reply reply = { .people = people };
    const struct souk_id first = { { 0 } };
    struct souk_rows *rows;
    struct email_owner owner;
    struct person person;
    struct login login;
    bool has_owner;
    int rc;

    if (!people_is_staff(pass))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    rc = query->has_text ? email_owner_get(view, accounts_email_id(query->text), &owner) : -SOUK_ENOTFOUND;
    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    has_owner = rc == 0;
    if ((rc = person_scan_from(view, query->has_person_id ? query->person_id : query->has_from ? query->from : first,
            &rows)) != 0)
        return rc;
    for (unsigned seen = 0; !reply.has_next && (rc = person_next(view, rows, &person)) == 0; seen++) {
        if (query->has_person_id && !souk_id_equal(query->person_id, person.person_id))
            break;
        if (seen < PEOPLE_LOOKED_AT_MAX && !is_meant(query, has_owner ? &owner.person_id : NULL, &person))
            continue;
        if ((reply.has_next = seen == PEOPLE_LOOKED_AT_MAX || reply.people_count == PEOPLE_MAX)) {
            reply.next = person.person_id;
            break;
        }
        if ((rc = login_get(view, person.person_id, &login)) != 0 && rc != -SOUK_ENOTFOUND)
            break;
        people[reply.people_count++] = (struct person_line){ person.person_id, person.name,
            rc == 0 ? login.email : souk_slice_of(""), person.is_staff, person.is_admin, person.since_ms };
    }
    souk_rows_close(&rows);
    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : answer_accounts_people(answer, &reply);
}
