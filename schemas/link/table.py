"""The conversation as data: who says which frame, and when. The figure in SPEC.md is this table."""

from schemas.link import events

READER, PHONE = "reader", "phone"

CALL, ACK, NAK = "E", "A", "N"
"""Frames of the line itself; they move no lane."""
HELLO, PERMISSION, SALE, STORED = "H", "P", "S", "C"
AGAIN, RESULT, SHOW, VERDICT = "G", "R", "W", "V"
KEYS_ASKED, KEYS_TOLD, KEY, KEY_ANSWERED = "Q", "T", "K", "L"

MESSAGES = {
    # frame: who says it, what it says
    HELLO: (READER, events.Hello),
    SALE: (READER, events.SaleArrived),
    VERDICT: (READER, events.Verdict),
    PERMISSION: (PHONE, events.Permission),
    STORED: (PHONE, events.Stored),
    AGAIN: (PHONE, events.SendAgain),
    RESULT: (PHONE, events.ResultArrived),
    SHOW: (PHONE, events.ShowText),
    KEYS_ASKED: (PHONE, events.KeysAsked),
    KEYS_TOLD: (READER, events.KeysTold),
    KEY: (PHONE, events.KeyArrived),
    KEY_ANSWERED: (READER, events.KeyAnswered),
}
LANES = ("sale", "result", "keys")
START = "silent"
TABLE = (
    # lane, state, frame sent or received, next state
    ("sale", "silent", HELLO, "greeted"),
    ("sale", "greeted", PERMISSION, "ready"),
    ("sale", "ready", PERMISSION, "ready"),
    ("sale", "ready", SALE, "offered"),
    ("sale", "offered", PERMISSION, "offered"),
    ("sale", "offered", STORED, "ready"),
    ("sale", "offered", AGAIN, "ready"),
    ("result", "silent", HELLO, "quiet"),
    ("result", "quiet", SHOW, "quiet"),
    ("result", "quiet", RESULT, "told"),
    ("result", "told", SHOW, "told"),
    ("result", "told", VERDICT, "quiet"),
    ("keys", "silent", HELLO, "still"),
    ("keys", "still", KEYS_ASKED, "asked"),
    ("keys", "asked", KEYS_TOLD, "still"),
    ("keys", "still", KEY, "loading"),
    ("keys", "loading", KEY_ANSWERED, "still"),
)
"""A frame moves each lane that has rows for it, and is legal only if all of those can move."""

_NEXT = {(lane, state, frame): after for lane, state, frame, after in TABLE}
_KNOWS = {(lane, frame) for lane, _, frame, _ in TABLE}


def step(states, frame):
    """Lane -> state before, and a message's frame -> lane -> state after, or None if it may not come now."""
    after = dict(states)
    for lane in LANES:
        if (lane, frame) in _KNOWS:
            after[lane] = _NEXT.get((lane, states[lane], frame))
            if after[lane] is None:
                return None
    return after
