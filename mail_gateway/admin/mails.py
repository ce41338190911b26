"""Mails that nobody could read, for a person: their headers, and their bytes into a file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import mails
from mail_gateway.store.backend import guest
from schemas.mail.read import Mail, read_mail

if TYPE_CHECKING:
    from pathlib import Path

    from mail_gateway.settings import GatewaySettings

_LONG_NUMBER: Final = re.compile(r"\d(?:[ .-]?\d){11,}")
"""What may be a card number, also in full-width digits."""


def listed(gateway: GatewaySettings, limit: int) -> list[dict[str, Any]]:
    """The newest unreadable mails, at most so many."""
    with guest(gateway.database) as conn:
        return mails.unreadable(conn, limit)


def shown(gateway: GatewaySettings, number: int) -> dict[str, Any]:
    """One of them: who, when, why, its size and headers. The text is not shown: it may hold a card number."""
    row, raw = _found(gateway, number)
    read = read_mail(raw)
    headers = {"subject": read.subject, "message_id": read.message_id} if isinstance(read, Mail) else {}
    headers = {name: _LONG_NUMBER.sub("[number]", value) for name, value in headers.items()}
    return {**row, "bytes": len(raw), "read": "yes" if isinstance(read, Mail) else read.slug, **headers}


def save(gateway: GatewaySettings, number: int, target: Path) -> dict[str, Any]:
    """Write its bytes as they came to a new file that only its owner may read."""
    _, raw = _found(gateway, number)
    if target.exists():
        raise GatewayError(f"{target} exists; choose a new file.", "file-exists", Disposition.REFUSE)
    target.touch(mode=0o600)
    with target.open("wb") as file:
        file.write(raw)
    return {"mail": number, "file": str(target), "bytes": len(raw)}


def _found(gateway: GatewaySettings, number: int) -> tuple[dict[str, Any], bytes]:
    with guest(gateway.database) as conn:
        found = mails.raw(conn, number)
    if found is None:
        raise GatewayError(f"There is no unreadable mail {number}.", "mail-unknown", Disposition.REFUSE)
    return found
