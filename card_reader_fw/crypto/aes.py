"""AES-128, encryption of one block (FIPS 197): the chip's own where it has one, else a small own one.

The cipher port of the whole firmware is `cipher(key) -> encrypt_block`, `encrypt_block(16 bytes) -> 16
bytes`.

The own one looks up an S-box by secret bytes. On a chip without data cache every look-up takes the same time;
on a desktop it does not, and nobody should let untrusted code measure it there.
"""


def _make_sbox():
    """The S-box of FIPS 197 section 5.1.1: walk the field by its generator 3 and by 1/3 at once."""
    box = bytearray(256)
    p = q = 1
    while True:
        p = p ^ (p << 1) & 0xFF ^ (0x1B if p & 0x80 else 0)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        around = q | q << 8
        box[p] = (q ^ around >> 7 ^ around >> 6 ^ around >> 5 ^ around >> 4) & 0xFF ^ 0x63
        if p == 1:
            break
    box[0] = 0x63
    return bytes(box)


_SBOX = _make_sbox()
_DOUBLE = bytes([(x << 1) & 0xFF ^ (0x1B if x & 0x80 else 0) for x in range(256)])
_SHIFTED = (0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11)


def _expand(key):
    """11 round keys in one run of 176 bytes (section 5.2)."""
    w = bytearray(key)
    rcon = 1
    for at in range(16, 176, 4):
        a, b, c, d = w[at - 4 : at]
        if at % 16 == 0:
            a, b, c, d = _SBOX[b] ^ rcon, _SBOX[c], _SBOX[d], _SBOX[a]
            rcon = _DOUBLE[rcon]
        w.extend(bytes((w[at - 16] ^ a, w[at - 15] ^ b, w[at - 14] ^ c, w[at - 13] ^ d)))
    return w


def _mix(s):
    """MixColumns (section 5.1.3) in place."""
    for at in range(0, 16, 4):
        a, b, c, d = s[at : at + 4]
        every = a ^ b ^ c ^ d
        s[at] = a ^ every ^ _DOUBLE[a ^ b]
        s[at + 1] = b ^ every ^ _DOUBLE[b ^ c]
        s[at + 2] = c ^ every ^ _DOUBLE[c ^ d]
        s[at + 3] = d ^ every ^ _DOUBLE[d ^ a]


def own(key):
    """AES-128 key (16 bytes) -> encrypt_block, in plain Python. Raises ValueError for any other length."""
    if len(key) != 16:
        raise ValueError("an AES-128 key has 16 bytes")
    w = _expand(key)

    def encrypt_block(block):
        if len(block) != 16:
            raise ValueError("an AES block has 16 bytes")
        s = bytearray([block[i] ^ w[i] for i in range(16)])
        for at in range(16, 176, 16):
            s = bytearray([_SBOX[s[i]] for i in _SHIFTED])
            if at < 160:
                _mix(s)
            for i in range(16):
                s[i] ^= w[at + i]
        return bytes(s)

    return encrypt_block


def cipher(key):
    """AES-128 key (16 bytes) -> encrypt_block, from the chip's `cryptolib` if there is one."""
    if _chip is None:
        return own(key)
    return _chip(key, 1).encrypt  # mode 1: ECB


try:
    from cryptolib import aes as _chip
except ImportError:
    _chip = None
