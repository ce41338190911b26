"""The mail log's gate: only facts that are on the list go out, so that no card data or key slips in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from mail_gateway.ports import Tell

FACTS: Final = frozenset(
    {
        *("acquirer", "after", "amount", "asked", "back", "before", "cancel", "code", "count", "credit"),
        *("day", "debit", "error", "event", "held", "how", "kind", "letters", "mail", "mailbox", "merchant"),
        *("message_id", "missing", "node", "order", "outcome", "payment", "peer", "phase", "port", "reason"),
        *("recipient", "reference", "said", "slug", "stan", "standing", "state", "transmissions", "verdict"),
        *("section", "selector", "uid", "version", "want", "why"),
    }
)

SERIES_MAX: Final = 2000
"""So many different things are counted apart; what else comes is counted by its verb alone."""


class Counted(NamedTuple):
    """What events are counted by: each has few values, and none is anybody's. None: the event has it not."""

    verb: str
    slug: str | int | None = None
    after: str | int | None = None
    verdict: str | int | None = None


class MailLog:
    """A Tell port in front of another one. counts: how often each was told, for the metrics."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.counts: dict[Counted, int] = {}

    def __call__(self, verb: str, /, **facts: str | int | None) -> None:
        what = Counted(verb, facts.get("slug"), facts.get("after"), facts.get("verdict"))
        if what not in self.counts and len(self.counts) >= SERIES_MAX:
            what = Counted(verb)
        self.counts[what] = self.counts.get(what, 0) + 1
        if not FACTS.issuperset(facts):
            facts = {name: value for name, value in facts.items() if name in FACTS}
        self._tell(verb, **facts)
