"""What is done next with a mailbox that mail is fetched from: decided here, without a socket.

A mail is fetched, kept by the intake, and then moved out of the folder: what lies in it is what is left to
do, so nothing has to be remembered, and a server that numbers its mails anew brings nothing old back. Whoever
dies between two of these steps begins again; the store knows each mail by its place.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

BATCH_MAX: Final = 20
"""Mails in one command: a thousand lines of an answer would end the library."""

LATERS_MAX: Final = 5
"""Mails of one batch that were not taken; then it is not the mails, and there is a pause."""

AGAIN_FIRST_MS: Final = 5_000
AGAIN_MAX_MS: Final = 3_600_000
STUCK_TRIES: Final = 8
"""So often a mail was tried, over ten minutes, that a person should hear of it."""


class Fate(StrEnum):
    """What becomes of a mail: the door's 250, 5xx and 4xx."""

    DONE = "done"
    REFUSED = "refused"
    LATER = "later"


class Trouble(StrEnum):
    """Why a mailbox cannot be read; each is a slug."""

    DOWN = "mailbox-down"
    LOGIN = "mailbox-login"
    SECRET = "secret-command"
    FOLDER = "mailbox-folder"


class MailboxError(Exception):
    """The connection is of no more use. trouble: why; the text is the server's or the machine's own."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble


@dataclass(frozen=True, slots=True)
class Taken:
    """What the door said of one mail. slug: why it is refused, else empty."""

    fate: Fate
    slug: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """Ask for the UIDs that lie in the folder, rising."""


@dataclass(frozen=True, slots=True)
class Weigh:
    """Ask for the sizes of these, in bytes; who is not named any more is gone."""

    uids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Take:
    """Fetch this mail and hand it over; -> Taken."""

    uid: int


@dataclass(frozen=True, slots=True)
class Move:
    """Move these to where the done or the refused lie."""

    taken: dict[int, Taken]
    fate: Fate


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so long; is_watching: until the server tells of a new mail, if it can."""

    wait_ms: int
    is_watching: bool


Step = Look | Weigh | Take | Move | Wait

_PAUSES: Final = {
    Trouble.DOWN: (1, 300),
    Trouble.LOGIN: (60, 3600),  # providers lock out who tries a wrong password often
    Trouble.SECRET: (10, 600),
    Trouble.FOLDER: (10, 600),
}
"""First and longest pause before connecting again, s."""


def pause_s(trouble: Trouble, failures: int) -> int:
    """Seconds until the next connection, after so many failures in a row (from 1): doubles."""
    first, longest = _PAUSES[trouble]
    return min(first << min(failures - 1, 20), longest)


class Delays:
    """Mails that were tried and still lie there, and when each is tried again; outlasts a connection."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._tried: dict[int, tuple[int, int]] = {}

    def due(self, uids: Iterable[int]) -> list[int]:
        """Of those that lie there the ones to try now, never tried ones first. Who is gone is forgotten."""
        lying = list(uids)
        self._tried = {uid: self._tried[uid] for uid in lying if uid in self._tried}
        now_ms = self._now_ms()
        fresh = [uid for uid in lying if uid not in self._tried]
        return fresh + [uid for uid, (_, due_ms) in self._tried.items() if due_ms <= now_ms]

    def begin(self, uid: int) -> None:
        """It is tried now; if it still lies there afterwards, it is tried again after a pause that grows."""
        tries = self._tried.get(uid, (0, 0))[0]
        pause_ms = min(AGAIN_FIRST_MS << min(tries, 20), AGAIN_MAX_MS)
        self._tried[uid] = (tries + 1, self._now_ms() + pause_ms)

    def is_stuck(self, uid: int) -> bool:
        """At one of its tries: that it has had too many."""
        return self._tried.get(uid, (0, 0))[0] == STUCK_TRIES

    def wait_ms(self, longest_ms: int) -> int:
        """Milliseconds until one is due again, at most so many."""
        left = min((due_ms for _, due_ms in self._tried.values()), default=None)
        return longest_ms if left is None else min(max(left - self._now_ms(), 0), longest_ms)

    def forget(self) -> None:
        """The numbers mean other mails now."""
        self._tried.clear()


def rounds(delays: Delays, size_max: int, poll_ms: int) -> Generator[Step, Any, None]:
    """The steps over one connection, without end: yields a Step and is sent its answer."""
    while True:
        batch = delays.due((yield Look()))[:BATCH_MAX]
        if not batch:
            yield Wait(delays.wait_ms(poll_ms), is_watching=True)
        elif (yield from _batch(delays, batch, size_max)) >= LATERS_MAX:
            yield Wait(delays.wait_ms(poll_ms), is_watching=False)


def _batch(delays: Delays, batch: list[int], size_max: int) -> Generator[Step, Any, int]:
    """-> how many were not taken."""
    sizes: dict[int, int] = yield Weigh(tuple(batch))
    taken: dict[int, Taken] = {}
    laters = 0
    for uid in batch:
        # before it is fetched: a mail that ends the connection each time holds up no other
        delays.begin(uid)
        if uid not in sizes:
            continue
        taken[uid] = Taken(Fate.REFUSED, "too-big") if sizes[uid] > size_max else (yield Take(uid))
        laters += taken[uid].fate is Fate.LATER
        if laters >= LATERS_MAX:
            break
    for fate in (Fate.DONE, Fate.REFUSED):
        moved = {uid: one for uid, one in taken.items() if one.fate is fate}
        if moved:
            yield Move(moved, fate)
    return laters
