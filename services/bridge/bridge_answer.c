#include "bridge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "souk_batch.h"

#define TYPE_PREFIX "urn:souk:problem:"
#define TYPE_BYTES 64
#define RETRY_MS_MAX 86400000
#define TAG_HASH_BYTES 16
#define TAG_BYTES 64

const struct bridge_problem
    bridge_sign_in = { "sign-in", 401, "Nobody is signed in" },
    bridge_role_missing = { "role-missing", 403, "Another role is needed" },
    bridge_too_many = { "too-many", 429, "There were too many requests" },
    bridge_tag_missing = { "tag-missing", 428, "If-Match is missing" },
    bridge_bad_request = { "bad-request", 400, "The request cannot be understood" },
    bridge_bad_host = { "bad-host", 421, "Another host is meant" },
    bridge_target_too_long = { "target-too-long", 414, "The target is too long" },
    bridge_header_too_large = { "header-too-large", 431, "The header is too large" },
    bridge_version = { "version", 505, "Another version of HTTP is meant" },
    bridge_expectation = { "expectation", 417, "The expectation cannot be met" },
    bridge_not_found = { "not-found", 404, "There is nothing here" },
    bridge_bad_method = { "bad-method", 405, "The method does not go with this path" },
    bridge_cross_site = { "cross-site", 403, "The request comes from another site" },
    bridge_not_acceptable = { "not-acceptable", 406, "There is no answer of a type that is accepted" },
    bridge_media_type = { "media-type", 415, "The body is of another type than is taken" },
    bridge_body_too_large = { "body-too-large", 413, "The body is too large" },
    bridge_invalid = { "invalid", 400, "The message cannot be meant" },
    bridge_key_missing = { "key-missing", 400, "An Idempotency-Key is missing" },
    bridge_key_reused = { "key-reused", 409, "The Idempotency-Key stands for another request" },
    bridge_refused = { "refused", 409, "The request was refused" },
    bridge_lost = { "lost", 409, "What was seen is not in the history any more" },
    bridge_pending = { "pending", 503, "What was seen has not arrived in time" },
    bridge_busy = { "busy", 503, "There is too much to do" },
    bridge_unanswered = { "unanswered", 503, "There was no answer in time" },
    bridge_full = { "full", 503, "There is no room" },
    bridge_internal = { "internal", 500, "Something went wrong" },
    bridge_mismatch = { "mismatch", 502, "The service does not know this message" },
    bridge_stopping = { "stopping", 503, "The bridge is being stopped" };

/* An answer without memory for another one, made before it was needed. */
static char no_memory[] = "{\"type\":\"" TYPE_PREFIX "internal\",\"title\":\"Something went wrong\",\"status\":500,"
    "\"detail\":\"no memory\"}";

static char empty[] = "";

static void make_tag(struct souk_slice of, bool is_hashed, char text_out[TAG_BYTES]);
static bool has_tag(const char *list, const char *tag);
static const char *make_caching(const struct souk_route *route, char room[BRIDGE_CACHING_BYTES]);
static void set_response(struct bridge_exchange *exchange, unsigned status, const char *type, char *text,
    size_t bytes, enum MHD_ResponseMemoryMode mode);
static void take_response(struct bridge_exchange *exchange, unsigned status, const char *type,
    struct MHD_Response *response);

void
bridge_answer_json(struct bridge_exchange *exchange, unsigned status, const char *type, json_t *json)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);

    json_decref(json);
    if (text != NULL)
        set_response(exchange, status, type, text, strlen(text), MHD_RESPMEM_MUST_FREE);
    else
        set_response(exchange, bridge_internal.status, BRIDGE_PROBLEM, no_memory, sizeof no_memory - 1,
            MHD_RESPMEM_PERSISTENT);
}

void
bridge_answer_text(struct bridge_exchange *exchange, unsigned status, const char *type, char *text, size_t bytes)
{
    if (text != NULL)
        set_response(exchange, status, type, text, bytes, MHD_RESPMEM_MUST_FREE);
    else
        bridge_answer_json(exchange, status, type, NULL);
}

void
bridge_answer_kept(struct bridge_exchange *exchange, const struct souk_route *route, json_t *json,
    struct souk_slice tag)
{
    char *text = json == NULL ? NULL : json_dumps(json, JSON_COMPACT);
    struct souk_slice whole = souk_slice_of(text);
    char etag[TAG_BYTES];
    const char *had;

    if (text == NULL) {
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json);
        return;
    }
    make_tag(tag.base == NULL ? whole : tag, tag.base == NULL, etag);
    json_decref(json);
    exchange->caching = make_caching(route, exchange->caching_room);
    had = bridge_http_field(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH);
    if (had != NULL && has_tag(had, etag)) {
        free(text);
        set_response(exchange, MHD_HTTP_NOT_MODIFIED, NULL, empty, 0, MHD_RESPMEM_PERSISTENT);
    } else {
        set_response(exchange, MHD_HTTP_OK, BRIDGE_JSON, text, whole.size_bytes, MHD_RESPMEM_MUST_FREE);
    }
    bridge_answer_header(exchange, MHD_HTTP_HEADER_ETAG, etag);
    /* What one caller has seen, or may see, says nothing of what another one has. */
    bridge_answer_header(exchange, MHD_HTTP_HEADER_VARY, souk_route_asks_who(route) ? "Souk-Cursors, Cookie"
        : "Souk-Cursors");
}

