"""The terminal's rooms beside the sale by stripe: PIN, chip, other ways to the phone, history."""

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
    WAYS,
    at,
    idle,
    kinds,
    last_shown,
    play,
    view,
)

from card_reader_fw.terminal import start
from schemas.envelope import outcome, payload

# the PIN


def test_debit_asks_for_the_pin_and_the_terminal_never_holds_it():
    state, actions = play(at("pin"), "1234", "ENTER")
    assert state.name == "sealing"
    assert [action for action in actions if action[0] == "pin-key"] == [("pin-key", d) for d in "1234"]
    assert [a[2] for a in actions if a[:2] == ("show", "pin")] == ["*", "**", "***", "****"]
    assert actions[-1][1].condition == 110


def test_without_pin_there_is_no_debit():
    state, actions = play(idle(), CARD, "1200", "ENTER", "110", "ENTER")
    assert (state.name, last_shown(actions)) == ("condition", "condition-unknown")


@pytest.mark.parametrize("typed", ["", "1", "123"])
def test_a_short_pin_is_wiped_and_asked_again(typed):
    state, actions = play(at("pin"), typed, "ENTER")
    assert (state.name, state.stars, last_shown(actions)) == ("pin", 0, "pin-short")
    assert ("pin-wipe",) in actions


def test_a_pin_has_at_most_twelve_digits():
    state, actions = play(at("pin"), "1234567890123")
    assert (state.stars, kinds(actions).count("pin-key")) == (12, 12)


def test_a_chip_may_want_a_pin_for_credit_and_enter_alone_is_none():
    state = at("reading").but(name="condition")
    state, _ = play(state, "ENTER")
    assert state.name == "pin"
    assert play(state, "ENTER")[0].name == "reading"
    assert play(state, "123", "ENTER")[0].name == "pin"
    assert play(state, "1234", "ENTER")[0].name == "reading"


def test_clear_wipes_the_pin():
    state, actions = play(at("pin"), "12", "CLEAR")
    assert (state.stars, actions[-2:]) == (0, [("pin-wipe",), ("show", "pin", "")])


def test_a_card_that_nobody_goes_on_with_is_forgotten():
    for name in HOLDING - {"sealing"}:
        state, actions = play(at(name), ("time-out", None))
        assert (state.name, ("forget",) in actions) == ("idle", True)


# the chip


def test_a_chip_sale():
    state, actions = play(at("reading"))
    assert state.order.entry == "chip"
    state, actions = play(state, ("chip-read", None))
    assert actions == [("show", "sealing"), ("seal", state.order)]
    state, actions = play(state, SEALED)
    assert actions == [("show", "remove")]
    state, actions = play(state, REMOVED)
    assert actions == [("show", "waiting", 1)]


def test_a_card_that_left_during_sealing_need_not_be_removed():
    state, _ = play(at("reading"), ("chip-read", None), REMOVED, SEALED)
    assert state.name == "waiting"


def test_an_application_is_chosen():
    state, actions = play(at("choose"), "TRANSFER")
    assert actions == [("show", "choose", 2, "CREDIT")]
    state, actions = play(state, "ENTER")
    assert actions == [("chosen", 1), ("show", "reading")]
    assert play(at("choose"), "1")[1][0] == ("chosen", 0)
    assert play(at("choose"), "3")[1] == play(at("choose"), "0")[1] == []


@pytest.mark.parametrize("name", ["amount", "condition", "count", "pin", "reading", "choose"])
def test_a_chip_card_taken_out_early_ends_the_sale(name):
    way = [INSERTED if event == CARD else event for event in WAYS[name]]
    state, actions = play(start(**SLOT)[0], *way, REMOVED)
    assert (state.name, last_shown(actions), ("forget",) in actions) == ("idle", "card-gone", True)


def test_a_chip_that_fails_lets_the_stripe_stand_for_it_with_the_amount_kept():
    state, actions = play(at("reading"), ("chip-failed", ("chip-io", True)))
    assert (state.name, actions) == ("card", [("forget",), ("show", "card-fallback")])
    state, actions = play(state, REMOVED, ("card", True))
    order = actions[-1][1]
    assert (actions[-1][0], order.entry, order.amount_minor) == ("seal", "fallback", 1200)


