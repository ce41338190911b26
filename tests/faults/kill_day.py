"""One sale in the demo's world during which the gateway is killed with SIGKILL and started again."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from hagaki.world import World

TRACK2 = "4111111111111111=27122010000012345678"
FINAL = frozenset({"approved", "declined", "cancelled", "expired", "refused", "re-enter"})


@dataclass(frozen=True, slots=True)
class Day:
    """What the reader showed last, how often the host was asked to authorise, and what the customer paid."""

    outcome: str
    asked: int
    paid_minor: int


async def sell(world: World, amount_minor: int) -> None:
    """Swipe, key, transfer; returns when the sale has left the reader."""
    await world.type(f"swipe {TRACK2}")
    await world.type(f"keys {' '.join(str(amount_minor))} ENTER ENTER")
    await world.wait_for("reader.lcd", state="ready")
    await world.type("key TRANSFER")


async def day(folder: Path, amount_minor: int, killed: Callable[[World], Awaitable[None]]) -> Day:
    """Sell once; `killed` waits for its moment and kills; then the gateway comes back and all settles."""
    world = World(folder, host_message_life_s=1)
    world.prepare()
    try:
        await world.start_all()
        await world.wait_for("line.signed-on")
        await sell(world, amount_minor)
        await killed(world)
        await world.start("gateway")
        outcome = await _last_outcome(world)
    finally:
        await world.close()
    asked, paid = _host_says(folder / "host.jsonl", amount_minor)
    return Day(outcome, asked, paid)


async def _last_outcome(world: World) -> str:
    """What the reader shows in the end; it may have shown it before anybody looked."""
    while True:
        shown = [what.facts["outcome"] for what in world.history if what.verb == "reader.result"]
        if FINAL & set(shown):
            return str(shown[-1])
        await world.wait_for("reader.result", genuine=1)


def _host_says(journal: Path, amount_minor: int) -> tuple[int, int]:
    """The host's journal -> (0100 that came, what is left charged)."""
    entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    asked = [entry for entry in entries if (entry["direction"], entry["mti"]) == ("in", "0100")]
    undone = [entry for entry in entries if (entry["direction"], entry["mti"]) == ("out", "0430")]
    references = {entry["reference"] for entry in asked} - {entry["reference"] for entry in undone}
    return len(asked), amount_minor * len(references)
