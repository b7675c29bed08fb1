/*
 * What operators ask: the bridge asks the nodes in turn, as a client with
 * `operator_role` or `operator`, and answers itself. The pass of whoever asks goes
 * along, so that a node sees itself whether he has the role. A node that is
 * silent is an answer, too.
 */
#define _GNU_SOURCE                     /* memrchr */
#include "bridge.h"

#include <stdlib.h>
#include <string.h>

#include "eventstore.h"
#include "ops.h"
#include "parking.h"
#include "souk_control.h"
#include "souk_log_position.h"
#include "souk_told.h"

#define LOOK_MS 500                     /* for a node to say how it stands; then it is silent */
#define QUERY_MS 3000
#define COMMAND_MS 30000
#define WHO_BYTES 65
#define CODE_BYTES 64

/* What one exchange has come to, when it takes more than one question. */
struct bridge_operation {
    struct souk_arena arena;                    /* of the request, until the answer */
    struct souk_slice pass;                     /* of whoever asks; empty: nobody has said who that is */
    struct ops_log log;
    size_t store;                               /* of the topology's nodes: who is asked */
    size_t stores_asked;
    const struct souk_message_type *type;       /* that is asked */
    struct souk_pack packed;                    /* the question, for the next event store */
    json_t *json;                               /* the answer, as far as it is there */
    size_t events_done;                         /* whose data is there */
};

