"""Hostile peers with and without keys, while a load runs: the others notice nothing. Real daemons, CURVE on."""
import contextlib
import itertools
import os
import random
import time
import uuid

import msgpack
import souk_client
import souk_codec as codec
import zmq

from system import (SERVICES, WAIT_SECONDS, Door, Keys, Load, Reply, System, show_keys, skip_if_sanitized, until,
                    whole_rights)
from test_access import ZERO, counted, keyed
from test_faults import received
from test_hostile import raw_connection

STRANGERS = int(os.environ.get("SOUK_PROCESS_STRANGERS", "300"))
TOPICS = int(os.environ.get("SOUK_PROCESS_TOPICS", "50000"))
GOERS = int(os.environ.get("SOUK_PROCESS_GOERS", "160"))
PULLS = int(os.environ.get("SOUK_PROCESS_PULLS", "3000"))
GARBAGE = int(os.environ.get("SOUK_PROCESS_GARBAGE", "2000"))
SUBSCRIPTIONS_MAX = 2 * 256             # within a second: they end a connection
GROWTH_BYTES_MAX = 160 << 20            # of a daemon that is flooded, and of what libzmq keeps for the flood
READER = {"reader": ["follow = stock", "query = stock"]}


@contextlib.contextmanager
def under_load(build, clients=None, tcp=True, **options):
    """A system that works; at the end it still does, and has all that was acknowledged, once, everywhere."""
    options.setdefault("services", ("stock", "query"))
    with keyed(build, {**READER, **(clients or {})}, **options) as system:
        if tcp:
            system.listen_on_tcp()
        system.start_all()
        load = Load(system, "stock", "stock.receive", received(), window=8)
        system.more(lambda: len(load.taken), 50)
        pids = {name: daemon.process.pid for name, daemon in system.daemons.items()}
        system.by_others = 0            # events that the test itself has caused
        yield system, load
        system.more(lambda: len(load.taken), len(load.taken) + 50)
        taken = load.end()
        assert {name: daemon.process.pid for name, daemon in system.daemons.items()} == pids
        for name, daemon in system.daemons.items():
            assert daemon.process.poll() is None, name
        system.caught_up("query", "stock", "stock")
        system.caught_up("log-a", "stock", "stock")
        assert len(system.events("log-a", "stock")) == len(taken) + system.by_others


def connected(system, name, kind, socket_type, keys):
    """A socket whose sending waits for nobody."""
    connection = system.context.socket(socket_type)
    connection.linger = 0
    connection.setsockopt(zmq.SNDTIMEO, 0)
    show_keys(connection, keys)
    connection.connect(system.endpoint(name, kind))
    return connection


def push(connection, *frames):
    """Send it as soon as there is room; false when there is none for long."""
    if not connection.poll(WAIT_SECONDS * 1000, zmq.POLLOUT):
        return False
    with contextlib.suppress(zmq.Again):
        connection.send_multipart(frames)
    return True


def test_garbage_harms_nobody(build):
    """Noise on bare connections to every door; cut, altered, oversized frames and strange messages from a key that is let in."""
    rng = random.Random(7)
    with under_load(build) as (system, _):
        for kind in ("commands", "queries", "publish"):
            for _ in range(20):
                connection = raw_connection(system.endpoint("stock", kind))
                with contextlib.suppress(OSError):
                    connection.sendall(rng.choice([b"", b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47)])
                                       + rng.randbytes(rng.randrange(1, 3000)))
                connection.close()
        good = [msgpack.packb([1, 8, uuid.uuid4().bytes, False, "stock.receive", 1, 0, None, "x", False, [], b"",
                               msgpack.packb([1, 1])]),
                msgpack.packb([1, 2, 1, "reader", 1 << 20, [["stock", *ZERO]], []]),
                msgpack.packb([1, 4, "log-a", bytes(8), 1, [["stock", *ZERO, 0]]]),
                msgpack.packb([1, 7, "log-a", "stock", 9])]
        doors = [connected(system, name, kind, zmq.DEALER, system.shown(name, who)) for name, who in
                 (("stock", "reader"), ("log-a", "reader")) for kind in ("commands", "queries")]
        for _ in range(GARBAGE):
            frame = bytearray(rng.choice(good))
            for _ in range(rng.randrange(3)):
                frame[rng.randrange(len(frame))] = rng.randrange(256)
            frame = bytes(frame[:rng.randrange(len(frame) + 1)])
            assert push(rng.choice(doors), *rng.choice([[frame], [b"", frame], [frame] * 5, [b""] * 6]))
        until("what cannot be read to be counted", lambda: system.status("stock").counters["frames_malformed"] > 0)
        for door in doors:
            assert push(door, bytes(2 << 20))           # more than a frame may have: the connection goes
            door.close(linger=1000)


