"""The conformance kit's bench: adapter and simulator, with TLS and a cable between them."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Final

from acquirer_sdk.bench import START_S, Bench, Case, Heard, Outside, Sort
from acquirer_sdk.wire import wire_to
from json_adapter.adapter import create
from json_adapter.asked import Operation
from json_adapter.processor.app import Processor, ProcessorSettings
from json_adapter.processor.certificate import Trial, self_signed, serving_trial
from json_adapter.processor.desk import Understood

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
    Case.SLOW: 1904,
    Case.SILENT: 1901,
    Case.UNTOUCHED: 1902,
    Case.LATE: 1903,
    Case.CUT: 1911,
    Case.HALF: 1912,
    Case.ANSWERED_AND_CUT: 1913,
    Case.GARBAGE: 1908,
    Case.OVERSIZE: 1909,
    Case.EMPTY: 1921,
    Case.SIGNED_OFF: 1927,
    Case.DEAF: 1940,
    Case.REVERSAL_SILENT_ONCE: 1922,
    Case.REVERSAL_SILENT: 1923,
    Case.REVERSAL_REFUSED: 1924,
    Case.ADVICE_SILENT_ONCE: 1814,
    Case.ADVICE_REFUSED: 1815,
}
"""What HTTP cannot do is not here: nothing comes after an answer unasked."""

_LIFE_DAYS: Final = 36_500
_SECRET: Final = "a secret of the bench and of nobody else"
_LATE_MS: Final = 31_000
_SORTS: Final = {Operation.REVERSAL: Sort.REVERSAL, Operation.ADVICE: Sort.ADVICE}


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """The entry point of `hagaki.acquirer_benches`."""
    trial, tls = _tls()
    settings = ProcessorSettings(port=0, secret=_SECRET, late_ms=_LATE_MS, utc_offset_minutes=0)
    right = replace(outside.ports, now_ms=_right_ms)
    processor = Processor(settings, tls, right)
    await processor.start()
    given = {"secret": _SECRET, "ca": trial.certificate.decode()}
    ports = replace(outside.ports, refer=lambda key, _: given[key])
    try:
        async with wire_to(processor.port) as wire:
            table = {
                "url": f"https://127.0.0.1:{wire.port}",
                "key_id": "trial",
                "secret": "env:S",
                "ca": "env:C",
            }
            acquirer = create(table, ports)
            yield Bench(
                acquirer,
                AMOUNTS,
                processor.charges,
                wire,
                lambda: [
                    _heard(one) for one in processor.understood() if one.operation is not Operation.INQUIRY
                ],
            )
    finally:
        await processor.close()


def _right_ms() -> int:
    """The processor's own clock, which no check puts wrong."""
    return START_S * 1000 + int(asyncio.get_running_loop().time() * 1000)


@cache
def _tls() -> tuple[Trial, ssl.SSLContext]:
    """Made once: what takes time is the key."""
    trial = self_signed(START_S, _LIFE_DAYS)
    return trial, serving_trial(trial)


def _heard(one: Understood) -> Heard:
    asked = one.asked
    day = f"{datetime.fromtimestamp(asked.time_s, UTC):%Y-%m-%d}"
    sort = _SORTS.get(one.operation, Sort.REQUEST)
    return Heard(sort, asked.reference, asked.amount_minor, asked.currency, one.repeat, day, asked.items)
