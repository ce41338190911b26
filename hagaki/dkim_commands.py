"""The commands dkim new, list, show, start, check and retire: keys that our letters are signed with."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hagaki import ceremony_commands, machine, tables
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings
from mail_gateway.domain.signing_key import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.admin.dkim_check import Finding
    from mail_gateway.domain.signing_key import SigningKey
    from mail_gateway.proof.resolver import DnsResolver
    from mail_gateway.settings import GatewaySettings

app = typer.Typer(help="DKIM: keys that the gateway's letters are signed with.", no_args_is_help=True)

Selector = Annotated[str, typer.Argument(help="The key's selector.")]


@app.command("new")
def new(
    config: ConfigFile = DEFAULT_CONFIG,
    selector: Annotated[str, typer.Option(help="Such as rsa-2026; else by kind and day.")] = "",
    kind: Annotated[Kind, typer.Option(help="What not every receiver knows goes beside rsa.")] = Kind.RSA,
    as_json: AsJson = False,
) -> int:
    """Make a key, and show the DNS record to publish; it signs nothing before it is started."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    made = dkim.new(desk, kind, selector)
    tables.one(made, _shown(made, desk.gateway), as_json=as_json)
    return DONE


@app.command("show")
def show(selector: Selector, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Show a key's DNS record again."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    dkim.kept(desk, selector)
    (row,) = (row for row in dkim.listed(desk) if row["selector"] == selector)
    tables.one(row, _shown(row, desk.gateway), as_json=as_json)
    return DONE


@app.command("list")
def listed(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the keys: made, waiting, signing, resting behind a newer one, or retired."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    rows = dkim.listed(desk)
    if not as_json:
        rows = [{name: row[name] for name in row if name not in ("name", "value", "strings")} for row in rows]
    first = ("selector", "kind", "state", "started_ms", "retired_ms")
    tables.many(rows, as_json=as_json, zone=desk.gateway.time_zone, first=first)
    return DONE


@app.command("start")
def start(
    selector: Selector,
    config: ConfigFile = DEFAULT_CONFIG,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Do not ask the DNS first.")] = False,
    as_json: AsJson = False,
) -> int:
    """Sign with it from a minute later on, once the DNS has it; the one of its kind before rests then."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    (key,) = dkim.kept(desk, selector)
    if not unchecked:
        (found,) = asyncio.run(_published([key], _resolver(config)))
        if found.slug:
            raise Problem(f"{found.subject}: {found.sentence} Nothing was changed.", found.slug, NO)
    done = dkim.start(desk, selector)
    at = machine.time_text(done["started_ms"], desk.gateway.time_zone)
    tables.one(done, f"{selector} signs letters written from {at} on", as_json=as_json)
    return DONE


@app.command("check")
def check(
    selector: Annotated[str, typer.Argument(help="One key; else all that are not retired.")] = "",
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Ask the DNS whether what is published is the key, and what else helps letters; 1 if it is not."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    keys = [key for key in dkim.kept(desk, selector) if selector or key.retired_ms is None]
    if not keys:
        raise Problem("There is no key to check: make one first (hagaki dkim new).", "dkim-none", NO)
    found = asyncio.run(_whole(keys, desk.gateway, _resolver(config)))
    for one in found:
        mark = "advice  " if one.is_advice else "WRONG   " if one.slug else "good    "
        tables.one(asdict(one), f"{mark}{one.subject}\n        {one.sentence}", as_json=as_json)
    return NO if any(one.slug and not one.is_advice for one in found) else DONE


@app.command("retire")
def retire(selector: Selector, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Sign nothing new with it; letters of its time go on as they were."""
    from mail_gateway.admin import dkim

    desk = ceremony_commands.desk(config)
    done = dkim.retire(desk, selector)
    tables.one(done, _retired(done, desk.gateway.time_zone), as_json=as_json)
    return DONE


def _shown(row: dict[str, Any], gateway: GatewaySettings) -> str:
    """The record whole, and as a zone file wants it."""
    strings = "\n".join(f'    "{part}"' for part in row["strings"])
    begins = f"Once it is there: hagaki dkim start {row['selector']}"
    if row["started_ms"] is not None:
        at = machine.time_text(row["started_ms"], gateway.time_zone)
        begins = f"It signs letters written from {at} on."
    return (
        f"{row['selector']} ({row['kind']}) for letters from {row['domain']}: {row['state']}\n\n"
        f"Publish a TXT record. Its name:\n\n{row['name']}\n\nIts value, on one line:\n\n{row['value']}\n\n"
        f"The same for a zone file:\n\n{row['name']}. IN TXT (\n{strings} )\n\n{begins}"
    )


def _retired(done: dict[str, Any], zone: str) -> str:
    if done["keep_until_ms"] is None:
        return f"{done['selector']} is retired and never signed: its record may go"
    others = ", ".join(done["signing"])
    lines = [
        f"{done['selector']} signs letters written until {machine.time_text(done['retired_ms'], zone)}",
        f"signing then: {others}" if others else "then no key signs: letters leave unsigned",
        f"leave its record until {machine.time_text(done['keep_until_ms'], zone)}",
    ]
    if others and not done["rsa_signs"]:
        lines.append("no RSA key signs then: many receivers verify no other")
    if done["unsent"]:
        lines.append(f"longer if they last: {done['unsent']} letters of its time are not taken yet")
    return "\n".join(lines)


def _resolver(config: Path) -> DnsResolver:
    from mail_gateway.proof.resolver import DnsResolver

    own = settings(read_config(config), "proof")
    return DnsResolver(own.servers, own.dns_port)


async def _published(keys: Sequence[SigningKey], resolver: DnsResolver) -> list[Finding]:
    from mail_gateway.admin import dkim_check

    return [await dkim_check.published(key, resolver) for key in keys]


async def _whole(
    keys: Sequence[SigningKey], gateway: GatewaySettings, resolver: DnsResolver
) -> list[Finding]:
    from mail_gateway.admin import dkim_check

    returns = dict.fromkeys((gateway.reply_domain or gateway.domain, gateway.domain))
    found = await _published(keys, resolver)
    return found + await dkim_check.advice(gateway.domain, list(returns), resolver)
