"""The commands of a shop as they run: against a shop API on loopback, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest
from shop_fake import KEY, shop_fake
from typed_lines import LIMIT_S, Heard, Typed, open_line

from hagaki import till_device
from hagaki.config import load
from hagaki.problem import Problem
from hagaki.sections import SECTIONS, settings
from hagaki.till_commands import journal_list, journal_show
from hagaki.till_disk import TILL, JournalFile, SimulatedShelf, files
from hagaki.till_show import run_machine, run_till
from till.journal import Record
from till.machine import State

CSV = "code,name,model,price,tax\n4901,りんご,ふじ,150,8\n4902,お茶,,160,8\n"


@pytest.fixture
def config(tmp_path):
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "prices.csv").write_text(CSV, "utf-8")

    def write(origin, **more):
        lines = [f'url = "{origin}"', 'key = "file:key"', 'journal = "till"', "retry_first_ms = 10"]
        lines += [f"{name} = {json.dumps(value)}" for name, value in more.items()]
        path = tmp_path / "config.toml"
        path.write_text("\n".join(["[till]", *lines, ""]), "utf-8")
        return path

    return write


def chosen(path):
    return settings(load(path, SECTIONS), "till")


@pytest.fixture
def typed(monkeypatch):
    found = Typed()
    monkeypatch.setattr("sys.stdin", found)
    yield found
    found.close()


@asynccontextmanager
async def command(*words):
    """`hagaki WORDS` in a process of its own."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "hagaki", *map(str, words)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield running
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


async def until(running, **wanted):
    """Read what the till tells until it tells that."""
    async for line in running.stdout:
        told = json.loads(line)
        if wanted.items() <= told.items():
            return told
    raise AssertionError((await running.stderr.read()).decode())


async def test_a_till_that_is_killed_asks_again_with_the_same_deal(config, tmp_path, capsys):
    async with shop_fake() as shop:
        path = config(shop.origin, prices="prices.csv", shop="山の店")
        ours, theirs = open_line(tmp_path / "scanner")
        scanner = ("--scanner", tmp_path / "scanner")
        async with command("shop", "till", "--config", path, *scanner, "--json") as till:
            till.stdin.write(b"help\n")
            await until(till, word="help")  # by then the scanner's line is open
            os.write(ours, b"4901\r\n@C-7Q4KDM\r\n")
            await until(till, word="customer")
            till.stdin.write(b"3*4902\nsend\n")
            waiting = await until(till, verb="till.state", state="waiting")
            till.send_signal(signal.SIGKILL)
        os.close(ours)
        os.close(theirs)
        (deal_id,) = shop.orders
        assert waiting["deal_id"] == deal_id
        shop.says(deal_id, "captured")
        async with command("shop", "till", "--config", path, "--json") as till:
            receipt = await until(till, verb="till.receipt")
            till.stdin.write(b"handed\n")
            till.stdin.close()
            await until(till, verb="till.state", state="told")
            assert await till.wait() == 0
        assert shop.orders[deal_id]["state"] == "handed-over"
        assert [path for method, path in shop.asked if method == "POST"] == [
            "/v1/orders",
            f"/v1/orders/{deal_id}/handed-over",
        ]
    assert journal_show(deal_id, config=path, receipt=True) == 0
    assert capsys.readouterr().out == receipt["text"]
    assert journal_show(deal_id, config=path, pdf=tmp_path / "again.pdf") == 0
    kept = (tmp_path / "till/receipts" / f"{deal_id}.pdf").read_bytes()
    assert (tmp_path / "again.pdf").read_bytes() == kept


async def test_a_till_on_a_screen(config, typed, capsys):
    async with shop_fake() as shop:
        path = config(shop.origin, language="en")
        abroad = till_device.abroad_of("USD", "151.23", "ECB", 392)
        running = asyncio.create_task(run_till(chosen(path), abroad, as_json=False))
        typed.type("4901", "2*4903", "bad", "@C-7Q4KDM", "")
        await shop.wait_for(lambda shop: shop.orders)
        (deal_id,) = shop.orders
        assert shop.bodies[deal_id]["lines"][0] == {"product": "4901", "unit_minor": 150, "quantity": 1}
        assert shop.bodies[deal_id]["foreign"]["amount_minor"] == 536
        shop.says(deal_id, "refused")
        typed.type("quit")
        await running
    shown = capsys.readouterr().out
    for wanted in ("りんご ふじ", "JPY 810", "USD 5.36", "bad is not in the price list", "ENTER: send"):
        assert wanted in shown
    assert KEY not in shown


