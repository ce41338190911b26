"""What the merchant's desk answers, in the words of its templates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from mail_gateway.domain.money import shown
from mail_gateway.domain.notice import Attachment, Notice
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.receipt import words_of
from mail_gateway.outbox.takings import sale_words, spoken, takings_words, time_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mail_gateway.domain.notice import Words
    from mail_gateway.domain.receipt import Receipt
    from mail_gateway.domain.reply import Reply
    from mail_gateway.domain.takings import Sale, Takings
    from mail_gateway.outbox.compose import Compose
    from mail_gateway.outbox.pdf import Faces
    from mail_gateway.settings import GatewaySettings

LIST_DAYS: Final = 3
LIST_MAX: Final = 60
"""Sales in one letter: it is read on a phone."""


class DeskWords:
    """Turns what was found into notices. read: a file's bytes, None if there is none, for the fonts."""

    def __init__(
        self, settings: GatewaySettings, templates: Compose, read: Callable[[str], bytes | None]
    ) -> None:
        self._zone = ZoneInfo(settings.time_zone)
        self._font = settings.receipt_font
        self._templates = templates
        self._read = read
        self._faces: Faces | None = None

    def listed(self, reply: Reply, sales: Sequence[Sale], now_ms: int) -> Notice:
        """sales: newest first, one more than LIST_MAX where there are too many."""
        shown_ones = sales[:LIST_MAX]
        words: Words = {
            "now": time_text(now_ms, self._zone),
            "days": str(LIST_DAYS),
            "open": [self._sale(sale, reply) for sale in shown_ones if sale.is_open],
            "past": [self._sale(sale, reply) for sale in shown_ones if not sale.is_open],
            "is_cut": "1" if len(sales) > LIST_MAX else "",
        }
        return self._notice(Letter.DESK_LIST, reply, words)

    def today(self, reply: Reply, takings: Takings) -> Notice:
        """The takings of the day that is not over yet."""
        words: Words = {
            "from": time_text(takings.from_ms, self._zone),
            "until": time_text(takings.until_ms, self._zone),
            **takings_words(takings, spoken(reply.merchant.language)),
            "open": [self._sale(sale, reply) for sale in takings.open],
        }
        return self._notice(Letter.DESK_TODAY, reply, words)

    def which(self, reply: Reply, why: str, number: str, sales: Sequence[Sale]) -> Notice:
        """why: a slug that the template knows. sales: those that may be meant."""
        return self._which(reply, {"why": why, "number": number}, sales)

    def issued_before(self, reply: Reply, sale: Sale, issued_ms: int) -> Notice:
        """Another receipt was wanted for a sale that has one."""
        words = {"why": "receipt-issued", "number": "", "issued": time_text(issued_ms, self._zone)}
        return self._which(reply, words, (sale,))

    def _which(self, reply: Reply, words: dict[str, str], sales: Sequence[Sale]) -> Notice:
        listed = [self._sale(sale, reply) for sale in sales]
        return self._notice(Letter.DESK_WHICH, reply, {"issued": "", **words, "sales": listed})

    def help(self, reply: Reply, why: str) -> Notice:
        """why: "unclear", "busy", or empty."""
        return self._notice(Letter.DESK_HELP, reply, {"why": why})

    def written(self, receipt: Receipt) -> tuple[str, bytes]:
        """A new receipt as text and as PDF."""
        from mail_gateway.outbox import paper, pdf  # who never asks for one does not pay for the library

        text = self._templates.render(f"{receipt.language}/{Letter.RECEIPT.value}.txt.j2", words_of(receipt))
        if self._faces is None:
            self._faces = pdf.faces(self._read, self._font)
        return text, paper.paper_of(receipt, self._faces)

    def receipt(self, reply: Reply, sale: Sale, body: str, pdf: bytes) -> Notice:
        """The letter that brings a receipt, the first time and any other."""
        reference = f"{sale.id:012d}"
        words = {
            "text": body,
            "amount": shown(sale.amount_minor, sale.currency, spoken(reply.merchant.language)),
            "reference": reference,
            "returned_on": "1" if sale.kind.is_return else "",
        }
        file = Attachment(f"receipt-{reference}.pdf", "application/pdf", pdf)
        return Notice(
            Letter.RECEIPT, str(reply.mail), reply.merchant, words, sale.id, reply.message_id, (file,)
        )

    def _notice(self, kind: Letter, reply: Reply, words: Words) -> Notice:
        return Notice(kind, str(reply.mail), reply.merchant, words, None, reply.message_id)

    def _sale(self, sale: Sale, reply: Reply) -> dict[str, str]:
        return sale_words(sale, spoken(reply.merchant.language), self._zone)
