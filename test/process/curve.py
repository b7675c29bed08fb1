"""The client's half of CURVE (RFC 26) on a bare connection: a peer that is let in can send what no libzmq would."""
import ctypes
import ctypes.util
import os

from zmq.utils import z85

SODIUM = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"CURVE".ljust(20, b"\0") + bytes(32)
NONCE_BYTES, BOX_BYTES, KEY_BYTES = 24, 16, 32
METADATA = b"\x0bSocket-Type" + (6).to_bytes(4, "big") + b"DEALER" + b"\x08Identity" + bytes(4)


class Refused(Exception):
    """It was not let in."""


def box(plain, nonce, public, secret):
    assert len(nonce) == NONCE_BYTES
    room = ctypes.create_string_buffer(len(plain) + BOX_BYTES)
    assert SODIUM.crypto_box_easy(room, plain, ctypes.c_ulonglong(len(plain)), nonce, public, secret) == 0
    return room.raw


def unbox(boxed, nonce, public, secret):
    room = ctypes.create_string_buffer(len(boxed) - BOX_BYTES)
    if SODIUM.crypto_box_open_easy(room, boxed, ctypes.c_ulonglong(len(boxed)), nonce, public, secret) != 0:
        raise Refused("a box that does not open")
    return room.raw


def pair():
    public, secret = (ctypes.create_string_buffer(KEY_BYTES) for _ in range(2))
    assert SODIUM.crypto_box_keypair(public, secret) == 0
    return public.raw, secret.raw


def frame(flags, body):
    if len(body) < 256:
        return bytes((flags, len(body))) + body
    return bytes((flags | 2,)) + len(body).to_bytes(8, "big") + body


class Connection:
    """Of a socket, once its handshake is over. Frames may be made ahead, but are sent in that order, each once."""

    def __init__(self, connection, keys):
        self.connection = connection
        self.number = 0                 # of the last nonce
        own, own_secret, self.door = (z85.decode(key) for key in keys)
        short, self.secret = pair()
        connection.sendall(GREETING)
        self.receive(len(GREETING))
        hello = self.nonce()
        self.say(b"\x05HELLO\x01\x00" + bytes(72) + short + hello
                 + box(bytes(64), b"CurveZMQHELLO---" + hello, self.door, self.secret))
        welcome = self.hear(b"\x07WELCOME")
        plain = unbox(welcome[16:], b"WELCOME-" + welcome[:16], self.door, self.secret)
        self.door, cookie = plain[:KEY_BYTES], plain[KEY_BYTES:]    # from here on the one of this connection
        vouching, initiate = os.urandom(16), self.nonce()
        vouch = box(short + z85.decode(keys.door), b"VOUCH---" + vouching, self.door, own_secret)
        self.say(b"\x08INITIATE" + cookie + initiate
                 + box(own + vouching + vouch + METADATA, b"CurveZMQINITIATE" + initiate, self.door, self.secret))
        self.hear(b"\x05READY")

    def nonce(self):
        self.number += 1
        return self.number.to_bytes(8, "big")

    def say(self, command):
        self.connection.sendall(frame(4, command))

    def hear(self, name):
        flags = self.receive(1)[0]
        body = self.receive(int.from_bytes(self.receive(8 if flags & 2 else 1), "big"))
        if not body.startswith(name):
            raise Refused(repr(body[:32]))
        return body[len(name):]

    def receive(self, size):
        got = b""
        while len(got) < size:
            more = self.connection.recv(size - len(got))
            if not more:
                raise Refused("the connection has ended")
            got += more
        return got

    def part(self, data, has_more):
        """The bytes of one frame of a message."""
        nonce = self.nonce()
        return frame(0, b"\x07MESSAGE" + nonce + box(bytes((int(has_more),)) + data, b"CurveZMQMESSAGEC" + nonce,
                                                     self.door, self.secret))
