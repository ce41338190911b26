"""The commands customer means add, list and retire; numbers come hidden, never on the command line."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from hagaki import machine, tables
from hagaki.ceremony_commands import desk
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

app = typer.Typer(help="Means: how a customer pays.", no_args_is_help=True)

Customer = Annotated[str, typer.Argument(help="The customer ID, such as C-7Q4KDM.")]


@app.command("add")
def add(
    customer: Customer,
    config: ConfigFile = DEFAULT_CONFIG,
    card: Annotated[bool, typer.Option("--card", help="A card: number, then expiry, MM/YY.")] = False,
    account: Annotated[
        bool, typer.Option("--account", help="A bank account: office, kind, number, holder, mandate.")
    ] = False,
    acquirer: Annotated[str, typer.Option(help="Whom to ask; empty: as the routes say.")] = "",
    as_json: AsJson = False,
) -> int:
    """Add a card or an account, asked for hidden; from a pipe: a line of standard input for each."""
    from mail_gateway.admin import means

    if card == account:
        raise Problem("say one of --card and --account", "usage")
    where = desk(config)
    if card:
        number = machine.hidden("card number (hidden): ")
        added = means.add_card(where, customer, (number, machine.hidden("expiry MM/YY (hidden): ")), acquirer)
    else:
        added = means.add_account(where, customer, _account(), acquirer)
    tables.one(added, f"means {added['id']} of {customer}: {added['shown']}", as_json=as_json)
    return DONE


@app.command("list")
def listed(customer: Customer, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List a customer's means, masked; the oldest in use pays unless an order names one."""
    from mail_gateway.admin import means

    gateway = settings(read_config(config), "gateway")
    tables.many(means.listed(gateway, customer), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("retire")
def retire(
    number: Annotated[int, typer.Argument(metavar="MEANS", help="The means' number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Pay nothing by it any more, and wipe what is kept of it."""
    from mail_gateway.admin import means

    done = means.retire(settings(read_config(config), "gateway"), number)
    tables.one(done, f"means {number}, {done['shown']}, is wiped", as_json=as_json)
    return DONE


def _account() -> Any:
    """Five lines -> an account, its holder as banks write it. Raises Problem."""
    from acquirer_sdk.account import BankAccount
    from bank_debit.asked import HOLDER_MAX
    from bank_debit.kana import KanaError, half_width

    office = machine.hidden("bank and branch, 7 digits (hidden): ")
    kind = machine.hidden("kind, 1 ordinary, 2 current (hidden): ")
    number = machine.hidden("account number, 7 digits (hidden): ")
    try:
        holder = half_width(machine.hidden("holder in kana (hidden): "), HOLDER_MAX)
    except KanaError as error:
        raise Problem("the holder's name is written in kana, as the bank has it", error.slug) from None
    mandate = machine.hidden("number of the mandate (hidden): ")
    kind_number = int(kind) if kind.isascii() and kind.isdigit() else 0
    return BankAccount(office, number, kind=kind_number, holder=holder, customer=mandate)
