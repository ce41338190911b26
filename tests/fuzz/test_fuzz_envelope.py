"""Sealed bytes and their armour, changed in every way: refused with a slug, never read as something else."""

from __future__ import annotations

import itertools
import random
from functools import cache
from typing import Any

import pytest
from Crypto.Cipher import AES
from dice import TIMES, play, spoil

from mail_gateway.envelope import dukpt
from mail_gateway.envelope.keys import KeyRing, Purpose
from mail_gateway.envelope.open import Opened, Refused, open_envelope
from schemas.envelope import armour, cbor, cose, payload
from schemas.errors import WireError

BDK = bytes.fromhex("FEDCBA9876543210F1F1F1F1F1F1F1F1")
KEY_ID = bytes.fromhex("1234567890123456")


@cache
def ring() -> KeyRing:
    keys = KeyRing(bytes(32), bytes)
    keys.add_bdk(KEY_ID[:4], keys.wrap(Purpose.BDK, KEY_ID[:4], BDK))
    return keys


def sealed_sale(dice: random.Random) -> bytes:
    """A sale as some reader would seal it."""
    ksn = KEY_ID + (1 << dice.randrange(20)).to_bytes(4, "big")
    sale = payload.Sale(
        kind=1,
        amount_minor=dice.randrange(1, 10**9),
        currency=392,
        track2=f"4111111111111111={dice.randrange(10**20):020d}",
        slip=dice.randrange(1, 99_999),
    )
    key = dukpt.Tree(BDK).working_key(ksn, dukpt.Usage.DATA_ENCRYPTION)
    cipher = AES.new(key, AES.MODE_CCM, nonce=cose.nonce(ksn, 0), mac_len=16)
    cipher.update(cose.enc_structure(cose.AAD_SALE))
    body, tag = cipher.encrypt_and_digest(payload.encode_sale(sale))
    return bytes(cose.pack(ksn, 0, body + tag))


def must_not_open(changed: bytes) -> None:
    refused = open_envelope(changed, ring())
    assert isinstance(refused, Refused)
    assert refused.slug.startswith(("cbor-", "cose-", "key-unknown", "sale-index", "seal-broken"))


@pytest.mark.parametrize("seed", range(2 if TIMES < 2 else 20))
def test_no_envelope_opens_with_one_bit_changed_or_cut_anywhere(seed: int) -> None:
    sealed = sealed_sale(random.Random(seed))
    assert isinstance(open_envelope(sealed, ring()), Opened)
    for bit in range(len(sealed) * 8):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        must_not_open(bytes(changed))
    for length in range(len(sealed)):
        must_not_open(sealed[:length])
    must_not_open(sealed + b"\0")


def test_a_spoilt_envelope_is_refused_or_the_same() -> None:
    def case(dice: random.Random) -> None:
        sealed = sealed_sale(dice)
        changed = spoil(dice, sealed)
        if changed != sealed:
            must_not_open(changed)

    play(400, case)


def test_two_envelopes_cannot_be_spliced() -> None:
    def case(dice: random.Random) -> None:
        one, other = sealed_sale(dice), sealed_sale(dice)
        at = dice.randrange(1, min(len(one), len(other)))
        spliced = one[:at] + other[at:]
        if spliced not in (one, other):
            must_not_open(spliced)

    play(300, case)


def value(dice: random.Random, depth: int) -> Any:
    kind = dice.randrange(7 if depth else 4)
    if kind == 0:
        return dice.choice((0, 23, 24, 255, 256, 65_536, 2**32, 2**64 - 1, -1, -(2**64)))
    if kind == 1:
        return dice.randbytes(dice.randrange(30))
    if kind == 2:
        return dice.choice(("", "a", "山", "\U0001f5ff", "\0"))
    if kind == 3:
        return dice.randrange(2**64)
    if kind == 4:
        return [value(dice, depth - 1) for _ in range(dice.randrange(4))]
    if kind == 5:
        return {dice.randrange(-40, 40): value(dice, depth - 1) for _ in range(dice.randrange(4))}
    return cbor.Tag(dice.randrange(40), value(dice, depth - 1))


def test_cbor_is_read_in_one_way_only() -> None:
    def case(dice: random.Random) -> None:
        encoded = cbor.encode(value(dice, 5))
        changed = spoil(dice, encoded)
        try:
            assert cbor.encode(cbor.decode(changed)) == changed
        except WireError as error:
            assert error.slug.startswith("cbor-")
            assert changed != encoded

    play(2000, case)


def test_a_payload_is_a_sale_or_a_slug() -> None:
    def case(dice: random.Random) -> None:
        sale = payload.Sale(kind=1, amount_minor=1200, currency=392, track2="4111111111111111=2712", slip=1)
        changed = spoil(dice, payload.encode_sale(sale), 3)
        if dice.random() < 0.5:
            changed = cbor.encode(value(dice, 3))
        for read, write in (
            (payload.decode_sale, payload.encode_sale),
            (payload.decode_result, payload.encode_result),
        ):
            try:
                write(read(changed))
            except WireError as error:
                assert error.slug.startswith(("cbor-", "payload-"))

    play(2000, case)


def test_armour_gives_back_the_same_bytes_or_a_slug() -> None:
    def case(dice: random.Random) -> None:
        body = dice.randbytes(dice.choice((1, 20, 120, armour.BODY_MAX)))
        kind = dice.choice((armour.SALE, armour.RESULT))
        text = armour.block(kind, body) if dice.random() < 0.7 else armour.to_text(kind, body)
        changed = spoil(dice, text.encode()).decode("utf-8", "replace")
        for read in (armour.find, armour.from_text):
            try:
                assert read(changed) == (kind, body)
            except WireError as error:
                assert error.slug.startswith("armour-")

    play(1000, case)


def test_no_armour_is_read_with_one_letter_changed() -> None:
    text = armour.to_text(armour.SALE, random.Random(0).randbytes(100))
    for at, letter in itertools.product(range(len(text)), "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"):
        if letter != text[at]:
            with pytest.raises(WireError):
                armour.from_text(text[:at] + letter + text[at + 1 :])
