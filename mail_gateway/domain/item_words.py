"""Data: the items in words, Japanese and English: what each is called, and how it is written."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from acquirer_sdk.values import Item

if TYPE_CHECKING:
    from collections.abc import Mapping


class Both(NamedTuple):
    """One text in two languages."""

    ja: str
    en: str

    def of(self, language: str) -> str:
        """The text in `language` ("ja", else English)."""
        return self.ja if language == "ja" else self.en


NAMES: Final[Mapping[Item, Both]] = MappingProxyType(
    {
        Item.PRODUCT_CODE: Both("商品コード", "product code"),
        Item.DIVISION: Both("支払区分", "way of payment"),
        Item.START_MONTH: Both("支払開始月", "first month"),
        Item.BONUS_MONTHS: Both("ボーナス月", "bonus months"),
        Item.TAX: Both("税送料", "tax and shipping"),
        Item.APPROVAL_NUMBER: Both("承認番号", "approval number"),
        Item.NOTE: Both("備考", "note"),
    }
)

FORMS: Final[Mapping[Item, Both]] = MappingProxyType(
    {
        Item.PRODUCT_CODE: Both("4-7桁の数字、例 1234", "4 to 7 digits, such as 1234"),
        Item.DIVISION: Both("例 一括、分割12回、リボ", "such as one payment, 12 payments, revolving"),
        Item.START_MONTH: Both("例 4月", "1 to 12, such as April"),
        Item.BONUS_MONTHS: Both("月と金額、例 7月 10000円", "month and amount, such as July 10000"),
        Item.TAX: Both("金額に含まれる税と送料、例 100円", "part of the amount, such as 100"),
        Item.APPROVAL_NUMBER: Both("電話で聞いた番号、例 123456", "as told by telephone, such as 123456"),
        Item.NOTE: Both("60文字まで、カード番号は書かない", "up to 60 characters, no card numbers"),
    }
)
"""Beside the name, in a letter. No line of a letter is an answer by itself."""

LABELS: Final[Mapping[Item, tuple[str, ...]]] = MappingProxyType(
    {
        Item.PRODUCT_CODE: (
            *("商品コード", "商品番号", "商品"),
            *("product code", "product number", "product", "item code"),
        ),
        Item.DIVISION: (
            *("支払区分", "支払い区分", "支払方法", "支払い方法", "支払回数", "支払い回数", "お支払い方法"),
            *("way of payment", "payment division", "payment method", "payment", "division"),
        ),
        Item.START_MONTH: (
            *("支払開始月", "支払い開始月", "開始月", "初回月", "初回支払月"),
            *("first month", "start month", "starting month"),
        ),
        Item.BONUS_MONTHS: (
            *("ボーナス月", "ボーナス支払月", "ボーナス払い月"),
            *("bonus months", "bonus month"),
        ),
        Item.TAX: (
            *("税送料", "税・送料", "消費税", "税金", "税", "送料"),
            *("tax and shipping", "tax & shipping", "tax/shipping", "tax"),
        ),
        Item.APPROVAL_NUMBER: (
            *("承認番号", "承認no", "承認コード"),
            *("approval number", "approval code", "approval no.", "approval no", "approval"),
        ),
        Item.NOTE: ("備考", "メモ", "摘要", "note", "notes", "memo", "remark"),
    }
)
"""What people call them, in Unicode NFKC and lower case."""


def asked(number: int, item: Item, language: str) -> str:
    """One line of a letter: its number, what it is, and how it is written."""
    name, form = NAMES[item].of(language), FORMS[item].of(language)
    return f"{number} {name} ({form})"
