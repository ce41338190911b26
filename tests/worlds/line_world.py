"""An adapter on a line to the host simulator, in one loop: what both told and what came late."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from zone_keys_world import ZoneKeys

from acquirer_sdk.bench import until
from acquirer_sdk.port import Ports
from acquirer_sdk.values import LateAnswer, Ready
from cafis_adapter import adapter
from cafis_adapter.adapter import Cafis
from cafis_adapter.host.app import Host, HostSettings

START_MS = 1_767_225_600_000


@dataclass
class World:
    host: Host
    acquirer: Cafis
    keys: ZoneKeys
    late: list[LateAnswer] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    async def ready(self) -> None:
        await until(lambda: self.acquirer.ready() == Ready(), "never ready")

    def verbs(self) -> list[str]:
        return [line.split()[0] for line in self.told]


@asynccontextmanager
async def world(
    host_settings: Mapping[str, Any] | None = None, keys: ZoneKeys | None = None, **table: object
) -> AsyncIterator[World]:
    """table: of the adapter. keys: of the adapter too; the host's stand in its settings."""
    told: list[str] = []
    ticks = itertools.count(START_MS)
    drawn = itertools.count()

    def random_bytes(count: int) -> bytes:
        return sha256(str(next(drawn)).encode()).digest()[:count]

    own = keys or ZoneKeys()
    ports = Ports(
        lambda: next(ticks),
        random_bytes,
        lambda verb, **facts: told.append(f"{verb} {sorted(facts.items())}"),
        own,
    )
    host = Host(HostSettings(port=0, **(host_settings or {})), ports)
    await host.start()
    acquirer = adapter.create({"port": host.port, **table}, ports)
    here = World(host, acquirer, own, told=told)
    await acquirer.start(here.late.append)
    try:
        yield here
    finally:
        await acquirer.close()
        await host.close()
