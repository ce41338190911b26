"""The menu behind ENTER: check code, the last sales, the display's language."""

from card_reader_fw.rooms import code
from card_reader_fw.rooms.state import IDLE, MENU, NO_KEYS, cancel, go, home


def _open(state, _):
    return go(state, MENU)


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
    (MENU, "digit"): _choice,
    (MENU, "CANCEL"): cancel,
}
