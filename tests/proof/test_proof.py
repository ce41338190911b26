"""Who sent a mail, over a real DNS server: what proves it, what does not, and what only looks as if."""

from __future__ import annotations

import base64
import time
from functools import cache
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from zone_server import SERVFAIL, Zone, zone_server

from mail_gateway.proof.evidence import evidence_of
from mail_gateway.proof.judge import Rules, prove
from mail_gateway.proof.resolver import DnsResolver
from mail_gateway.proof.spf import Session
from mail_gateway.proof.standing import Proof, Standing
from mail_gateway.settings import Way

NOW_S = 1_800_000_000
SHOP = "owner@shop.example"
MAIL = (
    b"From: Owner <owner@shop.example>\r\nTo: sale@pay.example\r\nSubject: answer\r\n"
    b"Date: Thu, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\n\r\n4901\r\n"
)
ELSEWHERE = Session("192.0.2.99", "mx.elsewhere.example", "bounces@elsewhere.example")
AT_HOME = Session("192.0.2.1", "mx.shop.example", "owner@shop.example")
DIRECT = Rules(Way.DIRECT)
ENDS = [b"From", b"To", b"Subject", b"Date", b"Message-ID"]


@cache
def key(bits: int = 1024) -> tuple[bytes, str]:
    """A signing key, and its record."""
    made = rsa.generate_private_key(65537, bits)
    private = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    text = f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"
    return private, " ".join(f'"{text[at : at + 200]}"' for at in range(0, len(text), 200))


def signed(mail: bytes = MAIL, domain: bytes = b"shop.example", **more: Any) -> bytes:
    made = dkim.sign(mail, b"s1", domain, key()[0], include_headers=ENDS, **more)
    return made + mail


def zone(**more: Any) -> dict[tuple[str, str], Any]:
    """The shop's zone; more: changes by name with underscores for dots."""
    return {
        ("shop.example", "TXT"): ['"v=spf1 ip4:192.0.2.1 -all"'],
        ("s1._domainkey.shop.example", "TXT"): [key()[1]],
        ("_dmarc.shop.example", "TXT"): ['"v=DMARC1; p=reject"'],
        ("elsewhere.example", "TXT"): ['"v=spf1 +all"'],
        **more,
    }


async def proof_of(
    raw: bytes,
    session: Session = ELSEWHERE,
    rules: Rules = DIRECT,
    names: Zone | None = None,
    author: str = SHOP,
) -> Proof:
    async with zone_server(zone() if names is None else names) as (_, port):
        resolver = DnsResolver(["127.0.0.1"], port)
        return await prove(evidence_of(raw, author, NOW_S), session, rules, resolver)


async def test_a_signature_of_the_domain_proves_it_wherever_it_comes_from() -> None:
    assert (await proof_of(signed())).standing is Standing.PROVEN


async def test_the_domain_s_own_server_proves_it_without_a_signature() -> None:
    assert (await proof_of(MAIL, AT_HOME)).standing is Standing.PROVEN


@pytest.mark.parametrize(
    ("raw", "session"),
    [
        (MAIL, ELSEWHERE),  # SPF passes, for somebody else
        (signed().replace(b"4901", b"4902"), ELSEWHERE),
        (signed().replace(b"Subject: answer", b"Subject: other"), ELSEWHERE),
        (signed(length=True) + b"more\r\n", ELSEWHERE),
        (signed(length=True), ELSEWHERE),
        (b"Subject: first\r\n" + signed(), ELSEWHERE),
        (b"From: thief@elsewhere.example\r\n" + signed(), ELSEWHERE),
        (signed(domain=b"elsewhere.example"), ELSEWHERE),
        (signed().replace(b"d=shop.example", b"d=shop.exampel"), ELSEWHERE),
    ],
)
async def test_what_only_looks_as_if_proves_nothing(raw: bytes, session: Session) -> None:
    assert (await proof_of(raw, session)).standing is Standing.UNPROVEN


async def test_a_signature_after_its_end_or_with_a_short_key_counts_for_nothing() -> None:
    ended = signed().replace(b"s=s1;", b"s=s1; x=1700000000;", 1)
    assert (await proof_of(ended)).standing is Standing.UNPROVEN
    names = zone() | {("_dmarc.shop.example", "TXT"): ['"v=DMARC1; p=none; adkim=s"']}
    other = signed(MAIL.replace(b"@shop.example>\r\nTo", b"@mail.shop.example>\r\nTo"))
    strict = await proof_of(other, names=names, author="owner@mail.shop.example")
    assert strict.standing is Standing.UNPROVEN, "adkim=s: only the very same domain"


