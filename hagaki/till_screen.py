"""The screens of a till and of a vending machine: drawn anew when something changed, otherwise still."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rich.align import Align
from rich.console import Console, Group, RenderableType
from rich.panel import Panel as Frame
from rich.table import Table
from rich.text import Text

from till import words
from till.basket import Abroad
from till.desk import Said, View
from till.machine import State
from till.money import shown, shown_abroad
from till.panel import Front
from till.prices import Good
from till.settings import TillSettings

WIDTH: Final = 76
_AROUND: Final = 15
"""So many rows of a screen are not for the lines of a sale."""
_SHELVES_BELOW: Final = 10
_STYLES: Final = {
    State.MADE: "bold white on dark_green",
    State.DROPPED: "bold white on dark_green",
    State.TOLD: "bold green",
    State.SORRY: "bold white on dark_red",
    State.UNSURE: "bold white on dark_red",
    State.OWED: "bold white on dark_red",
    State.STUCK: "bold yellow",
    State.BROKEN: "bold white on dark_red",
    State.RETURNED: "bold white on dark_green",
    State.NOT_RETURNED: "bold white on dark_red",
    State.CANCELLING: "bold yellow",
    State.DOUBTED: "bold yellow",
    State.IDLE: "bold",
}
_READY: Final = (State.IDLE, State.TOLD, State.RETURNED, State.NOT_RETURNED)
"""Nothing is under way, and nothing has to be read before all else."""

_LABELS: Final[Mapping[str, words.Words]] = {
    "name": words.Words("商品", "goods"),
    "quantity": words.Words("数量", "qty"),
    "unit": words.Words("単価", "price"),
    "sum": words.Words("金額", "amount"),
    "total": words.Words("合計", "TOTAL"),
    "customer": words.Words("お客様", "customer"),
    "deal": words.Words("取引", "deal"),
    "code": words.Words("ご注文コード", "code"),
    "receipt": words.Words("領収書", "receipt"),
}


class Screen:
    """Draws on a terminal; on anything else each picture stands below the one before."""

    def __init__(self, settings: TillSettings, abroad: Abroad | None, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._language = settings.language
        self._currency = settings.currency
        self._title = f"{settings.shop or 'Hagaki'}  {settings.name}"
        self._abroad = abroad

    def till(self, view: View, said: Said | None, receipt: str) -> None:
        """The till. receipt: where the receipt of the open deal is, or ""."""
        body = Group(self._lines(view), self._facts(view, receipt))
        sentences = [words.AT_THE_TILL[view.state], *_why(view.why, view.sentence)]
        if view.asks_customer:
            sentences = [words.SAID["customer-wanted"]]
        elif view.lines and view.state in _READY:
            sentences = [words.READY]
        elif view.state in words.TILL_HINTS:
            sentences.append(words.TILL_HINTS[view.state])
        self._draw(body, self._banner(sentences, view.state), self._below(view.trouble, said))

    def machine(self, front: Front, shelves: Mapping[str, Good], said: Said | None) -> None:
        """The vending machine: its shelves, and what it says."""
        facts = [(name, value) for name, value in (("deal", front.deal_id), ("code", front.code)) if value]
        body = Group(
            self._shelves(front, shelves), self._pairs(facts if front.state is not State.IDLE else [])
        )
        sentences = [words.AT_THE_MACHINE[front.state], *_why(front.why, front.sentence)]
        if front.asks_customer:
            sentences = [words.SAID["customer-wanted"]]
        elif front.state in words.MACHINE_HINTS:
            sentences.append(words.MACHINE_HINTS[front.state])
        self._draw(body, self._banner(sentences, front.state), self._below(front.trouble, said))

    def say(self, said: Said) -> str:
        """One sentence."""
        return words.sentence(words.SAID, said.word, self._language).format_map(said.facts)

    def _draw(self, body: RenderableType, banner: RenderableType, below: RenderableType) -> None:
        if self._console.is_terminal:
            self._console.clear()
        frame = Frame(Group(body, banner, below), title=self._title, width=min(WIDTH, self._console.width))
        self._console.print(frame)
        self._console.print("> ", end="")

    def _label(self, name: str) -> str:
        return _LABELS[name].of(self._language)

    def _money(self, amount_minor: int) -> str:
        return shown(amount_minor, self._currency, self._language)

    def _lines(self, view: View) -> Table:
        table = Table(box=None, expand=True, pad_edge=False, header_style="dim")
        table.add_column("#", justify="right", width=3)
        table.add_column(self._label("name"), ratio=1, no_wrap=True)
        for name in ("quantity", "unit", "sum"):
            table.add_column(self._label(name), justify="right", no_wrap=True)
        room = max(self._console.height - _AROUND, 3)
        hidden = max(len(view.lines) - room, 0)
        if hidden:
            table.add_row("", Text(f"… {hidden}", "dim"), "", "", "")
        for number, line in enumerate(view.lines[hidden:], hidden + 1):
            name = f"{line.good.name} {line.good.model}".strip() + (" ※" if line.good.tax_rate == 8 else "")
            amounts = (self._money(line.good.unit_minor), self._money(line.total_minor))
            table.add_row(str(number), name, str(line.quantity), *amounts)
        total = self._money(view.total_minor)
        table.add_section()
        table.add_row("", "", "", Text(self._label("total"), "bold"), Text(total, "bold"))
        if self._abroad is not None and view.total_minor:
            amount = self._abroad.amount_minor(view.total_minor)
            foreign = shown_abroad(amount, self._abroad.code, self._abroad.exponent)
            rate = f"1 {self._abroad.code} = {self._abroad.rate} ({self._abroad.source})"
            table.add_row("", Text(rate, "dim"), "", "", Text(foreign, "dim"))
        return table

    def _facts(self, view: View, receipt: str) -> RenderableType:
        is_open = view.state not in (State.IDLE, State.TOLD)
        facts = [("customer", view.customer)]
        facts += [("deal", view.deal_id), ("code", view.code), ("receipt", receipt)] if is_open else []
        return self._pairs([(name, value) for name, value in facts if value])

    def _pairs(self, facts: list[tuple[str, str]]) -> RenderableType:
        text = Text("\n")
        for name, value in facts:
            text.append(f"{self._label(name)} ", "dim").append(f"{value}   ")
        return text

    def _banner(self, sentences: list[words.Words], state: State) -> RenderableType:
        text = Text("\n".join(one.of(self._language) for one in sentences), justify="center")
        return Frame(Align.center(text), style=_STYLES.get(state, "bold cyan"), padding=(0, 1))

    def _below(self, trouble: str, said: Said | None) -> RenderableType:
        if trouble:
            return Text(words.sentence(words.TROUBLE, trouble, self._language), "yellow")
        if said is None:
            return Text(" ")
        return Text(self.say(said), "red" if said.is_error else "dim")

    def _shelves(self, front: Front, shelves: Mapping[str, Good]) -> Table:
        """Side by side where there are many."""
        side_by_side = 2 if len(shelves) > _SHELVES_BELOW else 1
        table = Table(box=None, expand=True, pad_edge=False, show_header=False)
        for _ in range(side_by_side):
            table.add_column(ratio=1, no_wrap=True)
            table.add_column(justify="right", no_wrap=True)
        cells = [self._shelf(key, good, is_chosen=key == front.chosen) for key, good in shelves.items()]
        rows = -(-len(cells) // side_by_side)
        for at in range(rows):
            table.add_row(*(text for cell in cells[at::rows] for text in cell))
        return table

    def _shelf(self, key: str, good: Good, *, is_chosen: bool) -> tuple[Text, Text]:
        style = "reverse bold" if is_chosen else ""
        name = Text(f"({key})".rjust(4) + f" {good.name} {good.model}".rstrip(), style)
        return name, Text(self._money(good.unit_minor), style)


def _why(why: str, sentence: str) -> list[words.Words]:
    """Our own words for it; else the gateway's sentence, or its slug."""
    return [words.WHY.get(why, words.Words(sentence or why, sentence or why))] if why else []
