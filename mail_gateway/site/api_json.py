"""JSON of shops, read strictly: what two readers could read differently is refused. No sockets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NoReturn

from mail_gateway.site.api_shapes import Misfit

if TYPE_CHECKING:
    from collections.abc import Mapping

BODY_MAX: Final = 65_536
DIGITS_MAX: Final = 15
"""So long a number every reader of JSON keeps exactly (RFC 8259 section 6)."""


def read(body: bytes) -> object:
    """UTF-8 JSON text -> its value. Raises Misfit: broken, a name twice, a fraction, a number too long."""
    try:
        value: object = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_once_each,
            parse_int=_exact,
            parse_float=_no_fraction,
            parse_constant=_no_fraction,
        )
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise Misfit("json-broken", "") from None
    return value


def write(members: Mapping[str, Any]) -> bytes:
    """Members -> UTF-8 JSON text; the same bytes for the same members in the same order."""
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def canonical(value: object) -> bytes:
    """The same value -> the same bytes, in whatever order and with whatever spaces it was written."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _once_each(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Misfit("json-twice", "")
    return found


def _exact(digits: str) -> int:
    if len(digits.lstrip("-")) > DIGITS_MAX:
        raise Misfit("json-range", "")
    return int(digits)


def _no_fraction(_: str) -> NoReturn:
    raise Misfit("json-fraction", "")
