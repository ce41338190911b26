"""The commands keys new, list, show, history, rotate, revoke, allow, transport, load and renew."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from hagaki import ceremony_commands, first_record, machine, tables, zone_commands
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, Language, said

if TYPE_CHECKING:
    from handset.key_line import Brought
    from mail_gateway.admin.keys import Desk

app = typer.Typer(
    help="Keys: ceremonies, key blocks for readers, rotation, revocation.", no_args_is_help=True
)
app.command("begin")(ceremony_commands.begin)
app.command("component")(ceremony_commands.component)
app.command("enter")(ceremony_commands.enter)
app.command("finish")(ceremony_commands.finish)
app.command("cancel")(ceremony_commands.cancel)
app.add_typer(zone_commands.app, name="zone")
app.add_typer(zone_commands.device_app, name="device")

Reader = Annotated[int | None, typer.Option(help="A reader's serial.")]
Bdk = Annotated[str, typer.Option(help="A BDK's ID, 8 hex digits.")]
Reason = Annotated[str, typer.Option(help="Why; kept.", callback=said)]
Port = Annotated[str, typer.Option(help="The serial device that the reader is on.")]
Serial = Annotated[int, typer.Option("--serial", min=1, max=0xFFFFFFFF, help="The reader's serial number.")]

BAUD: Final = 9600


@app.command("new")
def new(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Make a base derivation key, wrapped under the root key; makes the root key's file if there is none."""
    from mail_gateway.admin import keys

    desk = ceremony_commands.desk(config)
    made = keys.new_bdk(desk.gateway, desk.keys, desk.operator)
    tables.one(made, f"BDK {made['bdk_id']}, check value {made['kcv']}", as_json=as_json)
    return DONE


