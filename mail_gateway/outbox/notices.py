"""Writes notices: letters that tell no payment's state. Same notice, same bytes but for the date."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mail_gateway.domain.news import Composed
from mail_gateway.outbox.compose import LANGUAGES, NEVER, one_line
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.headers import address, message_ids

if TYPE_CHECKING:
    from mail_gateway.domain.notice import Notice, Words
    from mail_gateway.outbox.compose import Compose, TokenKeys
    from mail_gateway.settings import Settings


class Notices:
    """Writes them with the templates of `Compose`."""

    def __init__(self, settings: Settings, keys: TokenKeys, templates: Compose) -> None:
        own = settings.gateway
        self._keys = keys
        self._templates = templates
        self._zone = ZoneInfo(own.time_zone)
        self._domain = settings.smarthost.sender_domain or own.domain
        self._reply_domain = own.reply_domain or own.domain
        self._own_address = f"{own.sale_local}@{own.domain}"

    def compose(self, notice: Notice, now_ms: int) -> Composed:
        """The letter of one notice. now_ms: unix ms. Raises WireError address-form if the recipient is no
        address."""
        merchant = notice.merchant
        recipient = address(merchant.mail)
        message_id = f"<{notice.kind.value}.{notice.ident}.{merchant.id}@{self._domain}>"
        words = {"merchant": one_line(merchant.name), **notice.words}
        headers = {
            "From": f"Hagaki <{self._own_address}>",
            "To": recipient,
            "Reply-To": self._reply_to(notice, recipient),
            "Subject": one_line(self._render(notice, "subject", words)),
            "Date": format_datetime(datetime.fromtimestamp(now_ms // 1000, self._zone)),
            "Message-ID": message_id,
            "Auto-Submitted": "auto-replied" if notice.in_reply_to else "auto-generated",  # RFC 3834
            "X-Auto-Response-Suppress": "All",
        }
        asked = notice.in_reply_to.strip().removeprefix("<").removesuffix(">")
        if message_ids(f"<{asked}>") == (asked,) and "=?" not in asked:
            headers["In-Reply-To"] = headers["References"] = f"<{asked}>"
        files = tuple((one.name, one.media_type, one.data) for one in notice.attachments)
        raw = build_mail(headers, self._render(notice, "txt", words), files)
        return Composed(message_id, self._own_address, recipient, raw)

    def _reply_to(self, notice: Notice, recipient: str) -> str:
        kind, ident = token.DESK, notice.merchant.id
        if notice.payment is not None:
            kind, ident = token.REPLY, notice.payment
        return f"{token.make(self._keys.reply, kind, ident, recipient, NEVER)}@{self._reply_domain}"

    def _render(self, notice: Notice, part: str, words: Words) -> str:
        language = notice.merchant.language if notice.merchant.language in LANGUAGES else "en"
        return self._templates.render(f"{language}/{notice.kind.value}.{part}.j2", words)
