"""What stands between a person's words and the mail they answer: quote marks, attributions, heads."""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence


class Part(Enum):
    """What a line of an answer is."""

    PERSON = auto()
    QUOTED = auto()  # with a mark before it
    OURS = auto()  # stands in a letter of ours
    REST = auto()  # of a line with a mark, which was broken without one
    CUT = auto()  # says that an older mail follows


_MARKS: Final = (">", "|", "》", "≫", "»", "›")
_INITIALS: Final = re.compile(r"[A-Za-z]{1,8}> ?")
_HEADER: Final = re.compile(
    r"\W{0,4}(?:from|to|cc|bcc|sent|date|subject|reply-to|importance|差出人|送信者|送信元|送信日時|送信日"
    r"|受信日時|日付|日時|宛先|宛て先|あて先|件名|題名|タイトル|返信先|重要度)\W{0,4}[:]",
    re.IGNORECASE,
)
_SENDER: Final = re.compile(r"\W{0,4}(?:from|差出人|送信者|送信元)\b", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"\W{0,4}(?:subject|件名|題名|タイトル)\b", re.IGNORECASE)
_SEPARATOR: Final = re.compile(
    r"[-_=* ]{0,40}(?:original (?:message|mail)|reply message|(?:元|もと)の(?:メッセージ|メール)"
    r"|オリジナル ?メッセージ|返信元(?:メッセージ|メール)?|受信(?:した)?(?:メッセージ|メール)"
    r"|引用(?:元|メール))[-_=* :]{0,40}",
    re.IGNORECASE,
)
_LONG_RULE: Final = re.compile(r"[_\-=]{10,}")
_WROTE: Final = re.compile(
    r".{1,250}(?:\b(?:wrote|writes)(?: on [0-9/: .a-z,-]{4,50})?"
    r"|(?:さん)?(?:は|が)書きました|(?:さん)?(?:の|からの)(?:メール|メッセージ)"
    r"|さん(?:が|は)書いた(?:もの)?) ?(?::|-{2,8})",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r".{0,14}?(?:[0-9]{4}[-/年.]|[0-9]{1,2}[-/.][0-9]{1,2}[-/.]|\b[a-z]{3,9}\.?,? [0-9]{1,2}\b)",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(r"20[0-9]{2}")
_TIME: Final = re.compile(r"[0-9]{1,2}:[0-9]{2}")
_SENTENCE: Final = re.compile(
    r"[ぁ-ん]{3,}|[ぁ-ん]{2}(?<!さん)|[?？]|\b(?:if|but|by|before|until|only|not|please)\b", re.IGNORECASE
)
_DATED_MAX: Final = 200


def is_quoted(line: str) -> bool:
    """Whether the line (NFKC) begins with a quote mark, or with somebody's initials and one."""
    return line.startswith(_MARKS) or _INITIALS.match(line) is not None


def unmarked(line: str) -> str:
    """The line without its quote marks."""
    while is_quoted(line):
        mark = _INITIALS.match(line)
        line = line[mark.end() if mark else 1 :].lstrip()
    return line


def cuts(lines: Sequence[str], marks: Sequence[str]) -> frozenset[int]:
    """Places of the lines (NFKC) that lead over to an older mail.

    marks: how addresses of ours end, "@domain", in small letters. An attribution may be broken in three, of
    which the first has the date.
    """
    dated = {at for at, line in enumerate(lines) if _is_dated(line) and not is_quoted(line)}
    wrote = {at for at, line in enumerate(lines) if _has_wrote(line)}
    naming = _naming(lines, marks)
    begun = {at for at in dated - wrote - naming if _YEAR.search(lines[at])}
    named = {at for at in naming if _is_form(lines[at]) or at - 1 in begun}
    separators = {at for at, line in enumerate(lines) if _SEPARATOR.fullmatch(line)}
    heads = _heads(lines, named, separators)
    sure = named | separators | wrote | heads
    sure |= {at for at in dated if lines[at].endswith(":") and "@" in lines[at]}
    ends = {at for at in (named | wrote) - heads - dated if not _TIME.search(lines[at])}
    before = {at for at in begun if at + 1 in ends or (at + 2 in ends and at + 1 not in dated)}
    rules = {at - 1 for at in heads if at and _LONG_RULE.fullmatch(lines[at - 1])}
    return frozenset(sure | before | rules | _between(before, sure))


def _heads(lines: Sequence[str], named: set[int], separators: set[int]) -> set[int]:
    """Lines of heads of mails: a run of them below a separator; else from a sender's line on, if an address
    of ours is in it, or a subject. A person may write a date or an addressee in the same form."""
    found: set[int] = set()
    run: list[int] = []
    for at, line in enumerate([*lines, ""]):
        if _HEADER.match(line):
            run.append(at)
            continue
        if run and run[0] - 1 not in separators:
            run = run[next((n for n, one in enumerate(run) if _SENDER.match(lines[one])), len(run)) :]
            is_head = named & set(run) or any(_SUBJECT.match(lines[one]) for one in run)
            run = run if is_head else []
        found.update(run)
        run = []
    return found


def _between(before: set[int], sure: set[int]) -> set[int]:
    """The middle of an attribution that was broken in three."""
    return {at + 1 for at in before if at + 1 not in sure and at + 2 in sure}


def _naming(lines: Sequence[str], marks: Sequence[str]) -> set[int]:
    """Places of lines with an address of ours that are heads, or no sentence."""
    named = [at for at, line in enumerate(lines) if any(mark in line.lower() for mark in marks)]
    return {at for at in named if _HEADER.match(lines[at]) or not _is_sentence(lines[at])}


def _is_form(line: str) -> bool:
    """An attribution, its last part or a head: else a person may have written the address."""
    is_part = line.startswith(("<", "[", "(")) or " " not in line
    return is_part or _HEADER.match(line) is not None or _has_wrote(line) or _TIME.search(line) is not None


def _is_sentence(line: str) -> bool:
    return _SENTENCE.search(line) is not None and _WROTE.fullmatch(line) is None


def _has_wrote(line: str) -> bool:
    """Somebody wrote, on some date or from some address."""
    is_told = "@" in line or (_DATE.match(line) is not None and _TIME.search(line) is not None)
    return is_told and _WROTE.fullmatch(line) is not None


def _is_dated(line: str) -> bool:
    """A date, a time and a name, and no sentence."""
    return (
        len(line) <= _DATED_MAX
        and _DATE.match(line) is not None
        and _TIME.search(line) is not None
        and _SENTENCE.search(line) is None
    )
