"""The commands hold add, list and release: whose sales are not dispatched."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import tables
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, said, settings

app = typer.Typer(help="Holds: stop a reader's, a merchant's, or all sales.", no_args_is_help=True)


@app.command("add")
def add(
    reason: Annotated[str, typer.Option(help="Why; kept.", callback=said)],
    config: ConfigFile = DEFAULT_CONFIG,
    reader: Annotated[int | None, typer.Option(help="A reader's serial.")] = None,
    merchant: Annotated[str | None, typer.Option(help="A merchant's name.")] = None,
    payment: Annotated[int | None, typer.Option(help="A payment's number.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every sale.")] = False,
    as_json: AsJson = False,
) -> int:
    """Hold sales. It counts within a second; they wait while they are fresh, then end uncharged."""
    from mail_gateway.admin import stops
    from mail_gateway.store.holds import Subject

    given: list[tuple[Subject, int | str | None]] = [
        (Subject.READER, reader),
        (Subject.MERCHANT, merchant),
        (Subject.PAYMENT, payment),
        (Subject.GATEWAY, 0 if everything else None),
    ]
    chosen = [(subject, which) for subject, which in given if which is not None]
    if len(chosen) != 1:
        raise Problem("say one of --reader, --merchant, --payment and --all", "usage")
    gateway = settings(read_config(config), "gateway")
    tables.many(stops.add(gateway, *chosen[0], reason), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("list")
def listed(
    config: ConfigFile = DEFAULT_CONFIG,
    released: Annotated[bool, typer.Option("--released", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> int:
    """List the holds."""
    from mail_gateway.admin import stops

    gateway = settings(read_config(config), "gateway")
    tables.many(stops.listed(gateway, released=released), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("release")
def release(
    hold: Annotated[int, typer.Argument(help="The hold's number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """End a hold: what waits and is fresh goes on."""
    from mail_gateway.admin import stops

    done = stops.release(settings(read_config(config), "gateway"), hold)
    tables.one(done, f"hold {hold} is over", as_json=as_json)
    return DONE
