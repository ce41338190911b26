"""Key blocks on their way into readers, and the transport keys of new readers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import insert, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import key_loads, readers, transports

if TYPE_CHECKING:
    from sqlalchemy import Connection

_L: Final = key_loads.c
_R: Final = readers.c
_T: Final = transports.c


class Load(NamedTuple):
    """One key block. key_id: of the initial key in it; kcv: what the reader has to answer."""

    id: int
    key_id: bytes
    block: str
    kcv: str
    loaded_ms: int | None


def put_transport(conn: Connection, serial: int, merchant: int, wrapped: bytes) -> None:
    """Unit of work: a new reader's transport key, in place of one that was not used.

    Raises GatewayError while a block under the old one may be in a reader.
    """
    if any(load.loaded_ms is None for load in of_serial(conn, serial)[-1:]):
        sentence = f"A key block for reader {serial} is on its way: bring it to its end (hagaki keys load)."
        raise _refused(sentence, "load-open")
    row = {"merchant": merchant, "wrapped": wrapped, "made_ms": clock_ms(conn)}
    if not conn.execute(update(transports).where(_T.serial == serial), row).rowcount:
        conn.execute(insert(transports), {"serial": serial, **row})


def transport(conn: Connection, serial: int) -> tuple[bytes, int]:
    """A new reader's wrapped transport key, and its merchant's number. Raises GatewayError."""
    found = conn.execute(select(_T.wrapped, _T.merchant).where(_T.serial == serial)).first()
    if found is None or found.wrapped is None:
        sentence = f"There is no transport key of reader {serial}: make one (hagaki keys transport)."
        raise _refused(sentence, "transport-unknown")
    return found.wrapped, found.merchant


def of_serial(conn: Connection, serial: int) -> list[Load]:
    """All blocks made for a reader, oldest first."""
    asked = select(_L.id, _R.key_id, _L.block, _L.kcv, _L.loaded_ms).join(readers, _R.id == _L.reader)
    loads = [Load(*row) for row in conn.execute(asked.order_by(_L.id))]
    return [load for load in loads if int.from_bytes(load.key_id[4:], "big") == serial]


def owner(conn: Connection, key_id: bytes) -> int:
    """The merchant's number of a reader that is on file. Raises GatewayError."""
    merchant = conn.scalar(select(_R.merchant).where(_R.key_id == key_id))
    if merchant is None:
        sentence = f"There is no reader with the keys {key_id.hex().upper()}."
        raise _refused(sentence, "reader-unknown")
    return int(merchant)


def put(conn: Connection, key_id: bytes, block: str, kcv: str) -> None:
    """Unit of work: a block for a reader that was put on file just now."""
    reader = conn.scalar(select(_R.id).where(_R.key_id == key_id))
    row = {"reader": reader, "block": block, "kcv": kcv, "begun_ms": clock_ms(conn)}
    conn.execute(insert(key_loads), row)


def loaded(conn: Connection, load: Load) -> None:
    """Unit of work: the reader has it; its transport key, if any was left, is good for nothing any more."""
    now_ms = clock_ms(conn)
    conn.execute(update(key_loads).where(_L.id == load.id, _L.loaded_ms.is_(None)), {"loaded_ms": now_ms})
    serial = int.from_bytes(load.key_id[4:], "big")
    conn.execute(update(transports).where(_T.serial == serial), {"wrapped": None})


def open_since(conn: Connection, before_ms: int) -> list[dict[str, Any]]:
    """Blocks made before then whose readers have not answered."""
    asked = select(_L.begun_ms, _L.loaded_ms, _R.key_id).join(readers, _R.id == _L.reader).order_by(_L.id)
    newest = {int.from_bytes(row.key_id[4:], "big"): row for row in conn.execute(asked)}
    return [
        {"reader": serial, "begun_ms": row.begun_ms}
        for serial, row in newest.items()
        if row.loaded_ms is None and row.begun_ms < before_ms
    ]


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
