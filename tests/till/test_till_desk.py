"""What a cashier scans and types, and what comes of it."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from machine_world import now
from test_till_journal import Memory

from mail_gateway.domain import order as orders
from till.answers import Absent, Lost, Refused, Standing
from till.basket import Abroad, Basket, Terms, order_of
from till.counter import Counter
from till.desk import Desk
from till.journal import Journal
from till.machine import State
from till.prices import Good
from till.walk import LATE_MS, Ports
from till.words import WHY

APPLE, TEA = Good("4901", "りんご", "ふじ", 150, 8), Good("4902", "お茶", "", 160, 8)
STAMP = Good("7", "はがき", "", 85, 0, is_product=True)
PRICES = {good.code: good for good in (APPLE, TEA, STAMP)}
TERMS = Terms(392, "店頭", 15)


class Shop:
    """Answers what it was told to, in turn; the last answer for ever."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def _next(self, *asked):
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def place(self, deal_id, body):
        return self._next("place", deal_id, dict(body))

    def look(self, deal_id, wait_s):
        return self._next("look", deal_id)

    def cancel(self, deal_id):
        return self._next("cancel", deal_id)

    def handed_over(self, deal_id):
        return self._next("handed-over", deal_id)

    def give_back(self, deal_id, body):
        return self._next("give-back", deal_id, dict(body))


class Till:
    def __init__(self, *answers, disk=None, terms=TERMS):
        self.disk, self.shop, self.now_ms = disk or Memory(), Shop(*answers), 5_000
        ports = Ports(self.shop, lambda: self.now_ms, lambda: self.now_ms)
        self.counter = Counter(Journal(self.disk), ports)
        numbers = iter(range(1, 9))
        self.desk = Desk(self.counter, PRICES, terms, lambda: f"D-{next(numbers)}")

    def type(self, *lines):
        return [self.desk.hear(line) for line in lines][-1]

    def walk(self):
        while now(self.counter.step()):
            pass
        return self.counter.state

    @property
    def bought(self):
        return [(line.good.code, line.quantity) for line in self.desk.view().lines]


def standing(state, *, made=False, dead=False):
    return Standing(7, "D-1", state, made, dead, "KXPWT", 470, 34)


ASKED, MADE = standing("asked"), standing("captured", made=True)
REFUSED = standing("refused", dead=True)


@pytest.mark.parametrize(
    ("lines", "bought"),
    [
        (["4901", "4901"], [("4901", 2)]),
        (["4901", "4902", "*3"], [("4901", 1), ("4902", 3)]),
        (["4901", "4902", "4901", "x4"], [("4901", 4), ("4902", 1)]),
        (["3*4901", "2×4902"], [("4901", 3), ("4902", 2)]),
        (["４９０１", "３＊４９０２"], [("4901", 1), ("4902", 3)]),
        (["4901", "4902", "-"], [("4901", 1)]),
        (["4901", "4902", "-1"], [("4902", 1)]),
        (["4901", "4902", "1=9"], [("4901", 9), ("4902", 1)]),
        (["4901", "clear", "4902"], [("4902", 1)]),
        (["4901", "cancel", "4902"], [("4902", 1)]),
    ],
)
def test_lines_are_scanned_counted_and_removed(lines, bought):
    till = Till(ASKED)
    till.type(*lines)
    assert till.bought == bought


@pytest.mark.parametrize("line", ["9999", "5*9999", "-3", "9=1", "*0", "0*4901", "*9999", "hello", "-"])
def test_what_cannot_be_changes_nothing(line):
    till = Till(ASKED)
    till.type("4901", "*9998", "4902", "-2")
    said = till.type("1=9998") if line == "-" else till.type(line)
    assert said.is_error == (line not in ("*9999", "-"))
    assert [code for code, _ in till.bought] == ["4901"]


