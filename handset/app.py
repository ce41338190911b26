"""The phone's side as a whole: everything is built here and runs until it is told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path

from handset.agent import run_agent
from handset.courier import Courier
from handset.errors import HandsetError
from handset.mailbox import Mailbox
from handset.maildir import Maildir
from handset.phone import Phone
from handset.ports import Ports
from handset.settings import HandsetSettings
from handset.spool import Spool
from handset.waiting import ended
from schemas.mail.sign_in import Ask, SignIn, no_command


async def run(settings: HandsetSettings, ports: Ports, stop: asyncio.Event) -> None:
    """Carry between reader and mailbox until `stop` is set. Stopping at any moment loses nothing.

    Raises HandsetError (cannot start as set up) and OSError (no spool).
    """
    accounts(settings)
    spool = Spool(Path(settings.spool))
    mailbox = open_mailbox(settings, spool, ports.ask)
    bell = asyncio.Event()
    courier = Courier(settings, spool, ports, bell.set)
    phone = Phone(spool, ports, courier.wake)
    try:
        async with asyncio.TaskGroup() as group:
            works = (run_agent(settings, phone, ports, bell), courier.run_post(), courier.run_fetch(mailbox))
            tasks = [group.create_task(work) for work in works]
            await stop.wait()
            await ended(tasks)
    finally:
        mailbox.close()


def open_mailbox(settings: HandsetSettings, spool: Spool, ask: Ask = no_command) -> Mailbox:
    """`settings.fetch` -> the mailbox. Raises HandsetError when it is not of a known form."""
    kind, _, place = settings.fetch.partition(":")
    if kind == "maildir" and place:
        return Maildir(Path(place))
    host, port, user, folder = _imap_place(settings.fetch)
    from handset.imap import Account, Imap  # its library is an extra

    account = Account(host, int(port), _imap_account(settings, user), folder)
    return Imap(account, spool, ask, timeout_ms=settings.timeout_ms, tls=settings.imap_tls)


def accounts(settings: HandsetSettings) -> dict[str, SignIn]:
    """Who signs in: "smtp" to send, and "imap" where mail is fetched so. Raises HandsetError."""
    sending = settings.smtp_account
    found = {"smtp": sending}
    faults = {"smtp": sending.fault(settings.smtp_host, tls=settings.smtp_tls != "none")}
    if settings.fetch.startswith("imap:"):
        host, _, user, _ = _imap_place(settings.fetch)
        found["imap"] = _imap_account(settings, user)
        faults["imap"] = found["imap"].fault(host, tls=settings.imap_tls)
    for name, fault in faults.items():
        if fault is not None:
            raise HandsetError("sign-in-form", f"[handset] {name}_{fault[0]}: {fault[1]}")
    return found


def _imap_account(settings: HandsetSettings, user: str) -> SignIn:
    return SignIn(user, settings.imap_password, settings.imap_secret_command, settings.imap_sign_in)


def _imap_place(fetch: str) -> list[str]:
    """Host, port, user and folder."""
    kind, _, place = fetch.partition(":")
    parts = place.split(":", 3)
    if kind == "imap" and len(parts) == 4 and all(parts) and parts[1].isdecimal():
        return parts
    raise HandsetError("fetch-form", f"fetch = {fetch!r} must be maildir:PATH or imap:HOST:PORT:USER:FOLDER")
