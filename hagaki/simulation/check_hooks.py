"""Was each shop's server told everything that happened to its orders, once, in order, and nothing else?"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.findings import Finding, Wrong

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

OLD_MAX_S: Final = 60
_TOLD: Final = {
    "asked": "order.asked",
    "not-collected": "order.unpaid",
    "returned": "order.returned",
    "returned-part": "order.returned",
    "not-returned": "order.not-returned",
}
_DEATHS: Final = frozenset({"no", "lapsed", "cancelled", "not-authorised", "not-captured"})
_HANDED_OVER: Final = "handed-over"
_BESIDE: Final = "order.question-undelivered"
"""No event of the order: a bounce."""


def signed(world: World, _: Records) -> Iterator[Finding]:
    """What a server took was signed for it, a moment before."""
    for heard in world.servers.heard:
        if not heard.is_genuine:
            yield Finding(Wrong.UNTRUE, f"hook {heard.ident} is not signed with its shop's secret")
        if heard.old_s > OLD_MAX_S and Fault.CLOCK_JUMP not in world.faults:
            yield Finding(Wrong.UNTRUE, f"hook {heard.ident} was signed {heard.old_s} s before")


def told(_: World, records: Records) -> Iterator[Finding]:
    """For all that happened to an order there is one hook, and for nothing else."""
    happened = Counter(
        (order.id, "order.made") for order in records.selling.orders if order.made_ms is not None
    )
    made_ms = {order.id: order.made_ms for order in records.selling.orders}
    for event in records.selling.events:
        if event.kind in _DEATHS:
            made = made_ms[event.order_id] is not None and made_ms[event.order_id] <= event.at_ms
            happened[event.order_id, "order.failed" if made else "order.dead"] += 1
        elif (
            event.kind == _HANDED_OVER
        ):  # twice where the money comes after the goods are gone, and told once
            happened[event.order_id, "order.handed-over"] = 1
        elif event.kind in _TOLD:
            happened[event.order_id, _TOLD[event.kind]] += 1
    written = Counter((hook.order_id, hook.event) for hook in records.selling.hooks if hook.event != _BESIDE)
    for order, event in sorted(happened.keys() | written.keys()):
        times, hooks = happened[order, event], written[order, event]
        if hooks < times:
            yield Finding(Wrong.LOST, f"order {order}: {event} happened {times} times, told are {hooks}")
        if hooks > times:
            yield Finding(
                Wrong.UNTRUE, f"order {order}: {event} is told {hooks} times, and was {times} times"
            )


def taken(world: World, records: Records) -> Iterator[Finding]:
    """What counts as taken a server has, and in the end everything is; the same again has the same words; of
    one order nothing overtakes."""
    first: dict[str, int] = {}
    words: dict[str, dict[str, object]] = {}
    for place, heard in enumerate(world.servers.heard):
        first.setdefault(heard.ident, place)
        if words.setdefault(heard.ident, heard.members) != heard.members:
            yield Finding(Wrong.UNTRUE, f"hook {heard.ident} comes in other words")
    came: dict[int, list[int]] = defaultdict(list)
    for hook in records.selling.hooks:
        ident = f"{hook.order_id}.{hook.event}{hook.about and f'.{hook.about}'}"
        if hook.done_ms is None or ident not in first:
            state = "not taken in the end" if hook.done_ms is None else "marked as taken only"
            yield Finding(Wrong.LOST, f"hook {ident} is {state}")
        else:
            came[hook.order_id].append(first[ident])
    for order, places in came.items():
        if places != sorted(places):
            yield Finding(Wrong.UNTRUE, f"hooks of order {order} came in another order")
