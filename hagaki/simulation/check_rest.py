"""Did the world come to rest, and did every program keep on its feet?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from hagaki.simulation.faults import Fault
from hagaki.simulation.findings import Finding, Wrong
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.payment import ENDED, State

if TYPE_CHECKING:
    from hagaki.simulation.history import Happening
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World

_NEVER: Final = frozenset({"alarm.stumbled", "alarm.shunted", "alarm.line-stopped", "alarm.smtp"})
_DISK: Final = frozenset({Fault.DISK_FULL, Fault.DISK_FAILING})
_STORE_SLUGS: Final = frozenset({"store-full", "store-failed", "store-busy"})


def rest(world: World, _: Records) -> Iterator[Finding]:
    """(h) Everything settled in time."""
    if world.settled_s is None:
        yield Finding(Wrong.STUCK, "not settled in time")


def open_items(_: World, records: Records) -> Iterator[Finding]:
    """(d) What has not ended is looked at again at a moment that stands on the disk."""
    for payment in (*records.payments, *records.bought):
        if State(payment.state) not in ENDED and payment.due_ms is None:
            yield Finding(
                Wrong.STUCK, f"payment {payment.id} is {payment.state}, and nobody looks at it again"
            )


def feet(world: World, _: Records) -> Iterator[Finding]:
    """(j) No exception went unseen, no life ended by itself, and no alarm speaks of a bug of ours."""
    for mishap in world.loop.all_mishaps():
        yield Finding(Wrong.STUMBLED, f"{mishap.process}: {mishap.error}")
    for error in world.gateway.ended:
        if not (isinstance(error, GatewayError) and world.faults & _DISK):
            yield Finding(Wrong.STUMBLED, f"the gateway ended: {type(error).__name__}: {error}")
    for line in world.logged:
        yield Finding(Wrong.STUMBLED, f"logged: {line}")
    for happening in world.history.verbs(""):
        if _is_bug(happening, bad_disk=bool(world.faults & _DISK)):
            yield Finding(Wrong.STUMBLED, str(happening))


def _is_bug(happening: Happening, *, bad_disk: bool) -> bool:
    facts = happening.facts
    if happening.verb in _NEVER:
        return True
    if not bad_disk and happening.who.startswith("gateway") and facts.get("slug") in _STORE_SLUGS:
        return True
    return happening.verb.startswith("alarm.") and (
        facts.get("slug") == "internal"
        or (
            happening.verb == "alarm.answer-not-stored"
            and facts.get("error", "GatewayError") != "GatewayError"
        )
    )
