"""What a problem means: the table in problems.toml, checked on load."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from acquirer_sdk.values import Item

TYPE: Final = "https://processor.example/problems/"
"""How `type` of every problem begins. It names, and is not to be fetched."""

MEDIA_TYPE: Final = "application/problem+json"


class Meaning(StrEnum):
    """The words of `outcome`; problems.toml says what each means."""

    DECLINED = "declined"
    AGAIN = "again"
    MORE = "more"
    DOUBT = "doubt"
    REFUSED = "refused"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Problem:
    """One row of the table."""

    slug: str
    status: int
    title: str
    meaning: Meaning
    code: str
    items: tuple[Item, ...]


@cache
def shipped_problems() -> Mapping[str, Problem]:
    """Slug -> problem, as shipped."""
    text = (files("json_adapter") / "problems.toml").read_text(encoding="utf-8")
    return read_problems(tomllib.loads(text)["problem"])


def read_problems(rows: list[Mapping[str, Any]]) -> Mapping[str, Problem]:
    """The parsed file -> checked. Raises ValueError for a word that is none, or a slug that stands twice."""
    found = [_problem(**row) for row in rows]
    if len({problem.slug for problem in found}) != len(found):
        raise ValueError("a slug stands twice")
    return {problem.slug: problem for problem in found}


def rows() -> list[tuple[str, int, str, str, str]]:
    """The table for people: slug, HTTP status, what it means, code, in words."""
    return [(p.slug, p.status, p.meaning.value, p.code, p.title) for p in shipped_problems().values()]


def _problem(*, outcome: str, items: tuple[str, ...] = (), **row: Any) -> Problem:
    return Problem(meaning=Meaning(outcome), items=tuple(Item(item) for item in items), **row)
