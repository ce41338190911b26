"""A debit sale with its PIN: sealed by the reader, translated by the gateway, opened by the host alone."""

from __future__ import annotations

import time
from email import message_from_bytes
from pathlib import Path

from gateway_world import TRACK2, Counter, counter, plain_mail

from acquirer_sdk import keyblock
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.zone import Algorithm, ZoneKey
from card_reader_fw.board.desk import counter as till
from card_reader_fw.board.desk import desk, device
from hagaki.sections import read_config, settings
from hagaki.world import World
from mail_gateway.admin import ceremony, readers, zones
from mail_gateway.admin.keys import Desk
from mail_gateway.envelope.components import Secret

PARTS = (bytes(range(16)), bytes(range(50, 66)))
MASTER = bytes(one ^ other for one, other in zip(*PARTS, strict=True))
ZONE = ZoneKey(Algorithm.AES, b"PINs of one zone")
DEBIT = 110


def with_zone_key(world: World) -> None:
    """Both ends share a key for PINs, and there is a reader that takes them."""
    loaded = read_config(world.config)
    desk = Desk(settings(loaded, "gateway"), settings(loaded, "keys"), "operator")
    ceremony.begin(desk, 2, "cafis.master")
    for who, part in zip(("Sato", "Ito"), PARTS, strict=True):
        ceremony.enter(desk, who, Secret(part))
    ceremony.finish(desk)
    zones.load(desk, "cafis.pin", keyblock.wrap(MASTER, Usage.PIN, ZONE, b"\x22" * 16))
    text = world.config.read_text(encoding="utf-8")
    text = text.replace("[host]\n", f'[host]\npin_key = "aes:{ZONE.value.hex()}"\n')
    world.config.write_text(text, encoding="utf-8")
    with_pins(world)


def with_pins(world: World) -> None:
    """A reader that takes PINs, as `hagaki reader new --pin` makes it."""
    loaded = read_config(world.config)
    enrolled = readers.enrol(settings(loaded, "gateway"), settings(loaded, "keys"), 2002)
    device.create(reader_of(world), enrolled.initial_key_id, enrolled.initial_key, pin_on=True)


def reader_of(world: World) -> Path:
    return world.folder / "with-pins.dev"


async def sold(here: Counter, pin: str) -> tuple[bytes, desk.Shown]:
    """The letter about one sale, and what the reader shows of it."""
    reader = reader_of(here.world)
    card = till.Presented(TRACK2, pin=pin)
    sealed = till.sell(reader, till.Price(1200, DEBIT), card, int(time.time()))
    await here.post(plain_mail(sealed.text, f"<{pin}@carrier.example>"))
    letter = await here.letter()
    text = message_from_bytes(letter)
    body = "".join(
        part.get_payload(decode=True).decode()  # type: ignore[union-attr]
        for part in text.walk()
        if part.get_content_type() == "text/plain"
    )
    return letter, desk.show_result(reader, body)


async def test_the_right_pin_pays_and_a_wrong_one_is_asked_again(tmp_path: Path) -> None:
    async with counter(tmp_path, with_zone_key) as here:
        _, shown = await sold(here, "1234")
        assert (shown.genuine, shown.outcome) == (True, "approved")
        _, wrong = await sold(here, "4321")
        assert (wrong.genuine, wrong.outcome) == (True, "re-enter")
    for file in tmp_path.rglob("*"):
        if file.is_file() and file.suffix in {".jsonl", ".err"}:
            assert ZONE.value.hex() not in file.read_text(encoding="utf-8", errors="replace")


async def test_without_a_zone_key_a_pin_goes_nowhere(tmp_path: Path) -> None:
    async with counter(tmp_path, with_pins) as here:
        _, shown = await sold(here, "1234")
        assert (shown.genuine, shown.outcome) == (True, "refused")
        assert here.asked() == []
