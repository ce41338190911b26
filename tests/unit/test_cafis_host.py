"""The host simulator without its socket: what it does for a message, and what its books then say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.bench import sample_request
from cafis_adapter import build
from cafis_adapter.build import Network
from cafis_adapter.codec import Message, pack, unpack
from cafis_adapter.host.accounts import Charge, approval_number
from cafis_adapter.host.answers import APPROVALS, answer
from cafis_adapter.host.desk import Agrees, Desk, Judges, anybody
from cafis_adapter.host.issuer import Kinds
from cafis_adapter.host.moves import Cut, Half, Move, Send, Wait
from cafis_adapter.host.triggers import APPROVE, Trigger, Undo, Wrong, shipped_triggers
from cafis_adapter.profile import load_profile

PROFILE = load_profile()
NOW_MS = 1_767_225_600_000


def desk_of(kind: Kinds = Kinds.NORMAL, agrees: Agrees = anybody) -> Desk:
    return Desk(PROFILE, kind, Judges(agrees=agrees))


def sale(amount: int = 1200, number: int = 1) -> Message:
    request = sample_request(amount, stan=number, reference=f"{number:012d}")
    return build.authorisation(PROFILE, "", request)


def undo(amount: int = 1200, number: int = 1) -> Message:
    request = sample_request(amount, stan=number, reference=f"{number:012d}")
    return build.reversal(PROFILE, "", request)


def codes(moves: list[Move]) -> list[tuple[str, str]]:
    return [(m.mti, m[39]) for move in moves if isinstance(move, Send) for m in move.messages]


def test_sale_is_approved_with_six_digits_and_booked() -> None:
    desk = desk_of()
    (move,) = desk.moves(sale(), NOW_MS)
    assert isinstance(move, Send)
    (said,) = move.messages
    assert (said.mti, said[39], said[4], said[37]) == ("0110", "00", "000000001200", "000000000001")
    assert len(said[38]) == 6 and said[38].isdigit() and said[38] != "000000"
    assert desk.charges() == {"000000000001": Charge(1, 1200)}


@pytest.mark.parametrize(("agrees", "code"), [(True, "00"), (False, "05")])
def test_a_chips_cryptogram_is_the_issuers_affair(agrees: bool, code: str) -> None:
    looked = []
    desk = desk_of(Kinds.NORMAL, lambda pan, emv: looked.append((pan[:6], emv)) or agrees)
    assert codes(list(desk.moves(sale().with_fields({55: "9F2701"}), NOW_MS))) == [("0110", code)]
    assert codes(list(desk.moves(sale(number=2), NOW_MS))) == [("0110", "00")]
    assert looked == [("411111", bytes.fromhex("9F2701"))]


def test_answer_holds_no_card() -> None:
    said = answer(APPROVE, sale())
    assert not {2, 14, 35, 45, 52, 55} & set(said.fields)
    assert unpack(PROFILE, pack(PROFILE, said))[38] == said[38]


def test_approval_numbers_of_many_sales_differ() -> None:
    assert len({approval_number(sale(number=number)) for number in range(1, 200)}) > 190


def test_booking_waits_for_its_turn() -> None:
    desk = desk_of()
    moves = desk.moves(sale(1942), NOW_MS)
    assert next(moves) == Wait(late=True)
    assert desk.charges() == {"000000000001": Charge(0, 0)}
    assert codes(list(moves)) == [("0110", "00")]
    assert desk.charges() == {"000000000001": Charge(1, 1942)}


def test_sale_that_was_reversed_before_it_came_is_refused() -> None:
    desk = desk_of()
    assert codes(list(desk.moves(undo(), NOW_MS))) == [("0430", "25")]
    assert codes(list(desk.moves(sale(), NOW_MS))) == [("0110", "05")]
    assert desk.charges() == {"000000000001": Charge(0, 0)}


def test_half_an_answer_then_the_cut() -> None:
    desk = desk_of()
    assert [type(move) for move in desk.moves(sale(1912), NOW_MS)] == [Half, Cut]
    assert desk.charges()["000000000001"].net_minor == 1912


def test_same_trace_number_at_another_terminal_is_another_sale() -> None:
    desk = desk_of()
    request = sample_request(1200)
    for terminal in ("T1", "T2"):
        list(desk.moves(build.authorisation(PROFILE, "", replace(request, terminal_id=terminal)), NOW_MS))
    assert desk.charges() == {request.reference: Charge(2, 2400)}


def test_network_messages_are_answered_and_unknown_classes_are_not() -> None:
    desk = desk_of(Kinds.TWICE)
    assert codes(list(desk.moves(build.network(PROFILE, Network.ECHO, 1, 0), NOW_MS))) == [("0810", "00")]
    assert list(desk.moves(sale().with_fields({}, mti="0302"), NOW_MS)) == []


def test_host_that_answers_twice() -> None:
    assert codes(list(desk_of(Kinds.TWICE).moves(sale(), NOW_MS))) == [("0110", "00")] * 2


@pytest.mark.parametrize("wrong", [wrong for wrong in Wrong if wrong not in (Wrong.NOTHING, Wrong.MAC)])
def test_spoiled_answer_differs_in_one_element(wrong: Wrong) -> None:
    good, bad = answer(APPROVE, sale()), answer(replace(APPROVE, wrong=wrong), sale())
    numbers = set(good.fields) | set(bad.fields)
    assert len([number for number in numbers if good[number] != bad[number]]) == 1


@pytest.mark.parametrize("trigger", shipped_triggers().values(), ids=lambda trigger: trigger.digits)
def test_every_answer_of_the_table_can_be_written(trigger: Trigger) -> None:
    said = answer(trigger, sale())
    assert pack(PROFILE, said)
    assert bool(said[38]) == (trigger.code in APPROVALS and trigger.wrong is not Wrong.APPROVAL)


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["sale", "undo"]), st.integers(1, 3), st.sampled_from([1200, 1051, 1901, 1922])
    ),
    max_size=20,
)


@given(DEEDS)
def test_nobody_is_charged_twice_or_after_a_reversal_or_less_than_nothing(
    deeds: list[tuple[str, int, int]],
) -> None:
    desk, undone = desk_of(), set()
    for deed, number, amount in deeds:
        amount += number * 10_000
        message = sale(amount, number) if deed == "sale" else undo(amount, number)
        list(desk.moves(message, NOW_MS))
        if deed == "undo":
            undone.add(message[37])
    for reference, charge in desk.charges().items():
        assert charge.times <= 1 and charge.net_minor >= 0
        if reference in undone:
            assert charge.net_minor == 0


def test_refused_reversal_leaves_the_charge() -> None:
    desk = desk_of()
    list(desk.moves(sale(1924), NOW_MS))
    assert shipped_triggers()["924"].reversal is Undo.REFUSED
    assert codes(list(desk.moves(undo(1924), NOW_MS))) == [("0430", "12")]
    assert desk.charges()["000000000001"].net_minor == 1924
