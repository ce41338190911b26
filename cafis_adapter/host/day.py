"""A day's totals as the host has them, and its answer to somebody else's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from cafis_adapter.codec import Message
from cafis_adapter.host.accounts import RETURNS, SALES, Account
from cafis_adapter.host.answers import answer_mti

AGREES: Final = "00"
DIFFERS: Final = "95"
_COMPARED: Final = (74, 76, 86, 88)


def totals(asked: Message, accounts: Iterable[Account]) -> Message:
    """An 0500 and every account -> the 0510 with the host's own counts and sums of that day and currency."""
    day = [
        one
        for one in accounts
        if (one.asked[13], one.asked[49]) == (asked[15], asked[49]) and not one.trigger.totals_lack
    ]
    sales = [one.net_minor for one in day if one.kind in SALES and one.net_minor > 0]
    returns = [-one.net_minor for one in day if one.kind in RETURNS and one.net_minor < 0]
    net = sum(sales) - sum(returns)
    ours = {
        74: f"{len(returns):010d}",
        76: f"{len(sales):010d}",
        86: f"{sum(returns):016d}",
        88: f"{sum(sales):016d}",
        97: f"{'C' if net < 0 else 'D'}{abs(net):016d}",
    }
    agrees = all(asked[number] == ours[number] for number in _COMPARED)
    named = {number: asked[number] for number in (7, 11, 15, 32, 49) if asked[number]}
    return Message(answer_mti(asked.mti), {**named, **ours, 39: AGREES if agrees else DIFFERS})
