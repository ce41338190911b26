"""Merchants, readers and wrapped keys on disk: what an operator puts on file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store.clock import clock_ms
from mail_gateway.store.tables import keys, merchants, readers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


NO_KEY: Final = b"\xff\xff\xff\xff"
"""In place of a BDK's ID: a merchant's own reader for its orders. It has no key, and seals nothing."""


class Bdk(NamedTuple):
    """id: 8 hex digits. wrapped: under the root key, for the key ring."""

    id: str
    wrapped: bytes


class Owner(NamedTuple):
    """A merchant's number and name."""

    id: int
    name: str


class MerchantFields(Protocol):
    """What is on file for a merchant."""

    @property
    def name(self) -> str: ...
    @property
    def mail(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def terminal_id(self) -> str: ...
    @property
    def merchant_id(self) -> str: ...
    @property
    def second_mail(self) -> str: ...
    @property
    def items(self) -> str: ...


def add_merchant(conn: Connection, new: MerchantFields) -> dict[str, Any]:
    """Unit of work: a merchant; -> the row. Raises GatewayError if the name is taken.

    Without numbers of its own it gets its place in the list, so that no two merchants share a terminal.
    """
    place: int = conn.execute(select(func.coalesce(func.max(merchants.c.id), 0) + 1)).scalar_one()
    row = {
        "name": new.name,
        "mail": new.mail,
        "language": new.language,
        "terminal_id": new.terminal_id or f"{place:08d}",
        "merchant_id": new.merchant_id or f"{place:015d}",
        "created_ms": clock_ms(conn),
        "second_mail": new.second_mail,
        "items": new.items,
    }
    try:
        number = conn.execute(insert(merchants).returning(merchants.c.id), row).scalar_one()
    except IntegrityError:
        raise _refused(f"There is a merchant named {new.name} already.", "merchant-exists") from None
    return {"id": number, **row}


def change_merchant(conn: Connection, name: str, changes: Mapping[str, str]) -> dict[str, Any]:
    """Unit of work: other addresses for a merchant, from its next letter on; -> the row. Raises GatewayError
    if there is none of that name."""
    number = find_merchant(conn, name).id
    if changes:
        conn.execute(update(merchants).where(merchants.c.id == number), dict(changes))
    return dict(conn.execute(select(merchants).where(merchants.c.id == number)).mappings().one())


def find_merchant(conn: Connection, name: str) -> Owner:
    """By name, or the only one if name is empty. Raises GatewayError."""
    asked = select(merchants.c.id, merchants.c.name)
    found = conn.execute(asked.where(merchants.c.name == name) if name else asked).all()
    if len(found) == 1:
        return Owner(*found[0])
    if found:
        raise _refused("There are several merchants: name one.", "merchant-ambiguous")
    missing = f"There is no merchant named {name}." if name else "There is no merchant yet: add one first."
    raise _refused(missing, "merchant-unknown")


def list_merchants(conn: Connection) -> list[dict[str, Any]]:
    """All of them, oldest first."""
    return [dict(row) for row in conn.execute(select(merchants).order_by(merchants.c.id)).mappings()]


def add_reader(conn: Connection, key_id: bytes, bdk_id: str, merchant: int) -> None:
    """Unit of work: a reader. Raises GatewayError if its serial is enrolled under this BDK already."""
    row = {"key_id": key_id, "bdk_id": bdk_id, "merchant": merchant, "created_ms": clock_ms(conn)}
    try:
        conn.execute(insert(readers), row)
    except IntegrityError:
        serial = int.from_bytes(key_id[4:], "big")
        sentence = f"Reader {serial} is enrolled already; its keys are given out once."
        raise _refused(sentence, "reader-exists") from None


def list_readers(conn: Connection) -> list[dict[str, Any]]:
    """All of them: serial, key id as hex, merchant's name."""
    asked = select(readers.c.key_id, merchants.c.name).join(merchants).order_by(readers.c.id)
    rows = conn.execute(asked)
    return [
        {"serial": int.from_bytes(key_id[4:], "big"), "key_id": key_id.hex().upper(), "merchant": name}
        for key_id, name in rows
        if not key_id.startswith(NO_KEY)
    ]


def reader_ids(conn: Connection, serial: int) -> list[int]:
    """The numbers under which a serial is enrolled, one per BDK."""
    rows = conn.execute(select(readers.c.id, readers.c.key_id).order_by(readers.c.id))
    real = ((number, key_id) for number, key_id in rows if not key_id.startswith(NO_KEY))
    return [number for number, key_id in real if int.from_bytes(key_id[4:], "big") == serial]


def add_bdk(conn: Connection, bdk_id: str, wrapped: bytes, kcv: str) -> None:
    """Unit of work: a wrapped BDK."""
    row = {"id": bdk_id, "wrapped": wrapped, "kcv": kcv, "created_ms": clock_ms(conn)}
    conn.execute(insert(keys), row)


def bdks(conn: Connection) -> list[Bdk]:
    """Every BDK, oldest first."""
    return [Bdk(*row) for row in conn.execute(_ALL)]


def newest_bdk(conn: Connection) -> Bdk:
    """The one for new readers, neither retired nor revoked. Raises GatewayError if there is none."""
    found = conn.execute(_GOOD).first()
    if found is None:
        raise _refused("There is no key yet: make one first (hagaki keys new).", "bdk-missing")
    return Bdk(*found)


_GOOD = (
    select(keys.c.id, keys.c.wrapped)
    .where(keys.c.revoked_ms.is_(None), keys.c.opens_until_ms.is_(None))
    .order_by(keys.c.number.desc())
    .limit(1)
)
_ALL = select(keys.c.id, keys.c.wrapped).order_by(keys.c.number)


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
