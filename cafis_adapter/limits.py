"""What a request must keep to before it is worth packing, by the profile."""

from __future__ import annotations

from acquirer_sdk.limits import check_limits
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import AuthoriseRequest, Capabilities
from cafis_adapter import build, conditions
from cafis_adapter.profile import Profile


def check(profile: Profile, capabilities: Capabilities, request: AuthoriseRequest) -> None:
    """Raises BadRequest with a slug and what is at fault; never card data."""
    check_limits(request, capabilities)
    kind = build.kind_of(request)
    if kind not in profile.layouts:
        raise BadRequest("kind-unsupported", kind.value)
    at = conditions.fault(profile.conditions, request)
    if at is not None:
        raise BadRequest("condition-details", at)
    if profile.terminal_id.fullmatch(request.terminal_id) is None:
        raise BadRequest("terminal-id", "DE41")
    if not 0 <= request.tax_minor <= request.amount_minor:
        raise BadRequest("out-of-range", "tax_minor")
    if request.card.emv:
        found = profile.chip.fault(request.card.emv)
        if found is not None:
            raise BadRequest(*found)
    if request.card.pin is not None and 52 not in profile.layouts[kind].fields:
        raise BadRequest("pin-unsupported", "DE52")
