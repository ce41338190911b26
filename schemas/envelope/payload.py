"""What is inside the seal: a sale and a result, each one field table over a CBOR map."""

from schemas.envelope import cbor
from schemas.errors import WireError

SALE, VOID, REFUND, CARD_CHECK, CANCEL = 1, 2, 3, 4, 5
"""Sale.kind. CANCEL: cancel the sale of original_ksn, and should it never have come, never do it."""
STRIPE, STRIPE_JIS2, CHIP, FALLBACK_STRIPE, KEYED = 1, 2, 3, 4, 5
"""Sale.entry_mode; FALLBACK_STRIPE: the stripe of a card whose chip could not be read."""

DIGITS = "0123456789"
STRIPE_LETTERS = "0123456789:<=>"  # ISO/IEC 7811-2 table 5, without the sentinels
PRINTABLE = "".join([chr(i) for i in range(0x20, 0x7F)])
LCD_LETTERS = PRINTABLE + "".join([chr(i) for i in range(0xFF61, 0xFFA0)])  # and half-width kana

# key, name, type, from, to, alphabet. from..to: of the value of an int, of the length of bytes and str.
# A field at its zero (0, "", b"") is absent, which MUST forbids.
# Even key: must be understood; odd key: may be ignored.
MUST = {"sale.kind", "sale.currency", "result.outcome", "result.version"}
SALE_FIELDS = (
    (0, "kind", int, 1, 5, None),
    (2, "amount_minor", int, 1, 999999999999, None),
    (4, "currency", int, 1, 999, None),
    (6, "reader_time_s", int, 1, 0xFFFFFFFF, None),
    (8, "entry_mode", int, 1, 5, None),
    (10, "track2", str, 1, 37, STRIPE_LETTERS),
    (12, "jis2", str, 1, 69, PRINTABLE),
    (14, "emv", bytes, 1, 255, None),
    (16, "pin_block", bytes, 16, 16, None),
    (18, "condition", int, 10, 199, None),
    (20, "condition_count", int, 1, 99, None),
    (22, "slip", int, 1, 99999, None),
    (24, "original_ksn", bytes, 12, 12, None),
    (26, "product_code", str, 1, 7, DIGITS),
    (28, "reentry", int, 1, 3, None),
)
RESULT_FIELDS = (
    (0, "outcome", int, 1, 8, None),
    (2, "version", int, 1, 255, None),
    (4, "amount_minor", int, 1, 999999999999, None),
    (6, "currency", int, 1, 999, None),
    (8, "approval_number", str, 1, 8, PRINTABLE),
    (10, "reference", str, 1, 16, PRINTABLE),
    (12, "reason", str, 1, 16, LCD_LETTERS),
    (14, "time_s", int, 1, 0xFFFFFFFF, None),
)
OTHER_KEY_MAX = 255


class _Record:
    """Fields by name, absent ones at their zero. ``others``: ignorable fields of a newer writer, by key."""

    __slots__ = ("others",)
    FIELDS = ()

    def __init__(self, **values):
        self.others = values.pop("others", {})
        for row in self.FIELDS:
            setattr(self, row[1], values.pop(row[1], row[2]()))
        if values:
            raise TypeError("no such field: %s" % ", ".join(sorted(values)))

    def __eq__(self, other):
        if type(other) is not type(self) or self.others != other.others:
            return False
        return all([getattr(self, row[1]) == getattr(other, row[1]) for row in self.FIELDS])

    def __repr__(self):
        return "%s(hidden)" % type(self).__name__


class Sale(_Record):
    """What a reader asks for. Holds card data: it cannot be printed. Fields: SALE_FIELDS, as keywords."""

    __slots__ = tuple([row[1] for row in SALE_FIELDS])
    FIELDS = SALE_FIELDS
    PATH = "sale"


class Result(_Record):
    """What the centre answers. Fields: RESULT_FIELDS, as keywords."""

    __slots__ = tuple([row[1] for row in RESULT_FIELDS])
    FIELDS = RESULT_FIELDS
    PATH = "result"


def encode_sale(sale):
    """Sale -> bytes to seal. Raises WireError: payload-* with the field path."""
    return cbor.encode(_items(sale))


def encode_sale_to_wipe(sale):
    """Sale -> bytearray to seal, the only copy of the texts and bytes that the sale holds as bytearrays.

    Raises WireError: payload-* with the field path.
    """
    return cbor.encode_to_wipe(_items(sale))


def decode_sale(data):
    """Opened bytes -> Sale. Raises WireError: cbor-* with the offset, payload-* with the field path."""
    return _decode(Sale, data)


def encode_result(result):
    """Result -> bytes to seal. Raises WireError: payload-* with the field path."""
    return cbor.encode(_items(result))


def decode_result(data):
    """Opened bytes -> Result. Raises WireError: cbor-* with the offset, payload-* with the field path."""
    return _decode(Result, data)


def _items(record):
    """The fields that are there, by key. Text and bytes may be bytearrays (ASCII), which are not copied."""
    items = {}
    for key, name, kind, low, high, letters in record.FIELDS:
        value = getattr(record, name)
        path = "%s.%s" % (record.PATH, name)
        if type(value) in (kind, bytearray) and not value:
            if path in MUST:
                raise WireError("payload-missing", path)
            continue
        _check(value, path, (kind, low, high, letters))
        items[key] = cbor.Ascii(value) if kind is str and type(value) is bytearray else value
    for key in record.others:
        _check_other(key, record)
        items[key] = record.others[key]
    return items


def _decode(record_type, data):
    items = cbor.decode(data)
    if type(items) is not dict:
        raise WireError("payload-map", record_type.PATH)
    values = {}
    for key, name, kind, low, high, letters in record_type.FIELDS:
        path = "%s.%s" % (record_type.PATH, name)
        if key in items:
            values[name] = items.pop(key)
            _check(values[name], path, (kind, low, high, letters))
        elif path in MUST:
            raise WireError("payload-missing", path)
    for key in sorted(items):
        _check_other(key, record_type)
    return record_type(others=items, **values)


def _check(value, path, rule):
    """One present field against its row."""
    kind, low, high, letters = rule
    if type(value) is not kind and (type(value) is not bytearray or kind is int):
        raise WireError("payload-type", path)
    if not value:
        raise WireError("payload-zero", path)
    if kind is int:
        if not low <= value <= high:
            raise WireError("payload-range", path)
    elif not low <= len(value) <= high:
        raise WireError("payload-length", path)
    elif letters is not None and not all([_letter(letter) in letters for letter in value]):
        raise WireError("payload-text", path)


def _letter(letter):
    """Of a str or of a bytearray."""
    return letter if type(letter) is str else chr(letter)


def _check_other(key, record):
    """A field that no row knows may pass only if its number says that it may be ignored."""
    if key % 2 == 0 or not 0 <= key <= OTHER_KEY_MAX:
        raise WireError("payload-key", "%s.%d" % (record.PATH, key))
