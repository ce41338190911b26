"""The scene of a reference day: one prepared gateway and its sealed sales, copied afresh for every trial."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway_world import TRACK2, plain_mail

from card_reader_fw.board.desk import desk
from hagaki.world import World, free_ports

HOST_TIMEOUT_S: Final = 1
MESSAGE_LIFE_S: Final = 1
_SECTIONS: Final = {
    "[gateway]": "freshness_s = 604800\nreversal_first_s = 1\nreversal_max_s = 2",
    "[acquirers.cafis]": "reconnect_first_ms = 20\nreconnect_max_ms = 200",
}
"""Short pauses, and sales that stay fresh for as long as the longest run takes."""

_DAMAGE_FROM: Final = 150
"""Letters of the block that stay whole: the head and the KSN, so that the merchant can be told."""


@dataclass(frozen=True, slots=True)
class Sale:
    """One sale. amount_minor: its own, so that the host's journal names it; the last three digits say what
    the host does. copies: how often its mail is sent; whole: not damaged on the way."""

    name: str
    amount_minor: int
    copies: int = 1
    whole: bool = True
    mail: bytes = field(default=b"", repr=False)

    @property
    def message_id(self) -> str:
        """In angle brackets, as letters repeat it in In-Reply-To."""
        return f"<{self.name}@carrier.example>"


SILENT: Final = Sale("silent", 10_901)
CUT: Final = Sale("cut", 17_911)
ONE_BY_ONE: Final = (
    Sale("plain", 11_200),
    Sale("poor", 12_051),
    Sale("again", 13_300, copies=2),
    Sale("damaged", 14_400, whole=False),
)
TOGETHER: Final = (Sale("left", 15_500), Sale("right", 16_600))
DAY: Final = (SILENT, *ONE_BY_ONE, *TOGETHER, CUT)


@dataclass(frozen=True, slots=True)
class Scene:
    """folder: the prepared world, never run itself. sales: by name, with their mails."""

    folder: Path
    sales: dict[str, Sale]

    def copy(self, folder: Path) -> World:
        """A world of its own in `folder`, on ports of its own, with the same keys, reader and sales."""
        shutil.copytree(self.folder, folder)
        world = World(folder, host_timeout_s=HOST_TIMEOUT_S, host_message_life_s=MESSAGE_LIFE_S)
        text = world.config.read_text(encoding="utf-8")
        for number, port in enumerate(free_ports(3)):
            text = text.replace(f"@{number}@", str(port))
        world.config.write_text(text, encoding="utf-8")
        return world


def prepare(folder: Path, sales: tuple[Sale, ...] = DAY) -> Scene:
    """Make keys, merchant, reader and every sale's mail once."""
    world = World(folder, host_timeout_s=HOST_TIMEOUT_S, host_message_life_s=MESSAGE_LIFE_S)
    world.prepare()
    _open_ports(world.config)
    return Scene(folder, {sale.name: _sealed(world, sale) for sale in sales})


def _open_ports(config: Path) -> None:
    """The three ports become @0@ gateway, @1@ carrier, @2@ host; the short pauses go in."""
    text = config.read_text(encoding="utf-8")
    lines = text.splitlines()
    for number, section in enumerate(("[smtp]", "[smarthost]", "[host]")):
        line = next(one for one in lines[lines.index(section) :] if one.startswith("port = "))
        text = text.replace(line.removeprefix("port = "), f"@{number}@")
    for section, more in _SECTIONS.items():
        text = text.replace(f"{section}\n", f"{section}\n{more}\n", 1)
    config.write_text(text, encoding="utf-8")


def _sealed(world: World, sale: Sale) -> Sale:
    now_s = int(time.time())
    text = desk.swipe(world.device, amount_minor=sale.amount_minor, track2=TRACK2, now_s=now_s).text
    if not sale.whole:
        text = text[:_DAMAGE_FROM] + text[_DAMAGE_FROM:].translate(str.maketrans("ABCDEF", "BCDEFA"))
    mail = plain_mail(text, sale.message_id)
    return Sale(sale.name, sale.amount_minor, sale.copies, sale.whole, mail)
