/*
 * accounts - people: how they sign in, what they are called, what they may do.
 * Passwords are kept as argon2id hashes, sessions as hashes of what the browser
 * has. An unknown address gets the same answer as a wrong password, after the
 * same work. Whoever has a session gets passes, with which other services know
 * the person without asking here.
 */
#include "services.h"

#include <sodium.h>
#include <string.h>

#include "people.h"
#include "shop.h"

#define PASSWORD_BYTES_MIN 10
#define HASH_OPS 2                      /* what OWASP asks for of argon2id: 19 MiB, 2 passes, 1 lane; about 17 ms */
#define HASH_BYTES (19 * 1024 * 1024)
#define SESSION_MS (UINT64_C(30) * 24 * 3600 * 1000)
#define PASS_MS (10 * 60 * 1000)
#define TRIES_MS (15 * 60 * 1000)
#define TRIES_OF_ADDRESS_MAX 10         /* within TRIES_MS: of one account, whoever tries */
#define TRIES_OF_PLACE_MAX 50           /* and from one place, whatever it tries */
#define ADDRESSES_MAX 20                /* as described, and so are the next two */
#define SESSIONS_MAX 50
#define PEOPLE_MAX 50
#define TOKEN_BYTES 32
#define EMAIL_BYTES_MAX 254

/* Of a password that nobody has: so much work an unknown address takes. */
#define NOBODYS_HASH "$argon2id$v=19$m=19456,t=2,p=1$sY2iBbUnq/sNzqomi5kdIg$WZ73vawBNNV9zCdK5hm0ZLiCHYyw9p0L6RuEX3FLP7g"

/* What was found out about a password, for the decision. */
struct checked {
    bool is_right;
    struct souk_id person_id;
    uint8_t about[16];                  /* which hash it was held against: it may be another one by now */
};

static void
digest(struct souk_slice bytes, uint8_t out[16])
{
    (void)crypto_generichash(out, 16, bytes.base, bytes.size_bytes, NULL, 0);
}

static struct souk_id
id_about(struct souk_slice bytes)
{
    struct souk_id id;

    digest(bytes, id.bytes);
    return id;
}

/* In small letters, so that it is one address however it is written; ASCII is what mail servers agree on. */
static struct souk_slice
fold(struct souk_slice email, char out[EMAIL_BYTES_MAX])
{
    const char *at = email.base;

    for (size_t i = 0; i < email.size_bytes; i++)
        out[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];
    return (struct souk_slice){ out, email.size_bytes };
}

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

/* ---- passwords ------------------------------------------------------ */

static int
hash_password(struct souk_slice password, char out[crypto_pwhash_STRBYTES])
{
    return crypto_pwhash_str(out, password.base, password.size_bytes, HASH_OPS, HASH_BYTES) == 0 ? 0 : -SOUK_ENOMEM;
}

/* Held against the person's hash, or against nobody's: the work is the same. */
static int
check_password(const struct souk_view *view, bool is_known, struct souk_id person_id, struct souk_slice password,
    struct checked *checked_out)
{
    char hash[crypto_pwhash_STRBYTES] = NOBODYS_HASH;
    struct login login;
    int rc = is_known ? login_get(view, person_id, &login) : -SOUK_ENOTFOUND;

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    memset(checked_out, 0, sizeof *checked_out);
    if (rc == 0 && login.password_hash.size_bytes < sizeof hash) {
        memset(hash, 0, sizeof hash);
        memcpy(hash, login.password_hash.base, login.password_hash.size_bytes);
        checked_out->person_id = person_id;
        digest(login.password_hash, checked_out->about);
    }
    checked_out->is_right = crypto_pwhash_str_verify(hash, password.base, password.size_bytes) == 0 && rc == 0;
    return 0;
}

