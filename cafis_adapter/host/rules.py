"""Rules that go before the amount's digits: which requests they mean, how often, and when."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cafis_adapter.codec import Message, masked_pan
from cafis_adapter.host.triggers import Trigger, of_amount, shipped_triggers

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOUR: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_KINDS: Final[Mapping[str, type]] = {
    "trigger": str,
    "amount": int,
    "pan": str,
    "terminal": str,
    "mti": str,
    "days": str,
    "begin": str,
    "end": str,
    "after": int,
    "every": int,
    "times": int,
}
_NO_TEXT: Final = re.compile(r'"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*')
_ROW: Final = re.compile(r"\[\[\s*rule\s*\]\]|\{")


class RulesError(Exception):
    """The rules file cannot be used. The text says where and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """0 and "" fit everything. begin, end: "HH:MM" where the host is; an end before its begin is next day's.

    Of those that fit, the first `after` are let pass, then each `every`-th is meant, at most `times` of them.
    """

    trigger: Trigger
    amount: int = 0
    pan: str = ""
    terminal: str = ""
    mti: str = ""
    days: tuple[str, ...] = ()
    begin: str = ""
    end: str = ""
    after: int = 0
    every: int = 1
    times: int = 0

    def fits(self, asked: Message, here: datetime) -> bool:
        """asked: a request about money. here: the time where the host is."""
        if self.mti and self.mti != asked.mti:
            return False
        if self.amount and self.amount != int(asked[4] or 0):
            return False
        if self.terminal and self.terminal != asked[41].strip():
            return False
        return masked_pan(asked).startswith(self.pan) and self._now(here)

    def means(self, number: int) -> bool:
        """Whether the number-th request that fits is meant, counted from 1."""
        number -= self.after
        if number < 1 or number % self.every:
            return False
        return not self.times or number // self.every <= self.times

    def _now(self, here: datetime) -> bool:
        if self.days and DAYS[here.weekday()] not in self.days:
            return False
        now, begin, end = f"{here:%H:%M}", self.begin or "00:00", self.end or "24:00"
        return begin <= now < end if begin <= end else not end <= now < begin


class Rulebook:
    """Rules and how often each has fitted. The first that means a request goes before the amount's digits."""

    def __init__(self, rules: tuple[Rule, ...], utc_offset_minutes: int = 0) -> None:
        self._rules = rules
        self._ahead = timedelta(minutes=utc_offset_minutes)
        self._fitted = [0] * len(rules)

    def pick(self, asked: Message, now_ms: int) -> Trigger:
        """What to do for a request about money. now_ms: unix ms."""
        here = datetime.fromtimestamp(now_ms // 1000, UTC) + self._ahead
        for place, rule in enumerate(self._rules):
            if rule.fits(asked, here):
                self._fitted[place] += 1
                if rule.means(self._fitted[place]):
                    return rule.trigger
        return of_amount(int(asked[4] or 0))


def load_rules(path: str) -> tuple[Rule, ...]:
    """A rules file -> rules; "" -> none. Raises RulesError: the first fault."""
    if not path:
        return ()
    text, table = _read(path)
    faults = list(_faults(table, _lines(text)))
    if faults:
        raise RulesError(f"{path}:{faults[0]}")
    return tuple(_rule(row) for row in table.get("rule", []))


def check_rules(path: str) -> list[str]:
    """Every fault of a rules file as ``LINE: sentence``; none: it can be used. Raises RulesError: no TOML."""
    text, table = _read(path)
    return list(_faults(table, _lines(text)))


def _read(path: str) -> tuple[str, Mapping[str, Any]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RulesError(f"{path}: {error}") from None


def _lines(text: str) -> Iterator[int]:
    """The line on which each rule begins; the last one again for ever."""
    bare = _NO_TEXT.sub(lambda found: " " * len(found[0]), text)
    line = 1
    for found in _ROW.finditer(bare):
        line = bare.count("\n", 0, found.start()) + 1
        yield line
    while True:
        yield line


def _faults(table: Mapping[str, Any], lines: Iterator[int]) -> Iterator[str]:
    for key in table:
        if key != "rule":
            yield f"1: there is no {key!r} here; a rules file holds rows named rule"
    given = table.get("rule", [])
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        yield "1: rule must be a list of tables"
        return
    for row, line in zip(given, lines, strict=False):
        for sentence in _wrong(row):
            yield f"{line}: {sentence}"


def _wrong(row: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with one rule, a sentence for each key."""
    if "trigger" not in row:
        yield "the rule has no trigger"
    for key, value in row.items():
        kind = _KINDS.get(key)
        if kind is None:
            yield f"a rule has no {key!r}; it may have {', '.join(_KINDS)}"
        elif type(value) is not kind:
            yield f"{key} must be {'a whole number' if kind is int else 'a text'}"
        elif sentence := _unfit(key, value):
            yield sentence


def _unfit(key: str, value: Any) -> str:
    match key:
        case "trigger" if value not in shipped_triggers():
            return f"there is no trigger {value!r}; `hagaki host triggers` lists them"
        case "days" if not value.split() or set(value.split()) - set(DAYS):
            return f"days must be words of: {' '.join(DAYS)}"
        case "begin" | "end" if not _HOUR.fullmatch(value):
            return f"{key} must be a time such as 22:30"
        case "amount" | "after" | "every" | "times" if value < 1:
            return f"{key} must be at least 1"
    return ""


def _rule(row: Mapping[str, Any]) -> Rule:
    known = dict(row)
    known["trigger"] = shipped_triggers()[known["trigger"]]
    known["days"] = tuple(known.get("days", "").split())
    return Rule(**known)
