"""What the gateway has on its disk, read as any other program would read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hagaki.simulation.sales import Key
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.store import books
from mail_gateway.store.backend import guest

_PAYMENTS: Final = (
    "SELECT id, ksn, state, amount_minor, currency, shunted, due_ms, kind, original, returned_minor"
    " FROM payments ORDER BY id"
)
_EVENTS: Final = "SELECT payment, before, kind, after FROM events ORDER BY id"
_TRANSFERS: Final = "SELECT payment, debit, credit, amount_minor, currency, phase FROM transfers ORDER BY id"
_LETTERS: Final = "SELECT payment, kind, version, state, message_id FROM letters ORDER BY payment, version"
_LATE: Final = "SELECT DISTINCT payment FROM answers WHERE late = 1 AND outcome = 'Approved'"
_OPEN_LETTERS: Final = "SELECT count(*) FROM letters WHERE due_ms IS NOT NULL"
_REVERSED: Final = frozenset({State.REVERSING, State.CONFIRMING})
_STATES: Final = "SELECT id, state, amount_minor FROM payments"


@dataclass(frozen=True, slots=True)
class Records:
    """Rows as the database gives them. late: payments with a late approval on record.

    broken_at: where the ledger's chain breaks, None: nowhere."""

    payments: list[Any]
    events: list[Any]
    transfers: list[Any]
    letters: list[Any]
    late: list[Any]
    broken_at: int | None


def key_of(payment: Any) -> Key:
    """What the row's sale or return is known by."""
    return payment.kind != Trade.SALE, payment.amount_minor


def read(url: str) -> Records:
    """All of it. Raises GatewayError."""
    with guest(url) as conn:
        asked = (_PAYMENTS, _EVENTS, _TRANSFERS, _LETTERS, _LATE)
        rows = [list(conn.exec_driver_sql(sql)) for sql in asked]
        return Records(rows[0], rows[1], rows[2], rows[3], rows[4], books.broken_at(conn))


def ksns(url: str) -> set[bytes]:
    """KSNs of all payments. Raises GatewayError."""
    with guest(url) as conn:
        return {bytes(ksn) for (ksn,) in conn.exec_driver_sql("SELECT ksn FROM payments")}


def is_settled(url: str, may_stay_open: frozenset[int]) -> bool:
    """Nothing is under way any more. may_stay_open: last three digits of amounts that the host never ends."""
    with guest(url) as conn:
        if conn.exec_driver_sql(_OPEN_LETTERS).scalar():
            return False
        return all(
            State(state) in ENDED or (State(state) in _REVERSED and amount % 1000 in may_stay_open)
            for _, state, amount in conn.exec_driver_sql(_STATES)
        )
