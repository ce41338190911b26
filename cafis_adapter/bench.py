"""The bench of the CAFIS-style adapter: the host simulator behind a cable that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from acquirer_sdk.bench import Bench, Case, Heard, Outside, Sort
from acquirer_sdk.wire import Wire, wire_to
from cafis_adapter import adapter
from cafis_adapter.codec import Message, unpack
from cafis_adapter.framing import Framer
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.profile import Profile, load_profile

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
"""The last three digits are those of `cafis_adapter/host/triggers.toml`."""

_SORTS: Final = {"0100": Sort.REQUEST, "0200": Sort.REQUEST, "0420": Sort.REVERSAL, "0220": Sort.ADVICE}


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """See `acquirer_sdk/bench.py`."""
    host = Host(HostSettings(port=0, late_ms=31_000), outside.ports)
    await host.start()
    try:
        async with wire_to(host.port) as wire:
            acquirer = adapter.create({"port": wire.port}, outside.ports)
            profile = load_profile()
            yield Bench(
                acquirer,
                AMOUNTS,
                lambda: {reference: charge.net_minor for reference, charge in host.charges().items()},
                wire,
                lambda: list(heard(profile, wire)),
            )
    finally:
        await host.close()


def heard(profile: Profile, wire: Wire) -> Iterator[Heard]:
    """What the adapter sent, read from the bytes on the cable."""
    for sent in wire.sent:
        for body in Framer(profile.body_max).feed(bytes(sent)):
            message = unpack(profile, body)
            sort = _SORTS.get(f"{message.mti[:3]}0")
            if sort is not None:
                yield _heard(sort, message)


def _heard(sort: Sort, message: Message) -> Heard:
    return Heard(
        sort,
        reference=message[37],
        amount_minor=int(message[4] or 0),
        currency=int(message[49] or 0),
        repeat=message.mti[3] == "1",
        day=message[7][:4],
    )
