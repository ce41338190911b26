"""Orders as values: the tables are whole, codes cannot be misread, and every end is told."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from zoneinfo import ZoneInfo

import pytest

from mail_gateway.domain.confirmation import CONFIRM_TRANSITIONS, ConfirmState, Policy
from mail_gateway.domain.customer import Means, MeansKind, Product, Selling
from mail_gateway.domain.day import next_end
from mail_gateway.domain.hook import HookEvent
from mail_gateway.domain.offer import Draft, Limits, Offer, is_plain, judge
from mail_gateway.domain.order import (
    CODE_LENGTH,
    CODE_LETTERS,
    DEAD,
    ENDED_ORDERS,
    ORDER_TRANSITIONS,
    IllegalOrderMove,
    OrderKind,
    OrderState,
    Settle,
    code_of,
    follow,
)
from mail_gateway.domain.order_news import TO_SHOP
from mail_gateway.domain.order_telling import told_of
from mail_gateway.domain.outcome import Letter
from mail_gateway.domain.placing import WHY, PlaceOrder, Refused, Wish
from mail_gateway.domain.receipt import Rounding
from mail_gateway.work.order_steps import _STEPS

LIMITS = Limits(392, 1_000_000, 72)
ARROWS = [(b, k, a) for b, row in ORDER_TRANSITIONS.items() for k, a in row.items()]


def test_every_state_is_reached_left_or_an_end_and_has_a_step() -> None:
    reached = {OrderState.PLACED, *(after for _, _, after in ARROWS)}
    assert reached == set(OrderState) == set(_STEPS)
    assert {state for state in OrderState if state not in ORDER_TRANSITIONS} == DEAD < ENDED_ORDERS


def test_what_is_no_arrow_is_refused() -> None:
    known = {(before, kind) for before, kind, _ in ARROWS}
    for state, kind in set(product(OrderState, OrderKind)) - known:
        with pytest.raises(IllegalOrderMove):
            follow(state, kind)


def test_no_end_of_an_asking_leads_anywhere() -> None:
    ends = {ConfirmState.YES, ConfirmState.NO, ConfirmState.LAPSED, ConfirmState.WITHDRAWN}
    assert set(ConfirmState) - set(CONFIRM_TRANSITIONS) == ends


AFTERWARDS = {OrderKind.RETURNED: HookEvent.RETURNED, OrderKind.NOT_COLLECTED: HookEvent.UNPAID}
"""What ends an order that was made and charged."""


@pytest.mark.parametrize("kind", AFTERWARDS)
def test_the_end_of_a_charged_order_is_told_to_customer_shop_and_its_server(kind: OrderKind) -> None:
    told = told_of(kind, made=True)
    assert told.hook is AFTERWARDS[kind]
    assert [letter in TO_SHOP for letter in told.letters] == [False, True]


@pytest.mark.parametrize(
    "kind", sorted({kind for _, kind, after in ARROWS if after in DEAD} - set(AFTERWARDS))
)
def test_every_death_is_told_to_customer_shop_and_its_server(kind: OrderKind) -> None:
    told = told_of(kind, made=False)
    assert told.hook is HookEvent.DEAD
    assert len(told.letters) == 2
    assert told.letters[1] is Letter.SHOP_DEAD
    assert told_of(kind, made=True).hook is HookEvent.FAILED


def test_a_code_cannot_be_misread_and_every_letter_is_as_likely() -> None:
    assert len(set(CODE_LETTERS)) == 16
    assert not set(CODE_LETTERS) & set("AEIOU01258LQSVG")
    assert sorted(code_of(bytes(range(256)))) == sorted(CODE_LETTERS * 16)
    assert len(code_of(bytes(CODE_LENGTH))) == 5


def offer(**more: object) -> Offer:
    tea = Product(1, 1, "TEA", "Tea", "", 540, 392, 8, 10, 4, None)
    means = Means(7, 1, MeansKind.CARD, "411111******1111", "", None, b"")
    selling = Selling(1, Settle.CONFIRMED, Policy(0, 0), 0, 0, "")
    given = {"means": (means,), "products": {"TEA": tea}, **more}
    return Offer("Shop", selling, Rounding.DOWN, (1, False), **given)  # type: ignore[arg-type]


def test_tax_is_rounded_once_a_rate_and_the_shops_price_counts() -> None:
    lines = (Wish("TEA", quantity=2), Wish("TEA", unit_minor=99), Wish(name="Pen", unit_minor=1265))
    found = judge(offer(), PlaceOrder("D", "C", lines), LIMITS)
    assert isinstance(found, Draft)
    assert found.total_minor == 2 * 540 + 99 + 1265
    assert found.tax_minor == (1179 * 8) // 108 + (1265 * 10) // 110
    assert found.means.id == 7


def test_of_one_product_on_two_lines_the_sum_must_be_there() -> None:
    lines = (Wish("TEA", quantity=3), Wish("TEA", quantity=4))
    assert judge(offer(), PlaceOrder("D", "C", lines), LIMITS) == Refused("out-of-stock", "TEA")
    assert isinstance(judge(offer(), PlaceOrder("D", "C", lines[:1] * 2), LIMITS), Draft)


def test_two_requests_are_the_same_only_if_everything_is() -> None:
    lines = (Wish("TEA"),)
    same, other = PlaceOrder("D", "C", lines), PlaceOrder("D", "C", lines, delivery="x")
    assert PlaceOrder("D", "C", (Wish("TEA"),)).hash == same.hash != other.hash


@pytest.mark.parametrize("text", ["a\nb", "a\u202eb", "a\u2066b", "\x00", "a" * 81])
def test_what_nobody_sees_is_not_plain(text: str) -> None:
    assert not is_plain(text, 80)
    assert is_plain("お茶\u3000（特上）👨\u200d👩", 80)


def test_every_refusal_is_one_sentence() -> None:
    assert all(text.endswith(".") and text.count(". ") == 0 for text in WHY.values())


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-21T00:09:59", "2026-11-21T00:10"),
        ("2026-11-21T00:10:00", "2026-11-22T00:10"),
        ("2026-11-21T23:59:59", "2026-11-22T00:10"),
        ("2026-12-31T12:00:00", "2027-01-01T00:10"),
    ],
)
def test_a_daily_order_is_charged_after_the_day_of_its_yes(now: str, ends: str) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    now_ms, ends_ms = (int(datetime.fromisoformat(f"{one}+09:00").timestamp()) * 1000 for one in (now, ends))
    assert next_end(now_ms, zone, "00:10") == ends_ms
