"""Takings in words, and as a file for a spreadsheet: the sum of its lines is the sum of the letter."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.brands import brand
from mail_gateway.domain.money import CURRENCIES, shown
from mail_gateway.domain.payment import Trade
from mail_gateway.domain.takings import NO_READER, way
from mail_gateway.outbox.compose import LANGUAGES, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from zoneinfo import ZoneInfo

    from mail_gateway.domain.takings import Sale, Takings, Total

SHUNTED: Final = "shunted"
UNDONE: Final = "undone"
BOM: Final = "\ufeff"
"""By which a spreadsheet knows that a file is UTF-8."""

HEADER: Final[Mapping[str, Sequence[str]]] = {
    "ja": (
        *("日時", "種別", "照会番号", "伝票番号", "リーダー", "カード", "ブランド", "支払方法"),
        *("承認番号", "金額(最小単位)", "通貨", "元の照会番号"),
    ),
    "en": (
        *("time", "kind", "reference", "slip", "reader", "card", "brand", "way"),
        *("approval", "amount (minor units)", "currency", "original reference"),
    ),
}
KINDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ja": {
        "sale": "売上",
        "capture": "売上",
        "void": "取消",
        "refund": "返金",
        "cancel": "取消",
        UNDONE: "振替不能",
    },
    "en": {
        "sale": "sale",
        "capture": "sale",
        "void": "void",
        "refund": "refund",
        "cancel": "cancel",
        UNDONE: "not collected",
    },
}
BY_ORDER: Final[Mapping[str, str]] = {"ja": "注文", "en": "orders"}
"""In place of a reader."""
WAY_WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "ja": {
        **{"lump": "一括", "bonus": "ボーナス", "bonus-mix": "ボーナス併用"},
        **{"instalments": "分割", "revolving": "リボ", "debit": "デビット"},
    },
    "en": {
        **{"lump": "at once", "bonus": "bonus", "bonus-mix": "bonus and more"},
        **{"instalments": "instalments", "revolving": "revolving", "debit": "debit"},
    },
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def csv_of(takings: Takings, language: str, zone: ZoneInfo) -> bytes:
    """RFC 4180 in UTF-8, a header and a line for each entry; amounts are whole minor units, returns and what
    was not collected below zero. No cell but a number begins like a formula."""
    text = StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(HEADER[language])
    for sale in takings.final:
        *cells, original = _cells(sale, language, zone)
        currency = CURRENCIES[sale.currency].code if sale.currency in CURRENCIES else f"{sale.currency:03d}"
        lines.writerow([*map(safe_cell, cells), sale.signed_minor, currency, original])
    return (BOM + text.getvalue()).encode()


def _cells(sale: Sale, language: str, zone: ZoneInfo) -> list[str]:
    return [
        f"{datetime.fromtimestamp(sale.posted_ms // 1000, zone):%Y-%m-%d %H:%M:%S}",
        KINDS[language][UNDONE if sale.undone else sale.kind.value],
        f"{sale.id:012d}",
        f"{sale.slip:05d}" if sale.slip else "",
        _reader(str(sale.reader), language),
        sale.masked_card,
        brand(sale.masked_card),
        WAY_WORDS[language][way(sale.condition)],
        sale.approval_number,
        "" if sale.original is None else f"{sale.original:012d}",
    ]


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    clean = one_line(text)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean


def takings_words(takings: Takings, language: str) -> dict[str, Sequence[Mapping[str, str]]]:
    """The sums; those by reader and by brand only where there is more than one."""
    ways = [replace(one, label=WAY_WORDS[language][one.label]) for one in takings.by_way()]
    readers = [replace(one, label=_reader(one.label, language)) for one in takings.by_reader()]
    kinds = {"totals": takings.totals(), "by_reader": readers, "by_brand": takings.by_brand()}
    return {
        name: [_total(one, language) for one in totals] if name == "totals" or len(totals) > 1 else []
        for name, totals in {**kinds, "by_way": ways}.items()
    }


def _reader(label: str, language: str) -> str:
    return BY_ORDER[language] if label == str(NO_READER) else label


def _total(total: Total, language: str) -> dict[str, str]:
    def amount(minor: int) -> str:
        return shown(minor, total.currency, language)

    return {
        "label": one_line(total.label),
        "sales": str(total.sales),
        "sales_amount": amount(total.sales_minor),
        "returns": str(total.returns),
        "returns_amount": amount(total.returns_minor),
        "unpaid": str(total.unpaid) if total.unpaid else "",
        "unpaid_amount": amount(total.unpaid_minor),
        "net": amount(total.net_minor),
    }


def sale_words(sale: Sale, language: str, zone: ZoneInfo) -> dict[str, str]:
    """One sale in a list."""
    spent = shown(sale.amount_minor, sale.currency, language) if sale.currency else ""
    given = sale.returned_minor and not sale.kind.is_return
    return {
        "time": f"{datetime.fromtimestamp((sale.posted_ms or sale.received_ms) // 1000, zone):%m-%d %H:%M}",
        "slip": f"{sale.slip:05d}" if sale.slip else "",
        "reference": f"{sale.id:012d}",
        "back": "1" if sale.kind.is_return else "",
        "undo": "1" if sale.kind is Trade.CANCEL else "",
        "amount": spent,
        "returned": shown(sale.returned_minor, sale.currency, language) if given else "",
        "state": SHUNTED if sale.shunted else sale.state.value,
    }


def time_text(at_ms: int, zone: ZoneInfo) -> str:
    """A moment (unix ms) as people read it."""
    return f"{datetime.fromtimestamp(at_ms // 1000, zone):%Y-%m-%d %H:%M}"


def spoken(language: str) -> str:
    """The language that letters have for that merchant."""
    return language if language in LANGUAGES else "en"
