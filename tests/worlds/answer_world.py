"""A customer who was asked about an order and answers by mail: the real door, a real DNS, letters on disk."""

from __future__ import annotations

import asyncio
import atexit
import base64
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any, cast

import aiosmtplib
import dkim
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from sqlalchemy import insert, select

from mail_gateway.admin import keys, merchants
from mail_gateway.domain.confirmation import Confirmation
from mail_gateway.domain.customer import MeansKind
from mail_gateway.domain.order import Order, Settle
from mail_gateway.envelope import customers as secrets
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.root import fetch_root
from mail_gateway.intake.accept import Intake, Onward, Others, Route
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.intake.smtp import serve
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.order_letters import OrderWriter
from mail_gateway.ports import Ports
from mail_gateway.proof.prover import Prover
from mail_gateway.proof.resolver import DnsResolver
from mail_gateway.settings import (
    GatewaySettings,
    KeySettings,
    OrderSettings,
    ProofSettings,
    Settings,
    SmarthostSettings,
    SmtpSettings,
    Way,
)
from mail_gateway.store import nodes, orders
from mail_gateway.store.engine import open_store
from mail_gateway.store.tables import customers, hooks, letters, mails, means, order_lines, selling
from mail_gateway.store.tables import orders as order_rows
from mail_gateway.work import order_clerk, order_steps
from mail_gateway.work.kit import Kit
from mail_gateway.work.replies import Replies
from mail_gateway.work.undelivered import Undelivered
from schemas.deal import layout, ocra
from schemas.mail import token
from schemas.mail.read import Mail, read_mail

START_MS = 1_790_000_000_000
HOME, AWAY = "hanako@home.example", "hanako@work.example"
SHOP = "shop@carrier.example"
CODE = "BCDFH"
KEY, PASSWORD = bytes(range(32)), "秘密の言葉"
DOMAIN = "pay.example"
HOUR_MS = 3_600_000


@cache
def signing_key() -> tuple[bytes, str]:
    """The customer's provider's DKIM key, and its record."""
    made = rsa.generate_private_key(65537, 1024)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    return private, " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


