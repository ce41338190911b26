"""One connection that asks, one transaction a question; a node's own few writes go the same way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.exc import DBAPIError

from mail_gateway.store.failures import is_conflict, typed

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection, Engine


TRIES: Final = 20
"""A unit that another node's got in the way of is done again so often."""


class Reader:
    """Owns its connection; one thread at a time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._conn: Connection | None = None

    def ask(self, unit: Callable[[Connection], Any]) -> Any:
        """Run one unit. Raises GatewayError(retry) where the database fails."""
        tries = 0
        while True:
            try:
                return self._once(unit)
            except DBAPIError as error:
                self.close()
                tries += 1
                if tries == TRIES or not is_conflict(error):
                    raise typed(error) from error

    def _once(self, unit: Callable[[Connection], Any]) -> Any:
        if self._conn is None:
            self._conn = self._engine.connect()
        with self._conn.begin():
            return unit(self._conn)

    def close(self) -> None:
        """Close the connection; the next question opens another."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None
        self._engine.dispose()
