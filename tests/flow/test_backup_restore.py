"""Backup, restore and reconciliation with processes and the host simulator, as an operator does it."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
from pathlib import Path
from typing import Any

from gateway_world import Counter, counter, plain_mail

from card_reader_fw.board.desk import desk

BEFORE, ACROSS, AFTER, FRESH = 1200, 1300, 1400, 1500
SILENT = 1901  # charged, never answered; reversed


async def hagaki(here: Counter, *words: str) -> tuple[int, str, str]:
    """Run a command in the world's folder. -> exit code, output, error."""
    command = [sys.executable, "-m", "hagaki", *words, "--config", str(here.world.config)]
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, cwd=here.world.folder, stdout=pipe, stderr=pipe)
    out, err = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, out.decode(), err.decode()


async def told(here: Counter, *words: str, code: int = 0) -> Any:
    """A command that answers in JSON."""
    found, out, err = await hagaki(here, *words, "--json")
    assert found == code, out + err
    lines = [json.loads(line) for line in out.splitlines()]
    return lines[0] if len(lines) == 1 else lines


def shown(here: Counter, letter: bytes) -> str:
    """What the reader shows for a letter."""
    text = letter.decode().replace("\r\n", "\n")
    block = text[text.index("BEGIN HAGAKI RESULT") : text.index("END HAGAKI RESULT")]
    result = desk.show_result(here.world.device, f"{block}END HAGAKI RESULT\n")
    return result.outcome if result.genuine else "not genuine"


def paid(here: Counter) -> dict[int, int]:
    """Amount asked -> minor units left charged, by the host's own books."""
    lines = (here.world.folder / "host.jsonl").read_text("utf-8").splitlines()
    booked = [line for line in map(json.loads, lines) if line["direction"] == "book"]
    last = {line["reference"]: line for line in booked}
    total: dict[int, int] = {}
    for line in last.values():
        total[line["amount_minor"]] = total.get(line["amount_minor"], 0) + line["net_minor"]
    return total


async def sell(here: Counter, amount_minor: int) -> tuple[bytes, str]:
    """A new sale and the first thing that the reader shows for it."""
    mail = plain_mail(here.sale(amount_minor), f"<{amount_minor}@carrier.example>")
    await here.post(mail)
    return mail, shown(here, await here.letter())


async def restored(here: Counter) -> dict[int, bytes]:
    """Sell, back up, sell more, lose the disk, restore. -> the mails by amount."""
    mails = {}
    mails[BEFORE], outcome = await sell(here, BEFORE)
    assert outcome == "approved"
    made = await told(here, "backup", "copy.db")
    assert made["rows"]["payments"] == 1
    assert stat.S_IMODE((here.world.folder / "copy.db").stat().st_mode) == 0o600
    for amount_minor in (ACROSS, AFTER):
        mails[amount_minor], outcome = await sell(here, amount_minor)
        assert outcome == "approved"
    mails[SILENT], outcome = await sell(here, SILENT)
    assert [outcome, shown(here, await here.letter())] == ["in-doubt", "cancelled"]
    code, _, err = await hagaki(here, "restore", "copy.db", "--aside")
    assert (code, "[gateway-running]" in err) == (2, True)
    await here.world.kill("gateway")
    code, _, err = await hagaki(here, "restore", "copy.db")
    assert (code, "[database-exists]" in err) == (2, True)
    await told(here, "restore", "copy.db", "--aside")
    await begin(here)
    return mails


async def begin(here: Counter) -> None:
    """The gateway, until it takes mail."""
    await here.world.start("gateway")
    await here.world.wait_for("gateway.listening")


async def test_a_day_that_a_restore_has_forgotten(tmp_path: Path) -> None:
    async with counter(tmp_path, host_message_life_s=1, host_timeout_s=2) as here:
        mails = await restored(here)
        asked = len(here.asked())
        for mail in mails.values():
            await here.post(mail)
        for _ in (ACROSS, AFTER, SILENT):
            assert b"NOT KNOWN YET" in await here.letter(), "neither a yes nor a no that nobody knows"
        assert (await told(here, "recover", "status"))["recovering"]
        assert len(await told(here, "shunt", "list")) == 3
        (here.world.folder / "list.csv").write_text((await hagaki(here, "host", "--list"))[1], "utf-8")
        found = await told(here, "recover", "reconcile", "--list", "list.csv", code=1)
        assert (found["agrees"], found["ghosts"], found["differ"]) == (1, 2, [])
        await told(here, "recover", "finish")
        await here.world.stop("gateway")
        await begin(here)  # it would find it by itself, within a minute
        assert b"REFUSED JPY 1,901" in await here.letter(), "the list shows no charge for it"
        _, outcome = await sell(here, FRESH)
        assert outcome == "approved", "it works again"
        assert len(here.asked()) == asked + 1, "nothing was asked again"
        for ghost in await told(here, "recover", "ghosts"):
            await settle(here, ghost)
        assert paid(here) == {**{amount: amount for amount in (BEFORE, ACROSS, AFTER, FRESH)}, SILENT: 0}
        assert (await told(here, "audit", "verify"))["faults"] == []


async def settle(here: Counter, ghost: dict[str, Any]) -> None:
    """A person finds the shunted payment of a ghost by its amount; the merchant is told."""
    rows = await told(here, "shunt", "list")
    rows = rows if isinstance(rows, list) else [rows]
    number = next(row["id"] for row in rows if row["amount_minor"] == ghost["amount_minor"])
    words = (
        "recover",
        "settle",
        ghost["reference"],
        "--payment",
        str(number),
        "--reason",
        "asked the merchant",
    )
    await told(here, *words)
    await here.world.stop("gateway")
    await begin(here)  # it would find it by itself, within a minute
    assert b"APPROVED JPY" in await here.letter()
