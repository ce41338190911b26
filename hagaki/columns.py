"""Rows of text under each other, none cut off: what finds no room beside the others stands below."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

_GAP: Final = 2
_INDENT: Final = 4
_COUNTED: Final = re.compile(r"(?:[A-Z]{3} )?[0-9][0-9,.]*")
"""What stands at the right of its column."""


def show(rows: Sequence[Mapping[str, str]], title: str) -> None:
    """Print rows of the same columns, the most important first; columns that are empty are left out."""
    console = Console(highlight=False, soft_wrap=True)
    if title:
        console.print(Text(title, style="italic"))
    for line in _lines(rows, console):
        console.print(line)


def _lines(rows: Sequence[Mapping[str, str]], console: Console) -> Iterator[Text]:
    names = [name for name in rows[0] if any(row[name] for row in rows)] or list(rows[0])
    widths = {name: max(cell_len(text) for text in (name, *(row[name] for row in rows))) for name in names}
    beside = _fitting(widths, console.width)
    below = [name for name in names if name not in beside]
    right = {name for name in beside if all(_COUNTED.fullmatch(row[name] or "0") for row in rows)}
    if beside:
        yield _line({name: name for name in beside}, widths, right, "bold")
    for row in rows:
        if beside:
            yield _line({name: row[name] for name in beside}, widths, right, "")
        yield from _below({name: row[name] for name in below if row[name]}, console)


def _fitting(widths: Mapping[str, int], room: int) -> list[str]:
    """The columns that stand beside each other: each that there is still room for, the first ones first."""
    taken: list[str] = []
    room += _GAP
    for name, width in widths.items():
        if width + _GAP <= room:
            taken.append(name)
            room -= width + _GAP
    return taken


def _line(cells: Mapping[str, str], widths: Mapping[str, int], right: set[str], style: str) -> Text:
    line = Text(style=style)
    for name, text in cells.items():
        space = " " * (widths[name] - cell_len(text))
        line.append(space + text if name in right else text + space).append(" " * _GAP)
    line.rstrip()
    return line


def _below(pairs: Mapping[str, str], console: Console) -> Iterator[Text]:
    """Names and values one after the other, wrapped at the terminal's edge."""
    room = console.width - _INDENT
    line = Text()
    for name, text in pairs.items():
        pair = Text.assemble((name, "dim"), " ", text)
        if line and line.cell_len + _GAP + pair.cell_len > room:
            yield from _wrapped(line, console)
            line = Text()
        line = Text(" " * _GAP).join([line, pair]) if line else pair
    if line:
        yield from _wrapped(line, console)


def _wrapped(line: Text, console: Console) -> Iterator[Text]:
    for part in line.wrap(console, console.width - _INDENT, overflow="fold"):
        yield Text(" " * _INDENT).append_text(part)
