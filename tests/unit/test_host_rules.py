"""Rules that go before the amount: which requests they mean, how often, when; what is said of bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquirer_sdk.bench import sample_request
from cafis_adapter import build
from cafis_adapter.codec import Message
from cafis_adapter.host.rules import Rule, Rulebook, RulesError, check_rules, load_rules
from cafis_adapter.host.triggers import APPROVE, shipped_triggers
from cafis_adapter.profile import load_profile

PROFILE = load_profile()
NOW_MS = 1_767_225_600_000
"""Thursday, 2026-01-01 00:00 UTC."""

NO, SILENT = shipped_triggers()["051"], shipped_triggers()["901"]


def sale(amount: int = 1200, number: int = 1) -> Message:
    return build.authorisation(PROFILE, "", sample_request(amount, stan=number, reference=f"{number:012d}"))


def digits(rule: Rule, count: int = 6) -> str:
    """Which of the first requests a rule means, as a row of x and dots."""
    book = Rulebook((rule,))
    return "".join("x" if book.pick(sale(), NOW_MS) is rule.trigger else "." for _ in range(count))


@pytest.mark.parametrize(
    ("rule", "means"),
    [
        (Rule(NO), "xxxxxx"),
        (Rule(NO, every=3), "..x..x"),
        (Rule(NO, after=2), "..xxxx"),
        (Rule(NO, times=2), "xx...."),
        (Rule(NO, after=1, every=2, times=1), "..x..."),
        (Rule(NO, amount=1200), "xxxxxx"),
        (Rule(NO, amount=1300), "......"),
        (Rule(NO, pan="411111"), "xxxxxx"),
        (Rule(NO, pan="555555"), "......"),
        (Rule(NO, terminal="NOBODY"), "......"),
        (Rule(NO, mti="0200"), "......"),
        (Rule(NO, days=("thu",)), "xxxxxx"),
        (Rule(NO, days=("fri", "sat")), "......"),
        (Rule(NO, begin="00:00", end="00:01"), "xxxxxx"),
        (Rule(NO, begin="00:01", end="24:00"), "......"),
        (Rule(NO, begin="22:00", end="06:00"), "xxxxxx"),
        (Rule(NO, begin="12:00"), "......"),
    ],
)
def test_which_requests_a_rule_means(rule: Rule, means: str) -> None:
    assert digits(rule) == means


def test_first_rule_that_means_it_goes_before_the_amount() -> None:
    book = Rulebook((Rule(NO, amount=1200), Rule(SILENT, pan="411111", every=2)))
    picked = [book.pick(sale(amount), NOW_MS) for amount in (1200, 1300, 1300, 1055)]
    assert picked == [NO, APPROVE, SILENT, shipped_triggers()["055"]]


def test_day_and_hour_are_those_of_the_host() -> None:
    rule = Rule(NO, days=("thu",), begin="09:00", end="10:00")
    assert Rulebook((rule,), 540).pick(sale(), NOW_MS) is NO
    assert Rulebook((rule,), 0).pick(sale(), NOW_MS) is APPROVE


def test_rules_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[rule]]\ntrigger = "051"\nterminal = "T1"\ndays = "sat sun"\ntimes = 3\n[[rule]]\ntrigger = "901"\n'
    )
    first, second = load_rules(str(path))
    assert (first.trigger, first.terminal, first.days, first.times) == (NO, "T1", ("sat", "sun"), 3)
    assert second == Rule(SILENT)
    assert check_rules(str(path)) == []


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ('rule = [\n  { trigger = "051" },\n  { trigger = "nix" },\n]', ["3: there is no trigger 'nix'"]),
        ('# {\nrule = [{ pan = "4{", trigger = "051", every = 0 }]', ["2: every must be at least 1"]),
        ('[[rule]]\ntrigger = "051"\n\n[[rule]]\namount = 1', ["4: the rule has no trigger"]),
        ("[[rule]]\ntrigger = 51", ["1: trigger must be a text"]),
        ('[[rule]]\ntrigger = "051"\namount = "1200"', ["1: amount must be a whole number"]),
        ('[[rule]]\ntrigger = "051"\ncolour = 1', ["1: a rule has no 'colour'"]),
        ('[[rule]]\ntrigger = "051"\ndays = "sun mox"', ["1: days must be words of: mon"]),
        ('[[rule]]\ntrigger = "051"\nbegin = "9:00"\nend = "25:00"', ["1: begin must", "1: end must"]),
        ("rule = 1", ["1: rule must be a list of tables"]),
        ("rules = []", ["1: there is no 'rules' here"]),
    ],
)
def test_every_fault_has_its_line_and_a_sentence(tmp_path: Path, content: str, faults: list[str]) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(content)
    found = check_rules(str(path))
    assert len(found) == len(faults)
    assert all(said.startswith(fault) for said, fault in zip(found, faults, strict=True))
    with pytest.raises(RulesError, match=r"rules\.toml:"):
        load_rules(str(path))
