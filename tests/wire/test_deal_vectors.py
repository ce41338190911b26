"""Every vector of the deal behaves as its file says, the papers say what the code does, RFC 6287 agrees."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from pathlib import Path

import pytest

import schemas.deal
from schemas.deal import layout, ocra
from schemas.deal.vectors import generate
from schemas.errors import WireError

HOME = Path(schemas.deal.__file__).parent
FOLDER = HOME / "vectors"
FILES = sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.txt"))  # schemas/deal/vectors
PAPER = (HOME / "SPEC.md").read_text("utf-8")
KEY_32 = b"12345678901234567890123456789012"
KEY_64 = (b"1234567890" * 7)[:64]


def read(name: str) -> tuple[dict[str, str], str]:
    """A vector -> its headers, its data."""
    head, _, data = (FOLDER / name).read_bytes().decode().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), data.removesuffix("\n")


def check_deal(headers: dict[str, str], data: str) -> None:
    found = layout.decode(bytes.fromhex(data))
    for _, name, _, _, _ in layout.DEAL_FIELDS[1:-1]:
        assert str(getattr(found, name)) == headers[name]
    assert str(len(found.lines)) == headers["lines"]
    for at, line in enumerate(found.lines[:3], 1):
        assert "|".join(map(str, line)) == headers[f"line {at}"]
    assert layout.question(bytes.fromhex(data)) == headers["question"]
    assert layout.encode(found).hex() == data


def check_ocra(headers: dict[str, str], data: str) -> None:
    key, hashed = bytes.fromhex(headers["key"]), bytes.fromhex(headers["password hash"])
    answer = ocra.answer(key, hashed, headers["question"], int(headers["minute"]))
    assert answer == headers["answer"]
    assert ocra.password_hash(headers["password"]) == hashed
    question = bytes.fromhex(headers["question"])
    assert ocra.data_input(ocra.SUITE, question, hashed, int(headers["minute"])).hex() == data


def check_rfc6287(headers: dict[str, str], data: str) -> None:
    question, pin = bytes.fromhex(headers["question"]), bytes.fromhex(headers.get("password hash", ""))
    taken = ocra.data_input(headers["suite"], question, pin)
    assert taken.hex() == data
    assert ocra.digits(ocra.hmac_sha256(bytes.fromhex(headers["key"]), taken), 8) == headers["answer"]


def check_key(headers: dict[str, str], data: str) -> None:
    assert ocra.read_key(data).hex() == headers["key"]
    assert ocra.read_key(ocra.key_text(ocra.read_key(data))).hex() == headers["key"]


CHECKS = {
    name.removeprefix("check_"): value for name, value in globals().items() if name.startswith("check_")
}


@pytest.mark.parametrize("name", FILES)
def test_vector(name: str) -> None:
    headers, data = read(name)
    check = CHECKS[name.partition("/")[0]]
    if headers["expect"] == "ok":
        check(headers, data)
    else:
        with pytest.raises(WireError) as caught:
            check(headers, data)
        assert caught.value.slug == headers["expect"]


def test_the_generator_writes_exactly_these_files() -> None:
    written = {name: text.encode() for name, text in generate.files()}
    assert written == {name: (FOLDER / name).read_bytes() for name in FILES}


def test_every_slug_stands_in_the_paper_and_has_a_vector() -> None:
    source = "".join(path.read_text("utf-8") for path in HOME.glob("*.py"))
    said = set(re.findall(r'WireError\("([a-z0-9-]+)"', source))
    assert said == set(re.findall(r"\| `((?:deal|ocra)-[a-z0-9-]+)` \|", PAPER))
    assert said <= {read(name)[0]["expect"] for name in FILES}


def test_the_fields_stand_in_the_paper() -> None:
    for at, name, kind, low, high in (*layout.DEAL_FIELDS, *layout.LINE_FIELDS):
        assert f"| {at} | {name} | {kind.__name__} | {low}..{high} |" in PAPER
    for first, last in layout.HIDDEN:
        assert (f"U+{first:04X}" if first == last else f"U+{first:04X}..U+{last:04X}") in PAPER
    assert f"`{ocra.SUITE}`" in PAPER


def test_the_rfcs_own_answers() -> None:
    """Appendix C of RFC 6287, as far as its suites have no counter and no session."""
    pin = hashlib.sha1(b"1234").digest()
    suite = "OCRA-1:HOTP-SHA256-8:QN08-PSHA1"
    numbers = [f"{11111111 * i:x}" for i in range(5)]  # in hex from the left, filled with 0 from the right
    numbers = [number + "0" * (len(number) % 2) for number in numbers]
    taken = [ocra.data_input(suite, bytes.fromhex(number), pin) for number in numbers]
    found = [ocra.digits(ocra.hmac_sha256(KEY_32, one), 8) for one in taken]
    assert found == ["83238735", "01501458", "17957585", "86776967", "86807031"]

    taken = [ocra.data_input("OCRA-1:HOTP-SHA256-8:QA08", b"SIG1%d000" % i) for i in range(5)]
    found = [ocra.digits(ocra.hmac_sha256(KEY_32, one), 8) for one in taken]
    assert found == ["53095496", "04110475", "31331128", "76028668", "46554205"]

    suite = "OCRA-1:HOTP-SHA512-8:QA10-T1M"
    taken = [ocra.data_input(suite, b"SIG1%d00000" % i, b"", 0x132D0B6) for i in range(5)]
    found = [ocra.digits(hmac.new(KEY_64, one, "sha512").digest(), 8) for one in taken]
    assert found == ["77537423", "31970405", "10235557", "95213541", "65360607"]


@pytest.mark.parametrize("length", [0, 1, 32, 63, 64, 65, 200])
def test_our_hmac_is_the_one_of_the_library(length: int) -> None:
    key, message = bytes(range(length)), b"message" * length
    assert ocra.hmac_sha256(key, message) == hmac.new(key, message, "sha256").digest()


def test_an_answer_is_good_within_its_window_only() -> None:
    key, hashed, question = bytes(32), bytes(32), binascii.hexlify(bytes(32)).decode()
    answer = ocra.answer(key, hashed, question, 1000)
    assert ocra.matches(key, hashed, question, answer, range(990, 1003)) == 1000
    assert ocra.matches(key, hashed, question, answer, range(1001, 1100)) is None
    assert ocra.matches(key, hashed, question, answer[:-1], range(990, 1003)) is None
    assert ocra.matches(key, hashed, question, answer + "0", range(990, 1003)) is None
    assert ocra.matches(key, hashed, question, "", range(990, 1003)) is None
