"""The keypad's table: each path of a sale, and what no key may ever do."""

import random

import pytest

from card_reader_fw import terminal
from card_reader_fw.terminal import KEYS, PROMPTS, State, start, step
from card_reader_fw.track import track2
from card_reader_fw.track.card import Card

CARD = Card(track2.from_text(bytearray(b"4111111111111111=27122010000012345678")), bytearray())
KSN = bytes(11) + b"\x01"


class View:
    def __init__(self, ksn=KSN, outcome=1, slip=1):
        self.ksn, self.outcome, self.slip = ksn, outcome, slip


def play(state, *events):
    """Events as in the table's docstring; a bare string is keys, digits one by one. -> state, all actions."""
    actions = []
    for event in events:
        for single in unfold(event):
            state, more = step(state, single)
            actions += more
    return state, actions


def unfold(event):
    if isinstance(event, tuple):
        return [event]
    if event in KEYS:
        return [(event, event)]
    return [("digit", digit) for digit in event]


def idle(**fields):
    return start(keyless=False)[0].but(**fields)


def at(name):
    """The terminal in each state, as a merchant gets there."""
    card, sealed = ("card", CARD), ("sealed", (KSN, 1))
    ways = {
        "no-keys": [],
        "idle": [],
        "amount": [card],
        "condition": [card, "1200", "ENTER"],
        "count": [card, "1200", "ENTER", "61", "ENTER"],
        "sealing": [card, "1200", "ENTER", "ENTER"],
        "waiting": [card, "1200", "ENTER", "ENTER", sealed],
        "ready": [("permission", None), card, "1200", "ENTER", "ENTER", sealed],
        "sending": [("permission", None), card, "1200", "ENTER", "ENTER", sealed, "TRANSFER"],
    }
    ways["sent"] = [*ways["sending"], ("stored", None)]
    ways["result"] = [*ways["sent"], ("outcome", View())]
    ways["code"] = ["ENTER", ("codes", [(KSN, 1), (bytes(12), 7)])]
    state, _ = play(start(keyless=name == "no-keys")[0], *ways[name])
    assert state.name == name
    return state


def kinds(actions):
    return [action[0] for action in actions]


def last_shown(actions):
    return [action[1] for action in actions if action[0] == "show"][-1]


def test_switched_on():
    assert start(keyless=False)[1] == [("show", "idle")]
    assert start(keyless=True)[1] == [("show", "no-keys")]


def test_a_sale_from_card_to_outcome():
    state, actions = play(idle(), ("permission", None), ("card", CARD), "1200", "ENTER", "ENTER")
    order = actions[-1][1]
    assert (actions[-1][0], order.amount_minor, order.condition, order.count) == ("seal", 1200, 10, 0)
    assert order.card is CARD
    state, actions = play(state, ("sealed", (KSN, 5)))
    assert actions == [("show", "ready", 5)]
    state, actions = play(state, "TRANSFER")
    assert actions == [("send",), ("show", "sending", 5)]
    state, actions = play(state, ("stored", None))
    assert actions == [("show", "sent", 5)]
    view = View(outcome=1)
    state, actions = play(state, ("outcome", view))
    assert actions == [("show", "result", view)]
    state, actions = play(state, "ENTER")
    assert actions == [("show", "idle")]
    assert state.ksn == b""


def test_card_and_amount_are_forgotten_when_sealed():
    state = at("sealing")
    assert (state.card, state.digits, state.amount) == (None, "", 0)


@pytest.mark.parametrize("typed, expected", [("", 10), ("10", 10), ("21", 21), ("34", 34), ("80", 80)])
def test_payment_conditions(typed, expected):
    _, actions = play(at("condition"), typed, "ENTER")
    assert actions[-1][1].condition == expected


@pytest.mark.parametrize("typed", ["0", "11", "35", "110", "999"])
def test_other_conditions_are_refused(typed):
    state, actions = play(at("condition"), typed, "ENTER")
    assert (state.name, state.digits, last_shown(actions)) == ("condition", "", "condition-unknown")


@pytest.mark.parametrize("condition", ["61", "62", "63"])
def test_instalments_ask_how_many(condition):
    state, _ = play(at("condition"), condition, "ENTER")
    assert state.name == "count"
    _, actions = play(state, "12", "ENTER")
    assert (actions[-1][1].condition, actions[-1][1].count) == (int(condition), 12)


