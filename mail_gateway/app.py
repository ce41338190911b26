"""The only constructor: builds one gateway, starts it in order, and takes it down in the reverse order."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mail_gateway.admin import zones
from mail_gateway.domain.hook import hook_ident
from mail_gateway.domain.route import Table
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.envelope.root import fetch_root
from mail_gateway.envelope.zones import SoftwareKeys
from mail_gateway.intake.accept import Intake, Onward, Others
from mail_gateway.intake.answers import Answers
from mail_gateway.intake.bounces import Bounces
from mail_gateway.intake.gate import Addresses
from mail_gateway.intake.imap import Folder, assert_way_in
from mail_gateway.intake.mailbox_mail import Slot
from mail_gateway.intake.mailbox_reading import Reading
from mail_gateway.intake.smtp import serve
from mail_gateway.observe.maillog import MailLog
from mail_gateway.observe.watch import Senses, Watch
from mail_gateway.outbox.compose import Compose, TokenKeys
from mail_gateway.outbox.daily import notice_of
from mail_gateway.outbox.desk import DeskWords
from mail_gateway.outbox.form_words import FormWords
from mail_gateway.outbox.hooking import Teller, Tools
from mail_gateway.outbox.notices import Notices
from mail_gateway.outbox.order_letters import OrderWriter
from mail_gateway.outbox.send import Sender
from mail_gateway.outbox.signing import Signing
from mail_gateway.settings import Way
from mail_gateway.store import register, zone_keys
from mail_gateway.store.doctor import alive
from mail_gateway.store.engine import Store, open_store
from mail_gateway.tls import Certificates
from mail_gateway.work.advising import Advising
from mail_gateway.work.day_totals import DayTotals
from mail_gateway.work.desk import Desk
from mail_gateway.work.digest import Digest
from mail_gateway.work.kit import Kit
from mail_gateway.work.order_mail import OrderMail
from mail_gateway.work.orders import Bell, Orders
from mail_gateway.work.replies import Replies
from mail_gateway.work.runner import Runner
from mail_gateway.work.sweeper import Sweeper
from mail_gateway.work.switch import Switch
from mail_gateway.work.tenure import Tenure
from mail_gateway.work.undelivered import Undelivered
from mail_gateway.work.wants import Wants

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from acquirer_sdk.keyport import KeyPort
    from acquirer_sdk.port import Acquirer
    from mail_gateway.domain.route import Route
    from mail_gateway.observe.watch import Trouble
    from mail_gateway.outbox.hooking import Caller
    from mail_gateway.ports import Ports
    from mail_gateway.proof.prover import Prover
    from mail_gateway.settings import ProofSettings, Settings, SmarthostSettings
    from mail_gateway.store.payments import Payment

    Build = Callable[[KeyPort], Mapping[str, Acquirer]]


async def run(
    settings: Settings, ports: Ports, build: Build, stop: asyncio.Event, routes: Sequence[Route] = ()
) -> None:
    """Run a gateway until stop is set. Raises GatewayError or OSError if it cannot start.

    build: makes every acquirer that is named, by name, once there are keys. routes: which of them is asked
    for which sale. Start: store, keys, acquirers, what an earlier life left, sender, mail last. Stop: mail
    first.
    """
    if ports.mailbox is None:
        assert_way_in(settings.smtp, settings.imap)
    ports = replace(ports, tell=(log := MailLog(ports.tell)))
    async with AsyncExitStack() as stack:
        store = open_store(settings.gateway.database, ports.places and ports.places())
        stack.push_async_callback(store.close)
        keys = await _keys(settings, ports, store)
        tenure = Tenure(store, ports, settings.gateway)
        await tenure.begin()
        stack.push_async_callback(tenure.end)
        signing = Signing(store, keys, ports.tell)
        sender = Sender(_smarthost(settings), store, ports, tenure.mine, signing)
        teller = _teller(settings, keys, store, ports, tenure)
        token_keys = _token_keys(keys)
        compose = Compose(settings, token_keys)
        port, bell = await _key_port(settings, store, keys, stack), Bell()
        kit = Kit(
            store=store,
            keys=keys,
            acquirers=Switch(build(port), Table(settings.acquirer.name, routes), tenure.holds),
            writer=compose,
            notices=Notices(token_keys, compose),
            order_letters=OrderWriter(settings, token_keys, compose),
            settings=settings.gateway,
            ports=ports,
            node=tenure.node,
            letter_queued=partial(_wake, sender, teller),
            line=asyncio.Semaphore(settings.gateway.requests_max),
            order_moved=bell.ring,
            orders=settings.orders,
        )
        runner, working = await _work(kit, tenure, stack)
        advising = Advising(kit, tenure.holds)
        wants = Wants(lambda: tenure.node, runner.wake, advising.wake)
        replies = _replies(settings, kit, wants, compose, tenure)
        undelivered = Undelivered(kit, lambda: tenure.node)
        told = (replies, advising, teller, undelivered, _orders(kit, bell, tenure, runner))
        for part in (Digest(kit, notice_of), DayTotals(kit, tenure.holds), *told):
            working.append(asyncio.create_task(part.run()))
            stack.callback(working[-1].cancel)
        sending = _send(sender, stack)

        await _watch(settings, kit, log, tenure, stack)
        intake = partial(_intake, kit, token_keys, _onward(runner, sender, tenure, replies, undelivered))
        working += _fetch(settings, kit, intake, stack)
        renewing = await _doors(settings, kit, intake(settings.proof), tenure, stack)
        await _until(stop, *working, sending, renewing)


def _wake(sender: Sender, other: Teller | Undelivered) -> None:
    """What moves an order writes letters and hooks in one commit; what came back goes on, or is told."""
    sender.wake()
    other.wake()


def _teller(settings: Settings, keys: KeyRing, store: Store, ports: Ports, tenure: Tenure) -> Teller:
    def open_secret(merchant: int, wrapped: bytes) -> bytes:
        return keys.unwrap(Purpose.HOOK, hook_ident(merchant), wrapped)

    def caller() -> Caller:
        if ports.hooks is not None:
            made: Caller = ports.hooks()
            return made
        from mail_gateway.outbox.hooks import HookCaller  # who tells nobody does not pay for the library

        return HookCaller()

    return Teller(settings.orders, Tools(store, caller, open_secret, ports, tenure.mine))


def _onward(
    runner: Runner, sender: Sender, tenure: Tenure, replies: Replies, undelivered: Undelivered
) -> Onward:
    def wake(payment_id: int) -> None:
        if tenure.holds():
            runner.wake(payment_id)
        sender.wake()  # a repeated sale makes its last letter due again

    def begin(payment: Payment) -> None:
        if tenure.holds():
            runner.wake(payment.id, payment)

    return Onward(wake, begin, tenure.mine, replies.wake, partial(_wake, sender, undelivered))


def _orders(kit: Kit, bell: Bell, tenure: Tenure, runner: Runner) -> Orders:
    def wake(payment_id: int) -> None:
        if tenure.holds():
            runner.wake(payment_id)

    return Orders(kit, bell, lambda: tenure.node, tenure.mine, wake)


def _intake(kit: Kit, token_keys: TokenKeys, onward: Onward, proof: ProofSettings) -> Intake:
    """proof: how mail comes to this door."""
    answers = Answers(kit.store, token_keys.reply, _prover(proof, kit.ports))
    others = Others(Bounces(kit.store, token_keys.bounce), answers)
    return Intake(kit.store, onward, kit.settings, kit.ports, others)


def _prover(own: ProofSettings, ports: Ports) -> Prover | None:
    if own.the_way is Way.NONE:
        return None
    from mail_gateway.proof.prover import Prover  # nor does one that looks at no proof
    from mail_gateway.proof.resolver import DnsResolver

    return Prover(own, DnsResolver(own.servers, own.dns_port), ports)


async def _key_port(settings: Settings, store: Store, ring: KeyRing, stack: AsyncExitStack) -> KeyPort:
    """What adapters may have done with zone keys, in software or in the device that is named."""
    own = settings.keys
    if own.device:
        from mail_gateway.envelope.device import DeviceKeys, open_device  # its library is an extra

        session = stack.enter_context(open_device(own.device_library, own.device_token, own.device_pin))
        return DeviceKeys(session, ring.random_bytes)
    kept = await store.read(zone_keys.every)
    return SoftwareKeys(ring, kept, partial(zones.keep, settings.gateway.database))


def _replies(settings: Settings, kit: Kit, wants: Wants, compose: Compose, tenure: Tenure) -> Replies:
    words = DeskWords(settings.gateway, compose, kit.ports.file)
    desk = Desk(words)
    stages = (OrderMail(FormWords(), words).take, desk.take, wants.take, desk.take_last)
    return Replies(kit, stages, _domains(settings), lambda: tenure.node)


def _domains(settings: Settings) -> tuple[str, ...]:
    """Ours: a line that names an address there is no answer."""
    own = settings.gateway
    return tuple({own.domain, own.reply_domain or own.domain, settings.smarthost.sender_domain or own.domain})


def _smarthost(settings: Settings) -> SmarthostSettings:
    domain = settings.smarthost.sender_domain or settings.gateway.domain
    return replace(settings.smarthost, sender_domain=domain)


async def _keys(settings: Settings, ports: Ports, store: Store) -> KeyRing:
    """Every BDK is opened once at start, so that a wrong root key is found before the first sale."""
    ring = KeyRing(fetch_root(settings.keys.root), ports.random_bytes)
    for bdk in await store.read(register.bdks):
        ring.add_bdk(bytes.fromhex(bdk.id), bdk.wrapped)
    return ring


def _token_keys(ring: KeyRing) -> TokenKeys:
    return TokenKeys(ring.token_key(Purpose.REPLY_TOKEN), ring.token_key(Purpose.BOUNCE_TOKEN))


async def _work(kit: Kit, tenure: Tenure, stack: AsyncExitStack) -> tuple[Runner, list[asyncio.Task[None]]]:
    def wake(payment_id: int) -> None:
        if tenure.holds():
            runner.wake(payment_id)

    sweeper = Sweeper(kit.store, kit.ports, wake, tenure.mine)
    runner = Runner(kit, sweeper.due)
    stack.push_async_callback(runner.drain)  # requests that an acquirer's end cut short are recorded
    stack.push_async_callback(kit.acquirers.close)
    stack.push_async_callback(runner.drain)
    await kit.acquirers.start(runner.late)
    await runner.begin()
    living = tenure.run(runner.reborn, wake)
    working = [asyncio.create_task(sweeper.run()), asyncio.create_task(living)]
    for task in working:
        stack.callback(task.cancel)
    return runner, working


def _send(sender: Sender, stack: AsyncExitStack) -> asyncio.Task[None]:
    stop = asyncio.Event()
    sending = asyncio.create_task(sender.run(stop))

    async def end() -> None:
        stop.set()
        await asyncio.wait([sending])

    stack.push_async_callback(end)
    return sending


async def _doors(
    settings: Settings, kit: Kit, intake: Intake, tenure: Tenure, stack: AsyncExitStack
) -> asyncio.Task[None]:
    """Open what others knock at, mail last; -> what keeps their certificates fresh."""
    certificates = Certificates(kit.ports)
    renewing = asyncio.create_task(certificates.run())
    stack.callback(renewing.cancel)
    await _site(settings, kit, tenure, certificates, stack)
    if settings.smtp.listen:
        door = await serve(settings, intake, kit.ports, certificates.context(settings.smtp, "smtp"))
        stack.push_async_callback(door.close)
    return renewing


def _fetch(
    settings: Settings, kit: Kit, intake: Callable[[ProofSettings], Intake], stack: AsyncExitStack
) -> list[asyncio.Task[None]]:
    """Mail that lies in a mailbox comes to a door of its own: its provider's results count only there."""
    own = settings.imap
    if not own.host:
        return []
    slot = Slot(intake(settings.mailbox_proof), Addresses(settings.gateway))
    line = kit.ports.mailbox() if kit.ports.mailbox else Folder(own, kit.ports.ask)
    fetching = asyncio.create_task(Reading(settings, line, slot, kit.store, kit.ports).run())

    async def end() -> None:
        fetching.cancel()
        await asyncio.wait([fetching])

    stack.push_async_callback(end)
    return [fetching]


