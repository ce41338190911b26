"""What a person wrote for one item -> its written form, or nothing. Nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acquirer_sdk.items import is_written
from acquirer_sdk.values import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_POLITE: Final = re.compile(
    r"(です|でした|だそうです|とのことです|になります|となります|で?お願い(いた)?します|でお願い(いた)?します)?[。．.!]*$"
)
_FRAMES: Final = {"「": "」", '"': '"', "'": "'", "『": "』", "[": "]", "【": "】"}
_MONEY: Final = (
    r"(?:[¥\\]\s*)?(?P<{0}>\d{{1,3}}(?:,\d{{3}})+|\d+)(?P<{0}_part>\.\d{{1,3}})?(?!\d*\s*月)"
    r"(?:\s*(?:円|yen|jpy))?"
)
_AMOUNT: Final = re.compile(_MONEY.format("all"))
_MONTH_NAMES: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_NAMED_MONTHS: Final[Mapping[str, int]] = {
    **{name: place for place, name in enumerate(_MONTH_NAMES, 1)},
    **{name[:3]: place for place, name in enumerate(_MONTH_NAMES, 1)},
    "sept": 9,
}
_MONTH: Final = re.compile(r"(?P<number>1[0-2]|0?[1-9])\s*(?:月(?:分|から|より)?)?|(?P<name>[a-z]{3,9})\.?")
_BONUS: Final = re.compile(
    r"(?:(?P<month>1[0-2]|0?[1-9])\s*月(?:分|に|は)?|(?P<plain>1[0-2]|0?[1-9])(?=\s*[:=])|(?P<name>[a-z]{3,9})\.?)"
    rf"\s*[:=]?\s*(?:{_MONEY.format('minor')})?"
)
_BETWEEN: Final = re.compile(r"\s*(?:[,、;&/]|と|及び|\band\b)?\s*")
_LONG_NUMBER: Final = re.compile(r"\d(?:[ -]?\d){11,18}")
_KANJI: Final = {sign: place for place, sign in enumerate("一二三四五六七八九", 1)}
_KANJI_NUMBER: Final = re.compile("([一二三四五六七八九])?(十)?([一二三四五六七八九])?(?=回|ヶ月|か月)")
_COUNTED: Final[tuple[tuple[re.Pattern[str], int], ...]] = (
    (re.compile(r"(?:ボーナス)?併用(\d{1,2})回?|bonuscombined(\d{1,2})(?:payments)?"), 31),
    (re.compile(r"ボーナス(\d{1,2})回|bonus(\d{1,2})(?:payments)?|(\d{1,2})bonus(?:payments)?"), 22),
    (re.compile(r"(?:分割)?(\d{1,2})(?:回|カ月|ヶ月|か月)(?:分割)?|分割(\d{1,2})"), 61),
    (re.compile(r"(\d{1,2})(?:monthly)?(?:payments?|instal{1,2}ments?)|instal{1,2}ments?(\d{1,2})"), 61),
)
_NAMED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("一括", "1回", "lumpsum", "lump", "single", "full", "infull", "onepayment"), "10"),
    **dict.fromkeys(("1payment", "singlepayment", "payinfull"), "10"),
    **dict.fromkeys(("リボ", "リボルビング", "revolving", "revolvingcredit", "revo"), "80"),
    **dict.fromkeys(("ボーナス", "ボーナス一括", "ボーナス1回", "bonus", "bonuslumpsum"), "21"),
    **dict.fromkeys(("デビット", "debit"), "110"),
}
_COUNT_MIN: Final = 2
_NOTE_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Limits:
    """amount_minor: of the sale, minor units with so many decimals. conditions: the ways of payment taken
    (CAT codes), none: all of them."""

    amount_minor: int
    decimals: int = 0
    conditions: tuple[int, ...] = ()


def value_of(item: Item, text: str, limits: Limits) -> str | None:
    """The written form of a person's text (one line, Unicode NFKC), or None where it cannot be one."""
    value = _READERS[item](text if item is Item.NOTE else _bare(text), limits)
    return value if value is not None and is_written(item, value) else None


def _bare(text: str) -> str:
    """Without courtesy at its end, and out of its quotation marks; lower case."""
    plain = _POLITE.sub("", text.strip()).strip()
    if len(plain) > 1 and _FRAMES.get(plain[0]) == plain[-1]:
        plain = plain[1:-1].strip()
    return plain.casefold()


