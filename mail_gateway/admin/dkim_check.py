"""What the DNS says of a key that signs letters, and of the domain they are from: each fault one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mail_gateway.proof import dmarc
from mail_gateway.proof.dmarc import Verdict
from mail_gateway.proof.dns import DnsTrouble
from mail_gateway.proof.tags import names_in, tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.signing_key import SigningKey
    from mail_gateway.proof.dns import Resolver

_VERSION: Final = "DKIM1"
_SPF: Final = "v=spf1"


@dataclass(frozen=True, slots=True)
class Finding:
    """slug: for a program; "" where all is well. is_advice: letters are signed well all the same."""

    subject: str
    sentence: str
    slug: str = ""
    is_advice: bool = False


async def published(key: SigningKey, resolver: Resolver) -> Finding:
    """Whether what is published is this key (RFC 6376 section 3.6.1)."""
    try:
        records = await resolver.ask(key.name, "TXT")
    except DnsTrouble:
        return _fault(key, "The DNS gives no answer for it: ask again later.", "dkim-dns")
    if not records:
        return _fault(key, "No TXT record is there.", "dkim-absent")
    if len(records) > 1:
        text = f"{len(records)} TXT records are there, and a receiver takes none: leave one."
        return _fault(key, text, "dkim-several")
    return _judged(key, tags_of(records[0]), records[0])


def _judged(key: SigningKey, tags: dict[str, str], record: str) -> Finding:
    version = record.lstrip().partition(";")[0].replace(" ", "")
    if tags.get("v", _VERSION) != _VERSION or ("v" in tags and version != f"v={_VERSION}"):
        return _fault(key, "The record does not begin with v=DKIM1.", "dkim-version")
    if "p" not in tags:
        return _fault(key, "What is there is no DKIM record: it has no p=, or is out of form.", "dkim-form")
    public = "".join(tags["p"].split())
    if not public:
        return _fault(key, "The key is revoked: p= is empty.", "dkim-revoked")
    if tags.get("k", "rsa") != key.kind.value or public != key.public:
        return _fault(key, "Another key is there, or this one in part.", "dkim-other-key")
    if "sha256" not in names_in(tags.get("h", "sha256")):
        return _fault(key, "h= does not allow sha256.", "dkim-hash")
    if {"*", "email"}.isdisjoint(names_in(tags.get("s", "*"))):
        return _fault(key, "s= does not allow mail.", "dkim-service")
    if "y" in names_in(tags.get("t", "")):
        return _fault(key, "t=y: a trial, so receivers take what is signed for unsigned.", "dkim-trial")
    return Finding(key.name, "The record is there, and it is this key.")


async def advice(author: str, returns: Sequence[str], resolver: Resolver) -> list[Finding]:
    """What helps letters beside a signature: a DMARC record, and SPF that is aligned.

    author: the domain that letters are from. returns: the domains of their return paths.
    """
    found = [await _spf(author, domain, resolver) for domain in returns]
    if await dmarc.judge(author, (), "", resolver) is Verdict.NONE:
        text = "No DMARC record: publish v=DMARC1; p=none first, then be stricter."
        found.insert(0, Finding(f"_dmarc.{author}", text, "dmarc-absent", is_advice=True))
    return [one for one in found if one.slug]


async def _spf(author: str, domain: str, resolver: Resolver) -> Finding:
    try:
        records = await resolver.ask(domain, "TXT")
    except DnsTrouble:
        records = (_SPF,)
    if not any(record.lower().split(" ")[0] == _SPF for record in records):
        text = "No SPF record: publish v=spf1 with the smarthost's addresses and -all."
        return Finding(domain, text, "spf-absent", is_advice=True)
    if await dmarc.judge(author, (), domain, resolver) is Verdict.FAIL:
        text = f"Its SPF does not count for {author}: DMARC rests on the signature alone."
        return Finding(domain, text, "spf-unaligned", is_advice=True)
    return Finding(domain, "")


def _fault(key: SigningKey, sentence: str, slug: str) -> Finding:
    return Finding(key.name, sentence, slug)
