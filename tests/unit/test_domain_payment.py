"""The payment's table, walked in full: every arrow, every refusal, every way to an end, every transfer."""

from __future__ import annotations

import itertools

import pytest

from mail_gateway.domain.ledger import Account, Phase, transfers_for
from mail_gateway.domain.outcome import FIRST, KEY_USED, TOLD, Letter, Outcome, Telling, telling
from mail_gateway.domain.payment import (
    ENDED,
    OPEN_AT_ACQUIRER,
    TRANSITIONS,
    Event,
    IllegalTransition,
    Kind,
    State,
    step,
)
from schemas.envelope import outcome as wire

ALL = list(itertools.product(State, Kind))


@pytest.mark.parametrize(("state", "kind"), ALL)
def test_every_pair_is_an_arrow_or_a_refusal(state: State, kind: Kind) -> None:
    expected = TRANSITIONS.get(state, {}).get(kind)
    if expected is not None:
        assert step(state, kind) is expected
        return
    with pytest.raises(IllegalTransition, match=f"{state} does not know {kind}"):
        step(state, kind)


def reachable(start: State) -> set[State]:
    found, todo = {start}, [start]
    while todo:
        for after in TRANSITIONS.get(todo.pop(), {}).values():
            if after not in found:
                found.add(after)
                todo.append(after)
    return found


def test_every_state_can_be_reached() -> None:
    assert reachable(State.RECEIVED) == set(State)


@pytest.mark.parametrize("state", State)
def test_every_state_can_end(state: State) -> None:
    assert reachable(state) & ENDED


def test_only_a_dispatched_payment_can_become_approved_or_declined_by_the_acquirer() -> None:
    into = {(b, k) for b, arrows in TRANSITIONS.items() for k, a in arrows.items() if a is State.APPROVED}
    open_states = (State.RECEIVED, State.HELD, State.READY, State.DISPATCHED)
    listed = {(state, Kind.FOUND_CHARGED) for state in open_states}
    assert into == {(State.DISPATCHED, Kind.HOST_APPROVED)} | listed, "by its answer, or by its list"


def test_nothing_is_dispatched_twice_but_by_its_own_word_that_nothing_left() -> None:
    back = {k for k, a in TRANSITIONS[State.DISPATCHED].items() if State.DISPATCHED in reachable(a)}
    assert back <= {Kind.NOT_SENT, Kind.HOST_ASKS_MORE}, "the latter is an attempt the acquirer asked for"


def test_doubt_never_becomes_declined() -> None:
    assert not {State.DECLINED, State.APPROVED, State.READY, State.DISPATCHED} & reachable(State.IN_DOUBT)


def test_a_stan_is_held_exactly_while_something_is_open() -> None:
    assert not OPEN_AT_ACQUIRER & ENDED
    assert State.DISPATCHED in OPEN_AT_ACQUIRER


@pytest.mark.parametrize(("state", "kind"), ALL)
def test_every_transfer_has_two_sides_and_the_payments_amount(state: State, kind: Kind) -> None:
    for transfer in transfers_for(state, kind, 1200, 392):
        assert transfer.debit is not transfer.credit
        assert (transfer.amount_minor, transfer.currency) == (1200, 392)


WALKS = {
    "approved": (Kind.DISPATCHED, Kind.HOST_APPROVED),
    "held, captured by another": (Kind.DISPATCHED, Kind.HOST_HELD, Kind.CAPTURED),
    "held, released": (
        *(Kind.DISPATCHED, Kind.HOST_HELD, Kind.RELEASE_DUE),
        *(Kind.REVERSAL_ACKED, Kind.CONFIRMED_AGAIN),
    ),
    "declined": (Kind.DISPATCHED, Kind.HOST_DECLINED),
    "asked again": (Kind.DISPATCHED, Kind.HOST_ASKS_AGAIN),
    "asked more, lapsed": (Kind.DISPATCHED, Kind.HOST_ASKS_MORE, Kind.LAPSED),
    "not sent, then approved": (Kind.DISPATCHED, Kind.NOT_SENT, Kind.DISPATCHED, Kind.HOST_APPROVED),
    "found charged": (Kind.DISPATCHED, Kind.FOUND_CHARGED),
    "found charged, not known to be sent": (Kind.FOUND_CHARGED,),
    "found uncharged": (Kind.FOUND_UNCHARGED,),
    "approved, then not collected": (Kind.DISPATCHED, Kind.HOST_APPROVED, Kind.NOT_COLLECTED),
    "found charged, then not collected": (Kind.FOUND_CHARGED, Kind.NOT_COLLECTED),
    "reversed": (Kind.DISPATCHED, Kind.SILENCE, Kind.REVERSAL_DUE, Kind.REVERSAL_ACKED, Kind.CONFIRMED_AGAIN),
    "reversed twice": (
        *(Kind.DISPATCHED, Kind.SILENCE, Kind.REVERSAL_DUE, Kind.REVERSAL_ACKED, Kind.CONFIRMED_AGAIN),
        *(Kind.LATE_APPROVAL, Kind.REVERSAL_ACKED, Kind.CONFIRMED_AGAIN),
    ),
}


@pytest.mark.parametrize("walk", WALKS)
def test_the_books_close_with_the_payment(walk: str) -> None:
    open_minor: dict[tuple[Account, Account], int] = {}
    posted, state = 0, State.READY
    for kind in WALKS[walk]:
        for one in transfers_for(state, kind, 1200, 392):
            sides = (one.debit, one.credit)
            sign = 1 if one.phase is Phase.PENDING else -1
            open_minor[sides] = open_minor.get(sides, 0) + sign * one.amount_minor
            way = 1 if one.credit is Account.MERCHANT_PAYABLE else -1
            posted += way * one.amount_minor if one.phase is Phase.POSTED else 0
        state = step(state, kind)
    assert state in ENDED
    assert set(open_minor.values()) <= {0}, "nothing stays pending"
    assert posted == (1200 if state is State.APPROVED else 0)


@pytest.mark.parametrize("state", State)
def test_who_is_told_what(state: State) -> None:
    told = telling(Event(Kind.LAPSED), State.HELD, state)
    assert (told is not None) == (state in TOLD)
    assert telling(Event(Kind.LAPSED), state, state) is None, "staying is no news"


def test_every_end_is_told_but_a_settlement() -> None:
    silent = {State.SETTLED, State.CAPTURED}  # the latter only orders know: their own letters tell
    assert set(TOLD) >= ENDED - silent


def test_what_did_not_open_is_told_without_a_seal() -> None:
    damaged = telling(Event(Kind.UNREADABLE, {"slug": "seal-broken"}), State.RECEIVED, State.REFUSED)
    assert damaged == Telling(None, Letter.DAMAGED)
    used = telling(Event(Kind.UNREADABLE, {"slug": KEY_USED}), State.RECEIVED, State.REFUSED)
    assert used == Telling(None, Letter.KEY_USED), "its key has sealed another answer"


def test_outcomes_are_the_wires_numbers() -> None:
    assert {one.value: one.name.lower().replace("_", "-") for one in Outcome} == wire.NAMES


def test_bad_news_goes_first() -> None:
    assert {Letter.IN_DOUBT, Letter.CANCELLED, Letter.UNCLEAR} < FIRST
    assert {Letter.RETURN_IN_DOUBT, Letter.NOT_RETURNED} < FIRST, "and what ends its doubt"
