"""What a till and a machine say to people, in ja and en: one plain sentence for each state and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from till.machine import State


class Words(NamedTuple):
    """One sentence in both languages."""

    ja: str
    en: str

    def of(self, language: str) -> str:
        """The one for ja or en."""
        return self.ja if language == "ja" else self.en


AT_THE_TILL: Final[Mapping[State, Words]] = {
    State.IDLE: Words("商品をスキャンしてください", "Scan the goods"),
    State.CHOSEN: Words("注文を送っています", "Sending the order"),
    State.DOUBTED: Words(
        "返事がありません。同じ取引番号で送り直しています",
        "No answer yet. Sending again, under the same deal ID",
    ),
    State.WAITING: Words("お客様にメールで確認しています", "The customer is being asked by mail"),
    State.CANCELLING: Words(
        "取り消しています。結果が分かるまでお待ちください",
        "Cancelling. Wait until it is sure how it ended",
    ),
    State.MADE: Words("成立しました。商品をお渡しください", "MADE. Hand the goods over"),
    State.HANDED: Words("お渡し済みを知らせています", "Telling that the goods are handed over"),
    State.TOLD: Words("ありがとうございました。次のお客様をどうぞ", "Thank you. Next customer"),
    State.SORRY: Words(
        "成立しませんでした。商品は渡さず、代金もかかりません",
        "Not made. Keep the goods; nothing was charged",
    ),
    State.RETURNING: Words("返金を頼んでいます", "Asking for the money to be given back"),
    State.RETURNED: Words(
        "返金を受け付けました。返金されるとお客様にメールが届きます",
        "Taken. The customer gets a mail when the money is back",
    ),
    State.NOT_RETURNED: Words("返金できません", "It cannot be given back"),
}

AT_THE_MACHINE: Final[Mapping[State, Words]] = {
    State.IDLE: Words("番号を押してください", "Choose a number"),
    State.CHOSEN: Words("注文しています", "Ordering"),
    State.DOUBTED: Words("通信を待っています", "Waiting for the network"),
    State.WAITING: Words(
        "お客様にメールをお送りしました。お返事をお待ちしています",
        "We have sent you a mail. Please answer it",
    ),
    State.CANCELLING: Words("取り消しています。お待ちください", "Cancelling. Please wait"),
    State.MADE: Words("お支払いが済みました", "Paid"),
    State.DROPPING: Words("商品をお出ししています", "Here it comes"),
    State.CHECKING: Words("確認しています", "Checking"),
    State.UNSURE: Words(
        "係員が確認します。取り出し口に商品があるかご覧ください",
        "An attendant has to look whether the goods came out",
    ),
    State.STUCK: Words(
        "商品が出ません。代金をお返ししています", "The goods do not come. Your money is being given back"
    ),
    State.BROKEN: Words(
        "商品が出ませんでした。代金はかかっていません。係員が直すまで販売を休みます",
        "The goods did not come, and you pay nothing. Out of order until an attendant comes",
    ),
    State.OWED: Words(
        "商品が出ませんでした。係員が返金します", "The goods did not come. An attendant gives the money back"
    ),
    State.DROPPED: Words("商品をお取りください", "Please take your goods"),
    State.TOLD: Words("商品をお取りください。ありがとうございました", "Please take your goods. Thank you"),
    State.SORRY: Words("申し訳ありません。代金はかかっていません", "Sorry. You have not been charged"),
}

READY: Final = Words("ENTER で送信", "ENTER: send")
"""Goods are scanned and nothing is under way."""

_CANCEL: Final = Words("cancel で取消", "cancel: give it up")

TILL_HINTS: Final[Mapping[State, Words]] = {
    State.CHOSEN: _CANCEL,
    State.DOUBTED: _CANCEL,
    State.WAITING: _CANCEL,
    State.MADE: Words("お渡ししたら ENTER", "ENTER when it is handed over"),
    State.SORRY: Words("ENTER でもう一度、clear で次の会計", "ENTER: try again; clear: next customer"),
}
"""What the cashier can do."""

MACHINE_HINTS: Final[Mapping[State, Words]] = {
    State.CHOSEN: _CANCEL,
    State.DOUBTED: _CANCEL,
    State.WAITING: _CANCEL,
    State.UNSURE: Words("係員: out 出た、in 残っている", "Attendant: out, or in"),
    State.BROKEN: Words("係員: in 直した", "Attendant: in (mended)"),
    State.OWED: Words(
        "係員: back 返金した、in 直した、out 出ていた",
        "Attendant: back (money given back), in (mended), out (it came out after all)",
    ),
}
"""What the customer or the attendant can do."""

SAID: Final[Mapping[str, Words]] = {
    "added": Words("{name} を追加しました", "Added {name}"),
    "quantity": Words("{line} 行目の数量を変えました", "Changed the quantity of line {line}"),
    "removed": Words("{line} 行目を削除しました", "Removed line {line}"),
    "customer": Words("お客様番号 {customer}", "Customer {customer}"),
    "customer-wanted": Words("お客様番号を入力してください", "Type or scan the customer ID"),
    "customer-bad": Words("お客様番号の形が違います", "That is no customer ID"),
    "code-unknown": Words("{code} は価格表にありません", "{code} is not in the price list"),
    "not-possible": Words("その行はないか、多すぎます", "There is no such line, or it is too much"),
    "basket-empty": Words("商品がありません", "There is nothing to send"),
    "busy": Words("前の取引が終わっていません", "A sale is under way"),
    "sent": Words("取引番号 {deal}", "Deal {deal}"),
    "cancelling": Words("取り消します", "Cancelling"),
    "too-late": Words("もう取り消せません", "It is too late to cancel"),
    "cleared": Words("新しい会計です", "A new sale"),
    "handed": Words("お渡し済み", "Handed over"),
    "amount-bad": Words("金額は 500 のように書いてください", "Write the amount as in: 500"),
    "returning": Words("取引 {deal} の返金", "Giving back of {deal}"),
    "not-made": Words("まだ成立していません", "It is not made yet"),
    "wait": Words("お待ちください", "Please wait"),
    "seen": Words("承知しました", "Noted"),
    "attendant": Words(
        "係員: 商品が出ていれば out、棚に残っていれば in、返金したら back",
        "Attendant: out (the goods are out), in (still on the shelf), back (money given back)",
    ),
    "number-unknown": Words("その番号はありません", "There is no such number"),
    "help": Words(
        "スキャンで追加、3*コード 数量付き、*2 数量、2=5 2行目を5個、-1 行削除、@番号 お客様、"
        "ENTER 送信、取消、返品 取引番号 [金額] [理由]、quit 終了",
        "scan: add; 3*CODE: three; *2: quantity; 2=5: of line 2; -1: remove line 1; @ID: customer; "
        "ENTER: send; cancel; return DEAL [AMOUNT] [REASON]; quit",
    ),
}
"""By `desk.Said.word`."""

WHY: Final[Mapping[str, Words]] = {
    "refused": Words("お客様が断りました", "The customer said no"),
    "lapsed": Words("お返事がないまま期限が切れました", "The customer did not answer in time"),
    "cancelled": Words("取り消しました", "It was cancelled"),
    "failed": Words("お支払いができませんでした", "The payment could not be made"),
    "returned": Words("代金はお返ししました", "The money was given back"),
    "unpaid": Words("口座から引き落とせませんでした", "The bank did not collect the money"),
    "deal-unknown": Words("その取引番号の注文はありません", "There is no order with this deal ID"),
    "order-not-made": Words("まだ成立していない取引です", "This order is not made yet"),
    "order-dead": Words(
        "この取引は終わっていて、お支払いはありません", "This order is over, and nothing is paid for it"
    ),
    "return-too-much": Words("残りの金額を超えています", "There is not so much left to give back"),
    "return-refused": Words(
        "カード会社などが断りました。お店宛のメールをご覧ください",
        "The acquirer refused: see the mail to the shop",
    ),
    "customer-unknown": Words("そのお客様番号はありません", "There is no such customer"),
    "customer-closed": Words("そのお客様は登録を終えています", "This customer buys no more"),
    "means-unknown": Words("お支払い方法が登録されていません", "The customer has no card or account on file"),
    "product-unknown": Words("取り扱いのない商品があります", "One of the goods is not sold by the gateway"),
    "product-retired": Words("販売を終えた商品があります", "One of the goods is no longer sold"),
    "amount-too-large": Words("金額が上限を超えています", "It is more than the gateway takes at once"),
    "not-selling": Words(
        "この店は注文を受ける設定になっていません", "This shop is not set up to take orders"
    ),
    "out-of-stock": Words("在庫が足りません", "There is not so much in stock"),
    "deal-id-used": Words(
        "取引番号が重なりました。もう一度送ってください", "The deal ID was used. Send again"
    ),
}
"""Why a deal ended without goods: the order's state, or the slug of its refusal."""

TROUBLE: Final[Mapping[str, Words]] = {
    "not-connected": Words("ゲートウェイにつながりません", "The gateway cannot be reached"),
    "no-answer": Words("ゲートウェイの返事がありません", "The gateway does not answer"),
    "connection-lost": Words("通信が切れました", "The connection was lost"),
    "certificate": Words("ゲートウェイの証明書が正しくありません", "The gateway's certificate is not good"),
    "shop-key-unknown": Words("この端末の鍵が無効です", "This device's key is not known, or revoked"),
    "rate-over": Words("要求が多すぎます", "Too many requests"),
}


def sentence(table: Mapping[str, Words], name: str, language: str) -> str:
    """The sentence of that name; without one the name itself, which is better than nothing."""
    return table[name].of(language) if name in table else name