@pytest.mark.parametrize(
    ("name", "records", "standing"),
    [
        (("_dmarc.shop.example", "TXT"), SERVFAIL, Standing.LATER),
        (("s1._domainkey.shop.example", "TXT"), SERVFAIL, Standing.LATER),
        (("s1._domainkey.shop.example", "TXT"), [], Standing.UNPROVEN),
        (("s1._domainkey.shop.example", "TXT"), [key()[1], '"v=DKIM1; p="'], Standing.UNPROVEN),
        (("_dmarc.shop.example", "TXT"), [], Standing.SILENT),
        (("_dmarc.shop.example", "TXT"), ['"v=DMARC1; p=reject"', '"v=DMARC1; p=none"'], Standing.SILENT),
        (("_dmarc.shop.example", "TXT"), ['"v=DMARC2; p=reject"'], Standing.SILENT),
        (("_dmarc.shop.example", "TXT"), ['"v=DMARC1; p=reject; pct=0; t=y"'], Standing.PROVEN),
    ],
)
async def test_what_the_dns_says(name: tuple[str, str], records: Any, standing: Standing) -> None:
    assert (await proof_of(signed(), names=zone() | {name: records})).standing is standing


@pytest.mark.parametrize(
    ("author", "policies", "signer", "standing"),
    [
        ("a.b.shop.example", {"shop.example": "v=DMARC1; p=reject"}, "shop.example", Standing.PROVEN),
        ("shop.example", {"shop.example": "v=DMARC1; p=reject"}, "a.shop.example", Standing.PROVEN),
        ("shop.example", {"shop.example": "v=DMARC1; p=reject"}, "example", Standing.UNPROVEN),
        # a public suffix says so: what stands directly below it are strangers to each other
        (
            "shop.co.example",
            {"co.example": "v=DMARC1; p=reject; psd=y", "shop.co.example": "v=DMARC1; p=reject"},
            "thief.co.example",
            Standing.UNPROVEN,
        ),
        (
            "a.shop.example",
            {"a.shop.example": "v=DMARC1; p=reject; psd=n", "shop.example": "v=DMARC1; p=reject"},
            "shop.example",
            Standing.UNPROVEN,
        ),
        # only a domain above publishes: a parent without a record of its own aligns nobody
        (
            "shop.co.example",
            {"co.example": "v=DMARC1; p=reject; psd=y"},
            "thief.co.example",
            Standing.UNPROVEN,
        ),
        ("shop.example-evil.test", {"shop.example": "v=DMARC1; p=reject"}, "shop.example", Standing.SILENT),
    ],
)
async def test_whose_domain_is_whose(
    author: str, policies: dict[str, str], signer: str, standing: Standing
) -> None:
    names = {(f"_dmarc.{domain}", "TXT"): [f'"{text}"'] for domain, text in policies.items()}
    names |= {(f"s1._domainkey.{signer}", "TXT"): [key()[1]]}
    raw = signed(MAIL.replace(b"owner@shop.example", f"owner@{author}".encode()), signer.encode())
    assert (await proof_of(raw, names=names, author=f"owner@{author}")).standing is standing


async def test_a_long_name_is_walked_in_eight_questions() -> None:
    domain = ".".join(f"l{number}" for number in range(30)) + ".shop.example"
    async with zone_server(zone()) as (server, port):
        resolver = DnsResolver(["127.0.0.1"], port)
        raw = MAIL.replace(b"owner@shop.example", f"owner@{domain}".encode())
        await prove(evidence_of(raw, f"owner@{domain}", NOW_S), AT_HOME, DIRECT, resolver)
        assert len([name for name, _ in server.asked if name.startswith("_dmarc")]) <= 8 + 1


RELAY = Rules(Way.RELAY, "mx.pay.example")


def relayed(*headers: str) -> bytes:
    return "".join(f"{header}\r\n" for header in headers).encode() + MAIL


OUR_OWN = "Authentication-Results: mx.pay.example; dmarc={} header.from=shop.example"


@pytest.mark.parametrize(
    ("headers", "standing"),
    [
        ((OUR_OWN.format("pass"), "Received: from a by mx.pay.example"), Standing.PROVEN),
        (("Received: from a by mx.pay.example", OUR_OWN.format("pass")), Standing.PROVEN),
        ((OUR_OWN.format("fail"),), Standing.UNPROVEN),
        ((OUR_OWN.format("temperror"),), Standing.LATER),
        ((), Standing.SILENT),
        # below the second Received it came with the mail
        (("Received: x", "Received: y", OUR_OWN.format("pass")), Standing.SILENT),
        ((OUR_OWN.format("pass"), OUR_OWN.format("fail")), Standing.SILENT),
        ((OUR_OWN.format("pass").replace("mx.pay.example", "mx.pay.example.evil.test"),), Standing.SILENT),
        ((OUR_OWN.format("pass").replace("mx.pay", "Mx.Pay"),), Standing.PROVEN),
        ((OUR_OWN.format("pass").replace("=shop.example", "=evil.test"),), Standing.SILENT),
        ((OUR_OWN.format("pass").replace("dmarc=", 'spf=fail reason="; dmarc=pass"; x='),), Standing.SILENT),
        ((OUR_OWN.format("pass").replace("dmarc", "dkim"),), Standing.SILENT),
        ((OUR_OWN.format("pass") + " (" * 2000,), Standing.SILENT),
    ],
)
async def test_only_our_own_server_s_words_count(headers: tuple[str, ...], standing: Standing) -> None:
    assert (await proof_of(relayed(*headers), rules=RELAY)).standing is standing


