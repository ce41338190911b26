"""What a shop is answered to an order form or a return form, in the words of its templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.money import shown
from mail_gateway.domain.notice import Notice
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.takings import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.forms import Wrong
    from mail_gateway.domain.order import Order
    from mail_gateway.domain.order_return import OrderReturn
    from mail_gateway.domain.placing import PlaceOrder, Refused
    from mail_gateway.domain.reply import Reply

_PLACE: Final = re.compile(r"lines\[([0-9]+)\]")


class FormWords:
    """Pure: the same gives the same."""

    def taken(self, reply: Reply, order: Order, *, is_new: bool) -> Notice:
        """The order there is. is_new: else it was there before, and nothing was done again."""
        words = {
            "deal_id": order.deal_id,
            "number": str(order.id),
            "state": order.state.value,
            "is_new": "1" if is_new else "",
            "code": order.code,
            "total": shown(order.total_minor, order.currency, spoken(reply.merchant.language)),
        }
        return Notice(Letter.ORDER_FORM_TAKEN, str(reply.mail), reply.merchant, words, None, reply.message_id)

    def wrong(self, reply: Reply, wrong: Sequence[Wrong], *, is_return: bool = False) -> Notice:
        """All that is wrong with it. Nothing was done."""
        listed = [{"why": one.why, "shown": one.shown, "place": ""} for one in wrong]
        return self._wrong(reply, listed, is_return=is_return)

    def refused(self, reply: Reply, wanted: PlaceOrder, refused: Refused) -> Notice:
        """It could be read, and cannot be."""
        place = _PLACE.match(refused.path(wanted))
        number = "" if place is None else str(int(place[1]) + 1)
        return self._wrong(reply, [{"why": refused.slug, "shown": "", "place": number}])

    def returned(self, reply: Reply, order: Order, back: OrderReturn) -> Notice:
        """A return of that order, as it stands."""
        words = {
            "deal_id": order.deal_id,
            "number": str(order.id),
            "return_id": back.return_id,
            "state": back.state.value,
            "amount": shown(back.amount_minor, order.currency, spoken(reply.merchant.language)),
            "total": shown(order.total_minor, order.currency, spoken(reply.merchant.language)),
        }
        ident = str(reply.mail)
        return Notice(Letter.RETURN_FORM_TAKEN, ident, reply.merchant, words, None, reply.message_id)

    def _wrong(self, reply: Reply, listed: Sequence[dict[str, str]], *, is_return: bool = False) -> Notice:
        words = {"faults": listed, "is_return": "1" if is_return else ""}
        return Notice(Letter.ORDER_FORM_WRONG, str(reply.mail), reply.merchant, words, None, reply.message_id)
