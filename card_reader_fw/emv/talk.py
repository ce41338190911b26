"""One command and its whole answer: 61xx fetches the rest, 6Cxx asks again; and the limits of a dialogue.

The functions are generators: they yield ("apdu", command) and are sent the response, data and status word.
"""

from card_reader_fw.crypto.ccm import wipe
from card_reader_fw.emv.errors import TECHNICAL, ChipError

APDUS_MAX = 120  # a card with every record that EMV lets it have needs about 40
BYTES_MAX = 16384
BODY_MAX = 256

OK = 0x9000


class Talk:
    """What one card may still say."""

    __slots__ = ("apdus", "bytes")

    def __init__(self):
        self.apdus = 0
        self.bytes = 0

    def exchange(self, apdu):
        """Command -> (data, a bytearray that the caller wipes; status word, an int)."""
        body = bytearray()
        corrected = False
        while True:
            body, status = yield from self._once(apdu, body)
            if status >> 8 == 0x61 and len(body) < BODY_MAX:
                apdu = bytes((0x00, 0xC0, 0x00, 0x00, status & 0xFF))
            elif status >> 8 == 0x6C and not corrected:
                corrected = True
                apdu = apdu[:-1] + bytes((status & 0xFF,))  # its last byte is Le
            else:
                return body, status

    def _once(self, apdu, before):
        """One round -> (`before` and this round's data, status word). What is not given back is wiped."""
        self.apdus += 1
        if self.apdus > APDUS_MAX:
            wipe(before)
            raise ChipError("chip-limit", TECHNICAL)
        response = yield ("apdu", apdu)
        try:
            return self._joined(before, response)
        finally:
            wipe(before)
            if type(response) is bytearray:
                wipe(response)

    def _joined(self, before, response):
        """-> (`before` and the response's data in one buffer, status word). A buffer that grows would leave a
        copy of card data behind."""
        self.bytes += len(response)
        if len(response) < 2:
            raise ChipError("chip-io", TECHNICAL)
        size = len(before) + len(response) - 2
        if self.bytes > BYTES_MAX or size > BODY_MAX:
            raise ChipError("chip-limit", TECHNICAL)
        body = bytearray(size)
        body[: len(before)] = before
        body[len(before) :] = memoryview(response)[:-2]
        return body, response[-2] << 8 | response[-1]


def command(cla, ins, p1, p2, data=None):
    """A command with its data, if any, that expects up to 256 bytes."""
    head = bytes((cla, ins, p1, p2))
    return head + (bytes((len(data),)) + bytes(data) if data else b"") + b"\x00"
