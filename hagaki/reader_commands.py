"""`hagaki reader`: enrol a reader, swipe on it, show it a result, or let it run on a serial line."""

from __future__ import annotations

import json
import sys
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hagaki import machine
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, Language, no_config, read_config, settings

if TYPE_CHECKING:
    from card_reader_fw.board.desk.desk import Shown

app = typer.Typer(help="The card reader: enrol, swipe, check a result, run.", no_args_is_help=True)

TEST_CARD: Final = "4111111111111111=27122010000012345678"

DeviceFile = Annotated[Path, typer.Option("--device", help="The reader's device file.")]


@app.command("new")
def new(
    serial: Annotated[int, typer.Option(min=1, max=0xFFFFFFFF, help="The reader's serial number.")],
    out: Annotated[Path, typer.Option("--out", help="Where to write the device file.")],
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Annotated[str, typer.Option(help="Whose reader it is; may be left out if there is one.")] = "",
    language: Annotated[Language, typer.Option(help="Language of the LCD.")] = "en",
    as_json: AsJson = False,
) -> int:
    """Enrol a reader: derive its initial key and write its device file, once."""
    from card_reader_fw.board.desk import device
    from mail_gateway.admin import readers

    if out.exists():
        raise Problem(f"{out} exists; a reader's keys are written once, choose another file", "device-exists")
    loaded = read_config(config)
    enrolled = readers.enrol(settings(loaded, "gateway"), settings(loaded, "keys"), serial, merchant)
    device.create(out, enrolled.initial_key_id, enrolled.initial_key, language=language)
    facts = {"serial": serial, "merchant": enrolled.merchant, "device": str(out)}
    print(json.dumps(facts) if as_json else f"reader {serial} of {enrolled.merchant}: {out}")
    return DONE


@app.command("swipe")
def swipe(
    device: DeviceFile,
    amount: Annotated[int, typer.Option(help="Minor units of the currency; for yen, yen.")],
    track2: Annotated[str, typer.Option(help="Text of track 2 between the sentinels.")] = "",
    flux: Annotated[Path | None, typer.Option(help="Flux intervals in microseconds, one a line.")] = None,
    wav: Annotated[Path | None, typer.Option(help="A recording of the head, mono PCM.")] = None,
    condition: Annotated[int, typer.Option(help="Payment condition: 10 lump sum, 61 instalments ...")] = 10,
    count: Annotated[int, typer.Option(help="How many instalments, for conditions 61 to 63.")] = 3,
    mail: Annotated[bool, typer.Option("--mail", help="Print a whole mail, not only the armour.")] = False,
    mail_from: Annotated[str, typer.Option("--from", help="With --mail: sender.")] = "merchant@localhost",
    mail_to: Annotated[str, typer.Option("--to", help="With --mail: the centre's address.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Swipe a card on the reader and print the sealed sale."""
    from card_reader_fw.board.desk import desk

    if sum(map(bool, (track2, flux, wav))) > 1:
        raise Problem("give one of --track2, --flux and --wav", "usage")
    sealed = desk.swipe(
        device,
        amount_minor=amount,
        condition=condition,
        count=count,
        track2=track2 or (None if flux or wav else TEST_CARD),
        flux=flux,
        wav=wav,
        now_s=machine.now_s(),
    )
    if mail:
        sys.stdout.buffer.write(_sale_mail(sealed.text, mail_from, mail_to or _centre(config)))
    elif as_json:
        facts = {"ksn": sealed.ksn.hex(), "slip": sealed.slip, "lcd": list(sealed.lcd), "sale": sealed.text}
        print(json.dumps(facts, ensure_ascii=False))
    else:
        print(sealed.text, end="")
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
    as_json: AsJson = False,
) -> int:
    """Let the reader run on a serial line; standard input has a command a line: swipe, keys, key, quit."""
    from card_reader_fw.board.desk import desk

    tell = machine.tell_json if as_json else machine.tell_plain
    desk.run(device, port=port, commands=sys.stdin, tell=tell)
    return DONE


def _centre(config: Path) -> str:
    if no_config(config):
        return "sale@localhost"
    gateway = settings(read_config(config), "gateway")
    return f"{gateway.sale_local}@{gateway.domain}"


def _sale_mail(block: str, sender: str, recipient: str) -> bytes:
    from handset.courier import sale_mail

    return sale_mail(block, sender, recipient, date=formatdate(machine.now_s()))


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
