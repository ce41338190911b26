"""The bogus acquirer's books: what each reference took from the customer, and what may be given back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from acquirer_sdk.values import Declined, ReturnKind, ReturnRequest

NO_ORIGINAL: Final = Declined("G94")
NOT_VOIDABLE: Final = Declined("G80")
TOO_MUCH: Final = Declined("61")


class Books:
    """References and amounts in minor units; no card."""

    def __init__(self) -> None:
        self._booked: dict[str, int] = {}
        self._sales: dict[str, str] = {}
        self._undone: set[str] = set()

    def is_undone(self, reference: str) -> bool:
        """Whether its reversal came, perhaps before it."""
        return reference in self._undone

    def charge(self, reference: str, amount_minor: int) -> None:
        """Book a sale, once."""
        self._booked.setdefault(reference, amount_minor)

    def give_back(self, request: ReturnRequest, amount_minor: int) -> None:
        """Book a return, once."""
        self._sales[request.reference] = request.original.reference
        self._booked.setdefault(request.reference, -amount_minor)

    def refusal(self, request: ReturnRequest) -> Declined | None:
        """Why this return must not be: a sale gives back what it took, and no more."""
        sale = request.original.reference
        taken = self._booked.get(sale, 0)
        given = [-self._booked[one] for one, its in self._sales.items() if its == sale]
        if request.reference in self._booked:
            return None
        if taken <= 0:
            return NO_ORIGINAL
        if request.kind is ReturnKind.VOID and (request.amount_minor != taken or any(given)):
            return NOT_VOIDABLE
        return TOO_MUCH if request.amount_minor > taken - sum(given) else None

    def undo(self, reference: str) -> bool:
        """Take a reversal -> whether there was anything to undo."""
        known = reference in self._booked
        self._booked[reference] = 0
        self._undone.add(reference)
        return known

    def charges(self) -> Mapping[str, int]:
        """Reference -> minor units that the customer is charged in the end; less than zero for a return."""
        return dict(self._booked)
