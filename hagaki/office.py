"""The operator's commands: check-config, merchant and payments."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from hagaki import api_commands, machine, return_commands, selling_commands, shop_commands, tables
from hagaki.acquirers import build_acquirers, routing
from hagaki.problem import DONE, Problem
from hagaki.sample import sample
from hagaki.secret_commands import try_all
from hagaki.sections import DEFAULT_CONFIG, SECTIONS, AsJson, ConfigFile, Language, read_config, settings

merchant_app = typer.Typer(help="Merchants: who sells, and where the answers go.", no_args_is_help=True)
payments_app = typer.Typer(help="Payments: what became of each sale.", no_args_is_help=True)

_ITEMS = "What is asked for after an approval: product-code,note or none; empty: as the acquirer says."
_PAYMENT = ("id", "kind", "state", "amount_minor", "received_ms", "approval_number", "order_id", "original")
_NEEDED = ("gateway", "keys", "smtp", "smarthost", "acquirer")


def check_config(
    config: ConfigFile = DEFAULT_CONFIG,
    shipped: Annotated[bool, typer.Option("--sample", help="Print a config.toml with every key.")] = False,
    as_json: AsJson = False,
) -> int:
    """Read the configuration and say what is wrong with it, or that nothing is."""
    from mail_gateway.intake.imap import assert_way_in
    from mail_gateway.ports import Ports
    from mail_gateway.tls import Certificates

    if shipped:
        print(sample(), end="")
        return DONE
    loaded = read_config(config)
    for name, where in SECTIONS.items():
        if where and (name in _NEEDED or loaded.table(name)):
            settings(loaded, name)
    outside = Ports(machine.now_ms, machine.random_bytes, machine.tell_nobody, file=machine.file_bytes)
    certificates = Certificates(outside)
    for door in ("smtp", "site"):
        certificates.context(settings(loaded, door), door)
    assert_way_in(settings(loaded, "smtp"), settings(loaded, "imap"))
    build_acquirers(loaded)
    try_all(loaded)
    idle = [row for row, _ in routing(loaded).unreachable()]
    facts = {"config": str(config), "good": True, "idle_routes": idle}
    print(json.dumps(facts) if as_json else f"{config}: good")
    for row, taker in () if as_json else routing(loaded).unreachable():
        print(f"[[routes]] row {row} is never used: row {taker} takes every sale before it")
    return DONE


@merchant_app.command("add")
def merchant_add(
    name: Annotated[str, typer.Option(help="Name on letters.")],
    mail: Annotated[str, typer.Option(help="Where results go: the address on file.")],
    config: ConfigFile = DEFAULT_CONFIG,
    language: Annotated[Language, typer.Option(help="Language of the letters.")] = "ja",
    terminal_id: Annotated[str, typer.Option(help="ISO 8583 DE41; empty: the next free.")] = "",
    merchant_id: Annotated[str, typer.Option(help="ISO 8583 DE42; empty: the next free.")] = "",
    second_mail: Annotated[str, typer.Option(help="Where a letter goes that the first does not take.")] = "",
    items: Annotated[str, typer.Option(help=_ITEMS)] = "",
    as_json: AsJson = False,
) -> int:
    """Add a merchant."""
    from mail_gateway.admin import merchants

    loaded = read_config(config)
    new = merchants.NewMerchant(name, mail, language, terminal_id, merchant_id, second_mail, items)
    added = merchants.add(settings(loaded, "gateway"), new)
    tables.one(added, f"merchant {name}: results go to {mail}", as_json=as_json)
    return DONE


@merchant_app.command("change")
def merchant_change(
    name: Annotated[str, typer.Argument(help="The merchant's name.")],
    config: ConfigFile = DEFAULT_CONFIG,
    mail: Annotated[str | None, typer.Option(help="The new address on file.")] = None,
    second_mail: Annotated[str | None, typer.Option(help="The new second address; empty: none.")] = None,
    items: Annotated[str | None, typer.Option(help=_ITEMS)] = None,
    as_json: AsJson = False,
) -> int:
    """Give a merchant other addresses, from the next letter on, or ask it for other items."""
    from mail_gateway.admin import merchants
    from mail_gateway.domain.wants import NONE

    given = {"mail": mail, "second_mail": second_mail, "items": items}
    changes = {key: value for key, value in given.items() if value is not None}
    changed = merchants.change(settings(read_config(config), "gateway"), name, changes)
    second = f", then to {changed['second_mail']}" if changed["second_mail"] else ""
    asked = {"": "", NONE: "; asked after an approval: nothing"}
    items = asked.get(changed["items"], f"; asked after an approval: {changed['items']}")
    tables.one(changed, f"merchant {name}: results go to {changed['mail']}{second}{items}", as_json=as_json)
    return DONE


@merchant_app.command("list")
def merchant_list(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the merchants."""
    from mail_gateway.admin import merchants

    gateway = settings(read_config(config), "gateway")
    tables.many(merchants.listed(gateway), as_json=as_json, zone=gateway.time_zone)
    return DONE


merchant_app.command("set")(shop_commands.merchant_set)
merchant_app.command("selling")(selling_commands.merchant_selling)
merchant_app.add_typer(api_commands.key_app, name="key")
merchant_app.add_typer(api_commands.hooks_app, name="hooks")
payments_app.command("void")(return_commands.void)
payments_app.command("refund")(return_commands.refund)


@payments_app.command("list")
def payments_list(
    config: ConfigFile = DEFAULT_CONFIG,
    state: Annotated[str, typer.Option(help="Only those in this state, or: shunted, undelivered.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List payments, newest first."""
    from mail_gateway.admin import payments
    from mail_gateway.domain.payment import State

    known = [*(one.value for one in State), "shunted", "undelivered"]
    if state and state not in known:
        raise Problem(f"no payment is ever {state!r}; say one of {', '.join(known)}", "usage")
    gateway = settings(read_config(config), "gateway")
    rows = payments.listed(gateway, state=state, limit=limit)
    tables.many(rows, as_json=as_json, zone=gateway.time_zone, first=_PAYMENT)
    return DONE


@payments_app.command("show")
def payments_show(
    payment: Annotated[int, typer.Argument(help="The payment's number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Show one payment: its events, attempts, transfers and letters."""
    from mail_gateway.admin import payments

    gateway = settings(read_config(config), "gateway")
    tables.whole(payments.shown(gateway, payment), as_json=as_json, zone=gateway.time_zone)
    return DONE
