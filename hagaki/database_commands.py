"""The command that the owner of a shared database runs: `hagaki database prepare`."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

database_app = typer.Typer(help="The database: prepare a PostgreSQL for the gateways.", no_args_is_help=True)


@database_app.callback()
def group() -> None:
    """The database: prepare a PostgreSQL for the gateways."""


@database_app.command("prepare")
def prepare(
    url: Annotated[
        str, typer.Option(help='As its owner: postgresql://OWNER@HOST/NAME, "env:NAME" or "file:PATH".')
    ],
    role: Annotated[str, typer.Option(help="The gateways' role; empty: the user in their own URL.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Make or upgrade tables, rules and rights, as the database's owner. Again and again does no harm."""
    from mail_gateway.admin import database

    loaded = read_config(config)
    owner = settings(loaded.with_value("gateway", "database", url), "gateway")
    granted = database.prepare(owner.database, settings(loaded, "gateway").database, role)
    tables.one({"role": granted}, f"ready for gateways that log in as {granted}", as_json=as_json)
    return DONE
