"""Did anything that was answered 250 get lost, or become two?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hagaki.simulation.findings import Finding, Wrong

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

_MESSAGE_ID: Final = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)


def rows(world: World, records: Records) -> Iterator[Finding]:
    """(a) Every sale that was answered 250 has one row. A cancel that took its key has made another."""
    for ksn in sorted(world.missed):
        yield Finding(Wrong.LOST, f"sale {ksn.hex()} was answered 250 and was not on the disk")
    kept = Counter(bytes(payment.ksn) for payment in records.payments if not payment.burned)
    for ksn in sorted(world.accepted()):
        if not kept[ksn]:
            yield Finding(Wrong.LOST, f"sale {ksn.hex()} was answered 250 and has no row")
    for ksn, count in sorted(kept.items()):
        if count > 1:
            yield Finding(Wrong.DOUBLE, f"sale {ksn.hex()} has {count} rows")


def letters(world: World, records: Records) -> Iterator[Finding]:
    """Every letter that is marked as sent was taken by the carrier; every end has its letter."""
    taken = {
        found.group(1).decode() for mail in world.carrier.taken if (found := _MESSAGE_ID.search(mail.raw))
    }
    for letter in records.letters:
        if letter.state == "sent" and letter.message_id not in taken:
            yield Finding(Wrong.LOST, f"letter {letter.kind} of payment {letter.payment} is marked sent only")
