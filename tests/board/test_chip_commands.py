"""`hagaki card` as it is typed."""

from __future__ import annotations

import json
import subprocess

import pytest
from pcsc_world import hagaki

from card_reader_fw.board.desk.chip.cards import CARDS
from card_reader_fw.board.desk.chip.faults import FAULTS


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([hagaki(), "card", *words], capture_output=True, text=True, timeout=60, check=False)


def test_the_list_names_everything() -> None:
    said = json.loads(typed("list", "--json").stdout)
    assert (list(said["cards"]), list(said["faults"])) == (list(CARDS), list(FAULTS))
    plain = typed("list").stdout
    assert all(name in plain for name in (*CARDS, *FAULTS))


def test_a_card_is_read_and_masked() -> None:
    done = typed("read", "--slot", "wire:two", "--application", "2", "--amount", "500")
    assert done.returncode == 0
    assert "VISA DEBIT  476173******0028" in done.stdout
    assert "000000000500" in done.stdout
    assert "4761739001010028" not in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "slug"),
    [
        (["read", "--slot", "card:jcb:declines"], 1, "chip-declined"),
        (["read", "--slot", "card:nobody"], 2, "card-unknown"),
        (["read", "--slot", "pcsx"], 2, "slot-format"),
        (["run", "--fault", "nothing"], 2, "card-fault"),
        (["run", "--port", "1"], 2, "card-port"),
    ],
)
def test_what_cannot_be_is_one_sentence(words: list[str], code: int, slug: str) -> None:
    done = typed(*words)
    assert done.returncode == code
    assert f"[{slug}]" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
