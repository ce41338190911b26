"""What the host may do on a connection, each a value; who owns the socket does it."""

from __future__ import annotations

from dataclasses import dataclass

from cafis_adapter.codec import Message


@dataclass(frozen=True, slots=True)
class Send:
    """Send these messages, their bytes cut into that many pieces (at most one for each byte).

    genuine: each with the MAC that it must have, where the profile wants one.
    """

    messages: tuple[Message, ...]
    pieces: int = 1
    genuine: bool = True


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
    """Close the connection."""


@dataclass(frozen=True, slots=True)
class Deafen:
    """Answer nothing on this connection any more."""


@dataclass(frozen=True, slots=True)
class NewKeys:
    """Send new zone keys."""


Move = Send | Half | Raw | Wait | Cut | Deafen | NewKeys
