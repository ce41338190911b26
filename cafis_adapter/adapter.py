"""The acquirer at the far end of an ISO 8583 line: the port of acquirer_sdk over a Link."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.codes import shipped_codes
from acquirer_sdk.keyport import KeyFault, SealedPin
from acquirer_sdk.port import BadRequest, Late, Ports, SettingsError
from acquirer_sdk.values import (
    Advice,
    AdviceOpen,
    AdviceOutcome,
    AdviceRefused,
    AuthoriseOutcome,
    AuthoriseRequest,
    CaptureRequest,
    Echoed,
    InDoubt,
    LateAnswer,
    NotFound,
    NotReady,
    NotSent,
    Ready,
    Reconciled,
    ReturnRequest,
    Reversal,
    ReversalOpen,
    ReversalOutcome,
    Totals,
    Unsupported,
)
from cafis_adapter import answers, build, limits
from cafis_adapter.can import capabilities_of, items_before
from cafis_adapter.codec import Message, MessageError, pack, unpack
from cafis_adapter.keeper import Keeper, Pace
from cafis_adapter.line import Broken, Key, Line, Stray
from cafis_adapter.link import Exchanged, Hooks, Link, Lost, Unsent, Waiter
from cafis_adapter.part import ProfileError
from cafis_adapter.profile import SHIPPED, Profile, load_profile
from cafis_adapter.settings import CafisSettings, read
from cafis_adapter.wire import Wire
from cafis_adapter.zone import Zone

__all__ = ["Cafis", "CafisSettings", "create"]


class Cafis(Unsupporting):
    """One line to one host. Keeps no card data beyond the call."""

    name = "cafis"

    def __init__(self, settings: CafisSettings, profile: Profile, ports: Ports) -> None:
        self.capabilities = capabilities_of(profile)
        self._settings = settings
        self._profile = profile
        self._ports = ports
        self._codes = shipped_codes().asking_only(items_before(profile))
        self._late: Late | None = None
        self._wire = Wire(profile, ports.keys, settings.keys)
        self._zone = Zone(profile, ports.keys, ports.tell, settings.keys)
        self._line: Line[Waiter] = Line(profile, settings.outstanding_max, self._wire.is_genuine)
        hooks = Hooks(self._stray, self._forged, self._broken, self._answer_host)
        self._link = Link(self._line, hooks)
        pace = Pace(
            settings.host_timeout_s,
            settings.echo_interval_s,
            settings.reconnect_first_ms,
            settings.reconnect_max_ms,
        )
        self._keeper = Keeper(self._link, self._line, self._wire, pace, ports)

    async def start(self, late: Late) -> None:
        self._late = late
        self._keeper.start(self._settings.host, self._settings.port)

    async def close(self) -> None:
        await self._keeper.close()

    def ready(self) -> Ready | NotReady:
        ready = self._line.ready()
        if isinstance(ready, NotReady):
            return ready
        if not self._link.is_open():
            return NotReady("not-connected")
        return ready if self._wire.has_mac_key() else NotReady("mac-key-missing")

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        """See the port. Writes the request too, its PIN as well: what cannot be written is refused before
        dispatch. Neither is kept."""
        limits.check(self._profile, self.capabilities, request)
        try:
            message = self._message(request)
            self._wire.measure(self._tried(message, request.card.pin))
            undo = build.reversal(self._profile, self._settings.acquirer_id, request)
            return Reversal(request.reference, request.stan, pack(self._profile, undo))
        except MessageError as error:
            raise BadRequest(error.slug, error.where) from None

    def _tried(self, message: Message, pin: SealedPin | None) -> Message:
        """A PIN that cannot be opened, or for which there is no key, is told before anything leaves. That a
        device does not answer for a moment is no reason to refuse a sale."""
        if pin is not None and not self._wire.has_pin_key():
            raise BadRequest("pin-key-missing", "DE52")
        try:
            return self._wire.with_pin(message, pin)
        except KeyFault as fault:
            if fault.slug == "key-device":
                return message
            raise BadRequest(fault.slug, "DE52") from None

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            message = self._message(request)
            body = self._wire.pack(self._wire.with_pin(message, request.card.pin))
        except (MessageError, KeyError):
            return NotSent("bad-request")
        except KeyFault as fault:
            return NotSent(fault.slug)
        got = await self._exchange(message, body)
        if isinstance(got, Unsent):
            return NotSent(got.reason)
        if isinstance(got, Lost):
            return InDoubt(got.reason)
        outcome = answers.authorisation(self._codes, got, request)
        self._tell_stand_in(got)
        if isinstance(outcome, InDoubt):
            self._report(got, near=True)
        return outcome

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return await self.authorise(request) if self.capabilities.void else Unsupported("void")

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        return await self.authorise(request) if self.capabilities.refund else Unsupported("refund")

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome | Unsupported:
        return await self.authorise(request) if self.capabilities.capture else Unsupported("capture")

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome | Unsupported:
        return await self.authorise(request) if self.capabilities.card_check else Unsupported("card_check")

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            message = unpack(self._profile, reversal.wire)
            message = build.repeated(message) if transmission > 1 else message
            body = self._wire.pack(message)
        except MessageError:
            self._ports.tell("alarm.reversal-unreadable", reference=reversal.reference)
            return ReversalOpen("wire-unreadable")
        except KeyFault as fault:
            return NotSent(fault.slug)
        got = await self._exchange(message, body)
        if isinstance(got, Message):
            return answers.reversal(self._codes, got)
        return NotSent(got.reason) if isinstance(got, Unsent) else ReversalOpen(got.reason)

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome | Unsupported:
        if not self.capabilities.advise:
            return Unsupported("advise")
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            message = build.advice(self._profile, self._settings.acquirer_id, advice)
            message = build.repeated(message) if transmission > 1 else message
            body = self._wire.pack(message)
        except MessageError:
            return AdviceRefused("bad-request")
        except KeyFault as fault:
            return NotSent(fault.slug)
        got = await self._exchange(message, body)
        if isinstance(got, Message):
            return answers.advice(self._codes, got)
        return NotSent(got.reason) if isinstance(got, Unsent) else AdviceOpen(got.reason)

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound | Unsupported:
        if not self.capabilities.inquire:
            return Unsupported("inquire")
        try:
            undo = unpack(self._profile, reversal.wire)
        except MessageError:
            return InDoubt("wire-unreadable")
        got = await self._own(lambda stan, time_s: build.inquiry(self._profile, undo, stan, time_s))
        if not isinstance(got, Message):
            return got
        return answers.inquiry(self._codes, got, undo)

    async def reconcile(self, ours: Totals) -> Reconciled | InDoubt | NotSent | Unsupported:
        if not self.capabilities.reconcile:
            return Unsupported("reconcile")
        own = (self._profile, self._settings.acquirer_id, ours)
        got = await self._own(lambda stan, time_s: build.totals(*own, stan, time_s))
        return answers.totals(self._codes, got, ours) if isinstance(got, Message) else got

    async def echo(self) -> Echoed | InDoubt | NotSent | Unsupported:
        got = await self._keeper.echo()
        if isinstance(got, Unsent):
            return NotSent(got.reason)
        there = isinstance(got, Message) and got[39] == "00"
        return Echoed() if there else InDoubt(got.reason if isinstance(got, Lost) else "unknown-code")

    async def _own(self, make: Callable[[int, int], Message]) -> Message | NotSent | InDoubt:
        """A question of the line's own that changes nothing -> its answer."""
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            got = await self._keeper.ask(make)
        except MessageError:
            return NotSent("bad-request")
        except KeyFault as fault:
            return NotSent(fault.slug)
        if isinstance(got, Unsent):
            return NotSent(got.reason)
        return InDoubt(got.reason) if isinstance(got, Lost) else got

    async def _exchange(self, message: Message, body: bytes) -> Exchanged:
        return await self._link.exchange(
            Key.of_request(message), body, timeout_s=self._settings.host_timeout_s
        )

    def _message(self, request: AuthoriseRequest) -> Message:
        own = self._settings
        return build.authorisation(self._profile, own.acquirer_id, request, own.company_code)

    def _tell_stand_in(self, answer: Message) -> None:
        stand_in = self._profile.stand_in
        if stand_in is not None and stand_in.answered(answer[stand_in.element]):
            self._ports.tell("line.stand-in", reference=answer[37], code=answers.result_code(answer))

    def _stray(self, stray: Stray) -> None:
        self._report(stray.message, near=stray.near)

    def _report(self, message: Message, *, near: bool) -> None:
        code = answers.result_code(message)
        self._ports.tell("line.stray", mti=message.mti, stan=message[11], reference=message[37], code=code)
        if self._late is not None and message.mti[1] in "124":
            self._late(answers.late(self._codes, message, near=near))

    def _forged(self, message: Message) -> None:
        self._ports.tell("alarm.mac-wrong", mti=message.mti, reference=message[37])

    def _broken(self, broken: Broken) -> None:
        self._ports.tell("alarm.line-broken", slug=broken.slug, where=broken.where)
        if self._late is not None:
            self._late(LateAnswer("", 0, None, broken.slug))

    def _answer_host(self, asked: Message) -> bytes:
        return pack(self._profile, self._zone.answer(asked))


def create(settings: Mapping[str, object], ports: Ports) -> Cafis:
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    own = read(settings)
    shipped = own.profile in ("", *SHIPPED)
    try:
        profile = load_profile(own.profile if shipped else ports.place(own.profile))
    except ProfileError as error:
        raise SettingsError("profile", str(error)) from None
    return Cafis(own, profile, ports)
