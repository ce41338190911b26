"""Keys of signatures: asked for before dkimpy wants them, for it cannot wait, and what each may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.proof.dns import DnsTrouble
from mail_gateway.proof.tags import names_in, tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mail_gateway.proof.dns import Resolver


class Keys:
    """resolver: asked once for each key. in_trouble: one could not be asked for."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._found: dict[str, str] = {}
        self.in_trouble = False

    async def fetch(self, every: Iterable[dict[str, str]]) -> None:
        """Ask for the keys that these signatures name."""
        for name in dict.fromkeys(map(_name, every)):
            try:
                records = await self._resolver.ask(name, "TXT")
            except DnsTrouble:
                self.in_trouble = True
                continue
            if len(records) == 1:  # several keys of one name say nothing (RFC 6376 section 3.6.2.2)
                self._found[name] = records[0]

    def serve(self, tags: dict[str, str]) -> bool:
        """Whether the key that a signature names may be used for it: of its kind, for its hash, for mail,
        and no mere trial (RFC 6376 section 3.6.1)."""
        record = tags_of(self._found.get(_name(tags), ""))
        return (
            record.get("k", "rsa") == tags.get("a", "").partition("-")[0]
            and "sha256" in names_in(record.get("h", "sha256"))
            and not {"*", "email"}.isdisjoint(names_in(record.get("s", "*")))
            and "y" not in names_in(record.get("t", ""))
        )

    def of(self, every: Iterable[dict[str, str]]) -> tuple[tuple[str, str], ...]:
        """Name and text of what these signatures were checked with, each once."""
        names = dict.fromkeys(map(_name, every))
        return tuple((name, self._found[name]) for name in names if name in self._found)

    def __call__(self, name: bytes, timeout: int = 0) -> bytes:  # noqa: ARG002 - dkimpy's form
        return self._found.get(name.decode("latin-1").rstrip(".").lower(), "").encode("latin-1")


def _name(tags: dict[str, str]) -> str:
    """Where the key of a signature is published (RFC 6376 section 3.6.2.1)."""
    return f"{tags.get('s', '')}._domainkey.{tags.get('d', '')}".lower()
