"""PINs translated in a PKCS#11 device (SoftHSM), as the software translates them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from needs import need
from test_zone_keys_life import MASTER, PAN, desk, port, sealed

from acquirer_sdk import keyblock, zone
from acquirer_sdk.keyblock import Usage
from acquirer_sdk.keyport import KeyFault, SealedPin
from acquirer_sdk.zone import Algorithm, ZoneKey
from mail_gateway.admin import device as admin
from mail_gateway.admin import keys, zones
from mail_gateway.admin.keys import Desk
from mail_gateway.domain.errors import GatewayError

__all__ = ["desk"]

LIBRARY = Path("/usr/lib/softhsm/libsofthsm2.so")
THEIRS = ZoneKey(Algorithm.AES, b"their own key 16")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token of this process; a library reads its configuration once."""
    need("softhsm2: apt-get install softhsm2", present=LIBRARY.exists())
    pytest.importorskip("pkcs11")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "conf").write_text(f"directories.tokendir = {folder}/tokens\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "conf")
    label = ["--free", "--label", "hagaki", "--pin", "1234", "--so-pin", "5678"]
    subprocess.run(["softhsm2-util", "--init-token", *label], check=True, capture_output=True)
    yield "hagaki"
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture
def filled(desk: Desk, token: str) -> Any:
    """The device with all keys of the desk, and the desk."""
    from mail_gateway.envelope.device import DeviceKeys, open_device

    own = replace(desk.keys, device=f"pkcs11:{LIBRARY}", device_token=token, device_pin="1234")
    desk = replace(desk, keys=own)
    keys.new_bdk(desk.gateway, desk.keys)
    zones.load(desk, "cafis.pin", keyblock.wrap(MASTER, Usage.PIN, THEIRS, b"\x22" * 16))
    zones.new(desk, "cafis.mac", "mac")
    done = [admin.put(desk), admin.put(desk)]
    assert (
        done[0]
        == done[1]
        == {"token": token, "bdks": 1, "zone_keys": ["cafis.mac", "cafis.master", "cafis.pin"]}
    )
    session = open_device(str(LIBRARY), token, "1234")
    yield DeviceKeys(session, lambda count: b"\x5a" * count), desk, session
    session.close()


def test_the_device_translates_as_the_software_does(filled: Any) -> None:
    device, desk, _ = filled
    software, pin = port(desk), sealed(desk)
    assert device.has("cafis.pin") and not device.has("cafis.nothing")
    for own in (device, software):
        assert zone.open_pin(THEIRS, own.translate_pin(pin, "cafis.pin"), PAN) == b"1234"
    assert device.mac("cafis.mac", b"message") == software.mac("cafis.mac", b"message")
    new = ZoneKey(Algorithm.AES, b"exchanged key 16")
    block = keyblock.wrap(MASTER, Usage.MAC_CMAC, new, b"\x33" * 16)
    assert device.load("cafis.mac", block) == zone.kcv(new)
    assert device.mac("cafis.mac", b"x") == zone.mac(new, b"x")


def test_what_is_no_pin_or_no_key_is_said(filled: Any) -> None:
    device, desk, _ = filled
    pin = sealed(desk)
    faults = [
        (
            lambda: device.translate_pin(SealedPin(pin.block, pin.ksn, "5454545454545454"), "cafis.pin"),
            "pin-broken",
        ),
        (lambda: device.translate_pin(SealedPin(b"", pin.ksn, PAN), "cafis.pin"), "pin-broken"),
        (lambda: device.translate_pin(SealedPin(pin.block, bytes(12), PAN), "cafis.pin"), "key-unknown"),
        (lambda: device.translate_pin(pin, "cafis.nothing"), "key-unknown"),
        (lambda: device.translate_pin(pin, "cafis.mac"), "key-unknown"),
        (lambda: device.mac("cafis.pin", b"x"), "key-unknown"),
        (lambda: device.load("cafis.mac", "D0112"), "block-refused"),
    ]
    for ask, slug in faults:
        with pytest.raises(KeyFault, match=slug):
            ask()


def test_no_key_can_be_taken_out(filled: Any) -> None:
    from pkcs11 import Attribute, ObjectClass
    from pkcs11.exceptions import PKCS11Error

    _, _, session = filled
    found = list(session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY}))
    assert len(found) >= 4
    for key in found:
        with pytest.raises(PKCS11Error):
            key[Attribute.VALUE]


def test_a_device_that_does_not_open_is_said_in_one_sentence(token: str) -> None:
    from mail_gateway.envelope.device import open_device

    for library, label, pin in (
        (str(LIBRARY), token, "9999"),
        (str(LIBRARY), "other", "1"),
        ("/no.so", "x", "1"),
    ):
        with pytest.raises(GatewayError) as caught:
            open_device(library, label, pin)
        assert caught.value.slug == "key-device"
