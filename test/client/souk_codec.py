"""The bytes of souk's protocol, version 1, in Python: written from doc/protocol.md alone, sharing nothing with src/.

What comes from outside is checked whole before anybody sees it: canonical msgpack, types, limits, orders, hashes. What
breaks a rule raises Refused, which names the rule. What is encoded here is read back by the same rules first.
"""
import hashlib
import re
import struct
from typing import NamedTuple, Optional

import msgpack

import souk_ed25519 as ed25519

VERSION = 1
ALGORITHM_BLAKE2B_256 = 1

NESTED_MAX = 8                          # arrays within each other
BATCH_BYTES_MAX = 262_144
FRAME_BYTES_MAX = 262_144               # of the first frame of a message
FRAMES_MAX = 1 + 4_096
EVENTS_MAX = 4_096
NAMES_MAX = 255
NAME_BYTES_MAX = 64                     # of types, callers, commands, queries
KEY_BYTES_MAX = 64
PAYLOAD_BYTES_MAX = 65_536
DEPTH_MAX = 64
PLACES_MAX = 256
CAUSES_MAX = 256
STREAMS_MAX = 16                        # of a service, of a pull
SYSTEM_STREAMS_MAX = 256
WAITS_MAX = 16
SEEN_MAX = 32
PASS_BYTES_MAX = 512
PASS_ROLES_MAX = 8
PASS_LIFE_MS_MAX = 3_600_000
PASS_AHEAD_MS_MAX = 60_000
PASS_VERSION = 1
PASS_CONTEXT = b"souk pass 1\0"
CREDIT_BYTES_MAX = 16_777_216
DEADLINE_MS_MAX = 2**31 - 1
RETRY_MS_MAX = 60_000
UINT16_MAX = 2**16 - 1
UINT32_MAX = 2**32 - 1
UINT64_MAX = 2**64 - 1
TIME_MS_MAX = 2**53 - 1

HASH_BYTES = 32
HASH_AT = 5                             # where a batch has its own hash
ID_BYTES = 16
BITS_BYTES = 8
NO_BITS = bytes(BITS_BYTES)
NO_HASH = bytes(HASH_BYTES)
SEALED = b"\x01"                        # the extension
SEALED_BYTES_MIN = 41

COMMAND, EVENT, TIMER, ANSWER, LOSS = range(5)          # kinds of causes of events
NEXT, TRIMMED, VOID, UNKNOWN, BEGINS = range(5)         # verdicts of a pull
STATUSES = "ok refused pending busy key_reused lost invalid unknown internal full expired unsupported forbidden".split()
STREAM_NAME = re.compile(r"[a-z][a-z0-9.-]{0,30}\Z")


class Refused(ValueError):
    """Bytes, or something to be encoded, break a rule of the protocol; `rule` is its short name."""

    def __init__(self, rule, text):
        super().__init__(f"{rule}: {text}")
        self.rule = rule


class Position(NamedTuple):
    """A place in one history. Counter 0 is the zero position, before everything."""

    counter: int
    bits: bytes
    number: int
    hash: bytes

    @property
    def epoch(self):
        return self.counter, self.bits


ZERO = Position(0, NO_BITS, 0, NO_HASH)


class Cause(NamedTuple):
    """An entry of a vector, of `seen`, of `waits`."""

    stream: str
    counter: int
    bits: bytes
    number: int

    def satisfied(self, cursor):
        """Whether a follower at this cursor of the stream has it, or knows that it is void."""
        if cursor.counter != self.counter:
            return cursor.counter > self.counter
        return cursor.bits == self.bits and cursor.number >= self.number


class Event(NamedTuple):
    """One event of a batch; `cause` is [kind, ...] as on the wire."""

    type: int
    key: bytes
    cause: tuple
    correlation: Optional[bytes]
    depth: int
    delta: int
    schema_version: int
    payload: bytes


class Record(NamedTuple):
    """The body of an epoch record; parents are (stream, counter, bits, number, hash)."""

    service: str
    reason: int
    parents: tuple


