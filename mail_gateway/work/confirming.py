"""A customer's answer is applied to its order: one commit, by mail as by the page."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.answering import Ocra, Verdict, judge
from mail_gateway.domain.confirmation import ConfirmKind
from mail_gateway.domain.order import OrderEvent, OrderKind, OrderState
from mail_gateway.domain.outcome import Letter
from mail_gateway.envelope import customers
from mail_gateway.store import customer_answers, orders, replies
from mail_gateway.store.sheet import Stale
from mail_gateway.work import order_clerk
from schemas.deal import layout, ocra

if TYPE_CHECKING:
    from mail_gateway.domain.answering import Answer, Ruling
    from mail_gateway.domain.confirmation import Confirmation
    from mail_gateway.store.order_moves import OrderEntry
    from mail_gateway.store.orders import Case
    from mail_gateway.work.kit import Kit

TRIES: Final = 5
"""An order that moves meanwhile is looked at again, and the answer judged anew."""

HOUR_MS: Final = 3_600_000
LETTERS_PER_HOUR_MAX: Final = 6
"""Of one order, all kinds together: then what answers an answer is silent."""

LETTERS_MAX: Final = 40
"""Of one order for ever: two machines that write to each other end here."""

AHEAD_MIN: Final = 2
"""So far ahead of ours a customer's clock may be, minutes."""


async def apply(kit: Kit, order_id: int, answer: Answer) -> Verdict:
    """What the answer did; all of it is committed, with its mail as handled.

    order_id: of an order that exists. Raises Stale if its mail was handled before, GatewayError.
    """
    for _ in range(TRIES):
        case: Case | None = await kit.store.read(orders.case, order_id)
        assert case is not None, "orders are never deleted"
        try:
            return await _apply(kit, case, answer)
        except Stale:
            continue  # it lapsed, was cancelled or answered meanwhile: judged anew, by what is true now
    raise Stale


async def _apply(kit: Kit, case: Case, answer: Answer) -> Verdict:
    asking = case.confirmation
    if case.order.state is not OrderState.ASKED or asking is None:
        return await _too_late(kit, case, answer)
    if answer.at_ms >= asking.until_ms:
        return await _lapse(kit, case, answer)
    terms = case.parties.seller.policy, case.order.total_minor
    ruling = judge(asking, terms, answer, _ocra(kit, case, answer))
    if ruling.verdict in (Verdict.CONFIRMED, Verdict.REFUSED):
        entry = _decided(kit, case, answer, ruling)
    else:
        entry = await _undecided(kit, case, answer, ruling)
    await _enter(kit, entry, answer)
    _tell(kit, case, answer, ruling.verdict, ruling.why or ruling.means)
    if ruling.verdict in _ALARMS:
        kit.ports.tell(_ALARMS[ruling.verdict], order=case.order.id, mail=answer.mail)
    return ruling.verdict


_ALARMS: Final = {Verdict.FOR_A_PERSON: "alarm.answer-unclear", Verdict.LOCKED: "alarm.answer-locked"}


def _decided(kit: Kit, case: Case, answer: Answer, ruling: Ruling) -> OrderEntry:
    """A yes or a no. How it was said stands in the event, which is kept for ever."""
    assert case.confirmation is not None, "an order that is asked has an asking"
    how = f"{'page' if answer.mail is None else 'mail'} {ruling.means}".rstrip()
    asking = replace(
        case.confirmation,
        how=f"{how}; {answer.proof}",
        answer_mail=answer.mail,
        answered_ms=answer.at_ms,
        needs_person=False,
    )
    kind = OrderKind.YES if ruling.verdict is Verdict.CONFIRMED else OrderKind.NO
    entry = order_clerk.moving(kit, case, kind, asking=asking)
    facts: dict[str, str | int] = {"how": how, "proof": answer.proof}
    if answer.mail is not None:
        facts["mail"] = answer.mail
    if "ocra" in ruling.means.split():
        facts["ocra"] = answer.said.ocra
    return replace(entry, events=(OrderEvent(kind, facts),))


