"""Reads a customer's answer: yes, no, the order's code, eight digits; all else is unclear. Never a guess.

The rule, in few words: every line has to be known, as a whole. A line is known if it consists of nothing but
words of saying_words, the code and eight digits; or if it is part of a signature. One line that is not known,
or two that contradict one another, and nothing of the mail counts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from mail_gateway.domain import saying_words as words
from mail_gateway.domain.order import CODE_LETTERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

LINES_MAX: Final = 60
"""An answer of more lines is read by a person."""

LINE_MAX: Final = 200
PHRASE_MAX: Final = 8
SIGNATURE_MAX: Final = 12
"""Lines of a signature: what is longer is more than a signature."""

_TOKEN: Final = re.compile(r"[a-z0-9][a-z0-9'’-]*|[^\sa-z0-9、。,.!;:=・…\"“”「」『』()【】<>*]+")
_BULLETS: Final = "-・*→⇒#>| "
_ENDS: Final = "~〜♪♡❤☆★^_\ufe0f😊🙂😀😃😄🙇🙏👍👌✨ "
"""May follow an answer. No mark that could mean a doubt or a no."""

_DASHES: Final = ("-", "–", "—", "―")
_SPACED: Final = re.compile(r"[0-9](?:[ -]?[0-9]){7}|[a-z](?:[ -]?[a-z]){1,9}")
_RULE: Final = re.compile(r"(?:--|[-=_*~+#━─—―═＿・:;☆★◆◇■□●○♪ ]{3,})")
_URL: Final = re.compile(r"[\[<(]?https?://[^\s<>]{1,180}[\])>]?")
_BY_APP: Final = (
    re.compile(r"(?:sent|written|composed) (?:from|with|via|using|by) (?P<app>[a-z0-9 !+.'’™-]{1,40})"),
    re.compile(r"(?P<app>[\w !+.™-]{1,30})(?:から|で|より)送信(?:しました|されました)?"),
    re.compile(r"get (?P<app>outlook) for [a-z]{2,10}"),
    re.compile(r"(?P<app>outlook) for [a-z]{2,10} ?を入手"),
)
_AFTER_APP: Final = (
    *("please excuse my brevity", "簡潔な文章で失礼します", "virus-free", "ウイルス フリー", "secure email"),
    *("[image]", "virus-free. www.avast.com", "virus-free.www.avast.com", "ウイルスフリー"),
    *("ウイルス フリー。 www.avast.com", "ウイルス フリー。www.avast.com"),
)
_MODEL: Final = re.compile(r"[a-z]{0,2}[0-9]{1,3}[a-z]{0,2}")
_DOUBTS: Final = re.compile(
    r"[?？]|\[\.{3}\]|\b(?:but|if|only|unless|instead|cancel|change|not|don't|wait|stop|until|pieces?|pcs|quantity|please)\b"
    r"|ただし|但し|もし|なら|場合|キャンセル|変更|取消|取り消|やめ|中止|ません|ない|個|枚|数量|色|サイズ|まで"
    r"|ください|下さい|たい|けど|だけ|以外|ひとつ|[一二三四五]つ|指定|希望|やっぱり|不要|(?:の|い)(?:ほう|方)"
    r"|\bno\b(?!\.)|\b(?:never|without|except|just|forget|mind|size|want(?:ed)?|longer|later|refuse)\b"
)
_TAKES_BACK: Final = re.compile(
    r"キャンセル|取消|取り消|取りやめ|中止|やめ|いいえ|断り|不要|拒否|ません|返品"
    r"|cancel|\bno\b(?!\.)|\b(?:not|never|stop|refuse|decline|refund|don['’]t)\b"
)
"""In a subject of the customer's own, it speaks against any yes below."""
_OF_SIGNATURES: Final = re.compile(r"@|https?://|www\.|[0-9]{2,4}[-)( ][0-9]{2,4}[- ][0-9]{3,4}|〒")
_HESITATION: Final = re.compile(r"\.{2}|・{2}|。{2}|、{2}")
_STRUCK: Final = re.compile(r"~~.*\w|^\W{0,9}~~$")
"""What follows schemas.mail.html.STRUCK was struck out or hidden; below an answer it is an ornament."""


