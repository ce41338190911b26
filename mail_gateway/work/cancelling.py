"""A cancel moves its sale, one commit at a time, until nothing can be charged; then it is done itself.

Until then it stays as it was received: whoever dies between two commits has lost nothing, and looks again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain import cancel
from mail_gateway.domain.cancel import Step
from mail_gateway.domain.ksn import counter_of
from mail_gateway.domain.outcome import KEY_BURNED
from mail_gateway.domain.payment import Event, Kind, State, Trade
from mail_gateway.store import cancels, recovery
from mail_gateway.store.cancels import Standing
from mail_gateway.work import recovering
from mail_gateway.work.clerk import draft, enter
from mail_gateway.work.sale import QUIET_MS, doubt, key_refusal, learned, refuse, take_opened

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from mail_gateway.envelope.open import Opened
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit
    from mail_gateway.work.sale import Asked

PATIENCE_MS: Final = 7 * 24 * 60 * 60_000
"""A cancel is never too old: the older the sale, the less it may be charged. So long a sale that was approved
waits for a line to be given back."""

LOOK_MS: Final = 5000
AFTER_IT_MS: Final = 1000
"""How soon a cancel looks again where its sale stands; and how long after the sale is due itself."""

APART_MS: Final = 60_000
"""How soon where a person has to act on the sale first: each look is a commit."""


@dataclass(frozen=True, slots=True)
class Case:
    """A cancel (RECEIVED), what opening it has taught, and how its sale stands.

    after_restore: a restore has lost some time, in which the sale may have been charged or answered.
    """

    payment: Payment
    opened: Opened
    changes: Mapping[str, Any]
    stands: Standing
    after_restore: bool


async def take(kit: Kit, payment: Payment, opened: Opened) -> Asked | Payment | None:
    """RECEIVED, or READY where it gives back: as far as its sale lets it. Raises Stale, KeyUsed."""
    if payment.state is State.READY:
        return await take_opened(kit, payment, opened)
    changes = learned(kit, payment, opened)
    slug = key_refusal(kit, payment, changes)
    if not slug and not cancel.is_earlier(opened.sale.original_ksn, payment.ksn):
        slug = "original-unknown"
    if slug:
        return await refuse(kit, payment, slug, changes)
    changes["fresh_until_ms"] = payment.received_ms + PATIENCE_MS
    lost = (await kit.lookout.standing(kit.store)).lost
    if lost is not None:
        payment, changes = recovering.lifted(lost, payment, opened.sale.reader_time_s, changes)
        if not lost.finished:
            return await _look_again(kit, payment, 0, changes)
    return await _move(kit, Case(payment, opened, changes, Standing(None), lost is not None))


async def _move(kit: Kit, case: Case) -> Asked | Payment | None:
    """One step after the other, each judged by what is on the disk."""
    counter = counter_of(case.opened.sale.original_ksn)
    while True:
        stands = await kit.store.read(cancels.standing, case.payment.reader, counter)
        case = replace(case, stands=stands)
        if stands.sale is not None and stands.sale.kind is not Trade.SALE:
            return await refuse(kit, case.payment, "original-unknown", dict(case.changes))
        step = _step(stands)
        if step in _ENDS:
            return await _ENDS[step](kit, case)
        if case.after_restore and await _is_in_list(kit, case):
            return await refuse(kit, case.payment, "cancel-unclear", dict(case.changes))
        await _MOVES[step](kit, case)


def _step(stands: Standing) -> Step:
    sale = stands.sale
    if sale is None:
        return Step.BURN
    if sale.shunted or stands.returning:
        return Step.WAIT
    step = cancel.STEPS[sale.state]
    is_back = step is Step.GIVE_BACK and sale.returned_minor == sale.amount_minor
    return Step.DONE if is_back else step


async def _is_in_list(kit: Kit, case: Case) -> bool:
    """Whether the acquirer's list shows a charge of the lost time that may be this sale's."""
    like = replace(case.payment, **{**case.changes, "kind": Trade.SALE})
    return await kit.store.read(recovery.ghost_like, like) is not None


async def _burn(kit: Kit, case: Case) -> None:
    names = ("amount_minor", "currency", "slip", "keyed_s", "condition")
    row = {name: case.changes[name] for name in names}
    row |= {"reader": case.payment.reader, "ksn": case.opened.sale.original_ksn, "node": kit.node}
    row |= {"received_ms": kit.ports.now_ms()}
    number = await kit.store.run(cancels.burn, row)
    kit.ports.tell("payment.burned", payment=number, cancel=case.payment.id)


async def _drop(kit: Kit, case: Case) -> None:
    """A burned key that may have sealed something before tells it in words only."""
    sale, facts = _sale(case), _by(case)
    if case.stands.has_sealed or (case.after_restore and sale.sale_hash is None):
        facts["slug"] = KEY_BURNED
    due_ms = None if sale.reversal is None else kit.ports.now_ms() + QUIET_MS
    await enter(kit, draft(kit, sale, [Event(Kind.CANCELLED, facts)], due_ms=due_ms))


async def _reverse(kit: Kit, case: Case) -> None:
    """Whatever the acquirer answers from now on is late, and an approval is reversed."""
    silence = Event(Kind.SILENCE, {"reason": "cancel-asked", **_by(case)})
    await enter(kit, doubt(kit, _sale(case), silence))


async def _wait(kit: Kit, case: Case) -> Payment | None:
    sale = _sale(case)
    known = {**case.changes, "original": sale.id, "masked_card": sale.masked_card}
    sale_due_ms = kit.ports.now_ms() + APART_MS if sale.shunted else sale.due_ms or 0
    return await _look_again(kit, case.payment, sale_due_ms, known)


async def _give_back(kit: Kit, case: Case) -> Asked | Payment | None:
    sale = _sale(case)
    changes = {**case.changes, "masked_card": sale.masked_card}
    return await take_opened(kit, case.payment, case.opened, changes, judged=sale.epoch)


async def _done(kit: Kit, case: Case) -> Payment | None:
    sale = _sale(case)
    events = (Event(Kind.OPENED), Event(Kind.CANCELLED))
    changes = {**case.changes, "original": sale.id, "masked_card": sale.masked_card}
    return await enter(kit, draft(kit, case.payment, events, **changes))


_MOVES: Final[Mapping[Step, Callable[[Kit, Case], Awaitable[None]]]] = {
    Step.BURN: _burn,
    Step.DROP: _drop,
    Step.REVERSE: _reverse,
}
_ENDS: Final[Mapping[Step, Callable[[Kit, Case], Awaitable[Asked | Payment | None]]]] = {
    Step.WAIT: _wait,
    Step.GIVE_BACK: _give_back,
    Step.DONE: _done,
}


async def _look_again(
    kit: Kit, payment: Payment, sale_due_ms: int, known: Mapping[str, Any]
) -> Payment | None:
    """Nothing is settled by it: the cancel stays as it was received. Its key is bound, so that it is no hole
    in its reader's counters."""
    due_ms = max(kit.ports.now_ms() + LOOK_MS, sale_due_ms + AFTER_IT_MS)
    return await enter(kit, draft(kit, payment, [], **{**known, "due_ms": due_ms}))


def _by(case: Case) -> dict[str, str | int]:
    return {"cancel": case.payment.reference}


def _sale(case: Case) -> Payment:
    assert case.stands.sale is not None, "only a key that nobody holds is burned"
    return case.stands.sale
