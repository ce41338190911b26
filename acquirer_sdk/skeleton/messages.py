"""Values <-> messages. One message is one line of JSON; put your acquirer's form in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

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

Message = Mapping[str, Any]

APPROVED: Final = ("00", "10")
_DECLINED: Final = ("05", "41", "43", "51", "54")
_AGAIN: Final = ("14", "55")
_MORE: Final = ("01", "02")
_REVERSED: Final = ("00", "25")  # done, and "never saw the original"
_FORMS: Final = {"reference": str, "terminal": str, "code": str, "approval": str, "trace": int, "amount": int}


class MessageError(Exception):
    """These bytes are no message. The text says nothing of what is in them."""


def written(message: Message) -> bytes:
    """A message -> its line."""
    return json.dumps(message, sort_keys=True).encode() + b"\n"


def read(line: bytes) -> Message:
    """A line -> the message, its known members of the right type. Raises MessageError."""
    try:
        message = json.loads(line)
    except ValueError:
        raise MessageError("no JSON") from None
    if not (isinstance(message, dict) and isinstance(message.get("kind"), str)):
        raise MessageError("no message")
    if any(type(message[name]) is not kind for name, kind in _FORMS.items() if name in message):
        raise MessageError("a member of a wrong type")
    return message


def sale(request: AuthoriseRequest) -> Message:
    """A request -> the message that asks for it."""
    card = {"number": request.card.pan, "track2": request.card.track2}
    return {**_common(request), "kind": "sale", "merchant": request.merchant_id, "card": card}


def reversal(request: AuthoriseRequest) -> Message:
    """A request that was not sent yet -> the message that undoes it, with its date and without its card."""
    return {**_common(request), "kind": "reversal"}


def echo(trace: int) -> Message:
    """Are you there?"""
    return {"kind": "echo", "reference": "", "trace": trace, "terminal": ""}


def outcome(answer: Message, request: AuthoriseRequest) -> AuthoriseOutcome:
    """The answer to this request. What is not clearly yes or no is in doubt, never declined."""
    if answer.get("currency") != request.currency:
        return InDoubt("wrong-currency")
    amount_minor = answer.get("amount")
    part = answer.get("code") == "10" and amount_minor is not None and 0 < amount_minor < request.amount_minor
    if amount_minor != request.amount_minor and not part:
        return InDoubt("wrong-amount")
    return _meaning(answer)


def reversal_outcome(answer: Message) -> ReversalOutcome:
    """The answer to a reversal: done, or to be sent again."""
    code = answer.get("code", "")
    return ReversalAccepted(code) if code in _REVERSED else ReversalOpen(f"refused-{code}")


def late(answer: Message) -> LateAnswer:
    """An answer that nobody waits for."""
    said = reversal_outcome(answer) if answer["kind"] == "reversal-answer" else _meaning(answer)
    return LateAnswer(answer.get("reference", ""), answer.get("trace", 0), said, answer.get("code", ""))


def _common(request: AuthoriseRequest) -> Message:
    return {
        "reference": request.reference,
        "trace": request.stan,
        "terminal": request.terminal_id,
        "amount": request.amount_minor,
        "currency": request.currency,
        "time": request.time_s,
    }


def _meaning(answer: Message) -> AuthoriseOutcome:
    code, number = answer.get("code", ""), answer.get("approval", "")
    if code in APPROVED and answer.get("refused"):
        return InDoubt("contradiction")
    if code in APPROVED and number:
        return Approved(number, answer.get("amount", 0), code)
    if code in _DECLINED:
        return Declined(code)
    if code in _AGAIN:
        return NeedsInput(Ask.AGAIN, code)
    if code in _MORE:
        return NeedsInput(Ask.MORE, code)
    return InDoubt("unknown-code")
