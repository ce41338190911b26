"""Daily totals on disk: what the ledger has of a day, and what became of comparing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert  # SQLite says it in the same words

from acquirer_sdk.values import Totals
from mail_gateway.domain.ledger import Account, Phase
from mail_gateway.domain.payment import OPEN_AT_ACQUIRER, State, Trade
from mail_gateway.domain.totals import Compared, TotalsState
from mail_gateway.store.tables import payments, totals, transfers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Connection

    from mail_gateway.store.sheet import Sheet

STANDS: Final = (State.APPROVED, State.SETTLED, State.UNPAID)
"""What the acquirer has accepted, whatever it collected of it later."""

_BACK: Final = [trade.value for trade in Trade if trade.is_return]
_P: Final = payments.c
_T: Final = transfers.c
_O: Final = totals.c
_BEGIN: Final = (
    upsert(totals).on_conflict_do_nothing().returning(_O.day)
)  # two nodes may see the same day end
_FIGURES: Final = ("sales", "sales_minor", "returns", "returns_minor")
_FINAL: Final = and_(
    _T.phase == Phase.POSTED.value,
    or_(
        and_(_T.credit == Account.MERCHANT_PAYABLE.value, _P.kind.not_in(_BACK)),
        and_(_T.debit == Account.MERCHANT_PAYABLE.value, _P.kind.in_(_BACK)),
    ),
)
"""A transfer that takes back what was not collected is neither a sale nor a return."""


class Day:
    """Which payments belong to one acquirer's day: those whose request said so.

    names: the acquirer's, and the empty one too if it is the default. from_s up to, not with, until_s: unix
    seconds, of what the acquirer was told.
    """

    def __init__(self, day: str, currency: int, names: Collection[str], span_s: tuple[int, int]) -> None:
        self.day = day
        self.currency = currency
        self.names = tuple(names)
        self.from_s, self.until_s = span_s

    @property
    def its(self) -> ColumnElement[bool]:
        """The condition on payments."""
        return and_(
            _P.keyed_s >= self.from_s,
            _P.keyed_s < self.until_s,
            _P.acquirer.in_(self.names),
            _P.currency == self.currency,
        )


def posted(conn: Connection, day: Day, from_ms: int, until_ms: int) -> Totals:
    """What the ledger made final of that day, from one moment up to another, unix ms."""
    asked = (
        select(_P.kind, func.count(), func.sum(_T.amount_minor))
        .join(transfers, and_(_T.payment == _P.id, _FINAL))
        .where(_T.at_ms >= from_ms, _T.at_ms < until_ms, day.its)
        .group_by(_P.kind)
    )
    found = {"sales": 0, "sales_minor": 0, "returns": 0, "returns_minor": 0}
    for kind, number, minor in conn.execute(asked):
        name = "returns" if Trade(kind).is_return else "sales"
        found[name] += int(number)
        found[f"{name}_minor"] += int(minor)
    return Totals(day.day, day.currency, **found)


def open_payments(conn: Connection, day: Day) -> list[int]:
    """Payments of that day whose end is still to come."""
    asked = select(_P.id).where(_P.reversal.is_not(None), _P.state.in_(OPEN_AT_ACQUIRER), day.its)
    asked = asked.where(_P.hold == 0)  # what is only held is in nobody's totals
    return list(conn.scalars(asked.order_by(_P.id)))


def differences(conn: Connection, day: Day) -> list[dict[str, Any]]:
    """Payments of that day that the ledger does not say the same of. Looks at every payment."""
    entries, total = func.count(_T.id), func.coalesce(func.sum(_T.amount_minor), 0)
    found = (
        _P.id.label("payment"),
        _P.state,
        _P.amount_minor,
        entries.label("entries"),
        total.label("minor"),
    )
    asked = (
        select(*found)
        .outerjoin(transfers, and_(_T.payment == _P.id, _FINAL))
        .where(day.its)
        .group_by(_P.id, _P.state, _P.amount_minor)
        .order_by(_P.id)
    )
    rows = [dict(row) for row in conn.execute(asked).mappings()]
    return [row for row in rows if _differs(row)]


def _differs(row: dict[str, Any]) -> bool:
    if row["state"] in STANDS:
        return bool(row["entries"] != 1 or row["minor"] != row["amount_minor"])
    return bool(row["entries"])


def newest(conn: Connection, acquirer: str, currency: int) -> str | None:
    """The last day that this acquirer is asked about."""
    asked = select(func.max(_O.day)).where(_O.acquirer == acquirer, _O.currency == currency)
    found: str | None = conn.scalar(asked)
    return found


def begin(sheet: Sheet, acquirer: str, day: str, currency: int, due_ms: int) -> bool:
    """Unit of work: that day has to be compared; -> whether that is new."""
    row = {"acquirer": acquirer, "day": day, "currency": currency, "due_ms": due_ms}
    return sheet.execute(_BEGIN, row).first() is not None


def due(conn: Connection, now_ms: int) -> list[Compared]:
    """What has to be asked now."""
    asked = select(totals).where(_O.due_ms <= now_ms).order_by(_O.day, _O.acquirer)
    return [_compared(row) for row in conn.execute(asked).mappings()]


def change(sheet: Sheet, one: Compared, changes: Mapping[str, Any]) -> bool:
    """Unit of work: other values, if nobody changed it since it was read; -> whether that was so."""
    values = dict(changes)
    for side in ("ours", "theirs"):
        if isinstance(values.get(side), Totals):
            values[side] = " ".join(str(getattr(values[side], name)) for name in _FIGURES)
    key = (_O.acquirer == one.acquirer, _O.day == one.day, _O.currency == one.currency)
    asked = update(totals).where(*key, _O.attempts == one.attempts, _O.state == one.state)
    return sheet.execute(asked.values(**values)).rowcount == 1


def listed(conn: Connection, day: str = "", limit: int = 100) -> list[Compared]:
    """The newest days first; day: only that one."""
    asked = select(totals).order_by(_O.day.desc(), _O.acquirer).limit(limit)
    if day:
        asked = asked.where(_O.day == day)
    return [_compared(row) for row in conn.execute(asked).mappings()]


def explain(conn: Connection, acquirer: str, day: str, remark: str) -> bool:
    """Unit of work: a person knows why that day differs; -> whether it was one that does."""
    differs = (_O.acquirer == acquirer, _O.day == day, _O.state == TotalsState.DIFFERS.value)
    asked = update(totals).where(*differs).values(state=TotalsState.EXPLAINED.value, remark=remark)
    return conn.execute(asked).rowcount > 0


def _compared(row: Any) -> Compared:
    key = (row["acquirer"], row["day"], row["currency"])
    sides = (_figures(row, side) for side in ("ours", "theirs"))
    return Compared(*key, TotalsState(row["state"]), row["due_ms"], row["attempts"], *sides)


def _figures(row: Any, side: str) -> Totals | None:
    if row[side] is None:
        return None
    return Totals(row["day"], row["currency"], *map(int, row[side].split()))
