"""Given back at the reader: sealed, mailed, done at the acquirer, and answered on the display."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from gateway_world import TRACK2, Counter, counter, plain_mail

from card_reader_fw.board.desk import counter as till
from card_reader_fw.board.desk import desk

CARD = till.Presented(TRACK2)


def _listed(here: Counter) -> dict[int, Any]:
    return {view.slip: view for view in till.sales(here.world.device)}


async def _through(here: Counter, sealed: till.Sealed) -> desk.Shown:
    """Mail a sealed text, and hand the answer to the reader."""
    await here.post(plain_mail(sealed.text))
    letter = (await here.letter()).decode()
    return desk.show_result(here.world.device, letter)


async def _sold(here: Counter, amount_minor: int) -> till.Sealed:
    sealed = till.sell(here.world.device, till.Price(amount_minor), CARD, int(time.time()))
    assert (await _through(here, sealed)).outcome == "approved"
    return sealed


async def test_a_void_and_refunds_from_the_reader(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        first, second = await _sold(here, 1200), await _sold(here, 3000)
        void = till.give_back(here.world.device, first.slip, None, CARD, int(time.time()))
        assert (await _through(here, void)).outcome == "approved"
        refund = till.give_back(here.world.device, second.slip, 1000, CARD, int(time.time()))
        assert (await _through(here, refund)).outcome == "approved"
        listed = _listed(here)
        assert (listed[first.slip].left, listed[second.slip].left) == (0, 2000)
        kinds = [(listed[one.slip].kind, listed[one.slip].original_slip) for one in (void, refund)]
        assert kinds == [(2, first.slip), (3, second.slip)]


async def test_a_sale_sent_again_by_the_reader_is_one_charge(tmp_path: Path) -> None:
    async with counter(tmp_path) as here:
        sealed = till.sell(here.world.device, till.Price(1200), CARD, int(time.time()))
        again = till.again(here.world.device, sealed.slip, int(time.time()))
        assert again == sealed
        await here.post(plain_mail(sealed.text, "<1@carrier.example>"))
        letter = (await here.letter()).decode()
        await here.post(plain_mail(again.text, "<2@carrier.example>"))
        verdicts = [(await here.world.wait_for("mail.accepted")).facts["verdict"] for _ in range(2)]
        assert verdicts[0] == "new"
        assert verdicts[1] != "new"
        assert len(here.asked()) == 1
        assert desk.show_result(here.world.device, letter).outcome == "approved"
        assert not _listed(here)[sealed.slip].sendable
