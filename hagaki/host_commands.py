"""`hagaki host`: run the host simulator, look at it, at its triggers, its rules and its book."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from pathlib import Path
from typing import Annotated, Any

import typer

from hagaki import machine
from hagaki.problem import DONE, NO, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, no_config, read_config, settings

app = typer.Typer(help="The host simulator: an acquirer's ISO 8583 host for trials.")


@app.callback(invoke_without_command=True)
def host(
    context: typer.Context,
    config: ConfigFile = DEFAULT_CONFIG,
    port: Annotated[int | None, typer.Option(help="Listen here instead of \\[host] port.")] = None,
    rules: Annotated[Path | None, typer.Option(help="A rules file instead of \\[host] rules.")] = None,
    check: Annotated[Path | None, typer.Option(help="Only look at a rules file, every line of it.")] = None,
    listed: Annotated[
        bool, typer.Option("--list", help="Only print the list of charges that \\[host] journal holds.")
    ] = False,
    live: Annotated[bool, typer.Option("--live", help="Show messages and books in place.")] = False,
    as_json: AsJson = False,
) -> int:
    """Run the host simulator: an acquirer's ISO 8583 host, driven by the amount's last three digits."""
    if context.invoked_subcommand is not None:
        return DONE
    if check is not None:
        return _checked(check, as_json=as_json)
    chosen = _settings(config)
    if listed:
        return _listed(chosen)
    if port is not None:
        chosen = dataclasses.replace(chosen, port=port)
    if rules is not None:
        chosen = dataclasses.replace(chosen, rules=str(rules))
    _serve(chosen, live=live, as_json=as_json)
    return DONE


@app.command("triggers")
def triggers(as_json: AsJson = False) -> int:
    """Print what the last three digits of an amount make the host, and the mail carrier, do."""
    from cafis_adapter.host.triggers import shipped_triggers

    for trigger in shipped_triggers().values():
        said = trigger.centre or trigger.code
        if as_json:
            facts = {"digits": trigger.digits, "code": said, "text": trigger.text}
            print(json.dumps({**facts, "mail": trigger.mail.value, "case": trigger.case}))
        else:
            print(f"{trigger.digits}  {said:3}  {trigger.text}")
    return DONE


@app.command("book")
def book(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Print what the journal says of every sale and return in the end."""
    from cafis_adapter.host.charge_list import booked

    for row in booked(_journal(_settings(config))):
        if as_json:
            print(json.dumps(row))
        else:
            print(f"{row['time']}  {row['reference']}  {row['amount_minor']:>12,}  {row['state']}")
    return DONE


def _settings(config: Path) -> Any:
    from cafis_adapter.host.app import HostSettings

    return HostSettings() if no_config(config) else settings(read_config(config), "host")


def _journal(chosen: Any) -> str:
    if not chosen.journal:
        raise Problem(
            "[host] journal names no file; without one the host keeps its book in memory", "no-journal"
        )
    return str(chosen.journal)


def _listed(chosen: Any) -> int:
    from cafis_adapter.host import charge_list

    print(charge_list.charge_list(_journal(chosen), machine.now_ms()), end="")
    return DONE


def _checked(path: Path, *, as_json: bool) -> int:
    from cafis_adapter.host.rules import RulesError, check_rules

    try:
        faults = check_rules(str(path))
    except RulesError as error:
        raise Problem(str(error), "rules") from None
    for fault in faults:
        line, _, sentence = fault.partition(": ")
        print(json.dumps({"line": int(line), "sentence": sentence}) if as_json else f"{path}:{fault}")
    if not faults and not as_json:
        print(f"{path}: good")
    return NO if faults else DONE


def _serve(chosen: Any, *, live: bool, as_json: bool) -> None:
    from acquirer_sdk.port import Ports
    from cafis_adapter.host import app as simulator
    from card_reader_fw.board.desk.chip import issuer

    tell = machine.tell_nobody if live else machine.teller(as_json=as_json)
    outside = Ports(machine.now_ms, machine.random_bytes, tell)

    async def main(stop: asyncio.Event) -> None:
        running = simulator.Host(chosen, outside, issuer.agrees)
        await running.start()
        try:
            await (_watched(running, stop) if live else stop.wait())
        finally:
            await running.close()

    machine.run_server(main)


async def _watched(running: Any, stop: asyncio.Event) -> None:
    from hagaki.host_live import watch

    view = asyncio.create_task(watch(running))
    await stop.wait()
    view.cancel()
    await asyncio.gather(view, return_exceptions=True)
