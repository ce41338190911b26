"""Was every customer charged what the order says, after a yes that was really said, or not at all?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cafis_adapter.host.accounts import Charge
from hagaki.simulation.buyer import Word
from hagaki.simulation.check_books import balances
from hagaki.simulation.faults import NEVER_ENDS, TWO_FACED, Fault
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.loop import START_MS
from hagaki.simulation.order_records import MADE, WAS_MADE
from hagaki.simulation.records import reference
from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.domain.order import DEAD, OrderState, Settle
from mail_gateway.domain.payment import ENDED, State, Trade
from mail_gateway.settings import OrderSettings

if TYPE_CHECKING:
    from hagaki.simulation.buyer import Buyer, Said
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

_NOTHING: Final = Charge(0, 0)
_MTIS: Final = ("0100", "0200")


@dataclass(frozen=True, slots=True)
class Sold:
    """One order, its customer and its payments."""

    order: Any
    buyer: Buyer
    payments: tuple[Any, ...]
    returns: tuple[Any, ...]
    troubles: tuple[int, ...]

    @property
    def digits(self) -> set[int]:
        """All that the host may have gone by."""
        amounts = [one.amount_minor for one in (*self.payments, *self.returns)]
        troubles = {self.buyer.buy.trouble, *self.troubles}
        return {amount % 1000 for amount in (self.order.total_minor, *amounts)} | troubles

    @property
    def is_endless(self) -> bool:
        """The host never ends a reversal of it."""
        return not self.digits.isdisjoint(NEVER_ENDS)

    def is_a_persons(self, records: Records) -> bool:
        """It died when its debit was at the bank: nobody but a person can give that back, and is told."""
        return self.buyer.buy.by_account and self.order.id in records.selling.waiting

    @property
    def is_daily(self) -> bool:
        """Made with the yes, and charged after the day."""
        return bool(self.order.settle == Settle.DAILY and not self.order.ask_first)


def sold(world: World, records: Records) -> Iterator[Sold]:
    """All that was placed."""
    for buyer in world.fair.buyers:
        troubles = tuple(back.trouble for back in world.fair.backs.get(buyer.buy.number, ()))
        order = records.selling.by_deal(buyer.buy.deal_id)
        if order is not None:
            payments = tuple(one for one in records.bought if one.order_id == order.id)
            returns = tuple(one for one in records.selling.returns if one.order_id == order.id)
            yield Sold(order, buyer, payments, returns, troubles)


def charges(world: World) -> dict[str, Charge]:
    """Reference -> what the customer finds, on a card or on an account."""
    debits = world.fair.office.net_minor()
    return {**world.host.charges(), **{one: Charge(1, minor) for one, minor in debits.items()}}


def is_unknowable(one: Sold, records: Records) -> bool:
    """The host said no and then that it was done, in an answer that never came; or never ends a reversal."""
    late = {row.payment for row in records.late}
    return bool(one.digits & TWO_FACED and not any(payment.id in late for payment in one.payments))


def charged(world: World, records: Records) -> Iterator[Finding]:
    """In the end the customer has paid the order's total but for what was given back, or nothing, and nothing
    is kept any more."""
    found = charges(world)
    for one in sold(world, records):
        mine = [found.get(reference(payment.id), _NOTHING) for payment in one.payments]
        net, held, total = (
            sum(m.net_minor for m in mine),
            sum(m.held_minor for m in mine),
            one.order.total_minor,
        )
        state, name = OrderState(one.order.state), f"order {one.order.id}, {one.order.state},"
        # of what is taken the host goes on to tell what was kept
        is_taken = any(p.kind == Trade.CAPTURE and p.state == State.APPROVED for p in one.payments)
        if is_unknowable(one, records) or (net == total and one.is_a_persons(records)):
            continue
        if net > total or any(m.times > 1 for m in mine):
            yield Finding(Wrong.DOUBLE, f"{name} costs {total}, charged are {net}")
        if one.is_endless:
            continue
        if net != (total - one.order.returned_minor if state in MADE else 0):
            back = f"{one.order.returned_minor} given back"
            yield Finding(Wrong.UNTRUE, f"{name} costs {total}, {back}, charged are {net}")
        if held and state in DEAD and not is_taken:
            yield Finding(Wrong.LOST, f"{name} still has {held} kept at the host")


def asked_once(world: World, records: Records) -> Iterator[Finding]:
    """No payment of an order is asked for twice, and only for its own amount."""
    amounts = {reference(payment.id): payment.amount_minor for payment in records.bought}
    asked = Counter(entry.reference for mti in _MTIS for entry in world.host.journal.asked(mti))
    for name in sorted(records.references() & asked.keys()):
        if asked[name] > 1:
            yield Finding(Wrong.DOUBLE, f"the host was asked {asked[name]} times for {name} of an order")
    for entry in (one for mti in _MTIS for one in world.host.journal.asked(mti)):
        if entry.amount_minor != amounts.get(entry.reference, entry.amount_minor):
            yield Finding(Wrong.UNTRUE, f"{entry.reference} of an order asks for {entry.amount_minor}")


def agreed(world: World, records: Records) -> Iterator[Finding]:
    """What counts as a yes or a no was said, by the customer, in time; no money was taken before a yes."""
    for one in sold(world, records):
        asking = records.selling.askings.get(one.order.id)
        name = f"order {one.order.id}"
        if asking is not None and asking.state == ConfirmState.YES:
            said = {said.message_id: said for said in one.buyer.said_yes()}
            if asking.message_id not in said:
                yield Finding(Wrong.UNTRUE, f"{name} was confirmed by what is no yes")
            elif asking.answered_ms >= asking.until_ms:
                yield Finding(Wrong.UNTRUE, f"{name} was confirmed after its time")
        said_no = any(said.word is Word.NO for said in one.buyer.said)
        if asking is not None and asking.state == ConfirmState.NO and not said_no:
            yield Finding(Wrong.UNTRUE, f"{name} was refused, and nobody said no")
        yield from _taken_too_soon(world, one)


def _taken_too_soon(world: World, one: Sold) -> Iterator[Finding]:
    if one.order.settle == Settle.AT_ONCE and not one.order.ask_first:
        return
    takes = {
        reference(payment.id)
        for payment in one.payments
        if payment.kind == Trade.CAPTURE or (payment.kind == Trade.SALE and not payment.hold)
    }
    agreed_s = min((said.at_s for said in one.buyer.said_yes()), default=float("inf"))
    for mti in _MTIS:
        for entry in world.host.journal.asked(mti):
            if entry.reference in takes and (entry.time_ms - START_MS) / 1000 < agreed_s:
                yield Finding(Wrong.UNTRUE, f"order {one.order.id} was charged before any yes")


def heard(world: World, records: Records) -> Iterator[Finding]:
    """A yes that came in time counts, unless the shop withdrew the order, or wrong codes locked it."""
    mails = {mail.message_id: mail for mail in records.selling.mails if mail.verdict == "answer"}
    for one in sold(world, records) if Fault.CLOCK_JUMP not in world.faults else ():
        asking = records.selling.askings.get(one.order.id)
        for said in one.buyer.said_yes():
            mail = mails.get(said.message_id)
            came = mail is not None and asking is not None and mail.received_ms < asking.until_ms
            in_time = came and not (said.word is Word.DIGITS and _is_old(said, mail))
            if in_time and one.order.state in (OrderState.LAPSED, OrderState.ASKED):
                yield Finding(Wrong.LOST, f"order {one.order.id} is {one.order.state} after a yes in time")


def _is_old(said: Said, mail: Any) -> bool:
    """It was on its way for longer than its digits are good."""
    at_s = (mail.received_ms - START_MS) // 1000
    return bool(at_s - said.at_s > (OrderSettings().ocra_window_min - 1) * 60)


def kept(world: World, records: Records) -> Iterator[Finding]:
    """What the door took is there: orders placed, forms, and answers."""
    for mail in sorted(world.missed_mails):
        yield Finding(Wrong.LOST, f"mail {mail} was answered 250 and was not on the disk")
    wrong = {notice.merchant for notice in records.selling.notices if notice.kind == "order-form-wrong"}
    taken = world.fair.accepted()
    for shop in world.fair.shops:
        is_taken = (shop.placed is not None and shop.placed.status < 300) or (
            shop.store.merchant not in wrong and not taken.isdisjoint(shop.forms)
        )
        if is_taken and records.selling.by_deal(shop.buy.deal_id) is None:
            yield Finding(Wrong.LOST, f"order {shop.buy.deal_id} was taken, and is not there")


def made(world: World, records: Records) -> Iterator[Finding]:
    """A shop that heard "made" has its money, or, settled daily, loud word that it has not."""
    orders = {one.order.deal_id: one for one in sold(world, records)}
    for shop in world.fair.shops:
        one = orders.get(shop.buy.deal_id)
        if one is None or one.is_daily:
            continue
        if (shop.made or one.order.made_ms is not None) and OrderState(one.order.state) not in WAS_MADE:
            yield Finding(Wrong.UNTRUE, f"order {one.order.id} was made, and is {one.order.state}")


def ledger(world: World, records: Records) -> Iterator[Finding]:
    """Of orders too: nothing is pending that has ended, and what is posted is what the host charged."""
    pending, posted = balances(records)
    found = charges(world)
    for one in sold(world, records):
        for payment in one.payments if not is_unknowable(one, records) else ():
            net = abs(found.get(reference(payment.id), _NOTHING).net_minor)
            if State(payment.state) not in ENDED:
                continue
            if pending[payment.id]:
                yield Finding(
                    Wrong.BOOKS, f"payment {payment.id} has ended with {pending[payment.id]} pending"
                )
            if posted[payment.id] != net:
                yield Finding(
                    Wrong.BOOKS, f"payment {payment.id}: posted {posted[payment.id]}, charged {net}"
                )
