"""An origin in Python, recorded by a real event store: what this side's writer makes is what souk's readers take."""
import os
import pathlib
import shutil
import sys
import tempfile
import time

import zmq

import souk_client as client
import souk_codec as codec
import system

TOPOLOGY = """system = made
    run = r
    data = d
    witness = {witness}
    limits
        pull_timeout_ms = 100
        pull_idle_ms = 100
        head_ms = 100
event_store = es1
service = maker
    program = maker
    stream = made
    stream = made.more
service = other
    program = other
    stream = others
"""
STREAMS = ("made", "made.more")
EPOCH = (1, b"\x01\x02\x03\x04\x05\x06\x07\x08")
COMMAND_EVENT = codec.Event(0, b"key", (codec.COMMAND, 1, bytes(16), bytes(8)), None, 0, 0, 1, b"\x90")
OTHERS_EVENT = COMMAND_EVENT._replace(cause=(codec.EVENT, 1, 1, bytes(8), 1, 0), correlation=bytes(16), depth=1)
HEARD_MAX = 1_000


class Writer:
    """The sockets of a service whose run directory is `path`/r, its streams, and what event stores have acknowledged."""

    def __init__(self, context, path, name, streams):
        self.context, self.path, self.name, self.streams = context, path, name, streams
        self.sockets = {door: self._bind(kind, door) for door, kind in (
            ("publish", zmq.XPUB), ("commands", zmq.ROUTER), ("queries", zmq.ROUTER))}
        self.others = []                # sockets that it hears, too
        self.histories = {stream: client.History(stream) for stream in streams}
        self.offered = None             # a batch behind these that is told of like them, (batch, bytes)
        self.commit = 0
        self.acknowledged = {}          # stream -> position
        self.heard = []

    def close(self):
        for socket in self.sockets.values():
            socket.close()

    def _bind(self, kind, door):
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.maxmsgsize = codec.FRAME_BYTES_MAX
        socket.bind(f"ipc://{self.path}/r/{self.name}.{door}")
        return socket

    # ---- writing

    def write(self, *batches):
        """Batches of one commit become history."""
        for batch in batches:
            data = codec.encode_batch(batch)
            self.histories[batch.stream].append(codec.decode_batch(data), data)
        self.commit = batches[-1].commit

    def open(self, epoch=EPOCH, reason=0):
        parents = tuple((stream, *self.histories[stream].cursor) for stream in self.streams)
        self.write(*(self.batch(stream, count=0, names=(), events=(), record=codec.Record(self.name, reason, parents),
                                place=place, places=len(self.streams), epoch_counter=epoch[0], epoch_bits=epoch[1])
                     for place, stream in enumerate(self.streams)))

    def batch(self, stream, **changed):
        """The next one of a stream, of one event that a command caused unless it is said otherwise."""
        cursor = self.histories[stream].cursor
        epoch = cursor.epoch if cursor.counter else EPOCH
        return codec.Batch(
            codec.VERSION, codec.ALGORITHM_BLAKE2B_256, codec.NO_HASH, cursor.hash, stream, *epoch, cursor.number + 1,
            1, int(time.time() * 1000), self.commit + 1, 0, 1, (), ("happened", "somebody"),
            (COMMAND_EVENT,))._replace(**changed)

    # ---- serving

    def tell(self):
        heads = {stream: history.cursor for stream, history in self.histories.items()}
        if self.offered is not None:
            heads[self.offered[0].stream] = self.offered[0].position
        self.sockets["publish"].send_multipart([b"\x01", codec.encode_message(codec.Heads(
            self.name, self.name, bytes(8), bytes(8), int(time.time() * 1000), tuple((s, *heads[s]) for s in self.streams)))])

    def publish(self, batch, data):
        self.sockets["publish"].send_multipart([batch.stream.encode() + b"\0", data])

    def serve(self, look, seconds=system.WAIT_SECONDS):
        """Answer pulls and hear acknowledgements until look() is true; false: it is not, after that time."""
        end = time.monotonic() + seconds
        while not look():
            left = end - time.monotonic()
            if left <= 0:
                return False
            for socket in zmq.select([*self.sockets.values(), *self.others], [], [], left)[0]:
                for frames in client.messages(socket):
                    assert frames is not None and len(self.heard) < HEARD_MAX
                    self._take(socket, frames)
        return True

    def _take(self, socket, frames):
        if socket is self.sockets["publish"]:
            self.heard.append(frames)
            return
        message = codec.decode_message(frames[-1])      # whatever the event store says has to be well formed
        self.heard.append(message)
        if isinstance(message, codec.Pull):
            self.sockets["queries"].send_multipart([*frames[:-1], *self._answer(message)])
        elif isinstance(message, codec.Acknowledged):
            self.acknowledged.update({stream: codec.Position(*position) for stream, *position, _ in message.acks})

    def _answer(self, pull):
        entries, behind = [], []
        for stream, *cursor in pull.cursors:
            if stream in self.histories:
                held = self.histories[stream].batches + [self.offered] * (
                    self.offered is not None and self.offered[0].stream == stream)
                positions = [codec.ZERO, *(batch.position for batch, _ in held)]
                known = codec.Position(*cursor) in positions
                entries.append(codec.Answer(stream, codec.Position(*cursor), codec.NEXT if known else codec.UNKNOWN,
                                            positions[-1], codec.ZERO[:3]))
                behind += held[positions.index(codec.Position(*cursor)):] if known else []
        behind.sort(key=lambda one: (one[0].epoch_counter, one[0].commit, one[0].place))
        return [codec.encode_message(codec.Pulled(pull.request, self.name, bytes(8), False, tuple(entries))),
                *(data for _, data in behind)]

    def recorded(self, seconds=system.WAIT_SECONDS):
        """Whether all is acknowledged, by the very hash, after some time."""
        return self.serve(lambda: all(
            self.acknowledged.get(stream) == history.cursor for stream, history in self.histories.items()), seconds)


