"""Rows for a person as tables, for a program as JSON: one object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

Row = Mapping[str, Any]


def one(row: Row, sentence: str, *, as_json: bool) -> None:
    """One row as JSON, or the sentence."""
    print(json.dumps(row, ensure_ascii=False) if as_json else sentence)


def many(rows: Sequence[Row], title: str = "", *, as_json: bool) -> None:
    """Rows of the same columns."""
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        print(f"{title}: none" if title else "none")
        return
    table = Table(*rows[0], title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


def whole(record: Row, *, as_json: bool) -> None:
    """One record whose lists are tables of their own."""
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
        return
    for name, value in record.items():
        if not isinstance(value, list):
            print(f"{name:<16} {'' if value is None else value}")
    for name, value in record.items():
        if isinstance(value, list):
            many(value, name, as_json=as_json)
