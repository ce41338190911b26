"""The commands merchant key and merchant hooks: a shop's way in over HTTPS, and what its server is told."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from hagaki import machine, tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

key_app = typer.Typer(help="Keys: what a shop's server or till signs in with.", no_args_is_help=True)
hooks_app = typer.Typer(help="Hooks: what a shop's server is told of its orders.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The merchant's name.")]


@key_app.command("new")
def key_new(
    name: Name,
    called: Annotated[str, typer.Option(help="What the key is for, such as: till 1.")] = "shop",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Make a key and show it, for the only time; kept is its hash."""
    from mail_gateway.admin import api_keys

    gateway = settings(read_config(config), "gateway")
    made = api_keys.new(gateway, name, called, machine.random_bytes, machine.now_ms())
    tables.one(made, made["secret"], as_json=as_json)
    if sys.stdout.isatty() and not as_json:
        print("Shown this once: it goes where the shop's server or till has its secrets.", file=sys.stderr)
    return DONE


@key_app.command("list")
def key_list(name: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List a merchant's keys: number, name, since when, revoked when."""
    from mail_gateway.admin import api_keys

    gateway = settings(read_config(config), "gateway")
    tables.many(api_keys.listed(gateway, name), as_json=as_json, zone=gateway.time_zone)
    return DONE


@key_app.command("revoke")
def key_revoke(
    name: Name,
    key: Annotated[int, typer.Argument(help="The key's number.")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Let a key open nothing more, from the next request on."""
    from mail_gateway.admin import api_keys

    gateway = settings(read_config(config), "gateway")
    done = api_keys.revoke(gateway, name, key, machine.now_ms())
    tables.one(done, f"key {key} of {name} opens nothing any more", as_json=as_json)
    return DONE


@hooks_app.command("list")
def hooks_list(
    name: Name,
    config: ConfigFile = DEFAULT_CONFIG,
    everything: Annotated[bool, typer.Option("--all", help="Those that were taken too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, oldest first.")] = 50,
    as_json: AsJson = False,
) -> int:
    """List what the shop's server has not taken: tried again when it is due, given up where it is not due."""
    from mail_gateway.admin import api_keys

    gateway = settings(read_config(config), "gateway")
    rows = api_keys.list_hooks(gateway, name, limit, everything=everything)
    tables.many(rows, as_json=as_json, zone=gateway.time_zone)
    return DONE


@hooks_app.command("retry")
def hooks_retry(name: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Tell the shop's server again, now, all that it has not taken, and for the whole time anew."""
    from mail_gateway.admin import api_keys

    done = api_keys.retry_hooks(settings(read_config(config), "gateway"), name, machine.now_ms())
    tables.one(
        done,
        f"{done['hooks']} {'event is' if done['hooks'] == 1 else 'events are'} told again",
        as_json=as_json,
    )
    return DONE
