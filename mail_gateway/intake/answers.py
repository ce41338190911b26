"""A mail to the reply address of one of our letters: whose answer it is, if anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.proof.standing import Standing
from mail_gateway.store import inbox, replies
from schemas.mail import robots, token

if TYPE_CHECKING:
    from mail_gateway.domain.reply import Merchant
    from mail_gateway.intake.bounces import Reader
    from mail_gateway.proof.prover import Prover
    from mail_gateway.proof.spf import Session
    from schemas.mail.read import Mail

NEVER: Final = 0
"""What may still be answered is decided by the payment, not by the address."""

_KINDS: Final = token.REPLY + token.DESK


class Answers:
    """Judges answers by token and sender. key: of the reply tokens. prover: None: the address is believed."""

    def __init__(self, store: Reader, key: bytes, prover: Prover | None = None) -> None:
        self._store = store
        self._key = key
        self._prover = prover

    async def judge(
        self, mail: Mail, raw: bytes, session: Session, recipients: tuple[str, ...]
    ) -> inbox.Answered | str:
        """Whose answer it is; else "" if the mail was to no reply address, or the slug of why it counts for
        nothing: reply-forged, reply-automatic, reply-stranger, reply-unproven, reply-again.

        Raises GatewayError(retry) proof-later where the DNS does not answer: the sender keeps the mail.
        """
        read = (token.in_address(one, _KINDS) for one in recipients)
        tokens = [one for one in read if one is not None]
        for one in tokens:
            merchant = await self._owner(one)
            if merchant is not None:
                robot = robots.is_automatic(raw, session.sender)
                judged = await self._judged(one, merchant, mail, robot=robot)
                slug = "" if isinstance(judged, str) else await self._unproven(mail, raw, session)
                return slug or judged
        return "reply-forged" if tokens else ""

    async def _unproven(self, mail: Mail, raw: bytes, session: Session) -> str:
        """The slug if the address that it names did not send it, or an empty text."""
        if self._prover is None:
            return ""
        proof = await self._prover.prove(raw, mail.from_address, session)
        if proof.standing is Standing.LATER:
            sentence = "The sender cannot be proven just now."
            raise GatewayError(sentence, "proof-later", Disposition.RETRY, proof.how)
        return "reply-unproven" if proof.standing is Standing.UNPROVEN else ""

    async def _owner(self, one: token.Token) -> Merchant | None:
        """The merchant that this token was made for."""
        find = replies.merchant if one.kind == token.DESK else replies.merchant_of
        merchant: Merchant | None = await self._store.read(find, one.ident)
        if merchant is None:
            return None
        payment = None if one.kind == token.DESK else one.ident
        written_to: set[str] = await self._store.read(replies.recipients, merchant.id, payment)
        known = written_to | {merchant.mail}
        return merchant if any(token.verify(self._key, one, to, NEVER) for to in known) else None

    async def _judged(
        self, one: token.Token, merchant: Merchant, mail: Mail, *, robot: bool
    ) -> inbox.Answered | str:
        if robot:
            return "reply-automatic"
        on_file = {merchant.mail.lower(), merchant.second_mail.lower()} - {""}
        if mail.from_address.lower() not in on_file:
            return "reply-stranger"
        if await self._store.read(replies.is_known, merchant.id, mail.message_id):
            return "reply-again"
        return inbox.Answered(merchant.id, None if one.kind == token.DESK else one.ident)
