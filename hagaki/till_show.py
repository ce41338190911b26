"""A till and a vending machine as they run here: each change becomes a picture or a line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hagaki import machine, till_device
from hagaki.till_disk import MACHINE_KIND, TILL, Kept, SimulatedShelf
from hagaki.till_screen import Screen
from till.basket import Abroad
from till.counter import Counter
from till.desk import Desk, Said, View
from till.journal import Deal
from till.machine import State
from till.panel import Front, Panel, shelves_of
from till.receipt import Issuer, Row, rows_of, text_of
from till.settings import TillSettings
from till.vending import Vending


class Papers:
    """Receipts of one device: made once, kept, and given out again as they were."""

    def __init__(self, settings: TillSettings) -> None:
        self._kept = Kept(Path(settings.journal))
        self._issuer = Issuer(
            settings.shop,
            settings.address,
            settings.registration_number,
            settings.language,
            settings.currency,
        )

    def of(self, deal: Deal) -> tuple[bytes, bytes]:
        """A deal that was made -> its receipt as text (UTF-8) and as PDF. Raises OSError."""
        rows = rows_of(deal, self._issuer, machine.time_text(deal.facts["made_ms"]))
        text = self._kept.keep(f"{deal.deal_id}.txt", text_of(rows).encode())
        if self._kept.path(f"{deal.deal_id}.pdf").exists():
            return text, self._kept.keep(f"{deal.deal_id}.pdf", b"")
        return text, self._kept.keep(f"{deal.deal_id}.pdf", _paper(rows, deal.deal_id))

    def place(self, deal: Deal) -> str:
        """Where the PDF of a deal is."""
        return str(self._kept.path(f"{deal.deal_id}.pdf"))


def _paper(rows: Sequence[Row], title: str) -> bytes:
    """reportlab is large: it is loaded with the first receipt."""
    from hagaki import till_paper
    from mail_gateway.outbox import pdf

    return till_paper.paper_of(rows, pdf.faces(machine.file_bytes), title)


async def run_till(settings: TillSettings, abroad: Abroad | None, *, as_json: bool) -> None:
    """A till, until it is told to quit. Raises Problem, TillError, OSError."""
    device = await till_device.build(settings, TILL, abroad)
    try:
        counter = Counter(device.journal, device.ports())
        desk = Desk(counter, device.prices, device.terms, device.new_deal_id)
        shown = _Till(desk, counter, settings, abroad, as_json=as_json)
        shown.changed()
        await device.run(counter, shown.hear, shown.changed, as_json=as_json)
    finally:
        _below(as_json=as_json)
        await till_device.close(device.link, device.file)


async def run_machine(settings: TillSettings, *, as_json: bool) -> None:
    """A simulated vending machine, until it is told to quit. Raises as above."""
    device = await till_device.build(settings, MACHINE_KIND, None)
    try:
        shelf = SimulatedShelf(device.folder)
        vending = Vending(device.journal, device.ports(), shelf)
        shelves = shelves_of(device.prices)
        panel = Panel(vending, shelves, device.terms, device.new_deal_id)
        shown = _Machine(panel, shelf, Screen(settings, None), shelves, as_json=as_json)
        shown.changed()
        await device.run(vending, shown.hear, shown.changed, as_json=as_json)
    finally:
        _below(as_json=as_json)
        await till_device.close(device.link, device.file)


class _Till:
    """Shows a desk: on a screen, or as one JSON object for each thing that happens."""

    def __init__(
        self,
        desk: Desk,
        counter: Counter,
        settings: TillSettings,
        abroad: Abroad | None,
        *,
        as_json: bool,
    ) -> None:
        self._desk = desk
        self._counter = counter
        self._screen = Screen(settings, abroad)
        self._papers = Papers(settings)
        self._as_json = as_json
        self._said: Said | None = None
        self._printed = ""

    def hear(self, line: str) -> None:
        """One line of the scanner or the keyboard."""
        self._said = self._desk.hear(line)
        if self._as_json:
            _tell("till.said", word=self._said.word, error=self._said.is_error, **self._said.facts)

    def changed(self) -> None:
        """Something happened."""
        view, receipt = self._desk.view(), self._receipt()
        if self._as_json:
            _tell("till.state", **_facts_of(view))
            return
        self._screen.till(view, self._said, receipt)
        self._said = None

    def _receipt(self) -> str:
        """Print it when the deal is made; -> where it is."""
        deal = self._counter.deal
        if deal is None or "made_ms" not in deal.facts or deal.state is State.SORRY:
            return ""
        if self._printed != deal.deal_id:
            text, _ = self._papers.of(deal)
            self._printed = deal.deal_id
            if self._as_json:
                _tell("till.receipt", deal=deal.deal_id, text=text.decode(), pdf=self._papers.place(deal))
        return self._papers.place(deal)


class _Machine:
    """Shows a panel; a few words more make things go wrong in the simulated shelf."""

    def __init__(
        self,
        panel: Panel,
        shelf: SimulatedShelf,
        screen: Screen,
        shelves: Mapping[str, Any],
        *,
        as_json: bool,
    ) -> None:
        self._panel = panel
        self._shelf = shelf
        self._screen = screen
        self._shelves = shelves
        self._as_json = as_json
        self._said: Said | None = None

    def hear(self, line: str) -> None:
        """A key, a scan, an attendant's word; !jam and !blind break the shelf, !mend mends it."""
        word = line.strip().lower()
        if word in ("!jam", "!blind", "!mend"):
            self._shelf.is_jammed, self._shelf.is_blind = word == "!jam", word == "!blind"
            return
        self._said = self._panel.hear(line)
        if self._as_json:
            _tell("machine.said", word=self._said.word, error=self._said.is_error, **self._said.facts)

    def changed(self) -> None:
        """Something happened."""
        front = self._panel.front()
        if self._as_json:
            _tell("machine.state", fallen=self._shelf.fallen(), **_front_of(front))
            return
        self._screen.machine(front, self._shelves, self._said)
        self._said = None


def _facts_of(view: View) -> dict[str, Any]:
    lines = [
        {"code": line.good.code, "quantity": line.quantity, "total_minor": line.total_minor}
        for line in view.lines
    ]
    shown = {name: value for name, value in asdict(view).items() if name not in ("lines", "asks_customer")}
    return {**shown, "state": view.state.value, "made": view.state is State.MADE, "lines": lines}


def _front_of(front: Front) -> dict[str, Any]:
    return {**asdict(front), "state": front.state.value}


def _below(*, as_json: bool) -> None:
    """The last picture stays; the shell's prompt stands below it."""
    if not as_json:
        print()


def _tell(verb: str, **facts: Any) -> None:
    print(json.dumps({"verb": verb, **facts}, ensure_ascii=False), flush=True)
