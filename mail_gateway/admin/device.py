"""The PKCS#11 device: BDKs and zone keys are brought into it from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import zones
from mail_gateway.store import keybook, register, zone_keys
from mail_gateway.store.backend import guest
from mail_gateway.store.keybook import Step

if TYPE_CHECKING:
    from mail_gateway.admin.keys import Desk
    from mail_gateway.domain.zone import Zone
    from mail_gateway.envelope.device import DeviceKeys
    from mail_gateway.envelope.keys import KeyRing
    from mail_gateway.store.register import Bdk


def put(desk: Desk) -> dict[str, Any]:
    """Bring every BDK and every AES zone key into the device; again is no harm. Raises GatewayError."""
    if not desk.keys.device:
        raise _refused("No device is named: set [keys] device.", "key-device-none")
    from mail_gateway.envelope.device import DeviceKeys, open_device
    from mail_gateway.envelope.root import random_bytes

    own, ring = desk.keys, desk.ring()
    with (
        open_device(own.device_library, own.device_token, own.device_pin) as session,
        guest(desk.gateway.database, write=True) as conn,
    ):
        device = DeviceKeys(session, random_bytes)
        bdks = [_put_bdk(device, ring, one) for one in register.bdks(conn)]
        names = [_put_zone(device, ring, one) for one in zone_keys.every(conn)]
        step = Step("device-filled", own.device_token, desk.operator)
        keybook.note(conn, step, keys=len(bdks) + len(names))
    return {"token": own.device_token, "bdks": len(bdks), "zone_keys": names}


def _put_bdk(device: DeviceKeys, ring: KeyRing, stored: Bdk) -> str:
    bdk_id = bytes.fromhex(stored.id)
    ring.add_bdk(bdk_id, stored.wrapped)
    device.put_bdk(bdk_id, ring.bdk(bdk_id) or b"")
    return stored.id


def _put_zone(device: DeviceKeys, ring: KeyRing, kept: Zone) -> str:
    device.put_zone(kept.name, kept.usage, zones.unwrapped(ring, kept).value)
    return kept.name


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
