"""A customer's bank account, for an acquirer that debits accounts. It cannot be printed."""

from __future__ import annotations


class BankAccount:
    """An account in Japan and the mandate to debit it, for the moment of one call.

    office: 7 digits, bank 4 and branch 3; kind: 1 ordinary, 2 current, 9 other; number: 7 digits;
    holder: name in half-width kana, up to 30; customer: the mandate's number, up to 20 characters.
    """

    __slots__ = ("customer", "holder", "kind", "number", "office")

    def __init__(
        self, office: str, number: str, *, kind: int = 1, holder: str = "", customer: str = ""
    ) -> None:
        self.office = office
        self.number = number
        self.kind = kind
        self.holder = holder
        self.customer = customer

    @property
    def masked(self) -> str:
        """Bank, branch and the last three digits."""
        return f"{self.office[:4]}-{self.office[4:]}-****{self.number[-3:]}"

    def __repr__(self) -> str:
        return f"BankAccount({self.masked})"

    def __reduce__(self) -> str:
        raise TypeError("a bank account is never serialised")
