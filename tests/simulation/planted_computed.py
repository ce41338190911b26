"""Bugs of computed answers: digits that are taken for others, too old, not asked for, not kept, or told."""

from __future__ import annotations

from dataclasses import replace

from planted import Bed, wrapped

from mail_gateway.domain.answering import Ocra
from mail_gateway.envelope import customers
from mail_gateway.work import confirming
from schemas.deal import ocra

BED = Bed(payments=0, orders=2)


def taken_as(verdict):
    """Whatever the digits are."""

    def judged(old, kit, case, answer):
        found = old(kit, case, answer)
        return found if found is Ocra.NONE else verdict

    return judged


@BED.bug("none", seed=8)
def any_eight_digits_are_good(patch):
    wrapped(patch, confirming, "_ocra", taken_as(Ocra.GOOD))


@BED.bug("none", seed=4)
def no_digits_are_good(patch):
    wrapped(patch, confirming, "_ocra", taken_as(Ocra.WRONG))


@BED.bug("none", seed=37)
def digits_are_good_for_ever(patch):
    def judged(old, kit, case, answer):
        return old(replace(kit, orders=replace(kit.orders, ocra_window_min=1440)), case, answer)

    wrapped(patch, confirming, "_ocra", judged)


@BED.bug("none", seed=34)
def a_code_is_enough_for_any_amount(patch):
    def judge(old, asking, terms, answer, found):
        policy, total_minor = terms
        return old(asking, (replace(policy, code_minor_max=10**9), total_minor), answer, found)

    wrapped(patch, confirming, "judge", judge)


@BED.bug("none", seed=3)
def the_digits_are_not_kept(patch):
    def decided(old, kit, case, answer, ruling):
        entry = old(kit, case, answer, ruling)
        facts = {name: fact for name, fact in entry.events[0].facts.items() if name != "ocra"}
        return replace(entry, events=(replace(entry.events[0], facts=facts),))

    wrapped(patch, confirming, "_decided", decided)


@BED.bug("none")
def a_customers_key_stands_in_an_event(patch):
    def judged(old, kit, case, answer):
        customer = case.parties.customer
        if customer.secret is not None:
            key = customers.unwrap(kit.keys, customer.id, customer.secret).key
            kit.ports.tell("order.answered", order=case.order.id, why=ocra.key_text(key))
        return old(kit, case, answer)

    wrapped(patch, confirming, "_ocra", judged)
