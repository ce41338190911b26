"""The commands product add, load, list, set, stock and retire: what a merchant sells by mail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hagaki import machine, tables
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings
from hagaki.shop_commands import Rate

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings

app = typer.Typer(help="Products: what a merchant sells by mail.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(help="The merchant's own code, or the barcode.")]
Merchant = Annotated[str, typer.Option(help="The merchant's name; not needed where there is one.")]
_PRICE = "Price of one with tax, minor units: 540 is 540 yen."


@app.command("add")
def add(
    code: Code,
    name: Annotated[str, typer.Option(help="What customers read.")],
    price: Annotated[int, typer.Option(help=_PRICE)],
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    model: Annotated[str, typer.Option(help="Model, size or colour.")] = "",
    rate: Annotated[Rate, typer.Option(help="Tax rate within the price, percent.")] = "10",
    stock: Annotated[int | None, typer.Option(help="How many there are; not given: not counted.")] = None,
    as_json: AsJson = False,
) -> int:
    """Add a product."""
    from mail_gateway.admin import products

    new = products.NewProduct(code, name, price, model, int(rate), stock)
    added = products.add(_gateway(config), merchant, new)
    tables.one(added, _sentence(added), as_json=as_json)
    return DONE


@app.command("load")
def load(
    file: Annotated[Path, typer.Argument(help="CSV: code, name, unit_minor; model, tax_rate, stock.")],
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    as_json: AsJson = False,
) -> int:
    """Add and change products as a price file says, all of it or nothing; others stay."""
    from mail_gateway.admin import products

    try:
        data = file.read_bytes()
    except OSError as error:
        raise machine.machine_problem(error) from None
    done = products.load(_gateway(config), merchant, data)
    added = f"{done['added']} product{'' if done['added'] == 1 else 's'} added"
    sentence = f"{done['merchant']}: {added}, {done['changed']} changed"
    tables.one(done, sentence, as_json=as_json)
    return DONE


@app.command("list")
def listed(
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    everything: Annotated[bool, typer.Option("--all", help="Retired ones too.")] = False,
    as_json: AsJson = False,
) -> int:
    """List what a merchant sells: price, stock, and how much of it is reserved for orders."""
    from mail_gateway.admin import products

    gateway = _gateway(config)
    rows = products.listed(gateway, merchant, everything=everything)
    shown = rows if as_json else [_brief(row) for row in rows]
    tables.many(shown, as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("set")
def change(
    code: Code,
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    name: Annotated[str | None, typer.Option(help="What customers read.")] = None,
    price: Annotated[int | None, typer.Option(help=_PRICE)] = None,
    model: Annotated[str | None, typer.Option(help="Model, size or colour; empty: none.")] = None,
    rate: Annotated[Rate | None, typer.Option(help="Tax rate within the price, percent.")] = None,
    as_json: AsJson = False,
) -> int:
    """Change a product, for orders from now on; what is not named stays."""
    from mail_gateway.admin import products

    given = {"name": name, "unit_minor": price, "model": model, "tax_rate": rate and int(rate)}
    changes = {key: value for key, value in given.items() if value is not None}
    changed = products.change(_gateway(config), merchant, code, changes)
    tables.one(changed, _sentence(changed), as_json=as_json)
    return DONE


@app.command("stock")
def stock(
    code: Code,
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    to: Annotated[int | None, typer.Option(min=0, help="So many are there.")] = None,
    by: Annotated[int | None, typer.Option(help="So many came in; below 0: went out.")] = None,
    uncounted: Annotated[bool, typer.Option("--uncounted", help="Count it no more.")] = False,
    as_json: AsJson = False,
) -> int:
    """Say how much of a product there is; what is reserved for orders cannot be taken away."""
    from mail_gateway.admin import products

    if [to is not None, bool(by), uncounted].count(True) != 1:
        raise Problem("say one of --to, --by and --uncounted", "usage")
    changed = products.restock(_gateway(config), merchant, code, to=to, by=by or 0)
    tables.one(changed, _sentence(changed), as_json=as_json)
    return DONE


@app.command("retire")
def retire(
    code: Code,
    config: ConfigFile = DEFAULT_CONFIG,
    merchant: Merchant = "",
    back: Annotated[bool, typer.Option("--back", help="Sell it again.")] = False,
    as_json: AsJson = False,
) -> int:
    """Sell a product no more; orders that were placed go on."""
    from mail_gateway.admin import products

    done = products.retire(_gateway(config), merchant, code, back=back)
    sentence = _sentence(done) if back else f"{code} is not sold any more"
    tables.one(done, sentence, as_json=as_json)
    return DONE


def _gateway(config: Path) -> GatewaySettings:
    found: GatewaySettings = settings(read_config(config), "gateway")
    return found


def _brief(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its price as people read it, and no column more than a terminal has room for."""
    from mail_gateway.domain.money import shown

    named = {"code": row["code"], "name": row["name"], "model": row["model"]}
    counted = {"stock": row["stock"], "reserved": row["reserved"]}
    price = shown(row["unit_minor"], row["currency"], "en")
    return {**named, "price": price, "tax": f"{row['tax_rate']}%", **counted, "retired_ms": row["retired_ms"]}


def _sentence(row: dict[str, Any]) -> str:
    from mail_gateway.domain.money import shown

    price = shown(row["unit_minor"], row["currency"], "en")
    counted = "not counted" if row["stock"] is None else f"{row['stock']} in stock"
    return f"{row['code']} {row['name']}: {price}, tax rate {row['tax_rate']}%, {counted}"