@pytest.mark.parametrize("typed", ["", "0", "1"])
def test_fewer_than_two_instalments_are_none(typed):
    state, actions = play(at("count"), typed, "ENTER")
    assert (state.name, last_shown(actions)) == ("count", "count-range")


def test_an_amount_has_at_most_eight_digits():
    state, _ = play(at("amount"), "123456789")
    assert state.digits == "12345678"


@pytest.mark.parametrize("typed", ["", "0", "000"])
def test_nothing_cannot_be_sold(typed):
    state, actions = play(at("amount"), typed, "ENTER")
    assert (state.name, last_shown(actions)) == ("amount", "amount-zero")


@pytest.mark.parametrize("name", ["amount", "condition", "count", "code"])
def test_clear_takes_the_digits_back(name):
    state, _ = play(at(name), "12", "CLEAR")
    assert (state.name, state.digits) == (name, "")


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_has_cancel(name):
    state, actions = play(at(name), "CANCEL")
    assert state.name == ("no-keys" if name == "no-keys" else "idle")
    assert state.card is None
    assert "show" in kinds(actions)


@pytest.mark.parametrize("name", [*PROMPTS, "sealing", "sending"])
def test_every_state_has_help_and_stays(name):
    before = at(name)
    state, actions = play(before, "HELP")
    assert state is before
    assert actions == [("show", "help-" + name)]


@pytest.mark.parametrize("name", ["waiting", "ready"])
def test_cancel_before_the_transfer_drops_the_sale(name):
    _, actions = play(at(name), "CANCEL")
    assert ("drop", KSN) in actions


def test_once_offered_a_sale_is_never_dropped():
    """The phone may have it although its answer was lost; without keys its result could not be checked."""
    state, _ = play(at("sending"), ("link-lost", None))
    assert state.name == "waiting"
    state, actions = play(state, "CANCEL")
    assert state.name == "idle"
    assert "drop" not in kinds(actions)


def test_without_permission_there_is_no_transfer():
    state, actions = play(at("waiting"), "TRANSFER")
    assert (state.name, actions) == ("waiting", [])


def test_permission_comes_and_goes():
    state, actions = play(at("waiting"), ("permission", None))
    assert (state.name, last_shown(actions)) == ("ready", "ready")
    state, _ = play(state, ("link-lost", None))
    assert state.name == "waiting"


def test_permission_is_remembered_while_keys_are_pressed():
    state, _ = play(at("amount"), ("permission", None), "1200", "ENTER", "ENTER", ("sealed", (KSN, 1)))
    assert state.name == "ready"


def test_send_again_shows_the_code_and_is_ready_again():
    state, actions = play(at("sending"), ("again", "full"))
    assert state.name == "ready"
    assert actions == [("show", "send-again", "full")]
    state, actions = play(state, "TRANSFER")
    assert ("send",) in actions


def test_a_bad_swipe_asks_again():
    state, actions = play(idle(), ("bad-card", "stripe-lrc"))
    assert (state.name, actions) == ("idle", [("show", "bad-card", "stripe-lrc")])


@pytest.mark.parametrize("name", [n for n in [*PROMPTS, "sealing", "sending"] if n != "idle"])
def test_a_card_is_only_read_when_idle(name):
    before = at(name)
    state, actions = play(before, ("card", CARD))
    assert (state, actions) == (before, [])


def test_no_keys():
    state, actions = play(at("sealing"), ("no-keys", None))
    assert (state.name, last_shown(actions)) == ("no-keys", "no-keys")
    state, _ = play(state, ("outcome", View()), "ENTER")
    assert state.name == "no-keys"


def test_a_fault_while_sealing_ends_the_sale():
    state, actions = play(at("sealing"), ("fault", "flash"))
    assert (state.name, state.ksn, last_shown(actions)) == ("idle", b"", "fault")


@pytest.mark.parametrize("name", ["amount", "condition", "count", "sealing", "waiting", "ready", "sending"])
def test_an_outcome_waits_while_the_merchant_is_busy(name):
    other = View(ksn=bytes(12))
    state, actions = play(at(name), ("outcome", other))
    assert (state.name, actions) == (name, [])
    assert state.waiting == (other,)


