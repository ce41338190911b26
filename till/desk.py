"""What a cashier types and scans, and what is then shown. No terminal here: a line in, a value out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from till.basket import Basket, Line, Terms, order_of
from till.counter import Counter
from till.machine import State
from till.prices import Good, Prices, plain

_TIMES: Final = re.compile(r"([0-9]{1,4})[*x×](\S+)")
_QUANTITY: Final = re.compile(r"(?:([0-9]{1,3})=|[*x×])([0-9]{1,4})")
_REMOVE: Final = re.compile(r"-([0-9]{0,3})")
_RETURN: Final = re.compile(
    r"(?:return|返品|返金)\s+([A-Za-z0-9][A-Za-z0-9._-]{0,63})(?:\s+([1-9][0-9]{0,11}))?(?:\s+(\S.{0,199}))?",
    re.IGNORECASE,
)
_IS_NUMBER: Final = re.compile(r"\W*[0-9]")
"""What stands where an amount may stand, and begins like one: a slip of it must not give all back."""

_CUSTOMER: Final = re.compile(r"@\s*(\S+)")
CUSTOMER_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")


@dataclass(frozen=True, slots=True)
class Said:
    """What the desk says to one line. word: of `words.SAID`. facts: what stands in its sentence."""

    word: str
    facts: Mapping[str, str | int] = field(default_factory=dict)
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """What the screen shows. lines, customer: of the deal that is open, else of the next one."""

    state: State
    lines: tuple[Line, ...]
    customer: str
    deal_id: str
    code: str
    total_minor: int
    why: str
    sentence: str
    trouble: str
    asks_customer: bool


class Desk:
    """The till's side towards the cashier. deal_id: makes a new one each time it is called."""

    def __init__(self, counter: Counter, prices: Prices, terms: Terms, deal_id: Callable[[], str]) -> None:
        self._counter = counter
        self._prices = prices
        self._terms = terms
        self._deal_id = deal_id
        self._basket = Basket()
        self._customer = ""
        self._asks_customer = False
        self._last: Good | None = None

    def hear(self, typed: str) -> Said:
        """One line, scanned or typed. Raises OSError: the journal cannot be written."""
        text = plain(typed)
        if not text:
            return self._enter()
        if text.lower() in _WORDS:
            return _WORDS[text.lower()](self)
        if self._is_busy():
            return Said("busy", is_error=True)
        if back := _RETURN.fullmatch(text):
            return self._give_back(*back.groups())
        return self._edit(text)

    def view(self) -> View:
        """What stands now."""
        deal, state = self._counter.deal, self._counter.state
        is_open = deal is not None and deal.is_open
        facts: Mapping[str, Any] = deal.facts if deal is not None else {}
        lines = lines_of(facts) if is_open else self._basket.lines
        return View(
            state=state,
            lines=lines,
            customer=facts["body"].get("customer", "") if is_open else self._customer,
            deal_id=facts.get("of", deal.deal_id) if deal is not None else "",
            code=str(facts.get("code", "")) if is_open else "",
            total_minor=sum(line.total_minor for line in lines),
            why=why_of(state, facts),
            sentence=str(facts.get("sentence", "")),
            trouble=self._counter.trouble,
            asks_customer=self._asks_customer,
        )

    def _is_busy(self) -> bool:
        return self._counter.deal is not None and self._counter.deal.is_open

    def _enter(self) -> Said:
        """ENTER alone: what is to be done next."""
        if self._counter.state is State.MADE:
            return self._handed()
        return Said("wait") if self._is_busy() else self._send()

    def _edit(self, text: str) -> Said:
        """Before the order is sent."""
        if self._asks_customer or _CUSTOMER.fullmatch(text):
            return self._take_customer(text.removeprefix("@").strip())
        if text in self._prices:
            return self._add(text, 1)
        if times := _TIMES.fullmatch(text):
            return self._add(times[2], int(times[1]))
        if quantity := _QUANTITY.fullmatch(text):
            return self._set(int(quantity[1] or self._place_of_last()), int(quantity[2]))
        if remove := _REMOVE.fullmatch(text):
            return self._remove(int(remove[1] or self._place_of_last()))
        return Said("code-unknown", {"code": text[:40]}, is_error=True)

    def _add(self, code: str, quantity: int) -> Said:
        good = self._prices.get(code)
        if good is None:
            return Said("code-unknown", {"code": code[:40]}, is_error=True)
        said = self._changed(self._basket.add(good, quantity), Said("added", {"name": good.name}))
        self._last = good
        return said

    def _set(self, number: int, quantity: int) -> Said:
        return self._changed(self._basket.with_quantity(number, quantity), Said("quantity", {"line": number}))

    def _remove(self, number: int) -> Said:
        return self._changed(self._basket.without(number), Said("removed", {"line": number}))

    def _changed(self, basket: Basket | None, said: Said) -> Said:
        if basket is None:
            return Said("not-possible", is_error=True)
        self._basket = basket
        return said

    def _place_of_last(self) -> int:
        """The line that was scanned last, from 1; 0 without one."""
        found = [at for at, line in enumerate(self._basket.lines, 1) if line.good == self._last]
        return found[0] if found else len(self._basket.lines)

    def _take_customer(self, customer: str) -> Said:
        self._asks_customer = False
        if not CUSTOMER_ID.fullmatch(customer):
            return Said("customer-bad", is_error=True)
        self._customer = customer
        return Said("customer", {"customer": customer})

    def _send(self) -> Said:
        if self._is_busy():
            return Said("busy", is_error=True)
        if not self._basket.lines:
            return Said("basket-empty", is_error=True)
        if not self._customer:
            self._asks_customer = True
            return Said("customer-wanted")
        deal_id = self._deal_id()
        body = order_of(deal_id, self._customer, self._basket, self._terms)
        facts: dict[str, Any] = {"lines": [kept_line(line) for line in self._basket.lines]}
        if self._terms.abroad is not None:
            facts["abroad"] = {"code": self._terms.abroad.code, "exponent": self._terms.abroad.exponent}
        self._counter.choose(deal_id, body, facts)
        return Said("sent", {"deal": deal_id})

    def _cancel(self) -> Said:
        """Of an order that is under way; else of the basket."""
        if not self._is_busy():
            return self._clear()
        return Said("cancelling") if self._counter.give_up() else Said("too-late", is_error=True)

    def _clear(self) -> Said:
        if self._is_busy():
            return Said("busy", is_error=True)
        self._basket, self._customer, self._asks_customer, self._last = Basket(), "", False, None
        return Said("cleared")

    def _handed(self) -> Said:
        if not self._counter.hand_over():
            return Said("not-made", is_error=True)
        self._basket, self._customer, self._last = Basket(), "", None
        return Said("handed")

    def _give_back(self, deal_id: str, amount: str | None, reason: str | None) -> Said:
        """By the slip of the sale: its deal, how much, and why."""
        if not amount and reason and _IS_NUMBER.match(reason):
            return Said("amount-bad", is_error=True)
        body: dict[str, Any] = {"return_id": self._deal_id()}
        body |= {"amount_minor": int(amount)} if amount else {}
        body |= {"reason": reason} if reason else {}
        self._counter.give_back(deal_id, body)
        return Said("returning", {"deal": deal_id})

    def _help(self) -> Said:
        return Said("help")


