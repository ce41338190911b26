"""One gateway as app.py builds it, with its site on TLS: a shop with a key, a customer with a card, goods."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import ssl
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email import message_from_bytes
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import aiosmtplib
from aiosmtpd.smtp import SMTP

from acquirer_sdk.bogus import create
from acquirer_sdk.keyport import KeyPort
from acquirer_sdk.port import Acquirer
from acquirer_sdk.port import Ports as AcquirerPorts
from hagaki.world import free_ports
from json_adapter.processor.certificate import self_signed
from mail_gateway import app
from mail_gateway.admin import api_keys, customers, keys, means, merchants, products, selling
from mail_gateway.ports import Ports
from mail_gateway.settings import (
    AcquirerSettings,
    GatewaySettings,
    KeySettings,
    OrderSettings,
    Settings,
    SiteSettings,
    SmarthostSettings,
    SmtpSettings,
)

SHOP, SHOP_MAIL = "Hagaki Store", "shop@carrier.example"
CUSTOMER_MAIL = "customer@carrier.example"
PAN = "4111111111111111"
LIMIT_S = 20
TURN_S = 0.02


class Mailbox:
    """A smarthost that keeps what it is given."""

    def __init__(self) -> None:
        self.letters: list[bytes] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.letters.append(envelope.content)
        return "250 OK"

    async def letter(self, to: str, word: str) -> bytes:
        """The newest letter to that address with that word in its subject or text, once it is here."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := [raw for raw in self.letters if self._is(raw, to, word)]):
                await asyncio.sleep(TURN_S)
        return found[-1]

    def _is(self, raw: bytes, to: str, word: str) -> bool:
        return bool(message_from_bytes(raw)["To"] == to) and word in words_of(raw)


def words_of(raw: bytes) -> str:
    """Subject and plain text of a mail."""
    from schemas.mail.read import Mail, read_mail

    mail = read_mail(raw)
    assert isinstance(mail, Mail)
    return f"{mail.subject}\n{mail.body}"


@cache
def _town(language: str) -> tuple[Path, str, str]:
    """Certificate, shop, goods, customer with a card and a key, made once and copied into every world.
    -> where, the customer's ID, and the key."""
    folder = Path(tempfile.mkdtemp(prefix="hagaki-shop-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    trial = self_signed(int(time.time()), 2)
    (folder / "certificate.pem").write_bytes(trial.certificate)
    (folder / "key.pem").write_bytes(trial.key)
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db")
    desk = keys.Desk(gateway, KeySettings(f"file:{folder}/root.key"), "tester")
    keys.new_bdk(gateway, desk.keys)
    merchants.add(gateway, merchants.NewMerchant(SHOP, SHOP_MAIL, language))
    selling.change(gateway, SHOP, {})
    products.add(gateway, SHOP, products.NewProduct("4901234567894", "Soap", 300, stock=100))
    products.add(gateway, SHOP, products.NewProduct("TEA-1", "Tea", 1080, tax_rate=8))
    new = customers.NewCustomer("Hanako", CUSTOMER_MAIL, language)
    customer = str(customers.add(gateway, new)["customer_id"])
    means.add_card(desk, customer, (PAN, "12/27"))
    return folder, customer, str(api_keys.new(gateway, SHOP, "till", os.urandom, 0)["secret"])


class ShopWorld:
    """settings: of the gateway. key: the shop's. customer: the customer's ID. told: the event log."""

    def __init__(self, folder: Path, smarthost_port: int, language: str = "en", **site: Any) -> None:
        self.folder = folder
        town, self.customer, self.key = _town(language)
        for file in town.iterdir():
            shutil.copy(file, folder / file.name)
        files = {"tls_certificate": str(folder / "certificate.pem"), "tls_key": str(folder / "key.pem")}
        self.settings = Settings(
            GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db"),
            KeySettings(f"file:{folder}/root.key"),
            SmtpSettings("mx.pay.example", port=0),
            SmarthostSettings(port=smarthost_port),
            AcquirerSettings("bogus"),
            SiteSettings(port=free_ports(1)[0], **{**files, **site}),
            orders=OrderSettings(),
        )
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.smtp_port = 0

    def new_key(self, name: str = "till") -> str:
        """A further key of the shop."""
        made = api_keys.new(self.settings.gateway, SHOP, name, os.urandom, int(time.time() * 1000))
        return str(made["secret"])

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.settings.site.port}"

    def trust(self) -> ssl.SSLContext:
        """What a client of the site believes."""
        return ssl.create_default_context(cafile=str(self.folder / "certificate.pem"))

    def session(self, key: str | None = None) -> aiohttp.ClientSession:
        """A shop's server."""
        headers = {"Authorization": f"Bearer {self.key if key is None else key}"}
        connector = aiohttp.TCPConnector(ssl=self.trust())
        return aiohttp.ClientSession(self.url, headers=headers, connector=connector)

    async def first(self, verb: str, **wanted: Any) -> dict[str, Any]:
        """The facts of the first such event, once it is told."""
        async with asyncio.timeout(LIMIT_S):
            while not (found := self._found(verb, wanted)):
                await asyncio.sleep(TURN_S)
        return found[0]

    def _found(self, verb: str, wanted: dict[str, Any]) -> list[dict[str, Any]]:
        return [facts for name, facts in self.told if name == verb and wanted.items() <= facts.items()]

    async def post(self, mail: bytes, sender: str, to: str) -> None:
        """Send a mail to the gateway's door."""
        where = {"hostname": "127.0.0.1", "port": self.smtp_port}
        await aiosmtplib.send(mail, sender=sender, recipients=[to], **where)

    @asynccontextmanager
    async def gateway(
        self, now_ms: Callable[[], int] = lambda: time.time_ns() // 10**6
    ) -> AsyncIterator[None]:
        """A running gateway."""
        ports = Ports(now_ms, os.urandom, self._tell)
        outside = AcquirerPorts(now_ms, ports.random_bytes, self._tell)

        def build(_: KeyPort) -> dict[str, Acquirer]:
            return {"bogus": create({}, outside)}

        stop = asyncio.Event()
        running = asyncio.create_task(app.run(self.settings, ports, build, stop))
        try:
            listening = asyncio.create_task(self.first("gateway.listening"))
            await asyncio.wait([running, listening], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                listening.cancel()
                await running
            self.smtp_port = (await listening)["port"]
            yield
        finally:
            stop.set()
            await asyncio.wait([running])
            self.told = [one for one in self.told if one[0] != "gateway.listening"]

    def _tell(self, verb: str, /, **facts: Any) -> None:
        self.told.append((verb, facts))


@asynccontextmanager
async def shop_world(
    folder: Path, language: str = "en", **site: Any
) -> AsyncIterator[tuple[ShopWorld, Mailbox]]:
    """Furnished, with a mailbox that takes all letters; the gateway does not run yet."""
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(mailbox, hostname="relay.example"), "127.0.0.1", 0)
    try:
        yield ShopWorld(folder, server.sockets[0].getsockname()[1], language, **site), mailbox
    finally:
        server.close()
        await server.wait_closed()
