"""A whole system of real daemons on ipc endpoints in a directory of its own, and a client that speaks doc/protocol.md.

Nothing here sleeps for a time: it waits for an answer, a line of a log, the end of a process, each with a bound.
"""
import collections
import contextlib
import hashlib
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import typing
import uuid

import msgpack
import zmq

WAIT_SECONDS = 30                       # for anything; a machine under load is slow
LOOK_MS = 20                            # between two looks at something that is asked for again and again

STATUSES = ("ok refused pending busy key_reused lost invalid unknown internal full expired unsupported forbidden").split()
SERVICES = {
    "orders": (["orders", "orders.private*"], ["stock", "payments"], ["payments"]),
    "stock": (["stock"], ["orders"], []),
    "payments": (["payments"], ["orders"], []),
    "reviews": (["reviews", "reviews.internal"], ["moderation"], []),
    "moderation": (["moderation"], ["reviews.internal"], []),
    "query": ([], ["orders", "stock", "payments", "reviews", "moderation"], []),
    "vault": (["vault"], [], []),
    "letters": (["letters"], [], []),
    "reader": ([], ["letters"], []),
    "lodge": (["lodge", "lodge.private*"], [], []),
}

DESK = ("letters", "reader")
SHOP = ("orders", "stock", "payments", "reviews", "moderation", "query")

Reply = collections.namedtuple("Reply", "status durability code text retry_after_ms cursors body")
Stream = collections.namedtuple("Stream", "name origin epoch bits number hash lag queued_bytes time behind_since"
                                " waits_stream waits_epoch waits_number waits_since"
                                " begins hole_accepted")
Digest = collections.namedtuple("Digest", "stream epoch bits number hash digest")


class Late(Exception):
    """Something did not happen in time."""


class Skipped(Exception):
    """It cannot be run here, and why."""


def skip_if_sanitized(why):
    if "ASAN_OPTIONS" in os.environ or "TSAN_OPTIONS" in os.environ:
        raise Skipped(why)


def until(what, look, seconds=WAIT_SECONDS):
    """Look until it gives something true, and give that."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise Late(f"waited {seconds} s for: {what}")
        select.select([], [], [], LOOK_MS / 1000)


class Status:
    """The payload of a reply to souk.status, by name."""

    FIELDS = ("name is_store state epoch epoch_bits incarnation commit fingerprint started_ms now_ms memory_bytes"
              " store_bytes_used store_bytes_max parked waiting_for restart_needed streams counters version libraries pid"
              " descriptors_max").split()

    def __init__(self, payload):
        values = msgpack.unpackb(payload, use_list=True)
        assert len(values) == len(self.FIELDS), values
        for name, value in zip(self.FIELDS, values):
            setattr(self, name, value)
        self.streams = {stream[0]: Stream(*stream) for stream in self.streams}
        self.counters = dict(self.counters)


class Keys(typing.NamedTuple):
    """What a connection shows, and the public key that it wants to be shown."""

    public: bytes
    secret: bytes
    door: bytes


def show_keys(connection, keys):
    """Before a socket is connected. None: in clear."""
    if keys is not None:
        connection.curve_publickey, connection.curve_secretkey, connection.curve_serverkey = keys


class Door:
    """A client's connection to one door of a node."""

    def __init__(self, context, endpoint, caller="test", keys=None):
        self.socket = context.socket(zmq.DEALER)
        self.socket.linger = 0
        self.socket.ipv6 = "[" in endpoint
        show_keys(self.socket, keys)
        self.socket.connect(endpoint)
        self.caller = caller
        self.answers = {}

    def send(self, query, name, payload, seen=(), recorded=False, deadline_ms=0, command_id=None,
             pass_bytes=b""):
        """Send a request and give its id."""
        command_id = command_id or uuid.uuid4().bytes
        self.socket.send(msgpack.packb([
            1, 8, command_id, query, name, 1, deadline_ms, None, self.caller, recorded, [list(place) for place in seen],
            pass_bytes, payload if isinstance(payload, bytes) else msgpack.packb(payload)]))
        return command_id

    def receive(self, seconds=WAIT_SECONDS):
        """The next reply that comes: its id and itself. None: none came."""
        if not self.socket.poll(seconds * 1000):
            return None
        frame = msgpack.unpackb(self.socket.recv_multipart()[-1], use_list=True)
        assert frame[:2] == [1, 9], frame
        return frame[2], Reply(STATUSES[frame[3]], *frame[4:8], [tuple(place) for place in frame[8]], frame[9])

    def answer(self, command_id, seconds=WAIT_SECONDS):
        """The reply to that request; other requests' replies are kept for them."""
        end = time.monotonic() + seconds
        while command_id not in self.answers:
            got = self.receive(max(0, end - time.monotonic()))
            if got is None:
                raise Late(f"no reply within {seconds} s")
            self.answers[got[0]] = got[1]
        return self.answers.pop(command_id)

    def ask(self, *args, **kwargs):
        return self.answer(self.send(*args, **kwargs))

    def close(self):
        self.socket.close()


