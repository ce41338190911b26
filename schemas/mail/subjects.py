"""Subjects that say what a mail is: an automatic answer, a read receipt, a forwarded mail. None says yes."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SUBJECT_MAX: Final = 500
_REPLY: Final = re.compile(r"(?:(?:re|aw|sv|antw|返信|返)\s*(?:\[\d{1,3}\]|\d{1,3})?\s*:|\[[^\]]{0,40}\])\s*")
_FORWARDED: Final = re.compile(r"(?:fwd?|wg|tr|rv|転送|転)\s*(?:\[\d{1,3}\]|\d{1,3})?\s*:|\[?fwd\b")
_AUTOMATIC: Final = re.compile(
    r"auto(?:matic)?[ -]?respon(?:se|der)|auto:|ooo\b|away from|on (?:vacation|leave|holiday)"
    r"|vacation (?:reply|response|notice)|i am (?:away|out)|自動(?:送信|配信)"
    r"|不在(?:の(?:ため|お知らせ|連絡)|連絡|のご連絡|です|:|$)|休業のお知らせ|外出中|退職(?:の|い)"
    r"|(?:夏季|夏期|冬季|年末年始)?休(?:暇|業)(?:の|中)|受付完了|メール(?:を)?受け付け"
    r"|(?:read|displayed|opened|not read|recall|既読|未読|取り消し|開封(?:済み|確認|通知)?)\s*:"
    r"|(?:read|return) receipt|開封(?:確認|通知)|undeliver|delivery (?:status|failure|has failed|delayed)"
    r"|mail delivery|returned mail|failure notice|(?:配信|配達)(?:不能|できません|エラー|状態)|未配信"
    r"|送信エラー|\[ticket|ticket (?:received|created)|your (?:request|message) (?:has been|was) received"
)
_ANYWHERE: Final = re.compile(
    r"automatic reply|auto[ -]?reply|out of (?:the )?office|自動(?:返信|応答)|不在通知|休暇中"
)


def is_automatic(subject: str) -> bool:
    """Whether a robot writes such a subject, behind any `Re:`."""
    text = _plain(subject)
    while reply := _REPLY.match(text):
        text = text[reply.end() :]
    return _AUTOMATIC.match(text) is not None or _ANYWHERE.search(text) is not None


def is_no_answer(subject: str) -> bool:
    """Whether a mail of this subject answers nothing: it is automatic, or was forwarded on its way."""
    text = _plain(subject)
    while (reply := _REPLY.match(text)) and not _FORWARDED.match(text):
        text = text[reply.end() :]
    return _FORWARDED.match(text) is not None or is_automatic(subject)


def own_words(subject: str, sent: Iterable[str]) -> str:
    """What of an answer's subject stands in no subject of the letters that it may answer."""
    text = " ".join(_plain(subject).split())
    for ours in sorted({" ".join(_plain(one).split()) for one in sent} - {""}, key=len, reverse=True):
        text = text.replace(ours, " ")
    return text


def _plain(subject: str) -> str:
    return unicodedata.normalize("NFKC", subject[:SUBJECT_MAX]).casefold().strip()
