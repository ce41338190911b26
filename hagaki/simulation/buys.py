"""What the customers of one seed buy by mail: from which shop, for how much, and how they answer."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bank_debit.triggers import Mischief
from bank_debit.triggers import trigger as bank_trigger
from hagaki.simulation.faults import DIGITS, Fault
from hagaki.simulation.market import CODE_MINOR_MAX, COMPUTED, GOODS, UNIT_MINOR
from hagaki.simulation.sales import PLAIN

if TYPE_CHECKING:
    from collections.abc import Iterable


class Habit(StrEnum):
    """How a customer answers, once the question is there."""

    YES = "yes"  # with the code
    TWICE = "twice"  # the same again, in a mail of its own
    CHANGES = "changes"  # yes, and then no
    BARE = "bare"  # yes without the code, however often it is asked
    BARE_FIRST = "bare-first"  # yes without the code, and with it when asked back
    UNCLEAR_FIRST = "unclear-first"  # something else, and yes when asked back
    NO = "no"
    LATE = "late"  # yes, after the end
    NEVER = "never"
    ROBOT = "robot"  # an absence note with yes and code in it
    COPIED = "copied"  # somebody else sends the customer's yes
    GUESSES = "guesses"  # yes with wrong codes
    COMPUTES = "computes"  # the eight digits
    COMPUTES_TWICE = "computes-twice"  # anew, in a mail of its own
    CODE_FIRST = "code-first"  # yes with the code, and the digits when asked back
    STALE_FIRST = "stale-first"  # digits of some hours ago, and new ones when asked back
    SLIPS = "slips"  # digits by another password, and the right ones when asked back
    OTHERS = "others"  # digits of another deal, three times


COMPUTING: Final = (
    *(Habit.COMPUTES, Habit.COMPUTES, Habit.COMPUTES_TWICE),
    *(Habit.CODE_FIRST, Habit.STALE_FIRST, Habit.SLIPS, Habit.OTHERS),
)
BY_WORD: Final = tuple(habit for habit in Habit if habit not in COMPUTING)
OFTEN: Final = (Habit.YES, Habit.YES, Habit.YES, Habit.TWICE)
AT_TAKING: Final = {Fault.HOST_SAYS_NO: 944, Fault.HOST_SILENT: 945}
"""Amounts that the host keeps, and does not take as it should."""

TROUBLES: Final = frozenset(DIGITS) - {Fault.HOST_STUBBORN}
"""What the host may do once to a completion or a return, by a rule of its own; then it does its work."""

MINUTES: Final = (15, 25, 90)
"""How long a customer may think."""

BY_ACCOUNT: Final = 0.2
"""Of so many orders the customer pays from a bank account."""

AT_COMPUTED: Final = 0.25
"""So many orders are placed with the shop that wants computed answers."""

NOT_COLLECTED: Final = tuple(
    digits
    for digits in range(1000)
    if bank_trigger(digits).result and bank_trigger(digits).mischief is Mischief.NONE
)
"""Last three digits of a debit that the bank does not collect."""


@dataclass(slots=True)
class Buy:
    """One order. at_s: when the shop places it. quantity: of the shop's goods; the rest is for the parcel.

    store, person: places in the market's lists. by_mail: by an order form, else over HTTP. is_asked_first:
    pays through the acquirer that keeps nothing. cancel_s: so long after it was placed the shop withdraws it,
    None: never. hands_over: the shop says when the goods are gone. trouble: the digits that the host goes by
    once when the money is taken or given back, 0: none. by_account: pays by a debit of a bank account, which
    may not be collected.
    """

    number: int
    at_s: float
    store: int
    person: int
    total_minor: int
    quantity: int
    by_mail: bool
    is_asked_first: bool
    minutes: int
    habit: Habit
    think_s: int
    cancel_s: int | None
    hands_over: bool
    trouble: int
    by_account: bool = False

    @property
    def means(self) -> int:
        """Which of the customer's means is used."""
        return 2 if self.by_account else int(self.is_asked_first)

    @property
    def wants_digits(self) -> bool:
        """Nothing else confirms it."""
        return self.store == COMPUTED and self.total_minor > CODE_MINOR_MAX

    @property
    def is_collected(self) -> bool:
        """What comes of a debit of it at the bank."""
        return not self.by_account or self.total_minor % 1000 not in NOT_COLLECTED

    @property
    def deal_id(self) -> str:
        """The shop's own number."""
        return f"D-{100 + self.number}"

    @property
    def lines(self) -> tuple[tuple[str, int | None, int], ...]:
        """Code or words, price of one (None: the product's), how many."""
        rest = self.total_minor - self.quantity * UNIT_MINOR
        return (GOODS, None, self.quantity), ("Parcel", rest, 1)


