"""A key ceremony: several people make a BDK that none of them knows, and nothing of it stays."""

from __future__ import annotations

import pickle
import random
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError

from mail_gateway.admin import ceremony, keys, merchants, readers
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope import components
from mail_gateway.envelope.components import Secret
from mail_gateway.envelope.dukpt import initial_key
from mail_gateway.envelope.keys import kcv
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import sqlite
from mail_gateway.store.tables import components as rows

PARTS = [bytes.fromhex(text * 8) for text in ("0123", "4567", "89AB")]
KEY = bytes(a ^ b ^ c for a, b, c in zip(*PARTS, strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{tmp_path}/var/hagaki.db")
    return Desk(gateway, KeySettings(f"file:{tmp_path}/var/root.key"), "operator")


def enter(desk: Desk, who: str, part: bytes, expected: str = "") -> dict[str, object]:
    return ceremony.enter(desk, who, Secret(part), expected)


def wrapped(desk: Desk) -> list[bytes | None]:
    with sqlite.guest(desk.gateway.database) as conn:
        return [row.wrapped for row in conn.execute(rows.select().order_by(rows.c.place))]


def held_three(desk: Desk) -> dict[str, object]:
    ceremony.begin(desk, 3)
    for who, part in zip(("Sato", "Ito", "Mori"), PARTS, strict=True):
        assert enter(desk, who, part)["kcv"] == kcv(part)
    return ceremony.finish(desk)


def test_three_people_make_the_key_that_their_components_join_to(desk: Desk) -> None:
    made = held_three(desk)
    assert made["kcv"] == kcv(KEY)
    merchants.add(desk.gateway, merchants.NewMerchant("S", "s@x.jp"))
    enrolled = readers.enrol(desk.gateway, desk.keys, 7)
    assert enrolled.initial_key_id.hex().upper() == f"{made['bdk_id']}00000007"
    assert enrolled.initial_key == initial_key(KEY, enrolled.initial_key_id)


def test_no_component_and_no_key_is_ever_on_disk(desk: Desk, tmp_path: Path) -> None:
    ceremony.begin(desk, 3)
    for who, part in zip(("Sato", "Ito", "Mori"), PARTS, strict=True):
        enter(desk, who, part)
        assert_nowhere(tmp_path / "var")
    ceremony.finish(desk)
    assert_nowhere(tmp_path / "var")


def assert_nowhere(folder: Path) -> None:
    for file in folder.iterdir():
        data = file.read_bytes()
        for secret in (*PARTS, KEY):
            assert secret not in data
            assert secret.hex() not in data.decode("latin-1").lower()


@pytest.mark.parametrize("end", [ceremony.finish, ceremony.cancel])
def test_what_was_held_is_wiped_at_the_end(desk: Desk, tmp_path: Path, end: object) -> None:
    ceremony.begin(desk, 2)
    enter(desk, "Sato", PARTS[0])
    enter(desk, "Ito", PARTS[1])
    held = [one for one in wrapped(desk) if one]
    assert len(held) == 2
    end(desk)  # type: ignore[operator]
    assert wrapped(desk) == [None, None]
    data = (tmp_path / "var/hagaki.db").read_bytes()
    assert not any(one in data for one in held)


def test_a_cancelled_ceremony_leaves_no_key(desk: Desk) -> None:
    ceremony.begin(desk, 2)
    enter(desk, "Sato", PARTS[0])
    ceremony.cancel(desk)
    assert keys.listed(desk) == []
    with pytest.raises(GatewayError, match="ceremony-none"):
        enter(desk, "Ito", PARTS[1])
    ceremony.begin(desk, 2)


def test_one_person_enters_one_component(desk: Desk) -> None:
    ceremony.begin(desk, 3)
    enter(desk, "Sato", PARTS[0])
    with pytest.raises(GatewayError, match="custodian-twice"):
        enter(desk, "SATO", PARTS[1])
    with pytest.raises(GatewayError, match="component-twice"):
        enter(desk, "Ito", PARTS[0])
    enter(desk, "Ito", PARTS[1])
    with pytest.raises(GatewayError, match="components-missing"):
        ceremony.finish(desk)
    enter(desk, "Mori", PARTS[2])
    with pytest.raises(GatewayError, match="components-complete"):
        enter(desk, "Abe", bytes(range(16)))


def test_a_component_with_another_check_value_is_not_kept(desk: Desk) -> None:
    ceremony.begin(desk, 2)
    with pytest.raises(GatewayError, match=f"check value is {kcv(PARTS[0])}, not 000000"):
        enter(desk, "Sato", PARTS[0], "000000")
    assert wrapped(desk) == []
    assert enter(desk, "Sato", PARTS[0], kcv(PARTS[0]).lower())["component"] == 1


def test_components_that_cancel_each_other_out_make_no_key(desk: Desk) -> None:
    last = bytes(a ^ b for a, b in zip(PARTS[0], PARTS[1], strict=True))
    ceremony.begin(desk, 3)
    for who, part in (("Sato", PARTS[0]), ("Ito", PARTS[1]), ("Mori", last)):
        enter(desk, who, part)
    with pytest.raises(GatewayError, match="component-twice"):
        ceremony.finish(desk)
    assert keys.listed(desk) == []


def test_one_ceremony_at_a_time(desk: Desk) -> None:
    ceremony.begin(desk, 2)
    with pytest.raises(GatewayError, match="ceremony-open"):
        ceremony.begin(desk, 3)


def test_a_component_of_another_ceremony_or_place_does_not_open(desk: Desk) -> None:
    """Who may write the database cannot make a key of components that were entered for another."""
    ceremony.begin(desk, 2)
    enter(desk, "Sato", PARTS[0])
    enter(desk, "Ito", PARTS[1])
    with sqlite.guest(desk.gateway.database, write=True) as conn:
        first = conn.execute(rows.select().where(rows.c.place == 1)).one().wrapped
        conn.execute(rows.update().where(rows.c.place == 2).values(wrapped=first))
    with pytest.raises(GatewayError, match="root-key-wrong"):
        ceremony.finish(desk)


def test_every_step_is_on_record_with_its_person_and_no_key(desk: Desk) -> None:
    made = held_three(desk)
    record = keys.history(desk)
    assert [row["kind"] for row in record] == [
        "ceremony-begun",
        *["component-entered"] * 3,
        "ceremony-finished",
        "made",
    ]
    assert {row["operator"] for row in record} == {"operator"}
    assert '"custodian": "Ito"' in record[2]["facts"]
    assert record[-1]["subject"] == made["bdk_id"]
    text = repr(record).lower()
    assert not any(secret.hex() in text for secret in (*PARTS, KEY))


def test_the_record_never_changes(desk: Desk) -> None:
    held_three(desk)
    for words in ("UPDATE key_events SET operator = 'x'", "DELETE FROM key_events", "DELETE FROM keys"):
        with pytest.raises(IntegrityError), sqlite.guest(desk.gateway.database, write=True) as conn:
            conn.exec_driver_sql(words)


@pytest.mark.parametrize("text", ["", "00" * 15, "00" * 17, "0g" * 16, "xyz", "00" * 32, "\u0660" * 32])
def test_what_is_no_component_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(GatewayError, match="component-form") as caught:
        components.read(text)
    assert not text or text not in str(caught.value)


def test_a_component_is_read_as_it_is_shown() -> None:
    for seed in range(20):
        made = components.made(random.Random(seed).randbytes)
        shown = components.shown(made)
        assert len(shown.split()) == 8
        for text in (shown, shown.lower(), shown.replace(" ", ""), shown.replace(" ", "-")):
            assert components.read(text).value == made.value


def test_a_secret_cannot_be_printed_compared_or_pickled() -> None:
    secret = Secret(PARTS[0])
    assert repr(secret) == str(secret) == f"{secret}" == "Secret(...)"
    assert secret != Secret(PARTS[0])
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        vars(secret)