@app.command("list")
def listed(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the base derivation keys, and which of them opens what."""
    from mail_gateway.admin import keys

    desk = ceremony_commands.desk(config)
    tables.many(keys.listed(desk), as_json=as_json, zone=desk.gateway.time_zone)
    return DONE


@app.command("show")
def show(
    bdk: Annotated[str, typer.Argument(help="The BDK's ID, 8 hex digits.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Show one BDK: its readers, how many sales each has left, and what was done with it."""
    from mail_gateway.admin import keys

    desk = ceremony_commands.desk(config)
    tables.whole(keys.shown(desk, bdk.upper()), as_json=as_json, zone=desk.gateway.time_zone)
    return DONE


@app.command("history")
def history(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """All that was ever done with keys, by whom and when."""
    from mail_gateway.admin import keys

    desk = ceremony_commands.desk(config)
    tables.many(keys.history(desk), as_json=as_json, zone=desk.gateway.time_zone)
    return DONE


@app.command("rotate")
def rotate(
    config: ConfigFile = DEFAULT_CONFIG,
    days: Annotated[int | None, typer.Option(min=0, max=3650, help="How long the old ones open.")] = None,
    as_json: AsJson = False,
) -> int:
    """Let every BDK but the newest end: it opens what is sealed in the next days, then nothing newer."""
    from mail_gateway.admin import keys

    desk = ceremony_commands.desk(config)
    done = keys.rotate(desk, days)
    until = machine.time_text(done["until_ms"], desk.gateway.time_zone)
    tables.one(done, f"{', '.join(done['retired'])}: open until {until}", as_json=as_json)
    return DONE


@app.command("revoke")
def revoke(
    reason: Reason,
    config: ConfigFile = DEFAULT_CONFIG,
    reader: Reader = None,
    bdk: Bdk = "",
    as_json: AsJson = False,
) -> int:
    """A reader, or all readers of a BDK: from the next mail on their sales are refused, on every node."""
    from mail_gateway.admin import keys

    done = keys.revoke(ceremony_commands.desk(config), _subject(reader, bdk), reason)
    tables.one(done, f"revoked: {_name(done)}", as_json=as_json)
    return DONE


@app.command("allow")
def allow(
    reason: Reason,
    config: ConfigFile = DEFAULT_CONFIG,
    reader: Reader = None,
    bdk: Bdk = "",
    as_json: AsJson = False,
) -> int:
    """Take a revocation back."""
    from mail_gateway.admin import keys

    done = keys.revoke(ceremony_commands.desk(config), _subject(reader, bdk), reason, revoked=False)
    tables.one(done, f"good again: {_name(done)}", as_json=as_json)
    return DONE


@app.command("transport")
def transport(
    serial: Serial,
    out: Annotated[Path, typer.Option("--out", help="Where to write its record.")],
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Annotated[str, typer.Option(help="Whose reader it is; may be left out if there is one.")] = "",
    language: Annotated[Language, typer.Option(help="Language of the LCD.")] = "en",
    chip: Annotated[bool, typer.Option("--chip", help="A script for mpremote, not a device file.")] = False,
    as_json: AsJson = False,
) -> int:
    """A new reader without keys: write its first record, with the transport key for its first key block."""
    from mail_gateway.admin import loading

    first_record.assert_free(out)
    write = first_record.chip_script if chip else first_record.device_file
    desk = ceremony_commands.desk(config)
    with first_record.gone_if_it_fails() as written, loading.transport(desk, serial, merchant) as made:
        write(out, made, language)
        written.append(out)
    facts = {"serial": serial, "merchant": made.merchant, "device": str(out)}
    tables.one(facts, f"reader {serial} of {made.merchant}, no keys yet: {out}", as_json=as_json)
    return DONE


@app.command("load")
def load(
    port: Port,
    config: ConfigFile = DEFAULT_CONFIG,
    reader: Annotated[int | None, typer.Option("--serial", help="Only if it is this reader.")] = None,
    as_json: AsJson = False,
) -> int:
    """Load a reader on a serial line with keys of the newest BDK; again is no harm."""
    return _load(port, config, ("transport", "update"), serial=reader, as_json=as_json)


@app.command("renew")
def renew(
    port: Port,
    config: ConfigFile = DEFAULT_CONFIG,
    reader: Annotated[int | None, typer.Option("--serial", help="Only if it is this reader.")] = None,
    as_json: AsJson = False,
) -> int:
    """The same for a reader that has keys already, worn out or of an older BDK: under its update key."""
    return _load(port, config, ("update",), serial=reader, as_json=as_json)


def _load(port: str, config: Path, openers: tuple[str, ...], *, serial: int | None, as_json: bool) -> int:
    from handset import key_line
    from mail_gateway.admin import loading

    desk = ceremony_commands.desk(config)

    def choose(told: Any) -> str:
        found = int(told.key_id[8:], 16)
        if serial is not None and found != serial:
            raise Problem(f"This is reader {found}, not {serial}; nothing was loaded", "other-reader")
        if told.opens not in openers:
            raise Problem(f"Reader {found} cannot be given keys so: it has {told.opens}", "no-loading-key")
        return loading.block_for(desk, told)

    brought = asyncio.run(key_line.bring(port, BAUD, choose))
    return _tell(desk, brought, as_json=as_json)


def _tell(desk: Desk, brought: Brought, *, as_json: bool) -> int:
    from mail_gateway.admin import loading

    serial = int(brought.told.key_id[8:], 16)
    if brought.answer is None:
        facts = {"serial": serial, "key_id": brought.told.key_id, "loaded": False}
        tables.one(facts, f"reader {serial} has the newest keys: nothing to do", as_json=as_json)
        return DONE
    if brought.answer.done != "loaded":
        raise Problem(f"Reader {serial} did not take its keys: {brought.answer.value}", "load-refused", NO)
    done = {**loading.confirm(desk, brought.block, brought.answer.value), "loaded": True}
    tables.one(done, f"reader {serial}: keys {done['key_id']}, check value {done['kcv']}", as_json=as_json)
    return DONE


def _subject(reader: int | None, bdk: str) -> int | str:
    if (reader is None) == (not bdk):
        raise Problem("say one of --reader and --bdk", "usage")
    return bdk.upper() if reader is None else reader


def _name(done: dict[str, Any]) -> str:
    return (
        f"reader {done['reader']}" if "reader" in done else f"BDK {done['bdk_id']}, {done['readers']} readers"
    )
