"""From a card to an order: amount, payment condition, instalments, PIN; then chip or seal."""

from card_reader_fw.rooms.order import CHIP, DEBIT, FALLBACK, INSTALMENTS, LUMP_SUM, STRIPE, conditions
from card_reader_fw.rooms.state import (
    AMOUNT,
    CARD,
    CONDITION,
    COUNT,
    IDLE,
    PIN,
    READING,
    SEALING,
    base,
    cancel,
    clear,
    digit,
    go,
    home,
)
from schemas.envelope import payload

AMOUNT_DIGITS = 8  # yen
PIN_MIN, PIN_MAX = 4, 12


def swiped(state, has_chip):
    """A stripe was read, and says whether its card has a chip too."""
    if has_chip and state.has_slot and not state.fallback:
        return state, [("forget",), ("show", "insert-chip")]
    return in_hand(state, FALLBACK if state.fallback else STRIPE)


def _bad_card(state, slug):
    return go(state, state.name, note=("bad-card", slug))


def inserted(state, _):
    """A card is in the slot."""
    return in_hand(state.but(inserted=True, fallback=False), CHIP)


def in_hand(state, entry):
    """A card was read or is in the slot: the amount is asked, unless the order has it."""
    state = state.but(held=True, order=state.order.but(entry=entry))
    if state.name == CARD:
        return _ask_pin(state)
    return go(state, AMOUNT, digits="")


def _amount(state, _):
    amount = int(state.digits or "0")
    if not amount:
        return go(state, AMOUNT, digits="", note=("amount-zero",))
    return go(state, CONDITION, order=state.order.but(amount_minor=amount), digits="")


def _condition(state, _):
    condition = int(state.digits or str(LUMP_SUM))
    if condition not in conditions(pin_on=state.pin_on):
        return go(state, CONDITION, digits="", note=("condition-unknown",))
    state = state.but(order=state.order.but(condition=condition), digits="")
    return go(state, COUNT) if condition in INSTALMENTS else _ask_pin(state)


def _count(state, _):
    count = int(state.digits or "0")
    if count < 2:
        return go(state, COUNT, digits="", note=("count-range",))
    return _ask_pin(state.but(order=state.order.but(count=count)))


def _ask_pin(state):
    """Debit needs a PIN; a chip may, and the customer knows. ENTER alone then goes on without."""
    order = state.order
    chip_sale = order.entry == CHIP and order.kind == payload.SALE
    if order.condition == DEBIT or (state.pin_on and chip_sale):
        return go(state, PIN, digits="", stars=0)
    return _gathered(state)


def _pin_digit(state, typed):
    if state.stars == PIN_MAX:
        return state, []
    return go(state, PIN, ("pin-key", typed), stars=state.stars + 1)


def _pin_clear(state, _):
    return go(state, PIN, ("pin-wipe",), stars=0)


def _pin(state, _):
    without = not state.stars and state.order.condition != DEBIT
    if state.stars < PIN_MIN and not without:
        return go(state, PIN, ("pin-wipe",), stars=0, note=("pin-short",))
    return _gathered(state)


def _gathered(state):
    """All is keyed. The action is last, for it answers with the next event."""
    name, verb = (READING, "read-chip") if state.order.entry == CHIP else (SEALING, "seal")
    after, actions = go(state, name, digits="", stars=0)
    return after, actions + [(verb, state.order)]


def _no_keys(state, _):
    return home(state.but(keyless=True))


def _not_sealed(state, slug):
    return home(state, note=("fault", slug))


def _removed(state, _):
    return home(state.but(inserted=False), note=("card-gone",))


def _removed_by_chip(state, _):
    """A stripe was swiped for this sale: the slot does not matter."""
    if state.order.entry == CHIP:
        return _removed(state, _)
    return state.but(inserted=False), []


def _removed_at_rest(state, _):
    return go(state.but(inserted=False), base(state))


def _new_slip(state, _):
    return go(state, IDLE, ("new-slip",), fallback=False, digits="")


TABLE = {
    (IDLE, "card"): swiped,
    (IDLE, "bad-card"): _bad_card,
    (IDLE, "inserted"): inserted,
    (IDLE, "removed"): _removed_at_rest,
    (IDLE, "CANCEL"): _new_slip,
    (CARD, "card"): swiped,
    (CARD, "bad-card"): _bad_card,
    (CARD, "inserted"): inserted,
    (CARD, "CANCEL"): cancel,
    (AMOUNT, "digit"): digit(AMOUNT_DIGITS),
    (AMOUNT, "CLEAR"): clear,
    (AMOUNT, "CANCEL"): cancel,
    (AMOUNT, "ENTER"): _amount,
    (AMOUNT, "removed"): _removed_by_chip,
    (CONDITION, "digit"): digit(3),
    (CONDITION, "CLEAR"): clear,
    (CONDITION, "CANCEL"): cancel,
    (CONDITION, "ENTER"): _condition,
    (CONDITION, "removed"): _removed_by_chip,
    (COUNT, "digit"): digit(2),
    (COUNT, "CLEAR"): clear,
    (COUNT, "CANCEL"): cancel,
    (COUNT, "ENTER"): _count,
    (COUNT, "removed"): _removed_by_chip,
    (PIN, "digit"): _pin_digit,
    (PIN, "CLEAR"): _pin_clear,
    (PIN, "CANCEL"): cancel,
    (PIN, "ENTER"): _pin,
    (PIN, "removed"): _removed_by_chip,
    (SEALING, "no-keys"): _no_keys,
    (SEALING, "fault"): _not_sealed,
}
