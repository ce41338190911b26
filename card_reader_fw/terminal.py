"""Keypad and display of a card terminal: one table from (state, event) to the next state and the actions.

`step` is pure, and no card data and no PIN come here. Events are (kind, value): a key ("digit" with its
character; "ENTER", "CLEAR", "CANCEL", "TRANSFER", "HELP"), the head ("card" has-chip, "bad-card" slug), the
slot ("inserted", "removed", "choose" labels, "chip-read", "chip-failed" (slug, may fall back)), the phone
("permission", "link-lost", "stored", "again" code) or the reader itself ("sealed" (ksn, slip), "no-keys",
"keys", "fault" slug, "outcome" View, "looked" View or None, "codes" [(ksn, slip)], "sales" [View],
"wrong-code" tries left, "seen-code", "time-out"). Actions are tuples: ("show", text of `words`, ...),
("seal", Order), ("read-chip", Order), ("chosen", place), ("pin-key", digit), ("pin-wipe",), ("forget",): card
and PIN, ("send", ksn), ("type", ksn), ("picture", ksn), ("picture-off",), ("drop", ksn), ("new-slip",),
("list-codes",), ("list-sales",), ("look", ksn), ("language",), ("try-code", ksn, digits). The rooms of the
table stand in `rooms`.
"""

from card_reader_fw.rooms import chip, code, history, menu, outcome, sale, transfer, undo
from card_reader_fw.rooms.state import NO_KEYS, REMOVE, SEALING, State, base, go, home

KEYS = ("ENTER", "CLEAR", "CANCEL", "TRANSFER", "HELP")


def start(**equipment):
    """Switched on: the first state and what it shows. equipment: keyless, pin_on, has_slot, ways, ..."""
    state = State(**equipment)
    return go(state, base(state))


def step(state, event):
    """State and event -> (state, actions). What the table does not name is ignored."""
    kind, value = event
    handler = TABLE.get((state.name, kind)) or ANYWHERE.get(kind)
    return handler(state, value) if handler else (state, [])


def _help(state, _):
    return state, [("show", "help-" + state.name)]


def _fault(state, slug):
    return state, [("show", "fault", slug)]


def _inserted(state, _):
    return state.but(inserted=True), []


def _removed(state, _):
    return state.but(inserted=False), []


def _keys(state, _):
    """The reader has keys again."""
    state = state.but(keyless=False)
    return home(state) if state.name == NO_KEYS else (state, [])


def _time_out(state, _):
    """Nobody goes on with a card that was read."""
    return home(state) if state.held and state.name not in (SEALING, REMOVE) else (state, [])


TABLE = {}
ANYWHERE = {
    "HELP": _help,
    "fault": _fault,
    "inserted": _inserted,
    "removed": _removed,
    "keys": _keys,
    "time-out": _time_out,
}
for _room in (sale, chip, transfer, undo, outcome, code, menu, history):
    TABLE.update(_room.TABLE)
for _room in (transfer, outcome):
    ANYWHERE.update(_room.ANYWHERE)
