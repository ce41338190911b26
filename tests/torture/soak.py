"""The soak: all five processes, every habit of the host, a carrier with bad days, SIGKILL after SIGKILL."""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

from gateway_world import TRACK2
from verdict import ENDED, Verdict

from cafis_adapter.host.answers import APPROVALS
from cafis_adapter.host.triggers import APPROVE, Step, Trigger, Undo, shipped_triggers
from hagaki.problem import Problem
from hagaki.world import World

KILL_MIN_S: Final = 0.3
KILL_MAX_S: Final = 3.0
PAUSE_MAX_S: Final = 0.4
SETTLE_S: Final = 90
_AMOUNTS: Final = 998
_LOOK_S: Final = 0.5
_KIND: Final = re.compile(r"\.([a-z-]+)\.(\d+)@")
_REFERENCE: Final = re.compile(r"ref (\d{12})")
_NEVER_END: Final = frozenset({Undo.SILENT, Undo.REFUSED, Undo.THEN_APPROVE})
_SAYS_NO_AND_CHARGES: Final = "907"
"""If the line is cut between its two answers, only the acquirer's own list can tell that it has charged."""

_MORE: Final = {
    "[gateway]": "reversal_first_s = 1\nreversal_max_s = 2",
    "[acquirers.cafis]": "reconnect_first_ms = 50\nreconnect_max_ms = 500\necho_interval_s = 2",
    "[host]": "late_ms = 2500\nslow_ms = 300",
    "[carrier]": "double_percent = 25\ndelay_percent = 25\n"
    "delay_ms = 1500\nretry_max_ms = 500\nseed = {seed}",
}
_SETTLED: Final = ENDED | {"more-wanted"}


