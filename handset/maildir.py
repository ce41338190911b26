"""A mailbox that is a Maildir: new mails in new/, mails that were read marked S in cur/."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from handset.folder import Folder
from handset.mailbox import BATCH_MAX, Incoming

_INFO: Final = ":2,"


class Maildir:
    """One Maildir. It is made when it is not there yet, since a carrier makes it with the first mail."""

    def __init__(self, path: Path) -> None:
        Folder(path / "tmp")
        self._new, self._cur = Folder(path / "new"), Folder(path / "cur")

    async def waiting(self) -> list[Incoming]:
        """Mails in new/, and those in cur/ that nobody has seen."""
        found = [Incoming(f"new/{name}", b"") for name in self._new.names()]
        found += [Incoming(f"cur/{name}", b"") for name in self._cur.names() if "S" not in _flags(name)]
        return [Incoming(each.name, self._read(each.name)) for each in found[:BATCH_MAX]]

    async def mark(self, incoming: Incoming) -> None:
        """Move it to cur/ with the flag S (seen) beside those it has."""
        folder, name = self._place(incoming.name)
        flags = "".join(sorted({*_flags(name), "S"}))
        folder.move(name, self._cur, f"{name.partition(_INFO)[0]}{_INFO}{flags}")

    def close(self) -> None:
        """Nothing is held open."""

    def _read(self, name: str) -> bytes:
        folder, name = self._place(name)
        return folder.read(name)

    def _place(self, name: str) -> tuple[Folder, str]:
        where, _, plain = name.partition("/")
        return (self._new if where == "new" else self._cur), plain


def _flags(name: str) -> str:
    return name.partition(_INFO)[2]