def test_a_waiting_outcome_is_shown_next():
    other = View(ksn=bytes(12))
    state, actions = play(at("amount"), ("outcome", other), "CANCEL")
    assert actions[-1] == ("show", "result", other)
    state, _ = play(state, "ENTER")
    assert state.name == "idle"


def test_an_older_sales_outcome_leaves_the_present_sale_waiting():
    state, _ = play(at("sent"), ("outcome", View(ksn=bytes(12))), "ENTER")
    assert (state.name, state.ksn) == ("sent", KSN)


def test_a_newer_word_on_the_shown_sale_takes_its_place():
    doubt, cancelled = View(outcome=5), View(outcome=6)
    _, actions = play(at("sent"), ("outcome", doubt), ("outcome", cancelled))
    assert actions[-1] == ("show", "result", cancelled)


def test_another_sales_outcome_does_not_hide_the_one_being_read():
    state, actions = play(at("result"), ("outcome", View(ksn=bytes(12))))
    assert (actions, len(state.waiting)) == ([], 1)
    state, actions = play(state, "ENTER")
    assert state.view.ksn == bytes(12)


def test_waiting_outcomes_are_bounded():
    state = at("amount")
    for number in range(30):
        state, _ = play(state, ("outcome", View(slip=number)))
    assert [view.slip for view in state.waiting] == list(range(20, 30))


def test_a_check_code_is_typed_and_tried():
    state, actions = play(at("code"), "12345678", "ENTER")
    assert actions[-1] == ("try-code", KSN, "12345678")
    state, actions = play(state, ("outcome", View()))
    assert state.name == "result"


def test_a_short_code_is_not_tried():
    state, actions = play(at("code"), "1234567", "ENTER")
    assert "try-code" not in kinds(actions)
    assert (last_shown(actions), state.digits) == ("code-short", "1234567")


def test_transfer_chooses_another_sale_for_the_code():
    state, actions = play(at("code"), "TRANSFER")
    assert actions == [("show", "code", 7, "")]
    _, actions = play(state, "TRANSFER")
    assert actions == [("show", "code", 1, "")]


def test_wrong_codes():
    state, actions = play(at("code"), ("wrong-code", 2))
    assert (state.name, actions) == ("code", [("show", "code-wrong", 2)])
    state, actions = play(state, ("wrong-code", 0))
    assert (state.name, actions) == ("idle", [("show", "code-locked", 1)])


def test_an_old_code_shows_nothing_new():
    state, actions = play(at("code"), ("seen-code", None))
    assert (state.name, actions) == ("idle", [("show", "code-seen")])


@pytest.mark.parametrize("name", ["idle", "no-keys", "sent"])
def test_no_open_sale_takes_no_code(name):
    state, actions = play(at(name), "ENTER")
    assert actions == [("list-codes",)]
    state, actions = play(state, ("codes", []))
    assert (state.name, last_shown(actions)) == (name, "no-open-sale")


def test_cancel_when_idle_gives_up_a_re_entry():
    assert ("new-slip",) in play(idle(), "CANCEL")[1]


def test_any_order_of_events_leaves_a_state_of_the_table():
    """And the card is held only between swipe and seal."""
    chance = random.Random(2004)
    events = ["digit", *KEYS, "card", "bad-card", "permission", "link-lost", "stored", "again"]
    values = {"digit": "1", "card": CARD, "bad-card": "stripe-lrc", "again": "full"}
    for _ in range(200):
        state = start(keyless=False)[0]
        for _ in range(60):
            kind = chance.choice(events)
            state, actions = step(state, (kind, values.get(kind)))
            if "seal" in kinds(actions):
                state, _ = step(state, ("sealed", (KSN, 1)))
            if ("list-codes",) in actions:
                state, _ = step(state, ("codes", [(KSN, 1)]))
            assert (state.card is None) == (state.name not in ("amount", "condition", "count"))


def test_only_transfer_on_ready_sends():
    senders = {
        (name, key)
        for name in [*PROMPTS, "sealing", "sending"]
        for key in [*KEYS, "5"]
        if ("send",) in play(at(name), key)[1]
    }
    assert senders == {("ready", "TRANSFER")}


def test_nothing_prints_a_card():
    state = at("amount")
    order = play(at("condition"), "ENTER")[1][-1][1]
    assert "4111111111111111" not in repr(state) + repr(order) + repr(CARD)
    assert isinstance(state, State)
    assert terminal.prompt(state)[:2] == ("show", "amount")
