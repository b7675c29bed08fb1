#!/usr/bin/env python3
"""Write the test vectors beside this script: NAME.bin and its twin NAME.json,
valid ones here, broken ones in invalid/. Needs nothing but Python's standard
library, and shares no code with what the vectors are for. With --check it
writes nothing and fails if a file is not what it would write."""

import hashlib
import json
import os
import struct
import sys

sys.dont_write_bytecode = True
from ed25519 import ORDER, ed25519  # noqa: E402  pylint: disable=wrong-import-position
from xchacha import xchacha20poly1305  # noqa: E402  pylint: disable=wrong-import-position

HERE = os.path.dirname(os.path.abspath(__file__))
ZERO8, ZERO32 = bytes(8), bytes(32)

# ---- msgpack, canonical ------------------------------------------------------


class Raw(bytes):
    """Bytes that go out as they are: how a vector breaks a rule."""


def head(value, forms):
    """The first of (limit, byte, format) that holds value."""
    for limit, byte, form in forms:
        if value <= limit:
            return bytes([byte]) + struct.pack(form, value)
    raise ValueError(value)


def pack(value):
    if isinstance(value, Raw):
        return bytes(value)
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        if 0 <= value < 128:
            return bytes([value])
        if value >= 0:
            return head(value, [(0xFF, 0xCC, ">B"), (0xFFFF, 0xCD, ">H"), (0xFFFFFFFF, 0xCE, ">I"),
                                (0xFFFFFFFFFFFFFFFF, 0xCF, ">Q")])
        if value >= -32:
            return struct.pack("b", value)
        for low, byte, form in [(-0x80, 0xD0, ">b"), (-0x8000, 0xD1, ">h"), (-0x80000000, 0xD2, ">i")]:
            if value >= low:
                return bytes([byte]) + struct.pack(form, value)
        return b"\xd3" + struct.pack(">q", value)
    if isinstance(value, str):
        text = value.encode()
        if len(text) < 32:
            return bytes([0xA0 | len(text)]) + text
        return head(len(text), [(0xFF, 0xD9, ">B"), (0xFFFF, 0xDA, ">H"), (0xFFFFFFFF, 0xDB, ">I")]) + text
    if isinstance(value, bytes):
        return head(len(value), [(0xFF, 0xC4, ">B"), (0xFFFF, 0xC5, ">H"), (0xFFFFFFFF, 0xC6, ">I")]) + value
    count = len(value)
    start = bytes([0x90 | count]) if count < 16 else head(count, [(0xFFFF, 0xDC, ">H"), (0xFFFFFFFF, 0xDD, ">I")])
    return start + b"".join(pack(element) for element in value)


def blake2b(data, size=32):
    return hashlib.blake2b(data, digest_size=size).digest()


def command_hash(name, payload):
    return blake2b(name.encode() + b"\0" + payload)[:8]


# ---- batches -----------------------------------------------------------------

HEADER = ["version", "algorithm", "hash", "previous", "stream", "epoch_counter", "epoch_bits", "first", "count", "time",
          "commit", "place", "places", "causes", "names"]
EVENT = ["type", "key", "cause", "correlation", "depth", "delta", "schema_version", "payload"]


def seal(data):
    """The same batch with its hash in place. Only where the hash is at its offset."""
    return data[:5] + blake2b(data[:5] + data[37:]) + data[37:]


def batch(header, body):
    """`header` by field, without hash; `body`: the events, or one epoch record body."""
    fields = dict(version=1, algorithm=1, hash=ZERO32, count=len(body), **header)
    return seal(pack([fields[name] for name in HEADER]) + b"".join(pack(value) for value in body))


def hash_of(data):
    return data[5:37]


def event(type_index, key, cause, correlation, depth, delta, payload):
    return [type_index, key, cause, correlation, depth, delta, 1, pack(payload)]


# ---- JSON twins --------------------------------------------------------------


