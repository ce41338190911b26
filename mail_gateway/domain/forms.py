"""A form in a mail: which form it is, which lines are the form's, and what each says. Nothing is guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ORDER: Final = frozenset({"order", "注文", "ご注文"})
RETURN: Final = frozenset({"return", "返品", "返金"})
"""The words that a form begins with, alone on a line; NFKC, small letters."""

READ_MAX: Final = 200
"""Lines that are looked at, and characters of a value: more is no form."""

SHOWN_MAX: Final = 15
"""Characters of a line that a letter names. Fewer than what makes a line ours when it comes back."""

_MARKS: Final = "。.、,!！:;"
_LINE: Final = re.compile(r"(?P<key>[^:=→]{1,20}?)\s*[:=→]\s*(?P<value>.*)", re.DOTALL)
_END: Final = re.compile(
    r"[-_=*─━―—]{2,}.*|.*(wrote|書きました|のメール|writes)\s*:|以上[。.]?|end\.?", re.IGNORECASE
)
_BELOW: Final = "[...]: below"
"""How schemas/mail/said.py says that an older mail came before."""

_COURTESY: Final = re.compile(
    r"((どうぞ|以上、?)?(よろしく|宜しく)お?(願い|ねがい)(いた|致)?(します|申し上げます)"
    r"|(どうも)?ありがとう(ございま(す|した))?"
    r"|.{1,20}から送信|sent from .{1,40}|(many )?thanks?( you)?( very much| so much| in advance)?"
    r"|(with )?((kind|best|warm) )?regards)[ ,.!、。!]*",
    re.IGNORECASE,
)
"""Said below a form, as a whole line and without a digit, it changes nothing."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """What cannot be used. why: one of the form's FAULTS; shown: the beginning of the line, or empty."""

    why: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of form. first: the words that it begins with. keys: every key that is known -> what it
    says."""

    first: frozenset[str]
    keys: Mapping[str, str]

    def begins(self, own: Sequence[str]) -> bool:
        """Whether an answer has this form in it, and no other: one line that is its word, alone, and not
        below an older mail, where nobody can say whose words they are. own: see `part`."""
        words = [_word(line) for line in takewhile(_is_above, own[:READ_MAX])]
        found = [word for word in words if word in ORDER | RETURN]
        return len(found) == 1 and found[0] in self.first

    def part(self, written: Sequence[str], own: Sequence[str]) -> Iterator[str]:
        """The lines that are the form's, and all that somebody wrote below its word before it ended.

        written: the lines of the mail, NFKC, none quoted. own: those of them, in order, that stand in no
        letter of ours; the first other one that is no part of a form ends it.
        """
        left, begun = list(reversed(own)), False
        for line in written[:READ_MAX]:
            is_own = bool(left) and left[-1] == line
            if is_own:
                left.pop()
            if not begun:
                begun = is_own and _word(line) in self.first
                if is_own and self.keyed(line):
                    yield line  # above the word, and yet somebody meant it
                continue
            if not _is_above(line) or _END.fullmatch(line) or not (is_own or self.keyed(line)):
                return
            if not _is_courtesy(line):
                yield line

    def keyed(self, line: str) -> tuple[str, str] | None:
        """What a line is about, and its value as it was written."""
        found = _LINE.fullmatch(line)
        key = None if found is None else self.keys.get(" ".join(found["key"].casefold().split()))
        return None if found is None or key is None else (key, found["value"].strip())


def _is_above(line: str) -> bool:
    return not line.startswith(_BELOW)


def _word(line: str) -> str:
    return line.casefold().rstrip(_MARKS).strip()


def _is_courtesy(line: str) -> bool:
    return _COURTESY.fullmatch(line) is not None and not any(sign.isdigit() for sign in line)
