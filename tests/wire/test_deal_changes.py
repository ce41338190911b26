"""Whatever character of a deal is changed, the answer to it is worth nothing. HAGAKI_CHANGES=n plays n."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

from schemas.deal import layout, ocra
from schemas.errors import WireError

CHANGES = int(os.environ.get("HAGAKI_CHANGES", "1000"))
WINDOW_MIN = 120 if CHANGES > 1000 else 30
MINUTE = 29_921_080
KEY, HASHED = bytes(range(32)), ocra.password_hash("秘密の言葉")
LETTERS = "oO0lI1あア亜Z9-/"

FIELDS = {
    "shop": "花のはがき堂 Hagaki Store",
    "deal_id": "2026-11-21/17-A",
    "time_s": 1795264800,
    "currency": 392,
    "lines": [("チューリップ 10本 (赤)", "T-10", 2980, 1), ("花びん Vase", "GV-12/B", 12500, 12)],
}


def deal(**changes: object) -> bytes:
    fields = {**FIELDS, **changes}
    lines = fields["lines"]
    assert isinstance(lines, list)
    return bytes(layout.encode(layout.Deal(**fields, total_minor=sum(line[2] * line[3] for line in lines))))


def others(value: object) -> Iterator[object]:
    """A text or a number with one character changed, taken out or put in."""
    text = str(value)
    letters = "0123456789" if isinstance(value, int) else LETTERS
    for at in range(len(text)):
        for instead in (*letters, ""):
            yield text[:at] + instead + text[at + 1 :]
        for more in letters:
            yield text[:at] + more + text[at:]


def changed() -> Iterator[bytes]:
    """Deals that differ from the first in one character of one field; a price takes the total with it."""
    for name in ("shop", "deal_id", "time_s", "currency"):
        for value in others(FIELDS[name]):
            yield from encoded(**{name: type(FIELDS[name])(value or "0")})
    for place, line in enumerate(FIELDS["lines"]):  # type: ignore[arg-type, var-annotated]
        for at, part in enumerate(line):
            for value in others(part):
                new = (*line[:at], type(part)(value or "0"), *line[at + 1 :])
                lines = [*FIELDS["lines"][:place], new, *FIELDS["lines"][place + 1 :]]  # type: ignore[index]
                yield from encoded(lines=lines)


def encoded(**changes: object) -> Iterator[bytes]:
    """Nothing where it is no deal any more."""
    try:
        yield deal(**changes)
    except WireError:
        return


def test_every_changed_character_makes_the_answer_invalid() -> None:
    agreed = deal()
    answer = ocra.answer(KEY, HASHED, layout.question(agreed), MINUTE)
    minutes = range(MINUTE - WINDOW_MIN, MINUTE + 3)
    assert ocra.matches(KEY, HASHED, layout.question(agreed), answer, minutes) == MINUTE
    every = sorted({data for data in changed() if data != agreed})
    assert len(every) >= 1000
    step = max(1, len(every) // CHANGES)
    played = list(itertools.islice(every[::step], CHANGES))
    held = [
        one for one in played if ocra.matches(KEY, HASHED, layout.question(one), answer, minutes) is not None
    ]
    assert (len(played), held) == (min(CHANGES, len(every)), [])


def test_every_changed_byte_makes_it_another_question_or_no_deal() -> None:
    agreed = deal()
    asked = layout.question(agreed)
    for at in range(len(agreed)):
        for bit in range(8):
            data = bytearray(agreed)
            data[at] ^= 1 << bit
            assert layout.question(bytes(data)) != asked
            try:
                assert layout.encode(layout.decode(bytes(data))) == data
            except WireError:
                continue
