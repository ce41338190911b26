"""The menu behind ENTER: check code, the last sales, the display's language."""

from card_reader_fw.rooms import code
from card_reader_fw.rooms.state import IDLE, MENU, NO_KEYS, cancel, clear, go, home


def _open(state, _):
    return clear(state, _) if state.digits else go(state, MENU)


def _without_card(state, typed):
    """Who keys an amount and has no look whether the card was read is not in the menu: ENTER 2 1 ENTER, an
    amount's end and a payment condition, would cancel the sale before."""
    return state.but(digits=typed), []


def _list_sales(state, _):
    return state, [("list-sales",)]


def _language(state, _):
    after, actions = home(state)
    return after, [("language",)] + actions


CHOICES = {"1": code.ask, "2": _list_sales, "3": _language}


def _choice(state, typed):
    return CHOICES[typed](state, None) if typed in CHOICES else (state, [])


TABLE = {
    (NO_KEYS, "ENTER"): _open,
    (NO_KEYS, "CANCEL"): cancel,
    (IDLE, "ENTER"): _open,
    (IDLE, "digit"): _without_card,
    (IDLE, "CLEAR"): clear,
    (MENU, "digit"): _choice,
    (MENU, "CANCEL"): cancel,
}
