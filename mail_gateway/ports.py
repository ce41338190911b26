"""The outside world as the gateway sees it: wall clock, randomness, event log, where the store works, and the
mailbox that it reads. Handed out in `app.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.mail.sign_in import Ask, no_command


class Tell(Protocol):
    """Report one event: a verb such as ``payment.moved`` and allow-listed facts. Never card data or keys."""

    def __call__(self, verb: str, /, **facts: str | int | None) -> None: ...


class Place(Protocol):
    """Where the database's work is done: one piece after the other; gives back what it returns or raises."""

    async def __call__(self, work: Callable[[], Any]) -> Any: ...

    def close(self) -> None: ...


class Line(Protocol):
    """A folder of a mailbox, one connection at a time; see intake/imap.py:Folder. All raise MailboxError."""

    validity: int

    async def open(self) -> None: ...
    async def look(self) -> list[int]: ...
    async def weigh(self, uids: Iterable[int]) -> dict[int, int]: ...
    async def fetch(self, uid: int) -> bytes | None: ...
    async def move(self, uids: Iterable[int], folder: str) -> None: ...
    async def wait(self, wait_ms: int, *, is_watching: bool) -> None: ...
    def close(self) -> None: ...


def no_file(_: str) -> bytes | None:
    """A machine without files."""
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """now_ms: unix milliseconds UTC. random_bytes: n -> n unpredictable bytes. tell: see Tell.

    places: makes the two places where the store writes and reads; None: two threads. file: a path -> the
    bytes of a file of this machine, None if it cannot be read. mailbox: makes the line to the mailbox that
    [imap] names; None: one by IMAP. hooks: makes the Caller of outbox/hooking.py; None: one that posts by
    HTTP. ask: a command -> the secret that it writes.
    """

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    tell: Tell
    places: Callable[[], tuple[Place, Place]] | None = None
    file: Callable[[str], bytes | None] = no_file
    mailbox: Callable[[], Line] | None = None
    hooks: Callable[[], Any] | None = None
    ask: Ask = no_command
