/*
 * What a topology may not say: a few lines of ZPL each, and the sentences that
 * are said about them. Every limit at its end and one past it.
 */
#define _GNU_SOURCE                     /* asprintf */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "souk_topology_parts.h"
#include "topology_text.h"

#define TEXT_BYTES_MAX (64 * 1024)

/* ---- what is refused ------------------------------------------------ */

static void
everything_that_is_wrong_is_said_at_once(void **state)
{
    expect_refused("sytem = shop\n" STORE ORDERS "    folow = orders\n    limits\n        hold_mz = 3\n"
        "service = query\n    follow = order\n",
        "shop.zpl: `system` is missing\n"
        "shop.zpl:1: `sytem` is not known here; did you mean `system`?\n"
        "shop.zpl:6: `folow` is not known here; did you mean `follow`?\n"
        "shop.zpl:8: `hold_mz` is not known here; did you mean `hold_ms`?\n"
        "shop.zpl:9: `program` is missing below `service = query`\n"
        "shop.zpl:10: no service writes a stream `order`; did you mean `orders`?\n");
}

static void
pieces_that_are_missing_are_named(void **state)
{
    expect_refused("", "shop.zpl: `system` is missing\nshop.zpl: `event_store` is missing\n"
        "shop.zpl: `service` is missing\nshop.zpl: no event store is left that is not lost\n");
    expect_refused(TOP ORDERS, "shop.zpl: `event_store` is missing\n"
        "shop.zpl:1: no event store is left that is not lost\n");
    expect_refused(TOP STORE, "shop.zpl: `service` is missing\n");
    expect_refused(SMALL "    settings\n        pay_ms\n        hold_ms = -1\n        hold_ms = 1x\n        a_ms = 3\n        a_ms = 3\n"
        "        b_ms = 18446744073709551616\n",
        "shop.zpl:10: a setting is pay_ms = NUMBER, nothing stands below it\n"
        "shop.zpl:11: `hold_ms`: a number from 0 to 18446744073709551615 is meant, not `-1`\n"
        "shop.zpl:12: `hold_ms`: a number from 0 to 18446744073709551615 is meant, not `1x`\n"
        "shop.zpl:14: `a_ms` is there already, in line 13\n"
        "shop.zpl:15: `b_ms`: a number from 0 to 18446744073709551615 is meant, not `18446744073709551616`\n");
    expect_refused(TOP "event_store = es1\n    settings\n        a_ms = 3\n" ORDERS,
        "shop.zpl:3: `settings` is not known here\n");
    expect_refused("system\n" STORE ORDERS, "shop.zpl:1: `system` needs a value: system = ...\n");
    expect_refused(SMALL TOP, "shop.zpl:9: `system` is given twice, first in line 1\n");
    expect_refused(TOP "    limits = 3\n" STORE ORDERS,
        "shop.zpl:2: `limits` has no value; what it holds stands below it\n");
    expect_refused(TOP STORE ORDERS "    follow\n", "shop.zpl:6: `follow` needs a value: follow = ...\n");
    expect_refused(TOP STORE ORDERS "    about = x\n        y = z\n",
        "shop.zpl:7: nothing can stand below `about`\n");
    expect_refused(TOP STORE "service = orders\n    stream = orders\n",
        "shop.zpl:3: `program` is missing below `service = orders`\n");
    expect_refused(TOP STORE ORDERS "    program = again\n", "shop.zpl:6: `program` is given twice, first in line 4\n");
    expect_refused("system = shop\n\thost = x\n",
        "shop.zpl:2: a tab; what is further in begins with 4 spaces for each level\n");
}

