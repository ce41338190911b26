"""DKIM and ARC as far as they prove something: dkimpy checks the bytes, the rules around it are stricter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import dkim

from mail_gateway.proof.dns import DnsTrouble

if TYPE_CHECKING:
    from mail_gateway.proof.dns import Resolver
    from mail_gateway.proof.evidence import Evidence

SIGNATURES_MAX: Final = 5
"""Of one mail; the topmost ones are looked at."""

SETS_MAX: Final = 10
"""ARC sets of one mail; what was forwarded more often proves nothing."""

KEY_BITS_MIN: Final = 1024
FAULTS: Final = (
    *(dkim.DKIMException, ValueError, TypeError, LookupError, AttributeError),
    *(ArithmeticError, AssertionError, RecursionError),
)
"""What dkimpy raises on what strangers write: each is a no."""

_ALGORITHMS: Final = frozenset({"rsa-sha256", "ed25519-sha256"})


@dataclass(frozen=True, slots=True)
class Signed:
    """domains: d= of the signatures that hold. in_trouble: a key could not be asked for. keys: name and text
    of the DNS records under which they hold."""

    domains: tuple[str, ...]
    in_trouble: bool
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sealed:
    """sealer: d= of the newest ARC seal of a chain that holds, or "". results: what it found, as text."""

    sealer: str
    results: str
    in_trouble: bool


class _Keys:
    """Keys asked for before dkimpy wants them: it cannot wait."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._found: dict[str, str] = {}
        self.in_trouble = False

    def of(self, every: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
        """Name and text of what these signatures were checked with, each once."""
        names = dict.fromkeys(map(_name, every))
        return tuple((name, self._found[name]) for name in names if name in self._found)

    async def fetch(self, tags: dict[str, str]) -> None:
        name = _name(tags)
        if name in self._found:
            return
        try:
            records = await self._resolver.ask(name, "TXT")
        except DnsTrouble:
            self.in_trouble = True
            return
        if len(records) == 1:  # several keys of one name say nothing (RFC 6376 section 3.6.2.2)
            self._found[name] = records[0]

    def __call__(self, name: bytes, timeout: int = 0) -> bytes:  # noqa: ARG002 - dkimpy's form
        return self._found.get(name.decode("latin-1").rstrip(".").lower(), "").encode("latin-1")


async def signed(seen: Evidence, resolver: Resolver) -> Signed:
    """Whose DKIM signatures (RFC 6376) hold.

    A signature counts only without l=, with From and what else has to be covered signed, a key of at least
    1024 bits, and before its end.
    """
    values = [value for name, value in seen.headers if name.lower() == "dkim-signature"][:SIGNATURES_MAX]
    every = [tags_of(value) for value in values]
    keys = _Keys(resolver)
    for tags in every:
        await keys.fetch(tags)
    good = [tags for index, tags in enumerate(every) if _counts(tags, seen) and _holds(seen.raw, index, keys)]
    domains = dict.fromkeys(tags["d"].lower() for tags in good)
    return Signed(tuple(domains), keys.in_trouble, keys.of(good))


async def sealed(raw: bytes, headers: list[tuple[str, str]], resolver: Resolver) -> Sealed:
    """Who forwarded it last, by ARC (RFC 8617), and what that one found."""
    own = ("arc-seal", "arc-message-signature")
    every = [tags_of(value) for name, value in headers if name.lower() in own]
    if not every or len(every) > 2 * SETS_MAX:
        return Sealed("", "", in_trouble=False)
    keys = _Keys(resolver)
    for tags in every:
        await keys.fetch(tags)
    verdict, found = _chain(raw, keys)
    if verdict != dkim.CV_Pass or not found:
        return Sealed("", "", keys.in_trouble)
    newest = found[0]
    results = newest["aar-value"].decode("latin-1").partition(";")[2].strip()
    return Sealed(newest["as-domain"].decode("latin-1").lower(), results, keys.in_trouble)


def tags_of(value: str) -> dict[str, str]:
    """A tag list (RFC 6376 section 3.2) as a table; names in small letters, white space gone. {} if one tag
    is there twice."""
    found: dict[str, str] = {}
    for part in value.split(";"):
        name, equals, text = part.partition("=")
        name = name.strip().lower()
        if not equals:
            continue
        if name in found:
            return {}
        found[name] = "".join(text.split())
    return found


def _name(tags: dict[str, str]) -> str:
    """Where the key of a signature is published (RFC 6376 section 3.6.2.1)."""
    return f"{tags.get('s', '')}._domainkey.{tags.get('d', '')}".lower()


def _counts(tags: dict[str, str], seen: Evidence) -> bool:
    signed_headers = tags.get("h", "").lower().split(":")
    ends = tags.get("x", "")
    in_time = not ends or (ends.isascii() and ends.isdigit() and int(ends[:12]) >= seen.now_s)
    known = tags.get("a", "").lower() in _ALGORITHMS
    return (
        "l" not in tags
        and seen.covered.issubset(signed_headers)
        and known
        and in_time
        and bool(tags.get("d"))
    )


def _holds(raw: bytes, index: int, keys: _Keys) -> bool:
    try:
        return bool(dkim.DKIM(raw, minkey=KEY_BITS_MIN).verify(index, dnsfunc=keys))
    except FAULTS:
        return False


def _chain(raw: bytes, keys: _Keys) -> tuple[Any, list[dict[str, Any]]]:
    try:
        verdict, found, _ = dkim.ARC(raw, minkey=KEY_BITS_MIN).verify(dnsfunc=keys)
    except FAULTS:
        return dkim.CV_Fail, []
    return verdict, found
