"""PIN and chip on the whole firmware: what is sealed, and that nothing of it stays in the reader."""

import gc
from types import FunctionType, ModuleType

import pytest
from psec.pinblock import decipher_pinblock_iso_4
from reader_centre import CARD, open_sale, working_key
from reader_world import World

from card_reader_fw.board.desk.chip.choice import card_of
from card_reader_fw.board.desk.chip.slot import CardSlot
from schemas.envelope import derivation, outcome, payload

PIN = "907351"


def debit(world, amount=700):
    world.swipe()
    world.keys(*str(amount), "ENTER", *"110", "ENTER")


def opened_pin(text):
    ksn, sale = open_sale(text)
    number = sale.track2.partition("=")[0]
    return decipher_pinblock_iso_4(working_key(ksn, derivation.PIN), sale.pin_block, number)


def chip_world(name="jcb", fault="", **more):
    """A reader with a slot; -> it, the slot, the card that will be put in."""
    world = World(slot=CardSlot(), **more)
    world.link_up()
    return world, world.ports["slot"], card_of(name, fault)


def put_in(world, slot, card):
    slot.card = card
    world.run(20)


def take_out(world, slot):
    slot.card = None
    world.run(20)


def read_chip(world):
    world.until(lambda: world.state != "reading")


# ---- PIN


@pytest.fixture
def world():
    made = World(pin_on=True)
    made.link_up()
    return made


def test_a_debit_sale_carries_the_pin_under_its_own_key(world):
    debit(world)
    world.keys(*PIN)
    assert world.lcd[1] == f"{'*' * 6:>16}"
    world.keys("ENTER", "TRANSFER")
    assert open_sale(world.sales[0])[1].condition == 110
    assert opened_pin(world.sales[0]) == PIN


@pytest.mark.parametrize("typed", ["1234", "123456789012"])
def test_pins_of_four_to_twelve_digits(world, typed):
    debit(world)
    world.keys(*typed, "ENTER", "TRANSFER")
    assert opened_pin(world.sales[0]) == typed


def test_a_cleared_pin_leaves_nothing_in_the_next(world):
    debit(world)
    world.keys(*"123456789", "CLEAR", *"4321", "ENTER", "TRANSFER")
    assert opened_pin(world.sales[0]) == "4321"


def test_a_wrong_pin_is_entered_again_three_times_under_one_slip(world):
    for _ in range(4):
        debit(world)
        world.keys(*PIN, "ENTER", "TRANSFER")
        world.answer(outcome.RE_ENTER)
        world.keys("ENTER")
    sales = [open_sale(text)[1] for text in world.sales]
    assert [(sale.slip, sale.reentry) for sale in sales] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert len({sale.pin_block for sale in sales}) == 4
    debit(world)
    world.keys(*PIN, "ENTER", "TRANSFER")
    assert open_sale(world.sales[-1])[1].slip == 2


def test_a_reader_without_pin_entry_refuses_debit():
    world = World()
    debit(world)
    assert (world.state, world.lcd[0]) == ("condition", "NOT A PAYMENT")


def test_credit_asks_for_no_pin(world):
    world.sell()
    world.keys("TRANSFER")
    assert open_sale(world.sales[0])[1].pin_block == b""


@pytest.mark.parametrize("way", [["CANCEL"], ["ENTER"], ["CLEAR"]])
def test_the_pin_is_wiped_at_once(world, way):
    debit(world)
    world.keys(*PIN)
    buffer = world.reader._hand.pin
    assert bytes(buffer[:6]) == bytes(int(digit) for digit in PIN)
    world.keys(*way)
    assert bytes(buffer) == bytes(12)


def test_a_pin_left_lying_is_wiped(world):
    debit(world)
    world.keys(*"12")
    buffer = world.reader._hand.pin
    world.run(121_000)
    assert (bytes(buffer), world.state) == (bytes(12), "idle")


# ---- chip


def test_a_chip_sale_from_card_in_to_card_out():
    world, slot, card = chip_world()
    assert world.lcd == ["INSERT OR SWIPE", "CARD"]
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    assert world.lcd[0] == "REMOVE CARD"
    world.keys("TRANSFER")
    assert world.sales == []
    take_out(world, slot)
    assert world.state == "ready"
    world.keys("TRANSFER")
    sale = open_sale(world.sales[0])[1]
    assert (sale.entry_mode, sale.amount_minor) == (payload.CHIP, 1200)
    assert sale.track2.startswith(f"{card.profile.applications[0].pan}=4912")
    assert 0 < len(sale.emv) <= 199
    assert len(world.sales[0]) <= 900


def test_the_display_says_so_while_the_chip_is_read():
    world, slot, card = chip_world()
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER")
    world.board.keypad.put("ENTER")
    world.reader.poll()
    assert (world.state, world.lcd) == ("reading", ["READING CHIP", "DO NOT REMOVE"])
    world.keys("CANCEL")
    assert (world.state, world.reader.reading) == ("idle", False)


