"""Hostile peers, each a process of its own that does one thing without an end; some are let in, some are not."""
import contextlib
import ctypes
import multiprocessing
import os
import random
import signal
import socket
import traceback
import uuid

import msgpack
import souk_codec as codec
import zmq

import curve
from system import Door, Keys, show_keys
from test_access import ZERO
from test_hostile import raw_connection
from test_intruders import Impostor

HELD = 700                              # bare connections that one door is to have at once
STRANGERS = 60                          # sockets under keys that nobody knows
IDLERS = 20                             # subscribers that read nothing
TOPICS_MAX = 1 << 20                    # of one connection, which then begins anew
ENDLESS_BYTES = 1 << 30                 # of one message, unless it is cut
TURN = 50                               # messages between two looks at whether it is to end
PR_SET_PDEATHSIG = 1                    # prctl(2)
ARTICLE = 1 << 40                       # that nobody else is about: what a replayed command receives


class Peer:
    """What a hostile peer knows: where the doors are, and the keys that it has."""

    def __init__(self, system, seed):
        self.endpoint = system.endpoint
        self.pairs = system.pairs
        self.shown = system.shown
        self.nodes = [name for name in (*system.services, *system.stores) if name in system.started]
        self.random = random.Random(seed)
        self.context = None             # made in its own process

    def connected(self, name, kind, socket_type, who):
        connection = self.context.socket(socket_type)
        connection.linger = 0
        connection.setsockopt(zmq.SNDTIMEO, 0)
        show_keys(connection, self.shown(name, who))
        connection.connect(self.endpoint(name, kind))
        return connection

    def any_endpoint(self):
        return self.endpoint(self.random.choice(self.nodes), self.random.choice(("commands", "queries", "publish")))


def push(connection, *frames):
    """Send it when there is room soon; how many were sent."""
    if connection.poll(100, zmq.POLLOUT):
        with contextlib.suppress(zmq.Again):
            connection.send_multipart(frames)
            return 1
    return 0


def receive(who):
    return msgpack.packb([1, 8, uuid.uuid4().bytes, False, "stock.receive", 1, 0, None, who, False, [], b"",
                          msgpack.packb([1, 1])])


def pull(asker, request, *places, credit=1 << 20, waits=()):
    return msgpack.packb([1, 2, request, asker, credit, list(places), list(waits)])


def noise(peer):
    """Bytes that are none of ZeroMQ's, or only its first, to every door."""
    while True:
        with contextlib.suppress(OSError):
            connection = raw_connection(peer.any_endpoint())
            connection.settimeout(0.1)
            connection.sendall(peer.random.choice([b"", b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47),
                                                   b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48)])
                               + peer.random.randbytes(peer.random.randrange(1, 3000)))
            connection.close()
        yield 1


def frames(peer):
    """Messages that were valid, altered, cut, doubled, with frames too many, and some larger than any may be."""
    good = [receive("reader"), pull("reader", 1, ["stock", *ZERO]),
            msgpack.packb([1, 4, "log-a", bytes(8), 1, [["stock", *ZERO, 0]]]),
            msgpack.packb([1, 7, "log-a", "stock", 9]), msgpack.packb([1, 5, 1, "stock", 9, bytes(8)])]
    doors = [peer.connected(name, kind, zmq.DEALER, "reader")
             for name in peer.nodes for kind in ("commands", "queries")]
    while True:
        for _ in range(TURN):
            frame = bytearray(peer.random.choice(good))
            for _ in range(peer.random.randrange(3)):
                frame[peer.random.randrange(len(frame))] = peer.random.randrange(256)
            frame = bytes(frame[:peer.random.randrange(len(frame) + 1)])
            yield push(peer.random.choice(doors),
                       *peer.random.choice([[frame], [b"", frame], [frame] * 5, [b""] * 6]))
        yield push(peer.random.choice(doors), bytes(2 << 20))


