"""A mail to the reply address of one of our letters: whose answer it is, if anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.intake.customers import IDENT_MAX, NEVER, Customers
from mail_gateway.intake.proving import Proving
from mail_gateway.proof.standing import Standing
from mail_gateway.store import inbox, replies
from schemas.mail import robots, token

if TYPE_CHECKING:
    from mail_gateway.domain.reply import Merchant
    from mail_gateway.intake.bounces import Reader
    from mail_gateway.proof.prover import Prover
    from mail_gateway.proof.spf import Session
    from schemas.mail.read import Mail

_KINDS: Final = token.REPLY + token.DESK + token.ORDER


class Answers:
    """Judges answers by token and sender. key: of the reply tokens. prover: None: a merchant's address is
    believed, and no customer's is proven."""

    def __init__(self, store: Reader, key: bytes, prover: Prover | None = None) -> None:
        self._store = store
        self._key = key
        self._proving = Proving(prover)
        self._customers = Customers(store, key, self._proving)

    async def judge(
        self, mail: Mail, raw: bytes, session: Session, recipients: tuple[str, ...]
    ) -> inbox.Answered | inbox.OfOrder | str:
        """Whose answer it is; else "" if the mail was to no reply address, or the slug of why it counts for
        nothing: reply-forged, reply-automatic, reply-stranger, reply-unproven, reply-again, and what
        `Customers.judge` says.

        Raises GatewayError(retry) proof-later where the DNS does not answer: the sender keeps the mail.
        """
        read = (token.in_address(one, _KINDS) for one in recipients)
        tokens = [one for one in read if one is not None]
        if any(one.kind == token.ORDER for one in tokens):
            return await self._customers.judge(mail, raw, session, set(tokens))
        for one in tokens:
            merchant = await self._owner(one) if one.ident <= IDENT_MAX else None
            if merchant is not None:
                robot = robots.is_automatic(raw, session.sender)
                judged = await self._judged(one, merchant, mail, robot=robot)
                slug = "" if isinstance(judged, str) else await self._unproven(mail, raw, session)
                return slug or judged
        return "reply-forged" if tokens else ""

    async def _unproven(self, mail: Mail, raw: bytes, session: Session) -> str:
        """The slug if the address that it names did not send it, or an empty text."""
        proof = await self._proving.prove(raw, mail.from_address, session)
        return "reply-unproven" if proof is not None and proof.standing is Standing.UNPROVEN else ""

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
