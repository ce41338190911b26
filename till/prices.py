"""The price file: CSV with the columns code, name, model, price, tax; every fault is told with its line."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

COLUMNS: Final = ("code", "name", "model", "price", "tax")
TAX_RATES: Final = (0, 8, 10)
"""Percent within the price."""
CODE_MAX: Final = 64
NAME_MAX: Final = 80
PRICE_MAX: Final = 99_999_999
GOODS_MAX: Final = 100_000
FAULTS_MAX: Final = 20
"""So many faults are told at once."""

_PRICE: Final = re.compile(r"[¥￥]?([0-9]{1,8}|[0-9]{1,3}(?:,[0-9]{3})+)円?")
_TAX: Final = re.compile(r"([0-9]{1,2})%?")
_HIDDEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Cs"})


@dataclass(frozen=True, slots=True)
class Good:
    """What has a price. code: what the scanner reads; unit_minor: with tax, minor units; tax_rate: percent.

    is_product: the gateway knows it by its code, and has its name, stock and tax rate itself.
    """

    code: str
    name: str
    model: str
    unit_minor: int
    tax_rate: int
    is_product: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line of the price file."""

    line: int
    sentence: str


class PriceFaults(Exception):
    """The price file cannot be used as it is."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(f"line {fault.line}: {fault.sentence}" for fault in faults))
        self.faults = faults


Prices = Mapping[str, Good]


def read_prices(raw: bytes) -> Prices:
    """A file's bytes, UTF-8 or as a Japanese spreadsheet writes it -> code -> good. Raises PriceFaults."""
    faults: list[Fault] = []
    goods: dict[str, Good] = {}
    for line, row in _rows(_text(raw)):
        found = _good(row)
        if isinstance(found, str):
            faults.append(Fault(line, found))
        elif found.code in goods:
            faults.append(Fault(line, f"the code {found.code} is there already"))
        else:
            goods[found.code] = found
        if len(faults) == FAULTS_MAX or len(goods) > GOODS_MAX:
            break
    if len(goods) > GOODS_MAX:
        faults.append(Fault(line, f"more than {GOODS_MAX} goods"))
    if not goods and not faults:
        faults.append(Fault(1, "there is no goods line in it"))
    if faults:
        raise PriceFaults(faults)
    return goods


def prices_of(products: list[Mapping[str, Any]], currency: int) -> Prices:
    """The gateway's list of products -> code -> good; those in another currency are left out.

    Raises PriceFaults where an entry is not as it should be.
    """
    try:
        goods = [_product(one) for one in products if one["currency"] == currency]
    except (KeyError, TypeError):
        raise PriceFaults([Fault(0, "the gateway's list of products cannot be read")]) from None
    return {good.code: good for good in goods}


def _product(one: Mapping[str, Any]) -> Good:
    """Raises KeyError, TypeError."""
    texts, numbers = (one["code"], one["name"], one["model"]), (one["unit_minor"], one["tax_rate"])
    if not all(type(text) is str and not _is_hidden(text) for text in texts):
        raise TypeError
    if not all(type(number) is int for number in numbers):
        raise TypeError
    return Good(*texts, *numbers, is_product=True)


def plain(text: str) -> str:
    """Full-width digits and letters as a keyboard for Japanese types them -> plain ones, without edges."""
    return unicodedata.normalize("NFKC", text).strip()


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return raw.decode("cp932")
    except UnicodeDecodeError:
        raise PriceFaults([Fault(1, "it is neither UTF-8 nor Shift_JIS")]) from None


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line, column -> cell) of each line that is not empty."""
    reader = csv.reader(text.splitlines(), strict=True)
    head = [plain(cell).lower() for cell in next(reader, [])]
    missing = [name for name in COLUMNS if name not in head and name != "model"]
    if missing:
        raise PriceFaults([Fault(1, f"the first line must name the columns {', '.join(COLUMNS)}")])
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, _row(head, cells)
    except csv.Error as error:
        raise PriceFaults([Fault(reader.line_num, str(error))]) from None


def _row(head: list[str], cells: list[str]) -> Mapping[str, str]:
    """Too many or too few cells stand under a name of their own, which `_good` finds."""
    if len(cells) != len(head):
        return {"": f"{len(cells)} cells, and {len(head)} columns"}
    return dict(zip(head, cells, strict=True))


def _good(row: Mapping[str, str]) -> Good | str:
    """One line -> a good, or what is wrong with it."""
    if "" in row:
        return row[""]
    code, name, model = plain(row["code"]), row["name"].strip(), row.get("model", "").strip()
    price, tax = _PRICE.fullmatch(plain(row["price"])), _TAX.fullmatch(plain(row["tax"]))
    unit_minor = int(price[1].replace(",", "")) if price else 0
    rules = (
        (
            not 1 <= len(code) <= CODE_MAX or " " in code,
            f"the code must have 1 to {CODE_MAX} signs, no spaces",
        ),
        (not 1 <= len(name) <= NAME_MAX, f"the name must have 1 to {NAME_MAX} signs"),
        (len(model) > NAME_MAX, f"the model must have at most {NAME_MAX} signs"),
        (_is_hidden(code + name + model), "there is a sign in it that nobody can see"),
        (not 1 <= unit_minor <= PRICE_MAX, f"the price {row['price']!r} must be whole yen, 1 to {PRICE_MAX}"),
        (tax is None or int(tax[1]) not in TAX_RATES, f"the tax {row['tax']!r} must be 10, 8 or 0"),
    )
    wrong = next((sentence for broken, sentence in rules if broken), "")
    return wrong or Good(code, name, model, unit_minor, int(tax[1]) if tax else 0)


def _is_hidden(text: str) -> bool:
    return any(unicodedata.category(letter) in _HIDDEN for letter in text)
