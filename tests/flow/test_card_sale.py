"""One sale through the twelve stations, in the order of docs/flow.md. Read it from top to bottom."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from stations import CENTRE, MERCHANT, stations

from card_reader_fw.board.desk import stripe
from card_reader_fw.track import card
from mail_gateway.admin.payments import shown
from mail_gateway.domain.ledger import transfers_for
from mail_gateway.domain.payment import Kind, State
from mail_gateway.envelope.open import open_envelope
from mail_gateway.intake.accept import Route
from mail_gateway.store import payments
from schemas.envelope import armour, cose

TRACK2 = "4111111111111111=27122010000012345678"


async def test_one_sale_from_the_stripe_to_the_display(tmp_path: Path) -> None:
    async with stations(tmp_path) as at:
        at_the_reader(at)
        await to_the_centre(at)
        await and_back(at)


def at_the_reader(at: Any) -> None:
    # 1 card: the head hears flux changes; the decoder finds the card in them
    swipe = stripe.intervals_of(TRACK2)
    assert card.read([swipe]).track2.masked() == "411111******1111"
    at.reader.swipe(swipe)

    # 2 keypad: the terminal's table takes amount and payment condition
    at.reader.keys("1", "2", "0", "0", "ENTER")
    assert at.reader.lcd[0] == "PAYMENT 10=LUMP"

    # 3 seal: the next key is used up, the plaintext wiped, only the envelope is left
    at.reader.keys("ENTER")
    assert at.reader.told["reader.sealed"]["slip"] == 1

    # 4 link: the phone has given its permission; TRANSFER sends the envelope as frames
    at.reader.keys("TRANSFER")
    kind, envelope = armour.from_text(at.reader.sale)
    assert kind == armour.SALE
    assert cose.unpack(envelope)[0].hex() == at.reader.told["reader.sealed"]["ksn"]


async def to_the_centre(at: Any) -> None:
    # 5 phone: durable first, then mailed
    at.phone.spool.put(at.reader.sale)
    assert await at.phone.courier.post()
    (mail,) = at.carrier.sales

    # 6 intake: one durable row, then 250
    reply = await at.intake.accept(mail, Route(MERCHANT, (CENTRE,), "127.0.0.1"))
    payment = await at.store.read(payments.load, 1)
    assert (reply.code, payment.state) == (250, State.RECEIVED)

    # 7 open: only the centre's keys open it
    at.keys.add_bdk(payment.ksn[:4], payment.wrapped_bdk)
    opened = open_envelope(payment.envelope, at.keys)
    assert (opened.sale.amount_minor, opened.counter) == (1200, 1)

    # 8 decide, 9 acquirer: along the table to the host and back
    await at.runner.advance(1)
    payment = await at.store.read(payments.load, 1)
    assert (payment.state, payment.envelope) == (State.APPROVED, None)
    assert at.host.charges()[payment.reference].net_minor == 1200

    # 10 books: what was pending is posted
    (posted,) = transfers_for(State.DISPATCHED, Kind.HOST_APPROVED, 1200, 392)
    transfers = shown(at.gateway, 1)["transfers"]
    assert [transfer["phase"] for transfer in transfers] == ["pending", posted.phase]


async def and_back(at: Any) -> None:
    # 11 letter: stored bytes, sent through the smarthost
    stop = asyncio.Event()
    sending = asyncio.create_task(at.sender.run(stop))
    while not (incoming := await at.phone.mailbox.waiting()):
        await asyncio.sleep(0)
    stop.set()
    await sending
    assert b"Subject: [Hagaki] APPROVED JPY 1,200" in incoming[0].raw

    # 12 back: the reader believes what is sealed with the sale's own key, and shows it
    await at.phone.courier.fetch(at.phone.mailbox)
    (name,) = at.phone.spool.results.names()
    at.reader.show_result(at.phone.spool.results.read(name).decode())
    assert (at.reader.verdict, at.reader.lcd[0]) == ("genuine", "APPROVED      C1")
