"""Deterministic CBOR (RFC 8949 section 4.2.1), as much of it as the envelope needs, and nothing else."""

from schemas.errors import WireError

DEPTH_MAX = 8
"""Arrays, maps and tags inside one another."""
INT_MAX = 0xFFFFFFFFFFFFFFFF

_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)
_LONG_FORMS = ((24, 1), (25, 2), (26, 4), (27, 8))  # additional information, bytes that follow
_NOT_SHORTEST = {1: 24, 2: 0x100, 4: 0x10000, 8: 0x100000000}  # below this a shorter form exists
# RFC 3629 section 4: first bytes from..to, continuation bytes, second byte from..to
_UTF8 = (
    (0x00, 0x7F, 0, 0, 0),
    (0xC2, 0xDF, 1, 0x80, 0xBF),
    (0xE0, 0xE0, 2, 0xA0, 0xBF),
    (0xE1, 0xEC, 2, 0x80, 0xBF),
    (0xED, 0xED, 2, 0x80, 0x9F),
    (0xEE, 0xEF, 2, 0x80, 0xBF),
    (0xF0, 0xF0, 3, 0x90, 0xBF),
    (0xF1, 0xF3, 3, 0x80, 0xBF),
    (0xF4, 0xF4, 3, 0x80, 0x8F),
)


class Tag:
    """A tagged value (RFC 8949 section 3.4)."""

    __slots__ = ("number", "value")

    def __init__(self, number, value):
        self.number = number
        self.value = value

    def __eq__(self, other):
        return type(other) is Tag and self.number == other.number and self.value == other.value


class Ascii:
    """A text whose characters (bytearray, ASCII) must not be copied anywhere but into the encoding."""

    __slots__ = ("letters",)

    def __init__(self, letters):
        self.letters = letters


def encode(value):
    """An int, bytes, str, list, dict with int keys, Tag, bytearray or Ascii -> its one CBOR encoding.

    Raises WireError: cbor-type, cbor-depth (where = path of list indexes and keys).
    """
    return b"".join(_parts(value, "value", DEPTH_MAX))


def encode_to_wipe(value):
    """As `encode`, into one bytearray: what stands in a bytearray or Ascii is copied nowhere else."""
    parts = _parts(value, "value", DEPTH_MAX)
    whole = bytearray(sum([len(part) for part in parts]))
    at = 0
    for part in parts:
        whole[at : at + len(part)] = part
        at += len(part)
    return whole


def decode(data):
    """The one value that ``data`` encodes.

    Raises WireError (where = offset): cbor-type, cbor-not-shortest, cbor-order, cbor-duplicate, cbor-utf8,
    cbor-depth, cbor-truncated, cbor-trailing.
    """
    data = bytes(data)
    value, end = _decode(data, 0, DEPTH_MAX)
    if end != len(data):
        raise WireError("cbor-trailing", end)
    return value


def _head(major, number):
    """Major type and argument in the shortest form (RFC 8949 section 4.2.1)."""
    if number < 24:
        return bytes([major << 5 | number])
    for info, size in _LONG_FORMS:
        if number < 1 << 8 * size:
            return bytes([major << 5 | info]) + number.to_bytes(size, "big")
    raise ValueError(number)


def _parts(value, path, depth):
    """The encoding in pieces; a bytearray among them is the caller's own."""
    # type() and not isinstance(): True is an int in CPython and is none in MicroPython.
    kind = type(value)
    if kind is int and -1 - INT_MAX <= value <= INT_MAX:
        return [_head(_UINT, value) if value >= 0 else _head(_NEGATIVE, -1 - value)]
    if kind is bytes or kind is bytearray:
        return [_head(_BYTES, len(value)), value]
    if kind is str:
        return _text_parts(value, path)
    if kind is Ascii:
        return [_head(_TEXT, len(value.letters)), value.letters]
    if depth == 0:
        raise WireError("cbor-depth", path)
    if kind is list:
        parts = [_head(_ARRAY, len(value))]
        for i in range(len(value)):
            parts.extend(_parts(value[i], "%s.%d" % (path, i), depth - 1))
        return parts
    if kind is dict:
        return _map_parts(value, path, depth)
    if kind is Tag and type(value.number) is int and 0 <= value.number <= INT_MAX:
        return [_head(_TAG, value.number)] + _parts(value.value, path, depth - 1)
    raise WireError("cbor-type", path)


