"""Keys and rights: who gets in where, who may do what there, and when that ends. Real daemons, CURVE on."""
import base64
import glob
import itertools
import json
import os
import re
import signal
import subprocess
import uuid

import msgpack
import souk_client
import souk_codec
import zmq

from system import (WAIT_SECONDS, Door, Keys, Late, System, show_keys, skip_if_sanitized, until,
                    whole_rights)
from test_sale import Shop

EX_OK, EX_IOERR, EX_NOPERM, EX_CONFIG = 0, 74, 77, 78
SMALL = ("orders", "stock", "query")
ZERO = [0, bytes(8), 0, bytes(32)]


def keyed(build, clients=None, **options):
    """A small system with keys; its client `test` may do everything that a client may."""
    options.setdefault("services", SMALL)
    return System(build, clients={"test": whole_rights(options["services"]), **(clients or {})}, **options)


def counted(system, name, counter, least):
    until(f"{least} {counter} at {name}", lambda: system.status(name).counters[counter] >= least)


def pull(door, stream, asker, request=1):
    """What a holder answers for one stream: verdict and number of batches, or a word."""
    door.socket.send(msgpack.packb([1, 2, request, asker, 1 << 20, [[stream, *ZERO]], []]))
    if not door.socket.poll(WAIT_SECONDS * 1000):
        raise Late("no answer to a pull")
    frames = door.socket.recv_multipart()
    answer = msgpack.unpackb(frames[0])
    assert answer[:3] == [1, 3, request], answer
    return [[entry[0], entry[5]] for entry in answer[6]], len(frames) - 1


def subscriber(system, name, who, *topics):
    news = system.context.socket(zmq.SUB)
    news.linger = 0
    show_keys(news, system.shown(name, who))
    for topic in topics:
        news.subscribe(topic)
    news.connect(system.endpoint(name, "publish"))
    return news


def hup(system, *names):
    system.write_topology()
    for name in names or [*system.services, *system.stores]:
        system.daemons[name].signal(signal.SIGHUP)
        system.daemons[name].says("skips=")      # event=reloaded, or event=restart_needed
        system.daemons[name].log_from = os.path.getsize(system.daemons[name].log_path)


def test_a_system_with_keys_works_like_one_without(build):
    """Commands, following, requests between services, queries, replays, a restart: on tcp and on ipc."""
    for listens_on_tcp in (True, False):
        with keyed(build, services=("orders", "stock", "payments", "query")) as system:
            if listens_on_tcp:
                system.listen_on_tcp()
            system.start_all()
            assert system.command("stock", "stock.receive", [1, 5]).status == "ok"
            reply = system.command_taken("stock", "stock.receive", [1, 5], recorded=True)
            assert (reply.status, reply.durability) == ("ok", 2), reply
            assert system.command_taken("orders", "order.place", [1, 1, 1, 500, 1]).status == "ok"
            system.caught_up("query", "payments", "payments")
            system.caught_up("query", "stock", "stock")
            system.caught_up("log-a", "stock", "stock")
            assert system.daemons["stock"].stop() == EX_OK
            before = system.events("log-a", "stock")
            system.wipe("stock")
            system.start("stock")
            system.live("stock")
            assert system.events("stock", "stock")[:len(before)] == before
            for name in (*system.services, *system.stores):
                assert system.status(name).counters["forbidden"] == 0, name


def test_a_stranger_gets_in_nowhere(build):
    """Without a key, with a key of his own, with the right one and another door's: no answer, no news, and nobody notices."""
    with keyed(build, services=("stock",)) as system:
        system.listen_on_tcp()
        system.start_all()
        own = zmq.curve_keypair()
        shown = [None, Keys(*own, system.pairs["stock"][0]), Keys(*system.pairs["test"], own[0])]
        doors = [Door(system.context, system.endpoint("stock", kind), "test", keys)
                 for kind in ("commands", "queries") for keys in shown]
        news = system.context.socket(zmq.SUB)
        show_keys(news, shown[1])
        news.subscribe(b"")
        news.connect(system.endpoint("stock", "publish"))
        for door in doors:
            door.socket.setsockopt(zmq.SNDTIMEO, 0)
        counted(system, "stock", "strangers", 3)
        for door in doors:
            try:
                door.send(True, "souk.status", [])
            except zmq.Again:
                pass                    # it has not even got a connection
        for sku in range(20):
            assert system.command("stock", "stock.receive", [sku, 1]).status == "ok"
        system.caught_up("log-a", "stock", "stock")
        for door in doors:
            assert not door.socket.poll(0)
            door.close()
        assert not news.poll(0)
        news.close(linger=0)


