"""What a conformance check works on: an acquirer, its simulator, and a way to say what is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from acquirer_sdk.port import Acquirer
from acquirer_sdk.values import (
    Approved,
    AuthoriseOutcome,
    AuthoriseRequest,
    CardData,
    LateAnswer,
    Original,
    Ready,
    ReturnKind,
    ReturnRequest,
    Reversal,
    ReversalAccepted,
    Unsupported,
)

PAN: Final = "4111111111111111"
TRACK2: Final = f"{PAN}=27122010000012345678"
PATIENCE_S: Final = 90


class Case(StrEnum):
    """What a simulator can be made to do by the amount of a sale or a return."""

    APPROVE = "approve"
    LARGE = "large"  # approved; more than twice any other amount here
    PARTIAL = "partial"
    DECLINE = "decline"
    AGAIN = "again"
    MORE = "more"
    FAULT = "fault"  # a code that says neither yes nor no
    UNKNOWN_CODE = "unknown-code"
    SILENT = "silent"  # charged, never answered
    UNTOUCHED = "untouched"  # neither charged nor answered
    LATE = "late"  # charged, answered after the time-out
    CUT = "cut"  # charged, line lost before the answer
    REVERSAL_SILENT_ONCE = "reversal-silent-once"  # charged, never answered, nor its first reversal


@dataclass(frozen=True, slots=True)
class Bench:
    """An acquirer that is not started yet, with its simulator.

    amounts: the amount in minor units that provokes each case.
    charges: reference -> minor units that the card holder finds charged in the end; a return's own reference
    has less than zero.
    told: everything the adapter reported through its port.
    """

    acquirer: Acquirer
    amounts: Mapping[Case, int]
    charges: Callable[[], Mapping[str, int]]
    told: list[str]


def sample_request(
    amount_minor: int, *, stan: int = 1, reference: str = "700000000001", terminal_id: str = "T0000001"
) -> AuthoriseRequest:
    """A sale in yen on a test card, keyed at 2026-01-01 00:00:00 UTC."""
    return AuthoriseRequest(
        reference=reference,
        stan=stan,
        amount_minor=amount_minor,
        currency=392,
        condition=10,
        condition_count=0,
        terminal_id=terminal_id,
        merchant_id="M00000000000001",
        slip=1,
        time_s=1_767_225_600,
        card=CardData(TRACK2, entry_mode=1),
    )


class NotConforming(Exception):
    """What the adapter does wrong, in one sentence."""


@dataclass(slots=True)
class Trial:
    """One check at work: a started acquirer and all it reported. approvals: reference -> its number."""

    bench: Bench
    late: list[LateAnswer] = field(default_factory=list)
    approvals: dict[str, str] = field(default_factory=dict)
    _stan: int = 0

    def request(self, case: Case, *, stan: int = 0, terminal_id: str = "T0000001") -> AuthoriseRequest:
        """A new sale that provokes the case."""
        self._stan += 1
        sale = sample_request(self.bench.amounts[case], stan=stan or self._stan, terminal_id=terminal_id)
        return replace(sale, reference=f"{700_000_000_000 + self._stan:012d}", slip=self._stan)

    async def authorise(self, case: Case) -> tuple[AuthoriseRequest, Reversal, AuthoriseOutcome]:
        """Prepare, then ask, as the gateway does."""
        await self.until_ready()
        request = self.request(case)
        reversal = self.bench.acquirer.prepare(request)
        outcome = await self.bench.acquirer.authorise(request)
        if isinstance(outcome, Approved):
            self.approvals[request.reference] = outcome.approval_number
        return request, reversal, outcome

    def back(self, request: AuthoriseRequest, kind: ReturnKind, amount_minor: int) -> ReturnRequest:
        """A return of that much of an approved sale."""
        self._stan += 1
        asked = {name: getattr(request, name) for name in AuthoriseRequest.__dataclass_fields__}
        names = ("reference", "stan", "amount_minor", "time_s")
        original = Original(
            **{name: asked[name] for name in names}, approval_number=self.approvals[asked["reference"]]
        )
        own = {"reference": f"{700_000_000_000 + self._stan:012d}", "stan": self._stan, "slip": self._stan}
        return ReturnRequest(**{**asked, **own, "amount_minor": amount_minor}, kind=kind, original=original)

    @staticmethod
    def without_card(request: ReturnRequest) -> ReturnRequest:
        """The same, as a person in an office asks for it."""
        return replace(request, card=CardData())

    async def give_back(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        """Ask for a return, as the gateway does."""
        await self.until_ready()
        acquirer = self.bench.acquirer
        acquirer.prepare(request)
        return await (acquirer.void if request.kind is ReturnKind.VOID else acquirer.refund)(request)

    async def reverse(self, reversal: Reversal, transmission: int = 1) -> None:
        """Reverse, and expect it to be acknowledged."""
        await self.until_ready()
        outcome = await self.bench.acquirer.reverse(reversal, transmission=transmission)
        expect(f"a reversal was not acknowledged: {outcome}", holds=isinstance(outcome, ReversalAccepted))

    async def until_ready(self) -> None:
        await until(
            lambda: isinstance(self.bench.acquirer.ready(), Ready), "the acquirer never becomes ready"
        )

    def net_minor(self, reference: str) -> int:
        return self.bench.charges().get(reference, 0)


def expect(sentence: str, *, holds: bool) -> None:
    """Raises NotConforming with the sentence, which says what is wrong, unless it holds."""
    if not holds:
        raise NotConforming(sentence)


async def until(holds: Callable[[], bool], sentence: str) -> None:
    """Wait until it holds. Raises NotConforming after PATIENCE_S on the loop clock."""
    for _ in range(PATIENCE_S * 20):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise NotConforming(sentence)
