"""One question at the merchant's desk, with what it takes to answer it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mail_gateway.store.desk import Done

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.desk import Command
    from mail_gateway.domain.notice import Notice
    from mail_gateway.domain.receipt import Receipt
    from mail_gateway.domain.reply import Reply
    from mail_gateway.domain.takings import Sale, Takings
    from mail_gateway.work.kit import Kit


class Words(Protocol):
    """Puts what was found into words, and receipts on paper. Pure: the same gives the same."""

    def listed(self, reply: Reply, sales: Sequence[Sale], now_ms: int) -> Notice: ...
    def today(self, reply: Reply, takings: Takings) -> Notice: ...
    def help(self, reply: Reply, why: str) -> Notice: ...
    def which(self, reply: Reply, why: str, number: str, sales: Sequence[Sale]) -> Notice: ...
    def issued_before(self, reply: Reply, sale: Sale, issued_ms: int) -> Notice: ...
    def written(self, receipt: Receipt) -> tuple[str, bytes]: ...
    def receipt(self, reply: Reply, sale: Sale, body: str, pdf: bytes) -> Notice: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """now_ms: unix ms."""

    kit: Kit
    reply: Reply
    words: Words
    command: Command
    now_ms: int

    def letter(self, notice: Notice) -> Done:
        """That notice as the answer."""
        return Done(letter=(notice.kind, self.kit.notices.compose(notice, self.now_ms)))

    def which(self, why: str, sales: Sequence[Sale] = ()) -> Done:
        """The answer that it cannot be done so. why: a slug that the letter knows."""
        return self.letter(self.words.which(self.reply, why, self.command.number, sales))
