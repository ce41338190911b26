"""What the host does for which amount: the table in triggers.toml and a rules file that goes before it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from cafis_adapter.codec import Message, masked_pan


class Step(StrEnum):
    """The words of `does`; triggers.toml says what each means."""

    CHARGE = "charge"
    ANSWER = "answer"
    REFUSE = "refuse"
    LATE = "late"
    SLOW = "slow"
    CUT = "cut"
    HALF = "half"
    DRIP = "drip"
    SPLIT = "split"
    JOINED = "joined"
    GARBAGE = "garbage"
    OVERSIZE = "oversize"
    EMPTY = "empty"
    SIGN_OFF = "sign-off"
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
    """How a reversal is taken."""

    ACKNOWLEDGED = ""
    SILENT_ONCE = "silent-once"
    SILENT_TWICE = "silent-twice"
    SILENT = "silent"
    REFUSED = "refused"
    THEN_APPROVE = "then-approve"


class RulesError(Exception):
    """The rules file cannot be used. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One row of the table."""

    digits: str
    text: str
    code: str = "00"
    centre: str = ""
    does: tuple[Step, ...] = (Step.CHARGE, Step.ANSWER)
    wrong: Wrong = Wrong.NOTHING
    reversal: Undo = Undo.ACKNOWLEDGED


APPROVE: Final = Trigger("", "approved")


@dataclass(frozen=True, slots=True)
class Rule:
    """The first rule that fits goes before the amount's digits. 0 and "" fit everything."""

    trigger: Trigger
    amount: int = 0
    pan: str = ""
    mti: str = ""
    every: int = 0

    def fits(self, asked: Message, number: int) -> bool:
        """asked: an 0100 or 0200. number: how many the host has seen, this one counted."""
        if self.mti and self.mti != asked.mti:
            return False
        if self.amount and self.amount != int(asked[4]):
            return False
        if self.pan and not masked_pan(asked).startswith(self.pan):
            return False
        return not self.every or number % self.every == 0


@cache
def shipped_triggers() -> Mapping[str, Trigger]:
    """Last three digits -> trigger, as shipped."""
    text = (files("cafis_adapter.host") / "triggers.toml").read_text(encoding="utf-8")
    return {row["digits"]: _trigger(row) for row in tomllib.loads(text)["trigger"]}


def rows() -> list[tuple[str, str, str]]:
    """The table for people: last three digits, what comes back, what happens."""
    return [(t.digits, t.centre or t.code, t.text) for t in shipped_triggers().values()]


def load_rules(path: str) -> tuple[Rule, ...]:
    """A rules file -> rules; "" -> none. Raises RulesError.

    ``rule = [{ amount = 1200, trigger = "901" }, { pan = "411111", every = 3, trigger = "051" }]``
    """
    if not path:
        return ()
    try:
        table = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        return tuple(_rule(row) for row in table.get("rule", []))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, TypeError) as error:
        raise RulesError(f"{path}: {error}") from None


def pick(rules: tuple[Rule, ...], asked: Message, number: int) -> Trigger:
    """An 0100 or 0200 and its running number -> what to do."""
    for rule in rules:
        if rule.fits(asked, number):
            return rule.trigger
    return shipped_triggers().get(asked[4][-3:], APPROVE)


def _trigger(row: Mapping[str, Any]) -> Trigger:
    known = dict(row)
    if "does" in known:
        known["does"] = tuple(Step(word) for word in known["does"].split())
    known["wrong"] = Wrong(known.get("wrong", ""))
    known["reversal"] = Undo(known.get("reversal", ""))
    return Trigger(**known)


def _rule(row: Mapping[str, Any]) -> Rule:
    known = dict(row)
    digits = known.pop("trigger", None)
    if digits not in shipped_triggers():
        raise RulesError(f"rule {row}: there is no trigger {digits!r}; docs/host.md lists them")
    return Rule(shipped_triggers()[digits], **known)
