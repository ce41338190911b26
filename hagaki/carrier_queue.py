"""What the carrier promised to carry: the queue on disk, where each address leads, and its luck."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from hagaki.problem import Problem
from handset.folder import Folder

QUEUE_MAX: Final = 10_000
HOPS_MAX: Final = 50
"""Received headers; more means that the mail goes round in circles (RFC 5321 section 6.3)."""

_MESSAGE_ID: Final = re.compile(rb"^message-id:\s*<([!-;=?-~]{1,250})>", re.IGNORECASE | re.MULTILINE)
_RECEIVED: Final = re.compile(rb"^received:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one mail to one recipient. sender "" is the null sender; not_before_ms: unix, ms."""

    sender: str
    recipient: str
    message_id: str
    not_before_ms: int = 0


@dataclass(frozen=True, slots=True)
class Hop:
    """The next mail server on the way."""

    host: str
    port: int


class Directory:
    """Where addresses lead. Raises Problem for a route that is not host:port."""

    def __init__(self, routes: Mapping[str, str], maildirs: Mapping[str, str]) -> None:
        self._hops = {domain.lower(): _hop(domain, place) for domain, place in routes.items()}
        self._boxes = {address.lower(): Path(place) for address, place in maildirs.items()}

    def find(self, recipient: str) -> Hop | Path | None:
        """An address -> its Maildir here, the next server for its domain, or None: not ours."""
        address = recipient.lower()
        return self._boxes.get(address) or self._hops.get(address.rpartition("@")[2])


class Queue:
    """A file for each mail and recipient: a line of JSON, then the mail. What cannot go is in bounced/."""

    def __init__(self, root: Path) -> None:
        self._waiting, self._bounced = Folder(root / "queue"), Folder(root / "bounced")
        self._waiting.clean()

    def names(self) -> list[str]:
        """What still has to be carried, oldest first."""
        return self._waiting.names()

    def keep(self, name: str, label: Label, mail: bytes) -> None:
        """On return it is durable. Raises OSError."""
        self._waiting.write(name, json.dumps(asdict(label)).encode() + b"\n" + mail)

    def load(self, name: str) -> tuple[Label, bytes]:
        """Label and mail."""
        head, _, mail = self._waiting.read(name).partition(b"\n")
        return Label(**json.loads(head)), mail

    def done(self, name: str) -> None:
        """It was carried."""
        self._waiting.remove(name)

    def bounce(self, name: str) -> None:
        """It will never go; keep it for a person."""
        self._waiting.move(name, self._bounced)


@dataclass(frozen=True, slots=True)
class Odds:
    """How often, in a hundred, a mail is lost, doubled or delayed, and by how much."""

    lose: int
    double: int
    delay: int
    delay_ms: int


class Luck:
    """The same seed gives the same day. `random` serves: nothing here is a secret."""

    def __init__(self, odds: Odds, seed: int) -> None:
        self._odds = odds
        self._dice = random.Random(seed)

    def copies(self) -> list[int]:
        """For the next mail: the delay of each copy that will arrive, ms. Empty: it is lost."""
        lost, doubled, delayed = (self._dice.randrange(100) for _ in range(3))
        if lost < self._odds.lose:
            return []
        wait_ms = self._odds.delay_ms if delayed < self._odds.delay else 0
        return [wait_ms, 0] if doubled < self._odds.double else [wait_ms]


def message_id_of(mail: bytes) -> str:
    """The Message-ID without angle brackets, "" if there is none that we would repeat."""
    found = _MESSAGE_ID.search(_head(mail))
    return found.group(1).decode("ascii") if found else ""


def hops_of(mail: bytes) -> int:
    """How many servers have stamped it."""
    return len(_RECEIVED.findall(_head(mail)))


def put_into_maildir(path: Path, name: str, mail: bytes) -> None:
    """Deliver: write under tmp/, rename into new/, with the line ends of this system. Raises OSError."""
    arriving = Folder(path / "tmp")
    Folder(path / "cur")
    arriving.write(name, mail.replace(b"\r\n", b"\n"))
    arriving.move(name, Folder(path / "new"))


def _head(mail: bytes) -> bytes:
    return mail.partition(b"\r\n\r\n")[0]


def _hop(domain: str, place: str) -> Hop:
    host, _, port = place.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise Problem(f"[carrier.routes] {domain} = {place!r} must be host:port", "carrier-route")
    return Hop(host.strip("[]"), int(port))
