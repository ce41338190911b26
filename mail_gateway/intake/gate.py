"""What the SMTP door lets in, decided without a socket: addresses, connections, content, pace."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from schemas.errors import WireError
from schemas.mail import token
from schemas.mail.headers import address

if TYPE_CHECKING:
    from mail_gateway.settings import GatewaySettings

RECIPIENTS_MAX: Final = 100
"""Per mail; RFC 5321 section 4.5.3.1.8 asks for at least as many."""

RECEIVED_MAX: Final = 50
"""Servers a mail may have passed; more is a loop (RFC 5321 section 6.3)."""

FILES_KEPT: Final = 128
"""Open files that connections leave for the database, the acquirer and the smarthost."""

UNREADABLE_HOURLY_MAX: Final = 16 * 1024 * 1024
HOUR_MS: Final = 3_600_000
_RECEIVED: Final = b"\nreceived:"


class Addresses:
    """Which recipients are ours. There is no relay."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._domain = settings.domain.lower()
        self._reply_domain = (settings.reply_domain or settings.domain).lower()
        self._sale = settings.sale_local.lower()

    def is_ours(self, recipient: str) -> bool:
        """The sale address, postmaster (RFC 5321 section 4.5.1) and what has the form of a token."""
        local, _, domain = recipient.lower().rpartition("@")
        if domain not in (self._domain, self._reply_domain):
            return False
        if local == "postmaster" or (local == self._sale and domain == self._domain):
            return True
        return domain == self._reply_domain and token.in_address(recipient, token.KINDS) is not None

    def path(self, argument: str) -> str | None:
        """The argument of MAIL FROM: or RCPT TO: as it may go on, or None. Takes <addr-spec>, <> and
        <postmaster>, with parameters after it; routes, comments, quoting and controls are not taken."""
        opened = argument.partition(":")[2].lstrip(" ")
        inside, closing, _ = opened[1:].partition(">")
        if opened[:1] != "<" or not closing or not (argument.isascii() and argument.isprintable()):
            return None
        if inside.lower() == "postmaster":
            return argument.replace(f"<{inside}>", f"<postmaster@{self._domain}>", 1)
        try:
            return argument if not inside or address(inside) else None
        except WireError:
            return None


def has_bare_newline(content: bytes) -> bool:
    """CR or LF alone, or NUL: what mail servers take for different line ends (SMTP smuggling, VU#302671)."""
    ends = content.count(b"\r\n")  # counting is several times as fast as looking at each sign
    return not ends == content.count(b"\r") == content.count(b"\n") or b"\0" in content


def has_looped(content: bytes) -> bool:
    """Whether it came through more servers than any real way has."""
    head = b"\n" + content.partition(b"\r\n\r\n")[0].lower()
    return head.count(_RECEIVED) > RECEIVED_MAX


class Places:
    """Connections now open, in all and by address."""

    def __init__(self, total_max: int, per_address_max: int) -> None:
        self._total_max = total_max
        self._per_address_max = per_address_max
        self._open: Counter[str] = Counter()

    def take(self, peer: str) -> bool:
        """Whether there is room for one more; if so it is counted until `leave`."""
        if self._open.total() >= self._total_max or self._open[peer] >= self._per_address_max:
            return False
        self._open[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """One connection of that address is gone."""
        self._open[peer] -= 1
        self._open += Counter()


class Allowance:
    """Bytes an hour of mails that nobody can read: strangers fill no disk. Of the rest the hash is kept."""

    def __init__(self, hourly_max: int = UNREADABLE_HOURLY_MAX) -> None:
        self._hourly_max = hourly_max
        self._since_ms = 0
        self._left = 0

    def take(self, count: int, now_ms: int) -> int:
        """How many of these bytes may be kept."""
        if now_ms - self._since_ms >= HOUR_MS:
            self._since_ms, self._left = now_ms, self._hourly_max
        granted = min(count, self._left)
        self._left -= granted
        return granted


class Pace:
    """Whether a client in DATA keeps to the minimum rate. rate_min: bytes per second, 0 = any."""

    def __init__(self, rate_min: int, window_s: float) -> None:
        self._least = rate_min * window_s
        self._count = 0

    def note(self, count: int) -> None:
        """So many bytes came."""
        self._count += count

    def is_kept(self) -> bool:
        """At the end of each window: whether enough came in it; begins the next."""
        enough = self._count >= self._least
        self._count = 0
        return enough
