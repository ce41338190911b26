"""How people use mail: they read our letters in their box, and send until somebody has taken it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from hagaki.simulation.loop import START_MS
from hagaki.simulation.smtp import Answer
from schemas.mail.build import build_mail
from schemas.mail.read import Mail, read_mail

if TYPE_CHECKING:
    import random

    from hagaki.simulation.carrier import Box, Carrier

LOOK_S: Final = 20
_AGAIN_S: Final = (20, 90)
_TRIES: Final = 40
_REPLY_TO: Final = re.compile(rb"^reply-to:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_MESSAGE_ID: Final = re.compile(rb"^message-id:\s*<([^>]+)>", re.IGNORECASE | re.MULTILINE)
_CODE: Final = re.compile(r"(?:code|コード) ([A-Z]{5})\b")


@dataclass(frozen=True, slots=True)
class Letter:
    """One of our letters as its reader has it. kind: as its Message-ID says; reply_to: where it is answered;
    code: of the order, or empty. raw: the mail."""

    kind: str
    message_id: str
    subject: str
    text: str
    reply_to: str
    code: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """One mail to be sent. robot: it says that a program wrote it."""

    sender: str
    to: str
    subject: str
    text: str = field(repr=False)
    in_reply_to: str = ""
    robot: bool = False


class Reader:
    """Reads a box, each mail once."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._read = 0
        self.letters: list[Letter] = []

    def look(self) -> list[Letter]:
        """All letters that came so far."""
        for incoming in self._box.all[self._read :]:
            letter = letter_of(incoming.raw)
            if letter is not None:
                self.letters.append(letter)
        self._read = len(self._box.all)
        return self.letters

    async def wait(self, kind: str, words: str, within_s: float = 1e9) -> Letter | None:
        """The first letter of that kind with those words in it; None: it did not come in time."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + within_s
        while loop.time() < end_s:
            for letter in self.look():
                if letter.kind == kind and words in letter.text:
                    return letter
            await asyncio.sleep(LOOK_S)
        return None


class Writer:
    """Sends through the carrier. name: of the mails' Message-IDs."""

    def __init__(self, carrier: Carrier, dice: random.Random, name: str) -> None:
        self._carrier = carrier
        self._dice = dice
        self._name = name
        self._count = 0

    async def send(self, draft: Draft) -> str:
        """As a mail program does: the same mail again until it was taken; -> its Message-ID."""
        self._count += 1
        message_id = f"{self._name}.{self._count}@home.example"
        raw = build_mail(_headers(draft, message_id, asyncio.get_running_loop().time()), draft.text)
        for _ in range(_TRIES):
            if self._carrier.take(draft.sender, [draft.to], raw) is Answer.TAKEN:
                break
            await asyncio.sleep(self._dice.uniform(*_AGAIN_S))
        return message_id


def message_id_of(raw: bytes) -> str:
    """Of any mail, without its brackets; empty where it has none."""
    found = _MESSAGE_ID.search(raw)
    return found.group(1).decode("ascii") if found else ""


def _headers(draft: Draft, message_id: str, at_s: float) -> dict[str, str]:
    date = datetime.fromtimestamp(START_MS // 1000 + int(at_s), UTC)
    headers = {
        "From": draft.sender,
        "To": draft.to,
        "Subject": draft.subject,
        "Date": format_datetime(date),
        "Message-ID": f"<{message_id}>",
    }
    if draft.in_reply_to:
        headers["In-Reply-To"] = f"<{draft.in_reply_to}>"
    if draft.robot:
        headers["Auto-Submitted"] = "auto-replied"
    return headers


def letter_of(raw: bytes) -> Letter | None:
    """One of our letters; None: it is none."""
    mail, reply_to = read_mail(raw), _REPLY_TO.search(raw)
    if not isinstance(mail, Mail) or reply_to is None:
        return None
    kind, _, _ = mail.message_id.partition(".")
    code = _CODE.search(mail.subject)
    text = f"{mail.subject}\n{mail.body}"
    where = reply_to.group(1).decode("ascii")
    return Letter(kind, mail.message_id, mail.subject, text, where, code.group(1) if code else "", raw)
