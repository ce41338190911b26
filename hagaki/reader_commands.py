"""`hagaki reader`: enrol a reader, show it a result, or let it run on a serial line; and the counter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hagaki import ceremony_commands, counter_commands, first_record, machine
from hagaki.counter_commands import DeviceFile
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, Language

if TYPE_CHECKING:
    from card_reader_fw.board.desk.desk import Shown

app = typer.Typer(help="The card reader: enrol, sell, give back, check a result, run.", no_args_is_help=True)

app.command("swipe")(counter_commands.swipe)
app.command("insert")(counter_commands.insert)
app.command("void")(counter_commands.void)
app.command("cancel")(counter_commands.cancel)
app.command("refund")(counter_commands.refund)
app.command("again")(counter_commands.again)
app.command("sales")(counter_commands.sales)


@app.command("new")
def new(
    serial: Annotated[int, typer.Option(min=1, max=0xFFFFFFFF, help="The reader's serial number.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the device file.")],
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Annotated[str, typer.Option(help="Whose reader it is; may be left out if there is one.")] = "",
    language: Annotated[Language, typer.Option(help="Language of the LCD.")] = "en",
    pin: Annotated[bool, typer.Option("--pin", help="Allow PIN entry, for trials: no safe keypad.")] = False,
    as_json: AsJson = False,
) -> int:
    """Enrol a reader: derive its initial key and write its device file, once."""
    from card_reader_fw.board.desk import device
    from mail_gateway.admin import readers

    if out.exists():
        raise Problem(f"{out} exists; a reader's keys are written once, choose another file", "device-exists")
    desk = ceremony_commands.desk(config)
    with first_record.gone_if_it_fails() as written, readers.enrolling(desk, serial, merchant) as enrolled:
        device.create(out, enrolled.initial_key_id, enrolled.initial_key, language, pin_on=pin)
        written.append(out)
    facts = {"serial": serial, "merchant": enrolled.merchant, "device": str(out)}
    print(json.dumps(facts) if as_json else f"reader {serial} of {enrolled.merchant}: {out}")
    return DONE


@app.command("result")
def result(
    device: DeviceFile,
    code: Annotated[str, typer.Option(help="The 8-digit check code, instead of a mail.")] = "",
    as_json: AsJson = False,
) -> int:
    """Show the reader a result mail (standard input) or a typed check code. Exit 0 only if it is genuine."""
    from card_reader_fw.board.desk import desk

    shown = (
        desk.show_code(device, code)
        if code
        else desk.show_result(device, _result_block(machine.standard_input()))
    )
    _print_shown(shown, as_json=as_json)
    return DONE if shown.genuine else NO


@app.command("run")
def run(
    device: DeviceFile,
    port: Annotated[str, typer.Option(help="A serial device, or pty for a pseudo terminal.")] = "pty",
    slot: Annotated[
        str, typer.Option(help="Chip slot: empty, card:NAME, pcsc ...; else there is none.")
    ] = "",
    typed: Annotated[
        Path | None, typer.Option(help="The reader is a USB keyboard too; what it types goes into this file.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="The reader shows QR codes too, as this *.png or *.svg.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Let the reader run on a serial line; standard input has a command a line: swipe, insert, keys, quit."""
    from card_reader_fw.board.desk import desk

    tell = machine.tell_json if as_json else machine.tell_plain
    parts = desk.Parts(slot, typed, picture)
    desk.run(device, port=port, commands=sys.stdin, tell=tell, parts=parts)
    return DONE


def _result_block(raw: bytes) -> str:
    """Standard input: a mail, or just the block -> the block. Raises Problem when there is none."""
    from schemas.envelope import armour
    from schemas.errors import WireError
    from schemas.mail import find, read

    mail = read.read_mail(raw)
    if isinstance(mail, read.Unreadable):
        raise Problem(f"standard input is not a mail that can be read ({mail.slug})", "mail-unreadable", NO)
    try:
        kind, body = find.find_block(mail, armour.RESULT)
    except WireError as error:
        raise Problem("the mail holds no whole result; nothing is shown", error.slug, NO) from None
    return str(armour.block(kind, body))


def _print_shown(shown: Shown, *, as_json: bool) -> None:
    if as_json:
        facts = {"genuine": shown.genuine, "outcome": shown.outcome, "lcd": list(shown.lcd)}
        print(json.dumps(facts, ensure_ascii=False))
        return
    for line in shown.lcd:
        print(line)