class Batch(NamedTuple):
    """A header, and `events` or `record` behind it."""

    version: int
    algorithm: int
    hash: bytes
    previous: bytes
    stream: str
    epoch_counter: int
    epoch_bits: bytes
    first: int
    count: int
    time: int
    commit: int
    place: int
    places: int
    causes: tuple
    names: tuple
    events: tuple = ()
    record: Optional[Record] = None

    @property
    def last(self):
        return self.first + self.count - 1

    @property
    def position(self):
        """Where a cursor stands behind it."""
        return Position(self.epoch_counter, self.epoch_bits, self.last, self.hash)

    def extends(self, cursor):
        """Whether it may be applied at this cursor."""
        if self.first != cursor.number + 1 or self.previous != cursor.hash:
            return False
        if self.record is not None:
            return self.epoch_counter > cursor.counter
        return cursor.epoch == (self.epoch_counter, self.epoch_bits)


# ---- msgpack in canonical form ---------------------------------------------


class Walk:
    """Reads canonical msgpack one value after the other, and makes room for nothing that `data` does not have.
    In a payload there may be sealed values: nobody but their writer opens them, so they read as None."""

    def __init__(self, data, is_payload=False):
        self.data = bytes(data)
        self.at = 0
        self.is_payload = is_payload

    def done(self):
        if self.at != len(self.data):
            raise Refused("trailing", f"{len(self.data) - self.at} bytes are left at {self.at}")

    def array(self):
        """The count of the array that begins here."""
        kind = self._take(1)[0]
        if 0x90 <= kind <= 0x9f:
            return self._count(kind & 0x0f)
        if kind == 0xdc:
            return self._count(self._length(2, 16))
        if kind == 0xdd:
            return self._count(self._length(4, 1 << 16))
        raise Refused("type", f"no array at {self.at - 1}")

    def value(self, nested=0):
        kind = self._take(1)[0]
        if kind <= 0x7f:
            return kind
        if 0x90 <= kind <= 0x9f or kind in (0xdc, 0xdd):
            if nested == NESTED_MAX:
                raise Refused("nested", f"more than {NESTED_MAX} arrays within each other at {self.at - 1}")
            self.at -= 1
            return [self.value(nested + 1) for _ in range(self.array())]
        if 0xa0 <= kind <= 0xbf:
            return self._text(kind & 0x1f)
        if kind in (0xc0, 0xc2, 0xc3):
            return {0xc0: None, 0xc2: False, 0xc3: True}[kind]
        if kind in (0xc4, 0xc5, 0xc6):
            return self._take(self._sized(kind - 0xc4, 0))
        if kind in (0xc7, 0xc8, 0xc9) and self.is_payload:
            return self._sealed(self._sized(kind - 0xc7, 0))
        if kind in (0xd9, 0xda, 0xdb):
            return self._text(self._sized(kind - 0xd9, 32))
        if 0xcc <= kind <= 0xcf:
            size = 1 << (kind - 0xcc)
            return self._length(size, 128 if size == 1 else 1 << (4 * size))
        if kind >= 0xe0:
            return kind - 0x100
        if 0xd0 <= kind <= 0xd3:
            return self._negative(1 << (kind - 0xd0))
        raise Refused("type", f"nothing of canonical msgpack begins with {kind:#04x}, at {self.at - 1}")

    def _take(self, size):
        if size > len(self.data) - self.at:
            raise Refused("short", f"{size} bytes at {self.at}, {len(self.data) - self.at} are left")
        taken = self.data[self.at:self.at + size]
        self.at += size
        return taken

    def _length(self, size, least):
        """An integer of `size` bytes; below `least` it has a shorter encoding."""
        value = int.from_bytes(self._take(size), "big")
        if value < least:
            raise Refused("shortest", f"{value} in {size} bytes at {self.at - size}")
        return value

    def _sized(self, width, least):
        """The size of a bin (least 0) or str (least 32) with 1 << width bytes of size."""
        return self._length(1 << width, least if width == 0 else 1 << (4 << width))

    def _count(self, count):
        if count > len(self.data) - self.at:
            raise Refused("count", f"{count} values in {len(self.data) - self.at} bytes at {self.at}")
        return count

    def _negative(self, size):
        value = int.from_bytes(self._take(size), "big", signed=True)
        if value >= 0:
            raise Refused("type", f"{value} in a signed encoding at {self.at - size}")
        if value >= (-32 if size == 1 else -(1 << (4 * size - 1))):
            raise Refused("shortest", f"{value} in {size} bytes at {self.at - size}")
        return value

    def _sealed(self, size):
        if self._take(1) != SEALED:
            raise Refused("type", f"an extension that is not sealed, at {self.at - 1}")
        if size < SEALED_BYTES_MIN:
            raise Refused("length", f"{size} bytes of a sealed value")
        self._take(size)

    def _text(self, size):
        try:
            return self._take(size).decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused("utf8", str(error)) from None


