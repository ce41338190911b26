"""The spool: killed at every step it loses nothing, and the same text is there once."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from handset import spool as spool_file
from handset.folder import Folder
from handset.spool import Spool, name_of

SALE = "A SEALED SALE"


class Killed(BaseException):
    """The process is no more: no handler of ours may catch it."""


@pytest.fixture
def kill_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """kill_at(n): the n-th call that changes the disk does not happen, and nothing after it."""
    with monkeypatch.context() as patch:

        def arm(steps: int) -> None:
            left = [steps]

            def counted(real: Callable[..., object]) -> Callable[..., object]:
                def call(*args: object, **options: object) -> object:
                    left[0] -= 1
                    if left[0] < 0:
                        raise Killed
                    return real(*args, **options)

                return call

            patch.setattr(os, "write", counted(os.write))
            patch.setattr(os, "fsync", counted(os.fsync))
            patch.setattr(Path, "rename", counted(Path.rename))
            patch.setattr(Path, "unlink", counted(Path.unlink))

        arm.undo = patch.undo  # type: ignore[attr-defined]
        yield arm


def outcomes(
    tmp_path: Path, kill_at: Callable[[int], None], work: Callable[[Spool], object]
) -> Iterator[Spool]:
    """Kill `work` at its first step, at its second and so on until it gets through; each time the spool after
    a restart. The last one is the spool after all went well."""
    for steps in range(100):
        root = tmp_path / str(steps)
        before = Spool(root)
        before.put(SALE)
        kill_at(steps)
        try:
            work(before)
        except Killed:
            kill_at.undo()  # type: ignore[attr-defined]
            yield Spool(root)
        else:
            kill_at.undo()  # type: ignore[attr-defined]
            yield Spool(root)
            return
    raise AssertionError("never gets through")


def test_a_sale_killed_anywhere_is_there_whole_or_not_at_all(tmp_path: Path, kill_at) -> None:
    seen = [
        [spool.sales.read(name) for name in spool.sales.names() if name != name_of(SALE)]
        for spool in outcomes(tmp_path, kill_at, lambda spool: spool.put("another"))
    ]
    assert seen[0] == []
    assert seen[-1] == [b"another"]
    assert all(found in ([], [b"another"]) for found in seen)
    assert len(seen) == 5, "write, fsync, rename, fsync of the directory, and through"


def test_half_written_files_are_cleaned_away(tmp_path: Path, kill_at) -> None:
    for spool in outcomes(tmp_path, kill_at, lambda spool: spool.put("another")):
        hidden = [file.name for file in spool.sales.path.iterdir() if file.name.startswith(".")]
        assert hidden == []


def test_posted_killed_anywhere_is_posted_again_or_done_never_gone(tmp_path: Path, kill_at) -> None:
    def post(spool: Spool) -> None:
        spool.posting.write(name_of(SALE), b"the mail")
        spool.mark_posted(name_of(SALE))

    for spool in outcomes(tmp_path, kill_at, post):
        waiting, done = name_of(SALE) in spool.sales, name_of(SALE) in spool.posted
        assert waiting != done
        mail = spool.mail_of(name_of(SALE))
        assert mail in (None, b"the mail")
        assert not (done and mail), "what is posted leaves no mail to be tried"
    assert done


def test_a_result_killed_anywhere_is_handed_over_again_or_done(tmp_path: Path, kill_at) -> None:
    def hand_over(spool: Spool) -> None:
        spool.results.move(spool.put_result("OK"), spool.delivered)

    for spool in outcomes(tmp_path, kill_at, hand_over):
        assert spool.results.names() + spool.delivered.names() in ([], [name_of("OK")])


def test_the_same_sale_is_there_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    assert spool.put(SALE) == spool.put(SALE)
    assert spool.sales.names() == [name_of(SALE)]


def test_a_posted_sale_that_comes_again_is_posted_again(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    name = spool.put(SALE)
    spool.mark_posted(name)
    assert spool.put(SALE) == name
    assert spool.sales.names() == [name]
    assert spool.posted.names() == []


def test_a_refused_sale_waits_for_a_restart_and_gets_a_new_mail(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    name = spool.put(SALE)
    spool.posting.write(name, b"to a wrong address")
    spool.mark_refused(name)
    assert spool.sales.names() == []
    again = Spool(tmp_path)
    assert again.sales.names() == [name]
    assert again.mail_of(name) is None


def test_first_in_first_out(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    names = [spool.put_result(f"result {number}") for number in range(9)]
    for at, name in enumerate(names):
        os.utime(spool.results.path / name, ns=(at, at))
    assert spool.results.names() == names


def test_bookmark_survives(tmp_path: Path) -> None:
    assert Spool(tmp_path).mark("box") == ""
    Spool(tmp_path).set_mark("box", "7 42")
    assert Spool(tmp_path).mark("box") == "7 42"


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        spool.put(SALE)
    assert list((tmp_path / "sales").iterdir()) == []


def test_finished_files_are_kept_only_up_to_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_file, "KEPT_MAX", 3)
    spool = Spool(tmp_path)
    for number in range(5):
        spool.shown.write(str(number), b"letter")
        os.utime(spool.shown.path / str(number), ns=(number, number))
    assert Spool(tmp_path).shown.names() == ["2", "3", "4"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "phone")
    name = spool.put(SALE)
    assert (spool.sales.path / name).stat().st_mode & 0o077 == 0
    assert spool.sales.path.stat().st_mode & 0o077 == 0


def test_short_writes_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, bytes(data[:3])))
    Folder(tmp_path).write("name", b"longer than three")
    assert Folder(tmp_path).read("name") == b"longer than three"
