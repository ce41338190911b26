"""The commands doctor, mails and gaps: what is stuck, what could not be read, what never came."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from hagaki import machine, tables
from hagaki.acquirers import routing
from hagaki.problem import DONE, NO
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

mails_app = typer.Typer(help="Mails that nobody could read.", no_args_is_help=True)
gaps_app = typer.Typer(help="Holes in the readers' counters.", no_args_is_help=True)


def doctor(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Say what is stuck, why, and which command helps. Exit 1 where there is something."""
    from mail_gateway.admin import doctor as office_doctor
    from mail_gateway.settings import mailbox_name

    loaded = read_config(config)
    chosen = (settings(loaded, "gateway"), settings(loaded, "keys"))
    mailbox = mailbox_name(loaded.table("imap"))
    found = office_doctor.examine(*chosen, machine.now_ms(), routing(loaded), mailbox)
    for trouble in found:
        row = dataclasses.asdict(trouble)
        print(json.dumps(row, ensure_ascii=False) if as_json else f"{trouble.slug}: {trouble.sentence}")
        if not as_json:
            print(f"    {trouble.command}")
    if not found and not as_json:
        print("healthy")
    return NO if found else DONE


@mails_app.command("list")
def mails_list(
    config: ConfigFile = DEFAULT_CONFIG,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List unreadable mails, newest first."""
    from mail_gateway.admin import mails

    gateway = settings(read_config(config), "gateway")
    tables.many(mails.listed(gateway, limit), as_json=as_json, zone=gateway.time_zone)
    return DONE


@mails_app.command("show")
def mails_show(
    mail: Annotated[int, typer.Argument(help="The mail's number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    raw: Annotated[Path | None, typer.Option("--raw", help="Write its bytes to this new file.")] = None,
    as_json: AsJson = False,
) -> int:
    """Show one of them: who, when and why; never its text."""
    from mail_gateway.admin import mails

    gateway = settings(read_config(config), "gateway")
    if raw is None:
        tables.whole(mails.shown(gateway, mail), as_json=as_json, zone=gateway.time_zone)
    else:
        tables.one(mails.save(gateway, mail, raw), f"mail {mail}: {raw}", as_json=as_json)
    return DONE


@gaps_app.command("list")
def gaps_list(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the counters that never came, though later ones did over 15 minutes ago."""
    from mail_gateway.admin import holes

    gateway = settings(read_config(config), "gateway")
    tables.many(holes.listed(gateway), as_json=as_json, zone=gateway.time_zone)
    return DONE
