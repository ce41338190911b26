"""Vending machines with one mistake of order each: what the seeds must find."""

from __future__ import annotations

from dataclasses import replace

from machine_world import Disk, Kind

from till import machine as tables
from till import walk as walking
from till.answers import Refused, Standing
from till.journal import Journal, deals_of, read_records
from till.machine import Event, State
from till.vending import Vending
from till.walk import Happened


def arrows(**changes):
    """A Vending whose table has other arrows: STATE_EVENT=state, None takes one away."""
    table = {state: dict(row) for state, row in tables.MACHINE.items()}
    for name, after in changes.items():
        state, event = name.split("__")
        table[State[state]][Event[event]] = after
        if after is None:
            del table[State[state]][Event[event]]

    class Rewired(Vending):
        def take(self, happened):
            self._table = table
            return super().take(happened)

    return Rewired


class DropsBeforeJournal(Vending):
    """The motor turns first, and is written down afterwards."""

    async def _begin(self):
        happened = await super()._begin()
        if happened.event is Event.BEGUN and not self.open_deal.facts.get("turned"):
            self._drop.turn(self.open_deal.facts["shelf"])
        return happened

    async def _turn(self):
        return await self._check()


class SendsBeforeJournal(Vending):
    """The order leaves before its deal ID is on disk."""

    def choose(self, deal_id, body, facts):
        if self.deal is None or not self.deal.is_open:
            try:
                self.ports.shop.place(deal_id, body).send(None)
            except StopIteration:
                pass
        return super().choose(deal_id, body, facts)


class NewDealAfterRestart(Vending):
    """What was chosen is sent again under another deal ID."""

    def __init__(self, journal, ports, drop):
        super().__init__(journal, ports, drop)
        if self.deal and self.state is State.DOUBTED:
            fresh = f"{self.deal.deal_id}-again"
            self.take(Happened(Event.REFUSED))
            self.take(Happened(Event.ABSENT))
            self.choose(fresh, {**self.deal.facts["body"], "deal_id": fresh}, {"shelf": "1"})


class DropsWhenPlaced(Vending):
    """Takes the order for the money."""

    async def _look(self):
        return Happened(Event.MADE)


class BelievesCancelled(Vending):
    """Somebody gave up, so it is over."""

    async def _cancel(self):
        await self.cancelled()
        return Happened(Event.DEAD)


class AbsentAtOnce(Vending):
    """No such order: believed while one may be on its way."""

    async def _cancel(self):
        self._sent_ms = -walking.LATE_MS
        return await super()._cancel()


class NeverTells(Vending):
    """The goods are out, what more."""

    async def _tell(self):
        return Happened(Event.TOLD)


class BlindIsOut(Vending):
    """Where the sensor cannot know, it will have fallen."""

    async def _check(self):
        happened = await super()._check()
        return Happened(Event.FELL) if happened.event is Event.BLIND else happened


class BlindIsIn(Vending):
    """Where the sensor cannot know, it will not have fallen."""

    async def _check(self):
        happened = await super()._check()
        return Happened(Event.NOT_FALLEN) if happened.event is Event.BLIND else happened


class CountsAfterwards(Vending):
    """Compares with the count at waking up, not with that of before the motor turned."""

    def __init__(self, journal, ports, drop):
        super().__init__(journal, ports, drop)
        if self.deal and self.state is State.CHECKING:
            self.deal = replace(self.deal, facts={**self.deal.facts, "fallen": drop.count})


class AskedIsGivenBack(Vending):
    """What the gateway has taken is back, and what it refuses is forgotten."""

    async def _stuck(self):
        answer = await self.ports.shop.give_back(self.open_deal.deal_id, {"return_id": "not-dropped"})
        return Happened(Event.DEAD) if isinstance(answer, Standing | Refused) else None


class DropsWhatIsBackInPart(Vending):
    """Made is made, whatever went back of it."""

    judged = walking.Walk.judged


class ForgetsAtStart(Vending):
    """Begins every day with nothing open."""

    def __init__(self, journal, ports, drop):
        super().__init__(journal, ports, drop)
        self.deal = None


class LazyDisk(Disk):
    """Says that it is on disk while it is still in memory."""

    held = b""

    def read(self):
        self.held = b""
        return super().read()

    def append(self, data):
        self.world.tick("disk.append")
        self.held += data
        if len(self.held) > 600:
            self.kept, self.held = self.kept + self.held, b""
        self.world.tick("disk.append done")


class LeavesTheTorn(Journal):
    """Writes on behind a torn line."""

    def __init__(self, disk):
        self._disk = disk
        raw = disk.read()
        self.records, self._size, self._crc = read_records(raw)
        self.deals = deals_of(self.records)


BUGS = {
    "drops before it is written down": Kind(DropsBeforeJournal),
    "sends before it is written down": Kind(SendsBeforeJournal),
    "a new deal ID after a restart": Kind(NewDealAfterRestart),
    "drops when the order is placed": Kind(DropsWhenPlaced),
    "given up is taken for cancelled": Kind(BelievesCancelled),
    "no such order, believed at once": Kind(AbsentAtOnce),
    "the gateway is never told": Kind(NeverTells),
    "a blind sensor says out": Kind(BlindIsOut),
    "a blind sensor says in": Kind(BlindIsIn),
    "the count of after the cut": Kind(CountsAfterwards),
    "what is asked for is taken for given back": Kind(AskedIsGivenBack),
    "drops what was given back in part": Kind(DropsWhatIsBackInPart),
    "gives back what it cannot know of": Kind(arrows(UNSURE__SEEN_OUT=State.STUCK)),
    "blind in the middle of a turn is stuck": Kind(arrows(DROPPING__BLIND=State.STUCK)),
    "a mended machine forgets what is owed": Kind(arrows(OWED__SEEN_IN=State.SORRY)),
    "what is open is forgotten": Kind(ForgetsAtStart),
    "the second refusal is believed": Kind(arrows(DOUBTED__REFUSED=State.SORRY)),
    "turns again after a cut": Kind(arrows(DROPPING__WOKE=None)),
    "drops without asking again": Kind(arrows(MADE__WOKE=None)),
    "the key ends it after made": Kind(arrows(MADE__GAVE_UP=State.SORRY)),
    "a lost answer is a no": Kind(arrows(CHOSEN__LOST=State.SORRY)),
    "a woken order is a new one": Kind(arrows(CHOSEN__WOKE=None)),
    "a disk that keeps nothing": Kind(disk=LazyDisk),
    "a torn line stays": Kind(journal=LeavesTheTorn),
}
