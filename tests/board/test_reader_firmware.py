"""The whole firmware: a sale by stripe and its answer, as merchant and phone see it."""

import pytest
from reader_centre import CARD, KEY_ID, SWIPE, check_code, open_sale, seal_result
from reader_world import NOW_S, World

from card_reader_fw import vault
from card_reader_fw.journal import Journal
from schemas.envelope import armour, outcome
from schemas.link import session, table


@pytest.fixture
def world():
    made = World()
    made.link_up()
    return made


def test_a_sale_from_swipe_to_approval(world):
    assert world.hello.serial == 0x90123456
    world.sell()
    assert world.lcd == ["READY TO", "TRANSFER   00001"]
    world.keys("TRANSFER")
    assert world.lcd == ["SENT       00001", "WAIT FOR RESULT"]
    ksn, sale = open_sale(world.sales[0])
    assert ksn == KEY_ID + (1).to_bytes(4, "big")
    assert (sale.track2, sale.amount_minor, sale.currency) == (CARD, 1200, 392)
    assert (sale.kind, sale.entry_mode, sale.condition, sale.slip, sale.reentry) == (1, 1, 10, 1, 0)
    assert NOW_S <= sale.reader_time_s <= NOW_S + 60
    world.answer(outcome.APPROVED, approval_number="123456")
    assert world.lcd == ["APPROVED      C1", "00001     123456"]
    assert world.verdicts == ["genuine"]
    assert [verb for verb, _ in world.told if verb != "reader.lcd"] == [
        "reader.sealed",
        "reader.sent",
        "reader.result",
    ]
    assert world.told[-2] == ("reader.result", {"outcome": "approved", "version": 1, "genuine": 1})


def test_instalments_reach_the_centre(world):
    world.swipe()
    world.keys(*"5000", "ENTER", *"61", "ENTER", *"12", "ENTER", "TRANSFER")
    _, sale = open_sale(world.sales[0])
    assert (sale.condition, sale.condition_count) == (61, 12)


@pytest.mark.parametrize("number", outcome.NAMES)
def test_each_outcome_shows(world, number):
    world.sell()
    world.keys("TRANSFER")
    world.answer(number, reason="BECAUSE")
    assert world.state == "result"
    assert world.told[-2][1]["outcome"] == outcome.NAMES[number]


def test_in_doubt_then_cancelled(world):
    world.sell()
    world.keys("TRANSFER")
    world.answer(outcome.IN_DOUBT)
    assert world.lcd == ["UNKNOWN - DO NOT", "HAND OVER  00001"]
    world.keys("ENTER")
    assert world.lcd == ["SWIPE CARD", "1 NOT YET PAID"]
    world.answer(outcome.CANCELLED, version=2)
    assert world.lcd == ["CANCELLED     C6", "SLIP 00001"]
    world.keys("ENTER")
    assert world.lcd == ["SWIPE CARD", ""]


def test_three_re_entries_under_one_slip_and_fresh_keys(world):
    for attempt in range(4):
        world.sell()
        world.keys("TRANSFER")
        world.answer(outcome.RE_ENTER)
        assert world.lcd[0] == ("NO MORE TRIES C3" if attempt == 3 else "RE-ENTER CARD C3")
        world.keys("ENTER")
        assert world.lcd[0] == ("SWIPE CARD" if attempt == 3 else "SWIPE CARD AGAIN")
    sold = [open_sale(text) for text in world.sales]
    assert [(sale.slip, sale.reentry) for _, sale in sold] == [(1, 0), (1, 1), (1, 2), (1, 3)]
    assert len({ksn for ksn, _ in sold}) == 4
    world.sell()
    world.keys("TRANSFER")
    assert open_sale(world.sales[-1])[1].slip == 2


def test_cancel_gives_a_re_entry_up(world):
    world.sell()
    world.keys("TRANSFER")
    world.answer(outcome.RE_ENTER)
    world.keys("ENTER", "CANCEL")
    assert world.lcd[0] == "SWIPE CARD"
    world.sell()
    world.keys("TRANSFER")
    _, sale = open_sale(world.sales[-1])
    assert (sale.slip, sale.reentry) == (2, 0)


def test_without_a_phone_the_reader_has_no_clock_and_waits():
    world = World()
    world.phone_is_there = False
    world.sell()
    assert world.lcd == ["SLIP 00001", "WAIT FOR PHONE"]
    world.keys("TRANSFER")
    assert world.state == "waiting"
    world.phone_is_there = True
    world.until(lambda: world.state == "ready")
    world.keys("TRANSFER")
    world.until(lambda: world.sales)
    assert open_sale(world.sales[0])[1].reader_time_s == 0


