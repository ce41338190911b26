"""The command `hagaki processor`: a modern processor's simulator on HTTPS."""

from __future__ import annotations

import dataclasses
import ssl
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from acquirer_sdk.port import SettingsError
from hagaki import machine
from hagaki.problem import DONE, Problem
from hagaki.sections import DEFAULT_CONFIG, AsJson, ConfigFile, no_config, read_config, settings

if TYPE_CHECKING:
    from json_adapter.processor.app import ProcessorSettings

_TRIAL_DAYS = 30


def processor(
    config: ConfigFile = DEFAULT_CONFIG,
    port: Annotated[int | None, typer.Option(help="Listen here instead of \\[processor] port.")] = None,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain, PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key, PEM.")] = None,
    self_signed: Annotated[
        Path | None, typer.Option(help="Make a certificate for loopback, and write it here.")
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="HTTP without TLS, on loopback only.")] = False,
    openapi: Annotated[bool, typer.Option("--openapi", help="Only print the wire as OpenAPI 3.1.")] = False,
    as_json: AsJson = False,
) -> int:
    """Run the processor simulator: an acquirer over HTTPS, driven by the amount's last three digits."""
    from acquirer_sdk.port import Ports
    from json_adapter.processor import app

    if openapi:
        print((files("json_adapter") / "openapi.json").read_text(encoding="utf-8"), end="")
        return DONE
    named = {"port": port, "tls_certificate": tls_cert and str(tls_cert), "tls_key": tls_key and str(tls_key)}
    given = {name: value for name, value in named.items() if value is not None}
    chosen = app.ProcessorSettings() if no_config(config) else settings(read_config(config), "processor")
    chosen = dataclasses.replace(chosen, **given)
    tls = _tls(chosen, self_signed, plain=plain)
    outside = Ports(machine.now_ms, machine.random_bytes, machine.teller(as_json=as_json))
    try:
        machine.run_server(lambda stop: app.run(chosen, tls, outside, stop))
    except SettingsError as error:
        raise Problem(f"[processor] {error.key}: {error.sentence}", "config-key") from None
    return DONE


def _tls(chosen: ProcessorSettings, self_signed: Path | None, *, plain: bool) -> ssl.SSLContext | None:
    """Exactly one way has to be named. Raises Problem."""
    from json_adapter.processor import certificate

    in_files = bool(chosen.tls_certificate or chosen.tls_key)
    if in_files + (self_signed is not None) + plain != 1:
        sentence = "name one of --tls-cert with --tls-key, --self-signed and --plain"
        raise Problem(sentence, "processor-tls")
    if self_signed is not None:
        trial = certificate.self_signed(machine.now_s(), _TRIAL_DAYS)
        self_signed.write_bytes(trial.certificate)
        return certificate.serving_trial(trial)
    if plain:
        return None
    if not (chosen.tls_certificate and chosen.tls_key):
        raise Problem("--tls-cert and --tls-key go together: name both", "processor-tls")
    try:
        return certificate.serving(chosen.tls_certificate, chosen.tls_key)
    except ssl.SSLError:
        raise Problem(
            "--tls-cert and --tls-key: no certificate in PEM and its key", "processor-tls"
        ) from None
