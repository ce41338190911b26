"""A sale whose end nobody knows is cancelled: asked once more, then sealed as a cancel of its own.

ENTER alone is a yes. Whoever swipes, or keys an amount, without a look at the question is at the next sale.
"""

from card_reader_fw.rooms import outcome, sale
from card_reader_fw.rooms.order import cancel_of
from card_reader_fw.rooms.state import IDLE, SALES, SEALING, SENT, UNDO, go, home


def _look(state, _):
    """What is known of the sale by now?"""
    return state, [("look", state.ksn)]


def _ask_or_leave(state, view):
    """CANCEL where nothing is left to cancel: the next sale."""
    if state.keyless or not view or not view.can_be_cancelled():
        return home(state.but(ksn=b""))
    return _ask(state, view)


def _ask_or_say(state, view):
    if state.keyless:
        return go(state, SALES, note=("no-keys",))
    if not view.can_be_cancelled():
        return go(state, SALES, note=("cancel-asked", view.slip) if view.is_waiting() else ("answered",))
    return _ask(state, view)


def _ask(state, view):
    return go(state, UNDO, order=cancel_of(view), sales=())


def _yes(state, _):
    after, actions = go(state, SEALING)
    return after, actions + [("seal", state.order)]


def _no(state, _):
    """The next sale; this one is not waited for, as it was before there was anything to cancel."""
    return home(state.but(ksn=b"") if state.ksn == state.order.original else state)


def _swiped(state, has_chip):
    after, actions = _no(state, None)
    return sale.swiped(after, has_chip) if after.name == IDLE else (after, actions)


def _inserted(state, _):
    after, actions = _no(state.but(inserted=True), None)
    return sale.inserted(after, None) if after.name == IDLE else (after, actions)


TABLE = {
    (SENT, "CANCEL"): _look,
    (SENT, "looked"): _ask_or_leave,
    (SALES, "looked"): _ask_or_say,
    (UNDO, "ENTER"): _yes,
    (UNDO, "CANCEL"): _no,
    (UNDO, "CLEAR"): _no,
    (UNDO, "digit"): _no,
    (UNDO, "card"): _swiped,
    (UNDO, "inserted"): _inserted,
    (UNDO, "outcome"): outcome.show,
}
