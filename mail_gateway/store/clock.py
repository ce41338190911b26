"""The database's clock: one for all nodes. For leases, and for rows that a person makes; never for money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ColumnElement

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.sql.compiler import SQLCompiler


class NowMs(ColumnElement[int]):
    """The moment in SQL, unix milliseconds UTC; moves on within a transaction where the database can."""

    inherit_cache = True
    type = BigInteger()


NOW_MS: Final = NowMs()


@compiles(NowMs)
def _(_element: NowMs, _compiler: SQLCompiler, **_: object) -> str:
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"


@compiles(NowMs, "postgresql")
def _(_element: NowMs, _compiler: SQLCompiler, **_: object) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)"


def clock_ms(conn: Connection) -> int:
    """The database's clock, unix milliseconds UTC."""
    return int(conn.execute(select(NOW_MS)).scalar_one())
