"""One check at work: a started acquirer, what a check does with it, and all that it reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from acquirer_sdk.account import BankAccount
from acquirer_sdk.bench import (
    PAN,
    Bench,
    CannotProvoke,
    Case,
    Heard,
    Outside,
    Sort,
    expect,
    sample_request,
    until,
)
from acquirer_sdk.port import Acquirer
from acquirer_sdk.values import (
    Advice,
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    CaptureRequest,
    CardData,
    Item,
    LateAnswer,
    Original,
    Ready,
    ReturnKind,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    Unsupported,
)
from acquirer_sdk.wire import Wire

ACCOUNT_NUMBER: Final = "7654321"
SECRETS: Final = (PAN, PAN[6:], ACCOUNT_NUMBER)
"""What nobody may ever read."""


def sample_account() -> BankAccount:
    """An account with a mandate, for an acquirer that debits accounts."""
    return BankAccount("0001002", ACCOUNT_NUMBER, holder="ﾊｶﾞｷ ﾊﾅｺ", customer="C1")


PLACES_MAX: Final = 512
"""Every byte of a short message; of a long one as many places, evenly."""

_FIRST_REFERENCE: Final = 700_000_000_000


@dataclass(frozen=True, slots=True)
class Sale:
    """One request, the reversal that was made before it left, and what came back."""

    request: AuthoriseRequest
    reversal: Reversal
    outcome: AuthoriseOutcome

    @property
    def original(self) -> Original:
        """How a later request names it; one that was not approved gets a number that nobody gave."""
        number = self.outcome.approval_number if isinstance(self.outcome, Approved) else "999999"
        names = ("reference", "stan", "amount_minor", "time_s")
        return Original(**{name: getattr(self.request, name) for name in names}, approval_number=number)


@dataclass(slots=True)
class Trial:
    """late: every answer that nobody waited for. noise: exceptions that nobody caught.

    places_max: at how many places within a message a line fault is tried, at most.
    """

    bench: Bench
    outside: Outside
    places_max: int = PLACES_MAX
    late: list[LateAnswer] = field(default_factory=list)
    noise: list[str] = field(default_factory=list)
    _stan: int = 0

    @property
    def acquirer(self) -> Acquirer:
        return self.bench.acquirer

    @property
    def capabilities(self) -> Capabilities:
        return self.bench.acquirer.capabilities

    @property
    def wire(self) -> Wire:
        """Raises CannotProvoke where no bytes run over a cable."""
        if self.bench.wire is None:
            raise CannotProvoke("no bytes run over a cable here")
        return self.bench.wire

    def amount(self, case: Case) -> int:
        """The amount that provokes the case. Raises CannotProvoke."""
        if case not in self.bench.amounts:
            raise CannotProvoke(f"the simulator has no case {case.value!r}")
        return self.bench.amounts[case]

    def request(self, asked: Case | int, **changes: Any) -> AuthoriseRequest:
        """A new sale that provokes the case, or of that many minor units; changes: its other fields."""
        amount_minor = asked if isinstance(asked, int) else self.amount(asked)
        own = {**self._own(), **changes}
        if not self.capabilities.card:
            own |= {"card": CardData(), "account": sample_account()}
        return replace(sample_request(amount_minor), **own)

    def places(self, length: int) -> list[int]:
        """Where within a message of that length a line fault is tried; at the last byte in any case."""
        return sorted({*range(0, length, max(1, -(-length // self.places_max))), length - 1})

    def _own(self) -> dict[str, Any]:
        """What every request has for itself."""
        self._stan += 1
        reference = f"{_FIRST_REFERENCE + self._stan:012d}"
        return {"reference": reference, "stan": self._stan, "slip": self._stan}

    async def ask(self, request: AuthoriseRequest) -> Sale:
        """Prepare, then ask, as the gateway does."""
        reversal = self.acquirer.prepare(request)
        return Sale(request, reversal, await self._asked(request))

    async def _asked(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        answered: AuthoriseOutcome | Unsupported
        if isinstance(request, CaptureRequest):
            answered = await self.acquirer.capture(request)
        elif not isinstance(request, ReturnRequest):
            answered = await self.acquirer.authorise(request)
        elif request.kind is ReturnKind.VOID:
            answered = await self.acquirer.void(request)
        else:
            answered = await self.acquirer.refund(request)
        if isinstance(answered, Unsupported):
            expect(f"{answered.operation} is promised and unsupported", holds=False)
            raise AssertionError
        return answered

    async def sell(self, asked: Case | int, **changes: Any) -> Sale:
        """Ask for a new sale when the acquirer is ready."""
        await self.until_ready()
        return await self.ask(self.request(asked, **changes))

    async def sold(self, asked: Case | int = Case.LARGE, **changes: Any) -> Sale:
        """The same, and expect an approval."""
        sale = await self.sell(asked, **changes)
        expect(f"an approved sale came back as {sale.outcome}", holds=isinstance(sale.outcome, Approved))
        return sale

    def later(self, cls: type[Any], sale: Sale, asked: Case | int, **more: Any) -> Any:
        """A CaptureRequest or ReturnRequest of that amount for an earlier sale, with the same card."""
        names = [name for name in AuthoriseRequest.__dataclass_fields__ if name != "hold"]
        same = {name: getattr(sale.request, name) for name in names}
        amount_minor = asked if isinstance(asked, int) else self.amount(asked)
        own = {**self._own(), "amount_minor": amount_minor, "original": sale.original, **more}
        return cls(**{**same, **own})

    def refund(self, sale: Sale, asked: Case | int) -> ReturnRequest:
        """A refund of that amount."""
        back: ReturnRequest = self.later(ReturnRequest, sale, asked, kind=ReturnKind.REFUND)
        return back

    def void(self, sale: Sale) -> ReturnRequest:
        """A void of the whole sale."""
        amount_minor = sale.request.amount_minor
        back: ReturnRequest = self.later(ReturnRequest, sale, amount_minor, kind=ReturnKind.VOID)
        return back

    def capture(self, sale: Sale, asked: Case | int) -> CaptureRequest:
        """A capture of that amount; nobody swipes a card for it."""
        taking: CaptureRequest = self.later(CaptureRequest, sale, asked, card=CardData())
        return taking

    def advice(self, sale: Sale, items: Mapping[Item, str]) -> Advice:
        """What was added to a sale."""
        names = ("terminal_id", "merchant_id", "currency", "time_s")
        same = {name: getattr(sale.request, name) for name in names}
        own = {name: value for name, value in self._own().items() if name != "slip"}
        return Advice(**same, **own, original=sale.original, items=items)

    async def approved(self, request: AuthoriseRequest) -> Sale:
        """Ask, and expect an approval of exactly this amount."""
        sale = await self.ask(request)
        good = isinstance(sale.outcome, Approved) and sale.outcome.amount_minor == request.amount_minor
        expect(f"came back as {sale.outcome}", holds=good)
        return sale

    async def reverse(self, sale: Sale, transmission: int = 1) -> None:
        """Reverse, and expect it to be acknowledged."""
        await self.until_ready()
        outcome = await self.acquirer.reverse(sale.reversal, transmission=transmission)
        expect(f"a reversal was not acknowledged: {outcome}", holds=isinstance(outcome, ReversalAccepted))

    async def until_ready(self) -> None:
        await until(lambda: isinstance(self.acquirer.ready(), Ready), "the acquirer never becomes ready")

    def net_minor(self, sale: Sale) -> int:
        """What the customer finds charged for it, or less than zero for a return."""
        return self.bench.charges().get(sale.request.reference, 0)

    def total_minor(self) -> int:
        """What the customer finds charged for all that this check did."""
        return sum(self.bench.charges().values())

    def heard(self, sort: Sort, reference: str = "") -> list[Heard]:
        """What the far end heard of that sort, about that reference. Raises CannotProvoke."""
        if self.bench.heard is None:
            raise CannotProvoke("nobody listens at the far end")
        return [one for one in self.bench.heard() if one.sort is sort and reference in ("", one.reference)]
