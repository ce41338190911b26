"""Keys: made, listed, retired, revoked; a BDK is wrapped under the root key before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope.dukpt import left
from mail_gateway.envelope.keys import BDK_ID_LENGTH, KeyRing, Purpose, kcv
from mail_gateway.envelope.root import fetch_root, make_root, random_bytes
from mail_gateway.store import keybook, register
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings, KeySettings
    from mail_gateway.store.backend import Guest

BDK_LENGTH: Final = 16
DAY_MS: Final = 24 * 60 * 60_000


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator works with keys. operator: who, for the record."""

    gateway: GatewaySettings
    keys: KeySettings
    operator: str

    def ring(self) -> KeyRing:
        """The root key's purposes, with no BDK in it yet. Raises GatewayError."""
        return KeyRing(fetch_root(self.keys.root), random_bytes)


def new_bdk(gateway: GatewaySettings, keys: KeySettings, operator: str = "") -> dict[str, str]:
    """Make a BDK, and the root key's file if there is none; -> bdk_id (hex) and kcv. Raises GatewayError."""
    make_root(keys.root)
    ring = KeyRing(fetch_root(keys.root), random_bytes)
    with guest(gateway.database, write=True) as conn:
        made = add_bdk(conn, ring, random_bytes(BDK_LENGTH))
        keybook.note(conn, Step("made", made["bdk_id"], operator), kcv=made["kcv"])
    return made


def add_bdk(conn: Guest, ring: KeyRing, bdk: bytes) -> dict[str, str]:
    """Unit of work: store a new BDK under an ID of its own; -> bdk_id and kcv. Raises GatewayError."""
    for stored in register.bdks(conn):  # a second root key would part the readers in two
        ring.add_bdk(bytes.fromhex(stored.id), stored.wrapped)
    bdk_id = random_bytes(BDK_ID_LENGTH)
    while not any(bdk_id) or bdk_id == register.NO_KEY:  # zeros stand for a reader without keys
        bdk_id = random_bytes(BDK_ID_LENGTH)
    made = {"bdk_id": bdk_id.hex().upper(), "kcv": kcv(bdk)}
    register.add_bdk(conn, made["bdk_id"], ring.wrap(Purpose.BDK, bdk_id, bdk), made["kcv"])
    return made


def listed(desk: Desk) -> list[dict[str, Any]]:
    """Every BDK, oldest first, with what it is now: current, open, ending, retired or revoked."""
    with guest(desk.gateway.database) as conn:
        return _with_state(keybook.listed(conn), clock_ms(conn))


def shown(desk: Desk, bdk_id: str) -> dict[str, Any]:
    """One BDK with its readers, how many sales each has left, and all that was done with it."""
    with guest(desk.gateway.database) as conn:
        found = [row for row in _with_state(keybook.listed(conn), clock_ms(conn)) if row["bdk_id"] == bdk_id]
        if not found:
            raise GatewayError(f"There is no BDK {bdk_id}.", "bdk-unknown", Disposition.REFUSE)
        readers = keybook.readers_of(conn, bdk_id)
        done = keybook.history(conn, bdk_id)
    for reader in readers:
        reader["sales_left"] = left(reader["counter"] + 1)
    return {**found[0], "readers": readers, "history": done}


def history(desk: Desk) -> list[dict[str, Any]]:
    """All that was done with keys, oldest first."""
    with guest(desk.gateway.database) as conn:
        return keybook.history(conn)


def rotate(desk: Desk, days: int | None) -> dict[str, Any]:
    """Every BDK but the newest opens for so many days more; None: [keys] old_opens_days.

    -> which, and until when (unix ms). Raises GatewayError.
    """
    days = desk.keys.old_opens_days if days is None else days
    with guest(desk.gateway.database, write=True) as conn:
        until_ms = clock_ms(conn) + days * DAY_MS
        return {"retired": keybook.retire_older(conn, until_ms, desk.operator), "until_ms": until_ms}


def revoke(desk: Desk, subject: int | str, reason: str, *, revoked: bool = True) -> dict[str, Any]:
    """A reader (its serial) or a BDK (its ID) is good for nothing from the next mail on, or again.

    Raises GatewayError.
    """
    with guest(desk.gateway.database, write=True) as conn:
        if isinstance(subject, int):
            keybook.revoke_reader(conn, subject, desk.operator, reason, revoked=revoked)
            return {"reader": subject, "revoked": revoked, "reason": reason}
        readers = keybook.revoke_bdk(conn, subject, desk.operator, reason, revoked=revoked)
        return {"bdk_id": subject, "readers": readers, "revoked": revoked, "reason": reason}


def _with_state(rows: list[dict[str, Any]], now_ms: int) -> list[dict[str, Any]]:
    good = [row for row in rows if row["revoked_ms"] is None and row["opens_until_ms"] is None]
    return [{**row, "state": _state(row, now_ms, newest=row in good[-1:])} for row in rows]


def _state(row: dict[str, Any], now_ms: int, *, newest: bool) -> str:
    if row["revoked_ms"] is not None:
        return "revoked"
    if row["opens_until_ms"] is None:
        return "current" if newest else "open"
    return "ending" if row["opens_until_ms"] >= now_ms else "retired"
