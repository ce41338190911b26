"""The return form in a mail: which order, how much of it and why. What is not unambiguous is asked back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mail_gateway.domain.forms import READ_MAX, RETURN, SHOWN_MAX, Kind, Wrong
from mail_gateway.domain.order_form import AMOUNT, CODE
from mail_gateway.domain.order_return import WantReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

KIND: Final = Kind(
    RETURN,
    {
        **dict.fromkeys(("deal", "deal id", "取引", "取引番号", "伝票番号"), "deal"),
        **dict.fromkeys(("amount", "金額", "返金額"), "amount"),
        **dict.fromkeys(("reason", "理由"), "reason"),
        **dict.fromkeys(("return", "return id", "返品番号", "返金番号"), "return"),
    },
)
_SUM: Final = re.compile(rf"(?:¥|jpy|yen)?\s*{AMOUNT}\s*(?:円|yen|jpy)?", re.IGNORECASE)

FAULTS: Final = (
    *("line-unknown", "deal-missing", "deal-form", "deal-twice"),
    *("amount-form", "amount-twice", "amount-below"),
    *("reason-form", "reason-twice", "return-form", "return-twice", "return-missing"),
)
"""All that can be wrong with a form by itself; the letter has a sentence for each."""


@dataclass(frozen=True, slots=True)
class Form:
    """wanted: None where something is wrong. A form without a return ID has it from its mail."""

    deal_id: str
    wanted: WantReturn | None
    wrong: tuple[Wrong, ...] = ()


def read(written: Sequence[str], own: Sequence[str], otherwise: str) -> Form:
    """A return form. written, own: as Kind.part has them. otherwise: the return ID where the form has none;
    empty: then it is asked for."""
    facts: dict[str, str] = {}
    wrong = [one for line in KIND.part(written, own) if (one := _take(facts, line)) is not None]
    facts.setdefault("return", otherwise)
    wrong += [Wrong(f"{key}-missing") for key in ("deal", "return") if not facts.get(key) and not wrong]
    if "amount" not in facts and not wrong:
        wrong += [Wrong("amount-below", line[:SHOWN_MAX]) for line in written[:READ_MAX] if _is_amount(line)]
    if wrong:
        return Form("", None, tuple(wrong))
    amount_minor = int(facts["amount"]) if "amount" in facts else None
    return Form(facts["deal"], WantReturn(facts["return"], amount_minor, facts.get("reason", "")))


def _is_amount(line: str) -> bool:
    """Behind the end of a form too: without its amount the form would give back all."""
    return (KIND.keyed(line) or ("", ""))[0] == "amount"


def _take(facts: dict[str, str], line: str) -> Wrong | None:
    """Keep what the line says; -> what is wrong with it."""
    key, value = KIND.keyed(line) or ("", "")
    if not key or len(value) > READ_MAX:
        return Wrong("line-unknown", line[:SHOWN_MAX])
    checked = _checked(key, value)
    if not checked:
        return Wrong(f"{key}-form", value[:SHOWN_MAX])
    return None if facts.setdefault(key, checked) == checked else Wrong(f"{key}-twice", value[:SHOWN_MAX])


def _checked(key: str, value: str) -> str:
    """The value in its own form; empty: it has none."""
    if key == "reason":
        return value
    if key == "amount":
        found = _SUM.fullmatch(value)
        return "" if found is None else found["price"].replace(",", "").lstrip("0")
    return value if CODE.fullmatch(value) else ""
