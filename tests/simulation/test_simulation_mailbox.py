"""Mail out of a mailbox in the simulated world: which seeds have one, and that it is really read there."""

from __future__ import annotations

import itertools

import pytest

from hagaki.simulation import faults, ways_in
from hagaki.simulation.run import run_seed
from hagaki.simulation.ways_in import Heads, WayIn


def test_seeds_have_every_way_in_and_every_kind_of_server() -> None:
    kinds = [ways_in.kind(seed) for seed in range(200)]
    assert {ways_in.way_in(seed) for seed in range(60)} == set(WayIn)
    assert {one.heads for one in kinds} == set(Heads)
    found = {(one.moves, one.expunges, one.idles, one.counts_again) for one in kinds}
    assert found == set(itertools.product((False, True), repeat=4))


def test_only_a_seed_with_a_mailbox_has_its_faults() -> None:
    for seed in range(60):
        assert ways_in.way_in(seed).fetches or faults.drawn(seed).isdisjoint(faults.AT_MAILBOX)


@pytest.mark.parametrize("way", WayIn)
def test_mail_comes_in_by_the_seeds_own_doors(way: WayIn) -> None:
    seed = next(seed for seed in itertools.count() if ways_in.way_in(seed) is way)
    lines: list[str] = []
    assert not run_seed(seed, 6, "none", history=lines).findings
    verbs = ("mailbox.moved", "carrier.answered")
    seen = {verb for verb in verbs if any(f" {verb} " in one for one in lines)}
    assert (
        seen
        == {
            WayIn.SMTP: {"carrier.answered"},
            WayIn.MAILBOX: {"mailbox.moved"},
            WayIn.BOTH: {"mailbox.moved", "carrier.answered"},
        }[way]
    )


def test_a_mailbox_with_all_its_faults_lives_through_the_same_again() -> None:
    seed = next(seed for seed in itertools.count() if ways_in.way_in(seed) is WayIn.MAILBOX)
    asked = ",".join((*faults.AT_MAILBOX, "crash", "mail-doubled"))
    first = run_seed(seed, 6, asked)
    assert not first.findings
    assert first.digest == run_seed(seed, 6, asked).digest
    assert faults.Fault.MAILBOX_CUT in first.strikes