def test_each_key_has_its_rights_and_no_more(build):
    """Commands by name, queries, replays and news by stream; the rest is forbidden, and said to be."""
    clients = {"clerk": ["call = stock", "    command = stock.receive"], "reader": ["query = query", "follow = stock"],
               "operator": ["operator = yes"]}
    with keyed(build, clients) as system:
        system.start_all()
        received = {who: system.door("stock", "commands", who) for who in ("clerk", "test")}
        assert received["clerk"].ask(False, "stock.receive", [1, 1]).status == "ok"
        table = [
            ("clerk", "stock", "commands", "stock.count", "forbidden"),
            ("clerk", "stock", "commands", "souk.retry", "forbidden"),
            ("operator", "stock", "commands", "stock.receive", "forbidden"),
            ("test", "stock", "commands", "no.such", "unknown"),
            ("clerk", "stock", "queries", "souk.status", "forbidden"),
            ("reader", "query", "queries", "souk.status", "ok"),
            ("reader", "stock", "queries", "souk.status", "forbidden"),
            ("operator", "stock", "queries", "souk.status", "ok"),
            ("operator", "stock", "queries", "rows.get", "forbidden"),
            ("operator", "log-a", "queries", "eventstore.statistics", "ok"),
            ("reader", "log-a", "queries", "eventstore.statistics", "forbidden"),
            ("orders", "stock", "queries", "rows.get", "forbidden"),
            ("orders", "stock", "commands", "stock.receive", "forbidden"),
        ]
        for who, node, kind, name, wanted in table:
            payload = [1, 1] if name == "stock.receive" else []
            reply = system.door(node, kind, who).ask(kind == "queries", name, payload)
            assert reply.status == wanted, (who, node, name, reply)
            assert wanted != "forbidden" or reply.code == "forbidden"
        system.caught_up("log-a", "stock", "stock")
        for holder in ("stock", "log-a"):
            assert pull(system.door(holder, "queries", "reader"), "stock", "reader")[0] == [["stock", 0]]
        assert pull(system.door("log-a", "queries", "query"), "orders", "query")[0] == [["orders", 0]]
        before = system.status("log-a").counters["forbidden"]
        others = [("reader", "orders", "reader"), ("query", "orders.private", "query"), ("stock", "orders.private", "stock"),
                  ("operator", "orders.private", "operator"), ("reader", "stock", "log-a"), ("stock", "orders", "orders")]
        for who, stream, asker in others:
            door = system.door("log-a", "queries", who)
            door.socket.send(msgpack.packb([1, 2, 7, asker, 1 << 20, [[stream, *ZERO]], []]))
        counted(system, "log-a", "forbidden", before + len(others))
        for who, _, _ in others:
            assert not system.door("log-a", "queries", who).socket.poll(0), who
        # Of several streams those come that may: the private one is not even mentioned.
        door = system.door("orders", "queries", "log-a")
        door.socket.send(msgpack.packb([1, 2, 8, "log-a", 1 << 20, [["orders", *ZERO], ["orders.private", *ZERO]], []]))
        assert len(msgpack.unpackb(door.socket.recv_multipart()[0])[6]) == 2
        door = system.door("orders", "queries", "stock")
        door.socket.send(msgpack.packb([1, 2, 9, "stock", 1 << 20, [["orders", *ZERO], ["orders.private", *ZERO]], []]))
        assert [entry[0] for entry in msgpack.unpackb(door.socket.recv_multipart()[0])[6]] == ["orders"]


def pass_of(system, role, life_ms=3600000):
    """Of somebody, signed by the lodge."""
    reply = system.query("lodge", "lodge.pass", [bytes(range(16)), role, life_ms])
    assert reply.status == "ok", reply
    return msgpack.unpackb(reply.body[0][5])[0]