static void look(struct bridge_exchange *exchange);
static void hear_look(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer);
static void answer_look(struct bridge *bridge);
static void ask_store(struct bridge_exchange *exchange, const struct souk_message_type *type, const void *message);
static void ask_next_store(struct bridge_exchange *exchange);
static void hear_store(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer);
static void take_store(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static void begin_log(struct bridge_exchange *exchange);
static bool parse_next(struct bridge_exchange *exchange, struct eventstore_find *find, struct bridge_place *place);
static json_t *log_json(struct bridge_exchange *exchange, const struct eventstore_find_reply *reply);
static void fill_log(struct bridge_exchange *exchange);
static void ask_service(struct bridge_exchange *exchange, const struct souk_id *id, struct souk_slice name,
    const struct souk_message_type *type, const void *message);
static void hear_service(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer);
static void take_service(struct bridge_exchange *exchange, const struct souk_client_answer *answer);
static bool send_node(struct bridge_exchange *exchange, const struct souk_id *id, const struct souk_topology_node *node,
    const struct souk_message_type *type, struct souk_slice payload, uint32_t deadline_ms,
    void (*hear)(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer));
static int take_reply(const struct bridge_exchange *exchange, const struct souk_client_answer *answer, void *reply_out);
static void answer_refusal(struct bridge_exchange *exchange, struct souk_slice code, struct souk_slice text);
static void answer_done(struct bridge_exchange *exchange, const struct souk_id *id);
static void answer_mismatch(struct bridge_exchange *exchange);
static void drop_nulls(json_t *json);
static void end_node(struct bridge_exchange *exchange, const struct souk_id *id, const struct ops_end *command);
static void who_asks(const struct bridge_exchange *exchange, char who_out[WHO_BYTES]);

struct bridge_operator *
bridge_operator_new(const struct bridge *bridge)
{
    struct bridge_operator *operator = calloc(1, sizeof *operator);

    if (operator == NULL || (operator->looks = calloc(bridge->topology->node_count, sizeof *operator->looks)) == NULL) {
        free(operator);
        return NULL;
    }
    for (size_t i = 0; i < bridge->topology->node_count; i++)
        operator->looks[i].looked.node = &bridge->topology->nodes[i];
    return operator;
}

void
bridge_operator_close(struct bridge *bridge)
{
    struct bridge_operator *operator = bridge->operator;

    for (size_t i = 0; operator != NULL && i < bridge->topology->node_count; i++) {
        json_decref(operator->looks[i].looked.said);
        json_decref(operator->looks[i].looked.problems);
    }
    if (operator != NULL)
        free(operator->looks);
    free(operator);
    bridge->operator = NULL;
}

bool
bridge_operator_is_meant(const struct souk_route *route)
{
    return route->type != NULL && route->node == NULL;
}

void
bridge_operator_go(struct bridge_exchange *exchange, const struct souk_id *id, struct souk_slice payload,
    struct souk_slice pass)
{
    const struct souk_message_type *type = exchange->match.route->type;
    struct bridge_operation *operation = calloc(1, sizeof *operation);
    struct souk_slice copy;
    char who[WHO_BYTES];

    bridge_operator_leave(exchange);
    if (operation == NULL) {
        bridge_answer_problem(exchange, &bridge_internal, 0, NULL, "no memory");
        return;
    }
    exchange->operation = operation;
    souk_arena_init(&operation->arena, 0);
    souk_pack_init(&operation->packed, SOUK_PAYLOAD_BYTES_MAX);
    copy = souk_arena_copy(&operation->arena, payload);
    operation->pass = souk_arena_copy(&operation->arena, pass);
    who_asks(exchange, who);
    if (type == &ops_system_type) {
        look(exchange);
    } else if (type == &ops_log_type) {
        if (ops_log_decode(copy, &operation->arena, &operation->log) != 0)
            answer_mismatch(exchange);
        else
            begin_log(exchange);
    } else if (type == &ops_event_type || type == &ops_why_type) {
        struct ops_event event = { .number = 0 };
        struct eventstore_event one;

        if (type->decode(copy, &operation->arena, &event) != 0) {
            answer_mismatch(exchange);
            return;
        }
        one = (struct eventstore_event){ .stream = event.stream, .number = event.number, .epoch = event.epoch };
        ask_store(exchange, type == &ops_event_type ? &eventstore_event_type : &eventstore_why_type, &one);
    } else if (type == &ops_parked_type) {
        struct ops_parked parked;

        if (ops_parked_decode(copy, &operation->arena, &parked) != 0)
            answer_mismatch(exchange);
        else
            ask_service(exchange, id, parked.service, &souk_parked_list_type, &(struct souk_parked_list){
                .after = parked.after });
    } else if (type == &ops_retry_type) {
        struct ops_retry retry;

        if (ops_retry_decode(copy, &operation->arena, &retry) != 0)
            answer_mismatch(exchange);
        else
            ask_service(exchange, id, retry.service, &souk_parked_retry_type, &(struct souk_parked_retry){
                .sequence = retry.sequence, .stream = retry.stream, .number = retry.number,
                .who = souk_slice_of(who) });
    } else if (type == &ops_discard_type) {
        struct ops_discard discard;

        if (ops_discard_decode(copy, &operation->arena, &discard) != 0)
            answer_mismatch(exchange);
        else
            ask_service(exchange, id, discard.service, &souk_parked_discard_type, &(struct souk_parked_discard){
                .sequence = discard.sequence, .stream = discard.stream, .number = discard.number,
                .who = souk_slice_of(who), .why = discard.why });
    } else {
        struct ops_end end;

        if (type != &ops_end_type || ops_end_decode(copy, &operation->arena, &end) != 0)
            answer_mismatch(exchange);
        else
            end_node(exchange, id, &end);
    }
}

void
bridge_operator_leave(struct bridge_exchange *exchange)
{
    if (exchange->operation == NULL)
        return;
    json_decref(exchange->operation->json);
    souk_pack_done(&exchange->operation->packed);
    souk_arena_done(&exchange->operation->arena);
    free(exchange->operation);
    exchange->operation = NULL;
}

void
bridge_operator_stop(struct bridge *bridge)
{
    struct bridge_exchange *exchange;

    while ((exchange = bridge->operator->waiting) != NULL) {
        bridge->operator->waiting = exchange->next_waiting;
        bridge->waiting_count--;
        bridge_answer_problem(exchange, &bridge_stopping, 0, NULL, "it will be there again soon");
        bridge_answer_retry(exchange, 1000);
        bridge_http_resume(exchange);
    }
}

/* ---- how everything stands ------------------------------------------ */

/* Who was silent last is asked, and not waited for. Whoever wants to know meanwhile waits for the same answers. */
static void
look(struct bridge_exchange *exchange)
{
    struct bridge *bridge = exchange->bridge;
    struct bridge_operator *operator = bridge->operator;
    struct souk_error err = { 0 };

    for (size_t i = 0; i < bridge->topology->node_count; i++) {
        struct bridge_look *node = &operator->looks[i];
        struct souk_client_request request = { .node = node->looked.node, .is_query = true,
            .id = souk_client_new_id(), .name = souk_slice_of("souk.status"), .version = 1,
            .payload = { "\x90", 1 }, .pass = exchange->operation->pass, .deadline_ms = LOOK_MS };
        struct bridge_ask *asked;

        if (node->is_asked || node->looked.node->lost || bridge_ask_send(bridge, &request, &asked, &err) != 0)
            continue;
        asked->hear = hear_look;
        asked->look = node;
        node->is_asked = true;
        node->is_awaited = node->silent_ms == 0;
        operator->awaited += node->is_awaited;
    }
    exchange->stage = BRIDGE_WAITING;
    exchange->next_waiting = operator->waiting;
    operator->waiting = exchange;
    bridge->waiting_count++;
    if (operator->awaited == 0) {
        operator->waiting = exchange->next_waiting;
        bridge->waiting_count--;
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, bridge_operator_system_json(bridge));
        exchange->stage = BRIDGE_BODY;
    }
}

