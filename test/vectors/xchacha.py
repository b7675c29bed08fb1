"""XChaCha20-Poly1305 after RFC 8439 and draft-irtf-cfrg-xchacha-03, for tests: slow, and not for anything that is secret."""

import struct

WORD = 0xFFFFFFFF
CONSTANTS = struct.unpack("<4I", b"expand 32-byte k")
QUARTERS = [(0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
            (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)]
POLY_PRIME = 2 ** 130 - 5
POLY_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF


def rounds(state):
    state = list(state)
    for _ in range(10):
        for a, b, c, d in QUARTERS:
            for to, by, other, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                state[to] = (state[to] + state[by]) & WORD
                mixed = state[other] ^ state[to]
                state[other] = (mixed << turn | mixed >> (32 - turn)) & WORD
    return state


def hchacha20(key, nonce):
    state = rounds(CONSTANTS + struct.unpack("<8I", key) + struct.unpack("<4I", nonce))
    return struct.pack("<8I", *state[:4], *state[12:])


def chacha20_block(key, counter, nonce):
    state = CONSTANTS + struct.unpack("<8I", key) + (counter,) + struct.unpack("<3I", nonce)
    return struct.pack("<16I", *((one + other) & WORD for one, other in zip(state, rounds(state))))


def poly1305(key, data):
    factor, total = int.from_bytes(key[:16], "little") & POLY_CLAMP, 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\1", "little")) * factor % POLY_PRIME
    return ((total + int.from_bytes(key[16:], "little")) % 2 ** 128).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def xchacha20poly1305(key, nonce, data, beside):
    """Encrypted `data` with its tag, which is for `beside`, too. The nonce has 24 bytes."""
    key, nonce = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    stream = b"".join(chacha20_block(key, 1 + at, nonce) for at in range((len(data) + 63) // 64))
    hidden = bytes(one ^ other for one, other in zip(data, stream))
    lengths = struct.pack("<QQ", len(beside), len(hidden))
    return hidden + poly1305(chacha20_block(key, 0, nonce)[:32], padded(beside) + padded(hidden) + lengths)
