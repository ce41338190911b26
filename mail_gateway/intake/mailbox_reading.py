"""Fetches mail from a mailbox for as long as the gateway runs: connects, does the steps, connects again."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import GatewayError
from mail_gateway.intake.mailbox import (
    Delays,
    Fate,
    Look,
    MailboxError,
    Move,
    Step,
    Take,
    Taken,
    Trouble,
    Wait,
    Weigh,
    pause_s,
    rounds,
)
from mail_gateway.store import mailboxes

if TYPE_CHECKING:
    from mail_gateway.intake.accept import Store
    from mail_gateway.intake.mailbox_mail import Slot
    from mail_gateway.ports import Line, Ports
    from mail_gateway.settings import Settings


class Reading:
    """Of one mailbox. line: the folder; slot: where its mails are handed over."""

    def __init__(self, settings: Settings, line: Line, slot: Slot, store: Store, ports: Ports) -> None:
        own = settings.imap
        self._line = line
        self._slot = slot
        self._store = store
        self._ports = ports
        self._folders = {Fate.DONE: own.done, Fate.REFUSED: own.refused}
        self._size_max = settings.smtp.size_max
        self._poll_ms = own.poll_s * 1000
        self._delays = Delays(ports.now_ms)
        self._failures = 0
        self._state: str | None = None
        self._kept: str | None = None
        self._since_ms = 0
        self.name = own.name
        self._mark = hashlib.sha256(self.name.encode()).hexdigest()[:16]
        self._validity = 0

    async def run(self) -> None:
        """Until cancelled. What is under way is found again in the mailbox."""
        try:
            while True:
                trouble = await self._connected()
                self._failures += 1
                await asyncio.sleep(pause_s(trouble, self._failures))
        finally:
            self._line.close()

    async def _connected(self) -> Trouble:
        """One connection, as long as it holds; -> why it ended."""
        try:
            await self._line.open()
            if self._line.validity != self._validity:
                self._validity = self._line.validity
                self._delays.forget()
            await self._rounds()
        except MailboxError as error:
            await self._note(error.trouble, str(error))
            return error.trouble
        except Exception as error:  # noqa: BLE001 - whatever a server makes of its library, the gateway lives
            await self._note(Trouble.DOWN, type(error).__name__)
        finally:
            self._line.close()
        return Trouble.DOWN

    async def _rounds(self) -> None:
        steps = rounds(self._delays, self._size_max, self._poll_ms)
        answer: Any = None
        while True:
            answer = await self._done(steps.send(answer))

    async def _done(self, step: Step) -> Any:
        match step:
            case Look():
                return await self._line.look()
            case Weigh(uids):
                return await self._line.weigh(uids)
            case Take(uid):
                return await self._take(uid)
            case Move(taken, fate):
                await self._line.move(taken, self._folders[fate])
                self._tell_moved(step)
                await self._well()
                self._failures = 0
            case Wait(wait_ms, is_watching):
                await self._well()
                await self._line.wait(wait_ms, is_watching=is_watching)
                self._failures = 0  # not before: a server that ends each wait is not asked every second
        return None

    async def _take(self, uid: int) -> Taken:
        if self._delays.is_stuck(uid):
            self._ports.tell("alarm.mailbox", slug="mailbox-stuck", mailbox=self.name, uid=uid)
        raw = await self._line.fetch(uid)
        if raw is None:
            return Taken(Fate.LATER)
        return await self._slot.take(raw, f"{self._mark}:{self._validity}:{uid}")

    def _tell_moved(self, step: Move) -> None:
        if step.fate is Fate.REFUSED:
            for uid, one in step.taken.items():
                self._ports.tell("mailbox.refused", uid=uid, slug=one.slug)

    async def _well(self) -> None:
        """It can be read, and what was taken can be moved: said once, as its failing is."""
        is_new = self._state != ""
        await self._keep("")
        if is_new:
            self._ports.tell("mailbox.connected", mailbox=self.name)

    async def _note(self, trouble: Trouble, text: str) -> None:
        """A connection that ends is none: servers end them. One that cannot be had again is."""
        if self._failures > 0 or trouble is not Trouble.DOWN:
            is_new = self._state != trouble
            await self._keep(trouble.value)
            if is_new:
                self._ports.tell("alarm.mailbox", slug=trouble.value, mailbox=self.name, error=text)

    async def _keep(self, slug: str) -> None:
        """For the doctor; tried again until the disk has it, which is said once."""
        is_new = self._state != slug
        if is_new:
            self._state, self._since_ms = slug, self._ports.now_ms()
        elif self._kept == slug:
            return
        try:
            await self._store.run(mailboxes.note, self.name, self._since_ms, slug)
            self._kept = slug
        except Exception as error:  # noqa: BLE001 - the mailbox is as it is, noted or not
            why = error.slug if isinstance(error, GatewayError) else "internal"
            if is_new:
                self._ports.tell("alarm.mailbox", slug=why, mailbox=self.name, error=type(error).__name__)
