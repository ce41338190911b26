"""The host simulator on TCP: takes connections and does what its desk says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from acquirer_sdk.port import Ports, SettingsError
from acquirer_sdk.zone import ZoneKey
from cafis_adapter.build import Network
from cafis_adapter.codec import Message, MessageError, unpack
from cafis_adapter.framing import Framer, frame
from cafis_adapter.host.accounts import Account, Charge
from cafis_adapter.host.desk import Agrees, Desk, Judges, anybody
from cafis_adapter.host.issuer import Kinds
from cafis_adapter.host.journal import Journal
from cafis_adapter.host.moves import Cut, Deafen, Half, Move, NewKeys, Raw, Send, Wait
from cafis_adapter.host.rules import Rule, Rulebook, RulesError, load_rules
from cafis_adapter.host.vault import Vault, read_key
from cafis_adapter.profile import Profile, ProfileError, load_profile
from cafis_adapter.wire import LENGTH, Wire


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
        default="normal", metadata={"help": "kind of host", "choices": tuple(kind.value for kind in Kinds)}
    )
    late_ms: int = field(default=45_000, metadata={"help": "how late a late answer is, ms", "min": 0})
    slow_ms: int = field(default=2_000, metadata={"help": "how slow a slow answer is, ms", "min": 0})
    profile: str = field(default="", metadata={"help": "wire profile: the name of a shipped one, or a file"})
    pin: str = field(default="1234", repr=False, metadata={"help": "the PIN of every test card"})
    pin_key: str = field(
        default="", repr=False, metadata={"help": "zone key of PINs, for trials only: aes:HEX or tdes:HEX"}
    )
    mac_key: str = field(
        default="", repr=False, metadata={"help": "zone key of MACs, for trials only: aes:HEX or tdes:HEX"}
    )
    master_key: str = field(
        default="", repr=False, metadata={"help": "zone master key, for trials only: aes:HEX"}
    )


class Connection:
    """One client's stream, for writing."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.deaf = False
        self.signed_on = False

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
    """A running simulator. journal, port, charges() and accounts() are what a test looks at."""

    def __init__(self, settings: HostSettings, ports: Ports, agrees: Agrees = anybody) -> None:
        """Raises SettingsError for a rules file, a profile or a key that cannot be used."""
        self.journal = Journal(settings.journal)
        self.port = 0
        self._settings = settings
        self._ports = ports
        self._played: set[asyncio.Task[None]] = set()
        self._served: set[asyncio.Task[None]] = set()
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._profile = _profile(settings)
        vault = _vault(settings, ports)
        rules = Rulebook(_rules(settings), self._profile.local_utc_offset_minutes)
        self._desk = Desk(self._profile, Kinds(settings.kind), Judges(rules, vault, agrees))
        self._wire = Wire(self._profile, vault, "host")

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

    def accounts(self) -> tuple[Account, ...]:
        """Every request about money that came, in order."""
        return self._desk.accounts()

    def lines(self) -> list[bool]:
        """For each connection, whether it is signed on."""
        return [connection.signed_on for connection in self._connections]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._watch(asyncio.current_task(), self._served)
        connection = Connection(writer)
        self._connections.add(connection)
        framer = Framer(self._profile.body_max)
        try:
            while data := await reader.read(65536):
                for body in framer.feed(data):
                    self._take(connection, body)
        except (OSError, MessageError):
            pass
        finally:
            self._connections.discard(connection)
            writer.transport.abort()

    def _take(self, connection: Connection, body: bytes) -> None:
        message = unpack(self._profile, body)
        entry = self.journal.note(self._ports.now_ms(), "in", message)
        self._ports.tell(
            "host.request",
            mti=entry.mti,
            stan=entry.stan,
            reference=entry.reference,
            amount=entry.amount_minor,
        )
        if not self._wire.is_genuine(message, body):
            self._ports.tell("host.mac-wrong", mti=entry.mti, stan=entry.stan)
        elif not self._desk.hears_answer(message):
            if message[70] in (Network.SIGN_ON, Network.SIGN_OFF):
                connection.signed_on = message[70] == Network.SIGN_ON
            moves = self._desk.moves(message, entry.time_ms)
            self._watch(asyncio.create_task(self._play_booked(connection, message, moves)), self._played)

    async def _play_booked(self, connection: Connection, message: Message, moves: Iterator[Move]) -> None:
        """What changes in the books stands in the journal before the answer leaves."""
        before = self._desk.booked(message)

        def watched() -> Iterator[Move]:
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

    async def _play(self, connection: Connection, moves: Iterator[Move]) -> None:
        for move in moves:
            if connection.deaf:
                return
            match move:
                case Wait(late):
                    await asyncio.sleep((self._settings.late_ms if late else self._settings.slow_ms) / 1000)
                case Cut():
                    # Not a reset: that could overtake what was sent before it.
                    connection.writer.close()
                case Deafen():
                    connection.deaf = True
                case Raw(data):
                    connection.send(data)
                case Half(message):
                    data = self._frame(message)
                    connection.send(data[: len(data) // 2])
                case Send(messages, pieces, genuine):
                    data = b"".join(self._frame(message, genuine=genuine) for message in messages)
                    await connection.pieces(data, pieces)
                case NewKeys():
                    offers = self._desk.new_keys(self._ports.now_ms())
                    await connection.pieces(b"".join(map(self._frame, offers)), 1)

    def _frame(self, message: Message, *, genuine: bool = True) -> bytes:
        entry = self.journal.note(self._ports.now_ms(), "out", message)
        self._ports.tell("host.answer", mti=entry.mti, stan=entry.stan, code=entry.code)
        body = self._wire.pack(message)
        return frame(body if genuine or not self._profile.mac else body[:-LENGTH] + bytes(LENGTH))


def _profile(settings: HostSettings) -> Profile:
    try:
        return load_profile(settings.profile)
    except ProfileError as error:
        raise SettingsError("profile", str(error)) from None


def _rules(settings: HostSettings) -> tuple[Rule, ...]:
    try:
        return load_rules(settings.rules)
    except RulesError as error:
        raise SettingsError("rules", str(error)) from None


def _vault(settings: HostSettings, ports: Ports) -> Vault:
    keys = {"pin": _key(settings, "pin_key"), "mac": _key(settings, "mac_key")}
    known = {use: key for use, key in keys.items() if key is not None}
    return Vault(known, _key(settings, "master_key"), settings.pin, ports.random_bytes)


def _key(settings: HostSettings, name: str) -> ZoneKey | None:
    try:
        return read_key(getattr(settings, name))
    except ValueError as error:
        raise SettingsError(name, str(error)) from None


async def run(settings: HostSettings, ports: Ports, stop: asyncio.Event, agrees: Agrees = anybody) -> None:
    """Serve until stop is set. Raises OSError where the port is taken, SettingsError for a bad rules file."""
    host = Host(settings, ports, agrees)
    await host.start()
    try:
        await stop.wait()
    finally:
        await host.close()
