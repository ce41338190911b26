"""The page for a phone at a reader, in a real browser: a sale out, an answer back, without an app."""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from phone_page import Counter, browser, connect, site, visit
from playwright.async_api import Browser, Page, expect
from reader_centre import open_sale, seal_result

from schemas.envelope import armour, outcome


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    made = Counter(tmp_path)
    yield made
    made.close()


@pytest.fixture
async def address() -> AsyncIterator[str]:
    async with site() as served:
        yield served


@pytest.fixture
async def started() -> AsyncIterator[Browser]:
    async with browser() as one:
        yield one


async def mailed(page: Page) -> tuple[str, str]:
    """-> the recipient and the body of the mail that the phone's mail program is asked to write."""
    link = await page.locator("[data-name=mail]").first.get_attribute("href")
    parts = urllib.parse.urlsplit(link or "")
    assert parts.scheme == "mailto"
    return parts.path, urllib.parse.parse_qs(parts.query)["body"][0]


def answer_mail(text: str, *, amount_minor: int = 1200) -> str:
    ksn, _ = open_sale(text)
    result = seal_result(ksn, outcome.APPROVED, amount_minor, approval_number="123456")
    return f"Approved.\n\n> {armour.block(armour.RESULT, result)}\n-- \nthe centre"


async def test_a_sale_and_its_answer(started: Browser, address: str, counter: Counter) -> None:
    async with visit(started, address, counter=counter) as (page, _):
        await expect(page.locator("#state")).to_have_text(re.compile("Reader .* is connected"))
        await counter.sell("1200")
        await counter.shows("WAIT FOR RESULT")
        recipient, body = await mailed(page)
        assert recipient == "sale@pay.example"
        assert open_sale(body)[1].amount_minor == 1200
        await page.fill("#pasted", answer_mail(body))
        await page.click("#read")
        await counter.shows("APPROVED")
        await expect(page.locator("#news")).to_contain_text("checked the answer")


async def test_a_forged_answer_is_called_one(started: Browser, address: str, counter: Counter) -> None:
    async with visit(started, address, counter=counter) as (page, _):
        await counter.sell("1200")
        await counter.shows("WAIT FOR RESULT")
        _, body = await mailed(page)
        await page.fill("#pasted", answer_mail(body, amount_minor=1))
        await page.click("#read")
        await expect(page.locator("#news")).to_contain_text("NOT genuine")
        await counter.shows("WAIT FOR RESULT")


async def test_without_a_network_once_loaded(started: Browser, address: str, counter: Counter) -> None:
    """The whole sale, from a page that was opened offline."""
    async with visit(started, address, counter=counter) as (page, context):
        await expect(page.locator("#offline")).to_contain_text("without a network")
        await context.set_offline(True)
        await page.reload()
        await connect(page)
        await counter.sell("1200")
        await counter.shows("WAIT FOR RESULT")
        assert open_sale((await mailed(page))[1])[1].amount_minor == 1200


async def test_what_is_not_mailed_yet_is_there_after_a_reload(
    started: Browser, address: str, counter: Counter
) -> None:
    async with visit(started, address, counter=counter) as (page, _):
        await counter.sell("1200")
        await counter.shows("WAIT FOR RESULT")
        before = await mailed(page)
        await page.reload()
        assert await mailed(page) == before
        await expect(page.locator("[data-name=done]")).to_have_count(0)


async def test_a_typed_sale_is_mailed_and_then_done(started: Browser, address: str) -> None:
    """Typed by the reader as a keyboard, or scanned: without a cable, in Japanese."""
    typed = armour.block(armour.SALE, bytes(range(120))).lower()
    async with visit(started, address, locale="ja-JP") as (page, _):
        await page.click("#pasted")
        await page.keyboard.type(typed)
        await page.click("#read")
        await expect(page.locator("#news")).to_contain_text("一覧に入れました")
        _, body = await mailed(page)
        assert armour.find(body) == (armour.SALE, bytes(range(120)))
        await page.click("[data-name=copy]")
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert armour.find(copied) == (armour.SALE, bytes(range(120)))
        await page.evaluate(
            "document.querySelector('[data-name=mail]').addEventListener('click', e => e.preventDefault())"
        )
        await page.click("[data-name=mail]")
        await page.click("[data-name=done]")
        await expect(page.locator("#none")).to_be_visible()


@pytest.mark.parametrize(
    "text, said",
    [
        ("Hello", "no sale and no answer"),
        ("BEGIN HAGAKI SALE\nAEAQA\n", "The end is missing"),
        (armour.block(armour.SALE, b"one") + armour.block(armour.SALE, b"two"), "two different"),
        (armour.block(armour.SALE, b"one").replace("AEAQ", "AEAR"), "missing or changed"),
    ],
)
async def test_what_cannot_be_read_is_said(started: Browser, address: str, text: str, said: str) -> None:
    async with visit(started, address) as (page, _):
        await page.fill("#pasted", text)
        await page.click("#read")
        await expect(page.locator("#news")).to_contain_text(said)


async def test_an_answer_without_a_reader_says_what_to_do(started: Browser, address: str) -> None:
    async with visit(started, address) as (page, _):
        await page.fill("#pasted", armour.block(armour.RESULT, b"any"))
        await page.click("#read")
        await expect(page.locator("#news")).to_contain_text("8-digit code")


async def test_nothing_is_loaded_from_elsewhere(started: Browser, address: str) -> None:
    context = await started.new_context()
    page = await context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    answer = await page.goto(address)
    assert answer is not None
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    await page.wait_for_load_state("networkidle")
    assert len(asked) > 5
    assert all(url.startswith(address) for url in asked)
    await context.close()