def test_for_somebody_with_the_role_a_client_is_an_operator(build):
    """`operator_role`: without a pass, with one of another role, a forged or an old one nothing is done that operators do, at a
    service and at the event store; with the right one it is. HUP takes that away, and gives it back."""
    clients = {"front": ["operator_role = staff", "operator_role = night", "call = letters"]}
    with keyed(build, clients, services=("letters", "reader", "lodge"), system_lines=(
            "pass_issuer = lodge", f"messages = {os.path.dirname(os.path.abspath(__file__))}/desk.messages.zpl")) as system:
        for name in ("log-a", "letters", "lodge"):
            system.start(name)
        system.start("reader", DESK_POISON="bad")
        for name in ("log-a", "letters", "lodge", "reader"):
            system.live(name)
        for text in ("bad", "bad"):
            assert system.command_taken("letters", "letters.write", [text, text]).status == "ok"
        until("both to be parked", lambda: system.status("reader").parked == 2)
        staff = pass_of(system, "staff")
        parked = msgpack.unpackb(system.query("reader", "souk.parked.list", [None, 0, 0, False, 0]).body[0][5])[0]
        first, second = ([row[0], row[2], row[5]] for row in parked)

        def ask(node, kind, name, payload, pass_bytes=b"", **options):
            return system.door(node, kind, "front").ask(kind == "queries", name, payload, pass_bytes=pass_bytes, **options)

        commands = [("reader", "souk.parked.discard", [*first, "me", "because"]),
                    ("reader", "souk.parked.retry", [*first, "me"]), ("reader", "souk.backup", ["stolen"]),
                    ("log-a", "eventstore.backup", ["stolen"])]
        queries = [("reader", "souk.status", []), ("reader", "souk.parked.list", [None, 0, 0, False, 0]),
                   ("reader", "souk.parked.event", [first[0]]), ("log-a", "eventstore.statistics", []),
                   ("log-a", "souk.status", []), ("reader", "souk.digest", [None])]
        others = [(b"", "forbidden", "forbidden"), (pass_of(system, "customer"), "forbidden", "forbidden"),
                  (staff[:-1] + bytes([staff[-1] ^ 1]), "refused", "souk.pass"), (b"nonsense", "refused", "souk.pass")]
        before = {name: system.status(name).counters["forbidden"] for name in ("reader", "log-a")}
        for pass_bytes, status, code in others:
            for kind, requests in (("commands", commands), ("queries", queries)):
                for node, name, payload in requests:
                    reply = ask(node, kind, name, payload, pass_bytes)
                    assert (reply.status, reply.code) == (status, code), (name, reply)
        assert system.status("reader").parked == 2
        for name, asked in (("reader", 7), ("log-a", 3)):
            counted(system, name, "forbidden", before[name] + asked * len(others))
        assert not glob.glob(f"{system.path}/**/stolen*", recursive=True)
        assert ask("letters", "commands", "letters.write", ["ada", "one"]).status == "ok", "that needs no role"
        # The role changes nothing where it is not asked for, and opens nothing else.
        assert ask("reader", "queries", "rows.get", [0, "ada"], staff).status == "forbidden"
        assert ask("lodge", "commands", "lodge.note", ["x"], staff).status == "forbidden"
        door = system.door("letters", "queries", "front")
        door.socket.send(msgpack.packb([1, 2, 7, "front", 1 << 20, [["letters", *ZERO]], []]))
        for node, name, payload in queries[:5]:
            assert ask(node, "queries", name, payload, staff).status == "ok", name
        assert ask("reader", "commands", "souk.parked.retry", [*first, "me"], pass_of(system, "night")).code \
            == "souk.still_parked"
        assert ask("reader", "commands", "souk.parked.discard", [*first, "me", "because"], staff).status == "ok"
        until("one to be left", lambda: system.status("reader").parked == 1)
        settled = msgpack.unpackb(system.query("reader", "souk.parked.settled", [0, False]).body[0][5])[0]
        assert settled[0][-2] == f"{uuid.UUID(bytes=bytes(range(16)))}@front", "who it was says the pass, not the sender"
        for role, wanted in (("nobody", "forbidden"), ("staff", "ok")):
            system.clients["front"][0] = f"operator_role = {role}"
            hup(system, "reader")
            assert ask("reader", "commands", "souk.parked.discard", [*second, "me", "because"], staff).status == wanted
        until("none to be left", lambda: system.status("reader").parked == 0)


class Keyed(Shop):
    """The shop of the tree, on one host, with keys."""

    def make(self, build):
        super().make(build)
        self.environment["SOUK_CLIENT"] = "shopkeeper"
        with open(self.environment["SOUK_TOPOLOGY"], "a", encoding="utf-8") as file:
            file.write("\nclient = shopkeeper\n    operator = yes\n" + "".join(
                f"    {what} = {name}\n" for what in ("call", "query") for name in self.services()))
        for entry in self.json("keys", "make")[0] + self.json("keys", "make", "bridge", "shopkeeper")[0]:
            with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
                (head,) = re.findall(rf"^(?:service|event_store|client) = {entry['name']}\n", file.read(), re.MULTILINE)
            self.edit(head, f"{head}    key = \"{entry['key']}\"\n")

    def services(self):
        with open(self.environment["SOUK_TOPOLOGY"], encoding="utf-8") as file:
            return re.findall(r"^service = (\S+)", file.read(), re.MULTILINE)


def test_a_thief_of_the_bridges_key_is_no_operator_of_the_shop(build):
    """What /ops needs, at every service and the event store of the shop's own topology: with the bridge's key alone, and with a
    customer's pass, nothing of it; with an admin's pass all."""
    with Keyed(build) as shop:
        admin, ann, _ = shop.open()
        drawn = json.loads(shop.run("check", "--json"))["topology"]
        nodes = {node["name"]: node for kind in ("event_stores", "services") for node in drawn[kind]}
        (public,) = (client["key"].encode() for client in drawn["clients"] if client["name"] == "bridge")
        with open(os.path.join(shop.path, "topology/shop.keys/bridge.key"), "rb") as file:
            secret = file.read().strip()
        passes = {}
        for who, (_, path) in (("admin", admin), ("customer", ann)):
            with open(path, encoding="ascii") as file:
                text = file.read().strip()
            passes[who] = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        requests = {("es1", "commands"): [("eventstore.backup", ["taken-es1"])],
                    ("es1", "queries"): [("souk.status", []), ("eventstore.statistics", []),
                                         ("eventstore.event", ["orders", 1, 0])]}
        for service in shop.services():
            requests[service, "commands"] = [("souk.parked.discard", [1, "orders", 1, "me", "because"]),
                                             ("souk.parked.retry", [1, "orders", 1, "me"]),
                                             ("souk.backup", [f"taken-{service}"])]
            requests[service, "queries"] = [("souk.parked.list", [None, 0, 0, False, 0]), ("souk.parked.settled", [0, False])]
        assert len(requests) == 2 * len(nodes)
        with zmq.Context() as context:
            doors = {(node, kind): Door(context, nodes[node][kind], "bridge", Keys(public, secret, nodes[node]["key"].encode()))
                     for node, kind in requests}

            def ask(node, kind, name, payload, pass_bytes):
                return doors[node, kind].ask(kind == "queries", name, payload, pass_bytes=pass_bytes, deadline_ms=30000)

            for (node, kind), asked in requests.items():
                for name, payload in asked:
                    for pass_bytes in (b"", passes["customer"]):
                        reply = ask(node, kind, name, payload, pass_bytes)
                        assert reply.status == "forbidden", (node, name, reply)
            assert not glob.glob(f"{shop.path}/**/taken-*", recursive=True)
            for (node, kind), asked in requests.items():
                for name, payload in asked:
                    reply = ask(node, kind, name, payload, passes["admin"])
                    assert reply.status == "ok" or reply.code in ("souk.not_parked", "eventstore.unknown_event"), (node, reply)
            assert len(glob.glob(f"{shop.path}/**/taken-*", recursive=True)) == len(nodes)
            for door in doors.values():
                door.close()
        assert shop.down() == EX_OK


