"""BER-TLV as EMV uses it (Book 3 annex B): where each data object stands in a buffer, without copying it.

A tag is an int of its bytes (0x9F26). Lengths are definite and at most 65535.
"""

from card_reader_fw.emv.errors import TECHNICAL, ChipError

TAG_BYTES_MAX = 3


def walk(data, start, end):
    """data[start:end] -> list of (tag, start of value, its end), in order, not going into templates.

    Zero bytes before, between and after data objects are padding. Raises ChipError chip-tlv.
    """
    found = []
    at = start
    while at < end:
        if data[at] == 0:
            at += 1
            continue
        tag, at = _tag(data, at, end)
        length, at = _length(data, at, end)
        if at + length > end:
            raise ChipError("chip-tlv", TECHNICAL)
        found.append((tag, at, at + length))
        at += length
    return found


def template(data, wanted):
    """A buffer that is one constructed data object -> `walk` of its inside. Raises ChipError chip-tlv."""
    objects = walk(data, 0, len(data))
    if len(objects) != 1 or objects[0][0] != wanted:
        raise ChipError("chip-tlv", TECHNICAL)
    return walk(data, objects[0][1], objects[0][2])


def first(objects, wanted):
    """(start, end) of the first object with that tag, or None."""
    for tag, start, end in objects:
        if tag == wanted:
            return start, end
    return None


def encode(tag, value):
    """Tag and value (at most 65535 bytes) -> bytes."""
    return tag_bytes(tag) + length_bytes(len(value)) + bytes(value)


def tag_bytes(tag):
    """0x9F26 -> 9F 26."""
    size = 1 if tag < 0x100 else 2 if tag < 0x10000 else 3
    return tag.to_bytes(size, "big")


def length_bytes(length):
    """The shortest form."""
    if length < 0x80:
        return bytes((length,))
    return bytes((0x81, length)) if length < 0x100 else bytes((0x82, length >> 8, length & 0xFF))


def _tag(data, at, end):
    tag = data[at]
    at += 1
    if tag & 0x1F != 0x1F:
        return tag, at
    for _ in range(TAG_BYTES_MAX - 1):
        if at == end:
            break
        last = data[at]
        tag = tag << 8 | last
        at += 1
        if not last & 0x80:
            return tag, at
    raise ChipError("chip-tlv", TECHNICAL)


def _length(data, at, end):
    if at == end or data[at] in (0x80, 0xFF) or data[at] > 0x82:
        raise ChipError("chip-tlv", TECHNICAL)
    if data[at] < 0x80:
        return data[at], at + 1
    size = data[at] - 0x80
    if at + 1 + size > end:
        raise ChipError("chip-tlv", TECHNICAL)
    length = 0
    for place in range(at + 1, at + 1 + size):
        length = length << 8 | data[place]
    return length, at + 1 + size
