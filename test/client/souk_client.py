"""A client of souk in Python: python3-zmq, python3-msgpack, the standard library, and doc/protocol.md.

Caller sends commands and queries, and can read its own writes. replay() pulls a stream from any of its holders.
Follower follows streams from event 1 into live. None of them trusts what comes in: what is malformed is dropped and
counted, every wait has an end, and every queue a bound.
"""
import collections
import secrets
import time
import uuid
from typing import NamedTuple

import zmq

import souk_codec as codec

CREDIT_BYTES = 1_048_576                # that a pull asks for
COMMIT_BYTES_MAX = 67_108_864           # 256 batches: a holder sends at least one commit, whatever the credit
QUEUE_MESSAGES_MAX = 1_000              # that wait in a socket
READS_MAX = 256                         # messages of one socket before others have their turn
QUEUE_BYTES_MAX = 4_194_304             # of one stream, that wait for causes; one batch more
HISTORY_BYTES_MAX = 268_435_456         # of one stream, that a replay or a follower keeps
REPLY_SECONDS = 30.0
REPLIES_MAX = 4_096                     # kept for who has not asked for them yet
PULL_SECONDS = 2.0                      # a holder that has not answered is passed over
IDLE_SECONDS = 5.0                      # a stream that was silent for so long is asked for
AGAIN_SECONDS = 0.2                     # when nobody could say what follows
HOLD_SECONDS = 30.0                     # waiting for a cause that nobody has


class Late(Exception):
    """Something did not happen in time."""


class Broken(Exception):
    """A holder gave something that the protocol forbids, or more than there is room for."""


class Node(NamedTuple):
    """Where a service or an event store listens."""

    name: str
    commands: str
    queries: str
    publish: str
    key: bytes = b""                    # public, Z85; empty: the system has no keys


class Keys(NamedTuple):
    """The own pair, Z85: it says who one is, whatever name one gives."""

    public: bytes
    secret: bytes


def show(socket, node, keys):
    """To the endpoints of that node that are connected to from now on."""
    if keys is not None:
        socket.curve_publickey, socket.curve_secretkey, socket.curve_serverkey = *keys, node.key


def connect(context, kind, endpoint, node=None, keys=None):
    socket = context.socket(kind)
    show(socket, node, keys)
    socket.linger = 0
    socket.maxmsgsize = codec.BATCH_BYTES_MAX
    socket.rcvhwm = socket.sndhwm = QUEUE_MESSAGES_MAX
    socket.connect(endpoint)
    return socket


def receive(socket):
    """The frames of a message that is there, without empty ones in front; None: it is larger than any may be."""
    frames, size, empty = [], 0, True
    while True:
        part = socket.recv(zmq.NOBLOCK)
        empty = empty and not part
        size += len(part)
        if not empty and size <= codec.FRAME_BYTES_MAX + COMMIT_BYTES_MAX and len(frames) <= codec.FRAMES_MAX:
            frames.append(part)
        if not socket.getsockopt(zmq.RCVMORE):
            fits = size <= codec.FRAME_BYTES_MAX + COMMIT_BYTES_MAX and 0 < len(frames) <= codec.FRAMES_MAX
            return frames if fits else None


def messages(socket):
    """What waits in a socket, READS_MAX of them at most."""
    for _ in range(READS_MAX):
        try:
            yield receive(socket)
        except zmq.Again:
            return


# ---- commands and queries --------------------------------------------------