def decode_value(data, is_payload=False):
    """One value in canonical form and nothing behind it."""
    walk = Walk(data, is_payload)
    value = walk.value()
    walk.done()
    return value


def decode_payload(data):
    """What a payload says to who has no keys."""
    return decode_value(data, is_payload=True)


# ---- types of fields: each takes a value and gives it, or raises ------------


def uint(least=0, most=UINT64_MAX, rule="range"):
    def check(value):
        if type(value) is not int or value < 0:         # a bool is an int, in Python
            raise Refused("type", f"{value!r} is no unsigned integer")
        if not least <= value <= most:
            raise Refused(rule, f"{value} is not in {least} to {most}")
        return value
    return check


def binary(least, most=None, rule="length"):
    def check(value):
        if type(value) is not bytes:
            raise Refused("type", f"{value!r} is no bin")
        if not least <= len(value) <= (least if most is None else most):
            raise Refused(rule, f"a bin of {len(value)} bytes")
        return value
    return check


def text(least, most, rule="names"):
    def check(value):
        if type(value) is not str:
            raise Refused("type", f"{value!r} is no str")
        if not least <= len(value.encode("utf-8")) <= most:
            raise Refused(rule, f"{value[:80]!r} has not {least} to {most} bytes")
        return value
    return check


def boolean(value):
    if type(value) is not bool:
        raise Refused("type", f"{value!r} is no boolean")
    return value


def optional(of):
    return lambda value: None if value is None else of(value)


def array(of, least, most, rule="positions"):
    def check(value):
        if type(value) not in (list, tuple):
            raise Refused("type", f"{value!r} is no array")
        if not least <= len(value) <= most:
            raise Refused(rule, f"{len(value)} entries, not {least} to {most}")
        return tuple(of(entry) for entry in value)
    return check


def fields(*types, make=lambda *values: values):
    def check(value):
        if type(value) not in (list, tuple):
            raise Refused("type", f"{value!r} is no array")
        if len(value) != len(types):
            raise Refused("fields", f"{len(value)} fields, not {len(types)}")
        return make(*(of(entry) for of, entry in zip(types, value)))
    return check


def stream_name(value):
    if type(value) is not str:
        raise Refused("type", f"{value!r} is no str")
    if not STREAM_NAME.match(value):
        raise Refused("name", f"{value[:80]!r} is no name of a service or stream")
    return value


def stream_or_none(value):
    return value if value == "" else stream_name(value)


def zero_is_all_zero(counter, bits, number, hash_=NO_HASH):
    if counter == 0 and (bits, number, hash_) != (NO_BITS, 0, NO_HASH):
        raise Refused("zero", "counter 0 is the zero position's, and the rest of that is zero")


def position_of(stream, *rest):
    zero_is_all_zero(*rest[:4])
    return (stream, *rest)


def answer_of(stream, counter, bits, number, hash_, verdict, *rest):
    head_counter, head_bits, head_number, head_hash, *common = rest
    zero_is_all_zero(counter, bits, number, hash_)
    zero_is_all_zero(head_counter, head_bits, head_number, head_hash)
    zero_is_all_zero(*common)
    if verdict != VOID and common[0] != 0:
        raise Refused("common", "only `void` has a common position")
    return Answer(stream, Position(counter, bits, number, hash_), verdict,
                  Position(head_counter, head_bits, head_number, head_hash), tuple(common))


