"""Every vector of the mail wire behaves as its file says, and the generator writes exactly these files."""

from __future__ import annotations

import ast
import base64
import hashlib
import hmac
from pathlib import Path

import pytest

from schemas.envelope import armour
from schemas.errors import WireError
from schemas.mail import token
from schemas.mail.find import find_block
from schemas.mail.headers import address, safe
from schemas.mail.read import Unreadable, read_mail
from schemas.mail.vectors.generate import vectors

FOLDER = Path(__file__).resolve().parents[2] / "schemas/mail/vectors"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.suffix in (".eml", ".txt"))


def read_vector(name: str) -> tuple[dict[str, str], bytes]:
    head, _, content = (FOLDER / name).read_bytes().partition(b"\n\n")
    return dict(line.split(": ", 1) for line in head.decode().splitlines()), content


def slug_of(call, *args) -> str:
    try:
        call(*args)
    except WireError as error:
        return error.slug
    return "ok"


def found_in(raw: bytes) -> tuple[str, str]:
    mail = read_mail(raw)
    if isinstance(mail, Unreadable):
        return mail.slug, ""
    try:
        return "ok", find_block(mail, armour.SALE)[1].hex()
    except WireError as error:
        return error.slug, ""


def judged(text: str, head: dict[str, str]) -> str:
    try:
        read = token.read(text)
    except WireError as error:
        return error.slug
    good = token.verify(bytes.fromhex(head["key"]), read, head["recipient"], int(head["expiry_s"]))
    return "ok" if good and read.ident == int(head["ident"]) else "not-verified"


def test_generator_writes_exactly_these_files() -> None:
    assert {name: (FOLDER / name).read_bytes() for name in FILES} == vectors()


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("mail-")])
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_mail(name: str, line_end: bytes) -> None:
    head, raw = read_vector(name)
    assert found_in(raw.replace(b"\r\n", line_end)) == (head["expect"], head.get("sealed", ""))


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("token-")])
def test_token(name: str) -> None:
    head, content = read_vector(name)
    assert judged(content.decode(), head) == head["expect"]


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith(("header-", "address-"))])
def test_header_value(name: str) -> None:
    head, content = read_vector(name)
    check = safe if name.startswith("header-") else address
    assert slug_of(check, ast.literal_eval(content.decode())) == head["expect"]


def test_a_token_can_be_made_from_the_specification_alone() -> None:
    head, content = read_vector("token-good.txt")
    ident = int(head["ident"]).to_bytes(8, "big")
    message = b"HAGAKI MAIL TOKEN 1\0r" + ident + int(head["expiry_s"]).to_bytes(8, "big")
    mac = hmac.new(bytes.fromhex(head["key"]), message + head["recipient"].encode(), hashlib.sha256).digest()[
        :10
    ]
    assert content.decode() == "r1" + base64.b32encode(ident + mac).decode().rstrip("=").lower()
    assert len(content) == token.LENGTH
