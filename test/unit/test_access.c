/*
 * Who may do what at which node, as one table over one topology; which changes
 * cut somebody off; and the gate, which lets in whom the topology names and
 * nobody else, not even when it is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "souk_access.h"
#include "souk_socket.h"
#include "souk_socket_gate.h"
#include "souk_socket_parts.h"
#include "topology_text.h"

#define KEY_OF(x) "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf" x
#define HAS(x) "    key = \"" KEY_OF(x) "\"\n"
#define CLERK "client = clerk\n" HAS("c") "    call = orders\n        command = orders.place\n    query = orders\n"
#define READER "client = reader\n" HAS("r") "    follow = stock\n"
#define REST \
    "client = boss\n" HAS("b") "    operator = yes\n" \
    "client = front\n" HAS("f") "    operator_role = admin\n    operator_role = night-watch\n    query = orders\n" \
    "client = anybody\n" HAS("a") "    call = orders\n" \
    "client = keyless\n    call = orders\n" \
    "client = idle\n" HAS("i")
#define NODES \
    "system = shop\n    pass_issuer = payments\n" \
    "event_store = es1\n" HAS("1") \
    "event_store = es2\n" HAS("2") \
    "service = orders\n    program = x\n" HAS("o") "    old_key = \"" KEY_OF("O") "\"\n" \
    "    stream = orders\n    stream = orders.private\n        private = yes\n    follow = stock\n    call = payments\n" \
    "service = stock\n    program = x\n" HAS("s") "    stream = stock\n    stream = stock.internal\n    follow = orders\n" \
    "service = payments\n    program = x\n" HAS("p") "    stream = payments\n    follow = orders\n"
#define SHOP NODES CLERK READER REST

#define TO(what) what, sizeof what - 1

enum right { TO_CALL, TO_ASK, TO_FOLLOW, TO_SUBSCRIBE, TO_CALL_FOR_SOMEBODY, TO_ASK_FOR_SOMEBODY };

static struct souk_access *
access_at(const char *text, const char *node)
{
    struct souk_topology *topology = topology_read_good(text);
    struct souk_access *access = NULL;

    assert_non_null(souk_topology_node(topology, node));
    assert_int_equal(souk_access_make(topology, souk_topology_node(topology, node), &access), 0);
    souk_topology_close(&topology);             /* nothing of it is kept */
    return access;
}

static bool
may(const struct souk_access_peer *peer, enum right right, const char *what, size_t what_bytes)
{
    const struct souk_slice slice = { what, what_bytes };

    switch (right) {
    case TO_CALL:
        return souk_access_command(peer, slice) == SOUK_ACCESS_ALLOWED;
    case TO_CALL_FOR_SOMEBODY:
        return souk_access_command(peer, slice) == SOUK_ACCESS_WITH_ROLE;
    case TO_ASK:
        return souk_access_query(peer, slice) == SOUK_ACCESS_ALLOWED;
    case TO_ASK_FOR_SOMEBODY:
        return souk_access_query(peer, slice) == SOUK_ACCESS_WITH_ROLE;
    case TO_FOLLOW:
        return souk_access_may_follow(peer, what);
    case TO_SUBSCRIBE:
        break;
    }
    return souk_access_may_subscribe(peer);
}

