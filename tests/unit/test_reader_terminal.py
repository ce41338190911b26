"""The keypad's table: each path of a sale, and what no key may ever do."""

import random

import pytest
from terminal_hand import (
    CARD,
    HOLDING,
    INSERTED,
    KSN,
    OTHER,
    REMOVED,
    SEALED,
    SLOT,
    at,
    idle,
    kinds,
    last_shown,
    play,
    view,
)

from card_reader_fw import words
from card_reader_fw.rooms.state import PROMPTS, STATES
from card_reader_fw.terminal import KEYS, start, step
from schemas.envelope import payload


def test_switched_on():
    assert start()[1] == [("show", "idle")]
    assert start(keyless=True)[1] == [("show", "no-keys")]


def test_a_sale_from_card_to_outcome():
    state, actions = play(idle(), ("permission", None), CARD, "1200", "ENTER", "ENTER")
    order = actions[-1][1]
    assert (actions[-1][0], order.amount_minor, order.condition, order.count) == ("seal", 1200, 10, 0)
    assert (order.kind, order.entry, order.original) == (payload.SALE, "stripe", b"")
    state, actions = play(state, ("sealed", (KSN, 5)))
    assert actions == [("show", "ready", 5)]
    state, actions = play(state, "TRANSFER")
    assert actions == [("send", KSN), ("show", "sending", 5)]
    state, actions = play(state, ("stored", None))
    assert actions == [("show", "sent", 5)]
    shown = view()
    state, actions = play(state, ("outcome", shown))
    assert actions == [("show", "result", shown)]
    state, actions = play(state, "ENTER")
    assert actions == [("show", "idle")]
    assert state.ksn == b""


@pytest.mark.parametrize("typed, expected", [("", 10), ("10", 10), ("21", 21), ("34", 34), ("80", 80)])
def test_payment_conditions(typed, expected):
    _, actions = play(at("condition"), typed, "ENTER")
    assert actions[-1][1].condition == expected


@pytest.mark.parametrize("typed", ["0", "11", "35", "111", "999"])
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


BACK_TO = {"no-keys": "no-keys", "handed": "ready"}
"""Where CANCEL leads, if not to idle."""


@pytest.mark.parametrize("name", PROMPTS)
def test_every_prompt_has_cancel(name):
    before = at(name)
    nothing_to_cancel = [("looked", None)] if name == "sent" else []
    state, actions = play(before, "CANCEL", *nothing_to_cancel)
    assert state.name == BACK_TO.get(name, "idle")
    assert (("forget",) in actions) == before.held
    assert not state.held
    assert "show" in kinds(actions)


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", STATES)
def test_every_state_has_help_in_every_language_and_stays(name, language):
    before = at(name)
    state, actions = play(before, "HELP")
    assert state is before
    assert actions == [("show", "help-" + name)]
    assert words.lines(language, "help-" + name)[0]


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
    assert ("send", KSN) in actions


def test_a_bad_swipe_asks_again():
    state, actions = play(idle(), ("bad-card", "stripe-lrc"))
    assert (state.name, actions) == ("idle", [("show", "bad-card", "stripe-lrc")])


@pytest.mark.parametrize("name", [n for n in STATES if n not in ("idle", "card", "undo")])
def test_a_card_is_only_read_when_idle(name):
    before = at(name)
    state, actions = play(before, CARD)
    assert (state, actions) == (before, [])


def test_no_keys():
    state, actions = play(at("sealing"), ("no-keys", None))
    assert (state.name, last_shown(actions)) == ("no-keys", "no-keys")
    state, _ = play(state, ("outcome", view()), "ENTER")
    assert state.name == "no-keys"


def test_a_fault_while_sealing_ends_the_sale():
    state, actions = play(at("sealing"), ("fault", "flash"))
    assert (state.name, state.ksn, last_shown(actions)) == ("idle", b"", "fault")


