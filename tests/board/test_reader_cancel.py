"""A sale without an answer is cancelled at the reader: until that is true, or has failed, nothing is said."""

import os

import pytest
from reader_centre import CARD, check_code, open_sale
from reader_world import World
from test_reader_habits import history, restarted, sold
from test_reader_power import Life, cuts, nothing_is_lost, shop

from card_reader_fw import beeps
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.board.desk.picture import Picture
from card_reader_fw.hand import Hand
from card_reader_fw.rooms.order import cancel_of
from card_reader_fw.till import Till
from schemas.envelope import armour, outcome, payload

CUTS = int(os.environ.get("HAGAKI_CANCEL_CUTS", "24"))
"""Bytes of what is written at which the power goes; 0: every one."""
ASKED = ["CANCEL ASKED", "WAIT       00001"]
NOT_CHARGED = (outcome.DECLINED, outcome.CANCELLED, outcome.EXPIRED, outcome.REFUSED)


@pytest.fixture
def world():
    made = World()
    made.link_up()
    return made


def cancelled(world):
    """A sale that was sent, and its cancel."""
    world.sell()
    world.keys("TRANSFER", "CANCEL", "ENTER", "TRANSFER")
    return world


def test_it_is_asked_once_more_and_the_second_cancel_is_the_next_sale(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL")
    assert world.lcd == ["CANCEL 00001 ?", "ENTER=YES"]
    assert world.beeps[-1] == beeps.ATTENTION
    world.keys("CANCEL")
    assert world.lcd == ["SWIPE CARD", "1 NOT YET PAID"]
    assert len(world.sales) == 1


def test_who_goes_on_without_a_look_at_the_question_cancels_nothing(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL")
    world.swipe()
    world.keys(*"700", "ENTER", "ENTER", "TRANSFER")
    assert [open_sale(text)[1].kind for text in world.sales] == [payload.SALE, payload.SALE]
    world.keys("CANCEL", *"1200", "ENTER", "CANCEL")
    assert len(world.sales) == 2


@pytest.mark.parametrize("condition", ["21", "22", "10"])
def test_an_amount_without_a_card_cancels_nothing(world, condition):
    """The stripe was not read, or a result stood before the sale, and the merchant keys on all the same."""
    world.sell()
    world.keys("TRANSFER", "CANCEL", "CANCEL", *"1200", "ENTER", *condition, "ENTER", "ENTER", "TRANSFER")
    assert len(world.sales) == 1
    assert world.lcd != ["CANCEL 00001 ?", "ENTER=YES"]


def test_an_amount_that_took_a_result_away_cancels_nothing(world):
    for _ in range(2):
        world.sell()
        world.keys("TRANSFER", "CANCEL", "CANCEL")
    world.answer(outcome.DECLINED, sale=0)
    world.keys("5", "ENTER", *"21", "ENTER", "ENTER", "TRANSFER")
    assert len(world.sales) == 2


def test_the_cancel_names_its_sale_and_holds_no_card(world):
    cancelled(world)
    (sale_ksn, sale), (ksn, cancel) = map(open_sale, world.sales)
    assert int.from_bytes(ksn, "big") > int.from_bytes(sale_ksn, "big")
    assert (cancel.kind, cancel.original_ksn) == (payload.CANCEL, sale_ksn)
    assert (cancel.amount_minor, cancel.slip, cancel.condition) == (1200, sale.slip, 10)
    assert (cancel.track2, cancel.jis2, cancel.emv, cancel.entry_mode) == ("", "", b"", 0)
    assert world.lcd == ASKED


def test_a_debit_sale_is_cancelled_without_card_and_pin():
    world = World(pin_on=True)
    world.link_up()
    world.swipe()
    world.keys(*"1200", "ENTER", *"110", "ENTER", *"1234", "ENTER", "TRANSFER", "CANCEL", "ENTER", "TRANSFER")
    cancel = open_sale(world.sales[1])[1]
    assert (cancel.kind, cancel.condition, cancel.pin_block) == (payload.CANCEL, 110, b"")


@pytest.mark.parametrize("number", [outcome.APPROVED, outcome.MORE_WANTED, outcome.IN_DOUBT])
def test_until_the_cancel_is_answered_no_outcome_of_the_sale_is_said(world, number):
    cancelled(world)
    world.answer(number, sale=0, approval_number="123456" if number == outcome.APPROVED else "")
    assert world.lcd == ASKED
    assert world.beeps[-1] == beeps.ATTENTION
    assert dict(world.told)["reader.result"]["outcome"] == "cancel-asked"
    world.keys("ENTER")
    assert world.lcd == ASKED
    restarted(world)
    assert world.lcd == ["SWIPE CARD", "1 NOT YET PAID"] or number == outcome.APPROVED
    history(world)
    assert world.lcd == ["00001C      1200", "CANCEL ASKED"]
    world.keys("ENTER")
    assert world.lcd == ["00001       1200", "CANCEL ASKED"]
    world.keys("2")
    assert world.lcd == ["CANNOT BE", "REFUNDED"]


@pytest.mark.parametrize("number", NOT_CHARGED)
def test_that_it_was_not_charged_may_be_said(world, number):
    cancelled(world)
    world.answer(number, sale=0)
    assert world.lcd[0].endswith(f"C{number}")
    world.keys("ENTER")
    assert world.lcd == ASKED, "the cancel waits for its own"


@pytest.mark.parametrize(
    ("number", "lcd"),
    [
        (outcome.CANCELLED, ["CANCELLED     C6", "SLIP 00001"]),
        (outcome.APPROVED, ["GIVEN BACK    C1", "SLIP 00001"]),
    ],
)
@pytest.mark.parametrize("known", [0, outcome.APPROVED, outcome.IN_DOUBT])
def test_a_cancel_that_came_true_ends_the_sale_whatever_it_says_later(world, number, lcd, known):
    cancelled(world)
    if known:
        world.answer(known, sale=0)
        world.keys("ENTER")
    world.answer(number)
    assert world.lcd == lcd
    world.keys("ENTER")
    assert world.lcd == ["SWIPE CARD", ""]
    world.answer(outcome.APPROVED, sale=0, version=2, approval_number="123456")
    assert world.lcd == ["CANCELLED     C6", "SLIP 00001"], "nobody hands over"
    world.keys("ENTER")
    history(world)
    world.keys("ENTER", "TRANSFER")
    assert world.lcd == ["IT HAS ITS", "ANSWER ALREADY"]
    world.keys("1")
    assert world.lcd == ["CANNOT BE", "VOIDED"]


@pytest.mark.parametrize("number", [outcome.REFUSED, outcome.DECLINED, outcome.EXPIRED])
def test_a_cancel_that_failed_lets_the_sale_stand_and_says_how(world, number):
    cancelled(world)
    world.answer(outcome.APPROVED, sale=0, approval_number="123456")
    world.keys("ENTER")
    world.answer(number, reason="card-needed")
    assert world.lcd == ["NOT CANCELLED", "card-needed"]
    world.keys("ENTER")
    assert world.lcd == ["APPROVED      C1", "00001     123456"]
    world.keys("ENTER")
    history(world)
    world.keys("ENTER", "1")
    world.swipe()
    world.keys("TRANSFER")
    assert open_sale(world.sales[-1])[1].kind == payload.VOID, "with the card it can be given back"


def test_a_cancel_in_doubt_is_waited_for(world):
    cancelled(world)
    world.answer(outcome.IN_DOUBT)
    assert world.lcd == ASKED
    world.keys("ENTER")
    world.answer(outcome.CANCELLED, version=2)
    assert world.lcd[0] == "CANCELLED     C6"


def test_an_answer_that_comes_before_the_second_yes_goes_first(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL")
    world.answer(outcome.APPROVED, approval_number="123456")
    assert world.lcd[0] == "APPROVED      C1"
    world.keys("ENTER")
    assert world.lcd == ["SWIPE CARD", ""]
    assert len(world.sales) == 1


def test_from_the_list_after_the_power_was_gone(world):
    world.sell()
    world.keys("TRANSFER")
    restarted(world)
    history(world)
    world.keys("1")
    assert world.lcd == ["CANCEL 00001 ?", "ENTER=YES"]
    world.keys("ENTER", "TRANSFER")
    assert world.lcd == ASKED
    world.keys("CANCEL")
    history(world)
    world.keys("ENTER", "1")
    assert world.lcd == ASKED, "once is enough"


def test_a_list_that_is_older_than_the_answer_cancels_nothing(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL", "CANCEL")
    history(world)
    world.answer(outcome.APPROVED, approval_number="123456")
    world.keys("1")
    assert world.lcd == ["IT HAS ITS", "ANSWER ALREADY"]


def test_what_has_its_answer_is_not_cancelled(world):
    sold(world, outcome.APPROVED)
    history(world)
    world.keys("1")
    assert world.state == "card", "a void, with the card"


def test_a_cancel_that_never_left_is_dropped_and_the_sale_may_be_said_again(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL", "ENTER")
    world.answer(outcome.APPROVED, approval_number="123456")
    assert world.state == "ready"
    world.keys("CANCEL")
    assert world.lcd == ["APPROVED      C1", "00001     123456"]
    assert [sale.kind for sale in world.reader._vault.sales] == [payload.SALE]


def ten_sent(world):
    """Ten sales without an answer; the cancel of the oldest is sealed."""
    for _ in range(10):
        world.sell()
        world.keys("TRANSFER", "CANCEL", "CANCEL")
    history(world)
    world.keys("CLEAR", "1")
    assert world.lcd == ["CANCEL 00001 ?", "ENTER=YES"]
    world.keys("ENTER")


def test_of_ten_sales_the_oldest_is_not_pushed_out_by_its_own_cancel(world):
    ten_sent(world)
    world.keys("CANCEL")
    world.answer(outcome.APPROVED, sale=0, approval_number="123456")
    assert world.lcd == ["APPROVED      C1", "00001     123456"], "the cancel never left"


def test_of_ten_sales_the_oldest_stands_where_its_cancel_failed(world):
    ten_sent(world)
    world.keys("TRANSFER")
    world.answer(outcome.APPROVED, sale=0, approval_number="123456")
    assert world.lcd == ASKED
    world.keys("ENTER")
    world.answer(outcome.REFUSED, reason="card-needed")
    world.keys("ENTER")
    assert world.lcd == ["APPROVED      C1", "00001     123456"]


def test_a_sale_that_newer_ones_pushed_out_is_not_said_to_be_approved_before_its_cancel_is_answered(world):
    ten_sent(world)
    world.keys("TRANSFER", "CANCEL")
    world.sell()
    world.keys("TRANSFER")
    world.answer(outcome.APPROVED, sale=0, approval_number="123456")
    assert world.lcd == ["SENT       00011", "WAIT FOR RESULT"]
    world.answer(outcome.APPROVED, sale=10)
    assert world.lcd == ["GIVEN BACK    C1", "SLIP 00001"]


def test_the_next_sale_has_the_next_slip_and_a_re_entry_keeps_its_own(world):
    cancelled(world)
    world.keys("CANCEL")
    world.sell()
    world.keys("TRANSFER")
    assert open_sale(world.sales[-1])[1].slip == 2
    world.answer(outcome.RE_ENTER)
    world.keys("ENTER")
    history(world)
    world.keys("ENTER", "ENTER", "CANCEL")
    world.sell()
    world.keys("TRANSFER")
    sale = open_sale(world.sales[-1])[1]
    assert (sale.slip, sale.reentry) == (2, 1)


def test_a_sale_to_be_entered_again_is_not_once_its_cancel_is_asked(world):
    cancelled(world)
    world.answer(outcome.RE_ENTER, sale=0)
    world.keys("ENTER", "CANCEL")
    assert world.lcd[0] == "SWIPE CARD"


def test_a_typed_code_is_good_for_whichever_of_the_two_it_fits(world):
    cancelled(world)
    (sale_ksn, _), (ksn, _) = map(open_sale, world.sales)
    world.keys("ENTER", *check_code(sale_ksn, outcome.APPROVED, 1, 1200), "ENTER")
    assert world.lcd == ASKED
    world.keys("ENTER", "ENTER", *check_code(ksn, outcome.CANCELLED, 1, 1200), "ENTER")
    assert world.lcd == ["CANCELLED     C6", "SLIP 00001"]
    assert not any(sale.wrong for sale in world.reader._vault.sales)


def test_a_forged_answer_to_a_cancel_says_nothing(world):
    cancelled(world)
    world.phone.result(armour.to_text(armour.RESULT, b"\xd0\x83" + bytes(40)))
    world.run(2000)
    assert world.lcd == ASKED


def test_without_keys_nothing_is_cancelled():
    world = World()
    world.link_up()
    world.sell()
    world.keys("TRANSFER")
    world.reader.state = world.reader.state.but(keyless=True)
    world.keys("CANCEL")
    assert world.state == "no-keys"


@pytest.mark.parametrize("way", ["1", "2"])
def test_typed_and_as_a_picture_too(way, tmp_path):
    class Typist:
        def type(self, text):
            shown.append(text)

    shown = []
    picture = Picture(tmp_path / "sale.png", lambda verb, **facts: None)
    honest = picture.show
    picture.show = lambda text: (shown.append(text), honest(text))
    world = World(typist=Typist(), picture=picture)
    world.link_up()
    world.sell()
    world.keys("TRANSFER", "CANCEL", "ENTER", way, "ENTER")
    assert open_sale(next(text for text in shown if text))[1].kind == payload.CANCEL
    assert world.lcd == ASKED


def cancel(life):
    """Of the newest sale."""
    store = life.store
    order = cancel_of(store.view(store.sales[4]))
    return Till(cipher, store, Hand(), bytes).sell(order, 0)


def test_a_power_cut_while_a_cancel_is_sealed_loses_nothing_and_uses_no_key_twice():
    flash, before = shop()
    seen = set()
    for left in cuts(flash, lambda left: cancel(Life(left)), CUTS):
        life = nothing_is_lost(left, before)
        seen.add(len(life.store.sales))
        for kept in life.store.sales[5:]:
            assert (kept.kind, kept.slip) == (payload.CANCEL, life.store.sales[4].slip)
            assert life.store.sealed(kept.ksn) is not None, "it can be sent"
            assert life.store.view(life.store.sales[4]).is_waiting()
        assert CARD.encode() not in b"".join(left.banks)
        following, _ = life.store.next_key(cipher)
        assert following not in [sale.ksn for sale in life.store.sales]
    assert seen == {5, 6}


@pytest.mark.parametrize("number", [outcome.CANCELLED, outcome.APPROVED, outcome.REFUSED])
def test_a_power_cut_while_its_answer_comes_leaves_it_open_or_ended(number):
    flash, before = shop()
    cancel(before)
    sale, asked = before.store.sales[4], before.store.sales[5]
    before.sealed[asked.ksn] = before.made[-1]
    seen = set()
    for left in cuts(flash, lambda left: (life := Life(left)).answer(life.store.sales[5], number), CUTS):
        life = nothing_is_lost(left, before, but=[sale.ksn, asked.ksn])
        shown = life.store.view(life.store.find(sale.ksn))
        seen.add((shown.undoing, shown.outcome))
        if shown.outcome in (0, outcome.IN_DOUBT):
            assert life.store.sealed(sale.ksn) == before.sealed[sale.ksn]
    ended = ("", 0) if number == outcome.REFUSED else ("undone", outcome.CANCELLED)
    assert seen == {("asked", 0), ended}
