"""A deal as bytes: shop, every line, total, time. One deal has one encoding, and every byte counts."""

import binascii
import hashlib

from schemas.envelope import cbor
from schemas.errors import WireError

VERSION = 1
LINES_MAX = 200
SUM_MAX = 999999999999
TIME_MAX = 0xFFFFFFFF

ID_LETTERS = "".join([chr(i) for i in range(0x21, 0x7F)])
# Characters that a screen does not show, or that turn the order of those it shows: first, last. Those that
# only choose a form (U+200C, U+200D, variation selectors) are let through: names and pictures need them.
HIDDEN = (
    (0x0000, 0x001F),
    (0x007F, 0x009F),
    (0x00AD, 0x00AD),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x180E, 0x180E),
    (0x200B, 0x200B),
    (0x200E, 0x200F),
    (0x2028, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFFB),
    (0xE0000, 0xE00FF),
    (0xE01F0, 0xE0FFF),
)

# key, name, type, from, to. from..to: of the value of an int, of the characters of a str, of the lines.
# All are required, in a deal and, in this order, in a line.
DEAL_FIELDS = (
    (0, "version", int, VERSION, VERSION),
    (1, "shop", str, 1, 100),
    (2, "deal_id", str, 1, 64),
    (3, "time_s", int, 1, TIME_MAX),
    (4, "currency", int, 1, 999),
    (5, "total_minor", int, 1, SUM_MAX),
    (6, "lines", list, 1, LINES_MAX),
)
LINE_FIELDS = (
    (0, "name", str, 1, 200),
    (1, "model", str, 0, 100),
    (2, "unit_minor", int, 0, SUM_MAX),
    (3, "quantity", int, 1, 9999),
)


class Deal:
    """What a customer agrees to.

    shop: its name as the customer knows it. deal_id: the shop's own, good for this deal only. time_s: unix
    seconds UTC. currency: ISO 4217 numeric. total_minor: minor units, the sum of the lines. lines: tuples of
    name, model (may be empty), unit_minor (of one) and quantity.
    """

    __slots__ = ("currency", "deal_id", "lines", "shop", "time_s", "total_minor")

    def __init__(self, shop, deal_id, **rest):
        self.shop = shop
        self.deal_id = deal_id
        self.time_s = rest.pop("time_s")
        self.currency = rest.pop("currency")
        self.total_minor = rest.pop("total_minor")
        self.lines = [tuple(line) for line in rest.pop("lines")]
        if rest:
            raise TypeError("no such field: %s" % ", ".join(sorted(rest)))

    def __eq__(self, other):
        return type(other) is Deal and _items(self) == _items(other)

    def __repr__(self):
        return "Deal(%s)" % self.deal_id


def encode(deal):
    """Deal -> its bytes, deterministic CBOR. Raises WireError: deal-* with the field path, cbor-utf8."""
    items = _items(deal)
    _check(items)
    return cbor.encode(items)


def decode(data):
    """Bytes -> Deal. Raises WireError: cbor-* with the offset, deal-* with the field path."""
    items = cbor.decode(data)
    _check(items)
    return Deal(
        shop=items[1],
        deal_id=items[2],
        time_s=items[3],
        currency=items[4],
        total_minor=items[5],
        lines=items[6],
    )


def question(data):
    """A deal's bytes -> the question that an answer is computed from: their SHA-256 in 64 hex digits."""
    return binascii.hexlify(hashlib.sha256(data).digest()).decode()


def _items(deal):
    return {
        0: VERSION,
        1: deal.shop,
        2: deal.deal_id,
        3: deal.time_s,
        4: deal.currency,
        5: deal.total_minor,
        6: [list(line) for line in deal.lines],
    }


def _check(items):
    """Whether a decoded map is a deal and nothing else."""
    if type(items) is not dict:
        raise WireError("deal-map", "deal")
    for key, name, kind, low, high in DEAL_FIELDS:
        if key not in items:
            raise WireError("deal-missing", "deal.%s" % name)
        _check_field(items[key], "deal.%s" % name, kind, low, high)
    if len(items) != len(DEAL_FIELDS):
        raise WireError("deal-key", "deal")
    if items[2].strip(ID_LETTERS):
        raise WireError("deal-text", "deal.deal_id")
    total = 0
    for i in range(len(items[6])):
        total += _line_total(items[6][i], "deal.lines.%d" % i)
    if total != items[5]:
        raise WireError("deal-total", "deal.total_minor")


def _line_total(line, path):
    """One line, checked -> what it costs, minor units."""
    if type(line) is not list or len(line) != len(LINE_FIELDS):
        raise WireError("deal-line", path)
    for at, name, kind, low, high in LINE_FIELDS:
        _check_field(line[at], "%s.%s" % (path, name), kind, low, high)
    return line[2] * line[3]


def _check_field(value, path, kind, low, high):
    if type(value) is not kind:
        raise WireError("deal-type", path)
    if kind is int:
        if not low <= value <= high:
            raise WireError("deal-range", path)
        return
    if not low <= len(value) <= high:
        raise WireError("deal-length", path)
    if kind is str and not all([_shown(ord(letter)) for letter in value]):
        raise WireError("deal-text", path)


def _shown(number):
    return not any([first <= number <= last for first, last in HIDDEN])
