/*
 * souk-json - messages as JSON: at the bridge, on the command line, for people.
 *
 * What a message's JSON looks like is said in souk.messages(5). Both directions
 * walk over the fields of the type, so they need no generated code: a type of
 * souk_description_open() will do. Nothing is lost on the way and nothing is
 * guessed: a message has one packed form, and its JSON leads back to it.
 */
#ifndef SOUK_JSON_H
#define SOUK_JSON_H

#include <jansson.h>

#include <souk-message.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOUK_JSON_TEXT_BYTES_MAX (256 * 1024)
#define SOUK_JSON_INTEGER_MAX 9007199254740991      /* 2^53 - 1; what lies beyond is a string of digits */

/*
 * One JSON value and nothing behind it; names that come twice are refused.
 * Release *json_out with json_decref(). 0, -SOUK_EMALFORMED, -SOUK_ETOOBIG or -SOUK_ENOMEM.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_json_parse(struct souk_slice text, json_t **json_out, struct souk_error *err);

/*
 * Append the message that `json` says to `pack`. 0, -SOUK_EINVAL (`err` names the field and what is meant),
 * -SOUK_ETOOBIG (no room in `pack`) or -SOUK_ENOMEM. What was written before a failure is not a message.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_json_to_packed(const struct souk_message_type *type, json_t *json,
    struct souk_pack *pack, struct souk_error *err);

/*
 * Make an object of a packed message. Release *json_out with json_decref().
 * 0, -SOUK_EMALFORMED or -SOUK_ETOOBIG (`err` names the field and what is meant), -SOUK_ENOMEM.
 * So it also says why a `decode` failed.
 */
SOUK_PUBLIC SOUK_MUST_CHECK int souk_json_from_packed(const struct souk_message_type *type, struct souk_slice packed,
    json_t **json_out, struct souk_error *err);

#ifdef __cplusplus
}
#endif

#endif
