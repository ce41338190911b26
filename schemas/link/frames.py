"""Frames on the serial line: STX, type, sequence, body, ETX, CRC-16/X-25 as four hex capitals."""

from schemas.errors import WireError

STX, ETX = 0x02, 0x03
BODY_MAX = 1200
FRAME_MAX = BODY_MAX + 8

_CRC_LENGTH = 4
_HEX = b"0123456789ABCDEF"
_OUTSIDE, _INSIDE, _CHECK = range(3)


def _crc_row(byte):
    for _ in range(8):
        byte = byte >> 1 ^ (0x8408 if byte & 1 else 0)
    return byte


_CRC_TABLE = tuple([_crc_row(byte) for byte in range(256)])


def crc16(data):
    """CRC-16/X-25 (ITU-T X.25 section 2.2.7.4, ISO/IEC 13239): 0x906E for b"123456789"."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFF


class Frame:
    """One good frame. type: a capital letter; seq: 0..9; body: printable ASCII, at most 1200 characters."""

    __slots__ = ("body", "seq", "type")

    def __init__(self, frame_type, seq, body):
        self.type = frame_type
        self.seq = seq
        self.body = body

    def __eq__(self, other):
        return type(other) is Frame and (self.type, self.seq, self.body) == (
            other.type,
            other.seq,
            other.body,
        )

    def __repr__(self):
        return "Frame(%s, %d, %d characters)" % (self.type, self.seq, len(self.body))


class Damaged:
    """Something that began like a frame and is none. where: offset in all bytes ever fed, of what broke it.

    slug: frame-cut (STX before the end), frame-type, frame-seq, frame-text, frame-length, frame-crc.
    """

    __slots__ = ("slug", "where")

    def __init__(self, slug, where):
        self.slug = slug
        self.where = where

    def __eq__(self, other):
        return type(other) is Damaged and (self.slug, self.where) == (other.slug, other.where)

    def __repr__(self):
        return "Damaged(%s at %d)" % (self.slug, self.where)


def encode(frame_type, seq, body):
    """Type, sequence and body -> the bytes on the line.

    Raises WireError: frame-type, frame-seq, frame-text, frame-length (where = field, or offset in the body).
    """
    if len(frame_type) != 1 or not "A" <= frame_type <= "Z":
        raise WireError("frame-type", "type")
    if not 0 <= seq <= 9:
        raise WireError("frame-seq", "seq")
    if len(body) > BODY_MAX:
        raise WireError("frame-length", BODY_MAX)
    for at in range(len(body)):
        if not " " <= body[at] <= "~":
            raise WireError("frame-text", at)
    content = (frame_type + str(seq) + body).encode()
    return bytes([STX]) + content + bytes([ETX]) + b"%04X" % crc16(content)


class Decoder:
    """Bytes in any portions -> frames. Whatever happened before, the next STX begins a frame."""

    def __init__(self):
        self._state = _OUTSIDE
        self._content = bytearray()
        self._check = bytearray()
        self._offset = 0

    def feed(self, data):
        """Bytes -> list of Frame and Damaged, in order. Garbage between frames is dropped without a word."""
        found = []
        for byte in data:
            item = self._step(byte)
            if item is not None:
                found.append(item)
            self._offset += 1
        return found

    def _step(self, byte):
        if byte == STX:
            return self._begin()
        if self._state == _INSIDE:
            return self._inside(byte)
        if self._state == _CHECK:
            return self._checking(byte)
        return None

    def _begin(self):
        cut = None if self._state == _OUTSIDE else Damaged("frame-cut", self._offset)
        self._state = _INSIDE
        self._content = bytearray()
        self._check = bytearray()
        return cut

    def _damaged(self, slug):
        self._state = _OUTSIDE
        return Damaged(slug, self._offset)

    def _inside(self, byte):
        place = len(self._content)
        if place == 0 and not 0x41 <= byte <= 0x5A:
            return self._damaged("frame-type")
        if place == 1 and not 0x30 <= byte <= 0x39:
            return self._damaged("frame-seq")
        if byte == ETX:
            self._state = _CHECK
            return None
        if not 0x20 <= byte <= 0x7E:
            return self._damaged("frame-text")
        if place == BODY_MAX + 2:
            return self._damaged("frame-length")
        self._content.append(byte)
        return None

    def _checking(self, byte):
        if byte not in _HEX:
            return self._damaged("frame-crc")
        self._check.append(byte)
        if len(self._check) < _CRC_LENGTH:
            return None
        if int(bytes(self._check), 16) != crc16(self._content):
            return self._damaged("frame-crc")
        self._state = _OUTSIDE
        content = bytes(self._content).decode()
        return Frame(content[0], int(content[1]), content[2:])
