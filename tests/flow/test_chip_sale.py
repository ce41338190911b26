"""A chip sale from the slot to the issuer, who checks the card's cryptogram, and back to the display."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from stations import CENTRE, MERCHANT, stations

from card_reader_fw.board.desk.chip import choice
from mail_gateway.domain.payment import State
from mail_gateway.envelope.open import open_envelope
from mail_gateway.intake.accept import Route
from mail_gateway.store import payments
from schemas.envelope import payload


async def paid(at: Any) -> payments.Payment:
    """The card is in the slot: amount, lump sum, card out, transfer; mailed, opened, asked."""
    at.reader.keys("1", "2", "0", "0", "ENTER", "ENTER")
    at.reader.remove()
    at.reader.keys("TRANSFER")
    at.phone.spool.put(at.reader.sale)
    assert await at.phone.courier.post()
    (mail,) = at.carrier.sales
    await at.intake.accept(mail, Route(MERCHANT, (CENTRE,), "127.0.0.1"))
    payment = await at.store.read(payments.load, 1)
    at.keys.add_bdk(payment.ksn[:4], payment.wrapped_bdk)
    sale = open_envelope(payment.envelope, at.keys).sale
    assert sale.entry_mode == payload.CHIP
    assert len(at.reader.sale) <= 900
    await at.runner.advance(1)
    return await at.store.read(payments.load, 1)


@pytest.mark.parametrize("card", ["jcb", "visa", "mastercard", "t0"])
async def test_the_issuer_believes_the_cards_cryptogram(tmp_path: Path, card: str) -> None:
    async with stations(tmp_path, choice.slot_of(f"card:{card}")) as at:
        payment = await paid(at)
        assert (payment.state, payment.envelope) == (State.APPROVED, None)
        assert at.host.charges()[payment.reference].net_minor == 1200


async def test_the_issuer_refuses_a_forged_one(tmp_path: Path) -> None:
    """The reader cannot know: only the issuer has the card's key."""
    async with stations(tmp_path, choice.slot_of("card:jcb:wrong-cryptogram")) as at:
        payment = await paid(at)
        assert payment.state == State.DECLINED
        assert (
            at.host.charges().get(payment.reference) is None or not at.host.charges()[payment.reference].times
        )
