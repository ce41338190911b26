"""A merchant's habits on the whole firmware: the last sales, sending again, giving back, other ways out."""

import pytest
from reader_centre import check_code, open_sale
from reader_world import World

from card_reader_fw import words
from schemas.envelope import armour, outcome, payload
from schemas.link import session


@pytest.fixture
def world():
    made = World()
    made.link_up()
    return made


def restarted(world):
    """The power goes and comes; the phone is plugged in anew."""
    world.switch_on()
    world.phone = session.Session(session.PHONE)
    world.link_up()


def sold(world, number, amount=1200, **more):
    """A sale with its answer, seen by the merchant."""
    world.sell(amount)
    world.keys("TRANSFER")
    world.answer(number, **more)
    world.keys("ENTER")


def history(world):
    world.keys("ENTER", "2")


# ---- not yet paid


def test_an_unanswered_sale_says_so_and_is_sent_again_with_the_same_bytes(world):
    world.sell()
    world.keys("TRANSFER")
    restarted(world)
    history(world)
    assert world.lcd == ["00001       1200", "NOT YET PAID"]
    world.keys("TRANSFER", "TRANSFER")
    assert world.state == "sent"
    assert world.sales[0] == world.sales[1]
    world.answer(outcome.APPROVED, approval_number="123456")
    assert world.lcd[0] == "APPROVED      C1"


def test_a_sale_sealed_before_the_power_went_is_not_lost(world):
    world.sell()
    told = dict(world.told)["reader.sealed"]
    restarted(world)
    assert world.lcd == ["SWIPE CARD", "1 NOT YET PAID"]
    history(world)
    world.keys("TRANSFER", "TRANSFER")
    ksn, sale = open_sale(world.sales[0])
    assert (ksn.hex(), sale.slip, sale.amount_minor) == (told["ksn"], told["slip"], 1200)


def test_a_sale_in_doubt_can_be_sent_again_and_an_answered_one_cannot(world):
    sold(world, outcome.IN_DOUBT)
    history(world)
    assert world.lcd[1] == "UNKNOWN       C5"
    world.keys("TRANSFER", "TRANSFER")
    assert world.sales[0] == world.sales[1]
    world.answer(outcome.CANCELLED, version=2)
    world.keys("ENTER")
    history(world)
    world.keys("TRANSFER")
    assert world.lcd == ["IT HAS ITS", "ANSWER ALREADY"]


def test_the_last_ten_sales_newest_first(world):
    for number in range(12):
        sold(world, outcome.DECLINED if number % 2 else outcome.APPROVED, amount=100 + number)
    history(world)
    seen = []
    for _ in range(10):
        seen.append(int(world.lcd[0][:5]))
        world.keys("ENTER")
    assert seen == list(range(12, 2, -1))
    assert int(world.lcd[0][:5]) == 12
    world.keys("CLEAR")
    assert int(world.lcd[0][:5]) == 3


def test_ten_unanswered_sales_can_all_be_sent_again(world):
    for number in range(11):
        world.sell(100 + number)
        world.keys("TRANSFER", "CANCEL", "CANCEL")
    restarted(world)
    for place in range(10):
        history(world)
        world.keys(*["ENTER"] * place, "TRANSFER", "TRANSFER", "CANCEL", "CANCEL")
    again = world.sales[11:]
    assert again == world.sales[10:0:-1]


def test_no_sales_yet(world):
    history(world)
    assert (world.lcd[0], world.state) == ("NO SALES YET", "idle")


# ---- giving back


def test_a_void_from_the_list(world):
    sold(world, outcome.APPROVED, approval_number="123456")
    history(world)
    world.keys("1")
    assert world.lcd == ["VOID       00001", "CARD PLEASE"]
    world.swipe()
    world.keys("TRANSFER")
    (original, _), (_, void) = (open_sale(text) for text in world.sales)
    assert (void.kind, void.amount_minor, void.original_ksn) == (payload.VOID, 1200, original)
    assert (void.slip, void.reentry, void.condition) == (2, 0, 10)
    world.answer(outcome.APPROVED)
    world.keys("ENTER")
    history(world)
    assert world.lcd == ["00002V      1200", "APPROVED      C1"]
    world.keys("ENTER")
    assert world.lcd == ["00001       1200", "ALL BACK"]
    world.keys("1")
    assert world.lcd == ["CANNOT BE", "VOIDED"]