async def test_giving_up_does_not_wait_for_the_long_poll(config, typed, capsys):
    async with shop_fake() as shop:
        running = asyncio.create_task(run_till(chosen(config(shop.origin)), None, as_json=True))
        typed.type("4901", "@C-7Q4KDM", "send")
        await shop.wait_for(
            lambda shop: any(method == "GET" and "orders" in path for method, path in shop.asked)
        )
        typed.type("cancel")
        await shop.wait_for(lambda shop: any(order["dead"] for order in shop.orders.values()))
        typed.type("quit")
        await running
    assert '"state": "sorry"' in capsys.readouterr().out


async def test_quit_leaves_a_deal_to_the_next_start_and_the_end_of_the_input_waits_for_it(
    config, typed, capsys
):
    async with shop_fake() as shop:
        path = config(shop.origin)
        running = asyncio.create_task(run_till(chosen(path), None, as_json=True))
        typed.type("4901", "@C-7Q4KDM", "send")
        await shop.wait_for(lambda shop: len(shop.asked) > 1)
        typed.type("quit")
        async with asyncio.timeout(LIMIT_S):
            await running
        (deal_id,) = shop.orders
        async with command("shop", "till", "--config", path, "--json") as till:
            till.stdin.close()
            await until(till, verb="till.state", state="waiting")
            shop.says(deal_id, "refused")
            await until(till, verb="till.state", state="sorry")
            assert await till.wait() == 0


async def test_a_machine_drops_once_it_is_made(config, typed, capsys, tmp_path):
    async with shop_fake() as shop:
        shop.at_once = {"state": "captured"}
        path = config(shop.origin, prices="prices.csv")
        running = asyncio.create_task(run_machine(chosen(path), as_json=True))
        typed.type("9", "2", "C-7Q4KDM")
        await shop.wait_for(lambda shop: any(one["state"] == "handed-over" for one in shop.orders.values()))
        typed.close()
        await running
        assert next(iter(shop.bodies.values()))["lines"][0]["name"] == "お茶"
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    states = [one["state"] for one in told if one["verb"] == "machine.state"]
    assert [state for at, state in enumerate(states) if state not in states[:at]] == [
        *("idle", "chosen", "waiting", "made", "dropping", "dropped", "told")
    ]
    assert SimulatedShelf(tmp_path / "till").fallen() == 1


async def test_a_machine_whose_goods_do_not_come_gives_back_by_itself(config, typed, capsys):
    async with shop_fake() as shop:
        shop.at_once = {"state": "captured"}
        heard = Heard(capsys)
        running = asyncio.create_task(run_machine(chosen(config(shop.origin)), as_json=True))
        typed.type("!jam", "1", "C-7Q4KDM")
        await heard.until(state="broken", fallen=0)
        typed.type("1", "in")
        assert (await heard.until(state="sorry"))["why"] == "returned"
        typed.type("quit")
        await running
    assert [path.rpartition("/")[2] for _, path in shop.asked].count("returns") == 1


async def test_a_machine_whose_money_is_not_given_back_waits_for_a_person(config, typed, capsys):
    async with shop_fake() as shop:
        shop.at_once, shop.gives = {"state": "captured"}, "refused"
        running = asyncio.create_task(run_machine(chosen(config(shop.origin, language="en")), as_json=False))
        typed.type("!jam", "1", "C-7Q4KDM")
        await shop.wait_for(lambda shop: any("returns" in path for _, path in shop.asked))
        typed.type("hello", "back", "quit")
        await running
    shown = capsys.readouterr().out
    assert "An attendant gives the money back" in shown
    assert "You have not been charged" in shown


