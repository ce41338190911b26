"""The acquirer at the far end of an ISO 8583 line: the port of acquirer_sdk over a Link."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from acquirer_sdk.base import Unsupporting
from acquirer_sdk.port import BadRequest, Ports, SettingsError
from acquirer_sdk.settings import read_settings
from acquirer_sdk.values import (
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
    InDoubt,
    LateAnswer,
    NotReady,
    NotSent,
    Ready,
    ReturnRequest,
    Reversal,
    ReversalOpen,
    ReversalOutcome,
)
from cafis_adapter import answers, build
from cafis_adapter.codec import Message, MessageError, pack, unpack
from cafis_adapter.codes import shipped_codes
from cafis_adapter.keeper import Keeper, Pace
from cafis_adapter.line import Broken, Key, Line, Stray
from cafis_adapter.link import Hooks, Link, Lost, Unsent, Waiter
from cafis_adapter.profile import Profile, ProfileError, load_profile


@dataclass(frozen=True, slots=True)
class CafisSettings:
    """The table [acquirers.cafis]."""

    host: str = field(default="127.0.0.1", metadata={"help": "the acquirer's host: name or address"})
    port: int = field(default=8583, metadata={"help": "its TCP port", "min": 1, "max": 65535})
    host_timeout_s: float = field(
        default=30, metadata={"help": "how long an answer may take, s", "min": 0.01, "max": 600}
    )
    echo_interval_s: float = field(
        default=60, metadata={"help": "pause between two echo tests, s", "min": 0.01, "max": 3600}
    )
    reconnect_first_ms: int = field(
        default=500, metadata={"help": "first pause before connecting again, ms", "min": 1, "max": 60_000}
    )
    reconnect_max_ms: int = field(
        default=60_000, metadata={"help": "longest such pause, ms", "min": 1, "max": 600_000}
    )
    outstanding_max: int = field(
        default=4096, metadata={"help": "requests under way on the line", "min": 1, "max": 16384}
    )
    acquirer_id: str = field(default="", metadata={"help": "DE32, up to 11 digits, by contract"})
    profile: str = field(default="", metadata={"help": "file with the wire profile; empty: the one shipped"})


class Cafis(Unsupporting):
    """One line to one host. Keeps no card data beyond the call."""

    name = "cafis"

    def __init__(self, settings: CafisSettings, profile: Profile, ports: Ports) -> None:
        self.capabilities = Capabilities(
            void=True,
            refund=True,
            echo=True,
            partial_approval=True,
            return_without_card=profile.return_without_card,
        )
        self._settings = settings
        self._profile = profile
        self._ports = ports
        self._codes = shipped_codes()
        self._late: Callable[[LateAnswer], None] | None = None
        self._line: Line[Waiter] = Line(profile, settings.outstanding_max)
        self._link = Link(self._line, Hooks(self._stray, self._broken, self._answer_host))
        pace = Pace(
            settings.host_timeout_s,
            settings.echo_interval_s,
            settings.reconnect_first_ms,
            settings.reconnect_max_ms,
        )
        self._keeper = Keeper(self._link, self._line, profile, pace, ports)

    async def start(self, late: Callable[[LateAnswer], None]) -> None:
        self._late = late
        self._keeper.start(self._settings.host, self._settings.port)

    async def close(self) -> None:
        await self._keeper.close()

    def ready(self) -> Ready | NotReady:
        return self._line.ready()

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        """See the port. Packs the request too: what cannot be written is refused before dispatch."""
        try:
            pack(self._profile, self._message(request))
            advice = build.reversal(self._profile, self._settings.acquirer_id, request)
            return Reversal(request.reference, request.stan, pack(self._profile, advice))
        except MessageError as error:
            raise BadRequest(error.slug, error.where) from None

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            message = self._message(request)
            body = pack(self._profile, message)
        except MessageError:
            return NotSent("bad-request")
        got = await self._link.exchange(
            Key.of_request(message), body, timeout_s=self._settings.host_timeout_s
        )
        if isinstance(got, Unsent):
            return NotSent(got.reason)
        if isinstance(got, Lost):
            return InDoubt(got.reason)
        outcome = answers.authorisation(self._codes, got, request)
        if isinstance(outcome, InDoubt):
            self._report(got, near=True)
        return outcome

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self.authorise(request)

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome:
        return await self.authorise(request)

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        ready = self.ready()
        if isinstance(ready, NotReady):
            return NotSent(ready.reason)
        try:
            message = unpack(self._profile, reversal.wire)
            message = build.repeated(message) if transmission > 1 else message
            body = pack(self._profile, message)
        except MessageError:
            self._ports.tell("alarm.reversal-unreadable", reference=reversal.reference)
            return ReversalOpen("wire-unreadable")
        got = await self._link.exchange(
            Key.of_request(message), body, timeout_s=self._settings.host_timeout_s
        )
        if isinstance(got, Message):
            return answers.reversal(self._codes, got)
        return NotSent(got.reason) if isinstance(got, Unsent) else ReversalOpen(got.reason)

    def _message(self, request: AuthoriseRequest) -> Message:
        own = (self._profile, self._settings.acquirer_id)
        if isinstance(request, ReturnRequest):
            return build.giving_back(*own, request)
        return build.authorisation(*own, request)

    def _stray(self, stray: Stray) -> None:
        self._report(stray.message, near=stray.near)

    def _report(self, message: Message, *, near: bool) -> None:
        code = answers.result_code(message)
        self._ports.tell("line.stray", mti=message.mti, stan=message[11], reference=message[37], code=code)
        if self._late is not None and message.mti != "0810":
            self._late(answers.late(self._codes, message, near=near))

    def _broken(self, broken: Broken) -> None:
        self._ports.tell("alarm.line-broken", slug=broken.slug, where=broken.where)
        if self._late is not None:
            self._late(LateAnswer("", 0, None, broken.slug))

    def _answer_host(self, asked: Message) -> bytes:
        return pack(self._profile, build.network_answer(asked))


def create(settings: Mapping[str, object], ports: Ports) -> Cafis:
    """The entry point. Raises SettingsError for a key that is unknown or wrong."""
    read = read_settings(CafisSettings, settings)
    if read.acquirer_id and not (
        read.acquirer_id.isascii() and read.acquirer_id.isdigit() and len(read.acquirer_id) <= 11
    ):
        raise SettingsError("acquirer_id", "must be up to 11 digits")
    try:
        profile = load_profile(read.profile)
    except ProfileError as error:
        raise SettingsError("profile", str(error)) from None
    return Cafis(read, profile, ports)
