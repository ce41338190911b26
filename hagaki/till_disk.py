"""A till's folder: its journal, the receipts that were given out, and the simulated shelf of a machine."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Final

from hagaki.problem import MACHINE, Problem

TILL: Final = "till"
MACHINE_KIND: Final = "machine"
KINDS: Final = (TILL, MACHINE_KIND)
"""A till and a machine may share a folder; each has a journal of its own."""
SIZE_MAX: Final = 4_000_000
"""A journal longer than this, in bytes, is set aside when a device starts with no deal open."""
RECEIPTS: Final = "receipts"


class JournalFile:
    """The journal's file, held by one device at a time. As `till.journal.Disk`."""

    def __init__(self, folder: Path, kind: str) -> None:
        """kind: one of KINDS. Raises Problem (till-running) where another device has it, OSError."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._kind = folder, kind
        self._path = folder / f"{kind}.journal"
        self._open()

    def _open(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise Problem(f"another {self._kind} runs on {self._folder}", "till-running", MACHINE) from None
        _sync(self._folder)

    def read(self) -> bytes:
        """All of it."""
        return os.pread(self._file, os.fstat(self._file).st_size, 0)

    def cut(self, size: int) -> None:
        """Keep the first bytes only."""
        os.ftruncate(self._file, size)
        os.fsync(self._file)

    def append(self, data: bytes) -> None:
        """On return it is on disk."""
        _write(self._file, data)

    def set_aside(self) -> bool:
        """Begin a new file if this one is long; the old one stays beside it. Only when no deal is open."""
        if os.fstat(self._file).st_size < SIZE_MAX:
            return False
        count = len(files(self._folder, self._kind))
        self._path.rename(self._path.with_name(f"{self._kind}-{count:04d}.journal"))
        self.close()
        self._open()
        return True

    def close(self) -> None:
        """Let another device have it."""
        os.close(self._file)


class ReadOnly:
    """A journal's file as it stands, for looking at. As `till.journal.Disk`; nothing is changed."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> bytes:
        """All of it."""
        return self._path.read_bytes()

    def cut(self, size: int) -> None:
        """A torn line is left to the device."""

    def append(self, data: bytes) -> None:
        """Never."""
        raise PermissionError(f"the journal is open for reading: {len(data)} bytes are not written")


def files(folder: Path, kind: str) -> list[Path]:
    """The journals of that kind of device, the oldest first."""
    found = sorted(folder.glob(f"{kind}-[0-9]*.journal"))
    now = folder / f"{kind}.journal"
    return [*found, now] if now.exists() else found


class Kept:
    """Receipts as they were given out: the first of a name stands, and any later one is these bytes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / RECEIPTS

    def path(self, name: str) -> Path:
        """Where a receipt of that name is, or would be."""
        return self._folder / name

    def keep(self, name: str, data: bytes) -> bytes:
        """Put it there unless there is one -> what is there. Raises OSError."""
        path = self.path(name)
        if path.exists():
            return path.read_bytes()
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        put(path, data)
        return data


class SimulatedShelf:
    """Motor and drop sensor of a machine that is not there. As `till.vending.Drop`; its memory is a file, for
    a real sensor's count outlives the power too."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "shelf.json"
        self.is_jammed = self.is_blind = False
        self._count = json.loads(self._path.read_bytes())["fallen"] if self._path.exists() else 0

    def fallen(self) -> int | None:
        """So many goods fell."""
        return None if self.is_blind else self._count

    def turn(self, shelf: str) -> None:  # noqa: ARG002 -- there is one motor
        """One falls, if nothing is jammed."""
        if self.is_jammed:
            return
        self._count += 1
        put(self._path, json.dumps({"fallen": self._count}).encode())


def put(path: Path, data: bytes) -> None:
    """Write a file that is there whole, or as it was before. Raises OSError."""
    beside = path.with_name(f".{path.name}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        _write(handle, data)
    finally:
        os.close(handle)
    beside.rename(path)
    _sync(path.parent)


def _write(handle: int, data: bytes) -> None:
    """All of it, onto the disk."""
    left = memoryview(data)
    while left:
        left = left[os.write(handle, left) :]
    os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
