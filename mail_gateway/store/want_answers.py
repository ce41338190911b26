"""Units of work about answers to wants: what one does, its letter, and its mail handled, or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.wants import WantState
from mail_gateway.store import answers, notices, replies, wants
from mail_gateway.store.record import next_stan, record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acquirer_sdk.values import Item
    from mail_gateway.domain.news import Composed
    from mail_gateway.domain.outcome import Letter
    from mail_gateway.domain.wants import Want
    from mail_gateway.store.answers import Answer
    from mail_gateway.store.record import Entry
    from mail_gateway.store.sheet import Sheet


QUIET_MS: Final = 24 * 60 * 60_000
"""How long the reversal of an attempt is kept that was answered with a question."""


@dataclass(frozen=True, slots=True)
class Post:
    """One letter to a merchant. at_ms: unix ms."""

    merchant: int
    kind: Letter
    composed: Composed = field(repr=False)
    at_ms: int


def supply(sheet: Sheet, entry: Entry, want: Want, given: Mapping[Item, str], mail: int) -> None:
    """Unit of work: a sale not approved yet has its answer: it is ready again. Raises Stale.

    What the attempt that asked would be reversed with is kept, should its host still say yes to it.
    """
    replies.handled(sheet, mail, entry.at_ms)
    record(sheet, entry)
    old = entry.payment
    kept = {"stan": old.stan, "reversal": old.reversal, "due_ms": entry.at_ms + QUIET_MS}
    wants.change(sheet, want, {"state": WantState.SUPPLIED.value, "given": given, **kept})


def answer(
    sheet: Sheet, want: Want, handled: tuple[int, int], changes: Mapping[str, Any], post: Post | None
) -> None:
    """Unit of work: any other answer. handled: its mail's number, and when, unix ms. changes: of the want,
    none where it stays as it is. Raises Stale."""
    replies.handled(sheet, *handled)
    if changes:
        wants.change(sheet, want, changes)
    if post is not None:
        notices.put(sheet, post.merchant, post.kind, post.composed, post.at_ms)


def remind(sheet: Sheet, want: Want, post: Post) -> None:
    """Unit of work: the one reminder. Raises Stale."""
    wants.change(sheet, want, {"letters": want.letters + 1, "due_ms": want.until_ms})
    notices.put(sheet, post.merchant, post.kind, post.composed, post.at_ms)


def claim(sheet: Sheet, want: Want, at_ms: int, due_ms: int) -> int:
    """Unit of work: this process sends the want's advice, or its attempt's reversal. Counted beforehand.

    due_ms: when somebody has to look, should we die meanwhile. -> its trace number (DE11). Raises Stale.
    """
    stan = want.stan or next_stan(sheet)
    counted = {"transmissions": want.transmissions + 1, "doubt_ms": want.doubt_ms or at_ms}
    wants.change(sheet, want, {**counted, "stan": stan, "due_ms": due_ms})
    return stan


def said(sheet: Sheet, want: Want, answer: Answer, at_ms: int, changes: Mapping[str, Any]) -> None:
    """Unit of work: what the acquirer said to it, kept. Raises Stale."""
    answers.keep(sheet, answer, want.payment, at_ms)
    wants.change(sheet, want, changes)


def contradicted(sheet: Sheet, want: Want, late: Answer, at_ms: int) -> None:
    """Unit of work: the attempt that asked for more was approved after all: it is reversed. Raises Stale."""
    answers.keep(sheet, late, want.payment, at_ms)
    wants.change(sheet, want, {"due_ms": at_ms, "doubt_ms": at_ms})
