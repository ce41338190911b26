"""The firmware on the real MicroPython interpreter: the same answers as under CPython, nothing left over."""

import os
import random
import tracemalloc
from pathlib import Path

import on_chip_sales
import on_chip_vectors
import pytest
from micropython_world import ROOT, on_chip
from reader_centre import CARD, SWIPE

from card_reader_fw.board.desk.chip.choice import card_of
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.stripe import Hand, intervals_of
from card_reader_fw.terminal import KEYS
from schemas.envelope import outcome

VECTORS = sorted(Path(ROOT, "schemas").glob("*/vectors/*/*.txt"))
FRONT = "a90000000211111234567890122222333334444455555666667777788888999990000"
PIN = "739154028613"
RARE = "4929136281740359=27091018305571946203"  # no run of its digits stands anywhere else
SALE = [["swipe", intervals_of(RARE)], *(["key", key] for key in (*"1200", "ENTER", "ENTER"))]
DEBIT = [
    ["swipe", intervals_of(RARE)],
    *(["key", key] for key in (*"1200", "ENTER", *"110", "ENTER", *PIN, "ENTER")),
]
HEAP_MAX = 64 * 1024
DIALOGUES = int(os.environ.get("HAGAKI_CHIP_DIALOGUES", "3"))


def vector(path):
    head, _, data = path.read_bytes().decode().partition("\n\n")
    return [path.parent.name, dict(line.split(": ", 1) for line in head.split("\n")), data.removesuffix("\n")]


def test_every_vector_of_the_wires_comes_to_the_same():
    given = [vector(path) for path in VECTORS if path.parent.name in on_chip_vectors.WIRES]
    assert len(given) > 200
    said, _ = on_chip("on_chip_vectors.py", given)
    assert said == on_chip_vectors.report(given)
    refused = [(one, slug) for one, slug in zip(given, said, strict=True) if one[1]["expect"] != "ok"]
    assert [slug for one, slug in refused if one[0] != "session"] == [
        one[1]["expect"] for one, _ in refused if one[0] != "session"
    ]


def dialogue(seed):
    """A hand that does anything, and often enough what leads on."""
    chance = random.Random(seed)
    stripes = [SWIPE, intervals_of(CARD, Hand(700, 300, 5, backward=True, seed=seed))]
    stripes += [intervals_of(FRONT, track="jis2"), [500] * 200]
    doings = []
    for _ in range(60):
        doing = chance.choice(["sale", "key", "key", "key", "digit", "answer", "rest"])
        if doing == "sale":
            doings += [
                ["swipe", chance.choice(stripes)],
                *(["key", key] for key in (*"1200", "ENTER", "ENTER")),
            ]
            doings.append(["key", "TRANSFER"])
        elif doing == "key":
            doings.append(["key", chance.choice(KEYS)])
        elif doing == "digit":
            doings.append(["key", chance.choice("0123456789")])
        elif doing == "answer":
            doings.append(["answer", chance.choice(list(outcome.NAMES))])
        else:
            doings.append(chance.choice([["off and on"], ["unplug"], ["wait", 2500]]))
    return {"doings": doings, "pin": chance.random() < 0.5}


@pytest.mark.parametrize("seed", range(DIALOGUES))
def test_a_dialogue_is_the_same_to_the_last_byte(seed):
    """What the display shows, what is beeped, every envelope, every verdict, and the flash at the end."""
    given = dialogue(seed)
    here = on_chip_sales.report(given)
    assert on_chip("on_chip_sales.py", given)[0] == here
    assert any(len(note) > 100 for note in here["notes"])


class Recorder(CardSlot):
    """A test card in the slot; answers: all that it says, from its ATR on, in hex."""

    def __init__(self, name):
        super().__init__(card_of(name))
        self.answers = []

    def on(self):
        self.answers.append(super().on().hex())
        return bytes.fromhex(self.answers[-1])

    def send(self, apdu):
        answer = super().send(apdu)
        self.answers.append(answer.hex())
        return answer


def chip_sale(name):
    """What that card says in a sale of 1,200 yen, and the doings that lead to it."""
    slot = Recorder(name)
    keys = [["key", key] for key in (*"1200", "ENTER", "ENTER", *PIN, "ENTER", "1")]
    world = on_chip_sales.World(True, slot)
    for doing in ([], *keys):
        world.do(doing or ["wait", 10])
    return slot.answers, keys


@pytest.mark.parametrize("name", ["visa", "jcb", "t0", "no-directory", "two", "pin"])
def test_a_chip_sale_is_the_same_to_the_last_byte(name):
    """What is asked of the card, too; and nothing of its number stays behind."""
    answers, keys = chip_sale(name)
    given = {
        "doings": [["insert", answers], *keys, ["remove"], ["key", "TRANSFER"]],
        "pin": True,
        "slot": True,
    }
    here = on_chip_sales.report(given)
    assert len(here["asked"]) == len(answers) - 1 > 4
    assert any(len(note) > 300 for note in here["notes"]), here["notes"]
    assert on_chip("on_chip_sales.py", given)[0] == here


@pytest.mark.parametrize("doings, pin", [(SALE, False), (DEBIT, True)], ids=["credit", "debit with PIN"])
def test_after_sealing_the_memory_holds_neither_card_nor_pin(doings, pin):
    """Nothing has been collected when the image is taken: what was ever written anywhere is in it."""
    digits = RARE.replace("=", "")
    spans = [RARE[at : at + 8] for at in range(len(RARE) - 7)] + [PIN[at : at + 6] for at in range(7)]
    packed = [digits[at : at + 12] for at in range(0, len(digits) - 11)] + [PIN]
    needles = [span.encode() for span in spans] + [bytes.fromhex(span) for span in packed]
    said, found = on_chip("on_chip_sales.py", {"doings": doings, "pin": pin}, [*needles, b"READY TO"])
    assert ["READY TO", "TRANSFER   00001"] in said["notes"]
    assert found == [b"READY TO"]  # the image is the one in which it happened


@pytest.mark.parametrize("doings, pin", [(SALE, False), (DEBIT, True)], ids=["credit", "debit with PIN"])
def test_a_sale_takes_little_memory(doings, pin):
    """The most that is alive at once, in CPython's objects, each of which is larger than MicroPython's."""
    given = [*doings, ["key", "TRANSFER"], ["answer", outcome.APPROVED], ["key", "ENTER"]]
    world = on_chip_sales.World(pin)
    world.settle()
    tracemalloc.start()
    try:
        for doing in given:
            world.do(doing)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most <= HEAP_MAX
