"""`hagaki merchant selling`: a merchant takes orders by mail, and how."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hagaki import machine, tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

Settling = Literal["at-once", "confirmed", "daily"]


def merchant_selling(
    name: Annotated[str, typer.Argument(help="The merchant's name.")],
    config: ConfigFile = DEFAULT_CONFIG,
    settle: Annotated[
        Settling | None,
        typer.Option(help="When customers are charged: when the order is placed, or confirmed."),
    ] = None,
    plain_max: Annotated[
        int | None, typer.Option(help="Up to so much a yes from a proven sender is enough, minor units.")
    ] = None,
    code_max: Annotated[
        int | None, typer.Option(help="Up to so much the order's code is enough; above: computed digits.")
    ] = None,
    answer_h: Annotated[
        int | None, typer.Option(help="A question lapses after so many hours; 0: as [orders] says.")
    ] = None,
    remind_h: Annotated[
        int | None, typer.Option(help="It is sent again after so many hours; 0: as [orders] says.")
    ] = None,
    webhook: Annotated[
        str | None,
        typer.Option(help="https address that is told of orders; empty: none. Shows its new secret."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Let a merchant take orders by mail, or set how; what is not named stays."""
    from mail_gateway.admin import api_keys, selling

    given = {
        **{"settle": settle, "plain_minor_max": plain_max, "code_minor_max": code_max},
        **{"answer_h": answer_h, "remind_h": remind_h},
    }
    changes = {key: value for key, value in given.items() if value is not None}
    loaded = read_config(config)
    gateway = settings(loaded, "gateway")
    changed = selling.change(gateway, name, changes)
    if webhook is not None:
        keys = settings(loaded, "keys")
        changed |= api_keys.set_webhook(gateway, keys, name, webhook, machine.random_bytes)
    shown = ", ".join(f"{key} {value}" for key, value in changed.items() if value not in ("", 0))
    tables.one(changed, shown, as_json=as_json)
    return DONE
