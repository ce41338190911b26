"""What the gateway asks, checked and in the book's form; the reversal it keeps; no I/O."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Final

from acquirer_sdk.account import BankAccount
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import AuthoriseRequest, ReturnKind, ReturnRequest, Reversal
from bank_debit.debit import NewDebit
from bank_debit.kana import KanaError, half_width
from bank_debit.settings import Contract

YEN: Final = 392
AMOUNT_MAX: Final = 9_999_999_999
STAN_MAX: Final = 999_999
LUMP_SUM: Final = 10
HOLDER_MAX: Final = 30
KINDS: Final = (1, 2, 3, 9)

SALE: Final = "sale"
VOID: Final = "void"


def reversal_of(request: AuthoriseRequest) -> Reversal:
    """What is kept to undo a request: which one, and of what kind. No account in it."""
    facts = {"reference": request.reference, "kind": VOID if isinstance(request, ReturnRequest) else SALE}
    return Reversal(request.reference, request.stan, json.dumps(facts, sort_keys=True).encode("ascii"))


def kind_of(reversal: Reversal) -> str:
    """SALE or VOID. Raises ValueError for what `reversal_of` never made."""
    facts = json.loads(reversal.wire)
    if not isinstance(facts, dict) or facts.get("reference") != reversal.reference:
        raise ValueError("a reversal of something else")
    kind = facts.get("kind")
    if kind not in (SALE, VOID):
        raise ValueError("a reversal of an unknown kind")
    return str(kind)


def assert_writable(request: AuthoriseRequest, contract: Contract) -> None:
    """Raises BadRequest for what no file can hold, before anything is in the book."""
    faults = (
        (request.currency != YEN, "currency", "currency-unsupported"),
        (not 0 < request.amount_minor <= AMOUNT_MAX, "amount_minor", "zengin-range"),
        (not 0 < request.stan <= STAN_MAX, "stan", "zengin-range"),
        (not _digits(request.reference, 12), "reference", "zengin-digits"),
        (request.condition != LUMP_SUM, "condition", "condition-unsupported"),
        (request.hold, "hold", "hold-unsupported"),
    )
    for broken, where, slug in faults:
        if broken:
            raise BadRequest(slug, where)
    if isinstance(request, ReturnRequest):
        if request.kind is not ReturnKind.VOID:
            raise BadRequest("refund-unsupported", "kind")
        return
    if request.account is None:
        raise BadRequest("account-missing", "account")
    _assert_account(request.account)
    customer_of(request.reference, request.account, contract)


def _assert_account(account: BankAccount) -> None:
    for where, value, length in (("office", account.office, 7), ("number", account.number, 7)):
        if not _digits(value, length):
            raise BadRequest("zengin-digits", f"account.{where}")
    if account.kind not in KINDS:
        raise BadRequest("zengin-range", "account.kind")
    if not account.customer:
        raise BadRequest("mandate-missing", "account.customer")
    holder_of(account)


def _digits(text: str, length: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) == length


def holder_of(account: BankAccount) -> str:
    """The holder in half-width kana. Raises BadRequest."""
    try:
        return half_width(account.holder, HOLDER_MAX)
    except KanaError as error:
        raise BadRequest(error.slug, "account.holder") from None


def customer_of(reference: str, account: BankAccount, contract: Contract) -> str:
    """The customer number (顧客番号) as the file has it: our reference, or the mandate's number.

    Digits alone are a number (N) with zeros in front, others a text (C): 20 places. Raises BadRequest.
    """
    number = account.customer if contract.settings.customer_number == "mandate" else reference
    plain = number.isascii() and number.replace("-", "0").isalnum() and number == number.upper()
    if not plain or len(number) > 20:
        raise BadRequest("zengin-character", "account.customer")
    return number.zfill(20) if number.isdigit() else number


def local_day(now_ms: int, contract: Contract) -> date:
    """The day it is at the bank, now_ms in unix ms."""
    return datetime.fromtimestamp(now_ms // 1000, UTC).astimezone(contract.zone).date()


def new_debit(request: AuthoriseRequest, now_ms: int, contract: Contract) -> NewDebit:
    """A sale in the book's form. Raises BadRequest."""
    assert_writable(request, contract)
    account = request.account
    if account is None:
        raise BadRequest("account-missing", "account")
    return NewDebit(
        reference=request.reference,
        stan=request.stan,
        amount_minor=request.amount_minor,
        office=account.office,
        kind=account.kind,
        number=account.number,
        holder=holder_of(account),
        mandate=account.customer,
        customer=customer_of(request.reference, account, contract),
        accepted_ms=now_ms,
        accepted_on=local_day(now_ms, contract),
    )
