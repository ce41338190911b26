"""strace's log, read back: each system call with its bytes, and when it began and ended among the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(r"(\d+) +(.*)")
_RESUMED: Final = re.compile(r"<\.\.\. (\w+) resumed>")
_UNFINISHED: Final = " <unfinished ...>"
_CALL: Final = re.compile(r"(\w+)\((.*)\) += (-?\d+)(.*)", re.DOTALL)
_TCP: Final = re.compile(r"\d+<TCP:\[127\.0\.0\.1:(\d+)->127\.0\.0\.1:(\d+)\]>")
_TEXT: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True, slots=True)
class Call:
    """One call. began, ended: places in the log; what lies between happened meanwhile.

    returned: -1: it failed."""

    thread: str
    name: str
    began: int
    ended: int
    arguments: str = field(repr=False)
    returned: int
    result: str = field(repr=False)

    @property
    def path(self) -> str:
        """The file behind the first argument, or the path that is the argument."""
        if self.name in ("openat", "unlink"):
            return _texts(self.arguments)[0].decode()
        found = re.match(r"\d+<((?:\\x[0-9a-f]{2})+)>", self.arguments)
        return _bytes(found[1]).decode() if found else ""

    @property
    def ports(self) -> tuple[int, int] | None:
        """Of a TCP connection: our port and the other's."""
        found = _TCP.match(self.arguments)
        return (int(found[1]), int(found[2])) if found else None

    @property
    def data(self) -> bytes:
        """The bytes that were to be written or sent, as far as they were."""
        whole = _texts(self.arguments)[0]
        return whole[: self.returned] if self.returned >= 0 else b""

    @property
    def last_number(self) -> int:
        """The last argument: an offset, a length."""
        return int(self.arguments.rpartition(", ")[2])


def read(log: Path) -> list[Call]:
    """All calls of a log, in the order in which they began."""
    with log.open(encoding="ascii") as lines:
        return sorted(_calls(lines), key=lambda call: call.began)


def _calls(lines: Iterator[str]) -> Iterator[Call]:
    begun: dict[str, tuple[int, str]] = {}
    for place, line in enumerate(lines):
        found = _LINE.match(line)
        if found is None:
            continue
        thread, text = found[1], found[2]
        if text.endswith(_UNFINISHED):
            begun[thread] = (place, text.removesuffix(_UNFINISHED))
            continue
        began, head = begun.pop(thread, (place, "")) if _RESUMED.match(text) else (place, "")
        call = _CALL.match(head + _RESUMED.sub("", text))
        if call is not None:
            yield Call(thread, call[1], began, place, call[2], int(call[3]), call[4])


def _texts(arguments: str) -> list[bytes]:
    found = _TEXT.findall(arguments)
    assert not any(cut for _, cut in found), "strace cut a string short"
    return [_bytes(text) for text, _ in found]


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))
