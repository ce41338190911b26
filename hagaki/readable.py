"""A row as people read it: moments in a time zone, amounts with their currency, nothing moves a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hagaki import machine
from mail_gateway.domain.money import shown as amount

_MOMENTS: Final = {"_ms": 1, "_s": 1000}
_AMOUNT: Final = "_minor"
_MOMENT_MIN_MS: Final = 100_000_000_000
"""Less than this (1973) is no moment but a time that something takes."""


def readable(row: Mapping[str, Any], zone: str = "") -> dict[str, str]:
    """The row's columns as text; a moment's name loses its `_ms`, an amount's its `_minor`.

    Amounts are written with the row's `currency`, which has no column then. zone: IANA name; empty: this
    machine's.
    """
    currency = row.get("currency") if has_amount(row) else None
    found: dict[str, str] = {}
    for name, value in row.items():
        short, text = _column(name, value, zone, currency)
        found[name if short in row else short] = text
    if currency is not None:
        del found["currency"]
    return found


def has_amount(row: Mapping[str, Any]) -> bool:
    """Whether one of its columns is an amount of money."""
    return any(name.endswith(_AMOUNT) for name in row)


def _column(name: str, value: Any, zone: str, currency: int | None) -> tuple[str, str]:
    for ending, unit_ms in _MOMENTS.items():
        if name.endswith(ending) and (value is None or _is_moment(value, unit_ms)):
            return name.removesuffix(ending), "" if value is None else machine.time_text(
                value * unit_ms, zone
            )
    if name.endswith(_AMOUNT) and currency is not None:
        return name.removesuffix(_AMOUNT), "" if value is None else amount(value, currency, "en")
    return name, plain(_text(value))


def _is_moment(value: Any, unit_ms: int) -> bool:
    return isinstance(value, int) and value * unit_ms >= _MOMENT_MIN_MS


def plain(line: str) -> str:
    """Without what moves a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in line)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_text(one)}" for name, one in value.items() if one not in ("", None))
    if isinstance(value, list | tuple):
        return ", ".join(map(_text, value))
    return str(value)
