#include "accounts_parts.h"

#include <string.h>

#define HASH_OPS 2                      /* what OWASP asks for of argon2id: 19 MiB, 2 passes, 1 lane; about 17 ms */
#define HASH_BYTES (19 * 1024 * 1024)

/* Of a password that nobody has: so much work an unknown address takes. */
#define NOBODYS_HASH "$argon2id$v=19$m=19456,t=2,p=1$sY2iBbUnq/sNzqomi5kdIg$WZ73vawBNNV9zCdK5hm0ZLiCHYyw9p0L6RuEX3FLP7g"

static void
digest(struct souk_slice bytes, uint8_t out[16])
{
    (void)crypto_generichash(out, 16, bytes.base, bytes.size_bytes, NULL, 0);
}

struct souk_id
accounts_id_about(struct souk_slice bytes)
{
    struct souk_id id;

    digest(bytes, id.bytes);
    return id;
}

struct souk_slice
accounts_fold(struct souk_slice email, char out[EMAIL_BYTES_MAX])
{
    const char *at = email.base;

    for (size_t i = 0; i < email.size_bytes; i++)
        out[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] - 'A' + 'a') : at[i];
    return (struct souk_slice){ out, email.size_bytes };
}

struct souk_id
accounts_email_id(struct souk_slice email)
{
    char folded[EMAIL_BYTES_MAX];

    return accounts_id_about(accounts_fold(email, folded));
}

int
accounts_hash_password(struct souk_slice password, char out[crypto_pwhash_STRBYTES])
{
    return crypto_pwhash_str(out, password.base, password.size_bytes, HASH_OPS, HASH_BYTES) == 0 ? 0 : -SOUK_ENOMEM;
}

int
accounts_check_password(const struct souk_view *view, bool is_known, struct souk_id person_id, struct souk_slice password,
    struct checked *checked_out)
{
    char hash[crypto_pwhash_STRBYTES] = NOBODYS_HASH;
    struct login login;
    int rc = is_known ? login_get(view, person_id, &login) : -SOUK_ENOTFOUND;

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    memset(checked_out, 0, sizeof *checked_out);
    if (rc == 0 && login.has_password_hash && login.password_hash.size_bytes < sizeof hash) {
        memset(hash, 0, sizeof hash);
        memcpy(hash, login.password_hash.base, login.password_hash.size_bytes);
        checked_out->person_id = person_id;
        digest(login.password_hash, checked_out->about);
    }
    checked_out->is_right = crypto_pwhash_str_verify(hash, password.base, password.size_bytes) == 0 && rc == 0;
    return 0;
}

int
accounts_is_right(const struct souk_view *view, const struct checked *checked, bool *right_out)
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
