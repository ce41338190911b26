"""A mail as proofs look at it: its bytes and its headers, before anything is decoded."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

FROM: Final = frozenset({"from"})
_FIELD: Final = re.compile(r"([!-9;-~]+)[ \t]*:(.*)", re.DOTALL)
_FOLD: Final = re.compile(r"\r?\n(?=[ \t])")
_LINE: Final = re.compile(r"\r?\n")


@dataclass(frozen=True, slots=True)
class Evidence:
    """raw: with CRLF. headers: name and value, topmost first. author: the one address of its one From, or "".
    now_s: unix seconds. covered: headers that a signature has to cover to count, small letters. in_form: its
    head has nothing but fields, so that all readers take it apart in the same way."""

    raw: bytes = field(repr=False)
    headers: list[tuple[str, str]]
    author: str
    now_s: int
    covered: frozenset[str] = FROM
    in_form: bool = True


def evidence_of(raw: bytes, author: str, now_s: int, covered: frozenset[str] = FROM) -> Evidence:
    """A mail within the limits of the reader (schemas/mail) -> as proofs look at it."""
    head = raw.partition(b"\r\n\r\n")[0].decode("latin-1")
    fields = [_FIELD.fullmatch(line) for line in _LINE.split(_FOLD.sub("", head))]
    headers = [(one[1], one[2].strip()) for one in fields if one is not None]
    in_form = all(one is not None and one[0].startswith(f"{one[1]}:") for one in fields)
    return Evidence(raw, headers, author, now_s, covered | FROM, in_form)
