"""SMTP in: aiosmtpd (1.4.6) on our own loop, with the limits and the temporary answers it does not have
itself."""

# ruff: noqa: N802 - aiosmtpd finds commands and hooks by these names

from __future__ import annotations

import asyncio
import logging
import resource
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.smtp import SMTP, TLSSetupException

from mail_gateway.intake.accept import Route, reply
from mail_gateway.intake.gate import (
    FILES_KEPT,
    RECIPIENTS_MAX,
    Addresses,
    Pace,
    Places,
    has_bare_newline,
    has_looped,
)
from mail_gateway.intake.lines import Lines

if TYPE_CHECKING:
    import ssl

    from aiosmtpd.smtp import Envelope, Session

    from mail_gateway.intake.accept import Intake
    from mail_gateway.ports import Ports
    from mail_gateway.settings import Settings, SmtpSettings

LINE_MAX: Final = 65_536
"""Real senders write lines of 60 kB; aiosmtpd's own limit would refuse the whole mail."""

_COMMAND_MAX: Final = 512
_CALLS_MAX: Final = {"*": 200, "MAIL": 1000, "DATA": 1000, "RSET": 1000, "RCPT": 10_000, "EHLO": 20}
_CLOSING_S: Final = 5
_NULL_SENDER: Final = "<>"


class Handler:
    """aiosmtpd's hooks: asks the gate, hands the mail to the intake, keeps commits from being cancelled."""

    def __init__(self, intake: Intake, addresses: Addresses, ports: Ports) -> None:
        self.addresses = addresses
        self._intake = intake
        self._ports = ports
        self.commits: set[asyncio.Task[Any]] = set()

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, lines: list[str]
    ) -> list[str]:
        session.host_name = hostname
        first, *others = [line for line in lines if not line.startswith("250-AUTH")]  # nobody has an account
        return [first, "250-PIPELINING", *others]

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, sender: str, options: list[str]
    ) -> str:
        envelope.mail_from = sender
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, recipient: str, _options: list[str]
    ) -> str:
        if not self.addresses.is_ours(recipient):
            return str(reply("not-ours"))
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(recipient)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Connection, session: Session, envelope: Envelope) -> str:
        """The whole content is here: have it stored, answer with the intake's reply."""
        server.content_is_here()
        server.is_committing = True
        content = envelope.original_content or b""
        if has_bare_newline(content):
            server.is_suspect = True
            return str(reply("bare-newline"))
        if has_looped(content):
            return str(reply("mail-loop"))
        sender = "" if envelope.mail_from == _NULL_SENDER else envelope.mail_from or ""
        route = Route(sender, tuple(envelope.rcpt_tos), server.peer, session.host_name or "")
        # a client that hangs up cancels this coroutine; the commit goes on
        commit = asyncio.create_task(self._intake.accept(content, route))
        self.commits.add(commit)
        commit.add_done_callback(self.commits.discard)
        taken = await asyncio.shield(commit)
        server.is_grouped = True
        return str(taken)

    async def handle_exception(self, error: Exception) -> str:
        if not isinstance(error, TLSSetupException):  # a handshake that fails is the client's affair
            self._ports.tell("alarm.smtp", slug="internal", error=type(error).__name__)
        return str(reply("internal"))


