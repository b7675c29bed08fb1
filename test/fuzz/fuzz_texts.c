/*
 * What people, browsers and files say in text or pass on: cursors that were
 * seen, places in a log, passes, the manifest of a backup, secret keys, and what
 * souk up is told by its control socket. Each is refused, or is what its writer
 * writes of what was read.
 *
 * Input: one byte says which it is, the rest is it. A pass comes as whole bytes,
 * or as a body that is signed here. Three things are not written as they came:
 * of a log position all digits of an incarnation are read, but 8 written; a
 * manifest is ZPL, which has blanks and comments, so of that the second writing
 * is the first; and words to souk up may have more blanks than are written.
 */
#include "fuzz.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sodium.h>

#include <souk-message.h>

#include "../scratch.h"
#include "souk_control.h"
#include "souk_key.h"
#include "souk_log_position.h"
#include "souk_manifest.h"
#include "souk_pass.h"
#include "souk_seen.h"

#define MANIFEST_BYTES_MAX 16384

enum { SEEN, LOG_POSITION, PASS, PASS_BODY, MANIFEST, KEY, CONTROL, KINDS };

static const uint8_t context[] = "souk pass 1";         /* and the NUL behind it */

/* One of a process, for libFuzzer's process is all that there is. */
static struct ground {
    struct scratch scratch;
    uint8_t secret[SOUK_PASS_SECRET_BYTES];
    struct souk_pass_keys keys;
    struct souk_manifest manifest, again;
    char path[SCRATCH_PATH_BYTES_MAX + 16];
    int control[2];
} ground;

static void
clear_ground(void)
{
    (void)close(ground.control[0]);
    (void)close(ground.control[1]);
    scratch_remove(&ground.scratch);
}

static void
make_ground(void)
{
    static const uint8_t seed[crypto_sign_SEEDBYTES] = { 7 };

    if (ground.scratch.path[0] != '\0')
        return;
    scratch_sweep();
    if (sodium_init() < 0 || scratch_make(&ground.scratch, "fuzz-texts") != 0
        || socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ground.control) != 0) {
        perror("no directory in memory, or no sockets");
        abort();
    }
    (void)snprintf(ground.path, sizeof ground.path, "%s/" SOUK_MANIFEST_FILE, ground.scratch.path);
    (void)atexit(clear_ground);
    (void)crypto_sign_seed_keypair(ground.keys.keys[0], ground.secret, seed);
    ground.keys.count = 1;
}

/* ---- cursors, log positions ----------------------------------------- */

static void
read_seen(struct souk_slice text)
{
    struct souk_seen seen = { .count = 0 }, again = { .count = 0 };
    char written[SOUK_SEEN_TEXT_BYTES];
    const int rc = souk_seen_parse(text, &seen);
    size_t bytes;

    assert(rc == 0 || rc == -SOUK_EINVAL || rc == -SOUK_ETOOBIG);
    assert(seen.count <= SOUK_WIRE_SEEN_MAX);
    if (rc != 0)
        return;
    bytes = souk_seen_format(&seen, written);
    assert(bytes < sizeof written && written[bytes] == '\0');
    assert(souk_slice_equal((struct souk_slice){ written, bytes }, text));
    /* Every stream is there once, and adding them gives the same ones. */
    souk_seen_add(&again, seen.cursors, seen.count);
    souk_seen_add(&again, seen.cursors, seen.count);
    assert(again.count == seen.count && memcmp(again.cursors, seen.cursors, seen.count * sizeof *seen.cursors) == 0);
}

