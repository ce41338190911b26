"""A sale whose end nobody knows is cancelled: asked once more, then sealed as a cancel of its own."""

from card_reader_fw.rooms import outcome
from card_reader_fw.rooms.order import cancel_of
from card_reader_fw.rooms.state import SALES, SEALING, SENT, UNDO, go, home


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


TABLE = {
    (SENT, "CANCEL"): _look,
    (SENT, "looked"): _ask_or_leave,
    (SALES, "looked"): _ask_or_say,
    (UNDO, "ENTER"): _yes,
    (UNDO, "CANCEL"): _no,
    (UNDO, "outcome"): outcome.show,
}
