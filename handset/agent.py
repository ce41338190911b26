"""Keep the reader's line open and the phone's rules fed: reopened whenever the cable comes back."""

from __future__ import annotations

import asyncio

from handset.line import Line
from handset.phone import Phone
from handset.ports import Ports
from handset.settings import HandsetSettings
from handset.waiting import delays_s, heard

REOPEN_FIRST_MS = 100
REOPEN_MAX_MS = 5_000


async def run_agent(settings: HandsetSettings, phone: Phone, ports: Ports, bell: asyncio.Event) -> None:
    """For ever: open the port, talk until it is gone, wait, open it again.

    bell: rung by whoever has something for the reader, and by the line. A missing port is told once.
    """
    waits = delays_s(REOPEN_FIRST_MS, REOPEN_MAX_MS)
    told = False
    while True:
        try:
            line = Line(settings.port, settings.baud, bell.set)
        except OSError as error:
            if not told:
                ports.tell("handset.no_port", port=settings.port, reason=str(error))
            told = True
            await asyncio.sleep(next(waits))
            continue
        waits, told = delays_s(REOPEN_FIRST_MS, REOPEN_MAX_MS), False
        await _talk(line, phone, bell)
        await asyncio.sleep(next(waits))


async def _talk(line: Line, phone: Phone, bell: asyncio.Event) -> None:
    """Until the port is gone. The session's clock is the loop's, which never jumps."""
    loop = asyncio.get_running_loop()
    try:
        while True:
            bell.clear()
            phone.step(line.read(), _ms(loop))
            line.write(phone.outgoing())
            due_ms = phone.deadline_ms()
            await heard(bell, None if due_ms is None else max(due_ms - _ms(loop), 1) / 1000)
    except OSError:
        phone.unplugged()
    finally:
        line.close()


def _ms(loop: asyncio.AbstractEventLoop) -> int:
    return int(loop.time() * 1000)
