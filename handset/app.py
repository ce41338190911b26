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


async def run(settings: HandsetSettings, ports: Ports, stop: asyncio.Event) -> None:
    """Carry between reader and mailbox until `stop` is set. Stopping at any moment loses nothing.

    Raises HandsetError (cannot start as set up) and OSError (no spool).
    """
    spool = Spool(Path(settings.spool))
    mailbox = open_mailbox(settings, spool)
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


def open_mailbox(settings: HandsetSettings, spool: Spool) -> Mailbox:
    """`settings.fetch` -> the mailbox. Raises HandsetError when it is not of a known form."""
    kind, _, place = settings.fetch.partition(":")
    if kind == "maildir" and place:
        return Maildir(Path(place))
    parts = place.split(":", 3)
    if kind == "imap" and len(parts) == 4 and all(parts) and parts[1].isdecimal():
        from handset.imap import Account, Imap  # its library is an extra

        account = Account(parts[0], int(parts[1]), parts[2], settings.imap_password, parts[3])
        return Imap(account, spool, timeout_ms=settings.timeout_ms, tls=settings.imap_tls)
    raise HandsetError(
        "fetch-form", f"fetch = {settings.fetch!r} must be maildir:PATH or imap:HOST:PORT:USER:FOLDER"
    )
