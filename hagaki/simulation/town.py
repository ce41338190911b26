"""The place where every world begins: keys, merchants and readers, the same in every run and process."""

from __future__ import annotations

import atexit
import random
import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final

from card_reader_fw import vault
from card_reader_fw.board.desk.device import cipher
from card_reader_fw.crypto import dukpt
from card_reader_fw.journal import SLOT, Journal
from card_reader_fw.shelf import CELLS, FIRST_BANK
from hagaki.simulation.market import CARRIER, Market, furnish
from hagaki.simulation.sales import CARDS
from mail_gateway.admin.merchants import NewMerchant
from mail_gateway.envelope.dukpt import initial_key
from mail_gateway.envelope.keys import BDK_ID_LENGTH, KeyRing, Purpose, kcv
from mail_gateway.envelope.root import ROOT_LENGTH, fetch_root
from mail_gateway.store import register
from mail_gateway.store.backend import guest
from schemas.deal.ocra import read_key

DOMAIN: Final = "pay.example"
SALES_BOX: Final = f"sale@{DOMAIN}"
DATABASE: Final = "hagaki.db"
_MEMORY: Final = Path("/dev/shm")


class Flash:
    """The reader's flash, in memory. What was written stays through a power cut."""

    bank_size = SLOT * 4
    cell_size = 1024

    def __init__(self, banks: list[bytearray] | None = None) -> None:
        sizes = [self.bank_size] * FIRST_BANK + [self.cell_size] * CELLS
        self._banks = banks or [bytearray(b"\xff" * size) for size in sizes]

    def read(self, bank: int, offset: int, length: int) -> bytes:
        return bytes(self._banks[bank][offset : offset + length])

    def write(self, bank: int, offset: int, data: bytes) -> None:
        self._banks[bank][offset : offset + len(data)] = data

    def erase(self, bank: int) -> None:
        self._banks[bank][:] = b"\xff" * len(self._banks[bank])

    def copy(self) -> Flash:
        """Another one with the same content."""
        return Flash([bytearray(bank) for bank in self._banks])


@dataclass(frozen=True, slots=True)
class Town:
    """folder: a database with keys, merchants, readers and the market, to be copied. secrets: what must never
    be found."""

    folder: Path
    root: Path
    market: Market
    flashes: tuple[Flash, ...] = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)


def fast_folder(prefix: str) -> Path:
    """A new folder, in memory where the system has that."""
    place = _MEMORY if _MEMORY.is_dir() else None
    return Path(tempfile.mkdtemp(prefix=prefix, dir=place))


def merchant_mail(number: int) -> str:
    """The address of the merchant with that reader."""
    return f"shop{number}@{CARRIER}"


@cache
def town(readers: int) -> Town:
    """A town with that many readers, one to a merchant; made once in each process."""
    dice = random.Random(f"town/{readers}")
    base = fast_folder("hagaki-town-")
    atexit.register(shutil.rmtree, base, ignore_errors=True)
    folder, root = base / "db", base / "root.key"
    folder.mkdir()
    root.write_text(dice.randbytes(ROOT_LENGTH).hex(), encoding="ascii")
    ring = KeyRing(fetch_root(f"file:{root}"), dice.randbytes)
    bdk_id, bdk = dice.randbytes(BDK_ID_LENGTH), dice.randbytes(16)
    initial = [initial_key(bdk, bdk_id + number.to_bytes(4, "big")) for number in range(readers)]
    with guest(f"sqlite:///{folder / DATABASE}", write=True) as conn:
        register.add_bdk(conn, bdk_id.hex().upper(), ring.wrap(Purpose.BDK, bdk_id, bdk), kcv(bdk))
        for number in range(readers):
            language = "ja" if number % 2 else "en"
            row = register.add_merchant(conn, NewMerchant(f"Shop {number}", merchant_mail(number), language))
            register.add_reader(conn, bdk_id + number.to_bytes(4, "big"), bdk_id.hex().upper(), row["id"])
        market = furnish(conn, ring, dice, DOMAIN, CARDS)
    flashes = tuple(_flash(bdk_id + number.to_bytes(4, "big"), key) for number, key in enumerate(initial))
    keys = [store.key.encode() for store in market.stores]
    keys += [store.hook_secret for store in market.stores]
    for person in market.people:
        keys += [person.key.encode(), read_key(person.key), person.password.encode()]
    return Town(folder, root, market, flashes, (bdk, fetch_root(f"file:{root}"), *initial, *keys))


def _flash(key_id: bytes, key: bytes) -> Flash:
    flash = Flash()
    vault.create(Journal(flash), dukpt.load(cipher, key_id, key), "en")
    return flash