def plan(seed: int, count: int, lasts_s: float, faults: frozenset[Fault], used: Iterable[int]) -> list[Buy]:
    """The seed's orders, placed within lasts_s. used: thousands of yen that amounts of sales have."""
    dice = random.Random(f"{seed}/buys")
    thousands = dice.sample(sorted(set(range(1, 1000)) - set(used)), count)
    buys = [_buy(dice, number, lasts_s, faults, thousand) for number, thousand in enumerate(thousands)]
    for buy in buys:
        _choose_account(random.Random(f"{seed}/account/{buy.number}"), buy)
        _choose_computed(random.Random(f"{seed}/computed/{buy.number}"), buy)
    return buys


def _buy(dice: random.Random, number: int, lasts_s: float, faults: frozenset[Fault], thousand: int) -> Buy:
    habits = (*OFTEN, *BY_WORD)
    trouble = [one for fault in sorted(TROUBLES & faults) for one in DIGITS[fault]]
    return Buy(
        number=number,
        at_s=dice.random() * lasts_s,
        store=dice.choice((0, 1, 1, 2)),
        person=number,
        total_minor=thousand * 1000 + _digits(dice, faults),
        quantity=dice.choice((1, 1, 2)),
        by_mail=dice.random() < 0.5,
        is_asked_first=dice.random() < 0.3,
        minutes=dice.choice(MINUTES),
        habit=dice.choice(habits),
        think_s=dice.choice((5, 60, 400)),
        cancel_s=dice.choice((1, 30, 120, 600)) if dice.random() < 0.2 else None,
        hands_over=dice.random() < 0.5,
        trouble=dice.choice(trouble) if trouble and dice.random() < 0.4 else 0,
    )


def _choose_account(dice: random.Random, buy: Buy) -> None:
    """Some pay from an account; there the bank's digits count, and no host of cards is asked."""
    if dice.random() < BY_ACCOUNT:
        buy.by_account, buy.trouble = True, 0
        digits = dice.choice(NOT_COLLECTED if dice.random() < 0.5 else PLAIN)
        buy.total_minor = buy.total_minor // 1000 * 1000 + digits


def _choose_computed(dice: random.Random, buy: Buy) -> None:
    """Some buy where a computed answer is wanted of the larger orders; of those they have another habit."""
    if dice.random() < AT_COMPUTED:
        buy.store = COMPUTED
        buy.habit = dice.choice(COMPUTING) if buy.wants_digits else buy.habit


def _digits(dice: random.Random, faults: frozenset[Fault]) -> int:
    """Mostly none that the host goes by: of what is never kept nobody is asked."""
    bad = [one for fault, some in DIGITS.items() if fault in faults for one in some]
    taking = [digits for fault, digits in AT_TAKING.items() if fault in faults]
    luck = dice.random()
    if taking and luck < 0.15:
        return dice.choice(taking)
    return dice.choice(bad) if bad and luck < 0.4 else dice.choice(PLAIN)


def rules(buys: Iterable[Buy]) -> str:
    """What the host does once, when the money of an order is taken or given back."""
    return "".join(rule(buy.trouble, buy.total_minor) for buy in buys if buy.trouble)


def rule(digits: int, amount_minor: int) -> str:
    """One rule: what the host does by these digits it does once with that amount."""
    return f'[[rule]]\ntrigger = "{digits:03d}"\nmti = "0200"\namount = {amount_minor}\ntimes = 1\n\n'
