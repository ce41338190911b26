"""What the phone must not forget: sales to post, results to hand over, letters to show.

Where a file lies is its state; each change is one rename::

    sales ------------> posted      a sale's text; beside it, while it is tried, its mail in posting/
    sales ------------> refused     the mail server will not have it; tried again after a restart
    results ----------> delivered   a sealed result, until the reader gave its verdict
    letters ----------> shown       a letter's text
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from handset.folder import Folder

KEPT_MAX: Final = 1000
"""So many finished sales, results and letters are kept to look up; older ones go at the next start."""


class Spool:
    """The folders. A name is the SHA-256 of the text, so a text is there once. Methods raise OSError."""

    def __init__(self, root: Path, folder: Callable[[Path], Folder] = Folder) -> None:
        self.sales, self.posting = folder(root / "sales"), folder(root / "posting")
        self.posted, self.refused = folder(root / "posted"), folder(root / "refused")
        self.results, self.delivered = folder(root / "results"), folder(root / "delivered")
        self.letters, self.shown = folder(root / "letters"), folder(root / "shown")
        self.marks = folder(root / "marks")
        self._tidy_up()

    def _tidy_up(self) -> None:
        for folder in (self.sales, self.posting, self.results, self.letters, self.marks):
            folder.clean()
        for name in self.refused.names():
            self.refused.move(name, self.sales)
        for name in self.posting.names():
            if name not in self.sales:
                self.posting.remove(name)
        for done in (self.posted, self.delivered, self.shown):
            done.trim(KEPT_MAX)

    def put(self, sale: str) -> str:
        """A sale's armour text -> its name; on return it is durable.

        The same sale while it waits changes nothing. After it was posted it is posted again: that is how a
        merchant asks for a result that was lost, and the centre charges once however often it comes.
        """
        return _put(sale, self.sales, (self.posted, self.refused))

    def put_result(self, result: str) -> str:
        """A result's armour text -> its name. One that the reader had already is handed over again."""
        return _put(result, self.results, (self.delivered,))

    def put_letter(self, text: str) -> str:
        """The text of a letter -> its name."""
        return _put(text, self.letters, (self.shown,))

    def mail_of(self, name: str) -> bytes | None:
        """The mail made from a sale, if there is one. While a sale is tried its mail never changes."""
        return self.posting.read(name) if name in self.posting else None

    def mark_posted(self, name: str) -> None:
        """The mail server took it."""
        self.sales.move(name, self.posted)
        self.posting.remove(name)

    def mark_refused(self, name: str) -> None:
        """The mail server will never take it as it is. A restart makes a new mail."""
        self.sales.move(name, self.refused)
        self.posting.remove(name)

    def mark(self, name: str) -> str:
        """The bookmark of that name in a mailbox; "" before the first."""
        return self.marks.read(name).decode() if name in self.marks else ""

    def set_mark(self, name: str, value: str) -> None:
        """Remember how far a mailbox is read."""
        self.marks.write(name, value.encode())


def name_of(text: str) -> str:
    """The name under which a text is kept: its SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def _put(text: str, waiting: Folder, done: tuple[Folder, ...]) -> str:
    name = name_of(text)
    if name in waiting:
        return name
    for folder in done:
        if name in folder:
            folder.move(name, waiting)
            return name
    waiting.write(name, text.encode())
    return name
