"""Bugs of amounts, books, limits and freshness."""

from __future__ import annotations

from dataclasses import replace

from planted import Bed, wrapped

from mail_gateway.domain import decide, ledger
from mail_gateway.domain.ledger import Phase
from mail_gateway.domain.payment import Kind, State
from mail_gateway.store import record
from mail_gateway.work import clerk, sale, taking, told

BED = Bed()


@BED.bug("none")
def the_amount_is_rounded_at_the_host(patch):
    def request(old, payment, opened):
        asked = old(payment, opened)
        return replace(asked, amount_minor=asked.amount_minor // 10 * 10)

    wrapped(patch, sale, "_request", request)


@BED.bug("none")
def the_amount_is_divided_by_a_hundred(patch):
    wrapped(
        patch,
        sale,
        "_request",
        lambda old, *given: replace((a := old(*given)), amount_minor=a.amount_minor // 100),
    )


@BED.bug("none")
def the_ledger_rounds(patch):
    def rounded(old, state, kind, amount, *more):
        return old(state, kind, amount // 100 * 100, *more)

    wrapped(patch, clerk, "transfers_for", rounded)


@BED.bug("none")
def a_return_is_booked_as_a_sale(patch):
    wrapped(patch, clerk, "transfers_for", lambda old, *given: old(*given[:4]))


@BED.bug("host-says-no,host-silent", seed=5)
def a_return_given_up_stays_counted(patch):
    patch.setattr(record.returns, "free", lambda *_: None)


@BED.bug("none")
def the_ledger_posts_twice(patch):
    wrapped(patch, clerk, "transfers_for", lambda old, *given: old(*given) * 2)


@BED.bug("host-says-no")
def a_no_leaves_its_money_pending(patch):
    patch.delitem(ledger._RULES, (State.DISPATCHED, Kind.HOST_DECLINED))


@BED.bug("host-silent,host-garbage")
def silence_posts(patch):
    def posts(old, state, kind, *more):
        made = old(state, kind, *more)
        return tuple(replace(one, phase=Phase.POSTED) for one in made) if kind is Kind.SILENCE else made

    wrapped(patch, clerk, "transfers_for", posts)


@BED.bug("host-twice,host-late")
def a_late_approval_is_not_booked(patch):
    for state in ledger._TOLD_NO:
        patch.delitem(ledger._RULES, (state, Kind.LATE_APPROVAL))


@BED.bug("host-silent,host-garbage")
def the_end_of_doubt_is_not_booked(patch):
    patch.delitem(ledger._RULES, (State.CONFIRMING, Kind.CONFIRMED_AGAIN))


@BED.bug("none")
def the_letter_names_another_amount(patch):
    def result(old, payment, *more):
        return old(replace(payment, amount_minor=payment.amount_minor + 1), *more)

    wrapped(patch, told, "_result", result)


@BED.bug("none")
def the_letter_names_another_currency(patch):
    wrapped(patch, told, "_result", lambda old, payment, *more: old(replace(payment, currency=840), *more))


@BED.bug("mail-delayed,host-down,smarthost-down", seed=2)
def a_sale_is_fresh_for_ever(patch):
    wrapped(patch, decide, "fresh_until_ms", lambda old, *given: old(*given) + 10**12)


@BED.bug("host-down", seed=20)
def freshness_is_looked_at_once_only(patch):
    async def take_opened(old, kit, payment, opened):
        if payment.state is State.READY:
            payment = replace(payment, fresh_until_ms=10**15)
        return await old(kit, payment, opened)

    wrapped(patch, taking, "take_opened", take_opened)


@BED.bug("none")
def freshness_is_counted_in_milliseconds(patch):
    wrapped(
        patch, decide, "fresh_until_ms", lambda old, reader_s, ms, limit: old(reader_s, ms, limit // 1000)
    )


@BED.bug("none", seed=3)
def there_is_no_limit(patch):
    def refusal(old, asked, limits):
        return old(asked, replace(limits, amount_minor_max=10**9))

    wrapped(patch, decide, "refusal", refusal)
