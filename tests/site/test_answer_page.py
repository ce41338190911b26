"""The customer's page of an order, in a browser at the real gateway: what confirms, and what never does."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterator
from email import message_from_bytes
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from phone_page import browser
from playwright.async_api import Page, Route, expect
from shop_world import CUSTOMER_MAIL, SHOP, Mailbox, ShopWorld, shop_world

from mail_gateway.admin import customers, deal_checks, deals, keys, selling
from mail_gateway.domain.order import OrderState
from mail_gateway.envelope.customers import CustomerSecret
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.envelope.root import fetch_root, random_bytes
from mail_gateway.site import answer_form
from schemas.deal import layout, ocra
from schemas.mail.read import Mail, read_mail

PASSWORD = "hanako no hagaki"
FORM = re.compile(r'name="form" value="([^"]+)"')
STATE = re.compile(r'data-state="([a-z-]+)"')
DEAL = re.compile(r'data-deal="([0-9a-f]+)"')


class Asked:
    """A shop that wants computed answers, a customer with a key, and orders that are asked."""

    def __init__(self, world: ShopWorld, mailbox: Mailbox, key: str, session: Any) -> None:
        self.world = world
        self.key = key
        self.http = session
        self._mailbox = mailbox

    async def order(self, deal_id: str) -> str:
        """Place it; -> the path of its page once the question is written."""
        line = {"name": f"Umbrella {deal_id}", "model": "U-1", "unit_minor": 2500, "quantity": 2}
        given = {"deal_id": deal_id, "customer": self.world.customer, "lines": [line]}
        async with self.http.post("/v1/orders", json=given, headers={"Idempotency-Key": deal_id}) as answer:
            assert answer.status == 201, await answer.text()
        raw = await self._mailbox.letter(CUSTOMER_MAIL, f"Umbrella {deal_id}")
        path = "/deal/" + str(message_from_bytes(raw)["Reply-To"]).partition("@")[0]
        mail = read_mail(raw)
        assert isinstance(mail, Mail)
        html = [part for part in message_from_bytes(raw).walk() if part.get_content_type() == "text/html"]
        assert f"https://pay.example{path}".encode() in html[0].get_payload(decode=True)  # type: ignore[operator]
        assert "https:" not in mail.body, "carriers drop mail with addresses in its text"
        return path

    def state(self, deal_id: str) -> tuple[str, int]:
        """Where the order stands, and how many wrong answers there were."""
        (row,) = [
            one
            for one in deals.listed(self.world.settings.gateway, 50, is_open=False)
            if one["deal_id"] == deal_id
        ]
        place = deals.Place(
            self.world.settings.gateway,
            self.world.settings.keys,
            self.world.settings.smarthost,
            self.world.settings.orders,
        )
        return row["state"], deals.shown(place, row["id"]).head["asking"]["wrong"]

    def checked(self, order: int) -> dict[str, str]:
        """What the transcript's checks find, with the customer's key."""
        secret = CustomerSecret(ocra.read_key(self.key), ocra.password_hash(PASSWORD))
        own = self.world.settings
        found = deals.shown(deals.Place(own.gateway, own.keys, own.smarthost, own.orders), order)
        return {one.name: one.finding.value for one in deal_checks.check(found, secret)}

    async def page(self, path: str) -> str:
        async with self.http.get(path) as answer:
            assert answer.status == 200
            return str(await answer.text())

    async def post(self, path: str, **fields: str) -> tuple[int, str]:
        """A form that somebody sends; -> status, text of the last page."""
        async with self.http.post(path, data=fields) as answer:
            return answer.status, str(await answer.text())


@pytest.fixture
async def asked(tmp_path: Path) -> AsyncIterator[Asked]:
    async with shop_world(tmp_path, public_url="https://pay.example") as (world, mailbox):
        gateway = world.settings.gateway
        selling.change(gateway, SHOP, {"plain_minor_max": 0, "code_minor_max": 0})
        desk = keys.Desk(gateway, world.settings.keys, "tester")
        key = customers.set_password(desk, world.customer, PASSWORD)["key"]
        async with world.gateway(), world.session() as session:
            yield Asked(world, mailbox, key, session)


def digits(asked: Asked, page: str, *, password: str = PASSWORD) -> str:
    """What the customer's own tool computes from the deal that a page shows."""
    found = DEAL.search(page)
    assert found is not None
    question = layout.question(bytes.fromhex(found[1]))
    hashed = ocra.password_hash(password)
    return ocra.answer(ocra.read_key(asked.key), hashed, question, int(time.time()) // 60)


def form_of(page: str) -> str:
    found = FORM.search(page)
    assert found is not None
    return found[1]


async def test_what_scanners_of_links_do_confirms_nothing(asked: Asked) -> None:
    path, other = await asked.order("A-1"), await asked.order("A-2")
    page = await asked.page(path)
    good = digits(asked, page)
    for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
        async with asked.http.request(
            method, path, params={"answer": "yes", "ocra": good, "form": form_of(page)}
        ):
            pass
    key = KeyRing(fetch_root(asked.world.settings.keys.root), random_bytes).token_key(Purpose.REPLY_TOKEN)
    expired = answer_form.make(key, 1, int(time.time()) - answer_form.GOOD_S - 1)
    ahead = f"{int(time.time()) + 10**6}.{form_of(page).partition('.')[2]}"
    for form in ("", "x", ".", expired, ahead, form_of(await asked.page(other)), form_of(page)[:-1]):
        for said in ({"answer": "yes", "ocra": good}, {"answer": "no"}):
            status, text = await asked.post(path, form=form, **said)
            assert (status, "Nothing was done" in text) == (403, True)
    await a_form_in_an_odd_charset_is_none(asked, path)
    for said in (
        {},
        {"answer": "yes"},
        {"answer": "yes", "ocra": good[:-1]},
        {"answer": "maybe", "ocra": good},
    ):
        assert (await asked.post(path, form=form_of(page), **said))[0] == 400
    token = path.rpartition("/")[2]
    swapped = token[:-1] + ("a" if token[-1] != "a" else "b")
    for made_up in (
        swapped,
        "r" + token[1:],
        "q" + token[1:],
        token[:-1],
        "x",
        "o1" + "7" * 29,
        token + "/x",
    ):
        assert (await asked.post("/deal/" + made_up, form=form_of(page), answer="no"))[0] in (404, 405)
        async with asked.http.get("/deal/" + made_up) as answer:
            assert answer.status == 404
    async with asked.http.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "Hagaki"  # which versions it is made of is nobody's business
        assert "Set-Cookie" not in answer.headers
        assert "<script>" not in await answer.text()
    assert asked.state("A-1") == ("asked", 0)
    assert asked.state("A-2") == ("asked", 0)


async def test_yes_no_and_what_comes_after(asked: Asked) -> None:
    """Without a browser: any client may compute, and a form works once."""
    path = await asked.order("A-1")
    page = await asked.page(path)
    status, text = await asked.post(
        path, form=form_of(page), answer="yes", ocra=digits(asked, page, password="other")
    )
    assert status == 200
    assert "These digits do not answer this order" in text
    assert asked.state("A-1") == ("asked", 1)
    _, text = await asked.post(path, form=form_of(page), answer="yes", ocra=digits(asked, page))
    assert STATE.search(text)[1] in ("confirmed", "captured")  # type: ignore[index]
    await asked.world.first("order.moved", after="captured")
    for again in ({"answer": "no"}, {"answer": "yes", "ocra": digits(asked, page)}):
        _, text = await asked.post(path, form=form_of(page), **again)
        assert "changed nothing" in text
    assert asked.state("A-1")[0] == "captured"
    good = dict.fromkeys(("deal", "events", "bytes", "question", "ocra", "money"), "pass")
    assert asked.checked(1) == {**good, "answer": "not-checkable"}
    refused = await asked.order("A-2")
    copied = {"form": form_of(await asked.page(refused)), "answer": "yes", "ocra": digits(asked, page)}
    await asked.post(refused, **copied)
    assert asked.state("A-2") == ("asked", 1)
    _, text = await asked.post(refused, form=form_of(await asked.page(refused)), answer="no")
    assert STATE.search(text)[1] == "refused"  # type: ignore[index]
    assert asked.state("A-2")[0] == "refused"
    await three_wrong_ones_lock_and_a_person_unlocks(asked)


async def a_form_in_an_odd_charset_is_none(asked: Asked, path: str) -> None:
    for charset in ("none-such", "utf-16", "raw-unicode-escape"):
        odd = {"Content-Type": f"application/x-www-form-urlencoded; charset={charset}"}
        async with asked.http.post(path, data=rb"answer=no&form=1.\ud800", headers=odd) as response:
            assert response.status == 403


async def three_wrong_ones_lock_and_a_person_unlocks(asked: Asked) -> None:
    path = await asked.order("A-3")
    page = await asked.page(path)
    good = digits(asked, page)
    for _ in range(3):
        await asked.post(path, form=form_of(page), answer="yes", ocra=digits(asked, page, password="wrong"))
    _, text = await asked.post(path, form=form_of(page), answer="yes", ocra=good)
    assert STATE.search(text)[1] == "locked"  # type: ignore[index]
    (row,) = deals.unclear(asked.world.settings.gateway, 10)
    assert (row["deal_id"], row["wrong"]) == ("A-3", 3)
    deals.unlock(asked.world.settings.gateway, row["order"], "hana", "she called")
    await asked.post(path, form=form_of(page), answer="yes", ocra=good)
    assert asked.state("A-3")[0] in ("confirmed", "captured")


async def fill(page: Page, key: str, password: str) -> None:
    await page.fill("#key", key)
    await page.fill("#password", password)
    await page.click("#compute button")


async def lie(route: Route) -> None:
    """Of the first order other words around the same bytes; of the third other bytes."""
    answer = await route.fetch()
    text = (await answer.text()).replace("Umbrella A-1", "Free gift")
    text = text.replace(b"Umbrella A-3".hex(), b"Umbrella B-3".hex())
    await route.fulfill(response=answer, body=text)


async def test_in_a_browser(asked: Asked) -> None:
    """Key and password never leave it; what is on the screen is what is answered, whatever the words say."""
    path, other, third = [await asked.order(deal_id) for deal_id in ("A-1", "A-2", "A-3")]
    async with browser() as started:
        context = await started.new_context(ignore_https_errors=True)
        page = await context.new_page()
        sent: list[str] = []
        troubles: list[str] = []
        page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))

        await page.route("**/deal/*", lie)
        await page.goto(asked.world.url + path)
        await expect(page.locator("#lines")).to_contain_text("Umbrella A-1 (U-1)")
        await expect(page.locator("#total")).to_have_text("JPY 5,000")
        await fill(page, asked.key.replace("A", "B", 1).replace("C", "D", 1), PASSWORD)
        await expect(page.locator("#news")).to_contain_text("not a key")
        await fill(page, asked.key, "another password")
        await expect(page.locator("#note")).to_contain_text("do not answer this order")
        assert await page.evaluate("localStorage.length") == 0
        await page.check("#keep")
        await fill(page, asked.key.lower().replace(" ", "-"), PASSWORD)
        await expect(page.locator("#state")).to_contain_text("You have confirmed this order")
        assert asked.state("A-1")[0] in ("confirmed", "captured")
        assert await page.locator("form").count() == 0

        await page.goto(asked.world.url + other)
        assert await page.input_value("#key") != ""
        await page.click("#refuse button")
        await expect(page.locator("#state")).to_contain_text("You have said no")

        await page.goto(asked.world.url + third)
        await expect(page.locator("#lines")).to_contain_text("Umbrella B-3")
        await page.fill("#password", PASSWORD)
        await page.click("#compute button")
        await expect(page.locator("#note")).to_contain_text("do not answer this order")
        assert asked.state("A-3") == ("asked", 1)
        assert troubles == []
        secret = (
            PASSWORD,
            PASSWORD.replace(" ", "+"),
            asked.key,
            asked.key[:9],
            asked.key[:9].lower().replace(" ", "-"),
        )
        assert not [one for one in sent if any(word in one for word in secret)]
        assert all(one.startswith(asked.world.url) for one in sent)


def test_it_says_the_same_in_both_languages() -> None:
    words = json.loads((files("mail_gateway.site") / "answer/words.json").read_text(encoding="utf-8"))
    assert words["ja"].keys() == words["en"].keys()
    assert all(words["ja"][part].keys() == words["en"][part].keys() for part in ("states", "notes"))
    assert words["ja"]["states"].keys() == {*(state.value for state in OrderState), "locked"}
