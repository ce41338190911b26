"""A chip sale with the test card in the slot: what is sent, what the card is asked, when the stripe helps."""

from __future__ import annotations

import itertools

import pytest

from card_reader_fw.board.desk.chip import choice, trial
from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.faults import FAULTS
from card_reader_fw.emv import cvm, flow, tlv, values
from card_reader_fw.emv.errors import ChipError
from card_reader_fw.track import track2

NOW_S = 1_800_000_000  # 2027-01-15 17:00 in Japan
NEVER = {0x56, 0x57, 0x5A, 0x5F20, 0x5F24, 0x99, 0x9F0B, 0x9F1F, 0x9F20}
REQUIRED = {
    *(0x9A, 0x9C, 0x5F2A, 0x9F1A, 0x9F02, 0x9F03, 0x9F36, 0x82, 0x84, 0x95, 0x9F10, 0x9F26, 0x9F33, 0x9F37),
    0x4F,
}
T1_CARDS = ("jcb", "visa", "mastercard", "no-directory")

NO_SALE = {
    "mute": ("chip-mute", True),
    "silent": ("chip-io", False),
    "removed": ("chip-removed", False),
    "card-blocked": ("chip-card-blocked", False),
    "application-blocked": ("chip-application-blocked", False),
    "no-application": ("chip-no-application", True),
    "unwilling": ("chip-unwilling", False),
    "options-fail": ("chip-options", True),
    "cryptogram-fail": ("chip-cryptogram", False),
    "declines": ("chip-declined", False),
    "approves": ("chip-cryptogram", False),
    "no-record": ("chip-record", True),
    "no-track2": ("chip-data", True),
    "other-card": ("chip-track2", True),
    "data-twice": ("chip-data-twice", True),
    "cut": ("chip-tlv", True),
    "many-records": ("chip-records", True),
    "records-backwards": ("chip-records", True),
    "no-records": ("chip-data", True),
    "big-list": ("chip-dol", True),
    "more-for-ever": ("chip-no-application", True),
    "wrong-length": ("chip-no-application", True),
    "long-answer": ("chip-limit", True),
    "half-status": ("chip-io", True),
    "long-issuer-data": ("chip-data", False),
    "noise": ("chip-no-application", True),
}
"""Fault -> what the reader says, and may the stripe be swiped instead. The others let the sale go on."""
GOOD_ALL_THE_SAME = {"removed-late", "wrong-cryptogram"}


def numbers(count: int) -> bytes:
    return bytes(range(0xA0, 0xA0 + count))


def order(amount_minor: int = 1980, *, pin: bool = False) -> values.Sale:
    return trial.sale(amount_minor, NOW_S, numbers, pin=pin)


def read(card: str, fault: str = "", **options: bool) -> flow.ChipCard:
    return trial.trial(choice.slot_of(f"card:{card}:{fault}"), order(**options))


def objects(emv: bytes) -> dict[int, bytes]:
    return {tag: emv[start:end] for tag, start, end in tlv.walk(emv, 0, len(emv))}


def asked(dialogue, slot, answers=lambda labels: 0) -> list[bytes]:
    """Run a dialogue to its end -> the commands that the card was given."""
    slot.on()
    commands = []
    try:
        verb, value = next(dialogue)
        while True:
            commands += [value] if verb == "apdu" else []
            verb, value = dialogue.send(slot.send(value) if verb == "apdu" else answers(value))
    except StopIteration:
        return commands


@pytest.mark.parametrize("name", [name for name in CARDS if name != "denies"])
def test_every_test_card_gives_a_sale(name: str) -> None:
    got = read(name)
    assert got.track2.startswith(CARDS[name].applications[-1].pan.encode())
    assert track2.from_text(bytearray(got.track2)).luhn_ok
    assert got.pan() == got.track2[: got.separator]
    assert len(got.emv) <= 199
    given = objects(got.emv)
    assert given.keys() >= REQUIRED
    assert not given.keys() & NEVER
    assert given[0x9F02] == bytes.fromhex("000000001980")
    assert given[0x9F1A] == given[0x5F2A] == bytes.fromhex("0392")
    assert given[0x9A] == bytes.fromhex("270115")
    assert given[0x9F27] == b"\x80"
    assert given[0x9F37] == numbers(4)


def test_nothing_of_the_card_can_be_printed() -> None:
    got = read("jcb")
    assert "3528" not in repr(got)
    assert got.masked() == "352800******0007"
    got.wipe()
    assert not any(got.track2)


@pytest.mark.parametrize(("card", "fault"), list(itertools.product((*T1_CARDS, "t0"), sorted(NO_SALE))))
def test_a_faulty_card_gives_no_sale_and_says_whether_its_stripe_may(card: str, fault: str) -> None:
    with pytest.raises(ChipError) as error:
        read(card, fault)
    assert (error.value.slug, error.value.may_fall_back) == NO_SALE[fault]