@dataclass(slots=True)
class Soak:
    """sold: the amounts, one for each sale, all different. kills: of the gateway."""

    world: World
    luck: random.Random
    sold: list[int] = field(default_factory=list)
    kills: int = 0

    async def run(self, seconds: float) -> Verdict:
        """Sell and kill for so long, let all settle, judge."""
        try:
            await self.world.start_all()
            await self.world.wait_for("handset.link", up=1)
            killing = asyncio.create_task(self._kill_for(seconds))
            selling = asyncio.create_task(self._sell_until(killing))
            await asyncio.gather(killing, selling)
            settled = await self._settle()
            rows = await self._payments()
        finally:
            await self.world.close()
        return self._judge(rows, settled=settled)

    async def _kill_for(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.sleep(self.luck.uniform(KILL_MIN_S, KILL_MAX_S))
            await self.world.kill("gateway")
            self.kills += 1
            await self.world.start("gateway")

    async def _sell_until(self, killing: asyncio.Task[None]) -> None:
        for amount in amounts(self.luck):
            if killing.done():
                return
            try:
                await self._sell(amount)
                self.sold.append(amount)
                await asyncio.sleep(self.luck.uniform(0, PAUSE_MAX_S))
            except Problem:  # an outcome came onto the display between two keys
                continue

    async def _sell(self, amount: int) -> None:
        """Look at what came, swipe, key, transfer. Raises Problem where that was disturbed."""
        await self.world.type("keys CANCEL CANCEL CANCEL")
        await self.world.type(f"swipe {TRACK2}")
        await self.world.type(f"keys {' '.join(str(amount))} ENTER ENTER")
        await self.world.wait_for("reader.lcd", state="ready")
        await self.world.type("key TRANSFER")
        await self.world.wait_for("reader.sent")

    async def _settle(self) -> bool:
        """Whether every sale came to its end, and its letter says so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + SETTLE_S
        while loop.time() < end:
            rows = await self._payments()
            words = self._words()
            ended = all(row["state"] in _SETTLED and _says(words, row) in _right(row) for row in rows)
            if ended and {row["amount_minor"] for row in rows} >= set(self.sold):
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    async def _payments(self) -> list[dict[str, Any]]:
        """`hagaki payments list --json`, as a person asks it."""
        words = ("payments", "list", "--json", "--limit", "100000", "--config", str(self.world.config))
        asked = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hagaki", *words, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asked.communicate()
        return [json.loads(line) for line in out.splitlines()]

    def _words(self) -> dict[str, tuple[int, str]]:
        """Reference -> version and kind of the newest letter in the merchant's mailbox."""
        found: dict[str, tuple[int, str]] = {}
        for path in (self.world.folder / "mailbox").glob("[nc]*/*"):
            with suppress(FileNotFoundError):  # the phone has just moved it
                reference, version, kind = _letter(path.read_bytes())
                found[reference] = max(found.get(reference, (0, "")), (version, kind))
        return found

    def _judge(self, rows: list[dict[str, Any]], *, settled: bool) -> Verdict:
        verdict = Verdict()
        if not settled:
            open_ones = {row["amount_minor"]: row["state"] for row in rows if row["state"] not in _SETTLED}
            verdict.lost.append(f"not settled in {SETTLE_S} s; open: {open_ones}")
        counted = Counter(row["amount_minor"] for row in rows)
        verdict.lost += [f"{amount}: sent, no payment" for amount in self.sold if not counted[amount]]
        verdict.double += [f"{amount}: {count} payments" for amount, count in counted.items() if count > 1]
        asked, undone = self._host()
        verdict.double += [f"{one}: asked {count} times" for one, count in asked.items() if count > 1]
        words = self._words()
        for row in rows:
            reference = f"{row['id']:012d}"
            paid = reference in asked and reference not in undone and _charges(row["amount_minor"])
            told = _says(words, row)
            if paid != (told == "approved") or paid != (row["state"] == "approved"):
                verdict.untrue.append(f"{reference}: paid {paid}, told {told}, kept as {row['state']}")
        return verdict

    def _host(self) -> tuple[Counter[str], set[str]]:
        """From the host's journal: how often each reference was asked, and which were undone."""
        lines = (self.world.folder / "host.jsonl").read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        asked = [one for one in entries if (one["direction"], one["mti"]) == ("in", "0100")]
        undone = [one for one in entries if (one["direction"], one["mti"]) == ("out", "0430")]
        return Counter(one["reference"] for one in asked), {one["reference"] for one in undone}


def soak(folder: Path, seed: int) -> Soak:
    """A soak that can be run once."""
    world = World(folder, host_timeout_s=1, host_message_life_s=1, limit_s=10)
    world.prepare()
    text = world.config.read_text(encoding="utf-8")
    for section, more in _MORE.items():
        text = text.replace(f"{section}\n", f"{section}\n{more.format(seed=seed)}\n", 1)
    world.config.write_text(text, encoding="utf-8")
    return Soak(world, random.Random(seed))


def amounts(luck: random.Random) -> Iterator[int]:
    """Every habit of the host that comes to a certain end, in random order, and as many plain approvals.

    No amount comes twice.
    """
    ending = [one.digits for one in shipped_triggers().values() if one.reversal not in _NEVER_END]
    habits = [digits for digits in ending if digits != _SAYS_NO_AND_CHARGES]
    for thousands in range(1, _AMOUNTS):
        deck = [*habits, *(f"{100 + number}" for number in range(len(habits)))]
        luck.shuffle(deck)
        for digits in deck:
            yield thousands * 1000 + int(digits)


def _charges(amount_minor: int) -> bool:
    """Whether the host books a sale of this amount."""
    trigger: Trigger = shipped_triggers().get(f"{amount_minor % 1000:03d}", APPROVE)
    return Step.CHARGE in trigger.does and trigger.code in APPROVALS


def _letter(raw: bytes) -> tuple[str, int, str]:
    """A letter -> reference, version, kind."""
    mail = message_from_bytes(raw)
    kind, reference = _KIND.search(mail["Message-ID"]), _REFERENCE.search(mail["Subject"])
    assert kind is not None
    assert reference is not None
    return reference[1], int(kind[2]), kind[1]


def _says(words: dict[str, tuple[int, str]], row: dict[str, Any]) -> str:
    return words.get(f"{row['id']:012d}", (0, ""))[1]


def _right(row: dict[str, Any]) -> tuple[str, ...]:
    """The letters that may be the last one in that state."""
    return ("cancelled",) if row["state"] == "reversed" else (row["state"],)
