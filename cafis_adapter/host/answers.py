"""The host's answers: what each repeats, what it says, and how a trigger spoils it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from cafis_adapter.codec import Message
from cafis_adapter.host.accounts import Account, approval_number
from cafis_adapter.host.triggers import Trigger, Wrong
from cafis_adapter.profile import StandIn

APPROVALS: Final = ("00", "10")
_KEPT: Final = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49)


def answer_mti(mti: str) -> str:
    """0100 and 0101 -> 0110, 0220 and 0221 -> 0230."""
    return f"{mti[:2]}{int(mti[2]) + 1}0"


def repeated(asked: Message, mti: str = "") -> Message:
    """What an answer repeats of a request. mti: of the request that a reversal undoes."""
    kept = {number: asked.fields[number] for number in _KEPT if asked[number]}
    return Message(answer_mti(mti or asked.mti), kept)


def granted_minor(trigger: Trigger, asked: Message) -> int:
    """What is approved: for code 10 half of it."""
    return int(asked[4]) // 2 if trigger.code == "10" else int(asked[4])


def answer(trigger: Trigger, asked: Message, stand_in: StandIn | None = None) -> Message:
    """A request about money and its trigger -> the answer, spoiled as the trigger wants; a reversal -> the
    answer to what it undoes. stand_in: how the profile says that somebody stood in."""
    approved = trigger.code in APPROVALS
    said = {
        4: f"{granted_minor(trigger, asked):012d}",
        38: approval_number(asked) if approved else "",
        39: trigger.code,
        44: trigger.centre,
    }
    if trigger.stand_in and stand_in is not None:
        said[stand_in.element] = stand_in.values[0]
    good = repeated(asked, asked[90][:4] if asked.mti.startswith("04") else "").with_fields(said)
    return good.with_fields(_spoiled(trigger.wrong, asked))


def found(asked: Message, account: Account | None) -> Message:
    """The answer to an inquiry: what was said to the request that it asks about; 25: it never came."""
    said = repeated(asked)
    if account is None:
        return said.with_fields({39: "25"})
    trigger = account.trigger
    if trigger.code in APPROVALS and not account.booked:
        return said.with_fields({39: "25"})
    if account.reversed:
        return said.with_fields({39: "05"})
    first = answer(trigger, account.asked)
    return said.with_fields({number: first[number] for number in (4, 38, 39, 44)})


def _spoiled(wrong: Wrong, asked: Message) -> Mapping[int, str]:
    changes: dict[Wrong, dict[int, str]] = {
        Wrong.AMOUNT: {4: f"{int(asked[4]) + 1:012d}"},
        Wrong.CURRENCY: {49: "840"},
        Wrong.TERMINAL: {41: "NOWHERE"},
        Wrong.STAN: {11: f"{int(asked[11]) % 999_999 + 1:06d}"},
        Wrong.REFERENCE: {37: f"{(int(asked[37]) + 1) % 10**12:012d}"},
        Wrong.CODE: {39: "ZZ"},
        Wrong.APPROVAL: {38: ""},
    }
    return changes.get(wrong, {})
