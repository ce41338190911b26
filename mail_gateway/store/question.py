"""The reading side: one connection that cannot write, one snapshot a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from mail_gateway.store.failures import typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


class Reader:
    """Owns the reading connection; one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._conn: Connection | None = None

    def ask(self, unit: Callable[[Connection], Any]) -> Any:
        """Run one unit. Raises GatewayError(retry) where the database fails."""
        try:
            if self._conn is None:
                self._conn = self._engine.connect()
            with self._conn.begin():
                return unit(self._conn)
        except DBAPIError as error:
            self.close()
            raise typed(error) from error

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._engine.dispose()
