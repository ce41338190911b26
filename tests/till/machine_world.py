"""A vending machine's world in virtual time: disk, network, gateway, shelf, customer, person, and a power cut
at any of their operations. All of it comes from one seed."""

from __future__ import annotations

import errno
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from till.answers import Absent, Lost, Refused, Standing
from till.errors import TillError
from till.journal import Journal
from till.machine import State
from till.vending import Vending
from till.walk import Ports

SALES = 3
STEPS_MAX = 600
"""So many steps a world may take once nothing goes wrong any more."""
OVER = {State.IDLE, State.TOLD, State.SORRY}
DEAD = {"cancelled", "refused", "lapsed", "failed", "returned"}
BY_HAND = "centre:1"
DELAY_MAX_MS = 120_000
"""A request that the network has swallowed arrives so much later at most."""


class PowerCut(BaseException):
    """The machine is gone; what is on disk, in the gateway and on the shelf stays."""


class Wrong(AssertionError):
    """What must never be."""


@dataclass
class Order:
    body: dict
    state: str = "asked"
    answers_ms: int = 0
    says: str = "yes"
    captured_ms: int = 0
    given_back: bool = False
    returns: dict = field(default_factory=dict)
    returned_ms: int = 0

    @property
    def made(self):
        return self.state in ("captured", "handed-over")

    @property
    def kept(self):
        """Whether the customer's money is gone."""
        return self.made and not self.given_back


@dataclass
class Luck:
    """How bad a world is: probabilities of a cut at an operation, of a lost answer, of other mishaps."""

    cut: float
    lost: float
    mishap: float
    cuts_max: int


class World:
    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.luck = Luck(
            cut=self.dice.choice([0.02, 0.06, 0.12, 0.3]),
            lost=self.dice.choice([0.0, 0.1, 0.4]),
            mishap=self.dice.choice([0.0, 0.1, 0.3]),
            cuts_max=self.dice.randrange(4, 20),
        )
        self.now_ms = 1_800_000_000_000
        self.cuts = Counter()
        self.disk, self.gateway, self.drop = Disk(self), Gateway(self), Drop(self)
        self.machine = None
        self.sold = 0
        self.calm = False

    def chance(self, probability):
        return not self.calm and self.dice.random() < probability

    def cut_here(self, where):
        """Whether the power goes now; the caller does what is half done first and raises PowerCut."""
        odds = min(self.luck.cut * (5 if where.startswith(("motor", "net.give-back")) else 1), 0.5)
        if sum(self.cuts.values()) >= self.luck.cuts_max or not self.chance(odds):
            return False
        self.cuts[where] += 1
        return True

    def tick(self, where, ms=0):
        self.now_ms += ms
        if self.cut_here(where):
            raise PowerCut(where)

    def asleep(self):
        """The power is off for a moment, or for hours."""
        self.now_ms += self.dice.choice([1, 1_000, 60_000, 7_200_000])
        self.gateway.last.clear()
        self.drop.blind = self.drop.blind or self.chance(self.luck.mishap / 4)
        self.drop.jammed = self.drop.jammed and not self.chance(0.5)  # somebody mended it
        for deal_id, order in self.gateway.orders.items():
            if order.made and self.drop.out[deal_id] == 0 and self.chance(self.luck.mishap):
                order.state = "failed"  # daily settlement: the money could not be taken after all
            elif order.made and self.drop.out[deal_id] == 0 and self.chance(self.luck.mishap):
                order.returns[BY_HAND] = "done"  # the shop gave back a part


class Disk:
    """Append-only; a cut tears the line that is being written."""

    def __init__(self, world):
        self.world, self.kept = world, b""

    def read(self):
        self.world.tick("disk.read")
        return self.kept

    def cut(self, size):
        self.world.tick("disk.cut")
        self.kept = self.kept[:size]
        self.world.tick("disk.cut done")

    def append(self, data):
        self.world.tick("disk.append")
        if self.world.cut_here("disk.append torn"):
            whole = self.world.dice.randrange(len(data))
            torn = self.world.dice.choice(
                [data[:whole], data[:whole] + bytes(len(data) - whole), b"\0" * whole]
            )
            self.kept += torn
            raise PowerCut
        if self.world.chance(self.world.luck.mishap / 4):
            self.kept += data[: self.world.dice.randrange(len(data))]
            raise OSError(errno.ENOSPC, "full")
        self.kept += data
        self.world.tick("disk.append done")


