"""Words of `hagaki demo --order`, in ja and en."""

from __future__ import annotations

from typing import Final

from hagaki.show_words import Words

GOODS: Final = Words("Wild strawberry jam", "信州いちごジャム")
CUSTOMER_NAME: Final = Words("Hanako Yamada", "山田花子")

STEPS: Final = (
    Words(
        "The shop places an order; the acquirer keeps the amount", "店が注文を出し、カード会社が与信を確保"
    ),
    Words("What the customer finds in the mailbox", "お客様に届いたメール"),
    Words("The customer answers in their own words", "お客様の返信"),
    Words("What the shop finds in its mailbox", "店に届いたメール"),
)

MOVES: Final = {
    "authorised": Words("order: the amount is kept", "注文：与信を確保"),
    "asked": Words("order: the customer is asked", "注文：お客様に確認のメールを送信"),
    "yes": Words("order: the customer has said yes", "注文：お客様が承諾"),
    "captured": Words("order: the amount is taken", "注文：代金を確定"),
    "not-authorised": Words("order: the amount could not be kept", "注文：与信を確保できません"),
    "not-captured": Words("order: the amount could not be taken", "注文：代金を確定できません"),
}
"""By what happened to the order."""

LINES: Final = {
    "order.moved": Words("order: {kind} -> {after}", "注文：{kind} -> {after}"),
    "host.request": Words("host: {mti} asked, {amount:,} yen", "ホスト：{mti} 照会 {amount:,} 円"),
    "host.answer": Words("host: {mti} answered, code {code}", "ホスト：{mti} 応答 コード {code}"),
}

SAID: Final = Words(
    "MADE: the customer said yes, and the shop is paid", "成立：お客様が承諾し、店に支払われます"
)
NOT_MADE: Final = Words("NOT MADE: nobody pays", "不成立：お支払いはありません")
