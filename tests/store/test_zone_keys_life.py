"""Keys shared with an acquirer: a ceremony for the master key, then PINs that only the acquirer can open."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault, SealedPin
from acquirer_sdk.zone import Algorithm, ZoneKey
from mail_gateway.admin import ceremony, keys, zones
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope import dukpt
from mail_gateway.envelope.components import Secret
from mail_gateway.envelope.zones import SoftwareKeys
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import register, zone_keys
from mail_gateway.store.backend import guest

PAN = "4111111111111111"
PARTS = (bytes(range(16)), bytes(range(100, 116)))
MASTER = bytes(a ^ b for a, b in zip(*PARTS, strict=True))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    gateway = GatewaySettings("pay.example", database=f"sqlite:///{tmp_path}/var/hagaki.db")
    desk = Desk(gateway, KeySettings(f"file:{tmp_path}/var/root.key"), "operator")
    ceremony.begin(desk, 2, "cafis.master")
    for who, part in zip(("Sato", "Ito"), PARTS, strict=True):
        ceremony.enter(desk, who, Secret(part))
    assert ceremony.finish(desk)["key"] == "cafis.master"
    return desk


def port(desk: Desk) -> SoftwareKeys:
    """The port of a gateway that starts now, with every BDK."""
    ring = desk.ring()
    with guest(desk.gateway.database) as conn:
        kept = zone_keys.every(conn)
        for bdk in register.bdks(conn):
            ring.add_bdk(bytes.fromhex(bdk.id), bdk.wrapped)
    return SoftwareKeys(ring, kept, lambda made: zones.keep(desk.gateway.database, made))


def sealed(desk: Desk, pin: bytes = b"1234") -> SealedPin:
    """A PIN as a reader of the only BDK seals it."""
    ring = desk.ring()
    with guest(desk.gateway.database) as conn:
        (bdk,) = register.bdks(conn)
    ring.add_bdk(bytes.fromhex(bdk.id), bdk.wrapped)
    ksn = bytes.fromhex(bdk.id) + bytes.fromhex("0000000700000001")
    tree = ring.tree(ksn[:4])
    assert tree is not None
    key = ZoneKey(Algorithm.AES, tree.working_key(ksn, dukpt.Usage.PIN))
    return SealedPin(zone.seal_pin(key, pin, PAN, b"\x11" * 8), ksn, PAN)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_only_the_acquirer_opens_a_pin(desk: Desk, algorithm: Algorithm) -> None:
    keys.new_bdk(desk.gateway, desk.keys)
    theirs = ZoneKey(algorithm, b"their own key 16")
    zones.load(desk, "cafis.pin", keyblock.wrap(MASTER, Usage.PIN, theirs, b"\x22" * 16))
    own, pin = port(desk), sealed(desk)
    block = own.translate_pin(pin, "cafis.pin")
    assert zone.open_pin(theirs, block, PAN) == b"1234"
    assert block != pin.block
    for wrong in (SealedPin(pin.block, pin.ksn, "5454545454545454"), SealedPin(bytes(16), pin.ksn, PAN)):
        with pytest.raises(KeyFault, match="pin-broken"):
            own.translate_pin(wrong, "cafis.pin")
    for unknown in (SealedPin(pin.block, bytes(12), PAN), SealedPin(pin.block, b"", PAN)):
        with pytest.raises(KeyFault, match="key-unknown"):
            own.translate_pin(unknown, "cafis.pin")


def test_a_key_for_one_use_serves_no_other(desk: Desk) -> None:
    keys.new_bdk(desk.gateway, desk.keys)
    zones.new(desk, "cafis.mac", "mac")
    own = port(desk)
    assert len(own.mac("cafis.mac", b"message")) == 8
    for name in ("cafis.mac", "cafis.master", "cafis.nothing"):
        with pytest.raises(KeyFault, match="key-unknown"):
            own.translate_pin(sealed(desk), name)
    with pytest.raises(KeyFault, match="key-unknown"):
        own.mac("cafis.master", b"message")


def test_a_key_made_here_reaches_the_acquirer_in_a_block(desk: Desk) -> None:
    made = zones.new(desk, "cafis.mac", "mac")
    theirs = keyblock.unwrap(MASTER, made["block"])
    assert (theirs.usage, zone.kcv(theirs.key)) == (Usage.MAC_CMAC, made["kcv"])
    assert port(desk).mac("cafis.mac", b"x") == zone.mac(theirs.key, b"x")


def test_a_key_that_comes_over_the_line_is_durable_before_it_is_confirmed(desk: Desk) -> None:
    own, new = port(desk), ZoneKey(Algorithm.AES, b"exchanged key 16")
    kcv = own.load("cafis.mac", keyblock.wrap(MASTER, Usage.MAC_CMAC, new, b"\x33" * 16))
    assert kcv == zone.kcv(new)
    assert own.mac("cafis.mac", b"x") == port(desk).mac("cafis.mac", b"x") == zone.mac(new, b"x")
    with pytest.raises(KeyFault, match="block-refused"):
        own.load("cafis.mac", keyblock.wrap(PARTS[0], Usage.MAC_CMAC, new, b"\x33" * 16))
    with pytest.raises(KeyFault, match="key-unknown"):
        own.load("other.mac", keyblock.wrap(MASTER, Usage.MAC_CMAC, new, b"\x33" * 16))


def test_nothing_of_a_key_is_on_disk_or_shown(desk: Desk, tmp_path: Path) -> None:
    theirs = ZoneKey(Algorithm.AES, b"their own key 16")
    zones.load(desk, "cafis.pin", keyblock.wrap(MASTER, Usage.PIN, theirs, b"\x22" * 16))
    shown = json.dumps([zones.listed(desk), keys.history(desk)]) + repr(port(desk))
    for secret in (MASTER, *PARTS, theirs.value):
        assert secret.hex() not in shown.lower()
        for file in tmp_path.rglob("*.db*"):
            assert secret not in file.read_bytes()
            assert secret.hex().encode() not in file.read_bytes().lower()
    with pytest.raises(TypeError):
        pickle.dumps(theirs)


@pytest.mark.parametrize(
    ("act", "slug"),
    [
        (lambda desk: zones.new(desk, "json.pin", "pin"), "zone-master-missing"),
        (lambda desk: zones.new(desk, "cafis.pin", "both"), "zone-key-use"),
        (lambda desk: zones.new(desk, "pin", "pin"), "zone-key-name"),
        (lambda desk: zones.load(desk, "cafis.pin", "D0112P0"), "block-refused"),
        (lambda desk: zones.forget(desk, "cafis.pin"), "zone-key-unknown"),
        (lambda desk: ceremony.begin(desk, 2, "cafis.pin"), "zone-key-name"),
    ],
)
def test_what_cannot_be_is_said_in_one_sentence(desk: Desk, act: object, slug: str) -> None:
    with pytest.raises(GatewayError) as caught:
        act(desk)  # type: ignore[operator]
    assert caught.value.slug == slug
    assert zone_names(desk) == ["cafis.master"]


def zone_names(desk: Desk) -> list[str]:
    return [row["name"] for row in zones.listed(desk)]