class Caller:
    """Sends to one node; `seen` is what its replies have shown, newest first, for others to be asked with."""

    def __init__(self, context, node, name, keys=None):
        self.name = name
        self.doors = {query: connect(context, zmq.DEALER, endpoint, node, keys)
                      for query, endpoint in ((False, node.commands), (True, node.queries))}
        self.replies = {}
        self.waiting = set()
        self.dropped = 0
        self.seen = ()

    def close(self):
        for door in self.doors.values():
            door.close()

    def send(self, query, name, payload, *, version=1, request_id=None, seen=(), recorded=False, deadline_ms=0,
             correlation=None, pass_=b""):
        """Send a request; its id."""
        request_id = request_id or uuid.uuid4().bytes
        self.doors[query].send(codec.encode_message(codec.Request(
            request_id, query, name, version, deadline_ms, correlation, self.name, recorded, tuple(seen), pass_,
            payload)))
        self.waiting.add(request_id)
        return request_id

    def reply(self, request_id, seconds=REPLY_SECONDS):
        """The reply to it; those to others are kept for them."""
        end = time.monotonic() + seconds
        while request_id not in self.replies:
            left = end - time.monotonic()
            if left <= 0 or not zmq.select(list(self.doors.values()), [], [], left)[0]:
                raise Late(f"{self.name}: no reply within {seconds} s")
            for door in self.doors.values():
                for frames in messages(door):
                    self._take(frames)
        self.waiting.discard(request_id)
        return self.replies.pop(request_id)

    def command(self, name, payload, seconds=REPLY_SECONDS, **options):
        return self.reply(self.send(False, name, payload, **options), seconds)

    def take(self, name, payload, seconds=REPLY_SECONDS, **options):
        """One command under one id, sent again until the service has taken or refused it; the last reply."""
        options["request_id"] = options.get("request_id") or uuid.uuid4().bytes
        end = time.monotonic() + seconds
        while True:
            try:
                reply = self.command(name, payload, max(0.0, min(PULL_SECONDS, end - time.monotonic())), **options)
                if reply.word not in ("busy", "pending", "expired", "full"):
                    return reply
                again = max(AGAIN_SECONDS, reply.retry_after / 1000)
            except Late:                # perhaps it was taken, and the reply was lost
                reply, again = None, 0.0
            if time.monotonic() + again >= end:
                raise Late(f"{self.name}: {name} was not taken within {seconds} s: {reply}")
            zmq.select([], [], [], again)

    def query(self, name, payload, seconds=REPLY_SECONDS, **options):
        return self.reply(self.send(True, name, payload, **options), seconds)

    def _take(self, frames):
        try:
            reply = codec.decode_message(frames[0]) if frames else None
        except codec.Refused:
            reply = None
        if not isinstance(reply, codec.Reply) or reply.id not in self.waiting or len(self.replies) == REPLIES_MAX:
            self.dropped += 1
            return
        self.replies[reply.id] = reply
        self.seen = merge(self.seen, reply.cursors)


def merge(seen, cursors):
    """`seen` with these: of each stream the later, the newest 32 of them."""
    merged = {cause.stream: cause for cause in seen}
    for cause in cursors:
        before = merged.pop(cause.stream, cause)
        merged[cause.stream] = max(before, cause, key=lambda entry: (entry.counter, entry.number))
    return tuple(merged.values())[-codec.SEEN_MAX:]


# ---- a stream from a holder ------------------------------------------------


class History:
    """One stream as far as it is known: batches that extend each other, from the zero position."""

    def __init__(self, stream):
        self.stream = stream
        self.cursor = codec.ZERO
        self.batches = []               # (batch, its bytes)
        self.bytes = 0

    def append(self, batch, data):
        assert batch.stream == self.stream and batch.extends(self.cursor)
        if self.bytes + len(data) > HISTORY_BYTES_MAX:
            raise Broken(f"{self.stream} has more than {HISTORY_BYTES_MAX} bytes")
        self.batches.append((batch, data))
        self.bytes += len(data)
        self.cursor = batch.position

    def data(self):
        return [data for _, data in self.batches]

    def events(self):
        """(number, name of its type, event, batch) of each."""
        return [(batch.first + offset, batch.names[event.type], event, batch)
                for batch, _ in self.batches for offset, event in enumerate(batch.events)]

    def lineage(self):
        """Its epochs, each with the last number there."""
        epochs = {}
        for batch, _ in self.batches:
            epochs[batch.epoch_counter, batch.epoch_bits] = batch.last
        return [(counter, bits, last) for (counter, bits), last in epochs.items()]


def batches_of(frames, streams):
    """The batches behind a pull's answer, with their bytes: of these streams, in commit order."""
    found = [(codec.decode_batch(data), data) for data in frames]
    order = [(batch.epoch_counter, batch.commit, batch.place) for batch, _ in found]
    if any(left >= right for left, right in zip(order, order[1:])):
        raise codec.Refused("order", "batches are not in commit order")
    if any(batch.stream not in streams for batch, _ in found):
        raise codec.Refused("stream", "a batch of a stream that was not asked for")
    return found


