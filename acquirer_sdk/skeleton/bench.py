"""The bench: the adapter and its simulator, with a cable between them that the conformance kit can cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from acquirer_sdk.bench import Bench, Case, Heard, Outside, Sort
from acquirer_sdk.skeleton.adapter import create
from acquirer_sdk.skeleton.messages import read
from acquirer_sdk.skeleton.simulator import Simulator
from acquirer_sdk.wire import Wire, wire_to

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
    Case.REVERSAL_THEN_YES: 1938,
}
"""The last three digits are those of simulator.py. What your far end cannot do, leave out."""

_SORTS: Final = {"sale": Sort.REQUEST, "reversal": Sort.REVERSAL}


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """The entry point of the group hagaki.acquirer_benches."""
    simulator = Simulator()
    await simulator.start()
    try:
        async with wire_to(simulator.port) as wire:
            acquirer = create({"port": wire.port}, outside.ports)
            yield Bench(acquirer, AMOUNTS, lambda: simulator.charges, wire, lambda: list(heard(wire)))
    finally:
        await simulator.close()


def heard(wire: Wire) -> Iterator[Heard]:
    """What the adapter sent, read from the bytes on the cable."""
    for sent in wire.sent:
        for line in bytes(sent).splitlines():
            message = read(line)
            if message["kind"] in _SORTS:
                yield Heard(
                    _SORTS[message["kind"]],
                    message["reference"],
                    message["amount"],
                    message["currency"],
                    repeat=message.get("repeat", False),
                    day=str(message["time"] // 86_400),
                )
