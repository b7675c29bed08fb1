/*
 * accounts_parts - what the files of accounts share.
 *
 * accounts.c            who there is: what people decide, and what has happened
 * accounts_passwords.c  passwords, and names for what is not written down
 * accounts_answers.c    passes, and what one sees of accounts
 */
#ifndef ACCOUNTS_PARTS_H
#define ACCOUNTS_PARTS_H

#include <souk.h>

#include <sodium.h>

#include "shop.h"

#define ADDRESSES_MAX 20                /* as described, and so are the next two */
#define SESSIONS_MAX 50
#define PEOPLE_MAX 50
#define TOKEN_BYTES 32
#define EMAIL_BYTES_MAX 254

/* ---- accounts_passwords.c ------------------------------------------- */

/* What was found out about a password, for the decision. */
struct checked {
    bool is_right;
    struct souk_id person_id;
    uint8_t about[16];                  /* which hash it was held against: it may be another one by now */
};

/* A name for what nobody should read, made of it. */
struct souk_id accounts_id_about(struct souk_slice bytes);
/* In small letters, so that it is one address however it is written; ASCII is what mail servers agree on. */
struct souk_slice accounts_fold(struct souk_slice email, char out[EMAIL_BYTES_MAX]);
/* By what the address is found; it is nowhere but with the login itself. */
struct souk_id accounts_email_id(struct souk_slice email);
int accounts_hash_password(struct souk_slice password, char out[crypto_pwhash_STRBYTES]);
/* Held against the person's hash, or against nobody's: the work is the same. */
int accounts_check_password(const struct souk_view *view, bool is_known, struct souk_id person_id,
    struct souk_slice password, struct checked *checked_out);
/* What was found out stands, if the password is the same one still. */
int accounts_is_right(const struct souk_view *view, const struct checked *checked, bool *right_out);

/* ---- accounts_answers.c --------------------------------------------- */

int accounts_answer_pass(const struct souk_view *view, const struct accounts_pass *query, struct souk_answer *answer);
int accounts_answer_guest_pass(const struct souk_view *view, const struct accounts_guest_pass *query,
    struct souk_answer *answer);
int accounts_answer_me(const struct souk_view *view, const struct accounts_me *query, struct souk_answer *answer);
int accounts_answer_people(const struct souk_view *view, const struct accounts_people *query,
    struct souk_answer *answer);

#endif
