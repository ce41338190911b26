"""The phone's page in a real browser, a real reader's firmware at the other end of a made-up port."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from needs import need
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright, expect

from card_reader_fw.board.desk import device
from card_reader_fw.board.desk.bench import Wire
from card_reader_fw.board.desk.board import Board, monotonic_ms
from card_reader_fw.board.desk.stripe import intervals_of
from card_reader_fw.reader import Reader
from hagaki.world import free_ports
from mail_gateway.settings import (
    GatewaySettings,
    KeySettings,
    Settings,
    SiteSettings,
    SmarthostSettings,
    SmtpSettings,
)
from mail_gateway.site import http

CARD: Final = "4111111111111111=27122010000012345678"
KEY_ID: Final = bytes.fromhex("1234567890123456")
INITIAL_KEY: Final = bytes.fromhex("1273671EA26AC29AFA4D1084127652A1")
TURN_S: Final = 0.02
WAIT_MS: Final = 20_000

FAKE_PORT: Final = """
const port = {
  async open() {
    port.readable = new ReadableStream({ start(control) {
      window.fromReader = (bytes) => control.enqueue(Uint8Array.from(bytes));
    } });
    port.writable = new WritableStream({ write: (chunk) => window.toReader([...chunk]) });
  },
  async close() {},
};
const serial = { requestPort: async () => port, getPorts: async () => [] };
Object.defineProperty(navigator, "serial", { value: serial });
"""


class Counter:
    """A merchant at the reader: the firmware on a device file, its line ending in the page."""

    def __init__(self, folder: Path) -> None:
        device.create(folder / "reader.dev", KEY_ID, INITIAL_KEY)
        self._device = device.Device.open(folder / "reader.dev")
        self._wire = Wire()
        self.board = Board(self._device, self._wire, lambda verb, **facts: None, monotonic_ms)
        self._reader = Reader(self.board)

    def close(self) -> None:
        self._device.__exit__(None, None, None)

    def heard(self, _: Any, data: list[int]) -> None:
        self._wire.to_reader += bytes(data)

    async def run(self, page: Page) -> None:
        """The firmware's own loop, for as long as the task lives."""
        while True:
            self._reader.poll()
            data = self._wire.take()
            if data:
                with suppress(Error):  # the page is just being loaded again: lost, as on a cable
                    await page.evaluate("bytes => window.fromReader?.(bytes)", list(data))
            await asyncio.sleep(TURN_S)

    async def sell(self, amount: str) -> None:
        """Swipe, key, transfer."""
        self.board.head.put([intervals_of(CARD)])
        for key in (*amount, "ENTER", "ENTER"):
            self.board.keypad.put(key)
        await self.shows("READY TO")
        self.board.keypad.put("TRANSFER")

    async def shows(self, text: str) -> None:
        """Wait until the display does."""
        async with asyncio.timeout(WAIT_MS / 1000):
            while text not in " ".join(self.board.lcd.lines):
                await asyncio.sleep(TURN_S)


@asynccontextmanager
async def site() -> AsyncIterator[str]:
    """The gateway's site alone; -> the page's address."""
    settings = Settings(
        GatewaySettings("pay.example"),
        KeySettings(),
        SmtpSettings("mx.pay.example"),
        SmarthostSettings(),
        site=SiteSettings(port=free_ports(1)[0]),
    )
    served = await http.serve(settings, _ports(), None)
    try:
        yield f"http://127.0.0.1:{served.port}/phone/"
    finally:
        await served.close()


def _ports() -> Any:
    from mail_gateway.ports import Ports

    return Ports(lambda: 0, bytes, lambda verb, **facts: None)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window. What is expected of its pages may take WAIT_MS."""
    chromium = shutil.which("chromium")
    need("Chromium: on Debian apt-get install chromium", present=chromium is not None)
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


async def connect(page: Page) -> None:
    """Choose the reader's port and wait until the page says that the reader is there, as a merchant does."""
    await page.click("#connect")
    await expect(page.locator("#state")).to_contain_text(re.compile("is connected|に接続しました"))


@asynccontextmanager
async def visit(
    started: Browser, address: str, *, counter: Counter | None = None, locale: str = "en-US"
) -> AsyncIterator[tuple[Page, BrowserContext]]:
    """The page, open and at rest; with a counter, its reader is at the browser's port."""
    context = await started.new_context(locale=locale, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(WAIT_MS)
    page = await context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    running = None
    if counter is not None:
        await page.expose_binding("toReader", counter.heard)
        await page.add_init_script(FAKE_PORT)
    await page.goto(address)
    if counter is not None:
        running = asyncio.create_task(counter.run(page))
        await connect(page)
    try:
        yield page, context
    finally:
        if running is not None:
            running.cancel()
        await context.close()
    assert troubles == []