class Load(threading.Thread):
    """Commands, `window` at once, each under one id until it is taken; in a thread with sockets of its own."""

    def __init__(self, system, name, command, payloads, window=32, again_seconds=1.0, recorded=False):
        super().__init__(daemon=True)
        self.endpoint = system.endpoint(name, "commands")
        self.keys = system.shown(name)
        self.context = system.context
        self.command, self.payloads, self.window = command, payloads, window
        self.again_seconds = again_seconds  # without a reply it is sent again
        self.recorded = recorded        # what durability is asked for
        self.caller = f"load-{id(self)}"
        self.ends = threading.Event()
        self.taken = {}                 # id -> reply
        self.payload_of = {}            # id -> payload, of all that were sent
        self.refused = {}
        self.late = 0.0                 # the longest that a reply took
        self.failure = None
        self.start()

    def run(self):
        door = Door(self.context, self.endpoint, self.caller, self.keys)
        waiting = {}                    # id -> payload, first sent, last sent
        try:
            while waiting or not self.ends.is_set():
                now = time.monotonic()
                while len(waiting) < self.window and not self.ends.is_set():
                    payload = next(self.payloads, None)
                    if payload is None:
                        self.ends.set()
                        break
                    command_id = door.send(False, self.command, payload, recorded=self.recorded)
                    waiting[command_id] = [payload, now, now]
                    self.payload_of[command_id] = payload
                got = door.receive(0.05)
                now = time.monotonic()
                while got is not None:
                    command_id, reply = got
                    if command_id in waiting and reply.status in ("ok", "refused"):
                        self.late = max(self.late, now - waiting.pop(command_id)[1])
                        (self.taken if reply.status == "ok" else self.refused)[command_id] = reply
                    elif command_id in waiting and reply.status not in ("busy", "pending", "expired", "full"):
                        raise AssertionError(reply)
                    got = door.receive(0)
                for command_id, at in waiting.items():
                    if now - at[2] > self.again_seconds:
                        door.send(False, self.command, at[0], command_id=command_id, recorded=self.recorded)
                        at[2] = now
        except BaseException as failure:        # pylint: disable=broad-except
            self.failure = failure
        finally:
            door.close()

    def end(self):
        """No new ones; wait until all that were sent are taken, and give these."""
        self.ends.set()
        return self.finish()

    def finish(self, seconds=4 * WAIT_SECONDS):
        """Wait until all are taken that there are."""
        self.join(seconds)
        if self.failure is not None:
            raise self.failure
        if self.is_alive():
            raise Late(f"{self.command}: some are not taken after {seconds} s")
        return self.taken


class Daemon:
    """One process and what it says."""

    def __init__(self, system, name, arguments, log_path, variables):
        self.system = system
        self.name = name
        self.log_path = log_path
        with open(log_path, "ab") as log:
            self.log_from = log.tell()
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=system.path, env={**os.environ, **variables})

    def log(self):
        with open(self.log_path, "rb") as log:
            log.seek(self.log_from)
            return log.read().decode("utf-8", "replace")

    def says(self, words, seconds=WAIT_SECONDS):
        """Wait for a line with these words in it, and give it."""
        def look():
            for line in self.log().splitlines():
                if words in line:
                    return line
            if self.process.poll() is not None:
                raise Late(f"{self.name} ended with {self.process.returncode} and never said `{words}`:\n{self.log()}")
            return None
        return until(f"{self.name} to say `{words}`", look, seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=WAIT_SECONDS):
        """SIGTERM; its exit status."""
        self.process.terminate()
        return self.process.wait(seconds)


