"""Runs in the page, under MicroPython: the firmware on the page's parts, with a phone and a centre.

`page` is the page's own module: lcd, beep, sale, verdict (what to show) and random.
"""

import sys

sys.path.insert(0, "/fw")

import page
from centre import Centre
from parts import Flash, Queue

from card_reader_fw import reader, vault
from card_reader_fw.crypto import aes, dukpt
from card_reader_fw.journal import Journal
from card_reader_fw.track import coding
from schemas.envelope import armour, outcome
from schemas.link import events, session

LEAD_BITS = 30
TRACKS = {"track2": (coding.NUMERIC, 339), "jis2": (coding.JIS2, 121)}  # coding, micrometres a bit


def random_bytes(count):
    """The page's randomness."""
    return bytes([page.random() for _ in range(count)])


class Board:
    """All ports of the firmware."""

    def __init__(self, flash):
        self.flash = flash
        self.head, self.keypad = Queue(), Queue()
        self.lcd = self.serial = self.beeper = self
        self.cipher = self.slot = self.typist = self.picture = None
        self.random = random_bytes
        self.to_reader, self.to_phone = b"", b""

    def clock(self):
        return page.milliseconds()

    def tell(self, verb, **facts):
        pass

    def show(self, first, second, state):
        page.lcd(first, second, state)

    def beep(self, code):
        page.beep(code)

    def read(self):
        data, self.to_reader = self.to_reader, b""
        return data

    def write(self, data):
        self.to_phone += data


class Bench:
    """The reader, its phone and the centre. language: en or ja."""

    def __init__(self, language):
        initial_key = random_bytes(16)
        self._flash = Flash()
        vault.create(Journal(self._flash), dukpt.load(aes.cipher, b"HGKIHGKI", initial_key), language)
        self._centre = Centre(initial_key, random_bytes)
        self.switch_on()

    def switch_on(self):
        """As after the battery was taken out: only the flash is as it was."""
        self._board = Board(self._flash)
        self._reader = reader.Reader(self._board)
        self._phone = session.Session(session.PHONE)

    def poll(self):
        """One turn of the firmware, and of the phone on its line."""
        now_ms = page.milliseconds()
        self._reader.poll()
        data, self._board.to_phone = self._board.to_phone, b""
        for event in self._phone.receive(data, now_ms):
            self._on_phone(event)
        self._phone.tick(now_ms)
        self._board.to_reader += self._phone.outgoing()

    def key(self, name):
        """A finger on a key."""
        self._board.keypad.waiting.append(name)

    def swipe(self, text, track, jitter, backward):
        """A hand. jitter: hundredths of a bit by which a flux change may stand off its place."""
        coded, micrometres = TRACKS[track]
        self._board.head.waiting.append([intervals(bits(text, coded), micrometres, jitter, backward)])

    def answer(self, name):
        """The centre answers the newest sale, the phone hands it on. -> whether there was a sale."""
        if not self._centre.sales:
            return False
        number = [one for one in outcome.NAMES if outcome.NAMES[one] == name][0]
        self._phone.result(self._centre.result(number))
        return True

    def _on_phone(self, event):
        if type(event) is events.Hello:
            self._phone.permission(page.seconds())
        elif type(event) is events.SaleArrived:
            sale = self._centre.open(event.text)
            self._phone.stored()
            page.sale(armour.block(*armour.from_text(event.text)), sale.amount_minor, sale.slip)
        elif type(event) is events.Verdict:
            page.verdict(event.code)


def bits(text, coded):
    """Text between the sentinels -> the bits of a stripe, with clocking zeros, parity and LRC."""
    values = [coded.start] + [ord(letter) - coded.base for letter in text] + [coded.end]
    lrc = 0
    for value in values[coded.lrc_from :]:
        lrc ^= value
    found = [0] * LEAD_BITS
    for value in values + [lrc]:
        word = [value >> n & 1 for n in range(coded.bits)]
        found.extend(word + [(sum(word) + coded.odd) % 2])
    return found + [0] * LEAD_BITS


def intervals(stripe, micrometres, jitter, backward):
    """Bits -> flux intervals in microseconds, at 40 cm/s."""
    length = micrometres * 10 // 4
    edges, now = [0], 0
    for bit in reversed(stripe) if backward else stripe:
        for step in (length // 2, length - length // 2) if bit else (length,):
            now += step
            edges.append(now + length * (page.random() - 128) * jitter // 12800)
    return [edges[at + 1] - edges[at] for at in range(len(edges) - 1)]


bench = Bench(page.language())
