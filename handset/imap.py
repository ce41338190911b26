"""A mailbox on an IMAP server (RFC 9051, RFC 3501), by polling, through aioimaplib.

aioimaplib never notices that a connection is lost while a command waits, and dies of about a thousand lines
of response at once. So each command has a deadline after which the connection is thrown away, and mails come
one by one. It is GPL-3.0-only and therefore an extra: it is imported only here, when it is asked for.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from handset.errors import HandsetError
from handset.mailbox import BATCH_MAX, MAIL_MAX, Incoming, MailboxError
from handset.spool import Spool
from schemas.mail import imap
from schemas.mail.sign_in import XOAUTH2, Ask, NoSecret, SignIn


@dataclass(frozen=True, slots=True)
class Account:
    """Where the mailbox is and who reads it."""

    host: str
    port: int
    sign_in: SignIn
    folder: str

    def bookmark(self) -> str:
        """The name of this mailbox's bookmark in the spool."""
        place = f"{self.host}:{self.port}:{self.sign_in.user}:{self.folder}"
        return hashlib.sha256(place.encode()).hexdigest()


class Imap:
    """One folder of one account. How far it is read is kept in the spool as (UIDVALIDITY, UID), because other
    mail programs of the merchant set and clear \\Seen as they like. ask: runs a command for a secret."""

    def __init__(self, account: Account, spool: Spool, ask: Ask, *, timeout_ms: int, tls: bool) -> None:
        self._library = _library()
        self._account = account
        self._spool = spool
        self._ask = ask
        self._secret = ""
        self._timeout_s = timeout_ms / 1000
        self._tls = tls
        self._client: Any = None
        self._validity = 0

    async def waiting(self) -> list[Incoming]:
        """The mails after the bookmark. In a mailbox never read before it begins at the first unread mail."""
        selected = await self._select()
        self._validity = imap.number("UIDVALIDITY", selected) or 1
        read_to = self._read_to()
        if read_to is None:
            unread = await self._search("UNSEEN")
            read_to = (unread[0] if unread else imap.number("UIDNEXT", selected) or 1) - 1
            self._remember(read_to)
        uids = await self._search(f"UID {read_to + 1}:* SMALLER {MAIL_MAX}")
        # n:* always answers the last mail, even one before n
        after = [uid for uid in uids if uid > read_to]
        return [Incoming(str(uid), await self._fetch(uid)) for uid in after[:BATCH_MAX]]

    async def mark(self, incoming: Incoming) -> None:
        """Move the bookmark, then set \\Seen for the merchant's eyes."""
        self._remember(int(incoming.name))
        await self._command("uid", "STORE", incoming.name, "+FLAGS.SILENT", r"(\Seen)")

    def close(self) -> None:
        """Throw the connection away."""
        client, self._client = self._client, None
        if client is None:
            return
        for task in client.protocol.tasks:
            task.cancel()
        if client.protocol.transport is not None:
            client.protocol.transport.close()

    def _read_to(self) -> int | None:
        validity, _, uid = self._spool.mark(self._account.bookmark()).partition(" ")
        return int(uid) if validity == str(self._validity) else None

    def _remember(self, uid: int) -> None:
        self._spool.set_mark(self._account.bookmark(), f"{self._validity} {uid}")

    async def _select(self) -> list[bytes]:
        """Select the folder, connecting first if need be: this also makes the server tell what is new."""
        if self._client is None:
            await self._connect()
        return await self._command("select", imap.quoted(self._account.folder))

    async def _connect(self) -> None:
        own = self._account.sign_in
        try:
            self._secret = await own.secret(self._ask)
        except NoSecret as error:
            raise self._failed(str(error)) from None
        kind = self._library.IMAP4_SSL if self._tls else self._library.IMAP4
        # the deadline is ours; the library's own only must not come before it
        self._client = kind(self._account.host, self._account.port, timeout=2 * self._timeout_s)
        self._client.protocol.data_received = _guarded(self._client.protocol)
        await self._bounded(self._client.wait_hello_from_server())
        if own.way == XOAUTH2:
            await self._command("xoauth2", own.user, self._secret)
        else:
            await self._command("login", imap.quoted(own.user), self._secret)

    async def _search(self, criteria: str) -> list[int]:
        return imap.found_uids(await self._command("uid_search", criteria, charset=None))

    async def _fetch(self, uid: int) -> bytes:
        content = imap.content(await self._command("uid", "FETCH", str(uid), "(BODY.PEEK[])"))
        if content is None:
            raise self._failed(f"the server gave no text for mail {uid}")
        return content

    async def _command(self, method: str, *args: str, **options: str | None) -> list[bytes]:
        response = await self._bounded(getattr(self._client, method)(*args, **options))
        if response.result != "OK":
            said = imap.said(response.lines, self._account.sign_in.user, self._secret) or response.result
            raise self._failed(f"the server answered {method}: {said}")
        return list(response.lines)

    async def _bounded(self, work: Coroutine[Any, Any, Any]) -> Any:
        """A deadline that holds: a cancelled aioimaplib command may wait for a lock which its greeting keeps
        until the connection is thrown away, so it runs in a task that can be left behind."""
        task = asyncio.ensure_future(work)
        try:
            await asyncio.wait({task}, timeout=self._timeout_s)
            if not task.done():
                raise self._failed("the server does not answer")
            return task.result()
        except (OSError, ValueError, self._library.AioImapException) as error:
            raise self._failed(str(error) or type(error).__name__) from None
        finally:
            if not task.done():
                self.close()
                task.add_done_callback(_forget)
                task.cancel()

    def _failed(self, why: str) -> MailboxError:
        self.close()
        return MailboxError(f"{self._account.host}: {why}")


def _guarded(protocol: Any) -> Callable[[bytes], None]:
    """What the library cannot take ends the connection. Its own error would be logged, and may have the
    command in it, and so the password. Nor does it answer a server that does not take a token."""
    feed, its_own = protocol.data_received, _library().AioImapException

    def received(data: bytes) -> None:
        asked = imap.challenges(protocol.pending_sync_command)
        try:
            feed(data)
        except (ValueError, LookupError, TypeError, AttributeError, RuntimeError, its_own):
            protocol.transport.abort()
        if imap.challenges(protocol.pending_sync_command) > asked:
            protocol.transport.write(b"\r\n")
        for task in protocol.tasks:  # the greeting: one that turns us away is told as the end it is
            task.add_done_callback(_forget)

    return received


def _forget(task: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more; an error in it is no news."""
    if not task.cancelled():
        task.exception()


def _library() -> Any:
    """aioimaplib, which logs commands and mails below ERROR: kept there. Raises HandsetError imap-missing."""
    try:
        import aioimaplib
    except ImportError:
        raise HandsetError(
            "imap-missing",
            "reading by IMAP needs the extra 'imap': pip install 'hagaki[imap]' (GPL-3.0-only)",
        ) from None
    logging.getLogger("aioimaplib").setLevel(logging.ERROR)
    return aioimaplib
