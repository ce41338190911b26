"""The ledger on disk: rows only ever added, each carrying the hash of all before it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, case, func, insert, select

from mail_gateway.domain.ledger import Phase
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import transfers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from mail_gateway.domain.ledger import Transfer
    from mail_gateway.store.sheet import Sheet

_COLUMNS: Final = (
    "payment",
    "event",
    "lane",
    "place",
    "at_ms",
    "debit",
    "credit",
    "amount_minor",
    "currency",
    "phase",
)
_T: Final = transfers.c
_LAST: Final = (
    select(_T.place, _T.chain).where(_T.lane == bindparam("lane")).order_by(_T.place.desc()).limit(1)
)
_TRANSFER: Final = Line(Step.TRANSFER, insert(transfers))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a transfer belongs: its payment, its event, the lane of the writing node, the event's time."""

    payment: int
    event: int
    lane: int
    at_ms: int


def post(sheet: Sheet, place: Place, moved: Iterable[Transfer]) -> None:
    """Unit of work: add the transfers of one event."""
    for transfer in moved:
        number, before = sheet.ahead.ends.get(place.lane) or _end(sheet, place.lane)
        row: dict[str, int | str] = {
            "payment": place.payment,
            "event": place.event,
            "lane": place.lane,
            "place": number + 1,
            "at_ms": place.at_ms,
            "debit": transfer.debit.value,
            "credit": transfer.credit.value,
            "amount_minor": transfer.amount_minor,
            "currency": transfer.currency,
            "phase": transfer.phase.value,
        }
        chain = link(before, row)
        sheet.add(_TRANSFER, {**row, "chain": chain})
        sheet.ahead.ends[place.lane] = (number + 1, chain)


def _end(sheet: Sheet, lane: int) -> tuple[int, bytes]:
    """The last place and link of a lane on the disk."""
    last = sheet.execute(_LAST, {"lane": lane}).one_or_none()
    return (0, start(lane)) if last is None else (last.place, last.chain)


def start(lane: int) -> bytes:
    """What the first link of a lane is chained to: SHA-256 of the lane's number in decimal."""
    return hashlib.sha256(str(lane).encode()).digest()


def link(before: bytes, row: Mapping[str, int | str]) -> bytes:
    """SHA-256 of the chain so far and the row, its columns in order, each on a line."""
    canonical = "".join(f"{name}={row[name]}\n" for name in _COLUMNS)
    return hashlib.sha256(before + canonical.encode()).digest()


def broken_at(conn: Connection) -> int | None:
    """The number of the first row, lane by lane, that does not follow from those before it; None: all do."""
    lane, place, before = 0, 0, b""
    for row in conn.execute(select(transfers).order_by(_T.lane, _T.place)).mappings():
        if row["lane"] != lane:
            lane, place, before = row["lane"], 0, start(row["lane"])
        place += 1
        before = link(before, {name: row[name] for name in _COLUMNS})
        if row["place"] != place or row["chain"] != before:
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
