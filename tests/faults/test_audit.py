"""Tampering with the books: whatever is changed, deleted, swapped or cut is found, triggers or not."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from heart_world import World, answering, tell_story

from acquirer_sdk.values import Approved, Declined, InDoubt
from mail_gateway.admin import audits
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.payment import ENDED
from mail_gateway.settings import GatewaySettings

Tamper = Callable[[sqlite3.Connection], None]
SALES = 6


def town(folder: Path) -> GatewaySettings:
    """A database with a few payments of each kind, from two lives of the gateway."""

    async def story(world: World) -> None:
        answering(
            world, Approved("123456", 1200), Declined("51"), InDoubt("no-answer"), Approved("123456", 1200)
        )
        for number in range(1, SALES + 1):
            await world.post(world.envelope())
            await world.reach(number, *ENDED)
            if number == SALES // 2:
                await world.kill()
                await world.start()
        await asyncio.sleep(1)

    return tell_story(folder, story).gateway


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, str]:
    """The database's bytes and an anchor of it."""
    folder = tmp_path_factory.mktemp("town")
    gateway = town(folder)
    anchor = "\n".join(audits.take(gateway))
    with sqlite3.connect(folder / "hagaki.db") as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return (folder / "hagaki.db").read_bytes(), anchor


def slugs(data: bytes, folder: Path, tamper: Tamper | None, anchor: str | None = None) -> set[str]:
    """What the audit says after somebody with the file and all rights has been at it."""
    path = folder / "hagaki.db"
    path.write_bytes(data)
    if tamper is not None:
        conn = sqlite3.connect(path)
        for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            conn.execute(f"DROP TRIGGER {name}")
        tamper(conn)
        conn.commit()
        conn.close()
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{path}")
    found = audits.verify(gateway, path, anchor, lambda _: None)
    return {fault["slug"] for fault in found["faults"]}


def test_an_honest_store_has_no_faults(kept: tuple[bytes, str], tmp_path: Path) -> None:
    data, anchor = kept
    assert slugs(data, tmp_path, None, anchor) == set()


def _rows(data: bytes, folder: Path) -> list[int]:
    (folder / "hagaki.db").write_bytes(data)
    conn = sqlite3.connect(folder / "hagaki.db")
    found = [row[0] for row in conn.execute("SELECT id FROM transfers ORDER BY id")]
    conn.close()
    return found


COLUMNS = {
    "amount_minor": "amount_minor + 1",
    "at_ms": "at_ms + 1",
    "debit": "'bank'",
    "credit": "'bank'",
    "phase": "CASE phase WHEN 'posted' THEN 'voided' ELSE 'posted' END",
    "payment": "payment % 6 + 1",
    "currency": "840",
    "chain": "zeroblob(32)",
    "place": "place + 1000",
}


@pytest.mark.parametrize("column", COLUMNS)
def test_every_changed_transfer_is_found(column: str, kept: tuple[bytes, str], tmp_path: Path) -> None:
    data, _ = kept
    numbers = _rows(data, tmp_path)
    assert len(numbers) > 2 * SALES - 2
    for number in numbers:
        change = f"UPDATE transfers SET {column} = {COLUMNS[column]} WHERE id = {number}"
        assert slugs(data, tmp_path, lambda conn, sql=change: conn.execute(sql)), f"row {number}"  # type: ignore[misc]


def test_every_deleted_transfer_is_found(kept: tuple[bytes, str], tmp_path: Path) -> None:
    data, _ = kept
    for number in _rows(data, tmp_path):
        change = f"DELETE FROM transfers WHERE id = {number}"
        assert slugs(data, tmp_path, lambda conn, sql=change: conn.execute(sql)), f"row {number}"  # type: ignore[misc]


def _swap(conn: sqlite3.Connection) -> None:
    lane = conn.execute("SELECT min(lane) FROM transfers").fetchone()[0]
    for before, after in ((1, 501), (2, 1), (501, 2)):
        conn.execute("UPDATE transfers SET place = ? WHERE place = ? AND lane = ?", (after, before, lane))


