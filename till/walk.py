"""One deal walked along a table: an act for each state, and each step on disk before the next act.

`Walk` asks the gateway; what is done with goods stands in `vending` and `counter`. An act may be done again
after a power cut, so each is harmless when repeated: a placing has its deal ID, a look changes nothing, a
motor turns only in the life that has written it down.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from till.answers import Absent, Answer, Lost, Refused, Shop, Standing
from till.journal import Deal, Journal, Record
from till.machine import Event, State, Table, follow

WAIT_S: Final = 25
"""So long a look waits at the gateway."""
LATE_MS: Final = 300_000
"""So long after the last sending an order that nobody knows may still arrive at the gateway."""


@dataclass(frozen=True, slots=True)
class Ports:
    """shop: the gateway. now_ms: unix ms. elapsed_ms: a clock that never jumps, from any beginning."""

    shop: Shop
    now_ms: Callable[[], int]
    elapsed_ms: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, and what is known since."""

    event: Event
    facts: Mapping[str, Any] = field(default_factory=dict)


Act = Callable[[], Awaitable[Happened | None]]


class Walk:
    """The deal that is under way, if there is one. After a start it is the one that the journal left open."""

    def __init__(self, table: Table, journal: Journal, ports: Ports) -> None:
        """Raises OSError: that it woke up is written too."""
        self.ports = ports
        self.journal = journal
        self.trouble = ""
        self._table = table
        self._sent_ms = ports.elapsed_ms()
        self.acts: dict[State, Act] = {
            State.CHOSEN: self._place,
            State.DOUBTED: self._place,
            State.WAITING: self._look,
            State.CANCELLING: self._cancel,
        }
        self.deal: Deal | None = next(iter(journal.open_deals()), None)
        self.take(Happened(Event.WOKE))

    @property
    def state(self) -> State:
        """Where the deal stands; IDLE without one. An ended one stays until the next is chosen."""
        return self.deal.state if self.deal else State.IDLE

    def choose(self, deal_id: str, body: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """A new deal: written down before anything is sent. False while another is open. Raises OSError."""
        return self.begin(deal_id, Event.CHOSEN, State.CHOSEN, {"body": body, **facts})

    def begin(self, deal_id: str, event: Event, state: State, facts: Mapping[str, Any]) -> bool:
        """Something new with that ID of ours: written down first. As `choose`."""
        if self.deal is not None and self.deal.is_open:
            return False
        self.trouble = ""
        self.deal = self.journal.write(Record(self.ports.now_ms(), deal_id, event, state, facts))
        return True

    async def step(self) -> bool:
        """Do what the state says, and write down what came of it. Whether it led on. Raises OSError."""
        act = self.acts.get(self.state)
        happened = await act() if act else None
        return happened is not None and self.take(happened)

    def take(self, happened: Happened) -> bool:
        """An event of the deal -> whether it led on: what comes twice or late does not. Raises OSError."""
        after = follow(self._table, self.state, happened.event) if self.deal else None
        if after is None or self.deal is None:
            return False
        at_ms, facts = self.ports.now_ms(), dict(happened.facts)
        if happened.event is Event.MADE:
            facts.setdefault("made_ms", self.deal.facts.get("made_ms", at_ms))
        record = Record(at_ms, self.deal.deal_id, happened.event, after, facts)
        self.deal = self.journal.write(record)
        return True

    def give_up(self) -> bool:
        """Nobody waits here any more. Whether that can still be. Raises OSError."""
        return self.take(Happened(Event.GAVE_UP))

    @property
    def open_deal(self) -> Deal:
        """The deal that an act is about."""
        assert self.deal is not None
        return self.deal

    def hear(self, answer: Answer) -> Answer:
        """Keep in mind why there was no answer, for whoever looks at the screen."""
        self.trouble = answer.reason if isinstance(answer, Lost) else ""
        return answer

    async def _place(self) -> Happened | None:
        self._sent_ms = self.ports.elapsed_ms()
        match self.hear(await self.ports.shop.place(self.open_deal.deal_id, self.open_deal.facts["body"])):
            case Standing() as standing:
                return Happened(Event.PLACED, facts_of(standing))
            case Refused(slug, sentence):
                return Happened(Event.REFUSED, {"why": slug, "sentence": sentence})
            case _:
                return Happened(Event.LOST)

    async def _look(self) -> Happened | None:
        return self.judged(self.hear(await self.ports.shop.look(self.open_deal.deal_id, WAIT_S)))

    async def _cancel(self) -> Happened | None:
        """Until it is sure how it ended. That there is no order is believed once none can still arrive."""
        answer = await self.cancelled()
        if isinstance(answer, Absent) and self.ports.elapsed_ms() - self._sent_ms >= LATE_MS:
            return Happened(Event.ABSENT)
        return self.judged(answer)

    def judged(self, answer: Answer) -> Happened | None:
        """Only what is sure is an event: no goods are handed out while money may be on its way back."""
        if isinstance(answer, Standing) and answer.made and not answer.goes_back:
            return Happened(Event.MADE, facts_of(answer))
        if isinstance(answer, Standing) and answer.dead:
            return Happened(Event.DEAD, facts_of(answer))
        return None

    async def cancelled(self) -> Answer:
        """Ask for the end of the order; where that is refused, how the order stands."""
        answer = self.hear(await self.ports.shop.cancel(self.open_deal.deal_id))
        if isinstance(answer, Refused):
            return self.hear(await self.ports.shop.look(self.open_deal.deal_id, 0))
        return answer


def facts_of(standing: Standing) -> dict[str, Any]:
    """What the journal keeps of it, for the receipt and for people."""
    return {
        "order": standing.order,
        "order_state": standing.state,
        "code": standing.code,
        "total_minor": standing.total_minor,
        "tax_minor": standing.tax_minor,
        "until_s": standing.until_s,
    }
