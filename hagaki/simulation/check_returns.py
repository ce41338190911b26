"""Was given back what was asked for, once, and told as it is; and is unpaid what was not collected?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from bank_debit.debit import State as DebitState
from cafis_adapter.host.accounts import Charge
from hagaki.simulation.buys import Habit
from hagaki.simulation.check_orders import charges, is_unknowable, sold
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.order_records import MADE
from hagaki.simulation.people import letter_of, message_id_of
from hagaki.simulation.records import reference
from mail_gateway.domain.order import OrderKind, OrderState
from mail_gateway.domain.order_return import ReturnState
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import State, Trade

if TYPE_CHECKING:
    from hagaki.simulation.check_orders import Sold
    from hagaki.simulation.people import Letter as Paper
    from hagaki.simulation.records import Records
    from hagaki.simulation.returning import Wish
    from hagaki.simulation.world import World

_SUM: Final = re.compile(r"JPY ([\d,]+)|([\d,]+)円")
_ENDS: Final = {
    ReturnState.DONE: (OrderKind.RETURNED, OrderKind.RETURNED_PART),
    ReturnState.REFUSED: (OrderKind.NOT_RETURNED,),
}
_LETTERS: Final = {
    Letter.ORDER_RETURNED: ReturnState.DONE,
    Letter.SHOP_RETURNED: ReturnState.DONE,
    Letter.SHOP_NOT_RETURNED: ReturnState.REFUSED,
}
_DIED: Final = "order-dead"
"""Of a return that its order took along when it died: nothing was tried, nobody is told of it alone."""


def asked(world: World, records: Records) -> Iterator[Finding]:
    """Each return was asked for, of that much, and is there once; their sum is no more than the order."""
    wishes = _wishes(world)
    for one in sold(world, records):
        done = 0
        for row in one.returns:
            name, wish = f"return {row.return_id} of order {one.order.id}", wishes.get(_key(one, row))
            done += row.amount_minor if row.state == ReturnState.DONE else 0
            if wish is None:
                yield Finding(Wrong.UNTRUE, f"{name} was asked for by nobody")
            elif row.amount_minor != (wish.back.amount_minor or row.amount_minor):
                yield Finding(Wrong.UNTRUE, f"{name} is of {row.amount_minor}, not {wish.back.amount_minor}")
        total, given = one.order.total_minor, one.order.returned_minor
        if done != given or given > total or (one.order.state == OrderState.RETURNED) != (given == total):
            yield Finding(Wrong.BOOKS, f"order {one.order.id} of {total} counts {given}, its returns {done}")


def kept(world: World, records: Records) -> Iterator[Finding]:
    """What the door took is there, what it refused is not."""
    there = {_key(one, row) for one in sold(world, records) for row in one.returns}
    for (deal_id, return_id), wish in _wishes(world).items():
        name = f"return {return_id} of {deal_id}"
        if 200 in wish.statuses and (deal_id, return_id) not in there:
            yield Finding(Wrong.LOST, f"{name} was taken, and is not there")
        if wish.statuses and 200 not in wish.statuses and (deal_id, return_id) in there:
            yield Finding(Wrong.UNTRUE, f"{name} was refused, and is there")
    for deal_id, paper in _papers(world, "return-form-taken"):
        if not any(deal == deal_id and return_id in paper.subject for deal, return_id in there):
            yield Finding(Wrong.LOST, f"a return of {deal_id} was taken by mail, and is not there")


def money(world: World, records: Records) -> Iterator[Finding]:
    """What the acquirer gave back is what the order's returns say, each once; nothing for one refused."""
    found = charges(world)
    for one in sold(world, records):
        if (
            one.is_endless
            or is_unknowable(one, records)
            or one.order.state not in {*MADE, OrderState.RETURNED}
        ):
            continue
        backs = {payment.id for payment in one.payments if Trade(payment.kind).is_return}
        given = {back: -found.get(reference(back), Charge(0, 0)).net_minor for back in backs}
        for row in one.returns:
            minor = given.pop(row.payment, None)
            wanted = row.amount_minor if row.state == ReturnState.DONE and row.payment is not None else 0
            if (minor or 0) != wanted:
                said = f"return {row.return_id} of order {one.order.id}, {row.state}, of {row.amount_minor}"
                yield Finding(Wrong.UNTRUE, f"{said}: the acquirer gave back {minor}")
        if any(given.values()):
            yield Finding(Wrong.DOUBLE, f"order {one.order.id}: {given} were given back beside its returns")


