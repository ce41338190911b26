"""The demo's words in ja and en, and at which of the twelve stations each verb is shown."""

from __future__ import annotations

from typing import Final

STATIONS: Final[dict[int, dict[str, str]]] = {
    1: {"en": "Card and keypad, on the reader", "ja": "カードとキーパッド（リーダー）"},
    3: {"en": "Seal: from here on only ciphertext", "ja": "封印：ここから先は暗号文だけ"},
    4: {"en": "Serial line to the phone", "ja": "シリアル線で電話へ"},
    5: {"en": "Phone: stored, then mailed", "ja": "電話：保存してからメール"},
    6: {"en": "Carrier and gateway: stored before 250", "ja": "通信会社とゲートウェイ：保存してから 250"},
    8: {"en": "Payment", "ja": "決済の状態"},
    9: {"en": "Acquirer's host, ISO 8583", "ja": "カード会社のホスト（ISO 8583）"},
    10: {"en": "Books", "ja": "帳簿"},
    11: {"en": "Letter to the merchant", "ja": "加盟店への手紙"},
    12: {"en": "Back to the reader", "ja": "リーダーへ戻る"},
}
"""Stations 2 and 7 have no line of their own: the keypad shows on the LCD, opening as the payment's state."""

BACK: Final = 12

VERBS: Final[dict[str, int]] = {
    "reader.lcd": 1,
    "reader.sealed": 3,
    "reader.sent": 4,
    "handset.stored": 5,
    "handset.posted": 5,
    "carrier.queued": 6,
    "carrier.relayed": 6,
    "mail.accepted": 6,
    "payment.moved": 8,
    "host.request": 9,
    "host.answer": 9,
    "ledger.transfer": 10,
    "letter.queued": 11,
    "letter.sent": 11,
    "carrier.delivered": 11,
    "handset.fetched": 12,
    "handset.shown": 12,
    "reader.result": 12,
    "process.failed": 12,
}

WORDS: Final[dict[str, dict[str, str]]] = {
    "opening": {
        "en": "Five processes on loopback: reader, phone, mail carrier, gateway, acquirer's host.\n"
        "A test card is swiped; nothing is a stand-in but the people.",
        "ja": "五つのプロセス：リーダー、電話、通信会社、ゲートウェイ、カード会社のホスト。\n"
        "テストカードを通します。",
    },
    "approved": {"en": "The reader showed the approved sale.", "ja": "リーダーに承認が表示されました。"},
    "not-approved": {"en": "The reader showed no approved sale.", "ja": "承認は表示されませんでした。"},
    "step": {"en": "press Enter", "ja": "Enter キーで次へ"},
}
