"""A receipt on paper: one A5 page, made of the receipt alone. The same receipt, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mail_gateway.outbox.pdf import Page, Style
from mail_gateway.outbox.receipt import LABELS, bands_of, words_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mail_gateway.domain.receipt import Receipt
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
    bands = bands_of(receipt)
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
    page.text((_LEFT, 570), says["stamp"], _WIDTH, _FINE)
