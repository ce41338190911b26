"""The line to the far end: connects, keeps itself up, brings each answer to who asked. It decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from acquirer_sdk.skeleton import messages
from acquirer_sdk.skeleton.messages import Message, MessageError
from acquirer_sdk.values import InDoubt, NotReady, NotSent, Ready

LINE_MAX: Final = 8192
"""Bytes in one message; more is not an answer."""

Key = tuple[str, str, int, str]


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The table [acquirers.skeleton]."""

    host: str = field(default="127.0.0.1", metadata={"help": "the acquirer's host: name or address"})
    port: int = field(default=9999, metadata={"help": "its TCP port", "min": 1, "max": 65535})
    timeout_s: int = field(
        default=30, metadata={"help": "how long an answer may take, s", "min": 1, "max": 600}
    )
    echo_s: int = field(default=60, metadata={"help": "pause between two echo tests, s", "min": 1})
    pause_max_s: int = field(
        default=60, metadata={"help": "longest pause before connecting again, s", "min": 1}
    )


class Line:
    """stray: gets every answer that nobody waits for. tell: gets the line's events."""

    def __init__(
        self, settings: LineSettings, stray: Callable[[Message], None], tell: Callable[..., None]
    ) -> None:
        self._settings = settings
        self._stray = stray
        self._tell = tell
        self._waiting: dict[Key, asyncio.Future[Message | InDoubt]] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._task: asyncio.Task[None] | None = None
        self._trace = 0

    def ready(self) -> Ready | NotReady:
        """Ready while there is a connection."""
        return Ready() if self._writer is not None else NotReady("not-connected")

    def start(self) -> None:
        """Begin to connect, and return at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """End the connection, and all who wait."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def ask(self, message: Message) -> Message | InDoubt | NotSent:
        """Send once and wait. From the first byte on whatever goes wrong is in doubt."""
        key = _key(f"{message['kind']}-answer", message)
        if self._writer is None or self._writer.is_closing():
            return NotSent("not-connected")
        if key in self._waiting:
            return NotSent("in-flight")
        waiter: asyncio.Future[Message | InDoubt] = asyncio.get_running_loop().create_future()
        self._waiting[key] = waiter
        self._writer.write(messages.written(message))
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await waiter
        except TimeoutError:
            return InDoubt("no-answer")
        finally:
            self._waiting.pop(key, None)

    async def echo(self) -> Message | InDoubt | NotSent:
        """Ask whether the far end is there."""
        self._trace += 1
        return await self.ask(messages.echo(self._trace))

    async def _run(self) -> None:
        """Connect for ever; the pause doubles while nobody is there."""
        pause_s = 1
        while True:
            try:
                await self._session()
                self._tell("line.down")
                pause_s = 1
            except OSError:
                self._tell("line.refused", port=self._settings.port)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, self._settings.pause_max_s)

    async def _session(self) -> None:
        """One connection from beginning to end. Raises OSError where there is none."""
        to = self._settings
        reader, writer = await asyncio.open_connection(to.host, to.port, limit=LINE_MAX)
        self._writer = writer
        keeper = asyncio.create_task(self._keep(writer))
        try:
            while self._take(await reader.readline()):
                pass
        except (OSError, ValueError):  # reset, or a line that is too long
            pass
        finally:
            keeper.cancel()
            self._writer = None
            writer.transport.abort()  # what is still in the buffer must not leave later
            for waiter in self._waiting.values():
                if not waiter.done():
                    waiter.set_result(InDoubt("connection-lost"))

    async def _keep(self, writer: asyncio.StreamWriter) -> None:
        """A line that answers no echo is dead."""
        while True:
            await asyncio.sleep(self._settings.echo_s)
            if isinstance(await self.echo(), InDoubt):
                writer.transport.abort()

    def _take(self, line: bytes) -> bool:
        """One line of the far end -> whether another may follow; half a line is none."""
        try:
            message = messages.read(line) if line.endswith(b"\n") else {"kind": "closing"}
        except MessageError:
            self._tell("line.broken")
            return False
        if message["kind"] == "closing":
            return False
        waiter = self._waiting.get(_key(message["kind"], message))
        if waiter is not None and not waiter.done():
            waiter.set_result(message)
        else:
            self._stray(message)
        return True


def _key(kind: str, message: Message) -> Key:
    """What ties an answer to its request: never the trace number alone."""
    return kind, message.get("reference", ""), message.get("trace", 0), message.get("terminal", "")
