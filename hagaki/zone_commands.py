"""The commands keys zone list, new, load, forget and keys device put: keys shared with an acquirer."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import ceremony_commands, tables
from hagaki.problem import DONE
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile

app = typer.Typer(help="Keys shared with an acquirer: for PINs, for MACs.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="ACQUIRER.USE, such as cafis.pin.")]


@app.command("list")
def listed(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """List the keys with their check values."""
    from mail_gateway.admin import zones

    desk = ceremony_commands.desk(config)
    tables.many(zones.listed(desk), as_json=as_json, zone=desk.gateway.time_zone)
    return DONE


@app.command("new")
def new(
    name: Name,
    config: ConfigFile = DEFAULT_CONFIG,
    use: Annotated[str, typer.Option(help="pin or mac.")] = "pin",
    as_json: AsJson = False,
) -> int:
    """Make a key and show the key block that the acquirer takes it over with."""
    from mail_gateway.admin import zones

    made = zones.new(ceremony_commands.desk(config), name, use)
    sentence = f"{name}, check value {made['kcv']}; for the acquirer:\n{made['block']}"
    tables.one(made, sentence, as_json=as_json)
    return DONE


@app.command("load")
def load(
    name: Name,
    block: Annotated[str, typer.Argument(help="The key block that the acquirer sent (X9.143 D).")],
    config: ConfigFile = DEFAULT_CONFIG,
    as_json: AsJson = False,
) -> int:
    """Take a key over; the one of that name before is gone."""
    from mail_gateway.admin import zones

    done = zones.load(ceremony_commands.desk(config), name, block)
    tables.one(done, f"{name}, check value {done['kcv']}", as_json=as_json)
    return DONE


device_app = typer.Typer(help="A PKCS#11 device that translates PINs.", no_args_is_help=True)


@device_app.command("put")
def put(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Bring the BDKs and the keys shared with acquirers into the device; again is no harm."""
    from mail_gateway.admin import device

    done = device.put(ceremony_commands.desk(config))
    sentence = (
        f"token {done['token']}: {done['bdks']} BDKs and {', '.join(done['zone_keys']) or 'no zone key'}"
    )
    tables.one(done, sentence, as_json=as_json)
    return DONE


@app.command("forget")
def forget(name: Name, config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Wipe a key."""
    from mail_gateway.admin import zones

    tables.one(zones.forget(ceremony_commands.desk(config), name), f"{name} is wiped", as_json=as_json)
    return DONE
