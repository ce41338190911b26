"""Messages -> outcomes. Whatever is not clearly an answer is in doubt, never declined."""

from __future__ import annotations

import re
from typing import Final

from acquirer_sdk.codes import Codes, Meaning
from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceOutcome,
    AdviceRefused,
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    NotFound,
    Reconciled,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
    Totals,
)
from cafis_adapter.codec import Message

_CENTRE: Final = re.compile(r"[A-Z][0-9]{2}")
_GRANTED: Final = (Meaning.APPROVED, Meaning.PARTIAL)
_NO: Final = (Meaning.DECLINED, Meaning.AGAIN, Meaning.MORE)
_LATER: Final = ("0210", "0230", "0610")
"""Answers to what goes back to an earlier sale, where more codes are a no."""


def authorisation(codes: Codes, answer: Message, request: AuthoriseRequest) -> AuthoriseOutcome:
    """The answer to this very request -> outcome. A wrong amount or currency makes it no answer."""
    return _authorisation(codes, answer, request.amount_minor, f"{request.currency:03d}")


def inquiry(codes: Codes, answer: Message, asked: Message) -> AuthoriseOutcome | NotFound:
    """The answer to the question what became of a request -> what an answer to that would have been."""
    if answer[39] in codes.not_found and not answer[44]:
        return NotFound()
    return _authorisation(codes, answer, int(asked[4] or 0), asked[49])


def reversal(codes: Codes, answer: Message) -> ReversalOutcome:
    """A 0430 -> accepted (00, 25) or still open."""
    if answer[39] in codes.reversal_accepted:
        return ReversalAccepted(answer[39])
    return ReversalOpen(f"refused-{answer[39]}" if answer[39] else "no-code")


def advice(codes: Codes, answer: Message) -> AdviceOutcome:
    """The answer to an advice -> taken, refused, or still open where it says neither."""
    code, meaning = result_code(answer), _meaning(codes, answer)
    if meaning is Meaning.APPROVED:
        return AdviceAccepted(code)
    if meaning in _NO:
        return AdviceRefused(code)
    return AdviceOpen(f"code-{code}" if meaning is Meaning.IN_DOUBT else "unknown-code")


def totals(codes: Codes, answer: Message, ours: Totals) -> Reconciled | InDoubt:
    """A 0510 -> what the acquirer has of that day, and whether both have the same."""
    code = answer[39]
    if code not in codes.totals_agree | codes.totals_differ:
        return InDoubt(f"code-{code}" if code in codes.rows else "unknown-code")
    if not all(answer[number] for number in (74, 76, 86, 88)):
        return InDoubt("totals-missing")
    theirs = Totals(
        ours.day,
        ours.currency,
        sales=int(answer[76]),
        sales_minor=int(answer[88]),
        returns=int(answer[74]),
        returns_minor=int(answer[86]),
    )
    return Reconciled(theirs, agrees=code in codes.totals_agree and theirs == ours)


def late(codes: Codes, answer: Message, *, near: bool) -> LateAnswer:
    """An answer that nobody waits for. near: it resembles an open request without being its answer."""
    outcome: AuthoriseOutcome | ReversalOutcome | None = None
    if near:
        outcome = None
    elif answer.mti in ("0110", "0210") or (answer.mti == "0230" and answer[38]):
        outcome = _outcome(codes, answer)
    elif answer.mti in ("0410", "0430"):
        outcome = reversal(codes, answer)
    return LateAnswer(answer[37], int(answer[11] or 0), outcome, result_code(answer))


def result_code(answer: Message) -> str:
    """The centre's own code (DE44) where there is one, else DE39. Never free text: it may hold a card."""
    return answer[44] if _CENTRE.fullmatch(answer[44]) else answer[39]


def _authorisation(codes: Codes, answer: Message, amount_minor: int, currency: str) -> AuthoriseOutcome:
    told, meaning = answer[4], _meaning(codes, answer)
    if answer[49] not in ("", currency):
        return InDoubt("wrong-currency")
    if meaning is Meaning.PARTIAL:
        return _outcome(codes, answer) if 0 < int(told or 0) < amount_minor else InDoubt("wrong-amount")
    if told != f"{amount_minor:012d}" and (told or meaning is Meaning.APPROVED):
        return InDoubt("wrong-amount")
    if not amount_minor and answer[39] in codes.card_good and not answer[44]:
        return Approved(answer[38], 0, answer[39])
    return _outcome(codes, answer)


def _meaning(codes: Codes, answer: Message) -> Meaning | None:
    code = result_code(answer)
    no = answer.mti in _LATER and code in codes.return_declined
    meaning = Meaning.DECLINED if no else codes.meanings.get(code)
    free_text = answer[44] and not _CENTRE.fullmatch(answer[44])
    contradicts = answer[44] and codes.meanings.get(answer[39]) in _GRANTED
    return None if free_text or contradicts else meaning


def _outcome(codes: Codes, answer: Message) -> AuthoriseOutcome:
    code = result_code(answer)
    match _meaning(codes, answer):
        case Meaning.APPROVED | Meaning.PARTIAL:
            return _approved(answer)
        case Meaning.DECLINED:
            return Declined(code)
        case Meaning.AGAIN:
            return NeedsInput(Ask.AGAIN, code)
        case Meaning.MORE:
            return NeedsInput(Ask.MORE, code, codes.items(code))
        case Meaning.IN_DOUBT:
            return InDoubt(f"code-{code}")
    return InDoubt("unknown-code")


def _approved(answer: Message) -> AuthoriseOutcome:
    if not answer[38]:
        return InDoubt("no-approval-number")
    if not answer[4]:
        return InDoubt("wrong-amount")
    return Approved(answer[38], int(answer[4]), answer[39])