def forwarded(results: str, domain: bytes = b"list.example", mail: bytes = MAIL) -> bytes:
    """By a list that has changed the text, broken the signature, and sealed what it found."""
    carried = f"Authentication-Results: {domain.decode()}; {results}\r\n".encode() + signed(mail).replace(
        b"4901", b"4901 "
    )
    arc = dkim.arc_sign(carried, b"s1", domain, key()[0], domain, include_headers=ENDS)
    return b"".join(arc) + carried


@pytest.mark.parametrize(
    ("raw", "sealers", "standing"),
    [
        (forwarded("dmarc=pass header.from=shop.example"), {"list.example"}, Standing.PROVEN),
        (forwarded("dmarc=pass header.from=shop.example"), {"other.example"}, Standing.UNPROVEN),
        (forwarded("dmarc=pass header.from=shop.example"), set(), Standing.UNPROVEN),
        (forwarded("dmarc=fail header.from=shop.example"), {"list.example"}, Standing.UNPROVEN),
        (forwarded("dmarc=pass header.from=evil.test"), {"list.example"}, Standing.UNPROVEN),
        (
            forwarded("dmarc=pass header.from=shop.example").replace(b"4901", b"4902"),
            {"list.example"},
            Standing.UNPROVEN,
        ),
    ],
)
async def test_a_forwarder_is_believed_by_name_only(
    raw: bytes, sealers: set[str], standing: Standing
) -> None:
    rules = Rules(Way.DIRECT, sealers=frozenset(sealers))
    names = zone() | {("s1._domainkey.list.example", "TXT"): [key()[1]]}
    assert (await proof_of(raw, rules=rules, names=names)).standing is standing


async def test_hostile_headers_are_a_no_and_never_an_error() -> None:
    for value in ("", "v=1", "v=1; a=rsa-sha256; b=!; d=; s=; h=from; bh=", "=" * 5000, "v=1;" * 1000):
        raw = f"DKIM-Signature: {value}\r\nARC-Seal: {value}\r\n".encode() + MAIL
        found = await proof_of(raw, rules=Rules(Way.DIRECT, sealers=frozenset({"x"})))
        assert found.standing is Standing.UNPROVEN


def _costly() -> dict[str, bytes]:
    """Within the reader's limits, the dearest that was found."""
    signature = signed()[: -len(MAIL)]
    one = b"v=1; a=rsa-sha256; d=shop.example; s=s1; bh=AAAA; b=AAAA; h=from"
    arc = (
        b"ARC-Seal: i=%d; a=rsa-sha256; cv=pass; d=list.example; s=s1; b=AAAA\r\n"
        b"ARC-Message-Signature: i=%d; a=rsa-sha256; d=list.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n"
        b"ARC-Authentication-Results: i=%d; x; dmarc=pass\r\n"
    )
    ours = b"Authentication-Results: mx.pay.example; "
    return {
        "body": signed(MAIL + b"x " * 490_000),
        "blanks": signed(MAIL + b" " * 900_000 + b"\r\n"),
        "signatures": signature * 5 + MAIL + b"y" * 900_000,
        "blanks in a header": b"DKIM-Signature: v=1;" + b" " * 8_000 + one + b"\r\n" + MAIL,
        "names": b"DKIM-Signature: " + one + b":x" * 3_900 + b"\r\n" + b"x: y\r\n" * 150 + MAIL,
        "sets": b"".join(arc % (place, place, place) for place in range(1, 11)) + MAIL + b"z" * 900_000,
        "comments": ours + b"(" * 4_000 + b"\r\n" + MAIL,
        "results": ours + b"dkim=pass " * 390 + b"\r\n" + MAIL,
        "quotes": ours + b'dkim=pass reason="' + b'\\"' * 1_900 + b"\r\n" + MAIL,
    }


@pytest.mark.parametrize("name", list(_costly()))
@pytest.mark.parametrize("way", [Way.DIRECT, Way.RELAY])
async def test_no_mail_costs_much(name: str, way: Way) -> None:
    rules = Rules(way, "mx.pay.example", frozenset({"list.example"}))
    begun = time.process_time()
    await proof_of(_costly()[name], rules=rules)
    assert time.process_time() - begun < 1
