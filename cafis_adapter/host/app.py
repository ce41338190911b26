"""The host simulator on TCP: takes connections and does what `play` says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from acquirer_sdk.port import Ports, SettingsError
from cafis_adapter.codec import Message, MessageError, pack, unpack
from cafis_adapter.framing import Framer, frame
from cafis_adapter.host import play
from cafis_adapter.host.issuer import Charge, Kind
from cafis_adapter.host.journal import Journal
from cafis_adapter.host.triggers import RulesError, load_rules
from cafis_adapter.profile import ProfileError, load_profile


@dataclass(frozen=True, slots=True)
class HostSettings:
    """The section [host]."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=8583, metadata={"help": "TCP port; 0: any", "min": 0, "max": 65535})
    rules: str = field(
        default="", metadata={"help": "file with rules that go before the amount's digits", "path": ""}
    )
    journal: str = field(
        default="", metadata={"help": "file for the journal, JSON lines; empty: memory only", "path": ""}
    )
    kind: str = field(
        default="normal", metadata={"help": "kind of host", "choices": tuple(kind.value for kind in Kind)}
    )
    late_ms: int = field(default=45_000, metadata={"help": "how late a late answer is, ms", "min": 0})
    slow_ms: int = field(default=2_000, metadata={"help": "how slow a slow answer is, ms", "min": 0})
    profile: str = field(
        default="", metadata={"help": "file with the wire profile; empty: the one shipped", "path": ""}
    )


class Connection:
    """One client's stream, for writing."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.deaf = False

    def send(self, data: bytes) -> None:
        if not self.writer.is_closing():
            self.writer.write(data)

    async def pieces(self, data: bytes, pieces: int) -> None:
        """Each piece as a segment of its own: the loop turns once between them."""
        size = max(1, -(-len(data) // pieces))
        for start in range(0, len(data), size):
            self.send(data[start : start + size])
            await asyncio.sleep(0)


class Host:
    """A running simulator. journal, port and charges() are what a test looks at."""

    def __init__(self, settings: HostSettings, ports: Ports, agrees: play.Agrees = play.anybody) -> None:
        """Raises SettingsError for a rules file or a profile that cannot be used."""
        self.journal = Journal(settings.journal)
        self.port = 0
        self._settings = settings
        self._ports = ports
        self._played: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        try:
            self._profile = load_profile(settings.profile)
            self._desk = play.Desk(Kind(settings.kind), load_rules(settings.rules), agrees)
        except ProfileError as error:
            raise SettingsError("profile", str(error)) from None
        except RulesError as error:
            raise SettingsError("rules", str(error)) from None

    async def start(self) -> None:
        """Listen. Raises OSError where the port is taken."""
        self._server = await asyncio.start_server(self._serve, self._settings.host, self._settings.port)
        self.port = self._server.sockets[0].getsockname()[1]
        self._ports.tell("host.listening", port=self.port)

    async def close(self) -> None:
        """Stop listening and reset every line."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in self._played:
            task.cancel()
        # Not cancelled: the reset ends them, and asyncio's streams log a cancelled server task as an error.
        await asyncio.gather(*self._played, *self._served, return_exceptions=True)

    def cut(self) -> None:
        """Reset every line, as a broken network does."""
        for connection in self._connections:
            connection.writer.transport.abort()

    def charges(self) -> dict[str, Charge]:
        """Reference -> how often charged, and what is left after reversals."""
        return self._desk.charges()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._watch(asyncio.current_task(), self._served)
        connection = Connection(writer)
        self._connections.add(connection)
        framer = Framer(self._profile.body_max)
        try:
            while data := await reader.read(65536):
                for body in framer.feed(data):
                    self._take(connection, unpack(self._profile, body))
        except (OSError, MessageError):
            pass
        finally:
            self._connections.discard(connection)
            writer.transport.abort()

    def _take(self, connection: Connection, message: Message) -> None:
        entry = self.journal.note(self._ports.now_ms(), "in", message)
        self._ports.tell(
            "host.request",
            mti=entry.mti,
            stan=entry.stan,
            reference=entry.reference,
            amount=entry.amount_minor,
        )
        moves = self._desk.moves(message)
        self._watch(asyncio.create_task(self._play_booked(connection, message, moves)), self._played)

    async def _play_booked(
        self, connection: Connection, message: Message, moves: Iterator[play.Move]
    ) -> None:
        """What changes in the books stands in the journal before the answer leaves."""
        before = self._desk.booked(message)

        def watched() -> Iterator[play.Move]:
            nonlocal before
            for move in moves:
                before = self._book(message, before)
                yield move
            before = self._book(message, before)

        await self._play(connection, watched())

    def _book(self, message: Message, before: Charge) -> Charge:
        booked = self._desk.booked(message)
        if booked != before:
            self.journal.book(self._ports.now_ms(), message, booked)
        return booked

    def _watch(self, task: asyncio.Task[None] | None, among: set[asyncio.Task[None]]) -> None:
        if task is not None:
            among.add(task)
            task.add_done_callback(among.discard)

    async def _play(self, connection: Connection, moves: Iterator[play.Move]) -> None:
        for move in moves:
            if connection.deaf:
                return
            match move:
                case play.Wait(late):
                    await asyncio.sleep((self._settings.late_ms if late else self._settings.slow_ms) / 1000)
                case play.Cut():
                    # Not a reset: that could overtake what was sent before it.
                    connection.writer.close()
                case play.Deafen():
                    connection.deaf = True
                case play.Raw(data):
                    connection.send(data)
                case play.Half(message):
                    data = self._frame(message)
                    connection.send(data[: len(data) // 2])
                case play.Send(messages, pieces):
                    await connection.pieces(b"".join(map(self._frame, messages)), pieces)

    def _frame(self, message: Message) -> bytes:
        entry = self.journal.note(self._ports.now_ms(), "out", message)
        self._ports.tell("host.answer", mti=entry.mti, stan=entry.stan, code=entry.code)
        return frame(pack(self._profile, message))


async def run(
    settings: HostSettings, ports: Ports, stop: asyncio.Event, agrees: play.Agrees = play.anybody
) -> None:
    """Serve until stop is set. Raises OSError where the port is taken, SettingsError for a bad rules file."""
    host = Host(settings, ports, agrees)
    await host.start()
    try:
        await stop.wait()
    finally:
        await host.close()