any_uint = uint()
time_ms = uint(0, TIME_MS_MAX, "time")
counter0 = uint(0, UINT32_MAX, "epoch")
counter1 = uint(1, UINT32_MAX, "epoch")
bits8 = binary(BITS_BYTES)
hash32 = binary(HASH_BYTES)
id16 = binary(ID_BYTES)
long_name = text(1, NAME_BYTES_MAX)
words = text(0, FRAME_BYTES_MAX)
vector_entry = fields(stream_name, counter1, bits8, any_uint, make=Cause)
cursor_entry = fields(stream_name, counter0, bits8, any_uint, make=lambda *all_: Cause(*position_of(*all_)))
position_entry = fields(stream_name, counter0, bits8, any_uint, hash32, make=position_of)


# ---- batches ---------------------------------------------------------------


HEADER = fields(
    uint(VERSION, VERSION, "version"), uint(ALGORITHM_BLAKE2B_256, ALGORITHM_BLAKE2B_256, "algorithm"), hash32, hash32,
    stream_name, counter1, bits8, uint(1, rule="first"), uint(0, EVENTS_MAX, "events"), time_ms,
    uint(1, rule="commit"), any_uint, uint(1, PLACES_MAX, "places"), array(vector_entry, 0, CAUSES_MAX, "causes"),
    array(long_name, 0, NAMES_MAX, "names"), make=Batch)
COMMAND_CAUSE = fields(any_uint, any_uint, id16, binary(8))
EVENT_CAUSE = fields(any_uint, any_uint, counter1, bits8, uint(1, rule="cause"), uint(0, UINT32_MAX, "cause"))


def event_cause(value):
    if type(value) is not list:
        raise Refused("type", f"{value!r} is no array")
    if not value or type(value[0]) is not int or not COMMAND <= value[0] <= LOSS:
        raise Refused("cause", "a kind of cause that nobody knows")
    if len(value) == (6 if value[0] == COMMAND else 4):
        raise Refused("cause", "the fields of another kind of cause")
    cause = (COMMAND_CAUSE if value[0] == COMMAND else EVENT_CAUSE)(value)
    if cause[0] in (EVENT, LOSS) and cause[5] != 0:
        raise Refused("cause", "an event of another stream has no index")
    return cause


EVENT_FIELDS = fields(
    any_uint, binary(1, KEY_BYTES_MAX, "key"), event_cause, optional(id16), uint(0, DEPTH_MAX, "depth"), any_uint,
    uint(1, UINT16_MAX, "schema-version"), binary(0, PAYLOAD_BYTES_MAX, "payload"), make=Event)
RECORD_FIELDS = fields(
    stream_name, uint(0, 3, "reason"), array(position_entry, 1, STREAMS_MAX, "parents"), make=Record)


def batch_hash(data):
    """The hash of a batch: over all of it but the hash itself."""
    hasher = hashlib.blake2b(data[:HASH_AT], digest_size=HASH_BYTES)
    hasher.update(data[HASH_AT + HASH_BYTES:])
    return hasher.digest()


def decode_batch(data):
    """The batch in these bytes, checked by 3.4."""
    if len(data) > BATCH_BYTES_MAX:
        raise Refused("size", f"a batch of {len(data)} bytes")
    look = Walk(data)
    if look.array() == 0 or look.value() != VERSION:
        raise Refused("version", "a batch of another version")
    walk = Walk(data)
    batch = HEADER(walk.value())
    if batch.place >= batch.places:
        raise Refused("place", f"place {batch.place} of {batch.places}")
    if batch.first + max(batch.count, 1) - 1 > UINT64_MAX:
        raise Refused("first", "its last number is beyond 64 bits")
    streams = [cause.stream for cause in batch.causes]
    if any(left >= right for left, right in zip(streams, streams[1:])):
        raise Refused("causes-order", "causes stand by stream, each once")
    if batch.stream in streams:
        raise Refused("causes-own", "its own stream is among its causes")
    if batch.count == 0:
        batch = batch._replace(record=decode_record(walk.value(), batch))
    else:
        batch = batch._replace(events=tuple(decode_event(walk.value(), batch) for _ in range(batch.count)))
    walk.done()
    if batch.hash != batch_hash(data):
        raise Refused("hash", "its bytes are not those that its hash is of")
    return batch


