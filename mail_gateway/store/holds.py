"""Holds: a person stops the sales of a reader, a merchant, one payment, or all of them, and says why."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, insert, select, update

from mail_gateway.domain.standing import Lost, Standing
from mail_gateway.store.tables import holds, merchants, readers, restores

if TYPE_CHECKING:
    from sqlalchemy import Connection, RowMapping


class Subject(StrEnum):
    """What is held."""

    GATEWAY = "gateway"
    MERCHANT = "merchant"
    READER = "reader"
    PAYMENT = "payment"


_H: Final = holds.c
_OPEN: Final = select(_H.subject, _H.number, _H.reason).where(_H.released_ms.is_(None)).order_by(_H.id)
_KEY: Final = readers.c.key_id.label("key_id")
_SHOWN: Final = (
    select(_H.id, _H.subject, _H.number, _KEY, merchants.c.name, _H.reason, _H.at_ms, _H.released_ms)
    .outerjoin(readers, (_H.subject == Subject.READER) & (_H.number == readers.c.id))
    .outerjoin(merchants, (_H.subject == Subject.MERCHANT) & (_H.number == merchants.c.id))
    .order_by(_H.id)
)
_R: Final = restores.c
_LOST: Final = select(
    func.min(_R.lost_from_ms),
    func.max(_R.restored_ms),
    func.count(),
    func.count(_R.finished_ms),
)


def standing(conn: Connection) -> Standing:
    """What stands in the way now: all open holds, and the time that restores have lost."""
    found: dict[str, dict[int, str]] = {subject.value: {} for subject in Subject}
    for subject, number, reason in conn.execute(_OPEN):
        found[subject].setdefault(number or 0, reason)
    for merchant, reason in found[Subject.MERCHANT].items():
        for reader in conn.scalars(select(readers.c.id).where(readers.c.merchant == merchant)):
            found[Subject.READER].setdefault(reader, reason)
    from_ms, until_ms, restored, finished = conn.execute(_LOST).one()
    return Standing(
        gateway=found[Subject.GATEWAY].get(0, ""),
        readers=found[Subject.READER],
        payments=found[Subject.PAYMENT],
        lost=Lost(from_ms, until_ms, restored, finished == restored) if restored else None,
    )


def add(conn: Connection, subject: Subject, number: int | None, reason: str, at_ms: int) -> int:
    """Unit of work: one hold more; -> its number."""
    row = {"subject": subject.value, "number": number, "reason": reason, "at_ms": at_ms}
    held: int = conn.execute(insert(holds).returning(_H.id), row).scalar_one()
    return held


def listed(conn: Connection, *, released: bool) -> list[dict[str, Any]]:
    """The holds, oldest first; released: also those that are over."""
    asked = _SHOWN if released else _SHOWN.where(_H.released_ms.is_(None))
    return [_named(row) for row in conn.execute(asked).mappings()]


def release(conn: Connection, number: int, at_ms: int) -> bool:
    """Unit of work: the hold is over; -> whether it was open."""
    asked = update(holds).where(_H.id == number, _H.released_ms.is_(None))
    return conn.execute(asked.values(released_ms=at_ms)).rowcount == 1


def of_payment(conn: Connection, payment_id: int, reader: int) -> list[dict[str, Any]]:
    """The open holds that keep one payment back."""
    merchant = select(readers.c.merchant).where(readers.c.id == reader).scalar_subquery()
    its = (
        (_H.subject == Subject.GATEWAY)
        | ((_H.subject == Subject.PAYMENT) & (_H.number == payment_id))
        | ((_H.subject == Subject.READER) & (_H.number == reader))
        | ((_H.subject == Subject.MERCHANT) & (_H.number == merchant))
    )
    asked = _SHOWN.where(_H.released_ms.is_(None), its)
    return [_named(row) for row in conn.execute(asked).mappings()]


def _named(row: RowMapping) -> dict[str, Any]:
    """What is held by the name that people know: a reader's serial, a merchant's name."""
    kept = {name: value for name, value in row.items() if name not in ("number", "key_id", "name")}
    number = int.from_bytes(row["key_id"][4:], "big") if row["key_id"] else row["number"]
    whose = row["name"] or ("" if number is None else str(number))
    return {"id": kept.pop("id"), "subject": kept.pop("subject"), "name": whose, **kept}
