"""DKIM signatures (RFC 6376) over the lines of a letter as they leave, relaxed both in header and body."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from schemas.mail.headers import single_address

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SIGNED: Final = (
    *("From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To"),
    *("MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"),
)
"""Each is named once more than it is there: whoever adds one breaks the signature (section 8.15)."""

_LINE_MAX: Final = 72
_BLANKS: Final = re.compile(rb"[ \t]+")
_FIELD: Final = re.compile(rb"\r\n(?![ \t])")


@dataclass(frozen=True, slots=True)
class Hand:
    """One who signs. kind: rsa or ed25519; sign: a text -> its signature."""

    domain: str
    selector: str
    kind: str
    sign: Callable[[bytes], bytes]


class Signable:
    """A letter in lines that end with CRLF, taken apart. author: the domain of its From, "" if there is not
    exactly one."""

    def __init__(self, lines: bytes) -> None:
        head, _, self._body = (b"\r\n" + lines).partition(b"\r\n\r\n")
        self._fields: dict[bytes, list[bytes]] = {}
        for field in _FIELD.split(head):
            name, _, value = field.partition(b":")
            self._fields.setdefault(name.strip(b" \t").lower(), []).append(value)

    @property
    def author(self) -> str:
        froms = self._fields.get(b"from", [])
        address = single_address(froms[0].decode("latin-1").strip()) if len(froms) == 1 else ""
        return address.rpartition("@")[2].lower()

    def signatures(self, hands: Iterable[Hand], time_s: int) -> bytes:
        """The fields that go on top of it, one for each hand. time_s: when it was written, unix seconds; the
        same letter and hands, the same bytes."""
        names = [name for name in SIGNED for _ in range(len(self._values(name)) + 1)]
        head = b"".join(map(self._canonical, SIGNED))
        body_hash = base64.b64encode(hashlib.sha256(canonical_body(self._body)).digest()).decode("ascii")
        made = b""
        for hand in hands:
            begun = (
                f"DKIM-Signature: v=1; a={hand.kind}-sha256; c=relaxed/relaxed;\r\n"
                f" d={hand.domain};\r\n s={hand.selector}; t={time_s};\r\n"
                f"{_folded(names)}\r\n bh={body_hash};\r\n b="
            ).encode("ascii")
            name, _, value = begun.partition(b":")
            text = head + canonical_field(name, value).removesuffix(b"\r\n")
            made += begun + _in_base64(hand.sign(text)) + b"\r\n"
        return made

    def _values(self, name: str) -> list[bytes]:
        return self._fields.get(name.lower().encode("ascii"), [])

    def _canonical(self, name: str) -> bytes:
        """All fields of that name, from the last one up (section 5.4.2)."""
        return b"".join(canonical_field(name.encode("ascii"), one) for one in reversed(self._values(name)))


def canonical_field(name: bytes, value: bytes) -> bytes:
    """Section 3.4.2: the name in small letters, the value on one line, blanks as one space."""
    value = _BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip(b" ")
    return name.lower() + b":" + value + b"\r\n"


def canonical_body(body: bytes) -> bytes:
    """Section 3.4.4: blanks as one space, none at the end of a line, no empty lines at the end."""
    body = _BLANKS.sub(b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
    return body + b"\r\n" if body else b""


def _folded(names: Iterable[str]) -> str:
    """The tag h=, in lines."""
    lines = [" h="]
    for name in names:
        if len(lines[-1]) + len(name) > _LINE_MAX:
            lines.append(" ")
        lines[-1] += f"{name}:"
    return "\r\n".join(lines).removesuffix(":") + ";"


def _in_base64(signature: bytes) -> bytes:
    text = base64.b64encode(signature)
    return b"\r\n ".join(text[at : at + _LINE_MAX] for at in range(0, len(text), _LINE_MAX))
