"""Was everybody charged once or not at all, and does every last word say so?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hagaki.simulation.faults import NEVER_ENDS, TWO_FACED, Fault
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.loop import START_MS
from hagaki.simulation.records import key_of
from hagaki.simulation.sales import LIMIT_MINOR, Way
from mail_gateway.domain.outcome import Letter, Outcome
from schemas.envelope import outcome

if TYPE_CHECKING:
    from cafis_adapter.host.journal import Entry
    from hagaki.simulation.records import Records
    from hagaki.simulation.sales import Key, Sale
    from hagaki.simulation.world import World

FRESH_S: Final = 900 + 60
"""The gateway's freshness limit, and what the way to the host may take."""
CHARGED: Final = frozenset({Outcome.APPROVED})
NOT_CHARGED: Final = frozenset(
    {Outcome.DECLINED, Outcome.RE_ENTER, Outcome.CANCELLED, Outcome.EXPIRED, Outcome.REFUSED}
)
_SAYS_NO: Final = frozenset(
    {
        *(Letter.DECLINED, Letter.RE_ENTER, Letter.CANCELLED, Letter.EXPIRED, Letter.REFUSED),
        *(Letter.NOT_RETURNED, Letter.CANCEL_DONE, Letter.NOT_CANCELLED),
    }
)
_SAYS_YES: Final = frozenset({Letter.APPROVED, Letter.RETURNED, Letter.CANCEL_RETURNED})


@dataclass(frozen=True, slots=True)
class Truth:
    """What the host did for one sale, return or cancel. asked: requests that came; times: bookings;
    net_minor: left of them."""

    asked: int
    times: int
    net_minor: int


_MTIS: Final = {"0100": Way.SALE, "0200": Way.RETURN}


def truths(world: World, records: Records) -> dict[Key, Truth]:
    """What the host did for each sale, return and cancel of a reader."""
    references: dict[Key, list[str]] = defaultdict(list)
    for way, entry in _asked(world, records):
        references[way, entry.amount_minor].append(entry.reference)
    charges = world.host.charges()
    found = {}
    for key, asked in references.items():
        mine = [charges[one] for one in sorted(set(asked)) if one in charges]
        net_minor = abs(sum(one.net_minor for one in mine))
        found[key] = Truth(len(asked), sum(one.times for one in mine), net_minor)
    return found


def net_minor(found: Mapping[Key, Truth], key: Key) -> int:
    """What the host has moved under that key, and not undone."""
    truth = found.get(key)
    return 0 if truth is None else truth.net_minor


def left_minor(found: Mapping[Key, Truth], key: Key) -> int:
    """The same; but what a cancel gave back of a sale is not charged."""
    way, amount = key
    back = net_minor(found, (Way.CANCEL, amount)) if way is Way.SALE else 0
    return net_minor(found, key) - back


def _asked(world: World, records: Records) -> Iterator[tuple[Way, Entry]]:
    """What the host was asked, but for orders; what for."""
    others, cancels = records.references(), records.cancels()
    for mti, way in _MTIS.items():
        for entry in world.host.journal.asked(mti):
            is_cancel = way is Way.RETURN and entry.reference in cancels
            if entry.reference not in others:
                yield Way.CANCEL if is_cancel else way, entry


def excused(world: World, records: Records) -> set[Key]:
    """Sales and returns of which the host said no, and then that it was done: an answer that never arrived,
    or died with the gateway. Nobody can know before the acquirer's list is compared."""
    recorded = {row.payment for row in records.late}
    strays = {one.facts.get("reference") for one in world.history.verbs("line.stray")}
    found = set()
    for payment in records.payments:
        arrived = f"{payment.id:012d}" in strays and Fault.CRASH not in world.faults
        if payment.amount_minor % 1000 in TWO_FACED and payment.id not in recorded and not arrived:
            found.add(key_of(payment))
    return found


def charges(world: World, records: Records) -> Iterator[Finding]:
    """(b) Each sale was asked for once and charged never or once, for the amount that was keyed in."""
    keyed = {sale.key for sale in (*world.sales, *world.returns, *world.cancels) if sale.ksn}
    for key, truth in truths(world, records).items():
        _, amount = key
        if key not in keyed:
            yield Finding(Wrong.UNTRUE, f"the host was asked for {amount}, which nobody keyed in")
        if truth.asked > 1:
            yield Finding(Wrong.DOUBLE, f"the host was asked {truth.asked} times for {amount}")
        if truth.times > 1:
            yield Finding(Wrong.DOUBLE, f"{amount} was charged {truth.times} times")
        if truth.net_minor not in (0, amount):
            yield Finding(Wrong.UNTRUE, f"of {amount} there is {truth.net_minor} charged")


