"""What a person wrote in an answer: the lines that are neither quoted nor ours. Nothing is guessed."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from schemas.mail.quoting import Part, cuts, is_quoted, unmarked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

TEXT_MAX: Final = 65_536
LINES_MAX: Final = 2_000
LINE_MAX: Final = 500
"""Characters of a line that count: the composed form of one line takes the square of its marks."""

PIECE_MIN: Final = 20
"""A line of ours that a mail program broke is still ours in pieces of so many characters, wherever they
stand, and in shorter ones that go on where the last piece ended."""

LETTERS_MAX: Final = 16
SEARCHES_MAX: Final = 500

BELOW: Final = "[...]: below an older mail"
"""Before what stands below an older mail that bears no quote marks: whose words they are nobody can say."""

CUT: Final = "[...]: cut off"
"""Behind a line, or a text, that is longer than what is read."""

_ENCLOSED: Final = {
    begin + place: f"({place + 1})"
    for begin, many in ((0x2460, 20), (0x24F5, 10), (0x2776, 10), (0x2780, 10), (0x278A, 10))
    for place in range(many)
}
"""A number in a circle keeps its place: NFKC alone makes `14901` of a circled 1 and 4901."""


def said(body: str, sent: Iterable[str], domains: Iterable[str]) -> tuple[str, ...]:
    """Lines of an answer's body, in Unicode NFKC and without spaces at their ends; none is empty.

    sent: the texts of letters of ours that it may quote. domains: ours; a line that leads over to a
    quotation may have an address there. Linear in the body; what is longer than the limits is cut off, and
    CUT says so.
    """
    lines = _lines(body)
    places = cuts(lines, [f"@{domain.lower()}" for domain in domains])
    return tuple(_of_a_person(lines, _parts(lines, places, _Letters(sent))))


def _parts(lines: Sequence[str], places: frozenset[int], letters: _Letters) -> Iterator[Part]:
    for at, line in enumerate(lines):
        if is_quoted(line):
            letters.take(_squeezed(unmarked(line)))
            yield Part.QUOTED
        elif at in places:
            yield Part.CUT
        else:
            yield Part.OURS if letters.take(_squeezed(line)) else Part.PERSON


def _of_a_person(lines: Sequence[str], parts: Iterable[Part]) -> Iterator[str]:
    """Below a head or two lines of ours without marks, BELOW comes first; after a marked quotation not."""
    is_cut = is_below = is_told = False
    ours = 0
    for line, part in zip(lines, parts, strict=True):
        ours = ours + 1 if part is Part.OURS else 0
        is_below = is_below or ours > 1 or (is_cut and part in (Part.OURS, Part.PERSON))
        if part is Part.PERSON:
            if is_below and not is_told:
                yield BELOW
                is_told = True
            yield line
        is_cut = part is Part.CUT or (is_cut and part is not Part.QUOTED)


class _Letters:
    """Letters of ours, and where in each the last piece of an answer that was found in it ended."""

    def __init__(self, sent: Iterable[str]) -> None:
        lines = [[_squeezed(line) for line in _lines(text)] for text in dict.fromkeys(sent)][:LETTERS_MAX]
        self._texts = ["".join(own) for own in lines]
        self._whole = [_ends(own) for own in lines]
        self._at = [-1] * len(lines)
        self._searches = SEARCHES_MAX

    def take(self, squeezed: str) -> bool:
        """Whether that stands there: as a line, as what comes next, or long enough anywhere."""
        if not squeezed:
            return True
        found = [self._end(number, squeezed) for number in range(len(self._texts))]
        if all(end < 0 for end in found):
            return False
        self._at = found
        return True

    def _end(self, number: int, squeezed: str) -> int:
        at, text = self._at[number], self._texts[number]
        if at >= 0 and text.startswith(squeezed, at):
            return at + len(squeezed)
        end = self._whole[number].get(squeezed, -1)
        if end >= 0 or len(squeezed) < PIECE_MIN or self._searches == 0:
            return end
        begin = text.find(squeezed)
        if begin < 0:
            self._searches -= 1
            return -1
        return begin + len(squeezed)


def _ends(lines: Sequence[str]) -> dict[str, int]:
    """Each line and where it ends in all of them together; of two that are alike the first."""
    ends: dict[str, int] = {}
    at = 0
    for line in lines:
        at += len(line)
        ends.setdefault(line, at)
    return ends


def _lines(text: str) -> list[str]:
    lines = text[:TEXT_MAX].splitlines()
    found = [line for line in map(_plain, lines[:LINES_MAX]) if line]
    is_whole = len(text) <= TEXT_MAX and len(lines) <= LINES_MAX
    return found if is_whole else [*found, CUT]


def _plain(line: str) -> str:
    folded = unicodedata.normalize("NFKC", line[:LINE_MAX].translate(_ENCLOSED))
    if not folded.isprintable():
        folded = "".join(" " if sign.isspace() else sign for sign in folded if _is_visible(sign))
    return (
        folded.strip() if len(line) <= LINE_MAX or not line[LINE_MAX:].strip() else f"{folded}{CUT}".strip()
    )


def _is_visible(sign: str) -> bool:
    return sign.isspace() or unicodedata.category(sign)[0] != "C"


def _squeezed(line: str) -> str:
    return "".join(line.split())
