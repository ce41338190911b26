"""Keys on the line: PINs under the zone key, MACs, key exchange, and where one of them is wrong or gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from line_world import world
from zone_keys_world import ZoneKeys, sealed

from acquirer_sdk.bench import PAN, START_S, TRACK2, sample_request, until
from acquirer_sdk.keyport import SealedPin
from acquirer_sdk.port import BadRequest
from acquirer_sdk.quickclock import quickly
from acquirer_sdk.values import (
    Approved,
    Ask,
    AuthoriseRequest,
    CaptureRequest,
    CardData,
    InDoubt,
    NeedsInput,
    NotFound,
    NotReady,
    NotSent,
    Original,
    ReversalAccepted,
)
from acquirer_sdk.zone import Algorithm, ZoneKey

PIN = ZoneKey(Algorithm.AES, b"PINs of one zone")
OLD_PIN = ZoneKey(Algorithm.TDES, b"PINs of the past")
MAC = ZoneKey(Algorithm.AES, b"MACs of one zone")
MASTER = ZoneKey(Algorithm.AES, b"zone master key!")


def told(key: ZoneKey) -> str:
    return f"{'aes' if key.algorithm is Algorithm.AES else 'tdes'}:{key.value.hex()}"


HOST = {"pin_key": told(PIN)}
SEALED_HOST = {
    "profile": "iso87",
    "mac_key": told(MAC),
    "pin_key": told(OLD_PIN),
    "master_key": told(MASTER),
}


def with_pin(pin: SealedPin, amount: int = 1200) -> AuthoriseRequest:
    return replace(sample_request(amount), card=CardData(TRACK2, pin=pin, entry_mode=1))


def later(cls: type[Any], request: AuthoriseRequest, **more: Any) -> Any:
    same = {name: getattr(request, name) for name in AuthoriseRequest.__dataclass_fields__ if name != "hold"}
    return cls(**{**same, "reference": "700000000002", "stan": 2, **more})


@quickly
async def test_a_pin_reaches_the_host_under_the_zone_key_and_nothing_else_does() -> None:
    keys = ZoneKeys(cafis_pin=PIN)
    async with world(HOST, keys) as here:
        await here.ready()
        for stan, (digits, outcome) in enumerate(((b"1234", Approved), (b"4321", NeedsInput)), 1):
            pin = sealed(digits, PAN)
            request = replace(with_pin(pin), reference=f"70000000000{stan}", stan=stan)
            stored = here.acquirer.prepare(request).wire
            assert isinstance(await here.acquirer.authorise(request), outcome)
            blocks = (pin.block, keys.translate_pin(pin, "cafis.pin"))
            assert not any(block in stored or block.hex().upper().encode() in stored for block in blocks)


@quickly
async def test_a_sale_with_a_pin_that_nobody_could_open_is_refused_before_it_is_sent() -> None:
    async with world(HOST, ZoneKeys()) as here:
        await here.ready()
        with pytest.raises(BadRequest, match="pin-key-missing at DE52"):
            here.acquirer.prepare(with_pin(sealed(b"1234", PAN)))
    async with world(HOST, ZoneKeys(cafis_pin=PIN)) as here:
        await here.ready()
        others = sealed(b"1234", "5555555555554444")
        for broken in (SealedPin(bytes(16), bytes(12), PAN), SealedPin(others.block, others.ksn, PAN)):
            with pytest.raises(BadRequest, match="pin-broken at DE52"):
                here.acquirer.prepare(with_pin(broken))
        assert here.host.journal.asked("0100") == []


@quickly
async def test_a_key_device_that_is_away_keeps_a_sale_waiting() -> None:
    keys = ZoneKeys(cafis_pin=PIN)
    async with world(HOST, keys) as here:
        await here.ready()
        request, keys.fault = with_pin(sealed(b"1234", PAN)), "key-device"
        assert here.acquirer.prepare(request)
        assert await here.acquirer.authorise(request) == NotSent("key-device")
        assert here.host.journal.asked("0100") == []
        keys.fault = ""
        assert isinstance(await here.acquirer.authorise(request), Approved)


@quickly
async def test_no_request_leaves_before_there_is_a_key_for_macs() -> None:
    host = {**SEALED_HOST, "master_key": ""}
    async with world(host, ZoneKeys(), profile="iso87") as here:
        await until(lambda: here.acquirer.ready() == NotReady("mac-key-missing"), "never signed on")
        request = sample_request(1200)
        prepared = here.acquirer.prepare(request)
        assert await here.acquirer.authorise(request) == NotSent("mac-key-missing")
        assert await here.acquirer.reverse(prepared, transmission=1) == NotSent("mac-key-missing")
        assert here.host.journal.asked("0100") == here.host.journal.asked("0420") == []


@quickly
async def test_keys_come_at_sign_on_and_everything_works_under_them() -> None:
    keys = ZoneKeys(cafis_master=MASTER)
    async with world(SEALED_HOST, keys, profile="iso87") as here:
        await here.ready()
        await until(lambda: keys.has("cafis.pin"), "no key for PINs came")
        assert keys.keys["cafis.mac"].value != MAC.value, "a new key, not the one that the host began with"
        request = with_pin(sealed(b"1234", PAN))
        prepared = here.acquirer.prepare(request)
        assert isinstance(await here.acquirer.authorise(request), Approved)
        assert await here.acquirer.reverse(prepared, transmission=2) == ReversalAccepted("00")
        assert here.verbs().count("line.key-loaded") == 2
        shown = repr((here.told, list(here.host.journal)))
        assert keys.keys["cafis.mac"].value.hex().upper() not in shown.upper()


@quickly
async def test_a_key_under_another_master_key_is_refused_and_the_old_one_stays() -> None:
    keys = ZoneKeys(cafis_master=ZoneKey(Algorithm.AES, b"of somebody else"), cafis_mac=MAC)
    async with world(SEALED_HOST, keys, profile="iso87") as here:
        await until(lambda: "alarm.key-refused" in here.verbs(), "nobody was told")
        await here.ready()
        assert isinstance(await here.acquirer.authorise(sample_request(1200)), Approved)
        assert keys.keys["cafis.mac"] is MAC


@quickly
async def test_an_answer_with_a_wrong_mac_is_no_answer_and_is_reversed() -> None:
    keys = ZoneKeys(cafis_mac=MAC)
    async with world({**SEALED_HOST, "master_key": ""}, keys, profile="iso87") as here:
        await here.ready()
        request = sample_request(1939)
        prepared = here.acquirer.prepare(request)
        assert await here.acquirer.authorise(request) == InDoubt("mac-wrong")
        assert "alarm.mac-wrong" in here.verbs()
        assert await here.acquirer.reverse(prepared, transmission=1) == ReversalAccepted("00")
        assert here.host.charges()[request.reference].net_minor == 0


@quickly
async def test_a_host_that_finds_our_mac_wrong_does_nothing() -> None:
    keys = ZoneKeys(cafis_mac=ZoneKey(Algorithm.AES, b"of somebody else"))
    async with world({**SEALED_HOST, "master_key": ""}, keys, profile="iso87") as here:
        await here.ready()
        assert await here.acquirer.authorise(sample_request(1200)) == InDoubt("no-answer")
        assert here.host.charges() == {}


@quickly
async def test_new_keys_in_the_middle_of_the_day_hold_from_then_on() -> None:
    keys = ZoneKeys(cafis_master=MASTER, cafis_mac=MAC)
    async with world(SEALED_HOST, keys, profile="iso87") as here:
        await until(lambda: here.verbs().count("line.key-loaded") == 2, "no keys at sign-on")
        await here.ready()
        first = keys.keys["cafis.mac"]
        assert isinstance(await here.acquirer.authorise(sample_request(1947)), Approved)
        await until(lambda: here.verbs().count("line.key-loaded") == 4, "no new keys")
        assert keys.keys["cafis.mac"] is not first
        await asyncio.sleep(1)
        request = sample_request(1200, stan=2, reference="700000000002")
        assert isinstance(await here.acquirer.authorise(request), Approved)


@quickly
async def test_the_other_profile_asks_what_became_of_a_sale() -> None:
    async with world({**SEALED_HOST, "master_key": ""}, ZoneKeys(cafis_mac=MAC), profile="iso87") as here:
        await here.ready()
        request = sample_request(1901)
        prepared = here.acquirer.prepare(request)
        assert await here.acquirer.inquire(prepared) == NotFound()
        assert await here.acquirer.authorise(request) == InDoubt("no-answer")
        found = await here.acquirer.inquire(prepared)
        assert isinstance(found, Approved) and found.amount_minor == 1901
        await here.acquirer.reverse(prepared, transmission=1)
        assert not isinstance(await here.acquirer.inquire(prepared), Approved)
        assert here.late == []


@quickly
async def test_the_other_profile_completes_by_an_advice_that_its_reversal_undoes() -> None:
    async with world({**SEALED_HOST, "master_key": ""}, ZoneKeys(cafis_mac=MAC), profile="iso87") as here:
        await here.ready()
        held = replace(sample_request(5000), hold=True)
        approved = await here.acquirer.authorise(held)
        assert isinstance(approved, Approved) and here.host.charges()[held.reference].net_minor == 0
        original = Original(held.reference, held.stan, 5000, START_S, approved.approval_number)
        taking = later(CaptureRequest, held, amount_minor=3000, card=CardData(), original=original)
        prepared = here.acquirer.prepare(taking)
        assert isinstance(await here.acquirer.capture(taking), Approved)
        assert [entry.mti for entry in here.host.journal.asked("0220")] == ["0220"]
        assert here.host.charges()[taking.reference].net_minor == 3000
        assert await here.acquirer.reverse(prepared, transmission=1) == ReversalAccepted("00")
        assert here.host.charges()[taking.reference].net_minor == 0


@quickly
async def test_a_stand_in_is_told_of_and_its_answer_is_what_it_is() -> None:
    async with world() as here:
        await here.ready()
        assert isinstance(await here.acquirer.authorise(sample_request(1941)), Approved)
        assert [line for line in here.told if line.startswith("line.stand-in")] != []
        plain = sample_request(1200, stan=2, reference="700000000002")
        assert isinstance(await here.acquirer.authorise(plain), Approved)
        assert here.verbs().count("line.stand-in") == 1


@pytest.mark.parametrize("amount", [1070, 1936])
@quickly
async def test_a_pin_that_is_wanted_is_not_asked_for_by_mail(amount: int) -> None:
    async with world() as here:
        await here.ready()
        wanted = await here.acquirer.authorise(sample_request(amount))
        assert isinstance(wanted, NeedsInput) and wanted.ask is Ask.MORE and wanted.items == ()