static void
hear_look(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer)
{
    struct bridge_operator *operator = bridge->operator;
    struct bridge_look *node = asked->look;

    json_decref(node->looked.said);
    node->looked.said = souk_look_answer(answer);
    node->looked.is_forbidden = bridge_is_pass_refused(answer)
        || (!answer->is_late && answer->reply.status == SOUK_STATUS_FORBIDDEN);
    node->looked.took_us = answer->took_us;
    node->looked.wall_ms = bridge_wall_ms();
    node->is_asked = false;
    operator->is_pass_refused |= bridge_is_pass_refused(answer);
    if (node->looked.said != NULL || bridge_is_pass_refused(answer))
        node->silent_ms = 0;
    else if (node->silent_ms == 0)
        node->silent_ms = node->looked.wall_ms;
    operator->awaited -= node->is_awaited;
    node->is_awaited = false;
    if (operator->awaited == 0)
        answer_look(bridge);
}

/* Who gets another pass for one that was refused looks again, in a list of its own. */
static void
answer_look(struct bridge *bridge)
{
    struct bridge_exchange *waiting = bridge->operator->waiting;
    const bool is_pass_refused = bridge->operator->is_pass_refused;
    struct bridge_exchange *exchange;

    bridge->operator->waiting = NULL;
    bridge->operator->is_pass_refused = false;
    while ((exchange = waiting) != NULL) {
        waiting = exchange->next_waiting;
        bridge->waiting_count--;
        if (is_pass_refused && bridge_session_renew(exchange)) {
            bridge_http_again(exchange);
            continue;
        }
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, bridge_operator_system_json(bridge));
        bridge_http_resume(exchange);
    }
}

/* ---- event stores --------------------------------------------------- */

/* Any of them will do: they are asked one after the other until one answers. */
static void
ask_store(struct bridge_exchange *exchange, const struct souk_message_type *type, const void *message)
{
    struct bridge_operation *operation = exchange->operation;

    operation->type = type;
    operation->stores_asked = 0;
    souk_pack_reset(&operation->packed);
    if (type->encode(message, &operation->packed) != 0)
        bridge_answer_problem(exchange, &bridge_invalid, 0, NULL, "this cannot be asked of an event store");
    else
        ask_next_store(exchange);
}