class Meaning(StrEnum):
    """What an answer says."""

    YES = "yes"
    NO = "no"
    CODE = "code"  # the order's code, with or without a yes
    OCRA = "ocra"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Said:
    """What was found, and may be acted upon: of an unclear answer nothing but a wrong code, which counts.

    code: the order's. wrong_code: a word of a code's shape that is not the code. ocra: eight digits or "".
    """

    yes: bool = False
    no: bool = False
    code: bool = False
    wrong_code: bool = False
    ocra: str = ""

    @property
    def meaning(self) -> Meaning:
        """One of five; what is contradictory is unclear."""
        agrees = self.yes or self.code or bool(self.ocra)
        if self.wrong_code or (self.no and agrees):
            return Meaning.UNCLEAR
        if self.ocra:
            return Meaning.OCRA
        if self.code:
            return Meaning.CODE
        if self.no:
            return Meaning.NO
        return Meaning.YES if self.yes else Meaning.UNCLEAR


class _Kind(StrEnum):
    YES = "yes"
    NO = "no"
    CODE = "code"
    WRONG = "wrong"
    OCRA = "ocra"
    LABEL = "label"  # names the code, as our own letters do: it needs a yes beside it
    NOTHING = "nothing"
    OTHER = "other"


_AGREES: Final = frozenset({_Kind.YES, _Kind.CODE, _Kind.OCRA})
_ANSWERS: Final = frozenset({_Kind.YES, _Kind.NO, _Kind.CODE, _Kind.WRONG})
_Token = tuple[_Kind, str]


def read(
    lines: Sequence[str], code: str, *, names: Iterable[str] = (), passed_on: bool = False, subject: str = ""
) -> Said:
    """What a customer says.

    lines: what the person wrote (schemas.mail.said). code: the order's. names: of the customer and the shop,
    which may stand in a greeting or below. passed_on: the subject says that the mail is automatic or was
    forwarded (schemas.mail.subjects): then nothing counts. subject: what of it is not ours.
    Never raises; linear in the lines.
    """
    if passed_on or len(lines) > LINES_MAX:
        return Said()
    known = _known(names)
    plain = [_plain(line) for line in lines]
    end = next((at for at, line in enumerate(plain) if _RULE.fullmatch(line)), len(plain))
    found = [one for line in plain[:end] for one in _line(line, code.casefold(), known)]
    is_cut = any(len(line) > LINE_MAX for line in lines)
    if is_cut or not _is_signature(plain[end:], code.casefold(), known):
        found.append((_Kind.OTHER, ""))
    if _TAKES_BACK.search(_plain(subject)) and any(kind in _AGREES for kind, _ in found):
        found.append((_Kind.OTHER, ""))
    return _sure(found)


def _sure(found: Sequence[_Token]) -> Said:
    kinds = {kind for kind, _ in found}
    digits = {text for kind, text in found if kind is _Kind.OCRA}
    said = Said(
        yes=_Kind.YES in kinds,
        no=_Kind.NO in kinds,
        code=_Kind.CODE in kinds,
        wrong_code=_Kind.WRONG in kinds,
        ocra=next(iter(digits), ""),
    )
    is_labelled = _Kind.LABEL in kinds and not (said.yes or said.ocra)
    is_sure = _Kind.OTHER not in kinds and len(digits) < 2 and not is_labelled
    is_sure = is_sure and said.meaning is not Meaning.UNCLEAR
    return said if is_sure else Said(wrong_code=said.wrong_code)


def _plain(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line[:LINE_MAX]).casefold()
    return "".join(sign for sign in folded if sign.isspace() or unicodedata.category(sign)[0] != "C").strip()


def _line(line: str, code: str, known: Mapping[str, _Kind]) -> list[_Token]:
    """What one line consists of; nothing but (OTHER, "") unless all of it is known."""
    if _HESITATION.search(line) or _STRUCK.search(line):
        return [(_Kind.OTHER, "")]
    if _is_footer(line):
        return []
    bare = line.lstrip(_BULLETS).rstrip(_ENDS)
    if _SPACED.fullmatch(bare):
        whole = _shape(re.sub(r"[ -]", "", bare), code)
        if whole:
            return [whole]
    found = list(
        _phrases([token.rstrip(_ENDS) for token in _TOKEN.findall(bare) if token not in _DASHES], code, known)
    )
    return [(_Kind.OTHER, "")] if any(kind is _Kind.OTHER for kind, _ in found) else found


