"""The carrier's front door: SMTP in (RFC 5321) through aiosmtpd, on the running loop."""

from __future__ import annotations

import asyncio
from typing import Any, Final, Protocol

from aiosmtpd.smtp import SMTP, Envelope, Session

from schemas.errors import WireError
from schemas.mail.headers import address as checked_address

CONNECTIONS_MAX: Final = 200
RECIPIENTS_MAX: Final = 100


class Door(Protocol):
    """Who decides about mail at the door. Both answer with an SMTP reply line."""

    def may_come(self, recipient: str) -> str:
        """For RCPT."""

    def take(self, sender: str, recipients: list[str], mail: bytes, peer: str) -> str:
        """For the dot after DATA; 250 only if it is durable. Raises OSError."""


class Server:
    """The listening socket and its connections."""

    def __init__(self, door: Door, hostname: str, size_max: int) -> None:
        self._handler = _Handler(door)
        self._hostname = hostname
        self._size_max = size_max
        self._open: set[asyncio.BaseTransport] = set()

    async def listen(self, host: str, port: int) -> int:
        """Begin to take connections -> the port in use. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, host, port)
        return int(self._listener.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop listening and hang up; a mail without its 250 comes again."""
        self._listener.close()
        for transport in list(self._open):
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    def _connection(self) -> asyncio.BaseProtocol:
        if len(self._open) >= CONNECTIONS_MAX:
            return _Full()
        return _Connection(
            self._handler,
            self._open,
            hostname=self._hostname,
            data_size_limit=self._size_max,
            ident="Hagaki carrier",
        )


class _Connection(SMTP):
    """aiosmtpd's session, known to the server while it lasts."""

    line_length_limit = 65_536

    def __init__(self, handler: object, known: set[asyncio.BaseTransport], **options: Any) -> None:
        super().__init__(handler, loop=asyncio.get_running_loop(), **options)
        self._known = known

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._known.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._known.discard(self.transport)
        super().connection_lost(error)


class _Full(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(b"421 4.3.2 too many connections, come again\r\n")
            transport.close()


class _Handler:
    """aiosmtpd's hooks. Storing is synchronous, so a peer that hangs up cannot stop it half way."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address not in ("", "<>") and not _is_address(address):
            return "553 5.1.7 not an address"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not _is_address(address):
            return "553 5.1.3 not an address"
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return "452 4.5.3 too many recipients"
        reply = self._door.may_come(address)
        if reply.startswith("250"):
            envelope.rcpt_tos.append(address)
        return reply

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = envelope.original_content or b""
        # aiosmtpd writes the null sender as two brackets
        sender = "" if envelope.mail_from == "<>" else str(envelope.mail_from)
        try:
            return self._door.take(sender, envelope.rcpt_tos, mail, _host(session))
        except OSError:
            return "452 4.3.1 no room to keep it, come again"

    async def handle_exception(self, _error: Exception) -> str:
        return "451 4.3.0 trouble here, come again"


def _host(session: Session) -> str:
    """The address of the peer, for the trace line."""
    return str(session.peer[0]) if session.peer else "unknown"


def _is_address(text: str) -> bool:
    try:
        checked_address(text)
    except WireError:
        return False
    return True
