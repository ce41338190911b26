"""What a merchant is asked for: which items, and the letters that ask, remind, thank, or say it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from acquirer_sdk.values import Approved, Ask, Declined, NeedsInput
from mail_gateway.domain.item_words import NAMES, asked
from mail_gateway.domain.money import CURRENCIES, shown
from mail_gateway.domain.notice import Notice
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.payment import Trade
from mail_gateway.domain.reply import Merchant
from mail_gateway.domain.wants import ROUNDS_MAX, Phase, Question, items_after
from mail_gateway.store.wants import Asking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acquirer_sdk.values import AuthoriseOutcome, Item
    from mail_gateway.domain.wants import Told, Want
    from mail_gateway.store.payments import Payment
    from mail_gateway.work.kit import Kit

HOUR_MS: Final = 60 * 60_000
DAY_MS: Final = 24 * HOUR_MS
YES: Final = "yes"


def bounded(outcome: AuthoriseOutcome, told: Told) -> AuthoriseOutcome:
    """An acquirer that wants more, again and again, has said no."""
    if isinstance(outcome, NeedsInput) and outcome.ask is Ask.MORE and told.rounds >= ROUNDS_MAX:
        return Declined(outcome.code)
    return outcome


def asking_of(kit: Kit, payment: Payment, outcome: AuthoriseOutcome, told: Told) -> Asking | None:
    """What the merchant is asked for by this answer to a sale, if by mail anything at all."""
    if payment.kind is not Trade.SALE or payment.order_id is not None:
        return None
    if isinstance(outcome, Approved):
        return _after(kit, payment, outcome, told)
    if not isinstance(outcome, NeedsInput) or outcome.ask is not Ask.MORE or not outcome.items:
        return None
    items, until_ms = tuple(dict.fromkeys(outcome.items)), payment.fresh_until_ms or 0
    question = Question(Phase.BEFORE, told.rounds + 1, items, outcome.code, until_ms, None)
    return Asking(question, payment.merchant)


def _after(kit: Kit, payment: Payment, outcome: Approved, told: Told) -> Asking | None:
    items = items_after(payment.wanted, kit.acquirers.of(payment).capabilities.items_after, told.items)
    if not items:
        return None
    now_ms, settings = kit.ports.now_ms(), kit.settings
    until_ms = now_ms + settings.want_lapse_days * DAY_MS
    due_ms = min(now_ms + settings.want_remind_h * HOUR_MS, until_ms)
    question = Question(Phase.AFTER, 1, items, "", until_ms, due_ms)
    notice = request(kit, replace(payment, approval_number=outcome.approval_number), question)
    return Asking(question, payment.merchant, Letter.WANTED, kit.notices.compose(notice, now_ms))


def request(kit: Kit, payment: Payment, question: Question) -> Notice:
    """Asks for further items of an approved sale. payment: with its approval number."""
    words = {
        **facts(kit, payment),
        "questions": _questions(enumerate(question.items, 1), payment.language),
        "until": _moment(kit, question.until_ms),
    }
    return _notice(Letter.WANTED, payment.reference, payment, words)


def again(kit: Kit, payment: Payment, want: Want, wrong: Iterable[Item]) -> Notice:
    """Asks for what is missing, and for that only. want: as it is now, with what was good."""
    unread = frozenset(wrong)
    words = {
        **_asks(kit, payment, want),
        "taken": taken_lines(want.given, payment.language),
        "wrong": _lines(payment, want, frozenset(want.missing) & unread),
        "missing": _lines(payment, want, frozenset(want.missing) - unread),
        "before": YES if want.phase is Phase.BEFORE else "",
    }
    return _notice(Letter.WANTED_AGAIN, f"{want.id}-{want.letters}", payment, words)


def reminder(kit: Kit, payment: Payment, want: Want) -> Notice:
    """Asks once more for what was not answered."""
    words = {**_asks(kit, payment, want), "questions": _lines(payment, want, frozenset(want.missing))}
    return _notice(Letter.WANTED_REMINDER, str(want.id), payment, words)


def taken(kit: Kit, payment: Payment, want: Want, *, forwarded: bool) -> Notice:
    """Says what was understood. forwarded: it goes on to the acquirer."""
    words = {
        **facts(kit, payment),
        "taken": taken_lines(want.given, payment.language),
        "forwarded": YES if forwarded else "",
    }
    return _notice(Letter.WANTED_TAKEN, str(want.id), payment, words)


def closed(kit: Kit, payment: Payment, want: Want, why: str) -> Notice:
    """Says that an answer changed nothing. why: lapsed, answered or over."""
    case = why if why == "over" else f"{why}_{want.phase}"
    cases = ("lapsed_before", "lapsed_after", "answered_before", "answered_after", "over")
    words = {**facts(kit, payment), **{name: YES if name == case else "" for name in cases}}
    return _notice(Letter.WANTED_CLOSED, f"{want.id}-{why}", payment, words)


def merchant_of(payment: Payment) -> Merchant:
    """The payment's merchant as a notice needs it."""
    own = (payment.merchant, payment.merchant_name, payment.recipient, "", payment.language)
    return Merchant(*own, payment.terminal_id, payment.merchant_id)


def decimals(currency: int) -> int:
    """Minor digits of a currency (ISO 4217 numeric), 0 where it is not known."""
    known = CURRENCIES.get(currency)
    return known.exponent if known else 0


def facts(kit: Kit, payment: Payment) -> Mapping[str, str]:
    """Which sale a notice speaks of."""
    return {
        "amount": shown(payment.amount_minor, payment.currency, payment.language),
        "card": payment.masked_card,
        "approval_number": payment.approval_number,
        "slip": f"{payment.slip:05d}" if payment.slip else "",
        "reference": payment.reference,
        "time": _moment(kit, payment.keyed_s * 1000),
    }


def taken_lines(given: Mapping[Item, str], language: str) -> str:
    """What was answered, in no form that an answer has."""
    word = "受付済" if language == "ja" else "taken:"
    return "\n".join(f"{word} {NAMES[item].of(language)} {value}" for item, value in given.items())


def _notice(kind: Letter, ident: str, payment: Payment, words: Mapping[str, str]) -> Notice:
    return Notice(kind, ident, merchant_of(payment), words, payment.id)


def _asks(kit: Kit, payment: Payment, want: Want) -> Mapping[str, str]:
    return {**facts(kit, payment), "until": _moment(kit, want.until_ms)}


def _lines(payment: Payment, want: Want, items: frozenset[Item]) -> str:
    return _questions(((n, item) for n, item in want.numbered.items() if item in items), payment.language)


def _questions(numbered: Iterable[tuple[int, Item]], language: str) -> str:
    return "\n".join(asked(number, item, language) for number, item in numbered)


def _moment(kit: Kit, at_ms: int) -> str:
    time = datetime.fromtimestamp(at_ms // 1000, ZoneInfo(kit.settings.time_zone))
    return f"{time:%Y-%m-%d %H:%M} {time.tzname()}"
