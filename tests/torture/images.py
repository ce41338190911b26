"""Every disk that a power cut may leave: what was synced, and any part of the rest, from the log of calls."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from calls import Call

SECTOR: Final = 512
"""Bytes that a disk writes whole or not at all."""

_DATA: Final = ("pwrite64", "ftruncate")
_NAMES: Final = ("openat", "unlink")
_SYNCS: Final = ("fsync", "fdatasync")

Image = dict[str, bytes]
"""File name -> content, as the next start finds it."""

Fates = tuple[int | None, ...]
"""For each pending change how many of its sectors came onto the disk; None: all; what is left out: none."""


@dataclass(slots=True)
class Disk:
    """contents: of each file ever made. names: which of them a name leads to."""

    contents: dict[str, bytearray]
    names: dict[str, str]

    def copy(self) -> Disk:
        """One that can be changed apart."""
        contents = {file: bytearray(content) for file, content in self.contents.items()}
        return Disk(contents, dict(self.names))

    def image(self) -> Image:
        """What is found by name."""
        return {name: bytes(self.contents.get(file, b"")) for name, file in self.names.items()}


@dataclass(frozen=True, slots=True)
class Change:
    """One change that a cut may undo: of a name's file (made, gone), of a length (data None), or of bytes."""

    call: Call
    name: str
    file: str
    offset: int = 0
    data: bytes | None = field(default=None, repr=False)

    @property
    def is_of_name(self) -> bool:
        """Whether the folder has to be synced for it, not the file."""
        return self.call.name in _NAMES

    def apply(self, disk: Disk, sectors: int | None = None) -> None:
        """Do it. sectors: only the first so many of its sectors came onto the disk."""
        if self.call.name == "openat":
            disk.names[self.name] = self.file
        elif self.call.name == "unlink":
            disk.names.pop(self.name, None)
        else:
            self._write(disk.contents.setdefault(self.file, bytearray()), sectors)

    def _write(self, content: bytearray, sectors: int | None) -> None:
        if self.data is None:
            content[:] = content[: self.offset].ljust(self.offset, b"\0")
            return
        end = len(self.data) if sectors is None else _boundary(self.offset, sectors) - self.offset
        data = self.data[: max(end, 0)]
        if len(content) < self.offset:
            content.extend(bytes(self.offset - len(content)))
        content[self.offset : self.offset + len(data)] = data


@dataclass(frozen=True, slots=True)
class Window:
    """The time between two syncs. durable: what is safe; pending: what may be on the disk or not, in order.

    until: the last place in the log at which the disk may still look like any of the window's images.
    """

    durable: Disk = field(repr=False)
    pending: tuple[Change, ...]
    until: int


class Changes:
    """Calls -> changes. Knows which file each name leads to: a name that went and came leads to another."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = dict(names)
        self._made = 0

    def of(self, call: Call) -> list[Change]:
        """The change that the call makes, if it makes any."""
        name = Path(call.path).name
        if call.returned < 0 or (call.name == "openat") == (name in self._names):
            return []
        if call.name == "openat":
            self._made += 1
            self._names[name] = f"{name} {self._made}"
        file = self._names[name]
        if call.name == "unlink":
            del self._names[name]
        if call.name in _NAMES:
            return [Change(call, name, file)]
        data = call.data if call.name == "pwrite64" else None
        return [Change(call, name, file, call.last_number, data)]


def windows(calls: Sequence[Call], folder: Path, before: Image) -> Iterator[Window]:
    """The windows of a log. folder: whose files are looked at; before: them, safe at the beginning.

    A sync saves what was finished in its file when it began; of a folder, the names in it. A sync that failed
    saves nothing, and what it should have saved never is, as where the kernel drops pages it could not write.
    Only a folder's counts as done even so: file systems save a new name together with its file.
    """
    durable = Disk(
        {name: bytearray(content) for name, content in before.items()}, {name: name for name in before}
    )
    changes = Changes(durable.names)
    pending: list[Change] = []
    for call in _in_effect(calls, folder):
        if call.name not in _SYNCS:
            pending += changes.of(call)
            continue
        yield Window(durable.copy(), tuple(pending), call.ended)
        covered = [one for one in pending if _covers(call, one, folder)]
        pending = [one for one in pending if one not in covered]
        for change in covered if call.returned == 0 or Path(call.path) == folder else ():
            change.apply(durable)
    yield Window(durable.copy(), tuple(pending), calls[-1].ended)


def fates(window: Window, luck: random.Random, more: int) -> Iterator[Fates]:
    """Nothing of the pending changes, each beginning of them, that with its last one torn, and `more` random
    parts of them, each perhaps with one torn."""
    whole = [len(change.data or b"") // SECTOR + 1 for change in window.pending]
    yield ()
    for last in range(len(whole)):
        yield (None,) * (last + 1)
        yield (*(None,) * last, luck.randrange(whole[last] + 1))
    for _ in range(more if len(whole) > 1 else 0):
        yield tuple(luck.choice((None, None, 0, 0, luck.randrange(most + 1))) for most in whole)


def image(window: Window, chosen: Fates) -> Image:
    """The disk that these fates leave."""
    disk = window.durable.copy()
    for change, sectors in zip(window.pending, chosen, strict=False):
        if sectors is None or change.data is not None:
            change.apply(disk, sectors)
    return disk.image()


def _boundary(offset: int, sectors: int) -> int:
    """The end of the so manieth sector from the one in which the offset lies."""
    return (offset // SECTOR + sectors) * SECTOR


def _in_effect(calls: Sequence[Call], folder: Path) -> list[Call]:
    """Changes when they begin, syncs when they end."""
    ours = [call for call in calls if call.name in (*_DATA, *_NAMES, *_SYNCS) and _is_ours(call, folder)]
    moment: Callable[[Call], int] = lambda call: call.ended if call.name in _SYNCS else call.began  # noqa: E731
    return sorted(ours, key=moment)


def _is_ours(call: Call, folder: Path) -> bool:
    path = Path(call.path)
    return path == folder or (path.parent == folder and path.suffix in (".db", ".db-wal", ".db-journal"))


def _covers(sync: Call, change: Change, folder: Path) -> bool:
    if change.call.ended >= sync.began:
        return False
    if change.is_of_name:
        return Path(sync.path) == folder
    return change.name == Path(sync.path).name
