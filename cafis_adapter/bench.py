"""The bench of the CAFIS-style adapter: the host simulator behind a cable that can be cut."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Final

from acquirer_sdk.bench import Bench, Case, Heard, Outside, Sort
from acquirer_sdk.port import Ports
from acquirer_sdk.wire import Wire, wire_to
from cafis_adapter import adapter, added
from cafis_adapter.codec import Message, unpack
from cafis_adapter.framing import Framer
from cafis_adapter.host.app import Host, HostSettings
from cafis_adapter.host.triggers import amounts_of_cases
from cafis_adapter.layout import Kind
from cafis_adapter.profile import Profile, load_profile

AMOUNTS: Final = {
    Case.APPROVE: 1200,
    Case.LARGE: 90_200,
    **{Case(name): amount_minor for name, amount_minor in amounts_of_cases().items()},
}
"""Every other case is a row of `cafis_adapter/host/triggers.toml`."""

_SORTS: Final = {
    Kind.REVERSAL: Sort.REVERSAL,
    Kind.ADVICE: Sort.ADVICE,
    **dict.fromkeys((Kind.AUTHORISATION, Kind.HOLD, Kind.COMPLETION, Kind.CARD_CHECK), Sort.REQUEST),
    **dict.fromkeys((Kind.VOID, Kind.REFUND), Sort.REQUEST),
}


@asynccontextmanager
async def bench(outside: Outside) -> AsyncIterator[Bench]:
    """See `acquirer_sdk/bench.py`."""
    async with bench_with(outside.ports, HostSettings(port=0, late_ms=31_000)) as opened:
        yield opened


@asynccontextmanager
async def bench_with(ports: Ports, settings: HostSettings) -> AsyncIterator[Bench]:
    """The same with another wire profile, and a key port that has what the profile needs."""
    host, profile = Host(settings, ports), load_profile(settings.profile)
    await host.start()
    try:
        async with wire_to(host.port) as wire:
            acquirer = adapter.create({"port": wire.port, "profile": settings.profile}, ports)
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
            kind = profile.kind_of(message.mti, message.fields)
            if kind in _SORTS:
                yield _heard(profile, _SORTS[kind], message)


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
