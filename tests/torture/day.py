"""The reference day: eight sales through a real gateway process that may die anywhere, and comes back."""

from __future__ import annotations

import asyncio
import re
import resource
from collections.abc import Sequence
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final

import aiosmtplib
from aiosmtpd.smtp import SMTP
from scene import CUT, ONE_BY_ONE, SILENT, TOGETHER, Sale, Scene
from tracer import LOG

from acquirer_sdk.port import Ports
from cafis_adapter.host.app import Host, HostSettings
from hagaki.machine import now_ms, random_bytes, tell_nobody
from hagaki.sections import read_config, settings
from hagaki.world import DOMAIN, MERCHANT, World

LIMIT_S: Final = 120
"""By then everything has settled, or it never will."""

LIVES_MAX: Final = 20
RELIEF_LOOKS: Final = 200
FINAL: Final = frozenset({"approved", "declined", "cancelled", "expired", "refused", "re-enter", "damaged"})
_PAUSE_S: Final = 0.05
_KIND: Final = re.compile(r"\.([a-z-]+)\.(\d+)@")


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter that the merchant's mail server took. kind, version: what it says, and how new it is."""

    asked: str
    kind: str
    version: int
    raw: bytes = field(repr=False)


@dataclass(slots=True)
class Day:
    """One day in a copy of the scene. under: what the gateway runs under in its first, second ... life.

    acked: our port of each connection that heard 250 -> the mail's Message-ID. refused: temporary refusals.
    rejected: final ones. ends: exit codes of lives that ended before the day did. settled: whether the day
    came to its end.
    """

    scene: Scene
    world: World
    under: Sequence[tuple[str, ...]] = ()
    acked: dict[int, str] = field(default_factory=dict)
    letters: list[Letter] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    settled: bool = False
    host: Host = field(init=False)
    _over: bool = False
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        port = self.section("host").port
        self.host = Host(HostSettings(port=port), Ports(now_ms, random_bytes, tell_nobody))

    def section(self, name: str) -> Any:
        """One table of the world's configuration."""
        return settings(read_config(self.world.config), name)

    async def run(self) -> Day:
        """The whole day; returns when it has settled and the gateway has stopped, or at the limit."""
        await self.host.start()
        port = self.section("smarthost").port
        sink = await asyncio.get_running_loop().create_server(
            lambda: SMTP(self, hostname="relay.example"), "127.0.0.1", port
        )
        living = asyncio.create_task(self._live())
        try:
            await asyncio.wait_for(self._script(), LIMIT_S)
            self._over = True
            await self.world.stop("gateway")
            self.settled = True
        except TimeoutError:
            pass
        finally:
            living.cancel()
            await self.world.close()
            sink.close()
            await self.host.close()
        return self

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content)
        found = _KIND.search(mail["Message-ID"])
        assert found is not None
        self.letters.append(Letter(mail["In-Reply-To"] or "", found[1], int(found[2]), envelope.content))
        self._came.set()
        return "250 OK"

    def last(self, sale: Sale) -> Letter | None:
        """The newest letter about a sale."""
        about = [letter for letter in self.letters if letter.asked == sale.message_id]
        return max(about, key=lambda letter: letter.version, default=None)

    def struck(self) -> bool:
        """Whether the fault did happen: a life ended early, a call failed, the store could not write."""
        logs = [self._log(life) for life in range(len(self.under))]
        injected = any("(INJECTED)" in log.read_text("utf-8") for log in logs if log.exists())
        return bool(self.ends) or injected or self._felt()

    def _felt(self) -> bool:
        slugs = (happening.facts.get("slug") for happening in self.world.history)
        return bool(self.refused) or any(str(slug).startswith("store-") for slug in slugs)

    def _log(self, life: int) -> Path:
        return self.world.folder / f"calls-{life}"

    async def _live(self) -> None:
        """Start the gateway whenever it is not there, as a service manager does."""
        while len(self.ends) < LIVES_MAX:
            life = len(self.ends)
            under = self.under[life] if life < len(self.under) else ()
            self.world.under["gateway"] = tuple(word.replace(LOG, str(self._log(life))) for word in under)
            await self.world.start("gateway")
            relief = asyncio.create_task(self._relieve())
            code = await self.world.ended("gateway")
            relief.cancel()
            if self._over:
                return
            self.ends.append(code)

    async def _relieve(self) -> None:
        """A disk that was too small grows once that was felt, or after a while."""
        for _ in range(RELIEF_LOOKS):
            await asyncio.sleep(_PAUSE_S)
            if self._felt():
                break
        endless = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        resource.prlimit(self.world.pid("gateway"), resource.RLIMIT_FSIZE, endless)

    async def _script(self) -> None:
        sales = self.scene.sales
        await self._post(sales[SILENT.name])
        for sale in ONE_BY_ONE:
            await self._sell(sales[sale.name])
        await asyncio.gather(*(self._sell(sales[sale.name]) for sale in TOGETHER))
        await self._post(sales[CUT.name])
        for sale in sales.values():
            await self._told(sale)

    async def _sell(self, sale: Sale) -> None:
        for _ in range(sale.copies):
            await self._post(sale)
        await self._told(sale)

    async def _told(self, sale: Sale) -> None:
        """Wait for the sale's last word."""
        while (letter := self.last(sale)) is None or letter.kind not in FINAL:
            self._came.clear()
            await self._came.wait()

    async def _post(self, sale: Sale) -> None:
        """As a mail server does: again and again until it is taken."""
        while not await self._try(sale):
            await asyncio.sleep(_PAUSE_S)

    async def _try(self, sale: Sale) -> bool:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self.section("smtp").port, timeout=10)
        try:
            async with client:
                assert client.transport is not None
                port = client.transport.get_extra_info("sockname")[1]
                await client.sendmail(MERCHANT, [f"sale@{DOMAIN}"], sale.mail)
            self.acked[port] = sale.message_id
            return True
        except aiosmtplib.SMTPResponseException as error:
            (self.refused if error.code < 500 else self.rejected).append(f"{error.code} {error.message}")
        except (aiosmtplib.SMTPException, OSError):
            pass
        return False


def day(scene: Scene, folder: Path, under: Sequence[tuple[str, ...]] = ()) -> Day:
    """A day that can be run once."""
    return Day(scene, scene.copy(folder), under)