@pytest.mark.parametrize(
    ("more", "slug"),
    [
        ({"url": "http://pay.example"}, "till-url"),
        ({"key": "env:NOT_THERE_AT_ALL"}, "secret-missing"),
        ({"key": "in-clear"}, "secret-in-config"),
        ({"name": "till 1"}, "till-name"),
        ({"prices": "bad.csv"}, "price-file"),
        ({}, "shop-away"),
    ],
)
async def test_what_is_set_up_wrongly_is_said_at_the_start(config, tmp_path, more, slug):
    (tmp_path / "bad.csv").write_text(CSV + "x,,,1.5,3\n", "utf-8")
    path = config(more.pop("url", "https://127.0.0.1:1"), **{})
    text = path.read_text()
    for name, value in more.items():
        line = f'{name} = "{value}"\n'
        text = text.replace('key = "file:key"\n', line) if name == "key" else text + line
    path.write_text(text)
    with pytest.raises(Problem) as caught:
        await run_till(chosen(path), None, as_json=True)
    assert caught.value.slug == slug
    assert (slug == "price-file") == ("line 4" in caught.value.sentence)


@pytest.mark.parametrize(
    ("code", "rate", "source"), [("YEN", "1", "s"), ("USD", "0.0", "s"), ("USD", "1", "")]
)
def test_a_price_abroad_names_currency_rate_and_source(code, rate, source):
    with pytest.raises(Problem):
        till_device.abroad_of(code, rate, source, 392)


def test_one_journal_one_device(tmp_path):
    held = JournalFile(tmp_path, TILL)
    with pytest.raises(Problem) as caught:
        JournalFile(tmp_path, TILL)
    assert caught.value.slug == "till-running"
    held.close()
    JournalFile(tmp_path, TILL).close()


def test_a_long_journal_is_set_aside_when_nothing_is_open(tmp_path, monkeypatch, config, capsys):
    monkeypatch.setattr("hagaki.till_disk.SIZE_MAX", 300)
    facts = {"body": {"customer": "C-1"}, "lines": []}
    for number, state in enumerate([State.SORRY, State.CHOSEN, State.SORRY, State.SORRY]):
        file = JournalFile(tmp_path / "till", TILL)
        till_device.journal_of(file).write(
            Record(1, f"D-{number}", "chosen", state, facts | {"x": "y" * 300})
        )
        file.close()
    assert [path.name for path in files(tmp_path / "till", TILL)] == ["till-0001.journal", "till.journal"]
    assert journal_list(config=config("https://127.0.0.1:1"), as_json=True) == 0
    shown = [json.loads(line)["deal"] for line in capsys.readouterr().out.splitlines()]
    assert shown == ["D-0", "D-1", "D-2", "D-3"]


def test_a_return_is_listed_with_its_sale_and_what_went_back_has_no_receipt(tmp_path, config, capsys):
    path = config("https://127.0.0.1:1")
    file = JournalFile(tmp_path / "till", TILL)
    journal = till_device.journal_of(file)
    line = {"code": "4901", "name": "りんご", "model": "", "unit_minor": 150, "tax_rate": 8, "quantity": 2}
    sold = {"body": {"customer": "C-1"}, "lines": [line], "made_ms": 1_800_000_000_000}
    journal.write(Record(1, "D-1", "dead", State.SORRY, sold))
    body = {"return_id": "D-2", "amount_minor": 100}
    journal.write(Record(2, "D-2", "taken", State.RETURNED, {"of": "D-0", "body": body, "lines": []}))
    file.close()
    assert journal_list(config=path, as_json=True) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (first["total_minor"], first["of"]) == (300, "")
    assert (second["total_minor"], second["of"]) == (100, "D-0")
    with pytest.raises(Problem) as caught:
        journal_show("D-1", config=path, receipt=True)
    assert caught.value.slug == "receipt-none"


def test_the_journal_is_shown_even_while_a_till_runs(config, capsys):
    path = config("https://127.0.0.1:1")
    assert journal_list(config=path, as_json=True) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(Problem) as caught:
        journal_show("D-1", config=path)
    assert caught.value.slug == "no-deal"
