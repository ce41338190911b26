"""Rows for a person as tables that cut nothing, for a program as JSON: one object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hagaki.readable import has_amount, readable

Row = Mapping[str, Any]

_NAME: Final = 16


def one(row: Row, sentence: str, *, as_json: bool) -> None:
    """One row as JSON, or the sentence."""
    print(json.dumps(row, ensure_ascii=False) if as_json else sentence)


def many(
    rows: Sequence[Row], title: str = "", *, as_json: bool, zone: str = "", first: Sequence[str] = ()
) -> None:
    """Rows of the same columns. zone: of the times, as readable takes it. first: the most important ones.

    For a person, columns that are empty are left out; those that find no room beside the others stand below.
    """
    if as_json:
        for row in rows:
            print(json.dumps(row, ensure_ascii=False))
        return
    if not rows:
        print(f"{title}: none" if title else "none")
        return
    from hagaki import columns

    ordered = (*first, *(name for name in rows[0] if name not in first))
    columns.show([readable({name: row[name] for name in ordered}, zone) for row in rows], title)


def whole(record: Row, *, as_json: bool, zone: str = "") -> None:
    """One record whose lists are tables of their own."""
    if as_json:
        print(json.dumps(record, ensure_ascii=False))
        return
    scalars = {name: value for name, value in record.items() if not isinstance(value, list)}
    for name, text in readable(scalars, zone).items():
        print(f"{name:<{_NAME}} {text}")
    for name, value in record.items():
        if isinstance(value, list):
            many([_of(record, row) for row in value], name, as_json=False, zone=zone)


def _of(record: Row, row: Row) -> Row:
    """Amounts in a row that names no currency are in that of its record."""
    return {"currency": record["currency"], **row} if "currency" in record and has_amount(row) else row
