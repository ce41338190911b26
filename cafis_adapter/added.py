"""Items as they were added to a sale <-> what private elements say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.values import Bonus, Item
from cafis_adapter.conditions import bonus_values

_NAMES: Final[Mapping[Item, tuple[str, ...]]] = {
    Item.PRODUCT_CODE: ("product",),
    Item.DIVISION: ("condition", "count"),
    Item.START_MONTH: ("first_month",),
    Item.BONUS_MONTHS: ("bonus_count", "bonus1_month", "bonus1_amount", "bonus6_month", "bonus6_amount"),
    Item.TAX: ("tax",),
    Item.APPROVAL_NUMBER: ("referral",),
    Item.NOTE: ("note",),
}
_PLAIN: Final = (Item.PRODUCT_CODE, Item.START_MONTH, Item.TAX, Item.APPROVAL_NUMBER, Item.NOTE)


def items_in(names: frozenset[str]) -> tuple[Item, ...]:
    """Names that a message can say -> the items that it can carry."""
    return tuple(item for item, wanted in _NAMES.items() if names.issuperset(wanted))


def values(items: Mapping[Item, str]) -> dict[str, str]:
    """Items in their written form -> values by name."""
    said = {_NAMES[item][0]: items[item] for item in _PLAIN if item in items}
    if Item.DIVISION in items:
        condition, _, count = items[Item.DIVISION].partition("/")
        said |= {"condition": condition, "count": count}
    if Item.BONUS_MONTHS in items:
        pairs = [one.split(":") for one in items[Item.BONUS_MONTHS].split(",")]
        said |= bonus_values(tuple(Bonus(int(month), int(minor)) for month, minor in pairs))
    return said


def items_of(said: Mapping[str, str]) -> dict[Item, str]:
    """What a message said -> items in their written form."""
    items = {item: said.get(_NAMES[item][0], "") for item in _PLAIN}
    items[Item.TAX] = items[Item.TAX].lstrip("0")
    items[Item.START_MONTH] = _number(items[Item.START_MONTH])
    condition, count = said.get("condition", "").lstrip("0"), _number(said.get("count", ""))
    items[Item.DIVISION] = f"{condition}/{count}" if count else condition
    bonuses = range(1, int(said.get("bonus_count") or 0) + 1)
    items[Item.BONUS_MONTHS] = ",".join(
        f"{said[f'bonus{number}_month']}:{int(said[f'bonus{number}_amount'])}" for number in bonuses
    )
    return {item: value for item, value in items.items() if value}


def _number(text: str) -> str:
    """Digits as they stand, zeros alone are nothing."""
    return text if text.strip("0") else ""
