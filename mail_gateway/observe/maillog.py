"""The mail log's gate: only facts that are on the list go out, so that no card data or key slips in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

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


class MailLog:
    """A Tell port in front of another one. counts: how often each verb was told, for the metrics page."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self.counts: dict[str, int] = {}

    def __call__(self, verb: str, /, **facts: str | int | None) -> None:
        self.counts[verb] = self.counts.get(verb, 0) + 1
        if not FACTS.issuperset(facts):
            facts = {name: value for name, value in facts.items() if name in FACTS}
        self._tell(verb, **facts)
