"""Prints the figures, a line each: `python -m bench`."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from bench.sales import Reader
from bench.wire import Client, Sink, feed, sink_process
from hagaki.sections import read_config, settings
from hagaki.world import DOMAIN, MERCHANT, World, free_ports
from mail_gateway.admin import readers

SALES = 2000
CONNECTIONS = 16
ALONE = 200
ROUTE = (MERCHANT, f"sale@{DOMAIN}")
SERIAL = 2


async def main() -> None:
    """A world without phone and carrier: this process is the sender and the one who takes the letters."""
    with tempfile.TemporaryDirectory(prefix="hagaki-bench-") as folder:
        world = World(Path(folder))
        world.prepare()
        reader = _reader(world)
        sink = Sink()
        server = await sink.listen(settings(read_config(world.config), "smarthost").port)
        try:
            await world.start("host")
            await world.start("gateway")
            await world.wait_for("line.signed-on")
            await _figures(settings(read_config(world.config), "smtp").port, reader, sink)
        finally:
            await world.close()
            server.close()


async def _figures(port: int, reader: Reader, sink: Sink) -> None:
    sink_port = free_ports(1)[0]
    bare = await sink_process(sink_port)
    try:
        await _throughput(port, sink_port, reader, sink)
        await _added_time(port, sink_port, reader, sink)
    finally:
        bare.terminate()
        await bare.wait()


async def _throughput(port: int, sink_port: int, reader: Reader, sink: Sink) -> None:
    mails = [reader.mail(int(time.time())) for _ in range(SALES)]
    began = time.perf_counter()
    await feed(sink_port, mails, ROUTE, CONNECTIONS)
    bare = SALES / (time.perf_counter() - began)
    began = time.perf_counter()
    await feed(port, mails, ROUTE, CONNECTIONS)
    await sink.wait_for(len(mails))
    sales = SALES / (max(sink.came) - began)
    print(f"sales end to end / mails into a bare sink: {sales / bare:.3f} ({sales:.0f}/s to {bare:.0f}/s)")


async def _added_time(port: int, sink_port: int, reader: Reader, sink: Sink) -> None:
    """One sale at a time: from its last dot to its letter in the sink, against a mail's own dot to 250."""
    to_gateway, to_sink = await Client.connect(port), await Client.connect(sink_port)
    bare, added = [], []
    for _ in range(ALONE):
        mail = reader.mail(int(time.time()))
        bare.append(-await to_sink.send(mail, *ROUTE) + time.perf_counter())
        before = len(sink.came)
        left = await to_gateway.send(mail, *ROUTE)
        await sink.wait_for(before + 1)
        added.append(sink.came[-1] - left)
    base = statistics.median(bare)
    for name, value in (("median", statistics.median(added)), ("99th percentile", _p99(added))):
        print(f"time the gateway adds, {name} / a bare mail: {value / base:.1f} ({value * 1000:.1f} ms)")


def _p99(values: list[float]) -> float:
    return statistics.quantiles(values, n=100)[98]


def _reader(world: World) -> Reader:
    loaded = read_config(world.config)
    enrolled = readers.enrol(settings(loaded, "gateway"), settings(loaded, "keys"), SERIAL, "")
    return Reader(enrolled.initial_key_id, enrolled.initial_key, *ROUTE)


if __name__ == "__main__":
    asyncio.run(main())
