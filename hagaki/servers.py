"""The commands that stay until they are told to stop: serve, carrier and handset run."""

from __future__ import annotations

from typing import Annotated

import typer

from hagaki import machine
from hagaki.acquirers import builder, routing
from hagaki.problem import DONE
from hagaki.secret_commands import asker
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, read_config, settings

handset_app = typer.Typer(help="The phone's side: between the reader and the mailbox.", no_args_is_help=True)


def serve(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Run the gateway: take sales by mail, ask the acquirer, mail the answers."""
    from mail_gateway import app, ports
    from mail_gateway.admin import doctor
    from mail_gateway.settings import Settings

    loaded = read_config(config)
    tell = machine.teller(as_json=as_json)
    names = ("gateway", "keys", "smtp", "smarthost", "acquirer", "site", "proof", "orders", "imap", "watch")
    chosen = Settings(**{name: settings(loaded, name) for name in names})
    outside = ports.Ports(
        machine.now_ms, machine.random_bytes, tell, file=machine.file_bytes, ask=asker(loaded.folder)
    )
    build, routes = builder(loaded, tell), routing(loaded).routes
    for trouble in doctor.old_software(chosen.gateway):
        tell("alarm.old-software", slug=trouble.slug, reason=trouble.sentence)
    machine.run_server(lambda stop: app.run(chosen, outside, build, stop, routes))
    return DONE


def carrier(config: ConfigFile = DEFAULT_CONFIG, as_json: AsJson = False) -> int:
    """Run a mail carrier for trials: SMTP in, stored, forwarded to the gateway or to a Maildir."""
    from hagaki import carrier as mail_carrier
    from handset.ports import Ports

    chosen = settings(read_config(config), "carrier")
    outside = Ports(machine.now_ms, machine.random_bytes, machine.teller(as_json=as_json))
    machine.run_server(lambda stop: mail_carrier.run(chosen, outside, stop))
    return DONE


@handset_app.command("run")
def handset_run(
    config: ConfigFile = DEFAULT_CONFIG,
    port: Annotated[
        str | None, typer.Option(help="The reader's serial device instead of \\[handset] port.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Run the phone's side: take sales from the reader, mail them, hand the answers back."""
    from handset import app
    from handset.ports import Ports

    loaded = read_config(config)
    chosen = settings(loaded.with_value("handset", "port", port) if port else loaded, "handset")
    tell, ask = machine.teller(as_json=as_json), asker(loaded.folder)
    outside = Ports(machine.now_ms, machine.random_bytes, tell, ask)
    machine.run_server(lambda stop: app.run(chosen, outside, stop))
    return DONE
