"""What the host does for one message, step by step, without a socket: a message in, moves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from cafis_adapter.build import RETURN_MTI, SALE_MTI, Network, network_answer
from cafis_adapter.codec import Message
from cafis_adapter.host.issuer import APPROVALS, Charge, Issuer, Kind, answer, granted_minor
from cafis_adapter.host.triggers import Rule, Step, Trigger, Undo, pick


@dataclass(frozen=True, slots=True)
class Send:
    """Send these messages, their bytes cut into that many pieces (at most one for each byte)."""

    messages: tuple[Message, ...]
    pieces: int = 1


@dataclass(frozen=True, slots=True)
class Half:
    """Send the first half of a message's bytes."""

    message: Message


@dataclass(frozen=True, slots=True)
class Raw:
    """Send bytes that are no message."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a time: the host's late_ms or slow_ms."""

    late: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Reset the connection."""


@dataclass(frozen=True, slots=True)
class Deafen:
    """Answer nothing on this connection any more."""


Agrees = Callable[[str, bytes], bool]
"""Card number and chip data (DE55) -> does the issuer find the cryptogram good?"""
FORGED: Final = Trigger("", "the chip's cryptogram is wrong", code="05", centre="G61")


def anybody(_pan: str, _emv: bytes) -> bool:
    """An issuer that looks at no cryptogram."""
    return True


Move = Send | Half | Raw | Wait | Cut | Deafen

BYTE_BY_BYTE: Final = 1_000_000
ECHO: Final = Message("0800", {7: "0101000000", 11: "999999", 70: Network.ECHO.value})
SIGN_OFF: Final = Message("0800", {7: "0101000000", 11: "999998", 70: Network.SIGN_OFF.value})

_PLAIN: Final[Mapping[Step, Move]] = {
    Step.LATE: Wait(late=True),
    Step.SLOW: Wait(late=False),
    Step.CUT: Cut(),
    Step.DEAF: Deafen(),
    Step.GARBAGE: Raw(b"\x00\x1a0110 this is no ISO 8583 !"),
    Step.OVERSIZE: Raw(b"\xff\xff0110"),
    Step.EMPTY: Raw(b"\x00\x00"),
    Step.SIGN_OFF: Send((SIGN_OFF,)),
}

_ANSWERS: Final[Mapping[Step, Callable[[Message], Move]]] = {
    Step.ANSWER: lambda said: Send((said,)),
    Step.HALF: Half,
    Step.DRIP: lambda said: Send((said,), BYTE_BY_BYTE),
    Step.SPLIT: lambda said: Send((said,), 2),
    Step.JOINED: lambda said: Send((ECHO, said, ECHO)),
    Step.REFUSE: lambda said: Send((said.with_fields({38: "", 39: "05"}),)),
}


def authorise(issuer: Issuer, trigger: Trigger, asked: Message) -> Iterator[Move]:
    """An 0100 or 0200 -> moves. Booking happens as the moves are taken, so a Wait before it is a real one."""
    trigger = issuer.account(asked, trigger)
    if asked.mti == RETURN_MTI and Step.CHARGE in trigger.does and trigger.code in APPROVALS:
        trigger = issuer.refusal(asked) or trigger
    said = answer(trigger, asked)
    for step in trigger.does:
        if step is Step.CHARGE:
            if trigger.code in APPROVALS and not issuer.charge(asked, granted_minor(trigger, asked)):
                said = answer(replace(trigger, code="05"), asked)
        elif step in _ANSWERS:
            yield _ANSWERS[step](said)
        else:
            yield _PLAIN[step]


def reverse(issuer: Issuer, advice: Message) -> Iterator[Move]:
    """A 0420 or 0421 -> moves."""
    code = issuer.reverse(advice)
    if code is None:
        return
    kept = {number: advice.fields[number] for number in (4, 7, 11, 37, 41, 42, 49) if advice[number]}
    yield Send((Message("0430", {**kept, 39: code}),))
    if issuer.undo(advice) is Undo.THEN_APPROVE:
        yield Send((answer(Trigger("", "approved"), advice),))


def network(asked: Message) -> Iterator[Move]:
    """An 0800 -> its 0810."""
    yield Send((network_answer(asked),))


class Desk:
    """The whole host but for its socket."""

    def __init__(self, kind: Kind, rules: tuple[Rule, ...], agrees: Agrees = anybody) -> None:
        self._kind = kind
        self._agrees = agrees
        self._issuer = Issuer(kind)
        self._rules = rules
        self._seen = 0

    def moves(self, message: Message) -> Iterator[Move]:
        """What to do for one message from the client; nothing for a class that no host knows."""
        if message.mti == "0800":
            return network(message)
        if message.mti in (SALE_MTI, RETURN_MTI):
            self._seen += 1
            trigger = pick(self._rules, message, self._seen)
            if message[55] and not self._agrees(message[2], bytes.fromhex(message[55])):
                trigger = FORGED
            moves = authorise(self._issuer, trigger, message)
        elif message.mti in ("0420", "0421"):
            moves = reverse(self._issuer, message)
        else:
            return iter(())
        return moves if self._kind is not Kind.TWICE else _doubled(moves)

    def booked(self, message: Message) -> Charge:
        """The same for the one sale that a message means."""
        return self._issuer.booked(message)

    def charges(self) -> dict[str, Charge]:
        """Reference -> how often charged, and what is left after reversals."""
        return self._issuer.charges()


def _doubled(moves: Iterator[Move]) -> Iterator[Move]:
    for move in moves:
        yield move
        if isinstance(move, Send):
            yield move