def test_news_are_for_those_who_may_follow(build):
    """Who may follow nothing there is not let in to listen; who is hears all that is published, heads of what is private."""
    with keyed(build, {"reader": ["follow = stock", "query = orders"]}) as system:
        system.start_all()
        news = {"stock": subscriber(system, "stock", "reader", b"stock\0"),
                "everything": subscriber(system, "stock", "reader", b""),
                "another": subscriber(system, "orders", "reader", b""),
                "private": subscriber(system, "orders", "test", b"orders.private\0"),
                "heads": subscriber(system, "orders", "test", b"\1")}
        counted(system, "orders", "strangers", 1)
        system.command_taken("stock", "stock.receive", [1, 1])
        assert system.command_taken("orders", "order.place", [1, 1, 1, 500, 1]).status == "ok"
        assert news["stock"].poll(WAIT_SECONDS * 1000)
        assert news["stock"].recv_multipart()[0] == b"stock\0"
        assert {frames[0] for frames in heard(news["everything"], 2)} == {b"stock\0", b"\1"}
        assert news["heads"].poll(WAIT_SECONDS * 1000)
        system.caught_up("query", "orders", "orders")
        system.caught_up("log-a", "orders", "orders")
        for name in ("another", "private"):
            assert not news[name].poll(0), name
        for socket in news.values():
            socket.close(linger=0)


def heard(news, topics):
    """What comes until that many different topics have."""
    frames = []
    while len({each[0] for each in frames}) < topics:
        assert news.poll(WAIT_SECONDS * 1000), frames
        frames.append(news.recv_multipart())
    return frames


def test_what_not_everybody_may_follow_is_pulled(build):
    """Who follows one of two streams is let in and listens: then the other one's events are not published, its heads are,
    and its followers notice nothing. With HUP that begins with the first such listener, and ends with the last."""
    with keyed(build, {"reader": ["follow = reviews"]}, services=("reviews", "moderation")) as system:
        system.start_all()
        news = subscriber(system, "reviews", "test", b"")
        ids = itertools.count(1)

        def topics_of_a_submission():
            """What comes from it until heads name its event."""
            topics, named = set(), 0
            assert system.command_taken("reviews", "review.submit", [next(ids), 100, 5]).status == "ok"
            system.caught_up("moderation", "reviews", "reviews.internal")
            number = system.status("reviews").streams["reviews.internal"].number
            while named < number:
                assert news.poll(WAIT_SECONDS * 1000), topics
                topic, said = news.recv_multipart()
                topics.add(topic)
                if topic == b"\1":
                    named = max(head[3] for head in msgpack.unpackb(said)[7] if head[0] == "reviews.internal")
            return topics

        assert topics_of_a_submission() == {b"\1"}
        reader = system.clients.pop("reader")
        hup(system, "reviews")
        until("events to be published", lambda: b"reviews.internal\0" in topics_of_a_submission())
        assert b"reviews\0" not in topics_of_a_submission(), "moderation does not follow it"
        system.clients["reader"] = reader
        hup(system, "reviews")
        topics_of_a_submission()
        listens = subscriber(system, "reviews", "reader", b"")
        assert listens.poll(WAIT_SECONDS * 1000)
        assert topics_of_a_submission() == {b"\1"}
        # He is taken out while he listens: of what is everybody's since he left he hears nothing.
        pair = system.pairs.pop("reader")
        hup(system, "reviews")
        until("events to be published", lambda: b"reviews.internal\0" in topics_of_a_submission())
        while listens.poll(0):
            assert listens.recv_multipart()[0] == b"\1"
        system.pairs["reader"] = pair
        for socket in (news, listens):
            socket.close(linger=0)