def test_a_sale_from_the_scan_to_the_goods():
    till = Till(ASKED, MADE, MADE)
    till.type("4901", "2*4902", "@C-7Q4KDM")
    assert till.type("").word == "sent"
    assert till.walk() is State.MADE
    assert till.type("").word == "handed"
    assert till.walk() is State.TOLD
    assert [asked[0] for asked in till.shop.asked] == ["place", "look", "handed-over"]
    assert till.bought == []


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("return till-1-A.b", {}),
        ("RETURN till-1-A.b 500", {"amount_minor": 500}),
        ("返品　till-1-A.b　５００　瓶が割れた", {"amount_minor": 500, "reason": "瓶が割れた"}),
        ("返金 till-1-A.b 2 of 3 broken", {"amount_minor": 2, "reason": "of 3 broken"}),
        ("return till-1-A.b broken 500", {"reason": "broken 500"}),
    ],
)
def test_a_sale_is_given_back_by_its_slip(line, body):
    till = Till(MADE)
    till.type("4901", line)
    assert till.shop.asked == []
    assert [deal.deal_id for deal in Journal(till.disk).open_deals()] == ["D-1"]
    assert till.type("cancel").is_error and till.desk.view().deal_id == "till-1-A.b"
    assert till.walk() is State.RETURNED
    assert till.shop.asked == [("give-back", "till-1-A.b", {"return_id": "D-1", **body})]
    assert till.bought == [("4901", 1)]
    assert till.type("@C-1", "").word == "sent"


@pytest.mark.parametrize("much", ["0", "1,200", "¥500", "500円", "-500", "5.00", "1234567890123", "0500 bad"])
def test_an_amount_that_is_none_gives_nothing_back(much):
    till = Till(MADE)
    assert (till.type(f"return D-9 {much}").word, till.shop.asked) == ("amount-bad", [])
    assert till.walk() is State.IDLE


def test_a_return_that_was_refused_while_nobody_heard_is_not_told_as_taken():
    till = Till(Lost("no-answer"), replace(MADE, returns={"D-1": "refused"}))
    till.type("return D-9 500")
    assert till.walk() is State.RETURNING
    assert (till.walk(), till.desk.view().why) == (State.NOT_RETURNED, "return-refused")


def test_every_end_of_an_order_has_words_for_the_cashier():
    assert {state.value for state in orders.DEAD} <= set(WHY)


def test_a_return_that_nobody_answered_is_asked_again_after_a_restart_with_the_same_id():
    till = Till(Lost("no-answer"))
    till.type("return D-9 500")
    assert till.walk() is State.RETURNING
    again = Till(Refused("return-too-much", "Not so much."), disk=till.disk)
    assert again.walk() is State.NOT_RETURNED
    assert (again.desk.view().why, again.desk.view().deal_id) == ("return-too-much", "D-9")
    assert again.shop.asked == till.shop.asked[:1]


def test_an_unknown_slip_gives_nothing_back():
    till = Till(Absent())
    till.type("return D-9")
    assert (till.walk(), till.desk.view().why) == (State.NOT_RETURNED, "deal-unknown")
    assert till.type("return", "return D-9 x" * 30).is_error


def test_goods_are_not_handed_out_while_their_money_may_go_back():
    goes_back = replace(MADE, returns={"R-1": "open"})
    till = Till(ASKED, goes_back, goes_back, MADE)
    till.type("4901", "@C-1", "")
    assert till.walk() is State.WAITING
    assert till.walk() is State.WAITING
    assert till.walk() is State.MADE


def test_without_a_customer_it_asks_for_one():
    till = Till(ASKED)
    assert till.type("4901", "").word == "customer-wanted"
    assert till.type("not a customer!").is_error
    assert till.type("", "C-7Q4KDM").word == "customer"
    assert till.type("").word == "sent"


def test_nothing_is_sent_of_an_empty_basket():
    till = Till(ASKED)
    assert till.type("@C-1", "").word == "basket-empty"


def test_the_deal_is_in_the_journal_before_anything_is_sent():
    till = Till(Lost("no-answer"))
    till.type("4901", "@C-1", "")
    assert till.shop.asked == []
    assert [deal.deal_id for deal in Journal(till.disk).open_deals()] == ["D-1"]


def test_a_restart_asks_again_with_the_same_deal_and_the_same_body():
    till = Till(Lost("no-answer"))
    till.type("4901", "3*4902", "@C-1", "")
    now(till.counter.step())
    again = Till(ASKED, MADE, disk=till.disk)
    assert again.bought == [("4901", 1), ("4902", 3)]
    assert again.walk() is State.MADE
    assert again.shop.asked[0] == till.shop.asked[0]
    assert "journal" not in again.desk.view().trouble