def endless(peer):
    """Messages of somebody who was let in, of frames large and small, whose last one never comes."""
    while True:
        name, kind = peer.random.choice(("stock", "log-a")), peer.random.choice(("commands", "queries"))
        with contextlib.suppress(OSError, curve.Refused):
            connection = raw_connection(peer.endpoint(name, kind))
            connection.settimeout(1)
            key = curve.Connection(connection, peer.shown(name, "reader"))
            size = peer.random.choice((1, 100000))
            for _ in range(ENDLESS_BYTES // (100 + size)):
                connection.sendall(key.part(bytes(size), True))
                yield 1
        yield 0


def subscriptions(peer):
    """Topics without an end, short and long, those that there are among them, and some of them taken back."""
    while True:
        flood = peer.connected("stock", "publish", zmq.XSUB, "reader")
        for index in range(TOPICS_MAX):
            yield push(flood, b"\x01" + index.to_bytes(3, "big") + (bytes(240) if index % 8 == 0 else b""))
            if index % TURN == 0:
                push(flood, peer.random.choice((b"\x00", b"\x01"))
                     + peer.random.choice((b"stock\0", b"\1", b"", b"orders\0")))
        flood.close()


def connections(peer):
    """More bare ones to each door than there are descriptors, half of a greeting or nothing on them, held and let go.
    What is counted are doors."""
    while True:
        held = []
        for name in sorted(peer.nodes, key=lambda name: name != "stock"):
            for kind in ("commands", "queries", "publish"):
                for index in range(HELD):
                    with contextlib.suppress(OSError):
                        connection = raw_connection(peer.endpoint(name, kind))
                        if index % 2:
                            connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03")
                        held.append(connection)
                    yield 0
                yield 1
        for connection in held:
            connection.close()


def handshakes(peer):
    """Keys that nobody knows, or none."""
    strangers = []
    while True:
        with contextlib.suppress(zmq.ZMQError):         # it has no descriptors itself, for a moment
            name = peer.random.choice(peer.nodes)
            stranger = peer.context.socket(zmq.DEALER)
            strangers.append(stranger)
            stranger.linger, stranger.reconnect_ivl = 0, 10
            if peer.random.randrange(4):
                show_keys(stranger, Keys(*zmq.curve_keypair(), peer.pairs[name][0]))
            stranger.connect(peer.endpoint(name, peer.random.choice(("commands", "queries", "publish"))))
            yield 1
        while len(strangers) > STRANGERS:
            strangers.pop(0).close()
        yield 0


def slow(peer):
    """Half-open: a greeting by single bytes; subscribers and askers who read nothing of what they get."""
    idlers = []
    for index in range(IDLERS):
        idler = peer.connected("stock", "publish", zmq.XSUB, "reader")
        idler.rcvhwm = 1
        idlers.append(idler)
        push(idler, b"\x01stock\0" if index % 2 else b"\x01\1")
    asker = peer.connected("stock", "queries", zmq.DEALER, "reader")
    creeping = []
    while True:
        asker.rcvhwm = 1
        for _ in range(TURN):
            yield push(asker, msgpack.packb([1, 8, os.urandom(16), True, "souk.status", 1, 0, None, "reader", False, [],
                                             b"", b"\x90"]))
        with contextlib.suppress(OSError):
            creeping.append([raw_connection(peer.any_endpoint()), 0])
        greeting = b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47)
        for entry in creeping:
            with contextlib.suppress(OSError):
                entry[0].sendall(greeting[entry[1]:entry[1] + 1])
            entry[1] += 1
        if len(creeping) > len(greeting):
            creeping.pop(0)[0].close()


def replays(peer):
    """Everything there is, again and again, from the service and the event store, read by nobody."""
    doors = []
    for name in ("stock", "log-a"):
        door = peer.context.socket(zmq.DEALER)
        door.linger, door.rcvhwm, door.sndhwm = 0, 1, 0
        show_keys(door, peer.shown(name, "reader"))
        door.connect(peer.endpoint(name, "queries"))
        doors.append(door)
    number = 0
    while True:
        for door in doors:
            number += 1
            yield push(door, pull("reader", number, ["stock", *ZERO], credit=16 << 20))


def again(peer):
    """The bytes of one command, and of one query, without an end."""
    command = msgpack.packb([1, 8, uuid.uuid4().bytes, False, "stock.receive", 1, 0, None, "clerk", False, [], b"",
                             msgpack.packb([ARTICLE, 1])])
    door = peer.connected("stock", "commands", zmq.DEALER, "clerk")
    while True:
        for _ in range(TURN):
            yield push(door, command)
        while door.poll(0):
            door.recv_multipart()


def cursors(peer):
    """Epochs that never were, numbers that will not come: in pulls, and as what a query is to wait for."""
    doors = {name: peer.connected(name, "queries", zmq.DEALER, "reader") for name in ("stock", "log-a")}
    number = 0
    while True:
        for name, door in doors.items():
            counter = peer.random.choice((1, 2, 65537, 2**32 - 1, 2**63))
            place = [counter, peer.random.randbytes(8), peer.random.choice((1, 2**32, 2**63, 2**64 - 1))]
            number += 1
            yield push(door, pull("reader", number, ["stock", *place, peer.random.randbytes(32)], credit=1,
                                  waits=[["stock", *place]]))
            yield push(door, msgpack.packb([1, 8, os.urandom(16), True, "rows.get", 1, 500, None, "reader", False,
                                            [["stock", *place]], b"", msgpack.packb([0, 1])]))
            while door.poll(0):
                door.recv_multipart()


