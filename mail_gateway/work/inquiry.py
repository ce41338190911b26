"""A request that an earlier life sent: its acquirer is asked once what became of it, before any doubt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from acquirer_sdk.values import Approved, Declined, InDoubt, NotReady, NotSent, Unsupported
from mail_gateway.domain.payment import Event, Kind
from mail_gateway.domain.wants import NOTHING
from mail_gateway.store import wants
from mail_gateway.store.answers import answer_of
from mail_gateway.store.record import claim
from mail_gateway.work.clerk import enter_surely, with_answer
from mail_gateway.work.reversal import ready_made
from mail_gateway.work.sale import doubt, record_answer

if TYPE_CHECKING:
    from acquirer_sdk.values import AuthoriseOutcome, NotFound
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

    Said = AuthoriseOutcome | NotFound | Unsupported

ASK_MAX_S: Final = 30
"""For so long a line is waited for and an answer; a merchant waits meanwhile."""

GUARD_MS: Final = 10_000
LOOK_S: Final = 0.2


async def left_behind(kit: Kit, payment: Payment) -> Payment | None:
    """DISPATCHED and nobody waits for the answer: it was sent. It is never sent again.

    A yes or a no that the acquirer has on record is the answer. All else goes the way of silence: what was
    not found may still be on its way.
    """
    said: Said = Unsupported("inquire")
    if _may_ask(kit, payment):
        payment = await _claim(kit, payment)
        said = await _ask(kit, payment)
        kit.ports.tell("payment.inquired", payment=payment.id, said=type(said).__name__)
    if isinstance(said, Approved | Declined):
        told = await kit.store.read(wants.told, payment.id) if payment.attempts > 1 else NOTHING
        return await record_answer(kit, replace(payment, transmissions=0), said, told)
    entry = doubt(kit, payment, Event(Kind.SILENCE, {"reason": "restart"}))
    if not isinstance(said, Unsupported | NotSent):
        entry = with_answer(entry, answer_of(payment.reference, payment.stan or 0, said))
    return await enter_surely(kit, entry)


def _may_ask(kit: Kit, payment: Payment) -> bool:
    """Once: who died while asking is not followed by others. And only while the customer may be there."""
    is_fresh = kit.ports.now_ms() <= (payment.fresh_until_ms or 0)
    return is_fresh and not payment.transmissions and kit.acquirers.of(payment).capabilities.inquire


async def _claim(kit: Kit, payment: Payment) -> Payment:
    due_ms = kit.ports.now_ms() + ASK_MAX_S * 1000 + GUARD_MS
    await kit.store.run(claim, payment, kit.node, due_ms)
    count = payment.transmissions + 1
    return replace(payment, epoch=payment.epoch + 1, node=kit.node, due_ms=due_ms, transmissions=count)


async def _ask(kit: Kit, payment: Payment) -> Said:
    acquirer = kit.acquirers.of(payment)
    try:
        async with asyncio.timeout(ASK_MAX_S):
            line = acquirer.ready()
            while isinstance(line, NotReady):
                await asyncio.sleep(LOOK_S)
                line = acquirer.ready()
            return await acquirer.inquire(ready_made(kit, payment))
    except TimeoutError:
        return InDoubt("no-answer")
