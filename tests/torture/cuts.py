"""Power cuts: each image of a day's disk opened, and held against what had left the gateway before it."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from calls import Call, read
from images import Image, Window, fates, image, windows
from sqlalchemy import NullPool, create_engine
from tracer import SENDS
from verdict import Verdict, database, whole

from cafis_adapter.codec import unpack
from cafis_adapter.framing import Framer
from cafis_adapter.profile import load_profile
from mail_gateway.store import books
from mail_gateway.store.engine import open_store

if TYPE_CHECKING:
    from day import Day
    from strike import Reference

_STORED: Final = b"250 2.6.0"
_MESSAGE_ID: Final = re.compile(rb"^Message-ID: (<[^>]+>)", re.MULTILINE)
_NAME: Final = "hagaki.db"
_WHOLLY_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Left:
    """One thing that left the gateway. place: in the log. what: taken, 0100, 0420 or letter.

    whose: the Message-ID of the mail or letter, or the payment's number.
    """

    place: int
    what: str
    whose: str


@dataclass(slots=True)
class Cuts:
    """What is known of a day, and the verdict over its images. seen: images met before."""

    folder: Path
    left: list[Left]
    verdict: Verdict = field(default_factory=Verdict)
    seen: set[bytes] = field(default_factory=set)

    def check(self, window: Window, image: Image) -> None:
        """Judge one image, unless it was met before with the same past."""
        past = [one for one in self.left if one.place <= window.until]
        mark = blake2b(str(len(past)).encode())
        for name in sorted(image):
            mark.update(name.encode() + image[name])
        if mark.digest() in self.seen:
            return
        self.seen.add(mark.digest())
        self._judge(image, past)

    def _judge(self, image: Image, past: Sequence[Left]) -> None:
        database = self._lay_out(image)
        try:
            conn = sqlite3.connect(database)
            try:
                self.verdict.broken += whole(conn)
                self._compare(conn, past)
            finally:
                conn.close()
            self.verdict.broken += _ledger(database)
            if len(self.seen) % _WHOLLY_EVERY == 0:
                asyncio.run(_open(database))
        except Exception as error:  # noqa: BLE001 - whatever it is, this image cannot be opened
            self.verdict.broken.append(f"image {len(self.seen)}: {type(error).__name__}: {error}")

    def _lay_out(self, image: Image) -> Path:
        for old in self.folder.glob(f"{_NAME}*"):
            old.unlink()
        for name, content in image.items():
            (self.folder / name).write_bytes(content)
        return self.folder / _NAME

    def _compare(self, conn: sqlite3.Connection, past: Sequence[Left]) -> None:
        kept = {
            "taken": {name for (name,) in conn.execute("SELECT message_id FROM mails")},
            "0100": _numbers(conn, "SELECT payment FROM events WHERE kind = 'dispatched'"),
            "0420": _numbers(conn, "SELECT id FROM payments WHERE transmissions > 0"),
            "letter": {name for (name,) in conn.execute("SELECT message_id FROM letters")},
        }
        names = {what: {str(one).strip("<>") for one in rows} for what, rows in kept.items()}
        for one in past:
            if one.whose not in names[one.what]:
                into = self.verdict.lost if one.what == "taken" else self.verdict.untrue
                into.append(
                    f"{one.what} of {one.whose} left at {one.place}, and the disk knows nothing of it"
                )


def cut(reference: Reference, folder: Path, most: int | None, seed: int = 0) -> Cuts:
    """Judge images of the reference day: each beginning, whole and torn, and as many random ones; or `most`.

    folder: where images are laid out, one after the other.
    """
    return cut_calls(reference, read(reference.log), folder, most, seed)


def cut_calls(
    reference: Reference, calls: Sequence[Call], folder: Path, most: int | None, seed: int = 0
) -> Cuts:
    """The same of calls that may have been tampered with."""
    before = {_NAME: (reference.day.scene.folder / "gateway" / _NAME).read_bytes()}
    found = list(windows(calls, database(reference.day.world.folder).parent, before))
    pending = sum(len(window.pending) for window in found)
    more = 1 if most is None else most // pending
    luck = random.Random(seed)
    pairs = [
        (window, chosen) for window in found for chosen in fates(window, luck, more * len(window.pending))
    ]
    if most is not None and len(pairs) > most:
        pairs = [pairs[place] for place in sorted(luck.sample(range(len(pairs)), most))]
    cuts = Cuts(folder, list(_left(calls, reference.day)))
    for window, chosen in pairs:
        cuts.check(window, image(window, chosen))
    return cuts


def _left(calls: Sequence[Call], day: Day) -> Iterator[Left]:
    """What went out of the sockets, each at the moment when its call began."""
    gateway, smarthost, host = (day.section(name).port for name in ("smtp", "smarthost", "host"))
    framer = Framer(load_profile().body_max)
    letters: dict[int, bytes] = {}
    for call in calls:
        if call.name not in SENDS or call.ports is None:
            continue
        ours, theirs = call.ports
        if ours == gateway and call.data.startswith(_STORED):
            yield Left(call.began, "taken", day.acked[theirs].strip("<>"))
        elif theirs == host:
            yield from _asked(call, framer)
        elif theirs == smarthost:
            letters[ours] = letters.get(ours, b"") + call.data
            for found in _MESSAGE_ID.finditer(letters.pop(ours) if b"\r\n.\r\n" in letters[ours] else b""):
                yield Left(call.began, "letter", found[1].decode().strip("<>"))


def _asked(call: Call, framer: Framer) -> Iterator[Left]:
    for body in framer.feed(call.data):
        message = unpack(load_profile(), body)
        if message.mti in ("0100", "0420", "0421"):
            what = "0100" if message.mti == "0100" else "0420"
            yield Left(call.began, what, str(int(message[37])))


async def _open(database: Path) -> None:
    """As the gateway does at its start."""
    await open_store(f"sqlite:///{database}").close()


def _numbers(conn: sqlite3.Connection, question: str) -> set[str]:
    return {str(number) for (number,) in conn.execute(question)}


def _ledger(database: Path) -> list[str]:
    engine = create_engine(f"sqlite:///{database}", poolclass=NullPool)
    with engine.connect() as conn:
        link, total = books.broken_at(conn), sum(books.balances(conn).values())
    engine.dispose()
    wrong = [] if link is None else [f"the ledger's chain breaks at {link}"]
    return wrong + ([f"the ledger's sum is {total}"] if total else [])
