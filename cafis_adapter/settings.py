"""The table [acquirers.cafis], and what of it can be wrong beyond types and ranges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acquirer_sdk.port import SettingsError
from acquirer_sdk.settings import read_settings

_FORMS: Final = {
    "acquirer_id": (re.compile(r"[0-9]{0,11}"), "must be up to 11 digits"),
    "company_code": (re.compile(r"[0-9A-Za-z ]{0,11}"), "must be up to 11 letters and digits"),
    "keys": (re.compile(r"[a-z][a-z0-9_-]*"), "must be a name, as in `hagaki keys zone list` before the dot"),
}


@dataclass(frozen=True, slots=True)
class CafisSettings:
    """The table [acquirers.cafis]."""

    host: str = field(default="127.0.0.1", metadata={"help": "the acquirer's host: name or address"})
    port: int = field(default=8583, metadata={"help": "its TCP port", "min": 1, "max": 65535})
    host_timeout_s: float = field(
        default=30, metadata={"help": "how long an answer may take, s", "min": 0.01, "max": 600}
    )
    echo_interval_s: float = field(
        default=60, metadata={"help": "pause between two echo tests, s", "min": 0.01, "max": 3600}
    )
    reconnect_first_ms: int = field(
        default=500, metadata={"help": "first pause before connecting again, ms", "min": 1, "max": 60_000}
    )
    reconnect_max_ms: int = field(
        default=60_000, metadata={"help": "longest such pause, ms", "min": 1, "max": 600_000}
    )
    outstanding_max: int = field(
        default=4096, metadata={"help": "requests under way on the line", "min": 1, "max": 16384}
    )
    acquirer_id: str = field(default="", metadata={"help": "DE32, up to 11 digits, by contract"})
    company_code: str = field(
        default="",
        metadata={"help": "where requests go (shimuke-saki) for which the profile has no company"},
    )
    keys: str = field(
        default="cafis",
        metadata={"help": "whose zone keys: the name before .pin and .mac in `hagaki keys zone`"},
    )
    profile: str = field(
        default="", metadata={"help": "file with the wire profile, or cafis or iso87; empty: cafis"}
    )


def read(table: Mapping[str, object]) -> CafisSettings:
    """Raises SettingsError naming the first wrong key."""
    settings = read_settings(CafisSettings, table)
    for key, (form, sentence) in _FORMS.items():
        if form.fullmatch(getattr(settings, key)) is None:
            raise SettingsError(key, sentence)
    return settings
