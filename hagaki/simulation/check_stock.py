"""Do orders, stock and letters agree: what is reserved, what left, what was told, and what waits for whom?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from hagaki.simulation.buys import Habit
from hagaki.simulation.check_orders import Sold, sold
from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.market import STOCK
from hagaki.simulation.order_records import MADE, WAS_MADE
from mail_gateway.domain.order import DEAD, ORDER_TRANSITIONS, OrderKind, OrderState
from mail_gateway.domain.outcome import Letter

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

_RESERVES: Final = frozenset({OrderState.PLACED, OrderState.AUTHORISED, OrderState.ASKED})
_GONE: Final = frozenset({OrderState.CONFIRMED, *MADE})
_GONE_IF_HANDED: Final = frozenset({OrderState.FAILED, OrderState.RETURNED, OrderState.UNPAID})

_TELLS: Final = {
    Letter.QUESTION: frozenset({OrderKind.ASKED}),
    Letter.ORDER_CONFIRMED: frozenset({OrderKind.YES}),
    Letter.ORDER_REFUSED: frozenset({OrderKind.NO}),
    Letter.ORDER_LAPSED: frozenset({OrderKind.LAPSED}),
    Letter.ORDER_CANCELLED: frozenset({OrderKind.CANCELLED}),
    Letter.ORDER_FAILED: frozenset({OrderKind.NOT_AUTHORISED, OrderKind.NOT_CAPTURED}),
    Letter.ORDER_UNPAID: frozenset({OrderKind.NOT_COLLECTED}),
    Letter.SHOP_UNPAID: frozenset({OrderKind.NOT_COLLECTED}),
}
_OF_RETURNS: Final = {
    Letter.ORDER_RETURNED: frozenset({OrderKind.RETURNED, OrderKind.RETURNED_PART}),
    Letter.SHOP_RETURNED: frozenset({OrderKind.RETURNED, OrderKind.RETURNED_PART}),
    Letter.SHOP_NOT_RETURNED: frozenset({OrderKind.NOT_RETURNED}),
}
"""A letter, and what has to have happened in the same moment; those of no return are written once."""

_AT_THE_END: Final = {
    OrderState.REFUSED: (Letter.ORDER_REFUSED, Letter.SHOP_DEAD),
    OrderState.LAPSED: (Letter.ORDER_LAPSED, Letter.SHOP_DEAD),
    OrderState.CANCELLED: (Letter.ORDER_CANCELLED, Letter.SHOP_DEAD),
    OrderState.FAILED: (Letter.ORDER_FAILED, Letter.SHOP_DEAD),
    OrderState.CAPTURED: (Letter.ORDER_CONFIRMED, Letter.SHOP_MADE),
    OrderState.HANDED_OVER: (Letter.ORDER_CONFIRMED, Letter.SHOP_MADE),
    OrderState.RETURNED: (Letter.ORDER_RETURNED, Letter.SHOP_RETURNED),
    OrderState.UNPAID: (Letter.SHOP_MADE, Letter.ORDER_UNPAID, Letter.SHOP_UNPAID),
}
_ONCE: Final = frozenset({*_TELLS, Letter.SHOP_MADE, Letter.SHOP_DEAD})

_SAYS_YES: Final = (
    *(Habit.YES, Habit.TWICE, Habit.CHANGES, Habit.BARE_FIRST, Habit.UNCLEAR_FIRST),
    *(Habit.COMPUTES, Habit.COMPUTES_TWICE, Habit.CODE_FIRST, Habit.STALE_FIRST, Habit.SLIPS),
)
_ON_A_PLAIN_DAY: Final = {
    **dict.fromkeys(Habit, frozenset({OrderState.LAPSED})),
    **dict.fromkeys(_SAYS_YES, MADE),
    Habit.NO: frozenset({OrderState.REFUSED}),
}


def stock(world: World, records: Records) -> Iterator[Finding]:
    """What is reserved is wanted, what left was bought, and no more was promised than there was."""
    states = {order.id: OrderState(order.state) for order in records.selling.orders}
    handed = {event.order_id for event in records.selling.events if event.kind == OrderKind.HANDED_OVER}
    reserved: Counter[int] = Counter()
    gone: Counter[int] = Counter()
    for line in records.selling.lines:
        state = states[line.order_id]
        is_gone = state in _GONE or (state in _GONE_IF_HANDED and line.order_id in handed)
        reserved[line.product] += line.quantity if state in _RESERVES else 0
        gone[line.product] += line.quantity if is_gone else 0
    for product in records.selling.products if world.orders else ():
        if gone[product.id] + reserved[product.id] > STOCK:
            yield Finding(Wrong.DOUBLE, f"product {product.id}: {gone[product.id]} sold of {STOCK}")
        if (product.stock, product.reserved) != (STOCK - gone[product.id], reserved[product.id]):
            stands = f"{product.stock} in stock, {product.reserved} reserved"
            yield Finding(Wrong.BOOKS, f"product {product.id}: {stands}, {gone[product.id]} were sold")


def arrows(_: World, records: Records) -> Iterator[Finding]:
    """The events of an order are one walk along the table, and end where the order stands."""
    at: dict[int, str] = {}
    for event in records.selling.events:
        before = at.get(event.order_id, OrderState.PLACED.value)
        after = ORDER_TRANSITIONS.get(OrderState(event.before), {}).get(OrderKind(event.kind))
        if event.before != before or event.after != after:
            arrow = f"{event.before} {event.kind} {event.after}"
            yield Finding(Wrong.ILLEGAL, f"order {event.order_id} at {before}: {arrow}")
        at[event.order_id] = event.after
    for order in records.selling.orders:
        if order.state != at.get(order.id, OrderState.PLACED.value):
            yield Finding(Wrong.ILLEGAL, f"order {order.id} is {order.state}, events end elsewhere")


def ends(_: World, records: Records) -> Iterator[Finding]:
    """Every order is over, or the doctor tells a person why not, and it is looked at again."""
    for order in records.selling.orders:
        if OrderState(order.state) in DEAD | MADE:
            continue
        if order.id not in records.selling.waiting:
            yield Finding(Wrong.STUCK, f"order {order.id} is {order.state}, and the doctor does not say why")
        if order.due_ms is None:
            yield Finding(Wrong.STUCK, f"order {order.id} is {order.state}, and nobody looks at it again")


def letters(world: World, records: Records) -> Iterator[Finding]:
    """Every letter told what had happened when it was written, once; and of every end there is one."""
    happened = {(event.order_id, event.at_ms, event.kind) for event in records.selling.events}
    told: Counter[tuple[int, str]] = Counter()
    for letter in records.selling.letters:
        kind = Letter(letter.kind)
        told[letter.order_id, kind] += 1
        moments = {
            (letter.order_id, letter.created_ms, why) for why in {**_TELLS, **_OF_RETURNS}.get(kind, ())
        }
        if moments and moments.isdisjoint(happened):
            yield Finding(
                Wrong.UNTRUE, f"letter {kind} of order {letter.order_id} tells what had not happened"
            )
    for (order_id, name), times in sorted(told.items()):
        if times > 1 and name in _ONCE:
            yield Finding(Wrong.DOUBLE, f"order {order_id} has {times} letters {name}")
    for one in sold(world, records):
        yield from _told_the_end(one, told)


def _told_the_end(one: Sold, told: Counter[tuple[int, str]]) -> Iterator[Finding]:
    number, state = one.order.id, OrderState(one.order.state)
    for kind in _AT_THE_END.get(state, ()):
        is_asked = told[number, Letter.QUESTION] or kind is not Letter.ORDER_CANCELLED
        if is_asked and not told[number, kind]:
            yield Finding(Wrong.LOST, f"order {number} is {state}, and there is no letter {kind}")
    if told[number, Letter.SHOP_MADE] and state not in WAS_MADE and not one.is_daily:
        yield Finding(Wrong.UNTRUE, f"letter shop-made of order {number}, which is {state}")
    if told[number, Letter.SHOP_DEAD] and state not in DEAD:
        yield Finding(Wrong.UNTRUE, f"letter shop-dead of order {number}, which is {state}")


def states_told(_: World, records: Records) -> Iterator[Finding]:
    """A letter that answers an answer after the end is written after the end."""
    last: dict[int, Any] = {}
    for event in records.selling.events:
        if event.before == OrderState.ASKED:
            last[event.order_id] = event.at_ms
    for letter in records.selling.letters:
        if letter.kind == Letter.ORDER_STATE and letter.order_id not in last:
            yield Finding(Wrong.UNTRUE, f"letter order-state of order {letter.order_id}, which is not over")


def plain_day(world: World, records: Records) -> Iterator[Finding]:
    """Where nothing goes wrong, every order ends as its customer wants it to."""
    for one in sold(world, records) if not world.faults else ():
        wanted = _ON_A_PLAIN_DAY[one.buyer.buy.habit]
        state = OrderState(one.order.state)
        may_be = {OrderState.CANCELLED, *(() if one.buyer.buy.is_collected else (OrderState.UNPAID,))}
        may_be |= {OrderState.RETURNED} if one.returns else set()
        if state not in wanted | may_be:
            yield Finding(Wrong.LOST, f"order {one.order.id} is {state}: {one.buyer.buy.habit}")
