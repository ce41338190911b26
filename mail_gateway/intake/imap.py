"""One folder on an IMAP server (RFC 3501), through aioimaplib: carries out what mailbox.py decides.

aioimaplib never notices that a connection is lost while a command waits, and dies of about a thousand lines
of response at once. So each command has a deadline and hears of the loss itself, and answers are kept short.
It is GPL-3.0-only and therefore an extra: it is imported only here, when a mailbox is named.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.intake.mailbox import MailboxError, Trouble
from schemas.mail import imap
from schemas.mail.sign_in import XOAUTH2, NoSecret, no_command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator

    from mail_gateway.settings import ImapSettings, SmtpSettings
    from schemas.mail.sign_in import Ask


class Folder:
    """One connection at a time. ask: runs the command that says the secret. validity: the server's
    UIDVALIDITY. Everything raises MailboxError, after which `open` begins anew."""

    def __init__(self, settings: ImapSettings, ask: Ask = no_command) -> None:
        self._library = library()
        self._settings = settings
        self._ask = ask
        self._secret = ""
        self._context = _context(settings) if settings.tls else None
        self._client: Any = None
        self._gone: asyncio.Future[None] | None = None
        self.validity = 0

    async def open(self) -> None:
        """Connect, sign in, make the folders that are not there, and select the one that is read."""
        own = self._settings
        try:
            self._secret = await own.account.secret(self._ask)
        except NoSecret as error:
            raise MailboxError(Trouble.SECRET, error.sentence) from None
        kind = self._library.IMAP4 if self._context is None else self._library.IMAP4_SSL
        self._gone = asyncio.get_running_loop().create_future()
        # the deadline is ours; the library's own only must not come before it
        client = kind(own.host, own.port, timeout=2 * own.timeout_s, ssl_context=self._context)
        client.protocol.conn_lost_cb = self._lost
        client.protocol.data_received = self._guarded(client.protocol)
        self._client = client
        await self._bounded(client.wait_hello_from_server())
        await self._sign_in()
        await self._bounded(client.protocol.capability())  # most servers say all they can only now
        for folder in (own.done, own.refused):
            await self._bounded(client.create(imap.quoted(folder)))  # a no: it is there, or moving will tell
            await self._bounded(client.subscribe(imap.quoted(folder)))  # mail programs show it to a person
        selected = await self._command(Trouble.FOLDER, "select", imap.quoted(own.folder))
        validity = imap.number("UIDVALIDITY", selected)
        if validity is None:  # RFC 3501: its numbers are good for this connection only
            raise MailboxError(Trouble.FOLDER, f"select {own.folder}: no UIDVALIDITY")
        self.validity = validity

    async def look(self) -> list[int]:
        """The UIDs of what lies there and is not marked as deleted, rising."""
        return imap.found_uids(await self._command(Trouble.FOLDER, "uid_search", "UNDELETED", charset=None))

    async def weigh(self, uids: Iterable[int]) -> dict[int, int]:
        """UID -> bytes."""
        with _others_beside():
            return imap.sizes(await self._uid("FETCH", uids, "(RFC822.SIZE)"))
        return {}

    async def fetch(self, uid: int) -> bytes | None:
        """The mail as it lies there, not marked as seen; None: it is gone, or the server cannot read it."""
        answer = await self._bounded(self._client.uid("FETCH", str(uid), "(BODY.PEEK[])"))
        return imap.content(answer.lines)

    async def move(self, uids: Iterable[int], folder: str) -> None:
        """RFC 6851 where the server has it; else copied and marked as deleted, and of those only ours are
        expunged (RFC 4315), where that can be."""
        moved = tuple(uids)
        with _others_beside():
            if self._client.has_capability("MOVE"):
                await self._uid("MOVE", moved, imap.quoted(folder))
                return
            await self._uid("COPY", moved, imap.quoted(folder))
            await self._uid("STORE", moved, "+FLAGS.SILENT", r"(\Deleted)")
            if self._client.has_capability("UIDPLUS"):
                await self._uid("EXPUNGE", moved)

    async def wait(self, wait_ms: int, *, is_watching: bool) -> None:
        """So long; watching: until the server tells of something, if it can (RFC 2177)."""
        if not is_watching or not self._client.has_capability("IDLE"):
            await self._until(asyncio.Event().wait(), wait_ms / 1000)
            return
        self._client.protocol.idle_queue = asyncio.Queue()  # what it told before has been looked at
        idle = await self._bounded(self._client.idle_start(timeout=self._settings.timeout_s + wait_ms / 1000))
        await self._until(self._client.wait_server_push(timeout=None), wait_ms / 1000)
        self._client.idle_done()
        await self._bounded(idle)

    def close(self) -> None:
        """Throw the connection away."""
        client, self._client = self._client, None
        if client is None:
            return
        client.protocol.conn_lost_cb = None
        for task in (*client.tasks, *client.protocol.tasks):
            task.add_done_callback(_forget)
            task.cancel()
        if client.protocol.transport is not None:
            client.protocol.transport.abort()

    async def _sign_in(self) -> None:
        own, client = self._settings, self._client
        if own.sign_in == XOAUTH2:
            answer = await self._bounded(client.xoauth2(own.user, self._secret))
        else:
            answer = await self._bounded(client.login(imap.quoted(own.user), self._secret))
        if answer.result != "OK":
            said = self._said(answer)
            trouble = Trouble.DOWN if "[UNAVAILABLE]" in said else Trouble.LOGIN  # RFC 5530
            raise MailboxError(trouble, said)

    async def _uid(self, command: str, uids: Iterable[int], *args: str) -> list[bytes]:
        return await self._command(Trouble.FOLDER, "uid", command, ",".join(map(str, uids)), *args)

    async def _command(self, trouble: Trouble, method: str, *args: str, **options: str | None) -> list[bytes]:
        answer = await self._bounded(getattr(self._client, method)(*args, **options))
        if answer.result != "OK":
            raise MailboxError(trouble, f"{method} {args[0]}: {self._said(answer)}")
        return list(answer.lines)

    def _said(self, answer: Any) -> str:
        return imap.said(answer.lines, self._settings.user, self._secret) or str(answer.result)

    async def _bounded(self, work: Awaitable[Any]) -> Any:
        done, result = await self._until(work, self._settings.timeout_s)
        if not done:
            raise MailboxError(Trouble.DOWN, "the server does not answer")
        return result

    async def _until(self, work: Awaitable[Any], limit_s: float) -> tuple[bool, Any]:
        """-> whether it ended in time, and with what. A cancelled command of the library may wait for a lock
        that is kept until the connection is thrown away, so it runs in a task that can be left behind."""
        assert self._gone is not None
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task, self._gone}, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
            if self._gone.done():
                raise MailboxError(Trouble.DOWN, "the server has closed the connection")
            return task.done(), task.result() if task.done() else None
        except (OSError, ValueError, self._library.AioImapException) as error:
            raise MailboxError(Trouble.DOWN, str(error) or type(error).__name__) from None
        finally:
            if not task.done():
                task.cancel()
            task.add_done_callback(_forget)

    def _guarded(self, protocol: Any) -> Callable[[bytes], None]:
        """What the library cannot take ends the connection. Its own error would be logged, and may have the
        command in it, and so the password. Nor does it answer a server that does not take a token."""
        feed = protocol.data_received

        def received(data: bytes) -> None:
            asked = imap.challenges(protocol.pending_sync_command)
            try:
                feed(data)
            except Exception:  # noqa: BLE001 - whatever a server says
                protocol.transport.abort()
                self._lost(None)
            if imap.challenges(protocol.pending_sync_command) > asked:
                protocol.transport.write(b"\r\n")
            for task in protocol.tasks:  # the greeting: one that turns us away is told as the end it is
                task.add_done_callback(_forget)

        return received

    def _lost(self, _error: Exception | None) -> None:
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)


@contextmanager
def _others_beside() -> Iterator[None]:
    """Another node has moved some of these meanwhile (RFC 5530): what still lies there is tried again."""
    try:
        yield
    except MailboxError as error:
        if "[EXPUNGEISSUED]" not in str(error):
            raise


def _forget(task: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more; an error in it is no news."""
    if not task.cancelled():
        task.exception()