def decode_event(value, batch):
    event = EVENT_FIELDS(value)
    if max(event.type, event.cause[1]) >= len(batch.names):
        raise Refused("name-index", f"an index beyond {len(batch.names)} names")
    if event.cause[0] != COMMAND:
        stream_name(batch.names[event.cause[1]])
    if batch.time + event.delta > TIME_MS_MAX:
        raise Refused("time", "its time is beyond 2^53 - 1")
    if event.correlation is None and event.cause[0] != COMMAND:
        raise Refused("correlation", "nil, and no command to take it from")
    return event


def decode_record(value, batch):
    record = RECORD_FIELDS(value)
    if batch.names:
        raise Refused("record-names", "an epoch record has no names")
    streams = [parent[0] for parent in record.parents]
    if any(left >= right for left, right in zip(streams, streams[1:])):
        raise Refused("parents-order", "parents stand by stream, each once")
    if len(streams) != batch.places or streams[batch.place] != batch.stream:
        raise Refused("record-place", "its place is not that of its stream's parent")
    parent = Position(*record.parents[batch.place][1:])
    if (batch.first, batch.previous) != (parent.number + 1, parent.hash) or batch.epoch_counter <= parent.counter:
        raise Refused("record-parent", "it is not behind its parent")
    return record


def encode_batch(batch):
    """The bytes of a batch; its hash is filled in. Whatever decode_batch() would refuse is refused."""
    header = list(batch[:15])
    header[2] = NO_HASH
    body = [batch.record] if batch.count == 0 else batch.events
    data = b"".join(msgpack.packb(value) for value in (header, *body))
    data = data[:HASH_AT] + batch_hash(data) + data[HASH_AT + HASH_BYTES:]
    decode_batch(data)
    return data


def command_hash(name, payload):
    """By which two commands under one id are told apart."""
    return hashlib.blake2b(name.encode("utf-8") + b"\0" + payload, digest_size=HASH_BYTES).digest()[:8]


def id_of_request(stream, counter, bits, number, index):
    """The id of the request that an event asked for, the `index`-th one of it."""
    asked = stream.encode("utf-8") + b"\0" + struct.pack(">I8sQI", counter, bits, number, index)
    return hashlib.blake2b(asked, digest_size=HASH_BYTES).digest()[:ID_BYTES]


def short_id(request_id):
    """The 16 bytes that an id of another length stands for."""
    if len(request_id) == ID_BYTES:
        return request_id
    return hashlib.blake2b(request_id, digest_size=HASH_BYTES).digest()[:ID_BYTES]


# ---- messages --------------------------------------------------------------


class Answer(NamedTuple):
    """What a holder says of one stream of a pull."""

    stream: str
    position: Position
    verdict: int
    head: Position
    common: tuple                       # counter, bits, number


class Heads(NamedTuple):
    KIND = 1
    service: str
    sender: str
    incarnation: bytes
    fingerprint: bytes
    time: int
    heads: tuple


class Pull(NamedTuple):
    KIND = 2
    request: int
    asker: str
    credit: int
    cursors: tuple
    waits: tuple = ()


class Pulled(NamedTuple):
    KIND = 3
    request: int
    holder: str
    incarnation: bytes
    more: bool
    answers: tuple


class Acknowledged(NamedTuple):
    KIND = 4
    store: str
    incarnation: bytes
    commit: int
    acks: tuple


class Seal(NamedTuple):
    KIND = 5
    request: int
    service: str
    counter: int
    instance: bytes


