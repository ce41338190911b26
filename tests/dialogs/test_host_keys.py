"""Adapter and host simulator with zone keys: MACs, PINs and new keys over a real line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from acquirer_sdk import keyblock, zone
from acquirer_sdk.bench import sample_request, until
from acquirer_sdk.keyport import SealedPin
from acquirer_sdk.port import Ports
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseRequest,
    CardData,
    Declined,
    InDoubt,
    NeedsInput,
    Ready,
)
from acquirer_sdk.zone import Algorithm, ZoneKey
from cafis_adapter import adapter
from cafis_adapter.adapter import Cafis
from cafis_adapter.host.app import Host, HostSettings

MASTER, PIN, MAC = b"m" * 16, b"p" * 16, b"k" * 16
PROFILE = Path(adapter.__file__).parent / "profiles" / "cafis.toml"


class Keys:
    """A key port whose sealed PINs are PINs."""

    def __init__(self) -> None:
        self.keys = {"cafis.pin": ZoneKey(Algorithm.AES, PIN), "cafis.mac": ZoneKey(Algorithm.AES, MAC)}
        self.loaded: list[str] = []

    def has(self, key: str) -> bool:
        return key in self.keys

    def mac(self, key: str, message: bytes) -> bytes:
        return zone.mac(self.keys[key], message)

    def translate_pin(self, pin: SealedPin, key: str) -> bytes:
        return zone.seal_pin(self.keys[key], pin.block, pin.pan, bytes(8))

    def load(self, key: str, block: str) -> str:
        self.keys[key] = keyblock.unwrap(MASTER, block).key
        self.loaded.append(key)
        return zone.kcv(self.keys[key])


@asynccontextmanager
async def world(folder: Path, keys: Keys) -> AsyncIterator[tuple[Host, Cafis]]:
    profile = folder / "profile.toml"
    profile.write_text(PROFILE.read_text("utf-8").replace("mac = false", "mac = true", 1), "utf-8")
    drawn = iter(range(1000))
    ports = Ports(
        lambda: 1_767_225_600_000,
        lambda size: sha256(b"%d" % next(drawn)).digest()[:size],
        lambda *_, **__: None,
    )
    own = {
        f"{name}_key": f"aes:{key.hex()}" for name, key in (("pin", PIN), ("mac", MAC), ("master", MASTER))
    }
    host = Host(HostSettings(port=0, profile=str(profile), **own), ports)  # type: ignore[arg-type]
    await host.start()
    acquirer = adapter.create({"port": host.port, "profile": str(profile)}, replace(ports, keys=keys))
    await acquirer.start(lambda _: None)
    await until(lambda: acquirer.ready() == Ready(), "never ready")
    try:
        yield host, acquirer
    finally:
        await acquirer.close()
        await host.close()


def sale(amount: int, number: int, pin: bytes = b"") -> AuthoriseRequest:
    plain = sample_request(amount, stan=number, reference=f"{number:012d}")
    sealed = SealedPin(pin, b"", plain.card.pan) if pin else None
    return replace(plain, card=CardData(plain.card.track2, pin=sealed, entry_mode=1))


@quickly
async def test_pins_are_looked_at_and_lock_after_three(tmp_path: Path) -> None:
    async with world(tmp_path, Keys()) as (_, acquirer):
        pins = [b"1234", b"9999", b"9999", b"9999", b"1234"]
        told = [await acquirer.authorise(sale(1200, number, pin)) for number, pin in enumerate(pins, start=1)]
    assert isinstance(told[0], Approved)
    assert told[1:3] == [NeedsInput(Ask.AGAIN, "G42")] * 2
    assert told[3:] == [Declined("75")] * 2


@quickly
async def test_a_wrong_mac_is_no_answer(tmp_path: Path) -> None:
    async with world(tmp_path, Keys()) as (host, acquirer):
        assert isinstance(await acquirer.authorise(sale(1939, 1)), InDoubt)
        assert host.charges()[f"{1:012d}"].net_minor == 1939
        assert isinstance(await acquirer.authorise(sale(1200, 2)), Approved)


@quickly
async def test_new_keys_hold_on_both_sides(tmp_path: Path) -> None:
    keys = Keys()
    async with world(tmp_path, keys) as (_, acquirer):
        assert isinstance(await acquirer.authorise(sale(1947, 1)), Approved)
        await until(lambda: len(keys.loaded) == 2, "no new keys")
        assert keys.keys["cafis.pin"].value != PIN and keys.keys["cafis.mac"].value != MAC
        assert isinstance(await acquirer.authorise(sale(1200, 2, b"1234")), Approved)


@pytest.mark.parametrize("name", ["pin_key", "mac_key", "master_key"])
def test_a_host_shows_no_key(name: str) -> None:
    settings = HostSettings(**{name: f"aes:{PIN.hex()}"})  # type: ignore[arg-type]
    assert PIN.hex() not in repr(settings)