static void
ask_next_store(struct bridge_exchange *exchange)
{
    const struct souk_topology *topology = exchange->bridge->topology;
    struct bridge_operation *operation = exchange->operation;
    const struct souk_topology_node *node;

    for (; operation->stores_asked < topology->node_count; operation->stores_asked++) {
        node = &topology->nodes[operation->store];
        if (node->kind == SOUK_NODE_EVENT_STORE && !node->lost) {
            const struct souk_id id = souk_client_new_id();

            (void)send_node(exchange, &id, node, operation->type, souk_pack_slice(&operation->packed), QUERY_MS,
                hear_store);
            return;
        }
        operation->store = (operation->store + 1) % topology->node_count;
    }
    bridge_answer_problem(exchange, &bridge_unanswered, 0, NULL, "no event store answers");
    bridge_answer_retry(exchange, 1000);
}

static void
hear_store(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer)
{
    struct bridge_exchange *exchange = bridge_ask_take(bridge, asked);

    if (exchange == NULL)
        return;                                 /* the bridge stops */
    if (bridge_is_pass_refused(answer) && bridge_session_renew(exchange)) {
        bridge_http_again(exchange);
        return;
    }
    exchange->stage = BRIDGE_BODY;
    if (answer->is_late) {
        exchange->operation->store = (exchange->operation->store + 1) % bridge->topology->node_count;
        exchange->operation->stores_asked++;
        ask_next_store(exchange);
    } else {
        take_store(exchange, answer);
    }
    if (exchange->stage != BRIDGE_WAITING)
        bridge_http_resume(exchange);
}

static void
take_store(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    const struct souk_catalogue *catalogue = exchange->bridge->catalogue;
    struct bridge_operation *operation = exchange->operation;
    const struct souk_name *store = &exchange->bridge->topology->nodes[operation->store].name;
    struct eventstore_event_reply event;
    struct eventstore_find_reply found;
    struct eventstore_why_reply why;
    json_t *json;

    if (bridge_is_pass_refused(answer)) {
        bridge_reply(exchange, answer);
        return;
    }
    if (answer->reply.status == SOUK_STATUS_REFUSED && operation->json == NULL) {
        answer_refusal(exchange, answer->reply.code, answer->reply.text);
        return;
    }
    if (answer->reply.status != SOUK_STATUS_OK && answer->reply.status != SOUK_STATUS_REFUSED) {
        bridge_reply(exchange, answer);
        return;
    }
    if (operation->json != NULL) {              /* what an event of the log says; one that cannot be told has none */
        json = json_array_get(json_object_get(operation->json, "events"), operation->events_done++);
        if (take_reply(exchange, answer, &event) == 0 && event.has_payload)
            (void)json_object_set_new(json, "data", souk_shown_message_json(catalogue, event.event.type,
                event.event.version, event.payload));
        fill_log(exchange);
        return;
    }
    if (operation->type == &eventstore_find_type && take_reply(exchange, answer, &found) == 0) {
        operation->json = log_json(exchange, &found);
        fill_log(exchange);
        return;
    }
    json = NULL;
    if (operation->type == &eventstore_event_type && take_reply(exchange, answer, &event) == 0)
        json = json_pack("{so}", "event", souk_told_event_json(catalogue, store, &event));
    else if (operation->type == &eventstore_why_type && take_reply(exchange, answer, &why) == 0)
        json = souk_told_why_json(catalogue, store, &why);
    drop_nulls(json);
    if (json == NULL)
        answer_mismatch(exchange);
    else
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json);
}

/* ---- the log -------------------------------------------------------- */

static void
begin_log(struct bridge_exchange *exchange)
{
    const struct ops_log *log = &exchange->operation->log;
    struct eventstore_find find = { .has_stream = log->has_stream, .stream = log->stream, .has_type = log->has_type,
        .type = log->type, .has_correlation_id = log->has_correlation, .correlation_id = log->correlation,
        .has_from_ms = log->has_from_ms, .from_ms = log->from_ms, .has_to_ms = log->has_to_ms, .to_ms = log->to_ms,
        .latest_first = !log->oldest_first, .limit = log->limit, .has_key = log->has_key, .key = log->key };
    struct bridge_place place;
    struct souk_id id;

    if (log->has_key && souk_id_parse(log->key, &id) == 0)
        find.key = (struct souk_slice){ id.bytes, sizeof id.bytes };
    if (log->has_next && !parse_next(exchange, &find, &place))
        answer_refusal(exchange, souk_slice_of(OPS_BAD_PLACE), (struct souk_slice){ NULL, 0 });
    else
        ask_store(exchange, &eventstore_find_type, &find);
}

