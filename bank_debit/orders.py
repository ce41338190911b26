"""Debits from another system: JSON lines -> debits for the book, or what is wrong with each line."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from acquirer_sdk.account import BankAccount
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import Approved, AuthoriseRequest, CardData
from bank_debit.asked import LUMP_SUM, YEN, new_debit
from bank_debit.book import Book
from bank_debit.debit import NewDebit
from bank_debit.decide import TOO_LARGE, take
from bank_debit.settings import Contract

FIELDS: Final = {"reference": str, "amount": int, "office": str, "number": str, "holder": str, "mandate": str}
"""What a line has to have; `kind` may be left out. office: bank 4 and branch 3 digits; amount in yen."""

OWN_PREFIX: Final = "9"
"""References of the gateway's payments begin otherwise."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """line: from 1. where: the member. Never what stands there."""

    line: int
    slug: str
    where: str


_SAME: Final = ("amount_minor", "office", "kind", "number", "mandate")


class Refused(Exception):
    """Nothing was added."""

    def __init__(self, wrong: tuple[Wrong, ...]) -> None:
        super().__init__(f"{len(wrong)} lines are wrong")
        self.wrong = wrong


def orders(data: bytes, now_ms: int, contract: Contract) -> list[NewDebit]:
    """JSON lines in UTF-8 -> debits. Raises Refused with the first fault of each line."""
    found: list[NewDebit] = []
    wrong: list[Wrong] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            found.append(_order(line, now_ms, contract))
        except BadRequest as error:
            wrong.append(Wrong(number, error.slug, error.where))
    if wrong:
        raise Refused(tuple(wrong))
    return found


def add(book: Book, news: list[NewDebit], days: list[date], amount_max: int) -> int:
    """All of them into the book, or none, within one transaction; again is no harm -> how many.

    Raises Refused.
    """
    faults = ((number, _added(book, new, days, amount_max)) for number, new in enumerate(news, 1))
    wrong = tuple(Wrong(number, slug, "reference") for number, slug in faults if slug)
    if wrong:
        raise Refused(wrong)
    return len(news)


def _added(book: Book, new: NewDebit, days: list[date], amount_max: int) -> str:
    """A slug where it was not."""
    outcome = take(book, new, days, amount_max)
    if outcome == TOO_LARGE:
        return "debit-too-large"
    found = book.find(new.reference)
    same = found is not None and all(getattr(found, name) == getattr(new, name) for name in _SAME)
    return "" if isinstance(outcome, Approved) and same else "reference-used"


def _order(line: bytes, now_ms: int, contract: Contract) -> NewDebit:
    order = _members(line)
    if not order["reference"].startswith(OWN_PREFIX):
        raise BadRequest("reference-foreign", "reference")
    account = BankAccount(
        order["office"],
        order["number"],
        kind=order.get("kind", 1),
        holder=order["holder"],
        customer=order["mandate"],
    )
    request = AuthoriseRequest(
        reference=order["reference"],
        stan=1,
        amount_minor=order["amount"],
        currency=YEN,
        condition=LUMP_SUM,
        condition_count=0,
        terminal_id="",
        merchant_id="",
        slip=0,
        time_s=now_ms // 1000,
        card=CardData(),
        account=account,
    )
    return replace(new_debit(request, now_ms, contract), stan=0)


def _members(line: bytes) -> dict[str, Any]:
    try:
        order = json.loads(line)
    except ValueError:
        raise BadRequest("order-form", "line") from None
    if not isinstance(order, dict):
        raise BadRequest("order-form", "line")
    kinds = {**FIELDS, "kind": int}
    for name in {**FIELDS, **order}:
        if type(order.get(name)) is not kinds.get(name):
            raise BadRequest("order-form", name if name in kinds else "line")
    return order
