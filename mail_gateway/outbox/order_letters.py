"""Writes the letters about orders: plain text first, HTML beside what asks. Same news, same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain.news import Composed
from mail_gateway.domain.order_news import ASKING
from mail_gateway.outbox.compose import LANGUAGES, NEVER, one_line, times
from mail_gateway.outbox.order_words import words_of
from schemas.deal import layout
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.headers import address, message_ids

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
        own = settings.gateway
        self._keys = keys
        self._templates = templates
        self._zone = ZoneInfo(own.time_zone)
        self._domain = settings.smarthost.sender_domain or own.domain
        self._reply_domain = own.reply_domain or own.domain
        self._own_address = f"{own.sale_local}@{own.domain}"
        self._public_url = settings.site.public_url

    def compose(self, news: OrderNews) -> Composed:
        """The letter of this news. Raises WireError address-form if the recipient is no address."""
        recipient = address(news.recipient)
        ident = token.letter_ident(news.order.id, news.number)
        bounce = token.make(self._keys.bounce, token.ORDER_BOUNCE, ident, recipient, NEVER)
        message_id = f"<{news.kind.value}.{news.number}.{news.order.id}@{self._domain}>"
        language = news.language if news.language in LANGUAGES else "en"
        words = {**words_of(news, language, self._zone), **self._proof(news, recipient)}

        def render(part: str) -> str:
            return self._templates.render(f"{language}/{news.kind.value}.{part}.j2", words)

        headers = self._headers(news, recipient, message_id)
        headers["Subject"] = one_line(render("subject"))
        html = render("html") if news.kind in ASKING else ""
        raw = build_mail(headers, render("txt"), html=html)
        return Composed(message_id, f"{bounce}@{self._reply_domain}", recipient, raw)

    def _headers(self, news: OrderNews, recipient: str, message_id: str) -> dict[str, str]:
        headers = {
            "From": f"Hagaki <{self._own_address}>",
            "To": recipient,
            "Reply-To": self._reply_to(news, recipient),
            "Subject": "",
            "Date": times(news.at_ms // 1000, self._zone)[0],
            "Message-ID": message_id,
            "Auto-Submitted": "auto-replied" if news.in_reply_to else "auto-generated",  # RFC 3834
            "X-Auto-Response-Suppress": "All",
        }
        asked = news.in_reply_to.strip().removeprefix("<").removesuffix(">")
        if message_ids(f"<{asked}>") == (asked,) and "=?" not in asked:
            headers["In-Reply-To"] = headers["References"] = f"<{asked}>"
        return headers

    def _reply_to(self, news: OrderNews, recipient: str) -> str:
        kind, ident = token.ORDER, news.order.id
        if news.is_to_shop:
            kind, ident = token.DESK, news.parties.seller.id
        return f"{token.make(self._keys.reply, kind, ident, recipient, NEVER)}@{self._reply_domain}"

    def _proof(self, news: OrderNews, recipient: str) -> Mapping[str, str]:
        """What an answer is computed from, and where, if this amount asks for one."""
        if not news.wants_ocra:
            return {"question": "", "page": ""}
        local = self._reply_to(news, recipient).partition("@")[0]
        page = self._public_url and f"{self._public_url}{PAGE}{local}"
        return {"question": layout.question(news.order.deal), "page": page}
