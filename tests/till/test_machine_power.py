"""A vending machine under 1,000 power cuts and more: never keeps money and goods, and never gives both."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from machine_world import Drop, Kind, Wrong, now, play
from planted_machine import BUGS
from test_till_desk import Shop
from test_till_journal import Memory

from till.answers import Standing
from till.journal import Journal
from till.machine import ENDED, MACHINE, TILL, Event, State, follow
from till.vending import RETURN_ID, Vending
from till.walk import Ports

WORLDS = int(os.environ.get("HAGAKI_MACHINE_WORLDS", "150"))
CUTS_A_WORLD = 7
SEEDS_FOR_A_BUG = 500


@pytest.fixture(scope="module")
def worlds():
    return [play(seed) for seed in range(WORLDS)]


def test_no_power_cut_keeps_the_money_and_the_goods_nor_gives_both(worlds) -> None:
    """`play` judges each world: what each order paid, what fell, what the gateway was told."""
    cuts = sum((world.cuts for world in worlds), Counter())
    assert sum(cuts.values()) >= CUTS_A_WORLD * WORLDS
    assert {where.split(".")[0].split()[0] for where in cuts} == {"disk", "net", "motor", "sensor"}


def test_every_arrow_of_the_table_was_walked(worlds) -> None:
    walked = set()
    for world in worlds:
        states: dict[str, State] = {}
        for record in Journal(world.disk).records:
            walked.add((states.get(record.deal_id, State.IDLE), record.event))
            states[record.deal_id] = record.state
    assert walked == {(state, event) for state, row in MACHINE.items() for event in row}


def test_the_same_seed_is_the_same_world() -> None:
    assert play(7).disk.kept == play(7).disk.kept


@pytest.mark.parametrize("bug", BUGS)
def test_a_mistake_of_order_is_found(bug: str) -> None:
    assert any(is_found(seed, BUGS[bug]) for seed in range(SEEDS_FOR_A_BUG))


def is_found(seed: int, kind: Kind) -> bool:
    try:
        play(seed, kind)
    except Wrong:
        return True
    return False


@pytest.mark.parametrize("table", [MACHINE, TILL])
def test_every_state_leads_to_an_end_and_ends_lead_nowhere(table) -> None:
    for state in table:
        reached, more = {state}, [state]
        while more:
            found = set(table.get(more.pop(), {}).values()) - reached
            reached |= found
            more += found
        assert reached & ENDED
    assert not any(table.get(state) for state in ENDED)


@pytest.mark.parametrize("table", [MACHINE, TILL])
def test_goods_are_given_only_after_made(table) -> None:
    """Whatever leads to DROPPING or HANDED leads there from MADE, and to MADE leads only that event."""
    arrows = [(state, event, after) for state, row in table.items() for event, after in row.items()]
    givers = {state for state, _, after in arrows if after in (State.DROPPING, State.HANDED)}
    assert givers == {State.MADE}
    assert {event for _, event, after in arrows if after is State.MADE} == {Event.MADE}


def test_once_money_may_go_back_nothing_drops_unless_that_was_refused() -> None:
    assert set(MACHINE[State.STUCK].items()) == {(Event.DEAD, State.BROKEN), (Event.REFUSED, State.OWED)}
    assert set(MACHINE[State.BROKEN].values()) == {State.SORRY}


@pytest.mark.parametrize(("left", "after"), [("open", State.STUCK), ("refused", State.OWED)])
def test_what_is_left_of_the_money_after_its_return_is_for_a_person(left: str, after: State) -> None:
    """The shop gave back a part meanwhile, and the acquirer refuses that one."""
    returns = {RETURN_ID: "done", "R-1": left}
    shop = Shop(Standing(1, "D-1", "captured", made=True, dead=False, returns=returns))
    machine = Vending(Journal(Memory()), Ports(shop, int, int), Drop(None))
    machine.begin("D-1", Event.JAMMED, State.STUCK, {})
    assert now(machine.step()) is (after is State.OWED)
    assert machine.state is after


@pytest.mark.parametrize(("done", "after"), [({}, State.MADE), ({"R-1": "done"}, State.OWED)])
def test_what_was_given_back_in_part_does_not_drop_after_it_was_mended(
    done: dict[str, str], after: State
) -> None:
    returns = {RETURN_ID: "refused", **done}
    shop = Shop(Standing(1, "D-1", "captured", made=True, dead=False, returns=returns))
    machine = Vending(Journal(Memory()), Ports(shop, int, int), Drop(None))
    machine.begin("D-1", Event.REFUSED, State.OWED, {})
    assert machine.person_saw(out=False)
    assert now(machine.step())
    assert machine.state is after


def test_what_comes_twice_or_late_is_ignored() -> None:
    assert follow(MACHINE, State.MADE, Event.GAVE_UP) is None
    assert follow(MACHINE, State.DROPPED, Event.FELL) is None
    assert follow(MACHINE, State.TOLD, Event.WOKE) is None
