"""The commands shunt list, show, retry and drop: payments that no rule can move."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings

app = typer.Typer(help="The shunt list: payments that wait for a person.", no_args_is_help=True)

Number = Annotated[int, typer.Argument(help="The payment's number.")]


@app.command("list")
def listed(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the payments that wait for a person, and why."""
    from mail_gateway.admin import shunts

    gateway = settings(read_config(config), "gateway")
    tables.many(shunts.listed(gateway), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("show")
def show(payment: Number, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Show one of them with all that happened to it."""
    from mail_gateway.admin import shunts

    gateway = settings(read_config(config), "gateway")
    tables.whole(shunts.shown(gateway, payment), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("retry")
def retry(
    payment: Number,
    config: ConfigFile = DEFAULT_CONFIG,
    reason: Annotated[str, typer.Option(help="Why it will work now; kept.")] = "",
    as_json: AsJson = False,
) -> int:
    """Let it go on. The gateway finds it within a minute; if it is too old by then, it ends uncharged."""
    from mail_gateway.admin import shunts

    done = shunts.retry(settings(read_config(config), "gateway"), payment, reason)
    tables.one(done, f"payment {payment} goes on", as_json=as_json)
    return DONE


@app.command("drop")
def drop(
    payment: Number,
    reason: Annotated[str, typer.Option(help="Why; kept.", callback=said)],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """End it uncharged and tell its merchant. Refused where somebody may have paid."""
    from mail_gateway.admin import shunts

    done = shunts.drop(settings(read_config(config), "gateway"), payment, reason)
    tables.one(done, f"payment {payment} ends uncharged; its merchant is told", as_json=as_json)
    return DONE
