"""Cancel if not done, from the reader's key to the acquirer's books and back to the display."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from stations import CENTRE, MERCHANT, stations

from card_reader_fw.board.desk import stripe
from mail_gateway.admin.payments import shown
from mail_gateway.domain.payment import State, Trade
from mail_gateway.intake.accept import Route
from mail_gateway.store import audit, payments
from mail_gateway.store.backend import guest

CARD = "4111111111111111=27122010000012345678"
ASKED = ["CANCEL ASKED", "WAIT       00001"]
GONE = ["SWIPE CARD", ""]


async def test_a_sale_that_never_came_is_never_charged(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        sale, asked = swiped(at, 1200), cancelled(at)
        await through(at, asked, 1)
        said = await told(at, 2)
        assert said == [["CANCELLED     C6", "SLIP 00001"]] * 2, "of the sale, and of its cancel"
        assert at.reader.lcd == GONE

        # the sale comes after all, and again; its cancel too
        for mail in (sale, asked, sale):
            await through(at, mail, 3)
        stands = [(await at.store.read(payments.load, n)).state for n in (1, 2, 3)]
        assert stands == [State.CANCELLED] * 3
        assert (at.host.charges(), at.host.journal.asked("0100")) == ({}, [])
        assert (shown(at.gateway, 1)["kind"], shown(at.gateway, 1)["original"]) == ("cancel", 2)
        assert [one["id"] for one in shown(at.gateway, 2)["returns"]] == [1]


async def test_what_was_approved_before_is_given_back_and_nobody_hands_over(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        await through(at, swiped(at, 1200), 1)
        assert (await at.store.read(payments.load, 1)).state is State.APPROVED
        await through(at, cancelled(at), 2)
        back = await at.store.read(payments.load, 2)
        assert (back.kind, back.original, back.state) == (Trade.CANCEL, 1, State.APPROVED)
        assert sum(charge.net_minor for charge in at.host.charges().values()) == 0
        said = await told(at, 2)
        assert ["GIVEN BACK    C1", "SLIP 00001"] in said
        assert not any(lines[0].startswith("APPROVED") for lines in said), "in whichever order they come"
        assert at.reader.lcd == GONE
        phases = [(one["debit"], one["phase"]) for one in shown(at.gateway, 2)["transfers"]]
        assert phases == [("merchant-payable", "pending"), ("merchant-payable", "posted")]


async def test_a_silent_host_is_waited_for_and_nothing_is_said(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('rule = [{ mti = "0100", trigger = "911" }]')
    async with stations(tmp_path, rules=str(rules)) as at:
        await through(at, swiped(at, 1200), 1)
        await through(at, cancelled(at), 2)
        assert await told(at, 1) == [ASKED], "the sale is in doubt"
        waiting = await at.store.read(payments.load, 2)
        assert (waiting.state, waiting.kind, waiting.original) == (State.RECEIVED, Trade.CANCEL, 1)
        assert at.reader.lcd == ASKED


async def test_what_was_declined_is_told_so(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        await through(at, swiped(at, 1051), 1)
        await through(at, cancelled(at), 2)
        assert (await at.store.read(payments.load, 2)).state is State.CANCELLED
        said = {lines[0] for lines in await told(at, 2)}
        assert "CANCELLED     C6" in said <= {"CANCELLED     C6", "DECLINED      C2"}
        with guest(at.gateway.database) as conn:
            assert audit.verify(conn, (), lambda _: None).faults == []


def swiped(at: Any, amount_minor: int) -> Any:
    """A sale, as the phone has it; the merchant waits for its result."""
    at.reader.swipe(stripe.intervals_of(CARD))
    at.reader.keys(*str(amount_minor), "ENTER", "ENTER", "TRANSFER")
    return at.reader.sale


def cancelled(at: Any) -> Any:
    at.reader.keys("CANCEL", "ENTER", "TRANSFER")
    assert at.reader.lcd == ASKED
    return at.reader.sale


async def through(at: Any, sale: Any, number: int) -> None:
    """From the phone to the centre, and there as far as it goes."""
    at.phone.spool.put(sale)
    assert await at.phone.courier.post()
    reply = await at.intake.accept(at.carrier.sales[-1], Route(MERCHANT, (CENTRE,), "127.0.0.1"))
    assert reply.code == 250
    await at.runner.advance(number)


async def told(at: Any, count: int) -> list[list[str]]:
    """So many letters to the reader -> what it shows of each."""
    stop = asyncio.Event()
    sending = asyncio.create_task(at.sender.run(stop))
    said: list[list[str]] = []
    while len(said) < count:
        if await at.phone.mailbox.waiting():
            await at.phone.courier.fetch(at.phone.mailbox)
        for name in at.phone.spool.results.names():
            at.reader.show_result(at.phone.spool.results.read(name).decode())
            at.phone.spool.results.remove(name)
            assert at.reader.verdict == "genuine"
            said.append(list(at.reader.lcd))
            at.reader.keys("ENTER")
        await asyncio.sleep(0.01)
    stop.set()
    await sending
    return said
