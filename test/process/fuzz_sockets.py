#!/usr/bin/python3
"""fuzz_sockets.py BUILD [SECONDS [SEED [ROUND]]] - speak the protocol to live daemons, a little wrong.

Messages that are valid where they are said, with fields exchanged, numbers at their bounds, names, epochs, hashes and
ids of others, arrays a value longer or shorter: at every door by a client's key and by those of two services, one of
which runs, and as the origin that its followers subscribe to. A round is ROUND_STEPS of them, chosen by the seed and
its number. After each the daemons live, answer others, and have the tables that they had. A build with sanitizers says
most. With ROUND that one round alone is run; what daemons draw themselves (epochs, hashes) differs from run to run."""
import collections
import os
import random
import sys
import time

import msgpack

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [path for path in (HERE, os.path.join(os.path.dirname(HERE), "client")) if path not in sys.path]

# pylint: disable=wrong-import-position
import souk_codec as codec              # noqa: E402
import zmq                              # noqa: E402
from system import WAIT_SECONDS, System, show_keys, until, whole_rights     # noqa: E402
from test_intruders import Impostor     # noqa: E402

SERVICES = ("stock", "reviews", "moderation", "payments", "query")      # the place of payments is a thief's
NODES = ("stock", "reviews", "moderation", "query", "log-a")
TARGETS = ("stock", "reviews", "query", "log-a")
KEYS = {"stock": ("reader", "query"), "reviews": ("reader", "query"), "query": ("reader",),
        "log-a": ("reader", "query", "payments")}
STREAMS = ("stock", "reviews", "reviews.internal", "moderation", "payments", "orders", "no.such")
QUERIES = ("rows.get", "rows.dump", "souk.status", "souk.digest", "souk.parked.list", "souk.parked.event",
           "souk.parked.settled", "eventstore.find", "eventstore.event", "eventstore.why", "eventstore.place",
           "eventstore.verify", "eventstore.statistics")
COMMANDS = ("review.submit", "review.edit", "stock.receive", "souk.parked.retry", "souk.parked.discard", "no.such")
SHOWN = ("malformed", "frames_malformed", "forbidden", "commands", "queries", "pulls_answered", "batches_foreign",
         "gaps", "voids", "events_applied", "commits", "rewound")       # counters of a daemon that are told in the end
