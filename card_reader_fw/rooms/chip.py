"""The chip is read: choosing one of its applications, what it says no to, and taking the card out again."""

from card_reader_fw.rooms.state import CARD, CHOOSE, READING, REMOVE, SEALING, cancel, go, home, onward


def _ask(state, labels):
    return go(state, CHOOSE, labels=tuple(labels), first=0)


def _next_label(state, _):
    return go(state, CHOOSE, first=(state.first + 1) % len(state.labels))


def _label(state, typed):
    place = int(typed) - 1
    return _chosen(state.but(first=place), None) if 0 <= place < len(state.labels) else (state, [])


def _chosen(state, _):
    return go(state, READING, ("chosen", state.first), labels=(), first=0)


def _read(state, _):
    after, actions = go(state, SEALING)
    return after, actions + [("seal", state.order)]


def _failed(state, value):
    """(slug, may the stripe stand for the chip)"""
    slug, may_fall_back = value
    if not may_fall_back:
        return home(state, note=("chip-bad", slug))
    return go(state, CARD, ("forget",), held=False, fallback=True)


def _removed(state, _):
    return home(state.but(inserted=False), note=("card-gone",))


def _taken_out(state, _):
    return onward(state.but(inserted=False))


TABLE = {
    (READING, "choose"): _ask,
    (READING, "chip-read"): _read,
    (READING, "chip-failed"): _failed,
    (READING, "removed"): _removed,
    (READING, "CANCEL"): cancel,
    (CHOOSE, "ENTER"): _chosen,
    (CHOOSE, "TRANSFER"): _next_label,
    (CHOOSE, "CLEAR"): _next_label,
    (CHOOSE, "digit"): _label,
    (CHOOSE, "removed"): _removed,
    (CHOOSE, "CANCEL"): cancel,
    (REMOVE, "removed"): _taken_out,
}
