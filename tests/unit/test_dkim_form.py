"""Signatures of letters: the standards' own examples, dkimpy as the other implementation, any change."""

from __future__ import annotations

import base64
import hashlib
import pickle
import re

import dkim_world as world
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mail_gateway.domain.signing_key import Kind
from mail_gateway.envelope.keys import KeyRing
from mail_gateway.envelope.signing import Signer
from mail_gateway.outbox.dkim import SIGNED, Hand, Signable, canonical_body, canonical_field
from mail_gateway.outbox.wire import in_lines
from schemas.mail.build import build_mail

RING = KeyRing(bytes(32), bytes)
TIME_S = 1_700_000_000
RSA = world.key(RING, "r1", Kind.RSA, 1)
EDWARDS = world.key(RING, "e1", Kind.ED25519, 1)
BOTH = (RSA, EDWARDS)
HEAD = {
    "From": "Hagaki <sale@pay.example>",
    "To": "shop@docomo.example",
    "Reply-To": "r1@pay.example",
    "Subject": "売上 1,200 円 承認",
    "Date": "Fri, 15 Jan 2027 17:00:00 +0900",
    "Message-ID": "<1@pay.example>",
    "In-Reply-To": "<0@docomo.example>",
    "References": "<0@docomo.example>",
    "Auto-Submitted": "auto-replied",
}

DINNER = (
    b"From: Joe SixPack <joe@football.example.com>\r\nTo: Suzie Q <suzie@shopping.example.net>\r\n"
    b"Subject: Is dinner ready?\r\nDate: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    b"Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
)
DINNER_BODY = b"Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n"
DINNER_SIGNED = (
    b" v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n d=football.example.com; i=@football.example.com;\r\n"
    b" q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n subject : date : message-id : from : subject :"
    b" date;\r\n bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n b="
)


def hands(*keys):
    return [
        Hand(key.domain, key.selector, key.kind.value, world.signer(key.kind, 0).sign) for key in keys or BOTH
    ]


def signed(raw: bytes, *keys) -> bytes:
    lines = in_lines(raw)
    return Signable(lines).signatures(hands(*keys), TIME_S) + lines


def letter(text: str = "結果\n承認\n", **more) -> bytes:
    return build_mail(HEAD, text, **more)


def test_the_example_of_rfc_8463_is_signed_as_it_is_there() -> None:
    seed = base64.b64decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    joe = Signer(Ed25519PrivateKey.from_private_bytes(seed))
    assert joe.public() == "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    body_hash = base64.b64encode(hashlib.sha256(canonical_body(DINNER_BODY)).digest())
    assert body_hash == b"2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8="
    fields = [line.partition(b":")[::2] for line in DINNER.splitlines()]
    text = b"".join(canonical_field(name, value) for name, value in fields)
    text += canonical_field(b"DKIM-Signature", DINNER_SIGNED).removesuffix(b"\r\n")
    assert base64.b64encode(joe.sign(text)) == (
        b"/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw=="
    )


def test_the_example_of_rfc_6376_section_3_4_5() -> None:
    assert canonical_field(b"A", b" X") + canonical_field(b"B", b" Y\t\r\n\tZ  ") == b"a:X\r\nb:Y Z\r\n"
    assert canonical_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"
    empty = base64.b64encode(hashlib.sha256(canonical_body(b"\r\n\r\n")).digest())
    assert empty == b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


MAILS = {
    "base64": letter(),
    "seven bit": build_mail(HEAD, "approved  \n\n\t 1,200 yen \n.\n..\n\n \n"),
    "iso-2022-jp": letter("承認 \n", charset="iso-2022-jp"),
    "html beside": letter("ok \n", html="<p>結果</p>"),
    "with a file": letter("ok\n", attachments=(("result.txt", "text/plain", b"BEGIN  \nX\n"),)),
    "eight bit": build_mail(HEAD, "x").partition(b"\r\n\r\n")[0] + "\r\n\r\n結果  承認 \r\n".encode(),
    "quoted-printable": b"From: <sale@pay.example>\r\nSubject: a\r\n b\r\n\r\n=E6=89=BF =\r\n x=20\r\n",
    "bare line feeds": build_mail(HEAD, "one \n\ntwo").replace(b"\r\n", b"\n"),
    "no body": b"From: a@pay.example\r\nSubject: x\r\n\r\n",
    "no blank line": b"From: a@pay.example\r\nSubject: x",
    "many lines": b"From: a@pay.example\r\n\r\n" + b"\r\n" * 40 + b"x" + b" \r\n" * 40,
}


@pytest.mark.parametrize("raw", MAILS.values(), ids=MAILS)
def test_another_implementation_takes_both_signatures(raw: bytes) -> None:
    done = signed(raw)
    assert world.holds(done, *BOTH) == [True, True]
    assert done == signed(raw), "the same letter, the same bytes"
    assert done.endswith(in_lines(raw)), "nothing of the letter is changed"
    assert max(map(len, done.removesuffix(in_lines(raw)).split(b"\r\n"))) <= 78
    assert Signable(in_lines(raw)).author == "pay.example"


def test_whoever_changes_or_adds_what_is_read_breaks_it() -> None:
    done = signed(letter("text\n", html="<p>x</p>"), EDWARDS)
    assert world.holds(done, EDWARDS) == [True]
    head, _, body = done.partition(b"\r\n\r\n")
    for name in SIGNED:
        added = b"\r\n".join([head, f"{name}: other".encode(), b"", body])
        assert world.holds(added, EDWARDS) == [False], f"a second {name} below"
        above = re.sub(rb"\r\nFrom:", f"\r\n{name}: other\r\nFrom:".encode(), done, count=1)
        assert world.holds(above, EDWARDS) == [False], f"a second {name} above"
        field = f"\r\n{name}: ".encode()
        if field in done:
            assert world.holds(done.replace(field, field + b"x", 1), EDWARDS) == [False], name
    assert world.holds(done.replace(b"text", b"texT"), EDWARDS) == [False]
    assert world.holds(done + b"more\r\n", EDWARDS) == [False]
    assert b"l=" not in head


def test_of_two_authors_there_is_none() -> None:
    assert Signable(b"From: a@pay.example\r\nFrom: b@pay.example\r\n\r\n").author == ""
    assert Signable(b"From: a@pay.example, b@x.example\r\n\r\n").author == ""
    assert Signable(b"\r\nFrom: a@pay.example\r\n").author == ""


def test_a_key_cannot_be_shown() -> None:
    own = world.signer(Kind.RSA, 0)
    assert repr(own) == "Signer(...)"
    with pytest.raises(TypeError):
        pickle.dumps(own)
    assert "wrapped" not in repr(RSA)