class Gateway:
    """The shop API, its customers, and the network before it."""

    def __init__(self, world):
        self.world = world
        self.orders: dict[str, Order] = {}
        self.delayed: list[tuple[int, Callable[[], object]]] = []
        self.last: dict[tuple[str, str], Standing] = {}

    async def place(self, deal_id, body):
        return self._over_the_net("place", deal_id, lambda: self._place(deal_id, dict(body)))

    async def look(self, deal_id, wait_s):
        self.world.now_ms += wait_s * self.world.dice.randrange(1000)
        return self._over_the_net("look", deal_id, lambda: self._standing(deal_id))

    async def cancel(self, deal_id):
        return self._over_the_net("cancel", deal_id, lambda: self._cancel(deal_id))

    async def handed_over(self, deal_id):
        return self._over_the_net("handed-over", deal_id, lambda: self._handed_over(deal_id))

    async def give_back(self, deal_id, body):
        return self._over_the_net("give-back", deal_id, lambda: self._give_back(deal_id, body["return_id"]))

    def _over_the_net(self, what, deal_id, ask):
        world = self.world
        world.tick(f"net.{what}", ms=world.dice.randrange(3_000))
        self._time_goes_by()
        if world.cut_here(f"net.{what} under way"):
            self._arrives_late(what, ask)
            raise PowerCut
        if world.chance(world.luck.lost):
            self._arrives_late(what, ask)
            return Lost("no-answer")
        answer = ask()
        world.tick(f"net.{what} done")
        if world.chance(world.luck.lost):
            return Lost("answer-lost")
        if world.chance(world.luck.mishap) and (deal_id, what) in self.last:
            return self.last[deal_id, what]  # an answer comes twice
        if isinstance(answer, Standing):
            self.last[deal_id, what] = answer
        if what == "look" and world.chance(world.luck.mishap / 3):
            world.machine.give_up()  # a key pressed while it waits
        world.tick(f"net.{what} heard")
        return answer

    def _arrives_late(self, what, ask):
        if what in ("place", "give-back") and self.world.chance(0.5):
            self.delayed.append((self.world.now_ms + self.world.dice.randrange(DELAY_MAX_MS), ask))

    def _time_goes_by(self):
        now_ms = self.world.now_ms
        due = [one for one in self.delayed if one[0] <= now_ms]
        self.delayed = [one for one in self.delayed if one[0] > now_ms]
        for _, ask in due:
            ask()
        for order in self.orders.values():
            if order.state == "asked" and order.answers_ms <= now_ms:
                order.state = {"yes": "confirmed", "no": "refused", "nothing": "lapsed"}[order.says]
            if order.state == "confirmed" and order.captured_ms <= now_ms:
                order.state = "captured"
            if order.made and order.returned_ms and order.returned_ms <= now_ms:
                self._ends(order)

    def _ends(self, order):
        """What became of the return that is open: the acquirer gives it back, or refuses."""
        name = next(name for name, state in order.returns.items() if state == "open")
        gives = not self.world.chance(0.3)
        order.returns[name], order.returned_ms = ("done" if gives else "refused"), 0
        order.state = "returned" if gives else order.state

    def _place(self, deal_id, body):
        found = self.orders.get(deal_id)
        if found is not None:
            return self._standing(deal_id) if found.body == body else Refused("deal-id-used")
        if self.world.chance(self.world.luck.mishap):
            return Refused("stock-out")
        answers_ms = self.world.now_ms + self.world.dice.choice([0, 1_000, 60_000, 600_000])
        late_ms = answers_ms + self.world.dice.choice([0, 5_000, 400_000])
        says = self.world.dice.choices(["yes", "no", "nothing"], [8, 1, 1])[0]
        self.orders[deal_id] = Order(body, "asked", answers_ms, says, late_ms)
        return self._standing(deal_id)

    def _standing(self, deal_id):
        order = self.orders.get(deal_id)
        if order is None:
            return Absent()
        returns = dict(order.returns)
        return Standing(1, deal_id, order.state, order.made, order.state in DEAD, returns=returns)

    def _give_back(self, deal_id, name):
        order = self.orders[deal_id]
        if name not in order.returns:
            if not order.made or order.given_back:
                return Refused("order-dead")
            order.returns[name] = "open"
            order.returned_ms = self.world.now_ms + self.world.dice.choice([1, 1_000, 600_000])
        return self._standing(deal_id)

    def _cancel(self, deal_id):
        order = self.orders.get(deal_id)
        if order is not None and order.state == "asked":
            order.state = "cancelled"
        if order is not None and (order.made or order.state == "confirmed"):
            return Refused("order-agreed")
        return self._standing(deal_id)

    def _handed_over(self, deal_id):
        if not self.orders[deal_id].made:
            return Refused("order-not-made")
        self.orders[deal_id].state = "handed-over"
        return self._standing(deal_id)


