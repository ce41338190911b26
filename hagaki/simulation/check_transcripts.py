"""Does the transcript of every order stand by itself? What `hagaki deal verify` says of it, key at hand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from hagaki.simulation.check_orders import sold
from hagaki.simulation.findings import Finding, Wrong
from mail_gateway.admin import deal_checks, deals
from mail_gateway.domain import transcript
from mail_gateway.domain.confirmation import ConfirmState
from mail_gateway.envelope.customers import CustomerSecret
from schemas.deal import ocra

if TYPE_CHECKING:
    from hagaki.simulation.market import Person
    from hagaki.simulation.records import Records
    from hagaki.simulation.world import World


def verified(world: World, records: Records) -> Iterator[Finding]:
    """No check of it fails; and where nothing but a computed answer could confirm, its digits are checked."""
    own = world.gateway.settings()
    place = deals.Place(own.gateway, own.keys, own.smarthost, own.orders)
    for one in sold(world, records):
        secret = _secret(world.town.market.people[one.buyer.buy.person])
        found = transcript.read(transcript.written(deals.shown(place, one.order.id)))
        assert found is not None, "it was written a moment ago"
        checks = {check.name: check for check in deal_checks.check(found, secret)}
        for check in checks.values():
            if check.finding is deal_checks.Finding.FAIL:
                yield Finding(Wrong.UNTRUE, f"transcript of order {one.order.id}: {check.name}: {check.text}")
        asking = records.selling.askings.get(one.order.id)
        is_yes = one.buyer.buy.wants_digits and asking is not None and asking.state == ConfirmState.YES
        if is_yes and checks["ocra"].finding is not deal_checks.Finding.PASS:
            yield Finding(Wrong.UNTRUE, f"order {one.order.id} was confirmed without an answer of its key")


def _secret(person: Person) -> CustomerSecret:
    return CustomerSecret(ocra.read_key(person.key), ocra.password_hash(person.password))
