"""What no request may break: the port's own limits, and what the capabilities deny."""

from __future__ import annotations

from typing import Final

from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import AuthoriseRequest, Capabilities, ReturnRequest

AMOUNT_MAX_MINOR: Final = 999_999_999_999
STAN_MAX: Final = 999_999
_CURRENCY_MAX: Final = 999


def check_limits(request: AuthoriseRequest, capabilities: Capabilities) -> None:
    """For the first line of `prepare`. Raises BadRequest: out-of-range, or not-taken."""
    ranges = {
        "reference": len(request.reference) == 12 and _digits(request.reference),
        "stan": 1 <= request.stan <= STAN_MAX,
        "amount_minor": 0 <= request.amount_minor <= AMOUNT_MAX_MINOR,
        "currency": 1 <= request.currency <= _CURRENCY_MAX,
    }
    for where, holds in ranges.items():
        if not holds:
            raise BadRequest("out-of-range", where)
    where = _denied(request, capabilities)
    if where:
        raise BadRequest("not-taken", where)


def within_limits(request: AuthoriseRequest, capabilities: Capabilities) -> bool:
    """Whether `check_limits` lets it pass."""
    try:
        check_limits(request, capabilities)
    except BadRequest:
        return False
    return True


def _denied(request: AuthoriseRequest, capabilities: Capabilities) -> str:
    """What of the request the capabilities deny, or an empty text."""
    if capabilities.conditions and request.condition not in capabilities.conditions:
        return "condition"
    if request.account is not None and not capabilities.account:
        return "account"
    card = bool(request.card.track2 or request.card.jis2 or request.card.emv)
    if card and not capabilities.card:
        return "card"
    if isinstance(request, ReturnRequest) and not card and request.account is None:
        return "" if capabilities.return_without_card else "card"
    return ""


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
