"""The page that runs the firmware in a browser (docs/reader): a sale from a swipe to an approval."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from micropython_world import PACKAGE, ROOT
from needs import need
from phone_page import browser
from playwright.async_api import Browser, Page, expect

from hagaki.world import free_ports


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """The project's folder, as `make try-reader` serves it."""
    here = (ROOT / "node_modules" / PACKAGE / "micropython.mjs").exists()
    need(f"npm install --no-save {PACKAGE}@1.27.0", present=here)
    (port,) = free_ports(1)
    app = web.Application()
    app.router.add_static("/", Path(ROOT), follow_symlinks=True)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/docs/reader/index.html"
    await runner.cleanup()


@pytest.fixture
async def started() -> AsyncIterator[Browser]:
    async with browser() as one:
        yield one


async def press(page: Page, *keys: str) -> None:
    for key in keys:
        await page.click(f"#keys [data-name='{key}']")


@pytest.mark.parametrize(
    "locale, amount, approved", [("en-US", "AMOUNT", "APPROVED"), ("ja-JP", "ｷﾝｶﾞｸ", "ｼｮｳﾆﾝ")]
)
async def test_a_sale(started: Browser, address: str, locale: str, amount: str, approved: str) -> None:
    context = await started.new_context(locale=locale)
    page = await context.new_page()
    await page.goto(address)
    await page.wait_for_selector("body[data-ready]")
    await page.check("#backward")
    await page.click("#swipe button >> nth=0")
    await expect(page.locator("#lcd")).to_contain_text(amount)
    await press(page, "1", "2", "0", "0", "ENTER", "ENTER")
    await expect(page.locator("#lcd")).to_contain_text("TRANSFER")
    await press(page, "TRANSFER")
    await expect(page.locator("#mail")).to_contain_text("BEGIN HAGAKI SALE")
    await page.click("#answers [data-name='approved']")
    await expect(page.locator("#lcd")).to_contain_text(approved)
    await context.close()


async def test_a_reader_that_was_off_remembers(started: Browser, address: str) -> None:
    page = await started.new_page()
    await page.goto(address)
    await page.wait_for_selector("body[data-ready]")
    await page.click("#swipe button >> nth=0")
    await expect(page.locator("#lcd")).to_contain_text("AMOUNT")
    await press(page, "5", "0", "ENTER", "ENTER", "TRANSFER")
    await expect(page.locator("#lcd")).to_contain_text("SENT")
    await page.click("#swipe button >> nth=2")
    await expect(page.locator("#lcd")).to_contain_text("NOT YET PAID")
    await page.close()
