"""A folder of bad configurations: each gets its one sentence, from the command as a person runs it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BAD = sorted((Path(__file__).parent / "bad").glob("*.toml"))


def check(path: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hagaki", "check-config", "--config", str(path), *more]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_configuration_gets_one_clear_sentence(path: Path) -> None:
    expected = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# expect: ")
    done = check(path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("hagaki: ")
    assert expected in done.stderr


def test_a_missing_file_says_where_to_begin(tmp_path: Path) -> None:
    done = check(tmp_path / "no.toml")
    assert done.returncode == 2
    assert "begin with: hagaki check-config --sample > no.toml [config-missing]" in done.stderr
