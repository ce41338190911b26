"""The front of a vending machine: selection keys, the customer's ID, an attendant's words. No terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from till.basket import Basket, Line, Terms, order_of
from till.desk import CUSTOMER_ID, Said, kept_line, why_of
from till.machine import State
from till.prices import Good, Prices, plain
from till.vending import Vending

SHELVES_MAX: Final = 20
CANCEL: Final = frozenset({"cancel", "取消", "x"})
OUT: Final = frozenset({"out", "出た"})
IN: Final = frozenset({"in", "出ない"})
BACK: Final = frozenset({"back", "返金"})
_ATTENDED: Final = frozenset({State.UNSURE, State.OWED, State.BROKEN})


def shelves_of(prices: Prices) -> dict[str, Good]:
    """Selection key, from "1" -> what is on that shelf: the price list in its order."""
    return {str(number): good for number, good in enumerate(list(prices.values())[:SHELVES_MAX], 1)}


@dataclass(frozen=True, slots=True)
class Front:
    """What the machine shows. chosen: the key that was pressed, "" without one."""

    state: State
    chosen: str
    deal_id: str
    code: str
    why: str
    sentence: str
    trouble: str
    asks_customer: bool


class Panel:
    """The machine's side towards people. deal_id: makes a new one each time it is called."""

    def __init__(
        self, vending: Vending, shelves: Mapping[str, Good], terms: Terms, deal_id: Callable[[], str]
    ) -> None:
        self._vending = vending
        self._shelves = shelves
        self._terms = terms
        self._deal_id = deal_id
        self._chosen = ""

    def hear(self, typed: str) -> Said:
        """One key, one scan, or one word of an attendant. Raises OSError: the journal cannot be written."""
        text = plain(typed)
        if text.lower() in CANCEL:
            return self._cancel()
        if self._vending.state in _ATTENDED:
            return self._attended(text.lower())
        if self._is_busy():
            return Said("wait")
        return self._buy(text) if self._chosen else self._choose(text)

    def front(self) -> Front:
        """What stands now."""
        deal, state = self._vending.deal, self._vending.state
        facts = deal.facts if deal is not None else {}
        return Front(
            state=state,
            chosen=str(facts.get("shelf", "")) if self._is_busy() else self._chosen,
            deal_id=deal.deal_id if deal is not None else "",
            code=str(facts.get("code", "")) if state is State.WAITING else "",
            why=why_of(state, facts),
            sentence=str(facts.get("sentence", "")),
            trouble=self._vending.trouble,
            asks_customer=bool(self._chosen) and not self._is_busy(),
        )

    def _is_busy(self) -> bool:
        return self._vending.deal is not None and self._vending.deal.is_open

    def _cancel(self) -> Said:
        if not self._is_busy():
            self._chosen = ""
            return Said("cleared")
        return Said("cancelling") if self._vending.give_up() else Said("too-late", is_error=True)

    def _attended(self, word: str) -> Said:
        if word in OUT and self._vending.person_saw(out=True):
            return Said("seen")
        if word in IN and self._vending.person_saw(out=False):
            return Said("seen")
        if word in BACK and self._vending.person_gave_back():
            return Said("seen")
        return Said("attendant", is_error=True)

    def _choose(self, key: str) -> Said:
        if not key:
            return Said("wait")
        if key not in self._shelves:
            return Said("number-unknown", is_error=True)
        self._chosen = key
        return Said("customer-wanted")

    def _buy(self, customer: str) -> Said:
        customer = customer.removeprefix("@").strip()
        if not CUSTOMER_ID.fullmatch(customer):
            return Said("customer-bad", is_error=True)
        line, deal_id = Line(self._shelves[self._chosen], 1), self._deal_id()
        body = order_of(deal_id, customer, Basket((line,)), self._terms)
        self._vending.choose(deal_id, body, {"shelf": self._chosen, "lines": [kept_line(line)]})
        self._chosen = ""
        return Said("sent", {"deal": deal_id})