class Drop:
    """One shelf with a motor, and a sensor that counts what falls, unless it has no power just then."""

    def __init__(self, world):
        self.world = world
        self.count, self.blind, self.jammed = 0, False, False
        self.out: Counter[str] = Counter()

    def fallen(self):
        self.world.tick("sensor")
        return None if self.blind else self.count

    def turn(self, shelf):
        world = self.world
        deal_id = world.machine.deal.deal_id
        world.tick("motor")
        self.jammed = self.jammed or world.chance(world.luck.mishap)
        if world.cut_here("motor turning"):
            self._half_a_turn(deal_id)
            raise PowerCut
        if not self.jammed:
            self._fall(deal_id)
            self.count += 1
            self.blind = world.chance(world.luck.mishap / 3)
        world.tick("motor done")

    def falls_late(self, deal_id):
        """What hung on the shelf falls when somebody shakes the machine; the sensor may miss it."""
        order = self.world.gateway.orders.get(deal_id)
        if self.jammed and order is not None and order.kept and self.world.chance(0.5):
            self._fall(deal_id, late=True)
            self.jammed = False

    def _half_a_turn(self, deal_id):
        moved, fell, counted = self.world.dice.choice(
            [(False, False, False), (True, False, False), (True, True, False), (True, True, True)]
        )
        if fell and not self.jammed:
            self._fall(deal_id)
            self.count += counted
        self.blind = moved and not counted

    def _fall(self, deal_id, *, late=False):
        order = self.world.gateway.orders.get(deal_id)
        if order is None or not order.kept:
            raise Wrong("goods fell that nobody has paid")
        if BY_HAND in order.returns and not late:
            raise Wrong("goods fell of which some was given back")
        self.out[deal_id] += 1
        if self.out[deal_id] > 1:
            raise Wrong("the same goods fell twice")


def person(world):
    """Looks, tells the truth, and puts the sensor or the shelf right; not always at once."""
    machine, deal_id = world.machine, world.machine.deal.deal_id
    if world.chance(0.3):
        return
    order = world.gateway.orders.get(deal_id)
    world.drop.blind = False
    if machine.state is State.OWED:
        world.drop.falls_late(deal_id)
    if machine.state is State.UNSURE or world.drop.out[deal_id]:
        machine.person_saw(out=world.drop.out[deal_id] == 1)
    elif machine.state is State.BROKEN or (order is not None and order.kept and world.dice.random() < 0.5):
        world.drop.jammed = False
        machine.person_saw(out=False)
    else:
        if order is not None:
            order.given_back = True
        machine.person_gave_back()


def now(work):
    """Run a coroutine of which nothing really waits."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise Wrong("it waited for something real")


@dataclass
class Kind:
    """Which machine is in the world: `build` for one with a bug."""

    build: object = Vending
    journal: object = Journal
    disk: object = None


def life(world, kind):
    """From switching on to the next power cut, or until all is sold."""
    ports = Ports(world.gateway, lambda: world.now_ms, lambda: world.now_ms)
    world.machine = kind.build(kind.journal(world.disk), ports, world.drop)
    for _ in range(STEPS_MAX):
        machine = world.machine
        if machine.state in OVER:
            if world.sold == SALES:
                return
            deal_id = f"M-{world.sold}-{world.dice.randrange(1 << 30):x}"
            world.sold += machine.choose(deal_id, {"deal_id": deal_id, "quantity": 1}, {"shelf": "1"})
        elif machine.state in (State.UNSURE, State.OWED, State.BROKEN):
            person(world)
        elif world.chance(world.luck.mishap / 10):
            machine.give_up()
        elif world.chance(world.luck.mishap / 5) and machine.choose("M-other", {}, {"shelf": "1"}):
            raise Wrong("a second customer came between")
        else:
            now(machine.step())
            world.now_ms += 1_000
    if world.calm:
        raise Wrong(f"it never ends: {world.machine.state}")


def play(seed, kind=None):
    """A world from its seed to its end -> the world. Raises Wrong."""
    world, kind = World(seed), kind or Kind()
    world.disk = (kind.disk or Disk)(world)
    for _ in range(60):
        try:
            life(world, kind)
        except PowerCut:
            world.asleep()
            continue
        except (OSError, TillError) as error:
            if isinstance(error, TillError):
                raise Wrong(str(error)) from None
            world.now_ms += 1_000  # a full disk stops it; somebody starts it again
            continue
        if world.sold == SALES and world.machine.state in OVER:
            break
        world.calm = world.calm or sum(world.cuts.values()) >= world.luck.cuts_max
    world.calm = True
    life(world, kind)
    judge(world)
    return world


def judge(world):
    """Never both the money and the goods, never neither, and the gateway knows."""
    world.now_ms += 10_000_000
    world.gateway._time_goes_by()
    deals = Journal(world.disk).deals
    for deal_id, order in world.gateway.orders.items():
        out = world.drop.out[deal_id]
        if order.kept and not out:
            raise Wrong("money kept and goods kept")
        if out and not order.kept:
            raise Wrong("goods and money are both with the customer")
        if order.state in ("asked", "confirmed"):
            raise Wrong("an order that nobody waits for")
        if deal_id not in deals:
            raise Wrong("the journal does not know of an order")
        if (order.state == "handed-over") != bool(out) or (deals[deal_id].state is State.TOLD) != bool(out):
            raise Wrong("what was told is not what fell")
