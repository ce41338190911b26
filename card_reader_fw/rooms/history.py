"""The last ten sales: how each ended, sending one again, giving one back by a void or a refund, or cancelling
one that has no answer."""

from card_reader_fw.rooms.order import CHIP, Order
from card_reader_fw.rooms.sale import AMOUNT_DIGITS, in_hand
from card_reader_fw.rooms.state import CARD, MENU, REFUND, SALES, cancel, clear, digit, go, home, onward
from schemas.envelope import payload


def _sales(state, lines):
    if not lines:
        return home(state, note=("no-sales",))
    return go(state, SALES, sales=tuple(lines))


def _older(state, _):
    return go(state, SALES, sales=state.sales[1:] + state.sales[:1])


def _newer(state, _):
    return go(state, SALES, sales=state.sales[-1:] + state.sales[:-1])


def _send_again(state, _):
    line = state.sales[0]
    if not line.sendable:
        return go(state, SALES, note=("answered",))
    return onward(state, ksn=line.ksn, slip=line.slip, offered=True, sales=())


def _give_back(state, typed):
    line = state.sales[0]
    if typed not in "12":
        return state, []
    if typed == "1" and line.kind in (payload.SALE, payload.CANCEL) and line.is_open():
        return state, [("look", line.ksn)]
    if state.keyless:
        return go(state, SALES, note=("no-keys",))
    if not line.left or (typed == "1" and line.left != line.amount_minor):
        return go(state, SALES, note=("no-void" if typed == "1" else "no-refund",))
    if typed == "2":
        return go(state, REFUND, digits="")
    return _wait_for_card(state, payload.VOID, line.amount_minor)


def _refund(state, _):
    amount = int(state.digits or "0")
    if not amount:
        return go(state, REFUND, digits="", note=("amount-zero",))
    if amount > state.sales[0].left:
        return go(state, REFUND, digits="", note=("too-much", state.sales[0].left))
    return _wait_for_card(state, payload.REFUND, amount)


def _wait_for_card(state, kind, amount):
    line = state.sales[0]
    order = Order(kind, line.ksn, line.slip)
    order = order.but(amount_minor=amount, condition=line.condition, count=line.count)
    after, actions = go(state, CARD, order=order, sales=(), digits="")
    return in_hand(after, CHIP) if state.inserted else (after, actions)


TABLE = {
    (MENU, "sales"): _sales,
    (SALES, "ENTER"): _older,
    (SALES, "CLEAR"): _newer,
    (SALES, "TRANSFER"): _send_again,
    (SALES, "digit"): _give_back,
    (SALES, "CANCEL"): cancel,
    (REFUND, "digit"): digit(AMOUNT_DIGITS),
    (REFUND, "CLEAR"): clear,
    (REFUND, "CANCEL"): cancel,
    (REFUND, "ENTER"): _refund,
}
