"""A folder of small files in which a file is there whole and for good, or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_UNFINISHED: Final = ".unfinished-"


class Folder:
    """One directory on one file system. Every method that changes it returns only when the change is on disk.

    All raise OSError. A file name is a plain name; those that begin with a dot are not seen.
    """

    def __init__(self, path: Path) -> None:
        _make(path)
        self.path = path

    def clean(self) -> None:
        """Take away what a crash left half written. Only before anybody writes."""
        for left in self.path.glob(f"{_UNFINISHED}*"):
            left.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> None:
        """Put a file there in place of any of that name: write aside, fsync, rename, fsync the directory."""
        unfinished = self.path / f"{_UNFINISHED}{name}"
        try:
            file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                _write_all(file, data)
                os.fsync(file)
            finally:
                os.close(file)
            unfinished.rename(self.path / name)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _sync(self.path)

    def read(self, name: str) -> bytes:
        """The whole file. Raises FileNotFoundError."""
        return (self.path / name).read_bytes()

    def names(self) -> list[str]:
        """The files, the one that was written first first."""
        found = [(entry.stat().st_mtime_ns, entry.name) for entry in os.scandir(self.path) if _seen(entry)]
        return [name for _, name in sorted(found)]

    def move(self, name: str, to: Folder, new_name: str = "") -> None:
        """Move a file to another folder, or to another name."""
        (self.path / name).rename(to.path / (new_name or name))
        _sync(to.path)
        if to.path != self.path:
            _sync(self.path)

    def remove(self, name: str) -> None:
        """Take a file away; none there is as good."""
        (self.path / name).unlink(missing_ok=True)
        _sync(self.path)

    def trim(self, keep: int) -> None:
        """Take the oldest files away beyond `keep`."""
        for name in self.names()[:-keep]:
            self.remove(name)

    def __contains__(self, name: str) -> bool:
        return (self.path / name).is_file()


def _make(path: Path) -> None:
    if path.is_dir():
        return
    _make(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    _sync(path.parent)


def _seen(entry: os.DirEntry[str]) -> bool:
    return not entry.name.startswith(".") and entry.is_file()


def _write_all(file: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(file, left) :]


def _sync(folder: Path) -> None:
    """A new name is safe from a power cut only once its directory is on disk too."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
