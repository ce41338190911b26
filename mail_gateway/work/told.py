"""From an arrow to the letter that tells of it: the sealed result, the check code and the facts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

from mail_gateway.domain.codes import reason_for, shown_code
from mail_gateway.domain.news import News
from mail_gateway.domain.outcome import Letter, telling
from mail_gateway.envelope.seal import check_code, seal_result
from mail_gateway.store.letters import Queued
from mail_gateway.store.payments import reference_of
from schemas.envelope.payload import Result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mail_gateway.domain.outcome import Outcome, Telling
    from mail_gateway.domain.payment import Trade
    from mail_gateway.domain.wants import Question
    from mail_gateway.envelope.seal import Result as Sealable
    from mail_gateway.store.payments import Payment
    from mail_gateway.store.record import Move
    from mail_gateway.work.kit import Kit

SEALED_VERSION_MAX: Final = 255
"""The version is the nonce, one byte: after the last one letters are words only, never a second seal."""
_WITH_REASON: Final = frozenset(
    {
        *(Letter.DECLINED, Letter.RE_ENTER, Letter.MORE_WANTED, Letter.REFUSED, Letter.EXPIRED),
        *(Letter.NOT_RETURNED, Letter.UNPAID, Letter.NOT_CANCELLED),
    }
)


def told_of(moves: Sequence[Move], trade: Trade) -> Telling | None:
    """What the newest arrow tells that tells something."""
    tellings = (telling(move.event, move.before, move.after, trade) for move in reversed(moves))
    return next((one for one in tellings if one is not None), None)


def letter(
    kit: Kit, payment: Payment, told: Telling, now_ms: int, question: Question | None = None
) -> Queued:
    """The letter of one telling. payment: as it will be afterwards. question: what the letter asks."""
    news = _news(kit, payment, told, now_ms)
    if question is not None:
        numbered = tuple(enumerate(question.items, 1))
        news = replace(news, questions=numbered, until_ms=question.until_ms)
    return Queued(told.letter, payment.version, kit.writer.compose(news))


def _news(kit: Kit, payment: Payment, told: Telling, now_ms: int) -> News:
    result = None
    can_seal = payment.version <= SEALED_VERSION_MAX and not payment.is_by_hand
    if payment.wrapped_bdk is not None:
        kit.keys.add_bdk(payment.ksn[:4], payment.wrapped_bdk)
    if told.outcome is not None and can_seal:
        result = _result(payment, told.outcome, now_ms)
    return News(
        payment_id=payment.id,
        letter=told.letter,
        outcome=told.outcome,
        version=payment.version,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        masked_card=payment.masked_card,
        approval_number=payment.approval_number,
        slip=payment.slip,
        reference=payment.reference,
        reason=reason_for(payment.code, payment.language) if told.letter in _WITH_REASON else "",
        time_ms=now_ms,
        language=payment.language,
        merchant_name=payment.merchant_name,
        recipient=payment.recipient,
        in_reply_to=payment.in_reply_to,
        sealed_result=None if result is None else seal_result(payment.ksn, result, kit.keys),
        check_code="" if result is None else check_code(payment.ksn, result, kit.keys),
        original="" if payment.original is None else reference_of(payment.original),
    )


def _result(payment: Payment, outcome: Outcome, now_ms: int) -> Sealable:
    result = Result(
        outcome=outcome.value,
        version=payment.version,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        approval_number=payment.approval_number,
        reference=payment.reference,
        reason=shown_code(payment.code),
        time_s=now_ms // 1000,
    )
    return cast("Sealable", result)