def _text_parts(value, path):
    try:
        data = value.encode()
    except UnicodeError:  # a lone surrogate
        data = None
    if data is None:  # raised here, so that the text is not carried along as the cause
        raise WireError("cbor-utf8", path)
    return [_head(_TEXT, len(data)), data]


def _map_parts(value, path, depth):
    items = []
    for key in value:
        if type(key) is not int:
            raise WireError("cbor-type", path)
        where = "%s.%d" % (path, key)
        items.append((_parts(key, where, 0)[0], _parts(value[key], where, depth - 1)))
    items.sort(key=_encoded_key)  # bytewise
    parts = [_head(_MAP, len(items))]
    for key, item in items:
        parts.append(key)
        parts.extend(item)
    return parts


def _encoded_key(item):
    return item[0]


def _decode_head(data, at):
    """-> major type, argument, offset after it."""
    if at >= len(data):
        raise WireError("cbor-truncated", at)
    major, number = data[at] >> 5, data[at] & 31
    if major > _TAG or number > 27:  # floats, simple values, indefinite lengths, reserved
        raise WireError("cbor-type", at)
    if number < 24:
        return major, number, at + 1
    size = 1 << number - 24
    end = at + 1 + size
    if end > len(data):
        raise WireError("cbor-truncated", len(data))
    number = int.from_bytes(data[at + 1 : end], "big")
    if number < _NOT_SHORTEST[size]:
        raise WireError("cbor-not-shortest", at)
    return major, number, end


def _decode(data, at, depth):
    """-> value, offset after it."""
    major, number, end = _decode_head(data, at)
    if major == _UINT:
        return number, end
    if major == _NEGATIVE:
        return -1 - number, end
    if major in (_BYTES, _TEXT):
        return _decode_string(data, major, number, end)
    if depth == 0:
        raise WireError("cbor-depth", at)
    if major == _ARRAY:
        return _decode_array(data, number, end, depth)
    if major == _MAP:
        return _decode_map(data, number, end, depth)
    value, end = _decode(data, end, depth - 1)
    return Tag(number, value), end


def _decode_string(data, major, length, at):
    end = at + length
    if end > len(data):
        raise WireError("cbor-truncated", len(data))
    if major == _BYTES:
        return data[at:end], end
    _check_utf8(data, at, end)
    return data[at:end].decode(), end


def _decode_array(data, count, at, depth):
    items = []
    while len(items) < count:
        item, at = _decode(data, at, depth - 1)
        items.append(item)
    return items, at


def _decode_map(data, count, at, depth):
    value = {}
    before = b""
    while len(value) < count:
        start = at
        key, at = _decode(data, start, 0)
        if type(key) is not int:
            raise WireError("cbor-type", start)
        if key in value:
            raise WireError("cbor-duplicate", start)
        if data[start:at] < before:
            raise WireError("cbor-order", start)
        before = data[start:at]
        value[key], at = _decode(data, at, depth - 1)
    return value, at


def _check_utf8(data, at, end):
    """RFC 3629 section 4. MicroPython's own decoder lets overlong forms and surrogates pass."""
    if at < end and max(data[at:end]) < 0x80:
        return
    while at < end:
        after = _utf8_after(data, at, end)
        if after == 0:
            raise WireError("cbor-utf8", at)
        at = after


def _utf8_after(data, at, end):
    """The offset after the character at ``at``, 0 if there is none."""
    for first, last, more, low, high in _UTF8:
        if first <= data[at] <= last:
            after = at + 1 + more
            second_fits = more == 0 or (after <= end and low <= data[at + 1] <= high)
            return after if second_fits and _continues(data, at + 2, after) else 0
    return 0


def _continues(data, at, end):
    return all([byte & 0xC0 == 0x80 for byte in data[at:end]])
