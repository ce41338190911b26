"""A sale by mail, asked of a processor over HTTPS: gateway and simulator as processes, TLS between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiosmtpd.smtp import SMTP
from gateway_world import TRACK2, Counter, plain_mail

from hagaki.sections import read_config, settings
from hagaki.world import World, free_ports
from mail_gateway.admin.payments import shown

SECRET = "a secret of this test, long enough"
MORE = """
[acquirers.json]
url = "https://127.0.0.1:{port}"
key_id = "trial"
secret = "file:processor.secret"
ca = "file:processor.pem"
host_timeout_s = 1
late_s = 10

[processor]
port = {port}
secret = "file:processor.secret"
late_ms = 2000
"""


@asynccontextmanager
async def counter(folder: Path) -> AsyncIterator[Counter]:
    """A gateway whose acquirer is the processor, and the mailbox that its letters go to."""
    world = World(folder, host_message_life_s=1)
    world.prepare()
    text = world.config.read_text("utf-8").replace('name = "cafis"', 'name = "json"')
    world.config.write_text(text + MORE.format(port=free_ports(1)[0]), "utf-8")
    (folder / "processor.secret").write_text(SECRET, "utf-8")
    here = Counter(world)
    loop = asyncio.get_running_loop()
    port = settings(read_config(world.config), "smarthost").port
    server = await loop.create_server(lambda: SMTP(here, hostname="relay.example"), "127.0.0.1", port)
    try:
        await world.start("processor", "--self-signed", str(folder / "processor.pem"))
        await world.wait_for("processor.listening")
        await world.start("gateway")
        await world.wait_for("line.up")
        if not any(happening.verb == "gateway.listening" for happening in world.history):
            await world.wait_for("gateway.listening")
        yield here
    finally:
        await world.close()
        server.close()


async def test_sales_through_a_processor_end_as_it_says(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        for amount, words in (
            (1200, (b"APPROVED",)),
            (1051, (b"DECLINED",)),
            (1502, (b"UNKNOWN", b"CANCELLED")),  # answered, but signed by somebody else
            (1903, (b"UNKNOWN",)),  # answered after the time-out
        ):
            await here.post(plain_mail(here.sale(amount), f"<{amount}@carrier.example>"))
            for word in words:
                assert word in await here.letter()
        await here.world.wait_for("alarm.late-approval")
        verbs = [happening.verb for happening in here.world.history]
        assert verbs.count("alarm.answer-unsigned") == 1
        asked = [h.facts["path"] for h in here.world.history if h.verb == "processor.request"]
        assert asked.count("/v1/authorisations") == 4
        assert asked.count("/v1/reversals") >= 3
        await _killed_while_the_processor_decides(here)
        gateway = settings(read_config(here.world.config), "gateway")
        assert shown(gateway, 1)["approval_number"] and not shown(gateway, 4)["approval_number"]
        _no_card(here)


async def _killed_while_the_processor_decides(here: Counter) -> None:
    """The answer came to nobody: after the restart the processor is asked what became of the sale."""
    await here.post(plain_mail(here.sale(1904), "<1904@carrier.example>"))
    await here.world.wait_for("processor.request", path="/v1/authorisations")
    await here.world.kill("gateway")
    await here.world.start("gateway")
    while b"1904" not in (letter := await here.letter()).replace(b",", b""):
        pass
    assert b"APPROVED" in letter
    paths = [h.facts["path"] for h in here.world.history if h.verb == "processor.request"]
    assert paths.count("/v1/authorisations") == 5 and "/v1/inquiries" in paths


def _no_card(here: Counter) -> None:
    """Nothing that was logged holds the card number."""
    text = repr(here.world.history) + "".join(p.read_text("utf-8") for p in here.world.folder.glob("*.err"))
    assert TRACK2[:16] not in text and TRACK2[6:16] not in text
