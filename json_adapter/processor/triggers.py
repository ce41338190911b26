"""What the processor does for which amount: the table in triggers.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from json_adapter.problems import shipped_problems


class Step(StrEnum):
    """The words of `does`; triggers.toml says what each means."""

    CHARGE = "charge"
    ANSWER = "answer"
    LATE = "late"
    SLOW = "slow"
    CUT = "cut"
    HALF = "half"
    DRIP = "drip"
    SPLIT = "split"
    TWICE = "twice"
    GARBAGE = "garbage"
    EMPTY = "empty"
    HUGE = "huge"
    SHORT = "short"
    LONGER = "longer"
    BARE = "bare"
    FORGED = "forged"
    REPLAYED = "replayed"
    STALE = "stale"
    DOUBLED = "doubled"
    FRACTION = "fraction"
    PROXY = "proxy"
    AWAY = "away"
    COOKIE = "cookie"
    MISLABEL = "mislabel"
    PAUSE = "pause"
    DEAF = "deaf"


class Wrong(StrEnum):
    """What may be wrong with an answer."""

    NOTHING = ""
    AMOUNT = "amount"
    CURRENCY = "currency"
    TERMINAL = "terminal"
    STAN = "stan"
    REFERENCE = "reference"
    CODE = "code"
    APPROVAL = "approval"


class Undo(StrEnum):
    """How a reversal or an advice is taken."""

    ACKNOWLEDGED = ""
    SILENT_ONCE = "silent-once"
    SILENT_TWICE = "silent-twice"
    SILENT = "silent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One row of the table."""

    digits: str
    text: str
    problem: str = ""
    half: bool = False
    does: tuple[Step, ...] = (Step.CHARGE, Step.ANSWER)
    wrong: Wrong = Wrong.NOTHING
    reversal: Undo = Undo.ACKNOWLEDGED
    advice: Undo = Undo.ACKNOWLEDGED
    totals: str = ""


APPROVE: Final = Trigger("", "approved")


@cache
def shipped_triggers() -> Mapping[str, Trigger]:
    """Last three digits -> trigger, as shipped. Raises ValueError for a problem that nobody knows."""
    text = (files("json_adapter.processor") / "triggers.toml").read_text(encoding="utf-8")
    found = {row["digits"]: _trigger(row) for row in tomllib.loads(text)["trigger"]}
    unknown = {trigger.problem for trigger in found.values()} - {"", *shipped_problems()}
    if unknown:
        raise ValueError(f"no such problem: {unknown}")
    return found


def rows() -> list[tuple[str, str, str]]:
    """The table for people: last three digits, the problem that comes back, what happens."""
    return [(t.digits, t.problem, t.text) for t in shipped_triggers().values()]


def pick(amount_minor: int) -> Trigger:
    """An amount in minor units -> what it provokes."""
    return shipped_triggers().get(f"{amount_minor % 1000:03d}", APPROVE)


def _trigger(row: Mapping[str, Any]) -> Trigger:
    known = dict(row)
    if "does" in known:
        known["does"] = tuple(Step(word) for word in known["does"].split())
    known["wrong"] = Wrong(known.get("wrong", ""))
    for taken in ("reversal", "advice"):
        known[taken] = Undo(known.get(taken, ""))
    return Trigger(**known)