static void
names_are_names_and_come_once(void **state)
{
    expect_refused("system = Shop\n" STORE ORDERS,
        "shop.zpl:1: `Shop` is no name for a system: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(TOP STORE "service = 7up\n    program = up\n",
        "shop.zpl:3: `7up` is no name for a service: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(TOP "event_store = es_1\n" ORDERS,
        "shop.zpl:2: `es_1` is no name for an event store: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(SMALL "host = Here\n",
        "shop.zpl:9: `Here` is no name for a host: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(SMALL "client = -x\n",
        "shop.zpl:9: `-x` is no name for a client: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(SMALL "    stream = a/b\n",
        "shop.zpl:9: `a/b` is no name for a stream: 1 to 31 of a-z 0-9 - . beginning with a letter\n");
    expect_refused(SMALL "    stream = a2345678901234567890123456789012\n",
        "shop.zpl:9: `a2345678901234567890123456789012` is no name for a stream: 1 to 31 of a-z 0-9 - . beginning"
        " with a letter\n");
    expect_refused(SMALL "service = orders\n    program = x\n",
        "shop.zpl:9: `service = orders` is there already, in line 3\n");
    expect_refused(SMALL "event_store = orders\n",
        "shop.zpl:9: `event_store = orders`: the name is taken by `service` in line 3\n");
    expect_refused(SMALL "client = es1\n",
        "shop.zpl:9: `client = es1`: the name is taken by `event_store` in line 2\n");
    expect_refused(SMALL "client = a\nclient = a\n", "shop.zpl:10: `client = a` is there already, in line 9\n");
    expect_refused(SMALL "host = a\n    address = a\nhost = a\n    address = b\n",
        "shop.zpl:2: `host` is missing below `event_store = es1`: there are 2\n"
        "shop.zpl:3: `host` is missing below `service = orders`: there are 2\n"
        "shop.zpl:6: `host` is missing below `service = query`: there are 2\n"
        "shop.zpl:11: `host = a` is there already, in line 9\n");
    expect_refused(TOP "    messages = a\n    messages = a\n" STORE ORDERS,
        "shop.zpl:3: `messages = a` is there already, in line 2\n");
}

static void
streams_have_one_writer_and_allowed_followers(void **state)
{
    expect_refused(SMALL "    stream = orders\n",
        "shop.zpl:9: stream `orders` has a writer already: `orders`, in line 5; a stream has one\n");
    expect_refused(TOP STORE ORDERS "    stream = orders\n",
        "shop.zpl:6: stream `orders` has a writer already: `orders`, in line 5; a stream has one\n");
    expect_refused(SMALL "    follow = orders\n", "shop.zpl:9: `follow = orders` is there already, in line 8\n");
    expect_refused(TOP STORE ORDERS "    follow = orders\n",
        "shop.zpl:6: service `orders` writes stream `orders` itself, and sees it anyway\n");
    expect_refused(TOP STORE ORDERS "        private = yes\n" QUERY,
        "shop.zpl:9: stream `orders` is private: nobody follows it but event stores\n");
    expect_refused(TOP STORE ORDERS "        private = maybe\n",
        "shop.zpl:6: `private`: yes or no is meant, not `maybe`\n");
    expect_refused(TOP STORE ORDERS "        public = yes\n", "shop.zpl:6: `public` is not known here\n");
    expect_refused(SMALL "    follow = payments\n", "shop.zpl:9: no service writes a stream `payments`\n");
    expect_refused(TOP "event_store = es1\n    follow = orders\n" ORDERS,
        "shop.zpl:3: `follow` is not known here\n");
}

static void
calls_have_a_callee_and_no_loop(void **state)
{
    expect_refused(SMALL "    call = order\n", "shop.zpl:9: no service `order` is declared; did you mean `orders`?\n");
    expect_refused(SMALL "    call = es1\n",
        "shop.zpl:9: `es1` is an event store; it takes no commands or queries of the domain\n");
    expect_refused(SMALL "    call = query\n", "shop.zpl:9: service `query` would wait for itself\n");
    expect_refused(SMALL "    call = orders\n    call = orders\n",
        "shop.zpl:10: `call = orders` is there already, in line 9\n");
    expect_refused(SMALL "    call = orders\n        command = order.place\n",
        "shop.zpl:10: `order.place` is no command of `orders`: its name would begin with `orders.`\n");
    expect_refused(SMALL "    call = orders\n        command = orders.place\n        command = orders.place\n",
        "shop.zpl:11: `command = orders.place` is there already, in line 10\n");
    expect_refused(TOP STORE "service = a\n    program = a\n    call = b\nservice = b\n    program = b\n    call = c\n"
        "service = c\n    program = c\n    call = b\n",
        "shop.zpl:6: a loop of requests: `b` calls `c` calls `b`; one of them has to learn it from an event\n");
    expect_refused(SMALL "client = web\n    call = nobody\n    query = orders\n    query = orders\n"
        "    follow = nothing\n"
        "    operator = 1\n",
        "shop.zpl:10: no service `nobody` is declared\n"
        "shop.zpl:12: `query = orders` is there already, in line 11\n"
        "shop.zpl:13: no service writes a stream `nothing`\n"
        "shop.zpl:14: `operator`: yes or no is meant, not `1`\n");
}

