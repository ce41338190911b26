"""The phone's disk: folders in memory that outlive the program, oldest file first by the order of writing."""

from __future__ import annotations

from pathlib import Path

from handset.folder import Folder


class Shelf(Folder):
    """One folder. What a method has done is durable when it returns, as in a real one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files: dict[str, bytes] = {}

    def clean(self) -> None:
        return None

    def write(self, name: str, data: bytes) -> None:
        self.files.pop(name, None)
        self.files[name] = data

    def read(self, name: str) -> bytes:
        if name not in self.files:
            raise FileNotFoundError(name)
        return self.files[name]

    def names(self) -> list[str]:
        return list(self.files)

    def move(self, name: str, to: Folder, new_name: str = "") -> None:
        data = self.read(name)
        del self.files[name]
        to.write(new_name or name, data)

    def remove(self, name: str) -> None:
        self.files.pop(name, None)

    def __contains__(self, name: str) -> bool:
        return name in self.files


class Shelves:
    """All folders of one phone: the same path is the same shelf."""

    def __init__(self) -> None:
        self.by_path: dict[Path, Shelf] = {}

    def __call__(self, path: Path) -> Shelf:
        return self.by_path.setdefault(path, Shelf(path))
