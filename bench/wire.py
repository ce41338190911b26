"""The same two ends for both things that are measured: a lean SMTP client, and the bare aiosmtpd sink."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Any

from aiosmtpd.smtp import SMTP


class Client:
    """One kept connection, one mail after the other, every command waited for as RFC 5321 wants it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> Client:
        client = cls(*await asyncio.open_connection("127.0.0.1", port))
        await client._reply(b"220")
        await client._say(b"EHLO bench.example", b"250")
        return client

    async def send(self, mail: bytes, sender: str, recipient: str) -> float:
        """Send one mail; returns when its last dot left, in seconds of the monotonic clock."""
        await self._say(f"MAIL FROM:<{sender}>".encode(), b"250")
        await self._say(f"RCPT TO:<{recipient}>".encode(), b"250")
        await self._say(b"DATA", b"354")
        left = time.perf_counter()
        await self._say(mail + b"." if mail.endswith(b"\r\n") else mail + b"\r\n.", b"250")
        return left

    async def close(self) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    async def _say(self, line: bytes, expected: bytes) -> None:
        self._writer.write(line + b"\r\n")
        await self._reply(expected)

    async def _reply(self, expected: bytes) -> None:
        while True:
            line = await self._reader.readline()
            if not line.startswith(expected):
                raise RuntimeError(f"expected {expected.decode()}, got {line!r}")
            if line[3:4] == b" ":
                return


class Sink:
    """Takes every mail and does nothing with it but to note when it came."""

    def __init__(self) -> None:
        self.came: list[float] = []
        self.grew = asyncio.Event()

    async def handle_DATA(  # noqa: N802 aiosmtpd's name
        self, _server: Any, _session: Any, _envelope: Any
    ) -> str:
        self.came.append(time.perf_counter())
        self.grew.set()
        return "250 OK"

    async def listen(self, port: int) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(lambda: SMTP(self, hostname="sink.example"), "127.0.0.1", port)

    async def wait_for(self, count: int, limit_s: int = 120) -> None:
        """Until that many mails have come."""
        async with asyncio.timeout(limit_s):
            while len(self.came) < count:
                self.grew.clear()
                await self.grew.wait()


async def feed(port: int, mails: Sequence[bytes], route: tuple[str, str], connections: int) -> None:
    """Send all mails over that many connections at once."""
    clients = [await Client.connect(port) for _ in range(connections)]
    todo = iter(mails)

    async def work(client: Client) -> None:
        for mail in todo:
            await client.send(mail, *route)

    await asyncio.gather(*(work(client) for client in clients))
    for client in clients:
        await client.close()


async def sink_process(port: int) -> asyncio.subprocess.Process:
    """The bare sink as a process of its own, as the gateway is; returns when it listens."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.wire", str(port), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    await child.stdout.readline()
    return child


async def _be_a_sink(port: int) -> None:
    server = await Sink().listen(port)
    print("listening", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_be_a_sink(int(sys.argv[1])))