/* What was found out stands, if the password is the same one still. */
static int
is_right(const struct souk_view *view, const struct checked *checked, bool *right_out)
{
    uint8_t about[sizeof checked->about];
    struct login login;
    int rc;

    *right_out = false;
    if (!checked->is_right)
        return 0;
    if ((rc = login_get(view, checked->person_id, &login)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    digest(login.password_hash, about);
    *right_out = memcmp(about, checked->about, sizeof about) == 0;
    return 0;
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
    if ((rc = hash_password(command->password, hash)) != 0)
        return rc;
    return souk_prepared_set(prepared, souk_slice_of(hash));
}

static int
decide_register(const struct souk_view *view, const struct accounts_register *command,
    struct souk_decision *decision)
{
    char folded[EMAIL_BYTES_MAX];
    struct email_owner owner;
    struct person person;
    int rc;

    if (!is_email(command->email))
        return souk_refuse(decision, ACCOUNTS_BAD_EMAIL);
    if (command->password.size_bytes < PASSWORD_BYTES_MIN)
        return souk_refuse(decision, ACCOUNTS_WEAK_PASSWORD);
    if ((rc = email_owner_get(view, fold(command->email, folded), &owner)) != -SOUK_ENOTFOUND)
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
    char folded[EMAIL_BYTES_MAX];
    struct email_owner owner = { .person_id = { { 0 } } };
    struct checked checked;
    int rc = email_owner_get(view, fold(command->email, folded), &owner);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if ((rc = check_password(view, rc == 0, owner.person_id, command->password, &checked)) != 0)
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
    const struct souk_id place = id_about(command->client);
    char folded[EMAIL_BYTES_MAX];
    struct checked checked;
    struct souk_id who;
    bool right;
    int rc;

    if (souk_decision_prepared(decision).size_bytes != sizeof checked)
        return -SOUK_EINVAL;
    memcpy(&checked, souk_decision_prepared(decision).base, sizeof checked);
    who = id_about(fold(command->email, folded));
    if ((rc = check_tries(view, who, TRIES_OF_ADDRESS_MAX, decision)) != 0
        || (rc = check_tries(view, place, TRIES_OF_PLACE_MAX, decision)) != 0
        || (rc = is_right(view, &checked, &right)) != 0)
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

/* Both hashes: of the old password to be checked, of the new one to be kept. */
static int
prepare_change_password(const struct souk_view *view, const struct accounts_change_password *command,
    struct souk_prepared *prepared)
{
    struct { struct checked checked; char hash[crypto_pwhash_STRBYTES]; } both;
    int rc = check_password(view, true, command->person_id, command->old_password, &both.checked);

    if (rc == 0 && command->new_password.size_bytes >= PASSWORD_BYTES_MIN)
        rc = hash_password(command->new_password, both.hash);
    return rc != 0 ? rc : souk_prepared_set(prepared, (struct souk_slice){ &both, sizeof both });
}

static int
decide_change_password(const struct souk_view *view, const struct accounts_change_password *command,
    struct souk_decision *decision)
{
    struct { struct checked checked; char hash[crypto_pwhash_STRBYTES]; } both;
    const struct souk_id who_tries = id_about(souk_slice_of_id(&command->person_id));
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
    if ((rc = check_tries(view, who_tries, TRIES_OF_ADDRESS_MAX, decision)) != 0
        || (rc = is_right(view, &both.checked, &right)) != 0)
        return rc;
    if (!right)
        return emit_accounts_sign_in_failed(decision, &(struct accounts_sign_in_failed){ who_tries, who_tries });
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

/* ---- what people may do --------------------------------------------- */

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
        command->is_admin });
}

static int
decide_appoint_first(const struct souk_view *view, const struct accounts_appoint_first *command,
    struct souk_decision *decision)
{
    char folded[EMAIL_BYTES_MAX];
    struct email_owner owner;
    bool has_admin;
    int rc;

    if ((rc = find_admin(view, NULL, &has_admin)) != 0)
        return rc;
    if (has_admin)
        return souk_refuse(decision, ACCOUNTS_HAS_ADMIN);
    if ((rc = email_owner_get(view, fold(command->email, folded), &owner)) != 0)
        return rc == -SOUK_ENOTFOUND ? souk_refuse(decision, ACCOUNTS_UNKNOWN_PERSON) : rc;
    return emit_accounts_appointed(decision, &(struct accounts_appointed){ owner.person_id, true, true });
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

/* ---- what has happened: how they sign in ---------------------------- */

static int
apply_email_kept(struct souk_tables *tables, const struct accounts_email_kept *event)
{
    char folded[EMAIL_BYTES_MAX];
    int rc;

    if (!event->has_email || !event->has_password_hash)
        return 0;                               /* a person who is forgotten */
    rc = login_put(tables, &(struct login){ event->person_id, event->email, event->password_hash, 0 });
    return rc != 0 ? rc : email_owner_put(tables, &(struct email_owner){ fold(event->email, folded),
        event->person_id });
}

static int
apply_password_changed(struct souk_tables *tables, const struct accounts_password_changed *event)
{
    struct login login;
    int rc;

    if ((rc = login_get(souk_tables_view(tables), event->person_id, &login)) != 0)
        return rc == -SOUK_ENOTFOUND ? 0 : rc;
    if (event->has_password_hash)
        login.password_hash = event->password_hash;
    login.valid_from_ms = souk_tables_time_ms(tables);
    return login_put(tables, &login);
}

static int
apply_signed_in(struct souk_tables *tables, const struct accounts_signed_in *event)
{
    int rc = session_put(tables, &(struct session){ .token_hash = event->token_hash, .person_id = event->person_id,
        .since_ms = souk_tables_time_ms(tables), .expires_ms = event->expires_ms,
        .client = event->has_client ? event->client : souk_slice_of("") });

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
        event->address_id, event->address });
}