static void
an_operators_role_is_a_name_that_a_pass_can_have(void **state)
{
    static const char issued[] = "system = shop\n    pass_issuer = orders\n" STORE ORDERS QUERY "client = web\n";
    struct souk_topology *topology;
    char text[1024];
    size_t bytes;
    int i;

    expect_refused(SMALL "client = web\n    operator_role = admin\n",
        "shop.zpl:10: `operator_role`: roles come with passes, and nobody signs any: `pass_issuer` is missing below"
        " `system`\n");
    (void)snprintf(text, sizeof text, "%s    operator_role = Admin\n    operator_role = admin\n"
        "    operator_role = admin\n    operator = no\n", issued);
    expect_refused(text,
        "shop.zpl:11: `Admin` is no name for a role: 1 to 31 of a-z 0-9 - . beginning with a letter\n"
        "shop.zpl:13: `operator_role = admin` is there already, in line 12\n");
    (void)snprintf(text, sizeof text, "%s    operator_role = admin\n    operator = yes\n", issued);
    expect_refused(text, "shop.zpl:11: `operator_role`: `client = web` has `operator = yes`, and needs nobody's role; one"
        " of the two is too much\n");
    bytes = (size_t)snprintf(text, sizeof text, "%s", issued);
    for (i = 0; i < SOUK_PASS_ROLES_MAX; i++)
        bytes += (size_t)snprintf(text + bytes, sizeof text - bytes, "    operator_role = r%d\n", i);
    topology = topology_read_good(text);
    assert_int_equal(topology->clients[0].operator_role_count, SOUK_PASS_ROLES_MAX);
    souk_topology_close(&topology);
    (void)snprintf(text + bytes, sizeof text - bytes, "    operator_role = r%d\n", i);
    expect_refused(text, "shop.zpl:19: more than 8 times `operator_role`\n");
}

static void
endpoints_can_be_connected_to(void **state)
{
    expect_refused(SMALL "    queries = udp://x\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT or ipc://PATH is meant, not `udp://x`\n");
    expect_refused(SMALL "    queries = tcp://*:7\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT is meant, with an address that others can connect to, not"
        " `tcp://*:7`\n");
    expect_refused(SMALL "    queries = tcp://0.0.0.0:7\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT is meant, with an address that others can connect to, not"
        " `tcp://0.0.0.0:7`\n");
    expect_refused(SMALL "    queries = tcp://[::]:7\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT is meant, with an address that others can connect to, not"
        " `tcp://[::]:7`\n");
    expect_refused(SMALL "    queries = tcp://a:65536\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT is meant, with an address that others can connect to, not"
        " `tcp://a:65536`\n");
    expect_refused(SMALL "    queries = tcp://a:0\n",
        "shop.zpl:9: `queries`: tcp://ADDRESS:PORT is meant, with an address that others can connect to, not"
        " `tcp://a:0`\n");
    expect_refused(SMALL "    queries = ipc://@abstract\n",
        "shop.zpl:9: `queries`: ipc:// needs the path of a socket that others can be told\n");
    expect_refused(SMALL "    queries = ipc://*\n",
        "shop.zpl:9: `queries`: ipc:// needs the path of a socket that others can be told\n");
    expect_refused(SMALL "    port = 65534\n",
        "shop.zpl:9: `port`: a number from 1 to 65533 is meant, the first of three ports, not `65534`\n");
    expect_refused(SMALL "    port = 7\nservice = b\n    program = b\n    port = 9\n",
        "shop.zpl:10: `commands` of `b` and `publish` of `query` would both be tcp://127.0.0.1:9\n");
    expect_refused(SMALL "    commands = ipc:///run/x\n    publish = ipc:///run/x\n",
        "shop.zpl:10: `publish` of `query` and `commands` of `query` would both be ipc:///run/x\n");
    expect_refused(SMALL "    data = /srv/a\nservice = b\n    program = b\n    data = /srv/a\n",
        "shop.zpl:12: `query` keeps its data in /srv/a too\n");
    expect_refused(SMALL "    data = \"\"\n", "shop.zpl:9: `data` is empty\n");
    expect_refused(TOP STORE "service = orders\n    program = \"\"\n", "shop.zpl:4: `program` is empty\n");
    expect_refused(SMALL "host = a b\n    address = a_b\n",
        "shop.zpl:9: `a b` is no name for a host: 1 to 31 of a-z 0-9 - . beginning with a letter\n"
        "shop.zpl:10: `address`: the name or address by which other hosts reach it is meant, not `a_b`\n");
    expect_refused(SMALL "    host = there\n", "shop.zpl:9: no host `there` is declared\n");
    expect_refused(SMALL "    host = loca\n",
        "shop.zpl:9: no host `loca` is declared; did you mean `local`?\n");
}

