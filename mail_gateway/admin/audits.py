"""The audit for a person: anchors to keep off this machine, and the check of everything against them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.store import anchor, audit, backup
from mail_gateway.store.anchor import Mark
from mail_gateway.store.backend import guest

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from mail_gateway.settings import GatewaySettings
    from mail_gateway.store.backend import Guest

_ALL = "all"


def take(gateway: GatewaySettings) -> list[str]:
    """Where every chain stands now: one line each, and a last one with a hash over all of them."""
    with guest(gateway.database) as conn:
        marks = anchor.marks(conn)
    return [*map(str, marks), f"{_ALL} {len(marks)} {anchor.whole(marks)}"]


def verify(
    gateway: GatewaySettings, file: Path | None, kept: str | None, progress: Callable[[int], None]
) -> dict[str, Any]:
    """Check the database, or a backup. kept: an anchor's text, if there is one. -> counts and faults.

    Raises GatewayError anchor-damaged, backup-damaged.
    """
    marks = [] if kept is None else _read(kept)
    with _opened(gateway, file) as conn:
        found = audit.verify(conn, marks, progress)
    return {"checked": found.counts, "faults": [asdict(fault) for fault in found.faults]}


def _opened(gateway: GatewaySettings, file: Path | None) -> AbstractContextManager[Guest]:
    return guest(gateway.database) if file is None else backup.opened(file)


def _read(text: str) -> list[Mark]:
    lines = [line.split() for line in text.splitlines() if line.strip()]
    if any(len(line) != 3 or not line[1].isdecimal() for line in lines):
        raise _damaged()
    marks = [Mark(name, int(upto), digest) for name, upto, digest in lines if name != _ALL]
    if [[_ALL, str(len(marks)), anchor.whole(marks)]] != [line for line in lines if line[0] == _ALL]:
        raise _damaged()
    return marks


def _damaged() -> GatewayError:
    sentence = "The anchor is not whole: its last line has to fit the others."
    return GatewayError(sentence, "anchor-damaged", Disposition.REFUSE)
