"""The same seed is the same world: in another process, under another hash seed, with its faults by name."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from hagaki.simulation import faults
from hagaki.simulation.run import run_seed

SEEDS = (3, 7)
ONE = """
import sys
from hagaki.simulation.run import run_seed
print(run_seed(int(sys.argv[1]), 4, "all", 1).digest)
"""


def elsewhere(seed: int, hash_seed: str) -> str:
    """The digest of that seed in a process of its own."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    asked = [sys.executable, "-c", ONE, str(seed)]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, check=True, timeout=300)
    return done.stdout.strip()


@pytest.mark.parametrize("seed", SEEDS)
def test_another_process_and_hash_seed_live_through_the_same(seed: int) -> None:
    here = run_seed(seed, 4, "all", 1).digest
    assert {elsewhere(seed, "1"), elsewhere(seed, "12345"), here} == {here}


def test_a_second_run_in_the_same_process_lives_through_the_same() -> None:
    lines: list[list[str]] = [[], []]
    digests = {run_seed(5, 6, "all", history=each).digest for each in lines}
    assert lines[0] == lines[1]
    assert len(digests) == 1


def test_the_line_that_is_printed_runs_exactly_this_again() -> None:
    first = run_seed(11, 6, "all")
    again = run_seed(11, 6, faults.named(first.faults))
    assert again.digest == first.digest
    named = faults.named(first.faults)
    assert first.replay == f"hagaki simulate --seeds 11 --payments 6 --orders 0 --faults {named}"


def test_other_seeds_are_other_worlds() -> None:
    assert run_seed(1, 2, "none").digest != run_seed(2, 2, "none").digest


def test_every_fault_class_strikes_somewhere() -> None:
    """drawn: a class that no seed ever has would look safe in the table."""
    seen = {fault for seed in range(60) for fault in faults.drawn(seed)}
    assert seen == set(faults.Fault)
    assert json.dumps(sorted(seen))