def _product_code(text: str, _: Limits) -> str | None:
    return text.removesuffix("番")


def _division(text: str, limits: Limits) -> str | None:
    squeezed = re.sub(r"払い?|^in(?=\d)", "", re.sub(r"[\s\-・]", "", _KANJI_NUMBER.sub(_arabic, text)))
    if squeezed and is_written(Item.DIVISION, squeezed) and "/" in squeezed:
        value: str | None = squeezed
    else:
        value = _NAMED.get(squeezed) or _counted(squeezed)
    if value is None or (limits.conditions and int(value.partition("/")[0]) not in limits.conditions):
        return None
    return value


def _arabic(found: re.Match[str]) -> str:
    tens, ten, ones = found.groups()
    if not ten:
        return "".join(str(_KANJI[one]) for one in (tens, ones) if one)
    return str(_KANJI.get(tens or "", 1) * 10 + _KANJI.get(ones or "", 0))


def _counted(squeezed: str) -> str | None:
    for form, condition in _COUNTED:
        found = form.fullmatch(squeezed)
        if found:
            count = int(next(filter(None, found.groups())))
            return f"{condition}/{count:02d}" if count >= _COUNT_MIN else None
    return None


def _start_month(text: str, _: Limits) -> str | None:
    found = _MONTH.fullmatch(text)
    month = found and _month(found["number"], found["name"])
    return f"{month:02d}" if month else None


def _month(number: str | None, name: str | None) -> int | None:
    return int(number) if number is not None else _NAMED_MONTHS.get(name or "")


def _bonus_months(text: str, limits: Limits) -> str | None:
    pairs = list(_pairs(text, limits))
    if not pairs or None in pairs:
        return None
    months = [pair[0] for pair in pairs if pair is not None]
    total = sum(pair[1] for pair in pairs if pair is not None)
    if len(set(months)) != len(months) or total > limits.amount_minor:
        return None
    return ",".join(f"{pair[0]:02d}:{pair[1]}" for pair in pairs if pair is not None)


def _pairs(text: str, limits: Limits) -> Iterator[tuple[int, int] | None]:
    """Month and minor units, one after another; None where something else stands."""
    place = 0
    while place < len(text):
        found = _BONUS.match(text, place)
        month = None if found is None else _month(found["month"] or found["plain"], found["name"])
        minor = 0 if found is None or found["minor"] is None else _minor(found, "minor", limits)
        if found is None or month is None or minor is None:
            yield None
            return
        yield month, minor
        between = _BETWEEN.match(text, found.end())
        place = between.end() if between else found.end()


def _tax(text: str, limits: Limits) -> str | None:
    found = _AMOUNT.fullmatch(text)
    minor = found and _minor(found, "all", limits)
    return None if minor is None or minor > limits.amount_minor else str(minor)


def _minor(found: re.Match[str], name: str, limits: Limits) -> int | None:
    """The amount in minor units; None where it has more decimals than the currency, or too few."""
    whole, part = found[name].replace(",", ""), (found[f"{name}_part"] or "")[1:]
    if part and len(part) != limits.decimals:
        return None
    return int(whole) * int(10**limits.decimals) + int(part or 0)


def _approval_number(text: str, _: Limits) -> str | None:
    number = re.sub(r"(?<=[0-9a-z])[ -](?=[0-9a-z])", "", text).upper()
    return number if any(sign.isdigit() for sign in number) else None


def _note(text: str, _: Limits) -> str | None:
    long = (re.sub(r"[ -]", "", found.group()) for found in _LONG_NUMBER.finditer(text))
    if len(text) > _NOTE_MAX or any(_is_card_number(digits) for digits in long):
        return None
    return text


def _is_card_number(digits: str) -> bool:
    """ISO/IEC 7812-1 Annex B: nobody shall keep a card number that somebody wrote into a mail."""
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_READERS: Final[Mapping[Item, Callable[[str, Limits], str | None]]] = {
    Item.PRODUCT_CODE: _product_code,
    Item.DIVISION: _division,
    Item.START_MONTH: _start_month,
    Item.BONUS_MONTHS: _bonus_months,
    Item.TAX: _tax,
    Item.APPROVAL_NUMBER: _approval_number,
    Item.NOTE: _note,
}