def test_who_is_taken_out_hears_no_more_whatever_address_he_came_to(build):
    """Doors of one port at different addresses: a listener is cut all the same."""
    with keyed(build, {"reader": ["follow = stock"]}, services=("stock",)) as system:
        system.listen_on_tcp()
        port = system.endpoint("stock", "commands").rsplit(":")[-1]
        system.tcp.update({("stock", kind): f"tcp://127.0.0.{address}:{port}"
                           for address, kind in enumerate(("commands", "publish", "queries"), 2)})
        system.service_lines["stock"] = [f"{kind} = {system.endpoint('stock', kind)}"
                                         for kind in ("commands", "publish", "queries")]
        system.write_topology()
        system.start_all()
        listens = subscriber(system, "stock", "reader", b"")
        assert listens.poll(WAIT_SECONDS * 1000)
        ended = listens.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        system.pairs.pop("reader")
        hup(system, "stock")
        assert ended.poll(WAIT_SECONDS * 1000), "it was not cut"
        counted(system, "stock", "strangers", 1)
        listens.disable_monitor()
        listens.close(linger=0)


def test_a_key_that_is_taken_out_has_no_rights_any_more(build):
    """With HUP, on connections that are open: commands, queries and replays are forbidden, news end; others notice nothing."""
    with keyed(build, {"clerk": ["call = stock", "query = stock", "follow = stock"], "other": ["follow = stock"]}) as system:
        system.start_all()
        commands, queries = (system.door("stock", kind, "clerk") for kind in ("commands", "queries"))
        news, others = (subscriber(system, "stock", who, b"stock\0") for who in ("clerk", "other"))
        assert commands.ask(False, "stock.receive", [1, 1]).status == "ok"
        assert queries.ask(True, "souk.status", []).status == "ok"
        assert pull(queries, "stock", "clerk")[1] > 0
        until("both to hear", lambda: system.command("stock", "stock.receive", [1, 1]) and news.poll(20) and others.poll(20))
        clerk = system.pairs.pop("clerk")
        hup(system, "stock")
        assert commands.ask(False, "stock.receive", [1, 1]).status == "forbidden"
        assert queries.ask(True, "souk.status", []).status == "forbidden"
        counted(system, "stock", "strangers", 1)        # its subscription was cut, and comes back in vain
        while news.poll(0):
            news.recv_multipart()
        while others.poll(0):
            others.recv_multipart()
        until("the other one to hear again",
              lambda: system.command("stock", "stock.receive", [1, 1]) and others.poll(20))
        assert not news.poll(0)
        # Given back, it is let in again, without a restart of anybody.
        system.pairs["clerk"] = clerk
        hup(system, "stock")
        assert commands.ask(False, "stock.receive", [1, 1]).status == "ok"
        until("the clerk to hear again", lambda: system.command("stock", "stock.receive", [1, 1]) and news.poll(20))
        for socket in (news, others):
            socket.close(linger=0)


def test_a_right_that_is_taken_away_ends(build):
    """The key stays; a command, a query and a stream of it go."""
    with keyed(build, {"clerk": ["call = stock", "query = stock", "follow = stock"]}) as system:
        system.start_all()
        commands, queries = (system.door("stock", kind, "clerk") for kind in ("commands", "queries"))
        assert commands.ask(False, "stock.receive", [1, 1]).status == "ok"
        system.clients["clerk"] = ["call = stock", "    command = stock.other"]
        hup(system, "stock")
        assert commands.ask(False, "stock.receive", [1, 1]).status == "forbidden"
        assert queries.ask(True, "souk.status", []).status == "forbidden"
        assert commands.ask(False, "stock.other", []).status == "unknown"


def take_out(system):
    del system.pairs["clerk"]


def exchange(system):
    system.make_key("clerk")                    # the old one was stolen: his name has all its rights, by another key


def narrow(system):
    system.clients["clerk"] = ["call = stock", "    command = stock.count", "follow = stock"]


def coming(cursors):
    """The place behind that."""
    return [[stream, counter, bits, number + 1] for stream, counter, bits, number in cursors]


def test_what_waits_ends_with_the_right_to_it(build):
    """A command and a query wait for an event that is to come. HUP ends the right to them: they are answered so at once, and are
    nothing when it has come. What others wait for is decided."""
    for change in (take_out, exchange, narrow):
        ends_with_the_right_to_it(build, change)


def ends_with_the_right_to_it(build, change):
    with keyed(build, {"clerk": ["call = stock", "query = stock", "follow = stock"]}, services=("stock",)) as system:
        system.start_all()
        seen = coming(system.command_taken("stock", "stock.receive", [1, 1]).cursors)
        waits = []
        for who in ("clerk", "test"):
            for kind, *ask in (("commands", False, "stock.receive", [1, 1]), ("queries", True, "rows.get", [0, 1])):
                door = system.door("stock", kind, who)
                waits.append((door, door.send(*ask, seen=seen, deadline_ms=60000)))
                assert door.ask(ask[0], "no.such", []).status == "unknown"     # so the one before it was heard
        change(system)
        hup(system, "stock")
        for door, command_id in waits[:2]:
            reply = door.answer(command_id)
            assert (reply.status, reply.code, reply.body) == ("forbidden", "forbidden", []), (change, reply)
        counted(system, "stock", "forbidden", 2)
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        assert [door.answer(command_id).status for door, command_id in waits[2:]] == ["ok", "ok"]
        assert system.status("stock").streams["stock"].number == 3, change
        assert not any(door.socket.poll(0) or door.answers for door, _ in waits)


