"""A shop that sells by mail: it places orders by form or over HTTP, withdraws some, hands the goods over."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.gateway import SITE_PORT
from hagaki.simulation.people import Draft, Reader, Writer
from hagaki.simulation.web import Answer, Request, ask

if TYPE_CHECKING:
    import random

    from hagaki.simulation.buys import Buy
    from hagaki.simulation.carrier import Carrier
    from hagaki.simulation.history import History
    from hagaki.simulation.market import Person, Store

ROOT: Final = "/v1/orders"
AGAIN_S: Final = (5, 60)
PATIENCE_S: Final = (300, 900)
FORMS_MAX: Final = 3
UNKNOWN: Final = 404
LATER: Final = frozenset({429, *range(500, 600)})
UNKNOWN_MAX: Final = 20
_FORM: Final = {
    "en": ("order", "customer", "deal", "line", "means", "minutes"),
    "ja": ("注文", "顧客", "取引番号", "品目", "支払", "期限"),
}


@dataclass(frozen=True, slots=True)
class Outfit:
    """What one order's shop is made of."""

    store: Store
    person: Person
    carrier: Carrier
    history: History
    dice: random.Random


class Shop:
    """The shop's side of one order. placed: what the door answered, None: nothing final yet, or by mail.

    made: it was told over HTTP that the order is made. forms: Message-IDs of its order forms.
    """

    def __init__(self, buy: Buy, outfit: Outfit) -> None:
        self.buy = buy
        self.store = outfit.store
        self.placed: Answer | None = None
        self.cancelled: Answer | None = None
        self.handed: Answer | None = None
        self.forms: list[str] = []
        self.made = self.is_handing_over = False
        self._outfit = outfit
        self.reader = Reader(outfit.carrier.box(outfit.store.mail))
        self.writer = Writer(outfit.carrier, outfit.dice, f"shop{buy.number}")

    @property
    def path(self) -> str:
        """Where the gateway has the order."""
        return f"{ROOT}/{self.buy.deal_id}"

    async def place(self) -> None:
        """Until it is placed, or refused, or by mail sent as often as makes sense."""
        await asyncio.sleep(self.buy.at_s)
        if self.buy.by_mail:
            await self._place_by_mail()
        else:
            self.placed = await self.insist("POST", ROOT, self._members(), self.buy.deal_id)

    async def withdraw(self) -> None:
        """Changes its mind, where the plan says so."""
        if self.buy.cancel_s is None:
            return
        await asyncio.sleep(self.buy.at_s + self.buy.cancel_s)
        self.cancelled = await self.insist("POST", f"{self.path}/cancel")

    async def hand_over(self) -> None:
        """Once a letter has said that the order is made; for ever, where none says it."""
        await self.reader.wait("shop-made", self.buy.deal_id)
        if self.buy.hands_over:
            self.is_handing_over = True
            self.handed = await self.insist("POST", f"{self.path}/handed-over")
            self.is_handing_over = False

    async def _place_by_mail(self) -> None:
        for _ in range(FORMS_MAX):
            to, subject = self.store.letterbox, "order"
            self.forms.append(await self.writer.send(Draft(self.store.mail, to, subject, self._form())))
            within_s = self._outfit.dice.uniform(*PATIENCE_S)
            if await self.reader.wait("order-form-taken", self.buy.deal_id, within_s) is not None:
                return

    def _form(self) -> str:
        begins, customer, deal, line, means, minutes = _FORM[self.store.language]
        lines = [begins, f"{customer}: {self._outfit.person.customer_id}", f"{deal}: {self.buy.deal_id}"]
        for what, price, count in self.buy.lines:
            priced = what if price is None else f"{what} @ {price}"
            lines.append(f"{line}: {priced} x {count}")
        lines += [f"{means}: {self._means()}", f"{minutes}: {self.buy.minutes}"]
        return "\n".join(lines) + "\n"

    def _members(self) -> dict[str, Any]:
        lines: list[dict[str, Any]] = [
            {"product": what, "quantity": count}
            if price is None
            else {"name": what, "unit_minor": price, "quantity": count}
            for what, price, count in self.buy.lines
        ]
        return {
            "deal_id": self.buy.deal_id,
            "customer": self._outfit.person.customer_id,
            "lines": lines,
            "means": self._means(),
            "ask_minutes": self.buy.minutes,
        }

    def _means(self) -> int:
        return self._outfit.person.means[self.buy.means]

    async def insist(
        self, method: str, path: str, members: dict[str, Any] | None = None, idempotency: str = ""
    ) -> Answer:
        """The same again until there is an answer; of an order that nobody knows yet, so often."""
        unknown = 0
        asked = Request(method, path, self.store.key, members, idempotency)
        while True:
            answer = await ask(SITE_PORT, asked)
            if answer is not None and answer.status not in LATER:
                unknown += answer.status == UNKNOWN
                if answer.status != UNKNOWN or unknown > UNKNOWN_MAX:
                    self._hear(path, answer)
                    return answer
            await asyncio.sleep(self._outfit.dice.uniform(*AGAIN_S))

    def _hear(self, path: str, answer: Answer) -> None:
        state = answer.members.get("state", answer.members.get("type", ""))
        self.made = self.made or answer.members.get("made") is True
        note = self._outfit.history.note
        note(f"shop{self.buy.number}", "shop.answered", path=path, status=answer.status, state=state)
