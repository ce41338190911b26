"""The merchant's mailbox as the courier sees it, and which kind a setting names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from handset.errors import HandsetError
from handset.settings import HandsetSettings
from handset.spool import Spool

BATCH_MAX = 20
"""At most so many mails at one look; the rest at the next, which follows at once."""

MAIL_MAX = 1_048_576
"""Bytes. Nothing of ours is near that; larger mails are left alone."""


class MailboxError(Exception):
    """The mailbox cannot be read now; a later look may succeed. The text says why."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One mail in the mailbox: the mailbox's own name for it, and its bytes."""

    name: str
    raw: bytes


class Mailbox(Protocol):
    """Mails that nobody has taken yet. Both raise MailboxError or OSError and may be called again."""

    async def waiting(self) -> list[Incoming]:
        """The oldest mails that were not marked, at most BATCH_MAX."""

    async def mark(self, incoming: Incoming) -> None:
        """This mail is durably ours: do not show it again."""

    def close(self) -> None:
        """Let go of connections."""


def open_mailbox(settings: HandsetSettings, spool: Spool) -> Mailbox:
    """`settings.fetch` -> the mailbox. Raises HandsetError when it is not of a known form."""
    kind, _, place = settings.fetch.partition(":")
    if kind == "maildir" and place:
        from handset.maildir import Maildir

        return Maildir(Path(place))
    parts = place.split(":", 3)
    if kind == "imap" and len(parts) == 4 and all(parts) and parts[1].isdecimal():
        from handset.imap import Account, Imap

        account = Account(parts[0], int(parts[1]), parts[2], settings.imap_password, parts[3])
        return Imap(account, spool, timeout_ms=settings.timeout_ms, tls=settings.imap_tls)
    raise HandsetError(
        "fetch-form", f"fetch = {settings.fetch!r} must be maildir:PATH or imap:HOST:PORT:USER:FOLDER"
    )
