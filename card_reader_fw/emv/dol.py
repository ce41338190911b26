"""Data object lists (EMV Book 3 section 5.4): which values the card wants, and how each is cut or padded."""

from card_reader_fw.emv import tlv
from card_reader_fw.emv.errors import TECHNICAL, ChipError

ENTRIES_MAX = 48
BYTES_MAX = 252  # with the wrapper 83 it must go into one short command
NUMERIC = (0x5F2A, 0x5F36, 0x81, 0x9A, 0x9C, 0x9F01, 0x9F02, 0x9F03, 0x9F15, 0x9F1A, 0x9F21, 0x9F35, 0x9F41)


def parse(data):
    """The list's bytes -> list of (tag, length). Raises ChipError chip-dol."""
    entries = []
    at = 0
    while at < len(data):
        tag, at = _tag(data, at)
        if at == len(data) or len(entries) == ENTRIES_MAX:
            raise ChipError("chip-dol", TECHNICAL)
        entries.append((tag, data[at]))
        at += 1
    if sum([length for _, length in entries]) > BYTES_MAX:
        raise ChipError("chip-dol", TECHNICAL)
    return entries


def fill(entries, value_of):
    """Entries and a function tag -> value or None -> the values in a row; what is not known is zeros."""
    out = bytearray()
    for tag, length in entries:
        out.extend(_fit(tag, value_of(tag) or b"", length))
    return out


def _fit(tag, value, length):
    short = length - len(value)
    if tag in NUMERIC:
        return bytes(short) + value if short >= 0 else value[-short:]
    return value + bytes(short) if short >= 0 else value[:length]


def _tag(data, at):
    """Like a tag of TLV; nothing but its length follows."""
    tag = data[at]
    more = tag & 0x1F == 0x1F
    at += 1
    while more:
        if at == len(data) or tag >= 1 << 8 * (tlv.TAG_BYTES_MAX - 1):
            raise ChipError("chip-dol", TECHNICAL)
        tag = tag << 8 | data[at]
        more = data[at] & 0x80
        at += 1
    return tag, at
