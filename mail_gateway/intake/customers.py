"""A mail to the address that a customer answers an order at: whether it is that customer's answer."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from mail_gateway.proof.evidence import FROM, evidence_of
from mail_gateway.proof.standing import NOT_LOOKED_AT
from mail_gateway.store import customer_answers, inbox
from schemas.mail import robots, token
from schemas.mail.subjects import is_automatic, is_no_answer

if TYPE_CHECKING:
    from mail_gateway.intake.bounces import Reader
    from mail_gateway.intake.proving import Proving
    from mail_gateway.proof.spf import Session
    from mail_gateway.store.customer_answers import Asked
    from schemas.mail.read import Mail

NEVER: Final = 0
"""How long an order may be answered is said by the order, not by the address."""

IDENT_MAX: Final = (1 << 63) - 1
"""No row has a higher number; what says so was made up."""

ANSWERS_MAX: Final = 200
"""Of one order; no person writes as many, and each is kept whole."""

_LOCAL: Final = re.compile(rf"(?<![0-9a-z])[0-9a-z]{{{token.LENGTH}}}@", re.IGNORECASE)
_TO: Final = ("to", "cc")
_SENT_ON: Final = ("resent-", "list-")


class Customers:
    """Judges answers by token, sender and way. key: of the reply tokens."""

    def __init__(self, store: Reader, key: bytes, proving: Proving) -> None:
        self._store = store
        self._key = key
        self._proving = proving

    async def judge(
        self, mail: Mail, raw: bytes, session: Session, tokens: set[token.Token]
    ) -> inbox.OfOrder | str:
        """Whose answer it is, with what proves its sender; or the slug of why it counts for nothing.

        answer-several: it is to other addresses of ours as well. answer-forged: no token of ours. With the
        order: answer-automatic, answer-forwarded, answer-stranger, answer-again, answer-many.

        Raises GatewayError(retry) proof-later where the DNS does not answer.
        """
        written = _written_to(raw, _TO)
        if len({(one.kind, one.ident) for one in tokens | written}) > 1:
            return "answer-several"
        asked = await self._asked(next(iter(tokens)).ident)
        ours = set() if asked is None else {one for one in tokens if self._is_ours(one, asked)}
        if asked is None or not ours:
            return "answer-forged"
        slug = await self._not_theirs(mail, raw, session, asked)
        if not slug and (not ours & written or _is_sent_on(raw) or is_no_answer(mail.subject)):
            slug = "answer-forwarded"
        if slug:
            return inbox.OfOrder(asked.order, slug=slug)
        # to a mail that names us in its Cc alone anybody may have added us, unless its Cc is signed
        is_in_to = bool(ours & _written_to(raw, ("to",)))
        covered = _to_be_signed(mail, asked.code) if is_in_to else FROM | {"cc"}
        proof = await self._proving.prove(raw, mail.from_address, session, covered)
        return inbox.OfOrder(asked.order, NOT_LOOKED_AT if proof is None else str(proof))

    async def _asked(self, ident: int) -> Asked | None:
        if ident > IDENT_MAX:
            return None
        asked: Asked | None = await self._store.read(customer_answers.asked, ident)
        return asked

    def _is_ours(self, one: token.Token, asked: Asked) -> bool:
        return any(token.verify(self._key, one, to, NEVER) for to in asked.written_to)

    async def _not_theirs(self, mail: Mail, raw: bytes, session: Session, asked: Asked) -> str:
        if robots.is_automatic(raw, session.sender) or is_automatic(mail.subject):
            return "answer-automatic"
        if mail.from_address.lower() not in asked.on_file:
            return "answer-stranger"
        seen = customer_answers.Seen(mail.message_id, hashlib.sha256(raw).digest())
        if await self._store.read(customer_answers.is_known, asked.customer, seen):
            return "answer-again"
        many = await self._store.read(customer_answers.count, asked.order) >= ANSWERS_MAX
        return "answer-many" if many else ""


def _written_to(raw: bytes, names: tuple[str, ...]) -> set[token.Token]:
    """The tokens in headers of these names: the mail's own To and Cc. What was copied or redirected to us
    names somebody else there: a yes that was meant for another letter is no yes to ours."""
    values = [value for name, value in evidence_of(raw, "", 0).headers if name.lower() in names]
    found = (token.in_address(local, token.KINDS) for value in values for local in _LOCAL.findall(value))
    return {one for one in found if one is not None}


def _is_sent_on(raw: bytes) -> bool:
    """Whether somebody sent it again as it was (RFC 5322 section 3.6.6), or a list did (RFC 2919, 2369)."""
    return any(name.lower().startswith(_SENT_ON) for name, _ in evidence_of(raw, "", 0).headers)


def _to_be_signed(mail: Mail, code: str) -> frozenset[str]:
    """What a signature has to cover for the mail to be about this order, and not a yes to somebody else with
    another head: nothing more where the order's code stands in its text, which is always signed."""
    if any(code in text.upper() for text in mail.texts):
        return FROM
    return FROM | {"subject" if code in mail.subject.upper() else "to"}
