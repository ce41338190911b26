"""Keys: a new base derivation key, wrapped under the root key before it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.envelope.keys import BDK_ID_LENGTH, KeyRing, Purpose, kcv
from mail_gateway.envelope.root import fetch_root, make_root, random_bytes
from mail_gateway.store import register
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings, KeySettings

BDK_LENGTH = 16


def new_bdk(gateway: GatewaySettings, keys: KeySettings) -> dict[str, str]:
    """Make a BDK, and the root key's file if there is none; -> bdk_id (hex) and kcv. Raises GatewayError."""
    make_root(keys.root)
    ring = KeyRing(fetch_root(keys.root), random_bytes)
    bdk_id, bdk = random_bytes(BDK_ID_LENGTH), random_bytes(BDK_LENGTH)
    wrapped = ring.wrap(Purpose.BDK, bdk_id, bdk)
    made = {"bdk_id": bdk_id.hex().upper(), "kcv": kcv(bdk)}
    with guest(gateway.database, write=True) as conn:
        for stored in register.bdks(conn):  # a second root key would part the readers in two
            ring.add_bdk(bytes.fromhex(stored.id), stored.wrapped)
        register.add_bdk(conn, made["bdk_id"], wrapped, made["kcv"])
    return made
