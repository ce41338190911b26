"""Writes the deal's vectors: python -m schemas.deal.vectors.generate. The same files every time."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.deal import layout, ocra
from schemas.envelope import cbor

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent

Case = tuple[str, str, str, dict[str, object], str]

FLOWERS = {
    "shop": "花のはがき堂",
    "deal_id": "2026-11-21/17",
    "time_s": 1795264800,
    "currency": 392,
    "total_minor": 5480,
    "lines": [("チューリップ 10本", "赤", 2980, 1), ("花びん", "GV-12", 1250, 2)],
}
GOOD = (
    ("flowers", "two lines, one with a number of two", {}),
    ("one-line", "no model, quantity 1", {"total_minor": 1, "lines": [("x", "", 1, 1)]}),
    (
        "free-line",
        "a line that costs nothing",
        {"total_minor": 10, "lines": [("Pen", "", 10, 1), ("Gift", "", 0, 1)]},
    ),
    (
        "dollars",
        "cents of another currency",
        {"shop": "Tea & Co.", "currency": 840, "total_minor": 1999, "lines": [("Tea", "TB-1", 1999, 1)]},
    ),
    (
        "largest",
        "two hundred lines, each number at its end",
        {
            "time_s": 4294967295,
            "total_minor": 9999 * 200,
            "lines": [("n" * 200, "m" * 100, 1, 9999)] + [("n", "", 1, 9999)] * 199,
        },
    ),
    (
        "picture",
        "variation selectors and joiners are text",
        {"total_minor": 1, "lines": [("\u2615\ufe0f", "", 1, 1)]},
    ),
)
# name, slug, why, key of the map -> what stands there instead (None: the key is left out)
BAD = (
    ("no-version", "deal-missing", "no version", {0: None}),
    ("no-time", "deal-missing", "no time", {3: None}),
    ("version-2", "deal-range", "a version that is not there", {0: 2}),
    ("more", "deal-key", "a field that nobody agreed to", {7: 1}),
    ("shop-empty", "deal-length", "a shop without a name", {1: ""}),
    ("shop-long", "deal-length", "101 characters of shop", {1: "s" * 101}),
    ("shop-turned", "deal-text", "U+202E turns the order of what follows", {1: "Shop \u202e"}),
    ("shop-line-feed", "deal-text", "a line feed", {1: "Shop\nTotal"}),
    ("shop-bytes", "deal-type", "bytes instead of text", {1: b"Shop"}),
    ("id-space", "deal-text", "a space in the deal ID", {2: "A 1"}),
    ("id-kana", "deal-text", "a letter that is not ASCII in the deal ID", {2: "ア1"}),
    ("currency-0", "deal-range", "no currency", {4: 0}),
    ("total-0", "deal-range", "nothing to pay", {5: 0}),
    ("total-differs", "deal-total", "one more than the lines", {5: 5481}),
    ("total-text", "deal-type", "a text as total", {5: "5480"}),
    ("no-lines", "deal-length", "no lines", {6: []}),
    ("lines-201", "deal-length", "201 lines", {5: 201, 6: [["x", "", 1, 1]] * 201}),
    ("line-of-three", "deal-line", "a line without its quantity", {5: 1, 6: [["x", "", 1]]}),
    ("line-number", "deal-line", "a number as line", {6: [1]}),
    ("quantity-0", "deal-range", "none of it", {6: [["x", "", 5480, 0]]}),
    ("unit-negative", "deal-range", "a line that gives money back", {6: [["x", "", -1, 1]]}),
    ("name-zero-width", "deal-text", "U+200B in a name", {5: 1, 6: [["x\u200b", "", 1, 1]]}),
)
# name, slug, why, encoding
BROKEN = (
    ("empty", "cbor-truncated", "no bytes", ""),
    ("not-a-map", "deal-map", "an array", "80"),
    ("trailing", "cbor-trailing", "a byte after the end", "a000"),
    ("unsorted", "cbor-order", "key 1 before key 0", "a20161410001"),
    ("long-number", "cbor-not-shortest", "the version in two bytes", "a1001801"),
)
KEY = bytes(range(32))
# name, why, password, minute
ANSWERS = (
    ("ascii", "a password of ASCII", "correct horse", 29921080),
    ("next-minute", "the same, a minute later", "correct horse", 29921081),
    ("kana", "a password in kana", "はなことはがき", 29921080),
    (
        "full-width",
        "full-width letters are folded by NFKC to those of the first case",
        "ｃｏｒｒｅｃｔ ｈｏｒｓｅ",
        29921080,
    ),
    ("minute-0", "the first minute", "correct horse", 0),
)
# name, slug, why, what is not as in the first of ANSWERS
REFUSED = (
    ("short-key", "ocra-key", "31 bytes of key", {"key": KEY[:31].hex()}),
    ("short-hash", "ocra-password", "a hash of SHA-1", {"password hash": "00" * 20}),
    ("short-question", "ocra-question", "62 digits", {"question": "00" * 31}),
    ("no-hex", "ocra-question", "a letter that is no digit", {"question": "0g" + "00" * 31}),
    ("minute-before", "ocra-minute", "a minute before 1970", {"minute": -1}),
)
KEY_TEXT = ocra.key_text(KEY)
# name, slug, why, text
KEYS = (
    ("written", "ok", "as it is written", KEY_TEXT),
    ("typed", "ok", "in small letters, with hyphens", KEY_TEXT.lower().replace(" ", "-")),
    ("joined", "ok", "without spaces", KEY_TEXT.replace(" ", "")),
    ("one-wrong", "ocra-key", "one letter is another", KEY_TEXT.replace("EAYE", "EAYF")),
    ("swapped", "ocra-key", "two letters have changed places", KEY_TEXT.replace("OCAJ", "COAJ")),
    ("short", "ocra-key", "the last group is missing", KEY_TEXT[:-5]),
    ("zero", "ocra-key", "the digit 0 is not in the alphabet", KEY_TEXT.replace("OCAJ", "0CAJ")),
)
# RFC 6287 appendix C: name, suite, question in hex, password hash in hex, answer
PIN = hashlib.sha1(b"1234").hexdigest()
RFC = (
    ("qn08-pin-1", "OCRA-1:HOTP-SHA256-8:QN08-PSHA1", "00", PIN, "83238735"),
    ("qn08-pin-2", "OCRA-1:HOTP-SHA256-8:QN08-PSHA1", "a98ac7", PIN, "01501458"),
    ("qn08-pin-3", "OCRA-1:HOTP-SHA256-8:QN08-PSHA1", "153158e0", PIN, "17957585"),
    ("qa08-1", "OCRA-1:HOTP-SHA256-8:QA08", b"SIG10000".hex(), "", "53095496"),
    ("qa08-2", "OCRA-1:HOTP-SHA256-8:QA08", b"SIG11000".hex(), "", "04110475"),
)


def cases() -> Iterator[Case]:
    """Every case: name, expect, comment, headers, data."""
    for name, why, fields in GOOD:
        deal = layout.Deal(**{**FLOWERS, **fields})
        yield f"deal/{name}", "ok", why, _headers(deal), layout.encode(deal).hex()
    for name, slug, why, change in BAD:
        items = _items() | change
        encoded = cbor.encode({key: value for key, value in items.items() if value is not None})
        yield f"deal/{name}", slug, why, {}, encoded.hex()
    for name, slug, why, data in BROKEN:
        yield f"deal/{name}", slug, why, {}, data
    yield from _answers()


def files() -> Iterator[tuple[str, str]]:
    """-> (path below the folder, content) of every vector. Headers, an empty line, the data."""
    for name, expect, comment, headers, data in cases():
        lines = [f"expect: {expect}", f"comment: {comment}"]
        lines += [f"{key}: {value}" for key, value in headers.items()]
        yield f"{name}.txt", "\n".join([*lines, "", data]) + "\n"


def _items() -> dict[int, object]:
    return dict(cbor.decode(layout.encode(layout.Deal(**FLOWERS))))


def _headers(deal: layout.Deal) -> dict[str, object]:
    data = layout.encode(deal)
    scalars = {name: getattr(deal, name) for _, name, _, _, _ in layout.DEAL_FIELDS[1:-1]}
    lines = {f"line {at}": "|".join(map(str, line)) for at, line in enumerate(deal.lines[:3], 1)}
    return {**scalars, "lines": len(deal.lines), **lines, "question": hashlib.sha256(data).hexdigest()}


def _answers() -> Iterator[Case]:
    """Computed with the standard library's HMAC and not with our own."""
    question = hashlib.sha256(layout.encode(layout.Deal(**FLOWERS))).digest()
    for name, why, password, minute in ANSWERS:
        hashed = ocra.password_hash(password)
        data = ocra.data_input(ocra.SUITE, question, hashed, minute)
        mac = hmac.new(KEY, data, "sha256").digest()
        headers = _asked(hashed, question) | {"minute": minute, "password": password}
        headers["answer"] = ocra.digits(mac, ocra.DIGITS)
        yield f"ocra/{name}", "ok", why, headers, data.hex()
    for name, slug, why, change in REFUSED:
        headers = _asked(hashed, question) | {"minute": 0} | change
        yield f"ocra/{name}", slug, why, headers, "00"
    for name, slug, why, text in KEYS:
        yield f"key/{name}", slug, why, {"key": KEY.hex()} if slug == "ok" else {}, text
    for name, suite, asked, pin, answer in RFC:
        headers = {"key": b"12345678901234567890123456789012".hex(), "suite": suite, "question": asked}
        headers |= {"password hash": pin} if pin else {}
        data = ocra.data_input(suite, bytes.fromhex(asked), bytes.fromhex(pin))
        yield f"rfc6287/{name}", "ok", "RFC 6287 appendix C", {**headers, "answer": answer}, data.hex()


def _asked(hashed: bytes, question: bytes) -> dict[str, object]:
    return {"key": KEY.hex(), "password hash": hashed.hex(), "question": question.hex()}


def main() -> None:
    """Write all, and remove what no case writes any more."""
    content = dict(files())
    for old in FOLDER.glob("*/*.txt"):
        if str(old.relative_to(FOLDER)) not in content:
            old.unlink()
    for name, text in content.items():
        path = FOLDER / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text.encode())


if __name__ == "__main__":
    main()
