"""What shops' servers are told, on disk: written with the event, taken out in order, tried until taken."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, func, insert, not_, select, update

from mail_gateway.store.order_tables import hooks, orders, selling
from mail_gateway.store.sheet import Line, Step
from mail_gateway.store.tables import merchants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from mail_gateway.domain.hook import Hook
    from mail_gateway.store.sheet import Sheet

SENDING_GUARD_MS: Final = 60_000
"""What a process that died had in hand is due again after so long; its own time-out is far below."""

_H: Final = hooks.c
_S: Final = selling.c
_PUT: Final = Line(Step.LETTER, insert(hooks))
_EARLIER: Final = hooks.alias()
_IS_BEHIND: Final = (
    select(_EARLIER.c.id)
    .where(_EARLIER.c.order_id == _H.order_id, _EARLIER.c.id < _H.id, _EARLIER.c.due_ms.is_not(None))
    .exists()
)
_TO_CLAIM: Final = (
    select(_H.id, _H.merchant, _H.order_id, _H.event, _H.body, _H.attempts + 1, _H.since_ms)
    .add_columns(func.coalesce(_S.webhook, ""), _S.hook_secret)
    .join(selling, _S.merchant == _H.merchant, isouter=True)
    .where(_H.due_ms <= bindparam("now_ms"), not_(_IS_BEHIND))
    .where(_H.merchant.not_in(bindparam("full", expanding=True)))
    .order_by(_H.due_ms, _H.id)
    .limit(bindparam("most", type_=_H.id.type))
    .with_for_update(skip_locked=True, of=hooks)
)
_NEXT: Final = select(func.min(_H.due_ms)).where(_H.due_ms > bindparam("now_ms"))
_CLAIM: Final = Line(
    Step.MARK,
    update(hooks)
    .where(_H.id == bindparam("its_id"), _H.attempts == bindparam("tried"), _H.due_ms.is_not(None))
    .values(attempts=_H.attempts + 1, due_ms=bindparam("until_ms", type_=_H.due_ms.type))
    .values(node=bindparam("by", type_=_H.node.type)),
    each=True,  # two who take out the same: one of them looks again
)
_SETTLE: Final = (
    update(hooks)
    .where(_H.id == bindparam("its_id"), _H.attempts == bindparam("tried"))
    .values({name: bindparam(f"new_{name}", type_=_H[name].type) for name in ("due_ms", "done_ms", "remark")})
)


@dataclass(frozen=True, slots=True)
class HookRow:
    """One hook in hand. attempts: with this one. url: empty where the merchant has no webhook any more;
    secret: wrapped. since_ms: unix ms."""

    id: int
    merchant: int
    order: int
    event: str
    body: bytes
    attempts: int
    since_ms: int
    url: str
    secret: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claimed:
    """rows: to be sent now, at most one of each order. next_ms: when something is
    due after now; None: never."""

    rows: Sequence[HookRow]
    next_ms: int | None


@dataclass(frozen=True, slots=True)
class Mark:
    """What became of one try. due_ms: when it is tried again; None: never, by itself. done_ms: taken."""

    due_ms: int | None
    done_ms: int | None
    remark: str


def put(sheet: Sheet, hook: Hook, now_ms: int) -> None:
    """Unit of work, in the commit of its event: tell the shop's server, from now on. The merchant must have a
    webhook; one event of an order is told once (a second one is refused by the database)."""
    row = {"order_id": hook.order, "merchant": hook.merchant, "event": hook.event.value, "about": hook.about}
    sheet.add(_PUT, {**row, "body": hook.body, "created_ms": now_ms, "since_ms": now_ms, "due_ms": now_ms})


def claim(sheet: Sheet, now_ms: int, most: int, node: int | None, full: Sequence[int]) -> Claimed:
    """Unit of work: take out what is due; of each order only the oldest that is not over, of the merchants in
    `full` none. Should we die now, it is due again after the guard. Raises Stale, at the end, where another
    node was first."""
    found = sheet.execute(_TO_CLAIM, {"now_ms": now_ms, "most": most, "full": list(full)})
    rows = [_row(*row) for row in found]
    for one in rows:
        given = {"its_id": one.id, "tried": one.attempts - 1, "until_ms": now_ms + SENDING_GUARD_MS}
        sheet.add(_CLAIM, {**given, "by": node})
    return Claimed(rows, sheet.scalar(_NEXT, {"now_ms": now_ms}))


def _row(*values: Any) -> HookRow:
    return HookRow(*values)


def settle(sheet: Sheet, row: HookRow, mark: Mark) -> bool:
    """Unit of work: write down what became of a try; -> whether it was still ours to say."""
    given = {"its_id": row.id, "tried": row.attempts}
    new = {"new_due_ms": mark.due_ms, "new_done_ms": mark.done_ms, "new_remark": mark.remark}
    return sheet.execute(_SETTLE, {**given, **new}).rowcount == 1


def listed(conn: Connection, merchant: int, limit: int, *, everything: bool) -> list[dict[str, Any]]:
    """The hooks of a merchant, oldest first: those that are not taken; everything: those that are too."""
    asked = (
        select(_H.id.label("hook"), _H.order_id.label("order"), orders.c.deal_id, _H.event, _H.created_ms)
        .add_columns(_H.due_ms, _H.attempts, _H.done_ms, _H.remark)
        .join(orders, orders.c.id == _H.order_id)
        .where(_H.merchant == merchant)
        .order_by(_H.id)
        .limit(limit)
    )
    if not everything:
        asked = asked.where(_H.done_ms.is_(None))
    return [dict(row) for row in conn.execute(asked).mappings()]


def retry(conn: Connection, merchant: int, now_ms: int) -> int:
    """Unit of work: what is not taken is due now and tried for the whole time anew; -> how many."""
    asked = update(hooks).where(_H.merchant == merchant, _H.done_ms.is_(None))
    return conn.execute(asked.values(due_ms=now_ms, since_ms=now_ms)).rowcount


def given_up(conn: Connection) -> list[dict[str, Any]]:
    """Hooks that nobody took in all the time and that are not tried any more."""
    asked = (
        select(merchants.c.name.label("merchant"), _H.order_id.label("order"), _H.event, _H.remark)
        .join(merchants, merchants.c.id == _H.merchant)
        .where(and_(_H.due_ms.is_(None), _H.done_ms.is_(None)))
    )
    return [dict(row) for row in conn.execute(asked.order_by(_H.id)).mappings()]
