"""Runs under MicroPython: a sale from swipe to approval, the phone's session beside it; -> `report` (JSON).

`INTERVALS` and `RESULT` are put before this text by the test.
"""

import json
import sys

sys.path.insert(0, "/fw")

from card_reader_fw import reader, vault
from card_reader_fw.crypto import aes, dukpt
from card_reader_fw.journal import Journal
from schemas.link import events, session


class Flash:
    bank_size = 2048 * 4

    def __init__(self):
        self.banks = [bytearray(b"\xff" * self.bank_size) for _ in (0, 1)]

    def read(self, bank, offset, length):
        return self.banks[bank][offset : offset + length]

    def write(self, bank, offset, data):
        self.banks[bank][offset : offset + len(data)] = data

    def erase(self, bank):
        self.banks[bank][:] = b"\xff" * self.bank_size


class Port:
    def __init__(self):
        self.waiting = []

    def read(self):
        return self.waiting.pop(0) if self.waiting else None


class Board:
    """Head, keypad, display, serial line: everything but the flash in one class."""

    def __init__(self):
        self.flash = Flash()
        self.head, self.keypad = Port(), Port()
        self.lcd = self.serial = self
        self.cipher = None  # the firmware's own
        self.to_reader, self.to_phone = b"", b""
        self.shown, self.told = [], []

    def clock(self):
        return 0

    def tell(self, verb, **facts):
        self.told.append(verb)

    def show(self, first, second, state):
        self.shown.append([first, second, state])

    def read(self):
        data, self.to_reader = self.to_reader, b""
        return data

    def write(self, data):
        self.to_phone += data


def settle():
    for _ in range(20):
        chip.poll()
        data, board.to_phone = board.to_phone, b""
        for event in phone.receive(data, 0):
            if type(event) is events.Hello:
                phone.permission(1750000000)
            elif type(event) is events.SaleArrived:
                sales.append(event.text)
                phone.stored()
            elif type(event) is events.Verdict:
                verdicts.append(event.code)
        board.to_reader += phone.outgoing()


board = Board()
keys = dukpt.load(
    aes.cipher, bytes.fromhex("1234567890123456"), bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
)
vault.create(Journal(board.flash), keys, "ja")
chip, phone = reader.Reader(board), session.Session(session.PHONE)
sales, verdicts = [], []
settle()
board.head.waiting.append([INTERVALS])  # noqa: F821
settle()
for key in ("1", "2", "0", "0", "ENTER", "HELP", "ENTER", "TRANSFER"):
    board.keypad.waiting.append(key)
    settle()
phone.result(RESULT)  # noqa: F821
settle()
report = json.dumps({"sales": sales, "verdicts": verdicts, "told": board.told, "lcd": board.shown[-1]})