def assert_way_in(smtp: SmtpSettings, own: ImapSettings) -> None:
    """Raises GatewayError: no mail could come in, or the mailbox cannot be read with what is installed."""
    if own.host:
        Folder(own)
    elif not smtp.listen:
        sentence = "No mail can come in: set [smtp] listen = true, or [imap] host."
        raise GatewayError(sentence, "mail-no-way-in", Disposition.REFUSE)


def _context(own: ImapSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer to a server that proves its name. Raises GatewayError."""
    try:
        made = ssl.create_default_context(cafile=own.tls_ca or None)
    except (OSError, ValueError) as error:  # an SSLError is an OSError
        sentence = "The authorities of [imap] tls_ca cannot be used."
        raise GatewayError(sentence, "tls-certificate", Disposition.REFUSE, str(error)) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made


def library() -> Any:
    """aioimaplib, which logs commands and mails below ERROR: kept there. Raises GatewayError imap-missing."""
    try:
        import aioimaplib
    except ImportError:
        sentence = "Fetching by IMAP needs the extra 'imap': pip install 'hagaki[imap]' (GPL-3.0-only)."
        raise GatewayError(sentence, "imap-missing", Disposition.REFUSE) from None
    logging.getLogger("aioimaplib").setLevel(logging.ERROR)
    return aioimaplib