async def _site(
    settings: Settings, kit: Kit, tenure: Tenure, certificates: Certificates, stack: AsyncExitStack
) -> None:
    if settings.site.port:
        from mail_gateway.site import http  # a gateway without a site does not pay for its library
        from mail_gateway.site.answering import Answering
        from mail_gateway.site.shops import Shops

        shops = Shops(kit, settings.site)
        parts = (shops, Answering(kit, lambda: tenure.node))
        shown = certificates.context(settings.site, "site")
        stack.push_async_callback((await http.serve(settings, kit.ports, shown, parts)).close)
        stack.push_async_callback(shops.close)


async def _watch(settings: Settings, kit: Kit, log: MailLog, tenure: Tenure, stack: AsyncExitStack) -> None:
    if not settings.watch.port:
        return
    from mail_gateway.admin import doctor  # a gateway that nobody watches does not pay for their libraries
    from mail_gateway.site import watch

    def look() -> Sequence[Trouble]:
        now_ms, routes = kit.ports.now_ms(), kit.acquirers.table
        return doctor.examine(settings.gateway, settings.keys, now_ms, routes, settings.imap.name)

    senses = Senses(log, tenure.holds, look, partial(kit.store.read, alive), kit.ports)
    stack.push_async_callback((await watch.serve(settings, Watch(senses), kit.ports)).close)


async def _until(stop: asyncio.Event, *working: asyncio.Task[None]) -> None:
    """Until stop, or until a part that must live fails: then its exception. The disk knows the rest."""
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait([stopping, *working], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
    for task in done - {stopping}:
        await task
