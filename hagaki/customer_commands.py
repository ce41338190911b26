"""The commands customer add, list, show, set, password and close: who buys by answering a mail."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from hagaki import machine, means_commands, tables
from hagaki.ceremony_commands import desk
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, Language, read_config, settings

app = typer.Typer(help="Customers: who buys by answering a mail.", no_args_is_help=True)
app.add_typer(means_commands.app, name="means")

Customer = Annotated[str, typer.Argument(help="The customer ID, such as C-7Q4KDM.")]


@app.command("add")
def add(
    name: Annotated[str, typer.Option(help="Name on letters.")],
    mail: Annotated[str, typer.Option(help="Where questions go, and whose answers count.")],
    config: ConfigFile = DEFAULT_CONFIG,
    language: Annotated[Language, typer.Option(help="Language of the letters.")] = "ja",
    second_mail: Annotated[str, typer.Option(help="Hears of wrong answers, at best on another phone.")] = "",
    address: Annotated[str, typer.Option(help="Postal address; shops are not told.")] = "",
    as_json: AsJson = False,
) -> int:
    """Add a customer under a new customer ID, which is all that shops are told."""
    from mail_gateway.admin import customers

    new = customers.NewCustomer(name, mail, language, second_mail, address)
    added = customers.add(settings(read_config(config), "gateway"), new)
    tables.one(added, f"customer {added['customer_id']}: questions go to {mail}", as_json=as_json)
    return DONE


@app.command("list")
def listed(
    config: ConfigFile = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List customers, newest first."""
    from mail_gateway.admin import customers

    rows = customers.listed(settings(read_config(config), "gateway"), everything=everything, limit=limit)
    short = ("customer_id", "name", "mail", "language", "has_password")
    tables.many(rows if as_json else [{key: row[key] for key in short} for row in rows], as_json=as_json)
    return DONE


@app.command("show")
def show(customer: Customer, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Show a customer, with all means of payment, masked."""
    from mail_gateway.admin import customers

    gateway = settings(read_config(config), "gateway")
    tables.whole(customers.shown(gateway, customer), as_json=as_json, zone=gateway.time_zone)
    return DONE


@app.command("set")
def change(
    customer: Customer,
    config: ConfigFile = DEFAULT_CONFIG,
    name: Annotated[str | None, typer.Option(help="Name on letters.")] = None,
    mail: Annotated[str | None, typer.Option(help="Where questions go, and whose answers count.")] = None,
    second_mail: Annotated[str | None, typer.Option(help="Hears of wrong answers; empty: none.")] = None,
    language: Annotated[Language | None, typer.Option(help="Language of the letters.")] = None,
    address: Annotated[str | None, typer.Option(help="Postal address.")] = None,
    as_json: AsJson = False,
) -> int:
    """Change what is on file of a customer, from the next letter on; what is not named stays."""
    from mail_gateway.admin import customers

    given = {
        **{"name": name, "mail": mail, "second_mail": second_mail},
        **{"language": language, "address": address},
    }
    changes = {key: value for key, value in given.items() if value is not None}
    changed = customers.change(settings(read_config(config), "gateway"), customer, changes)
    tables.one(changed, f"customer {customer}: questions go to {changed['mail']}", as_json=as_json)
    return DONE


@app.command("password")
def password(
    customer: Customer,
    config: ConfigFile = DEFAULT_CONFIG,
    new_key: Annotated[
        bool, typer.Option("--new-key", help="Make another key too; the old one ends.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Set a customer's password, hidden; the first time the key is made and shown, for the only time.

    From a pipe: one line of standard input.
    """
    from mail_gateway.admin import customers

    words = machine.hidden("password (hidden): ")
    if sys.stdin.isatty() and machine.hidden("once more: ") != words:
        raise Problem("the two are not the same: nothing was changed", "password-twice")
    done = customers.set_password(desk(config), customer, words, new_key=new_key)
    tables.one(done, _key_words(customer, done["key"]), as_json=as_json)
    return DONE


@app.command("close")
def close(customer: Customer, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Take no more orders of a customer, and wipe the key, the password and all means."""
    from mail_gateway.admin import customers

    done = customers.close(settings(read_config(config), "gateway"), customer)
    tables.one(done, f"customer {customer} is closed, and what was secret is wiped", as_json=as_json)
    return DONE


def _key_words(customer: str, key: str) -> str:
    """The key is for the customer's eyes alone; the picture only where somebody sits before it."""
    if not key:
        return f"customer {customer} has a new password; the key is the same"
    sentence = f"customer {customer} has a password. The key, shown this once, is for the customer only:"
    drawn = f"\n{_picture(key)}" if sys.stdout.isatty() else ""
    return f"{sentence}\n{key}{drawn}"


def _picture(key: str) -> str:
    from card_reader_fw.board.desk.picture import qr

    drawn = io.StringIO()
    qr(key).terminal(drawn, compact=True)
    return drawn.getvalue()
