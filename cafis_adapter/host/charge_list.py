"""The list that an acquirer gives its customers: every charge and return and what became of it."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_COLUMNS: Final = ("reference", "terminal_id", "time", "amount_minor", "currency", "approval_number", "state")
_BEGINNING: Final = "1970-01-01T00:00:00Z"


def charge_list(journal: str, until_ms: int) -> str:
    """A journal's file -> the list as CSV, as `hagaki recover reconcile` reads it. until_ms: unix ms."""
    sales: dict[str, dict[str, Any]] = {}
    with Path(journal).open(encoding="utf-8") as file:
        for line in file:
            booked = json.loads(line)
            if booked["direction"] == "book":
                first = sales.get(booked["reference"], booked)
                sales[booked["reference"]] = {**booked, "time_ms": first["time_ms"]}
    text = io.StringIO()
    text.write(f"# from {_BEGINNING} until {_shown(until_ms)}\n")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(_COLUMNS)
    rows.writerows(_row(sales[reference]) for reference in sorted(sales))
    return text.getvalue()


def _row(booked: dict[str, Any]) -> tuple[Any, ...]:
    net_minor = booked["net_minor"]
    state = "charged" if net_minor > 0 else "returned" if net_minor < 0 else "reversed"
    return (
        booked["reference"],
        booked["terminal"].strip(),
        _shown(booked["time_ms"]),
        abs(net_minor) or booked["amount_minor"],
        booked["currency"],
        booked["approval_number"],
        state,
    )


def _shown(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
