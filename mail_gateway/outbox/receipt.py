"""A receipt in words and on paper. Both are made of the receipt alone: the same receipt, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.domain.money import shown
from mail_gateway.domain.receipt import REDUCED, YEN
from mail_gateway.outbox.compose import one_line
from mail_gateway.outbox.pdf import Page, Style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from mail_gateway.domain.receipt import Band, Receipt
    from mail_gateway.outbox.pdf import Faces

A5: Final = (420, 595)
"""Points."""
_LEFT, _RIGHT, _WIDTH = 40, 380, 340
_INK, _PALE, _GREY = 0x1F3A5F, 0xEEF2F7, 0x6B7480
_PLAIN: Final = Style()
_SOFT: Final = Style(8, colour=_GREY)
_FINE: Final = Style(7, colour=_GREY)
_STRONG: Final = Style(13, bold=True)
_CENTRE: Final = A5[0] // 2
_SPACED_MAX: Final = 5
"""A title of so few signs is set wide."""

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
        "thanks": "上記の金額を、クレジットカードのご利用により領収いたしました。",
        "back": "上記の金額を、お支払いのクレジットカードに返金いたしました。",
        "included": "税込",
        "rate": "税率",
        "with_tax": "対象金額(税込)",
        "tax": "内消費税額",
        "sold_on": "取引日",
        "returned_on": "返金日",
        "original": "元の照会番号",
        "way": "お支払方法",
        "card_used": "クレジットカード利用",
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
        "thanks": "Received with thanks, by credit card.",
        "back": "Given back to the credit card it was paid with.",
        "included": "tax included",
        "rate": "Tax rate",
        "with_tax": "Amount with tax",
        "tax": "Tax in it",
        "sold_on": "Date of sale",
        "returned_on": "Date of return",
        "original": "Original reference",
        "way": "Paid by",
        "card_used": "Credit card",
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
    return {**clean, "bands": [_band(band, receipt) for band in receipt.bands]}


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


def paper_of(receipt: Receipt, fonts: Faces) -> bytes:
    """The receipt as a PDF of one A5 page."""
    words, labels = words_of(receipt), LABELS[receipt.language]
    page = Page(A5, fonts, f"{words['title']} {words['reference']}")
    says = {name: value for name, value in words.items() if isinstance(value, str)}
    _head(page, says)
    y = _amount(page, says, labels)
    y = _taxes(page, receipt, labels, y)
    _facts(page, says, labels, y)
    _issuer(page, says, labels)
    return page.finish()


def _head(page: Page, says: Mapping[str, str]) -> None:
    page.box((0, 0), (A5[0], 8), _INK)
    title = "　".join(says["title"]) if len(says["title"]) <= _SPACED_MAX else says["title"]
    page.text((_CENTRE, 62), title, _WIDTH, Style(22, "centre", bold=True, colour=_INK))
    page.text((_CENTRE, 80), says["subtitle"], _WIDTH, Style(9, "centre", colour=_GREY))


def _amount(page: Page, says: Mapping[str, str], labels: Mapping[str, str]) -> int:
    """Who, how much, for what; -> where the next part begins."""
    page.text((_RIGHT, 106), f"No. {says['reference']}", 150, _SOFT._replace(align="right"))
    page.text((_RIGHT, 119), says["returned_on"] or says["sold_on"], 150, Style(align="right"))
    if says["recipient"]:
        width = page.text((_LEFT, 119), says["recipient"], 180, _STRONG)
        page.text((_LEFT + width + 8, 119), labels["to"], 20, Style(10))
        page.line((_LEFT, 125), 212)
    page.box((_LEFT, 138), (_WIDTH, 52), _PALE)
    width = page.text((_CENTRE, 173), says["amount"], 220, Style(26, "centre", bold=True, colour=_INK))
    page.text((_CENTRE + width // 2 + 8, 173), f"({labels['included']})", 60, _SOFT)
    page.text((_LEFT, 212), f"{labels['for']}  {says['description']}", _WIDTH, Style(10))
    page.text((_LEFT, 228), labels["back" if says["returned_on"] else "thanks"], _WIDTH, _SOFT)
    return 252


def _taxes(page: Page, receipt: Receipt, labels: Mapping[str, str], y: int) -> int:
    bands = [_band(band, receipt) for band in receipt.bands]
    if not bands:
        return y
    tax = labels["tax"] if receipt.is_qualified else ""
    _row(page, (labels["rate"], labels["with_tax"], tax), y, _SOFT)
    for band in bands:
        page.line((_LEFT, y + 6), _WIDTH)
        y += 18
        _row(page, (band["rate"] + band["mark"], band["amount"], band["tax"]), y, _PLAIN)
    page.line((_LEFT, y + 6), _WIDTH)
    if any(band["mark"] for band in bands):
        page.text((_LEFT, y + 18), labels["reduced"], _WIDTH, _FINE)
    return y + 38


def _row(page: Page, cells: tuple[str, str, str], y: int, style: Style) -> None:
    page.text((_LEFT + 4, y), cells[0], 70, style)
    page.text((_LEFT + 200, y), cells[1], 120, style._replace(align="right"))
    page.text((_RIGHT - 4, y), cells[2], 120, style._replace(align="right"))


def _facts(page: Page, says: Mapping[str, str], labels: Mapping[str, str], y: int) -> None:
    says = {**says, "way": labels["card_used"]}
    named = ("returned_on", "sold_on", "original") if says["returned_on"] else ()
    for name in (*named, "way", "card", "approval_number", "slip", "reference"):
        if says[name]:
            page.text((_LEFT + 4, y), labels[name], 110, _SOFT)
            page.text((_LEFT + 120, y), says[name], _WIDTH - 120, _PLAIN)
            y += 15


def _issuer(page: Page, says: Mapping[str, str], labels: Mapping[str, str]) -> None:
    page.line((_LEFT, 484), _WIDTH, _INK)
    page.text((_LEFT, 505), says["issuer"], _WIDTH, _STRONG)
    page.text((_LEFT, 521), says["address"], _WIDTH, _PLAIN)
    if says["registration_number"]:
        number = f"{labels['number']}  {says['registration_number']}"
        page.text((_LEFT, 537), number, _WIDTH, _PLAIN)
    page.text((_LEFT, 570), labels["stamp"], _WIDTH, _FINE)
