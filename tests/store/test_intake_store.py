"""The intake on the real store: what is in the database after the 250."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select, text

from mail_gateway.intake.accept import Intake, Onward, Route
from mail_gateway.intake.gate import Allowance
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings
from mail_gateway.store.engine import open_store
from mail_gateway.store.tables import mails
from schemas.envelope import armour, cose
from schemas.mail.build import build_mail

KSN = bytes.fromhex("123456780000000100000001")
BLOCK = armour.block(armour.SALE, cose.pack(KSN, 0, bytes(40)))
MAIL = build_mail(
    {"From": "a@b.jp", "Message-ID": "<1@b.jp>"}, BLOCK, (("sale.txt", "text/plain", BLOCK.encode()),)
)
ROUTE = Route("a@b.jp", ("sale@pay.example.jp",), "127.0.0.1")


def _one_reader(conn) -> None:
    for statement in (
        "INSERT INTO keys (id, wrapped, kcv, created_ms) VALUES ('12345678', x'00', '', 1)",
        "INSERT INTO merchants VALUES (1, 'm', 'm@x', 'en', '', '', 1, '', '')",
        "INSERT INTO readers (id, key_id, bdk_id, merchant, created_ms) "
        "VALUES (1, x'1234567800000001', '12345678', 1, 1)",
    ):
        conn.execute(text(statement))


def _rows(conn):
    return [dict(row) for row in conn.execute(select(mails).order_by(mails.c.id)).mappings()]


async def test_new_repeated_and_unreadable_mails_are_all_kept_and_all_250(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/hagaki.db")
    woken: list[int] = []
    ports = Ports(lambda: 1_800_000_000_000, bytes, lambda verb, **facts: None)
    intake = Intake(store, Onward(woken.append), GatewaySettings(domain="pay.example.jp"), ports)
    await store.run(_one_reader)
    unknown = armour.block(armour.SALE, cose.pack(bytes(12), 0, bytes(40)))
    raws = [
        MAIL,
        b"Received: again\r\n" + MAIL,
        b"Subject: hello\r\n\r\nhow are you\r\n",
        b"\r\n" + unknown.encode(),
    ]
    answers = [await intake.accept(raw, ROUTE) for raw in raws]
    rows = await store.read(_rows)
    await store.close()
    assert {answer.code for answer in answers} == {250}
    assert [row["verdict"] for row in rows] == ["new", "repeat", "unreadable", "unknown-reader"]
    assert [row["slug"] for row in rows] == ["", "", "armour-missing", ""]
    assert [row["payment"] for row in rows] == [1, 1, None, None]
    assert [row["raw"] for row in rows] == [None, None, raws[2], None]
    assert rows[0]["message_id"] == "1@b.jp"
    assert woken == [1, 1]


async def test_of_unreadable_mails_only_so_much_an_hour_is_kept(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/hagaki.db")
    ports = Ports(lambda: 1_800_000_000_000, bytes, lambda verb, **facts: None)
    intake = Intake(store, Onward(lambda _: None), GatewaySettings(domain="pay.example.jp"), ports)
    intake._allowance = Allowance(100_000)
    big = b"Subject: x\r\n\r\n" + b"line of text\r\n" * 6_000
    for number in range(3):
        assert (await intake.accept(b"X: %d\r\n" % number + big, ROUTE)).code == 250
    rows = await store.read(_rows)
    await store.close()
    assert [len(row["raw"]) for row in rows] == [65_536, 100_000 - 65_536, 0]
    assert len({row["content_hash"] for row in rows}) == 3


async def test_a_closed_store_keeps_nothing_and_says_so(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/hagaki.db")
    await store.close()
    told: list[str] = []
    ports = Ports(lambda: 1, bytes, lambda verb, **facts: told.append(f"{verb} {facts['slug']}"))
    intake = Intake(store, Onward(lambda _: None), GatewaySettings(domain="pay.example.jp"), ports)
    answer = await intake.accept(MAIL, ROUTE)
    assert str(answer) == "421 4.3.2 Going down, please try again later"
    assert told == ["alarm.intake store-closed"]
