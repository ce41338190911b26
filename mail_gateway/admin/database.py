"""The database as its owner sees it: made, upgraded, and opened to the gateways' role."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import postgres


def prepare(owner_url: str, gateway_url: str, role: str = "") -> str:
    """Make or upgrade the tables as the owner; -> the role that may now be a gateway's.

    role: empty for the user in the gateways' own URL. Raises GatewayError.
    """
    if not owner_url.startswith("postgres"):
        sentence = "Only PostgreSQL is prepared by its owner; a gateway makes its SQLite file itself."
        raise GatewayError(sentence, "database-unknown", Disposition.REFUSE)
    role = role or unquote(urlsplit(gateway_url).username or "")
    if not role:
        sentence = "Name the gateways' role: --role NAME, or [gateway] database with a user in it."
        raise GatewayError(sentence, "database-role-unknown", Disposition.REFUSE)
    postgres.grow(owner_url, role)
    return role
