"""The operator's page: what is stuck and which command helps, and what was done. Pure; no sockets."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mail_gateway.observe.watch import Standing

HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Server": "Hagaki",
}

_TABLES: Final = (
    ("Mails taken", "mail.accepted", "verdict"),
    ("Payments moved", "payment.moved", "after"),
    ("Orders moved", "order.moved", "after"),
    ("Letters", "letter.", ""),
    ("Alarms", "alarm.", "slug"),
)
"""Title; verb, or how verbs begin; what tells those apart."""


class WatchPage:
    """Writes it. time_zone: IANA, for the time when the doctor looked."""

    def __init__(self, time_zone: str) -> None:
        self._zone = ZoneInfo(time_zone)
        environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
        text = (files("mail_gateway.site") / "watching" / "watch.html.j2").read_text(encoding="utf-8")
        self._template = environment.from_string(text)

    def compose(self, standing: Standing, down: str) -> bytes:
        """The page. down: why no mail can be taken now, as a slug; empty: it can."""
        return self._template.render(
            headline=_headline(standing, down),
            down=down,
            may_ask=standing.may_ask,
            troubles=standing.troubles,
            tables=list(_tables(standing)),
            looked=self._when(standing.looked_ms),
        ).encode()

    def _when(self, at_ms: int) -> str:
        if not at_ms:
            return "not yet"
        return f"at {datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(self._zone):%Y-%m-%d %H:%M:%S %Z}"


def _headline(standing: Standing, down: str) -> str:
    if down:
        return "Down"
    if standing.troubles:
        return f"Found: {len(standing.troubles)}"
    if not standing.looked_ms:
        return "Not looked at yet"
    return "Healthy" if standing.may_ask else "Standing by"


def _tables(standing: Standing) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    for title, verb, told_by in _TABLES:
        rows = [
            (str(getattr(what, told_by, None) or what.verb), count)
            for what, count in standing.counts.items()
            if what.verb == verb or (verb.endswith(".") and what.verb.startswith(verb))
        ]
        if rows:
            yield title, sorted(rows)