def test_while_a_sale_is_under_way_no_other_begins():
    till = Till(ASKED)
    till.type("4901", "@C-1", "")
    till.walk()
    assert till.type("4902").word == "busy"
    assert till.type("clear").word == "busy"
    assert till.bought == [("4901", 1)]


def test_a_refused_order_keeps_the_basket_and_goes_again_under_a_new_deal():
    till = Till(Refused("out-of-stock", "not so much"), ASKED)
    till.type("4901", "@C-1", "")
    assert till.walk() is State.SORRY
    assert till.desk.view().why == "out-of-stock"
    assert till.bought == [("4901", 1)]
    till.type("")
    till.walk()
    assert [asked[1] for asked in till.shop.asked if asked[0] == "place"] == ["D-1", "D-2"]


def test_the_customers_no_is_the_end():
    till = Till(ASKED, REFUSED)
    till.type("4901", "@C-1", "")
    assert till.walk() is State.SORRY
    assert till.desk.view().why == "refused"
    assert till.type("handed").is_error


def test_cancelled_in_time():
    till = Till(ASKED, ASKED, standing("cancelled", dead=True))
    till.type("4901", "@C-1", "")
    till.walk()
    assert till.type("cancel").word == "cancelling"
    assert till.walk() is State.SORRY


def test_cancelled_too_late_is_made():
    till = Till(ASKED, ASKED, Refused("order-made"), MADE)
    till.type("4901", "@C-1", "")
    till.walk()
    till.type("取消")
    assert till.walk() is State.MADE
    assert till.type("cancel").word == "too-late"


def test_an_order_that_may_still_arrive_is_waited_for():
    till = Till(Lost("no-answer"), Absent())
    till.type("4901", "@C-1", "")
    now(till.counter.step())
    till.type("cancel")
    assert till.walk() is State.CANCELLING
    till.now_ms += LATE_MS
    assert till.walk() is State.SORRY


def test_goods_are_not_handed_over_before_made():
    till = Till(ASKED)
    till.type("4901", "@C-1", "")
    till.walk()
    assert till.type("handed").word == "not-made"
    assert till.type("").word == "wait"


def test_an_order_as_it_is_sent():
    abroad = Abroad(840, "USD", 2, "151.23", "ECB 2026-11-20")
    basket = Basket().add(APPLE, 2).add(STAMP, 1)
    assert order_of("D", "C-1", basket, Terms(392, "店頭", 15, abroad)) == {
        "deal_id": "D",
        "customer": "C-1",
        "lines": [
            {"name": "りんご", "model": "ふじ", "unit_minor": 150, "quantity": 2, "tax_rate": 8},
            {"product": "7", "unit_minor": 85, "quantity": 1},
        ],
        "currency": 392,
        "ask_minutes": 15,
        "delivery": "店頭",
        "foreign": {"currency": 840, "amount_minor": 255, "rate": "151.23", "source": "ECB 2026-11-20"},
    }


@pytest.mark.parametrize(
    ("abroad", "yen", "minor"),
    [
        (Abroad(840, "USD", 2, "151.23", "x"), 15_123, 10_000),
        (Abroad(840, "USD", 2, "151.23", "x"), 1, 1),
        (Abroad(410, "KRW", 0, "0.11", "x"), 1_000, 9_091),
        (Abroad(48, "BHD", 3, "401", "x"), 401, 1_000),
    ],
)
def test_a_price_abroad_is_rounded_half_up(abroad, yen, minor):
    assert abroad.amount_minor(yen) == minor


def test_whatever_is_typed_the_sum_is_that_of_the_lines():
    dice = random.Random(5)
    till = Till(ASKED)
    pieces = [
        "4901",
        "4902",
        "7",
        "*",
        "x",
        "=",
        "-",
        "@",
        "C-1",
        "0",
        "12",
        "9999",
        "x3",
        " ",
        "\x1b[2J",
        "＊",
    ]
    for _ in range(1_500):
        till.type("".join(dice.choices(pieces, k=dice.randrange(1, 4))))
        view = till.desk.view()
        assert view.total_minor == sum(PRICES[code].unit_minor * count for code, count in till.bought)
        assert all(1 <= count <= 9999 for _, count in till.bought)
        assert len(set(till.bought)) == len(till.bought)
    assert till.shop.asked == []
