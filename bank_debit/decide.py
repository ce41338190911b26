"""What is decided about a debit within one transaction of the book: taken, undone, voided, asked about."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Final

from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    Declined,
    NotFound,
    Reconciled,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
    Totals,
)
from bank_debit.asked import VOID, YEN, kind_of
from bank_debit.book import Book
from bank_debit.debit import UNCHARGED, Booked, Move, NewDebit, State, moved
from bank_debit.results import results

UNDONE: Final = Declined("05")
TOO_LARGE: Final = Declined("G55")
NO_SALE: Final = Declined("G94")
NO_VOID: Final = Declined("G80")
"""Codes of card companies for the same, so that the gateway has words for them."""


def take(book: Book, new: NewDebit, days: Iterable[date], amount_max: int) -> AuthoriseOutcome:
    """Put a debit into the book, once. Approved: it will be in the next file."""
    known = _known(book, new.reference)
    if known is not None:
        return known
    if new.amount_minor > amount_max:
        book.decline(new.reference, TOO_LARGE.code)
        return TOO_LARGE
    return _answer(book.put(new, days))


def _known(book: Book, reference: str) -> AuthoriseOutcome | None:
    """What was answered to this request, or is to be; None for a new one."""
    code = book.declined(reference)
    found = book.find(reference)
    if code:
        return Declined(code)
    return None if found is None else _answer(found)


def void(book: Book, request: ReturnRequest, today: date) -> AuthoriseOutcome:
    """Take a debit out of the book while no file holds it."""
    known = _known_void(book, request.reference)
    if known is not None:
        return known
    sale = book.find(request.original.reference)
    if sale is None:
        return NO_SALE
    if moved(sale.state, Move.VOID) is None or sale.amount_minor != request.amount_minor:
        return NO_VOID
    book.move(sale.reference, Move.VOID)
    book.put_void(request.reference, sale.reference, today)
    return Approved(sale.approval_number, sale.amount_minor)


def _known_void(book: Book, reference: str) -> AuthoriseOutcome | None:
    code = book.declined(reference)
    found = book.find_void(reference)
    if code:
        return Declined(code)
    if found is None:
        return None
    sale, undone = found
    return UNDONE if undone else Approved(sale.approval_number, sale.amount_minor)


def reverse(book: Book, reversal: Reversal, days: Iterable[date]) -> ReversalOutcome:
    """Undo a request as if it had never been. Raises ValueError for a reversal that nobody made here."""
    if kind_of(reversal) == VOID:
        return _reverse_void(book, reversal.reference, days)
    found = book.find(reversal.reference)
    if found is None:
        book.decline(reversal.reference, UNDONE.code)
        return ReversalAccepted("25")
    if moved(found.state, Move.REVERSE):
        book.move(found.reference, Move.REVERSE)
        return ReversalAccepted("00")
    if found.state in UNCHARGED:
        return ReversalAccepted("00")
    book.want_back(found.reference)
    return ReversalOpen(found.state.value)


def _reverse_void(book: Book, reference: str, days: Iterable[date]) -> ReversalOutcome:
    found = book.find_void(reference)
    if found is None:
        book.decline(reference, UNDONE.code)
        return ReversalAccepted("25")
    sale, undone = found
    if not undone:
        book.undo_void(reference)
        if moved(sale.state, Move.RESTORE):
            book.reopen(sale.reference, days)
    return ReversalAccepted("00")


def inquire(book: Book, reversal: Reversal) -> AuthoriseOutcome | NotFound:
    """What became of a request. Raises ValueError for a reversal that nobody made here."""
    asked = _known_void if kind_of(reversal) == VOID else _known
    known = asked(book, reversal.reference)
    return NotFound() if known is None else known


def reconcile(book: Book, ours: Totals) -> Reconciled:
    """Our day beside the book's. Raises ValueError for a day that is none."""
    found = book.totals(date.fromisoformat(ours.day))
    theirs = Totals(ours.day, YEN, found.sales, found.sales_minor, found.returns, found.returns_minor)
    return Reconciled(theirs, theirs == ours)


def _answer(debit: Booked) -> AuthoriseOutcome:
    if debit.state is State.UNPAID and debit.result is not None:
        return results()[debit.result].declined
    gone = debit.state in {State.REVERSED, State.PAID_BACK}
    return UNDONE if gone else Approved(debit.approval_number, debit.amount_minor)
