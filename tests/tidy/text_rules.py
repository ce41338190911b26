"""Rules about any text of the project: nothing left to do, nothing about one machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tidy_tree import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b(?!\S*=)")
MACHINE = re.compile(r"(?<![\w./~-])/(work|root|home/\w+|Users/\w+)/|/tmp/bash_" + r"jobs")


def unfinished(path: str, text: str) -> Iterator[Finding]:
    """Nothing is left to do: it is done, or it is an issue."""
    yield from _lines(path, text, UNFINISHED, "is left to do: do it, or write it down outside the code")


def machine_paths(path: str, text: str) -> Iterator[Finding]:
    """The project knows no particular machine."""
    yield from _lines(path, text, MACHINE, "is a path of one machine: use one relative to the project")


def _lines(path: str, text: str, pattern: re.Pattern[str], advice: str) -> Iterator[Finding]:
    for number, line in enumerate(text.splitlines(), 1):
        found = pattern.search(line)
        if found:
            yield Finding(path, number, found.group(), advice)
