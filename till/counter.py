"""A till: a person hands the goods over when the sale is made, or gives its money back later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from till.answers import Absent, Lost, Refused
from till.journal import Journal
from till.machine import TILL, Event, State
from till.vending import told
from till.walk import Happened, Ports, Walk, facts_of


class Counter(Walk):
    """One till, one sale at a time."""

    def __init__(self, journal: Journal, ports: Ports) -> None:
        """Raises OSError."""
        super().__init__(TILL, journal, ports)
        self.acts |= {State.HANDED: self._tell, State.RETURNING: self._give_back}

    def hand_over(self) -> bool:
        """The customer has the goods; whether that can be. Raises OSError."""
        return self.take(Happened(Event.HANDED))

    def give_back(self, deal_id: str, body: Mapping[str, Any]) -> bool:
        """Money of a sale of this shop shall go back; body: as the shop API takes it, with an ID that was
        never there. False while something is under way. Raises OSError."""
        facts = {"of": deal_id, "body": body, "lines": []}
        return self.begin(body["return_id"], Event.RETURNING, State.RETURNING, facts)

    async def _give_back(self) -> Happened | None:
        facts = self.open_deal.facts
        match self.hear(await self.ports.shop.give_back(facts["of"], facts["body"])):
            case Lost():
                return None
            case Refused(slug, sentence):
                return Happened(Event.REFUSED, {"why": slug, "sentence": sentence})
            case Absent():
                return Happened(Event.REFUSED, {"why": "deal-unknown"})
            case standing if standing.returns.get(facts["body"]["return_id"]) == "refused":
                return Happened(Event.REFUSED, {"why": "return-refused"})  # while its answers were lost
            case standing:
                return Happened(Event.TAKEN, facts_of(standing))

    async def _tell(self) -> Happened | None:
        return await told(self)
