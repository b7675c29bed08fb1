/*
 * accounts - people: how they sign in, what they are called, what they may do.
 * Passwords are kept as argon2id hashes, sessions as hashes of what the browser
 * has. An unknown address gets the same answer as a wrong password, after the
 * same work. Whoever has a session gets passes, with which other services know
 * the person without asking here.
 */
#include "services.h"

#include <string.h>

#include "accounts_parts.h"
#include "people.h"

#define PASSWORD_BYTES_MIN 10
#define SESSION_MS (UINT64_C(30) * 24 * 3600 * 1000)
#define TRIES_MS (15 * 60 * 1000)
#define TRIES_OF_ADDRESS_MAX 10         /* within TRIES_MS: of one account, whoever tries */
#define TRIES_OF_PLACE_MAX 50           /* and from one place, whatever it tries */

/* Something, one @, something with a dot within. Whether it is theirs shows when they get mail. */
static bool
is_email(struct souk_slice text)
{
    const char *at = memchr(text.base, '@', text.size_bytes);
    const char *end = (const char *)text.base + text.size_bytes;
    const char *dot;

    if (at == NULL || at == text.base || memchr(at + 1, '@', (size_t)(end - at) - 1) != NULL)
        return false;
    for (const char *c = text.base; c < end; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f)
            return false;
    dot = memchr(at + 1, '.', (size_t)(end - at) - 1);
    return dot != NULL && dot > at + 1 && end[-1] != '.';
}

/* ---- registering ---------------------------------------------------- */

static int
prepare_register(const struct souk_view *view, const struct accounts_register *command,
    struct souk_prepared *prepared)
{
    char hash[crypto_pwhash_STRBYTES];
    int rc;

    (void)view;
    if (command->password.size_bytes < PASSWORD_BYTES_MIN)
        return 0;                               /* it will be refused */
    if ((rc = accounts_hash_password(command->password, hash)) != 0)
        return rc;
    return souk_prepared_set(prepared, souk_slice_of(hash));
}

static int
decide_register(const struct souk_view *view, const struct accounts_register *command,
    struct souk_decision *decision)
{
    struct email_owner owner;
    struct person person;
    int rc;

    if (!is_email(command->email))
        return souk_refuse(decision, ACCOUNTS_BAD_EMAIL);
    if (command->password.size_bytes < PASSWORD_BYTES_MIN)
        return souk_refuse(decision, ACCOUNTS_WEAK_PASSWORD);
    if ((rc = email_owner_get(view, accounts_email_id(command->email), &owner)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, ACCOUNTS_EMAIL_TAKEN) : rc;
    if ((rc = person_get(view, command->person_id, &person)) != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, ACCOUNTS_ID_TAKEN) : rc;
    rc = emit_accounts_email_kept(decision, &(struct accounts_email_kept){ .person_id = command->person_id,
        .has_email = true, .email = command->email, .has_password_hash = true,
        .password_hash = souk_decision_prepared(decision) });
    return rc != 0 ? rc : emit_accounts_registered(decision, &(struct accounts_registered){ command->person_id,
        command->name });
}

/* ---- sessions ------------------------------------------------------- */

static int
prepare_sign_in(const struct souk_view *view, const struct accounts_sign_in *command, struct souk_prepared *prepared)
{
    struct email_owner owner = { .person_id = { { 0 } } };
    struct checked checked;
    int rc = email_owner_get(view, accounts_email_id(command->email), &owner);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = accounts_check_password(view, rc == 0, owner.person_id, command->password, &checked)) != 0)
        return rc;
    return souk_prepared_set(prepared, (struct souk_slice){ &checked, sizeof checked });
}