def test_what_waits_to_be_found_ends_with_the_right_to_it(build):
    """The same of a query of an event store, which another thread answers."""
    with keyed(build, {"clerk": ["operator = yes"]}, services=("stock",)) as system:
        system.start_all()
        seen = coming(system.command_taken("stock", "stock.receive", [1, 1]).cursors)
        waits = []
        for who in ("clerk", "test"):
            door = system.door("log-a", "queries", who)
            waits.append((door, door.send(True, "eventstore.statistics", [], seen=seen, deadline_ms=60000)))
            assert door.ask(True, "eventstore.statistics", []).status == "ok"
        take_out(system)
        hup(system, "log-a")
        assert waits[0][0].answer(waits[0][1]).status == "forbidden"
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        assert waits[1][0].answer(waits[1][1]).status == "ok"
        assert not waits[0][0].socket.poll(0)


def connections(system, name, port):
    """How many of its connections go to a port of this host."""
    own = {os.readlink(path) for path in glob.glob(f"/proc/{system.daemons[name].process.pid}/fd/*") if os.path.islink(path)}
    with open("/proc/net/tcp", encoding="ascii") as file:
        lines = [line.split() for line in file][1:]
    return sum(line[2].endswith(f":{port:04X}") and line[3] == "01" and f"socket:[{line[9]}]" in own for line in lines)


def test_who_is_taken_out_is_left(build):
    """A service that the topology has no more: who follows it ends its connection, and hears others as before, the event
    store too, of what that has of it; when it is there again, it is heard again."""
    with keyed(build) as system:
        system.listen_on_tcp()
        system.start_all()
        port = int(system.endpoint("stock", "publish").rsplit(":", 1)[1])
        assert system.command("stock", "stock.receive", [1, 1]).status == "ok"
        system.caught_up("query", "stock", "stock")
        until("its connection", lambda: connections(system, "query", port) == 1 == connections(system, "log-a", port))
        system.services.remove("stock")
        system.clients["test"] = whole_rights(system.services)
        hup(system, "query")
        until("its connection to end", lambda: connections(system, "query", port) == 0)
        assert connections(system, "log-a", port) == 1
        assert system.command_taken("stock", "stock.receive", [1, 2], recorded=True).status == "ok"
        assert system.command_taken("orders", "order.place", [1, 1, 1, 500, 1]).status == "ok"
        system.caught_up("query", "orders", "orders")
        assert connections(system, "query", port) == 0
        system.services.append("stock")
        hup(system, "query")
        until("a connection", lambda: connections(system, "query", port) == 1)
        system.caught_up("query", "stock", "stock")


def test_only_event_stores_acknowledge_and_fence(build):
    """A client, and another service, say that all is recorded, and that somebody else has the streams: nobody listens."""
    with keyed(build) as system:
        system.start_all()
        system.command_taken("stock", "stock.receive", [1, 1], recorded=True)
        head = system.status("stock").streams["stock"]
        system.daemons["log-a"].signal(signal.SIGSTOP)
        asked = system.door("stock", "commands")
        waits = asked.send(False, "stock.receive", [1, 1], recorded=True, deadline_ms=3000)
        until("it to be on disk", lambda: system.status("stock").streams["stock"].number > head.number)
        head = system.status("stock").streams["stock"]
        position = ["stock", head.epoch, head.bits, head.number, head.hash]
        incarnation = bytes(8)
        for who in ("test", "query"):
            door = system.door("stock", "commands", who)
            door.socket.send(msgpack.packb([1, 4, "log-a", incarnation, 1 << 40, [[*position, head.number]]]))
            door.socket.send(msgpack.packb([1, 7, "log-a", "stock", 1000]))
        seal = system.door("log-a", "commands", "query")
        seal.socket.send(msgpack.packb([1, 5, 1, "stock", 50, bytes(8)]))
        counted(system, "stock", "malformed", 4)
        assert asked.answer(waits).durability == 1
        system.daemons["log-a"].signal(signal.SIGCONT)
        counted(system, "log-a", "malformed", 1)
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        assert system.status("stock").epoch == head.epoch


def test_a_callers_name_is_that_of_its_key(build):
    """Whatever it calls itself: one id of two keys is two commands, one id of one key under two names is one."""
    with keyed(build, {"clerk": ["call = stock"]}) as system:
        system.start_all()
        clerk, test = (system.door("stock", "commands", who) for who in ("clerk", "test"))
        command_id = uuid.uuid4().bytes
        first = clerk.ask(False, "stock.receive", [1, 1], command_id=command_id)
        clerk.caller = "test"
        again = clerk.ask(False, "stock.receive", [1, 1], command_id=command_id)
        other = test.ask(False, "stock.receive", [1, 1], command_id=command_id)
        assert first.body == again.body and first.body != other.body
        causes = [event[3] for event in system.events("stock", "stock")]
        assert len(causes) == 2


