"""The lives of the gateways: each start is a node of its own, alive for as long as its lease runs.

Leases are told by the database's clock. A lease that has run out is never renewed: who finds its own run out
begins a new life, and what the old one left is taken over by whoever sees it first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import and_, bindparam, case, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from mail_gateway.domain.payment import State
from mail_gateway.store.clock import NOW_MS
from mail_gateway.store.tables import leases, letters, nodes, payments

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.sql.dml import ReturningUpdate

ADOPT_MAX: Final = 512
"""Payments taken over at once."""

NOBODYS_MS: Final = 10_000
"""A payment that was due so long and that no node ever worked on is anybody's."""

_L: Final = leases.c
_P: Final = payments.c
_UNTIL: Final = NOW_MS + bindparam("lease_ms")
_RENEW: Final = (
    update(leases)
    .where(_L.name == bindparam("its_name"), _L.node == bindparam("its_node"), _L.until_ms > NOW_MS)
    .values(until_ms=_UNTIL)
)
_TAKE: Final = (
    update(leases)
    .where(_L.name == bindparam("its_name"), or_(_L.until_ms <= NOW_MS, _L.node == bindparam("its_node")))
    .values(node=bindparam("its_node"), epoch=_L.epoch + 1, until_ms=_UNTIL)
)
_OFFER: Final = upsert(leases).on_conflict_do_nothing()  # two may ask for a link that nobody had before
_ALIVE: Final = select(_L.node).where(_L.name.like("node:%"), _L.until_ms > NOW_MS)
_IS_DUE: Final = or_(_P.due_ms <= bindparam("now_ms"), and_(_P.state == State.DISPATCHED, _P.shunted == 0))
_NOBODYS: Final = and_(_P.node.is_(None), _P.due_ms <= bindparam("now_ms") - NOBODYS_MS)
_OTHERS: Final = or_(_NOBODYS, _P.node != bindparam("its_node"))
_DEAD: Final = or_(_NOBODYS, and_(_P.node != bindparam("its_node"), _P.node.not_in(_ALIVE)))


def _adopting(whose: ColumnElement[bool]) -> ReturningUpdate[tuple[int]]:
    """Rows that another one takes at the same moment are passed over: they are in good hands."""
    left = select(_P.id).where(_IS_DUE, whose).limit(ADOPT_MAX).with_for_update(skip_locked=True)
    taken = {"node": bindparam("its_node"), "epoch": _P.epoch + 1}
    due_ms = case((and_(_P.state == State.DISPATCHED, _P.shunted == 0), bindparam("now_ms")), else_=_P.due_ms)
    return update(payments).where(_P.id.in_(left)).values(**taken, due_ms=due_ms).returning(_P.id)


_ADOPT: Final = _adopting(_DEAD)
_ADOPT_ALL: Final = _adopting(_OTHERS)


_HANDING_OVER: Final = (
    update(letters)
    .where(letters.c.state == "sending", letters.c.due_ms.is_not(None), letters.c.node.not_in(_ALIVE))
    .values(state="uncertain", due_ms=bindparam("now_ms"))
)
"""What a dead node had in hand: sent again at once, the same bytes."""


class Beat(NamedTuple):
    """What a heartbeat found. alive: the lease still held; linked: the link to the host is ours."""

    alive: bool
    linked: bool = False
    adopted: tuple[int, ...] = ()


def alive(conn: Connection) -> list[int]:
    """The nodes whose leases run, by the database's clock; none where a gateway has its database alone."""
    return list(conn.scalars(_ALIVE))


def begin_life(conn: Connection, now_ms: int) -> int:
    """Unit of work: a new node; -> its number."""
    number: int = conn.execute(insert(nodes).returning(nodes.c.id), {"started_ms": now_ms}).scalar_one()
    return number


def begin_lease(conn: Connection, now_ms: int, lease_ms: int) -> int:
    """Unit of work: a new node that is alive for so long; -> its number."""
    node = begin_life(conn, now_ms)
    row = {"name": f"node:{node}", "node": node, "epoch": 1}
    conn.execute(insert(leases).values(until_ms=NOW_MS + lease_ms), row)
    return node


def beat(conn: Connection, node: int, lease_ms: int, link: str, now_ms: int) -> Beat:
    """Unit of work: alive for so long from now on; take over what nobody alive works on.

    link: empty, or the name of the one link to the host that all share: its owner works on all that is due.
    Not alive: the lease has run out, and others may have acted on it.
    """
    given: dict[str, int | str] = {"its_name": f"node:{node}", "its_node": node, "lease_ms": lease_ms}
    if conn.execute(_RENEW, given).rowcount != 1:
        return Beat(alive=False)
    conn.execute(_HANDING_OVER, {"now_ms": now_ms})
    if link and not _take(conn, {**given, "its_name": f"link:{link}"}):
        return Beat(alive=True)
    left = conn.execute(_ADOPT_ALL if link else _ADOPT, {"its_node": node, "now_ms": now_ms})
    return Beat(alive=True, linked=True, adopted=tuple(row.id for row in left))


def _take(conn: Connection, given: dict[str, int | str]) -> bool:
    name = given["its_name"]
    if conn.scalar(select(_L.epoch).where(_L.name == name)) is None:
        conn.execute(_OFFER, {"name": name, "node": given["its_node"], "epoch": 0, "until_ms": 0})
    return conn.execute(_TAKE, given).rowcount == 1


def end_life(conn: Connection, node: int) -> None:
    """Unit of work: in good order: others need not wait for its leases to run out."""
    conn.execute(update(leases).where(_L.node == node).values(until_ms=0))
