"""What the debit commands stand on: contract and book from config.toml; files read and written whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from acquirer_sdk.port import SettingsError
from bank_debit.book import Book, BookError, BookUnsure
from bank_debit.cutting import CutError
from bank_debit.room import in_one_unit
from bank_debit.settings import Contract, contract_of
from bank_debit.zengin import SIZE_MAX
from hagaki.config import Config
from hagaki.problem import MACHINE, Problem
from hagaki.sections import read_config

T = TypeVar("T")


def contract_in(config: Path, name: str) -> tuple[Contract, Path]:
    """The contract in [acquirers.NAME] and where its book is. Raises Problem."""
    loaded: Config = read_config(config)
    table = {key: value for key, value in loaded.table(f"acquirers.{name}").items() if key != "adapter"}
    try:
        contract = contract_of(table)
    except SettingsError as error:
        raise Problem(f"[acquirers.{name}] {error.key}: {error.sentence}", "config-acquirer") from None
    return contract, loaded.folder / contract.settings.book


@contextmanager
def opened(path: Path, *, new: bool = False) -> Iterator[Callable[[Callable[[Book], T]], T]]:
    """The open book, as a function that does a work in one transaction. Raises Problem."""
    if not new and not path.exists():
        sentence = f"{path}: there is no book yet; the gateway or hagaki debit add makes it"
        raise Problem(sentence, "debit-book-missing")
    with saying():
        book = Book(str(path))
        try:
            yield lambda work: in_one_unit(book, work)
        finally:
            book.close()


@contextmanager
def saying() -> Iterator[None]:
    """What the book and the file say -> Problem."""
    try:
        yield
    except CutError as error:
        raise Problem(error.sentence, error.slug) from None
    except BookError as error:
        raise Problem(str(error), "debit-book", MACHINE) from None
    except BookUnsure as error:
        sentence = f"{error}; run the command again, it does nothing twice"
        raise Problem(sentence, "debit-book", MACHINE) from None


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Shows that it works, on a terminal only."""
    with Console(stderr=True).status(what):
        yield


def bytes_of(file: Path) -> bytes:
    """All of a file, or just enough to see that it is too large. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(SIZE_MAX + 1)


def write_private(path: Path, data: bytes) -> None:
    """Whole or not at all, for its owner alone; a file that holds the same stays. Raises Problem, OSError."""
    if path.exists():
        if path.read_bytes() == data:
            return
        raise Problem(f"{path} exists and holds something else; choose another file", "file-exists")
    half = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)
