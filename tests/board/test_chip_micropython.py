"""Chips on the real MicroPython: the same commands and DE55 as under CPython, and no card left in memory."""

from __future__ import annotations

import random
import tracemalloc
from pathlib import Path

import on_chip_chips
import pytest
from micropython_world import on_chip

from card_reader_fw.board.desk.chip import choice
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.faults import FAULTS, MUTE, Removed
from card_reader_fw.emv import flow, values
from card_reader_fw.emv.errors import TECHNICAL, ChipError, SlotError

HERE = Path(__file__).parent
SPOILT = 150
HEAP_MAX = 16 * 1024
SALE = [["key", key] for key in (*"1200", "ENTER", "ENTER")]


def masked(data: bytes) -> str:
    return bytes(byte ^ on_chip_chips.MASK for byte in data).hex()


def recorded(card: str, fault: str = "", spoil: random.Random | None = None, pin: bool = False) -> dict:
    """Play a dialogue with a test card and keep what it said; spoil: one byte of one answer in three."""
    played = choice.card_of(card, fault)
    atr, answers = played.reset(), []
    sale = values.Sale(values.SALE, 1980, on_chip_chips.NOW_S, 1, b"\xa0\xa1\xa2\xa3")
    sale.pin = pin
    running = flow.transact(values.Terminal(b"00000001", pin), sale)
    try:
        verb, value = next(running)
        while True:
            answers.append(0 if verb == "choose" else answered(played, value, spoil))
            if answers[-1] is None:
                verb, value = running.throw(SlotError("chip-io", TECHNICAL))
            elif verb == "choose":
                verb, value = running.send(0)
            else:
                verb, value = running.send(on_chip_chips.unmasked(answers[-1]))
    except (StopIteration, ChipError):
        return {"atr": masked(atr), "pin": pin, "answers": answers}


def answered(card, apdu: bytes, spoil: random.Random | None) -> str | None:
    try:
        response = bytearray(card.send(apdu))
    except Removed:
        return None
    if spoil and response and not spoil.randrange(3):
        response[spoil.randrange(len(response))] = spoil.randrange(256)
    return masked(response)


def test_every_card_and_fault_comes_to_the_same() -> None:
    given = [recorded(card, pin=pin) for card in CARDS for pin in (False, True)]
    given += [
        recorded(card, fault) for card in ("jcb", "t0", "mastercard") for fault in FAULTS if fault != MUTE
    ]
    chance = random.Random(7)
    given += [recorded(chance.choice(list(CARDS)), spoil=chance) for _ in range(SPOILT)]
    said, _ = on_chip("on_chip_chips.py", given)
    assert said == on_chip_chips.report(given)
    assert len([one for one in said if len(one[-1]) == 3]) >= 20, "hardly a sale among them"


@pytest.mark.parametrize("card", ["jcb", "t0", "no-directory"])
def test_a_chip_takes_little_memory(card: str) -> None:
    """The most that is alive at once, in CPython's objects, each of which is larger than MicroPython's."""
    given = recorded(card)
    on_chip_chips.play(given)
    tracemalloc.start()
    try:
        on_chip_chips.play(given)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most <= HEAP_MAX


@pytest.mark.parametrize("card", ["visa", "mastercard"])
def test_after_sealing_the_memory_holds_nothing_of_the_card(card: str, tmp_path: Path) -> None:
    parts = [
        (HERE / name).read_text() for name in ("on_chip_sales.py", "on_chip_chips.py", "on_chip_slot.py")
    ]
    script = tmp_path / "joined.py"
    script.write_text("\n".join(parts))
    track = CARDS[card].applications[0].track2
    pan = CARDS[card].applications[0].pan
    spans = [span for at in range(len(pan) - 7) if len(set(span := pan[at : at + 8])) > 3]
    packed = [track[at : at + 6] for at in (0, 1, 7, 8)]
    needles = [*(span.encode() for span in spans), *packed]
    given = {"dialogue": recorded(card), "doings": [*SALE, ["remove"]]}
    said, found = on_chip(str(script), given, [*needles, b"READY TO"])
    assert any(note[0].startswith("READY TO") for note in said["notes"]), said["notes"][-3:]
    assert found == [b"READY TO"]
