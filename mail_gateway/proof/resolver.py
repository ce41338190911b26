"""The DNS over a socket: dnspython's resolver behind the port, with one deadline for each question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import dns.asyncresolver
import dns.exception
import dns.name
import dns.resolver

from mail_gateway.proof.dns import DnsTrouble

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMEOUT_S: Final = 5.0
"""For one question, with all its repetitions."""


class DnsResolver:
    """servers: addresses of resolvers, port: theirs; none: the system's."""

    def __init__(self, servers: Sequence[str] = (), port: int = 53) -> None:
        self._resolver = dns.asyncresolver.Resolver(configure=not servers)
        self._resolver.lifetime = TIMEOUT_S
        if servers:
            self._resolver.nameservers = list(servers)
            self._resolver.port = port

    async def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """See the port."""
        try:
            asked = dns.name.from_text(name if name.endswith(".") else f"{name}.")
        except dns.exception.DNSException:
            return ()  # no name that could be in the DNS
        try:
            found = await self._resolver.resolve(asked, kind, raise_on_no_answer=False)
        except dns.resolver.NXDOMAIN:
            return ()
        except (dns.exception.DNSException, OSError):
            raise DnsTrouble(name) from None
        return _texts(found, kind)


def _texts(found: Any, kind: str) -> tuple[str, ...]:
    records = list(found.rrset or ())
    match kind:
        case "TXT":
            return tuple(b"".join(one.strings).decode("latin-1") for one in records)
        case "MX":
            ranked = sorted(records, key=lambda one: one.preference)
            return tuple(one.exchange.to_text(omit_final_dot=True) for one in ranked)
        case "PTR":
            return tuple(one.target.to_text(omit_final_dot=True) for one in records)
    return tuple(one.address for one in records)
