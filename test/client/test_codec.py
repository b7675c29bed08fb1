"""The client's codec against test/vectors, and against bytes that are made to do harm. Needs no daemon."""
import json
import pathlib
import random

import msgpack

import souk_codec as codec
import souk_ed25519 as ed25519

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"
HEADER_NAMES = codec.Batch._fields[:15]
# Vectors whose bytes are no canonical msgpack at all, which is seen before the field that they stand in is looked at.
SEEN_EARLIER = {"batch-nested-too-deep": "nested"}
# How many fields a payload has at least, and what the others are when they are missing.
MISSING = {
    "eventstore.find": (0, [None, None, None, None, None, None, False, 50, None]),
    "eventstore.find_reply": (3, [b""]),
    "eventstore.event": (2, [0]),
    "eventstore.event_reply": (1, [None, b""]),
    "eventstore.why": (2, [0]),
    "eventstore.why_reply": (4, [b""]),
    "eventstore.place": (0, [None, None, b""]),
    "eventstore.verify": (0, [None, None]),
    "eventstore.verify_reply": (5, [None]),
}


def plain(value):
    """As the JSON twins write it."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    return value


def plain_batch(batch):
    twin = {name: plain(getattr(batch, name)) for name in HEADER_NAMES}
    if batch.record is not None:
        return {**twin, "record": {name: plain(value) for name, value in batch.record._asdict().items()}}
    return {**twin, "events": [{name: plain(value) for name, value in event._asdict().items()}
                               for event in batch.events]}


def plain_message(message):
    twin = {"kind": message.KIND, **{name.rstrip("_"): plain(value)
                                      for name, value in message._asdict().items()}}
    if isinstance(message, codec.Pulled):
        twin["answers"] = [plain((answer.stream, *answer.position, answer.verdict, *answer.head, *answer.common))
                           for answer in message.answers]
    return twin


def vectors(where, passes=False):
    """Name, bytes and twin of each batch and message, or of each pass."""
    found = [(path.stem, path.read_bytes(), json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
             for path in sorted(where.glob("*.bin")) if path.name.startswith("pass-") == passes]
    assert found and all(data.hex() == twin["hex"] for _, data, twin in found)
    return found


def refusal(decode, data):
    """The rule that was broken; None: no rule was."""
    try:
        decode(data)
    except codec.Refused as refused:
        return refused.rule
    return None


def decoder(name):
    return codec.decode_batch if name.startswith("batch-") else codec.decode_message


def test_valid_vectors_mean_what_their_twins_say(_):
    batches = messages = 0
    for name, data, twin in vectors(VECTORS):
        if "batch" in twin:
            batches += 1
            assert plain_batch(codec.decode_batch(data)) == twin["batch"], name
        elif "message" in twin:
            messages += 1
            assert plain_message(codec.decode_message(data)) == twin["message"], name
    assert batches >= 5 and messages >= len(codec.MESSAGES), (batches, messages)


def test_valid_vectors_are_encoded_to_the_same_bytes(_):
    for name, data, twin in vectors(VECTORS):
        if "batch" in twin or "message" in twin:
            encode = codec.encode_batch if "batch" in twin else codec.encode_message
            assert encode(decoder(name)(data)) == data, name


def test_there_is_a_vector_of_a_reply_of_each_status(_):
    statuses = {twin["message"]["status"] for _, _, twin in vectors(VECTORS)
                if twin.get("message", {}).get("kind") == codec.Reply.KIND}
    assert statuses == set(range(len(codec.STATUSES))), statuses


def test_payloads_of_finding_mean_what_their_twins_say(_):
    """Each query of section 17 and each reply. What a newer one has appended is stepped over; of what is missing at the
    end some has a default, all else is refused."""
    found = set()
    for name, data, twin in vectors(VECTORS):
        if "payload" not in twin:
            continue
        message = twin["payload"]["message"]
        said = codec.decode_finding(message, data)
        assert plain(said) == twin["payload"]["fields"], name
        assert codec.encode_finding(message, said) == data, name
        values = codec.decode_value(data)
        assert codec.decode_finding(message, msgpack.packb([*values, "more"])) == said, name
        while values:
            values.pop()
            rule = refusal(lambda less, message=message: codec.decode_finding(message, less), msgpack.packb(values))
            if message in MISSING and len(values) >= MISSING[message][0]:
                less = codec.decode_finding(message, msgpack.packb(values))
                assert list(less.values())[len(values):] == MISSING[message][1][len(values) - len(less):], name
            else:
                assert rule == "fields", (name, len(values))
        found.add(message)
    assert found == set(codec.PAYLOADS), found ^ set(codec.PAYLOADS)


def test_ids_are_those_of_the_vectors(_):
    found = {name: (data, twin) for name, data, twin in vectors(VECTORS) if name.startswith("id-")}
    data, twin = found.pop("id-of-caller")
    assert codec.short_id(data).hex() == twin["id"] and len(data) != codec.ID_BYTES
    data, twin = found.pop("id-of-request")
    asks = twin["asks"]
    said = codec.id_of_request(asks["stream"], asks["epoch_counter"], bytes.fromhex(asks["epoch_bits"]), asks["number"],
                               asks["index"])
    assert said.hex() == twin["id"] == codec.short_id(data).hex()
    assert not found


def test_a_log_position_is_read_from_its_text_and_written(_):
    (data, twin), = ((data, twin["log_position"]) for _, data, twin in vectors(VECTORS) if "log_position" in twin)
    store, digits, number = codec.read_log_position(data.decode())
    assert (store, number) == (twin["store"], twin["number"]) and twin["incarnation"].startswith(digits)
    assert codec.log_position_text(store, bytes.fromhex(twin["incarnation"]), number) == data.decode()
    for said in ("es1.3f2a91c0:0", "es1.3f2a91c0:01", "es1.3F:1", "es1.:1", "es1:1", "es1.3f2a91c0001122ff0:1",
                 "es1.3:18446744073709551616", "es1.3:1\n", "1es.3:1"):
        assert refusal(codec.read_log_position, said) == "log-position", said


def test_msgpack_of_others_reads_the_same_from_valid_vectors(_):
    for name, data, twin in vectors(VECTORS):
        if not {"batch", "message", "payload"} & set(twin):
            continue                    # bytes that are hashed, or text
        unpacker = msgpack.Unpacker(use_list=True)
        unpacker.feed(data)
        walk = codec.Walk(data)
        for value in unpacker:
            assert walk.value() == value, name
        walk.done()


def test_invalid_vectors_are_refused_by_the_rule_that_they_break(_):
    wrong = []
    for name, data, twin in vectors(VECTORS / "invalid"):
        assert name.startswith(twin["form"])
        rule = refusal(decoder(name), data)
        if rule != SEEN_EARLIER.get(name, twin["breaks"]):
            wrong.append(f"{name}: {twin['breaks']}, and not {rule}")
    assert not wrong, wrong


def test_a_command_hash_is_that_of_the_vector(_):
    found = 0
    for _, data, twin in vectors(VECTORS):
        if "command" in twin:
            found += 1
            said = codec.command_hash(twin["command"]["name"], bytes.fromhex(twin["command"]["payload"]))
            assert said == codec.decode_batch(data).events[0].cause[3]
    assert found


def test_a_sealed_field_reads_as_nil_and_is_in_payloads_only(_):
    found = 0
    for name, data, twin in vectors(VECTORS):
        if "sealed" not in twin:
            continue
        events = codec.decode_batch(data).events
        assert len(events) == len(twin["sealed"]["closed"]) == len(twin["sealed"]["opened"]), name
        for event, closed, opened in zip(events, twin["sealed"]["closed"], twin["sealed"]["opened"]):
            found += 1
            assert codec.decode_payload(event.payload) == codec.decode_value(bytes.fromhex(closed))
            assert codec.decode_payload(event.payload) != codec.decode_value(bytes.fromhex(opened))
            assert refusal(codec.decode_value, event.payload) == "type"
    assert found >= 2
    whole, short = b"\xc7\x29\x01" + bytes(41), b"\xc7\x28\x01" + bytes(40)
    assert codec.decode_payload(whole) is None
    for data, rule in ((short, "length"), (whole[:-1], "short"), (b"\xc7\x29\x02" + bytes(41), "type"),
                       (b"\xc8\x00\x29\x01" + bytes(41), "shortest")):
        assert refusal(codec.decode_payload, data) == rule, (data[:4], rule)


def check_by(twin):
    """Of a pass, by the keys and at the time of its twin."""
    keys = [bytes.fromhex(key) for key in twin["keys"]]
    return lambda data: codec.check_pass(data, keys, twin["now"])


def test_passes_of_vectors_are_good_or_refused_as_their_twins_say(_):
    """And who signs the same thing writes the same bytes."""
    good = vectors(VECTORS, passes=True)
    for name, data, twin in good:
        said = check_by(twin)(data)
        assert (twin["verdict"], twin["pass"]) == ("good", {key: plain(value) for key, value in said._asdict().items()}), name
        seed = bytes(range(1, 33)) if name == "pass-good-under-the-second-key" else bytes(range(32))
        assert ed25519.public_key(seed).hex() == twin["keys"][-1 if seed[0] else 0], name
        assert codec.sign_pass(codec.read_pass(data), seed) == data, name
    wrong = []
    for name, data, twin in vectors(VECTORS / "invalid", passes=True):
        rule = refusal(check_by(twin), data)
        if (twin["form"], rule) != ("pass", twin["breaks"]):
            wrong.append(f"{name}: {twin['breaks']}, and not {rule}")
    assert not wrong and len(good) >= 8, wrong


def test_a_pass_is_refused_with_any_byte_changed(_):
    """In the C library any bit; a signature takes a while here."""
    (_, data, twin), = (vector for vector in vectors(VECTORS, passes=True) if vector[0] == "pass-good")
    chance = random.Random(4)
    for at, _ in enumerate(data):
        damaged = bytearray(data)
        damaged[at] ^= 1 << chance.randrange(8)
        assert refusal(check_by(twin), bytes(damaged)) is not None, at
        assert refusal(check_by(twin), data[:at]) is not None, at


def test_who_signs_a_pass_keeps_to_the_limits(_):
    """Each limit and one beyond, by the rule that says so; the bytes of a request's pass are those of a pass."""
    least = codec.Pass(bytes(16), (), 0, 1)
    for most, beyond, rule in (
            (least, least._replace(expires=0), "life"),
            (least._replace(expires=3_600_000), least._replace(expires=3_600_001), "life"),
            (least._replace(roles=("r",) * 8), least._replace(roles=("r",) * 9), "roles"),
            (least._replace(roles=("r" * 31,)), least._replace(roles=("r" * 32,)), "name"),
            (least._replace(issued=2**53 - 2, expires=2**53 - 1), least._replace(issued=2**53 - 1, expires=2**53), "time"),
            (least, least._replace(person=bytes(15)), "length"),
            (least, least._replace(person=bytes(17)), "length")):
        assert codec.read_pass(codec.sign_pass(most, bytes(32))) == most
        assert refusal(lambda _, beyond=beyond: codec.sign_pass(beyond, bytes(32)), b"") == rule, beyond
    (_, data, twin), = (vector for vector in vectors(VECTORS) if vector[0] == "message-request-command")
    assert codec.decode_message(data).pass_.hex() == twin["message"]["pass"]
    assert codec.read_pass(codec.decode_message(data).pass_).roles == ("customer", "staff")


