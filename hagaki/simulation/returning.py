"""A shop that gives back: it asks over HTTP or by a form, then looks until it knows."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.people import Draft
from mail_gateway.work.order_mail import deal_of

if TYPE_CHECKING:
    import random

    from hagaki.simulation.backs import Back
    from hagaki.simulation.shop import Shop

LOOK_S: Final = (60, 900)
LOOKS_MAX: Final = 12
FORMS_MAX: Final = 3
PATIENCE_S: Final = (300, 900)
OPEN: Final = "open"
_FORM: Final = {"en": ("return", "deal", "amount", "return"), "ja": ("返品", "取引番号", "金額", "返品番号")}


@dataclass(slots=True)
class Wish:
    """One return that was asked for. ids: by what the gateway may know it; statuses: what HTTP has answered.

    told: what the shop was told of it last, by the order over HTTP.
    """

    back: Back
    ids: set[str] = field(default_factory=set)
    statuses: list[int] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


class Returner:
    """The returns of one shop's order. wishes: those that were begun."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self._shop = shop
        self._dice = dice
        self._busy = 0
        self.wishes: list[Wish] = []

    @property
    def is_busy(self) -> bool:
        """Something is being asked for, or looked at."""
        return self._busy > 0

    async def give_back(self, back: Back) -> None:
        """One return, when its time has come: for ever, where the order is never made."""
        if back.waits:
            await self._shop.reader.wait("shop-made", self._shop.buy.deal_id)
        self._busy += 1
        await asyncio.sleep(back.pause_s + (0 if back.waits else self._shop.buy.at_s))
        wish = Wish(back, {back.return_id} if back.is_named else set())
        self.wishes.append(wish)
        ask = self._ask_by_mail if back.by_mail else self._ask
        await asyncio.gather(*(ask(wish) for _ in range(1 + back.is_twice)))
        await self._look(wish)
        self._busy -= 1

    async def _ask(self, wish: Wish) -> None:
        members: dict[str, Any] = {"return_id": wish.back.return_id, "reason": "as agreed"}
        members |= {} if wish.back.amount_minor is None else {"amount_minor": wish.back.amount_minor}
        answer = await self._shop.insist("POST", f"{self._shop.path}/returns", members)
        wish.statuses.append(answer.status)

    async def _ask_by_mail(self, wish: Wish) -> None:
        """With a number of its own so often as makes sense; the mail that is the number goes once."""
        shop, deal_id = self._shop, self._shop.buy.deal_id
        begins, deal, amount, number = _FORM[shop.store.language]
        lines = [begins, f"{deal}: {deal_id}"]
        lines += [f"{number}: {wish.back.return_id}"] if wish.back.is_named else []
        lines += [] if wish.back.amount_minor is None else [f"{amount}: {wish.back.amount_minor}"]
        draft = Draft(shop.store.mail, shop.store.letterbox, "return", "\n".join(lines) + "\n")
        for _ in range(FORMS_MAX if wish.back.is_named else 1):
            message_id = await shop.writer.send(draft)
            wish.ids |= set() if wish.back.is_named else {deal_of(message_id)}
            within_s = self._dice.uniform(*PATIENCE_S)
            if await shop.reader.wait("return-form-taken", deal_id, within_s) is not None:
                return

    async def _look(self, wish: Wish) -> None:
        """Until the order says how it ended; not for ever, for some never end."""
        for _ in range(LOOKS_MAX):
            answer = await self._shop.insist("GET", self._shop.path)
            for told in answer.members.get("returns", ()):
                if told["return_id"] in wish.ids:
                    wish.told = told
            if wish.told.get("state", OPEN) != OPEN or not answer.members.get("made"):
                return
            await asyncio.sleep(self._dice.uniform(*LOOK_S))