def test_one_poll_is_at_most_one_command_of_the_card():
    world, slot, card = chip_world()
    sent = []
    honest, slot.send = slot.send, lambda apdu: sent.append(apdu) or honest(apdu)
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER")
    world.board.keypad.put("ENTER")
    while not sent:
        world.reader.poll()
    while world.state == "reading":
        before = len(sent)
        world.reader.poll()
        assert len(sent) - before <= 1
    assert len(sent) > 5


def test_the_customer_chooses_an_application():
    world, slot, card = chip_world("two")
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    assert world.state == "choose"
    world.keys("TRANSFER", "ENTER")
    read_chip(world)
    assert world.state == "remove"


def test_a_chip_cards_stripe_is_refused_while_its_chip_may_work():
    world, _, _ = chip_world()
    world.swipe()
    assert (world.state, world.lcd) == ("idle", ["CARD HAS A CHIP", "INSERT CARD"])
    assert world.reader._hand.track2 is None


def test_a_chip_that_fails_falls_back_to_the_stripe_marked_so():
    world, slot, card = chip_world(fault="no-record")
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    assert world.lcd == ["CHIP NOT READ", "SWIPE CARD"]
    take_out(world, slot)
    world.swipe()
    world.keys("TRANSFER")
    sale = open_sale(world.sales[0])[1]
    assert (sale.entry_mode, sale.amount_minor, sale.track2) == (payload.FALLBACK_STRIPE, 1200, CARD)
    world.keys("CANCEL", "CANCEL")
    world.swipe()
    assert world.lcd[0] == "CARD HAS A CHIP"  # once, and no more


def test_a_chip_that_refuses_does_not_fall_back():
    world, slot, card = chip_world(fault="declines")
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    assert world.lcd == ["CARD NOT TAKEN", "chip-declined"]
    take_out(world, slot)
    world.swipe()
    assert world.lcd[0] == "CARD HAS A CHIP"


@pytest.mark.parametrize("typed", [[], ["1", "2"], [*"1200", "ENTER"]])
def test_a_chip_card_taken_out_early_ends_the_sale(typed):
    world, slot, card = chip_world()
    put_in(world, slot, card)
    world.keys(*typed)
    take_out(world, slot)
    assert (world.state, world.lcd[0]) == ("idle", "CARD TAKEN OUT")


def test_debit_by_chip_has_pin_and_cryptogram():
    world, slot, card = chip_world("pin", pin_on=True)
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", *"110", "ENTER", *PIN, "ENTER")
    read_chip(world)
    take_out(world, slot)
    world.keys("TRANSFER")
    assert opened_pin(world.sales[0]) == PIN
    assert open_sale(world.sales[0])[1].emv


def test_a_chip_that_wants_a_pin_for_credit_gets_it():
    world, slot, card = chip_world("pin", pin_on=True)
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER", *PIN, "ENTER")
    read_chip(world)
    take_out(world, slot)
    world.keys("TRANSFER")
    assert open_sale(world.sales[0])[1].condition == 10
    assert opened_pin(world.sales[0]) == PIN


def test_a_void_by_chip_with_the_card_still_in():
    world, slot, card = chip_world()
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    take_out(world, slot)
    world.keys("TRANSFER")
    world.answer(outcome.APPROVED)
    world.keys("ENTER")
    put_in(world, slot, card)
    world.keys("CANCEL", "ENTER", "2", "1")
    read_chip(world)
    take_out(world, slot)
    world.keys("TRANSFER")
    void = open_sale(world.sales[1])[1]
    assert (void.kind, void.entry_mode, void.amount_minor) == (payload.VOID, payload.CHIP, 1200)


# ---- nothing stays


def reachable(root):
    """Every object that the reader holds on to, however deep."""
    seen, waiting = {}, [root]
    while waiting:
        one = waiting.pop()
        if id(one) in seen or isinstance(one, type | ModuleType | World):
            continue
        seen[id(one)] = one
        # not a function's globals: through them hang the tests themselves
        waiting += one.__closure__ or () if isinstance(one, FunctionType) else gc.get_referents(one)
    return seen.values()


def holds(world, needle):
    """Where a run of digits stands in what the reader holds: as text, as bytes, or as digit values."""
    runs = (needle.encode(), bytes(int(digit) for digit in needle))
    flash = b"".join(world.flash.banks)
    found = [run for run in runs if run in flash]
    for one in reachable(world.reader.__dict__):
        if isinstance(one, bytes | bytearray):
            found += [run for run in runs if run in one]
        elif isinstance(one, str) and needle in one:
            found.append(one)
    return found


def test_after_sealing_no_run_of_card_number_or_pin_is_held(world):
    debit(world)
    world.keys(*PIN)
    assert holds(world, PIN)  # the search finds what is there
    assert holds(world, CARD[:16])
    world.keys("ENTER")
    for needle in (PIN, CARD[:16], CARD[17:]):
        assert holds(world, needle) == []


def test_after_sealing_nothing_of_the_chips_card_is_held():
    world, slot, card = chip_world()
    put_in(world, slot, card)
    world.keys(*"1200", "ENTER", "ENTER")
    read_chip(world)
    world.board.slot = world.reader._chip._slot = None  # the card has its number itself
    assert holds(world, card.profile.applications[0].pan) == []
