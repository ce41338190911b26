"""The bench of the bogus acquirer, which is its own simulator: no cable, all else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from acquirer_sdk.bench import Bench, Case, Heard, Outside, Sort
from acquirer_sdk.bogus import Bogus, BogusSettings
from acquirer_sdk.items import items_of
from acquirer_sdk.values import (
    Advice,
    AdviceOutcome,
    AuthoriseOutcome,
    AuthoriseRequest,
    NotSent,
    Reversal,
    ReversalOutcome,
)

AMOUNTS: Final = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    Case.PARTIAL: 1010,
    Case.DECLINE: 1051,
    Case.AGAIN: 1055,
    Case.MORE: 1001,
    Case.FAULT: 1096,
    Case.UNKNOWN_CODE: 1918,
    Case.NO_NUMBER: 1920,
    Case.CONTRADICTION: 1935,
    Case.OTHER_AMOUNT: 1914,
    Case.OTHER_CURRENCY: 1919,
    Case.OTHER_TERMINAL: 1915,
    Case.OTHER_STAN: 1916,
    Case.OTHER_REFERENCE: 1917,
    Case.DOUBLED: 1905,
    Case.YES_THEN_NO: 1906,
    Case.NO_THEN_YES: 1907,
    Case.SLOW: 1904,
    Case.SILENT: 1901,
    Case.UNTOUCHED: 1902,
    Case.LATE: 1903,
    Case.CUT: 1911,
    Case.REVERSAL_SILENT_ONCE: 1922,
    Case.REVERSAL_SILENT: 1923,
    Case.REVERSAL_REFUSED: 1924,
    Case.REVERSAL_THEN_YES: 1938,
    Case.ADVICE_SILENT_ONCE: 1814,
    Case.ADVICE_REFUSED: 1815,
}
"""The last three digits are those of `acquirer_sdk/bogus_triggers.py`."""


class Overheard(Bogus):
    """The bogus acquirer with somebody who listens to what it is asked."""

    def __init__(self, settings: BogusSettings) -> None:
        super().__init__(settings)
        self.heard: list[Heard] = []
        self._dates: dict[str, str] = {}

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = await super().authorise(request)
        if not isinstance(outcome, NotSent):
            day = f"{datetime.fromtimestamp(request.time_s, UTC):%Y-%m-%d}"
            self._dates[request.reference] = day
            names = (request.reference, request.amount_minor, request.currency)
            self.heard.append(Heard(Sort.REQUEST, *names, day=day, items=items_of(request)))
        return outcome

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        outcome = await super().reverse(reversal, transmission=transmission)
        day = self._dates.get(reversal.reference, "")
        self.heard.append(Heard(Sort.REVERSAL, reversal.reference, repeat=transmission > 1, day=day))
        return outcome

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome:
        outcome = await super().advise(advice, transmission=transmission)
        self.heard.append(
            Heard(Sort.ADVICE, advice.reference, repeat=transmission > 1, items=dict(advice.items))
        )
        return outcome


@asynccontextmanager
async def bench(_outside: Outside) -> AsyncIterator[Bench]:
    """See `acquirer_sdk/bench.py`."""
    acquirer = Overheard(BogusSettings(late_ms=10))
    yield Bench(acquirer, AMOUNTS, acquirer.charges, heard=lambda: acquirer.heard)
