"""Ways of payment: what each needs, takes or forbids, as the profile's table says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from acquirer_sdk.values import AuthoriseRequest, Bonus
from cafis_adapter.part import Part

BONUSES_MAX: Final = 6
BONUS_AMOUNT_MAX_MINOR: Final = 99_999_999
COUNT_MAX: Final = 99
_MONTHS: Final = range(1, 13)


class Detail(StrEnum):
    """What a way of payment may come with."""

    COUNT = "count"  # how many instalments, or bonus payments
    FIRST_MONTH = "first_month"
    BONUSES = "bonuses"  # the months of the bonus payments
    AMOUNTS = "amounts"  # the amount of each of them


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of payment. Every detail in neither is forbidden."""

    needs: frozenset[Detail]
    takes: frozenset[Detail]


def read_conditions(part: Part) -> Mapping[int, Condition]:
    """``61 = "count first_month?"``: words of Detail, with a question mark where one may be left out.

    Raises ProfileError.
    """
    return {_code(part, key): _condition(part, key) for key in part}


def fault(conditions: Mapping[int, Condition], request: AuthoriseRequest) -> str | None:
    """What is wrong with a request's way of payment and its details -> the name of it, or None."""
    condition = conditions.get(request.condition)
    if condition is None:
        return "condition"
    if not (condition.needs or condition.takes) and not (
        request.condition_count or request.first_month or request.bonuses
    ):
        return None
    return _mismatch(condition, request) or _out_of_range(request)


def _mismatch(condition: Condition, request: AuthoriseRequest) -> str | None:
    given = {
        Detail.COUNT: bool(request.condition_count),
        Detail.FIRST_MONTH: bool(request.first_month),
        Detail.BONUSES: bool(request.bonuses),
        Detail.AMOUNTS: any(bonus.amount_minor for bonus in request.bonuses),
    }
    for detail, there in given.items():
        if (there and detail not in condition.takes) or (not there and detail in condition.needs):
            return detail.value
    return None


def _out_of_range(request: AuthoriseRequest) -> str | None:
    if not 0 <= request.condition_count <= COUNT_MAX:
        return Detail.COUNT.value
    if request.first_month and request.first_month not in _MONTHS:
        return Detail.FIRST_MONTH.value
    if len(request.bonuses) > BONUSES_MAX or any(bonus.month not in _MONTHS for bonus in request.bonuses):
        return Detail.BONUSES.value
    amounts = [bonus.amount_minor for bonus in request.bonuses]
    within = all(0 <= amount <= BONUS_AMOUNT_MAX_MINOR for amount in amounts)
    return None if within and sum(amounts) <= request.amount_minor else Detail.AMOUNTS.value


def details(request: AuthoriseRequest) -> dict[str, str]:
    """The way of payment as values for private elements (`private.py: NAMES`)."""
    said = {"condition": str(request.condition)}
    if request.condition_count:
        said["count"] = str(request.condition_count)
    if request.first_month:
        said["first_month"] = str(request.first_month)
    return said | bonus_values(request.bonuses) if request.bonuses else said


def bonus_values(bonuses: tuple[Bonus, ...]) -> dict[str, str]:
    """The same of bonus payments alone."""
    said = {"bonus_count": str(len(bonuses))}
    for number, bonus in enumerate(bonuses, 1):
        said[f"bonus{number}_month"] = str(bonus.month)
        said[f"bonus{number}_amount"] = str(bonus.amount_minor)
    return said


def _code(part: Part, key: str) -> int:
    if not (key.isascii() and key.isdigit() and 0 < int(key) <= 999):
        raise part.wrong(key, "must be a way of payment, 1 to 999")
    return int(key)


def _condition(part: Part, key: str) -> Condition:
    words = part.value(key, str).split()
    if not {word.removesuffix("?") for word in words} <= set(Detail):
        raise part.wrong(key, f"must be words of: {', '.join(Detail)}; with ? where it may be left out")
    return Condition(
        frozenset(Detail(word) for word in words if not word.endswith("?")),
        frozenset(Detail(word.removesuffix("?")) for word in words),
    )
