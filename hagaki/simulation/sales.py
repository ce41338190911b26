"""What the merchants of one seed will sell, give back and cancel: when, on which reader, for how much, which
card."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cafis_adapter.host.triggers import of_amount
from hagaki.simulation.faults import DIGITS, Fault
from schemas.envelope import payload

CARDS: Final = (
    "4111111111111111=27122010000012345678",
    "5555555555554444=28061010000098765432",
    "3530111333300000=29012010000055512345",
    "378282246310005=27091010000044411122",
)
"""Test numbers: no such cards are given out."""

CONDITIONS: Final = (10, 10, 10, 21, 61, 80)
SALES_TO_A_READER: Final = 5
KEPT_MAX: Final = 10
"""A reader can check the answers of its last ten: sales, returns and cancels."""

PLAIN: Final = tuple(last for last in range(200, 900) if not of_amount(last).digits)
"""Last three digits by which the host does nothing of its own."""
HASTY: Final = 0.08
"""Of so many sales the customer leaves before anything can have come."""

WANTED: Final = 0.2
"""Of so many others if nothing has come for a while."""

LIMIT_MINOR: Final = 1_000_000
"""The gateway's limit of a sale in the simulated world."""


class Way(Enum):
    """Which way the money goes, and why."""

    SALE = "sale"
    RETURN = "return"
    CANCEL = "cancel"


Key = tuple[Way, int]
"""The way, and the amount: in one world no two are alike."""


WAYS: Final = {payload.SALE: Way.SALE, payload.CANCEL: Way.CANCEL}


@dataclass(slots=True)
class Sale:
    """amount_minor: yen; no two sales, and no two returns, of a seed alike. ksn, sealed_s: once it is sealed;
    is_dated: by a reader that has heard the time since it was switched on.

    kind: the payload's; of: the sale that a return gives back, or a cancel cancels.
    """

    number: int
    reader: int
    at_s: float
    amount_minor: int
    card: str = field(repr=False)
    condition: int
    ksn: bytes = b""
    sealed_s: float = 0.0
    is_dated: bool = False
    kind: int = payload.SALE
    of: Sale | None = None

    @property
    def key(self) -> Key:
        """What the host and the gateway know it by."""
        return WAYS.get(self.kind, Way.RETURN), self.amount_minor

    @property
    def digits(self) -> int:
        """What the host goes by."""
        return self.amount_minor % 1000


def readers_for(payments: int) -> int:
    """How many readers share that many payments."""
    return max(2, -(-payments // SALES_TO_A_READER)) if payments else 0


def plan(seed: int, payments: int, faults: frozenset[Fault]) -> list[Sale]:
    """The seed's sales in the order of their times, which lie within a minute for each."""
    dice = random.Random(f"{seed}/sales")
    digits = [one for fault, some in DIGITS.items() if fault in faults for one in some]
    thousands = dice.sample(range(1, 1000), payments)
    times = sorted(dice.random() * 60 * payments for _ in range(payments))
    shares = [number % readers_for(payments) for number in range(payments)]
    dice.shuffle(shares)
    sales = []
    for number, (at_s, thousand) in enumerate(zip(times, thousands, strict=True)):
        last = dice.choice(digits) if digits and dice.randrange(100) < 60 else dice.choice(PLAIN)
        over = LIMIT_MINOR if dice.randrange(100) < 3 else 0
        amount = thousand * 1000 + last + over
        sales.append(Sale(number, shares[number], at_s, amount, dice.choice(CARDS), dice.choice(CONDITIONS)))
    return sales


def give_backs(seed: int, sold: list[Sale], faults: frozenset[Fault]) -> list[Sale]:
    """What customers will want back: of some sales a void, of some a refund of less, minutes later."""
    dice = random.Random(f"{seed}/returns")
    digits = [one for fault, some in DIGITS.items() if fault in faults for one in some]
    used = {sale.amount_minor // 1000 for sale in sold}
    backs = []
    for sale in sold:
        wanted = dice.randrange(100)
        free = [one for one in range(sale.amount_minor // 1000) if one not in used]
        kind, amount = payload.VOID, sale.amount_minor
        if wanted < 20 and free:
            kind, thousand = payload.REFUND, dice.choice(free)
            used.add(thousand)
            last = dice.choice(digits) if digits and dice.randrange(100) < 60 else dice.choice(PLAIN)
            amount = thousand * 1000 + last
        at_s = sale.at_s + dice.randint(60, 900)
        if wanted < 35:
            back = Sale(sale.number, sale.reader, at_s, amount, sale.card, sale.condition)
            back.kind, back.of = kind, sale
            backs.append(back)
    return backs


def cancels(seed: int, sold: list[Sale], backs: list[Sale]) -> list[Sale]:
    """Of which sales a merchant will not wait for the answer for ever: never more than the reader can keep.

    at_s: of the sale, and of the merchant's patience, which begins when it was handed over.
    """
    room = Counter({one.reader: KEPT_MAX for one in sold})
    room.subtract(one.reader for one in (*sold, *backs))
    asked = []
    for sale in sold:
        dice = random.Random(f"{seed}/cancel/{sale.number}")
        is_hasty, is_wanted = dice.random() < HASTY, dice.random() < WANTED
        patience_s = 0 if is_hasty else dice.choice((dice.randint(10, 90), dice.randint(60, 900)))
        if (is_hasty or is_wanted) and room[sale.reader] > 0:
            room[sale.reader] -= 1
            at_s = sale.at_s + patience_s
            one = Sale(sale.number, sale.reader, at_s, sale.amount_minor, "", sale.condition)
            one.kind, one.of = payload.CANCEL, sale
            asked.append(one)
    return asked
