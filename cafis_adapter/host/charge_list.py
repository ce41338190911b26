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
    text = io.StringIO()
    text.write(f"# from {_BEGINNING} until {_shown(until_ms)}\n")
    rows = csv.DictWriter(text, _COLUMNS, lineterminator="\n")
    rows.writeheader()
    rows.writerows(booked(journal))
    return text.getvalue()


def booked(journal: str) -> list[dict[str, Any]]:
    """A journal's file -> every sale and return as it ended, by the columns' names."""
    sales: dict[str, dict[str, Any]] = {}
    with Path(journal).open(encoding="utf-8") as file:
        for line in file:
            entry = json.loads(line)
            if entry["direction"] == "book":
                first = sales.get(entry["reference"], entry)
                sales[entry["reference"]] = {**entry, "time_ms": first["time_ms"]}
    return [dict(zip(_COLUMNS, _row(sales[reference]), strict=True)) for reference in sorted(sales)]


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
