"""Who sent a mail: one answer of three, from what the mail, its way and the DNS say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mail_gateway.proof import dmarc, relayed, signatures, spf
from mail_gateway.proof.dmarc import Verdict
from mail_gateway.proof.standing import Proof, Standing
from mail_gateway.settings import Way

if TYPE_CHECKING:
    from mail_gateway.proof.dns import Resolver
    from mail_gateway.proof.evidence import Evidence
    from mail_gateway.proof.spf import Session

ONCE: Final = frozenset(
    {"from", "sender", "subject", "date", "to", "cc", "message-id", "in-reply-to", "content-type", "reply-to"}
)
"""Headers of which a mail has one at most (RFC 5322 section 3.6); with two, readers differ, and it proves
nothing."""


@dataclass(frozen=True, slots=True)
class Rules:
    """way: of mail to us. relay: authserv-id of our own server. sealers: forwarders believed, by d= of their
    ARC seals."""

    way: Way = Way.NONE
    relay: str = ""
    sealers: frozenset[str] = frozenset()


_STANDINGS: Final = {
    Verdict.PASS: Standing.PROVEN,
    Verdict.FAIL: Standing.UNPROVEN,
    Verdict.NONE: Standing.SILENT,
    Verdict.LATER: Standing.LATER,
}


async def prove(evidence: Evidence, session: Session, rules: Rules, resolver: Resolver) -> Proof:
    """What is known of the mail's author. Never raises."""
    if rules.way is Way.NONE:
        return Proof(Standing.SILENT, "not looked at")
    if not evidence.in_form:
        return Proof(Standing.UNPROVEN, "head out of form")
    names = [name.lower() for name, _ in evidence.headers]
    twice = sorted(name for name in ONCE if names.count(name) > 1)
    if twice or not evidence.author:
        return Proof(Standing.UNPROVEN, f"{twice[0] if twice else 'from'} not once")
    domain = evidence.author.rpartition("@")[2]
    if rules.way is Way.RELAY:
        verdict = relayed.found(evidence.headers, rules.relay, domain)
        return Proof(_STANDINGS[verdict], f"relay={rules.relay} dmarc={verdict}")
    return await _direct(evidence, domain, session, rules, resolver)


async def _direct(seen: Evidence, domain: str, session: Session, rules: Rules, resolver: Resolver) -> Proof:
    signed = await signatures.signed(seen, resolver)
    sent, sent_for = await spf.check(session, resolver)
    passed = sent_for if sent is spf.Result.PASS else ""
    verdict = await dmarc.judge(domain, signed.domains, passed, resolver)
    how = f"dkim={','.join(signed.domains) or 'none'} spf={sent} dmarc={verdict}"
    if verdict is not Verdict.FAIL:
        return Proof(_STANDINGS[verdict], how, signed.keys)
    if rules.sealers:
        sealed = await signatures.sealed(seen, resolver)
        if sealed.sealer in rules.sealers and relayed.of_sealer(sealed.results, domain) is Verdict.PASS:
            return Proof(Standing.PROVEN, f"{how} arc={sealed.sealer}", signed.keys)
        signed = replace(signed, in_trouble=signed.in_trouble or sealed.in_trouble)
    in_trouble = signed.in_trouble or sent is spf.Result.TEMPERROR
    return Proof(Standing.LATER if in_trouble else Standing.UNPROVEN, how, signed.keys)
