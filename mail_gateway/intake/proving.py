"""Who sent an answer: asked of the prover, and asked again later where the DNS is in trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.proof.evidence import FROM
from mail_gateway.proof.standing import Standing

if TYPE_CHECKING:
    from mail_gateway.proof.prover import Prover
    from mail_gateway.proof.spf import Session
    from mail_gateway.proof.standing import Proof


class Proving:
    """prover: None where no proof is looked at."""

    def __init__(self, prover: Prover | None) -> None:
        self._prover = prover

    async def prove(
        self, raw: bytes, author: str, session: Session, covered: frozenset[str] = FROM
    ) -> Proof | None:
        """What is known of who sent it; None: nobody looks. author: the one address of its one From. covered:
        headers that a signature has to cover to count.

        Raises GatewayError(retry) proof-later where the DNS does not answer: the sender keeps the mail.
        """
        if self._prover is None:
            return None
        proof = await self._prover.prove(raw, author, session, covered)
        if proof.standing is Standing.LATER:
            sentence = "The sender cannot be proven just now."
            raise GatewayError(sentence, "proof-later", Disposition.RETRY, proof.how)
        return proof
