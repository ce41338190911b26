"""A till or a vending machine built on this machine: prices, journal, line to the gateway, scanner."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from hagaki import machine
from hagaki.problem import MACHINE, Problem
from hagaki.till_disk import JournalFile, put
from mail_gateway.domain.money import CURRENCIES
from till import deal_id as deal_ids
from till.answers import Lost, Refused
from till.basket import Abroad, Terms
from till.journal import Journal
from till.link import Link, Place
from till.loop import End, Loop, Pace
from till.prices import PriceFaults, Prices, prices_of, read_prices
from till.scanner import read_codes
from till.settings import TillSettings
from till.walk import Ports, Walk

_RATE: Final = re.compile(r"(?!0+(\.0+)?$)[0-9]{1,8}(\.[0-9]{1,8})?")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PRODUCTS: Final = "products.json"


@dataclass(frozen=True, slots=True)
class Device:
    """What a till and a machine have in common while they run."""

    settings: TillSettings
    terms: Terms
    link: Link
    journal: Journal
    file: JournalFile
    prices: Prices

    @property
    def folder(self) -> Path:
        """Where the journal and the receipts are."""
        return Path(self.settings.journal)

    def ports(self) -> Ports:
        """This machine as the walk sees it. Within a running loop."""
        loop = asyncio.get_running_loop()
        return Ports(self.link, machine.now_ms, lambda: int(loop.time() * 1000))

    def new_deal_id(self) -> str:
        """One that was never there."""
        return deal_ids.deal_id(
            self.settings.name, machine.now_ms(), machine.random_bytes(deal_ids.RANDOM_BYTES)
        )

    async def run(
        self, walk: Walk, hear: Callable[[str], None], changed: Callable[[], None], *, as_json: bool
    ) -> None:
        """Until `quit` or the end of standard input. Raises OSError."""
        pace = Pace(self.settings.retry_first_ms, self.settings.retry_max_ms)
        lines: asyncio.Queue[str | End] = asyncio.Queue()
        _read_keys(lines)
        scanning = asyncio.create_task(self._scan(lines))
        try:
            await Loop(walk, hear, changed, pace).run(lines, to_the_end=as_json)
        finally:
            scanning.cancel()
            await asyncio.gather(scanning, return_exceptions=True)

    async def _scan(self, lines: asyncio.Queue[str | End]) -> None:
        if self.settings.scanner:
            await read_codes(self.settings.scanner, self.settings.baud, lines.put_nowait, _tell_scanner)


async def build(settings: TillSettings, kind: str, abroad: Abroad | None) -> Device:
    """Everything that a device of that kind needs. Raises Problem, TillError, OSError."""
    _check(settings)
    file = JournalFile(Path(settings.journal), kind)
    link = Link(Place(settings.url, settings.key, settings.timeout_ms, _authorities(settings)))
    try:
        terms = Terms(settings.currency, settings.delivery, settings.ask_minutes, abroad)
        return Device(settings, terms, link, journal_of(file), file, await _prices(settings, link))
    except BaseException:
        await close(link, file)
        raise


async def close(link: Link, file: JournalFile) -> None:
    """Hang up and let another device have the journal."""
    await link.close()
    file.close()


def abroad_of(code: str, rate: str, source: str, currency: int) -> Abroad | None:
    """The options --currency, --rate and --source; None without them. Raises Problem."""
    if not (code or rate):
        return None
    found = next((number for number, one in CURRENCIES.items() if one.code == code.upper()), None)
    ours = CURRENCIES.get(currency)
    if found is None or ours is None or found == currency:
        raise Problem(f"--currency {code}: name a foreign currency such as USD", "currency-unknown")
    if not _RATE.fullmatch(rate):
        raise Problem(f"--rate {rate}: must be such as 151.23, ours for one of theirs", "rate-bad")
    if not 1 <= len(source) <= 60:
        raise Problem("--source: say whose rate it is and of when, in at most 60 signs", "rate-bad")
    return Abroad(found, code.upper(), CURRENCIES[found].exponent, rate, source, ours.exponent)


def with_options(settings: TillSettings, **given: str | None) -> TillSettings:
    """The settings with what the command line says."""
    said: dict[str, Any] = {name: value for name, value in given.items() if value}
    return replace(settings, **said)


def _check(settings: TillSettings) -> None:
    """What would only come to light at the first sale."""
    url = urlsplit(settings.url)
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOOPBACK):
        raise Problem("[till] url: must be https://HOST[:PORT] of the shop API", "till-url")
    if not settings.key:
        raise Problem('[till] key: is needed: "env:NAME" or "file:PATH"', "till-key")
    if not re.fullmatch(r"[!-~]{1,200}", settings.key):
        raise Problem("[till] key: what it refers to is no key", "till-key")
    if not deal_ids.NAME.fullmatch(settings.name):
        raise Problem("[till] name: at most 31 letters, digits, dots and hyphens", "till-name")


async def _prices(settings: TillSettings, link: Link) -> Prices:
    if not settings.prices:
        return await _products(settings, link)
    return read_file(Path(settings.prices))


def read_file(path: Path) -> Prices:
    """A price file. Raises Problem (price-file) with every line that is wrong, OSError."""
    try:
        return read_prices(path.read_bytes())
    except PriceFaults as error:
        lines = "; ".join(f"line {fault.line}: {fault.sentence}" for fault in error.faults)
        raise Problem(f"{path}: {lines}", "price-file") from None


def journal_of(file: JournalFile) -> Journal:
    """The journal, a new one where the old is long and nothing in it is open."""
    journal = Journal(file)
    if not journal.open_deals() and file.set_aside():
        return Journal(file)
    return journal


def _authorities(settings: TillSettings) -> str:
    return Path(settings.ca).read_text("ascii") if settings.ca else ""


async def _products(settings: TillSettings, link: Link) -> Prices:
    """The gateway's list; while the gateway is away the one that it gave last."""
    kept = Path(settings.journal) / _PRODUCTS
    found: Any = await link.products()
    if isinstance(found, Lost) and kept.exists():
        found = json.loads(kept.read_bytes())
    elif isinstance(found, list):
        put(kept, json.dumps(found, ensure_ascii=False).encode())
    if isinstance(found, Lost):
        raise Problem(f"{settings.url}: no list of products: {found.reason}", "shop-away", MACHINE)
    if isinstance(found, Refused):
        raise Problem(f"{settings.url}: {found.sentence or found.slug}", "shop-refuses")
    try:
        return prices_of(found, settings.currency)
    except PriceFaults as error:
        raise Problem(f"{settings.url}: {error}", "shop-away", MACHINE) from None


def _read_keys(lines: asyncio.Queue[str | End]) -> None:
    """Standard input, line by line, from a thread that nobody waits for: a terminal is read until it ends."""
    loop = asyncio.get_running_loop()

    def read() -> None:
        with suppress(RuntimeError):  # the loop has ended: nobody hears any more
            for line in sys.stdin:
                text = line.rstrip("\n")
                if text.strip().lower() in ("quit", "終了"):
                    loop.call_soon_threadsafe(lines.put_nowait, End.QUIT)
                    return
                loop.call_soon_threadsafe(lines.put_nowait, text)
            loop.call_soon_threadsafe(lines.put_nowait, End.INPUT)

    threading.Thread(target=read, daemon=True).start()


def _tell_scanner(reason: str) -> None:
    if reason:
        print(f"scanner: {reason}", file=sys.stderr)
