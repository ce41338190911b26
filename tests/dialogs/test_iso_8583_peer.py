"""Another implementation of ISO 8583, by others, in another language: it reads ours, and we read theirs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from needs import need

from acquirer_sdk.bench import TRACK2, sample_request
from acquirer_sdk.values import (
    Advice,
    AuthoriseRequest,
    Bonus,
    CaptureRequest,
    CardData,
    Item,
    Original,
    ReturnKind,
    ReturnRequest,
    Totals,
)
from cafis_adapter import build
from cafis_adapter.build import Network
from cafis_adapter.codec import Message, pack, unpack
from cafis_adapter.framing import Framer, frame
from cafis_adapter.layout import Kind
from cafis_adapter.profile import SHIPPED, Profile, load_profile

PACKAGE: Final = "iso_8583"
ROOT: Final = Path(__file__).parents[2]
LIBRARY: Final = Path(os.environ.get("ISO_8583_JS", ROOT / "node_modules" / PACKAGE))
PEER: Final = Path(__file__).parent / "iso_8583_peer.cjs"

SALE: Final = replace(sample_request(50_000, stan=42), condition=61, condition_count=3, first_month=4)
ORIGINAL: Final = Original("700000000007", 7, 50_000, SALE.time_s, "654321")
ANSWER: Final = {38: "654321", 39: "00", 44: "G12"}
CONTENTS: Final = {"n": "n", "an": "anp", "ans": "ans", "z": "z", "b": "b"}


def later(cls: type[Any], **more: Any) -> Any:
    same = {name: getattr(SALE, name) for name in AuthoriseRequest.__dataclass_fields__ if name != "hold"}
    return cls(**same, original=ORIGINAL, **more)


def requests(profile: Profile) -> list[Message]:
    """One message of every kind that the profile has, and an answer to each."""
    rich = replace(SALE, product_code="0990", tax_minor=4545)
    if profile.name == "cafis":
        rich = replace(rich, condition=34, bonuses=(Bonus(7, 10_000),), referral_number="1234567")
    undo = build.reversal(profile, "12345", SALE)
    asked = [
        *(
            build.authorisation(profile, "12345", request)
            for request in (
                rich,
                replace(SALE, hold=True),
                replace(SALE, amount_minor=0),
                replace(SALE, card=CardData("4111111111111111", entry_mode=5)),
                later(CaptureRequest),
                later(ReturnRequest, kind=ReturnKind.VOID),
                later(ReturnRequest, kind=ReturnKind.REFUND),
            )
        ),
        undo,
        build.repeated(undo),
        build.totals(profile, "12345", Totals("2026-01-01", 392, 12, 345_678, 3, 4567), 9, SALE.time_s),
        *(build.network(profile, code, 1, SALE.time_s) for code in Network),
    ]
    if Kind.INQUIRY in profile.layouts:
        asked.append(build.inquiry(profile, undo, 9, SALE.time_s))
    if Kind.ADVICE in profile.layouts:
        told = Advice("700000000008", 8, "T0000001", "M1", 392, SALE.time_s, ORIGINAL, {Item.TAX: "100"})
        asked += [build.advice(profile, "12345", told), build.repeated(build.advice(profile, "12345", told))]
    return asked


def answers(profile: Profile, asked: list[Message]) -> list[Message]:
    kept = (3, 4, 7, 11, 12, 13, 32, 37, 41, 42, 49)
    return [
        Message(
            f"{one.mti[:2]}{int(one.mti[2]) + 1}0", {**{n: one.fields[n] for n in kept if one[n]}, **ANSWER}
        )
        for one in asked
        if one.mti != "0800"
    ] + [build.network_answer(asked[-1])]


def messages(profile: Profile) -> list[Message]:
    """As they are after a trip over the wire: every element padded."""
    asked = requests(profile)
    sealed = [
        Message("0100", {**asked[0].fields, 52: "0123456789ABCDEF", 64: "0011223344556677"})
        for _ in asked[:1]
        if not profile.elements[52].length_digits
    ]
    return [unpack(profile, pack(profile, one)) for one in [*asked, *sealed, *answers(profile, asked)]]


def formats(profile: Profile) -> dict[str, dict[str, Any]]:
    """The profile in the other's words. What it cannot say - bytes of variable length - is left to itself."""
    return {
        str(number): {
            "ContentType": "x+n" if number == 97 else CONTENTS[element.kind],
            "Label": element.name,
            "LenType": {0: "fixed", 2: "llvar", 3: "lllvar"}[element.length_digits],
            "MaxLen": element.size_max * (2 if element.kind == "b" else 1),
        }
        for number, element in profile.elements.items()
        if element.kind != "b" or not element.length_digits
    }


def document(message: Message) -> dict[str, str]:
    return {"0": message.mti, **{str(number): value for number, value in message.fields.items()}}


def peer(profile: Profile, ours: list[Message]) -> tuple[list[bytes], list[dict[str, str]]]:
    """Ours as it writes them, and what it reads in what we write."""
    need(
        f"node and: npm install --no-save {PACKAGE}@2.6.7",
        present=shutil.which("node") is not None and LIBRARY.exists(),
    )
    given = {
        "formats": formats(profile),
        "messages": [document(one) for one in ours],
        "bytes": [frame(pack(profile, one)).hex() for one in ours],
    }
    done = subprocess.run(
        ["node", str(PEER), str(LIBRARY)],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    said = json.loads(done.stdout)
    return [bytes.fromhex(one) for one in said["packed"]], said["unpacked"]


@pytest.mark.parametrize("name", SHIPPED)
def test_another_implementation_reads_ours_and_we_read_theirs(name: str) -> None:
    profile = load_profile(name)
    ours = messages(profile)
    assert {one.mti[1] for one in ours} >= set("12458"), "every class"
    theirs, read = peer(profile, ours)
    for message, stream, found in zip(ours, theirs, read, strict=True):
        (body,) = Framer(profile.body_max).feed(stream)
        assert unpack(profile, body) == message, "theirs, read by us"
        assert {key: value.upper() for key, value in found.items()} == {
            key: value.upper() for key, value in document(message).items()
        }, "ours, read by them"


def test_bytes_are_the_same_where_both_send_two_bitmaps() -> None:
    profile = load_profile()
    ours = messages(profile)
    theirs, _ = peer(profile, ours)
    assert theirs == [frame(pack(profile, one)) for one in ours]
    assert TRACK2.encode() in theirs[0]
