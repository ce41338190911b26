"""PIN block, ISO 9564-1:2017 format 4 (section 9.4.2): two AES blocks bind PIN and card number together."""

from card_reader_fw.crypto.ccm import wipe

PIN_MIN, PIN_MAX = 4, 12
PAN_MIN, PAN_MAX = 12, 19


def block(encrypt, pin, pan, fill):
    """encrypt_block of the PIN key (usage 1000), PIN (memoryview or bytearray of digit values 0..9), card
    number (the same in ASCII), 8 random bytes -> PIN block, a bytearray of 16. What comes between is wiped.

    Raises ValueError for lengths outside 4..12 and 12..19.
    """
    if not (PIN_MIN <= len(pin) <= PIN_MAX and PAN_MIN <= len(pan) <= PAN_MAX and len(fill) == 8):
        raise ValueError("a PIN has 4 to 12 digits, a card number 12 to 19")
    field = bytearray(b"\xaa" * 8) + bytearray(fill)
    _nibble(field, 0, 4)
    _nibble(field, 1, len(pin))
    for at in range(len(pin)):
        _nibble(field, 2 + at, pin[at])
    inner = bytearray(encrypt(field))
    wipe(field)
    _nibble(field, 0, len(pan) - PAN_MIN)
    for at in range(len(pan)):
        _nibble(field, 1 + at, pan[at] - 0x30)
    for at in range(16):
        inner[at] ^= field[at]
    wipe(field)
    done = bytearray(encrypt(inner))
    wipe(inner)
    return done


def _nibble(field, place, value):
    """One half byte, counted from the left, in place."""
    shift = 0 if place % 2 else 4
    field[place // 2] = field[place // 2] & 0xF0 >> shift & 0xFF | value << shift