class Origin(Writer):
    """`maker`, and an event store, which it starts, that records it."""

    def __init__(self, build):
        path = tempfile.mkdtemp(prefix="souk-client-")
        os.mkdir(os.path.join(path, "r"))
        super().__init__(zmq.Context(), path, "maker", STREAMS)
        self.witness = tempfile.mkdtemp(prefix="souk-client-", dir="/dev/shm")
        self.program = f"{os.path.abspath(build)}/souk-eventstore"
        self.topology = os.path.join(self.path, "made.zpl")
        pathlib.Path(self.topology).write_text(TOPOLOGY.format(witness=self.witness), encoding="utf-8")
        self.store = None
        self.to_store = client.connect(self.context, zmq.DEALER, f"ipc://{self.path}/r/es1.commands")
        self.others.append(self.to_store)

    def __enter__(self):
        try:
            self.store = system.Daemon(self, "es1", [self.program, "es1", "--topology", self.topology],
                                       os.path.join(self.path, "es1.log"), {})
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind, value, trace):
        code, log = None, ""
        try:
            if self.store is not None:
                code, log = self.stop()
        finally:
            self.clear(log if kind is not None else "")
        assert kind is not None or (code == 0 and "Sanitizer" not in log), f"es1 ended with {code}:\n{log}"

    def stop(self):
        """Its exit status, and what it has said."""
        try:
            return self.store.stop(), self.store.log()
        finally:
            self.store.kill()

    def clear(self, log):
        print("".join(f"#   {line}\n" for line in log.splitlines()[-12:]), end="")
        self.context.destroy(linger=0)
        shutil.rmtree(self.path, ignore_errors=True)
        shutil.rmtree(self.witness, ignore_errors=True)

    def ask(self, message):
        """What the event store answers to a message at its commands door."""
        heard = len(self.heard)
        self.to_store.send(codec.encode_message(message))
        assert self.serve(lambda: any(isinstance(one, codec.Sealed) for one in self.heard[heard:])), "no answer"
        return [one for one in self.heard[heard:] if isinstance(one, codec.Sealed)][-1]


