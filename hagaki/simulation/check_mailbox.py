"""Was every mail in the mailbox taken, once, and is nothing left there?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hagaki.simulation.findings import Finding, Wrong
from hagaki.simulation.people import message_id_of

if TYPE_CHECKING:
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World


def left(world: World, _: Records) -> Iterator[Finding]:
    """Nothing lies in the folder any more, and none of ours went where a person has to look for it."""
    for mail in world.provider.left():
        yield Finding(Wrong.LOST, f"mail {message_id_of(mail.raw)} still lies in the mailbox")
    for mail in world.provider.refused:
        yield Finding(Wrong.LOST, f"mail {message_id_of(mail.raw)} was refused")


def once(world: World, records: Records) -> Iterator[Finding]:
    """From each place at which a mail was read it is kept at most once, and before it is moved from there.
    Where a server gives its numbers a second time without saying so, one place may be two."""
    if world.provider.kind.counts_again:
        return
    answered = Counter(message_id_of(mail.raw) for mail in world.carrier.answered)
    least = Counter(world.provider.moved.values()) + answered
    most = Counter(world.provider.fetched.values()) + world.carrier.offered
    for name in sorted(least | most):
        rows = records.mails.get(name, 0)
        if rows < least[name]:
            yield Finding(Wrong.LOST, f"mail {name} was taken {least[name]} times, and is kept {rows} times")
        if rows > most[name]:
            yield Finding(Wrong.DOUBLE, f"mail {name} came {most[name]} times, and is kept {rows} times")


def told(world: World, records: Records) -> Iterator[Finding]:
    """In the end the mailbox can be read, and the doctor does not say otherwise."""
    if world.settled_s is not None and records.mailbox:
        yield Finding(Wrong.UNTRUE, f"the doctor says {records.mailbox} of a mailbox that is read")
