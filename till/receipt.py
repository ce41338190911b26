"""A sale's receipt: rows that a printer, a screen or a page shows. The same journal, the same receipt."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from till.basket import Line
from till.desk import lines_of
from till.journal import Deal
from till.money import bands, shown, shown_abroad

WIDTH: Final = 42
"""Columns of a roll of 80 mm."""
REDUCED: Final = 8

_LABELS: Final[Mapping[str, Mapping[str, str]]] = {
    "ja": {
        "title": "領 収 書",
        "number": "登録番号",
        "total": "合計",
        "rate": "{rate}%対象",
        "tax": "内消費税",
        "untaxed": "非課税対象",
        "reduced": "※は軽減税率対象です。",
        "way": "お支払い",
        "by": "メールでのご承認",
        "order": "注文番号",
        "deal": "取引番号",
        "customer": "お客様番号",
        "abroad": "参考",
        "thanks": "ありがとうございました。",
        "mark": "※",
    },
    "en": {
        "title": "RECEIPT",
        "number": "Registration number",
        "total": "Total",
        "rate": "At {rate}%",
        "tax": "tax in it",
        "untaxed": "Without tax",
        "reduced": "* Reduced tax rate.",
        "way": "Paid",
        "by": "agreed to by mail",
        "order": "Order",
        "deal": "Deal",
        "customer": "Customer",
        "abroad": "About",
        "thanks": "Thank you.",
        "mark": "*",
    },
}


class Look(StrEnum):
    """How a row is written."""

    TITLE = "title"
    CENTRE = "centre"
    PLAIN = "plain"
    STRONG = "strong"
    FINE = "fine"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Row:
    """left and right stand at their edges; of a title and a centred row left alone counts."""

    look: Look
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who gives the receipt. name, address: as they stand on it. registration_number: T and 13 digits, or "".
    language: ja or en. currency: ISO 4217 numeric."""

    name: str
    address: str
    registration_number: str
    language: str
    currency: int


def rows_of(deal: Deal, issuer: Issuer, when: str) -> tuple[Row, ...]:
    """The receipt of a deal that was made. when: the moment it was made, in words."""
    labels = _LABELS[issuer.language]
    lines = lines_of(deal.facts)
    return (
        *_head(issuer, labels, when),
        *(row for line in lines for row in _line(line, issuer, labels)),
        Row(Look.RULE),
        *_sums(deal, lines, issuer, labels),
        Row(Look.RULE),
        *_foot(deal, labels),
    )


def _head(issuer: Issuer, labels: Mapping[str, str], when: str) -> Iterator[Row]:
    yield Row(Look.TITLE, labels["title"])
    for text in (issuer.name, issuer.address):
        if text:
            yield Row(Look.CENTRE, text)
    if issuer.registration_number:
        yield Row(Look.CENTRE, f"{labels['number']} {issuer.registration_number}")
    yield Row(Look.CENTRE, when)
    yield Row(Look.RULE)


def _line(line: Line, issuer: Issuer, labels: Mapping[str, str]) -> Iterator[Row]:
    good, mark = line.good, labels["mark"] if line.good.tax_rate == REDUCED else ""
    yield Row(Look.PLAIN, f"{good.name} {good.model}".strip() + mark)
    price = shown(good.unit_minor, issuer.currency, issuer.language)
    total = shown(line.total_minor, issuer.currency, issuer.language)
    yield Row(Look.PLAIN, f"  {price} x {line.quantity}", total)


def _sums(deal: Deal, lines: Sequence[Line], issuer: Issuer, labels: Mapping[str, str]) -> Iterator[Row]:
    total_minor = sum(line.total_minor for line in lines)
    yield Row(Look.STRONG, labels["total"], shown(total_minor, issuer.currency, issuer.language))
    foreign: Mapping[str, Any] = deal.facts["body"].get("foreign", {})
    if foreign:
        abroad = deal.facts["abroad"]
        amount = shown_abroad(foreign["amount_minor"], abroad["code"], abroad["exponent"])
        yield Row(Look.PLAIN, labels["abroad"], amount)
        yield Row(Look.FINE, f"  1 {abroad['code']} = {foreign['rate']} ({foreign['source']})")
    for band in bands(((line.good.tax_rate, line.total_minor) for line in lines), deal.facts["tax_minor"]):
        amount = shown(band.amount_minor, issuer.currency, issuer.language)
        if band.rate == 0:
            yield Row(Look.FINE, labels["untaxed"], amount)
            continue
        mark = labels["mark"] if band.rate == REDUCED else ""
        tax = shown(band.tax_minor, issuer.currency, issuer.language)
        yield Row(Look.FINE, labels["rate"].format(rate=band.rate) + mark, amount)
        if issuer.registration_number:
            yield Row(Look.FINE, f"  ({labels['tax']}", f"{tax})")
    if any(line.good.tax_rate == REDUCED for line in lines):
        yield Row(Look.FINE, labels["reduced"])


def _foot(deal: Deal, labels: Mapping[str, str]) -> Iterator[Row]:
    yield Row(Look.FINE, labels["way"], labels["by"])
    yield Row(Look.FINE, labels["order"], str(deal.facts["order"]))
    yield Row(Look.FINE, labels["deal"], deal.deal_id)
    yield Row(Look.FINE, labels["customer"], deal.facts["body"]["customer"])
    yield Row(Look.CENTRE, labels["thanks"])


def text_of(rows: Sequence[Row]) -> str:
    """The receipt for a printer or a screen, WIDTH columns wide; Japanese letters take two."""
    return "".join(f"{line}\n" for row in rows for line in _text_of(row))


def _text_of(row: Row) -> Iterator[str]:
    if row.look is Look.RULE:
        yield "-" * WIDTH
        return
    *before, last = _wrapped(row.left)
    if row.look in (Look.TITLE, Look.CENTRE):
        yield from (" " * ((WIDTH - columns(one)) // 2) + one for one in (*before, last))
        return
    yield from before
    room = WIDTH - columns(last) - columns(row.right)
    if not row.right:
        yield last
    elif room >= 1:
        yield last + " " * room + row.right
    else:
        yield last
        yield " " * max(WIDTH - columns(row.right), 0) + row.right


def _wrapped(text: str) -> list[str]:
    """Cut where a line is full."""
    lines, line = [], ""
    for letter in text:
        if columns(line + letter) > WIDTH:
            lines.append(line)
            line = ""
        line += letter
    return [*lines, line]


def columns(text: str) -> int:
    """How many columns a text takes on a terminal or a printer (UAX 11)."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)
