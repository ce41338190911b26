"""Which table of config.toml is which settings dataclass."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import typer

from hagaki.config import Config, load
from hagaki.problem import Problem

SECTIONS: Final = {
    "gateway": "mail_gateway.settings:GatewaySettings",
    "keys": "mail_gateway.settings:KeySettings",
    "smtp": "mail_gateway.settings:SmtpSettings",
    "imap": "mail_gateway.settings:ImapSettings",
    "smarthost": "mail_gateway.settings:SmarthostSettings",
    "site": "mail_gateway.settings:SiteSettings",
    "watch": "mail_gateway.settings:WatchSettings",
    "proof": "mail_gateway.settings:ProofSettings",
    "orders": "mail_gateway.settings:OrderSettings",
    "acquirer": "mail_gateway.settings:AcquirerSettings",
    "routes": "",  # rows, which the routing table checks
    "acquirers": "",  # one table per acquirer, which its adapter checks
    "host": "cafis_adapter.host.app:HostSettings",
    "processor": "json_adapter.processor.app:ProcessorSettings",
    "handset": "handset.settings:HandsetSettings",
    "till": "till.settings:TillSettings",
    "carrier": "hagaki.carrier:CarrierSettings",
}

Language = Literal["ja", "en"]

DEFAULT_CONFIG: Final = Path("config.toml")
ConfigFile = Annotated[Path, typer.Option("--config", help="The configuration file.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


def said(reason: str) -> str:
    """A reason that is kept says something. Raises Problem."""
    if not reason.strip():
        raise Problem("say why with --reason: it is kept", "usage")
    return reason


def read_config(path: Path) -> Config:
    """config.toml -> Config, its tables known. Raises Problem."""
    return load(path, SECTIONS)


def no_config(path: Path) -> bool:
    """Nobody named a file and there is none: some commands can do without. A named one must be there."""
    return path == DEFAULT_CONFIG and not path.exists()


def settings(config: Config, name: str) -> Any:
    """The table [name] as its settings value. Raises Problem."""
    return config.section(name, settings_class(SECTIONS[name]))


def settings_class(where: str) -> type[Any]:
    """``package.module:Class`` -> the class, imported only now: a command loads what it uses."""
    module, _, kind = where.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), kind)
    return found
