"""What the processor does for one request, step by step, without a socket: a request in, moves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from json_adapter.asked import PATHS, UNDONE, Asked, Operation, read_asked, read_totals
from json_adapter.problems import MEDIA_TYPE, TYPE, shipped_problems
from json_adapter.processor.books import APPROVED, Account, Books, Identity, approval_number, identity
from json_adapter.processor.triggers import APPROVE, Step, Trigger, Undo, Wrong, pick
from json_adapter.signature import Headers, Key, NotSigned, digest, verify_request
from json_adapter.wire import Table, WireError, read, write

JSON: Final = "application/json"
_OPERATIONS: Final = {path: operation for operation, path in PATHS.items()}
_MONEY: Final = UNDONE | {Operation.CARD_CHECK}


@dataclass(frozen=True, slots=True)
class Heard:
    """A request as it came. It cannot be printed with its body."""

    method: str
    target: str
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is signed."""

    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Send:
    """Send it; how: ANSWER, or a way to spoil it."""

    reply: Reply
    how: Step = Step.ANSWER


@dataclass(frozen=True, slots=True)
class Wait:
    """Do nothing for a time: the processor's late_ms or slow_ms."""

    late: bool


@dataclass(frozen=True, slots=True)
class Cut:
    """Close the connection."""


@dataclass(frozen=True, slots=True)
class Deafen:
    """Answer nothing at all for late_ms, on no connection."""


Move = Send | Wait | Cut | Deafen


@dataclass(frozen=True, slots=True)
class Understood:
    """A good request about a payment. repeat: whether it says that it was sent before."""

    operation: Operation
    asked: Asked
    repeat: bool


ECHOES_REFUSED: Final = 6
"""So many echoes a pause lasts."""

_PLAIN: Final[Mapping[Step, Move]] = {
    Step.LATE: Wait(late=True),
    Step.SLOW: Wait(late=False),
    Step.CUT: Cut(),
    Step.DEAF: Deafen(),
}


class Desk:
    """The whole processor but for its socket."""

    def __init__(self, key: Key, utc_offset_minutes: int) -> None:
        self.books = Books()
        self.advices: dict[str, Mapping[str, str]] = {}
        self._key = key
        self._utc_offset_minutes = utc_offset_minutes
        self.understood: list[Understood] = []
        self._kept: dict[str, str] = {}
        self._advised_count: Counter[str] = Counter()
        self._echoes_refused = 0
        self._pending: set[Identity] = set()

    def moves(self, heard: Heard, now_s: int) -> Iterator[Move]:
        """What to do for one request."""
        try:
            verify_request(self._key, now_s, heard.target, heard.headers, heard.body)
        except NotSigned as error:
            return iter([_unbelieved(error.slug)])
        operation = _OPERATIONS.get(heard.target)
        if operation is None or heard.method != "POST":
            return iter([Send(problem("no-such-path"))])
        try:
            return self._asked(operation, heard, read(heard.body))
        except WireError as error:
            return iter([Send(problem("malformed", where=error.where, fault=error.slug))])

    def _asked(self, operation: Operation, heard: Heard, table: Table) -> Iterator[Move]:
        if operation is Operation.ECHO:
            return iter([Send(self._echoed())])
        if operation is Operation.RECONCILIATION:
            return iter([Send(self._totals(table))])
        asked = read_asked(operation, table)
        self.understood.append(Understood(operation, asked, heard.headers["transmission"][0] != "1"))
        if operation is Operation.INQUIRY:
            return iter([Send(self._found(asked))])
        return self._once(operation, heard, asked)

    def _once(self, operation: Operation, heard: Heard, asked: Asked) -> Iterator[Move]:
        """The same Idempotency-Key again is the same request: answered again, and nothing is done twice."""
        body_digest = digest(heard.body)
        if self._kept.setdefault(heard.headers["idempotency-key"][0], body_digest) != body_digest:
            return iter([Send(problem("key-reused"))])
        if operation is Operation.REVERSAL:
            return self._reversed(asked)
        if operation is Operation.ADVICE:
            return self._advised(asked)
        return self._decided(asked, pick(asked.amount_minor))

    def _decided(self, asked: Asked, trigger: Trigger) -> Iterator[Move]:
        """Booking happens as the moves are taken, so a Wait before it is a real one."""
        reply = problem("fault")
        if Step.CHARGE in trigger.does:
            self._pending.add(identity(asked))
        for step in trigger.does:
            if step is Step.CHARGE:
                self._pending.discard(identity(asked))
                reply = _answer(self.books.take(asked, trigger), trigger)
            elif step is Step.PAUSE:
                self._echoes_refused = ECHOES_REFUSED
            elif step in _PLAIN:
                yield _PLAIN[step]
            else:
                yield Send(reply, step)

    def _echoed(self) -> Reply:
        if self._echoes_refused == 0:
            return Reply(200, JSON, write({}))
        self._echoes_refused -= 1
        return problem("paused")

    def _reversed(self, asked: Asked) -> Iterator[Move]:
        word = self.books.reverse(asked)
        if word == "refused":
            yield Send(problem("reversal-refused", asked))
        elif word is not None:
            yield Send(Reply(200, JSON, write({"result": word, **_named(asked)})))

    def _advised(self, asked: Asked) -> Iterator[Move]:
        trigger = pick(asked.original.amount_minor) if asked.original else APPROVE
        self._advised_count[asked.reference] += 1
        if trigger.advice is Undo.REFUSED or not self.books.stands(asked):
            yield Send(problem("advice-refused", asked))
        elif trigger.advice is not Undo.SILENT_ONCE or self._advised_count[asked.reference] > 1:
            self.advices[asked.reference] = {item.value: value for item, value in asked.items.items()}
            yield Send(Reply(200, JSON, write({"result": "taken", **_named(asked)})))

    def _found(self, asked: Asked) -> Reply:
        account = self.books.found(asked)
        if account is None:
            return problem("in-progress" if identity(asked) in self._pending else "never-came", asked)
        return problem("reversed", asked) if account.reversed else _answer(account, APPROVE)

    def _totals(self, table: Table) -> Reply:
        ours = read_totals(table)
        theirs = self.books.totals(ours.day, ours.currency, self._utc_offset_minutes)
        return Reply(200, JSON, write({**asdict(theirs), "agrees": theirs == ours}))


