"""What the demo shows: each happening at its station, in ja or en, the LCD as an LCD."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from hagaki.show_words import BACK, STATIONS, VERBS, WORDS
from hagaki.world import Happening

_COLUMNS: Final = 16
_VALUE_MAX: Final = 28
_GOOD: Final = frozenset({"approved", "genuine"})


class Show:
    """Prints happenings as they come. With steps, waits for a key before each new station."""

    def __init__(self, language: str, *, steps: bool, as_json: bool) -> None:
        self._language = language
        self._steps = steps
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True, quiet=as_json)
        self._station = 0
        self._lcd: Mapping[str, Any] = {}

    def opening(self) -> None:
        """What the world consists of."""
        self._console.print(Panel(self._word("opening"), title="葉書 Hagaki", expand=False))

    def happened(self, happening: Happening) -> None:
        """Show one happening, if it is one that a person wants to see."""
        if self._as_json:
            facts = {"who": happening.who, "verb": happening.verb, **happening.facts}
            print(json.dumps(facts, ensure_ascii=False), flush=True)
            return
        station = VERBS.get(happening.verb, 0)
        if not station:
            return
        if happening.verb == "reader.lcd":
            self._hold_lcd(happening.facts)
            return
        self._show_lcd()
        self._at_station(station)
        self._console.print("   ", self._line(happening))

    def closing(self, *, approved: bool, took_ms: int) -> None:
        """The last line: what the reader showed, and how long it took."""
        self._show_lcd()
        word = self._word("approved" if approved else "not-approved")
        self._console.print()
        self._console.print(Text(word, style="bold green" if approved else "bold red"), end=" ")
        self._console.print(f"({took_ms // 1000}.{took_ms % 1000 // 100} s)")

    def _at_station(self, station: int) -> None:
        if station == self._station:
            return
        if self._steps and self._station and sys.stdin.isatty():
            self._console.input(Text(f"    {self._word('step')}", style="dim"))
        self._station = station
        self._console.print(Text(f"{station:>2}  {STATIONS[station][self._language]}", style="bold cyan"))

    def _hold_lcd(self, facts: Mapping[str, Any]) -> None:
        """A display that only grows by a digit replaces the one before; any other shows that one first."""
        if self._lcd and facts["state"] != self._lcd["state"]:
            self._show_lcd()
        self._lcd = facts

    def _show_lcd(self) -> None:
        if not self._lcd:
            return
        self._at_station(BACK if self._lcd["state"] == "result" else VERBS["reader.lcd"])
        line = Text("    LCD ")
        for name in ("line1", "line2"):
            line.append(f" {self._lcd[name]:<{_COLUMNS}} ", style="black on green")
            line.append(" ")
        self._console.print(line)
        self._lcd = {}

    def _line(self, happening: Happening) -> Text:
        line = Text(f"{happening.verb:<18}", style="dim")
        for name, value in happening.facts.items():
            if name == "at_ms" or value is None:
                continue
            line.append(f" {name}=", style="dim")
            line.append(_short(value), style="bold green" if value in _GOOD else "")
        return line

    def _word(self, name: str) -> str:
        return WORDS[name][self._language]


def _short(value: object) -> str:
    """Names made of hashes are told apart by their beginnings."""
    text = str(value)
    return text if len(text) <= _VALUE_MAX else f"{text[: _VALUE_MAX - 1]}…"
