"""What stands above each of our letters: where it comes from, what it answers, that a program wrote it."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from schemas.mail.headers import message_ids

if TYPE_CHECKING:
    from mail_gateway.settings import Settings


class Letterhead:
    """The addresses of one gateway, as its letters bear them."""

    def __init__(self, settings: Settings) -> None:
        own = settings.gateway
        self._zone = ZoneInfo(own.time_zone)
        self._reply_domain = own.reply_domain or own.domain
        self._sender_domain = settings.smarthost.sender_domain or own.domain
        self.own_address = f"{own.sale_local}@{own.domain}"

    def message_id(self, local: str) -> str:
        """The Message-ID header of this left side."""
        return f"<{local}@{self._sender_domain}>"

    def answered_at(self, local: str) -> str:
        """The address of ours that takes answers and bounces, by the token on its left."""
        return f"{local}@{self._reply_domain}"

    def times(self, time_ms: int) -> tuple[str, str]:
        """Unix ms -> the Date header (RFC 5322), and the time as people read it."""
        return _times(time_ms // 1000, self._zone)

    def headers(
        self, recipient: str, message_id: str, reply_to: str, time_ms: int, in_reply_to: str = ""
    ) -> dict[str, str]:
        """All headers but those of the content; the subject is empty. time_ms: unix ms. in_reply_to: the
        Message-ID that came, in any form; what is no Message-ID is left out."""
        headers = {
            "From": f"Hagaki <{self.own_address}>",
            "To": recipient,
            "Reply-To": reply_to,
            "Subject": "",
            "Date": self.times(time_ms)[0],
            "Message-ID": message_id,
            "Auto-Submitted": "auto-replied" if in_reply_to else "auto-generated",  # RFC 3834
            "X-Auto-Response-Suppress": "All",
        }
        asked = in_reply_to.strip().removeprefix("<").removesuffix(">")
        if message_ids(f"<{asked}>") == (asked,) and "=?" not in asked:
            headers["In-Reply-To"] = headers["References"] = f"<{asked}>"
        return headers


@lru_cache(64)
def _times(time_s: int, zone: ZoneInfo) -> tuple[str, str]:
    time = datetime.fromtimestamp(time_s, zone)
    return format_datetime(time), f"{time:%Y-%m-%d %H:%M} {time.tzname()}"
