"""SMTP dialogues as text, run against the real door on loopback: whole lines, then byte by byte."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from door_world import BLOCK, BOUND_S, KSN, SEALED, TOKEN, Client, World, a_door
from hypothesis import given
from hypothesis import strategies as st

from mail_gateway.domain.errors import Disposition, GatewayError
from mail_gateway.intake.gate import has_bare_newline
from mail_gateway.store import inbox

SCRIPTS = Path(__file__).parent / "intake"
WORDS = {"block": BLOCK, "token": TOKEN, "nul": "\0", "cr": "\r", "x600": "x" * 600}


async def play(script: str, world: World, *, bytewise: bool) -> list[str]:
    """Run a script; the lines "stored:" it ends with."""
    client, wanted = await Client.to(world), []
    for raw in script.splitlines():
        for word, value in WORDS.items():
            raw = raw.replace("{" + word + "}", value)
        side, _, text = raw.partition(":")
        if side == "C":
            await client.say(text.removeprefix(" "), bytewise=bytewise)
        elif side == "S":
            assert await client.line() == text.removeprefix(" ")
        elif side == "stored":
            wanted.append(text.strip())
    assert await client.end() == b""
    client.close()
    return wanted


def stored(arrival: inbox.Arrival) -> str:
    recipients = ",".join(arrival.recipients).replace("Sale@PAY", "sale@pay")
    return f"{arrival.sender or '-'} {recipients} {arrival.slug or 'envelope'}"


@pytest.mark.parametrize("bytewise", [False, True], ids=["whole", "bytewise"])
@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
async def test_dialogue(script: Path, bytewise: bool) -> None:
    async with a_door() as world:
        wanted = await play(script.read_text("utf-8"), world, bytewise=bytewise)
        assert [stored(arrival) for arrival in world.store.arrivals] == [w for w in wanted if w != "nothing"]
        assert len(world.woken) == sum(1 for arrival in world.store.arrivals if arrival.ksn)


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
async def test_a_dialogue_is_the_same_when_all_is_said_at_once(script: Path) -> None:
    """RFC 2920: replies come in order, whole, and none is lost, whatever came together."""
    lines = script.read_text("utf-8")
    said = "".join(f"{line[2:].strip()}\r\n" for line in lines.splitlines() if line.startswith("C:"))
    for word, value in WORDS.items():
        said = said.replace("{" + word + "}", value)
    wanted = [line[2:].strip() for line in lines.splitlines() if line.startswith("S:")]
    async with a_door() as world:
        client = await Client.to(world)
        await client.say(said.encode())
        assert [await client.line() for _ in wanted] == wanted
        assert await client.end() == b""
        client.close()


async def test_what_is_stored_is_the_mail_without_its_dots_and_the_sealed_bytes() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"X: 1\r\n\r\n..dot\r\n{BLOCK}\r\n.")
        assert await client.line() == "250 2.6.0 Stored"
        client.close()
        (arrival,) = world.store.arrivals
        assert arrival.raw == f"X: 1\r\n\r\n.dot\r\n{BLOCK}\r\n".encode()
        assert (arrival.envelope, arrival.ksn, arrival.peer) == (SEALED, KSN, "127.0.0.1")
        assert ("mail.accepted", {"mail": 1, "payment": 1, "verdict": "new"}) in world.told


SMUGGLED = [
    b"\n.\n",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r.\r",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n\0.\r\n",
    b"\n\n.\r\n",
    b"\r\r\n.\r\n",
    b"\r\r\n.\r\r\n",
    b"\r\n.\r\r\n",
    b"\r\n.\0\r\n",
    b"\n\0.\n",
    b"\r\n\r.\r\n",
    b"\r\n.\n\r\n",
]


@pytest.mark.parametrize("ending", SMUGGLED)
async def test_a_second_mail_cannot_be_smuggled_behind_an_odd_ending(ending: bytes) -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        inner = (
            b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<sale@pay.example.jp>\r\nDATA\r\nforged\r\n.\r\nQUIT\r\n"
        )
        await client.say(b"first" + ending + inner)
        answers = (await client.end()).splitlines()
        client.close()
        assert [answer[:9] for answer in answers[:1]] == [b"550 5.6.0"]
        assert not any(answer.startswith((b"250 2.6.0", b"354")) for answer in answers)
        assert not world.store.arrivals


async def test_lines_of_60_kB_are_taken_and_longer_ones_are_not() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"X: 1\r\n\r\n{'y' * 60_000}\r\n{BLOCK}\r\n.")
        assert await client.line() == "250 2.6.0 Stored"
        await client.ask("MAIL FROM:<a@b.example>")
        await client.ask("RCPT TO:<sale@pay.example.jp>")
        await client.ask("DATA")
        await client.say(f"{'y' * 70_000}\r\n.")
        assert (await client.line()).startswith("500 Line too long")
        client.close()


async def test_a_mail_over_the_limit_is_refused_for_good_and_the_connection_goes_on() -> None:
    async with a_door(size_max=20_000) as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say("\r\n".join(["z" * 900] * 30) + "\r\n.")
        assert (await client.line()).startswith("552")
        assert (await client.ask("NOOP")).startswith("250")
        client.close()
        assert not world.store.arrivals


async def test_a_thousand_recipients_get_a_temporary_no_beyond_a_hundred() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.line()
        await client.ask("HELO x")
        await client.ask("MAIL FROM:<a@b.example>")
        answers = [(await client.ask("RCPT TO:<sale@pay.example.jp>"))[:3] for _ in range(1000)]
        client.close()
        assert answers == ["250"] * 100 + ["452"] * 900


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (OSError(28, "No space left on /secret/path"), "451 4.3.0 Not stored, please try again later"),
        (RecursionError("private"), "451 4.3.0 Not stored, please try again later"),
        (
            GatewayError("Full.", "store-full", Disposition.RETRY),
            "452 4.3.1 Storage is full, please try again later",
        ),
        (
            GatewayError("?", "no-such-slug", Disposition.RETRY),
            "451 4.3.0 Not stored, please try again later",
        ),
    ],
)
async def test_whatever_breaks_the_commit_the_sender_keeps_the_mail(fault: Exception, answer: str) -> None:
    async with a_door() as world:
        world.store.fault = fault
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"\r\n{BLOCK}\r\n.")
        assert await client.line() == answer
        client.close()
        assert not world.woken
        assert world.told[-1][0] == "alarm.intake"


async def test_an_error_in_the_door_itself_is_temporary_and_says_nothing() -> None:
    async with a_door() as world:
        world.door.handler.addresses.is_ours = lambda _: 1 / 0
        client = await Client.to(world)
        await client.line()
        await client.ask("HELO x")
        await client.ask("MAIL FROM:<a@b.example>")
        assert (
            await client.ask("RCPT TO:<sale@pay.example.jp>")
            == "451 4.3.0 Not stored, please try again later"
        )
        client.close()


async def test_no_250_before_the_commit() -> None:
    async with a_door() as world:
        world.store.hold = asyncio.Event()
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"\r\n{BLOCK}\r\n.")
        answer = asyncio.create_task(client.line())
        await asyncio.wait_for(world.store.begun.wait(), BOUND_S)
        assert not answer.done()
        world.store.hold.set()
        assert await answer == "250 2.6.0 Stored"
        assert world.store.done.is_set()
        client.close()


async def test_a_client_that_hangs_up_does_not_stop_the_commit() -> None:
    async with a_door() as world:
        world.store.hold = asyncio.Event()
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"\r\n{BLOCK}\r\n.")
        await asyncio.wait_for(world.store.begun.wait(), BOUND_S)
        client.writer.transport.abort()
        world.store.hold.set()
        await asyncio.wait_for(world.store.done.wait(), BOUND_S)
        assert world.woken == [1]


async def test_a_client_that_hangs_up_in_the_middle_of_data_stores_nothing() -> None:
    async with a_door() as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"\r\n{BLOCK}\r\n")
        client.writer.write_eof()
        assert await client.end() == b""
        client.close()
        assert not world.store.arrivals


async def test_a_client_below_the_least_rate_is_cut() -> None:
    async with a_door(timeout_s=1, rate_min_bytes_s=100_000) as world:
        client = await Client.to(world)
        await client.until_data()
        await client.say("x")
        assert await client.end() == b"421 4.4.2 Too slow, closing\r\n"
        client.close()


async def test_a_slow_commit_is_not_a_slow_client() -> None:
    async with a_door(timeout_s=1, rate_min_bytes_s=1000) as world:
        world.store.hold = asyncio.Event()
        client = await Client.to(world)
        await client.until_data()
        await client.say(f"\r\n{BLOCK}\r\n.")
        asyncio.get_running_loop().call_later(0.3, world.store.hold.set)
        assert await client.line() == "250 2.6.0 Stored"
        client.close()


async def test_a_silent_client_is_dropped() -> None:
    async with a_door(timeout_s=1) as world:
        client = await Client.to(world)
        await client.line()
        assert await client.end() == b""
        client.close()


@pytest.mark.parametrize("limit", ["connections_max", "connections_per_address_max"])
async def test_connections_beyond_the_limit_are_asked_to_come_later(limit: str) -> None:
    async with a_door(**{limit: 2}) as world:
        first, second = await Client.to(world), await Client.to(world)
        assert (await first.line())[:3] == (await second.line())[:3] == "220"
        third = await Client.to(world)
        assert await third.end() == b"421 4.7.0 Too many connections, please try again later\r\n"
        await first.ask("QUIT")
        await first.end()
        fourth = await Client.to(world)
        assert (await fourth.line()).startswith("220")
        for client in (first, second, third, fourth):
            client.close()


async def test_closing_finishes_the_commit_and_sends_everybody_else_away() -> None:
    async with a_door() as world:
        world.store.hold = asyncio.Event()
        busy, idle, half = [await Client.to(world) for _ in range(3)]
        await busy.until_data()
        await half.until_data()
        await idle.line()
        await busy.say(f"\r\n{BLOCK}\r\n.")
        await asyncio.wait_for(world.store.begun.wait(), BOUND_S)
        closing = asyncio.create_task(world.door.close())
        assert await idle.end() == b"421 4.3.2 Going down, please try again later\r\n"
        assert await half.end() == b"421 4.3.2 Going down, please try again later\r\n"
        world.store.hold.set()
        assert (await busy.end()).startswith(b"250 2.6.0 Stored\r\n421 ")
        await asyncio.wait_for(closing, BOUND_S)
        with pytest.raises(OSError):
            await Client.to(world)
        for client in (busy, idle, half):
            client.close()
        assert len(world.store.arrivals) == 1


async def test_nothing_of_a_mail_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        async with a_door() as world:
            client = await Client.to(world)
            await client.until_data()
            await client.say(f"\r\n{BLOCK}\r\n.")
            await client.line()
            await client.ask("DATA")
            await client.say(f"{BLOCK}\r\n.")  # a client that does not wait to hear that it may not
            await client.end()
            client.close()
    assert BLOCK.splitlines()[1] not in caplog.text


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\0", b"a", b"."]), max_size=12).map(b"".join))
def test_counting_finds_every_bare_newline(content: bytes) -> None:
    assert has_bare_newline(content) == bool(re.search(rb"\r(?!\n)|(?<!\r)\n|\0", content))
