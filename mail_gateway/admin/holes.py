"""Counters of readers that never came, for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mail_gateway.store import gaps
from mail_gateway.store.backend import guest
from mail_gateway.store.clock import clock_ms

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings


def listed(gateway: GatewaySettings) -> list[dict[str, Any]]:
    """Holes in the readers' counters, by reader."""
    with guest(gateway.database) as conn:
        return gaps.listed(conn, clock_ms(conn))
