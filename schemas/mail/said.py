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

WHOLE_MIN: Final = 5
"""Fewer lines of ours, without marks and below no head, are not a letter that a mail program quoted."""

_RULE: Final = "-_=*~+#━─—―═＿ "
"""A line of nothing else begins a signature."""

LETTERS_MAX: Final = 16
SEARCHES_MAX: Final = 500

BELOW: Final = "[...]: below an older mail"
"""Before what stands below an older mail that bears no quote marks: whose words they are nobody can say."""

OTHERWISE: Final = "[...]: the HTML says something else"
"""Behind the plain text of a mail whose HTML, which is what people see, says what the text does not."""

WORDS_MIN: Final = 6
"""So many letters in a row stand in another line by no accident; a "no" may stand in a name."""

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
    letters = _Letters(sent)
    kinds = list(_parts(lines, places, letters))
    return tuple(_of_a_person(lines, kinds, _copied(kinds, letters.least)))


def said_in_both(body: str, beside: str, sent: Sequence[str], domains: Sequence[str]) -> tuple[str, ...]:
    """As `said`; and OTHERWISE behind it, where `beside` (Mail.beside) has words that the body has not."""
    lines = said(body, sent, domains)
    words = [_words_of(line) for line in lines]
    known, whole = frozenset(words), "".join(words)
    for line in map(_words_of, said(beside, sent, domains)):
        if line not in known and (len(line) < WORDS_MIN or line not in whole):
            return (*lines, OTHERWISE)
    return lines


def _words_of(line: str) -> str:
    """Letters and digits alone: both parts of a mail break and mark them as they like."""
    return "".join(sign for sign in line.casefold() if sign.isalnum())


def _parts(lines: Sequence[str], places: frozenset[int], letters: _Letters) -> Iterator[Part]:
    is_marked = False
    for at, line in enumerate(lines):
        if is_quoted(line):
            letters.take(_squeezed(unmarked(line)))
            part = Part.QUOTED
        elif at in places:
            part = Part.CUT
        elif letters.take(_squeezed(line), is_rest=is_marked):
            part = Part.REST if is_marked else Part.OURS
        else:
            part = Part.PERSON
        is_marked = part in (Part.QUOTED, Part.REST)
        yield part


def _of_a_person(lines: Sequence[str], kinds: Sequence[Part], copied: frozenset[int]) -> Iterator[str]:
    """A person's lines. BELOW comes before those below a head, or below a line of ours without a mark, or
    below a quotation that stands below a signature: so it does where a few lines of ours stand alone, which
    somebody may have copied to speak of them."""
    is_cut = is_below = is_told = is_signed = False
    for at, part in enumerate(kinds):
        is_below = is_below or part is Part.OURS or (is_cut and part is Part.PERSON)
        is_below = is_below or (is_signed and part in (Part.QUOTED, Part.CUT))
        if not is_told and (at in copied or (is_below and part is Part.PERSON)):
            yield BELOW
            is_told = True
        if part is Part.PERSON:
            yield lines[at]
            is_signed = is_signed or not lines[at].strip(_RULE)
        is_cut = part is Part.CUT or (is_cut and part is not Part.QUOTED)


def _copied(kinds: Sequence[Part], least: int) -> frozenset[int]:
    """Places of lines of ours, of which there are too few for a letter below no head."""
    ours = [at for at, part in enumerate(kinds) if part is Part.OURS]
    first = ours[0] if ours else 0
    is_led = any(part in (Part.CUT, Part.QUOTED) for part in kinds[:first])
    return frozenset() if is_led or len(ours) >= least else frozenset(ours)


class _Letters:
    """Letters of ours, and where in each the last piece of an answer that was found in it ended."""

    def __init__(self, sent: Iterable[str]) -> None:
        lines = [[_squeezed(line) for line in _lines(text)] for text in dict.fromkeys(sent)][:LETTERS_MAX]
        self._texts = ["".join(own) for own in lines]
        self._whole = [_ends(own) for own in lines]
        self._line_ends = [set(own.values()) for own in self._whole]
        self._at = [-1] * len(lines)
        self._searches = SEARCHES_MAX
        self.least = min([WHOLE_MIN, *(len(own) for own in lines if own)])

    def take(self, squeezed: str, *, is_rest: bool = False) -> bool:
        """Whether that stands there: as a line, as what comes next, or long enough anywhere. is_rest: only as
        what comes next in the line that was begun."""
        if not squeezed:
            return True
        end = self._rest if is_rest else self._end
        found = [end(number, squeezed) for number in range(len(self._texts))]
        if all(end < 0 for end in found):
            return False
        self._at = found
        return True

    def _rest(self, number: int, squeezed: str) -> int:
        at = self._at[number]
        is_next = (
            at >= 0 and self._texts[number].startswith(squeezed, at) and at not in self._line_ends[number]
        )
        return at + len(squeezed) if is_next else -1

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