def test_a_service_gets_another_key(build):
    """Both keys stand for it while it is exchanged: nobody who follows it or calls it loses anything."""
    with keyed(build, services=("orders", "stock", "payments", "query")) as system:
        system.start_all()
        old = system.pairs["stock"]
        system.command_taken("stock", "stock.receive", [1, 9])
        system.make_key("stock", ".next")
        system.service_lines["stock"] = [f'old_key = "{old[0].decode()}"']
        system.write_topology()
        system.daemons["stock"].signal(signal.SIGHUP)
        assert "restart needed: key of stock changed" in system.daemons["stock"].says("event=restart_needed")
        hup(system, "orders", "payments", "query", "log-a")
        assert system.daemons["stock"].stop() == EX_OK
        system.start("stock")
        system.live("stock")
        system.doors.clear()
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        assert system.command_taken("orders", "order.place", [1, 1, 1, 500, 1]).status == "ok"
        for writer in ("stock", "orders", "payments"):
            system.caught_up("query", writer, writer)
        # The old key is taken out: whoever stole it is a stranger.
        system.service_lines["stock"] = []
        thief = Door(system.context, system.endpoint("orders", "queries"), "stock", Keys(*old, system.pairs["orders"][0]))
        assert pull(thief, "orders", "stock")[0] == [["orders", 0]]
        hup(system)
        before = system.status("orders").counters["forbidden"]
        thief.socket.send(msgpack.packb([1, 2, 2, "stock", 1 << 20, [["orders", *ZERO]], []]))
        counted(system, "orders", "forbidden", before + 1)
        assert not thief.socket.poll(0)
        thief.close()


def test_a_daemon_does_not_start_with_keys_that_do_not_fit(build):
    """No file, another one, one that others may read; and none at all where strangers can knock."""
    with keyed(build, services=("stock",)) as system:
        path = os.path.join(system.path, "process.keys", "stock.key")
        os.rename(path, path + ".away")
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "souk keys make stock" in system.daemons["stock"].log()
        pair = system.pairs["stock"]
        system.make_key("stock")
        system.pairs["stock"] = pair
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "is not the `key` that the topology has" in system.daemons["stock"].log()
        os.rename(path + ".away", path)
        os.chmod(path, 0o640)
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "others may read or write it" in system.daemons["stock"].log()
        del system.pairs["stock"]
        system.write_topology()
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "`stock` has no `key`, and others have" in system.daemons["stock"].log()
    with System(build, services=("stock",), service_lines={"stock": ["commands = tcp://192.0.2.1:7000"]}) as system:
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "listens at tcp://192.0.2.1:7000, where not only its own host can knock" in system.daemons["stock"].log()
    with System(build, services=("stock",)) as system:
        os.mkdir(os.path.join(system.path, "r"))
        os.chmod(os.path.join(system.path, "r"), 0o777)
        assert system.start("stock").process.wait(WAIT_SECONDS) == EX_CONFIG
        assert "others may write into" in system.daemons["stock"].log()


def test_the_python_client_shows_its_key(build):
    """A command, a query that reads it, a replay, and following into live; under another key, nothing."""
    with keyed(build, {"reader": ["follow = stock"]}) as system:
        system.listen_on_tcp()
        system.start_all()
        nodes = {name: souk_client.Node(name, *(system.endpoint(name, kind) for kind in ("commands", "queries", "publish")),
                                        system.pairs[name][0]) for name in ("stock", "query", "log-a")}
        keys, reader = (souk_client.Keys(*system.pairs[who]) for who in ("test", "reader"))
        caller, query = (souk_client.Caller(system.context, nodes[name], "test", keys) for name in ("stock", "query"))
        reply = caller.take("stock.receive", msgpack.packb([1, 5]), recorded=True)
        assert (reply.word, reply.durability) == ("ok", 2), reply
        found = query.query("rows.get", msgpack.packb([1, 1]), seen=caller.seen)
        assert msgpack.unpackb(found.body[0].payload)[:2] == [True, 5], found
        follower = souk_client.Follower(system.context, "reader", {nodes["stock"]: ["stock"]}, [nodes["log-a"]], keys=reader)
        follower.run("what was there", lambda: follower.cursor("stock").number == 1)
        assert caller.command("stock.receive", msgpack.packb([1, 5])).word == "ok"
        follower.run("what is new", lambda: follower.cursor("stock").number == 2)
        assert len(souk_client.replay(system.context, nodes["log-a"], ["stock"], "reader", keys=reader)["stock"].batches) >= 2
        clerk = souk_client.Caller(system.context, nodes["stock"], "test", reader)
        assert clerk.command("stock.receive", msgpack.packb([1, 5])).word == "forbidden"
        for other in (caller, query, follower, clerk):
            other.close()


def souk(system, *arguments, status=0, who="test"):
    """The command, as that client; what it writes."""
    done = subprocess.run([os.path.join(system.build, "souk"), *arguments, "-t", system.topology, "--as", who],
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=2 * WAIT_SECONDS)
    assert status in (None, done.returncode), done
    return done.stdout + done.stderr if status is not None else done.stdout