def last_words(world: World, records: Records) -> Iterator[Finding]:
    """(c), (d) What each reader says last is what the host did; nobody who was heard waits for ever."""
    found = truths(world, records)
    accepted, unknowable = world.accepted(), excused(world, records)
    for counter in world.counters:
        shown = counter.shown()
        for sale in counter.sealed:
            seen = shown.get(sale.ksn)
            meant = {one.key for one in (sale, sale.of) if one is not None}
            if seen is not None and unknowable.isdisjoint(meant):
                left = left_minor(found, sale.key)
                yield from _said(sale, seen.outcome, left, accepted=sale.ksn in accepted)


def _said(sale: Sale, said: int, net: int, *, accepted: bool) -> Iterator[Finding]:
    name = outcome.NAMES.get(said, "nothing")
    if (said in CHARGED and net != sale.amount_minor) or (said in NOT_CHARGED and net):
        yield Finding(Wrong.UNTRUE, f"reader says {name} of {sale.amount_minor}, charged are {net}")
    elif said not in CHARGED | NOT_CHARGED and accepted and sale.digits not in NEVER_ENDS:
        yield Finding(Wrong.LOST, f"reader says {name} of {sale.amount_minor}, and nothing more comes")


def in_time(world: World, records: Records) -> Iterator[Finding]:
    """No sale is asked for that is over the limit, or so old that the customer may have gone. Of one that has
    no date, its age counts from when it came."""
    sales = {sale.key: sale for sale in (*world.sales, *world.returns)}
    for way, entry in _asked(world, records):
        sale = sales.get((way, entry.amount_minor))
        if entry.amount_minor > LIMIT_MINOR:
            yield Finding(Wrong.UNTRUE, f"{entry.amount_minor} is over the limit and was asked for")
        if sale is not None and sale.is_dated and Fault.CLOCK_JUMP not in world.faults:
            age_s = (entry.time_ms - START_MS) // 1000 - int(sale.sealed_s)
            if age_s > FRESH_S:
                yield Finding(Wrong.UNTRUE, f"{entry.amount_minor} was asked for {age_s} s after its sale")


def plain_day(world: World, records: Records) -> Iterator[Finding]:
    """Where nothing goes wrong, every sale is approved that can be, and none is charged that is cancelled."""
    found = truths(world, records)
    keyed = [back for back in world.returns if back.ksn]
    undone = {cancel.number for cancel in world.cancels if cancel.ksn}
    for sale in (*world.sales, *keyed) if not world.faults else ():
        left = left_minor(found, sale.key)
        if sale.number in undone and left:
            yield Finding(Wrong.UNTRUE, f"{sale.amount_minor} was cancelled, charged are {left}")
        if sale.number not in undone and left != sale.amount_minor and sale.amount_minor <= LIMIT_MINOR:
            yield Finding(Wrong.LOST, f"{sale.amount_minor} was not charged, and nothing was in its way")


def newest_letters(world: World, records: Records) -> Iterator[Finding]:
    """(c) once more: the newest letter of each payment says what the host did."""
    found = truths(world, records)
    unknowable = excused(world, records)
    newest: dict[int, str] = {letter.payment: letter.kind for letter in records.letters}
    for payment in records.payments:
        kind = newest.get(payment.id)
        net = net_minor(found, key_of(payment))
        wrong = (kind in _SAYS_YES and net != payment.amount_minor) or (kind in _SAYS_NO and net)
        if wrong and key_of(payment) not in unknowable:
            yield Finding(Wrong.UNTRUE, f"letter {kind} of payment {payment.id}, charged are {net}")


def nets(found: Mapping[int, Truth]) -> int:
    """All that is charged in the end, minor units."""
    return sum(truth.net_minor for truth in found.values())


def given_back(world: World, records: Records) -> Iterator[Finding]:
    """No sale gave back more than it took, and none counts less than its returns hold."""
    charged = {reference: charge.net_minor for reference, charge in world.host.charges().items()}
    left = {payment.id: charged.get(f"{payment.id:012d}", 0) for payment in records.payments}
    held = {payment.id: payment.returned_minor for payment in records.payments if payment.original is None}
    for payment in records.payments:
        if payment.original is not None:
            left[payment.original] += left[payment.id]
            held[payment.original] -= payment.returned_minor
    for number, minor in held.items():
        if left[number] < 0 and minor is not None:
            yield Finding(Wrong.UNTRUE, f"payment {number} gave back {-left[number]} more than it took")
        if minor:
            yield Finding(Wrong.BOOKS, f"payment {number} counts {minor} more than its returns hold")
