"""Keys that end: rotation, revocation, allowing again, what the doctor says, and who did it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from mail_gateway.admin import ceremony, doctor, keys, loading, merchants, readers
from mail_gateway.admin.keys import DAY_MS, Desk
from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope.dukpt import left
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import sqlite
from mail_gateway.store.clock import clock_ms


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{tmp_path}/var/hagaki.db")
    made = Desk(gateway, KeySettings(f"file:{tmp_path}/var/root.key"), "operator")
    new(made)
    merchants.add(gateway, merchants.NewMerchant("Store", "s@x.jp"))
    return made


def new(desk: Desk) -> str:
    return keys.new_bdk(desk.gateway, desk.keys, desk.operator)["bdk_id"]


def enrol(desk: Desk, serial: int) -> str:
    return readers.enrol(desk.gateway, desk.keys, serial).initial_key_id.hex().upper()


def states(desk: Desk) -> list[str]:
    return [row["state"] for row in keys.listed(desk)]


def told(key_id: str, opens: str = "update") -> SimpleNamespace:
    return SimpleNamespace(key_id=key_id, opens=opens)


def troubles(desk: Desk) -> dict[str, doctor.Trouble]:
    with sqlite.guest(desk.gateway.database) as conn:
        now_ms = clock_ms(conn)
    return {one.slug: one for one in doctor.examine(desk.gateway, desk.keys, now_ms)}


def do(desk: Desk, words: str) -> None:
    with sqlite.guest(desk.gateway.database, write=True) as conn:
        conn.execute(text(words))


def transport(desk: Desk, serial: int) -> loading.NewReader:
    """A transport key that was written down."""
    with loading.transport(desk, serial) as made:
        return made


def test_the_newest_is_the_one_for_new_readers(desk: Desk) -> None:
    old = keys.listed(desk)[0]["bdk_id"]
    assert enrol(desk, 1) == f"{old}00000001"
    newer = new(desk)
    assert states(desk) == ["open", "current"]
    assert enrol(desk, 1) == f"{newer}00000001"


def test_rotation_gives_the_old_ones_an_end(desk: Desk) -> None:
    old, newer = keys.listed(desk)[0]["bdk_id"], new(desk)
    done = keys.rotate(desk, None)
    with sqlite.guest(desk.gateway.database) as conn:
        in_days = (done["until_ms"] - clock_ms(conn)) / DAY_MS
    assert done["retired"] == [old]
    assert 6.99 < in_days <= 7
    assert states(desk) == ["ending", "current"]
    assert enrol(desk, 1) == f"{newer}00000001"
    assert keys.rotate(desk, 30)["until_ms"] > done["until_ms"]


def test_an_end_that_has_passed_is_retired(desk: Desk) -> None:
    new(desk)
    keys.rotate(desk, 0)
    do(desk, "UPDATE keys SET opens_until_ms = opens_until_ms - 10000 WHERE opens_until_ms IS NOT NULL")
    assert states(desk) == ["retired", "current"]


def test_the_only_one_does_not_end(desk: Desk) -> None:
    with pytest.raises(GatewayError, match="bdk-only"):
        keys.rotate(desk, None)
    keys.revoke(desk, new(desk), "made by mistake")
    with pytest.raises(GatewayError, match="bdk-only"):
        keys.rotate(desk, None)


def test_a_revoked_one_is_for_nobody_until_it_is_allowed_again(desk: Desk) -> None:
    old = keys.listed(desk)[0]["bdk_id"]
    enrol(desk, 1)
    assert keys.revoke(desk, old, "perhaps seen") == {
        "bdk_id": old,
        "readers": 1,
        "revoked": True,
        "reason": "perhaps seen",
    }
    assert states(desk) == ["revoked"]
    with pytest.raises(GatewayError, match="bdk-missing"):
        enrol(desk, 2)
    with pytest.raises(GatewayError, match="revoked-already"):
        keys.revoke(desk, old, "again")
    keys.revoke(desk, old, "it was not", revoked=False)
    assert states(desk) == ["current"]
    with pytest.raises(GatewayError, match="not-revoked"):
        keys.revoke(desk, old, "again", revoked=False)


def test_a_revoked_reader_gets_no_keys_until_it_is_allowed_again(desk: Desk) -> None:
    old = enrol(desk, 1)
    newer = new(desk)
    keys.revoke(desk, 1, "stolen")
    for attempt in (
        lambda: enrol(desk, 1),
        lambda: transport(desk, 1),
        lambda: loading.block_for(desk, told(old)),
    ):
        with pytest.raises(GatewayError, match="reader-revoked"):
            attempt()
    keys.revoke(desk, 1, "found", revoked=False)
    assert newer in loading.block_for(desk, told(old))


def test_what_is_not_there_cannot_be_revoked(desk: Desk) -> None:
    with pytest.raises(GatewayError, match="reader-unknown"):
        keys.revoke(desk, 5, "x")
    with pytest.raises(GatewayError, match="bdk-unknown"):
        keys.revoke(desk, "00000000", "x")
    with pytest.raises(GatewayError, match="bdk-unknown"):
        keys.shown(desk, "00000000")


def test_who_did_what_and_why_is_on_record(desk: Desk) -> None:
    old = keys.listed(desk)[0]["bdk_id"]
    enrol(desk, 1)
    new(desk)
    keys.rotate(desk, None)
    keys.revoke(desk, 1, "stolen")
    keys.revoke(desk, 1, "found", revoked=False)
    record = keys.history(desk)
    assert [row["kind"] for row in record] == ["made", "enrolled", "made", "retired", "revoked", "allowed"]
    assert [row["subject"] for row in record[-3:]] == [old, "reader 1", "reader 1"]
    assert record[-2]["facts"] == '{"reason": "stolen"}'
    assert [row["kind"] for row in keys.shown(desk, old)["history"]] == ["made", "retired"]


def test_a_reader_is_shown_with_what_it_has_left(desk: Desk) -> None:
    old = keys.listed(desk)[0]["bdk_id"]
    enrol(desk, 1)
    assert keys.shown(desk, old)["readers"][0]["sales_left"] == 2_448_023_842
    sell(desk, 0xFFF00000)
    shown = keys.shown(desk, old)["readers"][0]
    assert (shown["counter"], shown["sales_left"]) == (0xFFF00000, 6195)


def sell(desk: Desk, counter: int) -> None:
    do(
        desk,
        "INSERT INTO payments (reader, received_ms, envelope_hash, ksn, counter) "
        f"VALUES (1, 1, x'{counter:08X}', x'00', {counter})",
    )


def test_the_doctor_says_which_readers_end(desk: Desk) -> None:
    old = enrol(desk, 1)
    enrol(desk, 2)
    assert "keys-ending" not in troubles(desk)
    new(desk)
    assert "keys-ending" not in troubles(desk)
    keys.rotate(desk, None)
    assert [row["reader"] for row in troubles(desk)["keys-ending"].rows] == [1, 2]
    block = loading.block_for(desk, told(old))
    assert [row["reader"] for row in troubles(desk)["keys-ending"].rows] == [1, 2], "not loaded yet"
    loading.confirm(desk, block, loaded_value(desk))
    assert [row["reader"] for row in troubles(desk)["keys-ending"].rows] == [2]
    keys.revoke(desk, 2, "lost")
    assert "keys-ending" not in troubles(desk)


def loaded_value(desk: Desk) -> str:
    with sqlite.guest(desk.gateway.database) as conn:
        return str(conn.execute(text("SELECT kcv FROM key_loads ORDER BY id DESC")).scalar())


def test_the_doctor_says_which_readers_are_used_up(desk: Desk) -> None:
    enrol(desk, 1)
    sell(desk, 0xFFEFFFFF)
    assert "keys-used-up" not in troubles(desk)
    sell(desk, 0xFFF00000)
    assert troubles(desk)["keys-used-up"].rows == [{"reader": 1, "counter": 0xFFF00000}]


def test_the_doctor_says_what_was_left_in_the_middle(desk: Desk) -> None:
    old = enrol(desk, 1)
    new(desk)
    loading.block_for(desk, told(old))
    ceremony.begin(desk, 2)
    assert not {"load-open", "ceremony-open"} & set(troubles(desk))
    do(desk, f"UPDATE ceremonies SET begun_ms = begun_ms - {DAY_MS + 1000}")
    do(desk, "UPDATE key_loads SET begun_ms = begun_ms - 1000000")
    assert {"load-open", "ceremony-open"} <= set(troubles(desk))


@pytest.mark.parametrize(
    ("counter", "expected"),
    [(0, 0), (1, 2_448_023_842), (0xFFF00000, 6196), (0xFFFE8000, 2), (0xFFFF0000, 1), (0xFFFF0001, 0)],
)
def test_how_many_sales_are_left(counter: int, expected: int) -> None:
    assert left(counter) == expected


def test_the_same_block_is_brought_until_the_reader_has_it(desk: Desk) -> None:
    old, newer = enrol(desk, 1), new(desk)
    block = loading.block_for(desk, told(old))
    assert loading.block_for(desk, told(old)) == block
    assert loading.block_for(desk, told(f"{newer}00000001")) == ""
    assert keys.history(desk)[-1]["kind"] == "loaded", "the reader has said so itself"
    with pytest.raises(GatewayError, match="check-value"):
        loading.confirm(desk, block, "000000")


def test_a_block_under_keys_that_were_revoked_is_not_made(desk: Desk) -> None:
    old = enrol(desk, 1)
    keys.revoke(desk, old[:8], "seen")
    new(desk)
    with pytest.raises(GatewayError, match="key-revoked"):
        loading.block_for(desk, told(old))


def test_a_new_reader_needs_its_transport_key(desk: Desk) -> None:
    with pytest.raises(GatewayError, match="transport-unknown"):
        loading.block_for(desk, told("0000000000000009", "transport"))
    made = transport(desk, 9)
    assert made.transport_key.hex() not in repr(made)
    block = loading.block_for(desk, told("0000000000000009", "transport"))
    with pytest.raises(GatewayError, match="load-open"):
        transport(desk, 9)
    loading.confirm(desk, block, loaded_value(desk))
    transport(desk, 9)


def test_a_transport_key_is_gone_once_it_has_done_its_work(desk: Desk, tmp_path: Path) -> None:
    made = transport(desk, 9)
    block = loading.block_for(desk, told("0000000000000009", "transport"))
    loading.confirm(desk, block, loaded_value(desk))
    with sqlite.guest(desk.gateway.database) as conn:
        assert conn.execute(text("SELECT wrapped FROM transports")).scalar() is None
    for file in (tmp_path / "var").iterdir():
        assert made.transport_key not in file.read_bytes()
