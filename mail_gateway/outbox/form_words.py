"""What a shop is answered to an order form, in the words of its templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.money import shown
from mail_gateway.domain.notice import Notice
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.takings import spoken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.order import Order
    from mail_gateway.domain.order_form import Wrong
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

    def wrong(self, reply: Reply, wrong: Sequence[Wrong]) -> Notice:
        """All that is wrong with it. Nothing was done."""
        listed = [{"why": one.why, "shown": one.shown, "place": ""} for one in wrong]
        return self._wrong(reply, listed)

    def refused(self, reply: Reply, wanted: PlaceOrder, refused: Refused) -> Notice:
        """It could be read, and cannot be."""
        place = _PLACE.match(refused.path(wanted))
        number = "" if place is None else str(int(place[1]) + 1)
        return self._wrong(reply, [{"why": refused.slug, "shown": "", "place": number}])

    def _wrong(self, reply: Reply, listed: Sequence[dict[str, str]]) -> Notice:
        words = {"faults": listed}
        return Notice(Letter.ORDER_FORM_WRONG, str(reply.mail), reply.merchant, words, None, reply.message_id)