def test_the_phones_clock_runs_on(world):
    world.run(90_000)
    world.sell()
    world.keys("TRANSFER")
    assert open_sale(world.sales[0])[1].reader_time_s - NOW_S in range(89, 95)


def test_send_again_then_stored(world):
    world.refuse_with = "spool-full"
    world.sell()
    world.keys("TRANSFER")
    assert (world.state, world.lcd) == ("ready", ["SEND AGAIN", "spool-full"])
    world.refuse_with = ""
    world.keys("TRANSFER")
    assert world.state == "sent"
    assert len(world.sales) == 1


def test_the_phone_goes_away_in_the_middle_and_comes_back(world):
    world.sell()
    world.phone_is_there = False
    world.keys("TRANSFER")
    assert world.state == "sending"
    world.until(lambda: world.state == "waiting")
    world.phone, world.phone_is_there = session.Session(session.PHONE), True
    world.until(lambda: world.state == "ready")
    world.keys("TRANSFER")
    world.until(lambda: world.state == "sent")
    assert len({open_sale(text)[0] for text in world.sales}) == 1


def test_the_phone_restarts_while_a_sale_is_on_its_way(world):
    world.sell()
    world.phone_is_there = False
    world.keys("TRANSFER")
    world.wire.take()
    world.phone, world.phone_is_there = session.Session(session.PHONE), True
    world.run(200)
    assert world.state == "ready"
    world.keys("TRANSFER")
    world.until(lambda: world.state == "sent")


def test_a_result_and_a_restart_in_one_portion(world):
    """The result has no conversation any more; a new one begins, and the phone tells it again."""
    world.sell()
    world.keys("TRANSFER")
    world.run(500)
    ksn, _ = open_sale(world.sales[0])
    world.phone.result(armour.to_text(armour.RESULT, seal_result(ksn, outcome.APPROVED, 1200)))
    fresh = session.Session(session.PHONE)
    call = fresh.outgoing()
    world.wire.to_reader += world.phone.outgoing() + call + call
    world.phone = fresh
    world.until(lambda: fresh.may(table.RESULT))
    world.answer(outcome.APPROVED)
    assert world.lcd[0] == "APPROVED      C1"


@pytest.mark.parametrize("seed", range(5))
def test_on_a_bad_line_the_sale_still_arrives(seed):
    world = World(loss=0.0005, seed=seed)
    world.link_up()
    world.sell()
    for _ in range(20):
        if world.state == "ready":
            world.keys("TRANSFER")
        world.run(10_000, lambda: world.state == "sent")
    assert world.state == "sent"
    assert {open_sale(text)[1].track2 for text in world.sales} == {CARD}


def test_a_power_cycle_later_the_result_still_shows(world):
    world.sell()
    world.keys("TRANSFER")
    world.switch_on()
    world.phone = session.Session(session.PHONE)
    world.link_up()
    assert world.lcd == ["SWIPE CARD", "1 NOT YET PAID"]
    world.answer(outcome.APPROVED, approval_number="123456")
    assert world.lcd[0] == "APPROVED      C1"


def test_a_result_for_an_older_sale_waits_until_the_merchant_is_done(world):
    world.sell()
    world.keys("TRANSFER", "CANCEL", "CANCEL")
    world.swipe()
    world.keys("5", "0")
    world.answer(outcome.DECLINED, reason="CALL COMPANY")
    assert world.lcd == ["AMOUNT YEN", f"{50:>16}"]
    world.keys("CANCEL")
    assert world.lcd == ["DECLINED      C2", "CALL COMPANY"]


def test_a_forged_result_shows_nothing(world):
    world.sell()
    world.keys("TRANSFER")
    ksn, _ = open_sale(world.sales[0])
    before = list(world.lcd)
    for forged in (seal_result(ksn, 1, 999), seal_result(KEY_ID + bytes(4), 1, 1200), b"junk"):
        world.phone.result(armour.to_text(armour.RESULT, forged))
        world.run(3000)
    world.phone.result(armour.to_text(armour.SALE, seal_result(ksn, 1, 1200)))
    world.run(3000)
    world.phone.result("AAAA")
    world.run(3000)
    assert world.lcd == before
    assert world.verdicts == ["not-genuine", "unknown-sale", "not-genuine", "not-genuine", "not-genuine"]


