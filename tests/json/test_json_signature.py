"""The signature is RFC 9421's, and every changed byte of a request or an answer is refused."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from pathlib import Path

import pytest

from json_adapter.signature import (
    Key,
    NotSigned,
    Stamp,
    base,
    mac,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)

DOCS = Path(__file__).parents[2] / "docs/json.md"
KEY = Key("trial", b"an example secret, of 32 octets!")
NOW_S = 1_767_225_600
PATH = "/v1/authorisations"
BODY = b'{"amount_minor":1200}'
PLAIN = {
    "content-type": "application/json",
    "idempotency-key": '"700000000001-000001-authorisation"',
    "transmission": "1",
}


def many(headers: dict[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in headers.items()}


def request(key: Key = KEY, time_s: int = NOW_S) -> dict[str, str]:
    return sign_request(key, Stamp(time_s, "Zq3w"), PATH, PLAIN, BODY)


def refused(path: str, headers: dict[str, list[str]], body: bytes, key: Key = KEY) -> str:
    with pytest.raises(NotSigned) as caught:
        verify_request(key, NOW_S, path, headers, body)
    return caught.value.slug


def test_the_standards_own_example() -> None:
    """RFC 9421, appendix B.2.5."""
    secret = b64decode(
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=="
    )
    lines = [
        ('"date"', "Tue, 20 Apr 2021 02:07:55 GMT"),
        ('"@authority"', "example.com"),
        ('"content-type"', "application/json"),
    ]
    parameters = '("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"'
    assert mac(secret, base(lines, parameters)) == ":pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:"


def test_the_example_of_the_page_is_true() -> None:
    whole = re.findall(r"```\n((?:POST|HTTP).*?)\n```", DOCS.read_text("utf-8"), re.DOTALL)
    asked, answered = (one.replace("\n", "\r\n").partition("\r\n\r\n") for one in whole)
    headers = [
        {line.split(": ")[0].lower(): [line.split(": ", 1)[1]] for line in part[0].split("\r\n")[1:]}
        for part in (asked, answered)
    ]
    created = NOW_S + 30
    signature = verify_request(KEY, created, "/v1/reversals", headers[0], asked[2].encode())
    told = verify_answer(KEY, (200, headers[1], answered[2].encode()), signature)
    assert told == ("application/json", created + 1)
    assert all(
        int(h["content-length"][0]) == len(b[2]) for h, b in zip(headers, (asked, answered), strict=True)
    )


def test_every_changed_byte_of_a_request_is_refused() -> None:
    good = request()
    assert verify_request(KEY, NOW_S, PATH, many(good), BODY) == good["signature"].removeprefix("hagaki=")
    for name, value in good.items():
        for at in range(len(value)):
            spoiled = value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]
            assert refused(PATH, many({**good, name: spoiled}), BODY)
    for at in range(len(BODY)):
        assert refused(PATH, many(good), BODY[:at] + bytes([BODY[at] ^ 1]) + BODY[at + 1 :]) == "digest-wrong"
    assert refused("/v1/voids", many(good), BODY) == "signature-wrong"


def test_every_changed_byte_of_an_answer_is_refused() -> None:
    asked = request()["signature"].removeprefix("hagaki=")
    good = sign_answer(KEY, Stamp(NOW_S, "1f0c"), 200, asked, ("application/json", BODY))
    assert verify_answer(KEY, (200, many(good), BODY), asked) == ("application/json", NOW_S)
    spoiled = [
        (200, {**good, name: value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1 :]}, BODY, asked)
        for name, value in good.items()
        for at in range(len(value))
    ]
    spoiled += [(200, good, BODY[:at] + b"~" + BODY[at + 1 :], asked) for at in range(len(BODY))]
    spoiled += [(402, good, BODY, asked), (200, good, BODY, ":b3RoZXI=:"), (200, good, BODY + b" ", asked)]
    for status, headers, body, to in spoiled:
        with pytest.raises(NotSigned):
            verify_answer(KEY, (status, many(headers), body), to)


def test_a_second_spelling_of_a_good_signature_is_refused() -> None:
    good = request()
    for name, value in (
        ("signature", good["signature"].replace("=:", ":")),
        ("signature", good["signature"] + " "),
        ("signature", good["signature"] + ", other=:AAAA:"),
        ("signature-input", good["signature-input"].replace(";alg", "; alg")),
        ("signature-input", "x=();created=1, " + good["signature-input"]),
    ):
        assert refused(PATH, many({**good, name: value}), BODY)


@pytest.mark.parametrize("name", [*PLAIN, "content-digest", "signature-input", "signature"])
def test_a_header_that_is_missing_or_there_twice_is_refused(name: str) -> None:
    good = many(request())
    assert (
        refused(PATH, {key: value for key, value in good.items() if key != name}, BODY) == "signature-missing"
    )
    assert refused(PATH, {**good, name: good[name] * 2}, BODY) == "signature-missing"


def test_another_secret_name_or_time_is_refused_and_says_which() -> None:
    other = replace(KEY, secret=b"another secret, also 32 octets!!")
    assert refused(PATH, many(request(other)), BODY) == "signature-wrong"
    assert refused(PATH, many(request(replace(KEY, ident="else"))), BODY) == "signature-key"
    for time_s in (NOW_S - 301, NOW_S + 301):
        assert refused(PATH, many(request(time_s=time_s)), BODY) == "signature-time"
    for time_s in (NOW_S - 300, NOW_S + 300):
        assert verify_request(KEY, NOW_S, PATH, many(request(time_s=time_s)), BODY)


def test_a_wrong_time_is_only_told_to_who_has_the_secret() -> None:
    forged = request(replace(KEY, secret=b"another secret, also 32 octets!!"), NOW_S - 9999)
    assert refused(PATH, many(forged), BODY) == "signature-wrong"


def test_a_key_cannot_be_printed() -> None:
    assert "example" not in repr(KEY)