def why_of(state: State, facts: Mapping[str, Any]) -> str:
    """Why a deal or a return did not come about: its refusal's slug, else the order's last state; "" while it
    may."""
    is_no = state in (State.SORRY, State.NOT_RETURNED)
    return str(facts.get("why") or facts.get("order_state", "")) if is_no else ""


def lines_of(facts: Mapping[str, Any]) -> tuple[Line, ...]:
    """A deal's facts -> its lines, as they were sent."""
    return tuple(
        Line(
            Good(one["code"], one["name"], one["model"], one["unit_minor"], one["tax_rate"]), one["quantity"]
        )
        for one in facts.get("lines", ())
    )


def kept_line(line: Line) -> dict[str, Any]:
    """A line as the journal keeps it, for the receipt."""
    good = line.good
    return {
        "code": good.code,
        "name": good.name,
        "model": good.model,
        "unit_minor": good.unit_minor,
        "tax_rate": good.tax_rate,
        "quantity": line.quantity,
    }


_WORDS: Final[Mapping[str, Callable[[Desk], Said]]] = {
    "send": Desk._send,
    "送信": Desk._send,
    "cancel": Desk._cancel,
    "取消": Desk._cancel,
    "clear": Desk._clear,
    "クリア": Desk._clear,
    "handed": Desk._handed,
    "渡した": Desk._handed,
    "help": Desk._help,
    "?": Desk._help,
}
"""What may be typed as a word."""
