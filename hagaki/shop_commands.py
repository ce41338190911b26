"""`hagaki merchant set`: what stands on a merchant's receipts, and how its day is closed."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from hagaki import tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

Rate = Literal["10", "8", "0"]
Rounding = Literal["down", "half", "up"]
Closing = Literal["open", "full"]


def merchant_set(
    name: Annotated[str, typer.Argument(help="The merchant's name.")],
    config: ConfigFile = DEFAULT_CONFIG,
    issuer: Annotated[str | None, typer.Option(help="Name on receipts; empty: the merchant's.")] = None,
    registration_number: Annotated[
        str | None, typer.Option(help="Of a qualified invoice issuer, T and 13 digits; empty: none.")
    ] = None,
    person: Annotated[
        bool, typer.Option("--person", help="The number is a person's: no check digit.")
    ] = False,
    address: Annotated[str | None, typer.Option(help="Address on receipts.")] = None,
    rate: Annotated[Rate | None, typer.Option(help="Usual tax rate, percent.")] = None,
    rounding: Annotated[Rounding | None, typer.Option(help="What becomes of a part of a yen of tax.")] = None,
    description: Annotated[str | None, typer.Option(help="What receipts are usually for.")] = None,
    digest: Annotated[
        Closing | None, typer.Option(help="Letter at the end of the day: what is open, or all of it.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Set what stands on a merchant's receipts, and how its day is closed; what is not named stays."""
    from mail_gateway.admin import shops

    given = {
        "issuer": issuer,
        "registration_number": registration_number,
        "address": address,
        "rate": None if rate is None else int(rate),
        "rounding": rounding,
        "description": description,
        "digest": digest,
    }
    changes = {key: value for key, value in given.items() if value is not None}
    changed = shops.change(settings(read_config(config), "gateway"), name, changes, person=person)
    shown = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in changed.items() if value != "")
    tables.one(changed, shown, as_json=as_json)
    return DONE
