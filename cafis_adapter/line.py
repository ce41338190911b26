"""The line to the host without a socket: its phases as one table, and who waits for which answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, NamedTuple, TypeVar

from acquirer_sdk.values import NotReady, Ready
from cafis_adapter.build import Network
from cafis_adapter.codec import Message, MessageError, unpack
from cafis_adapter.framing import Framer
from cafis_adapter.profile import Profile

W = TypeVar("W")


class Phase(StrEnum):
    """How far the line is up."""

    DISCONNECTED = "disconnected"
    CONNECTED = "connected"
    SIGNED_ON = "signed-on"


class Signal(StrEnum):
    """What moves a line from phase to phase."""

    UP = "up"
    SIGN_ON_ACCEPTED = "sign-on-accepted"
    SIGNED_OFF = "signed-off"
    DOWN = "down"


TABLE: Final[Mapping[tuple[Phase, Signal], Phase]] = {
    (Phase.DISCONNECTED, Signal.UP): Phase.CONNECTED,
    (Phase.CONNECTED, Signal.SIGN_ON_ACCEPTED): Phase.SIGNED_ON,
    (Phase.CONNECTED, Signal.SIGNED_OFF): Phase.CONNECTED,
    (Phase.CONNECTED, Signal.DOWN): Phase.DISCONNECTED,
    (Phase.SIGNED_ON, Signal.SIGNED_OFF): Phase.CONNECTED,
    (Phase.SIGNED_ON, Signal.DOWN): Phase.DISCONNECTED,
}

_READINESS: Final[Mapping[Phase, Ready | NotReady]] = {
    Phase.DISCONNECTED: NotReady("not-connected"),
    Phase.CONNECTED: NotReady("not-signed-on"),
    Phase.SIGNED_ON: Ready(),
}

ANSWERS: Final[Mapping[str, str]] = {
    f"0{klass}{function}{origin}": f"0{klass}{function + 1}0"
    for klass, function in ((1, 0), (1, 2), (2, 0), (2, 2), (4, 0), (4, 2), (5, 0), (6, 0), (8, 0))
    for origin in (0, 1)
}
"""Request, first or repeated -> the message class of its answer."""

Genuine = Callable[[Message, bytes], bool]
"""A message and its bytes -> does it end in the MAC that it must have?"""


def _unsealed(_message: Message, _body: bytes) -> bool:
    return True


class IllegalSignal(Exception):
    """The table has no such arrow."""


class Key(NamedTuple):
    """What ties an answer to its request: never the STAN alone."""

    answer_mti: str
    stan: str
    terminal: str
    reference: str

    @classmethod
    def of_answer(cls, answer: Message) -> Key:
        return cls(answer.mti, answer[11], answer[41], answer[37])

    @classmethod
    def of_request(cls, request: Message) -> Key:
        return cls(ANSWERS[request.mti], request[11], request[41], request[37])

    def resembles(self, other: Key) -> bool:
        """Not the same, but so alike that one may be a spoiled copy of the other."""
        if self.answer_mti != other.answer_mti:
            return False
        return self.reference == other.reference or (self.stan, self.terminal) == (other.stan, other.terminal)


@dataclass(frozen=True, slots=True)
class Answer(Generic[W]):
    """The answer that waiter was waiting for."""

    waiter: W
    message: Message


@dataclass(frozen=True, slots=True)
class Stray:
    """A message that nobody waits for. near: see Key.resembles."""

    message: Message
    near: bool


@dataclass(frozen=True, slots=True)
class Forged(Generic[W]):
    """A message without the MAC that it must have: no answer. waiter: who waited for one like it, or None."""

    waiter: W | None
    message: Message


@dataclass(frozen=True, slots=True)
class HostAsks:
    """The host's own 0800, to be answered."""

    message: Message


@dataclass(frozen=True, slots=True)
class Broken:
    """The stream is out of step: it has to be closed, nothing behind this can be trusted."""

    slug: str
    where: str


Event = Answer[W] | Forged[W] | Stray | HostAsks | Broken


class Line(Generic[W]):
    """One line. W is whatever the caller uses to wait; the line only keeps it."""

    def __init__(self, profile: Profile, outstanding_max: int, is_genuine: Genuine = _unsealed) -> None:
        self.phase = Phase.DISCONNECTED
        self._is_genuine = is_genuine
        self._profile = profile
        self._outstanding_max = outstanding_max
        self._framer = Framer(profile.body_max)
        self._waiting: dict[Key, W] = {}
        self._outstanding: Counter[str] = Counter()

    def signal(self, signal: Signal) -> None:
        """Move along the table. Raises IllegalSignal."""
        after = TABLE.get((self.phase, signal))
        if after is None:
            raise IllegalSignal(f"{signal} in phase {self.phase}")
        self.phase = after

    def up(self) -> None:
        """A new stream: nothing of the old one may be left over."""
        self.signal(Signal.UP)
        self._framer = Framer(self._profile.body_max)

    def down(self) -> list[W]:
        """The stream is gone -> everybody who was still waiting."""
        self.signal(Signal.DOWN)
        left = list(self._waiting.values())
        self._waiting.clear()
        self._outstanding.clear()
        return left

    def ready(self) -> Ready | NotReady:
        return _READINESS[self.phase]

    def expect(self, key: Key, waiter: W) -> str | None:
        """Begin to wait -> None, or the slug of why not.

        Reversals have room of their own: new work never starves them.
        """
        if key in self._waiting:
            return "in-flight"
        if self._outstanding[key.answer_mti] >= self._outstanding_max:
            return "busy"
        self._waiting[key] = waiter
        self._outstanding[key.answer_mti] += 1
        return None

    def forget(self, key: Key, waiter: W) -> None:
        """Stop waiting: an answer from now on is late."""
        if self._waiting.get(key) is waiter:
            self._take(key)

    def _take(self, key: Key) -> W:
        self._outstanding[key.answer_mti] -= 1
        return self._waiting.pop(key)

    def receive(self, data: bytes) -> Iterator[Event[W]]:
        """Bytes from the host, cut anywhere -> what they mean. After Broken nothing more comes."""
        try:
            for body in self._framer.feed(data):
                message = unpack(self._profile, body)
                yield self._sorted(message) if self._is_genuine(message, body) else self._forged(message)
        except MessageError as error:
            yield Broken(error.slug, error.where)

    def _forged(self, message: Message) -> Event[W]:
        key = Key.of_answer(message)
        return Forged(self._take(key) if key in self._waiting else None, message)

    def _sorted(self, message: Message) -> Event[W]:
        if message.mti == "0800":
            if message[70] == Network.SIGN_OFF:
                self.signal(Signal.SIGNED_OFF)
            return HostAsks(message)
        key = Key.of_answer(message)
        if key in self._waiting:
            return Answer(self._take(key), message)
        return Stray(message, any(key.resembles(other) for other in self._waiting))