static void
hosts_reach_each_other(void **state)
{
    struct souk_topology *topology;

    expect_refused(TOP "event_store = es1\n    host = a\n    port = 70\n"
        "service = orders\n    program = x\n    host = b\n    stream = orders\n    commands = ipc:///run/orders\n"
        "    queries = tcp://10.0.0.2:8\n    publish = tcp://10.0.0.2:9\n"
        "host = a\n    address = 10.0.0.1\nhost = b\n    address = 10.0.0.2\n",
        "shop.zpl:5: `orders` listens at ipc:///run/orders, where `es1` on host `a` cannot reach it: give it a `port`,"
        " and its host an `address`\n");
    expect_refused(TOP "event_store = es1\n    host = a\n    port = 70\n"
        "service = orders\n    program = x\n    host = b\n    stream = orders\n    port = 70\n"
        "host = a\n    address = localhost\nhost = b\n    address = 10.0.0.2\n",
        "shop.zpl:2: `es1` listens at tcp://localhost:70, where `orders` on host `b` cannot reach it: give it a"
        " `port`, and its host an `address`\n");
    expect_refused(SMALL "host = a\nhost = b\n    address = b\n",
        "shop.zpl:2: `host` is missing below `event_store = es1`: there are 2\n"
        "shop.zpl:3: `host` is missing below `service = orders`: there are 2\n"
        "shop.zpl:6: `host` is missing below `service = query`: there are 2\n"
        "shop.zpl:9: `address` is missing below `host = a`: other hosts have to find it\n");
    topology = topology_read_good(TOP "event_store = es1\n    host = a\n    port = 70\n"
        "service = orders\n    program = x\n    host = b\n    stream = orders\n    port = 70\n"
        "host = a\n    address = a.example\nhost = b\n    address = [fd00::2]\n");
    assert_string_equal(souk_topology_node(topology, "orders")->queries, "tcp://[fd00::2]:71");
    souk_topology_close(&topology);
}

static void
keys_are_nobody_elses(void **state)
{
    expect_refused(SMALL "    key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"\n",
        "shop.zpl:9: `key`: this one is printed in a manual, so everybody has it; make one\n");
    expect_refused(SMALL "    key = \"JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6\"\n",
        "shop.zpl:9: `key`: this one is printed in a manual, so everybody has it; make one\n");
    expect_refused(SMALL "    key = abc\n", "shop.zpl:9: `key`: a public key in Z85, 40 characters, is meant\n");
    expect_refused(SMALL "    key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf~\"\n",
        "shop.zpl:9: `key`: a public key in Z85, 40 characters, is meant\n");
    expect_refused(SMALL "    key = " KEY "\nclient = web\n    key = " KEY "\n",
        "shop.zpl:11: `key`: `query` has this one; a key belongs to one\n");
    expect_refused(SMALL "    key = " KEY "\n    old_key = " KEY "\n",
        "shop.zpl:10: `old_key`: `query` has this one; a key belongs to one\n");
    expect_refused(SMALL "    key = " KEY "\nclient = web\n    key = " OTHER_KEY "\nclient = xen\n    key = " THIRD_KEY
        "\n    old_key = " OTHER_KEY "\n", "shop.zpl:14: `old_key`: `web` has this one; a key belongs to one\n");
    expect_refused(SMALL "    old_key = " KEY "\n",
        "shop.zpl:9: `old_key` goes with a `key` that comes after it\n");
    expect_refused(SMALL "    key = " KEY "\n    old_key = abc\n",
        "shop.zpl:10: `old_key`: a public key in Z85, 40 characters, is meant\n");
}

