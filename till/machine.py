"""What a deal goes through at a shop's device: two tables, and the one place that reads them. No sockets.

The machine writes each step into its journal before it does what the step says. So the journal's last record
tells after a power cut what may have been done, and `WOKE` is the event of finding it there: a placing
without an answer may have arrived, a motor may have turned. What was paid and what fell is never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class State(StrEnum):
    """Where a deal stands. The text is what the journal and `hagaki shop journal list` say."""

    IDLE = "idle"  # there is no deal
    CHOSEN = "chosen"  # deal ID and order are written down; the order is sent for the first time
    DOUBTED = "doubted"  # it was sent and not answered: it is sent again, under the same deal ID
    WAITING = "waiting"  # the order is placed; the customer is asked
    CANCELLING = "cancelling"  # given up here; the gateway says whether that came in time
    MADE = "made"  # yes and money are sure: the goods are the customer's
    DROPPING = "dropping"  # the motor may have turned
    CHECKING = "checking"  # woken up in the middle of it: the sensor is asked before all else
    UNSURE = "unsure"  # the sensor cannot know: a person looks
    STUCK = "stuck"  # sure that nothing fell, and nothing will: the money is given back
    BROKEN = "broken"  # it is back with the customer; a person mends the machine
    OWED = "owed"  # not all of the money went back: a person gives it back, or, where none did, repairs
    DROPPED = "dropped"  # the goods are out; the gateway is told
    HANDED = "handed"  # at a till: the goods are with the customer; the gateway is told
    TOLD = "told"  # the end of a sale
    SORRY = "sorry"  # the end of a deal that did not come about: no goods, no money
    RETURNING = "returning"  # at a till: a return is written down, and asked for until the gateway answers
    RETURNED = "returned"  # its end: the gateway gives the money back, and tells the customer
    NOT_RETURNED = "not-returned"  # its other end: the gateway refused


class Event(StrEnum):
    """What happens to a deal: an answer of the gateway, of the sensor, of a person, or a new start."""

    CHOSEN = "chosen"
    WOKE = "woke"
    PLACED = "placed"
    REFUSED = "refused"
    LOST = "lost"
    MADE = "made"
    DEAD = "dead"
    ABSENT = "absent"
    GAVE_UP = "gave-up"
    BEGUN = "begun"
    BLIND = "blind"
    FELL = "fell"
    NOT_FALLEN = "not-fallen"
    JAMMED = "jammed"
    SEEN_OUT = "seen-out"
    SEEN_IN = "seen-in"
    GIVEN_BACK = "given-back"
    HANDED = "handed"
    TOLD = "told"
    RETURNING = "returning"
    TAKEN = "taken"


Table = Mapping[State, Mapping[Event, State]]


def _asking() -> dict[State, Mapping[Event, State]]:
    s, e = State, Event
    return {
        s.IDLE: {e.CHOSEN: s.CHOSEN},
        s.CHOSEN: {
            e.PLACED: s.WAITING,
            e.REFUSED: s.SORRY,
            e.LOST: s.DOUBTED,
            e.WOKE: s.DOUBTED,
            e.GAVE_UP: s.CANCELLING,
        },
        # A refusal of the second sending says nothing about the first, which may still be on its way.
        s.DOUBTED: {e.PLACED: s.WAITING, e.REFUSED: s.CANCELLING, e.GAVE_UP: s.CANCELLING},
        s.WAITING: {e.MADE: s.MADE, e.DEAD: s.SORRY, e.GAVE_UP: s.CANCELLING},
        s.CANCELLING: {e.MADE: s.MADE, e.DEAD: s.SORRY, e.ABSENT: s.SORRY},
    }


def _dropping() -> dict[State, Mapping[Event, State]]:
    s, e = State, Event
    asking = _asking()
    return {
        # Of what was given back, even in part, nothing drops: what is left of the money is a person's.
        **{state: {**asking[state], e.GIVEN_BACK: s.OWED} for state in (s.WAITING, s.CANCELLING)},
        # Hours may have gone by: the gateway is asked again before anything drops.
        s.MADE: {e.BEGUN: s.DROPPING, e.BLIND: s.STUCK, e.WOKE: s.WAITING},
        s.DROPPING: {e.FELL: s.DROPPED, e.JAMMED: s.STUCK, e.BLIND: s.UNSURE, e.WOKE: s.CHECKING},
        s.CHECKING: {e.FELL: s.DROPPED, e.NOT_FALLEN: s.WAITING, e.BLIND: s.UNSURE},
        s.UNSURE: {e.SEEN_OUT: s.DROPPED, e.SEEN_IN: s.WAITING},
        # From here no goods drop any more: what was asked for may arrive, however late.
        s.STUCK: {e.DEAD: s.BROKEN, e.REFUSED: s.OWED},
        s.BROKEN: {e.SEEN_IN: s.SORRY},
        s.OWED: {e.GIVEN_BACK: s.SORRY, e.SEEN_IN: s.WAITING, e.SEEN_OUT: s.DROPPED},
        s.DROPPED: {e.TOLD: s.TOLD},
    }


def _at_the_till() -> dict[State, Mapping[Event, State]]:
    s, e = State, Event
    return {
        s.MADE: {e.HANDED: s.HANDED},
        s.HANDED: {e.TOLD: s.TOLD},
        s.RETURNING: {e.TAKEN: s.RETURNED, e.REFUSED: s.NOT_RETURNED},
    }


MACHINE: Final[Table] = MappingProxyType(_asking() | _dropping())
"""State -> event -> next state of a vending machine. The docs are drawn from it."""

TILL: Final[Table] = MappingProxyType(_asking() | _at_the_till())
"""The same for a till, where a person hands the goods over."""

ENDED: Final = frozenset({State.TOLD, State.SORRY, State.RETURNED, State.NOT_RETURNED})
"""After these the next customer may come."""


def follow(table: Table, state: State, event: Event) -> State | None:
    """state, event -> next state; None where the table has no arrow: what comes twice or late is ignored."""
    return table.get(state, {}).get(event)