static int
apply_address_dropped(struct souk_tables *tables, const struct accounts_address_dropped *event)
{
    return address_book_delete(tables, event->person_id, event->address_id);
}

/* ---- answers -------------------------------------------------------- */

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

static int
answer_pass(const struct souk_view *view, const struct accounts_pass *query, struct souk_answer *answer)
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
static int
answer_guest_pass(const struct souk_view *view, const struct accounts_guest_pass *query, struct souk_answer *answer)
{
    struct accounts_guest_pass_reply reply = { .expires_ms = souk_answer_now_ms(answer) + PASS_MS };
    struct souk_pass pass = { .expires_ms = reply.expires_ms };
    int rc;

    (void)view;
    if (query->secret.size_bytes != TOKEN_BYTES)
        return -SOUK_EINVAL;
    reply.person_id = pass.person = id_about(query->secret);
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

static int
answer_me(const struct souk_view *view, const struct accounts_me *query, struct souk_answer *answer)
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

static int
answer_people(const struct souk_view *view, const struct accounts_people *query, struct souk_answer *answer)
{
    const struct souk_pass *pass = souk_answer_pass(answer);
    struct person_line people[PEOPLE_MAX];
    struct accounts_people_reply reply = { .people = people };
    const struct souk_id first = { { 0 } };
    struct souk_rows *rows;
    struct person person;
    struct login login;
    int rc;

    if (!souk_pass_has_role(pass, ROLE_STAFF) && !souk_pass_has_role(pass, ROLE_ADMIN))
        return souk_answer_refuse(answer, SHOP_STAFF_ONLY);
    if ((rc = person_scan_from(view, query->has_from ? query->from : first, &rows)) != 0)
        return rc;
    while (!reply.has_next && (rc = person_next(view, rows, &person)) == 0) {
        if ((reply.has_next = reply.people_count == PEOPLE_MAX)) {
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

static const struct souk_handler handlers[] = {
    SOUK_PREPARE(accounts_register, prepare_register),
    SOUK_PREPARE(accounts_sign_in, prepare_sign_in),
    SOUK_PREPARE(accounts_change_password, prepare_change_password),
    SOUK_DECIDE(accounts_register, decide_register),
    SOUK_DECIDE(accounts_sign_in, decide_sign_in),
    SOUK_DECIDE(accounts_sign_out, decide_sign_out),
    SOUK_DECIDE(accounts_change_password, decide_change_password),
    SOUK_DECIDE(accounts_rename, decide_rename),
    SOUK_DECIDE(accounts_keep_address, decide_keep_address),
    SOUK_DECIDE(accounts_drop_address, decide_drop_address),
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
    SOUK_ANSWER(accounts_pass, answer_pass),
    SOUK_ANSWER(accounts_guest_pass, answer_guest_pass),
    SOUK_ANSWER(accounts_me, answer_me),
    SOUK_ANSWER(accounts_people, answer_people),
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

const struct souk_service accounts_service = { .name = "accounts", .version = 1, .handlers = handlers,
    .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&accounts_service, argc, argv);
}