def replay(context, node, streams, asker, credit=CREDIT_BYTES, seconds=REPLY_SECONDS, keys=None):
    """All that a holder has of these streams of one origin, by stream: pulled, and the chains checked."""
    histories = {stream: History(stream) for stream in streams}
    door = connect(context, zmq.DEALER, node.queries, node, keys)
    end, more, request = time.monotonic() + seconds, True, secrets.randbits(32)
    try:
        while more:
            request += 1
            cursors = tuple((stream, *history.cursor) for stream, history in histories.items())
            door.send(codec.encode_message(codec.Pull(request, asker, credit, cursors)))
            if not door.poll(max(0, end - time.monotonic()) * 1000):
                raise Late(f"{node.name}: no answer to a pull within {seconds} s")
            frames = receive(door)
            answer = codec.decode_message(frames[0]) if frames else None
            if isinstance(answer, codec.Busy) and answer.request == request:
                door.poll(answer.retry_after)           # nobody says anything before that
                continue
            if not isinstance(answer, codec.Pulled) or answer.request != request:
                raise Broken(f"{node.name} did not answer what it was asked: {answer}")
            said = tuple((stream.stream, *stream.position) for stream in answer.answers)
            if said != cursors or any(stream.verdict != codec.NEXT for stream in answer.answers):
                raise Broken(f"{node.name} cannot say what follows: {answer}")
            for batch, data in batches_of(frames[1:], histories):
                if not batch.extends(histories[batch.stream].cursor):
                    raise Broken(f"{node.name}: {batch.stream} has a hole or a fork at {batch.first}")
                histories[batch.stream].append(batch, data)
            more = answer.more
            if more and len(frames) == 1:
                raise Broken(f"{node.name} holds more and sends nothing")
    finally:
        door.close()
    return histories


# ---- following -------------------------------------------------------------


class Line:
    """What a follower knows of one stream, and whom it asks."""

    def __init__(self, stream, holders):
        self.history = History(stream)
        self.beside = None              # another History, after `void`, until it has passed the old one
        self.queue = collections.deque()        # (batch, its bytes) that come next and wait for causes
        self.queue_bytes = 0
        self.missing = ()               # causes of the first of them, in other followed streams
        self.bound = None               # when the wait for these ends
        self.holders = holders          # the origin first
        self.turn = 0
        self.due = 0.0                  # when to pull next
        self.asked = None               # (node, request, until when)
        self.hinted = False             # there is more than what it was asked for last
        self.orphans = []               # batches that a new epoch has voided

    @property
    def stream(self):
        return self.history.stream

    @property
    def filling(self):
        return self.history if self.beside is None else self.beside

    @property
    def front(self):
        """Behind all that is here, applied or not: what has to be extended, and from where to pull."""
        return self.queue[-1][0].position if self.queue else self.filling.cursor

    def clear(self):
        self.queue.clear()
        self.queue_bytes, self.missing, self.bound = 0, (), None


