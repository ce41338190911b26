"""Faults planted into the bank debits: how money that is collected later is told of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from plants import Plant, planted

from acquirer_sdk.port import Late
from acquirer_sdk.values import Declined, LateAnswer, NotCollected, Reconciled, Totals
from bank_debit.adapter import BankDebit
from bank_debit.debit import State

LATER: list[Plant] = []


class Around:
    """The real adapter, and something that is different."""

    def __init__(self, acquirer: BankDebit) -> None:
        self._acquirer = acquirer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._acquirer, name)


@planted(LATER, "reports_what_was_not_collected")
class TellsItAsANo(Around):
    """Takes what was not collected for a second answer."""

    async def start(self, late: Late) -> None:
        def told(answer: LateAnswer) -> Any:
            is_it = isinstance(answer.outcome, NotCollected)
            return late(replace(answer, outcome=Declined(answer.code)) if is_it else answer)

        await self._acquirer.start(told)


@planted(LATER, "tells_again_what_was_not_kept")
class TellsItOnce(Around):
    """Does not look whether it was kept."""

    async def start(self, late: Late) -> None:
        await self._acquirer.start(lambda answer: late(answer) and None)


@planted(LATER, "counts_what_was_not_collected")
class TakesItOutOfItsDay(Around):
    """Has no sale in its totals that was not collected."""

    async def reconcile(self, ours: Totals) -> Any:
        answer = await self._acquirer.reconcile(ours)
        unpaid = sum(one.count for one in self._acquirer._room.book.sums() if one.state is State.UNPAID)
        if not unpaid or not isinstance(answer, Reconciled):
            return answer
        theirs = replace(answer.theirs, sales=answer.theirs.sales - unpaid)
        return Reconciled(theirs, agrees=theirs == ours)
