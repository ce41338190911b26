"""From the database's errors to ours: what a full disk, a lock or a broken file means for the caller."""

from __future__ import annotations

import sqlite3
from typing import Final

from sqlalchemy.exc import DBAPIError

from mail_gateway.domain.errors import Disposition, GatewayError

_BY_CODE: Final = {
    sqlite3.SQLITE_FULL: ("The disk is full.", "store-full"),
    sqlite3.SQLITE_BUSY: ("The database is busy.", "store-busy"),
    sqlite3.SQLITE_LOCKED: ("The database is busy.", "store-busy"),
}
_OTHER: Final = ("The database could not be written.", "store-failed")


def closed() -> GatewayError:
    """Nothing more is taken: the gateway is going down."""
    return GatewayError("The gateway is going down.", "store-closed", Disposition.RETRY)


def failed(error: BaseException) -> GatewayError:
    """A commit that failed, for whatever reason: nothing of it was written, come again."""
    known = typed(error)
    if isinstance(known, GatewayError):
        return known
    return GatewayError(*_OTHER, Disposition.RETRY, type(error).__name__)


def typed(error: BaseException) -> BaseException:
    """What the machine did becomes a GatewayError(retry); a broken rule or a bug stays what it is."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.OperationalError | sqlite3.DatabaseError):
        return error
    if isinstance(cause, sqlite3.IntegrityError | sqlite3.ProgrammingError):
        return error
    code = getattr(cause, "sqlite_errorcode", None)
    sentence, slug = _BY_CODE.get((code or 0) & 0xFF, _OTHER)
    return GatewayError(
        sentence, slug, Disposition.RETRY, getattr(cause, "sqlite_errorname", "") or str(cause)
    )