/* Of each right the last that is given and the first that is not. */
static void
rights_follow_from_the_topology(void **state)
{
    static const struct {
        const char *node, *key;
        enum right right;
        const char *what;
        size_t what_bytes;
        bool is_given;
    } table[] = {
        /* commands: by name where names are given, else all of the domain's */
        { "orders", "c", TO_CALL, TO("orders.place"), true },
        { "orders", "c", TO_CALL, TO("orders.place2"), false },
        { "orders", "c", TO_CALL, TO("orders.plac"), false },
        { "orders", "c", TO_CALL, TO("orders.cancel"), false },
        { "orders", "a", TO_CALL, TO("orders.cancel"), true },
        { "orders", "a", TO_CALL, TO("souk.retry"), false },
        { "payments", "o", TO_CALL, TO("payments.charge"), true },
        { "payments", "O", TO_CALL, TO("payments.charge"), true },
        { "orders", "p", TO_CALL, TO("orders.place"), false },
        { "orders", "r", TO_CALL, TO("orders.place"), false },
        { "orders", "1", TO_CALL, TO("orders.place"), false },
        /* the operator: the runtime's and the event stores', not the domain's */
        { "orders", "b", TO_CALL, TO("souk.retry"), true },
        { "orders", "b", TO_CALL, TO("orders.place"), false },
        { "es1", "b", TO_CALL, TO("eventstore.backup"), true },
        { "es1", "o", TO_CALL, TO("eventstore.backup"), false },
        { "es1", "r", TO_CALL, TO("eventstore.backup"), false },
        /* the same for who has a role, and nothing of it for who has not */
        { "orders", "f", TO_CALL_FOR_SOMEBODY, TO("souk.parked.discard"), true },
        { "orders", "f", TO_CALL, TO("souk.parked.discard"), false },
        { "orders", "f", TO_CALL_FOR_SOMEBODY, TO("orders.place"), false },
        { "orders", "b", TO_CALL_FOR_SOMEBODY, TO("souk.parked.discard"), false },
        { "orders", "a", TO_CALL_FOR_SOMEBODY, TO("souk.parked.discard"), false },
        { "es1", "f", TO_CALL_FOR_SOMEBODY, TO("eventstore.backup"), true },
        { "es1", "f", TO_CALL, TO("eventstore.backup"), false },
        { "es1", "f", TO_ASK_FOR_SOMEBODY, TO("eventstore.find"), true },
        { "es1", "f", TO_ASK, TO("eventstore.find"), false },
        { "es1", "f", TO_ASK_FOR_SOMEBODY, TO("souk.status"), true },
        { "orders", "f", TO_ASK_FOR_SOMEBODY, TO("souk.parked.list"), true },
        { "orders", "f", TO_ASK, TO("souk.parked.list"), false },
        { "orders", "f", TO_ASK, TO("orders.find"), true },
        { "orders", "f", TO_ASK, TO("souk.status"), true },
        { "stock", "f", TO_ASK_FOR_SOMEBODY, TO("souk.status"), true },
        { "stock", "f", TO_ASK_FOR_SOMEBODY, TO("stock.find"), false },
        { "stock", "f", TO_FOLLOW, TO("stock"), false },
        { "stock", "f", TO_SUBSCRIBE, TO(""), false },
        { "es1", "f", TO_SUBSCRIBE, TO(""), false },
        /* queries */
        { "orders", "c", TO_ASK, TO("orders.find"), true },
        { "orders", "c", TO_ASK, TO("souk.status"), true },
        { "orders", "c", TO_ASK, TO("souk.parked.event"), false },
        { "orders", "b", TO_ASK, TO("souk.parked.event"), true },
        { "orders", "b", TO_CALL, TO("souk.parked.discard"), true },
        { "orders", "a", TO_CALL, TO("souk.parked.discard"), false },
        { "orders", "a", TO_ASK, TO("orders.find"), false },
        { "orders", "a", TO_ASK, TO("souk.status"), false },
        { "orders", "b", TO_ASK, TO("souk.status"), true },
        { "orders", "b", TO_ASK, TO("orders.find"), false },
        { "orders", "s", TO_ASK, TO("orders.find"), false },
        { "es1", "b", TO_ASK, TO("eventstore.find"), true },
        { "es1", "r", TO_ASK, TO("eventstore.find"), false },
        { "es1", "r", TO_ASK, TO("eventstore.place"), true },
        { "es1", "r", TO_ASK, TO("eventstore.places"), false },
        { "es1", "o", TO_ASK, TO("eventstore.find"), false },
        { "es1", "o", TO_ASK, TO("souk.status"), true },
        { "orders", "s", TO_ASK, TO("souk.status"), true },
        { "orders", "s", TO_ASK, TO("souk.digest"), false },
        /* replays: what one follows, one's own past, everything for event stores, public streams for the operator */
        { "orders", "s", TO_FOLLOW, TO("orders"), true },
        { "orders", "s", TO_FOLLOW, TO("orders.private"), false },
        { "orders", "1", TO_FOLLOW, TO("orders.private"), true },
        { "orders", "b", TO_FOLLOW, TO("orders"), true },
        { "orders", "b", TO_FOLLOW, TO("orders.private"), false },
        { "es1", "o", TO_FOLLOW, TO("orders.private"), true },
        { "es1", "o", TO_FOLLOW, TO("stock"), true },
        { "es1", "o", TO_FOLLOW, TO("stock.internal"), false },
        { "es1", "2", TO_FOLLOW, TO("orders.private"), true },
        { "es1", "r", TO_FOLLOW, TO("stock"), true },
        { "es1", "r", TO_FOLLOW, TO("orders"), false },
        { "stock", "r", TO_FOLLOW, TO("stock"), true },
        { "stock", "r", TO_FOLLOW, TO("stock.internal"), false },
        { "orders", "o", TO_FOLLOW, TO("orders.private"), true },      /* a process beside */
        /* what is published: to who follows any of it, event stores, the operator; heads of event stores to all nodes */
        { "stock", "r", TO_SUBSCRIBE, TO(""), true },
        { "stock", "o", TO_SUBSCRIBE, TO(""), true },
        { "stock", "s", TO_SUBSCRIBE, TO(""), true },
        { "stock", "1", TO_SUBSCRIBE, TO(""), true },
        { "stock", "b", TO_SUBSCRIBE, TO(""), true },
        { "orders", "c", TO_SUBSCRIBE, TO(""), false },
        { "orders", "a", TO_SUBSCRIBE, TO(""), false },
        { "payments", "o", TO_SUBSCRIBE, TO(""), false },               /* it calls, and follows nothing there */
        { "es1", "p", TO_SUBSCRIBE, TO(""), true },
        { "es1", "r", TO_SUBSCRIBE, TO(""), true },
        { "es1", "c", TO_SUBSCRIBE, TO(""), false },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct souk_access *access = access_at(SHOP, table[i].node);
        char key[SOUK_KEY_TEXT_BYTES];
        const struct souk_access_peer *peer;

        (void)snprintf(key, sizeof key, "%s%s", KEY_OF(""), table[i].key);
        peer = souk_access_peer(access, key);
        if ((peer != NULL && may(peer, table[i].right, table[i].what, table[i].what_bytes)) != table[i].is_given)
            fail_msg("row %zu: %s at %s: %.*s", i, table[i].key, table[i].node, (int)table[i].what_bytes, table[i].what);
        souk_access_release(&access);
    }
}

