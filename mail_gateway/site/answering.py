"""The customer's page of an order: shown by GET, which confirms nothing, and answered by its own form."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from aiohttp import web

from mail_gateway.domain.answering import Answer, Nothing, Verdict
from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope.keys import Purpose
from mail_gateway.site import answer_form
from mail_gateway.site.answer_page import FILES, AnswerPage, Shown, static
from mail_gateway.store import customer_answers, orders
from mail_gateway.store.sheet import Stale
from mail_gateway.work import confirming
from schemas.errors import WireError
from schemas.mail import token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

PAGE: Final = "/deal/"
_NEVER: Final = 0
_DIGITS: Final = re.compile(r"[0-9]{8}")
_NOTES: Final = {
    Verdict.WRONG: "wrong",
    Verdict.ASKED_AGAIN: "wrong",
    Verdict.FOR_A_PERSON: "wrong",
    Verdict.SHUT: "over",
    Verdict.TOO_LATE: "over",
}
"""What the page says of an answer beside the order's state, which says the rest."""


class Answering:
    """The part of the site that customers see. node: this process's life now."""

    def __init__(self, kit: Kit, node: Callable[[], int]) -> None:
        self._kit = kit
        self._node = node
        self._key = kit.keys.token_key(Purpose.REPLY_TOKEN)
        self._page = AnswerPage(kit.settings.time_zone)
        self._files = {name: static(name) for name in FILES}

    def routes(self) -> Sequence[web.RouteDef]:
        """The page by the order's reply token, and its files."""
        return [
            web.get(PAGE + "{token}", self._show),
            web.post(PAGE + "{token}", self._take),
            web.get("/answer/{name}", self._file),
        ]

    async def _file(self, request: web.Request) -> web.Response:
        page = self._files.get(request.match_info["name"])
        if page is None:
            raise web.HTTPNotFound
        return web.Response(body=page.body, headers=page.headers)

    async def _show(self, request: web.Request) -> web.Response:
        case = await self._case(request)
        return self._shown(case, request.query.get("note", ""))

    async def _take(self, request: web.Request) -> web.Response:
        """An answer, if the form was ours and is not old; then the page, so that a reload sends nothing."""
        case = await self._case(request)
        given = await _given(request)
        if not answer_form.fits(self._key, case.order.id, self._now_ms() // 1000, given.get("form", "")):
            return self._shown(case, "form", status=403)
        said = _said(given)
        if said is None:
            return self._shown(case, "wrong", status=400)
        try:
            answer = Answer(said, self._now_ms(), "page")
            kit = replace(self._kit, node=self._node())
            verdict = await confirming.apply(kit, case.order.id, answer)
        except (GatewayError, Stale):
            return self._shown(case, "later", status=503)
        raise web.HTTPSeeOther(f"{request.path}?note={_NOTES.get(verdict, '')}")

    def _shown(self, case: Case, note: str, *, status: int = 200) -> web.Response:
        now_s = self._now_ms() // 1000
        form = answer_form.make(self._key, case.order.id, now_s)
        page = self._page.compose(case, Shown(form, now_s, note))
        return web.Response(body=page.body, headers=page.headers, status=status)

    async def _case(self, request: web.Request) -> Case:
        """The order whose token stands in the address. Raises 404: there is none, or the token is made up."""
        try:
            named = token.read(request.match_info["token"])
        except WireError:
            raise web.HTTPNotFound from None
        asked = await self._kit.store.read(customer_answers.asked, named.ident) if _fits(named) else None
        if asked is None or not any(token.verify(self._key, named, to, _NEVER) for to in asked.written_to):
            raise web.HTTPNotFound
        case = await self._kit.store.read(orders.case, named.ident)
        if case is None:
            raise web.HTTPNotFound
        return case

    def _now_ms(self) -> int:
        return self._kit.ports.now_ms()


def _fits(named: token.Token) -> bool:
    """Whether it may be an order's, by its kind and its number."""
    return named.kind == token.ORDER and named.ident < 1 << 63


async def _given(request: web.Request) -> dict[str, str]:
    """The form's fields; none where they are in no charset that we know."""
    try:
        posted = await request.post()
    except (LookupError, ValueError):
        return {}
    return {name: value for name, value in posted.items() if isinstance(value, str)}


def _said(given: dict[str, str]) -> Nothing | None:
    """What the form says; None: neither of its buttons. A yes counts only with its eight digits."""
    if given.get("answer") == "no":
        return Nothing(no=True)
    digits = given.get("ocra", "")
    if given.get("answer") == "yes" and _DIGITS.fullmatch(digits):
        return Nothing(yes=True, ocra=digits)
    return None
