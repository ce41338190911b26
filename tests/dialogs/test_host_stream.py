"""An answer cut at every byte, dripped, joined or doubled: in doubt or approved, never anything else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from acquirer_sdk.bench import sample_request, until
from acquirer_sdk.port import Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import Approved, InDoubt, LateAnswer, NotSent, Ready
from cafis_adapter import adapter
from cafis_adapter.adapter import Cafis
from cafis_adapter.build import network_answer
from cafis_adapter.codec import Message, pack, unpack
from cafis_adapter.framing import Framer, frame
from cafis_adapter.host.answers import answer
from cafis_adapter.host.triggers import APPROVE
from cafis_adapter.profile import load_profile

PROFILE = load_profile()
PORTS = Ports(lambda: 1_767_225_600_000, bytes, lambda *_, **__: None)
Answering = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def on_wire(message: Message) -> bytes:
    return frame(pack(PROFILE, message))


@asynccontextmanager
async def scripted(answering: Answering) -> AsyncIterator[tuple[Cafis, list[LateAnswer]]]:
    """An adapter whose host signs it on and leaves the sale's answer, ready-made, to the test."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer(4096)
        while data := await reader.read(65536):
            for message in (unpack(PROFILE, body) for body in framer.feed(data)):
                if message.mti == "0800":
                    writer.write(on_wire(network_answer(message)))
                else:
                    await answering(on_wire(answer(APPROVE, message)), writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    late: list[LateAnswer] = []
    acquirer = adapter.create({"port": server.sockets[0].getsockname()[1]}, PORTS)
    await acquirer.start(late.append)
    await until(lambda: acquirer.ready() == Ready(), "never ready")
    try:
        yield acquirer, late
    finally:
        await acquirer.close()
        server.close()
        await asyncio.sleep(0.1)


LENGTH = len(
    on_wire(answer(APPROVE, unpack(PROFILE, adapter.create({}, PORTS).prepare(sample_request(1200)).wire)))
)


@pytest.mark.parametrize("abort", [True, False], ids=["reset", "closed"])
@quickly
async def test_line_lost_at_every_byte_of_the_answer(abort: bool) -> None:
    kept = 0

    async def cut(data: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data[:kept])
        await asyncio.sleep(0.01)
        if abort:
            writer.transport.abort()
        else:
            writer.close()

    async with scripted(cut) as (acquirer, _):
        for kept in range(LENGTH + 1):
            await until(lambda: acquirer.ready() == Ready(), "never ready")
            outcome = await acquirer.authorise(sample_request(1200, stan=kept + 1))
            if kept < LENGTH:
                assert outcome == InDoubt("connection-lost"), kept
            else:
                assert isinstance(outcome, Approved)
            await until(lambda: acquirer.ready() != Ready(), "the loss was not noticed")


@pytest.mark.parametrize("mask", [0x80, 0xFF])
@quickly
async def test_every_byte_of_the_answer_damaged(mask: int) -> None:
    place = 0

    async def damage(data: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data[:place] + bytes([data[place] ^ mask]) + data[place + 1 :])

    async with scripted(damage) as (acquirer, late):
        for place in range(LENGTH):
            await until(lambda: acquirer.ready() == Ready(), "never ready")
            outcome = await acquirer.authorise(sample_request(1200, stan=place + 1))
            assert isinstance(outcome, InDoubt), place
        assert all(answer.outcome is None for answer in late)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 17, 64])
@quickly
async def test_answer_in_pieces(size: int) -> None:
    async def drip(data: bytes, writer: asyncio.StreamWriter) -> None:
        for start in range(0, len(data), size):
            writer.write(data[start : start + size])
            await asyncio.sleep(0.1)

    async with scripted(drip) as (acquirer, _):
        assert isinstance(await acquirer.authorise(sample_request(1200)), Approved)


@quickly
async def test_refused_sign_on_is_tried_again_and_nothing_leaves() -> None:
    codes: list[str] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = Framer(4096)
        while data := await reader.read(65536):
            for body in framer.feed(data):
                message = unpack(PROFILE, body)
                codes.append(message[70])
                writer.write(on_wire(network_answer(message).with_fields({39: "05"})))
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    acquirer = adapter.create({"port": server.sockets[0].getsockname()[1]}, PORTS)
    await acquirer.start(lambda _: None)
    await until(lambda: len(codes) >= 3, "gave up")
    assert set(codes) == {"001"}
    assert isinstance(await acquirer.authorise(sample_request(1200)), NotSent)
    await acquirer.close()
    server.close()
    await asyncio.sleep(0.1)


@quickly
async def test_drip_slower_than_the_time_out_is_in_doubt_and_then_late() -> None:
    async def drip(data: bytes, writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.4)

    async with scripted(drip) as (acquirer, late):
        assert await acquirer.authorise(sample_request(1200)) == InDoubt("no-answer")
        await until(lambda: bool(late), "the late answer was lost")
        assert isinstance(late[0].outcome, Approved)


@quickly
async def test_many_answers_in_one_segment_in_another_order() -> None:
    held: list[bytes] = []

    async def hold(data: bytes, writer: asyncio.StreamWriter) -> None:
        held.append(data)
        if len(held) == 20:
            writer.write(b"".join(reversed(held)))

    async with scripted(hold) as (acquirer, late):
        requests = [sample_request(1000 + n, stan=n, reference=f"{n:012d}") for n in range(100, 120)]
        outcomes = await asyncio.gather(*map(acquirer.authorise, requests))
        amounts = [outcome.amount_minor for outcome in outcomes if isinstance(outcome, Approved)]
        assert amounts == [request.amount_minor for request in requests]
        assert late == []


@quickly
async def test_garbage_behind_an_answer_does_not_spoil_it_but_everybody_else() -> None:
    held: list[bytes] = []

    async def one_then_garbage(data: bytes, writer: asyncio.StreamWriter) -> None:
        held.append(data)
        if len(held) == 2:
            writer.write(held[0] + b"\x00\x05junk!" + held[1])

    async with scripted(one_then_garbage) as (acquirer, late):
        requests = [sample_request(1200, stan=n, reference=f"{n:012d}") for n in (1, 2)]
        first, second = await asyncio.gather(*map(acquirer.authorise, requests))
        assert isinstance(first, Approved)
        assert second == InDoubt("message-undecodable")
        assert late == [LateAnswer("", 0, None, "message-undecodable")]
        await until(lambda: acquirer.ready() == Ready(), "never up again")


@quickly
async def test_answer_in_the_same_moment_as_the_time_out_is_not_lost() -> None:
    async def at_thirty(data: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.write(data)

    async with scripted(at_thirty) as (acquirer, late):
        outcome = await acquirer.authorise(sample_request(1200))
        await asyncio.sleep(1)
        assert isinstance(outcome, Approved) or (outcome == InDoubt("no-answer") and len(late) == 1)
