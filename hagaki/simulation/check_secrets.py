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
    needles = [(one, "a card number") for one in _card_numbers()] + [(one, "a key") for one in _keys(world)]
    for place, hay in _places(world):
        for needle, what in needles:
            if needle in hay:
                yield Finding(Wrong.LEAKED, f"{what} in {place}")


def _card_numbers() -> Iterator[bytes]:
    """As text, and two digits to a byte."""
    for card in CARDS:
        number = card.partition("=")[0]
        yield number.encode()
        yield bytes.fromhex(number[: len(number) // 2 * 2])
        yield bytes.fromhex("0" * (len(number) % 2) + number)


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
