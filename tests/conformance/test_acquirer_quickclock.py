"""The quick clock skips idle time in order, and never skips over bytes that are there."""

from __future__ import annotations

import asyncio
import time

from acquirer_sdk.quickclock import quickly


def test_an_hour_passes_at_once_and_in_order() -> None:
    order: list[int] = []

    @quickly
    async def sleepers() -> float:
        async def sleep(hours: int) -> None:
            await asyncio.sleep(hours * 3600)
            order.append(hours)

        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.gather(*(sleep(hours) for hours in (3, 1, 2)))
        return loop.time() - before

    started = time.monotonic()
    assert 3 * 3600 <= sleepers() < 3 * 3600 + 60
    assert time.monotonic() - started < 60
    assert order == [1, 2, 3]


@quickly
async def test_bytes_under_way_arrive_before_a_time_out() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    for _ in range(200):
        writer.write(b"ping")
        async with asyncio.timeout(30):
            assert await reader.readexactly(4) == b"ping"
    writer.close()
    await writer.wait_closed()
    server.close()
    await asyncio.sleep(0.1)
