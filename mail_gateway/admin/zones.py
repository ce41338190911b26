"""Keys shared with acquirers: made, taken over, listed; their master keys come from a ceremony."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from acquirer_sdk import keyblock
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault
from acquirer_sdk.zone import Algorithm, ZoneKey
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import zones
from mail_gateway.envelope.root import random_bytes
from mail_gateway.store import keybook, zone_keys
from mail_gateway.store.backend import guest
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from mail_gateway.admin.keys import Desk
    from mail_gateway.domain.zone import Zone
    from mail_gateway.envelope.components import Secret
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.store.backend import Guest

KEY_LENGTH: Final = 16
FILLER_LENGTH: Final = 16
USAGES: Final = {"pin": Usage.PIN, "mac": Usage.MAC_CMAC}
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,30}\.[a-z]{1,12}")


def assert_master(name: str) -> None:
    """Raises GatewayError zone-key-name unless it is the name of a master key, such as cafis.master."""
    _assert_name(name)
    if zones.master_of(name) != name:
        sentence = f"A ceremony makes master keys only: {zones.master_of(name)}."
        raise _refused(sentence, "zone-key-name")


def add_master(conn: Guest, ring: KeyRing, name: str, key: Secret) -> dict[str, str]:
    """Unit of work: store an acquirer's master key; -> its name and check value."""
    made = zones.wrapped(ring, name, zones.MASTER_USAGE, ZoneKey(Algorithm.AES, key.value))
    zone_keys.put(conn, made)
    return {"key": name, "kcv": made.kcv}


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every zone key: name, use, algorithm, check value, since when."""
    with guest(desk.gateway.database) as conn:
        return zone_keys.listed(conn)


def new(desk: Desk, name: str, use: str) -> dict[str, Any]:
    """Make a key, and the block that brings it to the acquirer; use: pin or mac. Raises GatewayError."""
    _assert_name(name)
    if use not in USAGES:
        raise _refused(f"A zone key is for {' or '.join(USAGES)}.", "zone-key-use")
    ring, key = desk.ring(), ZoneKey(Algorithm.AES, random_bytes(KEY_LENGTH))
    with guest(desk.gateway.database, write=True) as conn:
        block = keyblock.wrap(_master(conn, ring, name), USAGES[use], key, random_bytes(FILLER_LENGTH))
        made = zones.wrapped(ring, name, USAGES[use].value, key)
        _put(conn, desk, made, "zone-key-made")
    return {"key": name, "kcv": made.kcv, "block": block}


def load(desk: Desk, name: str, block: str) -> dict[str, Any]:
    """Take over a key from a block that the acquirer sent. Raises GatewayError."""
    _assert_name(name)
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        try:
            got = keyblock.unwrap(_master(conn, ring, name), "".join(block.split()))
        except KeyFault:
            sentence = f"This is no key block under {zones.master_of(name)}: nothing was changed."
            raise _refused(sentence, "block-refused") from None
        made = zones.wrapped(ring, name, got.usage.value, got.key)
        _put(conn, desk, made, "zone-key-loaded")
    return {"key": name, "kcv": made.kcv, "usage": made.usage}


def forget(desk: Desk, name: str) -> dict[str, Any]:
    """Wipe a key. Raises GatewayError: there is none of that name."""
    with guest(desk.gateway.database, write=True) as conn:
        if not zone_keys.forget(conn, name):
            raise _refused(f"There is no zone key {name}.", "zone-key-unknown")
        keybook.note(conn, Step("zone-key-forgotten", name, desk.operator))
    return {"key": name}


def keep(database: str, kept: Zone) -> None:
    """Store a key that an acquirer has sent over the line; durable when it returns. Raises GatewayError."""
    with guest(database, write=True) as conn:
        zone_keys.put(conn, kept)
        keybook.note(conn, Step("zone-key-loaded", kept.name, "line"), kcv=kept.kcv, usage=kept.usage)


def _put(conn: Guest, desk: Desk, made: Zone, kind: str) -> None:
    zone_keys.put(conn, made)
    keybook.note(conn, Step(kind, made.name, desk.operator), kcv=made.kcv, usage=made.usage)


def _master(conn: Guest, ring: KeyRing, name: str) -> bytes:
    wanted = zones.master_of(name)
    for stored in zone_keys.every(conn):
        if stored.name == wanted:
            return zones.unwrapped(ring, stored).value
    sentence = f"There is no key {wanted}: hold a ceremony first (hagaki keys begin --for {wanted})."
    raise _refused(sentence, "zone-master-missing")


def _assert_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        sentence = "A zone key is called ACQUIRER.USE, such as cafis.pin."
        raise _refused(sentence, "zone-key-name")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
