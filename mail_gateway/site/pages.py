"""What the site answers: each path's bytes, type and headers, made once. No sockets."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.settings import GatewaySettings

PHONE: Final = "/phone/"
"""The page for a phone at a reader; its service worker keeps all that is below."""

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "webmanifest": "application/manifest+json",
}
_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "serial=(self)",
    "Referrer-Policy": "no-referrer",
    "Server": "Hagaki",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. headers: all that goes out with it, its type too."""

    body: bytes
    headers: Mapping[str, str]


def pages(gateway: GatewaySettings) -> dict[str, Page]:
    """Path -> page. The sale address of this gateway stands in the phone's page."""
    address = f"{gateway.sale_local}@{gateway.domain}"
    found: dict[str, Page] = {}
    for name in sorted(file.name for file in (files("mail_gateway.site") / "phone").iterdir()):
        text = (files("mail_gateway.site") / "phone" / name).read_text(encoding="utf-8")
        kind = name.rpartition(".")[2]
        path = PHONE + name
        if kind == "html":
            text, path = text.replace("{sale_address}", escape(address)), PHONE
        found[path] = Page(text.encode(), {"Content-Type": _TYPES[kind], **_HEADERS})
    return found
