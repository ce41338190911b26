"""Sales in all mail weathers, one after the other in one world: what the reader shows in the end is true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hagaki.demo import PULLED, TEST_CARD, ask_again, triggers
from hagaki.world import World

SHOWN = {
    1801: "APPROVED",  # the first letter is lost: asked for again
    1803: "APPROVED",
    1805: "DECLINED",  # behind a forged approval
    1806: "APPROVED",
    1807: "APPROVED",  # the first letter bounces: asked for again
    1808: "APPROVED",  # the first letter is cut: asked for again
    1809: "APPROVED",
    1810: "APPROVED",
    1811: "APPROVED",
    1804: "CANCELLED",  # and UNKNOWN, which comes behind it, changes nothing
}


async def test_the_reader_shows_what_is_true_in_all_weathers(tmp_path: Path) -> None:
    world = World(tmp_path, host_timeout_s=1, host_message_life_s=1, resend_after_s=1, weather=True)
    world.prepare()
    try:
        await world.start_all()
        await world.wait_for("handset.link", up=1)
        shown = {amount: await _sold(world, amount) for amount in SHOWN}
        await world.wait_for("handset.shown")  # of the letter in time
        await world.wait_for("handset.shown")  # of the one behind it
    finally:
        await world.close()
    assert shown == SHOWN
    screens = [str(one.facts["line1"]) for one in world.history if one.verb == "reader.lcd"]
    assert not [line for line in screens if line.startswith("UNKNOWN")]
    refused = [one for one in world.history if one.verb == "reader.result" and not one.facts["genuine"]]
    assert len(refused) == 2  # the forged letter, and the older one


async def _sold(world: World, amount: int) -> str:
    """The outcome on the reader's display."""
    await world.type(f"swipe {TEST_CARD}")
    await world.type(f"keys {' '.join(str(amount))} ENTER ENTER")
    await world.wait_for("reader.lcd", state="ready")
    await world.type("key TRANSFER")
    if triggers.of_amount(amount).mail in PULLED:
        await ask_again(world)
    lcd = await world.wait_for("reader.lcd", state="result")
    await world.type("key ENTER")
    return str(lcd.facts["line1"]).split()[0]


def test_the_demo_has_weather_too() -> None:
    command = [sys.executable, "-m", "hagaki", "demo", "--lang", "en", "--amount", "1802"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    assert "mail weather: five-times" in done.stdout
    assert "APPROVED      C1" in done.stdout
