"""Makes ARC chains for the tests (RFC 8617 section 5.1), right ones and such as are wrong in one thing."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

AUTHOR: Final = "owner@shop.example"
LIST: Final = "list.example"
MAIL: Final = (
    f"From: Owner <{AUTHOR}>\r\nTo: sale@pay.example\r\nSubject: One  answer\r\n"
    "Date: Thu, 15 Jan 2027 08:00:00 +0000\r\nMessage-ID: <1@shop.example>\r\nX-Mailer: Pen\r\n\r\n"
    "Yes,  please.\r\n\r\nOwner\r\n"
)
RESULTS: Final = "i={place}; {domain}; dmarc=pass header.from=shop.example"
MESSAGE: Final = (
    "i={place}; a=rsa-sha256; c=relaxed/relaxed; d={domain}; s={key}; t=1700000000;"
    " h=from:to:subject:date:message-id; bh={body}; b="
)
SEAL: Final = "i={place}; a=rsa-sha256; cv={verdict}; d={domain}; s={key}; t=1700000000; b="
AAR, AMS, AS = "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"
DKIM: Final = "DKIM-Signature"

Change = Callable[[str], str]
"""Of a field's value, or of a whole mail. A field that becomes empty is left out."""


def swap(*pairs: str) -> Change:
    """Each old text, then what stands instead; it has to be there."""

    def change(text: str) -> str:
        for old, new in zip(pairs[::2], pairs[1::2], strict=True):
            assert old in text, f"{old!r} is not in {text!r}"
            text = text.replace(old, new, 1)
        return text

    return change