static void
read_log_position(struct souk_slice text)
{
    char copy[4097], padded[SOUK_LOG_POSITION_DIGITS_MAX + 1], written[SOUK_LOG_POSITION_BYTES + 1];
    uint8_t incarnation[SOUK_INCARNATION_BYTES];
    struct souk_log_position position;
    size_t digits;

    if (text.size_bytes >= sizeof copy || memchr(text.base, '\0', text.size_bytes) != NULL)
        return;                                         /* nobody has such an argument */
    memcpy(copy, text.base, text.size_bytes);
    copy[text.size_bytes] = '\0';
    if (souk_log_position_parse(copy, &position) != 0)
        return;
    digits = strlen(position.digits);
    assert(digits >= 1 && digits <= SOUK_LOG_POSITION_DIGITS_MAX && position.number > 0);
    memset(padded, '0', sizeof padded - 1);
    padded[sizeof padded - 1] = '\0';
    memcpy(padded, position.digits, digits);
    assert(sodium_hex2bin(incarnation, sizeof incarnation, padded, sizeof padded - 1, NULL, NULL, NULL) == 0);
    assert(souk_log_position_is_of(&position, incarnation));
    souk_log_position_format(souk_name_slice(&position.store), incarnation, position.number, written);
    if (digits == SOUK_LOG_POSITION_DIGITS)
        assert(strcmp(written, copy) == 0);
    else
        assert(strncmp(written, copy, strlen(position.store.text) + 1
            + (digits < SOUK_LOG_POSITION_DIGITS ? digits : SOUK_LOG_POSITION_DIGITS)) == 0);
    assert(strcmp(strrchr(written, ':'), strrchr(copy, ':')) == 0);
}

/* ---- passes --------------------------------------------------------- */

static void
expect_same(const struct souk_pass *pass, const struct souk_pass *other)
{
    assert(memcmp(&pass->person, &other->person, sizeof pass->person) == 0);
    assert(pass->role_count == other->role_count && pass->role_count <= SOUK_PASS_ROLES_MAX);
    for (uint32_t i = 0; i < pass->role_count; i++) {
        assert(strcmp(pass->roles[i], other->roles[i]) == 0);
        assert(souk_pass_has_role(pass, other->roles[i]));
    }
    assert(pass->issued_ms == other->issued_ms && pass->expires_ms == other->expires_ms);
}

/* It says something: whoever signs that gives the same bytes, if it is theirs; if it is not, another signature. */
static void
read_pass(struct souk_slice bytes, bool is_ours)
{
    struct souk_pass pass, read;
    struct souk_slice again;
    struct souk_arena arena;
    const char *why, *later;
    int rc;

    why = souk_pass_read(bytes, &read);
    assert(why == NULL || why[0] != '\0');
    if (why != NULL) {
        assert(souk_pass_check(bytes, &ground.keys, 0, &pass) != NULL);
        return;
    }
    why = souk_pass_check(bytes, &ground.keys, read.issued_ms, &pass);
    assert(is_ours || why != NULL);
    if (why == NULL)
        expect_same(&pass, &read);
    later = souk_pass_check(bytes, &ground.keys, read.expires_ms, &pass);
    assert(later != NULL);
    souk_arena_init(&arena, 0);
    rc = souk_pass_sign(&read, ground.secret, &again, &arena);
    assert(rc == 0 || rc == -SOUK_EINVAL);
    assert((why == NULL) == (is_ours && rc == 0));
    if (rc == 0) {
        const size_t signed_bytes = bytes.size_bytes - crypto_sign_BYTES;

        assert(again.size_bytes == bytes.size_bytes && memcmp(again.base, bytes.base, signed_bytes) == 0);
        assert(!is_ours || souk_slice_equal(again, bytes));
    }
    souk_arena_done(&arena);
}

static void
sign_body(struct souk_slice body)
{
    uint8_t said[sizeof context + SOUK_PASS_BYTES_MAX], signature[crypto_sign_BYTES];
    struct souk_pack pack;

    if (body.size_bytes > SOUK_PASS_BYTES_MAX)
        return;
    memcpy(said, context, sizeof context);
    memcpy(said + sizeof context, body.base, body.size_bytes);
    (void)crypto_sign_detached(signature, NULL, said, sizeof context + body.size_bytes, ground.secret);
    souk_pack_init(&pack, 2 * SOUK_PASS_BYTES_MAX);
    souk_pack_array(&pack, 2);
    souk_pack_bin(&pack, body);
    souk_pack_bin(&pack, (struct souk_slice){ signature, sizeof signature });
    assert(pack.rc == 0);
    read_pass(souk_pack_slice(&pack), true);
    souk_pack_done(&pack);
}

/* ---- manifests ------------------------------------------------------ */

