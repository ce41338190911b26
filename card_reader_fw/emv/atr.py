"""Answer to reset (ISO/IEC 7816-3 section 8, EMV Book 1 section 8): what a card speaks, and how fast.

`read` is a generator without I/O; `line` says what such generators yield.
"""

from card_reader_fw.emv.errors import TECHNICAL, SlotError
from card_reader_fw.emv.line import read

DIRECT, INVERSE = 0x3B, 0x3F
LENGTH_MAX = 33
IFSC_DEFAULT = 32
WI, BWI_MAX = 10, 4  # all that EMV allows a card: a second (T=0) or 1.6 seconds (T=1) of silence
CLOCK_KHZ = 3580  # a common clock; with F = 372 a bit takes 104 microseconds
FREQUENCY = (372, 372, 558, 744, 1116, 1488, 1860, 0, 0, 512, 768, 1024, 1536, 2048, 0, 0)
DIVISOR = (0, 1, 2, 4, 8, 16, 32, 64, 12, 20, 0, 0, 0, 0, 0, 0)


class Atr:
    """protocol: 0 or 1; f, d: a bit is f/d clocks; wi: of T=0; ifsc: most information bytes in a block to the
    card, bwi, cwi, crc (else LRC): of T=1; guard: extra bit times between characters sent to it."""

    __slots__ = ("bwi", "crc", "cwi", "d", "f", "guard", "ifsc", "protocol", "wi")

    def __init__(self):
        self.protocol = 0
        self.f, self.d = 372, 1
        self.guard = 0
        self.wi = WI
        self.ifsc, self.bwi, self.cwi = IFSC_DEFAULT, 4, 13
        self.crc = False

    def bit_us(self):
        """How long a bit takes."""
        return self.f * 1000 // (self.d * CLOCK_KHZ) + 1

    def wait_ms(self):
        """How long the card may take before its first character: WWT (T=0), BWT (T=1)."""
        if self.protocol == 0:
            return self.bit_us() * 960 * self.d * self.wi // 1000
        return self.bit_us() * 11 // 1000 + ((1 << self.bwi) * 960 * 372 // CLOCK_KHZ) + 1


def parse(data):
    """All bytes of an answer to reset -> Atr. Raises SlotError chip-atr."""
    if not 2 <= len(data) <= LENGTH_MAX or data[0] not in (DIRECT, INVERSE):
        raise SlotError("chip-atr", TECHNICAL)
    groups, end = _groups(data)
    offered = [value & 0x0F for name, _, value in groups if name == "D"]
    checked = any([protocol != 0 for protocol in offered])
    if len(data) != end + (data[1] & 0x0F) + checked or (checked and _xor(data[1:])):
        raise SlotError("chip-atr", TECHNICAL)
    atr = Atr()
    atr.protocol = offered[0] if offered else 0
    for name, level, value in groups:
        _note(atr, name, level, value)
    _t1(atr, groups)
    known = atr.protocol in (0, 1) and atr.f and atr.d and 16 <= atr.ifsc <= 254
    if not known or atr.wi != WI or atr.bwi > BWI_MAX:
        raise SlotError("chip-atr", TECHNICAL)
    return atr


def read_atr():
    """Generator: after a reset -> all bytes of the answer. Raises SlotError chip-mute, chip-atr."""
    data = yield from read(2, "chip-mute")
    presence, checked = data[1], False
    while presence >> 4:
        data += yield from read(bin(presence >> 4).count("1"), "chip-atr")
        if len(data) > LENGTH_MAX:
            raise SlotError("chip-atr", TECHNICAL)
        if not presence & 0x80:
            break
        presence = data[-1]
        checked = checked or bool(presence & 0x0F)
    rest = (data[1] & 0x0F) + checked
    return data + (yield from read(rest, "chip-atr")) if rest else data


def _groups(data):
    """-> (list of (letter, level, value) of the interface characters, where the historical ones begin)."""
    groups = []
    presence, at, level = data[1] >> 4, 2, 1
    while presence:
        after = 0
        for bit, name in enumerate("ABCD"):
            if not presence >> bit & 1:
                continue
            if at == len(data):
                raise SlotError("chip-atr", TECHNICAL)
            groups.append((name, level, data[at]))
            after = data[at] >> 4 if name == "D" else 0
            at += 1
        presence = after
        level += 1
    return groups, at


def _note(atr, name, level, value):
    """The characters whose meaning does not depend on a protocol."""
    if (name, level) == ("A", 2):  # specific mode: this protocol, this speed
        atr.protocol = value & 0x0F
        if value & 0x10:
            raise SlotError("chip-atr", TECHNICAL)
    elif (name, level) == ("C", 1):
        atr.guard = value if value != 255 else 0
    elif (name, level) == ("C", 2):
        atr.wi = value


def _t1(atr, groups):
    """Speed, if the card fixes it, and the first characters that T=1 is told of (levels above 2)."""
    specific = any([(name, level) == ("A", 2) for name, level, _ in groups])
    seen = []
    kind = 0
    for name, level, value in groups:
        if (name, level) == ("A", 1) and specific:
            atr.f, atr.d = FREQUENCY[value >> 4], DIVISOR[value & 0x0F]
        if level > 2 and kind == 1 and name in "ABC" and name not in seen:
            seen.append(name)
            _note_t1(atr, name, value)
        if name == "D":
            kind = value & 0x0F


def _note_t1(atr, name, value):
    if name == "A":
        atr.ifsc = value
    elif name == "B":
        atr.bwi, atr.cwi = value >> 4, value & 0x0F
    else:
        atr.crc = bool(value & 1)


def _xor(data):
    total = 0
    for byte in data:
        total ^= byte
    return total
