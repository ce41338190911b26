"""Data: the words that a customer's answer may consist of, Japanese and English, each meant as a whole."""

from __future__ import annotations

from typing import Final

from mail_gateway.domain.item_words import Both

YES_JA: Final = (
    *("はい", "ハイ", "OKです", "オーケー", "オーケーです", "オッケー", "オッケーです", "承認", "承認します"),
    *("承認いたします", "承諾します", "承諾いたします", "同意します", "同意いたします", "注文します"),
    *("注文いたします", "購入します", "購入いたします", "買います", "確定します", "注文を確定します"),
    *("はい、注文します", "はい、購入します", "はい、買います", "はい、承認します", "はい、そうです"),
    *("はい、お願いします", "はい、お願いいたします", "はい、お願い致します", "はいです", "はい、OKです"),
    *("はい、よろしくお願いします", "はい、よろしくお願いいたします", "はい、よろしくお願い致します"),
    *("はい、宜しくお願いします", "はい、宜しくお願い致します", "はい、間違いありません", "はい、確定します"),
    *("はい、問題ありません", "OKです、お願いします", "OKです、よろしくお願いします", "はい、買います"),
)
YES_EN: Final = (
    *("yes", "yes please", "yes it is", "yes I do", "yes I confirm", "yes confirmed", "yeah", "yep", "ok"),
    *("okay", "I confirm", "confirm", "confirmed", "I agree", "agreed", "I approve", "approve", "approved"),
    *("I accept", "accepted", "yes I accept", "yes I agree", "yes that is right", "yes I want to buy"),
    *("yes I will buy it", "I buy", "yes I buy", "yes I buy it", "yes I want to buy it", "yes buy"),
    *("yes that is correct", "yes that's correct", "yes correct", "yes please go ahead"),
    *("I confirm my order", "I confirm the order"),
)
NO_JA: Final = (
    *("いいえ", "イイエ", "ノー", "いいえ、結構です", "いいえ、けっこうです", "いいえ、いりません"),
    *("いいえ、やめます", "いいえ、買いません", "いいえ、不要です", "いいえ、キャンセルします"),
    *("キャンセル", "キャンセルします", "キャンセルです", "キャンセルしてください", "キャンセルして下さい"),
    *("キャンセルお願いします", "キャンセルをお願いします", "キャンセルでお願いします"),
    *("キャンセルいたします", "取消", "取り消し", "取り消します", "取り消してください", "取消します"),
    *("取消してください", "中止", "中止します", "中止してください", "やめます", "やめておきます"),
    *("注文しません", "購入しません", "買いません", "承認しません", "同意しません", "不要です", "いりません"),
    *("要りません", "お断りします", "拒否します", "注文していません", "注文した覚えがありません"),
    *("注文した覚えはありません", "身に覚えがありません", "身に覚えはありません", "いいえです"),
)
NO_EN: Final = (
    *("no", "nope", "no thanks", "no thank you", "cancel", "cancel it", "cancel this", "cancel please"),
    *("please cancel", "please cancel it", "cancel my order", "cancel the order", "please cancel my order"),
    *("please cancel the order", "no cancel", "no please cancel", "no cancel it", "no please cancel it"),
    *("I do not confirm", "I don't confirm", "I do not agree", "I don't agree", "I refuse", "refused"),
    *("reject", "rejected", "decline", "declined", "I decline", "I did not order this", "no I do not"),
    *("I didn't order this", "I did not order anything", "no I don't", "do not buy", "don't buy"),
)
YES: Final = Both(" / ".join(YES_JA), " / ".join(YES_EN))
NO: Final = Both(" / ".join(NO_JA), " / ".join(NO_EN))
"""As docs/answers.md shows them."""

