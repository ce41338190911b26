"""One merchant and one reader, a gateway as app.py builds it, and a smarthost that keeps the letters."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from Crypto.Cipher import AES

from acquirer_sdk.bogus import create
from acquirer_sdk.keyport import KeyPort
from acquirer_sdk.port import Acquirer
from acquirer_sdk.port import Ports as AcquirerPorts
from hagaki.secret_commands import asker
from mail_gateway import app
from mail_gateway.admin import keys, merchants, readers
from mail_gateway.envelope import dukpt
from mail_gateway.ports import Ports
from mail_gateway.settings import (
    AcquirerSettings,
    GatewaySettings,
    KeySettings,
    Settings,
    SmarthostSettings,
    SmtpSettings,
)
from schemas.envelope import armour, cose, payload

CARD = "4111111111111111=27122010000012345678"
LIMIT_S = 20


class Mailbox:
    """A smarthost that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: asyncio.Queue[bytes] = asyncio.Queue()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.put_nowait(envelope.content)
        return "250 OK"


class Told:
    """The event log; `first(verb)` waits for one."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.changed = asyncio.Condition()

    def __call__(self, verb: str, /, **facts: Any) -> None:
        self.events.append((verb, facts))
        asyncio.get_running_loop().create_task(self._notify())

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def first(self, verb: str) -> dict[str, Any]:
        async with asyncio.timeout(LIMIT_S), self.changed:
            await self.changed.wait_for(lambda: any(name == verb for name, _ in self.events))
        return next(facts for name, facts in self.events if name == verb)


class Town:
    """Settings, one key, one merchant, one reader."""

    def __init__(self, folder: Path, smarthost_port: int) -> None:
        self.settings = Settings(
            GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db"),
            KeySettings(f"file:{folder}/root.key"),
            SmtpSettings("mx.pay.example", port=0),
            SmarthostSettings(port=smarthost_port),
            AcquirerSettings("bogus"),
        )
        self.made = keys.new_bdk(self.settings.gateway, self.settings.keys)
        merchants.add(
            self.settings.gateway, merchants.NewMerchant("Hagaki Store", "shop@carrier.example", "en")
        )
        self.reader = readers.enrol(self.settings.gateway, self.settings.keys, 7)
        self.told = Told()

    @property
    def ksn(self) -> bytes:
        return self.reader.initial_key_id + (1).to_bytes(4, "big")

    def key(self, usage: dukpt.Usage) -> bytes:
        """The reader's key of its first sale."""
        first = dukpt._derive(self.reader.initial_key, dukpt.Usage.KEY_DERIVATION, self.ksn[4:], 16)
        return dukpt._derive(first, usage, self.ksn[4:], 16)

    def mail(self, amount_minor: int) -> bytes:
        sale = payload.Sale(
            kind=1,
            amount_minor=amount_minor,
            currency=392,
            reader_time_s=int(time.time()),
            track2=CARD,
            slip=1,
        )
        cipher = AES.new(
            self.key(dukpt.Usage.DATA_ENCRYPTION), AES.MODE_CCM, nonce=cose.nonce(self.ksn, 0), mac_len=16
        )
        cipher.update(cose.enc_structure(cose.AAD_SALE))
        sealed, tag = cipher.encrypt_and_digest(payload.encode_sale(sale))
        block = armour.block(armour.SALE, cose.pack(self.ksn, 0, sealed + tag))
        head = "From: shop@carrier.example\r\nTo: sale@pay.example\r\nMessage-ID: <1@carrier.example>\r\n"
        return (head + "Subject: sale\r\n\r\n" + block.replace("\n", "\r\n")).encode()

    def read_result(self, letter: bytes) -> Any:
        """What the reader would show, from the letter's plain text."""
        mail = message_from_bytes(letter)
        parts = [part for part in mail.walk() if part.get_content_type() == "text/plain"]
        text = parts[0].get_payload(decode=True).decode()
        _, sealed = armour.find(text, armour.RESULT)
        ksn, index, body = cose.unpack(sealed)
        cipher = AES.new(
            self.key(dukpt.Usage.DATA_DECRYPTION), AES.MODE_CCM, nonce=cose.nonce(ksn, index), mac_len=16
        )
        cipher.update(cose.enc_structure(cose.AAD_RESULT))
        return payload.decode_result(cipher.decrypt_and_verify(body[:-16], body[-16:]))

    @asynccontextmanager
    async def gateway(self, *, until: str = "gateway.listening") -> AsyncIterator[int]:
        """A gateway that runs once it tells of that; -> its SMTP port."""
        ask = asker(Path.cwd())
        ports = Ports(lambda: time.time_ns() // 10**6, os.urandom, self.told, ask=ask)
        outside = AcquirerPorts(ports.now_ms, ports.random_bytes, self.told)

        def build(_: KeyPort) -> dict[str, Acquirer]:
            return {"bogus": create({}, outside)}

        stop = asyncio.Event()
        running = asyncio.create_task(app.run(self.settings, ports, build, stop))
        try:
            listening = asyncio.create_task(self.told.first(until))
            await asyncio.wait([running, listening], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                listening.cancel()
                await running
            yield (await listening).get("port", 0)
        finally:
            stop.set()
            await asyncio.wait([running])


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[tuple[Town, Mailbox]]:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="relay.example"), "127.0.0.1", 0)
    try:
        yield Town(folder, server.sockets[0].getsockname()[1]), mailbox
    finally:
        server.close()
        await server.wait_closed()