static void
one_service_signs_passes_with_two_keys_at_most(void **state)
{
    expect_refused(TOP "    pass_issuer = order\n" STORE ORDERS,
        "shop.zpl:2: no service `order` is declared; did you mean `orders`?\n");
    expect_refused(TOP "    pass_issuer = es1\n" STORE ORDERS,
        "shop.zpl:2: `es1` is an event store; it takes no commands or queries of the domain\n");
    expect_refused(TOP "    pass_key = " KEY "\n" STORE ORDERS,
        "shop.zpl:2: `pass_key`: whose key is it? `pass_issuer` is missing\n");
    expect_refused(TOP "    pass_issuer = orders\n    pass_key = abc\n" STORE ORDERS,
        "shop.zpl:3: `pass_key`: a public key in Z85, 40 characters, is meant\n");
    expect_refused(TOP "    pass_issuer = orders\n    pass_key = " KEY "\n    pass_key = " OTHER_KEY "\n    pass_key = "
        THIRD_KEY "\n" STORE ORDERS, "shop.zpl:5: more than 2 times `pass_key`\n");
}

static void
a_sandbox_is_wanted_or_not(void **state)
{
    expect_refused(TOP "    sandbox = maybe\n" STORE ORDERS, "shop.zpl:2: `sandbox`: yes or no is meant, not `maybe`\n");
    expect_refused(TOP "    sandbox = no\n    sandbox = no\n" STORE ORDERS, "shop.zpl:3: `sandbox` is given twice, first in line 2\n");
    expect_refused(TOP STORE ORDERS "    sandbox = no\n", "shop.zpl:6: `sandbox` is not known here\n");
}

static void
settings_have_their_ranges(void **state)
{
    static const struct {
        const char *line, *sentence;
    } table[] = {
        { "durability = safe", "`durability`: local or recorded is meant, not `safe`" },
        { "recorded_by = 0", "`recorded_by`: a number from 1 to 8 is meant, not `0`" },
        { "recorded_by = 9", "`recorded_by`: a number from 1 to 8 is meant, not `9`" },
        { "recorded_by = 2", "service `query` wants to be recorded by 2 event stores; there are 1" },
        { "trim_after = soon", "`trim_after`: never, recorded, recorded_by 1 to 8, or backed_up is meant, not `soon`" },
        { "trim_after = recorded_by 9",
            "`trim_after`: never, recorded, recorded_by 1 to 8, or backed_up is meant, not `recorded_by 9`" },
        { "trim_after = recorded_by 0",
            "`trim_after`: never, recorded, recorded_by 1 to 8, or backed_up is meant, not `recorded_by 0`" },
        { "trim_after = recorded_by 2", "service `query` trims after 2 event stores; there are 1" },
        { "log_level = loud", "`log_level`: error, warn, info or debug is meant, not `loud`" },
        { "skip = orders", "`skip`: STREAM COUNTER.BITS NUMBER is meant, as in `comments 2.00c0ffee00c0ffee 17`, not"
            " `orders`" },
        { "skip = orders 1.00c0ffee00c0ffe 1", "`skip`: STREAM COUNTER.BITS NUMBER is meant, as in `comments"
            " 2.00c0ffee00c0ffee 17`, not `orders 1.00c0ffee00c0ffe 1`" },
        { "skip = orders 0.00c0ffee00c0ffee 1", "`skip`: STREAM COUNTER.BITS NUMBER is meant, as in `comments"
            " 2.00c0ffee00c0ffee 17`, not `orders 0.00c0ffee00c0ffee 1`" },
        { "skip = orders 4294967296.00c0ffee00c0ffee 1", "`skip`: STREAM COUNTER.BITS NUMBER is meant, as in `comments"
            " 2.00c0ffee00c0ffee 17`, not `orders 4294967296.00c0ffee00c0ffee 1`" },
        { "skip = reviews 1.00c0ffee00c0ffee 1",
            "service `query` does not follow stream `reviews`: there is nothing to skip" },
    };
    char text[1024];
    char sentence[512];
    size_t i;

    for (i = 0; i < sizeof table / sizeof table[0]; i++) {
        (void)snprintf(text, sizeof text, SMALL "    %s\n", table[i].line);
        (void)snprintf(sentence, sizeof sentence, "shop.zpl:9: %s\n", table[i].sentence);
        expect_refused(text, sentence);
    }
    expect_refused(TOP "event_store = es1\n    lost = yes\n" ORDERS,
        "shop.zpl:1: no event store is left that is not lost\n");
}

