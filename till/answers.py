"""What the gateway answers about an order, read from HTTP; and the order as it is sent. No sockets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands. made: hand over; dead: nothing is bought and nothing paid. code: five letters that
    stand in the customer's mail too, "" while none; until_s: when the question lapses, unix s, 0 unknown.
    returns: return ID -> open, done or refused."""

    order: int
    deal_id: str
    state: str
    made: bool
    dead: bool
    code: str = ""
    total_minor: int = 0
    tax_minor: int = 0
    until_s: int = 0
    returns: Mapping[str, str] = field(default_factory=dict)

    @property
    def goes_back(self) -> bool:
        """Whether money may be on its way back: nobody knows yet how that ends."""
        return "open" in self.returns.values()

    @property
    def is_back(self) -> bool:
        """Whether some of the money went back, or was never taken."""
        return "done" in self.returns.values()


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no order of that deal ID, at this moment."""


@dataclass(frozen=True, slots=True)
class Refused:
    """This request was refused and did nothing. slug: of the gateway's glossary."""

    slug: str
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class Lost:
    """Nobody knows what the request did: it has to be asked again."""

    reason: str


Answer = Standing | Absent | Refused | Lost


class Shop(Protocol):
    """The shop API as a device uses it. Each may be asked any number of times; none raises."""

    async def place(self, deal_id: str, body: Mapping[str, Any]) -> Answer:
        """Place the order of that deal ID, once however often it is asked."""
        ...

    async def look(self, deal_id: str, wait_s: int) -> Answer:
        """How it stands. wait_s: so long the gateway may wait for the end of the asking."""
        ...

    async def cancel(self, deal_id: str) -> Answer:
        """Withdraw it if it is not made."""
        ...

    async def handed_over(self, deal_id: str) -> Answer:
        """The customer has the goods."""
        ...

    async def give_back(self, deal_id: str, body: Mapping[str, Any]) -> Answer:
        """Give money of it back: one return for each return_id in the body, however often it is asked."""
        ...


_AGAIN: Final = frozenset({401, 408, 425, 429})
"""Refusals of the door, not of the order: a key that is changed, too many requests."""

_WORD: Final = re.compile(r"[A-Za-z0-9._-]{0,64}")
_NO_ORDER: Final = frozenset({"deal-unknown", "order-unknown"})


def body_bytes(body: Mapping[str, Any]) -> bytes:
    """An order as it is sent: the same order, the same bytes."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def read_answer(status: int, body: bytes) -> Answer:
    """HTTP status and body -> what it says. What cannot be understood is lost."""
    found = _members(body)
    if 200 <= status < 300:
        return _standing(found) or Lost("answer-broken")
    slug = seen(str(found.get("type", "")).rpartition(":")[2])
    if status == 404 and slug in _NO_ORDER:
        return Absent()
    if status in _AGAIN or not 400 <= status < 500 or not slug:
        return Lost(slug or f"http-{status}")
    sentence = found.get("detail") or found.get("title") or ""
    return Refused(slug[:60], seen(str(sentence))[:200])


def seen(text: str) -> str:
    """A stranger's text for a screen: one line, and nothing in it that moves the terminal."""
    plain = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(plain.split())


def _members(body: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _standing(found: Mapping[str, Any]) -> Standing | None:
    """Every member of the type it must have, and not both made and dead; else None."""
    kinds = {"order": int, "deal_id": str, "state": str, "made": bool, "dead": bool}
    more = {"code": str, "total_minor": int, "tax_minor": int, "until_s": int}
    if any(type(found.get(name)) is not kind for name, kind in kinds.items()):
        return None
    if any(name in found and type(found[name]) is not kind for name, kind in more.items()):
        return None
    words = (found["deal_id"], found["state"], found.get("code", ""))
    if (found["made"] and found["dead"]) or not all(map(_WORD.fullmatch, words)):
        return None
    returns = _returns(found.get("returns", []))
    if returns is None:
        return None
    return Standing(**{name: found[name] for name in (*kinds, *more) if name in found}, returns=returns)


def _returns(rows: Any) -> dict[str, str] | None:
    """Return ID -> where it stands; None for what is no list of returns."""
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return None
    found = {row.get("return_id"): row.get("state") for row in rows}
    is_text = all(isinstance(word, str) for pair in found.items() for word in pair)
    return {str(name): str(state) for name, state in found.items()} if is_text else None


def read_page(status: int, body: bytes) -> tuple[list[Mapping[str, Any]] | Refused | Lost, str]:
    """One page of GET /v1/products -> its rows, and after which code the next one begins, "" at the end."""
    found = _members(body)
    if not 200 <= status < 300:
        answer = read_answer(status, body)
        return (answer if isinstance(answer, Refused) else Lost(_reason(answer))), ""
    rows, after = found.get("products"), found.get("next", "")
    if not isinstance(rows, list) or not isinstance(after, str):
        return Lost("answer-broken"), ""
    return [row for row in rows if isinstance(row, dict)], after


def _reason(answer: Answer) -> str:
    return answer.reason if isinstance(answer, Lost) else "answer-broken"
