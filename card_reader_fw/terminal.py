"""Keypad and display of a card terminal: one table from (state, event) to the next state and the actions.

`step` is pure. Events are (kind, value): a key ("digit" with its character; "ENTER", "CLEAR", "CANCEL",
"TRANSFER", "HELP"), the head ("card" Track2, "bad-card" slug), the phone ("permission", "link-lost",
"stored", "again" code) or the reader itself ("sealed" (ksn, slip), "no-keys", "fault" slug, "outcome" View,
"codes" [(ksn, slip)], "wrong-code" tries left, "seen-code"). Actions are tuples: ("show", text of `words`,
...), ("seal", Order), ("send",), ("drop", ksn), ("new-slip",), ("list-codes",), ("try-code", ksn, digits).
"""

AMOUNT_DIGITS = 8  # yen
CODE_DIGITS = 8
WAITING_MAX = 10
LUMP_SUM = 10
# UnifiedPOS CAT payment conditions. Debit (110) needs a PIN, which this reader has no safe keypad for.
CONDITIONS = (10, 21, 22, 23, 24, 25, 31, 32, 33, 34, 61, 62, 63, 80)
INSTALMENTS = (61, 62, 63)
KEYS = ("ENTER", "CLEAR", "CANCEL", "TRANSFER", "HELP")

NO_KEYS = "no-keys"
IDLE = "idle"
AMOUNT = "amount"
CONDITION = "condition"
COUNT = "count"
SEALING = "sealing"
WAITING = "waiting"  # for the phone's permission
READY = "ready"
SENDING = "sending"
SENT = "sent"
RESULT = "result"
CODE = "code"
PROMPTS = (NO_KEYS, IDLE, AMOUNT, CONDITION, COUNT, WAITING, READY, SENT, RESULT, CODE)


class Order:
    """What the keypad gathered: card (Track2), amount_minor, condition, instalments count. Never printed."""

    __slots__ = ("amount_minor", "card", "condition", "count")

    def __init__(self, card, amount_minor, condition, count):
        self.card = card
        self.amount_minor = amount_minor
        self.condition = condition
        self.count = count

    def __repr__(self):
        return "<Order %d>" % self.amount_minor


FIELDS = {
    "name": IDLE,
    "keyless": False,  # no keys: results can be looked at, nothing can be sold
    "permitted": False,  # the phone allows a transfer
    "card": None,
    "digits": "",
    "amount": 0,
    "condition": LUMP_SUM,
    "ksn": b"",  # of the sale in hand, until its outcome was seen
    "slip": 0,
    "offered": False,  # its seal may be in the phone, so it is never dropped again
    "codes": (),  # (ksn, slip) of the sales that a check code may belong to, newest first
    "view": None,  # the outcome on the display
    "waiting": (),  # outcomes that came while the merchant was busy
}


class State:
    """One moment of the terminal; see FIELDS. Never printed whole, for it may hold a card."""

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


def start(keyless):
    """Switched on: the first state and what it shows."""
    return _go(State(keyless=keyless), _base(keyless))


def step(state, event):
    """State and event -> (state, actions). What the table does not name is ignored."""
    kind, value = event
    handler = TABLE.get((state.name, kind)) or ANYWHERE.get(kind)
    return handler(state, value) if handler else (state, [])


def prompt(state):
    """The "show" action of a state's own text."""
    return (
        ("show", state.name) + PARAMETERS[state.name](state)
        if state.name in PARAMETERS
        else ("show", state.name)
    )


def _go(state, name, *actions, note=None, **changes):
    """Change to a named state; show `note` (a tuple) instead of the state's prompt if there is one."""
    after = state.but(name=name, **changes)
    return after, list(actions) + [("show",) + note if note else prompt(after)]


def _base(keyless):
    return NO_KEYS if keyless else IDLE