class Sealed(NamedTuple):
    KIND = 6
    request: int
    store: str
    incarnation: bytes
    service: str
    granted: bool
    counter: int
    positions: tuple


class Fenced(NamedTuple):
    KIND = 7
    store: str
    service: str
    counter: int


class Busy(NamedTuple):
    KIND = 10
    request: int
    holder: str
    retry_after: int


class Request(NamedTuple):
    KIND = 8
    id: bytes
    query: bool
    name: str
    version: int
    deadline: int
    correlation: Optional[bytes]
    caller: str
    recorded: bool
    seen: tuple
    pass_: bytes
    payload: bytes


class Body(NamedTuple):
    """An event that a command caused, or the answer to a query."""

    name: str
    version: int
    stream: str
    number: int
    key: bytes
    payload: bytes


class Reply(NamedTuple):
    KIND = 9
    id: bytes
    status: int
    durability: int
    code: str
    text: str
    retry_after: int
    cursors: tuple
    body: tuple

    @property
    def word(self):
        return STATUSES[self.status]


def cursors_of_a_pull(value):
    cursors = array(position_entry, 1, STREAMS_MAX)(value)
    if len({stream for stream, *_ in cursors}) != len(cursors):
        raise Refused("streams", "a stream of a pull stands twice")
    return cursors


positions = array(position_entry, 0, STREAMS_MAX)
MESSAGES = {message.KIND: fields(uint(VERSION, VERSION, "version"), any_uint, *types,
                                 make=lambda _version, _kind, *values, message=message: message(*values))
            for message, types in {
    Heads: (stream_name, stream_name, bits8, bits8, time_ms, positions),
    Pull: (any_uint, stream_name, uint(1, CREDIT_BYTES_MAX, "credit"), cursors_of_a_pull,
           array(vector_entry, 0, WAITS_MAX)),
    Pulled: (any_uint, stream_name, bits8, boolean, array(fields(
        stream_name, counter0, bits8, any_uint, hash32, uint(0, BEGINS, "verdict"), counter0, bits8, any_uint, hash32,
        counter0, bits8, any_uint, make=answer_of), 0, STREAMS_MAX)),
    Acknowledged: (stream_name, bits8, any_uint, array(fields(
        stream_name, counter0, bits8, any_uint, hash32, any_uint, make=position_of), 0, STREAMS_MAX)),
    Seal: (any_uint, stream_name, counter1, bits8),
    Sealed: (any_uint, stream_name, bits8, stream_name, boolean, counter0, positions),
    Fenced: (stream_name, stream_name, counter1),
    Busy: (any_uint, stream_name, uint(0, RETRY_MS_MAX, "retry-after")),
    Request: (id16, boolean, long_name, uint(1, UINT16_MAX, "schema-version"), uint(0, DEADLINE_MS_MAX, "deadline"),
              optional(id16), long_name, boolean, array(cursor_entry, 0, SEEN_MAX), binary(0, PASS_BYTES_MAX, "pass"),
              binary(0, PAYLOAD_BYTES_MAX, "payload")),
    Reply: (id16, uint(0, len(STATUSES) - 1, "status"), uint(0, 2, "durability"), words, words, any_uint,
            array(cursor_entry, 0, SYSTEM_STREAMS_MAX), array(fields(
                long_name, any_uint, stream_or_none, any_uint, binary(0, KEY_BYTES_MAX, "key"),
                binary(0, PAYLOAD_BYTES_MAX, "payload"), make=Body), 0, FRAME_BYTES_MAX)),
}.items()}


def decode_message(data):
    """The message in the first frame of a message."""
    if len(data) > FRAME_BYTES_MAX:
        raise Refused("size", f"a first frame of {len(data)} bytes")
    look = Walk(data)
    if look.array() < 2:
        raise Refused("fields", "neither version nor kind")
    if look.value() != VERSION:
        raise Refused("version", "a message of another version")
    kind = look.value()
    if type(kind) is not int or kind not in MESSAGES:
        raise Refused("kind", f"nobody knows kind {kind!r}")
    return MESSAGES[kind](decode_value(data))