/* The events of a stream only when all may follow it who are let in to listen; whole topics, and heads always. */
static void
what_is_published_is_for_all_who_listen(void **state)
{
    static const struct {
        const char *text, *node, *topic;
        size_t topic_bytes;
        bool is_published;
    } table[] = {
        { SHOP, "stock", TO("stock\0"), true },
        { SHOP, "stock", TO("stock.internal\0"), false },               /* orders and the reader have only the other one */
        { SHOP, "stock", TO("\1"), true },
        { SHOP, "stock", TO("stock"), false },
        { SHOP, "stock", TO(""), false },
        { SHOP, "stock", TO("orders\0"), false },
        { SHOP, "orders", TO("orders\0"), true },
        { SHOP, "orders", TO("orders.private\0"), false },
        { SHOP, "payments", TO("payments\0"), true },                   /* who only calls does not listen */
        { SHOP, "es1", TO("\1"), true },
        { SHOP, "es1", TO("orders\0"), false },
        { NODES CLERK "client = reader\n" HAS("r") "    follow = stock\n    follow = stock.internal\n" REST, "stock",
            TO("stock\0"), true },
        { NODES CLERK "client = reader\n" HAS("r") "    follow = stock.internal\n" REST, "stock", TO("stock\0"), false },
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct souk_access *access = access_at(table[i].text, table[i].node);
        const struct souk_slice topic = { table[i].topic, table[i].topic_bytes };

        if (souk_access_publishes(access, topic) != table[i].is_published)
            fail_msg("row %zu: %.*s at %s", i, (int)table[i].topic_bytes, table[i].topic, table[i].node);
        souk_access_release(&access);
    }
}

/* Who has no business at a node is not even let in there. */
static void
only_who_has_business_is_known(void **state)
{
    static const struct {
        const char *node, *keys;
    } table[] = {
        { "orders", "12oOspcabf" }, { "stock", "12oOsrbf" }, { "payments", "12oOpbf" }, { "es1", "12oOsprbf" },
    };
    static const char all[] = "12oOspcrabfix";

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct souk_access *access = access_at(SHOP, table[i].node);

        for (const char *at = all; *at != '\0'; at++) {
            char key[SOUK_KEY_TEXT_BYTES];

            (void)snprintf(key, sizeof key, "%s%c", KEY_OF(""), *at);
            if ((souk_access_peer(access, key) != NULL) != (strchr(table[i].keys, *at) != NULL))
                fail_msg("%c at %s", *at, table[i].node);
        }
        assert_null(souk_access_peer(access, ""));
        assert_null(souk_access_peer(access, KEY_OF("")));
        assert_null(souk_access_peer(access, KEY_OF("oo")));
        assert_string_equal(souk_access_name(souk_access_peer(access, KEY_OF("O")))->text, "orders");
        assert_string_equal(souk_access_door_key(access, "orders"), KEY_OF("o"));
        assert_null(souk_access_door_key(access, "clerk"));
        souk_access_release(&access);
    }
}

