"""What each state shows: its own text and that text's parameters."""

from schemas.envelope import payload

CARD_TEXTS = {payload.VOID: "card-void", payload.REFUND: "card-refund"}


def prompt(state):
    """The "show" action of a state's own text."""
    if state.name == "card":
        return _card(state)
    if state.name in PARAMETERS:
        return ("show", state.name) + PARAMETERS[state.name](state)
    return ("show", state.name)


def _card(state):
    if state.fallback:
        return ("show", "card-fallback")
    return ("show", CARD_TEXTS.get(state.order.kind, "idle"), state.order.original_slip)


PARAMETERS = {
    "amount": lambda state: (state.digits or "0",),
    "condition": lambda state: (state.digits or "10",),
    "count": lambda state: (state.digits or "-",),
    "pin": lambda state: ("*" * state.stars,),
    "choose": lambda state: (state.first + 1, state.labels[state.first]),
    "waiting": lambda state: (state.slip,),
    "ready": lambda state: (state.slip,),
    "sending": lambda state: (state.slip,),
    "handed": lambda state: (state.slip,),
    "sent": lambda state: (state.slip,),
    "undo": lambda state: (state.order.original_slip,),
    "result": lambda state: (state.view,),
    "code": lambda state: (state.codes[0][1], state.digits),
    "sales": lambda state: (state.sales[0],),
    "refund": lambda state: (state.sales[0].left, state.digits or "0"),
}