def test_the_check_code_by_hand(world):
    world.sell()
    world.keys("TRANSFER")
    ksn, _ = open_sale(world.sales[0])
    world.keys("ENTER")
    assert world.lcd == ["CODE FOR   00001", " " * 16]
    world.keys(*check_code(ksn, outcome.APPROVED, 1, 1200), "ENTER")
    assert world.lcd[0] == "APPROVED      C1"


def test_three_wrong_codes_lock(world):
    world.sell()
    world.keys("TRANSFER", "ENTER")
    for left in (2, 1):
        world.keys(*"00000000", "ENTER")
        assert world.lcd == ["CODE IS WRONG", f"{left} MORE TRIES"]
    world.keys(*"00000000", "ENTER")
    assert world.lcd == ["CODES LOCKED", "SLIP 00001"]
    world.keys("ENTER")
    assert world.lcd[0] == "NO OPEN SALE"


def test_an_old_code_is_seen_already(world):
    world.sell()
    world.keys("TRANSFER")
    ksn, _ = open_sale(world.sales[0])
    world.answer(outcome.APPROVED, version=2)
    world.keys("ENTER", "ENTER", "1", *check_code(ksn, outcome.IN_DOUBT, 1, 1200), "ENTER")
    assert world.lcd[0] == "SEEN ALREADY"


def test_a_reader_without_keys_says_so():
    world = World(keys=False)
    assert world.lcd == ["NO KEYS", "CALL CENTRE"]
    world.swipe()
    world.run(5000)
    world.keys("ENTER", "1")
    assert world.lcd[0] == "NO OPEN SALE"
    assert world.state == "no-keys"


def test_the_last_key_and_then_none():
    world = World()
    store = vault.load(Journal(world.flash))
    store.keys.counter = 0xFFFF0000
    store.save()
    world.switch_on()
    world.link_up()
    world.sell()
    world.keys("TRANSFER", "CANCEL", "CANCEL")
    world.swipe()
    world.keys("9", "ENTER", "ENTER")
    assert world.lcd == ["NO KEYS", "CALL CENTRE"]


def test_a_failing_flash_sells_nothing(world):
    world.flash.write = lambda bank, offset, data: None
    world.sell()
    assert world.lcd == ["READER FAULT", "flash"]
    assert (world.state, world.sales) == ("idle", [])


def test_cancel_before_the_transfer_leaves_no_answer_keys(world):
    world.sell()
    world.keys("CANCEL")
    assert vault.load(Journal(world.flash)).sales == []
    assert world.lcd == ["SWIPE CARD", ""]


def test_a_bad_swipe_asks_for_another(world):
    world.swipe(SWIPE[:80])
    assert world.lcd == ["SWIPE AGAIN", "STEADILY"]
    world.swipe()
    assert world.state == "amount"


def test_the_phones_text_shows(world):
    world.phone.show("LETTER\nSENT")
    world.run(2000)
    assert world.lcd == ["LETTER", "SENT"]


def test_japanese():
    world = World(language="ja")
    world.link_up()
    assert world.lcd[0] == "ｶｰﾄﾞｦ ﾄｵｼﾃｸﾀﾞｻｲ"
    world.sell()
    world.keys("TRANSFER")
    world.answer(outcome.IN_DOUBT)
    assert world.lcd == ["ﾌﾒｲ! ｼｮｳﾋﾝｦ", "ﾜﾀｻﾅｲﾃﾞ    00001"]


def test_the_card_is_nowhere_after_sealing(world):
    world.sell()
    assert b"4111111111111111" not in b"".join(world.flash.banks)
    hand = world.reader._hand
    assert (hand.track2, bytes(hand.jis2), bytes(hand.pin)) == (None, b"", bytes(12))


def test_random_hands_never_break_the_reader():
    sold = 0
    for seed in range(10):
        world = World(seed=seed)
        world.link_up()
        for _ in range(150):
            if world.chance.random() < 0.2:
                world.swipe()
            keys = "11111" if world.chance.random() < 0.2 else ("ENTER", "ENTER", "CLEAR", "TRANSFER", "HELP")
            world.keys(world.chance.choice([*keys, "CANCEL"] if world.chance.random() < 0.3 else keys))
            assert all(len(line) <= 16 for line in world.lcd)
        ksns = [open_sale(text)[0] for text in world.sales]
        assert len(set(ksns)) == len(ksns)
        sold += len(ksns)
    assert sold > 10