/* Any of the roles, in whole; who has none of them for whoever brings all of his. */
static void
a_role_is_asked_for_by_its_name(void **state)
{
    static const struct {
        const char *key, *role;
        bool has_role;
    } table[] = {
        { "f", "admin", true }, { "f", "night-watch", true }, { "f", "night", false }, { "f", "admins", false },
        { "f", "customer", false }, { "b", "admin", false }, { "a", "admin", false },
    };
    struct souk_access *access = access_at(SHOP, "orders");

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct souk_pass pass = { .role_count = 2 };
        char key[SOUK_KEY_TEXT_BYTES];

        (void)snprintf(key, sizeof key, "%s%s", KEY_OF(""), table[i].key);
        strcpy(pass.roles[0], "guest");
        strcpy(pass.roles[1], table[i].role);
        if (souk_access_has_role(souk_access_peer(access, key), &pass) != table[i].has_role)
            fail_msg("row %zu", i);
        pass.role_count = 1;
        assert_false(souk_access_has_role(souk_access_peer(access, key), &pass));
    }
    souk_access_release(&access);
}

static void
what_cuts_somebody_off_is_seen(void **state)
{
    static const struct {
        const char *text;
        bool is_narrower;
    } table[] = {
        { SHOP, false },
        { NODES REST CLERK READER, false },
        { NODES CLERK READER REST "client = more\n" HAS("m") "    follow = stock\n", false },
        { NODES CLERK REST, true },                                         /* a key is gone */
        { NODES CLERK "client = reader\n" HAS("r") "    follow = stock.internal\n" REST, true },  /* it still listens */
        { NODES CLERK READER "client = more\n" HAS("m") "    follow = stock.internal\n" REST, true },   /* `stock` is not published any more */
        { NODES CLERK "client = reader\n" HAS("r") "    follow = orders\n" REST, true },   /* a stream of it */
        { NODES CLERK "client = reader\n" HAS("R") "    follow = stock\n" REST, true },     /* it has another one */
        { NODES CLERK READER REST "    follow = orders\n", false },
        { NODES "client = clerk\n" HAS("r") "    follow = stock\nclient = reader\n" HAS("c") REST, true },  /* swapped */
    };
    struct souk_access *before = access_at(SHOP, "stock");

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct souk_access *after = access_at(table[i].text, "stock");

        if (souk_access_is_narrower(after, before) != table[i].is_narrower)
            fail_msg("row %zu", i);
        souk_access_release(&after);
    }
    souk_access_release(&before);
}

/* ---- who needs a key ------------------------------------------------ */

static void
who_needs_a_key_and_has_none_is_named(void **state)
{
    static struct souk_topology_errors errors;
    struct souk_topology *topology;

    topology = topology_read_good(SMALL);
    assert_int_equal(souk_topology_keyed(topology, &errors), 0);
    assert_false(topology->has_keys);
    souk_topology_close(&topology);
    topology = topology_read_good(SMALL HAS("q"));
    assert_true(topology->has_keys);
    assert_int_equal(souk_topology_keyed(topology, &errors), -SOUK_EINVAL);
    assert_int_equal(errors.count, 2);
    assert_non_null(strstr(errors.errors[0].text, "shop.zpl:2: `es1` has no `key`, and others have: `souk keys make es1`"));
    assert_non_null(strstr(errors.errors[1].text, "shop.zpl:3: `orders` has no `key`, and others have"));
    souk_topology_close(&topology);
    topology = topology_read_good(SMALL "    queries = tcp://10.0.0.1:70\n");
    assert_int_equal(souk_topology_keyed(topology, &errors), -SOUK_EINVAL);
    assert_int_equal(errors.count, 1);
    assert_non_null(strstr(errors.errors[0].text, "`query` listens at tcp://10.0.0.1:70, where not only its own host can"
        " knock"));
    souk_topology_close(&topology);
    topology = topology_read_good(SHOP);
    assert_int_equal(souk_topology_keyed(topology, &errors), 0);
    souk_topology_close(&topology);
    topology = topology_read_good("system = shop\n    pass_issuer = orders\nhost = a\n    address = 10.0.0.1\nhost = b\n"
        "    address = 10.0.0.2\nevent_store = es1\n    host = a\n    port = 70\nservice = orders\n    program = orders\n"
        "    host = b\n    port = 80\n");
    assert_int_equal(souk_topology_keyed(topology, &errors), -SOUK_EINVAL);
    assert_non_null(strstr(errors.errors[errors.count - 1].text, "`orders` signs passes, and there are two hosts"));
    souk_topology_close(&topology);
}