def _home(state, *actions, note=None):
    """Card and digits are forgotten; an outcome that waited is shown, else the reader waits as it was."""
    state = state.but(card=None, digits="", amount=0, condition=LUMP_SUM, view=None)
    if state.waiting and not note:
        return _go(state, RESULT, *actions, view=state.waiting[0], waiting=state.waiting[1:])
    if state.ksn:
        return _go(state, SENT, *actions, note=note)
    return _go(state, _base(state.keyless), *actions, note=note)


# the card and the amount


def _card(state, card):
    return _go(state, AMOUNT, card=card, digits="")


def _bad_card(state, slug):
    return _go(state, IDLE, note=("bad-card", slug))


def _digit(most):
    def handler(state, digit):
        if len(state.digits) == most:
            return state, []
        return _go(state, state.name, digits=state.digits + digit)

    return handler


def _clear(state, _):
    return _go(state, state.name, digits="")


def _cancel(state, _):
    return _home(state)


def _amount(state, _):
    amount = int(state.digits or "0")
    if not amount:
        return _go(state, AMOUNT, digits="", note=("amount-zero",))
    return _go(state, CONDITION, amount=amount, digits="")


def _condition(state, _):
    condition = int(state.digits or str(LUMP_SUM))
    if condition not in CONDITIONS:
        return _go(state, CONDITION, digits="", note=("condition-unknown",))
    if condition in INSTALMENTS:
        return _go(state, COUNT, condition=condition, digits="")
    return _seal(state.but(condition=condition), 0)


def _count(state, _):
    count = int(state.digits or "0")
    if count < 2:
        return _go(state, COUNT, digits="", note=("count-range",))
    return _seal(state, count)


def _seal(state, count):
    order = Order(state.card, state.amount, state.condition, count)
    after, actions = _go(state, SEALING, card=None, digits="", amount=0)
    return after, actions + [("seal", order)]  # last, for it answers with the next event


def _sealed(state, value):
    ksn, slip = value
    return _go(state, READY if state.permitted else WAITING, ksn=ksn, slip=slip, offered=False)


def _no_keys(state, _):
    return _home(state.but(keyless=True))


def _not_sealed(state, slug):
    return _home(state, note=("fault", slug))


def _fault(state, slug):
    return state, [("show", "fault", slug)]


# the transfer


def _permission(state, _):
    return _go(state, READY, permitted=True) if state.name == WAITING else (state.but(permitted=True), [])


def _link_lost(state, _):
    lost = state.but(permitted=False)
    return _go(lost, WAITING) if state.name in (READY, SENDING) else (lost, [])


def _transfer(state, _):
    return _go(state, SENDING, ("send",), offered=True)


def _again(state, code):
    return _go(state, READY, note=("send-again", code))


def _stored(state, _):
    return _home(state)


def _drop(state, _):
    if state.offered:
        return _stop_waiting(state, _)
    return _home(state.but(ksn=b""), ("drop", state.ksn))


def _stop_waiting(state, _):
    return _home(state.but(ksn=b""))


# outcomes


def _show_outcome(state, view):
    return _go(state, RESULT, view=view, card=None, digits="", codes=())


def _next_version(state, view):
    """A newer word on the sale that is being shown takes its place at once."""
    return _show_outcome(state, view) if view.ksn == state.view.ksn else _keep_outcome(state, view)


def _keep_outcome(state, view):
    return state.but(waiting=(state.waiting + (view,))[-WAITING_MAX:]), []


def _read(state, _):
    """Any key: the merchant has seen it."""
    ended = state.view.ksn == state.ksn
    return _home(state.but(ksn=b"") if ended else state)


# a check code typed by hand


def _ask_codes(state, _):
    return state, [("list-codes",)]


def _codes(state, codes):
    if not codes:
        return _home(state, note=("no-open-sale",))
    return _go(state, CODE, codes=tuple(codes), digits="")


