"""Returns on disk: the sale that one gives back, how much of it is held, and what a person has ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, select, update

from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.domain.returns import Sold
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import payments, readers

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import Connection, Select

    from mail_gateway.store.sheet import Sheet

_P: Final = payments.c
_SOLD: Final = select(
    _P.id,
    _P.epoch,
    readers.c.merchant,
    _P.kind,
    _P.state,
    _P.amount_minor,
    _P.returned_minor,
    _P.currency,
    _P.masked_card,
    _P.approval_number,
    _P.stan,
    _P.keyed_s,
    _P.acquirer,
).join(readers, readers.c.id == _P.reader)
_BY_NUMBER: Final = _SOLD.where(_P.id == bindparam("its_id"))
_BY_KEY: Final = _SOLD.where(
    readers.c.key_id == bindparam("its_key_id"), _P.counter == bindparam("its_counter")
)
_UNDER_WAY: Final = select(_P.id).where(
    _P.original == bindparam("its_id"),
    _P.kind != Trade.CAPTURE.value,
    _P.state.not_in([state.value for state in ENDED]),
)
_NUMBER: Final = _P.id.type
_HOLD: Final = Line(
    Step.COUNT,
    update(payments)
    .where(_P.id == bindparam("its_id"), _P.epoch == bindparam("its_epoch"))
    .values(returned_minor=_P.returned_minor + bindparam("minor", type_=_NUMBER), epoch=_P.epoch + 1),
    each=True,
)
_FREE: Final = Line(
    Step.COUNT,
    update(payments)
    .where(_P.id == bindparam("its_id"))
    .values(returned_minor=_P.returned_minor - bindparam("minor", type_=_NUMBER), epoch=_P.epoch + 1),
    each=True,
)


def sold(conn: Connection, number: int) -> Sold | None:
    """The payment of that number, as the sale of a return."""
    return _sold(conn, _BY_NUMBER, {"its_id": number})


def sold_under(conn: Connection, ksn: bytes) -> Sold | None:
    """The payment that was sealed under that key."""
    key = {"its_key_id": ksn[:8], "its_counter": counter_of(ksn)}
    return _sold(conn, _BY_KEY, key)


def under_way(conn: Connection, sale: int) -> bool:
    """Whether a return of that sale has not come to its end."""
    return conn.execute(_UNDER_WAY, {"its_id": sale}).first() is not None


def hold(sheet: Sheet, sale: int, epoch: int, minor: int) -> None:
    """Unit of work: a return holds so much of its sale, as it was judged. Stale if the sale changed since.

    Two returns of one sale never come to the disk by one judgement: the epoch counts.
    """
    sheet.add(_HOLD, {"its_id": sale, "its_epoch": epoch, "minor": minor})


def free(sheet: Sheet, sale: int, minor: int) -> None:
    """Unit of work: a return was given up; so much of its sale can be given back again."""
    sheet.add(_FREE, {"its_id": sale, "minor": minor})


def held(conn: Connection, first: int, last: int) -> dict[int, int]:
    """Sale -> what its returns hold of it, minor units; of the sales from first to last."""
    asked = select(_P.original, func.sum(_P.returned_minor)).where(
        _P.original.between(first, last), _P.kind != Trade.CAPTURE.value
    )
    return {sale: int(minor) for sale, minor in conn.execute(asked.group_by(_P.original))}


def _sold(conn: Connection, asked: Select[Any], row: dict[str, Any]) -> Sold | None:
    found = conn.execute(asked, row).mappings().one_or_none()
    if found is None:
        return None
    typed = {"kind": Trade(found["kind"]), "state": State(found["state"]), "stan": found["stan"] or 0}
    return Sold(**{**found, **typed})
