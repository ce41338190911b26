"""What a host can do, as its profile says it: the capabilities of the adapter."""

from __future__ import annotations

from acquirer_sdk.values import Capabilities, Item
from cafis_adapter.added import items_in
from cafis_adapter.layout import Kind
from cafis_adapter.profile import Profile


def items_before(profile: Profile) -> tuple[Item, ...]:
    """What a new attempt at a sale could bring with it, so what may be asked for before an approval."""
    return items_in(profile.layouts[Kind.AUTHORISATION].names)


def capabilities_of(profile: Profile) -> Capabilities:
    """A kind of request that the profile lays out is one that the host takes."""
    has = profile.layouts.keys().__contains__
    return Capabilities(
        capture=has(Kind.COMPLETION),
        void=has(Kind.VOID),
        refund=has(Kind.REFUND),
        advise=has(Kind.ADVICE),
        card_check=has(Kind.CARD_CHECK),
        inquire=has(Kind.INQUIRY),
        reconcile=has(Kind.TOTALS),
        echo=True,
        partial_approval=True,
        return_without_card=profile.return_without_card,
        conditions=tuple(sorted(profile.conditions)),
        items_taken=items_in(profile.layouts[Kind.ADVICE].names) if has(Kind.ADVICE) else (),
    )