def _phrases(tokens: Sequence[str], code: str, known: Mapping[str, _Kind]) -> Iterator[_Token]:
    """The tokens as phrases, the longest first."""
    at = 0
    while at < len(tokens):
        ends = range(min(at + PHRASE_MAX, len(tokens)), at, -1)
        end = next((end for end in ends if "".join(tokens[at:end]) in known), 0)
        if end:
            yield known["".join(tokens[at:end])], ""
        else:
            yield _shape(tokens[at].replace("-", ""), code) or (_Kind.OTHER, "")
        at = end or at + 1


def _shape(word: str, code: str) -> _Token | None:
    if word == code and code:
        return _Kind.CODE, ""
    if len(word) == 8 and word.isascii() and word.isdigit():
        return _Kind.OCRA, word
    if len(word) == len(code) and set(word) <= _CODE_LETTERS and word not in _WORDS:
        return _Kind.WRONG, ""
    return None


def _is_footer(line: str) -> bool:
    """Whether a mail program or a scanner of viruses wrote it, or it is nothing but a link."""
    text = re.sub(r"[\[<(]?https?://[^\s<>]{1,180}[\])>]?", "", line).strip(" .。、,:")
    if not text or text in _AFTER_APP:
        return True
    text = next((text.removesuffix(end).rstrip(" .。") for end in _AFTER_APP if text.endswith(end)), text)
    named = next((found["app"] for shape in _BY_APP if (found := shape.fullmatch(text))), "")
    tokens = set(re.findall(r"[a-z0-9-]+|[^\sa-z0-9!+.™'’-]+", named))
    rest = {token for token in tokens - _APPS - _OF_APPS if not _MODEL.fullmatch(token)}
    return bool(tokens & _APPS) and not rest


def _is_signature(lines: Sequence[str], code: str, known: Mapping[str, _Kind]) -> bool:
    """Whether a rule and all that follows it may be one: short, without an answer, without a doubt.

    Below "-- " anything else may stand; below another rule some name, address or number of a person.
    """
    own = [line for line in lines if not _RULE.fullmatch(line) and not _is_footer(line)]
    found = [_line(line, code, known) for line in own]
    if any(kind in _ANSWERS for one in found for kind, _ in one) or any(map(_DOUBTS.search, own)):
        return False
    names = any(one and all(kind is _Kind.NOTHING for kind, _ in one) for one in found)
    is_known = not own or lines[0] == "--" or names or any(map(_OF_SIGNATURES.search, own))
    return is_known and len(lines) <= SIGNATURE_MAX + 2


def _key(text: str) -> str:
    return "".join(_TOKEN.findall(_plain(text)))


def _known(names: Iterable[str]) -> Mapping[str, _Kind]:
    """The words, and the names with what may follow them. A name that is also an answer is neither."""
    own: dict[str, _Kind] = {}
    for name in names:
        for key in {_key(part[:LINE_MAX]) for part in (name, *name.split())} - {""}:
            own.update(dict.fromkeys((key + end for end in _NAME_ENDS), _Kind.NOTHING))
    both = {key: _Kind.OTHER for key in own if _WORDS.get(key, _Kind.NOTHING) is not _Kind.NOTHING}
    return {**_WORDS, **own, **both}


def _table() -> dict[str, _Kind]:
    table = dict.fromkeys(map(_key, (*words.COURTESY, *words.LINKS)), _Kind.NOTHING)
    table.update(dict.fromkeys(map(_key, words.LABELS), _Kind.LABEL))
    table.update(dict.fromkeys(map(_key, (*words.YES_JA, *words.YES_EN)), _Kind.YES))
    table.update(dict.fromkeys(map(_key, (*words.NO_JA, *words.NO_EN)), _Kind.NO))
    return table


_WORDS: Final = _table()
_CODE_LETTERS: Final = frozenset(CODE_LETTERS.casefold())
_APPS: Final = frozenset(words.APPS)
_OF_APPS: Final = frozenset(words.OF_APPS)
_NAME_ENDS: Final = ("", *map(_key, words.OF_NAMES))
