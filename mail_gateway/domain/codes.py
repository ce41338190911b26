"""Data: reasons in words, Japanese and English: our own, and those of `acquirer_sdk/codes.toml`.

Why a lost card is refused is never said.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from acquirer_sdk.codes import shipped_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

_OWN: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "too-old": ("届くのが遅すぎました", "It arrived too late"),
        "dropped": ("担当者が取り下げました", "Taken off by a person at the payment centre"),
        "not-in-list": ("カード会社の明細に請求がありません", "Not among the card company's charges"),
        "lapsed": ("追加の入力がありませんでした", "Nothing was added in time"),
        "amount-zero": ("金額を確認してください", "Please check the amount"),
        "amount-over-limit": ("一回の限度額を超えています", "Over the limit of one sale"),
        "currency-unsupported": ("この通貨は扱えません", "This currency is not taken"),
        "kind-unsupported": ("この取引はまだ扱えません", "This kind of sale is not possible yet"),
        "key-retired": (
            "端末の鍵が古くなりました。センターに連絡して新しい鍵を入れてください",
            "The reader's keys are too old: have the payment centre load new ones, then sell again",
        ),
        "key-revoked": (
            "端末の鍵は使えません。センターに連絡して新しい鍵を入れてください",
            "The reader's keys are no longer good: have the payment centre load new ones, then sell again",
        ),
        "reader-revoked": (
            "この端末は停止されています。センターに連絡してください",
            "This reader has been stopped: please call the payment centre",
        ),
        "card-missing": ("カードを読み取れませんでした", "The card was not read"),
        "original-unknown": ("元の売上が見つかりません", "There is no such sale"),
        "not-approved": ("元の売上は承認されていません", "That sale was not approved"),
        "not-collected": ("この売上の代金は引き落とせませんでした", "Nothing was collected for that sale"),
        "currency-differs": ("元の売上と通貨が違います", "That sale was in another currency"),
        "card-differs": ("元の売上と同じカードをご利用ください", "Please use the card of that sale"),
        "cancel-unclear": (
            "請求されたかもしれません。センターに連絡してください",
            "It may have been charged: please call the payment centre",
        ),
        "returned-already": ("返金済みの売上は取り消せません", "Some of that sale was given back already"),
        "void-not-whole": ("取消は売上の全額だけです", "A void is for the whole sale"),
        "return-too-much": ("元の売上の残額を超えています", "More than is left of that sale"),
        "void-unsupported": ("このお支払い方法では取消できません", "This way of paying takes no voids"),
        "refund-unsupported": ("このお支払い方法では返金できません", "This way of paying takes no refunds"),
        "condition-details": ("支払方法を確認してください", "Please check the way of payment"),
        "pin-key-missing": (
            "このカード会社には暗証番号を送れません。暗証番号なしでお支払いください",
            "No PIN can be sent to this card company yet: please sell without one",
        ),
        "terminal-id": (
            "端末番号に誤りがあります。センターに連絡してください",
            "The terminal's number is wrong: please call the payment centre",
        ),
        **dict.fromkeys(
            ("chip-broken", "chip-too-long", "chip-tag-missing", "chip-tag-forbidden"),
            ("ICカードを正しく読み取れませんでした", "The chip was not read as it has to be"),
        ),
        "card-needed": ("カードの読み取りが必要です", "The card company wants the card to be read"),
    }
)  # fmt: skip
"""Slug -> (Japanese, English)."""

_CODES: Final = shipped_codes().rows

REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {**{code: row.told for code, row in _CODES.items() if row.told is not None}, **_OWN}
)
"""Code or slug -> (Japanese, English)."""

HIDDEN: Final = frozenset(code for code, row in _CODES.items() if row.hidden)
"""Codes that not even the reader's LCD shows."""


def reason_for(code: str, language: str) -> str:
    """The sentence for a letter, in `language` ("ja", else English); empty for a code without words."""
    words = REASONS.get(code)
    if words is None:
        return ""
    return words[0] if language == "ja" else words[1]


def shown_code(code: str) -> str:
    """The code for the LCD, at most 16 characters; empty where the reason must not be shown."""
    return "" if code in HIDDEN else code[:16]
