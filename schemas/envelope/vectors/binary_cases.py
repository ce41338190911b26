"""Cases of CBOR, COSE and payload: good ones from the codec, bad ones by hand, one rule broken in each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.envelope import cbor, cose, payload
from schemas.envelope.payload import Result, Sale

if TYPE_CHECKING:
    from collections.abc import Iterator

Case = tuple[str, str, str, dict[str, object], str]

KSN = bytes.fromhex("123456789012345600000001")
TRACK2 = "4111111111111111=27122010000012345678"

# name, value in diagnostic notation (RFC 8949 section 8), encoding
CBOR_GOOD = (
    ("zero", "0", "00"),
    ("last-short-number", "23", "17"),
    ("first-one-byte-number", "24", "1818"),
    ("first-two-byte-number", "256", "190100"),
    ("first-four-byte-number", "65536", "1a00010000"),
    ("first-eight-byte-number", "4294967296", "1b0000000100000000"),
    ("largest-number", "18446744073709551615", "1bffffffffffffffff"),
    ("minus-one", "-1", "20"),
    ("smallest-number", "-18446744073709551616", "3bffffffffffffffff"),
    ("empty-bytes", "h''", "40"),
    ("bytes", "h'0102'", "420102"),
    ("empty-text", '""', "60"),
    ("text-two-byte-character", '"\u00fc"', "62c3bc"),
    ("text-half-width-kana", '"\uff75"', "63efbdb5"),
    ("text-four-byte-character", '"\U00010151"', "64f0908591"),
    ("empty-array", "[]", "80"),
    ("nested-arrays", "[1, [2, 3]]", "8201820203"),
    ("eight-deep", "[[[[[[[[]]]]]]]]", "8181818181818180"),
    ("empty-map", "{}", "a0"),
    ("map-positive-before-negative", "{0: 1, 24: 2, -1: 3}", "a300011818022003"),
    ("tag", "16([])", "d080"),
)
# name, slug, encoding, why
CBOR_BAD = (
    ("empty", "cbor-truncated", "", "no bytes at all"),
    ("cut-number", "cbor-truncated", "1901", "two bytes announced, one there"),
    ("cut-bytes", "cbor-truncated", "4301ff", "three bytes announced, two there"),
    ("cut-array", "cbor-truncated", "8201", "two items announced, one there"),
    ("cut-map", "cbor-truncated", "a101", "a key without its value"),
    ("endless-array", "cbor-truncated", "9bffffffffffffffff", "2^64-1 items announced, none there"),
    ("trailing", "cbor-trailing", "0000", "a second item after the first"),
    ("long-23", "cbor-not-shortest", "1817", "23 in two bytes"),
    ("long-255", "cbor-not-shortest", "1900ff", "255 in three bytes"),
    ("long-65535", "cbor-not-shortest", "1a0000ffff", "65535 in five bytes"),
    ("long-4294967295", "cbor-not-shortest", "1b00000000ffffffff", "4294967295 in nine bytes"),
    ("long-length", "cbor-not-shortest", "580101", "a length of 1 in two bytes"),
    ("long-key", "cbor-not-shortest", "a1180100", "a key of 1 in two bytes"),
    ("keys-unsorted", "cbor-order", "a202000100", "key 2 before key 1"),
    ("keys-negative-first", "cbor-order", "a220000000", "key -1 before key 0"),
    ("key-twice", "cbor-duplicate", "a201000101", "key 1 twice"),
    ("key-text", "cbor-type", "a1616100", "a text as key"),
    ("false", "cbor-type", "f4", "a simple value"),
    ("null", "cbor-type", "f6", "a simple value"),
    ("float", "cbor-type", "f93c00", "a floating-point number"),
    ("endless-bytes", "cbor-type", "5f4101ff", "a byte string of indefinite length"),
    ("endless-map", "cbor-type", "bfff", "a map of indefinite length"),
    ("reserved", "cbor-type", "1c", "additional information 28"),
    ("nine-deep", "cbor-depth", "818181818181818180", "nine arrays in one another"),
    ("utf8-continuation", "cbor-utf8", "6180", "a continuation byte alone"),
    ("utf8-cut", "cbor-utf8", "61c3", "a two-byte character cut"),
    ("utf8-overlong", "cbor-utf8", "62c0af", "the slash in two bytes"),
    ("utf8-surrogate", "cbor-utf8", "63eda080", "half of a surrogate pair"),
    ("utf8-too-high", "cbor-utf8", "64f4908080", "U+110000"),
    ("utf8-third-byte", "cbor-utf8", "63e38141", "the last byte of three is a letter"),
)
_P, _U = "44a101181e", "a2044c123456789012345600000001054d12345678901234560000000100"
_C = "51" + "00" * 17
COSE_BAD = (
    ("no-tag", "cose-tag", "83" + _P + _U + _C, "COSE_Encrypt0 without its tag"),
    ("tag-of-mac0", "cose-tag", "d183" + _P + _U + _C, "tag 17, COSE_Mac0"),
    ("two-items", "cose-shape", "d082" + _P + _U, "no ciphertext"),
    ("four-items", "cose-shape", "d084" + _P + _U + _C + _C, "a recipient too many"),
    ("not-an-array", "cose-shape", "d000", "the tag around a number"),
    ("short-tag-algorithm", "cose-protected", "d08343a1010a" + _U + _C, "algorithm 10, 8 bytes of tag"),
    ("empty-protected", "cose-protected", "d08340" + _U + _C, "no algorithm"),
    (
        "no-kid",
        "cose-unprotected",
        "d083" + _P + "a1054d12345678901234560000000100" + _C,
        "the KSN only in the nonce",
    ),
    (
        "header-more",
        "cose-unprotected",
        "d083" + _P + "a3" + _U[2:] + "0600" + _C,
        "a header parameter that nobody wrote",
    ),
    (
        "short-ksn",
        "cose-ksn",
        "d083" + _P + "a2044b1234567890123456000000054d12345678901234560000000100" + _C,
        "11 bytes of KSN",
    ),
    (
        "other-nonce",
        "cose-nonce",
        "d083" + _P + "a2044c123456789012345600000001054d12345678901234560000000200" + _C,
        "the nonce has another counter",
    ),
    (
        "short-nonce",
        "cose-nonce",
        "d083" + _P + "a2044c123456789012345600000001054c123456789012345600000001" + _C,
        "the nonce has no index",
    ),
    ("only-a-tag", "cose-ciphertext", "d083" + _P + _U + "50" + "00" * 16, "16 bytes: a tag over nothing"),
    ("text-ciphertext", "cose-ciphertext", "d083" + _P + _U + "71" + "41" * 17, "a text instead of bytes"),
    ("trailing", "cbor-trailing", "d083" + _P + _U + _C + "00", "a byte after the end"),
)
SALES = (
    ("stripe", "a sale by magnetic stripe", {"entry_mode": 1, "track2": TRACK2, "condition": 10}),
    ("jis2", "both stripes", {"entry_mode": 2, "track2": TRACK2, "jis2": "a9" + "0" * 67, "condition": 10}),
    ("chip", "a chip card", {"entry_mode": 3, "emv": bytes.fromhex("9f2608a1b2c3d4e5f60718")}),
    (
        "instalments",
        "three instalments",
        {"entry_mode": 1, "track2": TRACK2, "condition": 61, "condition_count": 3},
    ),
    (
        "debit",
        "with a PIN block",
        {"entry_mode": 1, "track2": TRACK2, "condition": 110, "pin_block": b"\x5a" * 16},
    ),
    ("void", "the void of a sale", {"kind": 2, "original_ksn": KSN}),
    ("refund", "the refund of a sale", {"kind": 3, "original_ksn": KSN}),
    ("card-check", "no amount", {"kind": 4, "amount_minor": 0, "entry_mode": 1, "track2": TRACK2}),
    ("cancel", "cancel if not done", {"kind": 5, "original_ksn": KSN, "condition": 10}),
    (
        "reentry",
        "keyed once more, with a product code",
        {"entry_mode": 5, "product_code": "990", "reentry": 1},
    ),
    ("ignorable", "key 29 is odd: kept, not understood", {"entry_mode": 5, "others": {29: [1, "new"]}}),
)
SALE_BAD = (
    ("empty", "cbor-truncated", "", "nothing"),
    ("not-a-map", "payload-map", "80", "an array"),
    ("no-kind", "payload-missing", "a104190188", "no kind"),
    ("no-currency", "payload-missing", "a10001", "no currency"),
    ("unknown-even-key", "payload-key", "a3000104190188181e00", "key 30 must be understood"),
    ("negative-key", "payload-key", "a30001041901882000", "key -1 is odd and below 0"),
    ("key-257", "payload-key", "a300010419018819010100", "key 257 is odd and too high"),
    ("amount-as-text", "payload-type", "a3000102613104190188", "the amount is a text"),
    ("amount-zero", "payload-zero", "a30001020004190188", "a zero is written by leaving the field out"),
    ("amount-negative", "payload-range", "a30001022004190188", "minus one"),
    ("amount-13-digits", "payload-range", "a30001021b000000e8d4a5100004190188", "1,000,000,000,000"),
    ("kind-6", "payload-range", "a2000604190188", "a kind that is not there"),
    ("currency-1000", "payload-range", "a20001041903e8", "four digits of currency"),
    ("track2-letters", "payload-text", "a30001041901880a6141", "the letter A in track 2"),
    ("track2-sentinel", "payload-text", "a30001041901880a613b", "the start sentinel belongs to the stripe"),
    ("track2-38", "payload-length", "a30001041901880a7826" + "31" * 38, "38 characters"),
    ("pin-block-8", "payload-length", "a3000104190188104800" + "00" * 7, "a PIN block of DES"),
    ("out-of-order", "cbor-order", "a2041901880001", "currency before kind"),
)
RESULTS = (
    (
        "approved",
        "approved",
        {"outcome": 1, "approval_number": "0012345", "reference": "000000000042", "time_s": 1700000060},
    ),
    (
        "declined",
        "declined, reason in half-width kana",
        {"outcome": 2, "reason": "\uff76\uff70\uff84\uff9e NG"},
    ),
    ("in-doubt-2", "version 2, no amount", {"outcome": 5, "version": 2, "amount_minor": 0, "currency": 0}),
    ("ignorable", "key 15 is odd: kept, not understood", {"outcome": 1, "others": {15: b"\x01"}}),
)
RESULT_BAD = (
    ("no-version", "payload-missing", "a10001", "no version"),
    ("outcome-9", "payload-range", "a200090201", "an outcome that is not there"),
    ("version-256", "payload-range", "a2000102190100", "the version is one byte of the nonce"),
    ("reason-17", "payload-length", "a3000102010c71" + "41" * 17, "more than a line of the LCD"),
    ("reason-full-width", "payload-text", "a3000102010c63e382ab", "the LCD has no full-width kana"),
    ("unknown-even-key", "payload-key", "a3000102011000", "key 16 must be understood"),
)


def cases() -> Iterator[Case]:
    """-> (name, expect, comment, headers, data) of each."""
    for name, value, data in CBOR_GOOD:
        yield f"cbor/ok-{name}", "ok", name.replace("-", " "), {"value": value}, data
    yield "cose/ok-sale", "ok", "index 0", _parts(0), cose.pack(KSN, 0, bytes(range(20))).hex()
    yield "cose/ok-result", "ok", "index 255", _parts(255), cose.pack(KSN, 255, bytes(range(20))).hex()
    for folder, table in (("cbor", CBOR_BAD), ("cose", COSE_BAD), ("sale", SALE_BAD), ("result", RESULT_BAD)):
        for name, slug, data, why in table:
            yield f"{folder}/bad-{name}", slug, why, {}, data
    for name, comment, fields in SALES:
        yield _good("sale", name, comment, Sale(**{**_SALE, **fields}))
    for name, comment, fields in RESULTS:
        yield _good("result", name, comment, Result(**{**_RESULT, **fields}))


_SALE = {"kind": 1, "amount_minor": 1200, "currency": 392, "reader_time_s": 1700000000, "slip": 7}
_RESULT = {"version": 1, "amount_minor": 1200, "currency": 392}


def _parts(index: int) -> dict[str, object]:
    return {"ksn": KSN.hex(), "index": index, "ciphertext": bytes(range(20)).hex()}


def _good(folder: str, name: str, comment: str, record: Sale | Result) -> Case:
    encode = payload.encode_sale if folder == "sale" else payload.encode_result
    fields = {row[1]: getattr(record, row[1]) for row in record.FIELDS if getattr(record, row[1])}
    if record.others:
        fields["others"] = cbor.encode(record.others)
    shown = {key: value.hex() if isinstance(value, bytes) else value for key, value in fields.items()}
    return f"{folder}/ok-{name}", "ok", comment, shown, encode(record).hex()
