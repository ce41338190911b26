"""config.toml names the acquirers, the registry finds them: the one place where an adapter is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from acquirer_sdk import registry
from acquirer_sdk.keyport import KeyPort, NoKeys
from acquirer_sdk.port import Acquirer, Ports, SettingsError, Tell
from hagaki import machine
from hagaki.config import Config
from hagaki.problem import Problem
from hagaki.sections import settings
from mail_gateway.domain.route import RouteError, Table, read_routes

ADAPTER: Final = "adapter"
"""The key of an acquirer's table that names its adapter, where its own name does not."""


def routing(config: Config) -> Table:
    """[acquirer] and [[routes]] -> the routing table. Raises Problem."""
    known = sorted({*config.table("acquirers"), *registry.names()})
    try:
        return Table(settings(config, "acquirer").name, read_routes(config.rows("routes"), known))
    except RouteError as error:
        raise Problem(f"[[routes]] {error.key}: {error.sentence}", "config-route") from None


def builder(config: Config, tell: Tell) -> Callable[[KeyPort], Mapping[str, Acquirer]]:
    """-> makes every acquirer that the routing table names, not started, once the keys are there.

    It raises Problem, and so does this for a routing table that is wrong.
    """
    names = routing(config).names

    def build(keys: KeyPort) -> Mapping[str, Acquirer]:
        return {name: _build(config, name, tell, keys) for name in names}

    return build


def build_acquirers(config: Config) -> Mapping[str, Acquirer]:
    """The same without keys and without a log: to look at, never to start. Raises Problem."""
    return builder(config, machine.tell_nobody)(NoKeys())


def _build(config: Config, name: str, tell: Tell, keys: KeyPort) -> Acquirer:
    table = f"acquirers.{name}"
    own = dict(config.table(table))
    adapter = own.pop(ADAPTER, name)
    if not isinstance(adapter, str):
        raise Problem(f"[{table}] {ADAPTER}: must be a text", "config-acquirer")
    outside = Ports(
        machine.now_ms,
        machine.random_bytes,
        tell,
        keys=keys,
        refer=partial(_refer, config, table),
        place=partial(_place, config),
    )
    where = f"[{table}] {ADAPTER}" if adapter != name else "[acquirer] name"
    try:
        create = registry.find(adapter)
    except SettingsError as error:
        raise Problem(f"{where}: {error.sentence}", "config-acquirer") from None
    try:
        return create(own, outside)
    except SettingsError as error:
        raise Problem(f"[{table}] {error.key}: {error.sentence}", "config-acquirer") from None


def _place(config: Config, path: str) -> str:
    return str(config.folder / path)


def _refer(config: Config, table: str, key: str, reference: str) -> str:
    return config.refer(f"[{table}] {key}", reference)
