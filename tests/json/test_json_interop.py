"""An independent implementation of RFC 9421 reads what we sign, and signs what we read, to the byte."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

from json_adapter.signature import (
    Key,
    Stamp,
    digest,
    sign_answer,
    sign_request,
    verify_answer,
    verify_request,
)

KEY = Key("trial", b"an example secret, of 32 octets!")
PATH, BODY = "/v1/authorisations", b'{"amount_minor":1200}'
PLAIN = {"content-type": "application/json", "idempotency-key": '"k"', "transmission": "1"}
REQUEST = ("@method", "@path", "content-type", "content-digest", "idempotency-key", "transmission")
ANSWER = ("@status", "content-type", "content-digest", '"signature";req;key="hagaki"')
KEYS = MappingKeyResolver(public_keys={"trial": KEY.secret}, private_keys={"trial": KEY.secret})
THEIRS = {"signature_algorithm": algorithms.HMAC_SHA256, "key_resolver": KEYS}


def post(headers: dict[str, str]) -> Any:
    return SimpleNamespace(method="POST", url=f"https://processor.example{PATH}", headers=dict(headers))


def signed_by_them(message: Any, covers: tuple[str, ...], now_s: int) -> dict[str, list[str]]:
    HTTPMessageSigner(**THEIRS).sign(
        message,
        key_id="trial",
        created=datetime.fromtimestamp(now_s, UTC),
        nonce="Zq3w",
        label="hagaki",
        covered_component_ids=covers,
        body=BODY,
        use_existing_digest=True,
    )
    return {name.lower(): [value] for name, value in message.headers.items()}


def test_they_read_what_we_sign() -> None:
    now_s = int(time.time())
    request = post(sign_request(KEY, Stamp(now_s, "Zq3w"), PATH, PLAIN, BODY))
    asked = request.headers["signature"].removeprefix("hagaki=")
    headers = sign_answer(KEY, Stamp(now_s, "1f0c"), 200, asked, ("application/json", BODY))
    answer = SimpleNamespace(status_code=200, headers=headers, request=request)
    theirs = HTTPMessageVerifier(**THEIRS)
    for message, covers in ((request, REQUEST), (answer, ANSWER)):
        (result,) = theirs.verify(message, body=BODY)
        assert len(result.covered_components) == len(covers) + 1
    request.headers["transmission"] = "2"
    with pytest.raises(InvalidSignature):
        theirs.verify(request, body=BODY)


def test_we_read_what_they_sign() -> None:
    now_s = int(time.time())
    plain = {**PLAIN, "content-digest": digest(BODY)}
    request = post(plain)
    asked = verify_request(KEY, now_s, PATH, signed_by_them(request, REQUEST, now_s), BODY)
    ours = sign_request(KEY, Stamp(now_s, "Zq3w"), PATH, PLAIN, BODY)
    assert {name.lower(): value for name, value in request.headers.items()} == ours
    named = {"content-type": "application/json", "content-digest": digest(BODY)}
    answer = SimpleNamespace(status_code=200, headers=named, request=request)
    headers = signed_by_them(answer, ANSWER, now_s)
    assert verify_answer(KEY, (200, headers, BODY), asked) == ("application/json", now_s)
