"""`hagaki simulate` over many seeds: its table, its exit code, and going on where it was left."""

from __future__ import annotations

import json
from pathlib import Path

import planted_money
import pytest

from hagaki.problem import Problem
from hagaki.simulate import command
from hagaki.simulation import campaign
from hagaki.simulation.tally import Tally, markdown, tally_of


def test_a_good_campaign_prints_its_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = tmp_path / "report.md"
    asked = {"payments": 1, "orders": 1, "faults": "crash,mail-doubled"}
    assert command(seeds="0-1", report=report, as_json=True, **asked) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["seeds"], facts["payments"], facts["orders"], facts["failures"]) == (2, 2, 2, [])
    assert (facts["lines"]["crash"]["tried"], facts["lines"]["crash"]["orders"]) == (2, 2)
    assert "| crash | 2 | 2 |" in report.read_text(encoding="utf-8")


def test_a_seed_that_finds_something_is_printed_with_the_line_that_replays_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bug = next(one for one in planted_money.BED.bugs if one.name == "the_ledger_rounds")
    bug.plant(monkeypatch)
    assert command(seeds="4", payments=2, orders=0, faults="none") == 1
    said = capsys.readouterr().err
    assert "hagaki simulate --seeds 4 --payments 2 --orders 0 --faults none" in said
    assert "digest" in said and "books:" in said


def test_a_campaign_goes_on_where_it_was_left(tmp_path: Path) -> None:
    order = campaign.Order(0, campaign.CHUNK, 1, "none")
    state = tmp_path / "state.json"
    begun = campaign.taken_up(order, state)
    begun.add(range(0, campaign.CHUNK), [])
    left = campaign.taken_up(order, state)
    assert [list(chunk) for chunk in left.left()] == [[campaign.CHUNK]]
    campaign.run(left, 1, lambda _: None)
    assert campaign.taken_up(order, state).left() == []
    assert campaign.taken_up(order, state).tally.seeds == 1


def test_the_state_of_another_order_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    campaign.taken_up(campaign.Order(0, 1, 1, "none"), state).add(range(0, 2), [])
    for other in (campaign.Order(0, 1, 2, "none"), campaign.Order(0, 1, 1, "none", 3)):
        with pytest.raises(Problem, match="resume-other"):
            campaign.taken_up(other, state)


@pytest.mark.parametrize("seeds", ["", "x", "5-2", "1-", "-3"])
def test_seeds_that_are_none_are_said(seeds: str) -> None:
    with pytest.raises(Problem, match="seeds-form"):
        command(seeds=seeds)


def test_a_fault_that_is_none_is_said() -> None:
    with pytest.raises(Problem, match="fault-unknown"):
        command(seeds="1", faults="crash,earthquake")


def test_a_tally_survives_its_file() -> None:
    tally = Tally()
    assert tally_of(json.loads(json.dumps(tally.facts()))) == tally
    assert markdown(tally).startswith("0 seeds")
