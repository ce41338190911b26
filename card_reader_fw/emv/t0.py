"""T=0 (ISO/IEC 7816-3 section 10): a command goes as header and data, led by the card's procedure bytes."""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.emv.errors import TECHNICAL, SlotError
from card_reader_fw.emv.line import read

NULL = 0x60
NULLS_MAX = 300  # in a row: a card that is busy says so at least once a second


def transmit(apdu):
    """Generator: a short command -> response with its status word, a bytearray.

    61xx and 6Cxx come through: a command with data is sent without its Le. Raises SlotError chip-io.
    """
    outgoing = apdu[5 : 5 + apdu[4]] if len(apdu) > 5 else b""
    expected = (apdu[4] or 256) if len(apdu) == 5 else 0
    yield ("write", bytes(apdu[:4]) + bytes((apdu[4] if len(apdu) > 4 else 0,)))
    body = bytearray(expected + 2)
    sent = got = nulls = 0
    while True:
        byte = (yield from read(1, "chip-io"))[0]
        if byte == NULL:
            nulls += 1
            _expect(nulls <= NULLS_MAX)
            continue
        nulls = 0
        if byte >> 4 in (6, 9):
            body[got] = byte
            body[got + 1] = (yield from read(1, "chip-io"))[0]
            return _cut(body, got + 2)
        else:
            count = _count(byte, apdu[1], len(outgoing) - sent + expected - got)
            if outgoing:
                yield ("write", outgoing[sent : sent + count])
                sent += count
            else:
                part = yield from read(count, "chip-io")
                body[got : got + count] = part
                wipe(part)
                got += count


def _count(byte, ins, left):
    """How many bytes a procedure byte wants moved: all that are left (INS), or one (its complement)."""
    _expect(byte in (ins, ins ^ 0xFF) and left > 0)
    return left if byte == ins else 1


def _cut(body, length):
    """The first bytes; the longer buffer is wiped."""
    if len(body) == length:
        return body
    cut = body[:length]
    wipe(body)
    return cut


def _expect(good):
    if not good:
        raise SlotError("chip-io", TECHNICAL)
