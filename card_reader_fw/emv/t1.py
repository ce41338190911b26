"""T=1 (ISO/IEC 7816-3 section 11, EMV Book 1 section 9.2.4): blocks, chained, checked and sent again.

`Link.transmit` and `Link.start` are generators without I/O; `line` says what they yield.
"""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.emv.errors import TECHNICAL, SlotError
from card_reader_fw.emv.talk import BODY_MAX

IFSD = 254
TRIES = 3  # of one block in a row
WAITS_MAX = 64  # requests for more time within one command
FACTOR_MAX = 20  # waiting times in one of them: half a minute, for taking the card out is seen only after it
MORE, ERROR_CHECK, ERROR_OTHER = 0x20, 1, 2
R_BLOCK, S_BLOCK = 0x80, 0xC0
IFS_REQUEST, WTX_REQUEST, RESPONSE = 0xC1, 0xC3, 0x20


class Link:
    """Both ends' sequence numbers. atr: Atr of the card."""

    __slots__ = ("_crc", "_factor", "_ifsc", "_nr", "_ns")

    def __init__(self, atr):
        self._ns = self._nr = 0
        self._ifsc = atr.ifsc
        self._crc = atr.crc
        self._factor = 1  # waiting times until the next block, after a request for more

    def start(self):
        """Generator: tell the card how long a block we take. Raises SlotError chip-io."""
        request = self._block(IFS_REQUEST, bytes((IFSD,)))
        for _ in range(TRIES):
            pcb, data = yield from self._exchange(request)
            if pcb == IFS_REQUEST | RESPONSE and data == bytes((IFSD,)):
                return
        raise SlotError("chip-io", TECHNICAL)

    def transmit(self, apdu):
        """Generator: command -> response with its status word, a bytearray. Raises SlotError chip-io."""
        sent, size = 0, self._size(apdu, 0)
        block = self._information(apdu, sent, size)
        while True:
            pcb, data = yield from self._answer(block)
            if pcb & S_BLOCK == R_BLOCK:  # this part came whole, now the next
                _expect(sent + size < len(apdu))
                self._ns ^= 1
                sent += size
                size = self._size(apdu, sent)
                block = self._information(apdu, sent, size)
            else:
                _expect(sent + size == len(apdu))
                self._ns ^= 1
                return (yield from self._receive(pcb, data))

    def _size(self, apdu, sent):
        return min(self._ifsc, len(apdu) - sent)

    def _information(self, apdu, sent, size):
        more = MORE if sent + size < len(apdu) else 0
        return self._block(self._ns << 6 | more, apdu[sent : sent + size])

    def _receive(self, pcb, data):
        """The card's information blocks, the first of which is here."""
        body = bytearray()
        while True:
            self._nr ^= 1
            _expect(len(body) + len(data) <= BODY_MAX + 2)
            body = _joined(body, data)
            if not pcb & MORE:
                return body
            pcb, data = yield from self._answer(self._block(R_BLOCK | self._nr << 4, b""))
            _expect(not pcb & 0x80)

    def _answer(self, block):
        """Send a block until the card's next information block or acknowledgement is here; -> (pcb, data)."""
        last, errors, waits = block, 0, 0
        while True:
            pcb, data = yield from self._exchange(last)
            if pcb in (IFS_REQUEST, WTX_REQUEST):
                waits += 1
                _expect(waits <= WAITS_MAX)
                last = self._grant(pcb, data)
                continue
            if self._is_next(pcb, block):
                return pcb, data
            errors += 1
            _expect(errors < TRIES)
            if pcb is not None and pcb & S_BLOCK == R_BLOCK and self._is_asked(pcb, block):
                last = block
            else:
                wrong = data if pcb is None else ERROR_OTHER
                last = self._block(R_BLOCK | self._nr << 4 | wrong, b"")

    def _is_next(self, pcb, block):
        """Does this block answer ours? Information must have the number that is due; an acknowledgement only
        follows a part of a chain, and names the next part."""
        if pcb is None or pcb & S_BLOCK == S_BLOCK:
            return False
        if pcb & 0x80:
            chained = not block[1] & 0x80 and block[1] & MORE
            return bool(chained) and pcb >> 4 & 1 != self._ns
        return pcb >> 6 & 1 == self._nr

    def _is_asked(self, pcb, block):
        """Does the card's R-block ask for this block again? Any, while we only acknowledge parts of its."""
        return bool(block[1] & 0x80) or pcb >> 4 & 1 == self._ns

    def _grant(self, pcb, data):
        """The answer to a request of the card for time or for another block size."""
        _expect(len(data) == 1 and data[0] > 0)
        if pcb == WTX_REQUEST:
            _expect(data[0] <= FACTOR_MAX)
            self._factor = data[0]
        else:
            _expect(data[0] <= IFSD)
            self._ifsc = data[0]
        return self._block(pcb | RESPONSE, data)

    def _exchange(self, block):
        """One block each way -> (pcb, data), or (None, kind of error) if no whole good block came."""
        yield ("write", block)
        factor, self._factor = self._factor, 1
        head = yield ("read", 3, factor)
        if len(head) < 3 or head[0] or head[2] > IFSD:
            yield ("quiet",)
            return None, ERROR_OTHER
        rest = yield ("read", head[2] + (2 if self._crc else 1), 1)
        data, check = bytearray(rest[: head[2]]), rest[head[2] :]
        if type(rest) is bytearray:
            wipe(rest)
        if self._check(head, data) != check:
            yield ("quiet",)
            return None, ERROR_CHECK
        return head[1], data

    def _block(self, pcb, data):
        head = bytes((0, pcb, len(data)))
        return head + bytes(data) + self._check(head, data)

    def _check(self, head, data):
        return crc(head, data) if self._crc else lrc(head, data)


def lrc(head, data):
    """Exclusive or of all bytes."""
    total = 0
    for part in (head, data):
        for byte in part:
            total ^= byte
    return bytes((total,))


def crc(head, data):
    """The CRC of ISO/IEC 13239 from FFFF, not inverted, high byte first, as card readers have it.

    EMV cards use the LRC only; for others the standard leaves room, so readers differ.
    """
    total = 0xFFFF
    for part in (head, data):
        for byte in part:
            total ^= byte
            for _ in range(8):
                total = total >> 1 ^ (0x8408 if total & 1 else 0)
    return bytes((total >> 8, total & 0xFF))


def _joined(before, data):
    """One buffer of exactly this size; the parts are wiped."""
    body = bytearray(len(before) + len(data))
    body[: len(before)] = before
    body[len(before) :] = data
    wipe(before)
    if type(data) is bytearray:
        wipe(data)
    return body


def _expect(good):
    if not good:
        raise SlotError("chip-io", TECHNICAL)
