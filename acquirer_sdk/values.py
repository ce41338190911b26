"""What goes to an acquirer and what comes back, as frozen values. Nothing here knows a message format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from acquirer_sdk.account import BankAccount
from acquirer_sdk.keyport import SealedPin


class CardData:
    """A card as the reader read it, for the moment of one call. It cannot be printed or pickled.

    track2 is the text between the sentinels (ISO/IEC 7813), e.g. ``4111111111111111=27122010000012345678``.
    pin: as it left the reader; only a KeyPort can do something with it.
    """

    __slots__ = ("emv", "entry_mode", "jis2", "pin", "track2")

    def __init__(
        self,
        track2: str = "",
        *,
        jis2: str = "",
        emv: bytes = b"",
        pin: SealedPin | None = None,
        entry_mode: int = 0,
    ) -> None:
        self.track2 = track2
        self.jis2 = jis2
        self.emv = emv
        self.pin = pin
        self.entry_mode = entry_mode

    @property
    def pan(self) -> str:
        """The card number (ISO/IEC 7812), or an empty text."""
        return self.track2.split("=", 1)[0]

    @property
    def expiry(self) -> str:
        """YYMM of track 2, or an empty text."""
        return self.track2.partition("=")[2][:4]

    @property
    def masked(self) -> str:
        """First six and last four digits, the most that PCI DSS 3.4.1 lets anybody see."""
        pan = self.pan
        if len(pan) < 12:
            return "*" * len(pan)
        return pan[:6] + "*" * (len(pan) - 10) + pan[-4:]

    def __repr__(self) -> str:
        return f"CardData({self.masked})"

    def __reduce__(self) -> str:
        raise TypeError("card data is never serialised")


class Item(StrEnum):
    """What may be added to a sale by hand. Each has one written form; `acquirer_sdk/items.py` reads it."""

    PRODUCT_CODE = "product-code"  # 4 to 7 digits
    DIVISION = "division"  # way of payment: CAT condition, "/" and the count where it has one: 61/12
    START_MONTH = "start-month"  # month of the first instalment, 01..12
    BONUS_MONTHS = "bonus-months"  # month:amount in minor units, up to six, comma between: 07:10000,12:0
    TAX = "tax"  # tax and shipping, part of the amount, minor units
    APPROVAL_NUMBER = "approval-number"  # what the company said by telephone, 1 to 7 letters and digits
    NOTE = "note"  # free words, up to 60 characters


@dataclass(frozen=True, slots=True)
class Bonus:
    """One bonus payment: month 1..12, amount_minor 0 where the company divides."""

    month: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class AuthoriseRequest:
    """One attempt to authorise one sale.

    reference: 12 digits, unique per payment (ISO 8583 DE37).
    stan: 1..999999, unique among open attempts (DE11).
    amount_minor: minor units of `currency` (ISO 4217 numeric). condition: UnifiedPOS CAT PaymentCondition.
    time_s: when the sale was keyed, unix seconds UTC.

    Where they are needed: product_code; tax_minor, tax and shipping within the amount; first_month and
    bonuses of the condition; referral_number, what the company said by telephone; hold, only keep the amount
    for a `capture`; account instead of a card, for an acquirer that debits one.
    """

    reference: str
    stan: int
    amount_minor: int
    currency: int
    condition: int
    condition_count: int
    terminal_id: str
    merchant_id: str
    slip: int
    time_s: int
    card: CardData
    product_code: str = field(default="", kw_only=True)
    tax_minor: int = field(default=0, kw_only=True)
    first_month: int = field(default=0, kw_only=True)
    bonuses: tuple[Bonus, ...] = field(default=(), kw_only=True)
    referral_number: str = field(default="", kw_only=True)
    hold: bool = field(default=False, kw_only=True)
    account: BankAccount | None = field(default=None, kw_only=True)


class ReturnKind(StrEnum):
    """How money is given back."""

    VOID = "void"  # the whole sale, as if it had never been
    REFUND = "refund"  # some of it, or all


@dataclass(frozen=True, slots=True)
class Original:
    """The sale that a return gives back, as it was asked and approved; the names are the request's."""

    reference: str
    stan: int
    amount_minor: int
    time_s: int
    approval_number: str


@dataclass(frozen=True, slots=True)
class ReturnRequest(AuthoriseRequest):
    """One attempt to give back; reference, stan, amount_minor and time_s are the return's own.

    card is empty where nobody swiped one: only for an acquirer whose capabilities have return_without_card.
    of_capture: the original is a capture, not a sale.
    """

    kind: ReturnKind
    original: Original
    of_capture: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class CaptureRequest(AuthoriseRequest):
    """One attempt to take what an earlier request with `hold` kept, or less; card is empty."""

    original: Original


@dataclass(frozen=True, slots=True)
class Advice:
    """What a merchant added to an approved sale, on its way to the acquirer until it is acknowledged.

    reference, stan: its own, as a request's. items: in their written form.
    """

    reference: str
    stan: int
    terminal_id: str
    merchant_id: str
    currency: int
    time_s: int
    original: Original
    items: Mapping[Item, str]