def test_an_event_store_records_and_replays_what_an_origin_in_python_writes(build):
    with Origin(build) as origin:
        origin.open()
        assert origin.recorded()
        assert {b"\x01\x01", b"\x01made\0", b"\x01made.more\0"} == {
            one[0] for one in origin.heard if isinstance(one, list)}, "what it subscribes to"
        for n in range(20):             # every other one is on PUB only, and the heads say so later
            origin.write(origin.batch(STREAMS[n % 2], causes=((STREAMS[1 - n % 2], *EPOCH, 0),)))
            if n % 4 < 2:
                origin.publish(*origin.histories[STREAMS[n % 2]].batches[-1])
        both = [origin.batch(stream, place=place, places=2, causes=()) for place, stream in enumerate(STREAMS)]
        origin.write(*both)
        origin.tell()
        assert origin.recorded()
        origin.open((2, bytes(8)), reason=1)
        origin.write(origin.batch("made", count=2, names=("t", "others"), events=(OTHERS_EVENT,) * 2))
        origin.tell()
        assert origin.recorded()
        node = client.Node("es1", *(f"ipc://{origin.path}/r/es1.{door}" for door in ("commands", "queries", "publish")))
        for credit in (1, codec.CREDIT_BYTES_MAX):
            replayed = client.replay(origin.context, node, STREAMS, "maker", credit=credit)
            assert all(replayed[stream].data() == origin.histories[stream].data() for stream in STREAMS)


def raw(batch):
    """Its bytes with a right hash, without any check."""
    data = b"".join(codec.msgpack.packb(value) for value in (
        batch[:2] + (codec.NO_HASH,) + batch[3:15], *([batch.record] if batch.record else batch.events)))
    return data[:codec.HASH_AT] + codec.batch_hash(data) + data[codec.HASH_AT + codec.HASH_BYTES:]


def test_an_event_store_records_no_batch_that_the_page_forbids_and_every_other(build):
    """What readers have to refuse, and what they have to leave to the writer: both sides agree."""
    def events(**changed):
        return {"events": (OTHERS_EVENT._replace(**changed),), "names": ("happened", "others")}

    forbidden = [{"places": 2}, {"place": 1, "places": 2}, {"epoch_counter": 2}, {"epoch_bits": bytes(8)},
                 {"names": ()}, {"previous": bytes(32)}, {"first": 99}, {"time": 2**53}, {"version": 2},
                 {"algorithm": 2}, {"count": 2},
                 {"commit": 1},
                 {"causes": (("made", *EPOCH, 0),)}, {"causes": (("b", *EPOCH, 0), ("a", *EPOCH, 0))},
                 events(correlation=None), events(delta=2**53), events(key=b""), events(depth=65),
                 events(schema_version=0),
                 events(cause=(codec.TIMER, 1, *EPOCH, 1, 2**32)), events(cause=(codec.EVENT, 1, *EPOCH, 1, 1)),
                 events(cause=(codec.EVENT, 1, *EPOCH, 0, 0)), {**events(), "names": ("happened", "No Stream")}]
    allowed = [{}, {"names": ("happened", "somebody", "happened", "unused")}, {"time": 0}, {"time": 2**53 - 1},
               {"causes": (("nobodys", *EPOCH, 9), ("others", *EPOCH, 10))}, events(depth=0),
               events(payload=b"\xff\xff"),
               events(cause=(codec.TIMER, 1, *EPOCH, 1, 2**32 - 1)), {"events": (COMMAND_EVENT._replace(
                   correlation=COMMAND_EVENT.cause[2], depth=3),)}, {"names": ("n" * 64,) + ("somebody",) * 254}]
    with Origin(build) as origin:
        origin.open()
        assert origin.recorded()
        for changed in forbidden:
            batch = origin.batch("made", **changed)
            data = raw(batch)
            refused = None
            try:
                batch = codec.decode_batch(data)
            except codec.Refused as rule:
                refused = rule
            whole = batch.places == 1 and batch.extends(origin.histories["made"].cursor)
            assert refused or not whole or batch.commit <= origin.commit, changed
            origin.offered = (batch._replace(hash=codec.batch_hash(data)), data)
            pulls = len([one for one in origin.heard if isinstance(one, codec.Pull)])
            origin.publish(*origin.offered)
            origin.tell()
            # When it pulls once more, for either stream, it has looked at what it got before.
            assert origin.serve(lambda: len([one for one in origin.heard if isinstance(one, codec.Pull)]) > pulls + 2)
            origin.offered = None
            del origin.heard[:]
            assert origin.acknowledged["made"] == origin.histories["made"].cursor, changed
            # The same place is taken by a good one: nothing of the bad one has stayed.
            origin.write(origin.batch("made"))
            origin.publish(*origin.histories["made"].batches[-1])
            origin.tell()
            assert origin.recorded(), changed
        for changed in allowed:
            origin.write(origin.batch("made", **changed))
            origin.tell()
            assert origin.recorded(), changed
        assert origin.store.process.poll() is None


