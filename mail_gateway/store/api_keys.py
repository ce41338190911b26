"""Keys of shops and what they asked with them, on disk: hashes only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, insert, select, update

from mail_gateway.store.order_tables import api_keys, selling, shop_requests

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from mail_gateway.store.sheet import Sheet

_K: Final = api_keys.c
_R: Final = shop_requests.c
_FIND: Final = select(_K.id, _K.merchant).where(_K.hash == bindparam("its_hash"), _K.revoked_ms.is_(None))
_ASKED: Final = select(_R.hash).where(
    _R.merchant == bindparam("its_merchant"), _R.key == bindparam("its_key")
)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose key it is. key: its number."""

    key: int
    merchant: int


def key_hash(key: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


def holder(conn: Connection, hashed: bytes) -> Holder | None:
    """Who holds the key of that SHA-256; None: nobody, or no longer."""
    row = conn.execute(_FIND, {"its_hash": hashed}).one_or_none()
    return None if row is None else Holder(row.id, row.merchant)


def asked_before(sheet: Sheet, merchant: int, key: str, hashed: bytes, now_ms: int) -> bytes:
    """Unit of work: keep an idempotency key with the hash of its body; -> the hash it first came with."""
    before: bytes | None = sheet.scalar(_ASKED, {"its_merchant": merchant, "its_key": key})
    if before is not None:
        return before
    row = {"merchant": merchant, "key": key, "hash": hashed, "at_ms": now_ms}
    sheet.execute(insert(shop_requests), row)
    return hashed


def add(conn: Connection, merchant: int, name: str, hashed: bytes, now_ms: int) -> int:
    """Unit of work: a new key; -> its number."""
    row = {"merchant": merchant, "name": name, "hash": hashed, "created_ms": now_ms}
    number: int = conn.execute(insert(api_keys).returning(_K.id), row).scalar_one()
    return number


def listed(conn: Connection, merchant: int) -> list[dict[str, Any]]:
    """All keys that the merchant ever had, oldest first; no hashes."""
    asked = select(_K.id.label("key"), _K.name, _K.created_ms, _K.revoked_ms)
    return [
        dict(row) for row in conn.execute(asked.where(_K.merchant == merchant).order_by(_K.id)).mappings()
    ]


def revoke(conn: Connection, merchant: int, number: int, now_ms: int) -> bool:
    """Unit of work: the key opens nothing any more; -> whether it did until now."""
    asked = update(api_keys).where(_K.id == number, _K.merchant == merchant, _K.revoked_ms.is_(None))
    return conn.execute(asked.values(revoked_ms=now_ms)).rowcount == 1


def set_webhook(conn: Connection, merchant: int, url: str, wrapped: bytes | None) -> bool:
    """Unit of work: where the merchant's server is told, under which wrapped secret; empty: nowhere.
    -> whether the merchant takes orders at all."""
    asked = update(selling).where(selling.c.merchant == merchant)
    return conn.execute(asked.values(webhook=url, hook_secret=wrapped)).rowcount == 1
