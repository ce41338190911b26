"""One moment of the terminal, its names, and how it goes from one to the next. Holds no card and no PIN."""

from card_reader_fw.rooms.order import Order
from card_reader_fw.rooms.prompts import prompt

NO_KEYS = "no-keys"
IDLE = "idle"
MENU = "menu"
CARD = "card"  # an order whose amount is known waits for its card
AMOUNT = "amount"
CONDITION = "condition"
COUNT = "count"
PIN = "pin"
READING = "reading"  # the chip
CHOOSE = "choose"  # which of the chip's applications
SEALING = "sealing"
REMOVE = "remove"
WAITING = "waiting"  # for the phone's permission
READY = "ready"
SENDING = "sending"
HANDED = "handed"  # typed or shown as a picture: did it arrive?
SENT = "sent"
UNDO = "undo"  # shall the sale that has no answer be cancelled?
RESULT = "result"
CODE = "code"
SALES = "sales"
REFUND = "refund"
PROMPTS = (NO_KEYS, IDLE, MENU, CARD, AMOUNT, CONDITION, COUNT, PIN, READING, CHOOSE, REMOVE, WAITING, READY)
PROMPTS += (HANDED, SENT, UNDO, RESULT, CODE, SALES, REFUND)
STATES = PROMPTS + (SEALING, SENDING)

TYPE, PICTURE = "type", "picture"
"""Ways beside the cable by which a sale reaches the phone."""

FIELDS = {
    "name": IDLE,
    "keyless": False,  # no keys: results can be looked at, nothing can be sold
    "pin_on": False,  # PIN entry, and with it debit, is allowed
    "has_slot": False,  # for chip cards
    "ways": (),  # TYPE and PICTURE, if the board has them
    "permitted": False,  # the phone allows a transfer
    "inserted": False,  # a card is in the slot
    "held": False,  # the reader holds card data
    "fallback": False,  # the chip failed: the next swipe stands for it
    "order": Order(),
    "digits": "",
    "stars": 0,  # digits of the PIN that were keyed
    "labels": (),  # names of the chip's applications; the first is shown
    "first": 0,  # its place in the chip's list
    "ksn": b"",  # of the sale in hand, until its outcome was seen
    "slip": 0,
    "offered": False,  # its seal may be in the phone, so it is never dropped again
    "codes": (),  # (ksn, slip) of the sales that a check code may belong to, newest first
    "sales": (),  # the last ten as open_sale.View, the first is shown
    "view": None,  # the outcome on the display
    "waiting": (),  # outcomes that came while the merchant was busy
}
FRESH = ("order", "digits", "stars", "labels", "first", "held", "fallback", "codes", "sales", "view")
"""Forgotten on the way home."""


class State:
    """See FIELDS."""

    __slots__ = tuple(FIELDS)

    def __init__(self, **values):
        for name in FIELDS:
            setattr(self, name, values.get(name, FIELDS[name]))

    def __repr__(self):
        return "<State %s>" % self.name

    def but(self, **changes):
        """A copy with some fields changed."""
        for name in FIELDS:
            changes.setdefault(name, getattr(self, name))
        return State(**changes)


def go(state, name, *actions, note=None, **changes):
    """Change to a named state; show `note` (a tuple) instead of the state's prompt if there is one."""
    after = state.but(name=name, **changes)
    return after, list(actions) + [("show",) + note if note else prompt(after)]


def base(state):
    """Where the reader rests."""
    return NO_KEYS if state.keyless else IDLE


def home(state, *actions, note=None):
    """Card and digits are forgotten; an outcome that waited is shown, else the reader waits as it was."""
    if state.held:
        actions += (("forget",),)
    state = state.but(**{name: FIELDS[name] for name in FRESH})
    if state.waiting and not note:
        return go(state, RESULT, *actions, view=state.waiting[0], waiting=state.waiting[1:])
    if state.ksn:
        return go(state, SENT, *actions, note=note)
    return go(state, base(state), *actions, note=note)


def onward(state, *actions, **changes):
    """A sealed sale is in hand: ready for the phone, or waiting for it."""
    return go(state, READY if state.permitted else WAITING, *actions, **changes)


def digit(most):
    """The handler that takes one more digit, up to `most`."""

    def handler(state, typed):
        if len(state.digits) == most:
            return state, []
        return go(state, state.name, digits=state.digits + typed)

    return handler


def clear(state, _):
    """CLEAR: the digits are taken back."""
    return go(state, state.name, digits="")


def cancel(state, _):
    """CANCEL: home."""
    return home(state)
