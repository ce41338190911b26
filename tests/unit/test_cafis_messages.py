"""Requests become messages, answers become outcomes: the mapping, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acquirer_sdk.bench import TRACK2, sample_request
from acquirer_sdk.codes import shipped_codes
from acquirer_sdk.keyport import SealedPin
from acquirer_sdk.values import (
    AdviceAccepted,
    AdviceOpen,
    AdviceRefused,
    Approved,
    Ask,
    CaptureRequest,
    CardData,
    Declined,
    InDoubt,
    Item,
    LateAnswer,
    NeedsInput,
    NotFound,
    Original,
    Reconciled,
    ReturnKind,
    ReturnRequest,
    ReversalAccepted,
    ReversalOpen,
    Totals,
)
from cafis_adapter import answers, build
from cafis_adapter.codec import Message, pack, unpack
from cafis_adapter.layout import Kind
from cafis_adapter.profile import load_profile

PROFILE, OTHER = load_profile(), load_profile("iso87")
CODES = shipped_codes()
REQUEST = sample_request(1200, stan=42)


def answered(**elements: str) -> Message:
    fields = {4: "000000001200", 11: "000042", 37: REQUEST.reference, 39: "00", 41: "T0000001", 49: "392"}
    return Message("0110", fields).with_fields({int(name[2:]): value for name, value in elements.items()})


def test_authorisation_says_all_of_the_sale() -> None:
    message = build.authorisation(PROFILE, "12345", REQUEST)
    assert message == Message(
        "0100",
        {
            3: "000000",
            2: "4111111111111111",
            4: "000000001200",
            7: "0101000000",
            11: "000042",
            12: "090000",
            13: "0101",
            22: "901",
            25: "00",
            32: "12345",
            35: TRACK2,
            37: "700000000001",
            41: "T0000001",
            42: "M00000000000001",
            48: "010000000110",
            49: "392",
        },
    )
    assert pack(PROFILE, message)


def test_authorisation_on_the_wire_is_these_bytes() -> None:
    body = pack(PROFILE, build.authorisation(PROFILE, "12345", REQUEST))
    assert body == (
        b"0100"
        + bytes.fromhex("F23804 8128C18000".replace(" ", ""))
        + bytes(8)
        + b"16" + b"4111111111111111"
        + b"000000"
        + b"000000001200"
        + b"0101000000"
        + b"000042"
        + b"090000" + b"0101"
        + b"901" + b"00"
        + b"05" + b"12345"
        + b"37" + TRACK2.encode()
        + b"700000000001"
        + b"T0000001     "
        + b"M00000000000001"
        + b"012" + b"010" + b"00" + b"00001" + b"10"
        + b"392"
    )  # fmt: skip


def test_utc_and_japan_time_are_on_different_days_after_three_in_the_afternoon() -> None:
    message = build.authorisation(PROFILE, "", replace(REQUEST, time_s=1_767_225_600 + 15 * 3600))
    assert (message[7], message[12], message[13]) == ("0101150000", "000000", "0102")


def test_keyed_card_has_number_and_expiry_instead_of_the_stripe() -> None:
    card = CardData("4111111111111111", entry_mode=5)
    message = build.authorisation(PROFILE, "", replace(REQUEST, card=card))
    assert (message[2], message[35], message[22]) == ("4111111111111111", "", "011")


def test_chip_and_second_stripe_go_along_and_a_pin_does_not() -> None:
    card = CardData(
        TRACK2, jis2="JIS2", emv=b"\x9f\x26", pin=SealedPin(bytes(16), bytes(12), ""), entry_mode=3
    )
    message = build.authorisation(PROFILE, "", replace(REQUEST, card=card, condition=61, condition_count=3))
    assert (message[45], message[55], message[48]) == ("JIS2", "9F26", "061030000110")
    assert not message[52], "a PIN block is added as the message leaves, and is in nothing stored"
    assert pack(PROFILE, message)


def test_a_chips_sequence_number_stands_in_an_element_of_its_own() -> None:
    card = CardData(TRACK2, emv=bytes.fromhex("9F2701805F3402"), entry_mode=3)
    message = build.authorisation(PROFILE, "", replace(REQUEST, card=card))
    assert (message[22], message[23]) == ("051", "")
    card = CardData(TRACK2, emv=bytes.fromhex("9F2701805F34010782021800"), entry_mode=3)
    message = build.authorisation(PROFILE, "", replace(REQUEST, card=card))
    assert (message[22], message[23]) == ("051", "007")
    fallback = build.authorisation(PROFILE, "", replace(REQUEST, card=CardData(TRACK2, entry_mode=4)))
    assert (fallback[22], fallback[23], fallback[55]) == ("801", "", "")


def test_reversal_names_its_original_and_no_card() -> None:
    message = build.reversal(PROFILE, "12345", REQUEST)
    assert message.mti == "0420"
    assert message[90] == "0100" + "000042" + "0101000000" + "00000012345" + "00000000000"
    assert len(message[90]) == 42
    assert message[39] == "68"
    original = build.authorisation(PROFILE, "12345", REQUEST)
    for number in (4, 7, 11, 12, 13, 32, 37, 41, 42, 49):
        assert message[number] == original[number]
    assert not {2, 14, 35, 45, 52, 55} & set(message.fields)


def test_repeated_reversal_differs_in_the_flag_only() -> None:
    message = build.reversal(PROFILE, "", REQUEST)
    again = build.repeated(message)
    assert again.mti == "0421" and again.fields == message.fields
    assert build.repeated(again) == again


# The table of the design's rules for money, written out once more by hand.
DECLINED = ("04", "05", "07", "41", "43", "51", "54", "57", "58", "59", "61", "62", "65", "75")
DECLINED_G = (2, 3, 4, 5, 6, 7, 12, 14, 17, 18, 22, 54, 55, 56, 60, 61, 85, 92, 95, 96, 97, 98, 99)
AGAIN_G, MORE_G = (42, 44, 65, 68, 83), (30, 45, 67, 69, 70, 71, 72, 73, 74, 75, 76, 78, 84)
WANTED = {
    **dict.fromkeys((30, 84), (Item.APPROVAL_NUMBER,)),
    67: (Item.PRODUCT_CODE,),
    69: (Item.TAX,),
    **dict.fromkeys((70, 71, 72), (Item.BONUS_MONTHS,)),
    73: (Item.START_MONTH,),
    **dict.fromkeys((74, 75, 76, 78), (Item.DIVISION,)),
}
TABLE = [
    *((code, Declined(code)) for code in DECLINED),
    *((code, NeedsInput(Ask.AGAIN, code)) for code in ("13", "14", "19", "55")),
    *((code, NeedsInput(Ask.MORE, code, (Item.APPROVAL_NUMBER,))) for code in ("01", "02")),
    *((code, NeedsInput(Ask.MORE, code)) for code in ("1A", "70")),
    *((code, InDoubt(f"code-{code}")) for code in ("68", "91", "96")),
]
TABLE_G = [
    *((f"G{n:02d}", Declined(f"G{n:02d}")) for n in DECLINED_G),
    *((f"G{n:02d}", NeedsInput(Ask.AGAIN, f"G{n:02d}")) for n in AGAIN_G),
    *((f"G{n:02d}", NeedsInput(Ask.MORE, f"G{n:02d}", WANTED.get(n, ()))) for n in MORE_G),
    *((code, InDoubt(f"code-{code}")) for code in ("G77", "G91")),
    ("C12", InDoubt("code-C12")),
]


@pytest.mark.parametrize(("code", "outcome"), TABLE)
def test_response_code(code: str, outcome: object) -> None:
    assert answers.authorisation(CODES, answered(DE39=code), REQUEST) == outcome


@pytest.mark.parametrize(("code", "outcome"), TABLE_G)
def test_centre_code_goes_before_the_response_code(code: str, outcome: object) -> None:
    assert answers.authorisation(CODES, answered(DE39="05", DE44=code), REQUEST) == outcome


def test_no_other_code_has_a_meaning() -> None:
    known = {code for code, _ in [*TABLE, *TABLE_G]} | {"00", "10"}
    assert {code for code in CODES.meanings if not code.startswith("C")} == {
        code for code in known if not code.startswith("C")
    }
    assert CODES.reversal_accepted == {"00", "25"}


@pytest.mark.parametrize("code", ["03", "06", "12", "30", "85", "94", "99", "ZZ", "0", ""])
def test_unknown_code_is_in_doubt(code: str) -> None:
    assert answers.authorisation(CODES, answered(DE39=code, DE38="123456"), REQUEST) == InDoubt(
        "unknown-code"
    )


@pytest.mark.parametrize("centre", ["G79", "G94", "X01", "call 4111111111111111"])
def test_unknown_centre_code_is_in_doubt_whatever_the_response_code(centre: str) -> None:
    assert answers.authorisation(CODES, answered(DE39="05", DE44=centre), REQUEST) == InDoubt("unknown-code")


def test_free_text_of_the_centre_is_not_passed_on() -> None:
    answer = answered(DE39="05", DE44="4111111111111111")
    assert answers.late(CODES, answer, near=False) == LateAnswer(
        REQUEST.reference, 42, InDoubt("unknown-code"), "05"
    )


@pytest.mark.parametrize(
    ("elements", "outcome"),
    [
        ({"DE38": "123456"}, Approved("123456", 1200)),
        ({"DE38": "12345"}, Approved("12345", 1200)),
        ({}, InDoubt("no-approval-number")),
        ({"DE38": "123456", "DE4": "000000001201"}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE4": "000000001199"}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE4": ""}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE49": "840"}, InDoubt("wrong-currency")),
        ({"DE38": "123456", "DE49": ""}, Approved("123456", 1200)),
        ({"DE38": "123456", "DE39": "10", "DE4": "000000000600"}, Approved("123456", 600, "10")),
        ({"DE38": "123456", "DE39": "10"}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE39": "10", "DE4": "000000000000"}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE39": "10", "DE4": ""}, InDoubt("wrong-amount")),
        ({"DE38": "123456", "DE44": "G12"}, InDoubt("unknown-code")),
        ({"DE39": "05", "DE4": ""}, Declined("05")),
        ({"DE39": "05", "DE4": "000000000001"}, InDoubt("wrong-amount")),
    ],
)
def test_answer_is_believed_only_when_it_fits(elements: dict[str, str], outcome: object) -> None:
    assert answers.authorisation(CODES, answered(**elements), REQUEST) == outcome


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("00", ReversalAccepted("00")),
        ("25", ReversalAccepted("25")),
        ("12", ReversalOpen("refused-12")),
        ("", ReversalOpen("no-code")),
    ],
)
def test_reversal_answer(code: str, outcome: object) -> None:
    assert answers.reversal(CODES, answered(DE39=code)) == outcome


def test_late_answer_tells_what_it_says_unless_it_only_resembles() -> None:
    message = answered(DE38="123456")
    reference = REQUEST.reference
    assert answers.late(CODES, message, near=False) == LateAnswer(
        reference, 42, Approved("123456", 1200), "00"
    )
    assert answers.late(CODES, message, near=True) == LateAnswer(reference, 42, None, "00")
    assert answers.late(CODES, Message("0430", {39: "00"}), near=False).outcome == ReversalAccepted("00")
    assert answers.late(CODES, Message("0100", {39: "00"}), near=False) == LateAnswer("", 0, None, "00")


BACK = ReturnRequest(
    **{name: getattr(REQUEST, name) for name in type(REQUEST).__dataclass_fields__},
    kind=ReturnKind.REFUND,
    original=Original("000000000007", 7, 5000, 1_767_225_600, "654321"),
)


@pytest.mark.parametrize(("kind", "code"), [(ReturnKind.VOID, "020000"), (ReturnKind.REFUND, "200000")])
def test_a_return_names_its_sale_and_is_reversed_as_itself(kind: ReturnKind, code: str) -> None:
    back = replace(BACK, kind=kind)
    message = build.authorisation(PROFILE, "12345", back)
    assert (message.mti, message[3], message[38]) == ("0200", code, "654321")
    assert message[90] == f"0100000007{'0101000000'}{'12345'.zfill(11)}{'0' * 11}", "the sale"
    assert message[37] == REQUEST.reference and int(message[11]) == REQUEST.stan, "the return's own"
    undone = build.reversal(PROFILE, "12345", back)
    assert (undone[3], undone[90]) == (code, f"0200{message[11]}{message[7]}{'12345'.zfill(11)}{'0' * 11}")
    assert unpack(PROFILE, pack(PROFILE, undone))[90] == undone[90]


@pytest.mark.parametrize("code", ["25", "G79", "G80", "G81", "G94"])
def test_what_is_a_no_to_a_return_says_nothing_to_a_sale(code: str) -> None:
    told = answered(DE39="05", DE44=code) if code.startswith("G") else answered(DE39=code)
    assert answers.authorisation(CODES, told, REQUEST) == InDoubt("unknown-code")
    told = told.with_fields({}, mti="0210")
    assert answers.authorisation(CODES, told, BACK) == Declined(code)


def test_a_card_check_is_good_without_a_number_too() -> None:
    check = replace(REQUEST, amount_minor=0)
    message = build.authorisation(PROFILE, "", check)
    assert (message.mti, message[4], message[25]) == ("0100", "000000000000", "51")
    told = answered(DE4="000000000000", DE39="85")
    assert answers.authorisation(CODES, told, check) == Approved("", 0, "85")
    assert answers.authorisation(CODES, told.with_fields({44: "G12"}), check) == Declined("G12")
    assert answers.authorisation(CODES, told.with_fields({39: "00"}), check) == InDoubt("no-approval-number")
    assert answers.authorisation(CODES, answered(DE39="85"), REQUEST) == InDoubt("unknown-code")


@pytest.mark.parametrize(
    ("elements", "outcome"),
    [
        ({"DE39": "00"}, AdviceAccepted("00")),
        ({"DE39": "05"}, AdviceRefused("05")),
        ({"DE39": "05", "DE44": "G67"}, AdviceRefused("G67")),
        ({"DE39": "25"}, AdviceRefused("25")),
        ({"DE39": "05", "DE44": "G94"}, AdviceRefused("G94")),
        ({"DE39": "96"}, AdviceOpen("code-96")),
        ({"DE39": "ZZ"}, AdviceOpen("unknown-code")),
        ({"DE39": "00", "DE44": "G12"}, AdviceOpen("unknown-code")),
        ({"DE39": ""}, AdviceOpen("unknown-code")),
    ],
)
def test_an_advice_is_taken_refused_or_still_open(elements: dict[str, str], outcome: object) -> None:
    assert answers.advice(CODES, answered(**elements).with_fields({}, mti="0230")) == outcome


OURS = Totals("2026-01-01", 392, sales=12, sales_minor=345_678, returns=3, returns_minor=4567)


def test_totals_say_the_day_and_both_sides() -> None:
    message = build.totals(PROFILE, "12345", OURS, 7, REQUEST.time_s)
    assert (message.mti, message[11], message[15], message[49]) == ("0500", "000007", "0101", "392")
    assert (message[74], message[76]) == ("0000000003", "0000000012")
    assert (message[86], message[88]) == ("0000000000004567", "0000000000345678")
    assert message[97] == "D0000000000341111"
    nothing_but_returns = replace(OURS, sales=0, sales_minor=0)
    assert build.totals(PROFILE, "", nothing_but_returns, 7, 0)[97] == "C0000000000004567"


@pytest.mark.parametrize(
    ("code", "sales", "outcome"),
    [
        ("00", "0000000012", Reconciled(OURS, agrees=True)),
        ("95", "0000000011", Reconciled(replace(OURS, sales=11), agrees=False)),
        ("00", "0000000011", Reconciled(replace(OURS, sales=11), agrees=False)),
        ("95", "0000000012", Reconciled(OURS, agrees=False)),
        ("00", "", InDoubt("totals-missing")),
        ("96", "0000000012", InDoubt("code-96")),
        ("ZZ", "0000000012", InDoubt("unknown-code")),
    ],
)
def test_totals_agree_only_where_code_and_figures_do(code: str, sales: str, outcome: object) -> None:
    theirs = build.totals(PROFILE, "", OURS, 7, 0).with_fields({39: code, 76: sales}, mti="0510")
    assert answers.totals(CODES, theirs, OURS) == outcome


def test_an_inquiry_is_answered_as_the_request_would_have_been() -> None:
    undo = build.reversal(OTHER, "", REQUEST)
    message = build.inquiry(OTHER, undo, 9, REQUEST.time_s + 60)
    assert (message.mti, message[11], message[37]) == ("0600", "000009", REQUEST.reference)
    assert message[90] == undo[90] and not message[39]
    told = answered(DE38="123456").with_fields({}, mti="0610")
    assert answers.inquiry(CODES, told, undo) == Approved("123456", 1200)
    assert answers.inquiry(CODES, told.with_fields({38: "", 39: "25"}), undo) == NotFound()
    assert answers.inquiry(CODES, told.with_fields({39: "05"}), undo) == Declined("05")
    assert answers.inquiry(CODES, told.with_fields({4: "000000001201"}), undo) == InDoubt("wrong-amount")
    assert answers.inquiry(CODES, told.with_fields({39: ""}), undo) == InDoubt("unknown-code")


def test_a_late_answer_to_an_advice_approves_nothing_and_to_a_completion_it_does() -> None:
    told = answered().with_fields({}, mti="0230")
    assert answers.late(CODES, told, near=False).outcome is None
    assert answers.late(CODES, told.with_fields({38: "123456"}), near=False).outcome == Approved(
        "123456", 1200
    )


def test_a_completion_names_what_was_held() -> None:
    taking = CaptureRequest(
        **{name: getattr(REQUEST, name) for name in type(REQUEST).__dataclass_fields__},
        original=Original("000000000007", 7, 5000, 1_767_225_600, "654321"),
    )
    for profile, mti in ((PROFILE, "0200"), (OTHER, "0220")):
        message = build.authorisation(profile, "12345", replace(taking, card=CardData()))
        assert (message.mti, message[25], message[38]) == (mti, "06", "654321")
        assert message[90][:20] == "01000000070101000000"
        assert build.reversal(profile, "12345", taking)[90][:10] == f"{mti}000042"
        assert profile.kind_of(message.mti, message.fields) is Kind.COMPLETION
