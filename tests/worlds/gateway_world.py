"""The demo's gateway and host as processes; the test itself sends the sales and takes the letters."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP

from card_reader_fw.board.desk import desk
from hagaki.sections import read_config, settings
from hagaki.world import DOMAIN, MERCHANT, Happening, World

TRACK2 = "4111111111111111=27122010000012345678"
LIMIT_S = 30


class Counter:
    """One running gateway, its host, and the mailbox its letters go to."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.letters: asyncio.Queue[bytes] = asyncio.Queue()
        self.smtp_port: int = settings(read_config(world.config), "smtp").port

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.put_nowait(envelope.content)
        return "250 OK"

    def sale(self, amount_minor: int) -> str:
        """The armour block of a new sale."""
        sealed = desk.swipe(
            self.world.device, amount_minor=amount_minor, track2=TRACK2, now_s=int(time.time())
        )
        return sealed.text

    async def post(self, mail: bytes, sender: str = MERCHANT) -> None:
        """Send by SMTP to the centre's address; raises aiosmtplib's error if it is refused."""
        to = [f"sale@{DOMAIN}"]
        await aiosmtplib.send(mail, sender=sender, recipients=to, hostname="127.0.0.1", port=self.smtp_port)

    async def letter(self) -> bytes:
        """The next letter."""
        return await asyncio.wait_for(self.letters.get(), LIMIT_S)

    def asked(self, mti: str = "0100") -> list[dict[str, Any]]:
        """What the host was asked, from its own journal."""
        lines = (self.world.folder / "host.jsonl").read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if (entry["direction"], entry["mti"]) == ("in", mti)]


@asynccontextmanager
async def counter(
    folder: Path, furnish: Callable[[World], None] = lambda _: None, **options: int
) -> AsyncIterator[Counter]:
    """A world without phone and carrier, signed on at the host. furnish: what else is prepared in it."""
    world = World(folder, **options)
    world.prepare()
    furnish(world)
    here = Counter(world)
    loop = asyncio.get_running_loop()
    port = settings(read_config(world.config), "smarthost").port
    server = await loop.create_server(lambda: SMTP(here, hostname="relay.example"), "127.0.0.1", port)
    try:
        await world.start("host")
        await world.start("gateway")
        await _both(world, "line.signed-on", "gateway.listening")
        yield here
    finally:
        await world.close()
        server.close()


async def _both(world: World, first: str, second: str) -> None:
    """Wait for both, in whichever order; neither is left to be taken for one of a later life."""
    before: set[str] = set()

    async def noted(happening: Happening) -> None:
        before.add(happening.verb)

    await world.wait_for(first, noted)
    if second not in before:
        await world.wait_for(second)


def plain_mail(text: str, message_id: str = "<1@carrier.example>") -> bytes:
    """The shortest mail that carries a block."""
    head = f"From: {MERCHANT}\nTo: sale@{DOMAIN}\nMessage-ID: {message_id}\nSubject: sale\n\n"
    return (head + text).replace("\n", "\r\n").encode()