@pytest.mark.parametrize("name", ["amount", "condition", "count", "sealing", "waiting", "ready", "sending"])
def test_an_outcome_waits_while_the_merchant_is_busy(name):
    other = view(OTHER)
    state, actions = play(at(name), ("outcome", other))
    assert (state.name, actions) == (name, [])
    assert state.waiting == (other,)


def test_a_waiting_outcome_is_shown_next():
    other = view(OTHER)
    state, actions = play(at("amount"), ("outcome", other), "CANCEL")
    assert actions[-1] == ("show", "result", other)
    state, _ = play(state, "ENTER")
    assert state.name == "idle"


def test_an_older_sales_outcome_leaves_the_present_sale_waiting():
    state, _ = play(at("sent"), ("outcome", view(OTHER)), "ENTER")
    assert (state.name, state.ksn) == ("sent", KSN)


def test_a_newer_word_on_the_shown_sale_takes_its_place():
    doubt, cancelled = view(number=5), view(number=6)
    _, actions = play(at("sent"), ("outcome", doubt), ("outcome", cancelled))
    assert actions[-1] == ("show", "result", cancelled)


def test_another_sales_outcome_does_not_hide_the_one_being_read():
    state, actions = play(at("result"), ("outcome", view(OTHER)))
    assert (actions, len(state.waiting)) == ([], 1)
    state, actions = play(state, "ENTER")
    assert state.view.ksn == bytes(12)


def test_waiting_outcomes_are_bounded():
    state = at("amount")
    for number in range(30):
        state, _ = play(state, ("outcome", view(slip=number)))
    assert [view.slip for view in state.waiting] == list(range(20, 30))


def test_a_check_code_is_typed_and_tried():
    state, actions = play(at("code"), "12345678", "ENTER")
    assert actions[-1] == ("try-code", KSN, "12345678")
    state, actions = play(state, ("outcome", view()))
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


@pytest.mark.parametrize("name, keys", [("idle", "ENTER 1"), ("no-keys", "ENTER 1"), ("sent", "ENTER")])
def test_no_open_sale_takes_no_code(name, keys):
    state, actions = play(at(name), *keys.split())
    assert actions[-1] == ("list-codes",)
    state, actions = play(state, ("codes", []))
    assert (state.name, last_shown(actions)) == (name, "no-open-sale")


def test_cancel_when_idle_gives_up_a_re_entry():
    assert ("new-slip",) in play(idle(), "CANCEL")[1]


ANSWERS = {
    "seal": SEALED,
    "list-codes": ("codes", [(KSN, 1)]),
    "list-sales": ("sales", [view(), view(OTHER, 0, 2)]),
    "read-chip": ("choose", ["DEBIT", "CREDIT"]),
    "chosen": ("chip-read", None),
}
EVENTS = [
    *[("digit", digit) for digit in "1120"],
    *[(key, key) for key in KEYS],
    *[("card", False), ("card", True), ("bad-card", "stripe-lrc"), INSERTED, REMOVED],
    *[("chip-failed", ("chip-io", True)), ("chip-failed", ("chip-declined", False)), ("time-out", None)],
    *[("permission", None), ("link-lost", None), ("stored", None), ("again", "full"), ("outcome", view())],
]


@pytest.mark.parametrize("seed", range(20))
def test_any_order_of_events_leaves_a_state_of_the_table(seed):
    """And the reader is told to forget the card and the PIN whenever it stops holding them."""
    chance = random.Random(seed)
    state = start(ways=("type", "picture"), **SLOT)[0]
    for _ in range(2000):
        before, waiting = state.held, [chance.choice(EVENTS)]
        while waiting:
            state, actions = step(state, waiting.pop())
            assert state.name in STATES
            answer = ANSWERS.get(actions[-1][0]) if actions else None
            waiting += [answer] if answer else []
            before = before and ("forget",) not in actions and answer != SEALED
        assert not before or state.held
        assert state.held == (state.name in HOLDING)


def test_only_transfer_on_ready_sends():
    senders = {
        (name, key) for name in STATES for key in [*KEYS, "5"] if "send" in kinds(play(at(name), key)[1])
    }
    assert senders == {("ready", "TRANSFER")}