def zone() -> dict[tuple[str, str], Any]:
    """The customer's provider says what it sends; the robber's says that it sends anything."""
    return {
        ("home.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
        ("_dmarc.home.example", "TXT"): ['"v=DMARC1; p=reject"'],
        ("s1._domainkey.home.example", "TXT"): [signing_key()[1]],
        ("robber.example", "TXT"): ['"v=spf1 +all"'],
        ("_dmarc.robber.example", "TXT"): ['"v=DMARC1; p=none"'],
        ("s1._domainkey.robber.example", "TXT"): [signing_key()[1]],
    }


SIGNED = (b"From", b"To", b"Subject", b"Date", b"Message-ID")


def signed(raw: bytes, domain: str = "home.example", **more: Any) -> bytes:
    """As the provider sends it on."""
    made: bytes = dkim.sign(
        raw, b"s1", domain.encode(), signing_key()[0], **{"include_headers": list(SIGNED), **more}
    )
    return made + raw


@cache
def _town() -> Path:
    """A database with a shop, made once and copied into every world."""
    folder = Path(tempfile.mkdtemp(prefix="hagaki-answers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    gateway = GatewaySettings(DOMAIN, database=f"sqlite:///{folder}/hagaki.db")
    keys.new_bdk(gateway, KeySettings(f"file:{folder}/root.key"))
    merchants.add(gateway, merchants.NewMerchant("Hagaki Store", SHOP, "en"))
    return folder


TOKENS = TokenKeys(b"r" * 32, b"b" * 32)


@cache
def _writer() -> OrderWriter:
    """Templates are read once for all worlds; what it writes does not depend on any."""
    gateway = GatewaySettings(DOMAIN)
    own = Settings(gateway, KeySettings(), SmtpSettings("mx.pay.example"), SmarthostSettings())
    return OrderWriter(own, TOKENS, Compose(own, TOKENS))


class AnswerWorld:
    """One shop, one customer, as many orders as are placed. now_ms: the clock, set by hand. like: the folder
    of a world that is closed, which this one goes on from. database: another than its own, and empty.
    """

    def __init__(
        self,
        folder: Path,
        dns_port: int = 0,
        places: Any = None,
        like: Path | None = None,
        *,
        database: str = "",
    ) -> None:
        for file in (like or _town()).iterdir():
            shutil.copyfile(file, folder / file.name)
        self.now_ms = START_MS
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.mails = 0
        self.port = 0
        self.client: aiosmtplib.SMTP | None = None
        self.settings = Settings(
            GatewaySettings(DOMAIN, database=database or f"sqlite:///{folder}/hagaki.db"),
            KeySettings(f"file:{folder}/root.key"),
            SmtpSettings("mx.pay.example", port=0, connections_per_address_max=100),
            SmarthostSettings(),
            orders=OrderSettings(),
        )
        self.proof = ProofSettings(Way.DIRECT.value if dns_port else Way.NONE.value, dns_port=dns_port or 53)
        self.tokens = TOKENS
        self.ring = KeyRing(fetch_root(self.settings.keys.root), lambda count: bytes(count))
        self.open(places)

    def open(self, places: Any = None) -> None:
        """One life of the gateway."""
        own, prover = self.settings.gateway, None
        self.store = open_store(own.database, places)
        self.ports = Ports(lambda: self.now_ms, lambda count: bytes(count), self.tell)
        if self.proof.the_way is not Way.NONE:
            prover = Prover(self.proof, DnsResolver(["127.0.0.1"], self.proof.dns_port), self.ports)
        answers = Answers(self.store, self.tokens.reply, prover)
        others = Others(Bounces(self.store, self.tokens.bounce), answers)
        self.intake = Intake(self.store, Onward(lambda _: None), own, self.ports, others)

    def tell(self, verb: str, /, **facts: Any) -> None:
        self.told.append((verb, facts))

    async def begin(self) -> None:
        """Who works here: nobody but the tests calls them."""
        node = await self.store.run(nodes.begin_life, self.now_ms)
        nobody = cast(Any, None)
        self.kit = Kit(
            store=self.store,
            keys=self.ring,
            acquirers=nobody,
            writer=nobody,
            notices=nobody,
            order_letters=_writer(),
            settings=self.settings.gateway,
            ports=self.ports,
            node=node,
            letter_queued=lambda: None,
            line=asyncio.Semaphore(),
            orders=self.settings.orders,
        )
        self.replies = Replies(self.kit, (), [DOMAIN])
        self.undelivered = Undelivered(self.kit, lambda: node)

    async def furnish(self, second_mail: str = AWAY, *, webhook: bool = True) -> None:
        """The customer, with a card and a key; a shop that takes a proof to 10,000, a code to 100,000."""
        secret = secrets.wrap(self.ring, 1, secrets.CustomerSecret(KEY, ocra.password_hash(PASSWORD)))
        hook = {"webhook": "https://shop.example/hook", "hook_secret": b"wrapped"} if webhook else {}

        def rows(conn: Any) -> None:
            conn.execute(insert(selling), {"merchant": 1, **hook})
            who = {"id": 1, "customer_id": "C-7Q4KDM", "name": "Hanako", "mail": HOME, "secret": secret}
            given = {**who, "second_mail": second_mail, "language": "en", "created_ms": 1}
            conn.execute(insert(customers), given)
            card = {"id": 1, "customer": 1, "kind": MeansKind.CARD.value, "shown": "4111", "wrapped": b"w"}
            conn.execute(insert(means), {**card, "created_ms": 1})

        await self.store.run(rows)

    async def ask(self, total_minor: int = 1200, number: int = 1) -> Order:
        """An order whose customer is asked now."""
        line = ("Soap", "", total_minor, 1)
        deal = layout.encode(
            layout.Deal(
                shop="Hagaki Store",
                deal_id=f"D-{number}",
                time_s=self.now_ms // 1000,
                currency=392,
                total_minor=total_minor,
                lines=[line],
            )
        )
        row = {
            **{"id": number, "merchant": 1, "deal_id": f"D-{number}", "customer": 1, "means": 1},
            **{"code": CODE if number == 1 else "XKWPT", "deal": deal, "request_hash": b"h"},
            **{"placed_ms": self.now_ms, "currency": 392, "total_minor": total_minor, "tax_minor": 0},
            **{"settle": Settle.CONFIRMED.value, "ask_first": 1, "until_ms": self.now_ms + 72 * HOUR_MS},
        }
        goods = {"order_id": number, "place": 1, "name": "Soap", "unit_minor": total_minor, "quantity": 1}

        def rows(conn: Any) -> None:
            conn.execute(insert(order_rows), row)
            conn.execute(insert(order_lines), {**goods, "tax_rate": 0})

        await self.store.run(rows)
        await self.step(number)
        return await self.order(number)

    async def step(self, number: int = 1) -> None:
        """What the worker of orders would do now, once."""
        case = await self.store.read(orders.case, number)
        assert case is not None
        entry = order_steps.next_entry(self.kit, case)
        assert entry is not None
        await order_clerk.enter(self.kit, entry)

    async def order(self, number: int = 1) -> Order:
        found = await self.store.read(orders.load, number)
        assert found is not None
        return found

    async def asking(self, number: int = 1) -> Confirmation:
        found = await self.store.read(orders.confirmation, number)
        assert found is not None
        return found

    def address(self, number: int = 1, recipient: str = HOME) -> str:
        """Where the customer answers."""
        return f"{token.make(self.tokens.reply, token.ORDER, number, recipient, 0)}@{DOMAIN}"

    def bounce_address(self, letter: int, number: int = 1, recipient: str = HOME) -> str:
        """Where that letter of that order comes back to."""
        ident = token.letter_ident(number, letter)
        return f"{token.make(self.tokens.bounce, token.ORDER_BOUNCE, ident, recipient, 0)}@{DOMAIN}"

    def mail(self, text: str, to: str = "", sender: str = HOME, **headers: str) -> bytes:
        """An answer as a mail program writes it. headers: further ones, with underscores."""
        self.mails += 1
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, to or self.address(), "Re: YOUR ORDER?"
        message["Date"] = "Mon, 21 Sep 2026 15:00:00 +0900"
        message["Message-ID"] = f"<{self.mails}@home.example>"
        for name, value in headers.items():
            del message[name.replace("_", "-")]
            message[name.replace("_", "-")] = value
        message.set_content(text)
        return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

    async def post(self, raw: bytes, to: str = "", sender: str = HOME) -> None:
        """Through the door, and read. Raises aiosmtplib's error if it is refused."""
        if self.client is None:
            self.client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.port, start_tls=False)
            await self.client.connect()
        try:
            await self.client.sendmail(sender, [to or self.address()], raw)
        except aiosmtplib.SMTPException:
            self.client.close()
            self.client = None
            raise
        await self.replies.look()

    async def drop(self, raw: bytes, to: str = "", sender: str = HOME) -> int:
        """The same without a socket; -> the code of the reply."""
        reply = await self.intake.accept(raw, Route(sender, (to or self.address(),), "127.0.0.1", "x"))
        await self.replies.look()
        return reply.code

    async def say(self, text: str, number: int = 1, *, proven: bool = True, **headers: str) -> None:
        """The customer answers."""
        raw = self.mail(text, self.address(number), **headers)
        await self.post(signed(raw) if proven else raw, self.address(number))

    async def letters(self, number: int = 1) -> list[tuple[str, str]]:
        """Kind and recipient of every letter of the order, oldest first."""
        asked = select(letters.c.kind, letters.c.recipient).where(letters.c.order_id == number)
        rows = await self.store.read(lambda conn: conn.execute(asked.order_by(letters.c.id)).all())
        return [(row.kind, row.recipient) for row in rows]

    async def words(self, kind: str, number: int = 1) -> str:
        """The text of the newest letter of that kind."""
        asked = select(letters.c.raw).where(letters.c.order_id == number, letters.c.kind == kind)
        raw = await self.store.read(lambda conn: conn.scalar(asked.order_by(letters.c.id.desc()).limit(1)))
        mail = read_mail(cast(bytes, raw))
        assert isinstance(mail, Mail)
        return f"{mail.subject}\n{mail.body}"

    async def slugs(self) -> list[tuple[str, str]]:
        """Verdict and slug of every mail."""
        asked = select(mails.c.verdict, mails.c.slug).order_by(mails.c.id)
        return [tuple(row) for row in await self.store.read(lambda conn: conn.execute(asked).all())]

    async def hooks(self) -> list[str]:
        asked = select(hooks.c.event).order_by(hooks.c.id)
        return await self.store.read(lambda conn: list(conn.scalars(asked)))

    def ocra(self, order: Order, minutes_ago: int = 0, password: str = PASSWORD) -> str:
        """What the customer computes."""
        minute = self.now_ms // 60_000 - minutes_ago
        return str(ocra.answer(KEY, ocra.password_hash(password), layout.question(order.deal), minute))

    def alarms(self) -> list[str]:
        return [verb for verb, _ in self.told if verb.startswith("alarm.")]


@asynccontextmanager
async def answer_world(
    folder: Path, dns_port: int = 0, *, database: str = "", **furnished: Any
) -> AsyncIterator[AnswerWorld]:
    """One order of 1,200 yen, asked. dns_port: of a zone server; 0: no proof is looked at."""
    world = AnswerWorld(folder, dns_port, database=database)
    if database:
        new = merchants.NewMerchant("Hagaki Store", SHOP, "en")
        await asyncio.to_thread(merchants.add, world.settings.gateway, new)
    await world.begin()
    await world.furnish(**furnished)
    await world.ask()
    door = await serve(world.settings, world.intake, world.ports, None)
    world.port = door.port
    try:
        yield world
    finally:
        if world.client is not None:
            world.client.close()
        await door.close()
        await world.store.close()
