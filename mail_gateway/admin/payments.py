"""Payments for a person: a list, and everything about one of them. Also while the gateway runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import history
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings


def listed(gateway: GatewaySettings, *, state: str = "", limit: int = 50) -> list[dict[str, Any]]:
    """The newest payments, at most `limit`; state "shunted": those that wait for a person."""
    with guest(gateway.database) as conn:
        return history.newest(conn, state, limit)


def shown(gateway: GatewaySettings, payment: int) -> dict[str, Any]:
    """One payment with its events, transfers, answers, letters, mails. GatewayError: there is none."""
    with guest(gateway.database) as conn:
        found = history.whole(conn, payment)
    if found is None:
        raise GatewayError(f"There is no payment {payment}.", "payment-unknown", Disposition.REFUSE)
    return found
