"""The values of one chip sale: the reader's constants, the sale's, and what the card said, by EMV tag."""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.emv import dates
from card_reader_fw.emv.errors import TECHNICAL, ChipError

SALE, VOID, REFUND = 0x00, 0x02, 0x20  # transaction type (9C), as ISO 8583 has it
JAPAN, YEN = 392, 392
ATTENDED_ONLINE = 0x21  # terminal type (9F35)
UTC_OFFSET_S = 9 * 3600

# What is kept of the card's data; all else, such as keys for offline checks and the holder's name, is not.
CARD_TAGS = {
    0x4F: 16,
    0x57: 19,
    0x5A: 10,
    0x5F24: 3,
    0x5F25: 3,
    0x5F28: 2,
    0x5F34: 1,
    0x82: 2,
    0x84: 16,
    0x8C: 252,
    0x8D: 252,
    0x8E: 252,
    0x94: 252,
    0x9F07: 2,
    0x9F08: 2,
    0x9F0D: 5,
    0x9F0E: 5,
    0x9F0F: 5,
    0x9F10: 32,
    0x9F26: 8,
    0x9F27: 1,
    0x9F36: 2,
    0x9F42: 2,
}


class Terminal:
    """The reader's constants. serial: its number, 8 ASCII characters; online_pin: can a PIN be keyed here."""

    __slots__ = ("country", "currency", "online_pin", "serial")

    def __init__(self, serial, online_pin, country=JAPAN, currency=YEN):
        self.serial = serial
        self.online_pin = online_pin
        self.country = country
        self.currency = currency


class Sale:
    """What is to be paid. kind: SALE, VOID or REFUND; amount_minor; now_s: unix seconds, 0 = not known;
    number: of this sale on this reader; random: the unpredictable number, 4 bytes. pin, to be set after: was
    a PIN keyed for it."""

    __slots__ = ("amount_minor", "kind", "now_s", "number", "pin", "random")

    def __init__(self, kind, amount_minor, now_s, number, random):
        self.kind = kind
        self.amount_minor = amount_minor
        self.now_s = now_s
        self.number = number
        self.random = random
        self.pin = False


class Values:
    """By tag: `own` (the reader's, which no card can change) and `card` (bytearrays)."""

    __slots__ = ("card", "own")

    def __init__(self, terminal, sale):
        self.own = own(terminal, sale)
        self.card = {}

    def get(self, tag):
        """The value, or None."""
        value = self.own.get(tag)
        return self.card.get(tag) if value is None else value

    def take(self, data, objects):
        """Keep what is wanted of a walked buffer. Raises ChipError chip-data-twice, chip-data."""
        for tag, start, end in objects:
            if tag in CARD_TAGS:
                self.put(tag, memoryview(data)[start:end])

    def put(self, tag, value):
        """Keep one value of the card. Raises ChipError chip-data-twice, chip-data."""
        if tag in self.card:
            raise ChipError("chip-data-twice", TECHNICAL)
        if len(value) > CARD_TAGS[tag]:
            raise ChipError("chip-data", TECHNICAL)
        self.card[tag] = bytearray(value)

    def forget(self):
        """Wipe all that came from the card."""
        for tag in self.card:
            wipe(self.card[tag])
        self.card = {}


def own(terminal, sale):
    """Terminal and Sale -> the reader's data objects, by tag."""
    moment = dates.digits(sale.now_s + UTC_OFFSET_S if sale.now_s else 0)
    pin = terminal.online_pin and sale.pin
    return {
        0x5F2A: bcd(terminal.currency, 2),
        0x5F36: b"\x00",  # the yen has no minor unit
        0x81: sale.amount_minor.to_bytes(4, "big"),
        0x8A: b"",
        0x95: bytearray(5),
        0x9A: moment[:3],
        0x9B: bytearray(2),
        0x9C: bytes((sale.kind,)),
        0x9F02: bcd(sale.amount_minor, 6),
        0x9F03: bytes(6),
        0x9F1A: bcd(terminal.country, 2),
        0x9F1B: bytes(4),  # floor limit: every sale goes online
        0x9F1E: terminal.serial,
        0x9F21: moment[3:],
        0x9F33: bytes((0x60, 0x68 if pin else 0x28, 0x00)),  # stripe and chip; signature, no CVM; no offline
        0x9F35: bytes((ATTENDED_ONLINE,)),
        0x9F37: sale.random,
        0x9F40: b"\x60\x00\xb0\x20\x01",
        0x9F41: bcd(sale.number, 4),
    }


def bcd(number, size):
    """A number as `size` bytes of packed decimal digits, its last ones if it is too long."""
    out = bytearray(size)
    for place in range(size - 1, -1, -1):
        out[place] = number // 10 % 10 << 4 | number % 10
        number //= 100
    return bytes(out)