/* "field" as it is, or a hash. */
static void
make_tag(struct souk_slice of, bool is_hashed, char text_out[TAG_BYTES])
{
    uint8_t hash[TAG_HASH_BYTES];
    char digits[2 * TAG_HASH_BYTES + 1];

    if (is_hashed) {
        souk_digest(hash, sizeof hash, &of, 1);
        (void)sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
        of = souk_slice_of(digits);
    }
    (void)snprintf(text_out, TAG_BYTES, "\"%.*s\"", (int)of.size_bytes, (const char *)of.base);
}

/* Is it in the list of If-None-Match? Weak ones are as good for this. */
static bool
has_tag(const char *list, const char *tag)
{
    size_t bytes;

    for (; *list != '\0'; list += bytes + (list[bytes] == ',')) {
        list += strspn(list, " \t");
        bytes = strcspn(list, ",");
        if (bytes > 0 && list[0] == '*')
            return true;
        if (strncmp(list, "W/", 2) == 0) {
            list += 2;
            bytes -= 2;
        }
        if (strncmp(list, tag, strlen(tag)) == 0 && strspn(list + strlen(tag), " \t") == bytes - strlen(tag))
            return true;
    }
    return false;
}

static const char *
make_caching(const struct souk_route *route, char room[BRIDGE_CACHING_BYTES])
{
    switch (route->cache) {
    case SOUK_ROUTE_CACHE_NONE:
        return NULL;
    case SOUK_ROUTE_CACHE_REVALIDATE:
        return souk_route_asks_who(route) ? "private, no-cache" : "no-cache";
    case SOUK_ROUTE_CACHE_PRIVATE:
    case SOUK_ROUTE_CACHE_PUBLIC:
        break;
    }
    (void)snprintf(room, BRIDGE_CACHING_BYTES, "%s, max-age=%ju", route->cache == SOUK_ROUTE_CACHE_PUBLIC ? "public"
        : "private", (uintmax_t)route->cache_seconds);
    return room;
}

void
bridge_answer_problem(struct bridge_exchange *exchange, const struct bridge_problem *problem, unsigned status,
    json_t *extra, const char *format, ...)
{
    char correlation[SOUK_ID_TEXT_BYTES];
    char detail[SOUK_ERROR_TEXT_BYTES_MAX];
    char type[TYPE_BYTES];
    json_t *json;
    va_list args;

    status = status == 0 ? problem->status : status;
    exchange->caching = NULL;
    va_start(args, format);
    (void)vsnprintf(detail, sizeof detail, format, args);
    va_end(args);
    (void)snprintf(type, sizeof type, TYPE_PREFIX "%s", problem->name);
    souk_id_format(exchange->correlation, correlation);
    json = json_pack("{ss ss si ss ss}", "type", type, "title", problem->title, "status", (int)status, "detail",
        detail, "correlation", correlation);
    if (json != NULL && extra != NULL)
        (void)json_object_update_missing(json, extra);
    json_decref(extra);
    bridge_answer_json(exchange, status, BRIDGE_PROBLEM, json);
}

void
bridge_answer_header(struct bridge_exchange *exchange, const char *name, const char *value)
{
    if (exchange->response != NULL && !exchange->is_shared)
        (void)MHD_add_response_header(exchange->response, name, value);
}

void
bridge_answer_retry(struct bridge_exchange *exchange, uint64_t after_ms)
{
    char seconds[16];

    after_ms = after_ms > RETRY_MS_MAX ? RETRY_MS_MAX : after_ms;
    (void)snprintf(seconds, sizeof seconds, "%u", (unsigned)(after_ms <= 1000 ? 1 : (after_ms + 999) / 1000));
    bridge_answer_header(exchange, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
}

void
bridge_answer_stream(struct bridge_exchange *exchange, struct MHD_Response *response, const char *type)
{
    take_response(exchange, MHD_HTTP_OK, type, response);
    bridge_answer_header(exchange, "X-Accel-Buffering", "no");      /* a proxy that waits for the end would wait long */
}

static void
set_response(struct bridge_exchange *exchange, unsigned status, const char *type, char *text, size_t bytes,
    enum MHD_ResponseMemoryMode mode)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(bytes, text, mode);

    if (response == NULL && mode == MHD_RESPMEM_MUST_FREE)
        free(text);
    take_response(exchange, status, type, response);
}

/* What all have: nobody keeps it unless its route says so, nothing runs in it, and it says what it belongs to. */
static void
take_response(struct bridge_exchange *exchange, unsigned status, const char *type, struct MHD_Response *response)
{
    char correlation[SOUK_ID_TEXT_BYTES];

    if (exchange->response != NULL && !exchange->is_shared)
        MHD_destroy_response(exchange->response);
    exchange->is_shared = false;
    exchange->status = status;
    exchange->response = response;
    souk_id_format(exchange->correlation, correlation);
    if (type != NULL)
        bridge_answer_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    bridge_answer_header(exchange, MHD_HTTP_HEADER_CACHE_CONTROL, exchange->caching == NULL ? "no-store"
        : exchange->caching);
    bridge_answer_header(exchange, "Souk-Correlation", correlation);
    bridge_answer_header(exchange, "X-Content-Type-Options", "nosniff");
    bridge_answer_header(exchange, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
    bridge_answer_header(exchange, "Referrer-Policy", "no-referrer");
    bridge_answer_header(exchange, "Cross-Origin-Opener-Policy", "same-origin");
    bridge_answer_header(exchange, "Cross-Origin-Resource-Policy", "same-origin");
}