def test_refunds_never_come_to_more_than_the_sale(world):
    sold(world, outcome.APPROVED)
    history(world)
    world.keys("2", *"1201", "ENTER")
    assert world.lcd[0] == "TOO MUCH, ONLY"
    world.keys(*"500", "ENTER")
    world.swipe()
    world.keys("TRANSFER")
    assert open_sale(world.sales[1])[1].kind == payload.REFUND
    world.keys("CANCEL")
    restarted(world)  # its answer is open, so it counts
    history(world)
    world.keys("ENTER")
    assert world.lcd[1] == "LEFT         700"
    world.keys("1")
    assert world.lcd == ["CANNOT BE", "VOIDED"]
    world.keys("2", *"701", "ENTER")
    assert world.lcd == ["TOO MUCH, ONLY", f"{700:>16}"]


def test_a_declined_or_dropped_return_can_be_asked_for_again(world):
    sold(world, outcome.APPROVED)
    history(world)
    world.keys("1")
    world.swipe()
    world.keys("CANCEL")  # never left the reader
    history(world)
    world.keys("1")
    world.swipe()
    world.keys("TRANSFER")
    world.answer(outcome.DECLINED)
    world.keys("ENTER")
    history(world)
    world.keys("ENTER", "1")
    assert world.state == "card"


@pytest.mark.parametrize("number", [outcome.DECLINED, outcome.EXPIRED, outcome.CANCELLED])
def test_only_what_was_approved_is_given_back(world, number):
    world.sell()
    world.keys("TRANSFER")
    world.answer(number)
    world.keys("ENTER")
    history(world)
    world.keys("1")
    assert world.lcd == ["CANNOT BE", "VOIDED"]
    world.keys("2")
    assert world.lcd == ["CANNOT BE", "REFUNDED"]


def test_a_void_to_enter_again_has_the_same_slip_three_times_at_most(world):
    sold(world, outcome.APPROVED)
    history(world)
    world.keys("1")
    for _ in range(4):
        assert world.state == "card"
        world.swipe()
        world.keys("TRANSFER")
        world.answer(outcome.RE_ENTER)
        world.keys("ENTER")
    assert world.state == "idle"
    returns = [open_sale(text)[1] for text in world.sales[1:]]
    assert [(one.kind, one.slip, one.reentry) for one in returns] == [
        (2, 2, 0),
        (2, 2, 1),
        (2, 2, 2),
        (2, 2, 3),
    ]


def test_a_new_sale_does_not_take_the_slip_of_a_void_to_enter_again(world):
    sold(world, outcome.APPROVED)
    history(world)
    world.keys("1")
    world.swipe()
    world.keys("TRANSFER")
    world.answer(outcome.RE_ENTER)
    world.keys("ENTER", "CANCEL")
    assert world.lcd == ["SWIPE CARD", ""]
    world.sell()
    world.keys("TRANSFER")
    sale = open_sale(world.sales[-1])[1]
    assert (sale.kind, sale.slip, sale.reentry) == (payload.SALE, 3, 0)


# ---- other ways to the phone


class Paper:
    """What the typist typed, or the picture showed."""

    def __init__(self):
        self.texts = []

    def type(self, text):
        self.texts.append(text)

    show = type


def test_typed_as_a_keyboard():
    paper = Paper()
    world = World(typist=paper)
    world.phone_is_there = False
    world.sell()
    world.keys("1")
    assert world.lcd == ["DID IT ARRIVE?", "ENTER=YES  00001"]
    assert paper.texts[0].startswith("BEGIN HAGAKI SALE\n")
    assert open_sale(paper.texts[0])[1].amount_minor == 1200
    world.keys("CANCEL", "1", "ENTER")
    assert paper.texts[0] == paper.texts[1]
    assert world.state == "sent"


