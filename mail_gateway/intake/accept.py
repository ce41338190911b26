"""The door itself, without a protocol: one raw mail in, one durable commit, one reply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mail_gateway.domain.errors import GatewayError, reply_for
from mail_gateway.intake.gate import Allowance
from mail_gateway.intake.remains import ksn_of
from mail_gateway.proof.spf import Session
from mail_gateway.store import inbox
from schemas.envelope import armour, cose
from schemas.errors import WireError
from schemas.mail.find import find_block
from schemas.mail.read import Unreadable, read_mail
from schemas.mail.robots import is_automatic

if TYPE_CHECKING:
    from collections.abc import Callable

    from mail_gateway.intake.answers import Answers
    from mail_gateway.intake.bounces import Bounces
    from mail_gateway.ports import Ports
    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.payments import Payment
    from schemas.mail.read import Mail


@dataclass(frozen=True, slots=True)
class Route:
    """Who handed the mail over and for whom, as SMTP says it. sender: "" is the null sender. place: where it
    lies in a mailbox that it was fetched from, else empty."""

    sender: str
    recipients: tuple[str, ...]
    peer: str
    helo: str = ""
    place: str = ""


class Reply(NamedTuple):
    """One SMTP reply; text begins with the enhanced status code (RFC 3463)."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Store(Protocol):
    """What the door needs of the store: run one unit of work and return after its commit."""

    async def run(self, unit: Callable[..., Any], /, *args: Any) -> Any: ...


class _Envelope(NamedTuple):
    sealed: bytes | None
    ksn: bytes | None
    slug: str
    mail: Mail | None

    @property
    def message_id(self) -> str:
        return "" if self.mail is None else self.mail.message_id


class Others(NamedTuple):
    """Who judges mails that carry no sale: what comes to the sender and to the reply addresses of letters."""

    bounces: Bounces
    answers: Answers


@dataclass(frozen=True, slots=True)
class Onward:
    """Where a kept sale goes on. Called after the commit; must not block.

    wake: told the payment that a new or repeated sale belongs to. begin: the same for a new one, which comes
    whole; None: `wake` is told of those as well. node: which of many nodes works on a new sale; None: the
    only one. answered: an answer of a merchant or a customer was kept. returned: a letter about an order came
    back.
    """

    wake: Callable[[int], None]
    begin: Callable[[Payment], None] | None = None
    node: Callable[[], int | None] = lambda: None
    answered: Callable[[], None] = lambda: None
    returned: Callable[[], None] = lambda: None


class Intake:
    """Takes mails for the gateway."""

    def __init__(
        self,
        store: Store,
        onward: Onward,
        settings: GatewaySettings,
        ports: Ports,
        others: Others | None = None,
    ) -> None:
        self._others = others
        self._allowance = Allowance()
        self._store = store
        self._onward = onward
        self._resend_after_ms = settings.resend_after_s * 1000
        self._ports = ports

    async def accept(self, raw: bytes, route: Route) -> Reply:
        """Store the mail and answer 250; on any doubt answer 4xx, so that the sender keeps it. Never raises
        but for cancellation. What nobody can read is stored for a person, and is 250 too."""
        try:
            found = _envelope(raw)
            judged = await self._judged(self._arrival(raw, route, found), found.mail, route)
            arrival = self._shortened(judged)
            kept: inbox.Kept = await self._store.run(inbox.keep, arrival, self._resend_after_ms)
        except GatewayError as error:
            self._ports.tell("alarm.intake", slug=error.slug)
            return reply(error.slug)
        except Exception as error:  # noqa: BLE001 - a mail that was not stored must stay with its sender
            self._ports.tell("alarm.intake", slug="internal", error=type(error).__name__)
            return reply("internal")
        self._tell(kept, arrival.order)
        if kept.verdict in (inbox.Verdict.REPLY, inbox.Verdict.ANSWER):
            self._onward.answered()
        elif kept.payment_id is not None:
            self._pass_on(kept.payment_id, kept.payment)
        elif kept.verdict is inbox.Verdict.BOUNCED:
            self._onward.returned()
        return reply(kept.verdict.value)

    def _tell(self, kept: inbox.Kept, order: int | None) -> None:
        whose = {"payment": kept.payment_id} if order is None else {"order": order}
        self._ports.tell("mail.accepted", mail=kept.mail_id, **whose, verdict=kept.verdict.value)
        if kept.verdict is inbox.Verdict.BOUNCED:
            self._ports.tell("alarm.letter", slug="letter-bounced", **whose)

    def _arrival(self, raw: bytes, route: Route, found: _Envelope) -> inbox.Arrival:
        return inbox.Arrival(
            received_ms=self._ports.now_ms(),
            sender=route.sender,
            recipients=route.recipients,
            message_id=found.message_id,
            peer=route.peer,
            envelope=found.sealed,
            pad=None if found.sealed is None else self._ports.random_bytes(len(found.sealed)),
            ksn=found.ksn,
            slug=found.slug,
            raw=raw,
            automatic=is_automatic(raw, route.sender),
            node=self._onward.node(),
            place=route.place,
        )

    def _pass_on(self, payment_id: int, payment: Payment | None) -> None:
        if payment is None or self._onward.begin is None:
            self._onward.wake(payment_id)
        else:
            self._onward.begin(payment)

    async def _judged(self, arrival: inbox.Arrival, mail: Mail | None, route: Route) -> inbox.Arrival:
        """A mail without a sale may be a letter of ours that came back, or the answer to one."""
        if self._others is None or arrival.envelope is not None:
            return arrival
        judged = await self._others.bounces.judge(arrival.raw, arrival.sender, arrival.recipients)
        if isinstance(judged, inbox.Bounced):
            return replace(arrival, ksn=None, slug="", bounced=judged)
        answered: inbox.Answered | inbox.OfOrder | str = judged
        if not answered and mail is not None:
            session = Session(route.peer, route.helo, route.sender)
            answered = await self._others.answers.judge(mail, arrival.raw, session, arrival.recipients)
        if isinstance(answered, inbox.Answered):
            return replace(arrival, ksn=None, slug="", answered=answered)
        if isinstance(answered, inbox.OfOrder):
            return replace(arrival, ksn=None, slug=answered.slug, of_order=answered)
        return replace(arrival, ksn=None, slug=answered) if answered else arrival

    def _shortened(self, arrival: inbox.Arrival) -> inbox.Arrival:
        """Of a mail without a sale as much as the hour has room for."""
        nobodys = arrival.envelope is None and arrival.bounced is None and arrival.answered is None
        theirs = arrival.of_order is not None and not arrival.of_order.slug
        if not nobodys or theirs or arrival.slug in inbox.IGNORED:
            return arrival
        wanted = min(len(arrival.raw), inbox.RAW_KEPT_MAX)
        return replace(arrival, raw_kept=self._allowance.take(wanted, arrival.received_ms))


def reply(slug: str) -> Reply:
    """The reply for a verdict or an error, from the one table."""
    code, enhanced, text, _ = reply_for(slug)
    return Reply(code, f"{enhanced} {text}")


def _envelope(raw: bytes) -> _Envelope:
    mail = read_mail(raw)
    if isinstance(mail, Unreadable):
        return _Envelope(None, None, mail.slug, None)
    try:
        _, sealed = find_block(mail, armour.SALE)
        ksn, _, _ = cose.unpack(sealed)
    except WireError as error:
        return _Envelope(None, ksn_of(mail), error.slug, mail)
    return _Envelope(sealed, ksn, "", mail)
