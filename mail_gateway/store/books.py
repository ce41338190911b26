"""The ledger on disk: rows only ever added, each carrying the hash of all before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import case, func, insert, select

from mail_gateway.domain.ledger import Phase
from mail_gateway.store.tables import transfers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from mail_gateway.domain.ledger import Transfer

START: Final = bytes(32)
_COLUMNS: Final = ("payment", "event", "at_ms", "debit", "credit", "amount_minor", "currency", "phase")
_T: Final = transfers.c
_LAST: Final = select(_T.chain).order_by(_T.id.desc()).limit(1)
_ADD: Final = insert(transfers)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transfer belongs: its payment, its event and the event's time."""

    payment: int
    event: int
    at_ms: int


def post(conn: Connection, place: Place, moved: Iterable[Transfer]) -> None:
    """Unit of work: add the transfers of one event."""
    for transfer in moved:
        row: dict[str, int | str] = {
            "payment": place.payment,
            "event": place.event,
            "at_ms": place.at_ms,
            "debit": transfer.debit.value,
            "credit": transfer.credit.value,
            "amount_minor": transfer.amount_minor,
            "currency": transfer.currency,
            "phase": transfer.phase.value,
        }
        last = conn.scalar(_LAST)
        conn.execute(_ADD, {**row, "chain": link(last or START, row)})


def link(before: bytes, row: Mapping[str, int | str]) -> bytes:
    """SHA-256 of the chain so far and the row, its columns in order, each on a line."""
    canonical = "".join(f"{name}={row[name]}\n" for name in _COLUMNS)
    return hashlib.sha256(before + canonical.encode()).digest()


def broken_at(conn: Connection) -> int | None:
    """The number of the first row that does not follow from those before it; None when the chain holds."""
    before = START
    for row in conn.execute(select(transfers).order_by(_T.id)).mappings():
        before = link(before, {name: row[name] for name in _COLUMNS})
        if row["chain"] != before:
            return int(row["id"])
    return None


def balances(conn: Connection) -> dict[tuple[str, int, str], int]:
    """(account, currency, phase) -> minor units, debits less credits; over all accounts the sum is zero.

    phase: "pending" is what is still open, "posted" what is final; a voided transfer undoes its pending one.
    """
    sign = case((_T.phase == Phase.VOIDED.value, -1), else_=1)
    total: dict[tuple[str, int, str], int] = {}
    for account, side in ((_T.debit, 1), (_T.credit, -1)):
        asked = select(account, _T.currency, _T.phase, func.sum(_T.amount_minor * sign * side))
        for name, currency, phase, amount in conn.execute(asked.group_by(account, _T.currency, _T.phase)):
            _add(total, (name, currency, "pending" if phase == Phase.VOIDED else phase), int(amount))
            if phase == Phase.POSTED:
                _add(total, (name, currency, Phase.PENDING.value), -int(amount))
    return total


def _add(total: dict[tuple[str, int, str], int], key: tuple[str, int, str], amount: int) -> None:
    total[key] = total.get(key, 0) + amount
