"""A mail to the sender address of one of our letters: whose letter was not delivered, if anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from mail_gateway.store import inbox, letters
from schemas.mail import robots, token

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NEVER: Final = 0
"""A letter's token has no expiry: a bounce may take days."""


class Reader(Protocol):
    """What this needs of the store."""

    async def read(self, unit: Callable[..., Any], /, *args: Any) -> Any: ...


class Bounces:
    """Judges bounces by their address alone, never by what they quote. key: of the bounce tokens."""

    def __init__(self, store: Reader, key: bytes) -> None:
        self._store = store
        self._key = key

    async def judge(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> inbox.Bounced | str:
        """The letter that came back; else "" if the mail was to no bounce address, or the slug of what
        it is instead: bounce-forged, bounce-notice."""
        read = (token.in_address(one, token.BOUNCE) for one in recipients)
        tokens = [one for one in read if one is not None]
        for one in tokens:
            payment, version = token.letter_of(one.ident)
            recipient: str | None = await self._store.read(letters.recipient, payment, version)
            if recipient is not None and token.verify(self._key, one, recipient, NEVER):
                status = robots.undelivered(raw, sender)
                return "bounce-notice" if status is None else inbox.Bounced(payment, version, status)
        return "bounce-forged" if tokens else ""
