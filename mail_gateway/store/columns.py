"""A column of many rows as PostgreSQL takes it, an array in binary: the driver's own way is far slower."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any, ClassVar, Final

from psycopg.adapt import Dumper
from psycopg.pq import Format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from psycopg import Connection

_HEAD: Final = Struct(">5i").pack  # dimensions, whether there may be nulls, type, length, first index
_LENGTH: Final = Struct(">i").pack
_NUMBER: Final = Struct(">iq").pack
_NULL: Final = _LENGTH(-1)


class Number(list[int | None]):
    """Whole numbers, bigint[]."""


class Words(list[str | None]):
    """Texts, text[]."""


class Binary(list[bytes | None]):
    """Bytes, bytea[]."""


class _Array(Dumper):
    format = Format.BINARY
    element: ClassVar[int]

    def dump(self, obj: Any) -> bytes:
        return b"".join((_HEAD(1, 1, self.element, len(obj), 1), *self.parts(obj)))

    def parts(self, values: Iterable[Any]) -> Iterable[bytes]:
        """Each value with its length before it."""
        return [_NULL if value is None else _LENGTH(len(value)) + value for value in values]


class _Numbers(_Array):
    oid, element = 1016, 20

    def parts(self, values: Iterable[Any]) -> Iterable[bytes]:
        return [_NULL if value is None else _NUMBER(8, value) for value in values]


class _Texts(_Array):
    oid, element = 1009, 25

    def parts(self, values: Iterable[Any]) -> Iterable[bytes]:
        return super().parts([None if value is None else value.encode() for value in values])


class _Bytes(_Array):
    oid, element = 1001, 17


def teach(conn: Connection[Any]) -> None:
    """From now on this connection takes columns."""
    for kind, dumper in ((Number, _Numbers), (Words, _Texts), (Binary, _Bytes)):
        conn.adapters.register_dumper(kind, dumper)
