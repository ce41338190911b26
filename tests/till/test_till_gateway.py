"""A till and a vending machine at a real gateway, over TLS; the customer answers a real mail."""

from __future__ import annotations

import asyncio
from email import message_from_bytes

import pytest
from shop_world import CUSTOMER_MAIL, shop_world, words_of
from typed_lines import Heard, Typed

from hagaki import till_device
from hagaki.till_show import run_machine, run_till
from till.settings import TillSettings

CSV = "code,name,model,price,tax\n4901,りんご,ふじ,155,8\n4902,電池,,333,10\n"


@pytest.fixture
def typed(monkeypatch):
    found = Typed()
    monkeypatch.setattr("sys.stdin", found)
    yield found
    found.close()


def settings_of(world, **more):
    return TillSettings(
        url=world.url,
        key=world.key,
        ca=str(world.folder / "certificate.pem"),
        journal=str(world.folder / "till"),
        retry_first_ms=20,
        **more,
    )


async def answer(world, mailbox, word, text):
    """The customer reads the question that has this word, and answers it, the code below."""
    letter = await mailbox.letter(CUSTOMER_MAIL, word)
    to = str(message_from_bytes(letter)["Reply-To"])
    shown = words_of(letter)
    code = shown.partition("code ")[2][:5] if "{code}" in text else ""
    head = (
        f"From: {CUSTOMER_MAIL}\r\nTo: {to}\r\nSubject: Re:\r\nMessage-ID: <{word}@carrier.example>\r\n\r\n"
    )
    await world.post(f"{head}{text.format(code=code)}\r\n".encode(), CUSTOMER_MAIL, to)
    return shown


async def test_a_machine_drops_on_the_customers_yes(tmp_path, typed, capsys):
    async with shop_world(tmp_path) as (world, mailbox), world.gateway():
        heard = Heard(capsys)
        machine = asyncio.create_task(run_machine(settings_of(world), as_json=True))
        typed.type("1", world.customer)
        assert "300" in await answer(world, mailbox, "Soap", "yes\r\n{code}")
        await heard.until(state="told", fallen=1)
        await world.first("order.moved", kind="handed-over", order=1)
        typed.type("!jam", "2", world.customer)
        await answer(world, mailbox, "Tea", "yes\r\n{code}")
        await heard.until(state="broken", fallen=1)
        await world.first("order.moved", kind="returned", order=2)
        assert "JPY 1,080" in words_of(await mailbox.letter(CUSTOMER_MAIL, "MONEY BACK"))
        typed.type("in", "quit")
        await machine


async def test_a_till_sells_from_its_price_file(tmp_path, typed, capsys):
    (tmp_path / "prices.csv").write_text(CSV, "utf-8")
    async with shop_world(tmp_path) as (world, mailbox), world.gateway():
        heard = Heard(capsys)
        abroad = till_device.abroad_of("USD", "151.23", "ECB 2026-11-20", 392)
        chosen = settings_of(world, prices=str(tmp_path / "prices.csv"), registration_number="T7000012050002")
        till = asyncio.create_task(run_till(chosen, abroad, as_json=True))
        typed.type("3*4901", "4902", f"@{world.customer}", "")
        shown = await answer(world, mailbox, "りんご", "yes\r\n{code}")
        assert "USD 5.28" in shown and "151.23" in shown and "ECB 2026-11-20" in shown
        receipt = await heard.until(verb="till.receipt")
        await heard.until(state="made")
        typed.type("handed")
        await heard.until(state="told")
        await world.first("order.moved", kind="handed-over", order=1)
        typed.type(f"return {receipt['deal']} 155 one was bad")
        await heard.until(state="returned")
        await world.first("order.moved", kind="returned-part", order=1)
        assert "The shop says: one was bad" in words_of(await mailbox.letter(CUSTOMER_MAIL, "MONEY BACK"))
        typed.type("2*4902", f"@{world.customer}", "")
        await answer(world, mailbox, "666", "no")
        assert (await heard.until(state="sorry"))["why"] == "refused"
        typed.type("quit")
        await till
    squeezed = [" ".join(line.split()) for line in receipt["text"].splitlines()]
    assert squeezed[squeezed.index("8%対象※ 465円") + 1] == "(内消費税 34円)"
    assert "合計 798円" in squeezed and "参考 USD 5.28" in squeezed
