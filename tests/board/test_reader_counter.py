"""The merchant at the desk reader: selling, giving back, sending again, one device file, one call each."""

import pytest
from psec.pinblock import decipher_pinblock_iso_4
from reader_centre import CARD, INITIAL_KEY, KEY_ID, open_sale, seal_result, working_key

from card_reader_fw.board.desk import counter, desk, device
from card_reader_fw.board.desk.counter import Presented, Price
from card_reader_fw.board.desk.reader_error import SENTENCES, ReaderError
from hagaki.counter_commands import sales
from schemas.envelope import armour, derivation, outcome, payload

NOW_S = 1_750_000_000
STRIPE = Presented(CARD)


@pytest.fixture
def reader(tmp_path):
    path = tmp_path / "reader.dev"
    device.create(path, KEY_ID, INITIAL_KEY, pin_on=True)
    return path


def sell(reader, card=STRIPE, **price):
    return counter.sell(reader, Price(**({"amount_minor": 1200} | price)), card, NOW_S)


def answer(reader, sealed, number, amount_minor=1200, **more):
    text = armour.block(armour.RESULT, seal_result(sealed.ksn, number, amount_minor, **more))
    assert desk.show_result(reader, text).genuine


def approved(reader, **price):
    sealed = sell(reader, **price)
    answer(reader, sealed, outcome.APPROVED, price.get("amount_minor", 1200))
    return sealed


def slug_of(work, *arguments):
    with pytest.raises(ReaderError) as caught:
        work(*arguments)
    assert caught.value.sentence
    return caught.value.slug


def test_a_chip_sale(reader):
    sale = open_sale(sell(reader, Presented(slot="card:visa")).text)[1]
    assert (sale.entry_mode, sale.reader_time_s) == (payload.CHIP, NOW_S)
    assert sale.emv


def test_an_application_is_chosen(reader):
    one, two = (sell(reader, Presented(slot="card:two", application=place)) for place in (1, 2))
    assert open_sale(one.text)[1].track2 != open_sale(two.text)[1].track2


def test_a_chip_that_fails_and_its_stripe(reader):
    card = Presented(CARD, slot="card:jcb:no-record")
    sale = open_sale(sell(reader, card).text)[1]
    assert (sale.entry_mode, sale.track2, sale.amount_minor) == (payload.FALLBACK_STRIPE, CARD, 1200)


def test_what_a_chip_may_say(reader):
    assert slug_of(sell, reader, Presented(slot="card:jcb:no-record")) == "card-fallback"
    assert slug_of(sell, reader, Presented(slot="card:jcb:declines")) == "chip-declined"
    assert slug_of(sell, reader, Presented(slot="card:none")) == "card-unknown"


@pytest.mark.parametrize("card", [STRIPE, Presented(slot="card:pin")])
def test_debit(reader, card):
    with_pin = Presented(card.track2, slot=card.slot, pin="482913")
    ksn, sale = open_sale(sell(reader, with_pin, condition=110).text)
    key = working_key(ksn, derivation.PIN)
    assert decipher_pinblock_iso_4(key, sale.pin_block, sale.track2.partition("=")[0]) == "482913"


def test_debit_needs_a_pin(reader, tmp_path):
    with pytest.raises(ReaderError, match="pin-wanted"):
        sell(reader, condition=110)
    with pytest.raises(ReaderError, match="pin-short"):
        sell(reader, Presented(CARD, pin="123"), condition=110)
    other = tmp_path / "no-pin.dev"
    device.create(other, KEY_ID, INITIAL_KEY)
    with pytest.raises(ReaderError, match="pin-off"):
        sell(other, Presented(CARD, pin="1234"), condition=110)


def test_the_same_bytes_again(reader):
    sealed = sell(reader)
    sell(reader)
    assert counter.again(reader, sealed.slip, NOW_S + 99) == sealed
    answer(reader, sealed, outcome.DECLINED)
    assert slug_of(counter.again, reader, sealed.slip, NOW_S) == "answered"
    assert slug_of(counter.again, reader, 77, NOW_S) == "slip-unknown"


def test_after_a_cancel_it_is_the_cancel_that_goes_again(reader):
    """Both have the sale's slip; the sale shall never be done."""
    sealed = sell(reader)
    cancel = counter.cancel(reader, sealed.slip, NOW_S)
    assert cancel.slip == sealed.slip
    assert counter.again(reader, sealed.slip, NOW_S) == cancel


@pytest.mark.parametrize("card", [STRIPE, Presented(slot="card:jcb")], ids=["stripe", "chip"])
def test_a_void(reader, card):
    sealed = approved(reader)
    void = counter.give_back(reader, sealed.slip, None, card, NOW_S)
    sale = open_sale(void.text)[1]
    assert (sale.kind, sale.amount_minor, sale.original_ksn) == (payload.VOID, 1200, sealed.ksn)
    assert slug_of(counter.give_back, reader, sealed.slip, None, card, NOW_S) == "no-void"


def test_refunds(reader):
    sealed = approved(reader, condition=61, count=12)
    sale = open_sale(counter.give_back(reader, sealed.slip, 500, STRIPE, NOW_S).text)[1]
    assert (sale.kind, sale.amount_minor, sale.condition) == (payload.REFUND, 500, 61)
    assert slug_of(counter.give_back, reader, sealed.slip, 701, STRIPE, NOW_S) == "too-much"
    counter.give_back(reader, sealed.slip, 700, STRIPE, NOW_S)
    assert slug_of(counter.give_back, reader, sealed.slip, 1, STRIPE, NOW_S) == "no-refund"


def test_a_void_to_enter_again_keeps_its_slip_over_separate_calls(reader):
    sealed = approved(reader)
    void = counter.give_back(reader, sealed.slip, None, STRIPE, NOW_S)
    answer(reader, void, outcome.RE_ENTER)
    again = open_sale(counter.give_back(reader, sealed.slip, None, STRIPE, NOW_S).text)[1]
    assert (again.kind, again.slip, again.reentry) == (payload.VOID, void.slip, 1)


def test_the_list(reader):
    first = approved(reader)
    counter.give_back(reader, first.slip, 500, STRIPE, NOW_S)
    sell(reader)
    listed = [
        (view.slip, view.kind, view.left, view.sendable, view.original_slip) for view in counter.sales(reader)
    ]
    assert listed == [(3, 1, 0, True, 0), (2, 3, 0, True, 1), (1, 1, 700, False, 0)]


def test_a_new_reader_has_no_sales(reader):
    assert counter.sales(reader) == []
    assert slug_of(counter.again, reader, 1, NOW_S) == "no-sales"


def test_every_note_that_ends_a_call_has_its_sentence():
    notes = {"answered", "card-fallback", "card-gone", "insert-chip", "no-refund", "no-sales", "no-void"}
    notes |= {"too-much", "amount-zero", "condition-unknown", "count-range", "pin-short", "no-keys"}
    assert notes <= set(SENTENCES)


def test_no_list_says_that_a_sale_is_approved_while_its_cancel_is_asked(reader, capsys):
    sealed = sell(reader)
    asked = counter.cancel(reader, sealed.slip, NOW_S)
    answer(reader, sealed, outcome.APPROVED, approval_number="A98765")
    for as_json in (True, False):
        sales(reader, as_json=as_json)
        said = capsys.readouterr().out
        assert "approved" not in said.lower() and "A98765" not in said
        assert said.lower().count("cancel-asked" if as_json else "cancel asked") == 2
    answer(reader, asked, outcome.REFUSED)
    sales(reader, as_json=True)
    assert '"approved"' in capsys.readouterr().out
