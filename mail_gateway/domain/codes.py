"""Data: the acquirer's codes in words, Japanese and English. Why a lost card is refused is never said.

Sources: e-SCOTT and GMO-PG code lists (G codes), ISO 8583 DE39.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ANOTHER_CARD: Final = ("別のカードをご利用ください", "Please ask for another card")
_FUNDS: Final = ("残高不足です", "Balance too low")
_LIMIT: Final = ("限度額を超えています", "Over the limit")
_PIN: Final = ("暗証番号が違います", "Wrong PIN")
_NUMBER: Final = ("カード番号を確認してください", "Please check the card number")
_EXPIRY: Final = ("有効期限を確認してください", "Please check the expiry date")
_AMOUNT: Final = ("金額を確認してください", "Please check the amount")
_CALL: Final = ("カード会社に電話してください", "Please call the card company")
_INSTALMENT: Final = ("支払方法を確認してください", "Please check the way of payment")
_ORIGINAL: Final = ("元の売上が見つかりません", "There is no such sale")
_NO_VOID: Final = ("この売上は取り消せません", "That sale cannot be voided")
_AGAIN: Final = ("もう一度入力してください", "Please enter it again")

REASONS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "G02": _FUNDS, "G04": _FUNDS, "G06": _FUNDS, "51": _FUNDS,
        "G03": _LIMIT, "G05": _LIMIT, "G07": _LIMIT, "G54": _LIMIT, "G55": _LIMIT, "61": _LIMIT, "65": _LIMIT,
        "G42": _PIN, "55": _PIN,
        "75": ("暗証番号の入力回数を超えました", "Too many wrong PINs"),
        "G44": ("セキュリティコードが違います", "Wrong security code"),
        "G45": ("セキュリティコードを入力してください", "Security code wanted"),
        "G65": _NUMBER, "14": _NUMBER,
        "G83": _EXPIRY, "54": _EXPIRY,
        "G68": _AMOUNT, "13": _AMOUNT,
        "19": _AGAIN,
        "G30": _CALL, "01": _CALL, "02": _CALL,
        "G67": ("商品コードを確認してください", "Please check the product code"),
        "G69": ("税送料を確認してください", "Please check tax and shipping"),
        "G70": _INSTALMENT, "G71": _INSTALMENT, "G72": _INSTALMENT, "G73": _INSTALMENT, "G74": _INSTALMENT,
        "G75": _INSTALMENT, "G76": _INSTALMENT, "G78": _INSTALMENT,
        "G84": ("承認番号を確認してください", "Please check the approval number"),
        "1A": ("暗証番号を入力してください", "PIN wanted"),
        "70": ("暗証番号を入力してください", "PIN wanted"),
        "57": ("このカードではできない取引です", "Not possible with this card"),
        "58": ("この端末ではできない取引です", "Not possible at this terminal"),
        "G85": ("ただいまお取り扱いできません", "Not possible just now"),
        "G95": ("サービス時間外です", "Service hours are over"),
        # Lost, stolen, black-listed, to be retained: one answer for all of them, and no reason.
        "G12": ANOTHER_CARD, "G22": ANOTHER_CARD, "G56": ANOTHER_CARD, "G60": ANOTHER_CARD,
        "G61": ANOTHER_CARD, "G92": ANOTHER_CARD, "G96": ANOTHER_CARD, "04": ANOTHER_CARD, "05": ANOTHER_CARD,
        "07": ANOTHER_CARD, "41": ANOTHER_CARD, "43": ANOTHER_CARD, "59": ANOTHER_CARD, "62": ANOTHER_CARD,
        # Our own reasons, by slug.
        "too-old": ("届くのが遅すぎました", "It arrived too late"),
        "dropped": ("担当者が取り下げました", "Taken off by a person at the payment centre"),
        "not-in-list": ("カード会社の明細に請求がありません", "Not among the card company's charges"),
        "lapsed": ("追加の入力がありませんでした", "Nothing was added in time"),
        "amount-zero": _AMOUNT,
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
        "original-unknown": _ORIGINAL, "G94": _ORIGINAL, "25": _ORIGINAL,
        "not-approved": ("元の売上は承認されていません", "That sale was not approved"),
        "currency-differs": ("元の売上と通貨が違います", "That sale was in another currency"),
        "card-differs": ("元の売上と同じカードをご利用ください", "Please use the card of that sale"),
        "returned-already": ("返金済みの売上は取り消せません", "Some of that sale was given back already"),
        "void-not-whole": ("取消は売上の全額だけです", "A void is for the whole sale"),
        "return-too-much": ("元の売上の残額を超えています", "More than is left of that sale"),
        "void-unsupported": ("このカード会社では取消できません", "The card company takes no voids"),
        "refund-unsupported": ("このカード会社では返金できません", "The card company takes no refunds"),
        "card-needed": ("カードの読み取りが必要です", "The card company wants the card to be read"),
        "G79": _NO_VOID, "G80": _NO_VOID, "G81": _NO_VOID,
    }
)  # fmt: skip
"""Code or slug -> (Japanese, English)."""

HIDDEN: Final = frozenset(code for code, words in REASONS.items() if words is ANOTHER_CARD)
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
