"""What an adapter says to every operation it does not have: a typed "unsupported", never a silent no."""

# ruff: noqa: ARG002 - the parameters belong to the port, whoever overrides one needs them

from __future__ import annotations

from collections.abc import Mapping

from acquirer_sdk.values import AuthoriseOutcome, AuthoriseRequest, ReturnRequest, Reversal, Unsupported


class Unsupporting:
    """Base of an adapter: the optional operations of the port, each answered with Unsupported."""

    async def capture(self, reversal: Reversal) -> Unsupported:
        return Unsupported("capture")

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("void")

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("refund")

    async def advise(self, reference: str, items: Mapping[str, str]) -> Unsupported:
        return Unsupported("advise")

    async def card_check(self, request: AuthoriseRequest) -> Unsupported:
        return Unsupported("card_check")

    async def inquire(self, reversal: Reversal) -> Unsupported:
        return Unsupported("inquire")

    async def reconcile(self, day: str) -> Unsupported:
        return Unsupported("reconcile")
