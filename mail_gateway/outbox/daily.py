"""The letter at the end of a merchant's day: what is still open. No reader opens it, so nothing is sealed."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mail_gateway.domain.news import Composed
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.compose import LANGUAGES, one_line
from mail_gateway.outbox.money import shown
from schemas.mail.build import build_mail
from schemas.mail.headers import address

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from mail_gateway.domain.day import Day, OpenSale
    from mail_gateway.outbox.compose import Compose
    from mail_gateway.settings import Settings


class Daily:
    """Writes digests. Same day, same Message-ID."""

    def __init__(self, settings: Settings, templates: Compose) -> None:
        own = settings.gateway
        self._templates = templates
        self._zone = ZoneInfo(own.time_zone)
        self._domain = settings.smarthost.sender_domain or own.domain
        self._own_address = f"{own.sale_local}@{own.domain}"

    def compose(self, day: Day, when: date, now_ms: int) -> Composed:
        """The letter of one merchant's day. now_ms: unix ms. Raises WireError address-form."""
        recipient = address(day.recipient)
        message_id = f"<{Letter.DIGEST.value}.{day.merchant}.{when:%Y%m%d}@{self._domain}>"
        words = {
            "day": f"{when:%Y-%m-%d}",
            "merchant": one_line(day.merchant_name),
            "open": _lines(map(_open, (one for one in day.open if not one.back))),
            "returns": _lines(map(_open, (one for one in day.open if one.back))),
            "gaps": _lines(f"{one.reader}: {_range(one.first, one.last)}" for one in day.holes),
            "letters": _lines(f"{one.reference}  {one.kind}" for one in day.letters),
        }
        moment = datetime.fromtimestamp(now_ms // 1000, self._zone)
        headers = {
            "From": f"Hagaki <{self._own_address}>",
            "To": recipient,
            "Subject": self._render(day, "subject", words).strip(),
            "Date": format_datetime(moment),
            "Message-ID": message_id,
            "Auto-Submitted": "auto-generated",  # RFC 3834
        }
        raw = build_mail(headers, self._render(day, "txt", words), None, charset="utf-8")
        return Composed(message_id, self._own_address, recipient, raw)

    def _render(self, day: Day, part: str, words: dict[str, str]) -> str:
        language = day.language if day.language in LANGUAGES else "en"
        return self._templates.render(f"{language}/{Letter.DIGEST.value}.{part}.j2", words)


def _lines(texts: Iterable[str]) -> str:
    return "\n".join(text.rstrip() for text in texts)


def _open(one: OpenSale) -> str:
    return f"{one.reference}  {_amount(one.amount_minor, one.currency)}"


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _amount(amount_minor: int, currency: int) -> str:
    return shown(amount_minor, currency, "en") if currency else ""
