"""Is a card or a key to be found anywhere: files, letters, events, logs, the phone's disk?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.sales import CARDS

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World


def secrets(world: World, _: Records) -> Iterator[Finding]:
    """(g) Every place where something is kept or said is searched for every card and key."""
    needles = [*(card.partition("=")[0].encode() for card in CARDS), *_keys(world)]
    for place, hay in _places(world):
        for number, needle in enumerate(needles):
            if needle in hay:
                what = "a card number" if number < len(CARDS) else "a key"
                yield Finding(Wrong.LEAKED, f"{what} in {place}")


def _keys(world: World) -> Iterator[bytes]:
    for secret in world.town.secrets:
        yield secret
        yield secret.hex().encode()
        yield secret.hex().upper().encode()


def _places(world: World) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path for path in world.folder.rglob("*") if path.is_file()):
        yield file.name, file.read_bytes()
    yield "the events", world.history.text().encode()
    yield "the log", "\n".join(world.logged).encode()
    yield "a mail", b"\n".join(mail.raw for mail in world.carrier.taken)
    yield "a phone", b"\n".join(data for counter in world.counters for data in counter.mails())