def test_souk_asks_as_a_client(build):
    """status, log and call with a key; a client without the right is told; without a key nobody is asked."""
    with keyed(build, {"clerk": ["call = stock"], "keyless": []}) as system:
        system.start_all()
        system.command_taken("stock", "stock.receive", [1, 5], recorded=True)
        assert "stock" in souk(system, "status")
        until("the finder to have seen it", lambda: "stock" in souk(system, "log", "--json"))
        assert "good" in souk(system, "check", "--json")
        assert "says that this client may not ask it" in souk(system, "status", "stock", who="clerk", status=1)
        assert "forbidden" in souk(system, "parked", "list", "stock", who="clerk", status=EX_NOPERM)
        keys = [entry for entry in json.loads(souk(system, "doctor", "--json", "--all", "--programs",
                                                   f"{system.build}/test/process", status=None))["findings"]
                if entry["check"] == "key"]
        assert [(entry["node"], entry["level"]) for entry in keys] == [
            (name, "ok") for name in sorted((*system.services, *system.stores))], keys
        del system.pairs["keyless"]
        system.write_topology()
        assert "no client `keyless` with a key" in souk(system, "status", who="keyless", status=EX_NOPERM)
        assert "no client `nobody` with a key" in souk(system, "status", who="nobody", status=EX_NOPERM)
        os.remove(os.path.join(system.path, "process.keys", "clerk.key"))
        assert "souk keys make clerk" in souk(system, "status", who="clerk", status=EX_NOPERM)


def test_a_backup_is_put_in_place_under_the_nodes_own_key(build):
    """Event stores tell of private streams to their service only, so that is who asks what a copy lacks."""
    with keyed(build, services=("orders", "stock")) as system:
        system.start_all()
        assert system.command_taken("orders", "order.place", [1, 1, 1, 500, 1], recorded=True).status == "ok"
        assert "orders" in souk(system, "backup", "-n", "one", "orders")
        assert system.command_taken("orders", "order.place", [2, 1, 1, 500, 1], recorded=True).status == "ok"
        system.caught_up("log-a", "orders", "orders.private")
        assert system.daemons["orders"].stop() == EX_OK
        said = souk(system, "restore", "-n", "orders", "one")
        assert "does not answer" not in said and "orders.private" in said.split("When orders is started", 1)[1], said


def failing(system, name, **switches):
    """What a daemon is started with for these switches of failing.c, which are turned."""
    home = os.path.join(system.path, f"failing-{name}")
    os.makedirs(home, exist_ok=True)
    for switch, text in switches.items():
        path = os.path.join(home, switch)
        with open(f"{path}.new", "w", encoding="utf-8") as file:
            file.write(text)
        os.rename(f"{path}.new", path)
    return {"LD_PRELOAD": os.path.join(system.build, "test/process/.libs/failing.so"), "FAILING": home}


def test_a_daemon_ends_when_its_gate_does(build):
    """Nobody would be let in any more, and it would seem to be well. It says so; others go on; started again it does, too."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with keyed(build, services=("stock", "query")) as system:
        for name in ("log-a", "stock"):
            system.start(name, **failing(system, name))
        system.start("query")
        for name in ("log-a", "stock", "query"):
            system.live(name)
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).status == "ok"
        system.caught_up("query", "stock", "stock")
        taken = 1
        for name, other in (("stock", "query"), ("log-a", "stock")):
            daemon = system.daemons[name]
            failing(system, name, receive="zeromq.zap.01")
            assert daemon.process.poll() is None
            newcomer = Door(system.context, system.endpoint(name, "queries"), "test", system.shown(name))
            assert daemon.process.wait(WAIT_SECONDS) == EX_IOERR, daemon.log()
            assert "event=failed" in daemon.log() and "the gate has ended" in daemon.log(), daemon.log()
            newcomer.close()
            assert system.daemons[other].process.poll() is None
            assert system.status(other).state == "live"
            os.unlink(os.path.join(system.path, f"failing-{name}", "receive"))
            system.start(name, **failing(system, name))
            system.live(name)
            assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
            taken += 1
            system.caught_up("query", "stock", "stock")
        assert system.row("query", 1, 1)[0] == taken


def test_a_gate_that_fails_its_test_is_none(build):
    """It lets everybody in, or nobody, or is not there: the daemon says which, and never opens a door."""
    skip_if_sanitized("sanitizers want to be loaded first")
    with keyed(build, services=("stock",)) as system:
        for name in ("log-a", "stock"):
            for gate, said in (("open", "with a stranger's key gets in"), ("shut", "with a key that is let in is turned away"),
                               ("absent", "with a stranger's key gets in")):
                daemon = system.start(name, **failing(system, name, gate=gate))
                assert daemon.process.wait(WAIT_SECONDS) == EX_IOERR, daemon.log()
                assert "error" in daemon.log() and f"the gate fails its test: who comes {said}" in daemon.log(), daemon.log()
                assert "event=state" not in daemon.log(), daemon.log()
                assert not [found for found in glob.glob(os.path.join(system.path, "r", f"{name}.*"))
                            if not found.endswith(".lock")]
            os.unlink(os.path.join(system.path, f"failing-{name}", "gate"))
            system.start(name, **failing(system, name))
            system.live(name)
            assert glob.glob(os.path.join(system.path, "r", f"{name}.queries"))
