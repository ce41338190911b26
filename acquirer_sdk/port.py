"""The port: all that the gateway knows of an acquirer, and all that an adapter has to be."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from acquirer_sdk.keyport import KeyPort, NoKeys
from acquirer_sdk.values import (
    Advice,
    AdviceOutcome,
    AuthoriseOutcome,
    AuthoriseRequest,
    Capabilities,
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
    ReversalOutcome,
    Totals,
    Unsupported,
)

Tell = Callable[..., None]
"""``tell("host.signed-on", acquirer="cafis")``: one event for the log. Never card data."""


Late = Callable[[LateAnswer], Future[bool] | None]
"""Given to `start`: takes an answer that nobody waits for.

What it gives back says, once it is done, whether the answer is on the gateway's disk with all that follows
from it. Where it is not (False, or it failed), a NotCollected has to be told again; None: nobody says.
"""


class SettingsError(Exception):
    """A key of the adapter's own table is wrong. key is its name, sentence says what to do."""

    def __init__(self, key: str, sentence: str) -> None:
        super().__init__(f"{key}: {sentence}")
        self.key = key
        self.sentence = sentence


class BadRequest(Exception):
    """This request cannot be put into the acquirer's form. Raised by `prepare`, so before anything can leave.

    slug says what kind of fault, where is the element; neither ever holds card data.
    """

    def __init__(self, slug: str, where: str) -> None:
        super().__init__(f"{slug} at {where}")
        self.slug = slug
        self.where = where


Refer = Callable[[str, str], str]
"""``refer("secret", "env:NAME")``: key of the adapter's table and a reference -> the text that it means."""


def refer_nowhere(key: str, reference: str) -> str:
    """For an adapter made without a configuration file. Raises SettingsError."""
    if not reference:
        return ""
    raise SettingsError(key, "there is no configuration file that a reference could belong to")


def place_here(path: str) -> str:
    """For an adapter made without a configuration file: a path is what it says."""
    return path


@dataclass(frozen=True, slots=True)
class Ports:
    """The outside world, given to an adapter: wall clock in unix ms, random bytes, event log, keys.

    refer: reads "env:NAME" or "file:PATH", which is how a table names a secret or a certificate; an empty
    reference is an empty text. Raises for anything else, in words for whoever wrote the table.
    place: a path in the table -> where that is, beside the configuration file.
    """

    now_ms: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    tell: Tell
    keys: KeyPort = field(default_factory=NoKeys)
    refer: Refer = refer_nowhere
    place: Callable[[str], str] = place_here


class Acquirer(Protocol):
    """One acquirer. Every method is safe to call many times at once on one object."""

    name: str
    capabilities: Capabilities

    async def start(self, late: Late) -> None:
        """Begin to connect and sign on, and return at once. late gets every answer nobody waits for."""

    async def close(self) -> None:
        """Sign off and close. Requests still waiting end as InDoubt."""

    def ready(self) -> Ready | NotReady:
        """May a new request be started now?"""

    def prepare(self, request: AuthoriseRequest) -> Reversal:
        """Build the reversal of a request that has not been sent yet, a sale's or a return's. Pure: no I/O,
        same answer every time.

        Raises BadRequest where the request, or its reversal, cannot be expressed to this acquirer.
        """

    async def authorise(self, request: AuthoriseRequest) -> AuthoriseOutcome:
        """Ask once. Returns within the time-out; raises nothing, whatever the other side does."""

    async def reverse(self, reversal: Reversal, *, transmission: int) -> ReversalOutcome:
        """Send a reversal advice. transmission counts from 1; from 2 on it carries the repeat flag."""

    async def capture(self, request: CaptureRequest) -> AuthoriseOutcome | Unsupported:
        """Ask once to take what an earlier request with `hold` kept, as `authorise` asks."""

    async def void(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        """Ask once to undo a whole sale, as `authorise` asks. Approved: it is undone."""

    async def refund(self, request: ReturnRequest) -> AuthoriseOutcome | Unsupported:
        """Ask once to give back some of a sale, or all of it, as `authorise` asks."""

    async def advise(self, advice: Advice, *, transmission: int) -> AdviceOutcome | Unsupported:
        """Tell what was added to an approved sale. transmission counts from 1, as in `reverse`."""

    async def card_check(self, request: AuthoriseRequest) -> AuthoriseOutcome | Unsupported:
        """Ask whether a card is good, without money: amount_minor is 0."""

    async def inquire(self, reversal: Reversal) -> AuthoriseOutcome | NotFound | Unsupported:
        """Ask what became of the request that this reversal would undo. It changes nothing."""

    async def reconcile(self, ours: Totals) -> Reconciled | InDoubt | NotSent | Unsupported:
        """Compare one day. Asking again gives the same answer."""

    async def echo(self) -> Echoed | InDoubt | NotSent | Unsupported:
        """Ask whether the far end is there."""


Create = Callable[[Mapping[str, object], Ports], Acquirer]
"""An entry point of ``hagaki.acquirers``: its own table of config.toml and the ports -> an acquirer.

Raises SettingsError for a key that is unknown or wrong.
"""