/* Each limit at both ends of its range, and one past them. */
static void
limits_hold_at_their_ends(void **state)
{
    const struct souk_topology_number *tables[] = { souk_topology_limits, souk_topology_thresholds };
    const char *const sections[] = { "limits", "thresholds" };
    const struct souk_topology_number *number;
    const struct souk_topology_node *node;
    struct souk_topology *topology;
    char sentence[256];
    char text[512];
    uint64_t value;
    size_t t;
    int end;

    for (t = 0; t < 2; t++) {
        for (number = tables[t]; number->name != NULL; number++) {
            for (end = 0; end < 2; end++) {
                value = end == 0 ? number->value_min : number->value_max;
                (void)snprintf(text, sizeof text, SMALL "    %s\n        %s = %ju\n", sections[t], number->name,
                    (uintmax_t)value);
                topology = topology_read_good(text);
                node = souk_topology_node(topology, "query");
                assert_true(souk_topology_number_of(node, number) == value);
                node = souk_topology_node(topology, "orders");
                assert_true(souk_topology_number_of(node, number) != 0);
                souk_topology_close(&topology);
                if (value == 0)
                    continue;
                value += end == 0 ? (uint64_t)-1 : 1;
                (void)snprintf(text, sizeof text, SMALL "    %s\n        %s = %ju\n", sections[t], number->name,
                    (uintmax_t)value);
                (void)snprintf(sentence, sizeof sentence, "shop.zpl:10: `%s`: a number from %ju to %ju is meant, not"
                    " `%ju`\n", number->name, (uintmax_t)number->value_min, (uintmax_t)number->value_max,
                    (uintmax_t)value);
                expect_refused(text, sentence);
            }
        }
    }
    expect_refused(SMALL "    limits\n        hold_ms = 5s\n",
        "shop.zpl:10: `hold_ms`: a number from 1 to 86400000 is meant, not `5s`\n");
    expect_refused(SMALL "    limits\n        hold_ms = 5\n        hold_ms = 6\n",
        "shop.zpl:11: `hold_ms` is given twice, first in line 10\n");
}

/* `count` times a text with a number for its `%`. */
static char *
repeat(const char *text, unsigned count)
{
    const char *number = strchr(text, '%');
    char *lines = calloc(1, TEXT_BYTES_MAX);
    size_t bytes = 0;
    unsigned i;

    assert_non_null(lines);
    for (i = 1; i <= count; i++)
        bytes += (size_t)snprintf(lines + bytes, TEXT_BYTES_MAX - bytes, "%.*s%03u%s", (int)(number - text), text, i,
            number + 1);
    assert_true(bytes < TEXT_BYTES_MAX);
    return lines;
}

static void
expect_count_limit(const char *head, const char *line, unsigned count_max, const char *sentence)
{
    struct souk_topology *topology;
    char *lines;
    char *text;

    lines = repeat(line, count_max);
    assert_true(asprintf(&text, "%s%s", head, lines) > 0);
    topology = topology_read_good(text);
    souk_topology_close(&topology);
    free(lines);
    free(text);
    lines = repeat(line, count_max + 1);
    assert_true(asprintf(&text, "%s%s", head, lines) > 0);
    expect_refused(text, sentence);
    free(lines);
    free(text);
}