async def _undecided(kit: Kit, case: Case, answer: Answer, ruling: Ruling) -> OrderEntry:
    """Counted, and asked again, locked or left to a person."""
    asking = case.confirmation
    assert asking is not None, "an order that is asked has an asking"
    entry = order_clerk.noting(kit, case)
    match ruling.verdict:
        case Verdict.SHUT:
            return entry
        case Verdict.LOCKED:
            locked = order_clerk.answered(
                asking, ConfirmKind.LOCKED, wrong=asking.wrong + 1, needs_person=True
            )
            return _told_of_the_lock(kit, replace(entry, confirmation=locked))
        case Verdict.FOR_A_PERSON:
            return replace(entry, confirmation=replace(asking, unclear=asking.unclear + 1, needs_person=True))
    return await _asked_again(kit, replace(entry, confirmation=_counted(asking, ruling)), answer, ruling.why)


def _counted(asking: Confirmation, ruling: Ruling) -> Confirmation:
    if ruling.verdict is Verdict.WRONG:
        return replace(asking, wrong=asking.wrong + 1)
    return replace(asking, unclear=asking.unclear + 1)


async def _asked_again(kit: Kit, entry: OrderEntry, answer: Answer, why: str) -> OrderEntry:
    if await _is_silent(kit, entry.case):
        return entry
    told = {"why": why, "in_reply_to": answer.message_id}
    return order_clerk.telling(kit, entry, (Letter.QUESTION_AGAIN,), **told)


def _told_of_the_lock(kit: Kit, entry: OrderEntry) -> OrderEntry:
    """At the second address first: who guessed codes may read the other. Both hear of it."""
    parties = entry.case.parties
    told = order_clerk.telling(kit, entry, (Letter.ORDER_LOCKED,))
    if not parties.customer.second_mail:
        return told
    only_first = replace(parties, customer=replace(parties.customer, second_mail=""))
    as_if = replace(told, case=replace(entry.case, parties=only_first))
    return replace(order_clerk.telling(kit, as_if, (Letter.ORDER_LOCKED,)), case=entry.case)


async def _too_late(kit: Kit, case: Case, answer: Answer) -> Verdict:
    """After the end an answer changes nothing, and is told how it ended."""
    entry = order_clerk.noting(kit, case)
    if answer.mail is not None and not await _is_silent(kit, case):
        entry = order_clerk.telling(kit, entry, (Letter.ORDER_STATE,), in_reply_to=answer.message_id)
    await _enter(kit, entry, answer)
    _tell(kit, case, answer, Verdict.TOO_LATE, case.order.state.value)
    return Verdict.TOO_LATE


async def _lapse(kit: Kit, case: Case, answer: Answer) -> Verdict:
    """The answer came after its time and before anybody saw that: the order lapses now."""
    entry = order_clerk.moving(kit, case, OrderKind.LAPSED)
    await _enter(kit, entry, answer)
    _tell(kit, case, answer, Verdict.TOO_LATE, case.order.state.value)
    return Verdict.TOO_LATE


async def _enter(kit: Kit, entry: OrderEntry, answer: Answer) -> None:
    if answer.mail is not None:
        handled = partial(replies.handled, mail=answer.mail, now_ms=kit.ports.now_ms())
        await order_clerk.enter(kit, order_clerk.also(entry, handled))
    elif entry.events or entry.letters or entry.confirmation is not None:
        await order_clerk.enter(kit, entry)


def _tell(kit: Kit, case: Case, answer: Answer, verdict: Verdict, why: str) -> None:
    facts = {"order": case.order.id, "mail": answer.mail, "verdict": verdict.value}
    kit.ports.tell("order.answered", **facts, why=why)


async def _is_silent(kit: Kit, case: Case) -> bool:
    since_ms = kit.ports.now_ms() - HOUR_MS
    count: int = await kit.store.read(customer_answers.letters_since, case.order.id, since_ms)
    if count < LETTERS_PER_HOUR_MAX and case.order.letters < LETTERS_MAX:
        return False
    kit.ports.tell("alarm.answer-silent", order=case.order.id, letters=count)
    return True


def _ocra(kit: Kit, case: Case, answer: Answer) -> Ocra:
    """Whether the eight digits are this customer's, over this deal, and of the last minutes."""
    customer = case.parties.customer
    if not answer.said.ocra or customer.secret is None:
        return Ocra.NONE
    secret = customers.unwrap(kit.keys, customer.id, customer.secret)
    minute = answer.at_ms // 60_000
    minutes = range(minute - kit.orders.ocra_window_min, minute + AHEAD_MIN + 1)
    question = layout.question(case.order.deal)
    found = ocra.matches(secret.key, secret.password_hash, question, answer.said.ocra, minutes)
    return Ocra.WRONG if found is None else Ocra.GOOD
