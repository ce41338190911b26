"""A receipt in words, made of the receipt alone, without a clock: the same receipt, the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.money import shown
from mail_gateway.domain.receipt import REDUCED, YEN
from mail_gateway.outbox.compose import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mail_gateway.domain.receipt import Band, Receipt

LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "ja": {
        "sale": "領収書",
        "return": "返金明細書",
        "qualified": "適格請求書",
        "simplified": "適格簡易請求書",
        "returned": "適格返還請求書",
        "to": "様",
        "for": "但し",
        "goods": "お品代として",
        "thanks": "上記の金額を、カードのご利用により領収いたしました。",
        "back": "上記の金額を、お支払いのカードに返金いたしました。",
        "included": "税込",
        "rate": "税率",
        "with_tax": "対象金額(税込)",
        "tax": "内消費税額",
        "sold_on": "取引日",
        "returned_on": "返金日",
        "original": "元の照会番号",
        "way": "お支払方法",
        "credit": "クレジットカード利用",
        "debit": "デビットカード利用",
        "card": "カード番号",
        "approval_number": "承認番号",
        "slip": "伝票番号",
        "reference": "照会番号",
        "number": "登録番号",
        "reduced": "※は軽減税率対象です。",
        "stamp": "クレジットカード利用のため、収入印紙は不要です。",
    },
    "en": {
        "sale": "RECEIPT",
        "return": "RETURN SLIP",
        "qualified": "Qualified invoice",
        "simplified": "Qualified simplified invoice",
        "returned": "Qualified return invoice",
        "to": "",
        "for": "For",
        "goods": "goods and services",
        "thanks": "Received with thanks, by card.",
        "back": "Given back to the card it was paid with.",
        "included": "tax included",
        "rate": "Tax rate",
        "with_tax": "Amount with tax",
        "tax": "Tax in it",
        "sold_on": "Date of sale",
        "returned_on": "Date of return",
        "original": "Original reference",
        "way": "Paid by",
        "credit": "Credit card",
        "debit": "Debit card",
        "card": "Card",
        "approval_number": "Approval",
        "slip": "Slip",
        "reference": "Reference",
        "number": "Registration number",
        "reduced": "* Reduced tax rate.",
        "stamp": "Paid by credit card: no revenue stamp is needed.",
    },
}
_MARKS: Final = {"ja": "※", "en": "*"}


def words_of(receipt: Receipt) -> dict[str, str | Sequence[Mapping[str, str]]]:
    """What the templates and the paper use; each text is of one line."""
    labels, language = LABELS[receipt.language], receipt.language
    back = receipt.returned_on is not None
    words = {
        "title": labels["return" if back else "sale"],
        "subtitle": _subtitle(receipt),
        "recipient": receipt.recipient,
        "amount": shown(receipt.amount_minor, receipt.currency, language),
        "description": _description(receipt),
        "sold_on": _day(receipt.sold_on, language),
        "returned_on": _day(receipt.returned_on, language) if receipt.returned_on else "",
        "original": receipt.original,
        "way": labels["debit" if receipt.is_debit else "credit"],
        "stamp": "" if receipt.is_debit else labels["stamp"],
        "card": f"**** {receipt.masked_card[-4:]}" if receipt.masked_card else "",
        "approval_number": receipt.approval_number,
        "slip": f"{receipt.slip:05d}" if receipt.slip else "",
        "reference": receipt.reference,
        "issuer": receipt.shop.issuer,
        "address": receipt.shop.address,
        "registration_number": receipt.shop.registration_number,
        "is_reduced": "1" if any(band.rate == REDUCED for band in receipt.bands) else "",
        "text": "",
    }
    clean = {name: one_line(value) for name, value in words.items()}
    return {**clean, "bands": bands_of(receipt)}


def _description(receipt: Receipt) -> str:
    """What was sold, marked where all of it is taxed at the reduced rate."""
    labels = LABELS[receipt.language]
    text = receipt.description or receipt.shop.description or labels["goods"]
    is_reduced = bool(receipt.bands) and all(band.rate == REDUCED for band in receipt.bands)
    return f"{text} {_MARKS[receipt.language]}" if is_reduced else text


def _subtitle(receipt: Receipt) -> str:
    if not receipt.is_qualified:
        return ""
    kind = "qualified" if receipt.recipient else "simplified"
    return LABELS[receipt.language]["returned" if receipt.returned_on else kind]


def bands_of(receipt: Receipt) -> list[dict[str, str]]:
    """The lines of its tax, in words."""
    return [_band(band, receipt) for band in receipt.bands]


def _band(band: Band, receipt: Receipt) -> dict[str, str]:
    """Only who is registered says what the tax is."""
    return {
        "rate": f"{band.rate}%",
        "mark": _MARKS[receipt.language] if band.rate == REDUCED else "",
        "amount": shown(band.amount_minor, YEN, receipt.language),
        "tax": shown(band.tax_minor, YEN, receipt.language) if receipt.is_qualified else "",
    }


def _day(day: date, language: str) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if language == "ja" else f"{day:%Y-%m-%d}"
