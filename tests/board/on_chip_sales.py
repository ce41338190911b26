"""Runs under MicroPython and CPython: a whole reader, its phone and a centre, through a script of doings.

A doing is ["swipe", flux intervals], ["key", name], ["answer", outcome's number], ["off and on"],
["unplug"], ["wait", milliseconds], ["insert", what a card answered once, in hex] or ["remove"].
"""

import binascii
from hashlib import sha256

from centre import Centre
from parts import Flash, Queue

from card_reader_fw import reader, vault
from card_reader_fw.crypto import aes, dukpt
from card_reader_fw.journal import Journal
from schemas.link import events, session

KEY_ID = b"HGKIHGKI"
INITIAL_KEY = bytes(range(16))


class Slot:
    """Answers what a card answered once, from its ATR on; -> `asked`, the commands that it was sent."""

    def __init__(self):
        self.answers = None
        self.asked = []

    def present(self):
        return self.answers is not None

    def on(self):
        return binascii.unhexlify(self.answers.pop(0))

    def send(self, apdu):
        self.asked.append(binascii.hexlify(bytes(apdu)).decode())
        return bytearray(binascii.unhexlify(self.answers.pop(0)))

    def off(self):
        pass


class Board:
    def __init__(self, world):
        self.flash = world.flash
        self.head, self.keypad = Queue(), Queue()
        self.lcd = self.serial = self.beeper = self
        self.cipher = aes.own
        self.slot = world.slot
        self.typist = self.picture = None
        self.random = world.random
        self.to_reader, self.to_phone = b"", b""
        self.world = world

    def clock(self):
        return self.world.now_ms

    def tell(self, verb, **facts):
        pass

    def show(self, first, second, state):
        self.world.noted([first, second])

    def beep(self, code):
        self.world.noted(code)

    def read(self):
        data, self.to_reader = self.to_reader, b""
        return data

    def write(self, data):
        self.to_phone += data


class World:
    """notes: all that could be seen and heard, in order."""

    def __init__(self, pin, slot=None):
        self.flash = Flash()
        self.slot = slot
        self.now_ms = 0
        self.notes = []
        self._dice = 1
        keys = dukpt.load(aes.own, KEY_ID, INITIAL_KEY)
        vault.create(Journal(self.flash), keys, "en", pin_on=pin)
        self.centre = Centre(INITIAL_KEY, self.random)
        self.switch_on()

    def random(self, count):
        found = bytearray()
        while len(found) < count:
            self._dice = self._dice * 16807 % 2147483647
            found.append(self._dice >> 8 & 0xFF)
        return bytes(found)

    def noted(self, what):
        self.notes.append(what)

    def switch_on(self):
        self.board = Board(self)
        self.reader = reader.Reader(self.board)
        self.phone = session.Session(session.PHONE)

    def settle(self):
        for _ in range(60):
            self.now_ms += 10
            self.reader.poll()
            data, self.board.to_phone = self.board.to_phone, b""
            for event in self.phone.receive(data, self.now_ms):
                self._on_phone(event)
            self.phone.tick(self.now_ms)
            out = self.phone.outgoing()
            self.board.to_reader += out
            is_reading = self.reader.state.name == "reading"
            if not (out or data or self.board.keypad.waiting or is_reading):
                return

    def do(self, doing):
        verb = doing[0]
        if verb == "swipe":
            self.board.head.waiting.append([doing[1]])
        elif verb == "key":
            self.board.keypad.waiting.append(doing[1])
        elif verb == "answer":
            if self.centre.sales:
                self.phone.result(self.centre.result(doing[1]))
        elif verb == "off and on":
            self.switch_on()
        elif verb == "unplug":
            self.phone = session.Session(session.PHONE)
        elif verb == "insert":
            self.slot.answers = list(doing[1])
        elif verb == "remove":
            self.slot.answers = None
        elif verb == "wait":
            self.now_ms += doing[1]
        self.settle()

    def _on_phone(self, event):
        if type(event) is events.Hello:
            self.phone.permission(1750000000 + self.now_ms // 1000)
        elif type(event) is events.SaleArrived:
            self.centre.open(event.text)
            self.noted(event.text)
            self.phone.stored()
        elif type(event) is events.Verdict:
            self.noted(event.code)


def report(given):
    """given: {"doings": [..], "pin": bool, "slot": bool} -> all that was seen and heard, what was asked of
    the chip, and the flash's digest."""
    slot = Slot() if given.get("slot") else None
    world = World(given["pin"], slot)
    for doing in given["doings"]:
        world.do(doing)
    digest = sha256(b"".join(world.flash.banks)).digest()
    asked = slot.asked if slot else []
    return {"notes": world.notes, "asked": asked, "flash": binascii.hexlify(digest).decode()}
