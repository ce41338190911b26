"""The bench's main loop: waits for the line, commands and the session's deadline; the reader works."""

from __future__ import annotations

import os
import select
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from card_reader_fw.board.desk import stripe, wav
from card_reader_fw.board.desk.board import KEYPAD, Board
from card_reader_fw.board.desk.chip.choice import card_of
from card_reader_fw.board.desk.chip.slot import CardSlot
from card_reader_fw.board.desk.reader_error import ReaderError
from card_reader_fw.reader import Reader

WAIT_MAX_S = 1.0


class Commands:
    """Lines from a file descriptor, as they come, or from any other iterable, all at once."""

    def __init__(self, source: Iterable[str]):
        fileno = getattr(source, "fileno", None)
        self.fd: int | None = fileno() if fileno else None
        self._rest = b"" if fileno else "".join(f"{line.rstrip()}\n" for line in source).encode()

    def read(self, *, ready: bool) -> list[str]:
        """Whole lines that are there; at the end of the file the last one too."""
        if ready and self.fd is not None:
            data = os.read(self.fd, 4096)
            self._rest += data or b"\n"
            self.fd = self.fd if data else None
        *lines, self._rest = self._rest.split(b"\n")
        return [line.decode(errors="replace").strip() for line in lines if line.strip()]


class Loop:
    """Runs one reader until `quit`; the end of the commands does not end it."""

    def __init__(self, reader: Reader, board: Board, line: Any, commands: Iterable[str]):
        self._reader = reader
        self._board = board
        self._line = line
        self._commands = Commands(commands)
        self._running = True

    def run(self) -> None:
        """Blocks. A JournalError or a full disk ends nothing but the sale in hand."""
        ready: list[int] = []
        while self._running:
            for command in self._commands.read(ready=self._commands.fd in ready):
                self._obey(command)
            self._reader.poll()
            ready = self._wait()

    def _wait(self) -> list[int]:
        if self._board.hand.doings or not self._running:
            return []
        wait_s = WAIT_MAX_S
        if self._reader.deadline_ms is not None:
            wait_s = min(wait_s, max(0, self._reader.deadline_ms - self._board.clock()) / 1000)
        fds = [fd for fd in (self._line.fileno(), self._commands.fd) if fd is not None]
        return select.select(fds, [], [], wait_s)[0]

    def _obey(self, command: str) -> None:
        verb, _, rest = command.partition(" ")
        if verb == "quit":
            self._running = False
            return
        try:
            DO.get(verb, _unknown)(self._board, rest.strip())
        except (ReaderError, OSError) as error:
            self._board.tell("reader.command", slug=getattr(error, "slug", "file"))


def _swipe(board: Board, text: str) -> None:
    board.head.put([stripe.intervals_of(text.strip(";?"))])


def _flux(board: Board, path: str) -> None:
    board.head.put([stripe.read_flux(Path(path))])


def _wav(board: Board, path: str) -> None:
    board.head.put([wav.read_wav(Path(path))])


def _insert(board: Board, name: str) -> None:
    """A test card: NAME or NAME:FAULT."""
    _tray(board).card = card_of(*name.split(":", 1))


def _remove(board: Board, _: str) -> None:
    _tray(board).card = None


def _tray(board: Board) -> CardSlot:
    if not isinstance(board.slot, CardSlot):
        raise ReaderError("no-slot")
    return board.slot


def _keys(board: Board, text: str) -> None:
    """Names of keys, and numbers digit by digit."""
    for word in text.split():
        for key in [word.upper()] if word.upper() in KEYPAD else word:
            if key not in KEYPAD:
                raise ReaderError("command-unknown")
            board.keypad.put(key)


def _unknown(_: Board, __: str) -> None:
    raise ReaderError("command-unknown")


DO = {
    "swipe": _swipe,
    "flux": _flux,
    "wav": _wav,
    "insert": _insert,
    "remove": _remove,
    "key": _keys,
    "keys": _keys,
}