def encode_message(message):
    """The bytes of a message. Whatever decode_message() would refuse is refused."""
    values = list(message)
    if isinstance(message, Pulled):
        values[4] = [(answer.stream, *answer.position, answer.verdict, *answer.head, *answer.common)
                     for answer in message.answers]
    data = msgpack.packb([VERSION, message.KIND, *values])
    decode_message(data)
    return data


# ---- finding events ----------------------------------------------------------


def default(of, value):
    """A field that a writer may not know of yet: missing at the end, it is this."""
    def check(said):
        return of(said)
    check.missing = value
    return check


def absent(of):
    return default(optional(of), None)


def record(**types):
    """Fields by name, of a payload or within one. What is appended behind them is of a newer version: stepped over."""
    def check(value):
        if type(value) not in (list, tuple):
            raise Refused("type", f"{value!r} is no array")
        for of in list(types.values())[len(value):]:
            if not hasattr(of, "missing"):
                raise Refused("fields", f"{len(value)} fields, not {len(types)}")
        said = {name: of(entry) for (name, of), entry in zip(types.items(), value)}
        return {**said, **{name: of.missing for name, of in list(types.items())[len(value):]}}
    return check


key_bytes, any_uint8 = binary(0, KEY_BYTES_MAX, "key"), uint(0, 255)
short_text, type_name = text(0, 31), text(0, NAME_BYTES_MAX)
incarnation_or_none = default(binary(0, 8), b"")
log_place = record(incarnation=binary(0, 8), log_position=any_uint, index=uint(0, UINT32_MAX))
verify_place = record(stream=short_text, epoch=counter0, number=any_uint)
found = record(log_position=any_uint, stream=short_text, epoch=counter0, number=any_uint, type=type_name, key=key_bytes,
               version=uint(0, UINT16_MAX), time_ms=time_ms, correlation_id=id16, depth=any_uint8,
               cause=record(kind=uint(COMMAND, LOSS, "cause"), caller=type_name, command_id=optional(id16),
                            stream=short_text, epoch=counter0, number=any_uint, index=uint(0, UINT32_MAX)),
               is_private=boolean, payload_bytes=uint(0, UINT32_MAX))
asked_event = record(stream=short_text, number=any_uint, epoch=default(counter0, 0))
PAYLOADS = {
    "eventstore.find": record(
        stream=absent(short_text), key=absent(key_bytes), type=absent(type_name), correlation_id=absent(id16),
        from_ms=absent(time_ms), to_ms=absent(time_ms), latest_first=default(boolean, False),
        limit=default(uint(1, 100), 50), next=absent(log_place)),
    "eventstore.find_reply": record(events=array(found, 0, 100), next=absent(log_place), behind=any_uint,
                                    incarnation=incarnation_or_none),
    "eventstore.event": asked_event,
    "eventstore.event_reply": record(event=found, payload=absent(binary(0, 60_000)), incarnation=incarnation_or_none),
    "eventstore.why": asked_event,
    "eventstore.why_reply": record(causes=array(found, 0, 65), event=found,
                                   effects=array(record(level=any_uint8, event=found), 0, 80), more=boolean,
                                   incarnation=incarnation_or_none),
    "eventstore.place": record(at_ms=absent(time_ms), log_position=absent(any_uint), incarnation=incarnation_or_none),
    "eventstore.place_reply": record(
        incarnation=binary(0, 8), log_position=any_uint,
        cursors=array(record(stream=short_text, epoch=counter0, epoch_bits=binary(0, 8), number=any_uint,
                             hash=binary(0, HASH_BYTES)), 0, SYSTEM_STREAMS_MAX)),
    "eventstore.verify": record(stream=absent(short_text), next=absent(verify_place)),
    "eventstore.verify_reply": record(batches=any_uint, events=any_uint, bytes=any_uint, next=absent(verify_place),
                                      fault=text(0, 200), fault_at=absent(verify_place)),
    "eventstore.statistics": record(),
    "eventstore.statistics_reply": record(
        incarnation=binary(0, 8), log_position=any_uint, behind=any_uint, batches=any_uint, events=any_uint,
        damaged=any_uint, fillings=any_uint, index_bytes=any_uint,
        streams=array(record(stream=short_text, epoch=counter0, number=any_uint, batches=any_uint, events=any_uint,
                             time_ms=time_ms), 0, SYSTEM_STREAMS_MAX)),
    "eventstore.backup": record(name=type_name),
    "souk.backup": record(name=type_name),
}