static void
what_is_local_is_told_by_its_form(void **state)
{
    static const char *const local[] = { "ipc:///run/x", "tcp://127.0.0.1:1", "tcp://127.255.255.254:1",
        "tcp://localhost:1", "tcp://[::1]:1" };
    static const char *const not_local[] = { "tcp://126.255.255.255:1", "tcp://128.0.0.1:1", "tcp://127.evil.example:1",
        "tcp://localhost.example:1", "tcp://localhostess:1", "tcp://[::1x]:1", "tcp://[::ffff:127.0.0.1]:1", "tcp://*:1",
        "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://127.1:1" };
    const struct souk_socket_keys none = { NULL, NULL };
    struct souk_error err;
    void *context = souk_socket_context(), *socket = NULL;

    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
        if (!souk_topology_is_local(local[i]))
            fail_msg("%s", local[i]);
    for (size_t i = 0; i < sizeof not_local / sizeof not_local[0]; i++) {
        if (souk_topology_is_local(not_local[i]))
            fail_msg("%s", not_local[i]);
        /* And the one place that opens sockets does not bind there without a key, whoever asks it. */
        assert_int_equal(souk_socket_open(context, SOUK_SOCKET_COMMANDS, not_local[i], &none, &socket, &err),
            -SOUK_EINVAL);
        assert_non_null(strstr(err.text, "souk keys make"));
    }
    assert_int_equal(souk_socket_open(context, SOUK_SOCKET_COMMANDS, "ipc://@abstract", &none, &socket, &err),
        -SOUK_EINVAL);
    souk_socket_context_done(&context);
}

/* ---- the gate ------------------------------------------------------- */

struct pair {
    char public_text[SOUK_KEY_TEXT_BYTES], secret[SOUK_KEY_TEXT_BYTES];
};

/* Does a message of who shows that key come through at such a door, within a second? */
static bool
comes_in(void *context, const char *domain, const struct pair *server, const struct pair *client)
{
    void *door = zmq_socket(context, ZMQ_ROUTER), *peer = zmq_socket(context, ZMQ_DEALER);
    zmq_pollitem_t item = { .socket = door, .events = ZMQ_POLLIN };
    char endpoint[128];
    size_t endpoint_bytes = sizeof endpoint;
    bool came;

    assert_int_equal(souk_socket_set_int(door, ZMQ_LINGER, 0), 0);
    assert_int_equal(souk_socket_set_int(peer, ZMQ_LINGER, 0), 0);
    assert_int_equal(souk_socket_set_server(door, server->secret, domain), 0);
    assert_int_equal(souk_socket_set_client(peer, client->secret, client->public_text, server->public_text), 0);
    assert_int_equal(zmq_bind(door, "tcp://127.0.0.1:*"), 0);
    assert_int_equal(zmq_getsockopt(door, ZMQ_LAST_ENDPOINT, endpoint, &endpoint_bytes), 0);
    assert_int_equal(zmq_connect(peer, endpoint), 0);
    assert_int_equal(zmq_send(peer, "x", 1, ZMQ_DONTWAIT), 1);
    came = zmq_poll(&item, 1, 1000) == 1;
    (void)zmq_close(door);
    (void)zmq_close(peer);
    return came;
}

