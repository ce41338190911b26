"""What the command line does: merchants, readers, keys and payments, in words where it cannot be done."""

from __future__ import annotations

from pathlib import Path

import pytest

from mail_gateway.admin import keys, merchants, payments, readers
from mail_gateway.domain.errors import GatewayError
from mail_gateway.envelope.dukpt import initial_key
from mail_gateway.envelope.keys import KeyRing, kcv
from mail_gateway.envelope.root import fetch_root
from mail_gateway.settings import GatewaySettings, KeySettings
from mail_gateway.store import register, sqlite


@pytest.fixture
def gateway(tmp_path: Path) -> GatewaySettings:
    return GatewaySettings("pay.example", database=f"sqlite:///{tmp_path}/var/hagaki.db")


@pytest.fixture
def root(tmp_path: Path) -> KeySettings:
    return KeySettings(f"file:{tmp_path}/var/root.key")


SHOP = merchants.NewMerchant("葉書商店", "shop@carrier.example", "ja")


def test_a_merchant_is_listed_as_added(gateway: GatewaySettings) -> None:
    added = merchants.add(gateway, SHOP)
    assert merchants.listed(gateway) == [added]
    assert (added["name"], added["mail"], added["language"]) == ("葉書商店", "shop@carrier.example", "ja")


def test_two_merchants_without_numbers_of_their_own_share_none(gateway: GatewaySettings) -> None:
    merchants.add(gateway, SHOP)
    merchants.add(gateway, merchants.NewMerchant("Other", "other@carrier.example"))
    for name in ("terminal_id", "merchant_id"):
        assert len({row[name] for row in merchants.listed(gateway)}) == 2


@pytest.mark.parametrize(
    ("new", "slug"),
    [
        (SHOP, "merchant-exists"),
        (merchants.NewMerchant("Other", "no address"), "address-syntax"),
        (merchants.NewMerchant("Other", "a@b\r\nBcc: c@d"), "address-syntax"),
    ],
)
def test_a_merchant_that_cannot_be_added(
    new: merchants.NewMerchant, slug: str, gateway: GatewaySettings
) -> None:
    merchants.add(gateway, SHOP)
    with pytest.raises(GatewayError, match=slug):
        merchants.add(gateway, new)
    assert len(merchants.listed(gateway)) == 1


def test_a_reader_gets_its_own_initial_key_and_the_database_does_not(
    gateway: GatewaySettings, root: KeySettings, tmp_path: Path
) -> None:
    made = keys.new_bdk(gateway, root)
    merchants.add(gateway, SHOP)
    enrolled = readers.enrol(gateway, root, 0x01020304)
    assert enrolled.initial_key_id == bytes.fromhex(made["bdk_id"]) + bytes([1, 2, 3, 4])
    ring = KeyRing(fetch_root(root.root), lambda count: bytes(count))
    with sqlite.guest(gateway.database) as conn:
        stored = register.newest_bdk(conn)
    ring.add_bdk(bytes.fromhex(stored.id), stored.wrapped)
    bdk = ring.bdk(enrolled.initial_key_id[:4]) or b""
    assert kcv(bdk) == made["kcv"]
    assert enrolled.initial_key == initial_key(bdk, enrolled.initial_key_id)
    assert enrolled.initial_key.hex() not in repr(enrolled)
    for file in (tmp_path / "var").iterdir():
        data = file.read_bytes()
        assert enrolled.initial_key not in data
        assert bdk not in data
    assert [one["serial"] for one in readers.listed(gateway)] == [0x01020304]


def test_what_enrolment_needs_is_said(gateway: GatewaySettings, root: KeySettings) -> None:
    with pytest.raises(GatewayError, match="root-key-missing"):
        readers.enrol(gateway, root, 1)
    keys.new_bdk(gateway, root)
    with pytest.raises(GatewayError, match="merchant-unknown"):
        readers.enrol(gateway, root, 1)
    merchants.add(gateway, SHOP)
    with pytest.raises(GatewayError, match="merchant-unknown"):
        readers.enrol(gateway, root, 1, "Somebody else")
    readers.enrol(gateway, root, 1, SHOP.name)
    with pytest.raises(GatewayError, match="reader-exists"):
        readers.enrol(gateway, root, 1)
    merchants.add(gateway, merchants.NewMerchant("Second", "second@carrier.example"))
    with pytest.raises(GatewayError, match="merchant-ambiguous"):
        readers.enrol(gateway, root, 2)


def test_a_reader_without_a_key_is_refused_in_words(gateway: GatewaySettings, root: KeySettings) -> None:
    keys.make_root(root.root)
    merchants.add(gateway, SHOP)
    with pytest.raises(GatewayError, match="bdk-missing"):
        readers.enrol(gateway, root, 1)


def test_a_second_root_key_is_refused_before_it_parts_the_readers(
    gateway: GatewaySettings, root: KeySettings, tmp_path: Path
) -> None:
    keys.new_bdk(gateway, root)
    with pytest.raises(GatewayError, match="root-key-wrong"):
        keys.new_bdk(gateway, KeySettings(f"file:{tmp_path}/other.key"))
    assert keys.new_bdk(gateway, root)["bdk_id"]


def test_no_payments_yet(gateway: GatewaySettings) -> None:
    assert payments.listed(gateway) == []
    assert payments.listed(gateway, state="shunted") == []
    with pytest.raises(GatewayError, match="There is no payment 7"):
        payments.shown(gateway, 7)
