"""Whose sale a damaged block was: the KSN stands near its beginning, twice, and often survives."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final

from schemas.mail.find import plain

if TYPE_CHECKING:
    from schemas.mail.read import Mail

_BEGIN: Final = re.compile(r"BEGIN[\s>|]*HAGAKI[\s>|]*SALE", re.IGNORECASE)
_READ_MAX: Final = 400
"""Characters after the marker that are looked at."""

_WHOLE: Final = 80
"""Letters of base32 that hold the frame's head and both copies of the KSN, a multiple of 8."""

_KSN_TWICE: Final = re.compile(rb"\x04\x4c(.{12})\x05\x4d\1", re.DOTALL)
"""{4: KSN, 5: KSN and index}, as COSE's unprotected header has it (schemas/envelope/SPEC.md)."""


def ksn_of(mail: Mail) -> bytes | None:
    """The KSN of a sale that cannot be opened any more, if both its copies agree. It proves nothing: it only
    says whose merchant may be told to send again."""
    for text in mail.texts:
        found = _ksn_in(plain(text))
        if found is not None:
            return found
    return None


def _ksn_in(text: str) -> bytes | None:
    begin = _BEGIN.search(text)
    if begin is None:
        return None
    after = text[begin.end() : begin.end() + _READ_MAX].upper()
    letters = re.sub(r"[^A-Z2-7]", "", after)[:_WHOLE]
    held = base64.b32decode(letters[: len(letters) // 8 * 8])
    twice = _KSN_TWICE.search(held)
    return twice.group(1) if twice else None
