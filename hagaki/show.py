"""What the demo shows: each happening at its station, in ja or en; the LCD as an LCD, the mails as mails."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from hagaki import show_mail
from hagaki import show_words as words
from hagaki.world import Happening

_COLUMNS: Final = 16
_VALUE_MAX: Final = 40
_NETWORK: Final = ("0800", "0810")

_PICTURES: Final[Mapping[str, tuple[words.Words, Callable[[Path], str]]]] = {
    "handset.posted": (words.SALE_MAIL, show_mail.sale_mail),
    "carrier.delivered": (words.LETTER, show_mail.letter),
}


class Show:
    """Prints happenings as they come. With steps, waits for a key before each new station."""

    def __init__(self, folder: Path, language: str, *, steps: bool, as_json: bool) -> None:
        self._folder = folder
        self._language = language
        self._steps = steps and sys.stdin.isatty()
        self._as_json = as_json
        self._console = Console(highlight=False, soft_wrap=True, quiet=as_json)
        self._station = 0
        self._lcd: Mapping[str, Any] = {}

    def opening(self) -> None:
        """What the world consists of."""
        opening = Panel(self._in(words.OPENING), title="葉書 Hagaki", expand=False)
        self._console.print(opening, soft_wrap=False)

    async def happened(self, happening: Happening) -> None:
        """Show one happening, if it is one that a person wants to see."""
        if self._as_json:
            facts = {"who": happening.who, "verb": happening.verb, **happening.facts}
            print(json.dumps(facts, ensure_ascii=False), flush=True)
        elif happening.verb == "reader.lcd":
            await self._hold_lcd(happening.facts)
        elif happening.verb in words.LINES and happening.facts.get("mti") not in _NETWORK:
            await self._show_lcd()
            await self._show_line(happening)

    async def closing(self, *, approved: bool, took_ms: int) -> None:
        """The last line: what the reader showed, and how long it took."""
        await self._show_lcd()
        word = self._in(words.APPROVED if approved else words.NOT_APPROVED)
        self._console.print()
        self._console.print(Text(word, style="bold green" if approved else "bold red"), end=" ")
        self._console.print(f"({took_ms // 1000}.{took_ms % 1000 // 100} s)")

    async def _show_line(self, happening: Happening) -> None:
        forged = happening.verb == "reader.result" and not happening.facts.get("genuine")
        line = words.FORGED if forged else words.LINES[happening.verb]
        await self._at_station(line.station)
        facts = {name: _short(value) for name, value in happening.facts.items()}
        self._console.print(Text("    " + self._in(line.words).format_map(facts)))
        if happening.verb in _PICTURES:
            title, picture = _PICTURES[happening.verb]
            body = Text(picture(self._folder).strip(), style="dim")
            framed = Panel(body, title=self._in(title), title_align="left", expand=False)
            self._console.print(framed, soft_wrap=False)

    async def _at_station(self, station: int) -> None:
        if station == self._station:
            return
        if self._steps and self._station:
            self._console.print(Text(f"    {self._in(words.STEP)}", style="dim"), end="")
            await asyncio.to_thread(sys.stdin.readline)
        self._station = station
        self._console.print(Text(f"{station:>2}  {self._in(words.STATIONS[station])}", style="bold cyan"))

    async def _hold_lcd(self, facts: Mapping[str, Any]) -> None:
        """A display that only grows by a digit replaces the one before; any other shows that one first."""
        if self._lcd and facts["state"] != self._lcd["state"]:
            await self._show_lcd()
        self._lcd = facts

    async def _show_lcd(self) -> None:
        if not self._lcd:
            return
        lcd, self._lcd = self._lcd, {}
        await self._at_station(words.BACK if lcd["state"] == "result" else words.KEYPAD)
        line = Text("    LCD ")
        for name in ("line1", "line2"):
            line.append(f" {lcd[name]:<{_COLUMNS}} ", style="black on green")
            line.append(" ")
        self._console.print(line)

    def _in(self, both: words.Words) -> str:
        return both.ja if self._language == "ja" else both.en


def _short(value: Any) -> Any:
    """Names made of hashes are told apart by their beginnings."""
    if not isinstance(value, str) or len(value) <= _VALUE_MAX:
        return value
    return f"{value[: _VALUE_MAX - 1]}…"