def _unbelieved(slug: str) -> Send:
    """Only who has the secret gets a signed answer: nobody else may choose what we sign."""
    if slug == "signature-time":
        return Send(problem("signature-time"))
    return Send(problem("not-signed"), Step.BARE)


def problem(slug: str, asked: Asked | None = None, **more: Any) -> Reply:
    """A problem (RFC 9457), about that request where it is about one."""
    found = shipped_problems()[slug]
    named = {} if asked is None else _named(asked)
    told = {"type": TYPE + slug, "title": found.title, "status": found.status}
    return Reply(found.status, MEDIA_TYPE, write({**told, **named, **more}))


def _named(asked: Asked) -> dict[str, Any]:
    return {"reference": asked.reference, "stan": asked.stan, "terminal_id": asked.terminal_id}


def _answer(account: Account, trigger: Trigger) -> Reply:
    """The answer to a decided request, spoiled as the trigger wants."""
    asked = account.asked
    if account.decision != APPROVED:
        return problem(account.decision, asked)
    members: dict[str, Any] = {
        "result": "approved",
        **_named(asked),
        "amount_minor": account.amount_minor,
        "currency": asked.currency,
        "approval_number": approval_number(asked),
    }
    return Reply(200, JSON, write(_spoiled(members, trigger.wrong)))


def _spoiled(members: dict[str, Any], wrong: Wrong) -> dict[str, Any]:
    changes: dict[Wrong, dict[str, Any]] = {
        Wrong.AMOUNT: {"amount_minor": members["amount_minor"] + 1},
        Wrong.CURRENCY: {"currency": 840},
        Wrong.TERMINAL: {"terminal_id": "ELSEWHERE"},
        Wrong.STAN: {"stan": members["stan"] % 999_999 + 1},
        Wrong.REFERENCE: {"reference": f"{(int(members['reference']) + 1) % 10**12:012d}"},
        Wrong.CODE: {"result": "perhaps"},
    }
    if wrong is Wrong.APPROVAL:
        return {name: value for name, value in members.items() if name != "approval_number"}
    return {**members, **changes.get(wrong, {})}