static void
counts_hold_at_their_limits(void **state)
{
    expect_count_limit(SMALL, "service = s%\n    program = s\n", SOUK_SERVICES_MAX - 2,
        "shop.zpl:133: more than 64 times `service`\n");
    expect_count_limit(TOP ORDERS, "event_store = s%\n", SOUK_STORES_MAX,
        "shop.zpl:13: more than 8 times `event_store`\n");
    expect_count_limit(SMALL, "client = s%\n", SOUK_TOPOLOGY_CLIENTS_MAX,
        "shop.zpl:265: more than 256 times `client`\n");
    expect_count_limit(SMALL, "    skip = orders 1.00c0ffee00c0ffee 1%\n", SOUK_TOPOLOGY_SKIPS_MAX,
        "shop.zpl:1033: more than 1024 times `skip`\n");
    expect_count_limit(TOP STORE "service = orders\n    program = x\n", "    stream = s%\n", SOUK_OWN_STREAMS_MAX,
        "shop.zpl:3: service `orders` writes 17 streams, at most 16\n");
    expect_count_limit(STORE ORDERS "system = shop\n", "    messages = m%\n", SOUK_TOPOLOGY_MESSAGES_MAX,
        "shop.zpl:22: more than 16 times `messages`\n");
    expect_count_limit(SMALL "    settings\n", "        s% = 0\n", SOUK_SETTINGS_MAX,
        "shop.zpl:26: more than 16 settings of one service\n");
    expect_count_limit(TOP STORE ORDERS "service = x\n    program = x\n    call = orders\n",
        "        command = orders.c%\n", SOUK_TOPOLOGY_COMMANDS_MAX,
        "shop.zpl:73: more than 64 times `command`\n");
}

static void
sentences_beyond_the_limit_are_counted(void **state)
{
    static struct souk_topology_errors errors;
    char *lines = repeat("what% = x\n", SOUK_TOPOLOGY_ERRORS_MAX + 3);
    char dir[TOPOLOGY_DIR_BYTES];

    assert_null(topology_read_text(lines, &errors, dir));
    assert_int_equal(errors.count, SOUK_TOPOLOGY_ERRORS_MAX);
    assert_true(errors.left_out >= 3);
    free(lines);
}

static void
files_that_cannot_be_read_say_so(void **state)
{
    static struct souk_topology_errors errors;
    struct souk_topology *topology = NULL;

    assert_int_equal(souk_topology_read("/nonexistent/x.zpl", &topology, &errors), -SOUK_ENOTFOUND);
    assert_int_equal(errors.count, 1);
    assert_string_equal(errors.errors[0].text, "/nonexistent/x.zpl: No such file or directory");
    assert_null(topology);
}

/* They would be waited for: by a daemon that starts, and by one that is told to read its topology again. */
static void
what_is_no_regular_file_is_not_read(void **state)
{
    static struct souk_topology_errors errors;
    struct souk_topology *topology = NULL;
    char dir[] = "/tmp/souk-topology-XXXXXX", fifo[64], large[64];
    FILE *file;

    assert_non_null(mkdtemp(dir));
    (void)snprintf(fifo, sizeof fifo, "%s/fifo.zpl", dir);
    (void)snprintf(large, sizeof large, "%s/large.zpl", dir);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    (void)alarm(10);                            /* the test has ended before, or waits for ever */
    assert_int_equal(souk_topology_read(fifo, &topology, &errors), -SOUK_EINVAL);
    assert_non_null(strstr(errors.errors[0].text, "a pipe; a regular file is meant"));
    assert_int_equal(souk_topology_read("/dev/zero", &topology, &errors), -SOUK_EINVAL);
    assert_non_null(strstr(errors.errors[0].text, "a device"));
    assert_int_equal(souk_topology_read(dir, &topology, &errors), -SOUK_EINVAL);
    assert_non_null(strstr(errors.errors[0].text, "a directory"));
    (void)alarm(0);
    for (int more = 0; more <= 1; more++) {
        assert_non_null(file = fopen(large, "we"));
        for (int i = 0; i < 1024 * 1024 + more; i++)
            (void)fputc('\n', file);
        assert_int_equal(fclose(file), 0);
        assert_int_equal(souk_topology_read(large, &topology, &errors), more ? -SOUK_ETOOBIG : -SOUK_EINVAL);
        assert_int_equal(strstr(errors.errors[0].text, "bytes") != NULL, more);
    }
    (void)unlink(fifo);
    (void)unlink(large);
    (void)rmdir(dir);
}

