"""The bench of the bogus acquirer, which is its own simulator: no cable, all else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from acquirer_sdk import bogus
from acquirer_sdk.bench import Bench, Case, Outside

AMOUNTS: Final = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    Case.PARTIAL: 1010,
    Case.DECLINE: 1051,
    Case.AGAIN: 1055,
    Case.MORE: 1001,
    Case.FAULT: 1096,
    Case.UNKNOWN_CODE: 1918,
    Case.SILENT: 1901,
    Case.UNTOUCHED: 1902,
    Case.LATE: 1903,
    Case.CUT: 1911,
    Case.REVERSAL_SILENT_ONCE: 1922,
    Case.REVERSAL_SILENT: 1923,
}
"""The last three digits are those of `acquirer_sdk/bogus.py`."""


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """See `acquirer_sdk/bench.py`."""
    acquirer = bogus.create({"late_ms": 10}, outside.ports)
    yield Bench(acquirer, AMOUNTS, acquirer.charges)