def _other_sale(state, _):
    return _go(state, CODE, codes=state.codes[1:] + state.codes[:1], digits="")


def _try_code(state, _):
    if len(state.digits) < CODE_DIGITS:
        return _go(state, CODE, note=("code-short",))
    return state.but(digits=""), [("try-code", state.codes[0][0], state.digits)]


def _wrong_code(state, left):
    if not left:
        return _home(state, note=("code-locked", state.codes[0][1]))
    return _go(state, CODE, digits="", note=("code-wrong", left))


def _seen_code(state, _):
    return _home(state, note=("code-seen",))


def _new_slip(state, _):
    return _go(state, IDLE, ("new-slip",))


def _help(state, _):
    return state, [("show", "help-" + state.name)]


TABLE = {
    (NO_KEYS, "ENTER"): _ask_codes,
    (NO_KEYS, "CANCEL"): _cancel,
    (NO_KEYS, "codes"): _codes,
    (NO_KEYS, "outcome"): _show_outcome,
    (IDLE, "card"): _card,
    (IDLE, "bad-card"): _bad_card,
    (IDLE, "ENTER"): _ask_codes,
    (IDLE, "CANCEL"): _new_slip,
    (IDLE, "codes"): _codes,
    (IDLE, "outcome"): _show_outcome,
    (AMOUNT, "digit"): _digit(AMOUNT_DIGITS),
    (AMOUNT, "CLEAR"): _clear,
    (AMOUNT, "CANCEL"): _cancel,
    (AMOUNT, "ENTER"): _amount,
    (CONDITION, "digit"): _digit(3),
    (CONDITION, "CLEAR"): _clear,
    (CONDITION, "CANCEL"): _cancel,
    (CONDITION, "ENTER"): _condition,
    (COUNT, "digit"): _digit(2),
    (COUNT, "CLEAR"): _clear,
    (COUNT, "CANCEL"): _cancel,
    (COUNT, "ENTER"): _count,
    (SEALING, "sealed"): _sealed,
    (SEALING, "no-keys"): _no_keys,
    (SEALING, "fault"): _not_sealed,
    (WAITING, "CANCEL"): _drop,
    (READY, "TRANSFER"): _transfer,
    (READY, "CANCEL"): _drop,
    (SENDING, "stored"): _stored,
    (SENDING, "again"): _again,
    (SENT, "ENTER"): _ask_codes,
    (SENT, "CANCEL"): _stop_waiting,
    (SENT, "codes"): _codes,
    (SENT, "outcome"): _show_outcome,
    (RESULT, "digit"): _read,
    (RESULT, "ENTER"): _read,
    (RESULT, "CLEAR"): _read,
    (RESULT, "CANCEL"): _read,
    (RESULT, "TRANSFER"): _read,
    (RESULT, "outcome"): _next_version,
    (CODE, "digit"): _digit(CODE_DIGITS),
    (CODE, "CLEAR"): _clear,
    (CODE, "CANCEL"): _cancel,
    (CODE, "ENTER"): _try_code,
    (CODE, "TRANSFER"): _other_sale,
    (CODE, "wrong-code"): _wrong_code,
    (CODE, "seen-code"): _seen_code,
    (CODE, "outcome"): _show_outcome,
}

ANYWHERE = {
    "HELP": _help,
    "permission": _permission,
    "link-lost": _link_lost,
    "fault": _fault,
    "outcome": _keep_outcome,
}

PARAMETERS = {
    AMOUNT: lambda state: (state.digits or "0",),
    CONDITION: lambda state: (state.digits or str(LUMP_SUM),),
    COUNT: lambda state: (state.digits or "-",),
    WAITING: lambda state: (state.slip,),
    READY: lambda state: (state.slip,),
    SENDING: lambda state: (state.slip,),
    SENT: lambda state: (state.slip,),
    RESULT: lambda state: (state.view,),
    CODE: lambda state: (state.codes[0][1], state.digits),
}
