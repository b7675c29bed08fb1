/*
 * year - plays a script of commands to the services of the shop on a stage, as
 * if months had passed, and leaves what a system's data has when an event store has recorded it.
 *
 *     year.py months | year DIRECTORY
 *
 * A line has five fields with tabs between: ms since 1970, who asks (an id, or
 * - for nobody), their roles (or -), the command, its fields as JSON. The first
 * line says when it begins, and a last one with - for a command when it ends.
 * Everything is decided by the services themselves. A command that is not
 * accepted is a fault of the script, and ends it.
 */
#include "services.h"

#include <inttypes.h>
#include <sodium.h>
#include <souk-stage.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "shop.h"

#define FIELDS 5
#define SEED 1                          /* of what services draw: the script has the seed that matters */
#define NOBODY "-"
#define EVENT_STORE "es1"               /* as the topology calls it */

/* Of `open sesame`, which is everybody's password in the sample: each would take 17 ms to hash. */
#define HASH_OF_ALL "$argon2id$v=19$m=19456,t=2,p=1$R4oEq/GGW1fJHcmMhRkeJw$IPzDtlZXLrhX4TvREKSoj6r6Rc7mJ0rmQ0Ogo99pCDU"

struct line {
    uint64_t at_ms;
    const char *person, *roles, *command, *data;
};

/* libsodium's own: here all have one password, and the same hash each time. */
int
crypto_pwhash_str(char out[crypto_pwhash_STRBYTES], const char *const password, unsigned long long password_bytes,
    unsigned long long ops, size_t memory_bytes)
{
    (void)password;
    (void)password_bytes;
    (void)ops;
    (void)memory_bytes;
    memset(out, 0, crypto_pwhash_STRBYTES);
    memcpy(out, HASH_OF_ALL, sizeof HASH_OF_ALL);
    return 0;
}

static bool
read_line(char *text, struct line *line_out)
{
    char *fields[FIELDS], *end;

    for (size_t i = 0; i < FIELDS; i++)
        if ((fields[i] = strsep(&text, "\t")) == NULL)
            return false;
    if (text != NULL)
        return false;
    line_out->at_ms = strtoull(fields[0], &end, 10);
    line_out->person = fields[1];
    line_out->roles = fields[2];
    line_out->command = fields[3];
    line_out->data = fields[4];
    return end != fields[0] && *end == '\0';
}

/* An id as people write it. */
static bool
read_id(const char *text, struct souk_id *id_out)
{
    size_t bytes;

    return sodium_hex2bin(id_out->bytes, sizeof id_out->bytes, text, strlen(text), "-", &bytes, NULL) == 0
        && bytes == sizeof id_out->bytes;
}

static bool
play_line(struct souk_stage *stage, const struct line *line)
{
    struct souk_id person;

    if (strcmp(line->person, NOBODY) == 0)
        souk_stage_sign_out(stage);
    else if (read_id(line->person, &person))
        souk_stage_sign_in_as(stage, person, line->roles);
    else
        return false;
    if (strcmp(line->command, NOBODY) != 0)
        souk_stage_send_json(stage, line->command, line->data);
    return true;
}

/* How many lines were played; negative when one of them could not be. */
static int
play(struct souk_stage **stage_p, const struct souk_stage_config *config_of_all)
{
    struct souk_stage_config config = *config_of_all;
    struct souk_error err = { 0 };
    struct line line = { 0 };
    uint64_t now_ms = 0;
    char *text = NULL;
    size_t room = 0;
    ssize_t size;
    int count = 0;

    while ((size = getline(&text, &room, stdin)) > 0) {
        if (text[size - 1] == '\n')
            text[size - 1] = '\0';
        if (!read_line(text, &line) || line.at_ms < now_ms) {
            (void)fprintf(stderr, "year: line %d: five fields are meant, and time that goes on\n", count + 1);
            goto fail;
        }
        if (*stage_p == NULL) {
            config.start_ms = now_ms = line.at_ms;
            if (souk_stage_open(&config, stage_p, &err) != 0) {
                (void)fprintf(stderr, "year: %s\n", err.text);
                goto fail;
            }
        }
        souk_stage_elapse(*stage_p, line.at_ms - now_ms);
        now_ms = line.at_ms;
        if (!play_line(*stage_p, &line)) {
            (void)fprintf(stderr, "year: line %d: this is nobody's id: %s\n", count + 1, line.person);
            goto fail;
        }
        count++;
        if (souk_stage_trace(*stage_p)[0] != '\0') {
            (void)fprintf(stderr, "year: not all is accepted, as of line %d, %s %s:\n%s", count, line.command,
                line.data, souk_stage_trace(*stage_p));
            goto fail;
        }
    }
    free(text);
    return count;

fail:
    free(text);
    return -1;
}

int
main(int argc, char **argv)
{
    static const char *const reviews_writes[] = { STREAM_REVIEWS, STREAM_REVIEWS_OWN, STREAM_REVIEWS_INTERNAL, NULL };
    static const struct souk_stage_service services[] = { { .service = &accounts_service },
        { .service = &catalog_service }, { .service = &inventory_service }, { .service = &orders_service },
        { .service = &payments_service }, { .service = &cards_service }, { .service = &carts_service },
        { .service = &reviews_service, .writes = reviews_writes }, { .service = &moderation_service },
        { .service = NULL } };
    const struct souk_stage_config config = { .services = services, .messages = &shop_messages, .seed = SEED,
        .quiet = true };
    struct souk_stage *stage = NULL;
    int count;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: year DIRECTORY <SCRIPT\n");
        return EX_USAGE;
    }
    if ((count = play(&stage, &config)) <= 0) {
        if (count == 0)
            (void)fprintf(stderr, "year: the script is empty\n");
        souk_stage_close(&stage);
        return EX_DATAERR;
    }
    souk_stage_record(stage, EVENT_STORE, argv[1]);
    souk_stage_close(&stage);
    return EX_OK;
}
