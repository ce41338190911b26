"""A till: a person hands the goods over when the sale is made."""

from __future__ import annotations

from till.journal import Journal
from till.machine import TILL, Event, State
from till.vending import told
from till.walk import Happened, Ports, Walk


class Counter(Walk):
    """One till, one sale at a time."""

    def __init__(self, journal: Journal, ports: Ports) -> None:
        """Raises OSError."""
        super().__init__(TILL, journal, ports)
        self.acts[State.HANDED] = self._tell

    def hand_over(self) -> bool:
        """The customer has the goods; whether that can be. Raises OSError."""
        return self.take(Happened(Event.HANDED))

    async def _tell(self) -> Happened | None:
        return await told(self)
