"""Decisions, all pure: is a sale fresh and allowed, what does an answer mean, when is a reversal repeated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acquirer_sdk.values import Approved, Ask, Declined, InDoubt, NeedsInput, NotSent
from mail_gateway.domain.payment import NOT_CHARGED, OPEN_AT_ACQUIRER, TRANSITIONS, Event, Kind, State, Trade

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acquirer_sdk.values import AuthoriseOutcome, LateAnswer

TRADES: Final[Mapping[int, Trade]] = {1: Trade.SALE, 2: Trade.VOID, 3: Trade.REFUND, 5: Trade.CANCEL}
"""The kinds of request that are taken (schemas/envelope/SPEC.md); the others are refused in words."""

CLOCK_AHEAD_MAX_MS: Final = 5 * 60_000
CLOCK_FLOOR_MS: Final = 1_704_067_200_000
"""2024-01-01: a reader that shows less has lost its clock."""

ALARM_AFTER_MS: Final = (15 * 60_000, 60 * 60_000, 24 * 60 * 60_000)
"""How long a reversal may stay open until a person is told, the first, second and third time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a sale or return asks for. kind: the payload's. amount_minor: of `currency` (ISO 4217 numeric)."""

    kind: int
    amount_minor: int
    currency: int
    has_card: bool


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken. amount_minor_max: minor units of `currency`."""

    amount_minor_max: int
    currency: int


def fresh_until_ms(reader_time_s: int, received_ms: int, freshness_s: int) -> int:
    """The last moment at which the sale may be charged, unix ms; later the customer may have gone.

    Counts from the reader's own time (unix seconds), or from our receipt where the reader's clock is absurd.
    """
    seen_ms = reader_time_s * 1000 if _is_believable(reader_time_s, received_ms) else received_ms
    return min(seen_ms, received_ms) + freshness_s * 1000


def keyed_s(reader_time_s: int, received_ms: int) -> int:
    """When it was keyed, unix s, as the acquirer is told: by the reader's clock unless that is absurd."""
    return reader_time_s if _is_believable(reader_time_s, received_ms) else received_ms // 1000


def _is_believable(reader_time_s: int, received_ms: int) -> bool:
    return CLOCK_FLOOR_MS <= reader_time_s * 1000 <= received_ms + CLOCK_AHEAD_MAX_MS


def key_refusal(barred: str, opens_until_ms: int | None, sealed_ms: int) -> str:
    """The slug if the sale's reader or key is no longer good, or an empty text.

    barred: a revocation's slug. A retired key opens what was sealed until opens_until_ms, so that nothing on
    its way is refused; None: it is not retired. All unix ms.
    """
    if barred:
        return barred
    return "key-retired" if opens_until_ms is not None and sealed_ms > opens_until_ms else ""


def refusal(asked: Asked, limits: Limits) -> str:
    """The slug of the first rule that a sale or return breaks by itself, or an empty text."""
    is_sale = TRADES.get(asked.kind) is Trade.SALE
    rules = (
        (asked.kind not in TRADES, "kind-unsupported"),
        (asked.currency != limits.currency, "currency-unsupported"),
        (asked.amount_minor < 1, "amount-zero"),
        (is_sale and asked.amount_minor > limits.amount_minor_max, "amount-over-limit"),
        (not asked.has_card, "card-missing"),
    )
    return next((slug for broken, slug in rules if broken), "")


def event_of(
    outcome: AuthoriseOutcome, amount_minor: int, trade: Trade = Trade.SALE, *, hold: bool = False
) -> Event:
    """What the acquirer answered to a request for amount_minor -> the event of the payment.

    An approval of any other amount is in doubt: it is reversed, not kept. Nothing is ever added to a return:
    one of which the acquirer wants to know more is declined. hold: the amount was only to be kept.
    """
    match outcome:
        case Approved(number, amount, code) if amount == amount_minor:
            kind = Kind.HOST_HELD if hold else Kind.HOST_APPROVED
            return Event(kind, {"code": code, "approval_number": number})
        case Approved(number, amount, code):
            facts: dict[str, str | int] = {
                "reason": "amount-differs",
                "code": code,
                "approval_number": number,
                "amount_minor": amount,
            }
            return Event(Kind.SILENCE, facts)
        case Declined(code):
            return Event(Kind.HOST_DECLINED, {"code": code})
        case NeedsInput(Ask.AGAIN, code):
            return Event(Kind.HOST_ASKS_AGAIN, {"code": code})
        case NeedsInput(_, code) if trade.is_return:
            return Event(Kind.HOST_DECLINED, {"code": code})
        case NeedsInput(_, code):
            return Event(Kind.HOST_ASKS_MORE, {"code": code})
        case InDoubt(reason):
            return Event(Kind.SILENCE, {"reason": reason})
        case NotSent(reason):
            return Event(Kind.NOT_SENT, {"reason": reason})


_SAID_YES: Final = (State.APPROVED, State.AUTHORISED, State.CAPTURED)


@dataclass(frozen=True, slots=True)
class LateVerdict:
    """kind: the event to record, if any. alarm: the slug a person is told, or empty."""

    kind: Kind | None
    alarm: str


def late(answer: LateAnswer, state: State, approval_number: str) -> LateVerdict:
    """An answer nobody waited for, and the payment it names. approval_number: the one on record."""
    approved = isinstance(answer.outcome, Approved)
    if approved and Kind.LATE_APPROVAL in TRANSITIONS.get(state, {}):
        return LateVerdict(Kind.LATE_APPROVAL, "late-approval")
    if isinstance(answer.outcome, Approved):
        same = state in _SAID_YES and answer.outcome.approval_number == approval_number
        return LateVerdict(None, "" if same else "two-answers")
    contradicts = state in _SAID_YES and isinstance(answer.outcome, Declined | NeedsInput)
    return LateVerdict(None, "two-answers" if contradicts else "")


_NOTHING_TAKEN: Final = frozenset({*NOT_CHARGED, *OPEN_AT_ACQUIRER, State.UNPAID})


def uncollected(state: State, returned_minor: int, *, promised: bool, returning: bool) -> LateVerdict | None:
    """Nothing was collected of a payment that stands there; None: that cannot be judged yet.

    returned_minor: what returns of it hold; returning: one of them is under way. promised: this acquirer's
    yes is only a promise to collect. What was given back is never undone as well: nobody knows who has the
    money.
    """
    if state is State.DISPATCHED or returning:
        return None
    if promised and Kind.NOT_COLLECTED in TRANSITIONS.get(state, {}) and not returned_minor:
        return LateVerdict(Kind.NOT_COLLECTED, "")
    return LateVerdict(None, "" if state in _NOTHING_TAKEN else "unpaid-differs")


def pause_ms(transmissions: int, first_s: int, max_s: int) -> int:
    """The pause after that many reversals, ms: first_s, doubling, at most max_s. It never ends."""
    return min(first_s << min(max(transmissions - 1, 0), 20), max_s) * 1000


def alarm_level(open_ms: int) -> int:
    """How many of ALARM_AFTER_MS a reversal open for so long has passed."""
    return sum(open_ms >= limit for limit in ALARM_AFTER_MS)