@pytest.mark.parametrize(
    ("card", "fault"), list(itertools.product((*T1_CARDS, "t0"), sorted(GOOD_ALL_THE_SAME)))
)
def test_what_the_reader_cannot_or_need_not_see_is_no_fault(card: str, fault: str) -> None:
    assert len(read(card, fault).emv) <= 199


def test_every_fault_is_expected_somewhere() -> None:
    assert NO_SALE.keys() | GOOD_ALL_THE_SAME == FAULTS.keys()


def test_the_card_may_leave_at_once() -> None:
    """Quick Chip: the second GENERATE AC asks for a refusal, says Z3, and follows the first directly."""
    commands = asked(flow.transact(values.Terminal(b"00000001", False), order()), choice.slot_of("card:jcb"))
    assert [command[1] for command in commands[-2:]] == [0xAE, 0xAE]
    first, second = commands[-2:]
    assert first[2] == 0x80
    assert second[2] == 0x00
    assert second[5:7] == b"Z3"


def test_a_return_asks_for_no_authorisation() -> None:
    back = order()
    back.kind = values.REFUND
    slot = choice.slot_of("card:jcb")
    commands = asked(flow.transact(values.Terminal(b"00000001", False), back), slot)
    assert [command[2] for command in commands if command[1] == 0xAE] == [0x00]
    given = objects(trial.trial(slot, back).emv)
    assert given[0x9C] == b"\x20"
    assert given[0x9F27] == b"\x00"


def test_the_holder_chooses_in_the_cards_order() -> None:
    shown = []
    got = trial.trial(choice.slot_of("card:two"), order(), lambda labels: shown.append(labels) or 1)
    assert shown == [["VISA CREDIT", "VISA DEBIT"]]
    assert got.label == "VISA DEBIT"
    assert objects(got.emv)[0x4F] == bytes.fromhex("A0000000032010")


def test_one_application_may_want_to_be_confirmed() -> None:
    shown = []
    trial.trial(choice.slot_of("card:confirm"), order(), lambda labels: shown.append(labels) or 0)
    assert shown == [["JCB CREDIT"]]


@pytest.mark.parametrize("chosen", [-1, 2, None])
def test_no_choice_no_sale(chosen: int | None) -> None:
    with pytest.raises(ChipError, match="chip-choice"):
        trial.trial(choice.slot_of("card:two"), order(), lambda _: chosen)


@pytest.mark.parametrize(
    ("card", "pin", "how", "results", "third"),
    [
        ("jcb", False, cvm.SIGNATURE, "5e0300", 0x00),
        ("jcb", True, cvm.PIN, "420300", 0x04),
        ("pin", True, cvm.PIN, "020000", 0x04),
        ("pin", False, cvm.FAILED, "020001", 0x90),
    ],
)
def test_the_holder_is_verified_as_the_card_wants_and_the_reader_can(card, pin, how, results, third) -> None:
    got = read(card, pin=pin)
    given = objects(got.emv)
    assert got.how == how
    assert given[0x9F34].hex() == results
    assert given[0x95][2] == third
    assert given[0x9F33][1] == (0x68 if pin else 0x28)


def test_an_old_card_goes_online_with_that_said() -> None:
    assert objects(read("expired").emv)[0x95] == bytes.fromhex("8040008000")


def test_an_issuer_that_wants_a_refusal_for_it_gets_it() -> None:
    with pytest.raises(ChipError) as error:
        read("denies")
    assert (error.value.slug, error.value.may_fall_back) == ("chip-declined", False)


def test_without_a_clock_nothing_is_expired() -> None:
    timeless = trial.sale(100, 0, numbers)
    given = objects(trial.trial(choice.slot_of("card:expired"), timeless).emv)
    assert given[0x95] == bytes.fromhex("8000008000")
    assert given[0x9A] == bytes.fromhex("000101")


def test_a_cancelled_sale_leaves_nothing_of_the_card() -> None:
    """The merchant presses CANCEL while records are read: closing the dialogue wipes all that it holds."""
    slot = choice.slot_of("card:jcb")
    slot.on()
    dialogue = flow.transact(values.Terminal(b"00000001", False), order())
    _, apdu = next(dialogue)
    handed = []
    while apdu[1] != 0xAE:
        handed.append(slot.send(apdu))
        _, apdu = dialogue.send(handed[-1])
    kept = dialogue.gi_frame.f_locals["values"].card
    assert kept[0x57]
    buffers = [*kept.values(), dialogue.gi_frame.f_locals["track"].text]
    dialogue.close()
    assert not any(map(any, buffers))
    assert not any(map(any, handed))
