"""The Pico's board code against models of its parts: PIO, keys, display, flash, serial line."""

import pytest
from pico_model import Pico, PowerCut
from reader_centre import CARD, SWIPE, open_sale

from card_reader_fw import reader, vault
from card_reader_fw.board.desk.stripe import Hand, bits_of, intervals_of
from card_reader_fw.board.desk.typist import typed
from card_reader_fw.crypto import aes, dukpt
from card_reader_fw.journal import Journal
from card_reader_fw.track import card
from schemas.envelope import armour
from schemas.link import events, session

FRONT = "a90000000211111234567890122222333334444455555666667777788888999990000"
KEY_ID, INITIAL_KEY = bytes.fromhex("1234567890123456"), bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")


@pytest.fixture
def pico():
    return Pico()


@pytest.fixture
def board(pico):
    return pico.rooms["board"].Board()


def press(pico, name):
    """A finger on a key for a tenth of a second; -> nothing. The matrix is scanned by whoever polls."""
    keys = pico.rooms["keypad"].KEYS
    pico.keys = {next((row, line.index(name)) for row, line in enumerate(keys) if name in line)}


def held(pico, keypad, name=None, ms=100):
    """The keys read while one is held down, or none."""
    if name:
        press(pico, name)
    else:
        pico.keys = set()
    found = []
    for _ in range(ms // 5):
        pico.wait(5_000)
        found.append(keypad.read())
    return [key for key in found if key]


def test_every_key_is_read_once_for_each_press(pico, board):
    for line in pico.rooms["keypad"].KEYS:
        for name in line:
            assert held(pico, board.keypad, name) == [name]
            assert held(pico, board.keypad) == []


def test_a_bounce_is_no_key_and_two_keys_are_none(pico, board):
    press(pico, "5")
    assert board.keypad.read() is None
    pico.wait(5_000)
    pico.keys = set()
    assert held(pico, board.keypad) == []
    pico.keys = {(0, 0), (1, 1)}
    pico.wait(50_000)
    assert [board.keypad.read() for _ in range(5)] == [None] * 5


def test_the_display_shows_both_alphabets(pico, board):
    board.lcd.show("ｼｮｳﾆﾝ         C1", "00001  \u00a5 123456", "result")
    assert pico.text == ["ｼｮｳﾆﾝ         C1", "00001  \\ 123456 "]  # 5C: drawn as a yen sign
    board.lcd.show("SWIPE CARD", "", "idle")
    assert pico.text == ["SWIPE CARD      ", " " * 16]


@pytest.mark.parametrize("hand", [Hand(2000), Hand(400, 900, 5, backward=True)])
def test_a_swipe_through_the_pio(pico, board, hand):
    pins = dict(pico.rooms["board"].HEADS)
    assert board.head.read() is None
    pico.hear(pins[0], intervals_of(CARD, hand))
    assert board.head.read() is None  # only now it is seen that nothing more comes
    pico.wait(70_000)
    stripes = board.head.read()
    assert card.read(stripes).track2.text.decode() == CARD
    assert board.head.read() is None


def test_the_times_are_right_to_two_microseconds(pico, board):
    wanted = intervals_of(CARD)
    pico.hear(pico.rooms["board"].HEADS[0][1], wanted)
    board.head.read()
    pico.wait(70_000)
    heard = board.head.read()[0]
    assert max(abs(a - b) for a, b in zip(heard[1 - len(wanted) :], wanted[1:], strict=True)) <= 2


def test_nothing_of_a_stripe_stays_in_the_heads_buffers(pico, board):
    pico.hear(pico.rooms["board"].HEADS[0][1], SWIPE)
    board.head.read()
    pico.wait(70_000)
    board.head.read()
    assert {word for one in pico.machines for word in one.dma._buffer} == {0}


def test_a_touch_of_the_head_is_no_swipe(pico, board):
    pico.hear(pico.rooms["board"].HEADS[0][1], [500] * 20)
    for _ in range(3):
        assert board.head.read() is None
        pico.wait(70_000)


def test_a_decoder_chip_on_the_front_head(pico):
    rooms = pico.rooms
    heads = rooms["head"].Heads([rooms["head"].ClockedHead(26, 27)])
    for bit in bits_of(FRONT, "jis2"):
        pico.outside(27, 1 - bit)
        pico.outside(26, 0)
        pico.outside(26, 1)
    assert heads.read() is None
    pico.wait(70_000)
    assert card.read(heads.read()).jis2.decode() == FRONT


def test_the_clock_goes_on_when_the_interpreters_count_begins_anew(pico, board):
    pico.wait(((1 << 30) - 5) * 1000)
    before = board.clock()
    pico.wait(10_000)
    assert board.clock() - before == 10


def test_the_pico_types_while_it_does_other_things(pico):
    pico.rooms["board"].KEYBOARD = True
    pico.rooms["board"]._typist = pico.rooms["typist"].Typist
    board = pico.rooms["board"].Board()
    block = armour.block(armour.SALE, bytes(range(100)))
    board.typist.type(block)
    turns = 0
    while len(pico.typed) < 2 * len(block):
        board.tick()
        pico.wait(1_000)
        turns += 1
    assert armour.find(typed(pico.typed)) == (armour.SALE, bytes(range(100)))
    assert turns > 10 * len(block)


def test_a_missing_flash_chip_is_said(pico):
    nor = pico.rooms["nor"]
    pico.nor[:] = b"\xff" * len(pico.nor)

    class Silent:
        def write(self, data):
            pass

        def readinto(self, buffer):
            buffer[:] = b"\xff" * len(buffer)

    with pytest.raises(nor.NorError):
        nor.NorFlash(Silent(), 17)


def test_a_sale_on_the_pico(pico, board):
    """Through every part: the PIO's times, the keys, the flash chip, the UART, the display."""
    vault.create(Journal(board.flash), dukpt.load(aes.cipher, KEY_ID, INITIAL_KEY), "en")
    chip, phone, sales = reader.Reader(board), session.Session(session.PHONE), []

    def turn(ms=30):
        for _ in range(ms // 10):
            pico.wait(10_000)
            chip.poll()
            data, pico.to_phone[:] = bytes(pico.to_phone), b""
            for event in phone.receive(data, 0):
                if isinstance(event, events.Hello):
                    phone.permission(1750000000)
                elif isinstance(event, events.SaleArrived):
                    sales.append(event.text)
                    phone.stored()
            pico.to_pico += phone.outgoing()

    turn(100)
    pico.hear(pico.rooms["board"].HEADS[0][1], SWIPE)
    turn(200)
    assert pico.text[0].strip() == "AMOUNT YEN"
    for name in ("1", "2", "0", "0", "ENTER", "ENTER", "TRANSFER"):
        press(pico, name)
        turn(100)
        pico.keys = set()
        turn(100)
    sale = open_sale(sales[0])[1]
    assert (sale.track2, sale.amount_minor) == (CARD, 1200)
    assert CARD.encode() not in bytes(pico.nor)


def test_the_flash_wears_evenly_and_holds_through_power_cuts(pico, board):
    """Saves as of many sales, the power failing after any number of bytes: the last whole record stands."""
    journal = Journal(board.flash)
    erased = [0] * 2
    before = board.flash.erase

    def counted(bank):
        erased[bank] += 1
        before(bank)

    board.flash.erase = counted
    saved = 0
    for number in range(1, 400):
        pico.power = None if number % 7 else number * 37 % 3000
        try:
            journal.save(number.to_bytes(4, "big") * 100)
            saved = number
        except PowerCut:
            pico.power = None
            journal = Journal(board.flash)
            assert journal.payload[:4] in (saved.to_bytes(4, "big"), number.to_bytes(4, "big"))
            saved = int.from_bytes(journal.payload[:4], "big")
    assert Journal(board.flash).payload[:4] == saved.to_bytes(4, "big")
    assert abs(erased[0] - erased[1]) <= 1