class Follower:
    """
    Follows streams: origins is {Node: streams of it}, stores are Nodes that hold all of them. step() does what there is
    to do; `trace` has each batch in the order in which it was applied; `counts` has counters by name.
    """

    COUNTS = "pulls pushed pulled behind gaps dropped stale trimmed unknown void silent busy held flagged full".split()

    def __init__(self, context, name, origins, stores=(), *, hold_seconds=HOLD_SECONDS,
                 idle_seconds=IDLE_SECONDS, keys=None):
        self.name = name
        self.hold_seconds = hold_seconds
        self.idle_seconds = idle_seconds
        self.counts = dict.fromkeys(self.COUNTS, 0)
        self.trace = []
        self.request = secrets.randbits(32)
        self.lines = {stream: Line(stream, [origin, *stores])
                      for origin, streams in origins.items() for stream in streams}
        nodes = [*origins, *stores]
        self.news = connect(context, zmq.SUB, nodes[0].publish, nodes[0], keys)
        for node in nodes[1:]:
            show(self.news, node, keys)
            self.news.connect(node.publish)
        self.news.subscribe(b"\x01")
        for stream in self.lines:
            self.news.subscribe(stream.encode() + b"\0")
        self.doors = {node: connect(context, zmq.DEALER, node.queries, node, keys) for node in nodes}

    def close(self):
        for socket in (self.news, *self.doors.values()):
            socket.close()

    def cursor(self, stream):
        return self.lines[stream].history.cursor

    def run(self, what, look, seconds=REPLY_SECONDS):
        """Follow until look() is true."""
        end = time.monotonic() + seconds
        while not look():
            if time.monotonic() > end:
                raise Late(f"{self.name} waited {seconds} s for: {what}; {self.counts}")
            self.step()

    def step(self):
        """Ask where there is something to be asked, wait for something to come, take it, and apply what can be."""
        now = time.monotonic()
        wakes = [now + IDLE_SECONDS]
        for line in self.lines.values():
            if line.asked is not None and line.asked[2] <= now:
                self.counts["silent"] += 1
                line.asked = None
                line.turn += 1
                line.due = now
            if line.asked is None and line.due <= now and line.queue_bytes < QUEUE_BYTES_MAX:
                self._pull(line, now)
            if line.asked is not None:
                wakes.append(line.asked[2])
            elif line.queue_bytes < QUEUE_BYTES_MAX:
                wakes.append(line.due)
            if line.missing:
                wakes.append(line.bound)
        ready = zmq.select([self.news, *self.doors.values()], [], [], max(0.0, min(wakes) - now))[0]
        if self.news in ready:
            for frames in messages(self.news):
                self.hear(frames)
        for node, door in self.doors.items():
            if door in ready:
                for frames in messages(door):
                    self._answered(node, frames)
        self._apply_all()

    # ---- what is pushed: hints, and batches that happen to be the next

    def hear(self, frames):
        """Take a message of a publisher."""
        try:
            if frames is None or len(frames) != 2:
                raise codec.Refused("frames", "two frames are published")
            if frames[0] == b"\x01":
                self._heads(codec.decode_message(frames[1]))
            else:
                self._pushed(frames[0], codec.decode_batch(frames[1]), frames[1])
        except codec.Refused:
            self.counts["dropped"] += 1

    def _heads(self, heads):
        if not isinstance(heads, codec.Heads):
            raise codec.Refused("kind", "no heads under the topic of heads")
        for stream, *position in heads.heads:
            if stream in self.lines:
                self._hint(self.lines[stream], codec.Position(*position))

    def _pushed(self, topic, batch, data):
        if topic != batch.stream.encode() + b"\0" or batch.stream not in self.lines:
            raise codec.Refused("topic", "a batch of another stream than its topic says")
        line = self.lines[batch.stream]
        if not batch.extends(line.front):
            self._hint(line, batch.position)
        elif self._queue(line, batch, data):
            self.counts["pushed"] += 1
            line.due = time.monotonic() + self.idle_seconds

    def _hint(self, line, position):
        """Somebody names this position: pull, if it is beyond what is here."""
        front = line.front
        if position.counter < front.counter or (position.epoch == front.epoch and position.number <= front.number):
            self.counts["behind"] += 1
        else:
            self.counts["gaps"] += 1
            line.hinted = True
            line.due = 0.0

    # ---- what is pulled: the truth

    def _pull(self, line, now):
        node = line.holders[line.turn % len(line.holders)]
        waits = {cause for other in self.lines.values() for cause in other.missing if cause.stream == line.stream}
        self.request += 1
        self.counts["pulls"] += 1
        line.hinted = False
        line.asked = node, self.request, now + PULL_SECONDS
        try:
            self.doors[node].send(codec.encode_message(codec.Pull(
                self.request, self.name, CREDIT_BYTES, ((line.stream, *line.front),),
                tuple(sorted(waits))[:codec.WAITS_MAX])), zmq.NOBLOCK)
        except zmq.Again:               # its queue is full: it is as if it did not answer
            pass

    def _answered(self, node, frames):
        try:
            answer = codec.decode_message(frames[0]) if frames else None
            if not isinstance(answer, (codec.Pulled, codec.Busy)):
                raise codec.Refused("kind", "no answer to a pull")
            for line in self.lines.values():
                if line.asked is not None and line.asked[:2] == (node, answer.request):
                    line.asked = None
                    line.due = time.monotonic() + AGAIN_SECONDS     # unless it turns out better
                    if isinstance(answer, codec.Busy):
                        self._put_off(line, answer)
                        return
                    self._judge(line, answer, frames[1:])
                    return
            self.counts["stale"] += 1
        except codec.Refused:
            self.counts["dropped"] += 1

    def _put_off(self, line, answer):
        """The next holder is asked at once; when all have been, the wait is what this one has said."""
        self.counts["busy"] += 1
        line.turn += 1
        line.due = time.monotonic() + (answer.retry_after / 1000 if line.turn % len(line.holders) == 0 else 0)

    def _judge(self, line, answer, frames):
        said = [entry for entry in answer.answers if entry.stream == line.stream]
        if len(answer.answers) != 1 or not said:        # it does not hold the stream
            line.turn += 1
            self.counts["unknown"] += 1
            return
        if said[0].position != line.front:              # what was pushed meanwhile was the next
            self.counts["stale"] += 1
            return
        now = time.monotonic()
        for other in self.lines.values():
            if any(cause.stream == line.stream and cause.satisfied(said[0].head) for cause in other.missing):
                other.bound = now + self.hold_seconds
        if said[0].verdict == codec.NEXT:
            self._next(line, answer, frames, now)
        elif said[0].verdict == codec.VOID:
            self.counts["void"] += 1
            line.clear()
            line.beside = History(line.stream)
            line.due = now
        else:
            self.counts["trimmed" if said[0].verdict == codec.TRIMMED else "unknown"] += 1
            line.turn += 1

    def _next(self, line, answer, frames, now):
        for batch, data in batches_of(frames, [line.stream]):
            if not batch.extends(line.front):
                raise codec.Refused("chain", "a batch that does not extend what is here")
            if not self._queue(line, batch, data):
                return
            self.counts["pulled"] += 1
        if answer.more or line.hinted:
            line.due = now
        else:
            waited = any(cause.stream == line.stream for other in self.lines.values() for cause in other.missing)
            line.due = now + (AGAIN_SECONDS if waited else self.idle_seconds)
            line.turn = 0               # the origin is asked first

    # ---- applying

    def _queue(self, line, batch, data):
        """Keep a batch that extends what is here; false: there is no room, and it will be pulled again."""
        if line.queue and line.queue_bytes + len(data) > QUEUE_BYTES_MAX:
            self.counts["full"] += 1
            line.due = 0.0
            return False
        line.queue.append((batch, data))
        line.queue_bytes += len(data)
        return True

    def _apply_all(self):
        """Apply what waits for nothing any more."""
        moved = True
        while moved:
            moved = False
            for line in self.lines.values():
                while line.queue and self._may(line, line.queue[0][0], time.monotonic()):
                    batch, data = line.queue.popleft()
                    line.queue_bytes -= len(data)
                    self._apply(line, batch, data)
                    moved = True

    def _may(self, line, batch, now):
        """Whether its causes in followed streams are there, or the wait for them has reached its bound."""
        missing = tuple(cause for cause in batch.causes
                        if cause.stream in self.lines and not cause.satisfied(self.cursor(cause.stream)))
        if missing and not line.missing:
            self.counts["held"] += 1
            line.bound = now + self.hold_seconds
            for cause in missing:       # it is asked for, and the question says that it is waited for
                self.lines[cause.stream].due = min(self.lines[cause.stream].due, now)
        line.missing = missing
        if missing and now < line.bound:
            return False
        self.counts["flagged"] += bool(missing)
        line.missing, line.bound = (), None
        return True

    def _apply(self, line, batch, data):
        old = line.history.cursor
        line.filling.append(batch, data)
        self.trace.append(batch)
        if line.beside is not None and batch.record is not None and batch.epoch_counter > old.counter:
            kept = {other.hash for other, _ in line.beside.batches}
            line.orphans += [other for other, _ in line.history.batches if other.hash not in kept]
            line.history, line.beside = line.beside, None
