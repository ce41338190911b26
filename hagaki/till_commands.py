"""`hagaki shop`: a till, a vending machine, and the journal of either."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hagaki import machine, tables
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, Language, read_config, settings

if TYPE_CHECKING:
    from till.journal import Deal, Journal

_TOLD: Final = ("shelf", "of", "order", "order_state", "code", "fallen", "why", "sentence")
"""What a person wants to see of a step."""

_NOT_SOLD: Final = ("sorry", "broken")
"""It may have been made once: the money went back, or never came."""

app = typer.Typer(help="A shop's own devices: till and vending machine.", no_args_is_help=True)
journal_app = typer.Typer(help="What a device did, deal by deal.", no_args_is_help=True)
app.add_typer(journal_app, name="journal")

PriceFile = Annotated[Path | None, typer.Option(help="Price file, CSV, instead of \\[till] prices.")]
Tongue = Annotated[Language | None, typer.Option(help="Language of screen and receipts.")]
Currency = Annotated[str, typer.Option(help="A foreign currency to show beside ours, such as USD.")]
Rate = Annotated[str, typer.Option(help="Ours for one of theirs, such as 151.23.")]
Source = Annotated[str, typer.Option(help="Whose rate it is, and of when.")]
DealId = Annotated[str, typer.Argument(help="The deal ID.")]


@app.command("till")
def till(
    config: ConfigFile = DEFAULT_CONFIG,
    prices: PriceFile = None,
    scanner: Annotated[
        str | None, typer.Option(help="Serial device of the scanner instead of \\[till] scanner.")
    ] = None,
    language: Tongue = None,
    currency: Currency = "",
    rate: Rate = "",
    source: Source = "",
    as_json: AsJson = False,
) -> int:
    """Run a till: scan, send, wait for the customer's yes, hand over, print the receipt."""
    from hagaki import till_device, till_show

    chosen = till_device.with_options(
        settings(read_config(config), "till"),
        prices=str(prices) if prices else None,
        scanner=scanner,
        language=language,
    )
    abroad = till_device.abroad_of(currency, rate, source, chosen.currency)
    asyncio.run(till_show.run_till(chosen, abroad, as_json=as_json))
    return DONE


@app.command("machine")
def vending_machine(
    config: ConfigFile = DEFAULT_CONFIG,
    prices: PriceFile = None,
    language: Tongue = None,
    as_json: AsJson = False,
) -> int:
    """Run a simulated vending machine: choose a shelf, say yes by mail, the goods drop once."""
    from hagaki import till_device, till_show

    chosen = till_device.with_options(
        settings(read_config(config), "till"), prices=str(prices) if prices else None, language=language
    )
    asyncio.run(till_show.run_machine(chosen, as_json=as_json))
    return DONE


@journal_app.command("list")
def journal_list(
    config: ConfigFile = DEFAULT_CONFIG,
    open_only: Annotated[bool, typer.Option("--open", help="Only deals that are not ended.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the deals of this device and where each stands."""
    chosen = settings(read_config(config), "till")
    rows = [
        {
            "deal": deal.deal_id,
            "device": kind,
            "began_ms": deal.began_ms,
            "state": deal.state.value,
            "total_minor": _total(deal),
            "currency": chosen.currency,
            "order": deal.facts.get("order"),
            "of": deal.facts.get("of", ""),
        }
        for kind, journal in _journals(chosen)
        for deal in journal.deals.values()
        if deal.is_open or not open_only
    ]
    tables.many(rows, "deals", as_json=as_json)
    return DONE


@journal_app.command("show")
def journal_show(
    deal: DealId,
    config: ConfigFile = DEFAULT_CONFIG,
    receipt: Annotated[bool, typer.Option("--receipt", help="Print its receipt instead.")] = False,
    pdf: Annotated[Path | None, typer.Option(help="Write its receipt as PDF to this new file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show one deal step by step, or print its receipt again: the same bytes."""
    chosen = settings(read_config(config), "till")
    journal = next((one for _, one in _journals(chosen) if deal in one.deals), None)
    if journal is None:
        raise Problem(f"the journal has no deal {deal}; see `hagaki shop journal list`", "no-deal", NO)
    if receipt or pdf:
        return _print_receipt(chosen, journal.deals[deal], pdf)
    steps = [
        {"at": machine.time_text(one.at_ms), "event": one.event, "state": one.state.value, **_said(one.facts)}
        for one in journal.records
        if one.deal_id == deal
    ]
    if as_json:
        print(json.dumps({"deal": deal, "steps": steps}, ensure_ascii=False))
        return DONE
    body = journal.deals[deal].facts
    for line in body["lines"]:
        print(f"{line['quantity']:>4} x {line['unit_minor']:>9,}  {line['name']} {line['model']}".rstrip())
    tables.many([_short(step) for step in steps], deal, as_json=False)
    return DONE


def _journals(chosen: Any) -> list[tuple[str, Journal]]:
    """Kind of device and one of its journals, as it stands."""
    from hagaki.till_disk import KINDS, ReadOnly, files
    from till import journal

    folder = Path(chosen.journal)
    return [(kind, journal.Journal(ReadOnly(path))) for kind in KINDS for path in files(folder, kind)]


def _total(deal: Deal) -> int | None:
    """What its goods cost, minor units. Of a return, what goes back; None: all that is left."""
    total_minor: int | None = sum(one["unit_minor"] * one["quantity"] for one in deal.facts["lines"])
    if "of" in deal.facts:
        total_minor = deal.facts["body"].get("amount_minor")
    return total_minor


def _said(facts: Any) -> dict[str, Any]:
    """What a step says, without the order, which all steps share."""
    return {name: value for name, value in facts.items() if name not in ("body", "lines", "abroad")}


def _short(step: dict[str, Any]) -> dict[str, Any]:
    said = " ".join(f"{name}={step[name]}" for name in _TOLD if step.get(name, "") != "")
    return {"at": step["at"], "event": step["event"], "state": step["state"], "known": said}


def _print_receipt(chosen: Any, deal: Deal, pdf: Path | None) -> int:
    from hagaki.till_show import Papers

    if "made_ms" not in deal.facts or deal.state.value in _NOT_SOLD:
        raise Problem(f"{deal.deal_id} was not sold: there is no receipt", "receipt-none", NO)
    text, paper = Papers(chosen).of(deal)
    if pdf is None:
        print(text.decode(), end="")
        return DONE
    with pdf.open("xb") as file:
        file.write(paper)
    print(pdf)
    return DONE
