"""Writes the letters about orders: plain text first, HTML beside what asks. Same news, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.news import Composed
from mail_gateway.domain.order_news import ASKING
from mail_gateway.outbox.compose import LANGUAGES, NEVER, one_line
from mail_gateway.outbox.order_words import words_of
from schemas.deal import layout
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.headers import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.domain.order_news import OrderNews
    from mail_gateway.outbox.compose import Compose, TokenKeys
    from mail_gateway.settings import Settings

PAGE: Final = "/deal/"
"""Where the site has the page of an order, which computes an answer; its address for answers is the name."""


class OrderWriter:
    """Writes them with the templates of `Compose`."""

    def __init__(self, settings: Settings, keys: TokenKeys, templates: Compose) -> None:
        self._keys = keys
        self._templates = templates
        self._head = templates.head
        self._public_url = settings.site.public_url

    def compose(self, news: OrderNews) -> Composed:
        """The letter of this news. Raises WireError address-form if the recipient is no address."""
        recipient = address(news.recipient)
        ident = token.letter_ident(news.order.id, news.number)
        bounce = token.make(self._keys.bounce, token.ORDER_BOUNCE, ident, recipient, NEVER)
        message_id = self._head.message_id(f"{news.kind.value}.{news.number}.{news.order.id}")
        language = news.language if news.language in LANGUAGES else "en"
        words = {**words_of(news, language, self._head), **self._proof(news, recipient)}

        def render(part: str) -> str:
            return self._templates.render(f"{language}/{news.kind.value}.{part}.j2", words)

        reply_to = self._reply_to(news, recipient)
        headers = self._head.headers(recipient, message_id, reply_to, news.at_ms, news.in_reply_to)
        headers["Subject"] = one_line(render("subject"))
        html = render("html") if news.kind in ASKING else ""
        raw = build_mail(headers, render("txt"), html=html)
        return Composed(message_id, self._head.answered_at(bounce), recipient, raw)

    def _reply_to(self, news: OrderNews, recipient: str) -> str:
        kind, ident = token.ORDER, news.order.id
        if news.is_to_shop:
            kind, ident = token.DESK, news.parties.seller.id
        return self._head.answered_at(token.make(self._keys.reply, kind, ident, recipient, NEVER))

    def _proof(self, news: OrderNews, recipient: str) -> Mapping[str, str]:
        """What an answer is computed from, and where, if this amount asks for one."""
        if not news.wants_ocra:
            return {"question": "", "page": ""}
        local = self._reply_to(news, recipient).partition("@")[0]
        page = self._public_url and f"{self._public_url}{PAGE}{local}"
        return {"question": layout.question(news.order.deal), "page": page}
