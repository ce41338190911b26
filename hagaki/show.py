"""What the demo shows: each happening at its station, in ja or en, the LCD as an LCD."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from hagaki.show_words import STATIONS, VERBS, WORDS
from hagaki.world import Happening

_COLUMNS: Final = 16
_GOOD: Final = frozenset({"approved", "genuine"})


class Show:
    """Prints happenings as they come. With steps, waits for a key before each new station."""

    def __init__(self, language: str, *, steps: bool, as_json: bool) -> None:
        self._language = language
        self._steps = steps
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True, quiet=as_json)
        self._station = 0
        self._lcd = ("", "")

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
        if station != self._station:
            self._new_station(station)
        if happening.verb == "reader.lcd":
            self._show_lcd(happening.facts)
        else:
            self._console.print("   ", self._line(happening))

    def closing(self, *, approved: bool, took_ms: int) -> None:
        """The last line: what the reader showed, and how long it took."""
        word = self._word("approved" if approved else "not-approved")
        self._console.print()
        self._console.print(Text(word, style="bold green" if approved else "bold red"), end=" ")
        self._console.print(f"({took_ms // 1000}.{took_ms % 1000 // 100} s)")

    def _new_station(self, station: int) -> None:
        if self._steps and self._station and sys.stdin.isatty():
            self._console.input(Text(f"    {self._word('step')}", style="dim"))
        self._station = station
        self._console.print(Text(f"{station:>2}  {STATIONS[station][self._language]}", style="bold cyan"))

    def _show_lcd(self, facts: Any) -> None:
        lines = (str(facts["line1"]), str(facts["line2"]))
        if lines == self._lcd:
            return
        self._lcd = lines
        body = Text("\n".join(_padded(line) for line in lines), style="black on green")
        self._console.print(Panel(body, expand=False, padding=0, border_style="green"))

    def _line(self, happening: Happening) -> Text:
        line = Text(f"{happening.verb:<18}", style="dim")
        for name, value in happening.facts.items():
            if name == "at_ms" or value is None:
                continue
            line.append(f" {name}=", style="dim")
            line.append(str(value), style="bold green" if value in _GOOD else "")
        return line

    def _word(self, name: str) -> str:
        return WORDS[name][self._language]


def _padded(line: str) -> str:
    """Half-width kana and ASCII are one column each, as on the LCD."""
    return f" {line:<{_COLUMNS}} "
