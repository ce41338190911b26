"""A check code typed by hand, for a phone without a cable back."""

from card_reader_fw.rooms.state import CODE, MENU, SENT, cancel, clear, digit, go, home

CODE_DIGITS = 8


def ask(state, _):
    """Which sales does a code fit?"""
    return state, [("list-codes",)]


def _codes(state, codes):
    if not codes:
        return home(state, note=("no-open-sale",))
    return go(state, CODE, codes=tuple(codes), digits="")


def _other_sale(state, _):
    return go(state, CODE, codes=state.codes[1:] + state.codes[:1], digits="")


def _try(state, _):
    if len(state.digits) < CODE_DIGITS:
        return go(state, CODE, note=("code-short",))
    return state.but(digits=""), [("try-code", state.codes[0][0], state.digits)]


def _wrong(state, left):
    if not left:
        return home(state, note=("code-locked", state.codes[0][1]))
    return go(state, CODE, digits="", note=("code-wrong", left))


def _seen(state, _):
    return home(state, note=("code-seen",))


TABLE = {
    (MENU, "codes"): _codes,
    (SENT, "ENTER"): ask,
    (SENT, "codes"): _codes,
    (CODE, "digit"): digit(CODE_DIGITS),
    (CODE, "CLEAR"): clear,
    (CODE, "CANCEL"): cancel,
    (CODE, "ENTER"): _try,
    (CODE, "TRANSFER"): _other_sale,
    (CODE, "wrong-code"): _wrong,
    (CODE, "seen-code"): _seen,
}