/* A client that has a program runs somewhere; one that listens is a bridge, and has routes. */
static void
a_bridge_listens_and_has_routes(void **state)
{
    static const char bad_listen[] = "an address in numbers such as 127.0.0.1 or [::1], not";
    const char *const addresses[] = { "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:80x",
        "localhost:80", ":80", "::1:80", "[127.0.0.1]:80", "[::1:80", "256.0.0.1:80" };
    char sentence[256];
    char text[TEXT_BYTES_MAX];
    size_t i;

    expect_refused(SMALL "client = web\n    host = local\n", "shop.zpl:10: `host` says where a program runs, and"
        " `client = web` has no `program`\n");
    expect_refused(SMALL "client = web\n    routes = r.zpl\n", "shop.zpl:9: `listen` is missing below `client = web`: a"
        " bridge has it, and `routes`\n");
    expect_refused(SMALL "client = web\n    listen = 127.0.0.1:80\n", "shop.zpl:9: `routes` is missing below"
        " `client = web`: a bridge has it, and `listen`\n");
    expect_refused(TOP "host = a\n    address = a\nhost = b\n    address = b\n" STORE "    host = a\n    port = 1\n"
        "service = orders\n    program = o\n    host = a\n    port = 5\nclient = web\n    program = p\n",
        "shop.zpl:13: `host` is missing below `client = web`: there are 2\n");
    for (i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        (void)snprintf(text, sizeof text, SMALL "client = web\n    routes = r.zpl\n    listen = %s\n", addresses[i]);
        (void)snprintf(sentence, sizeof sentence, "shop.zpl:11: `listen`: ADDRESS:PORT is meant, with %s `%s`\n",
            bad_listen, addresses[i]);
        expect_refused(text, sentence);
    }
    expect_refused(SMALL "client = web\n    routes = r.zpl\n    listen = [::1]:0\n    hostname = Shop.example\n"
        "    hostname = shop.example:80\n",
        "shop.zpl:12: `hostname`: a name such as shop.example is meant, in small letters and without a port, not"
        " `Shop.example`\n"
        "shop.zpl:13: `hostname`: a name such as shop.example is meant, in small letters and without a port, not"
        " `shop.example:80`\n");
    (void)strcpy(text, SMALL "client = web\n    routes = r.zpl\n    listen = [::1]:65535\n");
    for (i = 0; i < SOUK_TOPOLOGY_HOSTNAMES_MAX; i++)
        (void)sprintf(text + strlen(text), "    hostname = h%zu\n", i);
    souk_topology_close(&(struct souk_topology *){ topology_read_good(text) });
    (void)strcat(text, "    hostname = one-more\n");
    expect_refused(text, "shop.zpl:44: more than 32 times `hostname`\n");
    expect_refused(SMALL "client = web\n    routes = r.zpl\n    listen = [::1]:0\n    proxy = proxy.example\n"
        "    proxy = 127.0.0.1:80\n",
        "shop.zpl:12: `proxy`: the address that a proxy's connections come from is meant, in numbers, such as 127.0.0.1,"
        " not `proxy.example`\n"
        "shop.zpl:13: `proxy`: the address that a proxy's connections come from is meant, in numbers, such as 127.0.0.1,"
        " not `127.0.0.1:80`\n");
    (void)strcpy(text, SMALL "client = web\n    routes = r.zpl\n    listen = [::1]:0\n");
    for (i = 0; i < SOUK_TOPOLOGY_PROXIES_MAX; i++)
        (void)sprintf(text + strlen(text), "    proxy = 192.0.2.%zu\n", i);
    (void)strcat(text, "    proxy = 192.0.2.99\n");
    expect_refused(text, "shop.zpl:20: more than 8 times `proxy`\n");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bridge_listens_and_has_routes),
        cmocka_unit_test(everything_that_is_wrong_is_said_at_once),
        cmocka_unit_test(pieces_that_are_missing_are_named),
        cmocka_unit_test(names_are_names_and_come_once),
        cmocka_unit_test(streams_have_one_writer_and_allowed_followers),
        cmocka_unit_test(calls_have_a_callee_and_no_loop),
        cmocka_unit_test(an_operators_role_is_a_name_that_a_pass_can_have),
        cmocka_unit_test(endpoints_can_be_connected_to),
        cmocka_unit_test(hosts_reach_each_other),
        cmocka_unit_test(keys_are_nobody_elses),
        cmocka_unit_test(one_service_signs_passes_with_two_keys_at_most),
        cmocka_unit_test(a_sandbox_is_wanted_or_not),
        cmocka_unit_test(settings_have_their_ranges),
        cmocka_unit_test(limits_hold_at_their_ends),
        cmocka_unit_test(counts_hold_at_their_limits),
        cmocka_unit_test(sentences_beyond_the_limit_are_counted),
        cmocka_unit_test(files_that_cannot_be_read_say_so),
        cmocka_unit_test(what_is_no_regular_file_is_not_read),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
