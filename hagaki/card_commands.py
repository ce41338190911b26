"""`hagaki card`: the test card in a virtual PC/SC reader, and what the firmware makes of any card."""

from __future__ import annotations

import json
import secrets
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hagaki.problem import DONE, NO
from hagaki.sections import AsJson

if TYPE_CHECKING:
    from card_reader_fw.emv.errors import ChipError
    from card_reader_fw.emv.flow import ChipCard

app = typer.Typer(help="The chip test card: list, offer to PC/SC, read.", no_args_is_help=True)

CardName = Annotated[str, typer.Option("--card", help="Which test card; `hagaki card list` names them.")]
FaultName = Annotated[str, typer.Option("--fault", help="What is wrong with it; the list names that too.")]
VPCD_PORT: Final = 35963


@app.command("list")
def list_cards(as_json: AsJson = False) -> int:
    """Name the test cards and the faults."""
    from card_reader_fw.board.desk.chip.cards import CARDS
    from card_reader_fw.board.desk.chip.faults import FAULTS

    cards = {card.name: card.says for card in CARDS.values()}
    faults = {fault.name: fault.says for fault in FAULTS.values()}
    if as_json:
        print(json.dumps({"cards": cards, "faults": faults}))
        return DONE
    for title, named in (("cards", cards), ("faults", faults)):
        print(title)
        for name, says in named.items():
            print(f"  {name:<18} {says}")
    return DONE


@app.command("run")
def run(
    card: CardName = "jcb",
    fault: FaultName = "",
    host: Annotated[str, typer.Option(help="Where pcscd runs with vsmartcard-vpcd's driver.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the virtual reader.")] = VPCD_PORT,
    as_json: AsJson = False,
) -> int:
    """Put a test card into a virtual PC/SC reader, until the reader ends or this command is stopped."""
    from card_reader_fw.board.desk.chip.choice import card_of
    from card_reader_fw.board.desk.chip.vpcd import Connection

    offered = card_of(card, fault)
    with Connection(host, port) as connection:
        facts = {"card": card, "fault": fault, "port": port}
        said = json.dumps(facts) if as_json else f"test card {card} is in the reader at port {port}"
        print(said, flush=True)
        try:
            connection.serve(offered)
        except KeyboardInterrupt:
            pass
    return DONE


@app.command("read")
def read(
    slot: Annotated[
        str, typer.Option(help="pcsc, pcsc:READER, card:NAME, card:NAME:FAULT, wire:NAME.")
    ] = "pcsc",
    amount: Annotated[int, typer.Option(min=1, max=99_999_999, help="Yen.")] = 100,
    application: Annotated[int, typer.Option(min=1, help="Which one, if the card has several.")] = 1,
    wait: Annotated[int, typer.Option(min=0, help="Seconds to wait for a card.")] = 30,
    as_json: AsJson = False,
) -> int:
    """Let the firmware ask the card in a slot for one cryptogram, and show what it would seal."""
    from card_reader_fw.board.desk.chip import choice, trial
    from card_reader_fw.emv.errors import ChipError

    opened = choice.slot_of(slot)
    choice.wait_for_card(opened, wait)
    order = trial.sale(amount, int(time.time()), secrets.token_bytes)
    try:
        got = trial.trial(opened, order, lambda labels: min(application, len(labels)) - 1)
    except ChipError as error:
        return _say_no(error, as_json=as_json)
    _show(_facts(got), as_json=as_json)
    got.wipe()
    return DONE


def _say_no(error: ChipError, *, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"slug": error.slug, "may_fall_back": error.may_fall_back}))
    else:
        stripe = "swipe it instead" if error.may_fall_back else "do not swipe it"
        print(f"the chip gives no sale, {stripe} [{error.slug}]", file=sys.stderr)
    return NO


def _facts(got: ChipCard) -> dict[str, Any]:
    from card_reader_fw.emv import tlv

    objects = tlv.walk(got.emv, 0, len(got.emv))
    return {
        "application": got.label,
        "card": got.masked(),
        "verification": got.how,
        "emv": {f"{tag:02X}": got.emv[start:end].hex().upper() for tag, start, end in objects},
    }


def _show(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    print(f"{facts['application']}  {facts['card']}  verification: {facts['verification']}")
    for tag, value in facts["emv"].items():
        print(f"  {tag:<5} {value}")