def test_shown_as_a_picture_and_answered_by_its_check_code():
    paper = Paper()
    world = World(picture=paper)
    world.phone_is_there = False
    world.sell()
    world.keys("2", "ENTER")
    assert paper.texts[1] == ""
    ksn, _ = open_sale(paper.texts[0])
    world.keys("ENTER", *check_code(ksn, outcome.APPROVED, 1, 1200), "ENTER")
    assert world.lcd[0] == "APPROVED      C1"


# ---- language, beeps, a card left lying


def test_the_language_is_chosen_and_kept(world):
    world.keys("ENTER", "3")
    assert world.lcd[0] == words.JAPANESE["idle"][0]
    restarted(world)
    assert world.lcd[0] == words.JAPANESE["idle"][0]
    world.keys("ENTER", "3")
    assert world.lcd[0] == "SWIPE CARD"


def test_beeps(world):
    world.sell()
    world.keys("TRANSFER")
    world.beeps.clear()
    world.answer(outcome.APPROVED)
    assert world.beeps == ["ok"]
    world.answer(outcome.IN_DOUBT, version=2)
    assert world.beeps == ["ok"]  # another text in the same place: the first answer stands


def test_a_card_left_lying_is_forgotten_after_two_minutes(world):
    world.swipe()
    world.keys("1")
    world.run(119_000)
    assert world.state == "amount"
    world.run(2_000)
    assert (world.state, world.reader._hand.track2) == ("idle", None)


def test_a_second_swipe_does_not_change_the_card_in_hand(world):
    world.swipe()
    first = world.reader._hand.track2
    world.swipe()
    assert world.reader._hand.track2 is first
    assert first.text.startswith(b"4111")


# ---- no keys


def test_a_reader_without_keys_looks_at_its_sales_and_sends_them_and_sells_nothing(world):
    sold(world, outcome.APPROVED)
    world.sell()
    world.keys("TRANSFER", "CANCEL")
    world.reader._vault.keys.counter = 0
    world.reader._vault.save()
    restarted(world)
    assert world.lcd == ["NO KEYS", "CALL CENTRE"]
    world.swipe()
    assert world.state == "no-keys"
    history(world)
    world.keys("TRANSFER", "TRANSFER")
    assert world.sales[1] == world.sales[2]
    world.answer(outcome.APPROVED)
    world.keys("ENTER")
    history(world)
    world.keys("1")
    assert world.lcd == ["NO KEYS", "CALL CENTRE"]
    assert world.state == "sales"


HABITS = ["1", "1", "2", "3", "ENTER", "ENTER", "ENTER", "ENTER", "TRANSFER", "TRANSFER", "CLEAR", "HELP"]


def some_answer(world):
    """The centre says something new about the newest sale, if it is still remembered."""
    kept = world.reader._vault.find(open_sale(world.sales[-1])[0])
    if kept and world.reader.state.permitted:
        world.answer(world.chance.choice(list(outcome.NAMES)), version=1 + kept.version)


@pytest.mark.parametrize("seed", range(4))
def test_any_keys_and_cards_never_break_the_reader(seed):
    typed, shown = Paper(), Paper()
    world = World(seed=seed, typist=typed, picture=shown, pin_on=True)
    world.link_up()
    for number in range(400):
        if world.chance.random() < 0.2:
            world.swipe()
        world.keys("CANCEL" if number % 20 == 0 else world.chance.choice(HABITS))
        if world.sales and world.chance.random() < 0.1:
            some_answer(world)
        assert all(len(line) <= 16 for line in world.lcd)
    sealed = [facts["ksn"] for verb, facts in world.told if verb == "reader.sealed"]
    assert len(set(sealed)) == len(sealed) > 1
    bodies = {}
    for text in filter(None, world.sales + typed.texts + shown.texts):
        ksn, _ = open_sale(text)
        body = armour.find(text)[1] if "BEGIN" in text else armour.from_text(text)[1]
        assert bodies.setdefault(ksn, body) == body  # whichever way and how often it goes
