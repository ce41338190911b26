"""The switch: which acquirer is asked for a payment, once and for all, and whose reversals go first."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.port import BadRequest
from acquirer_sdk.values import Capabilities, NotReady, NotSent, Reversal
from mail_gateway.domain import route
from mail_gateway.work.fence import fenced

if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable, Iterator, Mapping

    from acquirer_sdk.port import Acquirer
    from acquirer_sdk.values import AuthoriseRequest, LateAnswer
    from mail_gateway.domain.route import Table
    from mail_gateway.store.payments import Payment

GONE: Final = "acquirer-gone"
REVERSALS_FIRST: Final = "reversals-first"


class Choice(NamedTuple):
    """Who is asked. why: empty, or why nobody can be asked right now; then this one is waited for."""

    name: str
    acquirer: Acquirer
    why: str = ""


class _Gone(Unsupporting):
    """Stands for an acquirer that config.toml names no more: what it was asked waits until it is back."""

    name = GONE
    capabilities = Capabilities(void=True, refund=True, return_without_card=True)

    def ready(self) -> NotReady:
        return NotReady(GONE)

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        return Reversal(request.reference, request.stan, b"")

    async def authorise(self, request: AuthoriseRequest) -> NotSent:  # noqa: ARG002
        return NotSent(GONE)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> NotSent:  # noqa: ARG002
        return NotSent(GONE)


class Switch:
    """Over the acquirers by name. table: who is asked for what. holds: whether this node may ask now.

    An empty name is the default's: a payment has none until its first dispatch, nor from before there were
    several.
    """

    def __init__(
        self, acquirers: Mapping[str, Acquirer], table: Table, holds: Callable[[], bool] = lambda: True
    ) -> None:
        self._acquirers = {name: fenced(one, holds) for name, one in acquirers.items()}
        self.table = table
        self._gone = cast("Acquirer", _Gone())
        self._held_back: dict[str, set[int]] = {}

    @property
    def default(self) -> str:
        """Who is asked for what fits no row."""
        return self.table.default

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self._acquirers)

    def named(self, name: str) -> Acquirer:
        """The acquirer of that name; one that is not there any more is never ready."""
        return self._acquirers.get(name or self.default, self._gone)

    def of(self, payment: Payment) -> Acquirer:
        """Who was asked for this payment."""
        return self.named(payment.acquirer)

    def is_asked(self, name: str, payment: Payment) -> bool:
        """Whether it is this acquirer that was asked for the payment."""
        return name == (payment.acquirer or self.default)

    def choose(self, payment: Payment, request: AuthoriseRequest, bound_to: str = "") -> Choice:
        """Who is asked. bound_to: of a return, who was asked for its sale.

        A payment that was dispatched once is asked of the same for ever. Another one goes by the table; the
        fallback is asked only while the first choice is not ready, or where it has no form for it. Raises
        BadRequest where nobody has.
        """
        given = bound_to or payment.acquirer or (self.default if payment.attempts else "")
        if given:
            return self._now(given)
        names = self.table.find(_asked(payment, request)).route.names if self.table.routes else ()
        if len(names) < 2:
            return self._now(names[0] if names else self.default)
        able = list(self._able(names, request))
        choices = [self._now(name) for name in able]
        return next((one for one in choices if not one.why), choices[0])

    def candidates(self, asked: route.Asked, bound_to: str = "") -> tuple[str, ...]:
        """Who may be asked for something new, the first choice first. bound_to: who has to be."""
        if bound_to or not self.table.routes:
            return (bound_to or self.default,)
        return self.table.find(asked).route.names

    def has_line(self, payment: Payment) -> bool:
        """Whether something new about this payment may leave now: reversals of sales go first."""
        return not self._now(payment.acquirer or self.default).why

    def hold_back(self, payment: Payment) -> None:
        """Its reversal could not leave for want of a line: it goes before any new request there."""
        self._held_back.setdefault(payment.acquirer or self.default, set()).add(payment.id)

    def let_go(self, payment: Payment) -> None:
        """Its reversal is on its way."""
        self._held_back.get(payment.acquirer or self.default, set()).discard(payment.id)

    async def start(self, late: Callable[[LateAnswer, str], Future[bool]]) -> None:
        """Start them all. late: given every answer that nobody waits for, and whose it is."""
        for name, acquirer in self._acquirers.items():
            await acquirer.start(partial(_pass_on, late, name))

    async def close(self) -> None:
        """Close them all at the same time."""
        await asyncio.gather(*(acquirer.close() for acquirer in self._acquirers.values()))

    def _now(self, name: str) -> Choice:
        acquirer = self.named(name)
        line = acquirer.ready()
        if isinstance(line, NotReady):
            return Choice(name, acquirer, line.reason)
        return Choice(name, acquirer, REVERSALS_FIRST if self._held_back.get(name) else "")

    def _able(self, names: tuple[str, ...], request: AuthoriseRequest) -> Iterator[str]:
        """Those that have a form for it. Raises BadRequest, the first one's, where none has."""
        refused: list[BadRequest] = []
        for name in names:
            acquirer = self.named(name)
            try:
                acquirer.prepare(request)
            except BadRequest as error:
                refused.append(error)
                continue
            lacks = route.lacks(acquirer.capabilities, request.condition, _pays(request))
            if lacks:
                refused.append(BadRequest(lacks, name))
            else:
                yield name
        if len(refused) == len(names):
            raise refused[0]


def _pass_on(late: Callable[[LateAnswer, str], Future[bool]], name: str, answer: LateAnswer) -> Future[bool]:
    return late(answer, name)


def _asked(payment: Payment, request: AuthoriseRequest) -> route.Asked:
    digits = request.card.pan
    return route.Asked(digits, request.condition, payment.merchant_name, request.currency, _pays(request))


def _pays(request: AuthoriseRequest) -> str:
    return route.CARD if request.account is None else route.ACCOUNT
