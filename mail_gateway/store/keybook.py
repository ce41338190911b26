"""What is done with keys and readers: retire, revoke, allow again; each with its record, in one commit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import func, insert, select, update

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import register
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import key_events, key_loads, keys, merchants, payments, readers

if TYPE_CHECKING:
    from sqlalchemy import Connection

_K: Final = keys.c
_R: Final = readers.c
_HIGHEST: Final = func.coalesce(
    select(func.max(payments.c.counter)).where(payments.c.reader == _R.id).scalar_subquery(), 0
)
"""The highest counter that came of a reader, by the index of (reader, counter)."""


class Step(NamedTuple):
    """One thing done. kind: its verb; subject: a BDK's ID, a serial or a ceremony; operator: who asked."""

    kind: str
    subject: str
    operator: str


def note(conn: Connection, step: Step, **facts: Any) -> None:
    """Unit of work: the record of one step, for ever. facts: never a key."""
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False)
    conn.execute(insert(key_events), {"at_ms": clock_ms(conn), **step._asdict(), "facts": text})


def history(conn: Connection, subject: str = "") -> list[dict[str, Any]]:
    """All steps, oldest first, or those of one subject."""
    asked = select(key_events).order_by(key_events.c.id)
    if subject:
        asked = asked.where(key_events.c.subject == subject)
    return [dict(row) for row in conn.execute(asked).mappings()]


def listed(conn: Connection) -> list[dict[str, Any]]:
    """Every BDK, oldest first: ID, check value, when made, ending and revoked, and its readers' count."""
    asked = select(_K.id, _K.kcv, _K.created_ms, _K.opens_until_ms, _K.revoked_ms, func.count(_R.id))
    asked = asked.outerjoin(readers, _R.bdk_id == _K.id).group_by(_K.number).order_by(_K.number)
    names = ("bdk_id", "kcv", "created_ms", "opens_until_ms", "revoked_ms", "readers")
    return [dict(zip(names, row, strict=True)) for row in conn.execute(asked)]


def readers_of(conn: Connection, bdk_id: str) -> list[dict[str, Any]]:
    """The readers of a BDK: serial, key ID, merchant, highest counter that came, when revoked."""
    asked = select(_R.key_id, merchants.c.name, _HIGHEST, _R.revoked_ms).where(_R.bdk_id == bdk_id)
    asked = asked.join(merchants, merchants.c.id == _R.merchant).order_by(_R.id)
    return [
        {
            "serial": _serial(key_id),
            "key_id": key_id.hex().upper(),
            "merchant": name,
            "counter": counter,
            "revoked_ms": revoked_ms,
        }
        for key_id, name, counter, revoked_ms in conn.execute(asked)
    ]


def retire_older(conn: Connection, until_ms: int, operator: str) -> list[str]:
    """Unit of work: every BDK but the newest good one opens until then; -> their IDs. Raises GatewayError:
    there is no older one."""
    newest = select(func.max(_K.number)).where(_K.revoked_ms.is_(None)).scalar_subquery()
    older = list(conn.scalars(select(_K.id).where(_K.number < newest).order_by(_K.number)))
    if not older:
        sentence = "There is no newer BDK: make one first (hagaki keys new, or hagaki keys begin)."
        raise _refused(sentence, "bdk-only")
    conn.execute(update(keys).where(_K.id.in_(older)), {"opens_until_ms": until_ms})
    for bdk_id in older:
        note(conn, Step("retired", bdk_id, operator), until_ms=until_ms)
    return older


def revoke_bdk(conn: Connection, bdk_id: str, operator: str, reason: str, *, revoked: bool) -> int:
    """Unit of work: a BDK opens nothing any more, or again; -> how many readers it has.

    Raises GatewayError: there is none, or nothing would change.
    """
    found = [row for row in listed(conn) if row["bdk_id"] == bdk_id]
    if not found:
        raise _refused(f"There is no BDK {bdk_id}.", "bdk-unknown")
    _need_change(found[0]["revoked_ms"], f"BDK {bdk_id}", revoked=revoked)
    at_ms = clock_ms(conn) if revoked else None
    conn.execute(update(keys).where(_K.id == bdk_id), {"revoked_ms": at_ms})
    note(conn, Step("revoked" if revoked else "allowed", bdk_id, operator), reason=reason)
    return int(found[0]["readers"])


