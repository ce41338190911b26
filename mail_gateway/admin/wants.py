"""Wants for a person: what is open, and an end to one that is settled another way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.wants import CLOSED, Phase, WantState
from mail_gateway.store import wants
from mail_gateway.store.backend import guest
from mail_gateway.store.sheet import Stale

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings


def listed(gateway: GatewaySettings, *, everything: bool = False, limit: int = 50) -> list[dict[str, Any]]:
    """What is asked, or waits for the acquirer or a person, oldest first; everything: all there ever was."""
    with guest(gateway.database) as conn:
        return wants.listed(conn, limit, everything=everything)


def close(gateway: GatewaySettings, number: int) -> dict[str, Any]:
    """Nobody is asked any more, and nothing is sent. Raises GatewayError: there is no such want, it is over,
    or the sale is not approved yet and waits for it."""
    with guest(gateway.database, write=True) as conn:
        want = wants.load(conn, number)
        if want is None:
            raise _refused(f"There is no want {number}.", "want-unknown")
        if want.phase is Phase.BEFORE or want.state not in (WantState.ASKED, WantState.SUPPLIED):
            raise _refused(f"Want {number} is not one that a person can close.", "want-over")
        try:
            wants.change(conn, want, {"state": WantState.LAPSED.value, "code": CLOSED, "due_ms": None})
        except Stale:
            raise _refused(f"Want {number} has just changed: look again.", "want-changed") from None
    return {"want": number, "payment": want.payment, "state": WantState.LAPSED.value}


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
