"""DMARC: does the author's domain stand behind the mail? (RFC 9989: tree walk, no list of public suffixes)"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail_gateway.proof.dns import DnsTrouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mail_gateway.proof.dns import Resolver

LABELS_MAX: Final = 8
"""A longer name is walked from its last seven labels on (section 4.10)."""

_VERSION: Final = re.compile(r"\s*v\s*=\s*DMARC1\s*(?:;|$)")
_POLICIES: Final = ("none", "quarantine", "reject")


class Verdict(StrEnum):
    """NONE: the domain publishes no policy, so nothing is said."""

    NONE = "none"
    PASS = "pass"
    FAIL = "fail"
    LATER = "temperror"


@dataclass(frozen=True, slots=True)
class Policy:
    """One record. strict_dkim, strict_spf: only the very same domain is aligned. psd: y, n or u."""

    strict_dkim: bool = False
    strict_spf: bool = False
    psd: str = "u"


def read_policy(text: str) -> Policy | None:
    """A TXT record -> the policy, None if it is none. Unknown tags are let be (section 4.7)."""
    if not _VERSION.match(text):
        return None
    tags: dict[str, str] = {}
    for part in text.split(";")[1:]:
        name, _, value = part.partition("=")
        tags.setdefault(name.strip().lower(), value.strip())
    wanted = tags.get("p", "").lower()
    if wanted not in _POLICIES and not tags.get("rua", "").strip():
        return None
    psd = tags.get("psd", "u").lower()
    strict = {name: tags.get(name, "r").lower() == "s" for name in ("adkim", "aspf")}
    return Policy(strict["adkim"], strict["aspf"], psd if psd in ("y", "n") else "u")


async def judge(author: str, signed: Iterable[str], sent_for: str, resolver: Resolver) -> Verdict:
    """The verdict on a mail of the domain `author`.

    signed: domains whose signatures hold. sent_for: the domain that SPF passes for, or "".
    """
    walk = _Walk(resolver)
    try:
        policy = await walk.policy(author)
        if policy is None:
            return Verdict.NONE
        for domain in signed:
            if await walk.is_aligned(domain, author, strict=policy.strict_dkim):
                return Verdict.PASS
        if sent_for and await walk.is_aligned(sent_for, author, strict=policy.strict_spf):
            return Verdict.PASS
    except DnsTrouble:
        return Verdict.LATER
    return Verdict.FAIL


class _Walk:
    """Walks up the tree; each name is asked once."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._known: dict[str, Policy | None] = {}

    async def policy(self, author: str) -> Policy | None:
        """The one that holds for this domain (section 4.10.1)."""
        own = await self._at(author)
        if own is not None:
            return own
        organisation = await self.organisation(author)
        found = await self._at(organisation)
        if found is not None:
            return found
        above = organisation.partition(".")[2]
        suffix = await self._at(above) if above else None
        return suffix if suffix is not None and suffix.psd == "y" else None

    async def is_aligned(self, domain: str, author: str, *, strict: bool) -> bool:
        """Whether what is authenticated is the author's (section 4.4)."""
        domain, author = _plain(domain), _plain(author)
        if domain == author:
            return True
        return not strict and await self.organisation(domain) == await self.organisation(author)

    async def organisation(self, domain: str) -> str:
        """The organisational domain (section 4.10.2)."""
        domain = highest = _plain(domain)
        for name in _upwards(domain):
            found = await self._at(name)
            if found is None:
                continue
            if found.psd == "n":
                return name
            if found.psd == "y":
                return name if name == domain else _one_below(domain, name)
            highest = name
        return highest

    async def _at(self, domain: str) -> Policy | None:
        domain = _plain(domain)
        if domain not in self._known:
            records = await self._resolver.ask(f"_dmarc.{domain}", "TXT")
            found = [policy for policy in map(read_policy, records) if policy is not None]
            self._known[domain] = found[0] if len(found) == 1 else None
        return self._known[domain]


def _plain(domain: str) -> str:
    return domain.rstrip(".").lower()


def _upwards(domain: str) -> list[str]:
    """The names to ask, from the domain itself to the top."""
    labels = domain.split(".")
    names = [domain]
    rest = labels[1:] if len(labels) < LABELS_MAX else labels[-(LABELS_MAX - 1) :]
    names += [".".join(rest[at:]) for at in range(len(rest))]
    return names


def _one_below(domain: str, suffix: str) -> str:
    """One label more than the suffix, towards the domain."""
    label = domain[: -len(suffix) - 1].rpartition(".")[2]
    return f"{label}.{suffix}"
