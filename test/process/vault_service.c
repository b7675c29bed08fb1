/*
 * vault_service - a service whose decisions need slow work before: password hashes.
 * A secret `fail` makes its preparation fail.
 */
#include <sodium.h>
#include <string.h>

#include "vault.h"

#define SECRET_FAILS "fail"

static int
prepare_keep(const struct souk_view *view, const struct vault_keep *command, struct souk_prepared *prepared)
{
    char hash[crypto_pwhash_STRBYTES];
    struct secret secret;
    int rc;

    if (souk_slice_equal(command->secret, souk_slice_of(SECRET_FAILS)))
        return -SOUK_EHANDLER;
    if ((rc = secret_get(view, command->name, &secret)) != -SOUK_ENOTFOUND)
        return rc;                              /* it will be refused: no need for a hash */
    if (crypto_pwhash_str(hash, command->secret.base, command->secret.size_bytes, crypto_pwhash_OPSLIMIT_INTERACTIVE,
        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return -SOUK_ENOMEM;
    return souk_prepared_set(prepared, souk_slice_of(hash));
}

static int
decide_keep(const struct souk_view *view, const struct vault_keep *command, struct souk_decision *decision)
{
    struct secret secret;
    int rc = secret_get(view, command->name, &secret);

    if (rc != -SOUK_ENOTFOUND)
        return rc == 0 ? souk_refuse(decision, VAULT_TAKEN) : rc;
    return emit_vault_kept(decision, &(struct vault_kept){ .name = command->name,
        .hash = souk_decision_prepared(decision) });
}

static int
decide_touch(const struct souk_view *view, const struct vault_touch *command, struct souk_decision *decision)
{
    return emit_vault_touched(decision, &(struct vault_touched){ .name = command->name });
}

static int
apply_kept(struct souk_tables *tables, const struct vault_kept *event)
{
    return secret_put(tables, &(struct secret){ .name = event->name, .hash = event->hash });
}

static int
answer_check(const struct souk_view *view, const struct vault_check *query, struct souk_answer *answer)
{
    struct vault_check_reply reply = { .is_right = false };
    char hash[crypto_pwhash_STRBYTES] = "";
    struct secret secret;
    int rc = secret_get(view, query->name, &secret);

    if (rc != 0 && rc != -SOUK_ENOTFOUND)
        return rc;
    if (rc == 0 && secret.hash.size_bytes < sizeof hash) {
        memcpy(hash, secret.hash.base, secret.hash.size_bytes);
        reply.is_right = crypto_pwhash_str_verify(hash, query->secret.base, query->secret.size_bytes) == 0;
    }
    return answer_vault_check(answer, &reply);
}

static const struct souk_handler handlers[] = {
    SOUK_PREPARE(vault_keep, prepare_keep),
    SOUK_DECIDE(vault_keep, decide_keep),
    SOUK_DECIDE(vault_touch, decide_touch),
    SOUK_APPLY(vault_kept, apply_kept),
    SOUK_ANSWER(vault_check, answer_check),
    { 0 },
};

static const struct souk_table_def tables[] = {
    { "secrets", STREAM_VAULT },
    { 0 },
};

static const struct souk_service vault = { .name = "vault", .version = 1, .handlers = handlers, .tables = tables };

int
main(int argc, char **argv)
{
    return souk_service_main(&vault, argc, argv);
}