COURTESY: Final = (
    *("お世話になります", "お世話になっております", "お世話になっています", "いつもお世話になっております"),
    *("いつもお世話になります", "いつもありがとうございます", "ありがとうございます", "有難うございます"),
    *("ありがとうございました", "ありがとう", "どうもありがとうございます", "誠にありがとうございます"),
    *("ご連絡ありがとうございます", "ご連絡ありがとうございました", "メールありがとうございます"),
    *(
        "お願いします",
        "お願いいたします",
        "お願い致します",
        "よろしくお願いします",
        "よろしくお願いいたします",
    ),
    *("よろしくお願い致します", "宜しくお願いします", "宜しくお願いいたします", "宜しくお願い致します"),
    *("どうぞよろしくお願いいたします", "どうぞよろしくお願いします", "以上、よろしくお願いいたします"),
    *("以上、よろしくお願いします", "以上です", "以上", "よろしくです", "よろしく", "宜しく", "ヨロシク"),
    *("こんにちは", "こんばんは", "おはようございます", "はじめまして", "お疲れ様です", "お疲れさまです"),
    *("承知しました", "承知いたしました", "了解しました", "了解です", "了解いたしました", "わかりました"),
    *("分かりました", "確認しました", "確認いたしました", "確認致しました", "楽しみにしています"),
    *("楽しみにしております", "楽しみです", "御中", "様", "ご担当者様", "担当者様", "店長様", "敬具", "拝啓"),
    *("よろしくおねがいします", "内容を確認しました", "返信遅くなりすみません", "sorry for the late reply"),
    *("届くのを楽しみにしています", "返信いたします", "返信します", "失礼します", "失礼いたします"),
    *("hi", "hello", "hi there", "hello there", "dear", "dear sir", "dear madam", "dear sir or madam"),
    *("dear sirs", "good morning", "good afternoon", "good evening", "to whom it may concern", "dear team"),
    *("hi team", "hello team", "please", "thanks", "thank you", "thank you very much", "thanks a lot"),
    *("many thanks", "thank you so much", "thx", "cheers", "regards", "best regards", "kind regards"),
    *("with kind regards", "with best regards", "warm regards", "best", "best wishes", "all the best"),
    *("sincerely", "yours sincerely", "sincerely yours", "yours truly", "yours faithfully", "yours"),
    *("thanks and regards", "thanks in advance", "thank you in advance", "have a nice day"),
    *("have a good day", "have a great day", "looking forward to it", "mr", "mrs", "ms"),
)
"""May stand beside an answer, and means nothing by itself."""

LABELS: Final = (
    *("コード", "コードは", "ご注文コード", "ご注文コードは", "注文コード", "注文コードは", "確認コード"),
    *("確認コードは", "code", "the code", "the code is", "code is", "my code is", "order code"),
    *(
        "order code is",
        "the order code is",
        "code of the order",
        "the code of the order",
        "confirmation code",
    ),
    *("with code", "with the code", "is the code"),
)
"""May stand beside a yes and the code. Alone with the code, they are as our own letter has them."""

LINKS: Final = (
    *(
        "and",
        "です",
        "と",
        "で",
        "返事",
        "お返事",
        "返答",
        "でお願いします",
        "でお願いいたします",
        "でお願い致します",
    ),
    *("答え", "答えは", "回答", "回答は", "8桁の答え", "8桁の答えは", "OCRA", "eight digits", "answer"),
    *("the answer", "the answer is", "my answer", "my answer is", "answer is"),
)
"""May stand beside an answer, the code and the eight digits."""

OF_NAMES: Final = ("です", "と申します", "より", "様", "さま", "さん", "御中", "殿", "拝", "でございます")
"""May follow a name."""

APPS: Final = (
    *(
        "iphone",
        "ipad",
        "ipod",
        "android",
        "galaxy",
        "xperia",
        "aquos",
        "arrows",
        "pixel",
        "samsung",
        "huawei",
    ),
    *("outlook", "windows", "yahoo", "gmail", "proton", "protonmail", "spark", "edison", "zoho", "k-9"),
    *("blackberry", "docomo", "ドコモ", "au", "softbank", "line", "smartphone", "mac", "thunderbird"),
    *("スマートフォン", "スマホ", "携帯", "タブレット", "ymobile", "rakuten", "楽天", "oppo", "xiaomi"),
)
"""Names of which one stands in the line that a mail program or a phone writes below a mail."""

OF_APPS: Final = (
    *("my", "the", "for", "on", "with", "via", "ios", "app", "mail", "email", "mobile", "device", "phone"),
    *(
        "secure",
        "pro",
        "max",
        "plus",
        "ultra",
        "mini",
        "メールアプリ",
        "メール",
        "アプリ",
        "版のメール",
        "版",
    ),
    *("セキュアメール", "の", "デバイス", "端末", "デバイスから", "5g", "4g", "lte"),
)
"""What may stand beside it."""
