"""A real gateway process on a real file, killed and hurt at its system calls: nothing lost, double or untrue.

The short form; the long one is `make torture` (docs/torture.md).
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from calls import read
from cuts import cut, cut_calls
from faults import CLASSES, points
from reach import reach
from scene import ONE_BY_ONE, prepare
from soak import soak
from strike import Reference, reference, strike
from tracer import SYNCS, need_strace
from verdict import database, judge

KILLS = [kind for kind in CLASSES if kind.startswith("killed at")]
AGAIN = [kind for kind in CLASSES if kind.startswith("killed again")]
DISK = [kind for kind in CLASSES if not kind.startswith("killed")]


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The day of which every system call is known."""
    need_strace()
    folder = tmp_path_factory.mktemp("torture")
    return asyncio.run(reference(folder / "day", prepare(folder / "scene")))


@pytest.mark.parametrize("kinds", [KILLS, AGAIN, DISK], ids=["killed", "killed-again", "disk-fails"])
def test_struck_at_a_system_call_nothing_is_lost_double_or_untrue(
    undisturbed: Reference, tmp_path: Path, kinds: list[str]
) -> None:
    most = reach("POINTS", 2)
    chosen = [point for kind in kinds for point in points(kind, undisturbed.made, most)]
    rows = asyncio.run(strike(undisturbed.day.scene, tmp_path, chosen))
    assert [line for row in rows.values() for line in row.wrong] == []
    assert sum(row.tried for row in rows.values()) == len(chosen)


def test_a_power_cut_leaves_what_was_promised(undisturbed: Reference, tmp_path: Path) -> None:
    cuts = cut(undisturbed, tmp_path, reach("IMAGES", 250))
    assert {one.what for one in cuts.left} == {"taken", "0100", "0420", "letter"}
    assert cuts.verdict.all() == []


def test_nothing_is_written_to_any_disk_but_the_database(undisturbed: Reference) -> None:
    """What a large transaction would lay aside in the folder for temporary files holds sealed cards."""
    written = {Path(call.path).name for call in read(undisturbed.log) if call.name == "pwrite64"}
    assert written == {"hagaki.db", "hagaki.db-wal", "hagaki.db-shm"}


def test_after_a_failed_sync_a_power_cut_leaves_what_was_promised(
    undisturbed: Reference, tmp_path: Path
) -> None:
    failing = ("fdatasync", undisturbed.made["fdatasync"] // 2)
    hurt = asyncio.run(reference(tmp_path / "day", undisturbed.day.scene, failing))
    assert any(call.name in SYNCS and call.returned < 0 for call in read(hurt.log))
    images = tmp_path / "images"
    images.mkdir()
    assert cut(hurt, images, reach("IMAGES", 100)).verdict.all() == []


def test_a_soak_of_five_processes(tmp_path: Path) -> None:
    run = soak(tmp_path / "world", seed=1)
    verdict = asyncio.run(run.run(reach("SOAK_S", 3) or 3))
    assert verdict.all() == []
    assert run.kills
    assert run.sold


def test_the_judge_of_images_sees_a_database_that_does_not_sync(
    undisturbed: Reference, tmp_path: Path
) -> None:
    unsynced = [replace(call, returned=-1) if call.name in SYNCS else call for call in read(undisturbed.log)]
    verdict = cut_calls(undisturbed, unsynced, tmp_path, 50).verdict
    assert verdict.lost
    assert verdict.untrue


def test_the_judge_of_days_sees_a_lost_row(undisturbed: Reference, tmp_path: Path) -> None:
    rows = database(undisturbed.day.world.folder)
    original = rows.read_bytes()
    try:
        with sqlite3.connect(rows) as conn:
            conn.execute("UPDATE mails SET message_id = 'other' WHERE message_id LIKE '%plain%'")
        conn.close()
        assert judge(undisturbed.day).lost == ["<plain@carrier.example>: answered 250, no row"]
    finally:
        rows.write_bytes(original)


def test_the_judge_of_days_sees_a_double_request_and_a_wrong_word(undisturbed: Reference) -> None:
    day, plain = undisturbed.day, ONE_BY_ONE[0]
    asked = next(one for one in day.host.journal.asked("0100") if one.amount_minor == plain.amount_minor)
    told = next(letter for letter in day.letters if letter.asked == plain.message_id)
    day.host.journal.append(asked)
    day.letters.append(replace(told, kind="declined", version=99))
    try:
        verdict = judge(day)
    finally:
        day.host.journal.pop()
        day.letters.pop()
    assert verdict.double == ["plain: the host was asked 2 times"]
    assert verdict.untrue == ["plain: told declined, charged 11200"]
