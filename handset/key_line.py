"""Keys over a reader's serial line: ask what keys it has, bring it a key block, hear whether it took it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from handset.errors import HandsetError
from handset.line import Line
from handset.waiting import heard
from schemas.link import events
from schemas.link.session import Session
from schemas.link.table import PHONE

LIMIT_S: Final = 60
"""So long a reader may take in all; a slow chip needs about a second to derive its keys."""
UPS_MAX: Final = 3
"""A reader that does not know the question begins anew each time it is asked."""


@dataclass(frozen=True, slots=True)
class Brought:
    """told: what keys the reader had. block: what it was brought, "" if nothing; answer: its words."""

    told: events.KeysTold
    block: str = ""
    answer: events.KeyAnswered | None = None


class KeyTalk:
    """The conversation, without a line. choose: what the reader told of its keys -> a key block, or ""."""

    def __init__(self, choose: Callable[[events.KeysTold], str]) -> None:
        self.session = Session(PHONE)
        self.brought: Brought | None = None
        self._choose = choose
        self._asked = 0

    def step(self, data: bytes, now_ms: int) -> bool:
        """Bytes from the line and the time; -> whether all is said. Raises HandsetError, or as choose."""
        for event in self.session.receive(data, now_ms):
            self._on(event)
        self.session.tick(now_ms)
        answered = self.brought is not None and (not self.brought.block or self.brought.answer is not None)
        return answered and self.session.deadline_ms is None

    def _on(self, event: Any) -> None:
        if isinstance(event, events.Hello):
            self._ask()
        elif isinstance(event, events.KeysTold):
            self.brought = Brought(event, self._choose(event))
            if self.brought.block:
                self.session.key(self.brought.block)
        elif isinstance(event, events.KeyAnswered) and self.brought is not None:
            self.brought = Brought(self.brought.told, self.brought.block, event)

    def _ask(self) -> None:
        if self._asked == UPS_MAX:
            raise HandsetError("no-key-loading", "The reader's firmware is too old to be given keys.")
        self._asked += 1
        self.session.ask_keys()


async def bring(port: str, baud: int, choose: Callable[[events.KeysTold], str]) -> Brought:
    """One conversation on that port. Raises HandsetError and what choose raises."""
    bell = asyncio.Event()
    try:
        line = Line(port, baud, bell.set)
    except OSError as error:
        raise HandsetError("port", f"{port} cannot be opened: {error.strerror or error}") from None
    talk = KeyTalk(choose)
    try:
        async with asyncio.timeout(LIMIT_S):
            await _talk(line, talk, bell)
    except TimeoutError:
        raise HandsetError("reader-silent", f"No reader has answered on {port} in {LIMIT_S} s.") from None
    except OSError as error:
        raise HandsetError("port", f"{port} is gone: {error.strerror or error}") from None
    finally:
        line.close()
    assert talk.brought is not None
    return talk.brought


async def _talk(line: Line, talk: KeyTalk, bell: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    while True:
        bell.clear()
        now_ms = int(loop.time() * 1000)
        done = talk.step(line.read(), now_ms)
        line.write(talk.session.outgoing())
        if done:
            return
        due_ms = talk.session.deadline_ms
        await heard(bell, None if due_ms is None else max(due_ms - now_ms, 1) / 1000)