def plain(value):
    """Bytes as hex."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(element) for element in value]
    return value


def batch_twin(header, body, data):
    fields = dict(version=1, algorithm=1, hash=hash_of(data), count=len(body), **header)
    twin = {name: plain(fields[name]) for name in HEADER}
    if fields["count"] > 0:
        twin["events"] = [dict(zip(EVENT, plain(one))) for one in body]
    return twin


def record_twin(header, record, data):
    twin = batch_twin(dict(header), [], data)
    twin["record"] = dict(zip(["service", "reason", "parents"], plain(record)))
    return twin


files = {}


def keep(name, twin, data):
    twin["hex"] = data.hex()
    files[name + ".bin"] = data
    files[name + ".json"] = (json.dumps(twin, indent=1, ensure_ascii=False) + "\n").encode()


# ---- the valid ones ----------------------------------------------------------

EPOCH_ORDERS, EPOCH_ORDERS_2 = bytes.fromhex("1122334455667788"), bytes.fromhex("99aabbccddeeff00")
EPOCH_STOCK, EPOCH_CARTS = bytes.fromhex("a0a1a2a3a4a5a6a7"), bytes.fromhex("c0c1c2c3c4c5c6c7")
COMMAND = bytes.fromhex("0193a1b2c3d47e5f8a9b0c1d2e3f4051")
CORRELATION = bytes.fromhex("0193a1b2c3d47e5f8a9b0c1d2e3f4999")
INCARNATION = bytes.fromhex("0badc0de0badc0de")
FINGERPRINT = blake2b(b"the topology file", 8)
TIME = 1763845200000
PLACE_PAYLOAD = pack([7, 3, 2])

first_parents = [["orders", 0, ZERO8, 0, ZERO32], ["orders.private", 0, ZERO8, 0, ZERO32]]
first_record = ["orders", 0, first_parents]
first_header = dict(previous=ZERO32, stream="orders", epoch_counter=1, epoch_bits=EPOCH_ORDERS, first=1, time=TIME,
                    commit=1, place=0, places=2, causes=[], names=[])


def record(header, body):
    fields = dict(version=1, algorithm=1, hash=ZERO32, count=0, **header)
    return seal(pack([fields[name] for name in HEADER]) + pack(body))


first_data = record(first_header, first_record)
keep("batch-epoch-first", {"says": "the epoch record of a first start, one of two streams",
                           "batch": record_twin(first_header, first_record, first_data)}, first_data)

one_header = dict(previous=hash_of(first_data), stream="orders", epoch_counter=1, epoch_bits=EPOCH_ORDERS, first=1,
                  time=TIME + 1000, commit=2, place=0, places=1, causes=[], names=["order.placed", "page"])
one_events = [event(0, b"7", [0, 1, COMMAND, command_hash("order.place", PLACE_PAYLOAD)], None, 0, 0, [7, 3, 2, 500])]
one_data = batch(one_header, one_events)
keep("batch-one-event", {"says": "one event that a command caused; its correlation is the command's id",
                         "command": {"name": "order.place", "payload": PLACE_PAYLOAD.hex()},
                         "batch": batch_twin(one_header, one_events, one_data)}, one_data)

three_header = dict(previous=hash_of(one_data), stream="orders", epoch_counter=1, epoch_bits=EPOCH_ORDERS, first=2,
                    time=TIME + 2000, commit=3, place=1, places=3,
                    causes=[["carts", 1, EPOCH_CARTS, 12], ["orders.private", 1, EPOCH_ORDERS, 300],
                            ["stock", 4, EPOCH_STOCK, 70000]],
                    names=["order.placed", "page", "order.reserved", "stock", "orders"])
three_events = [
    event(0, b"8", [0, 1, bytes(range(16)), command_hash("order.place", pack([8, 3, 1]))], CORRELATION, 0, 0,
          [8, 3, 1, 500]),
    event(2, b"7", [1, 3, 4, EPOCH_STOCK, 70000, 0], COMMAND, 2, 7, [7, 500]),
    event(2, "säule/9".encode(), [2, 4, 1, EPOCH_ORDERS, 1, 1], COMMAND, 1, 300, [9, 2 ** 40]),
]
three_data = batch(three_header, three_events)
keep("batch-three-events", {"says": "three events of two types: a command, a reaction, a timer of event 1; a delta of "
                                    "causes; the middle batch of its commit",
                            "batch": batch_twin(three_header, three_events, three_data)}, three_data)

answered_header = dict(previous=hash_of(three_data), stream="orders", epoch_counter=1, epoch_bits=EPOCH_ORDERS, first=5,
                       time=TIME + 3000, commit=4, place=0, places=1, causes=[["stock", 5, EPOCH_STOCK, 69990]],
                       names=["order.paid", "orders", "order.compensated", "stock"])
answered_events = [
    event(0, b"7", [3, 1, 1, EPOCH_ORDERS, 3, 0], COMMAND, 3, 0, [7]),
    event(2, b"7", [4, 3, 4, EPOCH_STOCK, 70000, 0], COMMAND, 2, 65536, [7, 4, 70000]),
]
answered_data = batch(answered_header, answered_events)
keep("batch-answer-and-loss", {"says": "an event on the answer to a request of event 3; an event on the loss of one in "
                                       "the epoch that the batch's cause has left behind",
                               "batch": batch_twin(answered_header, answered_events, answered_data)}, answered_data)

fork_parents = [["orders", 1, EPOCH_ORDERS, 4, hash_of(three_data)],
                ["orders.private", 1, EPOCH_ORDERS, 300, blake2b(b"the last private batch that is left")]]
fork_record = ["orders", 3, fork_parents]
fork_header = dict(previous=hash_of(three_data), stream="orders", epoch_counter=3, epoch_bits=EPOCH_ORDERS_2, first=5,
                   time=TIME + 90000, commit=9, place=0, places=2,
                   causes=[["carts", 1, EPOCH_CARTS, 12], ["orders.private", 1, EPOCH_ORDERS, 300],
                           ["stock", 4, EPOCH_STOCK, 70000]], names=[])
fork_data = record(fork_header, fork_record)
keep("batch-epoch-fork", {"says": "an epoch record after a fork: behind number 4, so batch-answer-and-loss is void; the "
                                  "full vector, not a delta",
                          "batch": record_twin(fork_header, fork_record, fork_data)}, fork_data)


# ---- sealed fields -----------------------------------------------------------

# In the payload of accounts.moved the street is the person's own: the key below belongs to nobody but that person.
PERSON = bytes.fromhex("0197a1b2c3d47000800000000000beef")
PERSON_KEY = bytes(range(64, 96))
MOVED_TYPE, STREET = "accounts.moved", 1


def person_subkey(number):
    """As crypto_kdf_derive_from_key() of libsodium makes it."""
    return hashlib.blake2b(key=PERSON_KEY, digest_size=32, salt=struct.pack("<QQ", number, 0),
                           person=b"soukseal" + bytes(8)).digest()


def sealed(value):
    """The packed value as the extension that its writer alone can open."""
    label = MOVED_TYPE.encode() + bytes([0, STREET])
    nonce = hashlib.blake2b(label + pack(value), key=person_subkey(2), digest_size=24).digest()
    hidden = nonce + xchacha20poly1305(person_subkey(1), nonce, pack(value), label)
    return Raw(head(len(hidden), [(0xFF, 0xC7, ">B"), (0xFFFF, 0xC8, ">H")]) + b"\x01" + hidden)


moved_streets = ["Rue de la Kasbah 7", "Rue de la Kasbah 7, Tanger. " * 8]
moved_header = dict(previous=blake2b(b"what alice wrote before"), stream="accounts.private", epoch_counter=1,
                    epoch_bits=EPOCH_ORDERS_2, first=9, time=TIME + 4000, commit=12, place=0, places=1, causes=[],
                    names=[MOVED_TYPE, "page"])
moved_events = [event(0, PERSON, [0, 1, bytes(range(index, index + 16)), blake2b(b"moved %d" % index, 8)], None, 0, 0,
                      [PERSON, sealed(street), []]) for index, street in enumerate(moved_streets)]
moved_data = batch(moved_header, moved_events)
keep("batch-sealed-fields", {
    "says": "two events of a private stream whose personal field is sealed, in the two forms of its head; `sealed` has "
            "the key, which no other reader has, what it opens, and what all others read",
    "sealed": {"key": PERSON_KEY.hex(), "person": PERSON.hex(), "type": MOVED_TYPE,
               "opened": [pack([PERSON, street, []]).hex() for street in moved_streets],
               "closed": [pack([PERSON, None, []]).hex() for street in moved_streets]},
    "batch": batch_twin(moved_header, moved_events, moved_data)}, moved_data)

# ---- passes ------------------------------------------------------------------

PASS_MS, HOUR_MS, MINUTE_MS = 600000, 3600000, 60000
SEED, SEED_2 = bytes(range(32)), bytes(range(1, 33))
KEY, KEY_2 = ed25519(SEED, b"")[0], ed25519(SEED_2, b"")[0]
PASS_CONTEXT = b"souk pass 1\0"
ROLES = ["customer", "staff"]
LONGEST_ROLE = "abcdefghijklmnopqrstuvwxyz-0123"


def signed(body, seed=SEED, context=PASS_CONTEXT):
    return pack([body, ed25519(seed, context + body)[1]])


def pass_body(roles, life_ms=PASS_MS, version=1):
    return pack([version, PERSON, roles, TIME, TIME + life_ms])


PASS_BODY = pass_body(ROLES)
PASS = signed(PASS_BODY)

for name, says, roles, life_ms, seed, keys, now in [
    ("good", "of two roles, for ten minutes, looked at a second after it was signed", ROLES, PASS_MS, SEED, [KEY],
     TIME + 1000),
    ("good-in-its-last-ms", "the ms before it expires", ROLES, PASS_MS, SEED, [KEY], TIME + PASS_MS - 1),
    ("good-60000-ms-ahead", "by the clock of who looks it is signed in a minute", ROLES, PASS_MS, SEED, [KEY],
     TIME - MINUTE_MS),
    ("good-for-an-hour", "the longest life that there is", ROLES, HOUR_MS, SEED, [KEY], TIME),
    ("good-under-the-second-key", "of two keys the second one has signed it", ROLES, PASS_MS, SEED_2, [KEY, KEY_2], TIME),
    ("good-under-the-first-key", "of two keys the first one has signed it", ROLES, PASS_MS, SEED, [KEY, KEY_2], TIME),
    ("good-without-roles", "a person, and nothing that they may be", [], PASS_MS, SEED, [KEY], TIME),
    ("good-with-8-roles", "as many roles as there may be, each as long as a name may be", [LONGEST_ROLE] * 8, PASS_MS,
     SEED, [KEY], TIME),
]:
    keep("pass-" + name, {
        "says": says, "keys": plain(keys), "now": now, "verdict": "good",
        "pass": {"person": PERSON.hex(), "roles": roles, "issued": TIME, "expires": TIME + life_ms}},
         signed(pass_body(roles, life_ms), seed))


def position(stream, counter, bits, number, data):
    return [stream, counter, bits, number, hash_of(data)]


MESSAGES = {
    1: ["service", "sender", "incarnation", "fingerprint", "time", "heads"],
    2: ["request", "asker", "credit", "cursors", "waits"],
    3: ["request", "holder", "incarnation", "more", "answers"],
    4: ["store", "incarnation", "commit", "acks"],
    5: ["request", "service", "counter", "instance"],
    6: ["request", "store", "incarnation", "service", "granted", "counter", "positions"],
    7: ["store", "service", "counter"],
    8: ["id", "query", "name", "version", "deadline", "correlation", "caller", "recorded", "seen", "pass",
        "payload"],
    9: ["id", "status", "durability", "code", "text", "retry_after", "cursors", "body"],
    10: ["request", "holder", "retry_after"],
}

messages = {
    "heads-of-origin": (1, "what an origin says it has; its incarnation is 0", [
        "orders", "orders", ZERO8, FINGERPRINT, TIME,
        [position("orders", 1, EPOCH_ORDERS, 4, three_data), ["orders.private", 0, ZERO8, 0, ZERO32]]]),
    "heads-of-event-store": (1, "what an event store says it has of a service", [
        "orders", "eventstore", INCARNATION, FINGERPRINT, TIME, [position("orders", 1, EPOCH_ORDERS, 1, one_data)]]),
    "pull": (2, "the streams of one origin, one of them from the start; a cause is waited for", [
        70000, "query", 262144,
        [position("orders", 1, EPOCH_ORDERS, 1, one_data), ["orders.private", 0, ZERO8, 0, ZERO32]],
        [["orders", 1, EPOCH_ORDERS, 4]]]),
    "pulled-next": (3, "the answer: next, then batch-three-events and batch-answer-and-loss as frames; and trimmed", [
        70000, "eventstore", INCARNATION, True,
        [position("orders", 1, EPOCH_ORDERS, 1, one_data) + [0, 1, EPOCH_ORDERS, 6, hash_of(answered_data), 0, ZERO8, 0],
         ["orders.private", 0, ZERO8, 0, ZERO32, 1, 1, EPOCH_ORDERS, 300, fork_parents[1][4], 0, ZERO8, 0]]]),
    "pulled-void": (3, "the answer after the fork: void, and unknown", [
        70001, "orders", ZERO8, False,
        [position("orders", 1, EPOCH_ORDERS, 6, answered_data)
         + [2, 3, EPOCH_ORDERS_2, 4, hash_of(fork_data), 1, EPOCH_ORDERS, 4],
         ["orders.private", 4, bytes(range(8)), 310, blake2b(b"from elsewhere"), 3, 3, EPOCH_ORDERS_2, 300,
          blake2b(b"the record of orders.private"), 0, ZERO8, 0]]]),
    "pull-beginning": (2, "an event store asks where what an origin holds begins", [
        70002, "eventstore", 65536, [["orders", 1, ZERO8, 0, ZERO32], ["orders.private", 1, ZERO8, 0, ZERO32]], []]),
    "pulled-begins": (3, "the answer: in one stream behind a number, in the other at the very start", [
        70002, "orders", ZERO8, False,
        [["orders", 1, ZERO8, 0, ZERO32, 4, 1, EPOCH_ORDERS, 4, hash_of(three_data), 0, ZERO8, 0],
         ["orders.private", 1, ZERO8, 0, ZERO32, 4, 0, ZERO8, 0, ZERO32, 0, ZERO8, 0]]]),
    "pulled-trimmed": (3, "the answer: both begin behind what was asked for, as this holder has trimmed; no batches", [
        70003, "orders", ZERO8, False,
        [["orders", 0, ZERO8, 0, ZERO32, 1, 1, EPOCH_ORDERS, 6, hash_of(answered_data), 0, ZERO8, 0],
         position("orders.private", 1, EPOCH_ORDERS, 2, one_data)
         + [1, 1, EPOCH_ORDERS, 300, fork_parents[1][4], 0, ZERO8, 0]]]),
    "pulled-unknown": (3, "the answer: of an epoch to come, of a stream that nothing is held of", [
        70004, "eventstore", INCARNATION, False,
        [position("orders", 3, EPOCH_ORDERS_2, 5, fork_data)
         + [3, 1, EPOCH_ORDERS, 6, hash_of(answered_data), 0, ZERO8, 0],
         position("orders.private", 1, EPOCH_ORDERS, 300, three_data) + [3, 0, ZERO8, 0, ZERO32, 0, ZERO8, 0]]]),
    "acknowledged": (4, "two streams are on disk, one of them in every backup", [
        "eventstore", INCARNATION, 77, [position("orders", 1, EPOCH_ORDERS, 4, three_data) + [0],
                                    ["orders.private", 1, EPOCH_ORDERS, 300, fork_parents[1][4], 300]]]),
    "seal": (5, "an origin asks for a seal", [3, "orders", 3, bytes.fromhex("f00dfeedf00dfeed")]),
    "sealed-granted": (6, "granted", [
        3, "eventstore", INCARNATION, "orders", True, 3, [position("orders", 1, EPOCH_ORDERS, 4, three_data),
                                                         ["orders.private", 0, ZERO8, 0, ZERO32]]]),
    "sealed-refused": (6, "refused: 4 was sealed before", [3, "eventstore", INCARNATION, "orders", False, 4, []]),
    "fenced": (7, "an origin is told that it is not the origin any more", ["eventstore", "orders", 3]),
    "busy": (10, "a holder that has too many pulls, and when it may have room", [70000, "eventstore", 237]),
    "request-command": (8, "a command that wants to be recorded", [
        COMMAND, False, "order.place", 1, 3000, None, "page", True, [], PASS, PLACE_PAYLOAD]),
    "request-query": (8, "a query that wants to see what the command did", [
        CORRELATION, True, "orders.get", 1, 500, CORRELATION, "page", False,
        [["orders", 1, EPOCH_ORDERS, 1], ["stock", 4, EPOCH_STOCK, 70000]], b"", pack([7])]),
    "reply-command": (9, "the command's event and number", [
        COMMAND, 0, 2, "", "", 0, [["orders", 1, EPOCH_ORDERS, 1]],
        [["order.placed", 1, "orders", 1, b"7", pack([7, 3, 2, 500])]]]),
    "reply-query": (9, "an answer, and what it was answered at", [
        CORRELATION, 0, 0, "", "", 0, [["orders", 1, EPOCH_ORDERS, 4], ["stock", 5, EPOCH_STOCK, 69990]],
        [["order.got", 1, "", 0, b"", pack([7, "offen", 500])]]]),
    "reply-refused": (9, "a refusal", [COMMAND, 1, 0, "sold-out", "none left of 3", 0, [], []]),
    "reply-local": (9, "recorded was asked for, and at the deadline no event store has acknowledged: it is on the "
                       "service's disk", [
        COMMAND, 0, 1, "", "", 0, [["orders", 1, EPOCH_ORDERS, 1]],
        [["order.placed", 1, "orders", 1, b"7", pack([7, 3, 2, 500])]]]),
    "reply-pending": (9, "what was seen has not come by the deadline", [
        CORRELATION, 2, 0, "pending", "waits for stock 4:70000", 0, [], []]),
    "reply-pending-busy": (9, "at once, for too many wait for what they have seen", [
        CORRELATION, 2, 0, "busy", "1,000 wait for streams", 250, [], []]),
    "reply-busy": (9, "come again", [COMMAND, 3, 0, "", "rebuilding", 1000, [], []]),
    "reply-key-reused": (9, "the id has come before with another command", [
        COMMAND, 4, 0, "key_reused", "another command has had this id", 0, [], []]),
    "reply-lost": (9, "what was seen is void since a new epoch", [
        CORRELATION, 5, 0, "lost", "orders 1:6 is void since epoch 3", 0, [], []]),
    "reply-invalid": (9, "the payload is not what its description says; the code says in which way", [
        COMMAND, 6, 0, "too-big", "units: a number of 1 to 100, not 3000", 0, [], []]),
    "reply-unknown": (9, "the service has no such command", [
        COMMAND, 7, 0, "unknown", "this service has no such command", 0, [], []]),
    "reply-unknown-here": (9, "a query that came to the commands", [
        CORRELATION, 7, 0, "other_door", "queries go to the queries door", 0, [], []]),
    "reply-internal": (9, "the handler failed", [COMMAND, 8, 0, "internal", "the command's handler failed", 0, [], []]),
    "reply-full": (9, "no room", [
        COMMAND, 9, 0, "full", "no room on the service's disk or in its store", 1000, [], []]),
    "reply-expired": (9, "nobody had looked at it by its deadline", [
        COMMAND, 10, 0, "expired", "its deadline passed before it was looked at", 0, [], []]),
    "reply-unsupported": (9, "to a request of version 2, of which nothing but the id was read", [
        COMMAND, 11, 0, "unsupported", "this is version 1 of the protocol", 0, [], []]),
    "reply-forbidden": (9, "the caller has no right to it", [
        COMMAND, 12, 0, "forbidden", "the topology gives this key no right to that", 0, [], []]),
}

for name, (kind, says, fields) in messages.items():
    assert len(fields) == len(MESSAGES[kind]), name
    keep("message-" + name, {"says": says, "message": dict(kind=kind, **dict(zip(MESSAGES[kind], plain(fields))))},
         pack([1, kind] + fields))

# ---- payloads of finding events ----------------------------------------------

# Fields by name: a name, of a record (name, its fields), of a list of records (name, [fields]).
CAUSE = ["kind", "caller", "command_id", "stream", "epoch", "number", "index"]
FOUND = ["log_position", "stream", "epoch", "number", "type", "key", "version", "time_ms", "correlation_id", "depth",
         ("cause", CAUSE), "is_private", "payload_bytes"]
LOG_PLACE = ["incarnation", "log_position", "index"]
VERIFY_PLACE = ["stream", "epoch", "number"]
PAYLOADS = {
    "eventstore.find": ["stream", "key", "type", "correlation_id", "from_ms", "to_ms", "latest_first", "limit",
                        ("next", LOG_PLACE)],
    "eventstore.find_reply": [("events", [FOUND]), ("next", LOG_PLACE), "behind", "incarnation"],
    "eventstore.event": ["stream", "number", "epoch"],
    "eventstore.event_reply": [("event", FOUND), "payload", "incarnation"],
    "eventstore.why": ["stream", "number", "epoch"],
    "eventstore.why_reply": [("causes", [FOUND]), ("event", FOUND), ("effects", [["level", ("event", FOUND)]]), "more",
                             "incarnation"],
    "eventstore.place": ["at_ms", "log_position", "incarnation"],
    "eventstore.place_reply": ["incarnation", "log_position",
                               ("cursors", [["stream", "epoch", "epoch_bits", "number", "hash"]])],
    "eventstore.verify": ["stream", ("next", VERIFY_PLACE)],
    "eventstore.verify_reply": ["batches", "events", "bytes", ("next", VERIFY_PLACE), "fault",
                                ("fault_at", VERIFY_PLACE)],
    "eventstore.statistics": [],
    "eventstore.statistics_reply": ["incarnation", "log_position", "behind", "batches", "events", "damaged", "fillings",
                                    "index_bytes", ("streams", [["stream", "epoch", "number", "batches", "events",
                                                                 "time_ms"]])],
    "eventstore.backup": ["name"],
    "souk.backup": ["name"],
}


def named(names, values):
    """The values as the twin has them."""
    assert len(names) == len(values), (names, values)
    twin = {}
    for name, value in zip(names, values):
        if isinstance(name, str):
            twin[name] = plain(value)
        elif value is None:
            twin[name[0]] = None
        elif isinstance(name[1][0], list):
            twin[name[0]] = [named(name[1][0], one) for one in value]
        else:
            twin[name[0]] = named(name[1], value)
    return twin


def found(log_position, header, events, index):
    """As an event store describes an event of a batch above."""
    type_index, key, cause, correlation, depth, delta, version, payload = events[index]
    names, kind = header["names"], cause[0]
    if kind == 0:
        said = [0, names[cause[1]], cause[2], "", 0, 0, 0]
    else:
        said = [kind, "", None, names[cause[1]], cause[2], cause[4], cause[5]]
    return [log_position, header["stream"], header["epoch_counter"], header["first"] + index, names[type_index], key,
            version, header["time"] + delta, cause[2] if correlation is None else correlation, depth, said,
            header["stream"].endswith(".private"), len(payload)]


placed, timed = found(2, one_header, one_events, 0), found(7, three_header, three_events, 2)
paid, given_back = found(11, answered_header, answered_events, 0), found(11, answered_header, answered_events, 1)
reserved, moved = found(7, three_header, three_events, 1), found(0, moved_header, moved_events, 0)
held = [5, "stock", 4, 70000, "stock.held", b"3", 1, TIME + 1500, COMMAND, 1, [1, "", None, "orders", 1, 1, 0], False,
        9]

# What the message is follows from the name, to the first hyphen.
payloads = {
    "eventstore.find": ("all that can be asked for at once, going on behind an answer", [
        "orders", b"7", "order.placed", COMMAND, TIME, TIME + 86400000, True, 100, [INCARNATION, 7, 2]]),
    "eventstore.find-everything": ("nothing but how many", [None, None, None, None, None, None, False, 50, None]),
    "eventstore.find_reply": ("a command, an answer to a request, a loss, and an event that has no log position yet; "
                              "there is more", [
        [placed, paid, given_back, moved], [INCARNATION, 11, 2], 3, INCARNATION]),
    "eventstore.find_reply-nothing": ("none, and the search is at its end", [[], None, 0, INCARNATION]),
    "eventstore.event": ("event 3, whatever its epoch was", ["orders", 3, 0]),
    "eventstore.event_reply": ("an event of a public stream", [reserved, three_events[1][7], INCARNATION]),
    "eventstore.event_reply-private": ("an event of a private stream: what it says is not shown", [
        moved, None, INCARNATION]),
    "eventstore.why": ("event 70000 of epoch 4", ["stock", 70000, 4]),
    "eventstore.why_reply": ("it follows from a command; of its three effects the second one follows from the first", [
        [placed], held, [[1, reserved], [2, paid], [1, given_back]], False, INCARNATION]),
    "eventstore.why_reply-timer": ("a timer has led to it, and it to nothing that is recorded", [
        [placed], timed, [], False, INCARNATION]),
    "eventstore.place": ("by a log position of an incarnation", [None, 11, INCARNATION]),
    "eventstore.place-time": ("by a time", [TIME + 2500, None, b""]),
    "eventstore.place-now": ("all that has a log position", [None, None, b""]),
    "eventstore.place_reply": ("two streams with a history", [
        INCARNATION, 11, [position("orders", 1, EPOCH_ORDERS, 6, answered_data),
                          ["stock", 5, EPOCH_STOCK, 69990, blake2b(b"the last batch of stock")]]]),
    "eventstore.verify": ("every stream, from its first batch", [None, None]),
    "eventstore.verify-on": ("one stream, behind a batch", ["orders", ["orders", 1, 4]]),
    "eventstore.verify_reply": ("all is right so far, and there is more", [
        412, 70000, 8388608, ["stock", 4, 70000], "", None]),
    "eventstore.verify_reply-fault": ("the batch behind event 4 is not what it was", [
        2, 4, 1234, None, "orders 1:4: the batch behind it is damaged", ["orders", 1, 4]]),
    "eventstore.statistics": ("no field", []),
    "eventstore.statistics_reply": ("what can be found, and what cannot yet", [
        INCARNATION, 11, 3, 2 ** 33, 2 ** 40, 0, 1, 65536, [
            ["orders", 1, 6, 4, 6, TIME + 68536], ["accounts.private", 1, 10, 1, 2, TIME + 4000]]]),
    "eventstore.backup": ("a copy of what is recorded", ["monday"]),
    "souk.backup": ("a copy of any daemon's store", ["2026-11-24"]),
}

for name, (says, values) in payloads.items():
    message = name.split("-")[0]
    keep("payload-" + name, {"says": says, "payload": {"message": message, "version": 1,
                                                       "fields": named(PAYLOADS[message], values)}}, pack(values))

# ---- ids ---------------------------------------------------------------------

LONG_ID = "till 3, receipt 4711 of 2026-11-24".encode()
keep("id-of-caller", {"says": "an id that is not 16 bytes long, as its caller has it, and the one that it stands for",
                      "id": blake2b(LONG_ID)[:16].hex()}, LONG_ID)

# The answer to it is the cause of order.paid in batch-answer-and-loss.
asks = ["orders", 1, EPOCH_ORDERS, 3, 0]
asks_bytes = asks[0].encode() + b"\0" + struct.pack(">I8sQI", *asks[1:])
keep("id-of-request", {"says": "what is hashed for the id of the first request that an event has asked for",
                       "asks": dict(zip(["stream", "epoch_counter", "epoch_bits", "number", "index"], plain(asks))),
                       "id": blake2b(asks_bytes)[:16].hex()}, asks_bytes)

# ---- a log position as text --------------------------------------------------

keep("log-position", {"says": "the text of a log position: the first 8 digits of the incarnation are in it",
                      "log_position": {"store": "es1", "incarnation": "3f2a91c0001122ff", "number": 123456}},
     b"es1.3f2a91c0:123456")

# ---- the broken ones ---------------------------------------------------------


def broken(name, form, breaks, says, data):
    keep("invalid/" + name, {"says": says, "form": form, "breaks": breaks}, data)


def header_with(**changes):
    return batch(dict(one_header, **changes), one_events)


def event_with(index, value):
    changed = list(one_events[0])
    changed[index] = value
    return batch(one_header, [changed])


def cause_with(cause, correlation=COMMAND):
    changed = list(one_events[0])
    changed[2], changed[3] = cause, correlation
    return batch(one_header, [changed])


def record_with(header_changes=None, body_changes=None):
    body = list(first_record)
    for index, value in (body_changes or {}).items():
        body[index] = value
    return record(dict(first_header, **(header_changes or {})), body)


def raw_header(changes, body=one_events):
    """A header with the values of some fields replaced, counts included."""
    fields = dict(version=1, algorithm=1, hash=ZERO32, count=len(body), **one_header)
    fields.update(changes)
    return seal(pack([fields[name] for name in HEADER]) + b"".join(pack(value) for value in body))


stock, carts = ["stock", 4, EPOCH_STOCK, 70000], ["carts", 1, EPOCH_CARTS, 12]
full_header = [dict(version=1, algorithm=1, hash=ZERO32, count=1, **one_header)[name] for name in HEADER]
one_body = pack(one_events[0])

for name, breaks, says, data in [
    ("int-not-shortest", "shortest", "the number 5 in two bytes", raw_header({"time": Raw(b"\xcc\x05")})),
    ("int-64-not-shortest", "shortest", "a number of 32 bits in 64", raw_header({"time": Raw(b"\xcf" + struct.pack(">Q", 2 ** 32 - 1))})),
    ("str-not-shortest", "shortest", "six characters as str 8", raw_header({"stream": Raw(b"\xd9\x06orders")})),
    ("bin-not-shortest", "shortest", "32 bytes as bin 16", raw_header({"previous": Raw(b"\xc5\x00\x20" + ZERO32)})),
    ("array-not-shortest", "shortest", "no causes as array 16", raw_header({"causes": Raw(b"\xdc\x00\x00")})),
    ("int-negative", "type", "a negative number", raw_header({"time": -1})),
    ("int-signed", "type", "a non-negative number in a signed encoding", raw_header({"time": Raw(b"\xd1\x7f\xff")})),
    ("float", "type", "a time as a float", raw_header({"time": Raw(b"\xcb" + struct.pack(">d", 5.0))})),
    ("time-too-large", "time", "a time of 2^53 ms", raw_header({"time": 2 ** 53})),
    ("delta-too-large", "time", "a time and a delta of 2^53 ms", event_with(5, 2 ** 53 - one_header["time"])),
    ("map", "type", "a map in place of the causes", raw_header({"causes": Raw(b"\x80")})),
    ("nested-too-deep", "type", "arrays nested 9 deep in place of a number", raw_header({"time": Raw(b"\x91" * 9 + b"\x00")})),
    ("nil-for-str", "type", "nil where a name belongs", raw_header({"stream": None})),
    ("sealed-outside", "type", "a sealed value where no payload is", raw_header({"time": sealed(5)})),
    ("trailing-byte", "trailing", "one byte behind the last event", seal(one_data + b"\xc0")),
    ("cut-short", "short", "the last byte is missing", seal(one_data[:-1])),
    ("empty", "short", "nothing at all", b""),
    ("count-too-large", "count", "more causes than bytes are left", raw_header({"causes": Raw(b"\xdd\x7f\xff\xff\xff")})),
    ("events-missing", "short", "two events said, one there", raw_header({"count": 2})),
    ("too-many-events", "events", "4,097 events", raw_header({"count": 4097})),
    ("header-short", "fields", "a header of 14 fields", pack(full_header[:14]) + one_body),
    ("header-long", "fields", "a header of 16 fields", pack(full_header + [0]) + one_body),
    ("version-2", "version", "a version that nobody knows", raw_header({"version": 2})),
    ("algorithm-2", "algorithm", "an algorithm that nobody knows", raw_header({"algorithm": 2})),
    ("hash-wrong", "hash", "one bit of the payload is another", one_data[:-1] + bytes([one_data[-1] ^ 1])),
    ("previous-short", "length", "a previous hash of 31 bytes", raw_header({"previous": bytes(31)})),
    ("epoch-zero", "epoch", "epoch counter 0", header_with(epoch_counter=0)),
    ("epoch-too-large", "epoch", "an epoch counter of 33 bits", header_with(epoch_counter=2 ** 32)),
    ("epoch-bits-long", "length", "nine epoch bytes", header_with(epoch_bits=bytes(9))),
    ("first-zero", "first", "events are numbered from 1", header_with(first=0)),
    ("first-overflows", "first", "the last number is beyond 64 bits",
     batch(dict(one_header, first=2 ** 64 - 1), one_events * 2)),
    ("commit-zero", "commit", "commits are numbered from 1", header_with(commit=0)),
    ("place-not-below-places", "place", "place 1 of 1", header_with(place=1)),
    ("places-zero", "places", "no places", header_with(places=0)),
    ("places-too-many", "places", "257 places", header_with(places=257)),
    ("stream-empty", "name", "a stream without a name", header_with(stream="")),
    ("stream-upper-case", "name", "an upper-case letter in a stream's name", header_with(stream="Orders")),
    ("stream-begins-with-digit", "name", "a stream's name begins with a letter", header_with(stream="7orders")),
    ("stream-too-long", "name", "a stream's name of 32 bytes", header_with(stream="o" * 32)),
    ("causes-unsorted", "causes-order", "stock before carts", header_with(causes=[stock, carts])),
    ("causes-twice", "causes-order", "carts twice", header_with(causes=[carts, carts])),
    ("causes-own-stream", "causes-own", "its own stream among the causes",
     header_with(causes=[["orders", 1, EPOCH_ORDERS, 1]])),
    ("causes-epoch-zero", "epoch", "a cause at the zero position", header_with(causes=[["stock", 0, ZERO8, 0]])),
    ("cause-fields", "fields", "a cause with a hash", header_with(causes=[stock + [ZERO32]])),
    ("names-bad-utf8", "utf8", "a byte that no UTF-8 has", header_with(names=["order.placed", Raw(b"\xa4pag\xff")])),
    ("names-overlong-utf8", "utf8", "a slash in two bytes", header_with(names=["order.placed", Raw(b"\xa2\xc0\xaf")])),
    ("names-surrogate", "utf8", "half a surrogate pair", header_with(names=["order.placed", Raw(b"\xa3\xed\xa0\x80")])),
    ("names-empty", "names", "an empty name", header_with(names=["order.placed", "page", ""])),
    ("names-too-long", "names", "a name of 65 bytes", header_with(names=["order.placed", "p" * 65])),
    ("names-too-many", "names", "256 names", header_with(names=["n%d" % i for i in range(256)])),
    ("type-out-of-names", "name-index", "a type behind the last name", event_with(0, 2)),
    ("caller-out-of-names", "name-index", "a caller behind the last name",
     event_with(2, [0, 2, COMMAND, bytes(8)])),
    ("stream-out-of-names", "name-index", "a cause's stream behind the last name",
     cause_with([1, 2, 4, EPOCH_STOCK, 1, 0])),
    ("event-long", "fields", "an event of nine fields", batch(one_header, [one_events[0] + [0]])),
    ("key-empty", "key", "an event about nothing", event_with(1, b"")),
    ("key-too-long", "key", "a key of 65 bytes", event_with(1, b"k" * 65)),
    ("key-as-str", "type", "a key that is no bin", event_with(1, "7")),
    ("cause-kind-5", "cause", "a kind of cause that nobody knows", cause_with([5, 1, 4, EPOCH_STOCK, 1, 0])),
    ("cause-kind-and-fields", "cause", "a command with the fields of an event", cause_with([0, 1, 4, EPOCH_STOCK, 1, 0])),
    ("cause-index", "cause", "an event of another stream, with an index", cause_with([1, 1, 4, EPOCH_STOCK, 1, 1])),
    ("cause-number-zero", "cause", "events are numbered from 1", cause_with([1, 1, 4, EPOCH_STOCK, 0, 0])),
    ("cause-epoch-zero", "epoch", "an event of no epoch", cause_with([1, 1, 0, EPOCH_STOCK, 1, 0])),
    ("command-id-short", "length", "a command's id of 15 bytes", event_with(2, [0, 1, bytes(15), bytes(8)])),
    ("correlation-missing", "correlation", "nil, and no command to take it from",
     cause_with([1, 1, 4, EPOCH_STOCK, 1, 0], None)),
    ("correlation-short", "length", "a correlation of 8 bytes", event_with(3, bytes(8))),
    ("depth-65", "depth", "too deep", event_with(4, 65)),
    ("schema-version-zero", "schema-version", "schema version 0", event_with(6, 0)),
    ("schema-version-too-large", "schema-version", "a schema version of 17 bits", event_with(6, 65536)),
    ("payload-as-array", "type", "a payload that is not in a bin", event_with(7, [7])),
    ("record-with-names", "record-names", "an epoch record has no names", record_with({"names": ["order.placed"]})),
    ("record-parents-unsorted", "parents-order", "parents by name", record_with(None, {2: first_parents[::-1]})),
    ("record-places", "record-place", "three places, two parents", record_with({"places": 3})),
    ("record-place", "record-place", "the parent at its place is of another stream", record_with({"place": 1})),
    ("record-first", "record-parent", "first is not behind the parent", record_with({"first": 2})),
    ("record-previous", "record-parent", "previous is not the parent's hash", record_with({"previous": bytes(31) + b"\1"})),
    ("record-epoch-not-above", "record-parent", "an epoch that is not above its parent's", record(
        dict(fork_header, epoch_counter=1), fork_record)),
    ("record-reason-4", "reason", "a reason that nobody knows", record_with(None, {1: 4})),
    ("record-zero-with-number", "zero", "the zero position with a number",
     record_with(None, {2: [first_parents[0], ["orders.private", 0, ZERO8, 3, ZERO32]]})),
    ("record-body-twice", "trailing", "two bodies", seal(first_data + pack(first_record))),
]:
    broken("batch-" + name, "batch", breaks, says, data)


def message_with(name, index, value):
    kind, _, fields = messages[name]
    return pack([1, kind] + [value if i == index else field for i, field in enumerate(fields)])


for name, breaks, says, data in [
    ("version-2", "version", "a version that nobody knows", pack([2, 7] + messages["fenced"][2])),
    ("kind-0", "kind", "no kind", pack([1, 0])),
    ("kind-11", "kind", "a kind that nobody knows", pack([1, 11, "eventstore"])),
    ("not-an-array", "type", "a str", pack("heads")),
    ("fields-appended", "fields", "a field more than the version has", pack([1, 7] + messages["fenced"][2] + [0])),
    ("trailing-byte", "trailing", "one byte behind the array", pack([1, 7] + messages["fenced"][2]) + b"\0"),
    ("heads-zero-with-hash", "zero", "the zero position with a hash",
     message_with("heads-of-origin", 5, [["orders", 0, ZERO8, 0, hash_of(one_data)]])),
    ("heads-service-name", "name", "a service's name with a space", message_with("heads-of-origin", 0, "or ders")),
    ("heads-too-many", "positions", "17 streams of one service", message_with(
        "heads-of-origin", 5, [["s%02d" % i, 0, ZERO8, 0, ZERO32] for i in range(17)])),
    ("pull-credit-zero", "credit", "no credit", message_with("pull", 2, 0)),
    ("pull-credit-too-large", "credit", "more than 16 MiB", message_with("pull", 2, 16777217)),
    ("pull-of-nothing", "positions", "no cursor", message_with("pull", 3, [])),
    ("pull-stream-twice", "streams", "one stream with two cursors",
     message_with("pull", 3, [["orders", 0, ZERO8, 0, ZERO32], position("orders", 1, EPOCH_ORDERS, 1, one_data)])),
    ("busy-for-long", "retry-after", "more than a minute", message_with("busy", 2, 60001)),
    ("pull-waits-too-many", "positions", "17 waits", message_with("pull", 4, [["s%02d" % i, 1, ZERO8, 1] for i in range(17)])),
    ("pulled-more-as-number", "type", "1 for true", message_with("pulled-void", 3, 1)),
    ("pulled-verdict-5", "verdict", "a verdict that nobody knows", message_with("pulled-void", 4, [
        position("orders", 1, EPOCH_ORDERS, 6, answered_data)
        + [5, 3, EPOCH_ORDERS_2, 4, hash_of(fork_data), 0, ZERO8, 0]])),
    ("pulled-common-without-void", "common", "a common position under next", message_with("pulled-void", 4, [
        position("orders", 1, EPOCH_ORDERS, 6, answered_data)
        + [0, 3, EPOCH_ORDERS_2, 4, hash_of(fork_data), 1, EPOCH_ORDERS, 4]])),
    ("acknowledged-hash-short", "length", "a hash of 16 bytes",
     message_with("acknowledged", 3, [["orders", 1, EPOCH_ORDERS, 4, bytes(16), 0]])),
    ("seal-counter-zero", "epoch", "a seal at 0", message_with("seal", 2, 0)),
    ("request-id-empty", "length", "an id of no bytes", message_with("request-command", 0, b"")),
    ("request-id-long", "length", "an id of 513 bytes", message_with("request-command", 0, bytes(513))),
    ("request-seen-too-many", "positions", "33 entries of seen", message_with(
        "request-query", 8, [["s%02d" % i, 1, ZERO8, 1] for i in range(33)])),
    ("request-caller-empty", "names", "no caller", message_with("request-query", 6, "")),
    ("request-pass-too-long", "pass", "a pass of 513 bytes", message_with("request-command", 9, bytes(513))),
    ("reply-status-13", "status", "a status that nobody knows", message_with("reply-command", 1, 13)),
    ("reply-durability-3", "durability", "a durability that nobody knows", message_with("reply-command", 2, 3)),
]:
    broken("message-" + name, "message", breaks, says, data)

# What `breaks` names is why it is not good. Where that is not `signature`, it is signed well, as far as it can be.
SIGNATURE = ed25519(SEED, PASS_CONTEXT + PASS_BODY)[1]


def pass_of_bytes(size):
    """Signed, and of so many bytes, by way of a role that is too long for a name."""
    data = signed(pass_body(["a" * (256 + size - len(signed(pass_body(["a" * 256]))))]))
    assert len(data) == size
    return data


def not_shortest(value):
    """A bin with two bytes of size that would fit into one."""
    return Raw(b"\xc5" + struct.pack(">H", len(value)) + value)


PASS_ENDS = TIME + PASS_MS
for name, breaks, says, now, keys, data in [
    ("expired", "expired", "its time is over: the ms in which it expires", PASS_ENDS, [KEY], PASS),
    ("60001-ms-ahead", "ahead", "signed more than a minute from now: the clocks differ", TIME - MINUTE_MS - 1, [KEY], PASS),
    ("for-too-long", "life", "an hour and one ms", TIME, [KEY], signed(pass_body(ROLES, HOUR_MS + 1))),
    ("for-no-time", "life", "it expires as it is signed", TIME - 1, [KEY], signed(pass_body(ROLES, 0))),
    ("ends-before-it-begins", "life", "it expires before it is signed", TIME - 2, [KEY], signed(pass_body(ROLES, -1))),
    ("no-keys", "keys", "nobody signs passes", TIME, [], PASS),
    ("other-key", "signature", "signed by another key", TIME, [KEY], signed(PASS_BODY, SEED_2)),
    ("neither-of-two-keys", "signature", "signed by a third key", TIME, [KEY, KEY_2], signed(PASS_BODY, bytes(32))),
    ("other-context", "signature", "signed as if it were something else", TIME, [KEY],
     signed(PASS_BODY, SEED, b"souk cake 1\0")),
    ("context-without-zero", "signature", "no zero byte between what it is and what it says", TIME, [KEY],
     signed(PASS_BODY, SEED, PASS_CONTEXT[:-1])),
    ("body-changed", "signature", "a role that was not signed", TIME, [KEY], pack([pass_body(["customer", "owner"]), SIGNATURE])),
    ("signature-not-lowest", "signature", "the scalar of the signature with the order of the group added", TIME, [KEY],
     pack([PASS_BODY, SIGNATURE[:32] + (int.from_bytes(SIGNATURE[32:], "little") + ORDER).to_bytes(32, "little")])),
    ("signature-of-63-bytes", "length", "a signature without its last byte", TIME, [KEY], pack([PASS_BODY, SIGNATURE[:-1]])),
    ("trailing-byte", "trailing", "one byte behind it", TIME, [KEY], PASS + b"\0"),
    ("body-trailing-byte", "trailing", "one byte behind what is signed, signed too", TIME, [KEY], signed(PASS_BODY + b"\0")),
    ("not-shortest", "shortest", "a bin of three bytes of head where two do", TIME, [KEY],
     pack([not_shortest(PASS_BODY), SIGNATURE])),
    ("body-not-shortest", "shortest", "a bin of three bytes of head where two do, signed", TIME, [KEY],
     signed(pack([1, not_shortest(PERSON), ROLES, TIME, PASS_ENDS]))),
    ("fields-appended", "fields", "a field behind the signature", TIME, [KEY], pack([PASS_BODY, SIGNATURE, 0])),
    ("body-fields-appended", "fields", "a field more than the version has", TIME, [KEY],
     signed(pack([1, PERSON, ROLES, TIME, PASS_ENDS, 0]))),
    ("version-2", "version", "a version that nobody knows", TIME, [KEY], signed(pass_body(ROLES, version=2))),
    ("person-of-15-bytes", "length", "a person's id that is too short", TIME, [KEY],
     signed(pack([1, PERSON[:-1], ROLES, TIME, PASS_ENDS]))),
    ("role-no-name", "name", "a role with an upper-case letter", TIME, [KEY], signed(pass_body(["Staff"]))),
    ("role-too-long", "name", "a role of 32 bytes", TIME, [KEY], signed(pass_body([LONGEST_ROLE + "4"]))),
    ("9-roles", "roles", "a role more than there may be", TIME, [KEY], signed(pass_body(["staff"] * 9))),
    ("time-too-large", "time", "it ends behind the last ms", TIME, [KEY], signed(pack([1, PERSON, ROLES, TIME, 1 << 63]))),
    ("512-bytes", "name", "as long as a pass may be, so it is looked into: a role is too long", TIME, [KEY], pass_of_bytes(512)),
    ("513-bytes", "size", "the same with one byte more is not looked into", TIME, [KEY], pass_of_bytes(513)),
]:
    keep("invalid/pass-" + name, {"says": says, "form": "pass", "breaks": breaks, "keys": plain(keys), "now": now}, data)

# ---- out -----------------------------------------------------------------------


def main():
    if sys.argv[1:] == ["--check"]:
        wrong = []
        for name, data in files.items():
            try:
                with open(os.path.join(HERE, name), "rb") as file:
                    if file.read() != data:
                        wrong.append(name)
            except FileNotFoundError:
                wrong.append(name)
        for folder in ("", "invalid"):
            for name in os.listdir(os.path.join(HERE, folder)):
                name = os.path.join(folder, name)
                if name.endswith((".bin", ".json")) and name not in files:
                    wrong.append(name)
        for name in wrong:
            print("test/vectors/%s is not what make.py writes" % name, file=sys.stderr)
        sys.exit(1 if wrong else 0)
    os.makedirs(os.path.join(HERE, "invalid"), exist_ok=True)
    for name, data in files.items():
        with open(os.path.join(HERE, name), "wb") as file:
            file.write(data)


main()
