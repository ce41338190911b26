"""Decisions: freshness, limits, what an answer means, late answers, pauses, replies, words."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotSent,
    ReversalAccepted,
)
from mail_gateway.domain import codes, decide
from mail_gateway.domain.errors import REPLIES, Disposition, GatewayError, reply_for
from mail_gateway.domain.payment import NOT_CHARGED, OPEN_AT_ACQUIRER, TRANSITIONS, Kind, State
from mail_gateway.store.inbox import Verdict

NOW_MS = 1_790_000_000_000
NOW_S = NOW_MS // 1000


@pytest.mark.parametrize(
    ("reader_s", "until_s"),
    [
        (NOW_S, NOW_S + 900),
        (NOW_S - 600, NOW_S + 300),
        (NOW_S - 86_400, NOW_S - 86_400 + 900),
        (NOW_S + 300, NOW_S + 900),  # a little ahead: our receipt counts
        (NOW_S + 301, NOW_S + 900),  # absurd
        (NOW_S + 10**8, NOW_S + 900),
        (0, NOW_S + 900),
        (1_704_067_199, NOW_S + 900),
        (1_704_067_200, 1_704_067_200 + 900),
    ],
)
def test_freshness_counts_from_the_reader_or_from_our_receipt(reader_s: int, until_s: int) -> None:
    assert decide.fresh_until_ms(reader_s, NOW_MS, 900) == until_s * 1000


@given(st.integers(0, 2**32 - 1), st.integers(NOW_MS - 10**12, NOW_MS + 10**12), st.integers(10, 604_800))
def test_no_clock_makes_a_sale_fresh_for_longer_than_the_limit(
    reader_s: int, received_ms: int, limit_s: int
) -> None:
    assert decide.fresh_until_ms(reader_s, received_ms, limit_s) <= received_ms + limit_s * 1000


GOOD = decide.Asked(1, 1200, 392, has_card=True)
LIMITS = decide.Limits(5000, 392)


@pytest.mark.parametrize(
    ("asked", "slug"),
    [
        (GOOD, ""),
        (decide.Asked(1, 5000, 392, has_card=True), ""),
        (decide.Asked(1, 1, 392, has_card=True), ""),
        (decide.Asked(1, 5001, 392, has_card=True), "amount-over-limit"),
        (decide.Asked(1, 0, 392, has_card=True), "amount-zero"),
        (decide.Asked(1, 1200, 840, has_card=True), "currency-unsupported"),
        (decide.Asked(1, 1200, 392, has_card=False), "card-missing"),
        *((decide.Asked(kind, 1200, 392, has_card=True), "kind-unsupported") for kind in (4, 6)),
        *((decide.Asked(kind, 999_999, 392, has_card=True), "") for kind in (2, 3)),
        (decide.Asked(2, 1200, 392, has_card=False), "card-missing"),
    ],
)
def test_refusal(asked: decide.Asked, slug: str) -> None:
    assert decide.refusal(asked, LIMITS) == slug
    if slug:
        assert codes.reason_for(slug, "ja"), "a refusal is said in words"
        assert codes.reason_for(slug, "en")


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Approved("1", 1200), Kind.HOST_APPROVED),
        (Approved("1", 1199), Kind.SILENCE),
        (Approved("1", 1201), Kind.SILENCE),
        (Approved("1", 0), Kind.SILENCE),
        (Declined("05"), Kind.HOST_DECLINED),
        (NeedsInput(Ask.AGAIN, "55"), Kind.HOST_ASKS_AGAIN),
        (NeedsInput(Ask.MORE, "01"), Kind.HOST_ASKS_MORE),
        (InDoubt("no-answer"), Kind.SILENCE),
        (NotSent("refused"), Kind.NOT_SENT),
    ],
)
def test_what_an_answer_means(outcome: AuthoriseOutcome, kind: Kind) -> None:
    event = decide.event_of(outcome, 1200)
    assert event.kind is kind
    assert event.kind in TRANSITIONS[State.DISPATCHED]


SAID_YES = (State.APPROVED, State.AUTHORISED, State.CAPTURED)
LATE = {
    "approval": Approved("123456", 1200),
    "another approval": Approved("654321", 1200),
    "no": Declined("05"),
    "ack": ReversalAccepted("00"),
    "garbage": None,
}


@pytest.mark.parametrize(("state", "name"), list(itertools.product(State, LATE)))
def test_late_answers(state: State, name: str) -> None:
    outcome = LATE[name]
    verdict = decide.late(LateAnswer("000000000001", 1, outcome, "00"), state, "123456")
    moves = isinstance(outcome, Approved) and Kind.LATE_APPROVAL in TRANSITIONS.get(state, {})
    assert (verdict.kind is Kind.LATE_APPROVAL) == moves
    if moves:
        assert verdict.alarm == "late-approval"
    if isinstance(outcome, Approved) and not moves and state is not State.DISPATCHED:
        same = state in SAID_YES and outcome.approval_number == "123456"
        assert (verdict.alarm == "") == same, "money moved that nobody knows of: a person is told"
    if name in ("ack", "garbage"):
        assert verdict.alarm == ""
    if name == "no":
        assert (verdict.alarm == "two-answers") == (state in SAID_YES)


@pytest.mark.parametrize("state", State)
def test_what_was_not_collected_is_unpaid_where_the_table_says_so_and_nothing_was_given_back(
    state: State,
) -> None:
    verdict = decide.uncollected(state, 0, promised=True, returning=False)
    if state is State.DISPATCHED:
        assert verdict is None, "its approval is still awaited"
        return
    moves = Kind.NOT_COLLECTED in TRANSITIONS.get(state, {})
    assert verdict is not None and (verdict.kind is Kind.NOT_COLLECTED) == moves == (state is State.APPROVED)
    agreed = state in {*NOT_CHARGED, *OPEN_AT_ACQUIRER, State.UNPAID, State.APPROVED}
    assert (verdict.alarm == "") == agreed, "who was said to have paid, or was never asked, is a person's"


def test_an_approval_is_undone_once_by_whoever_promised_it() -> None:
    contradiction = decide.LateVerdict(None, "unpaid-differs")
    assert decide.uncollected(State.APPROVED, 0, promised=False, returning=False) == contradiction
    assert decide.uncollected(State.APPROVED, 1, promised=True, returning=False) == contradiction
    assert decide.uncollected(State.APPROVED, 1, promised=True, returning=True) is None


def test_reversals_pause_five_seconds_doubling_to_five_minutes_without_end() -> None:
    pauses = [decide.pause_ms(n, 5, 300) for n in range(1, 12)]
    assert pauses[:7] == [5000, 10_000, 20_000, 40_000, 80_000, 160_000, 300_000]
    assert decide.pause_ms(10**6, 5, 300) == 300_000
    assert decide.pause_ms(0, 5, 300) == 5000


def test_a_person_is_told_at_a_quarter_an_hour_and_a_day() -> None:
    minute = 60_000
    levels = [decide.alarm_level(m * minute) for m in (0, 14, 15, 59, 60, 1439, 1440, 10**6)]
    assert levels == [0, 0, 1, 1, 2, 2, 3, 3]


def test_every_verdict_is_answered_250_and_all_alike() -> None:
    replies = {reply_for(verdict)[:3] for verdict in Verdict}
    assert len(replies) == 1, "whoever probes learns nothing"
    assert replies.pop()[0] == 250


def test_what_nobody_foresaw_is_temporary() -> None:
    assert reply_for("never heard of").code == 451


@pytest.mark.parametrize("slug", REPLIES)
def test_replies_are_well_formed(slug: str) -> None:
    code, enhanced, text, _ = REPLIES[slug]
    assert str(code)[0] == enhanced[0]
    assert text.isascii()
    assert slug.startswith("store") is False or code // 100 == 4, "what was not stored comes again"


def test_an_error_says_one_sentence_and_keeps_the_detail() -> None:
    error = GatewayError("The disk is full.", "store-full", Disposition.RETRY, "SQLITE_FULL")
    assert str(error) == "The disk is full. [store-full]"
    assert "SQLITE" not in str(error)


@pytest.mark.parametrize("code", ["04", "07", "41", "43", "G56", "G60", "G61", "G96"])
def test_why_a_lost_card_is_refused_is_never_said(code: str) -> None:
    assert codes.reason_for(code, "en") == "Please ask for another card"
    assert codes.reason_for(code, "ja") == "別のカードをご利用ください"
    assert codes.shown_code(code) == ""


@pytest.mark.parametrize("code", codes.REASONS)
def test_words_stand_in_both_languages(code: str) -> None:
    ja, en = codes.REASONS[code]
    assert en.isascii()
    assert not ja.isascii()
    assert len(codes.shown_code(code)) <= 16
