"""From the database's errors to ours: what a full disk, a lock or a broken file means for the caller."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final

from sqlalchemy.exc import DBAPIError, OperationalError

from mail_gateway.domain.errors import Disposition, GatewayError

if TYPE_CHECKING:
    from types import TracebackType

_FULL: Final = ("The disk is full.", "store-full")
_BUSY: Final = ("The database is busy.", "store-busy")
_OTHER: Final = ("The database could not be written.", "store-failed")

_CLOSED: Final = (
    "The database cannot be opened or written: check its path, its owner and its mode.",
    "store-failed",
)
_NONE: Final = ("The database's file is none, or damaged: see hagaki restore.", "store-failed")

_BY_CODE: Final = {
    sqlite3.SQLITE_CANTOPEN: _CLOSED,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_NOTADB: _NONE,
    sqlite3.SQLITE_CORRUPT: _NONE,
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
}
_BY_SQLSTATE: Final = {
    "40": _BUSY,  # serialization failure, deadlock: PostgreSQL's way to say "again"
    "55P03": _BUSY,  # lock time-out
    "57014": _BUSY,  # statement time-out
    "25P03": _BUSY,  # idle-in-transaction time-out
    "53100": _FULL,
    "53": _BUSY,  # too many connections, out of memory
    "08": _OTHER,  # connection
    "25006": _OTHER,  # the primary has become a stand-by
    "57": _OTHER,  # shut down, crashed, starting
    "58": _OTHER,  # the machine under it
    "XX": _OTHER,
}
"""A SQLSTATE or its first two characters -> sentence and slug; all others are broken rules or bugs."""

CONFLICTS: Final = frozenset({"40001", "40P01"})
"""SQLSTATEs after which the same work is simply done again."""

KEYS: Final = frozenset(
    {"one_payment_per_counter", "payments_envelope_hash_key", "fetched_pkey", "mailboxes_pkey"}
)
"""Rules by which two nodes meet: done again, the work finds the other's row and judges by it."""


class Caught:
    """As a context it keeps the exception of its body, whatever it is: units are of many makers."""

    error: BaseException | None = None

    def __enter__(self) -> Caught:
        self.error = None
        return self

    def __exit__(
        self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None
    ) -> bool:
        self.error = error
        return isinstance(error, Exception)


def closed() -> GatewayError:
    """Nothing more is taken: the gateway is going down."""
    return GatewayError("The gateway is going down.", "store-closed", Disposition.RETRY)


def failed(error: BaseException) -> GatewayError:
    """A commit that failed, for whatever reason: nothing of it was written, come again."""
    known = typed(error)
    if isinstance(known, GatewayError):
        return known
    return GatewayError(*_OTHER, Disposition.RETRY, type(error).__name__)


def is_conflict(error: BaseException, *, alone: bool = False) -> bool:
    """Whether two transactions got into each other's way, and this one only has to be done again.

    alone: it holds one unit; of several, two may be after the same key, and would be each time.
    """
    return _sqlstate(error) in CONFLICTS or (alone and _rule(error) in KEYS)


def typed(error: BaseException) -> BaseException:
    """What the machine did becomes a GatewayError(retry); a broken rule or a bug stays what it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(error, cause)
    state = _sqlstate(error)
    found = _BY_SQLSTATE.get(state) or _BY_SQLSTATE.get(state[:2])
    if found is None and not state and isinstance(error, OperationalError):
        found = _OTHER  # the connection is gone: there is nobody left to give a SQLSTATE
    return error if found is None else GatewayError(*found, Disposition.RETRY, state or type(cause).__name__)


def _of_sqlite(error: BaseException, cause: sqlite3.Error) -> BaseException:
    if not isinstance(cause, sqlite3.OperationalError | sqlite3.DatabaseError):
        return error
    if isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return error
    code = getattr(cause, "sqlite_errorcode", None)
    sentence, slug = _BY_CODE.get((code or 0) & 0xFF, _OTHER)
    return GatewayError(
        sentence, slug, Disposition.RETRY, getattr(cause, "sqlite_errorname", "") or str(cause)
    )


def _rule(error: BaseException) -> str:
    """PostgreSQL's name of the constraint that was broken, or empty."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(getattr(cause, "diag", None), "constraint_name", None) or ""


def _sqlstate(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ""
