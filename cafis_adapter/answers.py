"""Messages -> outcomes. Whatever is not clearly an answer is in doubt, never declined."""

from __future__ import annotations

import re
from typing import Final

from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseOutcome,
    AuthoriseRequest,
    Declined,
    InDoubt,
    LateAnswer,
    NeedsInput,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
)
from cafis_adapter.codec import Message
from cafis_adapter.codes import Codes, Meaning

_CENTRE: Final = re.compile(r"[A-Z][0-9]{2}")
_GRANTED: Final = (Meaning.APPROVED, Meaning.PARTIAL)


def authorisation(codes: Codes, answer: Message, request: AuthoriseRequest) -> AuthoriseOutcome:
    """The 0110, or 0210, to this very request -> outcome. A wrong amount or currency makes it no answer."""
    asked, told = f"{request.amount_minor:012d}", answer[4]
    if answer[49] not in ("", f"{request.currency:03d}"):
        return InDoubt("wrong-currency")
    if _meaning(codes, answer) is Meaning.PARTIAL:
        return (
            _outcome(codes, answer) if 0 < int(told or 0) < request.amount_minor else InDoubt("wrong-amount")
        )
    if told != asked and (told or _meaning(codes, answer) is Meaning.APPROVED):
        return InDoubt("wrong-amount")
    return _outcome(codes, answer)


def reversal(codes: Codes, answer: Message) -> ReversalOutcome:
    """A 0430 -> accepted (00, 25) or still open."""
    if answer[39] in codes.reversal_accepted:
        return ReversalAccepted(answer[39])
    return ReversalOpen(f"refused-{answer[39]}" if answer[39] else "no-code")


def late(codes: Codes, answer: Message, *, near: bool) -> LateAnswer:
    """An answer that nobody waits for. near: it resembles an open request without being its answer."""
    outcome: AuthoriseOutcome | ReversalOutcome | None = None
    if answer.mti in ("0110", "0210") and not near:
        outcome = _outcome(codes, answer)
    elif answer.mti == "0430" and not near:
        outcome = reversal(codes, answer)
    return LateAnswer(answer[37], int(answer[11] or 0), outcome, result_code(answer))


def result_code(answer: Message) -> str:
    """The centre's own code (DE44) where there is one, else DE39. Never free text: it may hold a card."""
    return answer[44] if _CENTRE.fullmatch(answer[44]) else answer[39]


def _meaning(codes: Codes, answer: Message) -> Meaning | None:
    code = result_code(answer)
    no_return = answer.mti == "0210" and code in codes.return_declined
    meaning = Meaning.DECLINED if no_return else codes.meanings.get(code)
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
            return NeedsInput(Ask.MORE, code)
        case Meaning.IN_DOUBT:
            return InDoubt(f"code-{code}")
    return InDoubt("unknown-code")


def _approved(answer: Message) -> AuthoriseOutcome:
    if not answer[38]:
        return InDoubt("no-approval-number")
    if not answer[4]:
        return InDoubt("wrong-amount")
    return Approved(answer[38], int(answer[4]), answer[39])
