"""The terminal's table under a hand: how each state is reached, and what events come to."""

from card_reader_fw.open_sale import OpenSale, View
from card_reader_fw.terminal import KEYS, start, step
from schemas.envelope import outcome

KSN = bytes(11) + b"\x01"
OTHER = bytes(12)
SLOT = {"has_slot": True, "pin_on": True}


def view(ksn=KSN, number=outcome.APPROVED, slip=1, left=1200, **more):
    sale = OpenSale(ksn, 1200, slip, more.pop("reentry", 0))
    sale.outcome, sale.condition, sale.cell = number, 10, 1
    for name, value in more.items():
        setattr(sale, name, value)
    return View(sale, left, 7)


def play(state, *events):
    """Events as in the table's docstring; a bare string is keys, digits one by one. -> state, all actions."""
    actions = []
    for event in events:
        for single in unfold(event):
            state, more = step(state, single)
            actions += more
    return state, actions


def unfold(event):
    if isinstance(event, tuple):
        return [event]
    if event in KEYS:
        return [(event, event)]
    return [("digit", digit) for digit in event]


def idle(**fields):
    return start()[0].but(**fields)


CARD = ("card", False)
INSERTED, REMOVED = ("inserted", None), ("removed", None)
SEALED = ("sealed", (KSN, 1))
WAYS = {
    "no-keys": [],
    "idle": [],
    "menu": ["ENTER"],
    "amount": [CARD],
    "condition": [CARD, "1200", "ENTER"],
    "count": [CARD, "1200", "ENTER", "61", "ENTER"],
    "pin": [CARD, "1200", "ENTER", "110", "ENTER"],
    "reading": [INSERTED, "1200", "ENTER", "ENTER", "ENTER"],
    "choose": [INSERTED, "1200", "ENTER", "ENTER", "ENTER", ("choose", ["DEBIT", "CREDIT"])],
    "remove": [INSERTED, "1200", "ENTER", "ENTER", "ENTER", ("chip-read", None), SEALED],
    "sealing": [CARD, "1200", "ENTER", "ENTER"],
    "waiting": [CARD, "1200", "ENTER", "ENTER", SEALED],
    "ready": [("permission", None), CARD, "1200", "ENTER", "ENTER", SEALED],
}
WAYS["sending"] = [*WAYS["ready"], "TRANSFER"]
WAYS["handed"] = [*WAYS["ready"], "1"]
WAYS["sent"] = [*WAYS["sending"], ("stored", None)]
WAYS["undo"] = [*WAYS["sent"], "CANCEL", ("looked", view(number=0))]
WAYS["result"] = [*WAYS["sent"], ("outcome", view())]
WAYS["code"] = ["ENTER", "1", ("codes", [(KSN, 1), (OTHER, 7)])]
WAYS["sales"] = ["ENTER", "2", ("sales", [view(), view(OTHER, 0, 2)])]
WAYS["refund"] = [*WAYS["sales"], "2"]
WAYS["card"] = [*WAYS["sales"], "1"]


def at(name):
    """The terminal in each state, as a merchant gets there."""
    state, _ = play(start(keyless=name == "no-keys", ways=("type", "picture"), **SLOT)[0], *WAYS[name])
    assert state.name == name
    return state


def kinds(actions):
    return [action[0] for action in actions]


def last_shown(actions):
    return [action[1] for action in actions if action[0] == "show"][-1]


HOLDING = {"amount", "condition", "count", "pin", "reading", "choose", "sealing"}
"""States in which the reader holds card data."""