static void
put_file(struct souk_slice text)
{
    const int fd = open(ground.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert(fd >= 0);
    assert(write(fd, text.base, text.size_bytes) == (ssize_t)text.size_bytes);
    (void)close(fd);
}

static size_t
get_file(char *text_out)
{
    const int fd = open(ground.path, O_RDONLY | O_CLOEXEC);
    ssize_t bytes;

    assert(fd >= 0 && (bytes = read(fd, text_out, MANIFEST_BYTES_MAX)) >= 0 && bytes < MANIFEST_BYTES_MAX);
    (void)close(fd);
    return (size_t)bytes;
}

static void
read_manifest(struct souk_slice text)
{
    static char written[MANIFEST_BYTES_MAX], twice[MANIFEST_BYTES_MAX];
    struct souk_error err = { 0 };
    size_t bytes;
    int rc;

    put_file(text);
    rc = souk_manifest_read(ground.scratch.path, &ground.manifest, &err);
    assert(rc == 0 || rc == -SOUK_EINVAL);
    assert((rc == 0) == (err.text[0] == '\0'));
    if (rc != 0)
        return;
    assert(ground.manifest.stream_count <= SOUK_STREAMS_MAX);
    for (uint32_t i = 0; i < ground.manifest.stream_count; i++)
        assert(souk_manifest_head(&ground.manifest, ground.manifest.streams[i].name.text)
            == &ground.manifest.streams[i].head);
    assert(souk_manifest_write(ground.scratch.path, &ground.manifest, &err) == 0);
    bytes = get_file(written);
    assert(souk_manifest_read(ground.scratch.path, &ground.again, &err) == 0);
    assert(memcmp(&ground.manifest, &ground.again, sizeof ground.manifest) == 0);
    assert(souk_manifest_write(ground.scratch.path, &ground.again, &err) == 0);
    assert(get_file(twice) == bytes && memcmp(written, twice, bytes) == 0);
}

/* ---- secret keys, and words to souk up ------------------------------ */

static void
read_key(struct souk_slice text)
{
    char path[SCRATCH_PATH_BYTES_MAX + 32], secret[SOUK_KEY_TEXT_BYTES], public_text[SOUK_KEY_TEXT_BYTES];
    char written[MANIFEST_BYTES_MAX];
    struct souk_error err = { 0 };
    int rc;

    put_file(text);
    rc = souk_key_read_secret(ground.path, secret, &err);
    assert(rc == 0 || rc == -SOUK_EINVAL);
    assert((rc == 0) == (err.text[0] == '\0'));
    (void)snprintf(path, sizeof path, "%s/some.key", ground.scratch.path);
    if (rc == 0) {
        assert(strlen(secret) == SOUK_KEY_TEXT_BYTES - 1);
        assert(unlink(ground.path) == 0);
        assert(souk_key_write_secret(ground.scratch.path, ground.path, secret, &err) == 0);
        assert(souk_slice_equal((struct souk_slice){ written, get_file(written) }, text));
    }
    assert(rename(ground.path, path) == 0);
    rc = souk_key_public(ground.scratch.path, "some", SOUK_KEY_CURRENT, public_text, &err);
    assert(rc == -SOUK_EINVAL || (rc == 0 && strlen(public_text) == SOUK_KEY_TEXT_BYTES - 1));
    assert(unlink(path) == 0);
}

static void
hear_control(struct souk_slice words)
{
    struct souk_name name;
    uint32_t seconds;

    assert(send(ground.control[0], words.base, words.size_bytes, 0) == (ssize_t)words.size_bytes);
    if (souk_control_take(ground.control[1], &name, &seconds)) {
        assert(souk_name_valid(souk_name_slice(&name)));
        assert(seconds <= SOUK_CONTROL_DOWN_SECONDS_MAX);
    }
    assert(!souk_control_take(ground.control[1], &name, &seconds));
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
    struct souk_slice rest;

    make_ground();
    if (size_bytes < 1)
        return 0;
    rest = (struct souk_slice){ bytes + 1, size_bytes - 1 };
    switch (bytes[0] % KINDS) {
    case SEEN:
        read_seen(rest);
        break;
    case LOG_POSITION:
        read_log_position(rest);
        break;
    case PASS:
        read_pass(rest, false);
        break;
    case PASS_BODY:
        sign_body(rest);
        break;
    case MANIFEST:
        read_manifest(rest);
        break;
    case KEY:
        read_key(rest);
        break;
    default:
        hear_control(rest);
        break;
    }
    return 0;
}
