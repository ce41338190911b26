"""The parts of one sale, for the test that walks it: a reader, a phone, a centre, an acquirer's host."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP

import handset.ports
from acquirer_sdk.port import Ports as AcquirerPorts
from cafis_adapter import adapter
from cafis_adapter.host.app import Host, HostSettings
from card_reader_fw.board.desk import device
from card_reader_fw.board.desk.bench import Bench
from card_reader_fw.board.desk.chip import issuer
from card_reader_fw.board.desk.device import Device
from handset.courier import Courier
from handset.maildir import Maildir
from handset.settings import HandsetSettings
from handset.spool import Spool
from mail_gateway.admin import keys, merchants, readers
from mail_gateway.domain.route import Table
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.intake.accept import Intake, Onward
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.notices import Notices
from mail_gateway.outbox.send import Sender
from mail_gateway.ports import Ports
from mail_gateway.settings import GatewaySettings, KeySettings, Settings, SmarthostSettings, SmtpSettings
from mail_gateway.store import nodes
from mail_gateway.store.engine import open_store
from mail_gateway.work.kit import Kit
from mail_gateway.work.runner import Runner
from mail_gateway.work.switch import Switch

MERCHANT = "shop@carrier.example"
CENTRE = "sale@pay.example"


def now_ms() -> int:
    return time.time_ns() // 10**6


def tell(_verb: str, /, **_facts: Any) -> None:
    """Nobody listens: the test looks at the things themselves."""


class Carrier:
    """Mail between the two: the phone's stays in `sales`, the centre's goes to the Maildir."""

    def __init__(self, mailbox: Path) -> None:
        self.sales: list[bytes] = []
        self._letters = 0
        self._mailbox = mailbox
        for name in ("new", "cur", "tmp"):
            (mailbox / name).mkdir(parents=True)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos == [CENTRE]:
            self.sales.append(envelope.content)
        else:
            self._letters += 1
            letter = self._mailbox / "tmp" / f"letter{self._letters}"
            letter.write_bytes(envelope.content)
            letter.rename(self._mailbox / "new" / letter.name)  # whole, or not there
        return "250 OK"


def _reader(folder: Path, settings: Settings, slot: Any) -> Bench:
    keys.new_bdk(settings.gateway, settings.keys)
    merchants.add(settings.gateway, merchants.NewMerchant("Hagaki Store", MERCHANT, "en"))
    enrolled = readers.enrol(settings.gateway, settings.keys, 7)
    device.create(folder / "reader.dev", enrolled.initial_key_id, enrolled.initial_key)
    return Bench(Device.open(folder / "reader.dev"), now_ms() // 1000, slot)


def _phone(folder: Path, smtp_port: int) -> SimpleNamespace:
    spool = Spool(folder / "phone")
    settings = HandsetSettings(
        port="", spool="", mail_from=MERCHANT, mail_to=CENTRE, smtp_port=smtp_port, fetch=""
    )
    courier = Courier(settings, spool, handset.ports.Ports(now_ms, os.urandom, tell), lambda: None)
    return SimpleNamespace(spool=spool, courier=courier, mailbox=Maildir(folder / "mailbox"))


@asynccontextmanager
async def stations(folder: Path, slot: Any = None, rules: str = "") -> AsyncIterator[SimpleNamespace]:
    """Everything signed on and ready; the runner only moves what the test advances. slot: the reader's;
    rules: a file for the host."""
    carrier = Carrier(folder / "mailbox")
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: SMTP(carrier, hostname="carrier.example"), "127.0.0.1", 0)
    port = smtp.sockets[0].getsockname()[1]
    settings = Settings(
        GatewaySettings("pay.example", database=f"sqlite:///{folder}/hagaki.db"),
        KeySettings(f"file:{folder}/root.key"),
        SmtpSettings("mx.pay.example"),
        SmarthostSettings(port=port),
    )
    reader, ports = _reader(folder, settings, slot), Ports(now_ms, os.urandom, tell)
    outside = AcquirerPorts(now_ms, os.urandom, tell)
    host = Host(HostSettings(port=0, rules=rules), outside, issuer.agrees)
    await host.start()
    acquirer = adapter.create({"port": host.port}, outside)
    store = open_store(settings.gateway.database)
    ring = KeyRing(fetch_root(settings.keys.root), os.urandom)
    tokens = TokenKeys(b"r" * 32, b"b" * 32)
    writer = Compose(settings, tokens)
    notices = Notices(tokens, writer)
    node = await store.run(nodes.begin_life, now_ms())
    line = asyncio.Semaphore(settings.gateway.requests_max)
    switch = Switch({"cafis": acquirer}, Table("cafis"))
    kit = Kit(store, ring, switch, writer, notices, settings.gateway, ports, node, lambda: None, line)
    await acquirer.start(lambda _: None)
    while type(acquirer.ready()).__name__ != "Ready":
        await asyncio.sleep(0)
    try:
        yield SimpleNamespace(
            reader=reader,
            phone=_phone(folder, port),
            carrier=carrier,
            store=store,
            keys=ring,
            gateway=settings.gateway,
            host=host,
            intake=Intake(store, Onward(lambda _: None), settings.gateway, ports),
            runner=Runner(kit, lambda _: None),
            sender=Sender(settings.smarthost, store, ports),
        )
    finally:
        await acquirer.close()
        await host.close()
        await store.close()
        smtp.close()
