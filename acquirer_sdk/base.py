"""What an adapter says to every operation it does not have: a typed "unsupported", never a silent no."""

# ruff: noqa: ARG002 - the parameters belong to the port, whoever overrides one needs them

from __future__ import annotations

from acquirer_sdk.values import (
    Advice,
    AdviceOutcome,
    AuthoriseOutcome,
    AuthoriseRequest,
    CaptureRequest,
    Echoed,
    InDoubt,
    NotFound,
    NotSent,
    Reconciled,
    ReturnRequest,
    Reversal,
    Totals,
    Unsupported,
)


class Unsupporting:
    """Base of an adapter: the optional operations of the port, each answered with Unsupported."""

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("capture")

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("void")

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("refund")

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome | Unsupported:
        return Unsupported("advise")

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome | Unsupported:
        return Unsupported("card_check")

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound | Unsupported:
        return Unsupported("inquire")

    async def reconcile(self, ours: Totals) -> Reconciled | InDoubt | NotSent | Unsupported:
        return Unsupported("reconcile")

    async def echo(self) -> Echoed | InDoubt | NotSent | Unsupported:
        return Unsupported("echo")
