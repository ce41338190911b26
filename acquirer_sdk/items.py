"""The written form of what is added to a sale, checked and read. What a person wrote is not read here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from acquirer_sdk.values import AuthoriseRequest, Bonus, Item

R = TypeVar("R", bound=AuthoriseRequest)

_MONTH: Final = "(0[1-9]|1[0-2])"
_FORMS: Final[Mapping[Item, re.Pattern[str]]] = {
    Item.PRODUCT_CODE: re.compile(r"[0-9]{4,7}"),
    Item.DIVISION: re.compile(r"(10|2[1-5]|3[1-4]|6[1-3]|80|110)(/[0-9]{2})?"),
    Item.START_MONTH: re.compile(_MONTH),
    Item.BONUS_MONTHS: re.compile(rf"{_MONTH}:[0-9]{{1,8}}(,{_MONTH}:[0-9]{{1,8}}){{0,5}}"),
    Item.TAX: re.compile(r"[0-9]{1,12}"),
    Item.APPROVAL_NUMBER: re.compile(r"[0-9A-Z]{1,7}"),
    Item.NOTE: re.compile(r"[^\x00-\x1f\x7f]{1,60}"),
}


def is_written(item: Item, value: str) -> bool:
    """Whether the value is in the item's written form."""
    return value.isprintable() and _FORMS[item].fullmatch(value) is not None


def with_items(request: R, items: Mapping[Item, str]) -> R:
    """The request with what was added to it. Raises ValueError for a value that is in no written form."""
    changes: dict[str, object] = {}
    for item, value in items.items():
        if not is_written(item, value):
            raise ValueError(item.value)
        changes |= _changes(item, value)
    return replace(request, **changes)  # type: ignore[arg-type]


def _changes(item: Item, value: str) -> dict[str, object]:
    match item:
        case Item.PRODUCT_CODE:
            return {"product_code": value}
        case Item.DIVISION:
            condition, _, count = value.partition("/")
            return {"condition": int(condition), "condition_count": int(count or 0)}
        case Item.START_MONTH:
            return {"first_month": int(value)}
        case Item.BONUS_MONTHS:
            pairs = (one.split(":") for one in value.split(","))
            return {"bonuses": tuple(Bonus(int(month), int(minor)) for month, minor in pairs)}
        case Item.TAX:
            return {"tax_minor": int(value)}
        case Item.APPROVAL_NUMBER:
            return {"referral_number": value}
        case Item.NOTE:
            return {}


def items_of(request: AuthoriseRequest) -> dict[Item, str]:
    """What a request holds of items, in their written form; the way of payment always, a note never."""
    count = f"/{request.condition_count:02d}" if request.condition_count else ""
    written = {
        Item.PRODUCT_CODE: request.product_code,
        Item.DIVISION: f"{request.condition}{count}",
        Item.START_MONTH: f"{request.first_month:02d}" if request.first_month else "",
        Item.BONUS_MONTHS: ",".join(f"{one.month:02d}:{one.amount_minor}" for one in request.bonuses),
        Item.TAX: str(request.tax_minor) if request.tax_minor else "",
        Item.APPROVAL_NUMBER: request.referral_number,
    }
    return {item: value for item, value in written.items() if value}
