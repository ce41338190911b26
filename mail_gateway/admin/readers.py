"""Readers: enrolment. The initial key is derived for the device and never stored here."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mail_gateway.admin.keys import Desk
from mail_gateway.envelope.dukpt import initial_key
from mail_gateway.store import keybook, register
from mail_gateway.store.backend import guest
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mail_gateway.settings import GatewaySettings, KeySettings


@dataclass(frozen=True, slots=True)
class Enrolled:
    """initial_key_id: BDK ID 4 ‖ serial 4. initial_key: for the device only. merchant: its name."""

    initial_key_id: bytes
    initial_key: bytes = field(repr=False)
    merchant: str


def enrol(gateway: GatewaySettings, keys: KeySettings, serial: int, merchant: str = "") -> Enrolled:
    """Put a new reader on file, its keys being kept elsewhere; see `enrolling`."""
    with enrolling(Desk(gateway, keys, ""), serial, merchant) as enrolled:
        return enrolled


@contextmanager
def enrolling(desk: Desk, serial: int, merchant: str = "") -> Iterator[Enrolled]:
    """A new reader under the newest BDK, on file once the body, which gives it its keys, has ended well.

    merchant: a name; may be left out if there is one. Raises GatewayError: no key yet, merchant not found,
    serial already enrolled or revoked.
    """
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        keybook.assert_not_revoked(conn, serial)
        owner = register.find_merchant(conn, merchant)
        bdk = register.newest_bdk(conn)
        bdk_id = bytes.fromhex(bdk.id)
        ring.add_bdk(bdk_id, bdk.wrapped)
        key_id = bdk_id + serial.to_bytes(4, "big")
        register.add_reader(conn, key_id, bdk.id, owner.id)
        note = Step("enrolled", f"reader {serial}", desk.operator)
        keybook.note(conn, note, key_id=key_id.hex().upper(), merchant=owner.name)
        yield Enrolled(key_id, initial_key(ring.bdk(bdk_id) or b"", key_id), owner.name)


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """All readers."""
    with guest(gateway.database) as conn:
        return register.list_readers(conn)
