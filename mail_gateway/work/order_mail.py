"""Orders by mail: a shop's answer that is an order form or a return form is done, or is asked back."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from mail_gateway.domain import desk, order_form, return_form
from mail_gateway.domain.desk import Verb
from mail_gateway.domain.forms import Wrong
from mail_gateway.domain.placing import Refused
from mail_gateway.store import desk as store
from mail_gateway.store.desk import Done, Order
from mail_gateway.work import placing
from mail_gateway.work.desk import HOUR_MS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain import order
    from mail_gateway.domain.notice import Notice
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.domain.placing import PlaceOrder
    from mail_gateway.domain.reply import Reply
    from mail_gateway.work.kit import Kit

_PREFIX: Final = "mail-"
_LENGTH: Final = 24


class Words(Protocol):
    """Puts the answer into words. Pure."""

    def taken(self, reply: Reply, order: order.Order, *, is_new: bool) -> Notice: ...
    def wrong(self, reply: Reply, wrong: Sequence[Wrong], *, is_return: bool = False) -> Notice: ...
    def refused(self, reply: Reply, wanted: PlaceOrder, refused: Refused) -> Notice: ...
    def returned(self, reply: Reply, order: order.Order, back: OrderReturn) -> Notice: ...


class BusyWords(Protocol):
    """Says that there were too many mails in this hour."""

    def help(self, reply: Reply, why: str) -> Notice: ...


class OrderMail:
    """The stage before the merchant's desk."""

    def __init__(self, words: Words, busy: BusyWords) -> None:
        self._words = words
        self._busy = busy

    async def take(self, kit: Kit, reply: Reply) -> bool:
        """An answer that is a form. The order or its return is a commit of its own: should we die behind it,
        the same mail finds the same. Raises Stale, GatewayError: it is looked at again."""
        is_return = return_form.KIND.begins(reply.lines)
        is_form = is_return or order_form.KIND.begins(reply.lines)
        if desk.first(reply.lines) is not None or not (reply.written and is_form):
            return False
        answer = self._give_back if is_return else self._place
        now_ms = kit.ports.now_ms()
        counts = await kit.store.read(store.orders_since, reply.merchant.id, now_ms - HOUR_MS)
        told = counts.pop(Verb.BUSY, 0)
        if sum(counts.values()) >= kit.settings.desk_per_hour_max:
            verb, notice = Verb.BUSY, None if told else self._busy.help(reply, "busy")
        else:
            verb, notice = Verb.ORDER, await answer(kit, reply)
        letter = None if notice is None else (notice.kind, kit.notices.compose(notice, now_ms))
        asked = Order(reply.mail, reply.merchant.id, verb)
        await kit.store.run(store.answer, asked, Done(letter=letter), now_ms)
        kit.ports.tell("desk.answered", merchant=reply.merchant.id, asked=verb.value)
        kit.letter_queued()
        return True

    async def _place(self, kit: Kit, reply: Reply) -> Notice:
        form = order_form.read(reply.written, reply.lines, deal_of(reply.message_id))
        if form.order is None:
            return self._words.wrong(reply, form.wrong)
        placed = await placing.place(kit, reply.merchant.id, form.order)
        if isinstance(placed, Refused):
            return self._words.refused(reply, form.order, placed)
        return self._words.taken(reply, placed.order, is_new=placed.is_new)

    async def _give_back(self, kit: Kit, reply: Reply) -> Notice:
        form = return_form.read(reply.written, reply.lines, deal_of(reply.message_id))
        if form.wanted is None:
            return self._words.wrong(reply, form.wrong, is_return=True)
        done = await placing.give_back(kit, reply.merchant.id, form.deal_id, form.wanted)
        if isinstance(done, Refused):
            return self._words.wrong(reply, [Wrong(done.slug)], is_return=True)
        (back,) = (one for one in done.returns if one.return_id == form.wanted.return_id)
        return self._words.returned(reply, done.order, back)


def deal_of(message_id: str) -> str:
    """The deal ID or return ID of a form that has none: the mail's own, so that the mail sent again is the
    same. Empty for a mail without a Message-ID."""
    if not message_id:
        return ""
    return _PREFIX + hashlib.sha256(message_id.encode(errors="replace")).hexdigest()[:_LENGTH]
