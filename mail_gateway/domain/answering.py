"""What a customer's answer does to the asking about an order: decided from what it says and proves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from mail_gateway.domain.confirmation import UNCLEAR_ASKED_MAX, WRONG_MAX, ConfirmState, enough

if TYPE_CHECKING:
    from mail_gateway.domain.confirmation import Confirmation, Policy


class Saying(Protocol):
    """What was found in an answer: yes, no, the order's code, another code, eight digits of OCRA or ""."""

    @property
    def yes(self) -> bool: ...
    @property
    def no(self) -> bool: ...
    @property
    def code(self) -> bool: ...
    @property
    def wrong_code(self) -> bool: ...
    @property
    def ocra(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Nothing:
    """An answer in which nothing was found, or that is too long to be looked at."""

    yes: bool = False
    no: bool = False
    code: bool = False
    wrong_code: bool = False
    ocra: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a customer. at_ms: when it came, unix ms. proof: as it was kept with the mail, or where
    else it comes from. proven: the sender's domain stands behind it; disowned: it says it never sent it.

    mail: its number; None: by the page. message_id: of the mail, or empty.
    """

    said: Saying
    at_ms: int
    proof: str
    proven: bool = False
    disowned: bool = False
    mail: int | None = None
    message_id: str = ""


class Verdict(StrEnum):
    """What an answer did."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    ASKED_AGAIN = "asked-again"  # unclear, or it proves too little; said politely, once
    FOR_A_PERSON = "for-a-person"  # the same again: somebody reads it
    WRONG = "wrong"  # a wrong code or OCRA answer
    LOCKED = "locked"  # the last wrong one: nothing confirms until a person unlocks it
    SHUT = "shut"  # locked before
    TOO_LATE = "too-late"  # after the end: told how it ended, and nothing changed


class Ocra(StrEnum):
    """What became of the eight digits of an answer."""

    NONE = "none"  # there were none, or the customer has no key to compute them with
    GOOD = "good"
    WRONG = "wrong"  # of another order, another password, or too old


@dataclass(frozen=True, slots=True)
class Ruling:
    """verdict: what it does. why: one of order_news.WHY where it is asked again, else empty. means: what
    confirmed it, for the record."""

    verdict: Verdict
    why: str = ""
    means: str = ""


def judge(asking: Confirmation, terms: tuple[Policy, int], answer: Answer, ocra: Ocra) -> Ruling:
    """An answer to an order that is asked. terms: the merchant's policy, and the order's total, minor units.

    A no needs no proof: whoever has the letter's address and writes from the customer's may say it, for it
    costs nobody money, and the order can be placed again; to doubt it would leave the customer bound. What
    the customer's own domain disowns is forged or was changed on its way: a code in it is worth nothing, and
    no letter goes out for it.
    """
    said = answer.said
    agrees = said.yes or said.code or bool(said.ocra)
    if said.no and not agrees and not said.wrong_code:
        return Ruling(Verdict.REFUSED)
    if asking.state is not ConfirmState.ASKED:
        return Ruling(Verdict.SHUT)
    if answer.disowned and ocra is Ocra.NONE:
        return Ruling(Verdict.FOR_A_PERSON, "disowned")
    if ocra is Ocra.WRONG or said.wrong_code:
        return _wrong(asking, "wrong-ocra" if ocra is Ocra.WRONG else "wrong-code")
    computed = ocra is Ocra.GOOD
    if said.no or not (said.yes or said.code or computed):
        return _again(asking, "unclear")
    policy, total_minor = terms
    if enough(policy, total_minor, proven=answer.proven, code=said.code, ocra=computed):
        found = {"ocra": computed, "code": said.code, "proof": answer.proven}
        return Ruling(Verdict.CONFIRMED, means=" ".join(name for name, there in found.items() if there))
    is_code_enough = enough(policy, total_minor, proven=answer.proven, code=True, ocra=False)
    return _again(asking, "code" if is_code_enough else "ocra")


def _wrong(asking: Confirmation, why: str) -> Ruling:
    return Ruling(Verdict.LOCKED if asking.wrong + 1 >= WRONG_MAX else Verdict.WRONG, why)


def _again(asking: Confirmation, why: str) -> Ruling:
    return Ruling(Verdict.ASKED_AGAIN if asking.unclear < UNCLEAR_ASKED_MAX else Verdict.FOR_A_PERSON, why)
