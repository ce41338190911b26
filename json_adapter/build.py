"""Values -> what is sent: a path, an Idempotency-Key and a body, each made once and never changed after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from acquirer_sdk.keyport import KeyFault, KeyPort
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    Advice,
    AuthoriseRequest,
    CaptureRequest,
    CardData,
    ReturnKind,
    ReturnRequest,
    Reversal,
    Totals,
)
from json_adapter.asked import PATHS, Asked, Operation, read_asked
from json_adapter.wire import WireError, read, write

_ENTRY: Final[Mapping[int, str]] = {
    0: "unknown",
    1: "stripe",
    2: "jis2",
    3: "chip",
    4: "fallback",
    5: "keyed",
}
_RETURNS: Final = {ReturnKind.VOID: Operation.VOID, ReturnKind.REFUND: Operation.REFUND}


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the processor. It cannot be printed with its body.

    asked: the body as the other end reads it, None where it is about no payment. transmission: from 1.
    """

    operation: Operation
    key: str
    body: bytes = field(repr=False)
    asked: Asked | None = None
    transmission: int = 1

    @property
    def path(self) -> str:
        return PATHS[self.operation]


@dataclass(frozen=True, slots=True)
class Pins:
    """The key port, and the name of the zone key that a PIN goes under."""

    keys: KeyPort
    name: str


def operation_of(request: AuthoriseRequest) -> Operation:
    """What a request asks."""
    if isinstance(request, ReturnRequest):
        return _RETURNS[request.kind]
    return Operation.CAPTURE if isinstance(request, CaptureRequest) else Operation.AUTHORISATION


def asking(operation: Operation, request: AuthoriseRequest, pins: Pins) -> Call:
    """A sale, hold, capture, return or card check -> its call. Raises BadRequest."""
    if request.account is not None:
        raise BadRequest("account-unsupported", "account")
    members: dict[str, Any] = _common(request)
    if not isinstance(request, CaptureRequest | ReturnRequest):
        members |= _way_of_payment(request)
    else:
        members["original"] = asdict(request.original)
    card = _card(request.card, pins)
    if card and not isinstance(request, CaptureRequest):
        members["card"] = card
    return _checked(operation, members)


def undoing(request: AuthoriseRequest) -> Call:
    """A request that was not sent yet -> its reversal. Raises BadRequest."""
    members = {"operation": operation_of(request).value, **_common(request)}
    return _checked(Operation.REVERSAL, members)


def stored(operation: Operation, reversal: Reversal, transmission: int = 1) -> Call:
    """The stored bytes of a reversal -> the call that sends them, or asks about them. Raises WireError."""
    asked = read_asked(operation, read(reversal.wire))
    if (asked.reference, asked.stan) != (reversal.reference, reversal.stan):
        raise WireError("json-form", "reference")
    return Call(operation, _key(operation, asked), reversal.wire, asked, transmission)


def advising(advice: Advice, transmission: int) -> Call:
    """What was added to a sale -> its call. Raises BadRequest."""
    members = {
        "reference": advice.reference,
        "stan": advice.stan,
        "terminal_id": advice.terminal_id,
        "merchant_id": advice.merchant_id,
        "currency": advice.currency,
        "time_s": advice.time_s,
        "original": asdict(advice.original),
        "items": {item.value: value for item, value in sorted(advice.items.items())},
    }
    return _checked(Operation.ADVICE, members, transmission)


def reconciling(ours: Totals) -> Call:
    """One day's totals -> their call."""
    key = f'"{ours.day}-{ours.currency:03d}-{Operation.RECONCILIATION}"'
    return Call(Operation.RECONCILIATION, key, write(asdict(ours)))


def echoing() -> Call:
    """Asks whether the processor is there, and whether it knows the key."""
    return Call(Operation.ECHO, '"echo"', write({}))


def _checked(operation: Operation, members: Mapping[str, Any], transmission: int = 1) -> Call:
    """What the other end could not read is not sent."""
    body = write(members)
    try:
        asked = read_asked(operation, read(body))
    except WireError as error:
        raise BadRequest(error.slug, error.where) from None
    return Call(operation, _key(operation, asked), body, asked, transmission)


def _key(operation: Operation, asked: Asked) -> str:
    """The same for every transmission of the same request, and for no other."""
    return f'"{asked.reference}-{asked.stan:06d}-{operation}"'


def _common(request: AuthoriseRequest) -> dict[str, Any]:
    return {
        "reference": request.reference,
        "stan": request.stan,
        "terminal_id": request.terminal_id,
        "merchant_id": request.merchant_id,
        "amount_minor": request.amount_minor,
        "currency": request.currency,
        "time_s": request.time_s,
    }


def _way_of_payment(request: AuthoriseRequest) -> dict[str, Any]:
    extras = {
        "hold": request.hold,
        "product_code": request.product_code,
        "tax_minor": request.tax_minor,
        "first_month": request.first_month,
        "bonuses": [asdict(bonus) for bonus in request.bonuses],
        "referral_number": request.referral_number,
    }
    return {
        "condition": request.condition,
        "condition_count": request.condition_count,
        "slip": request.slip,
        **{name: value for name, value in extras.items() if value},
    }


def _card(card: CardData, pins: Pins) -> dict[str, str]:
    """Empty for a request without a card."""
    given = {"track2": card.track2, "jis2": card.jis2, "emv": card.emv.hex().upper()}
    if not any(given.values()):
        return {}
    try:
        block = "" if card.pin is None else pins.keys.translate_pin(card.pin, pins.name).hex().upper()
    except KeyFault as error:
        raise BadRequest(error.slug, "pin") from None
    every = {"entry_mode": _ENTRY.get(card.entry_mode, "unknown"), **given, "pin_block": block}
    return {name: value for name, value in every.items() if value}
