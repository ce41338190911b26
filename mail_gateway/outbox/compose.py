"""From news to a letter: templates by kind and language, headers, and the sealed result twice. Same news,
same bytes."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from mail_gateway.domain import item_words
from mail_gateway.domain.money import shown
from mail_gateway.domain.news import Composed
from mail_gateway.outbox.letterhead import Letterhead
from mail_gateway.outbox.skeleton import Skeletons
from schemas.envelope import armour
from schemas.mail import token
from schemas.mail.build import build_mail
from schemas.mail.headers import address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.domain.news import News
    from mail_gateway.settings import Settings

TEMPLATES: Final = Path(__file__).resolve().parents[2] / "templates"
LANGUAGES: Final = ("ja", "en")
ATTACHMENT: Final = "result.txt"
NEVER: Final = 0
"""The expiry in a payment's token: what may still be answered is decided by the payment, not by the
address."""

_OLD_CHARSET: Final = "iso-2022-jp"


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """32 bytes each, never the same: a bounce can never be taken for a reply."""

    reply: bytes = field(repr=False)
    bounce: bytes = field(repr=False)


class Compose:
    """Writes letters. old_phones: addresses whose letters are written in ISO-2022-JP instead of UTF-8.
    head: what stands above every letter, for those who write others with our templates."""

    def __init__(self, settings: Settings, keys: TokenKeys, old_phones: frozenset[str] = frozenset()) -> None:
        self.head = Letterhead(settings)
        self._keys = keys
        self._old_phones = old_phones
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATES),
            undefined=StrictUndefined,
            autoescape=_is_html,  # of plain text, `_words` has taken out what could end a line
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            auto_reload=False,
        )
        self._skeletons = Skeletons(self.render)

    def compose(self, news: News) -> Composed:
        """The letter for this news, byte for byte the same every time. Raises WireError address-form if the
        recipient is no address."""
        recipient = address(news.recipient)
        reply = token.make(self._keys.reply, token.REPLY, news.payment_id, recipient, NEVER)
        letter = token.letter_ident(news.payment_id, news.version)
        bounce = token.make(self._keys.bounce, token.BOUNCE, letter, recipient, NEVER)
        message_id = self.head.message_id(f"{reply}.{news.letter.value}.{news.version}")
        block = armour.block(armour.RESULT, news.sealed_result) if news.sealed_result else ""
        words = self._words(news)
        reply_to = self.head.answered_at(reply)
        headers = self.head.headers(news.recipient, message_id, reply_to, news.time_ms, news.in_reply_to)
        headers["Subject"] = self._render(news, "subject", words).strip()
        words |= {"block": block, **_asking(news, words["reason"])}
        text = self._render(news, "txt", words)
        charset = _OLD_CHARSET if recipient in self._old_phones else "utf-8"
        attachments = ((ATTACHMENT, "text/plain", block.encode("ascii")),) if block else ()
        raw = build_mail(headers, text, attachments, charset=charset)
        return Composed(message_id, self.head.answered_at(bounce), recipient, raw)

    def _words(self, news: News) -> dict[str, str]:
        """What templates may use: text of one line each."""
        words = {
            "amount": shown(news.amount_minor, news.currency, news.language) if news.currency else "",
            "card": news.masked_card,
            "approval_number": news.approval_number,
            "slip": f"{news.slip:05d}" if news.slip else "",
            "reference": news.reference or f"H{news.payment_id}",
            "original": news.original,
            "reason": news.reason,
            "merchant": news.merchant_name,
            "time": self.head.times(news.time_ms)[1],
            "check_code": f"{news.check_code[:4]} {news.check_code[4:]}" if news.check_code else "",
            "version": str(news.version),
            "until": self.head.times(news.until_ms)[1] if news.until_ms else "",
        }
        return {name: one_line(value) for name, value in words.items()}

    def _render(self, news: News, part: str, words: Mapping[str, str]) -> str:
        language = news.language if news.language in LANGUAGES else "en"
        return self._skeletons.join(f"{language}/{news.letter.value}.{part}.j2", words)

    def render(self, template: str, words: Mapping[str, object]) -> str:
        """The plain way, which the skeletons are made from."""
        return self._templates.get_template(template).render(words)


def _is_html(template: str | None) -> bool:
    return template is not None and template.endswith(".html.j2")


def _asking(news: News, reason: str) -> dict[str, str]:
    """The lines that ask, if any; then the reason is what is to be done first."""
    if not news.questions:
        return {"questions": "", "todo": ""}
    lines = (item_words.asked(number, item, news.language) for number, item in news.questions)
    return {"questions": "\n".join(lines), "todo": reason, "reason": ""}


def one_line(value: str) -> str:
    """Without controls and invisible signs, and no encoded-word: a host's text cannot forge a line or a
    header."""
    visible = value
    if not value.isprintable():  # by its definition: some sign but the space is of category C or Z
        visible = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in value)
    return " ".join(visible.replace("=?", "= ?").split())