def test_ed25519_is_that_of_the_rfc(_):
    """Of RFC 8032, 7.1, the first three; and keys and signatures that another reading of it might take."""
    for seed, public, message, signature in (
            ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
             "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
             "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
             "d25bf5f0595bbe24655141438e7a100b"),
            ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
             "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
             "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
             "387b2eaeb4302aeeb00d291612bb0c00"),
            ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
             "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
             "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659"
             "4a7c15e9716ed28dc027beceea1ec40a")):
        seed, public, message, signature = (bytes.fromhex(text) for text in (seed, public, message, signature))
        assert ed25519.public_key(seed) == public and ed25519.sign(seed, message) == signature
        assert ed25519.verify(public, message, signature)
        assert not ed25519.verify(public, message + b"\0", signature)
        assert not ed25519.verify(public[:-1], message, signature) and not ed25519.verify(public, message, signature[:-1])
        higher = int.from_bytes(signature[32:], "little") + ed25519.ORDER
        assert not ed25519.verify(public, message, signature[:32] + higher.to_bytes(32, "little"))
    assert ed25519.decompressed((1).to_bytes(32, "little")) == ed25519.NEUTRAL
    for none in (ed25519.P + 1, 1 << 255 | 1, 2):       # not lowest; minus zero; not on the curve
        assert ed25519.decompressed(none.to_bytes(32, "little")) is None