def _cut_last_payment(conn: sqlite3.Connection) -> None:
    """All that the last payment left, so that what remains is whole in itself."""
    for table in ("transfers", "letters", "answers", "notes", "events"):
        conn.execute(f"DELETE FROM {table} WHERE payment = (SELECT max(id) FROM payments)")
    conn.execute("UPDATE mails SET payment = NULL WHERE payment = (SELECT max(id) FROM payments)")
    conn.execute("DELETE FROM payments WHERE id = (SELECT max(id) FROM payments)")


def _run(*changes: str) -> Tamper:
    def tamper(conn: sqlite3.Connection) -> None:
        for change in changes:
            conn.execute(change)

    return tamper


FOUND: dict[str, tuple[Tamper, str]] = {
    "two transfers swapped": (_swap, "chain-broken"),
    "an event deleted": (_run("DELETE FROM events WHERE id = 3"), "event-gap"),
    "an event turned round": (
        _run("UPDATE events SET after = 'declined' WHERE kind = 'host-approved'"),
        "event-illegal",
    ),
    "a decline made an approval": (
        _run("UPDATE payments SET state = 'approved', reversal = NULL WHERE state = 'declined'"),
        "state-differs",
    ),
    "an amount changed": (
        _run("UPDATE payments SET amount_minor = 1 WHERE state = 'approved'"),
        "transfers-differ",
    ),
    "a letter deleted": (_run("DELETE FROM letters WHERE kind = 'cancelled'"), "letter-gap"),
    "a payment deleted": (_run("PRAGMA foreign_keys = 0", "DELETE FROM payments WHERE id = 2"), "orphan"),
    "a life deleted": (_run("PRAGMA foreign_keys = 0", "DELETE FROM nodes"), "orphan"),
}


@pytest.mark.parametrize("what", FOUND)
def test_tampering_is_found(what: str, kept: tuple[bytes, str], tmp_path: Path) -> None:
    tamper, slug = FOUND[what]
    assert slug in slugs(kept[0], tmp_path, tamper)


ANCHORED: dict[str, Tamper] = {
    "the last payment cut off": _cut_last_payment,
    "a letter's text changed": _run("UPDATE letters SET raw = x'00' WHERE id = 1"),
    "an event's facts changed": _run("UPDATE events SET facts = '{}' WHERE kind = 'host-approved'"),
    "an answer deleted": _run("DELETE FROM answers WHERE id = 1"),
    "an answer changed": _run("UPDATE answers SET approval_number = '000001' WHERE id = 1"),
}


@pytest.mark.parametrize("what", ANCHORED)
def test_what_is_whole_in_itself_is_found_by_the_anchor(
    what: str, kept: tuple[bytes, str], tmp_path: Path
) -> None:
    data, anchor = kept
    assert "anchor-differs" in slugs(data, tmp_path, ANCHORED[what], anchor)
    assert slugs(data, tmp_path, ANCHORED[what]) == set(), "without the anchor nobody can know"


def test_an_anchor_stays_true_while_the_store_grows(tmp_path: Path) -> None:
    async def story(world: World) -> None:
        await world.post(world.envelope())
        await world.reach(1, *ENDED)
        anchor = "\n".join(audits.take(world.gateway))
        await world.post(world.envelope())
        await world.reach(2, *ENDED)
        assert audits.verify(world.gateway, None, anchor, lambda _: None)["faults"] == []

    tell_story(tmp_path, story)


def test_an_anchor_that_was_itself_changed_is_refused(kept: tuple[bytes, str], tmp_path: Path) -> None:
    data, anchor = kept
    for changed in (anchor.rpartition("\n")[0], anchor.replace("events", "answers", 1), "nonsense"):
        with pytest.raises(GatewayError, match="anchor-damaged"):
            slugs(data, tmp_path, None, changed)
