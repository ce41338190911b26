"""Every answer the acquirer ever gave, also those that fit nothing. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import insert, select

from acquirer_sdk.values import Approved, LateAnswer, NotCollected
from mail_gateway.domain.payment import NOT_CHARGED, OPEN_AT_ACQUIRER, Kind, State
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import answers, events, payments

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from acquirer_sdk.values import AuthoriseOutcome, NotFound, ReversalOutcome
    from mail_gateway.store.sheet import Sheet

_ADD: Final = Line(Step.ANSWER, insert(answers))
_A: Final = answers.c
_SPOKEN_OF: Final = (
    select(events.c.id)
    .where(events.c.payment == _A.payment, events.c.kind == Kind.LATE_APPROVAL, events.c.at_ms >= _A.at_ms)
    .exists()
)
_UNJUDGED: Final = (
    select(_A.payment, _A.stan, _A.approval_number, _A.amount_minor, _A.code)
    .join(payments, payments.c.id == _A.payment)
    .where(_A.late == 1, _A.outcome == Approved.__name__, ~_SPOKEN_OF)
    .where(payments.c.state.in_((*NOT_CHARGED, State.MORE_WANTED)), payments.c.reversal.is_not(None))
)
_NOT_BOOKED: Final = (
    select(_A.payment, payments.c.state, payments.c.returned_minor, _A.code, _A.at_ms)
    .join(payments, payments.c.id == _A.payment)
    .where(_A.late == 1, _A.outcome == NotCollected.__name__)
    .where(payments.c.state.not_in((*NOT_CHARGED, *OPEN_AT_ACQUIRER, State.UNPAID)))
    .order_by(_A.id)
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. outcome: its kind, e.g. Approved. amount_minor: minor units, 0 where it has none."""

    reference: str
    stan: int
    outcome: str
    code: str
    amount_minor: int = 0
    approval_number: str = ""
    late: bool = False


def answer_of(reference: str, stan: int, outcome: AuthoriseOutcome | ReversalOutcome | NotFound) -> Answer:
    """An outcome as the row that keeps it. Its reason stands for the code where the acquirer sent none."""
    code = str(getattr(outcome, "code", "") or getattr(outcome, "reason", ""))
    if isinstance(outcome, Approved):
        return Answer(reference, stan, "Approved", code, outcome.amount_minor, outcome.approval_number)
    return Answer(reference, stan, type(outcome).__name__, code)


def late_answer_of(late: LateAnswer) -> Answer:
    """The same for an answer nobody waited for."""
    amount, number = 0, ""
    if isinstance(late.outcome, Approved):
        amount, number = late.outcome.amount_minor, late.outcome.approval_number
    name = "Unreadable" if late.outcome is None else type(late.outcome).__name__
    return Answer(late.reference, late.stan, name, late.code, amount, number, late=True)


class Unjudged(NamedTuple):
    """A late approval and the payment it names."""

    payment: int
    stan: int
    approval_number: str
    amount_minor: int
    code: str


def unjudged(conn: Connection) -> list[Unjudged]:
    """Late approvals of payments that nobody is said to have paid, and that no event speaks of."""
    return [Unjudged(*row) for row in conn.execute(_UNJUDGED)]


def not_booked(conn: Connection) -> list[dict[str, Any]]:
    """Payments that an acquirer did not collect, and of which the books say otherwise."""
    return [dict(row) for row in conn.execute(_NOT_BOOKED).mappings()]


def keep(sheet: Sheet, answer: Answer, payment_id: int | None, at_ms: int) -> None:
    """Unit of work: store one answer."""
    row = {
        "at_ms": at_ms,
        "payment": payment_id,
        "reference": answer.reference,
        "stan": answer.stan,
        "outcome": answer.outcome,
        "code": answer.code,
        "amount_minor": answer.amount_minor,
        "approval_number": answer.approval_number,
        "late": int(answer.late),
    }
    sheet.add(_ADD, row)
