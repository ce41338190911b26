"""From the book to the bank and back: each debit once, each answer once, and what does not fit is listed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pytest
from debit_world import AFTER_MS, COLLECTION, CUTTING_MS, World, account, debit, reference
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_debit import bank
from bank_debit.asked import local_day, new_debit
from bank_debit.bank import NotARequest
from bank_debit.cutting import CutError, Strange, answer_of, match
from bank_debit.debit import Batch, Booked, Move, State, moved
from bank_debit.decide import take
from bank_debit.layout import Debit
from bank_debit.triggers import TRIGGERS, Mischief
from bank_debit.zengin import Faulty, ZenginFile, read


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "debit.db")


def accept(world: World, *amounts: int, first: int = 1, **changes) -> None:
    days = list(islice(world.contract.plan.from_day(local_day(world.now_ms, world.contract)), 3))
    for number, amount in enumerate(amounts, first):
        new = new_debit(debit(number, amount, **changes), world.now_ms, world.contract)
        world.do(lambda book, new=new: take(book, new, days, 10**10))


def cut(world: World, *amounts: int) -> Batch:
    accept(world, *amounts)
    world.now_ms = CUTTING_MS
    return world.cut()


def rows(data: bytes) -> list[Debit]:
    found = read(data)
    assert isinstance(found, ZenginFile)
    return [row for row in found.rows if isinstance(row, Debit)]


def test_a_file_is_cut_once_and_is_the_same_ever_after(world: World) -> None:
    first = cut(world, 1200, 5000)
    world.now_ms += 1000
    assert world.cut() == first
    found = read(first.request)
    assert isinstance(found, ZenginFile)
    assert (found.header.originator, found.header.name, found.header.day) == ("1234567890", "ｶ)ﾊｶﾞｷ", "1127")
    assert (found.trailer.count, found.trailer.sum_minor) == (2, 6200)
    assert [row.customer for row in rows(first.request)] == [f"{reference(n):0>20}" for n in (1, 2)]


def test_the_mandates_number_can_name_a_debit(tmp_path: Path) -> None:
    world = World(tmp_path / "debit.db", customer_number="mandate")
    assert [row.customer for row in rows(cut(world, 1200, 5000).request)] == ["C1", "C2"]


@pytest.mark.parametrize("number", ["mandate", "reference"])
def test_the_first_debit_of_an_account_is_marked_as_new(tmp_path: Path, number: str) -> None:
    world = World(tmp_path / "debit.db", customer_number=number)
    accept(world, 100, 200, account=account(1))
    world.now_ms = CUTTING_MS
    assert [row.new for row in rows(world.cut().request)] == [1, 0]
    accept(world, 300, first=3, account=account(1))
    accept(world, 400, first=4, account=account(2, customer="C1"))
    following = next(world.contract.plan.from_day(COLLECTION))
    assert [row.new for row in rows(world.cut(following, early=True).request)] == [0, 2]


@pytest.mark.parametrize(
    ("slug", "day", "now_ms"),
    [
        ("too-early", COLLECTION, CUTTING_MS - 24 * 3_600_000),
        ("day-passed", COLLECTION, AFTER_MS),
        ("no-collection-day", COLLECTION.replace(day=26), CUTTING_MS),
        ("nothing-due", COLLECTION, CUTTING_MS),
    ],
)
def test_no_file_is_cut_at_a_wrong_time(world: World, slug: str, day, now_ms: int) -> None:
    world.now_ms = now_ms
    if slug != "nothing-due":
        accept(world, 100)
    with pytest.raises(CutError) as raised:
        world.cut(day)
    assert raised.value.slug == slug


def test_what_was_missed_goes_into_the_next_file(world: World) -> None:
    accept(world, 1200)
    world.now_ms = AFTER_MS
    accept(world, 5000, first=2)
    following = next(world.contract.plan.from_day(local_day(world.now_ms, world.contract)))
    assert [row.amount_minor for row in rows(world.cut(following, early=True).request)] == [1200, 5000]


def test_an_answer_is_booked_once(world: World) -> None:
    batch = cut(world, 1200, 1901, 1904, 5000)
    world.now_ms = AFTER_MS
    answer = bank.answer(batch.request)
    first = world.take_answer(answer)
    assert (first.day, first.collected, first.collected_minor) == (COLLECTION, 2, 6200)
    assert (first.unpaid, first.unpaid_minor, first.again, first.strangers) == (2, 3805, 0, ())
    again = world.take_answer(answer)
    assert (again.collected, again.unpaid, again.again, again.strangers) == (0, 0, 4, ())
    states = [world.find(reference(number)).state for number in (1, 2, 3, 4)]
    assert states == [State.COLLECTED, State.UNPAID, State.UNPAID, State.COLLECTED]


@pytest.mark.parametrize(
    ("amount", "strange"),
    [
        (1951, [(Strange.MISSING, 3, reference(2))]),
        (1952, [(Strange.UNKNOWN, 4, "")]),
        (1953, [(Strange.UNKNOWN, 3, ""), (Strange.MISSING, 3, reference(2))]),
        (1954, [(Strange.UNKNOWN, 3, ""), (Strange.MISSING, 3, reference(2))]),
        (1955, [(Strange.UNKNOWN, 3, ""), (Strange.MISSING, 3, reference(2))]),
    ],
)
def test_what_does_not_fit_is_listed_and_the_rest_is_booked(world: World, amount: int, strange) -> None:
    batch = cut(world, 1200, amount, 5000)
    reading = world.take_answer(bank.answer(batch.request))
    assert [(one.why, one.line, one.reference) for one in reading.strangers] == strange
    assert world.find(reference(1)).state is world.find(reference(3)).state is State.COLLECTED
    twice = amount == 1952
    assert world.find(reference(2)).state is (State.COLLECTED if twice else State.AT_BANK)


@pytest.mark.parametrize(
    ("amount", "slug"),
    [(1961, "zengin-count"), (1962, "zengin-sum"), (1963, "zengin-results"), (1964, "zengin-range")],
)
def test_an_answer_whose_sums_are_wrong_is_not_booked(world: World, amount: int, slug: str) -> None:
    batch = cut(world, 1200, amount)
    found = answer_of(bank.answer(batch.request))
    assert isinstance(found, Faulty)
    assert slug in [fault.slug for fault in found.faults]


def test_another_answer_than_before_is_listed_and_the_first_stands(world: World) -> None:
    batch = cut(world, 1200)
    good = bank.answer(batch.request)
    world.take_answer(good)
    bad = bytearray(good)
    bad[122 + 111] = ord("1")
    trailer = bad.index(b"\r\n8") + 2
    counts = b"000000" + b"0" * 12 + b"000001" + b"000000001200"
    bad[trailer + 19 : trailer + 19 + len(counts)] = counts
    reading = world.take_answer(bytes(bad))
    assert [one.why for one in reading.strangers] == [Strange.CONTRADICTS]
    assert world.find(reference(1)).state is State.COLLECTED


def test_an_answer_for_somebody_else_is_refused(world: World) -> None:
    batch = cut(world, 1200)
    answer = bank.answer(batch.request)
    for other, slug in (
        (answer.replace(b"1234567890", b"1234567891"), "other-originator"),
        (answer.replace(b"1127", b"1126", 1), "no-such-file"),
    ):
        with pytest.raises(CutError) as raised:
            world.take_answer(other)
        assert raised.value.slug == slug
    with pytest.raises(CutError) as raised:
        answer_of(batch.request)
    assert raised.value.slug == "not-an-answer"


def test_debits_alike_are_matched_in_order(tmp_path: Path) -> None:
    """With the mandate's number two debits of one customer and amount differ in nothing but their place."""
    world = World(tmp_path / "debit.db", customer_number="mandate")
    accept(world, 1200, 1200, account=account(1))
    world.now_ms = CUTTING_MS
    reading = world.take_answer(bank.answer(world.cut().request))
    assert (reading.collected, reading.strangers) == (2, ())


