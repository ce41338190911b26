"""A provider's mailbox that the gateway reads: what lies in it outlives every gateway, and its server has bad
days."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.people import message_id_of
from hagaki.simulation.ways_in import Heads
from mail_gateway.intake.mailbox import MailboxError, Trouble
from mail_gateway.settings import ImapSettings

if TYPE_CHECKING:
    from hagaki.simulation.carrier import Luck, Mail
    from hagaki.simulation.history import History
    from hagaki.simulation.ways_in import Kind

ACCOUNT: Final = "hagaki@provider.example"
SETTINGS: Final = ImapSettings("imap.provider.example", user=ACCOUNT, password="of the simulated mailbox")
COMMON: Final = (5, 15, 40)
"""Of so many commands in a hundred a fault strikes one, by the seed."""

Place = tuple[int, int]
"""How often the numbers began anew before, and the number."""


@dataclass(eq=False, slots=True)
class Lying:
    """One mail in the folder. is_marked: as deleted."""

    mail: Mail
    raw: bytes
    is_marked: bool = False


class Provider:
    """The folder and its server. luck: of its commands.

    away: why nobody gets in now, None: everybody does. done, refused: mails that went there. fetched, moved:
    the places at which mails were read, and from which they went to the done; with their Message-IDs.
    """

    def __init__(self, kind: Kind, luck: Luck, history: History) -> None:
        self.kind = kind
        self.luck = luck
        self.away: Trouble | None = None
        self.validity = 1
        self.done: list[Mail] = []
        self.refused: list[Mail] = []
        self.fetched: dict[Place, str] = {}
        self.moved: dict[Place, str] = {}
        self._history = history
        self._lying: dict[int, Lying] = {}
        self._next = 1
        self._times = 0
        self._connections = self._dropped = 0
        self._watching: set[asyncio.Event] = set()
        self._waits = 0

    def put(self, mail: Mail) -> None:
        """One mail more; twice, where the server thinks so."""
        raw = _headed(self.kind.heads, mail)
        for _ in range(1 + self.luck.strikes(Fault.MAILBOX_TWICE)):
            self._add(Lying(mail, raw))
        self._note("mailbox.delivered", recipient=mail.recipient, size=len(raw))
        self._wake()

    def number_anew(self) -> None:
        """Every mail gets another number, and the connections end. A kind that counts again tells nobody."""
        lying, self._lying = self._lying, {}
        self._times += 1
        self._next = 1
        if not self.kind.counts_again:
            self.validity += 1
        for one in lying.values():
            self._add(one)
        self._note("mailbox.anew", lying=len(lying))
        self.drop()

    def drop(self) -> None:
        """Every connection ends."""
        self._dropped = self._connections
        self._wake()

    def calm(self) -> None:
        """No more faults."""
        self.luck.is_calm = True
        self.away = None

    def is_read_out(self) -> bool:
        """Nothing is left to fetch, and somebody waits for what comes next."""
        return not self.left() and self._waits > 0

    def left(self) -> list[Mail]:
        """What still lies there to be fetched."""
        return [one.mail for one in self._lying.values() if not one.is_marked]

    def connect(self) -> int:
        """-> the connection's own number. Raises MailboxError."""
        if self.away is not None:
            raise MailboxError(self.away, "not today")
        self._connections += 1
        return self._connections

    def holds(self, connection: int) -> bool:
        """Whether the server still has that connection."""
        return connection > self._dropped

    def carry_out(self, connection: int, command: Callable[[], Any], answered: asyncio.Future[Any]) -> None:
        """A command has come to the server; whether anybody still waits for its answer is not its affair."""
        answer = command() if self.holds(connection) else None
        if not answered.done():
            answered.set_result(answer)

    async def watch(self, wait_ms: int, connection: int, *, is_watching: bool) -> None:
        """So long, or until the connection ends; watching: until something comes, if the server can tell."""
        news = asyncio.Event()
        self._watching.add(news)
        self._waits += 1
        try:
            async with asyncio.timeout(wait_ms / 1000):
                await self._until(news, connection, is_told=is_watching and self.kind.idles)
        except TimeoutError:
            return
        finally:
            self._waits -= 1
            self._watching.discard(news)

    async def _until(self, news: asyncio.Event, connection: int, *, is_told: bool) -> None:
        while self.holds(connection):
            await news.wait()
            news.clear()
            if is_told:
                return

    def look(self) -> list[int]:
        """Numbers of what is not marked as deleted."""
        return [uid for uid, one in self._lying.items() if not one.is_marked]

    def weigh(self, uids: tuple[int, ...]) -> dict[int, int]:
        """Number -> bytes; of those that are there."""
        return {uid: len(self._lying[uid].raw) for uid in uids if uid in self._lying}

    def fetch(self, uid: int) -> bytes | None:
        """The mail; None: it is gone."""
        one = self._lying.get(uid)
        if one is None:
            return None
        self.fetched[self._times, uid] = message_id_of(one.mail.raw)
        return one.raw

    def moving(self, uids: tuple[int, ...], folder: str) -> Iterator[Callable[[], None]]:
        """The commands that move these, each to be carried out after the one before."""
        if self.kind.moves:
            yield partial(self._move, uids, folder)
            return
        yield partial(self._copy, uids, folder)
        yield partial(self._mark, uids)
        if self.kind.expunges:
            yield partial(self._remove, uids)

    def _move(self, uids: tuple[int, ...], folder: str) -> None:
        """Each for itself: a server that goes down meanwhile has moved some."""
        for uid in uids:
            if self.luck.strikes(Fault.MAILBOX_CUT):
                self.drop()
                return
            self._copy((uid,), folder)
            self._remove((uid,))

    def _copy(self, uids: tuple[int, ...], folder: str) -> None:
        for uid in uids:
            one = self._lying.get(uid)
            if one is not None:
                name = message_id_of(one.mail.raw)
                self._note("mailbox.moved", folder=folder, uid=uid, message=name)
                if folder == SETTINGS.done:
                    self.moved[self._times, uid] = name
                    self.done.append(one.mail)
                else:
                    self.refused.append(one.mail)

    def _mark(self, uids: tuple[int, ...]) -> None:
        for uid in uids:
            if uid in self._lying:
                self._lying[uid].is_marked = True

    def _remove(self, uids: tuple[int, ...]) -> None:
        """Some servers show it once more, under the number that it had or under another one."""
        for uid in uids:
            if uid in self._lying and self.luck.strikes(Fault.MAILBOX_TWICE):
                self._lying[uid].is_marked = False
                if self.luck.strikes(Fault.MAILBOX_TWICE):
                    self._add(self._lying.pop(uid))
            else:
                self._lying.pop(uid, None)

    def _add(self, one: Lying) -> None:
        self._lying[self._next] = one
        self._next += 1

    def _wake(self) -> None:
        for news in tuple(self._watching):
            news.set()

    def _note(self, verb: str, **facts: Any) -> None:
        self._history.note("provider", verb, **facts)


def _headed(heads: Heads, mail: Mail) -> bytes:
    """As the server delivers it."""
    path, recipient, account = f"Return-Path: <{mail.sender}>", mail.recipient, ACCOUNT
    lines = {
        Heads.RECIPIENT: (path, f"Delivered-To: {recipient}"),
        Heads.ORIGINAL: (path, f"X-Original-To: {recipient}", f"Delivered-To: {account}"),
        Heads.ACCOUNT: (path, f"Delivered-To: {account}"),
        Heads.NOTHING: (),
    }
    received = "Received: from carrier.example by provider.example"
    return "\r\n".join((*lines[heads], received, "")).encode() + mail.raw
