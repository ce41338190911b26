"""The test card's cryptograms beside `pyemv`, an issuer's library, and beside answers of an HSM."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from card_reader_fw.board.desk.chip import choice, trial
from card_reader_fw.board.desk.chip.cards import CARDS, MASTER_KEY
from card_reader_fw.board.desk.chip.cryptogram import CVN_10, card_key, cryptogram, session_key
from card_reader_fw.emv import tlv

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import pyemv

pytestmark = pytest.mark.filterwarnings("ignore:.*TripleDES.*")

TAKEN = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37, 0x82, 0x9F36)
"""What both versions sign, in this order."""


def test_cvn_10_as_an_hsm_has_it() -> None:
    data = "000000004000" + "000000000000" + "0124" + "8000048000" + "0124" + "191105" + "01" + "52BF4585"
    key = card_key(MASTER_KEY, "1234567890123456", "00")
    issuer_data = bytes.fromhex("06010A03A06010")
    made = cryptogram(key, CVN_10, 0x1C, bytes.fromhex(data + "1800" + "001C"), issuer_data)
    assert made.hex().upper() == "29CCA15AE665FA2E"


@given(counter=st.integers(0, 0xFFFF))
def test_keys_as_the_issuer_derives_them(counter: int) -> None:
    key = pyemv.kd.derive_icc_mk_a(MASTER_KEY, "3528000000000007", "01")
    assert card_key(MASTER_KEY, "3528000000000007", "01") == key
    diversifier = counter.to_bytes(2, "big") + bytes(6)
    assert session_key(key, counter) == pyemv.kd.derive_common_sk(key, diversifier)


@pytest.mark.parametrize("name", ["jcb", "visa", "mastercard", "t0"])
@pytest.mark.parametrize("sale", range(3))
def test_the_issuer_agrees_with_every_cryptogram(name: str, sale: int) -> None:
    slot = choice.slot_of(f"card:{name}")
    for _ in range(sale):
        trial.trial(slot, trial.sale(1, 0, bytes))
    assert issuer_agrees(name, trial.trial(slot, trial.sale(98765, 1_800_000_000, bytes)).emv)


def test_the_issuer_does_not_agree_with_a_wrong_one() -> None:
    slot = choice.slot_of("card:jcb:wrong-cryptogram")
    assert not issuer_agrees("jcb", trial.trial(slot, trial.sale(98765, 1_800_000_000, bytes)).emv)


def issuer_agrees(name: str, emv: bytes) -> bool:
    """DE55 of a test card, checked with pyemv's class for its cryptogram version."""
    values = {tag: emv[start:end] for tag, start, end in tlv.walk(emv, 0, len(emv))}
    application = CARDS[name].applications[0]
    versions = {10: pyemv.cvn.VisaCVN10, 18: pyemv.cvn.VisaCVN18}
    issuer = versions[application.version](
        MASTER_KEY, MASTER_KEY, MASTER_KEY, application.pan, application.sequence
    )
    named = {f"tag_{tag:02x}": values[tag] for tag in TAKEN}
    if application.version == CVN_10:
        named["cvr"] = values[0x9F10][3:]
    else:
        named["tag_9f10"] = values[0x9F10]
    return issuer.generate_ac(**named) == values[0x9F26]
