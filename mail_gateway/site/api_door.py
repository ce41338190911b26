"""The shops' door: who asks, how often, and what; whatever goes wrong is a problem in words. No sockets."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import GatewayError
from mail_gateway.site import api_json
from mail_gateway.site.api_answers import HEADERS, Answer, refusal
from mail_gateway.site.api_desk import Desk
from mail_gateway.site.api_rate import Rate
from mail_gateway.site.api_routes import route
from mail_gateway.site.api_shapes import Members, Misfit
from mail_gateway.store import api_keys

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.site.api_routes import Route
    from mail_gateway.site.api_watch import Watch
    from mail_gateway.store.api_keys import Holder
    from mail_gateway.work.kit import Kit

_BEARER: Final = re.compile(r"[Bb]earer +([A-Za-z0-9._~+/=-]{1,200})")
_JSON: Final = re.compile(r"application/json *(; *charset=\"?utf-8\"?)?", re.IGNORECASE)
_NOTHING: Final = Members({})
POST: Final = "POST"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. headers: small letters -> every value that came. deal_id: as the path has it."""

    method: str
    path: str
    queries: Mapping[str, Sequence[str]]
    headers: Mapping[str, Sequence[str]] = field(repr=False)
    body: bytes = field(repr=False)
    deal_id: str = ""

    def header(self, name: str) -> str:
        """The header's value; empty where it is not there, or more than once."""
        values = self.headers.get(name, ())
        return values[0] if len(values) == 1 else ""

    def query(self, name: str, default: str) -> str:
        """The query's value. Raises Misfit if it stands twice."""
        values = self.queries.get(name, (default,))
        if len(values) != 1:
            raise Misfit("query-form", "")
        return values[0]

    def json(self) -> object:
        """The body. Raises Misfit."""
        return api_json.read(self.body)

    def no_members(self) -> None:
        """An operation without a body takes none, or an empty object. Raises Misfit."""
        if self.body:
            _NOTHING.check(self.json(), "")


class Door:
    """Answers every request, whatever it is. per_minute: how often one key may ask."""

    def __init__(self, kit: Kit, watch: Watch, public_url: str, per_minute: int) -> None:
        self._kit = kit
        self._desk = Desk(kit, watch, public_url)
        self._rate = Rate(per_minute)

    async def answer(self, asked: Asked) -> Answer:
        """One request -> its answer; nothing is raised but cancellation."""
        try:
            return await self._answer(asked)
        except Misfit as misfit:
            return refusal(misfit.slug, path=misfit.path)
        except GatewayError as error:
            self._kit.ports.tell("shop.later", slug=error.slug)
            return refusal("later", more={"Retry-After": "1"})
        except Exception as error:  # noqa: BLE001 -- whatever an order met: the shop sends the same again
            self._kit.ports.tell("alarm.shop", slug="internal", error=type(error).__name__)
            return refusal("internal")

    async def _answer(self, asked: Asked) -> Answer:
        found = route(asked.method, asked.path)
        if found is None:
            return refusal("path-unknown")
        if asked.method == "OPTIONS":
            return Answer(204, b"", {**HEADERS, "Allow": ", ".join(found.allowed)})
        if not found.operation:
            return refusal("method-unknown", more={"Allow": ", ".join(found.allowed)})
        if found.operation == "openapi":
            return self._desk.document(asked.header("if-none-match"))
        return await self._known(found, asked)

    async def _known(self, found: Route, asked: Asked) -> Answer:
        holder = await self._holder(asked.header("authorization"))
        if isinstance(holder, Answer):
            return holder
        wait_s = self._rate.wait_s(holder.key, self._kit.ports.now_ms())
        if wait_s:
            return refusal("rate-over", more={"Retry-After": str(wait_s)})
        if asked.method == POST and asked.body and not _is_json(asked):
            return refusal("not-json")
        return await self._desk.do(found.operation, holder, replace(asked, deal_id=found.deal_id))

    async def _holder(self, given: str) -> Holder | Answer:
        challenge = {"WWW-Authenticate": "Bearer"}
        bearer = _BEARER.fullmatch(given)
        if bearer is None:
            return refusal("shop-key-missing", more=challenge)
        holder: Holder | None = await self._kit.store.read(api_keys.holder, api_keys.key_hash(bearer[1]))
        return refusal("shop-key-unknown", more=challenge) if holder is None else holder


def _is_json(asked: Asked) -> bool:
    kind = asked.header("content-type")
    return _JSON.fullmatch(kind.strip()) is not None and not asked.headers.get("content-encoding")