def thief(peer):
    """In the place of payments, with its key: batches and heads of stock, and its own, of epochs that never were."""
    impostor = Impostor(peer, "payments")
    door = Door(peer.context, peer.endpoint("stock", "queries"), "reader", peer.shown("stock", "reader"))
    cursor, batch = codec.ZERO, None
    poller = zmq.Poller()
    poller.register(impostor.sockets["queries"], zmq.POLLIN)
    while True:
        door.socket.send(pull("reader", 1, ["stock", *cursor]))
        while door.socket.poll(200):
            answer, *batches = door.socket.recv_multipart()
            answer = codec.decode_message(answer)
            if isinstance(answer, codec.Pulled) and answer.answers and answer.answers[0].verdict == codec.NEXT:
                for data in batches:
                    batch = codec.decode_batch(data)
                    cursor = batch.position
                break
        if batch is None or batch.count == 0:
            yield 0
            continue
        forged = codec.encode_batch(batch._replace(previous=cursor.hash, first=cursor.number + 1,
                                                   commit=batch.commit + 1))
        own = codec.encode_batch(batch._replace(
            stream="payments", previous=peer.random.randbytes(32), first=peer.random.choice((1, 2**32, 2**63)),
            epoch_counter=peer.random.choice((1, 2**32 - 1)), causes=()))
        heads = [codec.encode_message(codec.Heads(name, name, peer.random.randbytes(8), bytes(8), batch.time, (
            (name, cursor.counter, cursor.bits, cursor.number + 5, peer.random.randbytes(32)),)))
                 for name in ("stock", "payments")]
        for topic, data in ((b"stock\0", forged), (b"payments\0", forged), (b"payments\0", own), (b"\1", heads[0]),
                            (b"\1", heads[1])) * TURN:
            impostor.publish(topic, data)
            yield 1
        while dict(poller.poll(0)):
            *route, frame = impostor.sockets["queries"].recv_multipart()
            asked = msgpack.unpackb(frame)
            if asked[1] == 2:
                answers = [[*place, 0, *place[1:5], 0, bytes(8), 0] for place in asked[5]]
                impostor.sockets["queries"].send_multipart([*route, msgpack.packb(
                    [1, 3, asked[2], "payments", bytes(8), False, answers]), peer.random.choice((forged, own))])


def neighbour(_):
    """Nobody's enemy: it talks to itself, as fast as it can. What it costs others is that they share a machine."""
    with socket.create_server(("127.0.0.1", 0)) as door, socket.create_connection(door.getsockname()) as here:
        there, _ = door.accept()
        while True:
            for _ in range(TURN):
                here.sendall(os.urandom(3000))
                there.recv(3000, socket.MSG_WAITALL)
            yield 1


ATTACKS = (noise, frames, endless, subscriptions, connections, handshakes, slow, replays, again, cursors, thief)


class Attack:
    """One of them, in a process that is as unimportant to the machine as can be: what it costs is not what it does. It is
    to last until `ends`, a plain value: whoever dies of a signal may hold a lock."""

    def __init__(self, attack, peer, begins, ends):
        self.name = attack.__name__
        self.done = multiprocessing.Value("Q", 0, lock=False)
        self.is_over = multiprocessing.Value("b", 0, lock=False)       # it has seen that it is to end
        self.process = multiprocessing.Process(target=self.last, args=(attack, peer, begins, ends), daemon=True)
        self.process.start()

    def last(self, attack, peer, begins, ends):
        """libzmq's client has an assertion that a connection cut in the middle of a message can break. That says nothing of the
        daemons, and must not end the attack either: it begins anew, if it had done anything. Nothing else may end it."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.nice(19)
        begins.wait()
        status = 1
        while not self.is_over.value and status != 0:
            before = self.done.value
            child = os.fork()
            if child == 0:
                self.run(attack, peer, ends)
            status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if status != -signal.SIGABRT or self.done.value == before:
                break
        os._exit(0 if self.is_over.value else 1)        # pylint: disable=protected-access

    def run(self, attack, peer, ends):
        """In a child of its own, which does not outlive the one that waits for it."""
        try:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
            peer.context = zmq.Context()
            peer.context.max_sockets = 4096
            socket.setdefaulttimeout(1)
            for count in attack(peer):
                self.done.value += count
                if ends.value:
                    self.is_over.value = 1
                    break
            peer.context.destroy(linger=0)
        except BaseException:                           # pylint: disable=broad-except
            traceback.print_exc()
        finally:
            os._exit(0 if self.is_over.value else 1)    # pylint: disable=protected-access

    def has_died(self):
        return not self.process.is_alive() and not self.is_over.value

    def end(self):
        """How much it did; None when it has ended before it was to."""
        self.process.join(5)
        if self.process.is_alive():                     # in the middle of something
            self.process.kill()
            self.process.join()
        elif not self.is_over.value:
            return None
        return self.done.value
