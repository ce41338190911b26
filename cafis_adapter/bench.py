"""The bench of the CAFIS-style adapter: the host simulator behind a cable that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from acquirer_sdk.bench import Bench, Case, Heard, Outside, Sort
from acquirer_sdk.wire import Wire, wire_to
from cafis_adapter import adapter, added
from cafis_adapter.codec import Message, unpack
from cafis_adapter.framing import Framer
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.host.triggers import amounts_of_cases
from cafis_adapter.profile import Profile, load_profile

AMOUNTS: Final = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    **{Case(name): amount_minor for name, amount_minor in amounts_of_cases().items()},
}
"""Every other case is a row of `cafis_adapter/host/triggers.toml`."""

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
                yield _heard(profile, sort, message)


def _heard(profile: Profile, sort: Sort, message: Message) -> Heard:
    return Heard(
        sort,
        reference=message[37],
        amount_minor=int(message[4] or 0),
        currency=int(message[49] or 0),
        repeat=message.mti[3] == "1",
        day=message[7][:4],
        items=added.items_of(profile.said(message.fields)),
    )
