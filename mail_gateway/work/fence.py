"""The fence: the acquirer is asked only while this node's lease holds, looked at right before bytes leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from acquirer_sdk.values import NotReady, NotSent

if TYPE_CHECKING:
    from collections.abc import Callable

    from acquirer_sdk.port import Acquirer
    from acquirer_sdk.values import (
        AuthoriseOutcome,
        AuthoriseRequest,
        CaptureRequest,
        Ready,
        ReturnRequest,
        Reversal,
        ReversalOutcome,
        Unsupported,
    )

REASON: Final = "lease-lost"


def fenced(acquirer: Acquirer, holds: Callable[[], bool]) -> Acquirer:
    """The acquirer while `holds`; else nothing leaves, and that is what it says."""
    return cast("Acquirer", _Fenced(acquirer, holds))


class _Fenced:
    def __init__(self, acquirer: Acquirer, holds: Callable[[], bool]) -> None:
        self._acquirer = acquirer
        self._holds = holds

    def __getattr__(self, name: str) -> Any:
        """All that asks for no money is the acquirer's own."""
        return getattr(self._acquirer, name)

    def ready(self) -> Ready | NotReady:
        """See the port."""
        return self._acquirer.ready() if self._holds() else NotReady(REASON)

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        """See the port."""
        return await self._acquirer.authorise(request) if self._holds() else NotSent(REASON)

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome | Unsupported:
        """See the port."""
        return await self._acquirer.capture(request) if self._holds() else NotSent(REASON)

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        """See the port."""
        return await self._acquirer.void(request) if self._holds() else NotSent(REASON)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        """See the port."""
        return await self._acquirer.refund(request) if self._holds() else NotSent(REASON)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        """See the port."""
        if not self._holds():
            return NotSent(REASON)
        return await self._acquirer.reverse(reversal, transmission=transmission)
