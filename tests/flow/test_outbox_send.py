"""The sender on the real store and a real smarthost on loopback: sent, later, refused, uncertain, down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select, text

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.domain.news import Composed
from mail_gateway.domain.outcome import Letter
from mail_gateway.outbox.send import CONNECTIONS, Sender
from mail_gateway.ports import Ports
from mail_gateway.settings import SmarthostSettings
from mail_gateway.store import handover, letters
from mail_gateway.store.engine import Store, open_store
from mail_gateway.store.record import Stale
from mail_gateway.store.tables import letters as table

BOUND_S = 10
START_MS = 1_800_000_000_000
RAW = b"Subject: x\r\n\r\n.dot\r\nline\r\n"


@pytest.fixture(autouse=True, params=[False, True], ids=["one by one", "pipelining"])
def offered(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds for a smarthost that takes commands together and for one that does not."""
    monkeypatch.setattr(Smarthost, "pipelining", request.param)


class Smarthost:
    """Takes mail; `rule` may answer for a recipient (RCPT) or the content (DATA), or hang up."""

    pipelining = False

    def __init__(self) -> None:
        self.taken: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue()
        self.rcpt: Callable[[str], str] = lambda _: "250 OK"
        self.mail = "250 OK"
        self.answer = "250 2.0.0 queued as 1"
        self.hang_up = 0
        self.held = asyncio.Event()
        self.held.set()
        self.connections: list[SMTP] = []
        self.port = 0
        self._listener: asyncio.Server | None = None

    async def handle_EHLO(self, server, session, envelope, hostname, responses) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *["250-PIPELINING"] * self.pipelining, responses[-1]]

    async def handle_MAIL(self, server, session, envelope, sender, options) -> str:
        envelope.mail_from = sender
        return self.mail

    async def handle_RCPT(self, server, session, envelope, recipient, options) -> str:
        answer = self.rcpt(recipient)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(recipient)
        return answer

    async def handle_DATA(self, server, session, envelope) -> str:
        self.taken.put_nowait((envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
        await self.held.wait()
        if self.hang_up:
            self.hang_up -= 1
            server.transport.abort()
        return self.answer

    async def listen(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._connection, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def _connection(self) -> SMTP:
        self.connections.append(SMTP(self, hostname="smarthost", loop=asyncio.get_running_loop()))
        return self.connections[-1]

    def hang_up_all(self) -> None:
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def close(self) -> None:
        if self._listener is not None:
            self._listener.close()
        self.hang_up_all()


class World:
    """A store with letters, a smarthost, a clock that stands until it is moved, and the sender."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.host = Smarthost()
        self.now_ms = START_MS
        self.told: list[tuple[str, dict]] = []
        self._news = asyncio.Event()
        self.stop = asyncio.Event()
        self.ports = Ports(lambda: self.now_ms, bytes, self._tell)

    def _tell(self, verb: str, **facts) -> None:
        self.told.append((verb, facts))
        self._news.set()

    async def until(self, verb: str, count: int = 1) -> None:
        async with asyncio.timeout(BOUND_S):
            while sum(1 for told, _ in self.told if told == verb) < count:
                self._news.clear()
                await self._news.wait()

    async def put(
        self, number: int, kind: Letter = Letter.APPROVED, recipient: str = "a..b@docomo.ne.jp"
    ) -> None:
        composed = Composed(f"<{number}@x>", "b1token@r.example", recipient, RAW)
        await self.store.run(letters.put, 1, letters.Queued(kind, number, composed), self.now_ms)

    async def row(self, number: int):
        return await self.store.read(
            lambda conn: conn.execute(select(table).where(table.c.version == number)).mappings().one()
        )

    async def until_state(self, number: int, state: str):
        async with asyncio.timeout(BOUND_S):
            while (await self.row(number))["state"] != state:
                await asyncio.sleep(0)
        return await self.row(number)

    async def until_due(self, number: int) -> int:
        """When a letter that was put off is due again."""
        async with asyncio.timeout(BOUND_S):
            while not (row := await self.row(number))["remark"] or row["state"] != "due":
                await asyncio.sleep(0)
        return row["due_ms"]

    def later(self, seconds: int) -> None:
        self.now_ms += seconds * 1000
        self.sender.wake()

    def start(self, **more) -> None:
        own = SmarthostSettings("127.0.0.1", self.host.port, sender_domain="pay.example.jp", **more)
        self.sender = Sender(own, self.store, self.ports)
        self.running = asyncio.create_task(self.sender.run(self.stop))


def _one_payment(conn) -> None:
    for statement in (
        "INSERT INTO keys (id, wrapped, kcv, created_ms) VALUES ('AA', x'00', '', 1)",
        "INSERT INTO merchants VALUES (1, 'm', 'm@x', 'en', '', '', 1, '', '')",
        "INSERT INTO readers (id, key_id, bdk_id, merchant, created_ms) VALUES (1, x'01', 'AA', 1, 1)",
        "INSERT INTO payments (id, reader, received_ms, envelope_hash, ksn) VALUES (1, 1, 1, x'01', x'02')",
    ):
        conn.execute(text(statement))


@asynccontextmanager
async def a_world(folder: Path, *, up: bool = True) -> AsyncIterator[World]:
    store = open_store(f"sqlite:///{folder}/hagaki.db")
    await store.run(_one_payment)
    world = World(store)
    await world.host.listen()
    if not up:
        world.host.close()
    try:
        yield world
    finally:
        world.stop.set()
        await asyncio.wait_for(world.running, BOUND_S)
        world.host.close()
        await store.close()


async def test_letters_go_out_by_few_connections_in_doubt_and_cancelled_first(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        kinds = [*[Letter.APPROVED] * 12, Letter.IN_DOUBT, Letter.CANCELLED]
        for number, kind in enumerate(kinds, 1):
            await world.put(number, kind)
        world.start()
        await world.until("letter.sent", len(kinds))
        sent = [facts["version"] for verb, facts in world.told if verb == "letter.sent"]
        assert {13, 14} <= set(sent[: CONNECTIONS * 2])
        assert len(world.host.connections) == CONNECTIONS
        sender, recipient, content = world.host.taken.get_nowait()
        assert (sender, recipient, content) == ("b1token@r.example", "a..b@docomo.ne.jp", RAW)
        row = await world.row(1)
        assert (row["state"], row["attempts"], row["remark"]) == ("sent", 1, "250 2.0.0 queued as 1")
        assert row["due_ms"] is None


async def test_an_address_gets_so_many_letters_an_hour_and_the_rest_in_order_later(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        for number in range(1, 8):
            await world.put(number)
        await world.put(8, recipient="other@x")
        world.start(letters_per_hour_max=3)
        await world.until("letter.sent", 4)
        held = [await world.until_due(number) for number in range(4, 8)]
        assert held == [START_MS + 3_600_000] * 4
        assert (await world.row(8))["state"] == "sent"
        alarms = [facts["slug"] for verb, facts in world.told if verb == "alarm.letter"]
        assert alarms == ["letter-held-back"]
        world.later(3600)
        await world.until("letter.sent", 7)
        assert (await world.row(7))["state"] == "due"
        sent = [facts["version"] for verb, facts in world.told if verb == "letter.sent"]
        assert (set(sent[:4]), set(sent[4:])) == ({1, 2, 3, 8}, {4, 5, 6})


async def test_one_bad_letter_does_not_hold_up_the_others(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.rcpt = lambda who: {"no@x": "550 5.1.1 unknown", "busy@x": "450 4.2.0 greylisted"}.get(
            who, "250 OK"
        )
        for number, recipient in enumerate(("no@x", "busy@x", "ok@x"), 1):
            await world.put(number, recipient=recipient)
        world.start()
        await world.until("letter.sent")
        assert ("alarm.letter", {"slug": "letter-refused", "payment": 1}) in world.told
        refused, busy = await world.row(1), await world.row(2)
        assert (refused["state"], refused["remark"]) == ("refused", "550 5.1.1 unknown")
        assert (busy["state"], busy["due_ms"]) == ("due", START_MS + 10_000)
        world.host.rcpt = lambda _: "250 OK"
        world.later(10)
        await world.until("letter.sent", 2)


async def test_after_an_uncertain_hand_over_the_identical_bytes_follow(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.hang_up = 1
        await world.put(1)
        world.start()
        row = await world.until_state(1, "uncertain")
        assert row["due_ms"] == START_MS + 10_000
        world.later(10)
        await world.until("letter.sent")
        assert world.host.taken.get_nowait() == world.host.taken.get_nowait()


@pytest.mark.parametrize(("answer", "state"), [("451 4.3.0 later", "due"), ("554 5.6.0 no", "refused")])
async def test_what_the_smarthost_says_to_the_content_counts(tmp_path: Path, answer: str, state: str) -> None:
    async with a_world(tmp_path) as world:
        world.host.answer = answer
        await world.put(1)
        world.start()
        async with asyncio.timeout(BOUND_S):
            while (row := await world.row(1))["remark"] != answer:
                await asyncio.sleep(0)
        assert row["state"] == state


async def test_a_sender_that_is_refused_is_the_settings_fault_and_loses_no_letter(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.mail = "530 5.7.0 Authentication required"
        await world.put(1)
        world.start()
        async with asyncio.timeout(BOUND_S):
            while not (row := await world.row(1))["remark"].startswith("530"):
                await asyncio.sleep(0)
        assert row["state"] == "due"


async def test_a_connection_that_idled_out_is_made_anew_within_the_same_attempt(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.put(1)
        world.start()
        await world.until("letter.sent")
        world.host.hang_up_all()
        await world.put(2)
        world.sender.wake()
        await world.until("letter.sent", 2)
        assert (await world.row(2))["attempts"] == 1
        assert len(world.host.connections) == 2


async def test_a_421_on_a_kept_connection_is_met_by_a_new_one(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.put(1)
        world.start()
        await world.until("letter.sent")
        answers = iter(["421 4.4.2 idle"])
        world.host.rcpt = lambda _: next(answers, "250 OK")
        await world.put(2)
        world.sender.wake()
        await world.until("letter.sent", 2)


async def test_a_smarthost_that_is_down_is_said_once_and_is_no_attempt(tmp_path: Path) -> None:
    async with a_world(tmp_path, up=False) as world:
        await world.put(1)
        world.start()
        await world.until("alarm.outbox")
        assert world.told == [("alarm.outbox", {"slug": "smarthost-down", "error": "SMTPConnectError"})]
        assert (await world.row(1))["attempts"] == 0
        await world.host.listen()
        world.sender.wake()
        await world.until("letter.sent")
        assert [verb for verb, _ in world.told].count("alarm.outbox") == 1


async def test_a_smarthost_that_is_down_is_left_alone_for_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = []
    claim = handover.claim
    monkeypatch.setattr(handover, "claim", lambda *given: claims.append(1) or claim(*given))
    async with a_world(tmp_path, up=False) as world:
        await world.put(1)
        world.start()
        await world.until("alarm.outbox")
        for _ in range(30):
            await world.row(1)
        assert len(claims) == 1


async def test_letters_that_another_node_has_just_taken_are_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path) as world:
        await world.put(1)
        real, troubles = world.store.run, iter([Stale()])

        async def run(unit, *args):
            for trouble in troubles:
                raise trouble
            return await real(unit, *args)

        monkeypatch.setattr(world.store, "run", run)
        world.start()
        await world.until("letter.sent")
        assert "alarm.outbox" not in [verb for verb, _ in world.told]


async def test_a_store_that_fails_stops_nothing_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_world(tmp_path) as world:
        await world.put(1)
        real, calls = world.store.run, iter([GatewayError("Busy.", "store-busy", Disposition.RETRY)])

        async def run(unit, *args):
            for error in calls:
                raise error
            return await real(unit, *args)

        monkeypatch.setattr(world.store, "run", run)
        world.start()
        await world.until("alarm.outbox")
        world.sender.wake()
        await world.until("letter.sent")


async def test_a_lost_connection_costs_only_the_letter_whose_content_left(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.hang_up = 3
        for number in range(1, 21):
            await world.put(number)
        world.start()
        await world.until("letter.sent", 17)
        states = ["sending"]
        async with asyncio.timeout(BOUND_S):
            while "sending" in states:
                states = [(await world.row(number))["state"] for number in range(1, 21)]
        assert sorted(state for state in states if state != "sent") == ["uncertain"] * 3
        assert world.host.taken.qsize() == 20


async def test_a_letter_that_is_refused_is_no_matter_for_the_one_before_or_behind(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.rcpt = lambda who: "550 5.1.1 unknown" if who == "no@x" else "250 OK"
        for number in range(1, 21):
            await world.put(
                number, recipient="ok@x" if number % 2 else ("no@x", "a@x>\r\nRSET")[number % 4 // 2]
            )
        world.start()
        await world.until("letter.sent", 10)
        await world.until("letter.refused", 10)
        assert {(await world.row(number))["state"] for number in range(1, 21, 2)} == {"sent"}
        assert world.host.taken.qsize() == 10


async def test_stopping_says_goodbye(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.start()
        await world.put(1)
        world.sender.wake()
        await world.until("letter.sent")
        world.stop.set()
        await asyncio.wait_for(world.running, BOUND_S)
        assert world.host.connections[0].transport is None or world.host.connections[0].transport.is_closing()


async def test_a_hand_over_that_hangs_holds_up_no_other_letter(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.held.clear()
        await world.put(1)
        world.start()
        await asyncio.wait_for(world.host.taken.get(), BOUND_S)
        first, world.host.held = world.host.held, asyncio.Event()
        world.host.held.set()
        for number in range(2, 40):
            await world.put(number)
        world.sender.wake()
        await world.until("letter.sent", 38)
        assert (await world.row(1))["state"] == "sending"
        first.set()
        await world.until("letter.sent", 39)


async def test_what_only_waited_when_it_stops_is_due_and_was_no_attempt(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        world.host.held.clear()
        for number in range(1, 21):
            await world.put(number)
        world.start()
        for _ in range(CONNECTIONS):
            await asyncio.wait_for(world.host.taken.get(), BOUND_S)
        world.stop.set()
        world.sender.wake()
        world.host.held.set()
        await asyncio.wait_for(world.running, BOUND_S)
        states = [(await world.row(number))["state"] for number in range(1, 21)]
        assert sorted(set(states)) == ["due", "sent"] and states.count("sent") >= CONNECTIONS
        attempts = [(await world.row(number))["attempts"] for number in range(1, 21)]
        assert sum(attempts) == states.count("sent")


async def test_a_line_that_begins_with_a_dot_and_a_last_line_without_an_end_arrive_whole(
    tmp_path: Path,
) -> None:
    async with a_world(tmp_path) as world:
        for number, raw in enumerate((b".\r\n..\r\n", b"a: b\r\n\r\n.", b"a: b\n\n.c\n"), 1):
            composed = Composed(f"<{number}@x>", "b1token@r.example", "shop@x", raw)
            await world.store.run(letters.put, 1, letters.Queued(Letter.APPROVED, number, composed), START_MS)
        world.start()
        await world.until("letter.sent", 3)
        taken = sorted([world.host.taken.get_nowait()[2] for _ in range(3)])
        assert taken == [b".\r\n..\r\n", b"a: b\r\n\r\n.\r\n", b"a: b\r\n\r\n.c\r\n"]


async def test_an_address_that_cannot_be_said_is_refused_and_nothing_is_said(tmp_path: Path) -> None:
    async with a_world(tmp_path) as world:
        await world.put(1, recipient="a@x>\r\nRSET")
        world.start()
        await world.until("letter.refused")
        assert world.host.taken.empty()