def decode_finding(name, payload):
    """What a query or command of section 17 asks, or its answer says: its fields by name."""
    return PAYLOADS[name](decode_payload(payload))


def encode_finding(name, said):
    """The payload. Whatever decode_finding() would refuse is refused."""
    def values(of):
        if isinstance(of, dict):
            return [values(entry) for entry in of.values()]
        return [values(entry) for entry in of] if isinstance(of, (list, tuple)) else of

    data = msgpack.packb(values(said))
    decode_finding(name, data)
    return data


LOG_POSITION = re.compile(r"([a-z][a-z0-9.-]{0,30})\.([0-9a-f]{1,16}):([1-9][0-9]{0,19})\Z")


def log_position_text(store, incarnation, number):
    return f"{store}.{incarnation[:4].hex()}:{number}"


def read_log_position(said):
    """The event store, the first digits of its incarnation, and the number."""
    match = LOG_POSITION.match(said)
    if match is None or int(match[3]) > UINT64_MAX:
        raise Refused("log-position", f"{said[:80]!r} is no log position")
    return match[1], match[2], int(match[3])


# ---- passes ----------------------------------------------------------------


class Pass(NamedTuple):
    """Who a caller speaks for; times in ms since 1970."""

    person: bytes
    roles: tuple
    issued: int
    expires: int


PASS_FIELDS = fields(binary(0, PASS_BYTES_MAX), binary(ed25519.SIGNATURE_BYTES))
PASS_BODY = fields(uint(PASS_VERSION, PASS_VERSION, "version"), id16, array(stream_name, 0, PASS_ROLES_MAX, "roles"), time_ms,
                   time_ms, make=lambda _, *rest: Pass(*rest))


def pass_parts(data):
    """The body as it stands, its signature, and what it says."""
    if len(data) > PASS_BYTES_MAX:
        raise Refused("size", f"a pass of {len(data)} bytes")
    body, signature = PASS_FIELDS(decode_value(data))
    return body, signature, PASS_BODY(decode_value(body))


def pass_lives(pass_):
    if not 0 < pass_.expires - pass_.issued <= PASS_LIFE_MS_MAX:
        raise Refused("life", f"a pass for {pass_.expires - pass_.issued} ms")


def read_pass(data):
    """What a pass says, for who has it from the one that signs them: neither its signature nor its time is looked at."""
    return pass_parts(data)[2]


def check_pass(data, keys, now_ms):
    """What a pass says that one of the public `keys` has signed and that is good at `now_ms`; else Refused says why not."""
    if not keys:
        raise Refused("keys", "nobody signs passes")
    body, signature, pass_ = pass_parts(data)
    if not any(ed25519.verify(key, PASS_CONTEXT + body, signature) for key in keys):
        raise Refused("signature", "none of the keys has signed it")
    pass_lives(pass_)
    if now_ms >= pass_.expires:
        raise Refused("expired", f"it was good until {pass_.expires}")
    if pass_.issued - now_ms > PASS_AHEAD_MS_MAX:
        raise Refused("ahead", f"it is signed {pass_.issued - now_ms} ms from now")
    return pass_


def sign_pass(pass_, seed):
    """The bytes of a pass, signed with the secret key that `seed` is. What can be good at no time is refused."""
    pass_lives(pass_)
    body = msgpack.packb([PASS_VERSION, *pass_])
    data = msgpack.packb([body, ed25519.sign(seed, PASS_CONTEXT + body)])
    read_pass(data)
    return data
