"""Answers of merchants and customers: each is read once and handed to who knows what it means."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mail_gateway.domain import saying
from mail_gateway.domain.answering import Answer, Nothing
from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.reply import Reply
from mail_gateway.proof.standing import Standing, standing_of
from mail_gateway.store import customer_answers, orders, replies
from mail_gateway.store.inbox import RAW_KEPT_MAX
from mail_gateway.store.sheet import Stale
from mail_gateway.waker import Waker
from mail_gateway.work import confirming
from schemas.mail.read import Mail, read_mail
from schemas.mail.said import said, said_in_both
from schemas.mail.subjects import is_no_answer, own_words

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from mail_gateway.domain.answering import Saying
    from mail_gateway.store.replies import Waiting
    from mail_gateway.work.kit import Kit

    Stage = Callable[[Kit, Reply], Awaitable[bool]]
    """True: it was this stage's, and what it did is committed, with the mail marked as handled."""

BATCH: Final = 64
LOOK_AGAIN_S: Final = 60
TRIES_MAX: Final = 3


class Replies:
    """stages: asked in order until one takes a merchant's answer; what none takes is marked as handled.
    A customer's is applied to its order. node: this process's life now; None: the kit's."""

    def __init__(
        self,
        kit: Kit,
        stages: Sequence[Stage],
        domains: Sequence[str],
        node: Callable[[], int] | None = None,
    ) -> None:
        self._kit = kit
        self._node = node or (lambda: kit.node)
        self._stages = stages
        self._domains = domains
        self._sooner = Waker()
        self._tries: Counter[int] = Counter()

    def wake(self) -> None:
        """An answer was kept."""
        self._sooner.wake()

    async def run(self) -> None:
        """Handle what waits, now and whenever something comes; until cancelled."""
        while True:
            self._sooner.clear()
            try:
                is_all = await self.look()
            except GatewayError as error:
                self._kit.ports.tell("replies.failed", slug=error.slug)
                is_all = True
            if is_all:
                await self._sooner.sleep(LOOK_AGAIN_S)

    async def look(self) -> bool:
        """Handle what waits now; -> whether that was all. Raises GatewayError where the store fails."""
        found: list[Waiting] = await self._kit.store.read(replies.waiting, BATCH)
        for waiting in found:
            await self._handle(waiting)
        return len(found) < BATCH

    async def _handle(self, waiting: Waiting) -> None:
        """One answer must not stop those behind it. Raises GatewayError."""
        (fault,) = await asyncio.gather(self._pass_on(waiting), return_exceptions=True)
        match fault:
            case None:
                self._tries.pop(waiting.mail, None)
            case Stale():
                return  # another node was first, or the payment moved: it is looked at again
            case GatewayError(disposition=Disposition.RETRY):
                raise fault
            case _:
                slug = fault.slug if isinstance(fault, GatewayError) else type(fault).__name__
                await self._stumbled(waiting, slug)

    async def _pass_on(self, waiting: Waiting) -> None:
        if waiting.order is not None:
            await self._apply(waiting, waiting.order)
            return
        reply = await self._read(waiting)
        if reply is not None:
            for stage in self._stages:
                if await stage(self._kit, reply):
                    return
        await self._kit.store.run(replies.handled, waiting.mail, self._kit.ports.now_ms())

    async def _apply(self, waiting: Waiting, order: int) -> None:
        """A copy of an answer that came before it is handled, and does nothing."""
        store, standing = self._kit.store, standing_of(waiting.proof)
        if await store.read(customer_answers.is_copy, waiting.mail):
            await store.run(replies.handled, waiting.mail, self._kit.ports.now_ms())
            return
        answer = Answer(
            said=await self._found(waiting, order),
            at_ms=waiting.received_ms,
            proof=waiting.proof.partition("\n")[0],  # its keys stay with the mail
            proven=standing is Standing.PROVEN,
            disowned=standing is Standing.UNPROVEN,
            mail=waiting.mail,
            message_id=waiting.message_id,
        )
        await confirming.apply(replace(self._kit, node=self._node()), order, answer)

    async def _found(self, waiting: Waiting, order: int) -> Saying:
        """What the customer says. Of a mail that is longer than what is kept, nothing: a person reads it."""
        mail, asked = read_mail(waiting.raw), await self._kit.store.read(orders.case, order)
        if not isinstance(mail, Mail) or asked is None or len(waiting.raw) >= RAW_KEPT_MAX:
            return Nothing()
        sent = _read_all(await self._kit.store.read(customer_answers.sent, order))
        names = asked.parties.customer.name, asked.parties.seller.name
        return saying.read(
            said_in_both(mail.body, mail.beside, _texts_of(sent), self._domains),
            asked.order.code,
            names=names,
            passed_on=is_no_answer(mail.subject),
            subject=own_words(mail.subject, [letter.subject for letter in sent]),
        )

    async def _read(self, waiting: Waiting) -> Reply | None:
        """None: it can no longer be read, or its merchant is gone."""
        store, mail = self._kit.store, read_mail(waiting.raw)
        if not isinstance(mail, Mail) or waiting.merchant is None:
            return None
        merchant = await store.read(replies.merchant, waiting.merchant)
        if merchant is None:
            return None
        letters = await store.read(replies.sent, merchant.id, waiting.payment)
        return Reply(
            mail=waiting.mail,
            payment=waiting.payment,
            merchant=merchant,
            message_id=mail.message_id,
            subject=mail.subject,
            lines=said(mail.body, _texts_of(_read_all(letters)), self._domains),
            received_ms=waiting.received_ms,
            written=said(mail.body, (), self._domains) if len(waiting.raw) < RAW_KEPT_MAX else (),
        )

    async def _stumbled(self, waiting: Waiting, error: str) -> None:
        """A fault of ours: tried again, then left to a person."""
        self._tries[waiting.mail] += 1
        self._kit.ports.tell("alarm.reply", mail=waiting.mail, error=error)
        if self._tries[waiting.mail] >= TRIES_MAX:
            await self._kit.store.run(replies.give_up, waiting.mail, self._kit.ports.now_ms())


def _read_all(letters: Iterable[bytes]) -> list[Mail]:
    return [letter for letter in map(read_mail, letters) if isinstance(letter, Mail)]


def _texts_of(sent: Iterable[Mail]) -> list[str]:
    """Letters of ours as they may be quoted, of text and of HTML."""
    return [text for letter in sent for text in letter.texts]