def same(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class Hop:
    """One forwarder. results, message, seal: what is other in its three fields. signed: what is done to
    its AMS between signing and sealing. mail: what it does to the mail. canonical: how it canonicalizes,
    whatever it says. key: selector. verdict: its cv=, "" for the right one. place: its number, 0 for the
    next one."""

    results: Change = same
    message: Change = same
    seal: Change = same
    signed: Change = same
    mail: Change = same
    canonical: str = "relaxed/relaxed"
    domain: str = LIST
    key: str = "s1"
    verdict: str = ""
    place: int = 0


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def short_key() -> tuple[int, int, int]:
    """Modulus, public and private exponent of an RSA key of 639 bits: no library makes one any more."""
    one, other = rsa_key(1024).private_numbers().p, 2**127 - 1
    return one * other, 65537, pow(65537, -1, (one - 1) * (other - 1))


@cache
def edwards_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def p_of(name: str) -> str:
    """What stands in p= of a record for the key: its bits, pkcs1, short, or ed25519."""
    if name == "short":
        numbers = (number.to_bytes(number.bit_length() // 8 + 1, "big") for number in short_key()[:2])
        der = _der(0x30, b"".join(_der(0x02, number) for number in numbers))
    elif name == "ed25519":
        der = edwards_key().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    elif name == "pkcs1":
        der = rsa_key(1024).public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)
    else:
        der = rsa_key(int(name)).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _der(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content  # enough for less than 128 bytes


def sealed(mail: str, *hops: Hop) -> str:
    """The mail as it comes out behind these forwarders."""
    for hop in hops:
        mail = _forwarded(hop.mail(mail), hop)
    return mail


def signed(mail: str, domain: str, change: Change = same) -> str:
    """The mail as its author's own server sends it, with a DKIM-Signature."""
    fields, body = taken_apart(mail)
    hop = Hop(message=lambda text: change(text.replace("i=1", "v=1")), domain=domain, place=1)
    return f"{DKIM}: {_signed(DKIM, fields, body, hop)}\r\n{mail}"


def _forwarded(mail: str, hop: Hop) -> str:
    fields, body = taken_apart(mail)
    sets = [one for one in fields if is_arc(one)]
    place = hop.place or 1 + sum(one.startswith(AS) for one in sets)
    hop = replace(hop, place=place, verdict=hop.verdict or ("none" if place == 1 else "pass"))
    mine = _named(AAR, hop.results(RESULTS.format(place=place, domain=hop.domain)))
    mine = _named(AMS, hop.signed(_signed(AMS, [*mine, *fields], body, hop))) + mine
    mine = _named(AS, _seal([*mine, *sets], hop)) + mine
    return put_together([*mine, *fields], body)


def _named(name: str, value: str) -> list[str]:
    return [f"{name}: {value}"] if value else []


def _signed(name: str, fields: list[str], body: str, hop: Hop) -> str:
    of_head, _, of_body = hop.canonical.partition("/")
    digest = Hash(SHA256())
    digest.update(canonical_body(body, of_body).encode())
    hashed = base64.b64encode(digest.finalize()).decode()
    value = hop.message(MESSAGE.format(place=hop.place, domain=hop.domain, key=hop.key, body=hashed))
    covered = re.search(r"(?:^|[;\s])h\s*=([^;]*)", value)
    names = [name.strip().lower() for name in covered[1].split(":")] if covered else []
    text = "".join(canonical(one, of_head) + "\r\n" for one in _chosen(fields, names))
    return _with_b(value, text + canonical(f"{name}: {value}", of_head), hop.key)


def _seal(sets: list[str], hop: Hop) -> str:
    form = SEAL.format(place=hop.place, verdict=hop.verdict, domain=hop.domain, key=hop.key)
    value = hop.seal(form)
    text = "".join(canonical(one, "relaxed") + "\r\n" for one in reversed(sets))
    return _with_b(value, text + canonical(f"{AS}: {value}", "relaxed"), hop.key)


def _chosen(fields: list[str], names: list[str]) -> list[str]:
    """The fields that h= names, each time the next one from below (RFC 6376 section 5.4.2)."""
    left = [(one.partition(":")[0].strip().lower(), one) for one in reversed(fields)]
    chosen = []
    for name in names:
        found = next((at for at, (its, _) in enumerate(left) if its == name), None)
        if found is not None:
            chosen.append(left.pop(found)[1])
    return chosen


def _with_b(value: str, text: str, key: str) -> str:
    made = base64.b64encode(signature(text.encode(), key, is_sha1="rsa-sha1" in value)).decode()
    return re.sub(r"(^|[;\s])b=(?=;|$)", rf"\1b={made}", value)


def signature(data: bytes, key: str, *, is_sha1: bool = False) -> bytes:
    if key == "ed25519":
        digest = Hash(SHA256())
        digest.update(data)
        return edwards_key().sign(digest.finalize())
    if key == "short":
        return _by_hand(data)
    bits = 2048 if key == "2048" else 1024
    return rsa_key(bits).sign(data, padding.PKCS1v15(), SHA1() if is_sha1 else SHA256())


def _by_hand(data: bytes) -> bytes:
    """EMSA-PKCS1-v1_5 (RFC 8017 section 9.2)."""
    modulus, _, private = short_key()
    size = (modulus.bit_length() + 7) // 8
    digest = Hash(SHA256())
    digest.update(data)
    info = bytes.fromhex("3031300d060960864801650304020105000420") + digest.finalize()
    padded = b"\0\1" + b"\xff" * (size - len(info) - 3) + b"\0" + info
    return pow(int.from_bytes(padded, "big"), private, modulus).to_bytes(size, "big")


def canonical(field: str, how: str) -> str:
    """One field without its end (RFC 6376 section 3.4.1, 3.4.2)."""
    if how == "simple":
        return field
    name, _, value = field.partition(":")
    plain = re.sub(r"[ \t]+", " ", value.replace("\r\n", "")).strip(" ")
    return f"{name.strip().lower()}:{plain}"


def canonical_body(body: str, how: str) -> str:
    """RFC 6376 section 3.4.3, 3.4.4."""
    if how == "relaxed":
        body = re.sub(r"[ \t]+", " ", body)
        body = re.sub(r" (?=\r\n|$)", "", body)
    body = re.sub(r"(?:\r\n)+$", "", body)
    return body + "\r\n" if body or how == "simple" else ""


def is_arc(field: str) -> bool:
    return field[:4].lower() == "arc-"


def taken_apart(mail: str) -> tuple[list[str], str]:
    """The fields, folded as they are, and the body."""
    head, _, body = mail.partition("\r\n\r\n")
    return re.split(r"\r\n(?![ \t])", head.removesuffix("\r\n")), body


def put_together(fields: list[str], body: str) -> str:
    return "\r\n".join(fields) + "\r\n\r\n" + body
