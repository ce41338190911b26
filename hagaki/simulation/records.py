"""What the gateway has on its disk, read as any other program would read it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.order_records import Selling, selling, under_way
from hagaki.simulation.sales import Key, Way
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.store import books
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from mail_gateway.store.backend import Guest

_BURNED: Final = "(counter IS NOT NULL AND sale_hash IS NULL AND order_id IS NULL)"
"""A key that was taken, and nothing was ever sealed under it."""

_PAYMENTS: Final = (
    "SELECT id, ksn, state, amount_minor, currency, shunted, due_ms, kind, original, returned_minor,"
    f" order_id, hold, {_BURNED} AS burned FROM payments ORDER BY id"
)
_CAME: Final = f"SELECT ksn FROM payments WHERE NOT {_BURNED}"
_EVENTS: Final = "SELECT payment, before, kind, after FROM events ORDER BY id"
_TRANSFERS: Final = "SELECT payment, debit, credit, amount_minor, currency, phase FROM transfers ORDER BY id"
_LETTERS: Final = "SELECT payment, kind, version, state, message_id FROM letters ORDER BY payment, version"
_LATE: Final = "SELECT DISTINCT payment FROM answers WHERE late = 1 AND outcome = 'Approved'"
_OPEN_LETTERS: Final = "SELECT count(*) FROM letters WHERE due_ms IS NOT NULL"
_MAILS: Final = "SELECT message_id, count(*) FROM mails GROUP BY message_id"
_MAILBOX: Final = "SELECT slug FROM mailboxes"
_REVERSED: Final = frozenset({State.REVERSING, State.CONFIRMING})
_STATES: Final = "SELECT kind, state, amount_minor FROM payments"


@dataclass(frozen=True, slots=True)
class Records:
    """Rows as the database gives them. payments: of readers, burned: of a key that a cancel took; bought: of
    orders. late: payments with a late
    approval on record. broken_at: where the ledger's chain breaks, None: nowhere. mails: how many rows there
    are of each, by its Message-ID. mailbox: why it cannot be read, as the doctor has it, or empty."""

    payments: list[Any]
    bought: list[Any]
    events: list[Any]
    transfers: list[Any]
    letters: list[Any]
    late: list[Any]
    broken_at: int | None
    selling: Selling
    mails: dict[str, int]
    mailbox: str

    def references(self) -> set[str]:
        """By what the host knows the payments of orders."""
        return {reference(payment.id) for payment in self.bought}

    def cancels(self) -> set[str]:
        """By what the host knows cancels: it is asked to give a sale back."""
        return {reference(payment.id) for payment in self.payments if payment.kind == Trade.CANCEL}


_WAYS: Final = {Trade.SALE: Way.SALE, Trade.CANCEL: Way.CANCEL}


def reference(payment: int) -> str:
    """By what the host knows a payment."""
    return f"{payment:012d}"


def key_of(payment: Any) -> Key:
    """What the row's sale or return is known by."""
    return _WAYS.get(payment.kind, Way.RETURN), payment.amount_minor


def read(url: str) -> Records:
    """All of it. Raises GatewayError."""
    with guest(url) as conn:
        asked = (_PAYMENTS, _EVENTS, _TRANSFERS, _LETTERS, _LATE)
        rows = [list(conn.exec_driver_sql(sql)) for sql in asked]
        readers = [payment for payment in rows[0] if payment.order_id is None]
        bought = [payment for payment in rows[0] if payment.order_id is not None]
        events, transfers, letters, late = rows[1:]
        sold = (books.broken_at(conn), selling(conn))
        came = dict(map(tuple, conn.exec_driver_sql(_MAILS)))
        away = "".join(conn.exec_driver_sql(_MAILBOX).scalars())
        return Records(readers, bought, events, transfers, letters, late, *sold, came, away)


def ksns(url: str) -> set[bytes]:
    """KSNs of all payments that came. Raises GatewayError."""
    with guest(url) as conn:
        return {bytes(ksn) for (ksn,) in conn.exec_driver_sql(_CAME)}


def mails(url: str) -> set[str]:
    """Message-IDs of all mails that were kept. Raises GatewayError."""
    with guest(url) as conn:
        return set(conn.exec_driver_sql("SELECT message_id FROM mails").scalars())


class Settling:
    """Asks again and again whether all is settled, on one connection for each database."""

    def __init__(self, may_stay_open: frozenset[int]) -> None:
        self._may_stay_open = may_stay_open
        self._url = ""
        self._open = ExitStack()

    def is_settled(self, url: str) -> bool:
        """Nothing is under way any more. Raises GatewayError."""
        if url != self._url:
            self.close()
            engine = self._open.enter_context(guest(url)).engine
            self._conn, self._url = self._open.enter_context(engine.connect()), url
        try:
            return is_settled(self._conn, self._may_stay_open)
        finally:
            self._conn.rollback()

    def close(self) -> None:
        """The connection is given up."""
        self._url = ""
        self._open.close()


def is_settled(conn: Guest, may_stay_open: frozenset[int]) -> bool:
    """may_stay_open: last three digits of amounts that the host never ends."""
    if conn.exec_driver_sql(_OPEN_LETTERS).scalar() or any(True for _ in under_way(conn, may_stay_open)):
        return False
    return all(
        State(state) in ENDED or (_may_wait(kind, State(state)) and amount % 1000 in may_stay_open)
        for kind, state, amount in conn.exec_driver_sql(_STATES)
    )


def _may_wait(kind: str, state: State) -> bool:
    """For ever, where the host never lets a reversal end: so does a cancel of such a sale."""
    return state in _REVERSED or (kind == Trade.CANCEL and state is State.RECEIVED)