def test_strangers_that_come_again_and_again(build):
    """Handshakes under keys that nobody knows, without an end, and halves of them that stay open."""
    with under_load(build) as (system, _):
        halves = [raw_connection(system.endpoint("stock", kind)) for kind in ("commands", "queries", "publish")
                  for _ in range(STRANGERS // 6)]
        for connection in halves[::2]:
            connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03")
        with zmq.Context() as context:
            context.max_sockets = 2 * STRANGERS
            strangers = []
            for index in range(STRANGERS):
                stranger = context.socket(zmq.DEALER)
                stranger.linger = 0
                stranger.reconnect_ivl = 10
                show_keys(stranger, Keys(*zmq.curve_keypair(), system.pairs["stock"][0]))
                stranger.connect(system.endpoint("stock", "queries" if index % 2 else "commands"))
                strangers.append(stranger)
            counted(system, "stock", "strangers", STRANGERS // 2)
            for stranger in strangers:
                assert not stranger.poll(0)
                stranger.close()
        for connection in halves:
            connection.close()
        until("them to be gone", lambda: system.status("stock").counters["connections"] < 40)


def test_as_many_subscriptions_as_somebody_could_need(build):
    """Almost twice as many topics as a system can have streams, from a follower that has one socket for all: it stays, and
    gets its news. Twice as many: it is cut."""
    with under_load(build) as (system, _):
        few = connected(system, "stock", "publish", zmq.XSUB, system.shown("stock", "reader"))
        for index in range(SUBSCRIPTIONS_MAX - 2):
            assert push(few, b"\x01strange%d" % index)
        assert push(few, b"\x01stock\0")
        assert few.poll(WAIT_SECONDS * 1000), "no news"
        assert system.status("stock").counters["connections_cut"] == 0
        many = connected(system, "stock", "publish", zmq.XSUB, system.shown("stock", "reader"))
        ended = many.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        for index in range(SUBSCRIPTIONS_MAX):
            assert push(many, b"\x01strange%d" % index)
        assert ended.poll(WAIT_SECONDS * 1000), "it was not cut"
        counted(system, "stock", "connections_cut", 1)
        many.disable_monitor()
        many.close()
        parted = connected(system, "stock", "publish", zmq.XSUB, system.shown("stock", "reader"))
        ended = parted.get_monitor_socket(zmq.EVENT_DISCONNECTED)
        assert push(parted, b"\x02", b"\x01strange")     # libzmq takes the second frame for a subscription
        assert ended.poll(WAIT_SECONDS * 1000), "what no follower says was taken"
        parted.disable_monitor()
        parted.close()
        few.recv_multipart()
        while few.poll(0):
            few.recv_multipart()
        assert few.poll(WAIT_SECONDS * 1000), "another one was cut"
        few.close()


def test_a_flood_of_subscriptions_is_bounded(build):
    """Topics that nothing is published under, short and long, by the ten thousands: who sends them is cut, memory stays, news
    go on."""
    skip_if_sanitized("its memory is another one's")
    with under_load(build) as (system, _):
        before = system.status("stock").memory_bytes
        other = connected(system, "stock", "publish", zmq.SUB, system.shown("stock", "reader"))
        other.subscribe(b"stock\0")
        flood = connected(system, "stock", "publish", zmq.XSUB, system.shown("stock", "reader"))
        for index in range(TOPICS):
            topic = b"\xff" + index.to_bytes(3, "big") + (bytes(240) if index % 8 == 0 else b"")
            assert push(flood, b"\x01" + topic)
        until("it to be cut again and again", lambda: push(flood, b"\x01\xffagain")
              and system.status("stock").counters["connections_cut"] >= 3)
        assert other.poll(WAIT_SECONDS * 1000)
        grown = system.status("stock").memory_bytes - before
        assert grown < GROWTH_BYTES_MAX, grown
        assert not flood.poll(0)
        flood.close()
        other.close()


def test_who_subscribes_and_goes_at_once_leaves_nothing(build):
    """Hundreds of subscriptions to what there is, from connections that end with the last of them: again and again, over
    the same descriptors. The publisher forgets each."""
    with under_load(build) as (system, _):
        for _ in range(GOERS // 8):
            goers = [connected(system, "stock", "publish", zmq.XSUB, system.shown("stock", "reader")) for _ in range(8)]
            for goer in goers:
                goer.linger = 1000
                push(goer, b"\x01stock\0")
            for goer in goers:
                assert goer.poll(WAIT_SECONDS * 1000)
                for _ in range(SUBSCRIPTIONS_MAX // 2):
                    push(goer, b"\x01stock\0")
                goer.close()
        until("them to be gone", lambda: system.status("stock").counters["connections"] < 40)


def is_left(system, name, door):
    """One more pull of everything: is it left unanswered, because there is no room for answers? Said again until it is heard:
    who reads nothing answers no heartbeat, and is cut after some seconds."""
    before = system.status(name).counters

    def heard():
        door.send(msgpack.packb([1, 2, 1, "reader", 16 << 20, [["stock", *ZERO]], []]))
        after = system.status(name).counters
        return any(after[which] > before[which] for which in ("pulls_answered", "pulls_refused")) and after
    return until("it to be heard", heard)["pulls_refused"] > before["pulls_refused"]


def test_replays_that_nobody_reads(build):
    """Pulls of everything, again and again, by keys that may, from sockets that take one message: others are answered, and
    these are not any more, until they read."""
    skip_if_sanitized("its memory is another one's")
    with under_load(build) as (system, _):
        before = {name: system.status(name).memory_bytes for name in ("stock", "log-a")}
        greedy = []
        for name in before:
            door = system.context.socket(zmq.DEALER)
            door.linger, door.rcvhwm, door.sndhwm = 0, 1, 0
            show_keys(door, system.shown(name, "reader"))
            door.connect(system.endpoint(name, "queries"))
            for request in range(PULLS):
                door.send(msgpack.packb([1, 2, request, "reader", 16 << 20, [["stock", *ZERO]], []]))
            greedy.append(door)
        for name, door in zip(before, greedy):
            until("it to answer others", lambda name=name: len(system.events(name, "stock")) > 50)
            until("all to be heard", lambda name=name: sum(system.status(name).counters[which] for which in (
                "pulls_answered", "pulls_refused")) >= PULLS)
            until("one to be left", lambda name=name, door=door: is_left(system, name, door))
            grown = system.status(name).memory_bytes - before[name]
            assert grown < GROWTH_BYTES_MAX, (name, grown)
            while door.poll(100):
                door.recv_multipart()
            until("it to be answered again", lambda door=door: door.send(msgpack.packb(
                [1, 2, 1 << 40, "reader", 16 << 20, [["stock", *ZERO]], []])) or door.poll(1000))
        for door in greedy:
            door.close()


def test_a_request_that_is_replayed_has_one_effect(build):
    """The bytes of a command, a thousand times, and from another key: its events are written once for each key."""
    with under_load(build, {"clerk": ["call = stock"]}) as (system, load):
        command = msgpack.packb([1, 8, uuid.uuid4().bytes, False, "stock.receive", 1, 0, None, "x", False, [], b"",
                                 msgpack.packb([1 << 40, 1])])
        doors = [connected(system, "stock", "commands", zmq.DEALER, system.shown("stock", who)) for who in ("clerk", "test")]
        for _ in range(1000):
            for door in doors:
                assert push(door, command)
        replies = set()
        for door in doors:
            until("it to be taken", lambda door=door: door.poll(WAIT_SECONDS * 1000)
                  and taken(msgpack.unpackb(door.recv_multipart()[-1]), replies))
        assert len(replies) == 2
        until("the load to go on", lambda n=len(load.taken): len(load.taken) > n + 20)
        assert system.row("stock", 0, 1 << 40)[0] == 2
        for door in doors:
            door.close()
        system.by_others = 2


def taken(reply, bodies):
    """Whether it was; then what it caused is noted."""
    if reply[3] == 0:
        bodies.add(msgpack.packb(reply[9]))
    return reply[3] == 0


def test_an_absurd_cursor_is_answered_and_believed_by_nobody(build):
    """A client that claims to have seen epochs to come, and numbers without end: no new epoch, no fork."""
    with under_load(build) as (system, _):
        epoch = system.status("stock").epoch
        door = system.door("stock", "queries", "reader")
        for counter, number in itertools.product((epoch, epoch + 1, epoch + 65536, 2**32 - 1), (1, 2**63, 2**64 - 1)):
            door.socket.send(msgpack.packb([1, 2, 1, "reader", 1, [["stock", counter, b"x" * 8, number, b"y" * 32]],
                                            [["stock", counter, b"x" * 8, number]]]))
            assert door.socket.poll(WAIT_SECONDS * 1000)
            assert msgpack.unpackb(door.socket.recv_multipart()[0])[6][0][5] in (2, 3)
        assert system.command_taken("stock", "stock.receive", [2, 1]).status == "ok"
        assert system.status("stock").epoch == epoch
        assert "sealing" not in system.daemons["stock"].log().split("state=live", 1)[1]
        system.by_others = 1


def test_who_lies_of_epochs_to_come_uses_up_few(build):
    """The stolen key of a follower names places in epochs that are not, each as far ahead as is believed: the first one is
    worth an epoch, the next one has to wait, and commands are taken all the time."""
    with keyed(build, services=("stock", "query")) as system:
        system.start_all()
        door = system.door("stock", "queries", "query")

        def opened(after):
            door.socket.send(msgpack.packb([1, 2, 1, "query", 1, [["stock", after + 65536, b"x" * 8, 9, b"y" * 32]], []]))
            epoch = system.status("stock").epoch
            return epoch if epoch > after else None
        began = time.monotonic()
        first = until("an epoch that was made up to be believed", lambda: opened(1))
        assert first == 65538, first
        until("another one to be believed", lambda: opened(first))
        assert time.monotonic() - began > 0.99
        assert system.command_taken("stock", "stock.receive", [1, 1], recorded=True).durability == 2
        system.caught_up("query", "stock", "stock")


class Impostor:
    """The doors of a service, opened by whoever has stolen its key and its address."""

    def __init__(self, system, name):
        self.name = name
        self.context = zmq.Context()
        self.sockets = {}
        for kind, socket_type in (("publish", zmq.XPUB), ("queries", zmq.ROUTER), ("commands", zmq.ROUTER)):
            door = self.sockets[kind] = self.context.socket(socket_type)
            door.linger = 0
            door.curve_server = True
            door.curve_publickey, door.curve_secretkey = system.pairs[name]
            until("the address to be free", lambda door=door, kind=kind: self.bound(door, system.endpoint(name, kind)))

    @staticmethod
    def bound(door, endpoint):
        try:
            door.bind(endpoint)
            return True
        except zmq.ZMQError:
            return False

    def publish(self, topic, data):
        self.sockets["publish"].send_multipart([topic, data])

    def close(self):
        self.context.destroy(linger=0)          # which waits until the addresses are free


def test_a_stolen_key_speaks_for_its_owner_only(build):
    """In the place of payments: batches of stock, heads of stock, answers with batches of stock; they change nothing."""
    with keyed(build, READER, services=("orders", "stock", "payments", "query")) as system:
        system.listen_on_tcp()
        system.start_all()
        assert system.command_taken("stock", "stock.receive", [1, 5], recorded=True).status == "ok"
        system.caught_up("query", "stock", "stock")
        system.caught_up("log-a", "stock", "stock")
        before = {name: system.status(name) for name in ("query", "log-a")}
        history = souk_client.replay(system.context, souk_client.Node(
            "stock", *(system.endpoint("stock", kind) for kind in ("commands", "queries", "publish")),
            system.pairs["stock"][0]), ["stock"], "reader", keys=souk_client.Keys(*system.pairs["reader"]))["stock"]
        last, cursor = history.batches[-1][0], history.cursor
        forged = codec.encode_batch(last._replace(previous=cursor.hash, first=cursor.number + 1, commit=last.commit + 1,
                                                  causes=()))
        head = codec.encode_message(codec.Heads("stock", "stock", bytes(8), bytes(8), last.time, (
            ("stock", cursor.counter, cursor.bits, cursor.number + 5, b"f" * 32),)))
        system.daemons["payments"].kill()
        system.doors.pop(("payments", "queries", "test"), None)
        impostor = Impostor(system, "payments")
        asked = zmq.Poller()
        asked.register(impostor.sockets["queries"], zmq.POLLIN)

        def lie():
            """Until both have dropped something of it."""
            impostor.publish(b"payments\0", forged)
            impostor.publish(b"stock\0", forged)
            impostor.publish(b"\1", head)
            if dict(asked.poll(20)):
                *route, frame = impostor.sockets["queries"].recv_multipart()
                pull = msgpack.unpackb(frame)
                if pull[1] == 2:
                    answers = [[*place, 0, *place[1:5], *place[1:4]] for place in pull[5]]
                    impostor.sockets["queries"].send_multipart([*route, msgpack.packb(
                        [1, 3, pull[2], "payments", bytes(8), False, answers]), forged])
            return all(system.status(name).counters["malformed"] > before[name].counters["malformed"] for name in before)

        until("what is forged to be dropped", lie)
        for name, status in before.items():
            now = system.status(name).streams["stock"]
            assert (now.number, now.hash) == (cursor.number, cursor.hash), name
        impostor.close()
        assert system.command_taken("stock", "stock.receive", [1, 5], recorded=True).durability == 2
        system.caught_up("query", "stock", "stock")
        system.start("payments")
        system.live("payments")


# ---- every kind of message under every kind of key --------------------------

THIEVES = {"caller": ["call = stock", "    command = stock.receive"], "asker": ["query = stock"], "follower": ["follow = stock"],
           "boss": ["operator = yes"]}
VICTIMS = ("stock", "orders", "payments", "log-b")
STOLEN = ("orders", "payments", "log-a", *THIEVES, "stranger")
COMMANDS = [("stock.receive", [9, 1]), ("order.place", ["no order"]), ("payments.charge", []), ("no.such", []),
            ("souk.backup", ["stolen"]), ("souk.parked.retry", [1, "stock", 1, "x"]), ("souk.parked.discard", [1, "stock", 1, "x", "y"]),
            ("eventstore.backup", ["stolen"])]
QUERIES = [("rows.get", [0, 1]), ("no.such", []), ("souk.status", []), ("souk.digest", ["stock"]), ("souk.parked.list", []),
           ("souk.parked.event", [1]), ("souk.parked.settled", []), ("eventstore.statistics", []), ("eventstore.place", []),
           ("eventstore.find", [None, None, None, None, None, None, False, 9, None]), ("eventstore.event", ["orders.private", 1, 0]),
           ("eventstore.why", ["orders.private", 1, 0]), ("eventstore.verify", [None, None])]
LATER = 10                              # events of stock that one event store alone has
KEEP_MS = 1000                          # then what both event stores have is trimmed


class Rights:
    """What souk.topology(5) says that a key may, worked out from the lines that this test has written."""

    def __init__(self, system, who):
        self.system, self.who = system, who
        lines = [line.strip().split(" = ") for line in system.clients.get(who, ())]
        service = SERVICES.get(who, ((), (), ()))
        self.is_store = who in system.stores
        self.is_node = self.is_store or who in system.services
        self.is_operator = ["operator", "yes"] in lines
        self.calls = {node: None for node in service[2]}        # None: all its commands
        for word, value in lines:
            if word == "call":
                callee = value
                self.calls[callee] = None
            elif word == "command":
                self.calls[callee] = [*(self.calls[callee] or ()), value]
        self.queries = {value for word, value in lines if word == "query"}
        self.follows = {*service[1], *(value for word, value in lines if word == "follow")}
        self.writes = {stream.rstrip("*") for stream in service[0]}

    def replays(self, node):
        """The streams that it may have of that node."""
        every = [stream for name in self.system.services for stream in SERVICES[name][0]]
        held = every if node in self.system.stores else SERVICES[node][0]
        return {stream.rstrip("*") for stream in held if self.is_store or stream in self.follows
                or stream.rstrip("*") in self.writes or (self.is_operator and stream[-1] != "*")}

    def is_let_in(self, node):
        return bool(self.replays(node) or node in self.calls or node in self.queries or self.is_operator or self.is_store
                    or (self.is_node and node in self.system.stores))

    def hears(self, node):
        return bool(self.replays(node) or self.is_operator or (self.is_node and node in self.system.stores))

    def commands(self, node, command):
        if node in self.system.stores or command.startswith("souk."):
            return self.is_operator
        return node in self.calls and (self.calls[node] is None or command in self.calls[node])

    def asks(self, node, query):
        if query == "souk.status" and self.is_node:
            return True
        if query.startswith("souk.parked."):
            return self.is_operator
        if query == "eventstore.place" and node in self.system.stores and self.replays(node):
            return True
        if node in self.system.stores or query.startswith("souk."):
            return self.is_operator or node in self.queries
        return node in self.queries


class Thief:
    """Whoever has that key, at the doors of one node: says everything there is to say, and is told what it may be told."""

    def __init__(self, system, who, node):
        self.system, self.who, self.node, self.rights = system, who, node, Rights(system, who)
        keys = system.shown(node, who) if who in system.pairs else Keys(*zmq.curve_keypair(), system.pairs[node][0])
        self.doors = {kind: Door(system.context, system.endpoint(node, kind), who, keys) for kind in ("commands", "queries")}
        self.news = system.context.socket(zmq.SUB)
        self.news.linger = 0
        show_keys(self.news, keys)
        self.news.subscribe(b"")
        self.news.connect(system.endpoint(node, "publish"))
        self.is_let_in = self.rights.is_let_in(node)
        self.forbidden = self.malformed = 0         # what the node is to count of it
        self.taken = []                             # commands that were answered ok

    def push(self, kind, message):
        self.doors[kind].socket.send(codec.encode_message(message))

    def speak(self, forged):
        """`forged`: what is no request and no pull, in other names than the thief's. It goes first, so it has been looked at
        when the first reply comes."""
        for message in forged:
            for kind in self.doors:
                self.push(kind, message)
            self.malformed += self.is_let_in
        replays = self.rights.replays(self.node)
        asked = {}
        for stream in ("stock", "orders.private", "orders", "payments"):
            for asker in {self.who, "log-a", "orders"}:
                request = len(asked) + 1
                asked[request] = [stream] if asker == self.who and stream in replays else None
                self.push("queries", codec.Pull(request, asker, 1 << 20, ((stream, *codec.ZERO),)))
        may_pull, wanted = dict(asked), {}
        for kind, names, may in (("commands", COMMANDS, self.rights.commands), ("queries", QUERIES, self.rights.asks)):
            for name, payload in names:
                wanted[kind, self.doors[kind].send(kind == "queries", name, payload)] = name, may(self.node, name)
        if not self.is_let_in:
            return
        for (kind, request), (name, may) in wanted.items():
            reply = self.reply(kind, request, asked)
            assert (reply.status != "forbidden") == may, (self.who, self.node, name, reply)
            assert may or (reply.code == "forbidden" and not reply.body and not reply.cursors), reply
            self.forbidden += not may
            if kind == "commands":
                self.taken += [name] * (reply.status == "ok")
                self.malformed += reply.status == "unknown" and self.node in self.system.stores     # it counts these, too
        self.forbidden += sum(not may for may in may_pull.values())
        while any(asked.values()):
            self.reply("queries", None, asked)

    def reply(self, kind, request, asked):
        """The reply to it; answers to pulls that come before are looked at: only those that it may have."""
        door = self.doors[kind]
        while request not in door.answers:
            assert door.socket.poll(WAIT_SECONDS * 1000), (self.who, self.node, kind, asked)
            frames = door.socket.recv_multipart()
            message = codec.decode_message(frames[0])
            if isinstance(message, codec.Pulled):
                assert asked.get(message.request) == [entry.stream for entry in message.answers], (self.who, self.node, message)
                asked[message.request] = None
                if request is None:
                    return None
                continue
            door.answers[message.id] = message
        found = door.answers.pop(request)
        return Reply(found.word, *found[2:])

    def close(self):
        for door in self.doors.values():
            door.close()
        self.news.close()


def standing(system):
    """Of each service: whether it is live, in which epoch, and where its own streams are."""
    said = {name: system.status(name) for name in system.services}
    return {name: (status.state, status.epoch, status.epoch_bits, {
        stream: (place.number, place.hash) for stream, place in status.streams.items() if stream.split(".")[0] == name})
            for name, status in said.items()}


def counters(system, name, *which):
    said = system.status(name).counters
    return {one: said[one] for one in which}


def chain(system, stream):
    """Positions of the batches of a stream, as an event store has them."""
    node = souk_client.Node("log-b", *(system.endpoint("log-b", kind) for kind in ("commands", "queries", "publish")),
                            system.pairs["log-b"][0])
    history = souk_client.replay(system.context, node, [stream], "test", keys=souk_client.Keys(*system.pairs["test"]))[stream]
    return [batch.position for batch, _ in history.batches]


def acknowledgement(incarnation, position):
    return codec.Acknowledged("log-a", incarnation, 1 << 40, (("stock", *position, 0),))


def test_a_stolen_key_does_what_its_owner_could_and_no_more(build):
    """Under the key of a service, an event store, a client of each kind, and under one that nobody knows, every kind of message
    at the doors of services and of an event store. What may be is worked out from the topology; all else is forbidden or
    dropped, and counted, and changes nothing. At the end the owner's key says the same, which counts."""
    limits = ["recorded_by = 1", "limits", f"    retention_ms = {KEEP_MS}", f"    ids_window_ms = {KEEP_MS}", "    head_ms = 200"]
    with keyed(build, THIEVES, services=("orders", "stock", "payments"), stores=("log-b", "log-a"), system_lines=limits) as system:
        system.trim_after = "recorded_by 2"
        system.write_topology()
        system.start_all()
        assert system.command_taken("orders", "order.place", [1, 9, 1, 500, 1], recorded=True).status == "ok"
        assert system.command_taken("stock", "stock.receive", [9, 5], recorded=True).status == "ok"
        for store in system.stores:
            system.caught_up(store, "stock", "stock")
        incarnation = system.status("log-a").incarnation
        system.daemons["log-a"].kill()
        for _ in range(LATER):
            assert system.command_taken("stock", "stock.receive", [9, 1]).status == "ok"
        for name in system.services:
            for stream in SERVICES[name][0]:
                system.caught_up("log-b", name, stream.rstrip("*"))
        until("them to be old enough", lambda: (lambda status: status.now_ms - status.streams["stock"].time > KEEP_MS)(
            system.status("stock")))
        places = chain(system, "stock")
        before = standing(system)
        watched = {name: counters(system, name, "forbidden", "malformed", *(
            ("fences", "seals", "set_aside") if name == "log-b" else ("epochs_opened",))) for name in VICTIMS}
        strangers = {name: counters(system, name, "strangers")["strangers"] for name in VICTIMS}

        forged = {store: [acknowledgement(incarnation, places[-1])._replace(store=store),
                          *(codec.Fenced(store, name, 1 << 20) for name in system.services)] for store in system.stores}
        forged.update((name, [codec.Seal(7, name, 1 << 20, b"stolen..")]) for name in system.services)
        thieves = [Thief(system, who, node) for who in STOLEN for node in VICTIMS if who != node]
        for thief in thieves:
            thief.speak([message for name in forged if name != thief.who for message in forged[name]])
        taken = {node: [name for thief in thieves if thief.node == node for name in thief.taken] for node in VICTIMS}
        assert taken["stock"].count("stock.receive") == 1 and not taken["orders"].count("order.place"), taken
        for name, was in watched.items():
            mine = [thief for thief in thieves if thief.node == name]
            was["forbidden"] += sum(thief.forbidden for thief in mine)
            was["malformed"] += sum(thief.malformed for thief in mine)
            until(f"{was} at {name}", lambda name=name, was=was: counters(system, name, *was) == was)
            kept_out = sum(not thief.is_let_in for thief in mine)
            counted(system, name, "strangers", strangers[name] + 2 * kept_out)
            backups = os.path.join(system.path, "d", name, "data", "backups")
            assert (os.listdir(backups) if os.path.isdir(backups) else []) == ["stolen"] * sum(
                command.endswith(".backup") for command in taken[name]), (name, taken)
        after = standing(system)
        assert after["stock"][3]["stock"][0] == before["stock"][3]["stock"][0] + 1
        after["stock"][3]["stock"] = before["stock"][3]["stock"]
        assert after == before

        assert system.events_begin("stock", "stock") <= places[-LATER].number, "forged acknowledgements count"

        # What the key of an event store says of itself counts: of the last but one, so up to it all is trimmed, and no more.
        owner = next(thief for thief in thieves if (thief.who, thief.node) == ("log-a", "stock"))
        owner.push("commands", acknowledgement(incarnation, places[-2]))
        until("it to be trimmed", lambda: system.events_begin("stock", "stock") == places[-2].number + 1)

        # Nobody hears what he may not follow. What is private is published to nobody.
        assert system.command_taken("orders", "order.place", [2, 9, 1, 500, 1], recorded=True).status == "ok"
        for thief in thieves:
            heard_topics = set()
            if thief.rights.hears(thief.node):
                until("heads", lambda thief=thief, topics=heard_topics: thief.news.poll(0) and topics.add(
                    thief.news.recv_multipart()[0]) or b"\1" in topics)
            while thief.news.poll(0):
                heard_topics.add(thief.news.recv_multipart()[0])
            may_hear = {b"\1", *(stream.encode() + b"\0" for stream in thief.rights.replays(thief.node))}
            assert heard_topics <= (may_hear if thief.rights.hears(thief.node) else set()), (thief.who, thief.node, heard_topics)
            assert b"orders.private\0" not in heard_topics

        assert system.events_begin("stock", "stock") == places[-2].number + 1, "more is trimmed than was acknowledged"
        owner.push("commands", codec.Fenced("log-a", "stock", 1 << 20))
        system.daemons["stock"].says("state=fenced")
        thief = next(thief for thief in thieves if (thief.who, thief.node) == ("payments", "log-b"))
        thief.push("commands", codec.Seal(7, "payments", 1 << 20, b"stolen.."))
        until("its own seal to be granted", lambda: thief.doors["commands"].socket.poll(WAIT_SECONDS * 1000) and codec.decode_message(
            thief.doors["commands"].socket.recv_multipart()[0]).granted)
        for thief in thieves:
            assert not any(door.socket.poll(0) for door in thief.doors.values()), "something else was answered"
            thief.close()