static int
check_tries(const struct souk_view *view, struct souk_id who, uint32_t tries_max, struct souk_decision *decision)
{
    struct tries tries;
    int rc;

    if ((rc = tries_get(view, who, &tries)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    return tries.count >= tries_max && souk_decision_now_ms(decision) - tries.since_ms < TRIES_MS
        ? souk_refuse(decision, ACCOUNTS_TOO_MANY_TRIES) : 0;
}

static int
begin_session(struct souk_decision *decision, struct souk_id person_id, struct souk_slice token_hash, bool has_client,
    struct souk_slice client)
{
    if (token_hash.size_bytes != TOKEN_BYTES)
        return -SOUK_EINVAL;
    return emit_accounts_signed_in(decision, &(struct accounts_signed_in){ .person_id = person_id,
        .token_hash = token_hash, .expires_ms = souk_decision_now_ms(decision) + SESSION_MS,
        .has_client = has_client, .client = client });
}

/* Whoever signs in with a guest's pass was that guest, whose cart others will want to hand over. */
static int
decide_sign_in(const struct souk_view *view, const struct accounts_sign_in *command, struct souk_decision *decision)
{
    const struct souk_pass *pass = souk_decision_pass(decision);
    const struct souk_id place = accounts_id_about(command->client);
    struct checked checked;
    struct souk_id who;
    bool right;
    int rc;

    if (souk_decision_prepared(decision).size_bytes != sizeof checked)
        return -SOUK_EINVAL;
    memcpy(&checked, souk_decision_prepared(decision).base, sizeof checked);
    who = accounts_email_id(command->email);
    if ((rc = check_tries(view, who, TRIES_OF_ADDRESS_MAX, decision)) != 0
        || (rc = check_tries(view, place, TRIES_OF_PLACE_MAX, decision)) != 0
        || (rc = accounts_is_right(view, &checked, &right)) != 0)
        return rc;
    if (!right)
        return emit_accounts_sign_in_failed(decision, &(struct accounts_sign_in_failed){ who, place });
    rc = begin_session(decision, checked.person_id, command->token_hash, true, command->client);
    if (rc != 0 || !souk_pass_has_role(pass, ROLE_GUEST))
        return rc;
    return emit_accounts_guest_signed_in(decision, &(struct accounts_guest_signed_in){ pass->person,
        checked.person_id });
}

static int
decide_sign_out(const struct souk_view *view, const struct accounts_sign_out *command, struct souk_decision *decision)
{
    struct session session;
    int rc;

    if ((rc = session_get(view, command->token_hash, &session)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    return emit_accounts_signed_out(decision, &(struct accounts_signed_out){ session.person_id,
        command->token_hash });
}

/* The password of somebody who is signed in, asked for once more. Wrong, that is counted, and all that is emitted. */
static int
judge_again(const struct souk_view *view, struct souk_id person_id, const struct checked *checked,
    struct souk_decision *decision, bool *right_out)
{
    const struct souk_id who = accounts_id_about(souk_slice_of_id(&person_id));
    int rc;

    if ((rc = check_tries(view, who, TRIES_OF_ADDRESS_MAX, decision)) != 0
        || (rc = accounts_is_right(view, checked, right_out)) != 0)
        return rc;
    return *right_out ? 0 : emit_accounts_sign_in_failed(decision, &(struct accounts_sign_in_failed){ who, who });
}

/* Both hashes: of the old password to be checked, of the new one to be kept. */
static int
prepare_change_password(const struct souk_view *view, const struct accounts_change_password *command,
    struct souk_prepared *prepared)
{
    struct { struct checked checked; char hash[crypto_pwhash_STRBYTES]; } both;
    int rc = accounts_check_password(view, true, command->person_id, command->old_password, &both.checked);

    if (rc == 0 && command->new_password.size_bytes >= PASSWORD_BYTES_MIN)
        rc = accounts_hash_password(command->new_password, both.hash);
    return rc != 0 ? rc : souk_prepared_set(prepared, (struct souk_slice){ &both, sizeof both });
}

static int
decide_change_password(const struct souk_view *view, const struct accounts_change_password *command,
    struct souk_decision *decision)
{
    struct { struct checked checked; char hash[crypto_pwhash_STRBYTES]; } both;
    struct souk_id who;
    bool right;
    int rc;

    if ((rc = people_who(decision, &who)) != 0)
        return rc;
    if (!souk_id_equal(who, command->person_id))
        return souk_refuse(decision, SHOP_NOT_SIGNED_IN);
    if (command->new_password.size_bytes < PASSWORD_BYTES_MIN)
        return souk_refuse(decision, ACCOUNTS_WEAK_PASSWORD);
    if (souk_decision_prepared(decision).size_bytes != sizeof both)
        return -SOUK_EINVAL;
    memcpy(&both, souk_decision_prepared(decision).base, sizeof both);
    if ((rc = judge_again(view, who, &both.checked, decision, &right)) != 0 || !right)
        return rc;
    rc = emit_accounts_password_changed(decision, &(struct accounts_password_changed){ .person_id = who,
        .has_password_hash = true, .password_hash = souk_slice_of(both.hash) });
    return rc != 0 || !command->has_token_hash ? rc : begin_session(decision, who, command->token_hash,
        command->has_client, command->client);
}

/* ---- what people say of themselves ---------------------------------- */

/* Guests are nobody to write down. */
static int
get_customer(const struct souk_view *view, struct souk_decision *decision, struct person *person_out)
{
    struct souk_id who;
    int rc;

    if ((rc = people_who(decision, &who)) != 0)
        return rc;
    rc = person_get(view, who, person_out);
    return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ACCOUNTS_UNKNOWN_PERSON) : rc;
}

static int
decide_rename(const struct souk_view *view, const struct accounts_rename *command, struct souk_decision *decision)
{
    struct person person;
    int rc;

    if ((rc = get_customer(view, decision, &person)) != 0)
        return rc;
    return emit_accounts_renamed(decision, &(struct accounts_renamed){ person.person_id, command->name });
}

static int
count_addresses(const struct souk_view *view, struct souk_id person_id, size_t *count_out)
{
    struct address_book book;
    struct souk_rows *rows;
    int rc;

    *count_out = 0;
    if ((rc = address_book_scan_by_person_id(view, person_id, &rows)) != 0)
        return rc;
    while ((rc = address_book_next(view, rows, &book)) == 0)
        (*count_out)++;
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
decide_keep_address(const struct souk_view *view, const struct accounts_keep_address *command,
    struct souk_decision *decision)
{
    struct address_book book;
    struct person person;
    size_t count = 0;
    int rc;

    if ((rc = get_customer(view, decision, &person)) != 0)
        return rc;
    if ((rc = address_book_get(view, person.person_id, command->address_id, &book)) == -SOUK_ENOTFOUND)
        rc = count_addresses(view, person.person_id, &count);
    if (rc != 0)
        return rc;
    if (count >= ADDRESSES_MAX)
        return souk_refuse(decision, ACCOUNTS_TOO_MANY_ADDRESSES);
    return emit_accounts_address_kept(decision, &(struct accounts_address_kept){ .person_id = person.person_id,
        .address_id = command->address_id, .has_address = true, .address = command->address });
}

static int
decide_drop_address(const struct souk_view *view, const struct accounts_drop_address *command,
    struct souk_decision *decision)
{
    struct address_book book;
    struct souk_id who;
    int rc;

    if ((rc = people_who(decision, &who)) != 0)
        return rc;
    if ((rc = address_book_get(view, who, command->address_id, &book)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_accept(decision) : rc;
    return emit_accounts_address_dropped(decision, &(struct accounts_address_dropped){ who, command->address_id });
}

/* Is there an admin other than this person? */
static int
find_admin(const struct souk_view *view, const struct souk_id *beside, bool *found_out)
{
    struct souk_rows *rows;
    struct admin admin;
    int rc;

    *found_out = false;
    if ((rc = admin_scan(view, &rows)) != 0)
        return rc;
    while (!*found_out && (rc = admin_next(view, rows, &admin)) == 0)
        *found_out = beside == NULL || !souk_id_equal(admin.person_id, *beside);
    souk_rows_close(&rows);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* The same work as for a sign-in. */
static int
prepare_leave(const struct souk_view *view, const struct accounts_leave *command, struct souk_prepared *prepared)
{
    struct checked checked;
    int rc = accounts_check_password(view, true, command->person_id, command->password, &checked);

    return rc != 0 ? rc : souk_prepared_set(prepared, (struct souk_slice){ &checked, sizeof checked });
}

static int
decide_leave(const struct souk_view *view, const struct accounts_leave *command, struct souk_decision *decision)
{
    struct checked checked;
    struct person person;
    bool right, has_other;
    int rc;

    if ((rc = get_customer(view, decision, &person)) != 0)
        return rc;
    if (!souk_id_equal(person.person_id, command->person_id))
        return souk_refuse(decision, SHOP_NOT_SIGNED_IN);
    if (souk_decision_prepared(decision).size_bytes != sizeof checked)
        return -SOUK_EINVAL;
    memcpy(&checked, souk_decision_prepared(decision).base, sizeof checked);
    if ((rc = judge_again(view, person.person_id, &checked, decision, &right)) != 0 || !right)
        return rc;
    if ((rc = find_admin(view, &person.person_id, &has_other)) != 0)
        return rc;
    if (person.is_admin && !has_other)
        return souk_refuse(decision, ACCOUNTS_LAST_ADMIN);
    rc = emit_accounts_erased(decision, &(struct accounts_erased){ person.person_id });
    return rc != 0 ? rc : emit_accounts_left(decision, &(struct accounts_left){ person.person_id });
}

/* ---- what people may do --------------------------------------------- */

static int
decide_appoint(const struct souk_view *view, const struct accounts_appoint *command, struct souk_decision *decision)
{
    struct person person;
    bool has_other;
    int rc;

    if (!souk_pass_has_role(souk_decision_pass(decision), ROLE_ADMIN))
        return souk_refuse(decision, ACCOUNTS_ADMIN_ONLY);
    if ((rc = person_get(view, command->person_id, &person)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ACCOUNTS_UNKNOWN_PERSON) : rc;
    if ((rc = find_admin(view, &command->person_id, &has_other)) != 0)
        return rc;
    if (!command->is_admin && !has_other)
        return souk_refuse(decision, ACCOUNTS_LAST_ADMIN);
    if (person.is_staff == command->is_staff && person.is_admin == command->is_admin)
        return souk_accept(decision);
    return emit_accounts_appointed(decision, &(struct accounts_appointed){ command->person_id, command->is_staff,
        command->is_admin, true, souk_decision_pass(decision)->person });
}

static int
decide_appoint_first(const struct souk_view *view, const struct accounts_appoint_first *command,
    struct souk_decision *decision)
{
    struct email_owner owner;
    bool has_admin;
    int rc;

    if ((rc = find_admin(view, NULL, &has_admin)) != 0)
        return rc;
    if (has_admin)
        return souk_refuse(decision, ACCOUNTS_HAS_ADMIN);
    if ((rc = email_owner_get(view, accounts_email_id(command->email), &owner)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ACCOUNTS_UNKNOWN_PERSON) : rc;
    return emit_accounts_appointed(decision, &(struct accounts_appointed){ .person_id = owner.person_id,
        .is_staff = true, .is_admin = true });
}

/* ---- what has happened: who there is -------------------------------- */

static int
apply_registered(struct souk_tables *tables, const struct accounts_registered *event)
{
    return person_put(tables, &(struct person){ .person_id = event->person_id, .name = event->name,
        .since_ms = souk_tables_time_ms(tables) });
}

static int
apply_renamed(struct souk_tables *tables, const struct accounts_renamed *event)
{
    struct person person;
    int rc;

    if ((rc = person_get(souk_tables_view(tables), event->person_id, &person)) != 0)
        return rc;
    person.name = event->name;
    return person_put(tables, &person);
}

static int
apply_appointed(struct souk_tables *tables, const struct accounts_appointed *event)
{
    struct person person;
    int rc;

    if ((rc = person_get(souk_tables_view(tables), event->person_id, &person)) != 0)
        return rc;
    person.is_staff = event->is_staff;
    person.is_admin = event->is_admin;
    if ((rc = person_put(tables, &person)) != 0)
        return rc;
    if (event->is_admin)
        return admin_put(tables, &(struct admin){ event->person_id });
    rc = admin_delete(tables, event->person_id);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;      /* one who never was admin becomes staff */
}

static int
apply_left(struct souk_tables *tables, const struct accounts_left *event)
{
    int rc = admin_delete(tables, event->person_id);

    return rc != 0 && rc != -SOUK_ENOTFOUND ? rc : person_delete(tables, event->person_id);
}

/* ---- what has happened: how they sign in ---------------------------- */

static int
apply_email_kept(struct souk_tables *tables, const struct accounts_email_kept *event)
{
    int rc;

    if (!event->has_email || !event->has_password_hash)
        return 0;                               /* a person who is forgotten */
    rc = login_put(tables, &(struct login){ .person_id = event->person_id, .has_email = true, .email = event->email,
        .has_password_hash = true, .password_hash = event->password_hash });
    return rc != 0 ? rc : email_owner_put(tables, &(struct email_owner){ accounts_email_id(event->email),
        event->person_id });
}

static int
apply_password_changed(struct souk_tables *tables, const struct accounts_password_changed *event)
{
    struct login login;
    int rc;

    if ((rc = login_get(souk_tables_view(tables), event->person_id, &login)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    login.has_password_hash = event->has_password_hash;
    login.password_hash = event->password_hash;
    login.valid_from_ms = souk_tables_time_ms(tables);
    return login_put(tables, &login);
}

static int
apply_signed_in(struct souk_tables *tables, const struct accounts_signed_in *event)
{
    int rc = session_put(tables, &(struct session){ .token_hash = event->token_hash, .person_id = event->person_id,
        .since_ms = souk_tables_time_ms(tables), .expires_ms = event->expires_ms,
        .has_client = event->has_client, .client = event->client });

    return rc != 0 ? rc : signed_in_put(tables, &(struct signed_in){ event->person_id, event->token_hash });
}

static int
apply_signed_out(struct souk_tables *tables, const struct accounts_signed_out *event)
{
    int rc = session_delete(tables, event->token_hash);

    return rc != 0 ? rc : signed_in_delete(tables, event->person_id, event->token_hash);
}

static int
count_try(struct souk_tables *tables, struct souk_id who)
{
    const uint64_t now_ms = souk_tables_time_ms(tables);
    struct tries tries = { .who = who, .since_ms = now_ms };
    int rc = tries_get(souk_tables_view(tables), who, &tries);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (now_ms - tries.since_ms >= TRIES_MS)
        tries = (struct tries){ .who = who, .since_ms = now_ms };
    tries.count++;
    return tries_put(tables, &tries);
}

static int
apply_sign_in_failed(struct souk_tables *tables, const struct accounts_sign_in_failed *event)
{
    int rc = count_try(tables, event->who);

    return rc != 0 || souk_id_equal(event->who, event->place) ? rc : count_try(tables, event->place);
}

static int
apply_address_kept(struct souk_tables *tables, const struct accounts_address_kept *event)
{
    return !event->has_address ? 0 : address_book_put(tables, &(struct address_book){ event->person_id,
        event->address_id, true, event->address });
}

static int
apply_address_dropped(struct souk_tables *tables, const struct accounts_address_dropped *event)
{
    return address_book_delete(tables, event->person_id, event->address_id);
}

static int
erase_sessions(struct souk_tables *tables, struct souk_id person_id)
{
    const struct souk_view *view = souk_tables_view(tables);
    struct signed_in signed_in;
    struct souk_rows *rows;
    int rc;

    do {
        if ((rc = signed_in_scan_by_person_id(view, person_id, &rows)) != 0)
            return rc;
        rc = signed_in_next(view, rows, &signed_in);
        souk_rows_close(&rows);
        if (rc == 0 && (rc = session_delete(tables, signed_in.token_hash)) == 0)
            rc = signed_in_delete(tables, person_id, signed_in.token_hash);
    } while (rc == 0);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

static int
erase_addresses(struct souk_tables *tables, struct souk_id person_id)
{
    const struct souk_view *view = souk_tables_view(tables);
    struct address_book book;
    struct souk_rows *rows;
    int rc;

    do {
        if ((rc = address_book_scan_by_person_id(view, person_id, &rows)) != 0)
            return rc;
        rc = address_book_next(view, rows, &book);
        souk_rows_close(&rows);
        if (rc == 0)
            rc = address_book_delete(tables, person_id, book.address_id);
    } while (rc == 0);
    return rc == -SOUK_ENOTFOUND ? 0 : rc;
}

/* Of somebody who was forgotten before these tables were filled, there is not even a login. */
static int
apply_erased(struct souk_tables *tables, const struct accounts_erased *event)
{
    struct login login;
    int rc;

    if ((rc = erase_sessions(tables, event->person_id)) != 0 || (rc = erase_addresses(tables, event->person_id)) != 0)
        return rc;
    if ((rc = login_get(souk_tables_view(tables), event->person_id, &login)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (login.has_email && (rc = email_owner_delete(tables, accounts_email_id(login.email))) != 0)
        return rc;
    return login_delete(tables, event->person_id);
}

static const struct souk_handler handlers[] = {
    SOUK_PREPARE(accounts_register, prepare_register),
    SOUK_PREPARE(accounts_sign_in, prepare_sign_in),
    SOUK_PREPARE(accounts_change_password, prepare_change_password),
    SOUK_PREPARE(accounts_leave, prepare_leave),
    SOUK_DECIDE(accounts_register, decide_register),
    SOUK_DECIDE(accounts_sign_in, decide_sign_in),
    SOUK_DECIDE(accounts_sign_out, decide_sign_out),
    SOUK_DECIDE(accounts_change_password, decide_change_password),
    SOUK_DECIDE(accounts_rename, decide_rename),
    SOUK_DECIDE(accounts_keep_address, decide_keep_address),
    SOUK_DECIDE(accounts_drop_address, decide_drop_address),
    SOUK_DECIDE(accounts_leave, decide_leave),
    SOUK_DECIDE(accounts_appoint, decide_appoint),
    SOUK_DECIDE(accounts_appoint_first, decide_appoint_first),
    SOUK_APPLY(accounts_registered, apply_registered),
    SOUK_APPLY(accounts_renamed, apply_renamed),
    SOUK_APPLY(accounts_appointed, apply_appointed),
    SOUK_APPLY(accounts_email_kept, apply_email_kept),
    SOUK_APPLY(accounts_password_changed, apply_password_changed),
    SOUK_APPLY(accounts_signed_in, apply_signed_in),
    SOUK_APPLY(accounts_signed_out, apply_signed_out),
    SOUK_APPLY(accounts_sign_in_failed, apply_sign_in_failed),
    SOUK_APPLY(accounts_address_kept, apply_address_kept),
    SOUK_APPLY(accounts_address_dropped, apply_address_dropped),
    SOUK_APPLY(accounts_erased, apply_erased),
    SOUK_APPLY(accounts_left, apply_left),
    SOUK_ANSWER(accounts_pass, accounts_answer_pass),
    SOUK_ANSWER(accounts_guest_pass, accounts_answer_guest_pass),
    SOUK_ANSWER(accounts_me, accounts_answer_me),
    SOUK_ANSWER(accounts_people, accounts_answer_people),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { PERSON_TABLE, STREAM_ACCOUNTS },
    { ADMIN_TABLE, STREAM_ACCOUNTS },
    { LOGIN_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { EMAIL_OWNER_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { SESSION_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { SIGNED_IN_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { TRIES_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { ADDRESS_BOOK_TABLE, STREAM_ACCOUNTS_PRIVATE },
    { 0 },
};

const struct souk_service accounts_service = { .name = "accounts", .version = 2, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&accounts_service, argc, argv);
}
