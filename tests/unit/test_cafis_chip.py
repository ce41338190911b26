"""DE55 before it leaves: all that the host requires, nothing that only the stripe may carry, not too long."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquirer_sdk.bench import TRACK2, sample_request
from acquirer_sdk.port import BadRequest, Ports, SettingsError
from acquirer_sdk.values import CardData
from cafis_adapter import chip
from cafis_adapter.adapter import Cafis, create
from cafis_adapter.profile import load_profile

PORTS = Ports(lambda: 0, bytes, lambda *_, **__: None)
REQUIRED = [
    "9A",
    "9C",
    "5F2A",
    "9F1A",
    "9F02",
    "9F03",
    "9F36",
    "82",
    "84",
    "95",
    "9F10",
    "9F26",
    "9F33",
    "9F37",
    "4F",
]
FORBIDDEN = ["56", "57", "5A", "5F20", "5F24", "99", "9F0B", "9F1F", "9F20"]


def cafis(**table: object) -> Cafis:
    return create(table, PORTS)


def written(tags: list[str], length: int = 2) -> bytes:
    return b"".join(bytes.fromhex(tag) + bytes([length]) + bytes(length) for tag in tags)


def prepare(emv: bytes) -> None:
    cafis().prepare(replace(sample_request(1200), card=CardData(TRACK2, emv=emv, entry_mode=3)))


def test_the_data_that_hosts_require_are_enough() -> None:
    prepare(written(REQUIRED))
    prepare(written([*REQUIRED, "9F27", "9F1E"]) + written(["5F34"], 1))


@pytest.mark.parametrize("tag", REQUIRED)
def test_without_one_of_them_nothing_leaves(tag: str) -> None:
    with pytest.raises(BadRequest, match=f"chip-tag-missing at DE55.{tag}"):
        prepare(written([other for other in REQUIRED if other != tag]))


@pytest.mark.parametrize("tag", FORBIDDEN)
def test_what_only_the_stripe_may_carry_never_goes(tag: str) -> None:
    with pytest.raises(BadRequest, match=f"chip-tag-forbidden at DE55.{tag}"):
        prepare(written([*REQUIRED, tag]))


def test_more_than_199_bytes_never_go() -> None:
    good = written(REQUIRED)
    prepare(good + written(["9F7C"], 199 - len(good) - 3))
    with pytest.raises(BadRequest, match="chip-too-long at DE55"):
        prepare(good + written(["9F7C"], 200 - len(good) - 3))


@pytest.mark.parametrize("emv", ["9F", "9F26", "9F2608AA", "5F3480", "82"])
def test_broken_data_never_go(emv: str) -> None:
    with pytest.raises(BadRequest, match="chip-broken at DE55"):
        prepare(written(REQUIRED) + bytes.fromhex(emv))


@given(st.binary(max_size=40))
def test_whatever_a_chip_says_is_judged_and_never_shown(emv: bytes) -> None:
    fault = load_profile().chip.fault(emv)
    assert fault is not None
    assert fault[0].startswith("chip-") and fault[1].startswith("DE55") and len(fault[1]) <= len("DE55.9F26")
    assert len(chip.value(emv, chip.SEQUENCE)) <= 0x7F


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"acquirer_id": "123456789012"}, "acquirer_id"),
        ({"acquirer_id": "1２"}, "acquirer_id"),
        ({"company_code": "2a99661xxxxx"}, "company_code"),
        ({"keys": "Cafis.pin"}, "keys"),
        ({"profile": "nowhere.toml"}, "profile"),
        ({"profil": "cafis"}, "profil"),
    ],
)
def test_a_wrong_setting_is_named(table: dict[str, str], key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        cafis(**table)
    assert caught.value.key == key


def test_a_profile_lies_beside_the_configuration_file(tmp_path: Path) -> None:
    text = (files("cafis_adapter") / "profiles" / "iso87.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text)
    ports = replace(PORTS, place=lambda path: str(tmp_path / path))
    assert create({"profile": "mine.toml"}, ports).capabilities.inquire
    assert create({"profile": "iso87"}, ports).capabilities.inquire


def test_a_host_can_what_its_profile_lays_out() -> None:
    here, other = cafis().capabilities, cafis(profile="iso87").capabilities
    assert here.capture and here.advise and here.reconcile and here.card_check and not here.inquire
    assert other.capture and other.inquire and not other.advise and other.items_taken == ()
    assert here.return_without_card and not other.return_without_card


def test_a_kind_that_the_profile_lacks_is_refused_before_dispatch() -> None:
    profile = load_profile()
    layouts = {kind: one for kind, one in profile.layouts.items() if kind.value not in ("hold", "completion")}
    bare = Cafis(cafis()._settings, replace(profile, layouts=layouts), PORTS)
    assert not bare.capabilities.capture
    with pytest.raises(BadRequest, match="kind-unsupported at hold"):
        bare.prepare(replace(sample_request(1200), hold=True))
