"""Find our one sealed block in whatever mail programs and gateways made of the text."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from schemas.envelope import armour
from schemas.errors import WireError

if TYPE_CHECKING:
    from schemas.mail.read import Mail

TEXT_MAX: Final = 262_144
"""Characters of one text that are searched, before and after folding, which can make eighteen of one."""

_KEPT: Final = frozenset("\r\n\t")

_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−─━ー"), "-")


def find_block(mail: Mail, kind: int) -> tuple[int, bytes]:
    """(kind, body) of the block of this kind, from whichever text of the mail carries it whole.

    Copies of one block in body and attachment are one block. Raises WireError: "armour-two" if two texts
    carry different blocks; otherwise what is wrong with the first text that has a damaged one; "armour-
    missing".
    """
    found: set[tuple[int, bytes]] = set()
    errors: list[WireError] = []
    for text in dict.fromkeys(mail.texts):
        try:
            found.add(armour.find(plain(text), kind))
        except WireError as error:
            errors.append(error)
    if len(found) > 1 or any(error.slug == "armour-two" for error in errors):
        raise WireError("armour-two", "texts")
    if found:
        return found.pop()
    damaged = [error for error in errors if error.slug != "armour-missing"]
    raise (damaged + errors + [WireError("armour-missing", "texts")])[0]


def plain(text: str) -> str:
    """`text` as the armour's alphabet can stand in it: full-width folded (NFKC), invisible characters gone,
    dashes of any length as hyphens, quoted-printable line ends that nobody decoded taken off."""
    read = text[:TEXT_MAX]
    # sign by sign, because NFKC of a whole text sorts combining marks, in the square of their number
    table = _ASCII if read.isascii() else {ord(sign): _folded(sign) for sign in set(read)}
    visible = read.translate(table)[:TEXT_MAX]
    return "\n".join(line.rstrip().removesuffix("=20").removesuffix("=") for line in visible.splitlines())


def _folded(sign: str) -> str:
    if sign in _KEPT:
        return sign
    folded = unicodedata.normalize("NFKC", sign.translate(_DASHES))
    return "" if unicodedata.category(folded[0]) in ("Cf", "Cc") else folded


_ASCII: Final = {code: _folded(chr(code)) for code in range(128)}