def revoke_reader(conn: Connection, serial: int, operator: str, reason: str, *, revoked: bool) -> int:
    """Unit of work: a reader, under whichever key, is not taken from any more, or again; -> its keys' count.

    Raises GatewayError: there is none, or nothing would change.
    """
    of_serial = select(_R.id, _R.key_id, _R.revoked_ms)
    rows = [
        row
        for row in conn.execute(of_serial)
        if _serial(row.key_id) == serial and not row.key_id.startswith(register.NO_KEY)
    ]
    if not rows:
        raise _refused(f"There is no reader {serial}.", "reader-unknown")
    _need_change(rows[-1].revoked_ms, f"Reader {serial}", revoked=revoked)
    at_ms = clock_ms(conn) if revoked else None
    conn.execute(update(readers).where(_R.id.in_([row.id for row in rows])), {"revoked_ms": at_ms})
    note(conn, Step("revoked" if revoked else "allowed", f"reader {serial}", operator), reason=reason)
    return len(rows)


def good_bdk(conn: Connection, bdk_id: str) -> register.Bdk:
    """A BDK that is not revoked, retired or not. Raises GatewayError."""
    asked = select(_K.id, _K.wrapped, _K.revoked_ms).where(_K.id == bdk_id)
    found = conn.execute(asked).first()
    if found is None:
        raise _refused(f"There is no BDK {bdk_id}.", "bdk-unknown")
    if found.revoked_ms is not None:
        sentence = (
            f"BDK {bdk_id} is revoked, so its update keys are too: give the reader a new transport key."
        )
        raise _refused(sentence, "key-revoked")
    return register.Bdk(found.id, found.wrapped)


def near_end(conn: Connection, counter: int) -> list[dict[str, Any]]:
    """Readers that have used this counter or a later one."""
    asked = select(_R.key_id, _HIGHEST).where(counter <= _HIGHEST).order_by(_R.id)
    return [{"reader": _serial(key_id), "counter": highest} for key_id, highest in conn.execute(asked)]


def behind(conn: Connection) -> list[dict[str, Any]]:
    """Readers whose keys end or have ended, and that have no others: serial, and until when these open."""
    asked = select(_R.key_id, _K.opens_until_ms, _K.revoked_ms, _R.revoked_ms, key_loads.c.begun_ms)
    asked = asked.join(keys, _K.id == _R.bdk_id).order_by(_R.id)
    asked = asked.outerjoin(key_loads, (key_loads.c.reader == _R.id) & key_loads.c.loaded_ms.is_(None))
    ends: dict[int, int | None] = {}
    for key_id, until_ms, key_revoked_ms, reader_revoked_ms, loading_ms in conn.execute(asked):
        if key_revoked_ms is None and reader_revoked_ms is None and loading_ms is None:
            ends[_serial(key_id)] = until_ms
    return [{"reader": serial, "until_ms": ms} for serial, ms in ends.items() if ms is not None]


def _serial(key_id: bytes) -> int:
    return int.from_bytes(key_id[4:], "big")


def assert_not_revoked(conn: Connection, serial: int) -> None:
    """Raises GatewayError if that reader is revoked under any of its keys."""
    revoked = conn.scalars(select(_R.key_id).where(_R.revoked_ms.is_not(None)))
    if serial in map(_serial, revoked):
        raise _refused(f"Reader {serial} is revoked: allow it first (hagaki keys allow).", "reader-revoked")


def _need_change(since_ms: int | None, what: str, *, revoked: bool) -> None:
    if revoked and since_ms is not None:
        raise _refused(f"{what} is revoked already.", "revoked-already")
    if not revoked and since_ms is None:
        raise _refused(f"{what} is not revoked.", "not-revoked")


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
