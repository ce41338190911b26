"""Outcomes on the display; one that comes while the merchant is busy waits its turn."""

from card_reader_fw.rooms.order import again
from card_reader_fw.rooms.state import CARD, CODE, IDLE, NO_KEYS, RESULT, SENT, go, home

WAITING_MAX = 10


def show(state, view):
    """An outcome goes before whatever was asked."""
    return go(state, RESULT, view=view, digits="", codes=())


def _next_version(state, view):
    """A newer word on the sale that is being shown takes its place at once."""
    return show(state, view) if view.ksn == state.view.ksn else _keep(state, view)


def _keep(state, view):
    return state.but(waiting=(state.waiting + (view,))[-WAITING_MAX:]), []


def _seen(state, _):
    """Any key: the merchant has seen it. A void or refund to be entered again waits for its card at once."""
    if state.view.ksn == state.ksn:
        state = state.but(ksn=b"")
    if state.view.original and state.view.comes_again() and not state.keyless:
        return go(state, CARD, order=again(state.view), view=None)
    return home(state)


def _seen_by_digit(state, typed):
    """It may be one of an amount that is keyed without a look: see rooms/menu.py."""
    after, actions = _seen(state, typed)
    return (after.but(digits=typed) if after.name == IDLE else after), actions


TABLE = {
    (NO_KEYS, "outcome"): show,
    (IDLE, "outcome"): show,
    (SENT, "outcome"): show,
    (CODE, "outcome"): show,
    (RESULT, "outcome"): _next_version,
    (RESULT, "digit"): _seen_by_digit,
    (RESULT, "ENTER"): _seen,
    (RESULT, "CLEAR"): _seen,
    (RESULT, "CANCEL"): _seen,
    (RESULT, "TRANSFER"): _seen,
}

ANYWHERE = {"outcome": _keep}
