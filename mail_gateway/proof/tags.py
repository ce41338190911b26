"""Tag lists of signatures and of the records with their keys (RFC 6376 section 3.2)."""

from __future__ import annotations

import re
from typing import Final

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_BLANKS: Final = " \t\r\n"
"""Nothing else may stand around a word: no blank of Unicode is one."""


def tags_of(value: str) -> dict[str, str]:
    """A tag list as a table, names in small letters; {} if it is out of form or has one tag twice."""
    found: dict[str, str] = {}
    for part in value.strip(_BLANKS).removesuffix(";").split(";"):
        name, equals, text = part.partition("=")
        name = name.strip(_BLANKS).lower()
        if not equals or not _NAME.fullmatch(name) or name in found:
            return {}
        found[name] = text.strip(_BLANKS)
    return found


def names_in(value: str) -> list[str]:
    """The names of a value that is a list, such as h=; in small letters."""
    return [name.strip(_BLANKS).lower() for name in value.split(":")]
