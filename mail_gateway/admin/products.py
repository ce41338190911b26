"""Products: what a merchant sells, one by one or from a price file, and how much of it there is."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.offer import NAME_MAX, is_plain
from mail_gateway.domain.receipt import RATES, STANDARD
from mail_gateway.store import products, register
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mail_gateway.settings import GatewaySettings

COLUMNS: Final = ("code", "name", "model", "unit_minor", "tax_rate", "stock")
NEEDED: Final = ("code", "name", "unit_minor")
"""Columns of a price file; the others may be left out."""

FILE_MAX: Final = 8 * 1024 * 1024
NUMBER_MAX: Final = 999_999_999_999
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CHARSETS: Final = ("utf-8-sig", "cp932")
"""How spreadsheets write a file: cp932 on an older Japanese one."""


@dataclass(frozen=True, slots=True)
class NewProduct:
    """code: the merchant's own, or the barcode. unit_minor: price of one with tax, minor units of the
    gateway's currency. tax_rate: percent within it. stock: None: not counted."""

    code: str
    name: str
    unit_minor: int
    model: str = ""
    tax_rate: int = STANDARD
    stock: int | None = None


def add(gateway: GatewaySettings, merchant: str, new: NewProduct) -> dict[str, Any]:
    """Add a product; -> its row. Raises GatewayError for a code that is taken, or what no letter can say."""
    row = _row(gateway, new)
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        if products.is_there(conn, owner.id, new.code):
            sentence = f"There is a product {new.code} already: hagaki product set changes it."
            raise _refused(sentence, "product-exists")
        products.put(conn, owner.id, row)
    return {**row, "merchant": owner.name}


def load(gateway: GatewaySettings, merchant: str, data: bytes) -> dict[str, Any]:
    """Add and change products as a price file says (CSV with a header), all or none; -> how many.

    A code that is not in the file stays as it is; one that was retired is sold again. Raises GatewayError.
    """
    rows = [_row(gateway, new, f"Line {line}: ") for line, new in _read(data)]
    counted = [row if row["stock"] is not None else _without_stock(row) for row in rows]
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        made = sum(products.put(conn, owner.id, row) for row in counted)
    return {"merchant": owner.name, "added": made, "changed": len(rows) - made}


def change(
    gateway: GatewaySettings, merchant: str, code: str, changes: Mapping[str, str | int]
) -> dict[str, Any]:
    """Change name, model, unit_minor or tax_rate, for orders from now on; -> the row. Raises GatewayError."""
    _check(replace(NewProduct(code, "-", 1), **changes), "")  # type: ignore[arg-type]
    with guest(gateway.database, write=True) as conn:
        return products.change(conn, register.find_merchant(conn, merchant).id, code, changes)


def restock(
    gateway: GatewaySettings, merchant: str, code: str, *, to: int | None = None, by: int = 0
) -> dict[str, Any]:
    """Set the stock, change it, or with neither count it no more; -> the row. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        owner = register.find_merchant(conn, merchant)
        return products.restock(conn, owner.id, code, to=to, by=by)


def retire(gateway: GatewaySettings, merchant: str, code: str, *, back: bool = False) -> dict[str, Any]:
    """Sell it no more, or again; -> the row. Orders that were placed go on. Raises GatewayError."""
    with guest(gateway.database, write=True) as conn:
        return products.retire(conn, register.find_merchant(conn, merchant).id, code, back=back)


def listed(gateway: GatewaySettings, merchant: str, *, everything: bool = False) -> list[dict[str, Any]]:
    """What a merchant sells. Raises GatewayError."""
    with guest(gateway.database) as conn:
        return products.listed(conn, register.find_merchant(conn, merchant).id, everything=everything)


def _row(gateway: GatewaySettings, new: NewProduct, place: str = "") -> dict[str, Any]:
    _check(new, place)
    return {**asdict(new), "currency": gateway.currency}


def _without_stock(row: dict[str, Any]) -> dict[str, Any]:
    """A file that says nothing about the stock changes nothing of it."""
    return {name: value for name, value in row.items() if name != "stock"}


def _check(new: NewProduct, place: str) -> None:
    rules = (
        (not _CODE.fullmatch(new.code), "a code has up to 40 letters, digits, dots, - and _"),
        (not new.name.strip() or not is_plain(new.name, NAME_MAX), f"a name is one line of {NAME_MAX} signs"),
        (not is_plain(new.model, NAME_MAX), f"a model is one line of {NAME_MAX} signs"),
        (not 1 <= new.unit_minor <= NUMBER_MAX, "a price is a whole number of minor units, above 0"),
        (new.tax_rate not in RATES, "a tax rate is 10, 8 or 0"),
        (new.stock is not None and not 0 <= new.stock <= NUMBER_MAX, "a stock is a whole number"),
    )
    for is_broken, sentence in rules:
        if is_broken:
            whole = f"{place}{sentence}." if place else f"{sentence[0].upper()}{sentence[1:]}."
            raise _refused(whole, "product-bad")


def _read(data: bytes) -> list[tuple[int, NewProduct]]:
    """Lines of the file with their numbers. Raises GatewayError product-file."""
    if len(data) > FILE_MAX:
        raise _refused(f"A price file has {FILE_MAX // 1024 // 1024} MB at most.", "product-file")
    try:
        lines = csv.DictReader(io.StringIO(_text(data), newline=""), strict=True)
        _check_header(lines.fieldnames or ())
        found = [(lines.line_num, _product(row, lines.line_num)) for row in lines]
    except csv.Error as error:
        raise _refused(f"This is no CSV file: {error}.", "product-file") from None
    seen: set[str] = set()
    for line, new in found:
        if new.code in seen:
            raise _refused(f"Line {line}: its code stands in the file twice.", "product-file")
        seen.add(new.code)
    return found


def _text(data: bytes) -> str:
    for charset in _CHARSETS:
        try:
            return data.decode(charset)
        except UnicodeDecodeError:
            continue
    raise _refused("This is no text in UTF-8 or Shift_JIS.", "product-file")


def _check_header(given: Sequence[str]) -> None:
    unknown = [name for name in given if name not in COLUMNS]
    if unknown or any(name not in given for name in NEEDED) or len(set(given)) != len(given):
        sentence = f"The first line must name the columns {', '.join(NEEDED)}; there may be model, tax_rate"
        raise _refused(f"{sentence} and stock.", "product-file")


def _product(row: Mapping[str, Any], line: int) -> NewProduct:
    if None in row or None in row.values():
        raise _refused(f"Line {line}: it has more or fewer cells than the first line.", "product-file")
    cells = {name: str(value).strip() for name, value in row.items()}
    stock = cells.get("stock", "")
    return NewProduct(
        cells["code"],
        cells["name"],
        _number(cells["unit_minor"], line),
        cells.get("model", ""),
        _number(cells.get("tax_rate") or str(STANDARD), line),
        _number(stock, line) if stock else None,
    )


def _number(cell: str, line: int) -> int:
    digits = cell.replace(",", "").removesuffix("%")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= len(str(NUMBER_MAX))):
        raise _refused(f"Line {line}: {cell!r} is no whole number.", "product-file")
    return int(digits)


def _refused(sentence: str, slug: str) -> GatewayError:
    return GatewayError(sentence, slug, Disposition.REFUSE)
