"""Money back, from the reader's list of sales to the acquirer's books and back to the display."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from stations import CENTRE, MERCHANT, stations

from card_reader_fw.board.desk import stripe
from mail_gateway.admin.payments import give_back, shown
from mail_gateway.domain.payment import State, Trade
from mail_gateway.intake.accept import Route
from mail_gateway.store import payments
from mail_gateway.store.backend import guest

CARD = "4111111111111111=27122010000012345678"
OTHER = "5555555555554444=28061010000098765432"
LIST = ("ENTER", "2")


async def test_a_refund_and_what_is_left_of_the_sale(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        await sell(at, 5000)

        # the list of sales, 2 refund, the amount, and the same card again
        at.reader.keys(*LIST, "2", *"1200", "ENTER")
        at.reader.swipe(stripe.intervals_of(CARD))
        at.reader.keys("TRANSFER")
        back = await through(at, 2)
        assert (back.kind, back.original, back.state) == (Trade.REFUND, 1, State.APPROVED)
        assert (back.envelope, back.reversal) == (None, None)
        assert at.reader.shown[0] == "APPROVED      C1", "what the customer is shown"

        # the host has given back so much, the sale counts it, and the reader offers the rest
        net = {reference: charge.net_minor for reference, charge in at.host.charges().items()}
        assert net == {"000000000001": 5000, "000000000002": -1200}
        assert (await at.store.read(payments.load, 1)).returned_minor == 1200
        assert [one["id"] for one in shown(at.gateway, 1)["returns"]] == [2]
        phases = [(one["debit"], one["phase"]) for one in shown(at.gateway, 2)["transfers"]]
        assert phases == [("merchant-payable", "pending"), ("merchant-payable", "posted")]


async def test_a_void_with_another_card_is_refused_and_with_its_own_is_done(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        await sell(at, 1200)
        for number, card, state in ((2, OTHER, State.REFUSED), (3, CARD, State.APPROVED)):
            at.reader.keys(*LIST, *older(number), "1")
            at.reader.swipe(stripe.intervals_of(card))
            at.reader.keys("TRANSFER")
            assert (await through(at, number)).state is state
        assert (await at.store.read(payments.load, 2)).code == "card-differs"
        assert sum(charge.net_minor for charge in at.host.charges().values()) == 0
        (asked,) = at.host.journal.asked("0200")
        assert asked.reference == "000000000003", "what is refused here does not reach the acquirer"


async def test_a_void_that_stays_silent_is_reversed_and_the_sale_stands(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text('rule = [{ mti = "0200", trigger = "911" }]')
    async with stations(tmp_path, rules=str(rules)) as at:
        await sell(at, 1200)
        at.reader.keys(*LIST, "1")
        at.reader.swipe(stripe.intervals_of(CARD))
        at.reader.keys("TRANSFER")
        assert (await through(at, 2)).state is State.REVERSING
        assert at.reader.shown[0].startswith("UNKNOWN")
        while at.host.charges()["000000000002"].net_minor:
            await asyncio.sleep(0.02)
            await at.runner.advance(2)
        assert (await at.store.read(payments.load, 2)).state is State.CONFIRMING
        assert (await at.store.read(payments.load, 1)).returned_minor == 1200, "held until it is confirmed"


async def test_the_centre_gives_back_without_the_card(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        await sell(at, 5000)
        give_back(at.gateway, 1, Trade.REFUND, 300, "one bottle was broken")
        await at.runner.advance(1)
        while (back := await at.store.read(payments.load, 2)).state is not State.APPROVED:
            await asyncio.sleep(0.01)
        assert (back.original, back.amount_minor, back.masked_card) == (1, 300, "411111******1111")
        (asked,) = at.host.journal.asked("0200")
        assert asked.card == "", "the sale's own numbers are enough"
        assert at.host.charges()[back.reference].net_minor == -300
        with guest(at.gateway.database) as conn:
            sent = conn.exec_driver_sql("SELECT kind, raw FROM letters WHERE payment = 2").one()
        assert sent.kind == "returned"
        assert b"BEGIN HAGAKI" not in sent.raw, "no reader has a key for it"


async def sell(at: Any, amount_minor: int) -> None:
    at.reader.swipe(stripe.intervals_of(CARD))
    at.reader.keys(*str(amount_minor), "ENTER", "ENTER", "TRANSFER")
    assert (await through(at, 1)).state is State.APPROVED


async def through(at: Any, number: int) -> Any:
    """What the phone has, to the centre; what the centre says, to the reader. -> the payment."""
    at.phone.spool.put(at.reader.sale)
    assert await at.phone.courier.post()
    reply = await at.intake.accept(at.carrier.sales[-1], Route(MERCHANT, (CENTRE,), "127.0.0.1"))
    assert reply.code == 250
    await at.runner.advance(number)
    stop = asyncio.Event()
    sending = asyncio.create_task(at.sender.run(stop))
    while not await at.phone.mailbox.waiting():
        await asyncio.sleep(0.01)
    stop.set()
    await sending
    await at.phone.courier.fetch(at.phone.mailbox)
    (name,) = at.phone.spool.results.names()
    at.reader.show_result(at.phone.spool.results.read(name).decode())
    at.phone.spool.results.remove(name)
    assert at.reader.verdict == "genuine"
    at.reader.shown = list(at.reader.lcd)
    at.reader.keys("ENTER")
    return await at.store.read(payments.load, number)


def older(number: int) -> list[str]:
    """From the newest line of the list to the sale's."""
    return ["ENTER"] * (number - 2)
