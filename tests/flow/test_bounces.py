"""Letters that come back: known by their token, sent once to the second address, never answered."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from answer_world import AWAY as ELSEWHERE
from answer_world import HOME, SHOP, AnswerWorld, answer_world
from postfix_world import smarthost
from postgres_world import fresh_url
from sqlalchemy import insert

from hagaki.world import free_ports
from mail_gateway.admin import merchants, payments
from mail_gateway.domain.errors import GatewayError
from mail_gateway.domain.news import News
from mail_gateway.domain.outcome import Letter, Outcome
from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.intake.smtp import serve
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.send import Sender
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store import letters
from mail_gateway.store.engine import open_store
from mail_gateway.store.tables import keys, readers
from mail_gateway.store.tables import payments as table

LIMIT_S = 10
FIRST, SECOND = "shop@carrier.example", "shop@home.example"
DOMAIN = "pay.example"
HEAD = "From: MAILER-DAEMON@carrier.example\nAuto-Submitted: auto-replied\nSubject: Undelivered\n"
REPORT = HEAD + (
    'Content-Type: multipart/report; report-type=delivery-status;\n boundary="b"\n\n--b\n\n'
    "I'm sorry.\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\n"
    "Final-Recipient: rfc822; shop@carrier.example\nAction: {action}\nStatus: {status}\n\n--b--\n"
)
FAILED = REPORT.format(action="failed", status="5.1.1")
DELAYED = REPORT.format(action="delayed", status="4.4.1")
QMAIL = (
    "From: MAILER-DAEMON@carrier.example\nSubject: failure notice\n\nHi. This is the qmail-send program.\n"
)
RECEIPT = (
    HEAD + "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n"
)
AWAY = "From: shop@carrier.example\nAuto-Submitted: auto-replied\nSubject: away\n\nI am on holiday.\n"


class World:
    """One payment with letters, a smarthost that keeps what it gets, the door without its socket."""

    def __init__(self, database: str, port: int) -> None:
        self.settings = Settings(
            GatewaySettings(DOMAIN, database=database),
            KeySettings(),
            SmtpSettings("mx.pay.example", port=0),
            SmarthostSettings(port=port),
        )
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.written: list[bytes] = []
        self.now_ms = 1_800_000_000_000
        self.ports = Ports(lambda: self.now_ms, bytes, lambda verb, **facts: self.told.append((verb, facts)))
        self.store = open_store(self.settings.gateway.database)
        tokens = TokenKeys(b"r" * 32, b"b" * 32)
        self.compose = Compose(self.settings, tokens)
        self.sender = Sender(self.settings.smarthost, self.store, self.ports)
        others = Others(Bounces(self.store, tokens.bounce), Answers(self.store, tokens.reply))
        own = self.settings.gateway
        self.intake = Intake(self.store, Onward(lambda _: self.sender.wake()), own, self.ports, others)

    async def put(self, version: int = 1, kind: Letter = Letter.APPROVED) -> str:
        """Queue a letter of payment 1; -> its sender address, where a bounce goes."""
        composed = self.compose.compose(
            News(
                *(1, kind, Outcome.APPROVED, version, 1200, 392, "411111******1111", "123456", 1, "", ""),
                *(self.now_ms, "en", "Shop", FIRST, "", bytes(90), "12345678"),
            )
        )
        self.written.append(composed.raw)
        await self.store.run(letters.put, 1, letters.Queued(kind, version, composed), self.now_ms)
        self.sender.wake()
        return composed.sender

    async def bounce(self, to: str, mail: str = FAILED, sender: str = "") -> int:
        raw = mail.replace("\n", "\r\n").encode()
        return (await self.intake.accept(raw, Route(sender, (to,), "192.0.2.1"))).code

    def alarms(self) -> list[str]:
        return [facts["slug"] for verb, facts in self.told if verb == "alarm.letter"]

    def verdicts(self) -> list[str]:
        return [facts["verdict"] for verb, facts in self.told if verb == "mail.accepted"]

    async def letter(self, version: int = 1) -> dict[str, Any]:
        shown = await asyncio.to_thread(payments.shown, self.settings.gateway, 1)
        return next(one for one in shown["letters"] if one["version"] == version)


class Smarthost:
    """Refuses for good whom it is told to."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue()
        self.refused: set[str] = set()
        self.refused_at_data: set[str] = set()
        self.port = 0

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, who: str, options: Any) -> str:
        if who in self.refused:
            return "550 5.1.1 unknown"
        envelope.rcpt_tos.append(who)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos[0] in self.refused_at_data:
            return "554 5.7.1 not wanted"
        self.taken.put_nowait((envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
        return "250 OK"

    async def next(self) -> tuple[str, str, bytes]:
        return await asyncio.wait_for(self.taken.get(), LIMIT_S)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return fresh_url()
    return f"sqlite:///{tmp_path}/hagaki.db"


@asynccontextmanager
async def a_world(
    database: str, second: str = SECOND, smarthost_port: int = 0
) -> AsyncIterator[tuple[World, Smarthost]]:
    """smarthost_port: of another one than ours."""
    stop = asyncio.Event()
    async with a_smarthost() as host:
        world = World(database, smarthost_port or host.port)
        new = merchants.NewMerchant("Shop", FIRST, "en", second_mail=second)
        await asyncio.to_thread(merchants.add, world.settings.gateway, new)
        await world.store.run(_one_payment)
        running = asyncio.create_task(world.sender.run(stop))
        try:
            yield world, host
        finally:
            stop.set()
            await asyncio.wait_for(running, LIMIT_S)
            await world.store.close()


@asynccontextmanager
async def a_smarthost() -> AsyncIterator[Smarthost]:
    host = Smarthost()
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(host, hostname="x"), "127.0.0.1", 0)
    host.port = server.sockets[0].getsockname()[1]
    try:
        yield host
    finally:
        server.close()


def _one_payment(conn: Any) -> None:
    conn.execute(insert(keys), {"id": "AA", "wrapped": b"", "kcv": "", "created_ms": 1})
    conn.execute(insert(readers), {"id": 1, "key_id": b"1", "bdk_id": "AA", "merchant": 1, "created_ms": 1})
    conn.execute(insert(table), {"id": 1, "reader": 1, "received_ms": 1, "envelope_hash": b"1", "ksn": b"2"})


async def settled(world: World, **wanted: Any) -> dict[str, Any]:
    """The letter, once it is as wanted."""
    async with asyncio.timeout(LIMIT_S):
        while not wanted.items() <= (found := await world.letter()).items():
            await asyncio.sleep(0.01)
    return found


@pytest.mark.parametrize(
    ("mail", "remark"), [(FAILED, "bounced 5.1.1"), (QMAIL, "bounced")], ids=["report", "old"]
)
async def test_a_bounced_letter_goes_to_the_second_address_as_it_is(
    database: str, mail: str, remark: str
) -> None:
    async with a_world(database) as (world, host):
        to = await world.put()
        first = await host.next()
        await settled(world, state="sent")
        assert await world.bounce(to.upper(), mail) == 250
        assert (await world.letter())["remark"] in (remark, "250 OK")
        second = await host.next()
        assert (first[1], second[1]) == (FIRST, SECOND)
        assert (first[0], first[2]) == (second[0], second[2])
        letter = await settled(world, state="sent")
        assert (letter["rerouted_to"], letter["bounced_ms"]) == (SECOND, world.now_ms)
        assert (world.alarms(), world.verdicts()) == (["letter-bounced"], ["bounced"])
        shown = await asyncio.to_thread(payments.shown, world.settings.gateway, 1)
        assert [one["verdict"] for one in shown["mails"]] == ["bounced"]


async def test_when_the_second_bounces_too_a_person_looks_and_nothing_more_is_sent(database: str) -> None:
    async with a_world(database) as (world, host):
        to = await world.put()
        for _ in range(2):
            await host.next()
            await settled(world, state="sent")
            await world.bounce(to)
        assert (await settled(world, state="refused"))["remark"] == "bounced 5.1.1"
        assert world.alarms() == ["letter-bounced"] * 2
        assert host.taken.empty()


async def test_without_a_second_address_it_stays_visible(database: str) -> None:
    async with a_world(database, second="") as (world, host):
        to = await world.put()
        await host.next()
        await settled(world, state="sent")
        assert await asyncio.to_thread(payments.listed, world.settings.gateway, state="undelivered") == []
        await world.bounce(to)
        await settled(world, state="refused", rerouted_to="")
        listed = await asyncio.to_thread(payments.listed, world.settings.gateway, state="undelivered")
        assert [one["id"] for one in listed] == [1]
        assert host.taken.empty()


async def test_a_letter_that_the_smarthost_refuses_takes_the_same_way(database: str) -> None:
    async with a_world(database) as (world, host):
        host.refused = {FIRST}
        await world.put()
        assert (await host.next())[1] == SECOND
        assert (await settled(world, state="sent"))["rerouted_to"] == SECOND
        assert world.alarms() == ["letter-refused"]


async def test_refused_at_both_addresses_it_is_tried_no_more(database: str) -> None:
    async with a_world(database) as (world, host):
        host.refused = {FIRST, SECOND}
        await world.put()
        await settled(world, state="refused", rerouted_to=SECOND)
        assert world.alarms() == ["letter-refused"] * 2


@pytest.mark.parametrize(
    ("mail", "sender"), [(DELAYED, ""), (RECEIPT, ""), (AWAY, FIRST), ("\nhello", FIRST)], ids=str
)
async def test_what_is_no_bounce_does_nothing(database: str, mail: str, sender: str) -> None:
    async with a_world(database) as (world, host):
        to = await world.put()
        await host.next()
        before = await settled(world, state="sent")
        assert await world.bounce(to, mail, sender) == 250
        assert (await world.letter(), world.alarms(), world.verdicts()) == (before, [], ["ignored"])


async def test_a_forged_token_does_nothing_and_looks_the_same_from_outside(database: str) -> None:
    async with a_world(database) as (world, host):
        to = await world.put()
        await host.next()
        before = await settled(world, state="sent")
        other = await world.put(2, Letter.CANCELLED)
        await host.next()
        forged = [to[:-20] + "a" + to[-19:], to[:8] + "c" + to[9:], to[:10] + other[10:]]
        for address in {*forged} - {to, other}:
            assert await world.bounce(address) == 250
        assert set(world.verdicts()) == {"ignored"}
        assert await world.letter() == before


async def test_the_bounce_of_a_letter_that_was_replaced_is_only_noted(database: str) -> None:
    async with a_world(database) as (world, host):
        to = await world.put(1, Letter.IN_DOUBT)
        await host.next()
        await world.put(2, Letter.CANCELLED)
        await host.next()
        await settled(world, state="sent")
        await world.bounce(to)
        letter = await world.letter(1)
        assert (letter["state"], letter["rerouted_to"], letter["bounced_ms"]) == ("sent", "", world.now_ms)
        assert host.taken.empty()


async def test_no_mail_ever_answers_a_bounce(database: str) -> None:
    async with a_world(database, second="") as (world, host):
        to = await world.put()
        await host.next()
        await settled(world, state="sent")
        for mail in (FAILED, QMAIL, DELAYED, AWAY):
            for sender in ("", "stranger@x.example"):
                await world.bounce(to, mail, sender)
                await world.bounce(f"sale@{DOMAIN}", mail, sender)
        shown = await asyncio.to_thread(payments.shown, world.settings.gateway, 1)
        assert len(shown["letters"]) == 1
        assert host.taken.empty()


@pytest.mark.parametrize("at", ["refused", "refused_at_data"])
async def test_a_question_that_is_refused_takes_the_same_way_as_one_that_comes_back(
    tmp_path: Path, at: str
) -> None:
    async with answer_world(tmp_path) as world, a_smarthost() as host, sending(world, host) as sender:
        setattr(host, at, {HOME})
        sender.wake()
        assert (await host.next())[1] == ELSEWHERE
        setattr(host, at, {HOME, ELSEWHERE, SHOP})
        await world.ask(900, 2)
        sender.wake()
        async with asyncio.timeout(LIMIT_S):
            while ("shop-undelivered", SHOP) not in await world.letters(2):
                await world.undelivered.look()
                await asyncio.sleep(0.01)
        assert "What the mail server said: 55" in await world.words("shop-undelivered", 2)
        assert await world.letters() == [("question", HOME)], (
            "the first one was taken: its shop hears nothing"
        )


@asynccontextmanager
async def sending(world: AnswerWorld, host: Smarthost) -> AsyncIterator[Sender]:
    """The sender of a world that has none of its own."""
    sender, stop = Sender(SmarthostSettings(port=host.port), world.store, world.ports), asyncio.Event()
    running = asyncio.create_task(sender.run(stop))
    try:
        yield sender
    finally:
        stop.set()
        await asyncio.wait_for(running, LIMIT_S)


async def test_a_real_mail_servers_bounce_is_understood(tmp_path: Path) -> None:
    """Postfix takes the letter, is told that there is no such user, and reports to the token's address."""
    (port,) = free_ports(1)
    database = f"sqlite:///{tmp_path}/hagaki.db"
    async with a_world(database, smarthost_port=port) as (world, home):
        door = await serve(world.settings, world.intake, world.ports, None)
        home.refused = {FIRST}
        ways = {"carrier.example": home.port, "home.example": home.port, DOMAIN: door.port}
        with smarthost(port, ways):
            to = await world.put()
            sender, recipient, content = await home.next()
            letter = await settled(world, state="sent", rerouted_to=SECOND)
        await door.close()
    assert (sender, recipient) == (to, SECOND)
    assert content.endswith(world.written[0])
    assert (letter["bounced_ms"], world.alarms()) == (world.now_ms, ["letter-bounced"])
    assert world.verdicts() == ["bounced"]


async def test_a_merchants_addresses_can_be_changed(database: str) -> None:
    async with a_world(database) as (world, _):
        own = world.settings.gateway
        changed = await asyncio.to_thread(
            merchants.change, own, "Shop", {"second_mail": "", "mail": "new@x.jp"}
        )
        assert (changed["mail"], changed["second_mail"]) == ("new@x.jp", "")
        for name, changes in (("Shop", {"mail": ""}), ("Shop", {"second_mail": "a b"}), ("Nobody", {})):
            with pytest.raises(GatewayError):
                await asyncio.to_thread(merchants.change, own, name, changes)