def test_what_a_bank_writes_into_names_does_not_matter(world: World) -> None:
    answer = bank.answer(cut(world, 1200).request)
    filled = answer.replace(b"9900" + b" " * 15, b"9900" + "ﾕｳﾁﾖ".ljust(15).encode("shift_jis"))
    assert filled != answer
    assert world.take_answer(filled).collected == 1


@dataclass(frozen=True)
class Answered:
    """A good answer, and the debits that it answers."""

    data: bytes
    sent: list[Booked]


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Answered:
    world = World(tmp_path_factory.mktemp("debit") / "debit.db")
    data = bank.answer(cut(world, 1200, 1901).request)
    return Answered(data, world.do(lambda book: book.of(COLLECTION)))


@given(at=st.integers(0, 5 * 122 - 1), byte=st.sampled_from(b"0123456789ABC \xb1\xb2\xde\r\n"))
@settings(max_examples=300, deadline=None)
def test_one_byte_changed_in_an_answer_is_noticed_or_moves_no_money(
    answered: Answered, at: int, byte: int
) -> None:
    """Unnoticed are only names, the new code, and which of the reasons for not paying it was."""
    data = bytearray(answered.data)
    data[at] = byte
    found = read(bytes(data))
    if isinstance(found, Faulty):
        return
    pairs, strangers = match(answered.sent, [row for row in found.rows if isinstance(row, Debit)])
    if strangers:
        return
    assert [(debit.reference, result == 0) for debit, result in pairs] == [
        (reference(1), True),
        (reference(2), False),
    ]


def test_the_bank_takes_requests_only(world: World) -> None:
    batch = cut(world, 1200)
    for wrong in (b"", bank.answer(batch.request), batch.request[:-1]):
        with pytest.raises(NotARequest):
            bank.answer(wrong)


def test_every_mischief_can_be_provoked() -> None:
    assert {trigger.mischief for trigger in TRIGGERS.values()} == set(Mischief)


def test_paid_back_by_hand_is_no_longer_collected(world: World) -> None:
    world.take_answer(bank.answer(cut(world, 1200).request))
    world.do(lambda book: book.move(reference(1), Move.PAY_BACK, note="by transfer"))
    assert world.find(reference(1)).state is State.PAID_BACK


def test_a_debit_ends_in_one_way_only() -> None:
    ended = [state for state in State if not any(moved(state, move) for move in Move)]
    assert ended == [State.UNPAID, State.REVERSED, State.PAID_BACK]
