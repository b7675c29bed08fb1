"""Ed25519 after RFC 8032, 5.1, for tests: slow, and not for anything that is secret."""

import functools
import hashlib

PRIME, ORDER = 2 ** 255 - 19, 2 ** 252 + 27742317777372353535851937790883648493
TWIST = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
BASE_Y = 4 * pow(5, PRIME - 2, PRIME) % PRIME
BASE_X2 = (BASE_Y * BASE_Y - 1) * pow(TWIST * BASE_Y * BASE_Y + 1, PRIME - 2, PRIME) % PRIME
BASE_X = pow(BASE_X2, (PRIME + 3) // 8, PRIME)
if (BASE_X * BASE_X - BASE_X2) % PRIME:
    BASE_X = BASE_X * pow(2, (PRIME - 1) // 4, PRIME) % PRIME
BASE = (BASE_X if BASE_X % 2 == 0 else PRIME - BASE_X, BASE_Y)


def point_add(a, b):
    product = TWIST * a[0] * b[0] * a[1] * b[1] % PRIME
    inverse = pow(1 - product * product, PRIME - 2, PRIME)         # of both denominators at once
    return ((a[0] * b[1] + b[0] * a[1]) * (1 - product) * inverse % PRIME,
            (a[1] * b[1] + a[0] * b[0]) * (1 + product) * inverse % PRIME)


def point_times(factor, point):
    total = (0, 1)
    while factor:
        if factor & 1:
            total = point_add(total, point)
        point, factor = point_add(point, point), factor >> 1
    return total


def point_bytes(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


@functools.lru_cache
def key_of(seed):
    """The scalar, what nonces are drawn with, and the public key."""
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:], point_bytes(point_times(scalar, BASE))


@functools.lru_cache
def ed25519(seed, message):
    """(public key, signature)"""
    scalar, prefix, public = key_of(seed)
    nonce = int.from_bytes(hashlib.sha512(prefix + message).digest(), "little") % ORDER
    commitment = point_bytes(point_times(nonce, BASE))
    challenge = int.from_bytes(hashlib.sha512(commitment + public + message).digest(), "little") % ORDER
    return public, commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")
