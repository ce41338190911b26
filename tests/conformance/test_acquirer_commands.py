"""An integrator's afternoon at the command line: a new adapter, its report card, and what is said else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from acquirer_sdk.conformance import CHECKS
from hagaki import acquirer_commands
from hagaki.problem import Problem


def hagaki(where: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """In a folder outside the project, with what was installed there."""
    command = [sys.executable, "-m", "hagaki", "acquirer", *words]
    around = {**os.environ, "PYTHONPATH": str(where / "installed"), "COLUMNS": "100"}
    return subprocess.run(
        command, cwd=where, env=around, capture_output=True, text=True, check=False, timeout=120
    )


def install(where: Path) -> None:
    words = ("--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet", "--upgrade")
    pip = [sys.executable, "-m", "pip", "install", *words, "--target", "installed", "./my-bank"]
    subprocess.run(pip, cwd=where, check=True, capture_output=True, timeout=120)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a new adapter that was installed as it was written."""
    where = tmp_path_factory.mktemp("integrator")
    assert hagaki(where, "new", "my-bank").returncode == 0
    install(where)
    return where


def test_a_new_adapter_passes_the_kit_as_it_is(desk: Path) -> None:
    done = hagaki(desk, "conform", "my-bank", "--json", "--junit", "card.xml")
    assert done.returncode == 0, done.stderr
    findings = [json.loads(line) for line in done.stdout.splitlines()]
    assert [finding["check"] for finding in findings] == [check.name for check in CHECKS]
    verdicts = Counter(finding["verdict"] for finding in findings)
    assert set(verdicts) == {"pass", "n/a"}
    assert verdicts["pass"] >= 100
    suite = ElementTree.parse(desk / "card.xml").getroot()
    assert (suite.get("tests"), suite.get("failures")) == (str(len(CHECKS)), "0")
    assert len(suite.findall("testcase/skipped")) == verdicts["n/a"]


def test_its_own_tests_are_the_kit(desk: Path) -> None:
    around = {**os.environ, "PYTHONPATH": str(desk / "installed")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-k", "approves", "my-bank"]
    done = subprocess.run(
        command, cwd=desk, env=around, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_broken_rule_fails_with_its_sentence_and_exit_code_1(desk: Path) -> None:
    file = desk / "installed/my_bank/messages.py"
    good = file.read_text("utf-8")
    file.write_text(good.replace('return InDoubt("unknown-code")', 'return Declined("05")'), "utf-8")
    done = hagaki(desk, "conform", "my-bank", "--only", "doubts_unknown_codes", "--only", "approves")
    file.write_text(good, "utf-8")
    assert done.returncode == 1
    assert "FAIL doubts_unknown_codes: came back as Declined(code='05')" in done.stdout
    assert "2 checks: 1 pass, 1 FAIL, 0 n/a, 0 cannot be provoked here" in done.stdout


def test_the_list_shows_what_each_can(desk: Path) -> None:
    rows = [json.loads(line) for line in hagaki(desk, "list", "--json").stdout.splitlines()]
    can = {row["name"]: row["capabilities"] for row in rows}
    assert {"bogus", "cafis", "my-bank"} <= set(can)
    assert can["my-bank"]["echo"]
    assert not can["my-bank"]["refund"]
    assert can["bogus"]["refund"]


@pytest.mark.parametrize(
    ("ask", "slug"),
    [
        (lambda where: acquirer_commands.conform("nobody"), "acquirer-unknown"),
        (lambda where: acquirer_commands.conform("bogus", only=["aproves"]), "check-unknown"),
        (lambda where: acquirer_commands.new("my-bank", where), "folder-not-empty"),
        (lambda where: acquirer_commands.new("Bad Name", where / "new"), "name-form"),
        (lambda where: acquirer_commands.new("class", where / "new"), "name-form"),
        (lambda where: acquirer_commands.new("cafis", where / "new"), "name-taken"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(tmp_path: Path, ask, slug: str) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(Problem) as caught:
        ask(tmp_path)
    assert caught.value.slug == slug
    assert not (tmp_path / "new").exists()


def test_an_adapter_without_a_bench_is_told_what_to_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = tmp_path / "bare-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: bare\nVersion: 1\n", "utf-8")
    entries = "[hagaki.acquirers]\nbare = acquirer_sdk.bogus:create\n"
    (facts / "entry_points.txt").write_text(entries, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Problem, match="name it in the entry points"):
        acquirer_commands.conform("bare")
    acquirer_commands.listed()
    assert "brings no bench" in capsys.readouterr().out