/* A search goes on in the log that it began in. */
static bool
parse_next(struct bridge_exchange *exchange, struct eventstore_find *find, struct bridge_place *place)
{
    const struct souk_topology *topology = exchange->bridge->topology;

    if (!bridge_place_read(exchange->operation->log.next, place))
        return false;
    for (size_t i = 0; i < topology->node_count; i++) {
        if (strcmp(topology->nodes[i].name.text, place->store.text) != 0)
            continue;
        exchange->operation->store = i;
        find->has_next = true;
        find->next = (struct log_place){ { place->incarnation, sizeof place->incarnation }, place->log_position,
            place->index };
        return true;
    }
    return false;
}

static json_t *
log_json(struct bridge_exchange *exchange, const struct eventstore_find_reply *reply)
{
    const struct bridge_operation *operation = exchange->operation;
    const struct souk_name *store = &exchange->bridge->topology->nodes[operation->store].name;
    struct bridge_place place = { .store = *store };
    json_t *events = json_array();
    char next[BRIDGE_PLACE_BYTES];
    json_t *json;

    for (uint32_t i = 0; i < reply->events_count; i++)
        (void)json_array_append_new(events, souk_told_found_json(exchange->bridge->catalogue, store,
            reply->incarnation, &reply->events[i]));
    json = json_pack("{so sI}", "events", events, "behind", (json_int_t)reply->behind);
    if (reply->has_next && reply->next.incarnation.size_bytes == SOUK_INCARNATION_BYTES) {
        memcpy(place.incarnation, reply->next.incarnation.base, sizeof place.incarnation);
        place.log_position = reply->next.log_position;
        place.index = reply->next.index;
        (void)bridge_place_write(&place, next);
        (void)json_object_set_new(json, "next", json_string(next));
    }
    drop_nulls(json);
    return json;
}

/* What each event says, one after the other, if that was asked for. */
static void
fill_log(struct bridge_exchange *exchange)
{
    struct bridge_operation *operation = exchange->operation;
    const json_t *events = json_object_get(operation->json, "events");
    const json_t *event;
    struct eventstore_event query;

    while (operation->log.with_data && (event = json_array_get(events, operation->events_done)) != NULL) {
        if (json_is_true(json_object_get(event, "private"))) {
            operation->events_done++;
            continue;
        }
        query = (struct eventstore_event){
            .stream = souk_slice_of(json_string_value(json_object_get(event, "stream"))),
            .number = (uint64_t)json_integer_value(json_object_get(event, "number")),
            .epoch = (uint32_t)json_integer_value(json_object_get(event, "epoch")) };
        ask_store(exchange, &eventstore_event_type, &query);
        return;
    }
    bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, operation->json);
    operation->json = NULL;
}

/* ---- services ------------------------------------------------------- */

static void
ask_service(struct bridge_exchange *exchange, const struct souk_id *id, struct souk_slice name,
    const struct souk_message_type *type, const void *message)
{
    const struct souk_topology *topology = exchange->bridge->topology;
    struct bridge_operation *operation = exchange->operation;

    operation->type = type;
    souk_pack_reset(&operation->packed);
    if (type->encode(message, &operation->packed) != 0) {
        bridge_answer_problem(exchange, &bridge_invalid, 0, NULL, "this cannot be asked of a service");
        return;
    }
    for (size_t i = 0; i < topology->node_count; i++) {
        if (topology->nodes[i].kind == SOUK_NODE_SERVICE
            && souk_slice_equal(name, souk_slice_of(topology->nodes[i].name.text))) {
            (void)send_node(exchange, id, &topology->nodes[i], type, souk_pack_slice(&operation->packed),
                type->kind == SOUK_QUERY ? QUERY_MS : COMMAND_MS, hear_service);
            return;
        }
    }
    answer_refusal(exchange, souk_slice_of(OPS_UNKNOWN_NODE), (struct souk_slice){ NULL, 0 });
}

