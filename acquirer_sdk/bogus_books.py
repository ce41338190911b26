"""The bogus acquirer's books: what each reference took from the customer, and what may still be moved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.values import (
    AuthoriseRequest,
    CaptureRequest,
    Declined,
    ReturnKind,
    ReturnRequest,
    Totals,
)

NO_ORIGINAL: Final = Declined("G94")
NOT_VOIDABLE: Final = Declined("G80")
TOO_MUCH: Final = Declined("61")

_DAY_S: Final = 86_400


class Books:
    """References and amounts in minor units; no card."""

    def __init__(self) -> None:
        self._booked: dict[str, int] = {}
        self._held: dict[str, int] = {}
        self._sales: dict[str, str] = {}
        self._days: dict[str, tuple[int, int]] = {}
        self._undone: set[str] = set()

    def is_undone(self, reference: str) -> bool:
        """Whether its reversal came, perhaps before it."""
        return reference in self._undone

    def book(self, request: AuthoriseRequest, amount_minor: int) -> None:
        """A sale, a hold, a capture or a return, once; of a hold only that it may be captured."""
        reference = request.reference
        if isinstance(request, ReturnRequest | CaptureRequest):
            self._sales[reference] = request.original.reference
        if request.hold:
            self._held.setdefault(reference, amount_minor)
            return
        sign = -1 if isinstance(request, ReturnRequest) else 1
        self._booked.setdefault(reference, sign * amount_minor)
        self._days[reference] = (request.time_s // _DAY_S, request.currency)

    def refusal(self, request: AuthoriseRequest) -> Declined | None:
        """Why this must not be: nobody takes more than was held, nor gives back more than was taken."""
        if request.reference in self._booked:
            return None
        if isinstance(request, CaptureRequest):
            return self._capture_refusal(request)
        return self._return_refusal(request) if isinstance(request, ReturnRequest) else None

    def _capture_refusal(self, request: CaptureRequest) -> Declined | None:
        held = self._held.get(request.original.reference, 0)
        if held <= 0 or any(self._moved(request.original.reference)):
            return NO_ORIGINAL
        return TOO_MUCH if request.amount_minor > held else None

    def _return_refusal(self, request: ReturnRequest) -> Declined | None:
        taken, moved = (
            self._booked.get(request.original.reference, 0),
            self._moved(request.original.reference),
        )
        if taken <= 0:
            return NO_ORIGINAL
        if request.kind is ReturnKind.VOID and (request.amount_minor != taken or any(moved)):
            return NOT_VOIDABLE
        return TOO_MUCH if request.amount_minor > taken + sum(moved) else None

    def _moved(self, sale: str) -> list[int]:
        """What later requests booked about a sale or a hold."""
        return [self._booked.get(one, 0) for one, its in self._sales.items() if its == sale]

    def undo(self, reference: str) -> bool:
        """Take a reversal -> whether there was anything to undo."""
        known = reference in self._booked or reference in self._held
        self._held.pop(reference, None)
        self._booked[reference] = 0
        self._undone.add(reference)
        return known

    def charges(self) -> Mapping[str, int]:
        """Reference -> minor units that the customer is charged in the end; less than zero for a return."""
        return dict(self._booked)

    def totals(self, day: str, number: int, currency: int) -> Totals:
        """What is booked of a day: its date, and its number since 1970 (UTC)."""
        booked = [
            minor
            for one, minor in self._booked.items()
            if minor and self._days.get(one) == (number, currency)
        ]
        sales, returns = [one for one in booked if one > 0], [-one for one in booked if one < 0]
        return Totals(day, currency, len(sales), sum(sales), len(returns), sum(returns))
