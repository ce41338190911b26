"""The demo's words in ja and en: the twelve stations, and each verb as a sentence at its station."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """The same thing in both languages."""

    en: str
    ja: str


class Line(NamedTuple):
    """Where a verb is shown and how; words may name the event's facts in braces."""

    station: int
    words: Words


STATIONS: Final = {
    1: Words("Card and keypad", "カードとキーパッド"),
    3: Words("Seal: from here on only ciphertext", "封印：ここから先は暗号文だけ"),
    4: Words("Serial line to the phone", "シリアル線で電話へ"),
    5: Words("Phone: stored, then mailed", "電話：保存してからメール"),
    6: Words("Carrier and gateway: stored before 250", "通信会社とゲートウェイ：保存してから 250"),
    8: Words("Payment", "決済の状態"),
    9: Words("Acquirer's host, ISO 8583", "カード会社のホスト（ISO 8583）"),
    10: Words("Books, double entry", "帳簿（複式）"),
    11: Words("Letter to the merchant", "加盟店への手紙"),
    12: Words("Back to the reader", "リーダーへ戻る"),
}
"""2, the keypad, shows on the LCD; 7, opening, shows as the payment's state."""

BACK: Final = 12
KEYPAD: Final = 1

LINES: Final = {
    "reader.sealed": Line(3, Words("slip {slip}, key {ksn}", "伝票 {slip}、鍵 {ksn}")),
    "reader.sent": Line(4, Words("sent, and the phone has stored it", "送信済み、電話が保存しました")),
    "handset.posted": Line(5, Words("mailed as {message_id}", "送信メール {message_id}")),
    "carrier.queued": Line(
        6, Words("carrier has it, for {recipient}", "通信会社が預かりました、宛先 {recipient}")
    ),
    "carrier.weather": Line(11, Words("mail weather: {reason}", "郵便の天気：{reason}")),
    "carrier.relayed": Line(6, Words("carrier gave it on", "通信会社が渡しました")),
    "mail.accepted": Line(
        6, Words("gateway stored it: payment {payment}, {verdict}", "保存：決済 {payment}、{verdict}")
    ),
    "payment.moved": Line(8, Words("{before} -> {after}  ({event})", "{before} -> {after}  ({event})")),
    "host.request": Line(
        9, Words("{mti} asked: {amount:,} yen, {reference}", "{mti} 照会：{amount:,} 円、{reference}")
    ),
    "host.answer": Line(9, Words("{mti} answered: code {code}", "{mti} 応答：コード {code}")),
    "ledger.transfer": Line(
        10,
        Words(
            "debit {debit}, credit {credit}: {amount:,} yen {phase}",
            "借方 {debit}、貸方 {credit}：{amount:,} 円 {phase}",
        ),
    ),
    "letter.queued": Line(11, Words("'{kind}' stored, version {version}", "「{kind}」を保存、版 {version}")),
    "letter.sent": Line(11, Words("'{kind}' sent", "「{kind}」を送信")),
    "carrier.delivered": Line(11, Words("in the mailbox of {recipient}", "{recipient} の受信箱に到着")),
    "handset.fetched": Line(12, Words("the phone fetched it", "電話が受信しました")),
    "reader.result": Line(
        12, Words("genuine: {outcome}, version {version}", "本物と確認：{outcome}、版 {version}")
    ),
}

OPENING: Final = Words(
    "Five processes on loopback: reader, phone, mail carrier, gateway, acquirer's host.\n"
    "A test card is swiped; nothing is a stand-in but the people.",
    "五つのプロセス：リーダー、電話、通信会社、ゲートウェイ、カード会社のホスト。\nテストカードを通します。",
)
FORGED: Final = Line(12, Words("not genuine: nothing is shown", "本物ではありません：何も表示しません"))
"""Of a result that the centre did not seal."""

APPROVED: Final = Words("The reader showed the approved sale.", "リーダーに承認が表示されました。")
NOT_APPROVED: Final = Words("The reader showed no approved sale.", "承認は表示されませんでした。")
STEP: Final = Words("press Enter", "Enter キーで次へ")
SALE_MAIL: Final = Words("the mail", "メール")
LETTER: Final = Words("the letter", "手紙")