static void
hear_service(struct bridge *bridge, struct bridge_ask *asked, const struct souk_client_answer *answer)
{
    struct bridge_exchange *exchange = bridge_ask_take(bridge, asked);

    if (exchange == NULL)
        return;                                 /* the bridge stops */
    if (bridge_is_pass_refused(answer) && bridge_session_renew(exchange)) {
        bridge_http_again(exchange);
        return;
    }
    exchange->stage = BRIDGE_BODY;
    take_service(exchange, answer);
    bridge_http_resume(exchange);
}

static void
take_service(struct bridge_exchange *exchange, const struct souk_client_answer *answer)
{
    struct souk_parked_list_reply reply;
    json_t *events;

    if (answer->is_late) {
        bridge_reply_late(exchange, answer);
    } else if (answer->reply.status == SOUK_STATUS_REFUSED && !bridge_is_pass_refused(answer)) {
        answer_refusal(exchange, answer->reply.code, answer->reply.text);
    } else if (answer->reply.status != SOUK_STATUS_OK) {
        bridge_reply(exchange, answer);
    } else if (exchange->operation->type != &souk_parked_list_type) {
        answer_done(exchange, &answer->id);
    } else if (take_reply(exchange, answer, &reply) != 0) {
        answer_mismatch(exchange);
    } else {
        events = json_array();
        for (uint32_t i = 0; i < reply.events_count; i++)
            (void)json_array_append_new(events, souk_told_parked_json(exchange->bridge->catalogue,
                &exchange->node->name, &reply.events[i]));
        bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json_pack("{so sI sI}", "events", events, "next",
            (json_int_t)reply.next, "parked", (json_int_t)reply.parked));
    }
}

/* ---- asking and answering ------------------------------------------- */

/* False: an answer has been made. */
static bool
send_node(struct bridge_exchange *exchange, const struct souk_id *id, const struct souk_topology_node *node,
    const struct souk_message_type *type, struct souk_slice payload, uint32_t deadline_ms,
    void (*hear)(struct bridge *bridge, struct bridge_ask *ask, const struct souk_client_answer *answer))
{
    struct souk_client_request request = { .node = node, .is_query = type->kind == SOUK_QUERY, .id = *id,
        .name = souk_slice_of(type->name), .version = type->version, .payload = payload, .deadline_ms = deadline_ms,
        .pass = exchange->operation->pass, .has_correlation = true, .correlation = exchange->correlation };
    struct souk_error err = { 0 };
    struct bridge_ask *asked;

    exchange->node = node;
    if (bridge_ask_send(exchange->bridge, &request, &asked, &err) != 0) {
        souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "not_sent", "%s", err.text);
        bridge_answer_problem(exchange, &bridge_busy, 0, NULL, "%s cannot be asked now; try again later",
            node->name.text);
        bridge_answer_retry(exchange, 1000);
        return false;
    }
    asked->hear = hear;
    bridge_ask_wait(exchange, asked);
    return true;
}

/* What a node has answered to the query that was asked, in the operation's arena. */
static int
take_reply(const struct bridge_exchange *exchange, const struct souk_client_answer *answer, void *reply_out)
{
    struct bridge_operation *operation = exchange->operation;
    struct souk_wire_entry entry;
    struct souk_slice copy;
    struct souk_unpack in;
    int rc;

    if (answer->reply.status != SOUK_STATUS_OK)
        return -SOUK_EINVAL;
    souk_unpack_init(&in, answer->reply.body);
    if ((rc = souk_wire_body_next(&in, &entry)) != 0)
        return rc;
    copy = souk_arena_copy(&operation->arena, entry.payload);
    return copy.base == NULL ? -SOUK_ENOMEM
        : souk_message_decode(operation->type->reply, entry.version, copy, &operation->arena, reply_out);
}

