"""The commands of a key ceremony: keys begin, component, enter, finish and cancel, each by another person."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hagaki import machine, tables
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

if TYPE_CHECKING:
    from mail_gateway.admin.keys import Desk


def desk(config: Path) -> Desk:
    """Where an operator works with keys, from the configuration. Raises Problem."""
    from mail_gateway.admin.keys import Desk

    loaded = read_config(config)
    return Desk(settings(loaded, "gateway"), settings(loaded, "keys"), machine.operator())


def begin(
    config: ConfigFile = DEFAULT_CONFIG,
    components: Annotated[int, typer.Option(min=2, max=3, help="Of so many, by as many people.")] = 3,
    subject: Annotated[
        str, typer.Option("--for", help="An acquirer's master key, such as cafis.master; else a BDK.")
    ] = "",
    as_json: AsJson = False,
) -> int:
    """Begin a ceremony: a BDK, or an acquirer's master key, of components that different people enter."""
    from mail_gateway.admin import ceremony

    begun = ceremony.begin(desk(config), components, subject)
    sentence = f"ceremony {begun['ceremony']}: {components} people enter a component each (hagaki keys enter)"
    tables.one(begun, sentence, as_json=as_json)
    return DONE


def component() -> int:
    """Make a component and show it to the one person at this terminal; it is kept nowhere."""
    from mail_gateway.admin import ceremony
    from mail_gateway.envelope.components import shown

    if not sys.stdout.isatty():
        sentence = "a component is shown on a terminal only, never written into a file or a pipe"
        raise Problem(sentence, "component-terminal")
    made = ceremony.new_component()
    print(f"component    {shown(made)}\ncheck value  {made.kcv}")
    print("Write both on your own paper, let nobody else see it, and clear this screen.")
    return DONE


def enter(
    custodian: Annotated[str, typer.Option(help="Who enters it; a ceremony takes one of each person.")],
    config: ConfigFile = DEFAULT_CONFIG,
    check_value: Annotated[str, typer.Option(help="The check value on your paper, 6 hex digits.")] = "",
    as_json: AsJson = False,
) -> int:
    """Enter your component, hidden; its check value is shown. From a pipe: one line of standard input."""
    from mail_gateway.admin import ceremony
    from mail_gateway.envelope import components

    if not custodian.strip():
        raise Problem("say with --custodian who enters it", "usage")
    here = desk(config)
    ceremony.assert_open(here)
    text = getpass.getpass("component (hidden): ") if sys.stdin.isatty() else sys.stdin.readline()
    entered = ceremony.enter(here, custodian.strip(), components.read(text), check_value)
    place = f"component {entered['component']} of {entered['of']}"
    tables.one(entered, f"{place}, check value {entered['kcv']}", as_json=as_json)
    return DONE


def finish(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Join the components to the key, show its check value, and wipe the components."""
    from mail_gateway.admin import ceremony

    made = ceremony.finish(desk(config))
    name = made.get("key") or f"BDK {made['bdk_id']}"
    tables.one(made, f"{name}, check value {made['kcv']}", as_json=as_json)
    return DONE


def cancel(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """End the ceremony without a key, and wipe its components."""
    from mail_gateway.admin import ceremony

    ended: dict[str, Any] = ceremony.cancel(desk(config))
    tables.one(ended, f"ceremony {ended['ceremony']} is cancelled", as_json=as_json)
    return DONE
