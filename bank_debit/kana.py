"""A name as people write it -> half-width kana as these files hold it; what has no certain form is refused.

Written narrowly, as every bank takes it: kana without ｦ and small ones, ﾞ ﾟ behind what can carry them, digits,
capitals, blank and ( ) - . ; of a bank or branch only - of the signs. Kanji has no certain reading.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Final

_KATAKANA: Final = {code: code + 0x60 for code in range(0x3041, 0x3097)}
_LARGE: Final = str.maketrans("ァィゥェォッャュョヮヵヶヲヰヱ", "アイウエオツヤユヨワカケオイエ")
_SIGNS: Final = str.maketrans(dict.fromkeys("ー‐‑‒–—―−", "-") | {"・": "."})
_HALF: Final = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF71, 0xFFA0)}
_PLAIN: Final = frozenset(" 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ()-.")
_STRAY_MARK: Final = re.compile("(?<![ｳｶ-ﾄﾊ-ﾎ])ﾞ|(?<![ﾊ-ﾎ])ﾟ")


SENTENCES: Final = {
    "kana-character": " cannot be written in half-width kana: give the name as the bank has it",
    "kana-mark": " stands behind a kana that cannot carry it",
    "kana-too-long": "the name is longer than its field: give the short form that the bank has",
    "kana-empty": "there is no name",
}


class KanaError(Exception):
    """A name that cannot be written. character: the one at fault, empty where it is too long."""

    def __init__(self, slug: str, character: str = "") -> None:
        sentence = f"{character}{SENTENCES[slug]}"
        super().__init__(sentence)
        self.slug = slug
        self.sentence = sentence
        self.character = character


def half_width(text: str, length_max: int, *, place: bool = False) -> str:
    """A name, full or half width, katakana or hiragana -> its form in a file; again gives the same.

    place: the name of a bank or branch. Raises KanaError.
    """
    wide = unicodedata.normalize("NFKC", text).translate(_KATAKANA).translate(_LARGE).upper()
    narrow = "".join(map(_half, _shortened(wide.strip()).translate(_SIGNS)))
    stray = _STRAY_MARK.search(narrow)
    if stray:
        raise KanaError("kana-mark", stray.group())
    barred = next((sign for sign in narrow if place and sign in " ()."), "")
    if barred:
        raise KanaError("kana-character", barred)
    if not narrow or len(narrow) > length_max:
        raise KanaError("kana-too-long" if narrow else "kana-empty")
    return narrow


def _half(character: str) -> str:
    parts = unicodedata.normalize("NFD", character)
    found = [part if part in _PLAIN else _HALF.get(part, "") for part in parts]
    if not all(found):
        raise KanaError("kana-character", character)
    return "".join(found)


def _shortened(text: str) -> str:
    """The kind of a company as banks shorten it; which bracket stands depends on what is around it."""
    words, pattern = _words()

    def short(found: re.Match[str]) -> str:
        before = "(" if found.start() else ""
        behind = ")" if found.end() < len(text) or not before else ""
        return f"{before}{words[found.group(1)]}{behind}"

    return pattern.sub(short, text)


@cache
def _words() -> tuple[dict[str, str], re.Pattern[str]]:
    table = (files("bank_debit") / "words.toml").read_text(encoding="utf-8")
    words = {key: str(value) for key, value in tomllib.loads(table).items()}
    longest_first = sorted(words, key=len, reverse=True)
    return words, re.compile(rf" *\(?({'|'.join(map(re.escape, longest_first))})\)? *")