@dataclass(frozen=True, slots=True)
class Totals:
    """What one side has of one day. day: ISO 8601 date. Counts and minor units of `currency`, never negative.

    Reversed requests are in neither sum; a return is in returns only. What was approved and not collected
    later stays in sales: a day does not change any more.
    """

    day: str
    currency: int
    sales: int
    sales_minor: int
    returns: int
    returns_minor: int


class Reversal:
    """The ready-made reversal of one request, in the adapter's own form. It cannot be printed.

    The gateway stores `wire` (wrapped under a key) in the same commit that lets the request leave, so that
    the reversal can be sent with no further knowledge.
    """

    __slots__ = ("reference", "stan", "wire")

    def __init__(self, reference: str, stan: int, wire: bytes) -> None:
        self.reference = reference
        self.stan = stan
        self.wire = wire

    def __repr__(self) -> str:
        return f"Reversal({self.reference}, stan={self.stan:06d})"

    def __reduce__(self) -> str:
        raise TypeError("a reversal is never serialised as an object")


class Ask(StrEnum):
    """What the acquirer wants before it can say yes or no."""

    AGAIN = "again"  # the same sale keyed once more (wrong PIN, unreadable number)
    MORE = "more"  # something else as well (approval number by telephone, product code)


@dataclass(frozen=True, slots=True)
class Approved:
    """amount_minor is what the acquirer approved; less than asked is a partial approval."""

    approval_number: str
    amount_minor: int
    code: str = "00"


@dataclass(frozen=True, slots=True)
class Declined:
    """A definite no. code is the acquirer's own (DE39 or a G code)."""

    code: str


@dataclass(frozen=True, slots=True)
class NeedsInput:
    """No decision yet: the merchant has to do something. items: what would help, where it can be written."""

    ask: Ask
    code: str
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class InDoubt:
    """At least one byte was handed to the kernel and no valid answer came. reason is a slug."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Surely not one byte left. The same request may be tried again, and a reversal was no transmission."""

    reason: str


AuthoriseOutcome = Approved | Declined | NeedsInput | InDoubt | NotSent


@dataclass(frozen=True, slots=True)
class ReversalAccepted:
    """The acquirer acknowledged the reversal (0430 with 00, or with 25: it never saw the original)."""

    code: str


@dataclass(frozen=True, slots=True)
class ReversalOpen:
    """It left and was not acknowledged: send it again. reason is a slug."""

    reason: str


ReversalOutcome = ReversalAccepted | ReversalOpen | NotSent


@dataclass(frozen=True, slots=True)
class AdviceAccepted:
    """The acquirer has it (0230 with 00)."""

    code: str


@dataclass(frozen=True, slots=True)
class AdviceRefused:
    """The acquirer read it and does not take it: a person has to look."""

    code: str


@dataclass(frozen=True, slots=True)
class AdviceOpen:
    """It left and was not acknowledged: send it again. reason is a slug."""

    reason: str


AdviceOutcome = AdviceAccepted | AdviceRefused | AdviceOpen | NotSent


@dataclass(frozen=True, slots=True)
class NotFound:
    """Asked what became of a request, the acquirer says that it never came."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """theirs: what the acquirer has of that day. agrees: whether it says that ours are the same."""

    theirs: Totals
    agrees: bool


@dataclass(frozen=True, slots=True)
class Echoed:
    """The far end is there."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What this acquirer cannot do, said plainly. Never a silent no."""

    operation: str


@dataclass(frozen=True, slots=True)
class NotCollected:
    """What was approved to be collected later, and then was not: nothing was taken, and nothing will be.

    code is the acquirer's own; its words stand in codes.toml.
    """

    code: str


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """An answer that no request was waiting for. outcome is None when it could not be understood."""

    reference: str
    stan: int
    outcome: AuthoriseOutcome | ReversalOutcome | NotCollected | None
    code: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The line is up and signed on."""


@dataclass(frozen=True, slots=True)
class NotReady:
    """No request may be started now. reason is a slug such as not-connected or not-signed-on."""

    reason: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the adapter can do, as data; the capability table in the docs is printed from it.

    card, account: what may pay. conditions: the ways of payment taken (CAT codes); none: all of them.
    items_after: what every merchant is asked for after an approval; items_taken: what `advise` takes.
    collects_later: an approval is a promise to collect; days later `late` may say NotCollected.
    """

    authorise: bool = True
    reverse: bool = True
    capture: bool = False
    void: bool = False
    refund: bool = False
    advise: bool = False
    card_check: bool = False
    inquire: bool = False
    reconcile: bool = False
    echo: bool = False
    partial_approval: bool = False
    return_without_card: bool = False
    collects_later: bool = False
    card: bool = True
    account: bool = False
    conditions: tuple[int, ...] = ()
    items_after: tuple[Item, ...] = ()
    items_taken: tuple[Item, ...] = ()
