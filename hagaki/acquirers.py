"""config.toml names the acquirer, the registry finds it: the one place where an adapter is made."""

from __future__ import annotations

from functools import partial

from acquirer_sdk import registry
from acquirer_sdk.port import Acquirer, Ports, SettingsError, Tell
from hagaki import machine
from hagaki.config import Config
from hagaki.problem import Problem
from hagaki.sections import settings


def build_acquirer(config: Config, tell: Tell) -> Acquirer:
    """[acquirer] name and its table [acquirers.NAME] -> the adapter, not started. Raises Problem."""
    name: str = settings(config, "acquirer").name
    table = f"acquirers.{name}"
    refer = partial(_refer, config, table)
    outside = Ports(machine.now_ms, machine.random_bytes, tell, refer=refer)
    try:
        return registry.find(name)(config.table(table), outside)
    except SettingsError as error:
        where = "[acquirer]" if error.key == "name" else f"[acquirers.{name}]"
        raise Problem(f"{where} {error.key}: {error.sentence}", "config-acquirer") from None


def _refer(config: Config, table: str, key: str, reference: str) -> str:
    return config.refer(f"[{table}] {key}", reference)
