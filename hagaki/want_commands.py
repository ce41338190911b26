"""The commands wants list and close: what merchants were asked for by mail, and what became of it."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

app = typer.Typer(help="Wants: what merchants were asked for by mail.", no_args_is_help=True)


@app.command("list")
def listed(
    config: ConfigFile = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, oldest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List what is asked and not answered, or answered and not taken by the acquirer."""
    from mail_gateway.admin import wants

    gateway = settings(read_config(config), "gateway")
    rows = wants.listed(gateway, everything=everything, limit=limit)
    tables.many(rows, as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("close")
def close(
    want: Annotated[int, typer.Argument(help="The want's number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Ask and send no more of it: a person has settled it with the merchant or the acquirer."""
    from mail_gateway.admin import wants

    done = wants.close(settings(read_config(config), "gateway"), want)
    tables.one(done, f"want {want} is closed", as_json=as_json)
    return DONE
