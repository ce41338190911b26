"""An ARC chain by its form (RFC 8617): which field is of which set, and whether the sets make a chain."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from mail_gateway.proof.tags import names_in, tags_of

SETS_MAX: Final = 10
"""Of one mail; what was forwarded more often proves nothing."""

_SEAL: Final = "arc-seal"
_MESSAGE: Final = "arc-message-signature"
_RESULTS: Final = "arc-authentication-results"
_KINDS: Final = (_SEAL, _MESSAGE, _RESULTS)
"""As a set stands in a mail, topmost first."""

_NEXT: Final = re.compile(rb"\r\n(?![ \t])")
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
_BLANKS: Final = re.compile(rb"[ \t]+")
_PLACE: Final = re.compile(r"0?[1-9]|[1-9][0-9]")
_RESULTS_FORM: Final = re.compile(r"i\s*=\s*([0-9]+)\s*;(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Chain:
    """newest: tags of the newest signature over the mail. seals: tags of all seals, newest first. results:
    what the newest sealer found, as text. raw: the same mail, its sets in order."""

    newest: dict[str, str]
    seals: tuple[dict[str, str], ...]
    results: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Field:
    """One ARC field. place: number of its set. tags: of a signature. text: of results."""

    kind: str
    place: int
    tags: dict[str, str]
    text: str
    raw: bytes = field(repr=False)

    @property
    def order(self) -> tuple[int, int]:
        return -self.place, _KINDS.index(self.kind)


def chain_of(raw: bytes) -> Chain | None:
    """A mail with CRLF -> its chain; None where there is none, or what there is has not the form of one."""
    head, end, body = raw.partition(b"\r\n\r\n")
    lines = _NEXT.split(head)
    own = [line for line in lines if _kind(line) in _KINDS]
    if not own or len(own) > len(_KINDS) * SETS_MAX:
        return None
    fields = sorted((_field(line) for line in own), key=lambda one: one.order)
    whole = [(-place, rank) for place in range(len(fields) // 3, 0, -1) for rank in range(len(_KINDS))]
    if [one.order for one in fields] != whole:
        return None
    seals, messages, results = fields[::3], fields[1::3], fields[2::3]
    if not _is_signed_well(messages[0].tags) or not all(_is_seal(one.tags) for one in seals):
        return None
    rest = [line for line in lines if _kind(line) not in _KINDS]
    ordered = b"\r\n".join([*(one.raw for one in fields), *rest]) + end + body
    return Chain(messages[0].tags, tuple(one.tags for one in seals), results[0].text, ordered)


def _kind(line: bytes) -> str:
    return line.partition(b":")[0].strip().lower().decode("latin-1")


def _field(line: bytes) -> _Field:
    """place is 0 where the field does not say its set as it has to."""
    name, _, rest = _BLANKS.sub(b" ", _FOLD.sub(b"", line)).partition(b":")
    plain = name + b": " + rest.strip(b" ")
    kind, value = _kind(line), rest.strip(b" ").decode("latin-1")
    if kind == _RESULTS:  # its number stands before all else (section 4.1.1)
        form = _RESULTS_FORM.fullmatch(value)
        number, text = form.groups() if form is not None else ("", "")
        return _Field(kind, _place(number), {}, text, plain)
    tags = tags_of(value)
    is_simple = kind == _MESSAGE and not tags.get("c", "").startswith("relaxed")
    return _Field(kind, _place(tags.get("i", "")), tags, "", line if is_simple else plain)


def _place(number: str) -> int:
    return int(number) if _PLACE.fullmatch(number) else 0


def _is_signed_well(tags: dict[str, str]) -> bool:
    """Says how it was canonicalized (dkimpy's default is not the RFC's), and covers no ARC field (4.1.2)."""
    return "c" in tags and not any(name.startswith("arc-") for name in names_in(tags.get("h", "")))


def _is_seal(tags: dict[str, str]) -> bool:
    """A seal is canonicalized in one way, covers the sets and nothing of the mail (4.1.3, 5.1.1)."""
    return "h" not in tags and tags.get("c", "relaxed").startswith("relaxed")
