"""The adapter: what the gateway asks, put into messages, and what comes back, put into outcomes."""

from __future__ import annotations

from collections.abc import Mapping

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.limits import check_limits, within_limits
from acquirer_sdk.port import Late, Ports
from acquirer_sdk.settings import read_settings
from acquirer_sdk.skeleton import messages
from acquirer_sdk.skeleton.line import Line, LineSettings
from acquirer_sdk.skeleton.messages import Message, MessageError
from acquirer_sdk.values import (
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Echoed,
    InDoubt,
    NotReady,
    NotSent,
    Ready,
    Reversal,
    ReversalOpen,
    ReversalOutcome,
)


class Skeleton(Unsupporting):
    """What it does not do yet, Unsupporting says for it. Keeps no card data beyond the call."""

    name = "skeleton"
    capabilities = Capabilities(partial_approval=True, echo=True)

    def __init__(self, settings: LineSettings, ports: Ports) -> None:
        self._ports = ports
        self._late: Late | None = None
        self._line = Line(settings, self._stray, ports.tell)

    async def start(self, late: Late) -> None:
        self._late = late
        self._line.start()

    async def close(self) -> None:
        await self._line.close()
        self._late = None

    def ready(self) -> Ready | NotReady:
        return self._line.ready()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        check_limits(request, self.capabilities)
        return Reversal(request.reference, request.stan, messages.written(messages.reversal(request)))

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        if not within_limits(request, self.capabilities):
            return NotSent("bad-request")
        answer = await self._line.ask(messages.sale(request))
        if isinstance(answer, InDoubt | NotSent):
            return answer
        return messages.outcome(answer, request)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        try:
            message = messages.read(reversal.wire)
        except MessageError:
            return ReversalOpen("wire-unreadable")
        answer = await self._line.ask({**message, "repeat": transmission > 1})
        if isinstance(answer, InDoubt):
            return ReversalOpen(answer.reason)
        return answer if isinstance(answer, NotSent) else messages.reversal_outcome(answer)

    async def echo(self) -> Echoed | InDoubt | NotSent:
        answer = await self._line.echo()
        return answer if isinstance(answer, InDoubt | NotSent) else Echoed()

    def _stray(self, message: Message) -> None:
        answer = messages.late(message)
        self._ports.tell("line.stray", reference=answer.reference, code=answer.code)
        if self._late is not None:
            self._late(answer)


def create(settings: Mapping[str, object], ports: Ports) -> Skeleton:
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    return Skeleton(read_settings(LineSettings, settings), ports)
