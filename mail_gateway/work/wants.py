"""Answers to what was asked: read, kept where they are good, and asked again about the rest and only that."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mail_gateway.domain import answers
from mail_gateway.domain.item_values import Limits
from mail_gateway.domain.payment import Event, Kind, State
from mail_gateway.domain.wants import LAPSED, LETTERS_MAX, Phase, WantState
from mail_gateway.store import want_answers, wants
from mail_gateway.store.payments import load
from mail_gateway.store.want_answers import Post
from mail_gateway.work import asking
from mail_gateway.work.clerk import draft
from mail_gateway.work.sale import can_be_said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from acquirer_sdk.values import Item
    from mail_gateway.domain.answers import Reading
    from mail_gateway.domain.notice import Notice
    from mail_gateway.domain.reply import Reply
    from mail_gateway.domain.wants import Want
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit


class Wants:
    """A stage of the answers. node: this process's life now; wake: told a payment that may go on; supplied:
    told that something can be sent on to the acquirer."""

    def __init__(
        self, node: Callable[[], int], wake: Callable[[int], None], supplied: Callable[[], None]
    ) -> None:
        self._node = node
        self._wake = wake
        self._supplied = supplied

    async def take(self, kit: Kit, reply: Reply) -> bool:
        """An answer to a letter about a payment of which something was asked. Raises Stale, GatewayError."""
        if reply.payment is None:
            return False
        want = await kit.store.read(wants.newest, reply.payment)
        payment = await kit.store.read(load, reply.payment)
        if want is None or payment is None:
            return False
        kit = replace(kit, node=self._node())
        reading = answers.read(reply.lines, answers.Asked(want.numbered, want.missing, limits(kit, payment)))
        why = _closed(kit, payment, want)
        if why:
            return await _too_late(kit, reply, payment, (want, why), reading)
        kept = {item: value for item, value in want.given.items() if item not in reading.wrong}
        known = replace(want, given={**kept, **reading.good})
        if known.missing:
            await _ask_again(kit, reply, payment, known, reading.wrong)
        elif want.phase is Phase.BEFORE and not await can_be_said(kit, payment, known.given):
            await _ask_again(kit, reply, payment, replace(want, given={}), want.items)
        elif want.phase is Phase.BEFORE:
            await _supply(kit, reply, payment, known)
            self._wake(payment.id)
        else:
            await _keep(kit, reply, payment, known)
            self._supplied()
        return True


def limits(kit: Kit, payment: Payment) -> Limits:
    """What an answer about that sale may say."""
    conditions = kit.acquirers.of(payment).capabilities.conditions
    return Limits(payment.amount_minor, asking.decimals(payment.currency), conditions)


def _closed(kit: Kit, payment: Payment, want: Want) -> str:
    """Why an answer changes nothing: answered, lapsed or over; empty where it does."""
    if want.state is WantState.ASKED and not payment.shunted:
        return "lapsed" if kit.ports.now_ms() >= want.until_ms else ""
    if want.state in (WantState.SUPPLIED, WantState.FORWARDED):
        return "answered"
    return "lapsed" if want.code == LAPSED else "over"


async def _too_late(
    kit: Kit, reply: Reply, payment: Payment, closed: tuple[Want, str], reading: Reading
) -> bool:
    """An answer that changes nothing is told so, once; what says the same again, nothing."""
    want, why = closed
    if not reading.good and not reading.wrong:
        return False
    is_same = not reading.wrong and reading.good.items() <= want.given.items()
    notice = None if why == "answered" and is_same else asking.closed(kit, payment, want, why)
    await _answer(kit, reply, want, {}, notice)
    kit.ports.tell("want.too-late", payment=payment.id, want=want.id, why=why)
    return True


async def _ask_again(kit: Kit, reply: Reply, payment: Payment, want: Want, wrong: Iterable[Item]) -> None:
    """want: with what was good. After so many letters a person has to look."""
    if want.letters >= LETTERS_MAX:
        kit.ports.tell("alarm.want-unclear", payment=payment.id, want=want.id)
        await _answer(kit, reply, want, {"given": want.given}, None)
        return
    notice = asking.again(kit, payment, want, wrong)
    await _answer(kit, reply, want, {"given": want.given, "letters": want.letters + 1}, notice)
    kit.ports.tell("want.asked-again", payment=payment.id, want=want.id, missing=len(want.missing))


async def _supply(kit: Kit, reply: Reply, payment: Payment, want: Want) -> None:
    """The sale is ready for a new attempt, with what was added."""
    event = Event(Kind.SUPPLIED, {"round": want.round, "items": " ".join(want.items)})
    entry = draft(kit, payment, [event], due_ms=kit.ports.now_ms(), stan=None)
    await kit.store.run(want_answers.supply, entry, want, want.given, reply.mail)
    before, after = payment.state.value, State.READY.value
    kit.ports.tell("payment.moved", payment=payment.id, before=before, event=event.kind.value, after=after)
    kit.ports.tell("want.supplied", payment=payment.id, want=want.id)


async def _keep(kit: Kit, reply: Reply, payment: Payment, want: Want) -> None:
    """The sale is approved: the answer is kept, and goes on to the acquirer if it takes it."""
    due_ms = kit.ports.now_ms() if forwarded(kit, payment, want) else None
    notice = asking.taken(kit, payment, want, forwarded=due_ms is not None)
    changes = {"state": WantState.SUPPLIED.value, "given": want.given, "due_ms": due_ms}
    await _answer(kit, reply, want, changes, notice)
    kit.ports.tell("want.supplied", payment=payment.id, want=want.id)


def forwarded(kit: Kit, payment: Payment, want: Want) -> Mapping[Item, str]:
    """What of an answer the acquirer takes."""
    capabilities = kit.acquirers.of(payment).capabilities
    taken = capabilities.items_taken if capabilities.advise else ()
    return {item: value for item, value in want.given.items() if item in taken}


async def _answer(
    kit: Kit, reply: Reply, want: Want, changes: Mapping[str, Any], notice: Notice | None
) -> None:
    now_ms, post = kit.ports.now_ms(), None
    if notice is not None:
        answered = replace(notice, in_reply_to=reply.message_id)
        post = Post(reply.merchant.id, notice.kind, kit.notices.compose(answered, now_ms), now_ms)
    await kit.store.run(want_answers.answer, want, (reply.mail, now_ms), changes, post)
    if post is not None:
        kit.letter_queued()
