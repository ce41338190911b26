"""AES-128 DUKPT, originating side (ANSI X9.24-3:2017 section 6): 32 registers, each key used once.

The state is one value, `Keys`. `advance` makes a new one and leaves the old alone: the caller writes the new
one to stable memory *before* it touches the transaction key, then erases the old. So power loss skips a key
and repeats none.
"""

from card_reader_fw.crypto.ccm import wipe
from schemas.envelope import derivation

REGISTERS = 32
COUNTER_LAST = 0xFFFF0000
COUNTER_NEAR_END = 0xFFF00000
"""From here on 6,196 sales are left."""
COUNTER_UPDATE = 0xFFFFFFFF
"""Kept for the key that the next initial key comes under (section 6.5)."""
ONES_MAX = 16


class Keys:
    """Key state of a reader. key_id: initial key ID, 8 bytes; counter: of the next transaction, 0 = no keys
    left; registers: bytearray of 32 x 16 bytes, zeros = erased; loading: what the next key block is opened
    with, bytearray of 16, zeros = nothing; receipt: of the key block these came in, see `keyload`. Never
    printed.
    """

    __slots__ = ("counter", "key_id", "loading", "receipt", "registers")

    def __init__(self, key_id, counter, registers, loading=bytes(16), receipt=b""):
        self.key_id = key_id
        self.counter = counter
        self.registers = registers
        self.loading = bytearray(loading)
        self.receipt = receipt

    def __repr__(self):
        return "<Keys %s next %08X>" % (self.key_id.hex(), self.counter)

    def row(self):
        """All of it as one value for stable memory."""
        return [self.key_id, self.counter, bytes(self.registers), bytes(self.loading), self.receipt]

    def near_end(self):
        """Are a few thousand sales left, or fewer?"""
        return self.counter >= COUNTER_NEAR_END

    def erase(self):
        """Wipe every key (tamper, or this state is superseded)."""
        wipe(self.registers)
        wipe(self.loading)
        self.counter = 0


def from_row(row):
    """The reverse of `Keys.row`."""
    return Keys(row[0], row[1], bytearray(row[2]), row[3], row[4])


def blank(serial, transport_key):
    """A reader's state before its first keys: its serial (4 bytes), and what opens the first key block."""
    return Keys(bytes(4) + serial, 0, bytearray(16 * REGISTERS), transport_key)


def load(cipher, key_id, initial_key, receipt=b""):
    """Initial key ID (8 bytes) and key (16 bytes) -> Keys with counter 1, which know their update key.

    The caller erases the initial key.
    """
    if len(key_id) != 8 or len(initial_key) != 16:
        raise ValueError("an initial key ID has 8 bytes and an AES-128 initial key 16")
    keys = Keys(bytes(key_id), 0, bytearray(16 * REGISTERS), receipt=receipt)
    _fill(keys, cipher(bytes(initial_key)), REGISTERS)
    keys.loading = update_key(cipher, keys.key_id, initial_key)
    keys.counter = 1
    return keys


def advance(cipher, keys):
    """Keys -> (following Keys, KSN 12 bytes, transaction key bytearray 16), or None: used up."""
    if not 0 < keys.counter <= COUNTER_LAST:
        return None
    lowest = _lowest_one(keys.counter)
    key = keys.registers[16 * lowest : 16 * lowest + 16]
    after = Keys(keys.key_id, keys.counter, bytearray(keys.registers), keys.loading, keys.receipt)
    _fill(after, cipher(bytes(key)), lowest)
    after.registers[16 * lowest : 16 * lowest + 16] = bytes(16)
    after.counter = following(keys.counter)
    return after, keys.key_id + keys.counter.to_bytes(4, "big"), key


def working_key(cipher, transaction_key, usage, ksn):
    """Transaction key and its KSN -> the AES-128 working key for a usage of `schemas.envelope.derivation`."""
    return cipher(bytes(transaction_key))(derivation.data(usage, ksn[4:]))


def update_key(cipher, key_id, initial_key):
    """Initial key and its ID -> the update key (bytearray 16): usage 0002 of the reserved last counter."""
    key, walked = initial_key, 0
    for bit in range(REGISTERS - 1, -1, -1):
        walked |= 1 << bit
        ident = key_id[4:] + walked.to_bytes(4, "big")
        key = cipher(bytes(key))(derivation.data(derivation.KEY_DERIVATION, ident))
    ksn = key_id + COUNTER_UPDATE.to_bytes(4, "big")
    return bytearray(working_key(cipher, key, derivation.UPDATE, ksn))


def following(counter):
    """The next counter with at most 16 ones (section 6.5), or 0 after the last."""
    counter += 1
    while _ones(counter) > ONES_MAX:
        counter += counter & -counter
    return counter if counter <= COUNTER_LAST else 0


def _fill(keys, block, below):
    """Derive the registers below bit `below` from the key behind `block`."""
    for bit in range(below):
        ident = keys.key_id[4:] + (keys.counter | 1 << bit).to_bytes(4, "big")
        keys.registers[16 * bit : 16 * bit + 16] = block(derivation.data(derivation.KEY_DERIVATION, ident))


def _lowest_one(counter):
    bit = 0
    while not counter >> bit & 1:
        bit += 1
    return bit


def _ones(number):
    return bin(number).count("1")
