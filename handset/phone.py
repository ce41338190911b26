"""What the phone says to the reader, and when. It owns no port: bytes in, bytes out, the spool between."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, Final

from handset.ports import Ports
from handset.spool import Spool
from schemas.envelope import armour
from schemas.errors import WireError
from schemas.link import events, table
from schemas.link.session import Session

PERMISSION_EVERY_MS: Final = 600_000
"""The reader sells only within a while of hearing the phone's clock."""


class Phone:
    """The phone's end of the line. Times: ms of a clock that never goes back. stored: called after a sale."""

    def __init__(self, spool: Spool, ports: Ports, stored: Callable[[], None]) -> None:
        self._spool = spool
        self._ports = ports
        self._stored = stored
        self._up = False
        self._permission_ms = 0
        self._begin()

    def step(self, data: bytes, now_ms: int) -> None:
        """Take what came over the line, perhaps nothing, and do what is due."""
        for event in self._session.receive(data, now_ms):
            _ANSWERS[type(event)](self, event)
        if self._session.may(table.PERMISSION) and now_ms >= self._permission_ms:
            self._session.permission(self._ports.now_ms() // 1000)
            self._permission_ms = now_ms + PERMISSION_EVERY_MS
        if self._session.may(table.RESULT):
            self._offer_result()

    def outgoing(self) -> bytes:
        """What to write to the line now; it is given once."""
        return bytes(self._session.outgoing())

    def deadline_ms(self) -> int | None:
        """When `step` must be called even if nothing came; None: never."""
        due: list[int] = [] if self._session.deadline_ms is None else [self._session.deadline_ms]
        if self._session.may(table.PERMISSION):
            due.append(self._permission_ms)
        return min(due, default=None)

    def unplugged(self) -> None:
        """The line is gone. The next one begins from nothing; what has no verdict is offered again."""
        self._begin()
        self._tell_link(up=False)

    def _begin(self) -> None:
        self._session = Session(table.PHONE)
        self._offered = ""

    def _tell_link(self, *, up: bool) -> None:
        if up or self._up:
            self._ports.tell("handset.link", up=int(up))
        self._up = up

    def _on_up(self, _event: Any) -> None:
        self._offered = ""
        self._tell_link(up=True)

    def _on_lost(self, _event: Any) -> None:
        self._offered = ""
        self._tell_link(up=False)

    def _on_hello(self, _event: Any) -> None:
        self._permission_ms = 0

    def _on_sale(self, event: Any) -> None:
        """Stored is said only after the spool has it on disk."""
        try:
            name = self._spool.put(_canonical(event.text))
        except WireError as error:
            self._reject("data", f"the reader sent no sale that can be mailed ({error.slug})")
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            self._reject("full" if full else "disk", f"the phone cannot keep the sale: {error.strerror}")
        else:
            self._session.stored()
            self._ports.tell("handset.stored", sale=name)
            self._stored()

    def _reject(self, code: str, sentence: str) -> None:
        self._session.again(code)
        self._ports.tell("handset.again", code=code, sentence=sentence)

    def _offer_result(self) -> None:
        try:
            for name in self._spool.results.names()[:1]:
                self._session.result(self._spool.results.read(name).decode())
                self._offered = name
        except OSError as error:
            self._ports.tell("handset.trouble", reason=str(error))

    def _on_verdict(self, event: Any) -> None:
        self._ports.tell("handset.shown", verdict=event.code)
        name, self._offered = self._offered, ""
        try:
            self._spool.results.move(name, self._spool.delivered)
        except OSError as error:
            self._ports.tell("handset.trouble", reason=str(error))


def _canonical(text: str) -> str:
    """A sale's armour text as we write it, so that one sale has one name. Raises WireError."""
    kind, body = armour.from_text(text)
    if kind != armour.SALE:
        raise WireError("armour-kind", "sale")
    return str(armour.to_text(kind, body))


_ANSWERS: Final[dict[type, Callable[[Phone, Any], None]]] = {
    events.LinkUp: Phone._on_up,
    events.LinkLost: Phone._on_lost,
    events.Hello: Phone._on_hello,
    events.SaleArrived: Phone._on_sale,
    events.Verdict: Phone._on_verdict,
}