class Connection(SMTP):
    """One client. Speaks SMTP; what is let in is decided by the gate."""

    line_length_limit = LINE_MAX

    def __init__(self, door: Door) -> None:
        self._door = door
        self._pace = Pace(door.smtp.rate_min_bytes_s, door.window_s)
        self._watch: asyncio.TimerHandle | None = None
        self._window_ends = 0.0
        self._in_content = False
        self._idle_until = 0.0
        self.peer = ""
        self.is_committing = False
        self.is_suspect = False
        self.is_grouped = False
        self._unsaid: list[str] = []
        self._lines = Lines(LINE_MAX, door.loop)
        # of this connection alone: aiosmtpd shares one table between all of them
        self.command_size_limits = defaultdict(lambda: _COMMAND_MAX)
        super().__init__(
            door.handler,
            hostname=door.smtp.hostname,
            ident="Hagaki",
            data_size_limit=door.smtp.size_max,
            timeout=door.smtp.timeout_s,
            tls_context=door.tls,
            require_starttls=door.smtp.require_tls,
            auth_exclude_mechanism=("LOGIN", "PLAIN"),
            command_call_limit=_CALLS_MAX,
            loop=door.loop,
        )
        # aiosmtpd makes its own reader: begin its base class again with ours
        asyncio.StreamReaderProtocol.__init__(self, self._lines, self._cb_client_connected, door.loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self._tls_protocol is not None:  # the same connection, now encrypted
            super().connection_made(transport)
            return
        peername = transport.get_extra_info("peername")
        self.peer = str(peername[0]) if peername else "local"
        if not self._door.enter(self):
            transport.set_protocol(asyncio.Protocol())
            _say_last(transport, "connections-full")
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self._watch is not None:
            self._watch.cancel()
        self._door.leave(self)
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        self._pace.note(len(data))
        super().data_received(data)

    def _reset_timeout(self, duration: float | None = None) -> None:
        """aiosmtpd sets a new timer for each command; here one goes on and looks when it ends."""
        self._idle_until = self.loop.time() + (duration or self._timeout_duration)
        timer = self._timeout_handle
        if timer is None or timer.when() > self._idle_until:
            super()._reset_timeout(duration)

    def _timeout_cb(self) -> None:
        if self.loop.time() < self._idle_until:
            self._timeout_handle = self.loop.call_at(self._idle_until, self._timeout_cb)
        else:
            super()._timeout_cb()

    async def push(self, status: str | bytes) -> None:
        """aiosmtpd repeats commands it does not know; their controls are not sent back. Replies to commands
        that came together leave together (RFC 2920 section 3.2)."""
        text = status if isinstance(status, str) else status.decode("ascii", "replace")
        plain = text.isascii() and text.isprintable()
        self._unsaid.append(text if plain else "\r\n".join(map(_printable, text.split("\r\n"))))
        if self.is_grouped and self._lines.has_one() and not self._ends():
            return
        unsaid, self._unsaid = self._unsaid, []
        await super().push("\r\n".join(unsaid))

    def _ends(self) -> bool:
        return self.is_suspect or self._door.is_closing or len(self._unsaid) > RECIPIENTS_MAX

    async def smtp_MAIL(self, arg: str | None) -> None:
        await self._with_path(super().smtp_MAIL, arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        await self._with_path(super().smtp_RCPT, arg)

    async def _with_path(self, command: Any, arg: str | None) -> None:
        self.is_grouped = True
        try:
            await self._route(command, arg)
        finally:
            self.is_grouped = False

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        """What the gate let pass is <addr-spec> or <> with parameters; aiosmtpd parses all of RFC 5322."""
        if not self.is_grouped:
            return super()._getaddr(arg)
        inside, _, parameters = arg.lstrip(" ").removeprefix("<").partition(">")
        return inside or _NULL_SENDER, parameters

    async def _route(self, command: Any, arg: str | None) -> None:
        path = self._door.handler.addresses.path(arg) if arg else arg
        if arg and path is None:
            await self.push(str(reply("address-syntax")))
            return
        await command(path)

    async def smtp_DATA(self, arg: str | None) -> None:
        """aiosmtpd's one timer runs from the last command: it must cover the largest mail on the slowest
        link."""
        self._reset_timeout(self._door.data_timeout_s)
        self._in_content = True
        self._next_window()
        await super().smtp_DATA(arg)
        self.content_is_here()
        self.is_committing = self.is_grouped = False
        self._reset_timeout()
        if self.is_suspect and self.transport is not None:
            self.transport.close()  # what follows may be a mail that was smuggled in: it is not read
        elif self._door.is_closing:
            self.go_away()

    def content_is_here(self) -> None:
        """The client owes us nothing more: stop watching its pace."""
        self._in_content = False

    def go_away(self) -> None:
        """Say 421 and close; what was written before still goes out."""
        if self.transport is not None:
            _say_last(self.transport, "store-closed")

    def abort(self) -> None:
        """Close at once."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def _next_window(self) -> None:
        """Begin to watch the pace; the timer of the mail before goes on and looks when it ends."""
        self._pace.is_kept()
        self._window_ends = self.loop.time() + self._door.window_s
        if self._watch is None:
            self._watch = self.loop.call_at(self._window_ends, self._end_of_window)

    def _end_of_window(self) -> None:
        self._watch = None
        if not self._in_content:
            return
        if self.loop.time() < self._window_ends:
            self._watch = self.loop.call_at(self._window_ends, self._end_of_window)
        elif self._pace.is_kept():
            self._next_window()
        elif self.transport is not None:
            _say_last(self.transport, "too-slow")


def _room(connections_max: int) -> int:
    """So many connections as this process may have files open besides what it needs itself."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return (
        connections_max
        if files == resource.RLIM_INFINITY
        else min(connections_max, max(files - FILES_KEPT, 1))
    )


def _printable(line: str) -> str:
    return "".join(sign if " " <= sign <= "~" else "?" for sign in line)


def _say_last(transport: Any, slug: str) -> None:
    transport.write(f"{reply(slug)}\r\n".encode("ascii"))
    transport.close()


class Door:
    """All connections of one listener. Made by `serve`."""

    def __init__(self, smtp: SmtpSettings, handler: Handler, tls: ssl.SSLContext | None) -> None:
        self.smtp = smtp
        self.handler = handler
        self.loop = asyncio.get_running_loop()
        self.tls = tls
        self.window_s = smtp.timeout_s / 10
        self.data_timeout_s = max(smtp.timeout_s, smtp.size_max // max(smtp.rate_min_bytes_s, 1))
        self.is_closing = False
        self._places = Places(_room(smtp.connections_max), smtp.connections_per_address_max)
        self._connections: set[Connection] = set()
        self.port = 0
        self._listener: asyncio.Server | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    async def listen(self) -> None:
        """Open the port; `port` is then the one that was really opened. Raises OSError."""
        self._listener = await self.loop.create_server(
            lambda: Connection(self), self.smtp.host, self.smtp.port
        )
        self.port = self._listener.sockets[0].getsockname()[1]

    def enter(self, connection: Connection) -> bool:
        """Whether there is a place for this connection."""
        if self.is_closing or not self._places.take(connection.peer):
            return False
        self._connections.add(connection)
        self._empty.clear()
        return True

    def leave(self, connection: Connection) -> None:
        """The connection is gone."""
        if connection not in self._connections:  # a failed handshake is told twice
            return
        self._connections.discard(connection)
        self._places.leave(connection.peer)
        if not self._connections:
            self._empty.set()

    async def close(self) -> None:
        """Stop listening, finish the commits under way and answer them, say 421 to everybody else."""
        self.is_closing = True
        if self._listener is not None:
            self._listener.close()
        for connection in [one for one in self._connections if not one.is_committing]:
            connection.go_away()
        if self.handler.commits:
            await asyncio.wait(set(self.handler.commits))
        try:
            async with asyncio.timeout(_CLOSING_S):
                await self._empty.wait()
        except TimeoutError:
            for connection in self._connections:
                connection.abort()


async def serve(settings: Settings, intake: Intake, ports: Ports, tls: ssl.SSLContext | None) -> Door:
    """Open the SMTP port and return the door; `Door.close` shuts it. tls: what STARTTLS shows; None: it is
    not offered. Raises OSError if the port is taken.

    aiosmtpd would log whole mails at DEBUG, commands at INFO, and at WARNING the lines of a mail that came
    although DATA was refused: its logger is kept at ERROR.
    """
    logging.getLogger("mail.log").setLevel(logging.ERROR)
    door = Door(settings.smtp, Handler(intake, Addresses(settings.gateway), ports), tls)
    await door.listen()
    ports.tell("gateway.listening", port=door.port)
    return door