/* A node's refusal under the bridge's own name for it, which the API describes. */
static void
answer_refusal(struct bridge_exchange *exchange, struct souk_slice code, struct souk_slice text)
{
    const char *word = code.base == NULL ? NULL : memrchr(code.base, '.', code.size_bytes);
    char own[CODE_BYTES];
    const char *about;

    (void)snprintf(own, sizeof own, "ops%.*s", word == NULL ? 0 : (int)((const char *)code.base + code.size_bytes - word),
        word == NULL ? "" : word);
    about = bridge_refusal_about(exchange->bridge, souk_slice_of(own));
    bridge_answer_problem(exchange, &bridge_refused, souk_route_refusal_status(exchange->match.route,
        souk_slice_of(own)), json_pack("{ss}", "code", own), "%.*s", text.size_bytes > 0 ? (int)text.size_bytes
        : about == NULL ? 10 : (int)strlen(about), text.size_bytes > 0 ? (const char *)text.base
        : about == NULL ? "it refuses" : about);
}

static void
answer_done(struct bridge_exchange *exchange, const struct souk_id *id)
{
    char text[SOUK_ID_TEXT_BYTES];

    souk_id_format(*id, text);
    bridge_answer_json(exchange, MHD_HTTP_OK, BRIDGE_JSON, json_pack("{ss ss s[]}", "id", text, "durability", "local",
        "events"));
    bridge_answer_header(exchange, "Idempotency-Key", text);
}

static void
answer_mismatch(struct bridge_exchange *exchange)
{
    bridge_answer_problem(exchange, &bridge_mismatch, 0, NULL, "%s answers with something else than is described",
        exchange->node == NULL ? exchange->bridge->self->name.text : exchange->node->name.text);
}

/* What is not known is not there, as everywhere over HTTP. */
static void
drop_nulls(json_t *json)
{
    const char *key;
    json_t *value;
    size_t index;
    void *next;

    if (json_is_array(json)) {
        json_array_foreach(json, index, value)
            drop_nulls(value);
    }
    json_object_foreach_safe(json, next, key, value) {
        if (json_is_null(value))
            (void)json_object_del(json, key);
        else
            drop_nulls(value);
    }
}

/* Who is written down as having retried or discarded something. */
static void
who_asks(const struct bridge_exchange *exchange, char who_out[WHO_BYTES])
{
    const struct souk_pass *pass = bridge_session_pass(exchange);
    char person[SOUK_ID_TEXT_BYTES] = "somebody";

    if (pass != NULL)
        souk_id_format(pass->person, person);
    (void)snprintf(who_out, WHO_BYTES, "%s@%.*s", person, WHO_BYTES - SOUK_ID_TEXT_BYTES - 2,
        exchange->bridge->self->name.text);
}

/* ---- ending a node -------------------------------------------------- */

static void
end_node(struct bridge_exchange *exchange, const struct souk_id *id, const struct ops_end *command)
{
    const struct souk_topology *topology = exchange->bridge->topology;
    const struct souk_topology_node *node = NULL;

    for (size_t i = 0; i < topology->node_count; i++) {
        if (souk_slice_equal(command->node, souk_slice_of(topology->nodes[i].name.text)))
            node = &topology->nodes[i];
    }
    if (node == NULL) {
        answer_refusal(exchange, souk_slice_of(OPS_UNKNOWN_NODE), (struct souk_slice){ NULL, 0 });
        return;
    }
    if (souk_control_end(topology, node->name.text, command->down_seconds) != 0) {
        answer_refusal(exchange, souk_slice_of(OPS_NO_CONTROL), (struct souk_slice){ NULL, 0 });
        return;
    }
    souk_report(exchange->bridge->report, SOUK_LEVEL_WARN, "ended", "%s is ended for %u s, as somebody with the right"
        " has asked", node->name.text, (unsigned)command->down_seconds);
    answer_done(exchange, id);
}
