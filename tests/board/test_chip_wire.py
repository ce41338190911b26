"""ATR, T=0 and T=1 on a card's one wire: good lines, slow cards, chains, damaged blocks, nonsense."""

from __future__ import annotations

import random
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_reader_fw.board.desk.chip import choice, trial
from card_reader_fw.board.desk.chip.card import ATR_T0, ATR_T1
from card_reader_fw.board.desk.chip.wire import T0, T1, Wire
from card_reader_fw.emv import atr, t1
from card_reader_fw.emv.errors import ChipError, SlotError
from card_reader_fw.emv.uart_slot import UartSlot

NOW_S = 1_800_000_000
DIRECT = trial.trial(choice.slot_of("card:jcb"), trial.sale(1980, NOW_S, bytes)).emv


def sale(end) -> bytes:
    return trial.trial(UartSlot(Wire(end)), trial.sale(1980, NOW_S, bytes)).emv


@pytest.mark.parametrize("nulls", [0, 1, 30])
@pytest.mark.parametrize("single", [False, True])
def test_a_sale_over_t0(single: bool, nulls: int) -> None:
    assert sale(T0(choice.card_of("t0"), single=single, nulls=nulls)) == DIRECT


@pytest.mark.parametrize("waits", [0, 3])
@pytest.mark.parametrize("size", [1, 16, 32, 254])
def test_a_sale_over_t1(size: int, waits: int) -> None:
    assert sale(T1(choice.card_of("jcb"), size=size, waits=waits)) == DIRECT


@pytest.mark.parametrize("damage", [2, 10, 30])
def test_damaged_blocks_are_sent_again_and_never_believed(damage: int) -> None:
    """Too many in a row end the sale; a sale that comes to its end has the very bytes of the card."""
    done = 0
    for seed in range(60):
        end = T1(choice.card_of("jcb"), size=40, damage=damage, waits=1, seed=seed)
        try:
            assert sale(end) == DIRECT
            done += 1
        except ChipError as error:
            assert error.slug in ("chip-io", "chip-no-application")
    assert done >= {2: 58, 10: 30, 30: 0}[damage]


def test_a_card_that_only_asks_for_time_is_given_up() -> None:
    end = T1(choice.card_of("jcb"), waits=1_000_000)
    with pytest.raises(SlotError, match="chip-io"):
        slot = UartSlot(Wire(end))
        slot.on()
        slot.send(bytes.fromhex("00A4040007A000000065101000"))
    assert end.blocks < 100


def test_a_card_that_is_busy_for_ever_is_given_up() -> None:
    wire = Wire(T0(choice.card_of("t0"), nulls=1_000_000))
    slot = UartSlot(wire)
    slot.on()
    with pytest.raises(SlotError, match="chip-io"):
        slot.send(bytes.fromhex("00B2010C00"))


def test_time_asked_for_is_given() -> None:
    wire = Wire(T1(choice.card_of("jcb"), waits=1))
    slot = UartSlot(wire)
    slot.on()
    slot.send(bytes.fromhex("00A4040007A000000065101000"))
    usual = atr.parse(ATR_T1).wait_ms()
    assert 2 * usual in wire.waits_ms
    assert wire.waits_ms[-1] == usual


def test_no_card_speaks() -> None:
    with pytest.raises(SlotError) as error:
        sale(T1(choice.card_of("jcb", "mute")))
    assert (error.value.slug, error.value.may_fall_back) == ("chip-mute", True)


def test_a_card_that_is_pulled_out_gives_no_stripe() -> None:
    wire = Wire(T1(choice.card_of("jcb")))
    slot = UartSlot(wire)
    slot.on()
    wire.inside = False
    with pytest.raises(SlotError) as error:
        slot.send(bytes.fromhex("00B2010C00"))
    assert (error.value.slug, error.value.may_fall_back) == ("chip-removed", False)


@pytest.mark.parametrize(
    ("text", "protocol", "ifsc", "bit_us"),
    [
        ("3B600000", 0, 32, 104),
        ("3BE000008131FE45EB", 1, 254, 104),
        ("3B6500002063CB6A00", 0, 32, 104),  # with historical characters
        ("3F6500002063CB6A00", 0, 32, 104),
        ("3B00", 0, 32, 104),
        ("3B800181", 1, 32, 104),  # T=1 with the defaults
        ("3B90941101FF", 1, 32, 18),  # specific mode: its own speed
    ],
)
def test_what_a_card_says_of_itself(text: str, protocol: int, ifsc: int, bit_us: int) -> None:
    data = bytearray.fromhex(text)
    if protocol:
        data[-1] = 0
        for byte in data[1:-1]:
            data[-1] ^= byte
    known = atr.parse(data)
    assert (known.protocol, known.ifsc) == (protocol, ifsc)
    assert known.bit_us() == bit_us


@pytest.mark.parametrize(
    "text",
    [
        "",
        "3B",
        "3A00",
        "3B01",
        "3BE000008131FE45EA",
        "3BE000008131FE45",
        "3B600000FF",
        "3B80",
        "3B8002",
        "3B" * 40,
    ],
)
def test_what_is_no_answer_to_reset(text: str) -> None:
    with pytest.raises(SlotError, match="chip-atr"):
        atr.parse(bytes.fromhex(text))


@given(st.binary(max_size=40))
def test_any_bytes_after_reset_end_in_an_answer_or_an_error(data: bytes) -> None:
    try:
        known = atr.parse(data)
    except SlotError:
        return
    assert known.protocol in (0, 1)
    assert 0 < known.bit_us() < 700
    assert 0 < known.wait_ms() < 600_000


@given(st.sampled_from([ATR_T0, ATR_T1]), st.binary(max_size=2000))
def test_any_characters_from_a_card_end_in_an_answer_or_an_error(start: bytes, noise: bytes) -> None:
    class Noise:
        def __init__(self):
            self.coming = []

        def power(self):
            self.coming = deque(start + noise)

        def take(self, _):
            pass

    slot = UartSlot(Wire(Noise()))
    try:
        slot.on()
        for apdu in ("00A4040007A000000065101000", "00B2010C00", "80A80000028300"):
            assert 2 <= len(slot.send(bytes.fromhex(apdu))) <= 258
    except SlotError as error:
        assert error.slug in ("chip-io", "chip-atr", "chip-mute")


def test_both_checks_see_a_changed_bit() -> None:
    chance = random.Random(1)
    for _ in range(200):
        head, data = chance.randbytes(3), bytearray(chance.randbytes(40))
        checks = [check(head, data) for check in (t1.lrc, t1.crc)]
        data[chance.randrange(40)] ^= 1 << chance.randrange(8)
        assert [check(head, data) for check in (t1.lrc, t1.crc)] != checks
        assert all(
            check(head, data) != before for check, before in zip((t1.lrc, t1.crc), checks, strict=True)
        )
