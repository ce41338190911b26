"""A key ceremony: a BDK or a master key of two or three components; nobody who entered one knows the key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.admin import zones
from mail_gateway.admin.keys import add_bdk
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import components
from mail_gateway.envelope.components import Secret
from mail_gateway.envelope.keys import Purpose
from mail_gateway.envelope.root import make_root, random_bytes
from mail_gateway.store import ceremony, keybook
from mail_gateway.store.backend import guest
from mail_gateway.store.ceremony import Component
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from mail_gateway.admin.keys import Desk
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.store.backend import Guest
    from mail_gateway.store.ceremony import Ceremony


def begin(desk: Desk, count: int, subject: str = "") -> dict[str, Any]:
    """Open a ceremony; count: of its components. subject: such as cafis.master, or "" for a BDK. Makes the
    root key's file if there is none.

    Raises GatewayError.
    """
    if subject:
        zones.assert_master(subject)
    make_root(desk.keys.root)
    desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        opened = ceremony.begin(conn, count, subject)
        keybook.note(conn, _step(desk, "ceremony-begun", opened), components=count)
    return {"ceremony": opened.id, "components": count, **({"for": subject} if subject else {})}


def new_component() -> Secret:
    """A component for one custodian; nothing of it is kept here."""
    return components.made(random_bytes)


def assert_open(desk: Desk) -> None:
    """Before anybody types a component. Raises GatewayError: there is no ceremony for it."""
    with guest(desk.gateway.database) as conn:
        ceremony.current(conn)


def enter(desk: Desk, custodian: str, component: Secret, expected: str = "") -> dict[str, Any]:
    """Keep one person's component, wrapped, until the ceremony is over; -> its place and check value.

    custodian: who enters it. expected: the check value on their paper, if they say it. Raises GatewayError.
    """
    if expected and expected.upper() != component.kcv:
        sentence = f"The check value is {component.kcv}, not {expected.upper()}: nothing was kept."
        raise GatewayError(sentence, "check-value", Disposition.REFUSE)
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        opened = ceremony.current(conn)
        place = ceremony.next_place(opened, ceremony.entered(conn, opened), custodian, component.kcv)
        wrapped = ring.wrap(Purpose.COMPONENT, _ident(opened, place), component.value)
        ceremony.enter(conn, opened, Component(place, custodian, wrapped, component.kcv))
        facts = {"place": place, "custodian": custodian, "kcv": component.kcv}
        keybook.note(conn, _step(desk, "component-entered", opened), **facts)
    return {"ceremony": opened.id, "component": place, "of": opened.components, "kcv": component.kcv}


def finish(desk: Desk) -> dict[str, Any]:
    """Join the components to a key and wipe them; -> bdk_id, or key, and kcv. Raises GatewayError."""
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        opened = ceremony.current(conn)
        entered = ceremony.entered(conn, opened)
        if len(entered) < opened.components:
            sentence = f"{len(entered)} of {opened.components} components were entered: hagaki keys enter."
            raise GatewayError(sentence, "components-missing", Disposition.REFUSE)
        parts = [
            Secret(ring.unwrap(Purpose.COMPONENT, _ident(opened, one.place), one.wrapped)) for one in entered
        ]
        made = _made(conn, ring, opened, components.joined(parts))
        _end(conn, desk, opened, "ceremony-finished", **made)
        custodians = [one.custodian for one in entered]
        step = Step("made", opened.subject or made["bdk_id"], desk.operator)
        keybook.note(conn, step, kcv=made["kcv"], custodians=custodians)
    return {"ceremony": opened.id, **made}


def _made(conn: Guest, ring: KeyRing, opened: Ceremony, key: Secret) -> dict[str, str]:
    return (
        zones.add_master(conn, ring, opened.subject, key)
        if opened.subject
        else add_bdk(conn, ring, key.value)
    )


def cancel(desk: Desk) -> dict[str, Any]:
    """End the ceremony without a key and wipe its components. Raises GatewayError."""
    with guest(desk.gateway.database, write=True) as conn:
        opened = ceremony.current(conn)
        _end(conn, desk, opened, "ceremony-cancelled")
    return {"ceremony": opened.id}


def _end(conn: Guest, desk: Desk, opened: Ceremony, kind: str, **facts: str) -> None:
    ceremony.end(conn, opened)
    keybook.note(conn, _step(desk, kind, opened), **facts)


def _step(desk: Desk, kind: str, opened: Ceremony) -> Step:
    return Step(kind, f"ceremony {opened.id}", desk.operator)


def _ident(opened: Ceremony, place: int) -> bytes:
    return f"{opened.id}/{place}".encode()