def test_valid_vectors_chain(_):
    batches = {name: codec.decode_batch(data) for name, data, _ in vectors(VECTORS) if name.startswith("batch-")}
    cursor = codec.ZERO
    for name in ("batch-epoch-first", "batch-one-event", "batch-three-events"):
        assert batches[name].extends(cursor), name
        assert not any(other.extends(cursor) for other in batches.values()
                       if other.previous != batches[name].previous), name
        cursor = batches[name].position
    assert batches["batch-answer-and-loss"].extends(cursor) and batches["batch-epoch-fork"].extends(cursor)
    assert not batches["batch-answer-and-loss"].extends(batches["batch-epoch-fork"].position)


def test_any_flipped_bit_of_a_batch_is_refused(_):
    for name, data, _ in vectors(VECTORS):
        if name.startswith("batch-"):
            for bit in range(8 * len(data)):
                damaged = bytearray(data)
                damaged[bit // 8] ^= 1 << bit % 8
                assert refusal(codec.decode_batch, bytes(damaged)) is not None, (name, bit)


def test_damaged_messages_are_refused_or_are_canonical(_):
    """Whatever is accepted is encoded to the same bytes again; nothing but Refused is raised."""
    chance, refused, accepted = random.Random(3), 0, 0
    for name, data, _ in vectors(VECTORS):
        if name.startswith("message-"):
            for _ in range(2000):
                damaged = bytearray(data)
                for _ in range(chance.randint(1, 4)):
                    at = chance.randrange(len(damaged))
                    damaged[at:at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
                    if not damaged:
                        break
                rule = refusal(codec.decode_message, bytes(damaged))
                if rule is None:
                    accepted += 1
                    assert codec.encode_message(codec.decode_message(bytes(damaged))) == bytes(damaged), damaged.hex()
                else:
                    refused += 1
    assert refused > 1000 < accepted, (refused, accepted)


def test_every_integer_has_one_encoding(_):
    """All encodings of integers around the borders; the shortest one alone is taken."""
    borders = {0, 127, 128, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1}
    borders |= {-1, -32, -33, -128, -129, -32768, -32769, -2**31, -2**31 - 1, -2**63}
    for value in borders:
        taken = []
        for kind, size, signed in [(0xcc + width, 1 << width, False) for width in range(4)] + \
                                  [(0xd0 + width, 1 << width, True) for width in range(4)]:
            try:
                data = bytes([kind]) + value.to_bytes(size, "big", signed=signed)
            except OverflowError:
                continue
            if refusal(codec.decode_value, data) is None:
                taken.append(data)
        shortest = msgpack.packb(value)
        assert codec.decode_value(shortest) == value
        assert taken == ([shortest] if len(shortest) > 1 else []), (value, taken)


def test_every_length_has_one_encoding(_):
    for sizes, heads, fill in (((31, 32, 255, 256, 65535, 65536), (0xd9, 0xda, 0xdb), b"a"),
                               ((0, 255, 256, 65535, 65536), (0xc4, 0xc5, 0xc6), b"\xff"),
                               ((15, 16, 65535, 65536), (None, 0xdc, 0xdd), b"\xc0")):
        for size in sizes:
            taken = []
            for width, kind in enumerate(heads):
                if kind is not None and size < 1 << (8 << width):
                    data = bytes([kind]) + size.to_bytes(1 << width, "big") + fill * size
                    if refusal(codec.decode_value, data) is None:
                        taken.append(data)
            value = {b"a": "a" * size, b"\xff": b"\xff" * size, b"\xc0": [None] * size}[fill]
            shortest = msgpack.packb(value)
            assert codec.decode_value(shortest) == value
            assert taken == ([shortest] if shortest[0] in heads else []), (size, heads)


def test_bytes_that_are_made_to_do_harm_are_refused(_):
    deep = b"\x91" * (codec.NESTED_MAX - 1) + b"\x90"
    assert refusal(codec.decode_value, deep) is None
    for data, rule in ((b"\x91" + deep, "nested"), (b"\x91" * 200_000 + b"\x90", "nested"),
                       (b"\xdd\xff\xff\xff\xff" * 40_000, "count"), (b"\xdc\xff\xff" * 20_000, "count"),
                       (b"\xc6\xff\xff\xff\xff", "short"), (b"\xdb\xff\xff\xff\xff", "short"), (b"\xdc\x00", "short"),
                       (b"\xca\x00\x00\x00\x00", "type"), (b"\x80", "type"), (b"\xde\x00\x00", "type"),
                       (b"\xc1", "type"), (b"\xd4\x00\x00", "type"), (b"\xc7\x00\x00", "type"), (b"", "short"),
                       (b"\xc0\xc0", "trailing")):
        assert refusal(codec.decode_value, data) == rule, (data[:8], rule)
        assert refusal(codec.decode_message, data) is not None
        assert refusal(codec.decode_batch, data) is not None


def test_limits_are_taken_and_one_beyond_them_is_not(_):
    """Each limit of section 15 that a batch or a message can reach."""
    event = codec.Event(0, b"k", (codec.COMMAND, 0, bytes(16), bytes(8)), None, 0, 0, 1, b"")
    batch = codec.Batch(1, 1, codec.NO_HASH, codec.NO_HASH, "s", 1, bytes(8), 1, 1, 0, 1, 0, 1, (), ("n",), (event,))

    def events(**changed):
        return batch._replace(events=(event._replace(**changed),))

    def many(count):
        return batch._replace(count=count, events=(event,) * count)

    filled = [event._replace(payload=bytes(65_536))] * 3 + [event]
    room = codec.BATCH_BYTES_MAX - len(codec.encode_batch(batch._replace(count=4, events=tuple(filled)))) - 1

    def sized(size):
        return batch._replace(count=4, events=(*filled[:3], event._replace(payload=bytes(size))))

    cause = codec.Cause("a", 1, bytes(8), 0)
    request = codec.Request(bytes(16), False, "n", 1, 0, None, "c", False, (), b"", b"")
    pull = codec.Pull(1, "a", 1, (("s", *codec.ZERO),))
    assert len(codec.encode_batch(sized(room))) == codec.BATCH_BYTES_MAX
    for most, beyond, rule in (
            (many(4_096), many(4_097), "events"),
            (sized(room), sized(room + 1), "size"),
            (events(key=bytes(64)), events(key=bytes(65)), "key"),
            (events(depth=64), events(depth=65), "depth"),
            (batch._replace(time=2**53 - 1), batch._replace(time=2**53), "time"),
            (events(delta=2**53 - 1), events(delta=2**53), "time"),
            (events(payload=bytes(65_536)), events(payload=bytes(65_537)), "payload"),
            (batch._replace(names=("n" * 64,)), batch._replace(names=("n" * 65,)), "names"),
            (batch._replace(names=("n",) * 255), batch._replace(names=("n",) * 256), "names"),
            (batch._replace(stream="s" * 31), batch._replace(stream="s" * 32), "name"),
            (batch._replace(places=256), batch._replace(places=257), "places"),
            (batch._replace(causes=tuple(cause._replace(stream=f"a{n:03}") for n in range(256))),
             batch._replace(causes=tuple(cause._replace(stream=f"a{n:03}") for n in range(257))), "causes"),
            (request._replace(seen=(cause,) * 32), request._replace(seen=(cause,) * 33), "positions"),
            (request._replace(pass_=bytes(512)), request._replace(pass_=bytes(513)), "pass"),
            (request._replace(payload=bytes(65_536)), request._replace(payload=bytes(65_537)), "payload"),
            (pull._replace(waits=(cause,) * 16), pull._replace(waits=(cause,) * 17), "positions"),
            (pull._replace(cursors=tuple((f"s{n}", *pull.cursors[0][1:]) for n in range(16))),
             pull._replace(cursors=tuple((f"s{n}", *pull.cursors[0][1:]) for n in range(17))), "positions"),
            (pull, pull._replace(cursors=pull.cursors * 2), "streams"),
            (codec.Busy(1, "es1", 60_000), codec.Busy(1, "es1", 60_001), "retry-after"),
            (request._replace(deadline=2**31 - 1), request._replace(deadline=2**31), "deadline"),
            (pull._replace(credit=16_777_216), pull._replace(credit=16_777_217), "credit")):
        encode = codec.encode_batch if isinstance(most, codec.Batch) else codec.encode_message
        assert encode(most)
        assert refusal(encode, beyond) == rule, (rule, beyond if len(repr(beyond)) < 500 else "")
