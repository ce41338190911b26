"""A mail carrier for demo and trials: takes mail by SMTP, keeps it on disk, carries it on or into a Maildir.

What it answered 250 it carries, through restarts and however long the next server is away; and it can be told
to be a bad carrier, by a seed or by the amounts that letters are about, to see what bad days do.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

from cafis_adapter.host.triggers import Mail
from hagaki.carrier_queue import (
    HOPS_MAX,
    QUEUE_MAX,
    Directory,
    Hop,
    Label,
    Luck,
    Odds,
    Queue,
    hops_of,
    message_id_of,
    put_into_maildir,
)
from hagaki.carrier_smtp import Server
from hagaki.carrier_weather import FINE, Forecast, Parcel, Weather
from handset import smtp
from handset.ports import Ports
from handset.waiting import delays_s, ended

AT_ONCE_MAX = 20
"""Mails under way at one time."""

_PERCENT = {"min": 0, "max": 100}


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierSettings:
    """The table [carrier] of config.toml."""

    host: str = field(default="127.0.0.1", metadata={"help": "address to listen on"})
    port: int = field(default=2526, metadata={"help": "port to listen on; 0: any", "min": 0, "max": 65535})
    hostname: str = field(
        default="carrier.example", metadata={"help": "its own name in greeting and Received"}
    )
    spool: str = field(default="var/carrier", metadata={"help": "folder for mail on its way", "path": ""})
    routes: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"help": "for each domain the host:port of the mail server that takes it"},
    )
    maildirs: Mapping[str, str] = field(
        default_factory=dict,
        metadata={"help": "for each address the Maildir that it is delivered to", "path": ""},
    )
    size_max: int = field(
        default=1_048_576, metadata={"help": "largest mail, bytes", "min": 1024, "max": 33_554_432}
    )
    timeout_ms: int = field(
        default=30_000, metadata={"help": "longest wait for the next server's answer, ms", "min": 100}
    )
    retry_first_ms: int = field(
        default=200, metadata={"help": "wait before the second try, ms; doubles", "min": 1}
    )
    retry_max_ms: int = field(
        default=5_000, metadata={"help": "longest wait between two tries, ms", "min": 1}
    )
    lose_percent: int = field(default=0, metadata={"help": "mails in a hundred that get lost", **_PERCENT})
    double_percent: int = field(
        default=0, metadata={"help": "mails in a hundred that come twice", **_PERCENT}
    )
    delay_percent: int = field(default=0, metadata={"help": "mails in a hundred that come late", **_PERCENT})
    delay_ms: int = field(default=5_000, metadata={"help": "how late, ms", "min": 0})
    seed: int = field(default=0, metadata={"help": "which bad day: the same seed, the same luck", "min": 0})
    weather_by_amount: bool = field(
        default=False, metadata={"help": "letters suffer by their amount's last digits, as docs/host.md says"}
    )


async def run(settings: CarrierSettings, ports: Ports, stop: asyncio.Event) -> None:
    """Carry until `stop` is set; what is not carried then is carried after the next start.

    Raises Problem (a route that cannot be) and OSError (port taken, no spool).
    """
    carrier = Carrier(settings, ports)
    server = Server(carrier, settings.hostname, settings.size_max)
    ports.tell("carrier.listening", port=await server.listen(settings.host, settings.port))
    async with asyncio.TaskGroup() as group:
        try:
            carrier.begin(group)
            await stop.wait()
        finally:
            server.close()
            await carrier.rest()


class Carrier:
    """Decides at the door, and sees each mail to its end, one small task for each."""

    _group: asyncio.TaskGroup

    def __init__(self, settings: CarrierSettings, ports: Ports) -> None:
        self._settings = settings
        self._ports = ports
        self._directory = Directory(settings.routes, settings.maildirs)
        self._queue = Queue(Path(settings.spool))
        odds = Odds(settings.lose_percent, settings.double_percent, settings.delay_percent, settings.delay_ms)
        self._luck = Luck(odds, settings.seed)
        self._weather = Weather(settings.delay_ms, ports.random_bytes)
        self._room = asyncio.Semaphore(AT_ONCE_MAX)
        self._under_way: set[asyncio.Task[None]] = set()

    def begin(self, group: asyncio.TaskGroup) -> None:
        """Take up what an earlier run left. group: where the small tasks run."""
        self._group = group
        for name in self._queue.names():
            self._start(name)

    async def rest(self) -> None:
        """Put down what is under way; it is still on disk."""
        await ended(list(self._under_way))

    def may_come(self, recipient: str) -> str:
        """The reply to RCPT: only for where a route or a Maildir leads."""
        if self._directory.find(recipient) is None:
            return "550 5.1.1 nobody here carries to that address"
        if len(self._under_way) >= QUEUE_MAX:
            return "452 4.3.1 the queue is full, come again"
        return "250 2.1.5 OK"

    def take(self, sender: str, recipients: list[str], mail: bytes, peer: str) -> str:
        """The reply to DATA. 250 only when every copy is on disk. Raises OSError."""
        if hops_of(mail) >= HOPS_MAX:
            return "554 5.4.6 this mail goes round in circles"
        forecast = self._forecast(recipients, mail)
        if forecast.mail is Mail.GREYLISTED:
            self._weather.befall(forecast, Parcel(sender, recipients[0], mail))
            return "451 4.7.1 never seen before, come again"
        first = [Parcel(sender, recipient, mail) for recipient in recipients]
        kept = [name for parcel in first for name in self._keep(parcel, forecast, peer)]
        for name in kept:
            self._start(name)
        return "250 2.0.0 carried from here"

    def _forecast(self, recipients: list[str], mail: bytes) -> Forecast:
        """Only letters into a mailbox here have weather; what goes on has none."""
        into_boxes = all(isinstance(self._directory.find(recipient), Path) for recipient in recipients)
        return self._weather.over(mail) if self._settings.weather_by_amount and into_boxes else FINE

    def _keep(self, first: Parcel, forecast: Forecast, peer: str) -> list[str]:
        """Names in the queue of what is carried in a mail's place: mostly one, the mail itself."""
        parcels = [first]
        if forecast.mail:
            parcels = self._weather.befall(forecast, first)
            self._tell("weather", message_id_of(first.mail), first.recipient, forecast.mail.value)
        names = [name for parcel in parcels for name in self._copies(parcel, peer)]
        self._tell("queued" if names else "lost", message_id_of(first.mail), first.recipient)
        return names

    def _copies(self, parcel: Parcel, peer: str) -> list[str]:
        now_ms = self._ports.now_ms()
        names = []
        for wait_ms in self._luck.copies():
            wait_ms += parcel.wait_ms
            name = f"{now_ms // 1000}.{self._ports.random_bytes(8).hex()}.{self._settings.hostname}"
            not_before_ms = now_ms + wait_ms if wait_ms else 0
            label = Label(parcel.sender, parcel.recipient, message_id_of(parcel.mail), not_before_ms)
            self._queue.keep(name, label, self._stamp(parcel.recipient, peer, name) + parcel.mail)
            names.append(name)
        return names

    def _stamp(self, recipient: str, peer: str, name: str) -> bytes:
        """The trace line that every server adds (RFC 5321 section 4.4)."""
        date = formatdate(self._ports.now_ms() // 1000)
        by = f"by {self._settings.hostname} with ESMTP id {name[:32]}"
        return f"Received: from [{peer}]\r\n\t{by}\r\n\tfor <{recipient}>; {date}\r\n".encode()

    def _start(self, name: str) -> None:
        task = self._group.create_task(self._carry(name))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _carry(self, name: str) -> None:
        """Try until it is delivered, taken by the next server, or refused by it for good."""
        try:
            label, mail = self._queue.load(name)
        except (OSError, ValueError) as error:
            self._ports.tell("carrier.unreadable", file=name, reason=str(error))
            return
        await asyncio.sleep(max(label.not_before_ms - self._ports.now_ms(), 0) / 1000)
        for wait_s in delays_s(self._settings.retry_first_ms, self._settings.retry_max_ms):
            async with self._room:
                ended = await self._try(name, label, mail)
            if ended:
                return
            await asyncio.sleep(wait_s)

    async def _try(self, name: str, label: Label, mail: bytes) -> bool:
        try:
            return await self._step(name, label, mail)
        except OSError as error:
            self._tell("waiting", label.message_id, label.recipient, str(error))
            return False

    async def _step(self, name: str, label: Label, mail: bytes) -> bool:
        place = self._directory.find(label.recipient)
        match place:
            case Path():
                put_into_maildir(place, name, f"Return-Path: <{label.sender}>\r\n".encode() + mail)
                outcome: smtp.Sent | smtp.Refused | smtp.Later = smtp.Sent()
            case Hop(host, port):
                server = smtp.Server(host, port, self._settings.timeout_ms)
                outcome = await smtp.send(server, label.sender, label.recipient, mail)
            case None:
                outcome = smtp.Refused("no route leads there any more")
        return self._end(name, label, outcome, "delivered" if isinstance(place, Path) else "relayed")

    def _end(
        self, name: str, label: Label, outcome: smtp.Sent | smtp.Refused | smtp.Later, success: str
    ) -> bool:
        match outcome:
            case smtp.Sent():
                self._queue.done(name)
                self._tell(success, label.message_id, label.recipient)
            case smtp.Refused(reason):
                self._queue.bounce(name)
                self._tell("bounced", label.message_id, label.recipient, reason)
            case smtp.Later(reason):
                self._tell("waiting", label.message_id, label.recipient, reason)
                return False
        return True

    def _tell(self, what: str, message_id: str, recipient: str, reason: str | None = None) -> None:
        facts = {"message_id": message_id, "recipient": recipient, "reason": reason}
        self._ports.tell(
            f"carrier.{what}", **{name: fact for name, fact in facts.items() if fact is not None}
        )
