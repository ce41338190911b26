"""Letters on their way to the smarthost: taken out and written down many at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import Update, bindparam, func, select, update

from mail_gateway.store.letters import ENDED, RANKS, SECOND, SENDING_GUARD_MS, TO_SEND, row_of
from mail_gateway.store.sheet import Line, Step, foreseeing
from mail_gateway.store.tables import letters

if TYPE_CHECKING:
    from mail_gateway.store.letters import LetterRow
    from mail_gateway.store.sheet import Question, Sheet

_C: Final = letters.c
_TO_CLAIM: Final = TO_SEND.with_for_update(skip_locked=True)
_LATER: Final = [
    select(_C.due_ms)
    .where(_C.rank == rank, _C.due_ms > bindparam("now_ms", type_=_C.due_ms.type))
    .order_by(_C.due_ms)
    .limit(1)
    for rank in RANKS
]
"""The next one of each rank: so the index finds it at once."""


def _setting(*names: str) -> Update:
    values = {name: bindparam(name, type_=_C[name].type) for name in names}
    return update(letters).where(_C.id == bindparam("its_id")).values(values)


_CLAIM: Final = Line(
    Step.MARK,
    _setting("due_ms", "node")
    .values(state="sending", attempts=_C.attempts + 1)
    .where(_C.attempts == bindparam("tried")),
    each=True,  # two who take out the same letter: one of them looks again
)
_LEFT_MS: Final = func.coalesce(bindparam("left_ms", type_=_C.sent_ms.type), _C.sent_ms)
_SETTLE: Final = Line(Step.MARK, _setting("state", "due_ms", "remark").values(sent_ms=_LEFT_MS))
_REROUTE: Final = Line(Step.MARK, _setting("rerouted_to", "due_ms", "remark").values(state="due"))
_RELEASE: Final = Line(Step.MARK, _setting("due_ms").values(state="due", attempts=_C.attempts - 1))


class Claimed(NamedTuple):
    """rows: to be sent now. next_ms: when another one is due, if it is known."""

    rows: Sequence[LetterRow]
    next_ms: int | None


class Mark(NamedTuple):
    """What became of one letter. state: sent, refused, uncertain, due. next_ms: when it would go again."""

    id: int
    state: str
    remark: str
    next_ms: int = 0


def _asked_by_claim(now_ms: int, limit: int, _node: int | None = None) -> Iterator[Question]:
    yield _TO_CLAIM, {"now_ms": now_ms, "most": limit}
    for question in _LATER:
        yield question, {"now_ms": now_ms}


@foreseeing(_asked_by_claim)
def claim(sheet: Sheet, now_ms: int, limit: int, node: int | None = None) -> Claimed:
    """Unit of work: what is due is being handed over; should we die now, it is due again after the guard.

    node: which of many nodes hands it over; the others see to it when that one dies.
    """
    claimed = {"due_ms": now_ms + SENDING_GUARD_MS, "node": node}
    to_claim, *later = _asked_by_claim(now_ms, limit)
    rows = [row_of(*row) for row in sheet.ask(*to_claim)]
    for row in rows:
        sheet.add(_CLAIM, {"its_id": row.id, "tried": row.attempts, **claimed})
    if len(rows) == limit:
        return Claimed(rows, None)
    return Claimed(rows, min((next_ms for one in later for (next_ms,) in sheet.ask(*one)), default=None))


def settle(sheet: Sheet, marks: Sequence[Mark], now_ms: int) -> None:
    """Unit of work: write down what became of letters that were claimed.

    What is refused for good goes to the merchant's second address, once; without one a person has to look.
    """
    for one in marks:
        second = sheet.ask(SECOND, {"its_id": one.id}) if one.state == "refused" else ()
        if second and second[0][0]:
            again = {"rerouted_to": second[0][0], "due_ms": now_ms, "remark": one.remark}
            sheet.add(_REROUTE, {"its_id": one.id, **again})
            continue
        ended = one.state in ENDED
        moments = {"due_ms": None, "left_ms": now_ms} if ended else {"due_ms": one.next_ms, "left_ms": None}
        sheet.add(_SETTLE, {"its_id": one.id, "state": one.state, "remark": one.remark, **moments})


def release(sheet: Sheet, ids: Sequence[int], now_ms: int) -> None:
    """Unit of work: claimed and not tried, through no fault of theirs: due again, and no attempt."""
    for id in ids:
        sheet.add(_RELEASE, {"its_id": id, "due_ms": now_ms})
