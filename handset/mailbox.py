"""The merchant's mailbox as the courier sees it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

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
