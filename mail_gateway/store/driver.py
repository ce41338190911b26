"""The driver under the SQL library, for statements of many values: the library looks at each of them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@contextmanager
def driver(conn: Connection) -> Iterator[Any]:
    """The driver's own connection. Raises DBAPIError for any error of its."""
    try:
        yield conn.connection.driver_connection
    except conn.dialect.loaded_dbapi.Error as error:
        base = conn.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, base, hide_parameters=True) from error
