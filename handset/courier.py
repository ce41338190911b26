"""Between the spool and the mail: sales out by SMTP, results and letters in from the mailbox."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate
from typing import Final

from handset import smtp
from handset.mailbox import BATCH_MAX, Incoming, Mailbox, MailboxError
from handset.ports import Ports
from handset.settings import HandsetSettings
from handset.spool import Spool, name_of
from handset.waiting import delays_s, heard
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail.build import build_mail
from schemas.mail.find import find_block
from schemas.mail.read import Mail, Unreadable, read_mail
from schemas.mail.sign_in import NoSecret

LETTER_MAX: Final = 4000
"""Characters of a letter that are shown."""

_BLOCK: Final = re.compile(r"BEGIN HAGAKI (\w+).*?(?:END HAGAKI \1|\Z)", re.IGNORECASE | re.DOTALL)
_SUBJECTS: Final = {"ja": "カード売上", "en": "Card sale"}


def sale_mail(block: str, sender: str, recipient: str, *, date: str = "", language: str = "en") -> bytes:
    """A sale's armour block -> the mail that carries it, in the body and again as an attachment.

    The same block has the same Message-ID for ever. date: RFC 5322, "" leaves the header to the mail server.
    Raises WireError (header-unsafe) for addresses that cannot stand in a header.
    """
    name = name_of(armour.to_text(*armour.find(block, armour.SALE)))
    headers = {
        "From": sender,
        "To": recipient,
        "Subject": f"{_SUBJECTS[language]} {name[:8]}",
        "Message-ID": message_id(name, sender),
        "Date": date,
    }
    attachment = ("sale.txt", "text/plain", block.encode("ascii"))
    return build_mail({key: value for key, value in headers.items() if value}, block, (attachment,))


def message_id(name: str, sender: str) -> str:
    """The Message-ID of the sale of that name (its SHA-256), in angle brackets."""
    return f"<{name[:32]}.sale@{sender.rpartition('@')[2]}>"


class Courier:
    """Carries; the spool says what there is to do. results: called when something waits for the reader."""

    def __init__(
        self, settings: HandsetSettings, spool: Spool, ports: Ports, results: Callable[[], None]
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._ports = ports
        self._results = results
        self._bell = asyncio.Event()
        self._server = smtp.Server(
            host=settings.smtp_host,
            port=settings.smtp_port,
            timeout_ms=settings.timeout_ms,
            user=settings.smtp_user,
            tls=settings.smtp_tls,
            sign_in=settings.smtp_sign_in,
        )

    def wake(self) -> None:
        """There is a new sale: post it without waiting for the next try."""
        self._bell.set()

    async def run_post(self) -> None:
        """Post what waits, for ever. What could not go is tried again, ever less often."""
        waits = self._delays()
        while True:
            self._bell.clear()
            if await self._posted_all():
                waits = self._delays()
                await self._bell.wait()
            else:
                await heard(self._bell, next(waits))

    async def run_fetch(self, mailbox: Mailbox) -> None:
        """Look into the mailbox every poll_ms, for ever; less often while it cannot be read."""
        waits = self._delays()
        while True:
            try:
                self.show_letters()
                await self.fetch(mailbox)
            except (MailboxError, OSError) as error:
                self._ports.tell("handset.trouble", reason=str(error))
                await asyncio.sleep(next(waits))
            else:
                waits = self._delays()
                await asyncio.sleep(self._settings.poll_ms / 1000)

    async def post(self) -> bool:
        """Try each waiting sale once. True when none is left to try. Raises OSError (disk)."""
        outcomes = [await self._post_one(name) for name in self._spool.sales.names()]
        return not any(isinstance(outcome, smtp.Later) for outcome in outcomes)

    async def fetch(self, mailbox: Mailbox) -> None:
        """Take all that waits in the mailbox; each mail is marked there only once it is durable here.

        Raises MailboxError, OSError.
        """
        while True:
            batch = await mailbox.waiting()
            for incoming in batch:
                self._take(incoming)
                await mailbox.mark(incoming)
            if len(batch) < BATCH_MAX:
                return

    async def _post_one(self, name: str) -> smtp.Sent | smtp.Refused | smtp.Later:
        identifier = message_id(name, self._settings.mail_from)
        outcome = await self._send(name)
        match outcome:
            case smtp.Sent():
                self._spool.mark_posted(name)
                self._ports.tell("handset.posted", message_id=identifier)
            case smtp.Refused(reason):
                self._spool.mark_refused(name)
                self._ports.tell("handset.refused", message_id=identifier, reason=reason)
            case smtp.Later(reason):
                self._ports.tell("handset.waiting", message_id=identifier, reason=reason)
        return outcome

    async def _send(self, name: str) -> smtp.Sent | smtp.Refused | smtp.Later:
        try:
            mail = self._spool.mail_of(name) or self._new_mail(name)
        except WireError as error:
            return smtp.Refused(str(error))
        try:
            secret = await self._settings.smtp_account.secret(self._ports.ask)
        except NoSecret as error:
            return smtp.Later(str(error))
        server = replace(self._server, password=secret)
        return await smtp.send(server, self._settings.mail_from, self._settings.mail_to, mail)

    def _new_mail(self, name: str) -> bytes:
        """Made once and kept: after an uncertain end the identical bytes must go again."""
        block = armour.block(*armour.from_text(self._spool.sales.read(name).decode()))
        mail = sale_mail(
            block,
            self._settings.mail_from,
            self._settings.mail_to,
            date=formatdate(self._ports.now_ms() // 1000),
            language=self._settings.language,
        )
        self._spool.posting.write(name, mail)
        return mail

    def _take(self, incoming: Incoming) -> None:
        mail = read_mail(incoming.raw)
        if isinstance(mail, Unreadable):
            self._ports.tell("handset.unreadable", mail=incoming.name, slug=mail.slug)
            return
        try:
            result = armour.to_text(*find_block(mail, armour.RESULT))
        except WireError as error:
            if error.slug != "armour-missing":
                self._ports.tell("handset.unreadable", mail=incoming.name, slug=error.slug)
        else:
            self._spool.put_result(result)
            self._results()
        self._spool.put_letter(_letter(mail))
        self._ports.tell("handset.fetched", message_id=mail.message_id)
        self.show_letters()

    def show_letters(self) -> None:
        """Show each letter that was not shown yet."""
        for name in self._spool.letters.names():
            self._ports.tell("handset.letter", text=self._spool.letters.read(name).decode())
            self._spool.letters.move(name, self._spool.shown)

    async def _posted_all(self) -> bool:
        try:
            return await self.post()
        except OSError as error:
            self._ports.tell("handset.trouble", reason=str(error))
            return False

    def _delays(self) -> Iterator[float]:
        return delays_s(self._settings.retry_first_ms, self._settings.retry_max_ms)


def _letter(mail: Mail) -> str:
    """What a person reads of a mail: its subject and text, without a sealed block."""
    text = _BLOCK.sub("", mail.texts[0][: 4 * LETTER_MAX]) if mail.texts else ""
    return f"{mail.subject}\n{text.strip()}".strip()[:LETTER_MAX]
