"""`hagaki demo`: one sale from the stripe to the reader's display, every station shown as it happens."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Final

import typer

from cafis_adapter.host import triggers
from cafis_adapter.host.triggers import Mail
from hagaki import machine
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import AsJson, Language
from hagaki.show import Show
from hagaki.world import Seen, World

TEST_CARD: Final = "4111111111111111=27122010000012345678"

HOST_TIMEOUT_S: Final = 2
HOST_MESSAGE_LIFE_S: Final = 2
RESEND_AFTER_S: Final = 1
"""Shorter than in earnest, so that a bad day ends while one watches."""

PULLED: Final = (Mail.LOST, Mail.BOUNCED, Mail.CUT)
"""After such weather a merchant mails the sale again: stops waiting, and takes it from the last sales."""

LIMIT_S: Final = 60
PATIENCE_S: Final = 3600

APPROVED_CODE: Final = "C1"
"""What stands behind the word on the LCD, in every language: C and the outcome's number."""


def command(
    amount: Annotated[
        int, typer.Option(min=1, max=99999999, help="Yen; the last three digits choose the host's answer.")
    ] = 1200,
    language: Annotated[Language | None, typer.Option("--lang", help="Default from LANG.")] = None,
    order: Annotated[
        bool, typer.Option("--order", help="An order that a customer confirms by answering a mail.")
    ] = False,
    steps: Annotated[bool, typer.Option("--steps", help="Wait for a key at each station.")] = False,
    folder: Annotated[Path | None, typer.Option(help="Keep everything the demo wrote here.")] = None,
    as_json: AsJson = False,
) -> int:
    """One sale, all real, on loopback. Exit 0 if the reader showed the approved sale."""
    chosen = language or ("ja" if os.environ.get("LANG", "").startswith("ja") else "en")
    if folder is not None and folder.exists() and any(folder.iterdir()):
        raise Problem(f"{folder} is not empty; choose a new folder", "folder-not-empty")
    where = folder or Path(tempfile.mkdtemp(prefix="hagaki-demo-"))
    show = Show(where, chosen, steps=steps, as_json=as_json)
    try:
        if order:
            return DONE if _order(where, chosen, amount, as_json=as_json) else NO
        patience_s = PATIENCE_S if steps else LIMIT_S
        world = World(
            where, chosen, HOST_TIMEOUT_S, HOST_MESSAGE_LIFE_S, patience_s, RESEND_AFTER_S, weather=True
        )
        approved = asyncio.run(one_sale(world, show, amount))
    finally:
        if folder is None:
            shutil.rmtree(where, ignore_errors=True)
    return DONE if approved else NO


def _order(where: Path, language: str, amount: int, *, as_json: bool) -> bool:
    """Run the other demo; -> whether the order was made."""
    from hagaki.order_demo import OrderShow, one_order

    world = World(where, language, HOST_TIMEOUT_S, HOST_MESSAGE_LIFE_S, LIMIT_S, site=True)
    return asyncio.run(one_order(world, OrderShow(language, as_json=as_json), amount))


async def one_sale(world: World, show: Show, amount: int) -> bool:
    """Start the world, sell once, and say whether the reader's LCD showed the approved sale."""
    show.opening()
    started_ms = machine.now_ms()
    world.prepare()
    try:
        await world.start_all()
        await world.wait_for("handset.link", show.happened, up=1)
        await world.type(f"swipe {TEST_CARD}")
        await world.type(f"keys {' '.join(str(amount))} ENTER ENTER")
        await world.wait_for("reader.lcd", show.happened, state="ready")
        await world.type("key TRANSFER")
        if triggers.of_amount(amount).mail in PULLED:
            await ask_again(world, show.happened)
        shown = await _last_shown(world, show)
    finally:
        await world.close()
    approved = shown.endswith(APPROVED_CODE)
    await show.closing(approved=approved, took_ms=machine.now_ms() - started_ms)
    return approved


async def ask_again(world: World, seen: Seen | None = None) -> None:
    """The letter does not arrive, or not whole: the merchant has the reader send the sale once more."""
    await world.wait_for("carrier.weather", seen)
    await asyncio.sleep(RESEND_AFTER_S)
    await world.type("keys CANCEL CANCEL ENTER 2")  # the first asks whether the sale is to be undone
    for state in ("sales", "ready"):
        await world.wait_for("reader.lcd", seen, state=state)
        await world.type("key TRANSFER")


async def _last_shown(world: World, show: Show) -> str:
    """The LCD's first line once the outcome is certain: after "unknown" the next one is waited for."""
    while True:
        result = await world.wait_for("reader.result", show.happened, genuine=1)
        lcd = await world.wait_for("reader.lcd", show.happened, state="result")
        if result.facts["outcome"] != "in-doubt":
            return str(lcd.facts["line1"])
        await world.type("key ENTER")
