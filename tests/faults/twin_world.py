"""A world with two acquirers that count what they charge, and say what became of a request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from heart_acquirer import CountingAcquirer, Habits
from heart_world import World

from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import (
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    Declined,
    InDoubt,
    NotFound,
    NotReady,
    Ready,
    Reversal,
)
from mail_gateway.domain.route import Route, Table
from mail_gateway.work.switch import Switch

FIRST, SECOND = "first", "second"
CAN = Capabilities(void=True, refund=True, return_without_card=True)


@dataclass
class Twin(CountingAcquirer):
    """up: whether its line is; None: as its habits have it. has_form: whether it can be asked at all."""

    capabilities: Capabilities = CAN
    up: bool | None = None
    has_form: bool = True
    said: dict[str, AuthoriseOutcome] = field(default_factory=dict)
    inquiries: list[str] = field(default_factory=list)
    inquiry_s: float = 0.1

    def ready(self) -> Ready | NotReady:
        if self.up is None:
            return super().ready()
        return Ready() if self.up else NotReady("not-connected")

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        if not self.has_form:
            raise BadRequest("no-form", self.name)
        return super().prepare(request)

    def _decide(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        outcome = self.said[request.reference] = super()._decide(request)
        return outcome

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound:
        self.inquiries.append(reversal.reference)
        await asyncio.sleep(self.inquiry_s)
        if self._hit(self.habits.lose_answer):
            return InDoubt("no-answer")
        if reversal.reference in self.reversed:
            return Declined("94")
        return self.said.get(reversal.reference, NotFound())


class TwinWorld(World):
    """The first is asked for all, the second while the first cannot be."""

    def __init__(
        self, folder: Path, *, seed: int = 0, inquire: bool = False, habits: Habits | None = None, **more: Any
    ) -> None:
        super().__init__(folder, seed=seed, habits=habits, **more)
        can = replace(CAN, inquire=inquire)
        made = [
            Twin(habits or Habits(), Random(f"{seed}/{name}"), name, capabilities=can)
            for name in (FIRST, SECOND)
        ]
        self.acquirer, self.second = made
        self.first = made[0]
        self.twins = {one.name: one for one in made}
        self.table = Table(FIRST, (Route(FIRST, SECOND),))

    def switch(self) -> Switch:
        return Switch({name: self.twins[name] for name in self.table.names}, self.table)

    async def kill(self) -> None:
        self.second.late = None
        await super().kill()

    def asked(self, reference: str) -> list[str]:
        """Who was sent that request."""
        return [name for name, one in self.twins.items() if reference in one.requests]

    def net(self, reference: str) -> int:
        """What the customer pays in the end, minor units."""
        return sum(one.net(reference) for one in self.twins.values())
