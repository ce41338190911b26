"""What the host does for which amount: the table in triggers.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from acquirer_sdk.values import Item


class Step(StrEnum):
    """The words of `does`; triggers.toml says what each means."""

    CHARGE = "charge"
    ANSWER = "answer"
    REFUSE = "refuse"
    LATE = "late"
    SLOW = "slow"
    CUT = "cut"
    HALF = "half"
    DRIP = "drip"
    SPLIT = "split"
    JOINED = "joined"
    GARBAGE = "garbage"
    OVERSIZE = "oversize"
    EMPTY = "empty"
    SIGN_OFF = "sign-off"
    NEW_KEYS = "new-keys"
    DEAF = "deaf"


class Wrong(StrEnum):
    """What may be wrong with an answer."""

    NOTHING = ""
    AMOUNT = "amount"
    CURRENCY = "currency"
    TERMINAL = "terminal"
    STAN = "stan"
    REFERENCE = "reference"
    CODE = "code"
    APPROVAL = "approval"
    MAC = "mac"


class Undo(StrEnum):
    """How a reversal is taken."""

    ACKNOWLEDGED = ""
    SILENT_ONCE = "silent-once"
    SILENT_TWICE = "silent-twice"
    SILENT = "silent"
    REFUSED = "refused"
    THEN_APPROVE = "then-approve"


class Told(StrEnum):
    """How an advice is taken."""

    ACKNOWLEDGED = ""
    SILENT_ONCE = "silent-once"
    REFUSED = "refused"


class Capture(StrEnum):
    """How the completion of what was only held is taken."""

    BOOKED = ""
    REFUSED = "refused"
    SILENT = "silent"


class Mail(StrEnum):
    """What becomes of the letter on its way; the mail carrier does it."""

    GOOD = ""
    LOST = "lost"
    FIVE_TIMES = "five-times"
    DELAYED = "delayed"
    OUT_OF_ORDER = "out-of-order"
    FORGED = "forged"
    OUT_OF_OFFICE = "out-of-office"
    BOUNCED = "bounced"
    CUT = "cut"
    WRAPPED = "wrapped"
    HTML = "html"
    FOOTER = "footer"
    GREYLISTED = "greylisted"


@dataclass(frozen=True, slots=True)
class Trigger:
    """One row of the table. totals_lack: the day's totals leave it out; case: the conformance kit's word."""

    digits: str
    text: str
    code: str = "00"
    centre: str = ""
    does: tuple[Step, ...] = (Step.CHARGE, Step.ANSWER)
    wrong: Wrong = Wrong.NOTHING
    wants: Item | None = None
    stand_in: bool = False
    reversal: Undo = Undo.ACKNOWLEDGED
    advice: Told = Told.ACKNOWLEDGED
    capture: Capture = Capture.BOOKED
    totals_lack: bool = False
    mail: Mail = Mail.GOOD
    case: str = ""


APPROVE: Final = Trigger("", "approved")
_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "wrong": Wrong,
    "wants": Item,
    "reversal": Undo,
    "advice": Told,
    "capture": Capture,
    "mail": Mail,
}


@cache
def shipped_triggers() -> Mapping[str, Trigger]:
    """Last three digits -> trigger, as shipped."""
    text = (files("cafis_adapter.host") / "triggers.toml").read_text(encoding="utf-8")
    rows = [read_trigger(row) for row in tomllib.loads(text)["trigger"]]
    found = {trigger.digits: trigger for trigger in rows}
    if len(found) != len(rows):
        raise ValueError("digits stand twice in triggers.toml")
    return found


def read_trigger(row: Mapping[str, Any]) -> Trigger:
    """A row of the file -> checked. Raises ValueError and TypeError."""
    known = dict(row)
    if "does" in known:
        known["does"] = tuple(Step(word) for word in known["does"].split())
    for name, kind in _ENUMS.items():
        if name in known:
            known[name] = kind(known[name])
    if "totals" in known:
        known["totals_lack"] = known.pop("totals") == "differ"
    return Trigger(**known)


def rows() -> list[tuple[str, str, str]]:
    """The table for people: last three digits, what comes back, what happens."""
    return [(t.digits, t.centre or t.code, t.text) for t in shipped_triggers().values()]


def amounts_of_cases(thousands: int = 1) -> Mapping[str, int]:
    """The conformance kit's cases -> an amount in minor units that makes the host do them."""
    return {t.case: thousands * 1000 + int(t.digits) for t in shipped_triggers().values() if t.case}


def of_amount(amount_minor: int) -> Trigger:
    """What an amount's last three digits say."""
    return shipped_triggers().get(f"{amount_minor % 1000:03d}", APPROVE)
