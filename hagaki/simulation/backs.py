"""What the shops of one seed give back of what they sold: how much, when, and how it is asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hagaki.simulation.buys import TROUBLES, rule
from hagaki.simulation.faults import DIGITS, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hagaki.simulation.buys import Buy

WANTED: Final = 45
"""Of so many orders in a hundred something is given back."""

COUNTS: Final = (1, 1, 2, 3)
PAUSES_S: Final = (0, 0, 5, 60, 900, 4000)
ROUND: Final = 0
"""Last three digits of most parts: what is left of the order then keeps its own, by which the host goes."""

STUBBORN: Final = 10
"""Of so many parts in a hundred, where the seed has such hosts, the return never ends."""


@dataclass(frozen=True, slots=True)
class Back:
    """One return. amount_minor: None: all that is left.

    waits: until the shop has heard "made", else it is asked for when the order was just placed, or at the
    moment in which it is withdrawn; pause_s: so much later. by_mail: by a form, else over HTTP; is_named: the
    form has the shop's own number. is_twice: the same call or form once more, at the same moment.
    """

    number: int
    amount_minor: int | None
    waits: bool
    pause_s: int
    by_mail: bool
    is_named: bool
    is_twice: bool
    trouble: int

    @property
    def return_id(self) -> str:
        """The shop's own number."""
        return f"R-{1 + self.number}"


Plan = dict[int, list[Back]]
"""Number of a buy -> what its shop gives back."""


def plan(seed: int, buys: Iterable[Buy], faults: frozenset[Fault], used: Iterable[int]) -> Plan:
    """used: thousands of yen that other amounts have."""
    taken = set(used)
    found = {}
    for buy in buys:
        dice = random.Random(f"{seed}/backs/{buy.number}")
        if dice.randrange(100) < WANTED:
            count = dice.choice(COUNTS)
            found[buy.number] = [_back(dice, number, buy, faults, taken) for number in range(count)]
    return found


def _back(dice: random.Random, number: int, buy: Buy, faults: frozenset[Fault], used: set[int]) -> Back:
    """A part, all that is left, or, now and then, more than the order was."""
    kind, waits, by_mail = dice.randrange(100), dice.randrange(100) < 80, dice.randrange(100) < 50
    amount = None if kind < 40 else _part(dice, buy, faults, used)
    if kind > 92:
        amount = buy.total_minor + 1
    pause_s = dice.choice(PAUSES_S) if waits else buy.cancel_s or dice.choice((1, 60))
    is_named = not by_mail or dice.randrange(100) < 70
    is_twice = is_named and dice.randrange(100) < 30
    bad = [one for fault in sorted(TROUBLES & faults) for one in DIGITS[fault]]
    trouble = dice.choice(bad) if bad and not buy.by_account and dice.randrange(100) < 40 else 0
    return Back(number, amount, waits, pause_s, by_mail, is_named, is_twice, trouble)


def _part(dice: random.Random, buy: Buy, faults: frozenset[Fault], used: set[int]) -> int | None:
    """Less than the order was, of no other amount's thousands; the host goes by its last digits too."""
    free = [one for one in range(1, buy.total_minor // 1000) if one not in used]
    if not free:
        return None
    thousand = dice.choice(free)
    used.add(thousand)
    return thousand * 1000 + _digits(dice, faults)


def _digits(dice: random.Random, faults: frozenset[Fault]) -> int:
    """Mostly none: what the host does by an amount it does at each try, and there is no last one."""
    stubborn = Fault.HOST_STUBBORN in faults and dice.randrange(100) < STUBBORN
    return dice.choice(DIGITS[Fault.HOST_STUBBORN]) if stubborn else ROUND


def rules(buys: Iterable[Buy], plan: Plan) -> str:
    """What the host does once, when the money is given back."""
    return "".join(
        rule(back.trouble, buy.total_minor if back.amount_minor is None else back.amount_minor)
        for buy in buys
        for back in plan.get(buy.number, ())
        if back.trouble
    )
