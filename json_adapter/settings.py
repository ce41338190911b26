"""The table [acquirers.json], checked: where the processor is, and what is shared with it."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from acquirer_sdk.port import Ports, SettingsError
from acquirer_sdk.settings import read_settings
from acquirer_sdk.values import Item
from json_adapter.signature import SECRET_MIN, Key

_KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def _set(help: str, **limits: Any) -> dict[str, Any]:
    return {"help": help, **limits}


@dataclass(frozen=True, slots=True)
class JsonSettings:
    """The table [acquirers.json]."""

    url: str = field(default="", metadata=_set("the processor's address: https://HOST[:PORT][/PATH]"))
    key_id: str = field(default="", metadata=_set("name of the secret, by contract"))
    secret: str = field(
        default="",
        repr=False,
        metadata=_set('32 octets or more, shared with the processor: "env:NAME" or "file:PATH"', secret=True),
    )
    ca: str = field(
        default="",
        metadata=_set(
            'authorities trusted, PEM: "env:NAME" or "file:PATH"; empty: the system\'s', secret=True
        ),
    )
    proxy: str = field(default="", metadata=_set("HTTP proxy on the way, http://HOST:PORT; empty: none"))
    host_timeout_s: float = field(
        default=30, metadata=_set("how long an answer may take, s", min=0.01, max=600)
    )
    late_s: float = field(
        default=60, metadata=_set("how long a late answer is still waited for, s", min=0, max=600)
    )
    connect_timeout_s: float = field(
        default=10, metadata=_set("how long connecting may take, s", min=0.01, max=600)
    )
    clock_skew_s: int = field(
        default=300, metadata=_set("how far the two clocks may be apart, s", min=1, max=3600)
    )
    echo_interval_s: float = field(
        default=60, metadata=_set("pause between two echoes, s", min=0.01, max=3600)
    )
    reconnect_first_ms: int = field(
        default=500,
        metadata=_set("first pause before asking again whether it is there, ms", min=1, max=60_000),
    )
    reconnect_max_ms: int = field(default=60_000, metadata=_set("longest such pause, ms", min=1, max=600_000))
    failures_max: int = field(
        default=5, metadata=_set("requests in a row without an answer, then a pause", min=1, max=1000)
    )
    outstanding_max: int = field(default=256, metadata=_set("requests under way at once", min=1, max=16_384))
    pin_key: str = field(default="json.pin", metadata=_set("name of the zone key that PINs go under"))
    items_after: tuple[str, ...] = field(
        default=(), metadata=_set("what merchants are asked for after an approval, by contract")
    )


@dataclass(frozen=True, slots=True)
class Place:
    """Where the processor is. prefix: what stands before every path; tls: None for plain HTTP on loopback."""

    origin: str
    prefix: str
    tls: ssl.SSLContext | None
    proxy: str = field(repr=False)


def read_table(table: Mapping[str, object]) -> JsonSettings:
    """The table -> settings. Raises SettingsError."""
    read = read_settings(JsonSettings, table)
    for key in ("url", "key_id", "secret"):
        if not getattr(read, key):
            raise SettingsError(key, f"is needed: {JsonSettings.__dataclass_fields__[key].metadata['help']}")
    if not _KEY_ID.fullmatch(read.key_id):
        raise SettingsError("key_id", "must be up to 64 letters, digits, dots, dashes and underscores")
    for item in read.items_after:
        if item not in list(Item):
            raise SettingsError("items_after", f"there is no item {item!r}; known are {', '.join(Item)}")
    return read


def key_of(read: JsonSettings, ports: Ports) -> Key:
    """The shared key. Raises SettingsError, and what ports.refer raises."""
    secret = ports.refer("secret", read.secret).encode()
    if len(secret) < SECRET_MIN:
        raise SettingsError("secret", f"must have at least {SECRET_MIN} octets")
    return Key(read.key_id, secret, read.clock_skew_s)


def place_of(read: JsonSettings, ports: Ports) -> Place:
    """The processor's place. Raises SettingsError, and what ports.refer raises."""
    url, proxy = _url("url", read.url), read.proxy
    if url.scheme == "http" and not is_loopback(url.hostname or ""):
        raise SettingsError(
            "url", "http:// is for a simulator at 127.0.0.1; card data leave by https:// only"
        )
    if proxy and _url("proxy", proxy).scheme != "http":
        raise SettingsError("proxy", "must be http://HOST:PORT; what goes through it is TLS to the processor")
    if proxy and url.scheme == "http":
        raise SettingsError("proxy", "is for https:// only: a proxy would see the card data")
    tls = _trusting(ports.refer("ca", read.ca)) if url.scheme == "https" else None
    return Place(f"{url.scheme}://{url.netloc}", url.path.rstrip("/"), tls, proxy)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine, whatever a resolver says."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _url(key: str, text: str) -> SplitResult:
    try:
        url = urlsplit(text)
        fit = url.scheme in ("http", "https") and url.hostname and (url.port is None or url.port > 0)
    except ValueError:
        raise SettingsError(key, "is no URL") from None
    if not fit or url.query or url.fragment or not text.isascii() or not text.isprintable() or " " in text:
        raise SettingsError(key, "must be https://HOST, https://HOST:PORT or with a path behind it")
    if url.username is not None or url.password is not None:
        raise SettingsError(key, "must not hold a user or a password")
    return url


def _trusting(pem: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, certificate and name checked."""
    try:
        context = ssl.create_default_context(cadata=pem or None)
    except (ssl.SSLError, ValueError):
        raise SettingsError("ca", "is no certificate in PEM") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
