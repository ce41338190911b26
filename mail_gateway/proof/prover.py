"""Proves senders for the door: rules, resolver and clock held together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.proof.evidence import FROM, evidence_of
from mail_gateway.proof.judge import Rules, prove
from mail_gateway.proof.spf import Session

if TYPE_CHECKING:
    from mail_gateway.ports import Ports
    from mail_gateway.proof.dns import Resolver
    from mail_gateway.proof.standing import Proof
    from mail_gateway.settings import ProofSettings


class Prover:
    """settings: whom to believe. resolver: asked only where mail comes directly."""

    def __init__(self, settings: ProofSettings, resolver: Resolver, ports: Ports) -> None:
        self._rules = Rules(settings.the_way, settings.relay, frozenset(settings.sealers))
        self._resolver = resolver
        self._ports = ports

    async def prove(self, raw: bytes, author: str, session: Session, covered: frozenset[str] = FROM) -> Proof:
        """What is known of who wrote the mail. author: the one address of its one From, or "". covered:
        headers that a signature has to cover to count."""
        evidence = evidence_of(raw, author, self._ports.now_ms() // 1000, covered)
        proof = await prove(evidence, session, self._rules, self._resolver)
        self._ports.tell("mail.proof", standing=proof.standing.value, how=proof.how)
        return proof
