"""The processor's books: what each request took from the customer, and what may still be done with it."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from acquirer_sdk.values import Item, Totals
from json_adapter.asked import Asked, Operation
from json_adapter.problems import shipped_problems
from json_adapter.processor.triggers import Trigger, Undo

APPROVED: Final = ""
"""A decision is the slug of a problem, or this."""

LUMP_SUM: Final = "10"
Identity = tuple[str, int]

_SALES: Final = (Operation.AUTHORISATION, Operation.CAPTURE)
_RETURNS: Final = (Operation.VOID, Operation.REFUND)
_UNANSWERED: Final = {Undo.SILENT_ONCE: 1, Undo.SILENT_TWICE: 2, Undo.SILENT: 1_000_000}


@dataclass(slots=True)
class Account:
    """One decided request. amount_minor: what was approved."""

    asked: Asked
    decision: str
    amount_minor: int
    trigger: Trigger
    reversed: bool = False

    @property
    def stands(self) -> bool:
        """Approved, and not undone."""
        return self.decision == APPROVED and not self.reversed

    @property
    def net_minor(self) -> int:
        """What the customer is charged by it; less than zero for a return, nothing for a hold."""
        if not self.stands or self.asked.hold:
            return 0
        return -self.amount_minor if self.asked.operation in _RETURNS else self.amount_minor


def identity(asked: Asked) -> Identity:
    """Reference and trace number: the same in a request, in its reversal and in an inquiry about it."""
    return asked.reference, asked.stan


def approval_number(asked: Asked) -> str:
    """Six digits, never 000000, the same for the same request."""
    return _number(identity(asked))


class Books:
    """Decides and books. Everything in it is a reference or an amount: no card."""

    def __init__(self) -> None:
        self._accounts: dict[Identity, Account] = {}
        self._early: set[Identity] = set()
        self._reversals: dict[Identity, int] = {}

    def take(self, asked: Asked, trigger: Trigger) -> Account:
        """Decide a request about money, once, and book it."""
        if identity(asked) in self._accounts:
            return self._accounts[identity(asked)]
        decision = _wanting(trigger, asked) or self._refusal(asked)
        granted = asked.amount_minor // 2 if trigger.half else asked.amount_minor
        account = Account(asked, decision, granted, trigger)
        self._accounts[identity(asked)] = account
        return account

    def found(self, asked: Asked) -> Account | None:
        """What became of the request that an inquiry is about."""
        return self._accounts.get(identity(asked))

    def reverse(self, asked: Asked) -> str | None:
        """A reversal -> the word it is answered with, or None for no answer. It undoes once."""
        account = self._accounts.get(identity(asked))
        count = self._reversals[identity(asked)] = self._reversals.get(identity(asked), 0) + 1
        if account is None:
            self._early.add(identity(asked))
            return "never-came"
        if account.trigger.reversal is Undo.REFUSED:
            return "refused"
        account.reversed = True
        return None if count <= _UNANSWERED.get(account.trigger.reversal, 0) else "reversed"

    def charges(self) -> dict[str, int]:
        """Reference -> minor units that the customer finds charged in the end."""
        found: dict[str, int] = {}
        for (reference, _), account in self._accounts.items():
            found[reference] = found.get(reference, 0) + account.net_minor
        return found

    def totals(self, day: str, currency: int, utc_offset_minutes: int) -> Totals:
        """What stands of that day."""
        offset = timedelta(minutes=utc_offset_minutes)
        mine = [
            account
            for account in self._accounts.values()
            if account.asked.currency == currency
            and not account.trigger.totals
            and f"{datetime.fromtimestamp(account.asked.time_s, UTC) + offset:%Y-%m-%d}" == day
        ]
        sales = [account.net_minor for account in mine if account.net_minor > 0]
        returns = [-account.net_minor for account in mine if account.net_minor < 0]
        return Totals(day, currency, len(sales), sum(sales), len(returns), sum(returns))

    def stands(self, asked: Asked) -> bool:
        """Whether the request that this one names was approved, with that number, and not undone."""
        return self._original(asked) is not None

    def _refusal(self, asked: Asked) -> str:
        """Why a request must not be: nobody gives back more than was taken, nor takes more than was held."""
        if identity(asked) in self._early:
            return "reversed"
        if asked.original is None:
            return APPROVED
        named = self._original(asked)
        if named is None or (asked.operation is Operation.CAPTURE and not named.asked.hold):
            return "original-unknown"
        used = sum(one.amount_minor for one in self._about(named))
        if asked.operation is Operation.VOID and (asked.amount_minor != named.amount_minor or used):
            return "not-whole"
        if asked.operation is Operation.REFUND and named.asked.hold:
            return "original-unknown"
        return "more-than-left" if asked.amount_minor > named.amount_minor - used else APPROVED

    def _original(self, asked: Asked) -> Account | None:
        if asked.original is None:
            return None
        key = (asked.original.reference, asked.original.stan)
        named = self._accounts.get(key)
        if named is None or not named.stands or named.asked.operation not in _SALES:
            return None
        return named if asked.original.approval_number == _number(key) else None

    def _about(self, named: Account) -> list[Account]:
        """What stands of all that was captured or given back of it."""
        key = identity(named.asked)
        every = (one for one in self._accounts.values() if one.stands and one.asked.original is not None)
        return [
            one
            for one in every
            if one.asked.original and (one.asked.original.reference, one.asked.original.stan) == key
        ]


def _wanting(trigger: Trigger, asked: Asked) -> str:
    """The trigger's problem, unless the request brings what it wants; a lump sum is no way of payment."""
    wanted = shipped_problems()[trigger.problem].items if trigger.problem else ()
    brought = {item for item, value in asked.items.items() if (item, value) != (Item.DIVISION, LUMP_SUM)}
    return APPROVED if wanted and brought.issuperset(wanted) else trigger.problem


def _number(its: Identity) -> str:
    return f"{zlib.crc32(f'{its[0]}/{its[1]}'.encode()) % 899_999 + 100_001:06d}"