static void
the_gate_lets_in_whom_the_topology_names(void **state)
{
    struct pair server, known, stranger;
    struct souk_socket_gate *gate = NULL;
    struct souk_access *with, *without;
    struct souk_error err;
    char topology[sizeof SMALL + 128];
    void *context = souk_socket_context();

    assert_int_equal(zmq_curve_keypair(server.public_text, server.secret), 0);
    assert_int_equal(zmq_curve_keypair(known.public_text, known.secret), 0);
    assert_int_equal(zmq_curve_keypair(stranger.public_text, stranger.secret), 0);
    (void)snprintf(topology, sizeof topology, "%sclient = web\n    key = \"%s\"\n    operator = yes\n", SMALL,
        known.public_text);
    with = access_at(topology, "orders");
    without = access_at(SMALL, "orders");
    assert_int_equal(souk_socket_gate_open(context, &gate, &err), 0);
    assert_int_equal(souk_socket_gate_test(gate, &err), 0);
    assert_int_equal(souk_socket_gate_refused(gate), 0);
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &known));           /* nobody yet */
    souk_socket_gate_set(gate, with);
    assert_true(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &known));
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &stranger));
    assert_true(souk_socket_gate_refused(gate) >= 2);
    souk_socket_gate_set(gate, without);
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &known));
    souk_socket_gate_set(gate, with);
    assert_true(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &known));
    assert_false(souk_socket_gate_is_gone(gate));
    /* It is gone: sockets that ask for it let nobody in, whatever key he has. */
    souk_socket_gate_close(&gate);
    assert_null(gate);
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &known));
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &stranger));
    souk_access_release(&with);
    souk_access_release(&without);
    souk_socket_context_done(&context);
}

/* Each door is its own: who may only ask does not hear what is published, and what is no door of ours is nobody's. */
static void
the_gate_knows_which_door_it_is(void **state)
{
    struct pair server, caller, operator;
    struct souk_socket_gate *gate = NULL;
    struct souk_access *access;
    struct souk_error err;
    char topology[sizeof SMALL + 256];
    void *context = souk_socket_context();

    assert_int_equal(zmq_curve_keypair(server.public_text, server.secret), 0);
    assert_int_equal(zmq_curve_keypair(caller.public_text, caller.secret), 0);
    assert_int_equal(zmq_curve_keypair(operator.public_text, operator.secret), 0);
    (void)snprintf(topology, sizeof topology, "%sclient = web\n    key = \"%s\"\n    call = orders\n"
        "client = boss\n    key = \"%s\"\n    operator = yes\n", SMALL, caller.public_text, operator.public_text);
    access = access_at(topology, "orders");
    assert_int_equal(souk_socket_gate_open(context, &gate, &err), 0);
    souk_socket_gate_set(gate, access);
    assert_true(comes_in(context, SOUK_SOCKET_ZAP_ASK, &server, &caller));
    assert_false(comes_in(context, SOUK_SOCKET_ZAP_PUBLISH, &server, &caller));
    assert_true(comes_in(context, SOUK_SOCKET_ZAP_PUBLISH, &server, &operator));
    assert_false(comes_in(context, "souk.", &server, &operator));
    souk_socket_gate_close(&gate);
    souk_access_release(&access);
    souk_socket_context_done(&context);
}

/* Two of a context cannot be, and one whose context ends says that it is gone. */
static void
a_gate_that_ends_by_itself_is_noticed(void **state)
{
    struct souk_socket_gate *gate = NULL, *second = NULL;
    struct souk_error err;
    void *context = souk_socket_context();

    assert_int_equal(souk_socket_gate_open(context, &gate, &err), 0);
    assert_int_equal(souk_socket_gate_open(context, &second, &err), -SOUK_EIO);
    assert_null(second);
    assert_false(souk_socket_gate_is_gone(gate));
    assert_int_equal(zmq_ctx_shutdown(context), 0);
    while (!souk_socket_gate_is_gone(gate))
        continue;
    souk_socket_gate_close(&gate);
    souk_socket_context_done(&context);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rights_follow_from_the_topology),
        cmocka_unit_test(what_is_published_is_for_all_who_listen),
        cmocka_unit_test(only_who_has_business_is_known),
        cmocka_unit_test(a_role_is_asked_for_by_its_name),
        cmocka_unit_test(what_cuts_somebody_off_is_seen),
        cmocka_unit_test(who_needs_a_key_and_has_none_is_named),
        cmocka_unit_test(what_is_local_is_told_by_its_form),
        cmocka_unit_test(the_gate_lets_in_whom_the_topology_names),
        cmocka_unit_test(the_gate_knows_which_door_it_is),
        cmocka_unit_test(a_gate_that_ends_by_itself_is_noticed),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