def test_a_chip_that_says_no_is_not_swiped():
    state, actions = play(at("reading"), ("chip-failed", ("chip-declined", False)))
    assert (state.name, actions[-1]) == ("idle", ("show", "chip-bad", "chip-declined"))
    state, actions = play(state, REMOVED, ("card", True))
    assert actions[-2:] == [("forget",), ("show", "insert-chip")]


def test_a_chip_cards_stripe_is_taken_where_there_is_no_slot():
    assert play(idle(), ("card", True))[0].name == "amount"


# the other ways to the phone


def test_typed_or_shown_then_sent():
    for key, way in (("1", "type"), ("2", "picture")):
        state, actions = play(at("waiting"), key)
        assert actions == [(way, KSN), ("show", "handed", 1)]
        state, actions = play(state, "ENTER")
        assert (state.name, actions[0]) == ("sent", ("picture-off",))


def test_what_was_handed_over_is_not_dropped():
    _, actions = play(at("handed"), "CANCEL", "CANCEL")
    assert "drop" not in kinds(actions)


def test_a_board_without_these_ways_ignores_their_keys():
    state = at("waiting").but(ways=())
    assert play(state, "12") == (state, [])


# the last ten sales


def test_walking_through_the_sales():
    state, _ = play(at("sales"), "ENTER")
    assert state.sales[0].slip == 2
    assert play(state, "CLEAR")[0].sales[0].slip == 1


def test_an_unanswered_sale_is_sent_again_and_never_dropped():
    state, _ = play(at("sales"), ("permission", None), "ENTER", "TRANSFER")
    assert (state.name, state.ksn, state.slip) == ("ready", OTHER, 2)
    _, actions = play(state, "TRANSFER")
    assert ("send", OTHER) in actions
    assert "drop" not in kinds(play(state, "CANCEL")[1])


def test_an_answered_sale_is_not_sent_again():
    state, actions = play(at("sales"), "TRANSFER")
    assert (state.name, actions) == ("sales", [("show", "answered")])


def test_a_void_is_the_whole_sale():
    _, actions = play(at("card"), CARD)
    order = actions[-1][1]
    assert (order.kind, order.amount_minor, order.original, order.condition) == (payload.VOID, 1200, KSN, 10)


def test_a_refund_is_at_most_what_is_left():
    state, actions = play(at("refund"), "1201", "ENTER")
    assert (state.name, actions[-1]) == ("refund", ("show", "too-much", 1200))
    state, actions = play(state, "500", "ENTER", CARD)
    order = actions[-1][1]
    assert (order.kind, order.amount_minor, order.original) == (payload.REFUND, 500, KSN)


@pytest.mark.parametrize(
    "key, left, note", [("1", 700, "no-void"), ("1", 0, "no-void"), ("2", 0, "no-refund")]
)
def test_what_was_given_back_is_not_given_again(key, left, note):
    state, _ = play(idle(), "ENTER", "2", ("sales", [view(left=left)]))
    state, actions = play(state, key)
    assert (state.name, last_shown(actions)) == ("sales", note)


def test_a_reader_without_keys_gives_nothing_back():
    state, _ = play(at("no-keys"), "ENTER", "2", ("sales", [view()]))
    state, actions = play(state, "1")
    assert (state.name, last_shown(actions)) == ("sales", "no-keys")


def test_a_void_to_enter_again_waits_for_its_card_at_once():
    again = view(number=outcome.RE_ENTER, kind=payload.VOID, original=OTHER)
    state, actions = play(idle(), ("outcome", again), "ENTER")
    assert actions[-1] == ("show", "card-void", 7)
    order = play(state, CARD)[1][-1][1]
    assert (order.kind, order.original, order.amount_minor) == (payload.VOID, OTHER, 1200)


def test_the_fourth_time_it_does_not_come_again():
    again = view(number=outcome.RE_ENTER, kind=payload.VOID, original=OTHER, reentry=3)
    assert play(idle(), ("outcome", again), "ENTER")[0].name == "idle"


def test_the_language_is_changed_before_the_next_text():
    assert play(at("menu"), "3")[1] == [("language",), ("show", "idle")]


def test_keys_that_were_loaded_end_the_waiting_for_them():
    assert play(at("no-keys"), ("keys", None))[0].name == "idle"