def told(world: World, records: Records) -> Iterator[Finding]:
    """What the shop read of a return over HTTP is so, and no return is open that can end."""
    rows = {_key(one, row): row for one in sold(world, records) for row in one.returns}
    for (deal_id, return_id), wish in _wishes(world).items():
        row, heard = rows.get((deal_id, return_id)), wish.told
        if row is not None and heard.get("state", ReturnState.OPEN) not in (ReturnState.OPEN, row.state):
            yield Finding(
                Wrong.UNTRUE, f"return {return_id} of {deal_id} is {row.state}, told {heard['state']}"
            )
    for one in sold(world, records):
        for row in one.returns:
            if row.state == ReturnState.OPEN and not one.is_endless:
                yield Finding(Wrong.STUCK, f"return {row.return_id} of order {one.order.id} is still open")


def letters(world: World, records: Records) -> Iterator[Finding]:
    """Of every return's end there is one event and a letter to each who is concerned, of its amount."""
    events = Counter((event.order_id, event.kind) for event in records.selling.events)
    written = Counter((letter.order_id, letter.kind) for letter in records.selling.letters)
    papers = {letter: list(_papers(world, letter)) for letter in _LETTERS}
    for one in sold(world, records):
        for state, kinds in _ENDS.items():
            count, counted = len(_ended(one, state)), sum(events[one.order.id, kind] for kind in kinds)
            if counted != count:
                yield Finding(
                    Wrong.UNTRUE, f"order {one.order.id}: {count} returns {state}, {counted} events"
                )
        for letter, state in _LETTERS.items():
            ended, sent = _ended(one, state), written[one.order.id, letter]
            said = Counter(_amount(paper) for deal, paper in papers[letter] if deal == one.order.deal_id)
            if sent != len(ended):
                yield Finding(Wrong.LOST, f"order {one.order.id}: {len(ended)} {state}, {sent} {letter}")
            if said - Counter(ended):
                yield Finding(Wrong.UNTRUE, f"order {one.order.id}: {letter} tells of {dict(said)}")


def _ended(one: Sold, state: ReturnState) -> list[int]:
    """The amounts of the returns that ended so, and of which somebody is told."""
    return [row.amount_minor for row in one.returns if row.state == state and row.code != _DIED]


def unpaid(world: World, records: Records) -> Iterator[Finding]:
    """What the bank did not collect is unpaid everywhere, and nothing else is; nobody keeps both."""
    failed = {one for one, state in world.fair.office.states().items() if state is DebitState.UNPAID}
    for one in sold(world, records):
        mine = {payment.id for payment in one.payments if reference(payment.id) in failed}
        known = {payment.id for payment in one.payments if payment.state == State.UNPAID}
        if mine != known:
            yield Finding(Wrong.UNTRUE, f"order {one.order.id}: not collected {mine}, unpaid here {known}")
        if mine and one.order.state in MADE:
            yield Finding(Wrong.UNTRUE, f"order {one.order.id} is {one.order.state}, and nobody paid")
        if one.order.state == OrderState.UNPAID and not mine:
            yield Finding(Wrong.UNTRUE, f"order {one.order.id} is unpaid, and its money was collected")


def plain_day(world: World, records: Records) -> Iterator[Finding]:
    """Where nothing goes wrong, a return of a card's order is done, and what was not collected is unpaid."""
    for one in sold(world, records) if not world.faults else ():
        buy, refused = one.buyer.buy, [row for row in one.returns if row.state == ReturnState.REFUSED]
        if not buy.by_account and any(row.code != _DIED for row in refused):
            yield Finding(
                Wrong.LOST, f"order {one.order.id}: a return was refused, and nothing was in its way"
            )
        if buy.by_account and not buy.is_collected and buy.habit is Habit.YES and one.order.state in MADE:
            yield Finding(Wrong.LOST, f"order {one.order.id} is {one.order.state}, and was not collected")


def _key(one: Sold, row: Any) -> tuple[str, str]:
    return one.order.deal_id, row.return_id


def _wishes(world: World) -> dict[tuple[str, str], Wish]:
    """Deal ID and return ID -> what a shop asked for under them."""
    return {
        (buy.deal_id, return_id): wish
        for buy, returner in zip(world.fair.buys, world.fair.returners, strict=True)
        for wish in returner.wishes
        for return_id in wish.ids
    }


def _papers(world: World, kind: str) -> Iterator[tuple[str, Paper]]:
    """Deal ID and letter, of all letters of that kind that the carrier has ever taken."""
    mails = {message_id_of(mail.raw): mail.raw for mail in world.carrier.taken}
    papers = [letter_of(raw) for name, raw in mails.items() if name.startswith(f"{kind}.")]
    for paper in papers:
        yield from (
            (buy.deal_id, paper)
            for buy in world.fair.buys
            if paper is not None and re.search(rf"\b{buy.deal_id}\b", paper.text)
        )


def _amount(paper: Paper) -> int:
    """The first in its subject; 0: there is none."""
    found = _SUM.search(paper.subject)
    return 0 if found is None else int((found[1] or found[2]).replace(",", ""))