def test_what_a_version_to_come_has_written_is_neither_skipped_nor_kept_quiet(build):
    with Origin(build) as origin:
        origin.open()
        assert origin.recorded()
        node = client.Node("es1", *(f"ipc://{origin.path}/r/es1.{door}" for door in ("commands", "queries", "publish")))
        caller = client.Caller(origin.context, node, "test")

        def waiting_for():
            return system.Status(caller.query("souk.status", codec.msgpack.packb([])).body[0][5]).waiting_for

        batch = origin.batch("made")
        data = b"".join(codec.msgpack.packb(value) for value in ([2, *batch[1:15], "one field more"], *batch.events))
        origin.offered = (batch._replace(hash=bytes(32)), data)
        before = origin.acknowledged["made"]
        for told in (origin.tell, lambda: origin.publish(*origin.offered)):
            told()
            assert origin.serve(lambda: waiting_for().startswith("maker writes batches of a version"))
        pulls = len([one for one in origin.heard if isinstance(one, codec.Pull)])
        assert origin.serve(lambda: len([one for one in origin.heard if isinstance(one, codec.Pull)]) > pulls + 1)
        assert origin.acknowledged["made"] == before
        origin.offered = None
        origin.write(batch)             # in the version that it reads, as after a way back of the origin
        origin.tell()
        assert origin.recorded()
        assert waiting_for() == ""
        caller.close()


def test_a_seal_is_granted_once_and_keeps_older_epochs_out(build):
    with Origin(build) as origin:
        origin.open()
        origin.write(origin.batch("made"))
        assert origin.recorded()
        mine, another = b"instance", b"another!"
        granted = origin.ask(codec.Seal(1, "maker", 3, mine))
        assert (granted.request, granted.granted, granted.counter, granted.service) == (1, True, 3, "maker")
        assert granted.positions == tuple((stream, *origin.histories[stream].cursor) for stream in STREAMS)
        assert origin.ask(codec.Seal(2, "maker", 3, mine)).granted
        for request, counter, instance in ((3, 3, another), (4, 2, mine), (5, 1, mine)):
            refused = origin.ask(codec.Seal(request, "maker", counter, instance))
            assert (refused.request, refused.granted, refused.counter) == (request, False, 3), refused
        before = origin.acknowledged["made"]
        origin.write(origin.batch("made"))
        origin.publish(*origin.histories["made"].batches[-1])
        origin.tell()
        assert origin.serve(lambda: any(isinstance(one, codec.Fenced) for one in origin.heard)), "it is not told"
        fenced = [one for one in origin.heard if isinstance(one, codec.Fenced)][0]
        assert fenced == codec.Fenced("es1", "maker", 3)
        assert origin.acknowledged["made"] == before and not origin.recorded(seconds=1.0)
        origin.histories["made"].batches.pop()          # what was sealed out is written anew, in the sealed epoch
        origin.histories["made"].cursor = before
        origin.open((3, bytes(8)), reason=2)
        origin.write(origin.batch("made"))
        origin.tell()
        assert origin.recorded()
