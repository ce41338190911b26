"""What can be asked of the processor, and the one reading of a request's body, for both ends of the wire."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from acquirer_sdk.items import is_written
from acquirer_sdk.values import Item, Totals
from json_adapter.wire import Table, WireError

AMOUNT_MAX: Final = 999_999_999_999
BONUS_MAX: Final = 99_999_999
TIME_MAX: Final = 253_402_300_799
"""The last second of the year 9999."""

REFERENCE: Final = re.compile(r"[0-9]{12}")
IDENT: Final = re.compile(r"[A-Za-z0-9._-]{1,16}")
APPROVAL: Final = re.compile(r"[0-9A-Za-z]{1,7}")
DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_ENTRY: Final = re.compile("unknown|stripe|jis2|chip|fallback|keyed")
_TRACK2: Final = re.compile(r"[0-9]{8,19}(=[0-9]{0,27})?")
_JIS2: Final = re.compile(r"[ -~]{1,72}")
_HEX: Final = re.compile(r"([0-9A-F]{2}){1,1024}")
_PRODUCT: Final = re.compile(r"[0-9]{4,7}")


class Operation(StrEnum):
    """What is asked; also the last word of its Idempotency-Key."""

    AUTHORISATION = "authorisation"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    CARD_CHECK = "card-check"
    ADVICE = "advice"
    REVERSAL = "reversal"
    INQUIRY = "inquiry"
    RECONCILIATION = "reconciliation"
    ECHO = "echo"


PATHS: Final[Mapping[Operation, str]] = {
    Operation.AUTHORISATION: "/v1/authorisations",
    Operation.CAPTURE: "/v1/captures",
    Operation.VOID: "/v1/voids",
    Operation.REFUND: "/v1/refunds",
    Operation.CARD_CHECK: "/v1/card-checks",
    Operation.ADVICE: "/v1/advices",
    Operation.REVERSAL: "/v1/reversals",
    Operation.INQUIRY: "/v1/inquiries",
    Operation.RECONCILIATION: "/v1/reconciliations",
    Operation.ECHO: "/v1/echoes",
}

UNDONE: Final = frozenset({Operation.AUTHORISATION, Operation.CAPTURE, Operation.VOID, Operation.REFUND})
"""What a reversal or an inquiry can be about."""


@dataclass(frozen=True, slots=True)
class Original:
    """The request that another one names."""

    reference: str
    stan: int
    amount_minor: int
    time_s: int
    approval_number: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the other end has read it. It keeps no card.

    operation: of a reversal or an inquiry, that of the request it is about. items: an advice's, or those that
    came with a sale.
    """

    operation: Operation
    reference: str
    stan: int
    terminal_id: str
    merchant_id: str
    amount_minor: int
    currency: int
    time_s: int
    hold: bool = False
    with_card: bool = False
    original: Original | None = None
    items: Mapping[Item, str] = field(default_factory=dict)


def read_asked(operation: Operation, table: Table) -> Asked:
    """The body of a request about one payment -> read and checked. Raises WireError."""
    return _READERS[operation](operation, table)


def read_totals(table: Table) -> Totals:
    """The body of a reconciliation, asked or answered. Raises WireError."""
    return Totals(
        day=table.text("day", DAY),
        currency=table.number("currency", 999),
        sales=table.number("sales", AMOUNT_MAX),
        sales_minor=table.number("sales_minor", AMOUNT_MAX),
        returns=table.number("returns", AMOUNT_MAX),
        returns_minor=table.number("returns_minor", AMOUNT_MAX),
    )


def _paid(operation: Operation, table: Table) -> Asked:
    """A sale, a hold or a card check."""
    table.number("slip", 99_999)
    _card(table.table("card"))
    return _plain(operation, table, hold=table.flag("hold"), with_card=True, items=_items(table))


def _given_back(operation: Operation, table: Table) -> Asked:
    with_card = "card" in table
    if with_card:
        _card(table.table("card"))
    return _plain(operation, table, with_card=with_card, original=_original(table))


def _captured(operation: Operation, table: Table) -> Asked:
    return _plain(operation, table, original=_original(table))


def _named(_: Operation, table: Table) -> Asked:
    """A reversal or an inquiry: what it is about."""
    operation = table.text("operation", re.compile("|".join(sorted(UNDONE))))
    return _plain(Operation(operation), table)


def _told(operation: Operation, table: Table) -> Asked:
    items: dict[Item, str] = {}
    for name, value in table.table("items").texts().items():
        if name not in list(Item) or not is_written(Item(name), value):
            raise WireError("json-form", f"items.{name}")
        items[Item(name)] = value
    return _plain(operation, table, original=_original(table), items=items)


def _plain(operation: Operation, table: Table, **more: object) -> Asked:
    amount = 0 if operation is Operation.ADVICE else table.number("amount_minor", AMOUNT_MAX)
    return Asked(
        operation=operation,
        reference=table.text("reference", REFERENCE),
        stan=_stan(table),
        terminal_id=table.text("terminal_id", IDENT),
        merchant_id=table.text("merchant_id", IDENT),
        amount_minor=amount,
        currency=table.number("currency", 999),
        time_s=table.number("time_s", TIME_MAX),
        **more,  # type: ignore[arg-type]
    )


def _original(table: Table) -> Original:
    named = table.table("original")
    return Original(
        reference=named.text("reference", REFERENCE),
        stan=_stan(named),
        amount_minor=named.number("amount_minor", AMOUNT_MAX),
        time_s=named.number("time_s", TIME_MAX),
        approval_number=named.text("approval_number", APPROVAL),
    )


def _stan(table: Table) -> int:
    stan = table.number("stan", 999_999)
    if stan == 0:
        raise WireError("json-range", "stan")
    return stan


def _items(table: Table) -> dict[Item, str]:
    """What a sale says of itself, in the written form of an item."""
    condition, count = table.number("condition", 999), table.number("condition_count", 99)
    found = {Item.DIVISION: f"{condition}/{count:02d}" if count else str(condition)}
    if "product_code" in table:
        found[Item.PRODUCT_CODE] = table.text("product_code", _PRODUCT)
    if "referral_number" in table:
        found[Item.APPROVAL_NUMBER] = table.text("referral_number", APPROVAL)
    if "tax_minor" in table:
        found[Item.TAX] = str(table.number("tax_minor", AMOUNT_MAX))
    if "first_month" in table:
        found[Item.START_MONTH] = f"{table.number('first_month', 12):02d}"
    if "bonuses" in table:
        pairs = (
            (one.number("month", 12), one.number("amount_minor", BONUS_MAX))
            for one in table.tables("bonuses", 6)
        )
        found[Item.BONUS_MONTHS] = ",".join(f"{month:02d}:{minor}" for month, minor in pairs)
    return found


def _card(card: Table) -> None:
    card.text("entry_mode", _ENTRY)
    forms = {"track2": _TRACK2, "jis2": _JIS2, "emv": _HEX, "pin_block": _HEX}
    for name in forms:
        if name in card:
            card.text(name, forms[name])
    if not any(name in card for name in ("track2", "jis2", "emv")):
        raise WireError("card-missing", "card")


_READERS: Final[Mapping[Operation, Callable[[Operation, Table], Asked]]] = {
    Operation.AUTHORISATION: _paid,
    Operation.CARD_CHECK: _paid,
    Operation.CAPTURE: _captured,
    Operation.VOID: _given_back,
    Operation.REFUND: _given_back,
    Operation.ADVICE: _told,
    Operation.REVERSAL: _named,
    Operation.INQUIRY: _named,
}
