"""The real SMTP door on loopback with a store in memory, and a client as raw as it gets."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from hagaki.machine import file_bytes
from mail_gateway.intake.accept import Intake, Onward
from mail_gateway.intake.smtp import serve
from mail_gateway.ports import Ports
from mail_gateway.settings import (
    GatewaySettings,
    KeySettings,
    Settings,
    SmarthostSettings,
    SmtpSettings,
)
from mail_gateway.store import inbox
from mail_gateway.tls import Certificates
from schemas.envelope import armour, cose
from schemas.mail import token

BOUND_S = 10
KSN = bytes(range(12))
SEALED = cose.pack(KSN, 0, bytes(40))
BLOCK = armour.block(armour.SALE, SEALED).replace("\n", "\r\n").strip()
TOKEN = token.make(bytes(32), token.BOUNCE, 7, "a@b.example", 0)


class FakeStore:
    """Keeps arrivals in memory; `hold` delays the commit, `fault` breaks it."""

    def __init__(self) -> None:
        self.arrivals: list[inbox.Arrival] = []
        self.begun = asyncio.Event()
        self.done = asyncio.Event()
        self.hold: asyncio.Event | None = None
        self.fault: Exception | None = None

    async def run(self, unit, arrival, resend_after_ms):
        assert unit is inbox.keep
        assert resend_after_ms == 60_000
        self.begun.set()
        if self.hold is not None:
            await self.hold.wait()
        if self.fault is not None:
            raise self.fault
        self.arrivals.append(arrival)
        self.done.set()
        number = len(self.arrivals)
        return inbox.Kept(number, number if arrival.ksn else None, inbox.Verdict.NEW)


class World:
    """A door, its store, and what it told."""

    def __init__(self) -> None:
        self.store = FakeStore()
        self.told: list[tuple[str, dict]] = []
        self.woken: list[int] = []
        self.ports = Ports(
            lambda: 1_800_000_000_000,
            bytes,
            lambda verb, **facts: self.told.append((verb, facts)),
            file=file_bytes,
        )


def settings(**smtp) -> Settings:
    return Settings(
        GatewaySettings(domain="pay.example.jp", reply_domain="r.pay.example.jp"),
        KeySettings(),
        SmtpSettings(hostname="mx.pay.example.jp", port=0, **smtp),
        SmarthostSettings(),
    )


@asynccontextmanager
async def a_door(**smtp):
    world, own = World(), settings(**smtp)
    intake = Intake(world.store, Onward(world.woken.append), own.gateway, world.ports)
    world.certificates = Certificates(world.ports)
    shown = world.certificates.context(own.smtp, "smtp")
    world.door = await serve(own, intake, world.ports, shown)
    try:
        yield world
    finally:
        if world.store.hold is not None:
            world.store.hold.set()
        await asyncio.wait_for(world.door.close(), BOUND_S)


class Client:
    """One connection, as raw as it gets."""

    def __init__(self, reader, writer) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, world: World) -> Client:
        return cls(*await asyncio.open_connection("127.0.0.1", world.door.port))

    async def line(self) -> str:
        return (await asyncio.wait_for(self.reader.readline(), BOUND_S)).decode().rstrip("\r\n")

    async def end(self) -> bytes:
        """Everything until the door closes."""
        try:
            return await asyncio.wait_for(self.reader.read(), BOUND_S)
        except ConnectionResetError:
            return b""

    async def say(self, text: str | bytes, *, bytewise: bool = False) -> None:
        data = text if isinstance(text, bytes) else text.encode() + b"\r\n"
        for piece in (data[at : at + 1] for at in range(len(data))) if bytewise else (data,):
            self.writer.write(piece)
            await self.writer.drain()
            if bytewise:
                await asyncio.sleep(0)

    async def ask(self, text: str) -> str:
        await self.say(text)
        return await self.line()

    async def until_data(self, sender: str = "a@b.example") -> None:
        assert (await self.line()).startswith("220")
        await self.ask("HELO x")
        await self.ask(f"MAIL FROM:<{sender}>")
        await self.ask("RCPT TO:<sale@pay.example.jp>")
        assert (await self.ask("DATA")).startswith("354")

    def close(self) -> None:
        self.writer.close()
