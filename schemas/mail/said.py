"""What a person wrote in an answer: the lines that are neither quoted nor ours. Nothing is guessed."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT_MAX: Final = 65_536
LINES_MAX: Final = 2_000
LINE_MAX: Final = 500
"""Characters of a line that count: the composed form of one line takes the square of its marks."""

PIECE_MIN: Final = 20
"""A line of ours that a mail program broke in two is still ours in pieces of so many characters."""

_QUOTE: Final = ">"
_ENCLOSED: Final = {
    begin + place: f"({place + 1})"
    for begin, many in ((0x2460, 20), (0x24F5, 10), (0x2776, 10), (0x2780, 10), (0x278A, 10))
    for place in range(many)
}
"""A number in a circle keeps its place: NFKC alone makes `14901` of a circled 1 and 4901."""


def said(body: str, sent: Iterable[str], domains: Iterable[str]) -> tuple[str, ...]:
    """Lines of an answer's body, in Unicode NFKC and without spaces at their ends; none is empty.

    sent: the bodies of letters of ours that it may quote. domains: ours; a line with an address there is no
    answer. Linear in the body; what is longer than the limits is cut off.
    """
    ours = {_squeezed(line) for text in sent for line in _lines(text)}
    whole = "\n".join(sorted(ours))
    marks = [f"@{domain.lower()}" for domain in domains]

    def is_ours(line: str) -> bool:
        squeezed = _squeezed(line)
        return squeezed in ours or (len(squeezed) >= PIECE_MIN and squeezed in whole)

    def counts(line: str) -> bool:
        named = any(mark in line.lower() for mark in marks)
        return not (named or line.startswith(_QUOTE) or is_ours(line))

    return tuple(filter(counts, _lines(body)))


def _lines(text: str) -> list[str]:
    lines = text[:TEXT_MAX].splitlines()[:LINES_MAX]
    return [line for line in map(_plain, lines) if line]


def _plain(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line[:LINE_MAX].translate(_ENCLOSED))
    if not folded.isprintable():
        folded = "".join(" " if sign.isspace() else sign for sign in folded if _is_visible(sign))
    return folded.strip()


def _is_visible(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def _squeezed(line: str) -> str:
    return "".join(line.split())
