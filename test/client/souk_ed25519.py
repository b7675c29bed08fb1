"""Ed25519 after RFC 8032, 5.1, in Python: to look at signatures, and to sign in tests. It takes no care to hide a secret.

A signature is good by one equation, [S]B = R + [k]A, as bytes; S is below the order, and a key or R that is not in its lowest
form is none. It shares nothing with what signs the vectors: points are in the four coordinates of 5.1.4.
"""
import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
KEY_BYTES, SIGNATURE_BYTES = 32, 64
NEUTRAL = (0, 1, 1, 0)


def decompressed(data):
    """The point in these 32 bytes; None: there is none."""
    y, sign = int.from_bytes(data, "little") & ~(1 << 255), data[31] >> 7
    if y >= P:
        return None
    over, under = (y * y - 1) % P, (D * y * y + 1) % P
    x = over * pow(under, 3, P) * pow(over * pow(under, 7, P), (P - 5) // 8, P) % P
    if under * x * x % P != over:
        x = x * pow(2, (P - 1) // 4, P) % P
    if under * x * x % P != over or (x == 0 and sign == 1):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P


BASE = decompressed((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def added(one, other):
    a, b = (one[1] - one[0]) * (other[1] - other[0]), (one[1] + one[0]) * (other[1] + other[0])
    c, d = 2 * D * one[3] * other[3], 2 * one[2] * other[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(factor, point):
    total = NEUTRAL
    for bit in reversed(range(factor.bit_length())):
        total = added(total, total)
        if factor >> bit & 1:
            total = added(total, point)
    return total


def compressed(point):
    inverse = pow(point[2], -1, P)
    return (point[1] * inverse % P | (point[0] * inverse % P & 1) << 255).to_bytes(32, "little")


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little")


def halves(seed):
    """Of a secret key of 32 bytes: the scalar, and what nonces are made with."""
    digest = hashlib.sha512(seed).digest()
    return int.from_bytes(digest[:32], "little") & ~(1 << 255) & ~7 | 1 << 254, digest[32:]


def public_key(seed):
    return compressed(times(halves(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = halves(seed)
    nonce = number(prefix, message) % ORDER
    commitment = compressed(times(nonce, BASE))
    challenge = number(commitment, public_key(seed), message)
    return commitment + ((nonce + challenge * scalar) % ORDER).to_bytes(32, "little")


def verify(key, message, signature):
    """Whether whoever has the secret half of `key` has signed `message`."""
    if len(key) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    scalar, point = int.from_bytes(signature[32:], "little"), decompressed(key)
    if scalar >= ORDER or point is None:
        return False
    challenge = number(signature[:32], key, message) % ORDER
    minus = (P - point[0], point[1], 1, P - point[3])
    return compressed(added(times(scalar, BASE), times(challenge, minus))) == signature[:32]