def whole_rights(services):
    """Lines of a client that may do all that a client may."""
    return ["operator = yes", *(f"{what} = {name}" for what in ("call", "query") for name in services)]


class System:
    """Services and event stores in a temporary directory."""

    def __init__(self, build, services=SHOP, stores=("log-a",), system_lines=(), service_lines=None, wrap=(),
                 clients=None, apart=False):
        self.build = os.path.abspath(build)
        self.path = tempfile.mkdtemp(prefix="souk-process-")
        self.witness = tempfile.mkdtemp(prefix="souk-process-", dir="/dev/shm")
        # Apart from the data: sandboxes hide what is others' then, as doc/security.md says.
        self.topology = os.path.join(self.path, "conf/system.zpl" if apart else "system.zpl")
        os.makedirs(os.path.dirname(self.topology), exist_ok=True)
        self.context = zmq.Context()
        self.services = list(services)
        self.stores = list(stores)
        self.system_lines = list(system_lines)
        self.service_lines = service_lines or {}
        self.wrap = list(wrap)
        self.daemons = {}
        self.doors = {}
        self.tcp = {}                   # (node, kind of door) -> endpoint
        self.trim_after = "recorded"
        self.clients = clients or {}    # with any, everybody has a key; name -> lines of the topology
        self.pairs = {}                 # name -> public and secret key
        for owner in self.clients and [*self.services, *self.stores, *self.clients]:
            self.make_key(owner)
        self.write_topology()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        logs = {name: daemon.log() for name, daemon in self.daemons.items()} if kind is not None else {}
        for daemon in self.daemons.values():
            if daemon.process.poll() is None:
                daemon.signal(signal.SIGCONT)
                daemon.kill()
        for door in self.doors.values():
            door.close()
        self.context.destroy(linger=0)
        for name, log in logs.items():
            print("".join(f"#   {name}: {line}\n" for line in log.splitlines()[-12:]), end="")
        found = self.sanitizers_found()
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)
        assert not found, found

    def sanitizers_found(self):
        """What sanitizers have said in the logs: a process that was killed has no exit status to say it."""
        found = ""
        for daemon in self.daemons.values():
            with open(daemon.log_path, encoding="utf-8", errors="replace") as log:
                text = log.read()
            at = [text.index(words) for words in ("Sanitizer", "runtime error:") if words in text]
            found += f"{daemon.name}: {text[max(0, min(at) - 200):min(at) + 4000]}\n" if at else ""
        return found

    def make_key(self, owner, which=""):
        """As souk keys make, and rotate, would."""
        self.pairs[owner] = zmq.curve_keypair()
        directory = os.path.join(self.path, "process.keys")
        os.makedirs(directory, mode=0o700, exist_ok=True)
        path = os.path.join(directory, f"{owner}{which}.key")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(self.pairs[owner][1] + b"\n")

    def key_line(self, owner, word="key"):
        return [f'    {word} = "{self.pairs[owner][0].decode()}"'] if owner in self.pairs else []

    def shown(self, node, who="test"):
        """What `who` shows to a node."""
        return Keys(*self.pairs[who], self.pairs[node][0]) if self.pairs else None

    def write_topology(self):
        own = {stream.rstrip("*") for name in self.services for stream in SERVICES[name][0]}
        lines = ["system = process", f"    run = {self.path}/r", f"    data = {self.path}/d",
                 f"    keys = {self.path}/process.keys", f"    witness = {self.witness}",
                 f"    trim_after = {self.trim_after}", *(f"    {line}" for line in self.system_lines)]
        def extras(name):
            return [f"    {extra}" for extra in self.service_lines.get(name, ())]
        lines += [line for name in self.stores for line in
                  (f"event_store = {name}", *self.key_line(name), *extras(name))]
        for name in self.services:
            streams, follows, calls = SERVICES[name]
            lines += [f"service = {name}", f"    program = {name}", *self.key_line(name)]
            for stream in streams:
                lines += [f"    stream = {stream.rstrip('*')}"] + (["        private = yes"] if stream[-1] == "*" else [])
            lines += [f"    follow = {stream}" for stream in follows if stream in own]
            lines += [f"    call = {callee}" for callee in calls if callee in self.services]
            lines += extras(name)
        for name, rights in self.clients.items():
            lines += [f"client = {name}", *self.key_line(name), *(f"    {right}" for right in rights)]
        with open(self.topology, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    # ---- processes

    def start(self, name, *options, **variables):
        """Start a node, with more variables in its environment; it may not be ready yet."""
        program = ([f"{self.build}/souk-eventstore", name] if name in self.stores
                   else [f"{self.build}/test/process/{name}"] if name in ("vault", "lodge")
                   else [f"{self.build}/test/process/{'desk' if name in DESK else 'service'}", name])
        self.daemons[name] = Daemon(self, name, [*self.wrap, *program, "--topology", self.topology, *options],
                                    os.path.join(self.path, f"{name}.log"), variables)
        return self.daemons[name]

    def start_all(self):
        for name in self.stores + self.services:
            self.start(name)
        for name in self.stores + self.services:
            self.live(name)

    def live(self, name):
        """Wait until it takes commands."""
        return self.daemons[name].says("event=state state=live")

    def souk(self, *arguments, status=0, given=None):
        """What the command has written, when it ends with this status."""
        ended = subprocess.run([f"{self.build}/souk", *arguments], input=given, capture_output=True, encoding="utf-8",
                               cwd=self.path, timeout=4 * WAIT_SECONDS, check=False,
                               env={**os.environ, "LC_ALL": "C", "SOUK_TOPOLOGY": self.topology})
        assert ended.returncode == status, (arguments, ended)
        return ended.stdout if status == 0 else ended.stdout + ended.stderr

    def souk_json(self, *arguments, **options):
        return [json.loads(line) for line in self.souk(*arguments, "--json", **options).splitlines()]

    # ---- talking

    def door(self, name, kind, who="test"):
        key = name, kind, who
        if key not in self.doors:
            self.doors[key] = Door(self.context, self.endpoint(name, kind), who, self.shown(name, who))
        return self.doors[key]

    def listen_on_tcp(self, address="127.0.0.1"):
        """On ports that were free just now; before anything is started."""
        places = [(name, kind) for name in self.stores + self.services for kind in ("commands", "queries", "publish")]
        with contextlib.ExitStack() as stack:
            free = [stack.enter_context(socket.create_server((address.strip("[]"), 0), family=socket.AF_INET6
                                                             if address[0] == "[" else socket.AF_INET))
                    for _ in places]
            for (name, kind), server in zip(places, free):
                self.tcp[name, kind] = f"tcp://{address}:{server.getsockname()[1]}"
                self.service_lines.setdefault(name, []).append(f"{kind} = {self.tcp[name, kind]}")
        self.write_topology()

    def endpoint(self, name, kind):
        if self.tcp:
            return self.tcp[name, kind]
        return f"ipc://{self.path}/r/{name}.{kind}"

    def command(self, name, command, payload, **options):
        return self.door(name, "commands").ask(False, command, payload, **options)

    def command_taken(self, name, command, payload, **options):
        """The same under one id until it is neither busy nor pending."""
        options.setdefault("command_id", uuid.uuid4().bytes)

        def look():
            reply = self.command(name, command, payload, **options)
            return None if reply.status in ("busy", "pending") else reply
        return until(f"{name} to take {command}", look)

    def query(self, name, query, payload, **options):
        return self.door(name, "queries").ask(True, query, payload, **options)

    def row(self, name, table, key, **options):
        """The fields of a row, None when it is not there."""
        reply = self.query(name, "rows.get", [table, key], **options)
        assert reply.status == "ok", reply
        found, *fields = msgpack.unpackb(reply.body[0][5])
        return fields if found else None

    def status(self, name):
        reply = self.query(name, "souk.status", [])
        assert reply.status == "ok", reply
        return Status(reply.body[0][5])

    def digest(self, name, stream):
        reply = self.query(name, "souk.digest", [stream])
        assert reply.status == "ok", reply
        return Digest(*msgpack.unpackb(reply.body[0][5]))

    def digests(self, name):
        """Of all streams of a service and of its index tables, by stream."""
        return {stream: self.digest(name, stream) for stream in [*self.status(name).streams, ""]}

    def more(self, count, least):
        """Wait until count() is at least that."""
        return until(f"a count of {least}, and it is {count()}", lambda: count() >= least)

    def wipe(self, name):
        """Its store, not its witness."""
        shutil.rmtree(os.path.join(self.path, "d", name, "data"))

    def events(self, holder, stream, asker="test", behind=None):
        """All events of a stream, or those behind a position, by pulls: [number, type, key, cause, payload]; the chain is
        checked."""
        door, events, request = self.door(holder, "queries"), [], 0
        cursor = behind or [0, bytes(8), 0, bytes(32)]
        while True:
            request += 1
            door.socket.send(msgpack.packb([1, 2, request, asker, 1 << 20, [[stream, *cursor]], []]))
            if not door.socket.poll(WAIT_SECONDS * 1000):
                raise Late(f"{holder} answers no pull")
            frames = door.socket.recv_multipart()
            answer = msgpack.unpackb(frames[0])
            assert answer[:3] == [1, 3, request] and answer[6][0][5] == 0, answer
            for frame in frames[1:]:
                unpacker = msgpack.Unpacker(use_list=True)
                unpacker.feed(frame)
                header, *body = unpacker
                own_hash = hashlib.blake2b(frame[:5] + frame[37:], digest_size=32).digest()
                assert header[2] == own_hash and header[3] == cursor[3], "the chain is broken"
                assert header[7] == cursor[2] + 1, "the numbers have a hole"
                if header[8] != 0:
                    for offset, event in enumerate(body):
                        events.append([header[7] + offset, header[14][event[0]], event[1], event[2], event[7]])
                cursor = [header[5], header[6], header[7] + header[8] - 1, own_hash]
            if not answer[5]:
                return events

    def events_begin(self, holder, stream):
        """The first number that it still gives, at most 100,000, found by asking who stands there; the chain is the event store's."""
        door, cursor, request = self.door(holder, "queries"), [0, bytes(8), 0, bytes(32)], 0
        chain = [cursor]
        source = self.door(self.stores[0], "queries")
        while True:
            request += 1
            source.socket.send(msgpack.packb([1, 2, request, "test", 1 << 20, [[stream, *chain[-1]]], []]))
            assert source.socket.poll(WAIT_SECONDS * 1000)
            answer, *frames = source.socket.recv_multipart()
            for frame in frames:
                unpacker = msgpack.Unpacker(use_list=True)
                unpacker.feed(frame)
                header = unpacker.unpack()
                chain.append([header[5], header[6], header[7] + header[8] - 1, header[2]])
            if not msgpack.unpackb(answer)[5]:
                break
        first, last = 0, len(chain) - 1
        while first < last:                 # the first place of the chain behind which it gives anything
            middle = (first + last) // 2
            request += 1
            door.socket.send(msgpack.packb([1, 2, request, "test", 1, [[stream, *chain[middle]]], []]))
            assert door.socket.poll(WAIT_SECONDS * 1000)
            verdict = msgpack.unpackb(door.socket.recv_multipart()[0])[6][0][5]
            if verdict == 1:
                first = middle + 1
            else:
                last = middle
        return chain[first][2] + 1

    def caught_up(self, name, writer, stream):
        """Wait until `name` stands where the writer of a stream does."""
        def look():
            head, cursor = self.status(writer).streams[stream], self.status(name).streams[stream]
            return (head.number, head.hash) == (cursor.number, cursor.hash)
        return until(f"{name} to be where {writer} is in {stream}", look)
