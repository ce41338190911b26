"""The commands audit verify and audit anchor: prove afterwards what happened."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hagaki import machine
from hagaki.problem import DONE, NO
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

app = typer.Typer(help="The audit: is everything what its own rules make it?", no_args_is_help=True)

_SAY_EVERY = 10_000


@app.command("anchor")
def anchor(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Print where every chain stands, to keep off this machine."""
    from mail_gateway.admin import audits

    for line in audits.take(settings(read_config(config), "gateway")):
        print(json.dumps(dict(zip(("name", "upto", "hash"), line.split(), strict=True))) if as_json else line)
    return DONE


@app.command("verify")
def verify(
    config: ConfigFile = DEFAULT_CONFIG,
    file: Annotated[Path | None, typer.Option("--from", help="A backup instead of the database.")] = None,
    kept: Annotated[Path | None, typer.Option("--anchor", help="An anchor that was kept.")] = None,
    as_json: AsJson = False,
) -> int:
    """Check chains, events, transfers, balances and letters. Exit 1 where something is wrong."""
    from mail_gateway.admin import audits

    text = None if kept is None else machine.text(kept)
    found = audits.verify(settings(read_config(config), "gateway"), file, text, _progress)
    if as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        print("checked: " + ", ".join(f"{count} {what}" for what, count in found["checked"].items()))
        for fault in found["faults"]:
            print(f"{fault['slug']}: {fault['text']}")
        print("good" if not found["faults"] else f"{len(found['faults'])} faults")
    return NO if found["faults"] else DONE


def _progress(payments: int) -> None:
    if payments % _SAY_EVERY == 0 and sys.stderr.isatty():
        print(f"{payments} payments ...", file=sys.stderr)
