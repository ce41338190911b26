"""DKIM and ARC as far as they prove something: dkimpy checks the bytes, the rules around it are stricter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import dkim

from mail_gateway.proof.chain import chain_of
from mail_gateway.proof.keys import Keys
from mail_gateway.proof.tags import names_in, tags_of

if TYPE_CHECKING:
    from mail_gateway.proof.chain import Chain
    from mail_gateway.proof.dns import Resolver
    from mail_gateway.proof.evidence import Evidence

SIGNATURES_MAX: Final = 5
"""Of one mail; the topmost ones are looked at."""

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


async def signed(seen: Evidence, resolver: Resolver) -> Signed:
    """Whose DKIM signatures (RFC 6376) hold.

    A signature counts only without l=, with From and what else has to be covered signed, a key of at least
    1024 bits, and before its end.
    """
    values = [value for name, value in seen.headers if name.lower() == "dkim-signature"][:SIGNATURES_MAX]
    every = [tags_of(value) for value in values]
    keys = Keys(resolver)
    await keys.fetch(every)
    good = [
        tags
        for index, tags in enumerate(every)
        if _counts(tags, seen) and keys.serve(tags) and _holds(seen.raw, index, keys)
    ]
    domains = dict.fromkeys(tags["d"].lower() for tags in good)
    return Signed(tuple(domains), keys.in_trouble, keys.of(good))


async def sealed(seen: Evidence, resolver: Resolver) -> Sealed:
    """Who forwarded it last, by ARC (RFC 8617), and what that one found.

    The newest signature over the mail has to count as a DKIM signature does.
    """
    chain = chain_of(seen.raw)
    if chain is None or not _counts(chain.newest, seen):
        return Sealed("", "", in_trouble=False)
    every = [chain.newest, *chain.seals]
    keys = Keys(resolver)
    await keys.fetch(every)
    if not all(map(keys.serve, every)) or not _chain_holds(chain, keys):
        return Sealed("", "", keys.in_trouble)
    return Sealed(chain.seals[0]["d"].lower(), chain.results, keys.in_trouble)


def _counts(tags: dict[str, str], seen: Evidence) -> bool:
    headers = names_in(tags.get("h", ""))
    ends = tags.get("x", "")
    in_time = not ends or (ends.isascii() and ends.isdigit() and int(ends[:12]) >= seen.now_s)
    known = tags.get("a", "") in _ALGORITHMS
    is_whole = "l" not in tags and "" not in headers and seen.covered.issubset(headers)
    return is_whole and known and in_time and bool(tags.get("d"))


def _holds(raw: bytes, index: int, keys: Keys) -> bool:
    try:
        return bool(dkim.DKIM(raw, minkey=KEY_BITS_MIN).verify(index, dnsfunc=keys))
    except FAULTS:
        return False


def _chain_holds(chain: Chain, keys: Keys) -> bool:
    try:
        verdict, found, _ = dkim.ARC(chain.raw, minkey=KEY_BITS_MIN).verify(dnsfunc=keys)
    except FAULTS:
        return False
    return verdict == dkim.CV_Pass and len(found) == len(chain.seals)
