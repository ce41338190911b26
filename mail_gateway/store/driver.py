"""The driver under the SQL library, for statements of many values: the library looks at each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy import Connection


class driver:  # noqa: N801 - a context manager reads as a function
    """The driver's own connection. Raises DBAPIError for any error of its."""

    __slots__ = ("_conn",)

    def __init__(self, conn: Connection) -> None:
        self._conn = conn

    def __enter__(self) -> Any:
        return self._conn.connection.driver_connection

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        base = self._conn.dialect.loaded_dbapi.Error
        if isinstance(error, base):
            raise DBAPIError.instance(None, None, error, base, hide_parameters=True) from error
