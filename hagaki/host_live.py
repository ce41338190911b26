"""The host simulator as a person watches it: its last messages, its books, its lines, in place."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from cafis_adapter.host.accounts import Account
from cafis_adapter.host.app import Host
from hagaki.machine import time_text

MESSAGES: Final = 16
SALES: Final = 8
PAUSE_S: Final = 0.25

_WORDS: Final = {
    "0100": "asked",
    "0200": "asked",
    "0220": "added",
    "0420": "reversed",
    "0500": "totals",
    "0600": "inquiry",
    "0800": "network",
}


async def watch(host: Host, console: Console | None = None) -> None:
    """Draw it again and again until cancelled."""
    with Live(view(host), console=console, auto_refresh=False, screen=False) as live:
        while True:
            await asyncio.sleep(PAUSE_S)
            live.update(view(host), refresh=True)


def view(host: Host) -> Group:
    """What stands on the screen now. Cards are masked."""
    return Group(_lines(host), _messages(host), _sales(host), _books(host))


def _lines(host: Host) -> Text:
    lines = host.lines()
    signed_on = sum(lines)
    counts = Counter(f"{entry.mti[:3]}0" for entry in host.journal if entry.direction == "in")
    asked = "  ".join(f"{mti} {_WORDS.get(mti, '')} {counts[mti]}" for mti in sorted(counts))
    text = f"port {host.port}   lines {len(lines)}, signed on {signed_on}   {asked}"
    return Text(text, style="bold" if signed_on else "bold red")


def _messages(host: Host) -> Table:
    table = Table(
        "time", "", "MTI", "STAN", "terminal", "reference", "amount", "code", "card", title="messages"
    )
    for entry in host.journal[-MESSAGES:]:
        arrow = "->" if entry.direction == "in" else "<-"
        amount = f"{entry.amount_minor:,}" if entry.amount_minor else ""
        ids = (entry.mti, entry.stan, entry.terminal.strip(), entry.reference)
        table.add_row(time_text(entry.time_ms)[11:19], arrow, *ids, amount, entry.code, entry.card)
    return table


def _sales(host: Host) -> Table:
    table = Table("reference", "kind", "asked", "left", "state", "digits", "what they do", title="books")
    for account in host.accounts()[-SALES:]:
        asked, trigger = account.asked, account.trigger
        money = (f"{int(asked[4] or 0):,}", f"{account.left_minor:,}")
        table.add_row(asked[37], account.kind.value, *money, state_of(account), trigger.digits, trigger.text)
    return table


def state_of(account: Account) -> str:
    """charged, held, returned, reversed, or open: asked and nothing booked."""
    if account.reversed:
        return "reversed"
    if not account.booked:
        return "open"
    if account.left_minor < 0:
        return "returned"
    return "charged" if account.net_minor else "held"


def _books(host: Host) -> Text:
    accounts = host.accounts()
    states = Counter(map(state_of, accounts))
    net = sum(account.net_minor for account in accounts)
    return Text("  ".join([f"net {net:,}", *(f"{state} {states[state]}" for state in sorted(states))]))
