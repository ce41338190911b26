"""AES-128, one block (FIPS 197): the chip's own where it has one, else one without tables in constant time.

The cipher port of the whole firmware is `cipher(key) -> encrypt_block`, `encrypt_block(16 bytes) -> 16
bytes`; `decipher` is the same backwards, for key blocks alone.

The own one keeps the state as eight planes of 16 bits, plane i with bit i of every byte; byte (row, column)
stands at bit 4 * row + column. No step looks anything up by a secret, branches on one, or takes longer for
one; the planes are small ints even on a 32-bit chip. It makes 12,900 blocks a second under CPython 3.11 and
2,700 under MicroPython as WebAssembly (with look-ups in secret places it were 32,000 and 4,100). A sale is
about 60 blocks and keys there, at most 25 ms; loading keys about 20 ms.
"""

from card_reader_fw.crypto.sbox import substitute

_RCON = (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1B, 0x36)
_AFFINE = 0x63


def own(key):
    """AES-128 key (16 bytes) -> encrypt_block, in plain Python. Raises ValueError for any other length."""
    keys = _expand(key)

    def encrypt_block(block):
        planes = _xor(_planes(block), keys[0])
        for number in range(1, 10):
            planes = _xor(_mix([_shift(plane) for plane in substitute(planes)]), keys[number])
        return _block(_xor([_shift(plane) for plane in substitute(planes)], keys[10]))

    return encrypt_block


def own_decrypt(key):
    """AES-128 key (16 bytes) -> decrypt_block, in plain Python. Raises ValueError for any other length."""
    keys = _expand(key)

    def decrypt_block(block):
        planes = _xor(_planes(block), keys[10])
        for number in range(9, 0, -1):
            planes = _unmix(_xor(_unsubstitute([_unshift(plane) for plane in planes]), keys[number]))
        return _block(_xor(_unsubstitute([_unshift(plane) for plane in planes]), keys[0]))

    return decrypt_block


def cipher(key):
    """AES-128 key (16 bytes) -> encrypt_block, from the chip's `cryptolib` if there is one."""
    if _chip is None:
        return own(key)
    return _chip(key, 1).encrypt  # mode 1: ECB


def decipher(key):
    """AES-128 key (16 bytes) -> decrypt_block, from the chip's `cryptolib` if there is one."""
    if _chip is None:
        return own_decrypt(key)
    return _chip(key, 1).decrypt


def _expand(key):
    """11 round keys as planes (section 5.2). All but the first have the S-box's constant in them."""
    if len(key) != 16:
        raise ValueError("an AES-128 key has 16 bytes")
    planes = _planes(key)
    keys = [planes]
    for rcon in _RCON:
        planes = _next_key(planes, rcon)
        keys.append([plane ^ _whole(bit) for bit, plane in enumerate(planes)])
    return keys


def _next_key(planes, rcon):
    """One round key -> the next: a column is the one before it, and the same of the old key."""
    after = []
    for bit, changed in enumerate(substitute(planes)):
        last = (changed >> 4 | changed << 12) & 0x8888  # RotWord of the last column
        first = last >> 3 ^ 0x1111 & _whole(bit) ^ rcon >> bit & 1
        summed = planes[bit]
        summed ^= summed << 1 & 0xEEEE
        summed ^= summed << 2 & 0xCCCC
        after.append(summed ^ first * 15)
    return after


def _whole(bit):
    """That bit of the S-box's constant in every byte."""
    return 0xFFFF if _AFFINE >> bit & 1 else 0


def _xor(a, b):
    return [x ^ y for x, y in zip(a, b)]


def _shift(x):
    """ShiftRows (section 5.1.2) of one plane: row r turns by r columns."""
    return (
        x & 0x000F
        | (x & 0x00E0) >> 1
        | (x & 0x0010) << 3
        | (x & 0x0C00) >> 2
        | (x & 0x0300) << 2
        | (x & 0x7000) << 1
        | (x & 0x8000) >> 3
    )


def _unshift(x):
    """InvShiftRows (section 5.3.1) of one plane."""
    return (
        x & 0x000F
        | (x & 0x0070) << 1
        | (x & 0x0080) >> 3
        | (x & 0x0C00) >> 2
        | (x & 0x0300) << 2
        | (x & 0xE000) >> 1
        | (x & 0x1000) << 3
    )


def _mix(planes):
    """MixColumns (section 5.1.3): 2a + 3b + c + d is 2(a + b) + b + (c + d)."""
    below = [x >> 4 | x << 12 & 0xF000 for x in planes]
    sums = [x ^ y for x, y in zip(planes, below)]
    doubled = _double(sums)
    return [doubled[i] ^ below[i] ^ sums[i] >> 8 ^ sums[i] << 8 & 0xFF00 for i in range(8)]


def _unmix(planes):
    """InvMixColumns (section 5.3.3): MixColumns after a + 4(a + c)."""
    fours = _double(_double([x ^ x >> 8 ^ x << 8 & 0xFF00 for x in planes]))
    return _mix(_xor(planes, fours))


def _double(planes):
    """Multiplication by x in GF(2^8) (section 4.2.1)."""
    a, b, c, d, e, f, g, top = planes
    return [top, a ^ top, b, c ^ top, d ^ top, e, f, g]


def _unsubstitute(planes):
    """InvSubBytes (section 5.3.2): the inverse map, the S-box, the inverse map; the constants are in the
    keys."""
    return _unmap(substitute(_unmap(planes)))


def _unmap(planes):
    """The inverse of the S-box's linear map."""
    a, b, c, d, e, f, g, h = planes
    return [c ^ f ^ h, d ^ g ^ a, e ^ h ^ b, f ^ a ^ c, g ^ b ^ d, h ^ c ^ e, a ^ d ^ f, b ^ e ^ g]


def _planes(block):
    """16 bytes -> 8 planes."""
    if len(block) != 16:
        raise ValueError("an AES block has 16 bytes")
    # Word j has the bytes of places j and j + 8; place 4 * row + column is byte row + 4 * column.
    words = [block[j // 4 + j % 4 * 4] | block[j // 4 + 2 + j % 4 * 4] << 8 for j in range(8)]
    return _turned(words)


def _block(planes):
    """8 planes -> 16 bytes."""
    words = _turned(planes)
    return bytes([words[i // 4 + i % 2 * 4] >> (i & 2) * 4 & 0xFF for i in range(16)])


def _turned(words):
    """8 words of two bytes -> the same, with bit i of word j for bit j of word i in both bytes."""
    words = list(words)
    for step, mask in ((1, 0x5555), (2, 0x3333), (4, 0x0F0F)):
        for low in range(8):
            if not low & step:
                swapped = (words[low] >> step ^ words[low + step]) & mask
                words[low + step] ^= swapped
                words[low] ^= swapped << step
    return words


try:
    from cryptolib import aes as _chip
except ImportError:
    _chip = None
