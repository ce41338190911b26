"""config.toml names the acquirer, the registry finds it: the one place where an adapter is made."""

from __future__ import annotations

from acquirer_sdk import registry
from acquirer_sdk.port import Acquirer, Ports, SettingsError, Tell
from hagaki import machine
from hagaki.config import Config
from hagaki.problem import Problem
from hagaki.sections import settings


def build_acquirer(config: Config, tell: Tell) -> Acquirer:
    """[acquirer] name and its table [acquirers.NAME] -> the adapter, not started. Raises Problem."""
    name: str = settings(config, "acquirer").name
    outside = Ports(machine.now_ms, machine.random_bytes, tell)
    try:
        return registry.find(name)(config.table(f"acquirers.{name}"), outside)
    except SettingsError as error:
        where = "[acquirer]" if error.key == "name" else f"[acquirers.{name}]"
        raise Problem(f"{where} {error.key}: {error.sentence}", "config-acquirer") from None
