"""Who said it: HTTP Message Signatures (RFC 9421) with hmac-sha256, in the one profile of docs/json.md.

A request's signature covers method, path, type, digest of the body (RFC 9530), Idempotency-Key, Transmission;
an answer's covers status, type, digest, and the signature of the request that it answers. Header values are
compared as whole texts, so no second spelling of a good signature is good.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

LABEL: Final = "hagaki"
SECRET_MIN: Final = 32
"""Octets of a secret: as many as the hash has."""

Headers = Mapping[str, Sequence[str]]
"""Name in lower case -> every value that came under it."""

_REQUEST: Final = ("content-type", "content-digest", "idempotency-key", "transmission")
_REQUEST_COVERS: Final = (
    '("@method" "@path" "content-type" "content-digest" "idempotency-key" "transmission")'
)
_ANSWER: Final = ("content-type", "content-digest")
_ANSWERED: Final = f'"signature";req;key="{LABEL}"'
_ANSWER_COVERS: Final = f'("@status" "content-type" "content-digest" {_ANSWERED})'
_PARAMETERS: Final = re.compile(
    r';created=(?P<created>[0-9]{1,12});keyid="(?P<keyid>[A-Za-z0-9._-]{1,64})"'
    r';alg="hmac-sha256";nonce="(?P<nonce>[A-Za-z0-9_-]{0,64})"'
)


class NotSigned(Exception):
    """Not to be believed. slug: signature-missing, signature-form, signature-key, signature-wrong,
    digest-wrong, signature-time."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@dataclass(frozen=True, slots=True)
class Key:
    """What both sides share, and how far their clocks may be apart, in seconds. It cannot be printed."""

    ident: str
    secret: bytes = field(repr=False)
    skew_s: int = 300


@dataclass(frozen=True, slots=True)
class Stamp:
    """When something is signed, unix seconds, and what makes this one signature unlike any other."""

    time_s: int
    nonce: str


Line = tuple[str, str]


def sign_request(
    key: Key, stamp: Stamp, path: str, headers: Mapping[str, str], body: bytes
) -> dict[str, str]:
    """A POST -> its headers and those that sign it. headers: content-type, idempotency-key, transmission."""
    every = {**headers, "content-digest": digest(body)}
    return {**every, **_signed(key, stamp, _REQUEST_COVERS, _request_lines(path, every))}


def verify_request(key: Key, now_s: int, path: str, headers: Headers, body: bytes) -> str:
    """A POST that came -> its signature, for `sign_answer`. Raises NotSigned."""
    values = _single(headers, (*_REQUEST, "signature-input", "signature"))
    created_s = _verified(key, values, _Said(_REQUEST_COVERS, _request_lines(path, values), body))
    if abs(created_s - now_s) > key.skew_s:
        raise NotSigned("signature-time")
    return values["signature"].removeprefix(f"{LABEL}=")


def sign_answer(key: Key, stamp: Stamp, status: int, asked: str, sent: tuple[str, bytes]) -> dict[str, str]:
    """An answer -> its headers. asked: the request's signature; sent: content type and body."""
    headers = {"content-type": sent[0], "content-digest": digest(sent[1])}
    return {**headers, **_signed(key, stamp, _ANSWER_COVERS, _answer_lines(status, asked, headers))}


def verify_answer(key: Key, answer: tuple[int, Headers, bytes], asked: str) -> tuple[str, int]:
    """Status, headers and body of an answer to the request with that signature -> its content type, and when
    it was signed, unix seconds. Raises NotSigned.

    It cannot be an old one: no request was ever signed like this one. So its time is for the caller to judge.
    """
    status, headers, body = answer
    values = _single(headers, (*_ANSWER, "signature-input", "signature"))
    said = _Said(_ANSWER_COVERS, _answer_lines(status, asked, values), body)
    return values["content-type"], _verified(key, values, said)


def digest(body: bytes) -> str:
    """Content-Digest of a body (RFC 9530)."""
    return f"sha-256=:{b64encode(hashlib.sha256(body).digest()).decode()}:"


def base(lines: Sequence[Line], parameters: str) -> bytes:
    """The signature base (RFC 9421, section 2.5): what is signed."""
    every = [*lines, ('"@signature-params"', parameters)]
    return "\n".join(f"{name}: {value}" for name, value in every).encode()


def mac(secret: bytes, text: bytes) -> str:
    """The signature as it stands in the header's dictionary."""
    return f":{b64encode(hmac.digest(secret, text, 'sha256')).decode()}:"


@dataclass(frozen=True, slots=True)
class _Said:
    """What a signature has to cover."""

    covers: str
    lines: Sequence[Line]
    body: bytes = field(repr=False)


def _request_lines(path: str, headers: Mapping[str, str]) -> list[Line]:
    return [('"@method"', "POST"), ('"@path"', path), *((f'"{name}"', headers[name]) for name in _REQUEST)]


def _answer_lines(status: int, asked: str, headers: Mapping[str, str]) -> list[Line]:
    named = ((f'"{name}"', headers[name]) for name in _ANSWER)
    return [('"@status"', str(status)), *named, (_ANSWERED, asked)]


def _signed(key: Key, stamp: Stamp, covers: str, lines: Sequence[Line]) -> dict[str, str]:
    named = f'created={stamp.time_s};keyid="{key.ident}";alg="hmac-sha256";nonce="{stamp.nonce}"'
    parameters = f"{covers};{named}"
    signature = mac(key.secret, base(lines, parameters))
    return {"signature-input": f"{LABEL}={parameters}", "signature": f"{LABEL}={signature}"}


def _verified(key: Key, values: Mapping[str, str], said: _Said) -> int:
    """-> when it was signed."""
    label, _, parameters = values["signature-input"].partition("=")
    found = _PARAMETERS.fullmatch(parameters.removeprefix(said.covers))
    if label != LABEL or not parameters.startswith(said.covers) or found is None:
        raise NotSigned("signature-form")
    if found["keyid"] != key.ident:
        raise NotSigned("signature-key")
    good = mac(key.secret, base(said.lines, parameters))
    if not hmac.compare_digest(f"{LABEL}={good}".encode(), values["signature"].encode()):
        raise NotSigned("signature-wrong")
    if not hmac.compare_digest(digest(said.body).encode(), values["content-digest"].encode()):
        raise NotSigned("digest-wrong")
    return int(found["created"])


def _single(headers: Headers, names: Sequence[str]) -> dict[str, str]:
    """Each of these headers, which has to be there once. Raises NotSigned."""
    for name in names:
        if len(headers.get(name, ())) != 1:
            raise NotSigned("signature-missing")
    return {name: headers[name][0] for name in names}
