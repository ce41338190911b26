"""A key ceremony on disk: its components, each wrapped, until it is over; then only who entered which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import insert, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import ceremonies, components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

_C: Final = components.c


class Ceremony(NamedTuple):
    """components: how many make the key. subject: a zone master key's name, or "" for a BDK."""

    id: int
    components: int
    begun_ms: int
    subject: str


class Component(NamedTuple):
    """wrapped: under the root key, bound to its ceremony and place."""

    place: int
    custodian: str
    wrapped: bytes
    kcv: str


def begin(conn: Connection, count: int, subject: str = "") -> Ceremony:
    """Unit of work: a ceremony of so many components. Raises GatewayError: one is open."""
    asked = select(ceremonies.c.id).where(ceremonies.c.ended_ms.is_(None))
    if conn.scalar(asked) is not None:
        sentence = "A ceremony is open: finish it or cancel it first (hagaki keys cancel)."
        raise _refused(sentence, "ceremony-open")
    begun_ms = clock_ms(conn)
    row = {"components": count, "begun_ms": begun_ms, "subject": subject}
    number: int = conn.execute(insert(ceremonies).returning(ceremonies.c.id), row).scalar_one()
    return Ceremony(number, count, begun_ms, subject)


def current(conn: Connection) -> Ceremony:
    """The open one. Raises GatewayError: there is none."""
    columns = (ceremonies.c.id, ceremonies.c.components, ceremonies.c.begun_ms, ceremonies.c.subject)
    found = conn.execute(select(*columns).where(ceremonies.c.ended_ms.is_(None))).first()
    if found is None:
        raise _refused("No ceremony is open: begin one (hagaki keys begin).", "ceremony-none")
    return Ceremony(*found)


def entered(conn: Connection, ceremony: Ceremony) -> list[Component]:
    """What was entered so far, in order."""
    asked = select(_C.place, _C.custodian, _C.wrapped, _C.kcv).where(_C.ceremony == ceremony.id)
    return [Component(*row) for row in conn.execute(asked.order_by(_C.place))]


def next_place(ceremony: Ceremony, so_far: Sequence[Component], custodian: str, kcv: str) -> int:
    """Where the next component belongs. Raises GatewayError: all are there, the same person or component."""
    if len(so_far) == ceremony.components:
        sentence = f"All {ceremony.components} components were entered: hagaki keys finish."
        raise _refused(sentence, "components-complete")
    if custodian.casefold() in [one.custodian.casefold() for one in so_far]:
        sentence = f"{custodian} has entered a component: another person has to enter the next."
        raise _refused(sentence, "custodian-twice")
    if kcv in [one.kcv for one in so_far]:
        raise _refused("This component was entered already.", "component-twice")
    return len(so_far) + 1


def enter(conn: Connection, ceremony: Ceremony, component: Component) -> None:
    """Unit of work: one component more."""
    row = {"ceremony": ceremony.id, "entered_ms": clock_ms(conn), **component._asdict()}
    conn.execute(insert(components), row)


def end(conn: Connection, ceremony: Ceremony) -> None:
    """Unit of work: the ceremony is over; its components are wiped."""
    conn.execute(update(components).where(_C.ceremony == ceremony.id), {"wrapped": None})
    conn.execute(update(ceremonies).where(ceremonies.c.id == ceremony.id), {"ended_ms": clock_ms(conn)})


def open_since(conn: Connection, before_ms: int) -> list[dict[str, Any]]:
    """A ceremony that has been open since before then."""
    asked = select(ceremonies.c.id, ceremonies.c.begun_ms).where(
        ceremonies.c.ended_ms.is_(None), ceremonies.c.begun_ms < before_ms
    )
    return [dict(row) for row in conn.execute(asked).mappings()]


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
