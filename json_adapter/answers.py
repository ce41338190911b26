"""Answers -> outcomes. Whatever is not clearly an answer to this very request is in doubt, never declined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceOutcome,
    AdviceRefused,
    Approved,
    Ask,
    AuthoriseOutcome,
    Declined,
    InDoubt,
    NeedsInput,
    NotFound,
    Reconciled,
    ReversalAccepted,
    ReversalOpen,
    ReversalOutcome,
    Totals,
)
from json_adapter.asked import AMOUNT_MAX, APPROVAL, IDENT, REFERENCE, Asked, Operation, read_totals
from json_adapter.problems import MEDIA_TYPE, TYPE, Meaning, Problem, shipped_problems
from json_adapter.wire import Table, WireError, read

JSON: Final = "application/json"
_UNDONE: Final = {"reversed": "00", "never-came": "25"}
"""What a reversal is answered with -> DE39 of the 0430 that would say the same."""

_PARTS: Final = frozenset({Operation.AUTHORISATION})
"""What may be approved for less than was asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer whose signature is good. It cannot be printed with its body."""

    status: int
    content_type: str
    body: bytes = field(repr=False)


class _No(Exception):
    """It is no answer; the slug says why."""


def decision(answer: Answer, asked: Asked) -> AuthoriseOutcome:
    """The answer to a request about money, or about a card -> outcome."""
    try:
        if answer.status == 200:
            return _approved(_good(answer, asked, "approved"), asked)
        return _refused(_problem(answer, asked))
    except (_No, WireError) as error:
        return InDoubt(_slug(error))


def inquiry(answer: Answer, asked: Asked) -> AuthoriseOutcome | NotFound:
    """The answer to an inquiry about that request."""
    try:
        if answer.status != 200 and _problem(answer, asked).meaning is Meaning.ABSENT:
            return NotFound()
    except (_No, WireError) as error:
        return InDoubt(_slug(error))
    return decision(answer, asked)


def reversal(answer: Answer, asked: Asked) -> ReversalOutcome:
    """The answer to a reversal."""
    try:
        if answer.status == 200:
            return ReversalAccepted(_UNDONE[_good(answer, asked, *_UNDONE).word])
        return ReversalOpen(f"refused-{_problem(answer, asked).code}")
    except (_No, WireError) as error:
        return ReversalOpen(_slug(error))


def advice(answer: Answer, asked: Asked) -> AdviceOutcome:
    """The answer to an advice."""
    try:
        if answer.status == 200:
            _good(answer, asked, "taken")
            return AdviceAccepted("00")
        problem = _problem(answer, asked)
    except (_No, WireError) as error:
        return AdviceOpen(_slug(error))
    if problem.meaning in (Meaning.REFUSED, Meaning.DECLINED):
        return AdviceRefused(problem.code)
    return AdviceOpen(f"code-{problem.code}")


def totals(answer: Answer, ours: Totals) -> Reconciled | InDoubt:
    """The answer to a reconciliation."""
    if (answer.status, answer.content_type) != (200, JSON):
        return InDoubt("no-totals")
    try:
        table = read(answer.body)
        theirs, agrees = read_totals(table), table.flag("agrees")
    except WireError as error:
        return InDoubt(error.slug)
    if (theirs.day, theirs.currency) != (ours.day, ours.currency) or agrees != (theirs == ours):
        return InDoubt("contradiction")
    return Reconciled(theirs, agrees)


def is_echo(answer: Answer) -> bool:
    """Whether an answer to an echo says that the processor is there."""
    return answer.status == 200


@dataclass(frozen=True, slots=True)
class _Good:
    word: str
    table: Table


def _good(answer: Answer, asked: Asked, *words: str) -> _Good:
    """A body with status 200, which has to name this request and to say one of the words."""
    if answer.content_type != JSON:
        raise _No("content-type")
    table = read(answer.body)
    _same(table, asked)
    for word in words:
        if table.says("result", word):
            return _Good(word, table)
    raise _No("unknown-code")


def _approved(good: _Good, asked: Asked) -> AuthoriseOutcome:
    amount_minor = good.table.number("amount_minor", AMOUNT_MAX)
    if good.table.number("currency", 999) != asked.currency:
        return InDoubt("wrong-currency")
    if "approval_number" not in good.table:
        return InDoubt("no-approval-number")
    number = good.table.text("approval_number", APPROVAL)
    if amount_minor == asked.amount_minor:
        return Approved(number, amount_minor)
    if asked.operation in _PARTS and 0 < amount_minor < asked.amount_minor:
        return Approved(number, amount_minor, "10")
    return InDoubt("wrong-amount")


def _problem(answer: Answer, asked: Asked) -> Problem:
    """A body with any other status. One that speaks of a decision has to name this request."""
    if answer.content_type != MEDIA_TYPE:
        raise _No("content-type")
    table = read(answer.body)
    problem = next((p for p in shipped_problems().values() if table.says("type", TYPE + p.slug)), None)
    if problem is None:
        raise _No("unknown-code")
    if answer.status != problem.status or table.number("status", 599) != answer.status:
        raise _No("contradiction")
    if problem.meaning is not Meaning.DOUBT:
        _same(table, asked)
    return problem


def _same(table: Table, asked: Asked) -> None:
    named = (
        table.text("reference", REFERENCE),
        table.number("stan", 999_999),
        table.text("terminal_id", IDENT),
    )
    if named != (asked.reference, asked.stan, asked.terminal_id):
        raise _No("wrong-request")


def _refused(problem: Problem) -> AuthoriseOutcome:
    match problem.meaning:
        case Meaning.DECLINED:
            return Declined(problem.code)
        case Meaning.AGAIN:
            return NeedsInput(Ask.AGAIN, problem.code)
        case Meaning.MORE:
            return NeedsInput(Ask.MORE, problem.code, problem.items)
        case Meaning.DOUBT:
            return InDoubt(f"code-{problem.code}")
    return InDoubt("unknown-code")


def _slug(error: _No | WireError) -> str:
    return error.slug if isinstance(error, WireError) else str(error)
