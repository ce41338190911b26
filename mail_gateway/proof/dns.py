"""What proofs ask of the DNS: a port, its answers, and the one way it can fail."""

from __future__ import annotations

from typing import Protocol


class DnsTrouble(Exception):
    """No answer that says anything: time-out, SERVFAIL, or a reply out of form. Ask again later.

    name: what was asked for.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Resolver(Protocol):
    """Asks for the records of one type. Names are absolute, whether or not they end in a dot."""

    async def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """The records as text: A, AAAA addresses; MX names without their preference, in its order; PTR names;
        TXT with their strings joined. () where the name or the type is not there. Raises DnsTrouble.
        """
