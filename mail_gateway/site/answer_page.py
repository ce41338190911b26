"""The page of an order as HTML: what is asked in words, and what may be pressed. Pure; no sockets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined

from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.money import shown
from mail_gateway.domain.order import OrderState
from mail_gateway.site.pages import Page
from schemas.deal import layout

if TYPE_CHECKING:
    from mail_gateway.store.orders import Case

FILES: Final = {
    "answer.css": "text/css; charset=utf-8",
    **dict.fromkeys(("answer.js", "deal.js"), "text/javascript"),
}
_SECURITY: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Server": "Hagaki",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is there beside the order. form: the token of its forms. now_s: unix seconds, so that an answer
    does not hang on the clock of the device. note: what became of an answer, by its name among the words."""

    form: str
    now_s: int
    note: str = ""


class AnswerPage:
    """Writes it. time_zone: IANA, for the time of the order."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        self._words: dict[str, Any] = json.loads(_text("words.json"))
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        self._template = environment.from_string(_text("answer.html.j2"))

    def compose(self, case: Case, what: Shown) -> Page:
        """The page of that order, as it stands, in its customer's language."""
        language = case.parties.customer.language
        language = language if language in self._words else "en"
        words = self._words[language]
        asked, locked = _stands(case)
        body = self._template.render(
            **_facts(layout.decode(case.order.deal), language, self._zone),
            language=language,
            words=words,
            state="locked" if locked else case.order.state.value,
            deal=case.order.deal.hex(),
            note=words["notes"].get(what.note, ""),
            form=what.form,
            now_s=what.now_s,
            may_yes=asked and not locked and case.parties.customer.secret is not None,
            may_no=asked,
        )
        headers = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", **_SECURITY}
        return Page(body.encode(), headers)


def static(name: str) -> Page:
    """One of FILES."""
    headers = {"Content-Type": FILES[name], "Cache-Control": "no-cache", **_SECURITY}
    return Page(_text(name).encode(), headers)


def _text(name: str) -> str:
    return (files("mail_gateway.site") / "answer" / name).read_text(encoding="utf-8")


def _stands(case: Case) -> tuple[bool, bool]:
    """Whether the customer is asked; whether only a no is taken."""
    asking = case.confirmation
    if case.order.state is not OrderState.ASKED or asking is None:
        return False, False
    return True, asking.state is ConfirmState.LOCKED


def _facts(deal: layout.Deal, language: str, zone: ZoneInfo) -> dict[str, Any]:
    """The deal in words, for a browser that computes nothing; one that does shows what the bytes say."""
    lines = [
        {
            "name": f"{name} ({model})" if model else name,
            "unit": shown(unit, deal.currency, language),
            "quantity": n,
        }
        for name, model, unit, n in deal.lines
    ]
    return {
        "shop": deal.shop,
        "deal_id": deal.deal_id,
        "time": f"{datetime.fromtimestamp(deal.time_s, zone):%Y-%m-%d %H:%M}",
        "lines": lines,
        "total": shown(deal.total_minor, deal.currency, language),
    }
