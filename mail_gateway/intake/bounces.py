"""A mail to the sender address of one of our letters: whose letter was not delivered, if anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from mail_gateway.store import inbox, letters, order_bounces
from schemas.mail import robots, token

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NEVER: Final = 0
"""A letter's token has no expiry: a bounce may take days."""


_KINDS: Final = token.BOUNCE + token.ORDER_BOUNCE


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
        read = (token.in_address(one, _KINDS) for one in recipients)
        tokens = [one for one in read if one is not None]
        for one in tokens:
            whose, version = token.letter_of(one.ident)
            find = order_bounces.recipient if one.kind == token.ORDER_BOUNCE else letters.recipient
            recipient: str | None = await self._store.read(find, whose, version)
            if recipient is not None and token.verify(self._key, one, recipient, NEVER):
                status = robots.undelivered(raw, sender)
                return "bounce-notice" if status is None else _bounced(one.kind, whose, version, status)
        return "bounce-forged" if tokens else ""


def _bounced(kind: str, whose: int, version: int, status: str) -> inbox.Bounced:
    if kind == token.ORDER_BOUNCE:
        return inbox.Bounced(None, version, status, whose)
    return inbox.Bounced(whose, version, status)
