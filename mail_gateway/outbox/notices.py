"""Writes notices: letters that tell no payment's state. Same notice, same bytes but for the date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.domain.news import Composed
from mail_gateway.outbox.compose import LANGUAGES, NEVER, one_line
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.headers import address

if TYPE_CHECKING:
    from mail_gateway.domain.notice import Notice, Words
    from mail_gateway.outbox.compose import Compose, TokenKeys


class Notices:
    """Writes them with the templates of `Compose`."""

    def __init__(self, keys: TokenKeys, templates: Compose) -> None:
        self._keys = keys
        self._templates = templates
        self._head = templates.head

    def compose(self, notice: Notice, now_ms: int) -> Composed:
        """The letter of one notice. now_ms: unix ms. Raises WireError address-form if the recipient is no
        address."""
        merchant = notice.merchant
        recipient = address(merchant.mail)
        message_id = self._head.message_id(f"{notice.kind.value}.{notice.ident}.{merchant.id}")
        words = {"merchant": one_line(merchant.name), **notice.words}
        reply_to = self._reply_to(notice, recipient)
        headers = self._head.headers(recipient, message_id, reply_to, now_ms, notice.in_reply_to)
        headers["Subject"] = one_line(self._render(notice, "subject", words))
        files = tuple((one.name, one.media_type, one.data) for one in notice.attachments)
        raw = build_mail(headers, self._render(notice, "txt", words), files)
        return Composed(message_id, self._head.own_address, recipient, raw)

    def _reply_to(self, notice: Notice, recipient: str) -> str:
        kind, ident = token.DESK, notice.merchant.id
        if notice.payment is not None:
            kind, ident = token.REPLY, notice.payment
        return self._head.answered_at(token.make(self._keys.reply, kind, ident, recipient, NEVER))

    def _render(self, notice: Notice, part: str, words: Words) -> str:
        language = notice.merchant.language if notice.merchant.language in LANGUAGES else "en"
        return self._templates.render(f"{language}/{notice.kind.value}.{part}.j2", words)