ROUND_STEPS = 300
LAST = 40                               # messages that are shown when something breaks
POOL = 64                               # of each kind of value that was seen
BOUNDS = (0, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 4095, 4096, 4097, 2**16 - 1, 2**16, 2**31 - 1, 2**31,
          2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
LENGTHS = (0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 512, 513, 4096, 65536, 65537)
COUNTS = (0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 257, 4097)


class Pool:
    """Values that were seen in what daemons said, to be said again where they do not belong."""

    def __init__(self):
        self.values = collections.defaultdict(lambda: collections.deque(maxlen=POOL))

    def see(self, value):
        if isinstance(value, list):
            for part in value:
                self.see(part)
        elif isinstance(value, (bytes, str)):
            self.values[type(value), len(value)].append(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            self.values[int].append(value)

    def any_of(self, rng, *kinds):
        kinds = [kind for kind in kinds if self.values[kind]]
        return rng.choice(self.values[rng.choice(kinds)]) if kinds else None


class Mutator:
    """Trees of msgpack, changed in a place or two."""

    def __init__(self, rng, pool):
        self.rng = rng
        self.pool = pool

    def places(self, tree, found):
        """Every list and the index in it."""
        for index, value in enumerate(tree):
            found.append((tree, index))
            if isinstance(value, list):
                self.places(value, found)
        return found

    def mutate(self, tree):
        for _ in range(self.rng.choice((0, 0, 0, 1, 1, 1, 2, 3))):
            places = self.places(tree, [])
            if not places:
                break
            self.change(*self.rng.choice(places[1:] or places))
        return tree

    def change(self, array, index):
        rng, value = self.rng, array[index]
        which = rng.randrange(10)
        if which == 0:
            other = rng.randrange(len(array))
            array[index], array[other] = array[other], array[index]
        elif which == 1:
            del array[index]
        elif which == 2:
            array.insert(index, value)
        elif which == 3 and isinstance(value, list) and value:
            array[index] = [value[at % len(value)] for at in range(rng.choice(COUNTS))]
        elif which == 4:
            array[index] = rng.choice((None, True, False, [], [[]] * 3, -1, 1.5, "", b"", {}))
        else:
            array[index] = self.other(value)

    def other(self, value):
        """Of the same kind."""
        rng = self.rng
        if isinstance(value, bool):
            return not value
        if isinstance(value, int):
            seen = self.pool.any_of(rng, int)
            return rng.choice((rng.choice(BOUNDS), max(0, value - 1), min(value + 1, 2**64 - 1),
                               value if seen is None else seen))
        if isinstance(value, bytes):
            seen = self.pool.any_of(rng, (bytes, len(value)), (bytes, 8), (bytes, 32))
            return rng.choice((rng.randbytes(rng.choice(LENGTHS)), bytes(len(value)), rng.randbytes(len(value)),
                               value if seen is None else seen))
        if isinstance(value, str):
            seen = self.pool.any_of(rng, *(kind for kind in tuple(self.pool.values) if kind != int and kind[0] is str))
            return rng.choice((rng.choice(STREAMS), "x" * rng.choice(LENGTHS[:13]), "\u00fc\0\n",
                               value if seen is None else seen))
        return value

    def bytes_of(self, tree):
        """Packed; now and then broken behind that, too."""
        data = msgpack.packb(tree)
        if self.rng.randrange(12) == 0 and data:
            data = bytearray(data)
            data[self.rng.randrange(len(data))] = self.rng.randrange(256)
            data = bytes(data[:self.rng.randrange(1, len(data) + 1)])
        return data

    def batch(self, parts):
        """Of the values of a batch, under a hash that fits mostly."""
        if self.rng.randrange(4) == 0:
            self.mutate(parts)
        elif parts and isinstance(parts[0], list):
            self.mutate(parts[self.rng.randrange(len(parts))] if isinstance(parts[-1], list) else parts[0])
        data = b"".join(self.bytes_of(part) for part in parts)
        if self.rng.randrange(8) and len(data) > codec.HASH_AT + codec.HASH_BYTES:
            data = data[:codec.HASH_AT] + codec.batch_hash(data) + data[codec.HASH_AT + codec.HASH_BYTES:]
        return data


class Fuzzer:
    def __init__(self, system, seed):
        self.system, self.seed = system, seed
        self.pool = Pool()
        self.rng = random.Random(seed)
        self.mutator = None
        self.last = collections.deque(maxlen=LAST)
        self.steps = 0
        self.heard = collections.Counter()
        self.impostor = Impostor(system, "payments")
        self.doors = {}
        for name in TARGETS:
            for kind in ("commands", "queries"):
                for who in KEYS[name]:
                    self.doors[name, kind, who] = self.connected(zmq.DEALER, name, kind, who)
            self.doors[name, "publish", "reader"] = self.connected(zmq.XSUB, name, "publish", "reader")
        self.origin = {"cursor": codec.ZERO, "commit": 1, "bits": self.rng.randbytes(8), "sealed": 0}
        self.log = []                   # of the thief's own stream: the cursor before a batch, and its bytes

    def connected(self, socket_type, name, kind, who):
        door = self.system.context.socket(socket_type)
        door.linger, door.sndhwm = 0, 1000
        door.setsockopt(zmq.SNDTIMEO, 0)
        show_keys(door, self.system.shown(name, who))
        door.connect(self.system.endpoint(name, kind))
        return door

    # ---- valid messages

    def stream(self):
        return self.rng.choice(STREAMS)

    def place(self):
        """A position of a stream, mostly one that is."""
        status = self.positions.get(self.stream())
        if status is None or self.rng.randrange(4) == 0:
            return [0, bytes(8), 0, bytes(32)]
        return [status.epoch, status.bits, status.number, status.hash]

    def seen(self):
        return [[self.stream(), *self.place()[:3]] for _ in range(self.rng.randrange(3))]

    def request(self, query):
        rng = self.rng
        name = rng.choice(QUERIES if query else COMMANDS)
        payloads = {"rows.get": [rng.randrange(8), rng.randrange(9)], "rows.dump": [rng.randrange(9), rng.randrange(9)],
                    "souk.digest": [self.stream()], "souk.parked.event": [self.stream(), 1, 1],
                    "eventstore.find": [self.stream(), b"1", None, None, None, None, True, 10, None],
                    "eventstore.event": [self.stream(), 1, 0], "eventstore.why": [self.stream(), 1, 0],
                    "eventstore.place": [None, 1, b""], "eventstore.verify": [None, None],
                    "review.submit": [rng.randrange(50), 1, 3], "review.edit": [rng.randrange(50), 4],
                    "stock.receive": [1, 1], "souk.parked.retry": [self.stream(), 1, 1],
                    "souk.parked.discard": [self.stream(), 1, 1, "why"]}
        payload = self.mutator.bytes_of(self.mutator.mutate(payloads.get(name, [])))
        return [1, 8, rng.randbytes(16), query, name, 1, rng.choice((0, 5, 1000)), None, "reader",
                bool(rng.randrange(2)), self.seen(), b"", payload]

    def message(self, kind):
        rng = self.rng
        if kind == 1:
            place = self.origin["cursor"] if rng.randrange(4) else self.place()
            return [1, 1, "payments", "payments", bytes(8), bytes(8), 1, [["payments", *place]]]
        if kind == 2:
            return [1, 2, rng.randrange(9), rng.choice(("reader", "query", "payments")), 1 << rng.randrange(24),
                    [[stream, *self.place()] for stream in rng.sample(STREAMS, rng.randrange(1, 4))],
                    [[self.stream(), 1, bytes(8), 1]] * rng.randrange(2)]
        if kind == 3:
            place = self.place()
            return [1, 3, rng.randrange(9), "payments", bytes(8), bool(rng.randrange(2)),
                    [[self.stream(), *place, rng.randrange(5), *place, *place[:3]]]]
        if kind == 4:
            return [1, 4, "log-a", bytes(8), rng.choice(BOUNDS), [[self.stream(), *self.place(), rng.choice(BOUNDS)]]]
        if kind == 5:
            return [1, 5, rng.randrange(9), rng.choice(("payments", "stock")),
                    self.origin["cursor"].counter + rng.randrange(1, 3), rng.randbytes(8)]
        if kind == 6:
            return [1, 6, rng.randrange(9), "log-a", bytes(8), "payments", True, 7, [[self.stream(), *self.place()]]]
        if kind == 7:
            return [1, 7, "log-a", rng.choice(("payments", "stock")), rng.choice(BOUNDS[1:])]
        if kind == 9:
            return [1, 9, rng.randbytes(16), rng.randrange(13), 0, "", "", 0, self.seen(),
                    [["x", 1, "stock", 1, b"1", b"\x90"]]]
        if kind == 10:
            return [1, 10, rng.randrange(9), "payments", rng.choice(BOUNDS)]
        return self.request(kind == 8)

    def parts(self):
        """The next batch of the thief's own stream: an epoch record, or events."""
        cursor, rng, streams = self.origin["cursor"], self.rng, ("payments",)
        self.origin["commit"] += 1
        if cursor.counter < max(1, self.origin["sealed"]) or rng.randrange(10) == 0:
            counter = max(cursor.counter + 1, self.origin["sealed"])
            header = [1, 1, bytes(32), cursor.hash, "payments", counter, self.origin["bits"], cursor.number + 1, 0, 1,
                      self.origin["commit"], 0, 1, [], []]
            return [header, ["payments", 0, [[stream, *cursor] for stream in streams]]]
        count = rng.choice((1, 1, 2, 20))
        header = [1, 1, bytes(32), cursor.hash, "payments", cursor.counter, cursor.bits, cursor.number + 1, count, 1,
                  self.origin["commit"], 0, 1, [["stock", *self.place()[:3]]] if rng.randrange(4) == 0 else [],
                  ["payment.charged", "payment.refunded", "clerk", "payments.charge"]]
        return [header] + [[rng.randrange(2), b"%d" % rng.randrange(9), [0, 2, 3, rng.randbytes(16), rng.randbytes(8)],
                            None, 1, 0, 1, msgpack.packb([rng.randrange(9), 1])] for _ in range(count)]

    # ---- what is said

    def send(self, socket, *frames):
        self.last.append(frames)
        try:
            socket.send_multipart(frames)
        except zmq.Again:
            self.heard["full"] += 1

    def ask(self):
        """At a door, as a client or as the thief."""
        key = self.rng.choice([key for key in self.doors if key[1] != "publish"])
        kind = self.rng.choice((2, 2, 2, 8, 8, 8, 11, 11, 11, 1, 3, 4, 5, 6, 7, 9, 10))
        tree = self.mutator.mutate(self.message(kind))
        most = self.origin["cursor"].counter + 9
        if tree[1:2] == [5] and any(isinstance(value, int) and value > most for value in tree[4:]):
            return                      # granted, it would be the last that an event store hears of the thief's stream
        frame = self.mutator.bytes_of(tree)
        frames = self.rng.choice(([frame],) * 8 + ([b"", frame], [frame, frame], [b""] * 6 + [frame]))
        self.send(self.doors[key], *frames)

    def subscribe(self):
        topic = self.rng.choice((b"", b"\1", b"\1\0", *(stream.encode() + b"\0" for stream in STREAMS),
                                 self.rng.randbytes(self.rng.choice(LENGTHS[:14]))))
        key = self.rng.choice([key for key in self.doors if key[1] == "publish"])
        self.send(self.doors[key], self.rng.choice((b"\x00", b"\x01", b"\x02", b"")) + topic)

    def publish(self):
        """To those who follow payments; what is right moves the thief's own stream on."""
        which = self.rng.randrange(3)
        if which == 0:
            topic, frame = b"\1", self.mutator.bytes_of(self.mutator.mutate(self.message(1)))
        else:
            topic, frame = b"payments\0", self.mutator.batch(self.parts())
            self.believe(frame)
        if self.rng.randrange(12) == 0:
            topic = self.stream().encode() + b"\0"
        self.send(self.impostor.sockets["publish"], topic, *([frame] * self.rng.choice((1, 1, 1, 1, 0, 2))))

    def believe(self, frame):
        try:
            batch = codec.decode_batch(frame)
        except (codec.Refused, ValueError):
            return
        if batch.stream == "payments" and batch.extends(self.origin["cursor"]):
            self.log.append((self.origin["cursor"], frame))
            self.origin["cursor"] = batch.position

    def answer(self):
        """What the thief is asked, by those who follow his stream."""
        for kind in ("queries", "commands"):
            socket = self.impostor.sockets[kind]
            if not socket.poll(0):
                continue
            *route, frame = socket.recv_multipart()
            asked = msgpack.unpackb(frame, strict_map_key=False)
            self.heard[f"thief is asked {asked[1]}"] += 1
            self.pool.see(asked)
            tree = self.message(self.rng.choice((3, 3, 3, 3, 10, 6)))
            tree[2] = asked[2]
            batches = []
            if tree[1] == 3 and asked[1] == 2:
                tree[6] = [self.holds(place, batches) for place in asked[5]]
            if self.rng.randrange(3) == 0:
                tree = self.mutator.mutate(tree)
                batches += [self.mutator.batch(self.parts()) for _ in range(self.rng.randrange(3))]
            self.send(socket, *route, self.mutator.bytes_of(tree), *batches)

    def holds(self, place, batches):
        """What is true of a cursor of the thief's stream, with what follows on it; now and then not."""
        at = [index for index, (cursor, _) in enumerate(self.log) if [*cursor] == place[1:5]]
        head = [*self.origin["cursor"]]
        if at and self.rng.randrange(8):
            batches += [data for _, data in self.log[at[0]:at[0] + 20]]
            return [*place, 0, *head, 0, bytes(8), 0]
        verdict = 0 if place[1:5] == head else self.rng.choice((0,) * 10 + (codec.VOID,) * 10 + (codec.UNKNOWN,) * 10
                                                               + (codec.TRIMMED, codec.BEGINS))
        common = self.rng.choice(self.log)[0][:3] if verdict == codec.VOID and self.log else (0, bytes(8), 0)
        return [*place, verdict, *head, *common]

    def listen(self):
        """What came back, so that it can be said where it does not belong."""
        for (name, kind, _), door in self.doors.items():
            while door.poll(0):
                first = door.recv_multipart()[0 if kind != "publish" else -1]
                try:
                    tree = msgpack.unpackb(first, strict_map_key=False)
                except (ValueError, msgpack.exceptions.UnpackException):
                    continue
                if isinstance(tree, list):
                    self.pool.see(tree)
                    if tree[1] == 6:
                        self.origin["sealed"] = max(self.origin["sealed"], tree[7])
                    if kind != "publish" and len(tree) > 3:
                        word = codec.STATUSES[tree[3]] if tree[1] == 9 else tree[1]
                        self.heard[f"{name} {word}"] += 1

    # ---- rounds

    def run(self, seconds, only):
        end, number = time.monotonic() + seconds, only or 0
        while number == (only or 0) or (only is None and time.monotonic() < end):
            try:
                self.round(number)
            except BaseException:
                print(f"# once more: fuzz_sockets.py BUILD 1 {self.seed} {number}; the last messages:")
                print("".join(f"#   {[frame[:300] for frame in frames]}\n" for frames in self.last), end="")
                raise
            number += 1
        return number

    def round(self, number):
        system = self.system
        self.rng = random.Random(f"{self.seed}/{number}")
        self.mutator = Mutator(self.rng, self.pool)
        self.positions = system.status("log-a").streams
        before = {name: system.digest(name, "stock").digest for name in ("stock", "query")}
        for _ in range(ROUND_STEPS):
            self.rng.choice((self.ask,) * 6 + (self.publish,) * 4 + (self.subscribe, self.answer))()
            self.steps += 1
        self.answer()
        self.listen()
        for name in NODES:
            assert system.daemons[name].process.poll() is None, f"{name} has ended"
            system.status(name)
        assert {name: system.digest(name, "stock").digest for name in before} == before, "tables have changed"
        if number % 4 == 0:
            reply = system.command_taken("stock", "stock.receive", [number % 5, 1])
            assert reply.status == "ok", reply
            assert system.row("query", 1, number % 5, seen=reply.cursors) is not None


def fuzz(build, seconds, seed, only=None):
    """Rounds for so long, or one; lines that tell what was said."""
    clients = {"test": whole_rights(SERVICES), "reader": ["call = reviews", *(f"query = {name}" for name in SERVICES),
                                                          "follow = stock", "follow = reviews", "operator = yes"]}
    limits = ["limits", "    head_ms = 50", "    pull_timeout_ms = 50", "    pull_idle_ms = 200", "    hold_ms = 100"]
    lines = {name: list(limits) for name in NODES}
    with System(build, services=SERVICES, clients=clients, service_lines=lines) as system:
        for name in NODES:
            system.start(name)
        for name in NODES:
            system.live(name)
        system.command_taken("stock", "stock.receive", [1, 1], recorded=True)
        system.caught_up("query", "stock", "stock")
        fuzzer = Fuzzer(system, seed)
        try:
            rounds = fuzzer.run(seconds, only)
        finally:
            fuzzer.impostor.close()
        system.caught_up("query", "stock", "stock")
        system.caught_up("log-a", "stock", "stock")
        for stream, owner in (("stock", "stock"), ("reviews", "reviews")):
            until("all of it to be recorded", lambda stream=stream, owner=owner:
                  system.events(owner, stream) == system.events("log-a", stream))
        counters = {name: system.status(name).counters for name in NODES}
        thief = {name: system.status(name).streams["payments"].number for name in ("query", "log-a")}
        for name in NODES:
            assert system.daemons[name].stop(2 * WAIT_SECONDS) == 0, system.daemons[name].log()[-2000:]
    told = [f"seed {seed}: {fuzzer.steps} messages in {rounds} rounds",
            ", ".join(f"{what} {count}" for what, count in sorted(fuzzer.heard.items())),
            f"of the thief's {fuzzer.origin['cursor'].number} events: {thief}"]
    for name, of in counters.items():
        told.append(f"{name}: " + ", ".join(f"{what} {count}" for what, count in of.items() if count and what in SHOWN))
    return told


def main():
    build, seconds, seed, only = (sys.argv[1:] + ["60", str(int(time.time())), ""][len(sys.argv) - 2:])[:4]
    print("\n".join(fuzz(build, float(seconds), int(seed), int(only) if only else None)), flush=True)


if __name__ == "__main__":
    main()
