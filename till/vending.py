"""A vending machine: goods drop only after "made", once, whatever happens to the power.

Before the motor turns, the journal has the count of the drop sensor. So a machine that wakes up knows from
the count whether the goods fell. Where it is sure that they did not and will not, the money is given back.
Where the sensor cannot know, no choice of the machine's own is right: to drop might give twice, to give back
might give both. Then a person looks.
"""

from __future__ import annotations

from typing import Final, Protocol

from till.answers import Answer, Lost, Refused, Standing
from till.journal import Journal
from till.machine import MACHINE, Event, State
from till.walk import Happened, Ports, Walk, facts_of

TURNS_MAX: Final = 3
"""So often the motor turns before a shelf counts as stuck."""


RETURN_ID: Final = "not-dropped"
"""All of a deal is given back at most once."""

_RETURN: Final = {"return_id": RETURN_ID, "reason": "商品が出なかったため / the goods did not come out"}


class Drop(Protocol):
    """Motor and drop sensor."""

    def fallen(self) -> int | None:
        """How many goods have ever fallen past the sensor, kept over power cuts. None: it cannot know, since
        it had no power while the motor was turning, or is broken."""
        ...

    def turn(self, shelf: str) -> None:
        """Let the motor of a shelf turn once round."""
        ...


class Vending(Walk):
    """One machine, one deal at a time."""

    def __init__(self, journal: Journal, ports: Ports, drop: Drop) -> None:
        """Raises OSError."""
        super().__init__(MACHINE, journal, ports)
        self._drop = drop
        self.acts |= {
            State.MADE: self._begin,
            State.DROPPING: self._turn,
            State.CHECKING: self._check,
            State.STUCK: self._stuck,
            State.DROPPED: self._tell,
        }

    def judged(self, answer: Answer) -> Happened | None:
        """What is given back, even in part, is not dropped as well, whatever a person says."""
        is_back = isinstance(answer, Standing) and answer.made and answer.is_back and not answer.goes_back
        return Happened(Event.GIVEN_BACK) if is_back else super().judged(answer)

    def person_saw(self, *, out: bool) -> bool:
        """A person has looked, and has set sensor and shelf right: the goods are out, or still on their
        shelf."""
        return self.take(Happened(Event.SEEN_OUT if out else Event.SEEN_IN))

    def person_gave_back(self) -> bool:
        """A person has given the money back."""
        return self.take(Happened(Event.GIVEN_BACK))

    async def _begin(self) -> Happened:
        count = self._drop.fallen()
        return Happened(Event.BLIND) if count is None else Happened(Event.BEGUN, {"fallen": count})

    async def _turn(self) -> Happened:
        """Only in the life that has written DROPPING down: a machine that wakes up in it is CHECKING."""
        for _ in range(TURNS_MAX):
            self._drop.turn(self.open_deal.facts["shelf"])
            happened = await self._check()
            if happened.event is not Event.NOT_FALLEN:
                return happened
        return Happened(Event.JAMMED)

    async def _check(self) -> Happened:
        count = self._drop.fallen()
        if count is None or count < self.open_deal.facts["fallen"]:
            return Happened(Event.BLIND)
        return Happened(Event.FELL if count > self.open_deal.facts["fallen"] else Event.NOT_FALLEN)

    async def _stuck(self) -> Happened | None:
        """Asked for until it is sure how it ended: given back, or refused by gateway or acquirer."""
        shop, deal_id = self.ports.shop, self.open_deal.deal_id
        answer = self.hear(await shop.give_back(deal_id, _RETURN))
        refused = isinstance(answer, Refused)
        if refused:
            answer = self.hear(await shop.look(deal_id, 0))
        if not isinstance(answer, Standing):
            return None
        if answer.dead:
            return Happened(Event.DEAD, facts_of(answer))
        ended = refused or RETURN_ID in answer.returns  # done, and something is left: that is a person's
        return Happened(Event.REFUSED) if ended and not answer.goes_back else None

    async def _tell(self) -> Happened | None:
        return await told(self)


async def told(walk: Walk) -> Happened | None:
    """Tell the gateway that the goods are with the customer."""
    answer = walk.hear(await walk.ports.shop.handed_over(walk.open_deal.deal_id))
    return None if isinstance(answer, Lost) else Happened(Event.TOLD)
