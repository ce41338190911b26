"""The sealed sale on its way to the phone: by the cable, typed as a keyboard, or shown as a picture."""

from card_reader_fw.rooms.state import (
    HANDED,
    PICTURE,
    READY,
    REMOVE,
    SEALING,
    SENDING,
    TYPE,
    WAITING,
    go,
    home,
    onward,
)

WAYS = {"1": TYPE, "2": PICTURE}


def _sealed(state, value):
    ksn, slip = value
    state = state.but(ksn=ksn, slip=slip, offered=False, held=False, fallback=False)
    return go(state, REMOVE) if state.inserted else onward(state)


def _permission(state, _):
    return go(state, READY, permitted=True) if state.name == WAITING else (state.but(permitted=True), [])


def _link_lost(state, _):
    lost = state.but(permitted=False)
    return go(lost, WAITING) if state.name in (READY, SENDING) else (lost, [])


def _transfer(state, _):
    return go(state, SENDING, ("send", state.ksn), offered=True)


def _again(state, code):
    return go(state, READY, note=("send-again", code))


def _stored(state, _):
    return home(state)


def _other_way(state, typed):
    way = WAYS.get(typed)
    if way not in state.ways:
        return state, []
    return go(state, HANDED, (way, state.ksn), offered=True)


def _arrived(state, _):
    return home(state, ("picture-off",))


def _not_arrived(state, _):
    return onward(state, ("picture-off",))


def _drop(state, _):
    if state.offered:
        return _stop_waiting(state, _)
    return home(state.but(ksn=b""), ("drop", state.ksn))


def _stop_waiting(state, _):
    return home(state.but(ksn=b""))


TABLE = {
    (SEALING, "sealed"): _sealed,
    (REMOVE, "CANCEL"): _drop,
    (WAITING, "digit"): _other_way,
    (WAITING, "CANCEL"): _drop,
    (READY, "TRANSFER"): _transfer,
    (READY, "digit"): _other_way,
    (READY, "CANCEL"): _drop,
    (SENDING, "stored"): _stored,
    (SENDING, "again"): _again,
    (HANDED, "ENTER"): _arrived,
    (HANDED, "CANCEL"): _not_arrived,
}

ANYWHERE = {"permission": _permission, "link-lost": _link_lost}
