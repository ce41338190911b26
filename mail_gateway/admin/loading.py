"""Keys into readers: a transport key for a new one, a key block for what the reader says it has."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.envelope import keyblock
from mail_gateway.envelope.dukpt import initial_key
from mail_gateway.envelope.keys import KeyRing, Purpose, kcv
from mail_gateway.envelope.root import random_bytes
from mail_gateway.store import key_loads, keybook, register
from mail_gateway.store.backend import guest
from mail_gateway.store.keybook import Step
from schemas.keyblock import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mail_gateway.admin.keys import Desk
    from mail_gateway.store.backend import Guest
    from mail_gateway.store.key_loads import Load

TRANSPORT: Final = "transport"
KEY_LENGTH: Final = 16


class Told(Protocol):
    """What a reader told of its keys (schemas/link/events.py:KeysTold)."""

    key_id: str
    opens: str


@dataclass(frozen=True, slots=True)
class NewReader:
    """serial: 4 bytes. transport_key: for the device only. merchant: its name."""

    serial: bytes
    transport_key: bytes = field(repr=False)
    merchant: str


@contextmanager
def transport(desk: Desk, serial: int, merchant: str = "") -> Iterator[NewReader]:
    """A new reader's transport key, which opens its first key block; on file once the body, which writes it
    down, has ended well. Raises GatewayError."""
    ring, key = desk.ring(), random_bytes(KEY_LENGTH)
    ident = serial.to_bytes(4, "big")
    with guest(desk.gateway.database, write=True) as conn:
        keybook.assert_not_revoked(conn, serial)
        owner = register.find_merchant(conn, merchant)
        key_loads.put_transport(conn, serial, owner.id, ring.wrap(Purpose.TRANSPORT, ident, key))
        keybook.note(conn, Step("transport-made", f"reader {serial}", desk.operator), merchant=owner.name)
        yield NewReader(ident, key, owner.name)


def block_for(desk: Desk, told: Told) -> str:
    """The key block that this reader needs now, the same again until it has it; "" if it has the newest keys.

    The reader is put on file under the newest BDK. Raises GatewayError.
    """
    key_id = bytes.fromhex(told.key_id)
    serial = int.from_bytes(key_id[4:], "big")
    ring = desk.ring()
    with guest(desk.gateway.database, write=True) as conn:
        keybook.assert_not_revoked(conn, serial)
        newest_id = bytes.fromhex(register.newest_bdk(conn).id) + key_id[4:]
        for load in key_loads.of_serial(conn, serial):
            if load.key_id == key_id:
                _has(conn, desk, load)  # its answer was lost
            elif load.key_id == newest_id and load.loaded_ms is None:
                return load.block
        if key_id == newest_id:
            return ""
        return _new_block(conn, desk, ring, told)


def confirm(desk: Desk, block: str, check_value: str) -> dict[str, Any]:
    """The reader has loaded that block and says this check value. Raises GatewayError for a wrong one."""
    serial = int.from_bytes(layout.parse(block).key_id[4:], "big")
    with guest(desk.gateway.database, write=True) as conn:
        load = next(one for one in key_loads.of_serial(conn, serial) if one.block == block)
        if load.kcv != check_value:
            sentence = f"The reader's check value is {check_value}, and it should be {load.kcv}."
            raise GatewayError(sentence, "check-value", Disposition.REFUSE)
        _has(conn, desk, load)
    return {"serial": serial, "key_id": load.key_id.hex().upper(), "kcv": load.kcv}


def _has(conn: Guest, desk: Desk, load: Load) -> None:
    if load.loaded_ms is None:
        key_loads.loaded(conn, load)
        serial = int.from_bytes(load.key_id[4:], "big")
        facts = {"key_id": load.key_id.hex().upper(), "kcv": load.kcv}
        keybook.note(conn, Step("loaded", f"reader {serial}", desk.operator), **facts)


def _new_block(conn: Guest, desk: Desk, ring: KeyRing, told: Told) -> str:
    old_id = bytes.fromhex(told.key_id)
    protection, merchant = _protection(conn, ring, told)
    bdk = register.newest_bdk(conn)
    new_id = bytes.fromhex(bdk.id) + old_id[4:]
    ring.add_bdk(new_id[:4], bdk.wrapped)
    key = initial_key(ring.bdk(new_id[:4]) or b"", new_id)
    block = keyblock.wrap(protection, new_id, key, random_bytes)
    register.add_reader(conn, new_id, bdk.id, merchant)
    key_loads.put(conn, new_id, block, kcv(key))
    facts = {"key_id": new_id.hex().upper(), "kcv": kcv(key), "under": told.opens}
    keybook.note(
        conn, Step("block-made", f"reader {int.from_bytes(new_id[4:], 'big')}", desk.operator), **facts
    )
    return block


def _protection(conn: Guest, ring: KeyRing, told: Told) -> tuple[bytes, int]:
    """What opens the reader's next block, and whose reader it is."""
    key_id = bytes.fromhex(told.key_id)
    if told.opens == TRANSPORT:
        wrapped, merchant = key_loads.transport(conn, int.from_bytes(key_id[4:], "big"))
        return ring.unwrap(Purpose.TRANSPORT, key_id[4:], wrapped), merchant
    merchant = key_loads.owner(conn, key_id)
    bdk = keybook.good_bdk(conn, key_id[:4].hex().upper())
    ring.add_bdk(key_id[:4], bdk.wrapped)
    tree = ring.tree(key_id[:4])
    assert tree is not None
    return tree.update_key(key_id), merchant
